"""Bad input to the models: a result or a refusal, whatever holds the numbers; inputs stay."""

import copy
import inspect
import math
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from evergrove import stats
from evergrove.errors import DataError, EvergroveError, UsageError
from evergrove.stats import CountsRow, MeansRow
from support.calls_with_numbers import CALLS as CALLS_WITH_NUMBERS
from support.calls_with_numbers import STRANGE

YI = [0.10, 0.30, 0.35, 0.65, 0.50, 0.20]
VI = [0.010, 0.030, 0.050, 0.090, 0.100, 0.020]
EFFECTS = {"yi": YI, "vi": VI}
ARMS = {
    "events1": [4, 6, 3, 9, 5, 7],
    "n1": [40, 60, 55, 80, 50, 70],
    "events2": [7, 9, 6, 8, 9, 9],
    "n2": [42, 61, 50, 82, 52, 69],
}
RATES = {
    "events1": [4, 6, 3, 9, 5, 7],
    "time1": [40.0, 60, 55, 80, 50, 70],
    "events2": [7, 9, 6, 8, 9, 9],
    "time2": [42.0, 61, 50, 82, 52, 69],
}
STUDY = ["a", "a", "b", "b", "c", "d"]
FIT = stats.pool(YI, VI, measure="RR")
LINE = stats.meta_regression(YI, VI, {"dose": [1.0, 2, 3, 4, 5, 7], "kind": list("xxyyxy")}, tau2="ML")
FLAT = stats.meta_regression(YI, VI, {"dose": [1.0, 2, 3, 4, 5, 7]}, tau2="ML")
LEVELS = stats.three_level(YI, VI, STUDY)
SLOPE = stats.multilevel(
    YI, VI, random="~ 1 | study", mods=[[1.0], [2], [3], [4], [5], [7]], data={"study": STUDY}
)
BY_LEVEL = stats.multilevel(
    YI, VI, random="~ kind | study", struct="DIAG", data={"kind": list("xyxyxy"), "study": list("aabbcc")}
)
SPREAD = stats.location_scale(
    [0.31, 0.25, 0.44, 0.18, -0.40, 1.10, 0.95, -0.15], [0.005] * 8, scale={"old": [0.0, 0, 0, 0, 1, 1, 1, 1]}
)
GROUPS = stats.subgroups(YI, VI, list("xxyyxy"))

#: A call of each function that works. Fits of a model are given as they are and not replaced.
CALLS = {
    "adequately_powered_mean": EFFECTS,
    "adjust_p_values": {"p_values": [0.01, 0.04, 0.03]},
    "aggregate_effects": EFFECTS | {"cluster": STUDY, "rho": 0.5},
    "arcsine_difference": ARMS,
    "asymmetry_test": {"method": "peters"} | ARMS,
    "baseline_test": {
        "rows": [
            MeansRow("age", ("61.2", "60.8"), ("9.1", "8.7"), (50, 52)),
            CountsRow("women", ((20, 30), (25, 27))),
        ],
        "simulations": 200,
        "rng": 1,
        "threshold": 0.001,
    },
    "baujat_plot": {"contribution": [0.1, 0.5, 0.3], "influence": [0.2, 0.1, 0.4], "labels": ["a", "b", "c"]},
    "beta_binomial": ARMS,
    "blups": {"fit": FIT},
    "bubble_plot": {"x": [1.0, 2, 3, 4, 5, 7]} | EFFECTS,
    "cluster_influence": {"fit": LEVELS, "cluster": STUDY},
    "cochran_mantel_haenszel_test": ARMS,
    "cochran_rate_ratio": RATES,
    "combined_odds_ratio": ARMS,
    "compare_models": {"full": LINE, "reduced": FLAT},
    "component_intervals": {"fit": LEVELS, "level": 0.95},
    "copas_fit": EFFECTS | {"gamma0": -0.5, "gamma1": 0.2},
    "cumulative_groups": EFFECTS | {"group": STUDY},
    "deleted_residuals": {"fit": stats.peto(**ARMS)},
    "difference_covariance": {"mean": [1.0, 2.0, 3.0], "sd": [1.0, 1.0, 2.0], "n": [20, 22, 21]},
    "dose_response": {
        "yi": [0.0, -0.2, -0.4, 0.0, -0.1, -0.5, 0.0, -0.3, -0.6],
        "vi": [0.0, 0.05, 0.06, 0.0, 0.04, 0.05, 0.0, 0.06, 0.07],
        "dose": [0.0, 1, 2, 0, 1, 2, 0, 1, 2],
        "study": list("aaabbbccc"),
        "cases": [40, 30, 25, 50, 44, 35, 33, 25, 20],
        "n": [100, 98, 102, 120, 118, 121, 90, 91, 88],
        "design": "ci",
    },
    "drapery_plot": {"fit": FIT, "labels": list("abcdef")},
    "egger_test": EFFECTS,
    "event_regression": ARMS,
    "exact_odds_ratio": ARMS,
    "excess_significance": EFFECTS,
    "expected_share": {"fit": FIT, "low": 0.8, "high": 1.25},
    "fail_safe_n": EFFECTS,
    "forest_plot": {"result": FIT, "labels": list("abcdef")},
    "funnel_contours": EFFECTS | {"cutpoints": [0.01, 0.05]},
    "funnel_plot": {"fit": FIT, "labels": list("abcdef"), "filled": [False] * 6},
    "glmm": {"measure": "OR"} | ARMS | {"points": 3, "moderators": [1.0, 2, 3, 4, 5, 7]},
    "gosh": EFFECTS | {"subsets": 20, "rng": 1},
    "gosh_regression": {"fit": FLAT, "subsets": 20, "rng": 1},
    "gosh_plot": {"estimate": [0.1, 0.2, 0.3], "i2": [0.0, 10.0, 20.0], "marked": [True, False, False]},
    "heteroscedasticity_test": {"fit": FIT, "draws": 5, "rng": 1},
    "homogeneity_test": ARMS,
    "i2_by_level": {"fit": BY_LEVEL},
    "impute_covariance": {"vi": VI, "cluster": STUDY, "rho": 0.5},
    "labbe_plot": ARMS | {"measure": "RR", "estimate": 0.8},
    "leave_one_out_groups": EFFECTS | {"group": STUDY},
    "likelihood_plot": {"found": stats.normal_likelihoods(YI, VI, points=20)},
    "likelihood_profile": {"fit": LEVELS, "component": "sigma2[study]", "values": [0.01, 0.02]},
    "limit_meta_analysis": EFFECTS,
    "linear_hypothesis": {"fit": LINE, "weights": [0.0, 1.0, 0.0], "rhs": 0.0},
    "location_scale": EFFECTS | {"scale": {"dose": [1.0, 2, 3, 4, 5, 7]}, "link": "identity"},
    "location_scale_permutation_test": {"fit": SPREAD, "permutations": 4, "rng": 1},
    "mantel_haenszel": ARMS | {"correction": 0.5},
    "mantel_haenszel_rates": RATES | {"correction": 0.5},
    "mantel_haenszel_rates_test": RATES,
    "meta_regression": EFFECTS | {"mods": [1.0, 2, 3, 4, 5, 7], "weights": [1.0, 2, 3, 1, 2, 3]},
    "model_table": {"models": {"a": LINE, "b": FLAT}},
    "multilevel": {
        "yi": YI,
        "V": VI,
        "random": "~ 1 | study",
        "data": {"study": STUDY},
        "mods": [1.0, 2, 3, 4, 5, 7],
        "W": [1.0, 2, 3, 1, 2, 3],
    },
    "multilevel_egger": EFFECTS | {"cluster": STUDY},
    "multivariate_moments": {"yi": YI, "V": VI, "study": list("aabbcc"), "outcome": list("xyxyxy")},
    "normal_likelihoods": EFFECTS | {"points": 20},
    "odds_ratio_likelihoods": ARMS | {"points": 20},
    "orchard_plot": {"groups": GROUPS},
    "p_curve": {"statistic": [2.5, 3.0, 2.2, 1.0], "df": [20, 30, 40, 50]},
    "p_uniform": {"yi": [0.5, 0.4, 0.6, 0.1, 0.45], "vi": [0.02, 0.03, 0.04, 0.02, 0.03]},
    "p_uniform_star": {"yi": [0.5, 0.4, 0.6, 0.1, 0.45], "vi": [0.02, 0.03, 0.04, 0.02, 0.03]},
    "performance": {"fits": stats.pool_groups(YI, VI, list("aabbcc")), "effect": 0.2, "replications": 4},
    "permutation_test": {"fit": FLAT, "permutations": 50, "rng": 1},
    "pet_peese": EFFECTS,
    "peto": ARMS | {"correction": 0.5},
    "pool_groups": EFFECTS | {"group": STUDY},
    "predict_effects": {"fit": FLAT, "rows": {"dose": [2.0, 3.0]}, "level": 0.9},
    "predict_multilevel": {"fit": SLOPE, "mods": [[2.0], [3.0]], "level": 0.9},
    "qq_plot": {"found": stats.residual_quantiles(FIT, replications=20, rng=1)},
    "residual_quantiles": {"fit": FIT, "replications": 50, "rng": 1},
    "radial_plot": {"fit": FIT, "labels": list("abcdef"), "level": 0.9},
    "rainforest_plot": {"fit": FIT, "labels": list("abcdef")},
    "random_effects": {"fit": LEVELS, "level": 0.9},
    "rank_test": EFFECTS,
    "rate_homogeneity_test": RATES,
    "ratio_covariance": {
        "yi": [0.0, -0.3, -0.5],
        "vi": [0.0, 0.05, 0.06],
        "cases": [40, 30, 25],
        "n": [100, 98, 102],
        "design": "ci",
    },
    "rcs": {"values": [1.0, 2, 3, 4, 5, 7, 8, 9, 11, 14, 20, 22], "knots": 3},
    "regression_test": EFFECTS | {"predictor": "1/n", "n": [40, 60, 55, 80, 50, 70]},
    "robust": {"fit": LEVELS, "cluster": STUDY},
    "robust_variance": EFFECTS | {"cluster": STUDY, "rho": 0.5, "mods": [1.0, 2, 3, 4, 5, 7]},
    "sample_size_weighted": EFFECTS | {"n1": ARMS["n1"], "n2": ARMS["n2"]},
    "selection_model": EFFECTS | {"steps": 0.025},
    "shared_control_covariance": {
        "measure": "RR",
        "vi": [0.30, 0.25, 0.20],
        "control": ["A", "A", "B"],
        "n2": [50, 50, 80],
        "events2": [10, 10, 16],
    },
    "simulate": {"design": stats.NormalDesign(k=4, effect=0.1, tau2=0.1), "replications": 5, "rng": 1},
    "standardised_residuals": {"fit": SLOPE, "cluster": STUDY},
    "step_down_max": {"observed": [2.0, 1.0], "permuted": [[1.0, 0.5], [2.5, 0.1], [0.3, 1.5]]},
    "three_level": {"yi": YI, "vi": VI, "study": STUDY},
    "transform_estimates": {
        "estimate": [0.5, 0.2],
        "covariance": [[0.01, 0.0], [0.0, 0.04]],
        "transform": np.exp,
    },
    "trim_and_fill": EFFECTS | {"limits": [-1.0, 2.0]},
    "unreported_bound": EFFECTS | {"suspected": [1, 2]},
    "variance_explained": {
        "full": SLOPE,
        "reduced": stats.multilevel(YI, VI, random="~ 1 | study", data={"study": STUDY}),
    },
    "variance_inflation": {"fit": LINE},
    "vcalc": {
        "vi": VI,
        "cluster": STUDY,
        "obs": list("xyxyxx"),
        "rho": 0.5,
        "time1": [1.0, 2, 1, 2, 1, 1],
        "phi": 0.5,
    },
}
#: Too slow to be called a hundred times, or without arguments; pool and effect_size are in test_bad_input.
ELSEWHERE = {"copas_selection", "load_compiled", "pool", "effect_size"}
EVERY_CALL = {**CALLS_WITH_NUMBERS, **CALLS}


def spoiled(column):
    """Columns that are wrong somewhere, or hardly numbers."""
    rest = list(column[1:])
    yield from ([first, *rest] for first in (math.nan, math.inf, -1, 0, None, "x", 1j, True))
    yield from ([every] * len(column) for every in (0, 1e308, 5e-324, 10**30))
    yield from (list(column[:-1]), list(column[:1]), set(map(str, column)), (value for value in column))
    yield from (np.array([column], dtype=object), np.array(column, dtype=object))


def containers(column):
    """The same column in what people keep columns in."""
    fixed = np.array(column)
    fixed.flags.writeable = False
    yield from (tuple(column), fixed, np.array(column, dtype=object), np.array([column, column]).T[:, 0])
    yield pd.Series(column, index=[7 * row % 13 for row in range(len(column))])
    yield pl.Series(column)
    if isinstance(column[0], str):
        yield pd.Series(column).astype("category")
    elif not isinstance(column[0], bool):
        yield pd.Series(column).convert_dtypes()
        yield np.ma.masked_array(column, [False] * len(column))


def is_column(value):
    return isinstance(value, list) and isinstance(value[0], int | float | str)


def told(found):
    """What a result says, to compare."""
    if hasattr(found, "svg"):
        return found.svg
    return found.to_dict() if hasattr(found, "to_dict") else repr(found)


def test_every_function_is_called():
    functions = {name for name in stats.__all__ if inspect.isfunction(getattr(stats, name))}
    assert functions == set(EVERY_CALL) | ELSEWHERE


@pytest.mark.parametrize("name", CALLS)
def test_a_result_or_a_refusal(name):
    function, arguments, refusals = getattr(stats, name), CALLS[name], []
    for argument, given in arguments.items():
        for value in (*STRANGE, *(spoiled(given) if isinstance(given, list) else ())):
            try:
                found = function(**{**arguments, argument: value})
            except (DataError, UsageError) as error:
                refusals.append(str(error))
                continue
            except EvergroveError:  # no convergence: the message says what to look at
                continue
            if hasattr(found, "summary"):
                assert found.summary()
                assert found.to_dict()
    assert refusals
    assert all("allowed" in refusal for refusal in refusals)


@pytest.mark.parametrize(
    "name", [name for name, call in EVERY_CALL.items() if any(map(is_column, call.values()))]
)
def test_the_container_does_not_matter_and_stays_as_it_is(name):
    function, arguments = getattr(stats, name), EVERY_CALL[name]
    expected = told(function(**arguments))
    for argument, given in arguments.items():
        for column in containers(given) if is_column(given) else ():
            before = copy.deepcopy(column)
            assert told(function(**{**arguments, argument: column})) == expected, (argument, type(column))
            assert (np.asarray(before) == np.asarray(column)).all()


@pytest.mark.parametrize("name", ["labels", "groups"])
def test_one_study_no_study_one_level(name):
    """What is too little is said, not computed."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert stats.pool([0.1], [0.1]).k == 1
        for call in (
            lambda: stats.pool([], []),
            lambda: stats.meta_regression([0.1, 0.2, 0.3], [0.1] * 3, {name: ["a", "a", "a"]}),
            lambda: stats.multilevel([0.1, 0.2], [0.1] * 2, mods=name, data={name: ["a", "a"]}),
            lambda: stats.subgroups([], [], []),
            lambda: stats.egger_test([0.1], [0.1]),
            lambda: stats.mantel_haenszel([], [], [], []),
        ):
            with pytest.raises(DataError, match="allowed"):
                call()


def test_masked_moderators_are_missing_not_their_hidden_value():
    hidden = np.ma.masked_array([1.0, 2, 3, 99], [False, False, False, True])
    with pytest.raises(DataError, match="no value of a moderator in row 3"):
        stats.meta_regression([0.1, 0.2, 0.3, 0.5], [0.1] * 4, {"dose": hidden})


def test_a_series_is_one_moderator_by_its_name():
    dose = pd.Series([1.0, 2, 3, 5], index=[4, 3, 2, 1], name="dose")
    fit = stats.meta_regression([0.1, 0.2, 0.3, 0.5], [0.1] * 4, dose)
    assert fit.names == ("intercept", "dose")
    assert (
        fit.estimate.tolist()
        == stats.meta_regression([0.1, 0.2, 0.3, 0.5], [0.1] * 4, {"dose": [1, 2, 3, 5]}).estimate.tolist()
    )


#: Arguments that say which study, group or outcome a row belongs to.
LEVELS_OF_ROWS = [
    ("aggregate_effects", "cluster"),
    ("cluster_influence", "cluster"),
    ("cumulative_groups", "group"),
    ("dose_response", "study"),
    ("impute_covariance", "cluster"),
    ("leave_one_out_groups", "group"),
    ("log_rank_test", "group"),
    ("multilevel_egger", "cluster"),
    ("multivariate_moments", "outcome"),
    ("multivariate_moments", "study"),
    ("pool_groups", "group"),
    ("robust", "cluster"),
    ("robust_variance", "cluster"),
    ("shared_control_covariance", "control"),
    ("subgroups", "groups"),
    ("three_level", "study"),
    ("vcalc", "cluster"),
    ("vcalc", "obs"),
]


@pytest.mark.parametrize("missing", [math.nan, None, pd.NA, np.datetime64("NaT")], ids=str)
@pytest.mark.parametrize(("name", "argument"), LEVELS_OF_ROWS)
def test_a_missing_level_is_no_level(name, argument, missing):
    """Beside text NumPy would make the level 'nan' of it."""
    arguments = EVERY_CALL[name]
    with pytest.raises(DataError, match="row 1"):
        getattr(stats, name)(
            **{**arguments, argument: [arguments[argument][0], missing, *arguments[argument][2:]]}
        )
