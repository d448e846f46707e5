"""Meta-regression at its edges: what is refused, what is said, what must not lose digits."""

import importlib
import json
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError

YI = np.array([-0.89, -1.59, -1.35, -1.44, -0.22, -0.79, -1.62, 0.01, -0.47, -1.37, -0.34, 0.45, -0.02])
VI = np.array([0.33, 0.19, 0.42, 0.02, 0.05, 0.007, 0.22, 0.004, 0.056, 0.073, 0.012, 0.53, 0.071])
ABLAT = [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33]
YEAR = [1948, 1949, 1960, 1977, 1973, 1953, 1973, 1980, 1968, 1961, 1974, 1969, 1976]
ALLOC = ["random"] * 4 + ["alternate"] * 2 + ["random"] * 3 + ["systematic"] * 4
DATA = {"yi": YI, "vi": VI, "ablat": ABLAT, "year": YEAR, "alloc": ALLOC}


def regress(mods, **options):
    return stats.meta_regression("yi", "vi", mods, data=DATA, **options)


def codes(fit):
    return [remark.code for remark in fit.diagnostics]


def test_heterogeneity_that_moderators_leave():
    fit = regress(["ablat"])
    found = fit.heterogeneity()
    assert found.tau2_ci_low == pytest.approx(fit.tau2_ci_low, rel=1e-10)
    share = 100 * fit.tau2_ci_high / (fit.tau2_ci_high + found.typical_variance)
    assert found.i2_ci_high == pytest.approx(share, rel=1e-10)
    assert found.r_b is None
    assert fit.heterogeneity("profile-likelihood", level=0.8).tau2_ci_low > found.tau2_ci_low
    with pytest.raises(UsageError, match="one mean"):
        fit.heterogeneity("higgins-thompson")
    assert regress(["ablat"], model="common").heterogeneity().interval == "none"


@pytest.mark.parametrize("tau2", ["REML", "ML", "DL", "PM", "HE", "HS", "SJ"])
@pytest.mark.parametrize("ci", ["normal", "t", "hartung-knapp", "hartung-knapp-truncated"])
def test_an_intercept_alone_is_pooling(tau2, ci):
    fit, pooled = regress(None, tau2=tau2, ci=ci), stats.pool(YI, VI, tau2=tau2, ci=ci)
    for name in ("estimate", "se", "ci_low", "ci_high", "p_value"):
        assert float(getattr(fit, name)[0]) == pytest.approx(getattr(pooled, name), rel=1e-9)
    for name in ("tau2", "i2", "h2", "q", "tau2_ci_low", "tau2_ci_high"):
        assert getattr(fit, name) == pytest.approx(getattr(pooled, name), rel=1e-9)
    own, theirs = fit.heterogeneity(), pooled.heterogeneity()
    for name in ("i2_ci_high", "h2_ci_low", "i2_q", "h_q_ci_high", "r_b", "typical_variance"):
        assert getattr(own, name) == pytest.approx(getattr(theirs, name), rel=1e-9)
    prediction = fit.predict()
    assert float(prediction.prediction_low[0]) == pytest.approx(pooled.prediction_low, rel=1e-9)
    assert fit.r2 is None


def test_a_factor_shares_tau2_as_subgroups_do():
    fit = regress(["alloc"], ci="normal")
    groups = stats.subgroups(YI, VI, ALLOC, common_tau2=True, ci="normal")
    assert fit.tau2 == pytest.approx(groups.tau2, rel=1e-9)
    assert fit.moderator_test.statistic == pytest.approx(groups.test.q, rel=1e-9)
    assert fit.design.references == {"alloc": "alternate"}


@pytest.mark.parametrize("shift", [0.0, 1e4, 1e8])
def test_moderators_far_from_zero_keep_their_digits(shift):
    near, far = (
        stats.meta_regression(YI, VI, np.array(YEAR, dtype=float) - 1966.0 + move) for move in (0.0, shift)
    )
    assert far.estimate[1] == pytest.approx(near.estimate[1], rel=1e-9)
    assert far.se[1] == pytest.approx(near.se[1], rel=1e-9)
    assert far.tau2 == pytest.approx(near.tau2, rel=1e-9)
    assert far.q == pytest.approx(near.q, rel=1e-9)


def test_weights_of_twelve_orders_of_magnitude_keep_their_digits():
    vi = VI.copy()
    vi[3] = 1e-12
    fit = stats.meta_regression(YI, vi, ABLAT, tau2=0.0, ci="normal")
    assert float(fit.residuals[3]) == pytest.approx(0.0, abs=1e-9)
    x = np.array(ABLAT, dtype=float) - ABLAT[3]
    others = np.arange(13) != 3
    slope = (x * (YI - YI[3]) / vi)[others].sum() / (x**2 / vi)[others].sum()
    assert fit.estimate[1] == pytest.approx(slope, rel=1e-8)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, dict])
@pytest.mark.parametrize("mods", ["~ ablat + alloc", ["ablat", "alloc"]])
def test_any_frame_gives_the_same(frame, mods):
    fit = stats.meta_regression("yi", "vi", mods, data=frame(DATA))
    assert fit.names == ("intercept", "ablat", "alloc[T.random]", "alloc[T.systematic]")
    np.testing.assert_allclose(fit.estimate, regress(["ablat", "alloc"]).estimate, rtol=1e-10)


def test_a_reference_level_can_be_chosen():
    fit = regress(["alloc"], reference={"alloc": "systematic"})
    assert fit.names == ("intercept", "alloc[T.alternate]", "alloc[T.random]")
    formula = regress("~ C(alloc, contr.treatment(base='systematic'))")
    np.testing.assert_allclose(fit.estimate, formula.estimate, rtol=1e-10)
    assert list(formula.design.references.values()) == ["systematic"]
    with pytest.raises(DataError, match="'alternate', 'random', 'systematic'"):
        regress(["alloc"], reference={"alloc": "dice"})
    with pytest.raises(UsageError, match="'ablat', which is no factor"):
        regress(["ablat"], reference={"ablat": "1"})


def test_redundant_columns_are_named_or_dropped():
    mods = {"ablat": ABLAT, "twice": 2 * np.array(ABLAT), "constant": np.ones(13)}
    with pytest.raises(DataError, match="redundant columns 'twice', 'constant'"):
        stats.meta_regression(YI, VI, mods)
    fit = stats.meta_regression(YI, VI, mods, redundant="drop")
    assert fit.names == ("intercept", "ablat")
    assert codes(fit)[0] == "redundant-columns-dropped"
    assert "'twice', 'constant'" in fit.diagnostics[0].message
    predicted = fit.predict({"ablat": [20], "twice": [0], "constant": [1]})
    assert float(predicted.estimate[0]) == pytest.approx(fit.estimate[0] + 20 * fit.estimate[1])


def test_missing_moderators_are_named_or_dropped():
    ablat = [*ABLAT[:-1], None]
    with pytest.raises(DataError, match="row 12"):
        stats.meta_regression(YI, VI, {"ablat": ablat})
    labels = [f"study {row}" for row in range(13)]
    fit = stats.meta_regression(YI, VI, {"ablat": ablat}, missing="drop", labels=labels)
    assert (fit.k, fit.labels[-1], fit.diagnostics[0].where) == (12, "study 11", "row 12 (study 12)")
    alloc = [None, *ALLOC[1:]]
    for mods in ("~ alloc", ["alloc"]):
        with pytest.raises(DataError, match="row 0"):
            stats.meta_regression(YI, VI, mods, data={"alloc": alloc})
        assert stats.meta_regression(YI, VI, mods, data={"alloc": alloc}, missing="drop").k == 12


@pytest.mark.parametrize("mods", ["~ alloc", ["alloc"]])
def test_a_factor_with_one_level_is_refused(mods):
    with pytest.raises(DataError, match="one level, 'random'"):
        stats.meta_regression(YI, VI, mods, data={"alloc": ["random"] * 13})


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        ({"yi": [], "vi": []}, TooFewStudiesError, "0 studies"),
        (
            {"yi": [0.1, 0.2, 0.3], "vi": [0.1] * 3, "mods": [1.0, np.inf, 2.0]},
            DataError,
            "infinite in row 1",
        ),
        (
            {"yi": [0.1, 0.2, 0.3], "vi": [0.1] * 3, "weights": [1.0, 0.0, np.nan]},
            DataError,
            "row 1 is 0.0",
        ),
        (
            {"yi": [0.1, 0.2, 0.3], "vi": [0.1] * 3, "tau2": "GENQ", "tau2_weights": [1.0, 2.0]},
            DataError,
            "tau2_weights: found 2",
        ),
        ({"yi": [0.1], "vi": [0.1], "mods": [1.0]}, TooFewStudiesError, "1 studies for 2"),
        (
            {"yi": [0.1, 0.2], "vi": [0.1, 0.1], "mods": [[1, 0, 2], [0, 1, 5]]},
            TooFewStudiesError,
            "2 studies for 4",
        ),
        ({"vi": -VI}, DataError, "vi"),
        ({"mods": ABLAT[:-1]}, DataError, "12 values"),
        ({"mods": "~ nothing"}, UsageError, "no column 'nothing'"),
        ({"mods": "yi ~ ablat"}, UsageError, "one side"),
        ({"mods": "~ ablat +"}, UsageError, "cannot read"),
        ({"mods": "~ ablat", "intercept": False}, UsageError, "- 1"),
        ({"mods": "~ ablat", "reference": {"a": "b"}}, UsageError, "contr.treatment"),
        ({"mods": "~ np.nosuch(ablat)"}, UsageError, "cannot evaluate"),
        ({"mods": None, "intercept": False}, UsageError, "neither moderators nor an intercept"),
        ({"mods": object()}, UsageError, "mods"),
        ({"mods": {"x": [math.inf, *ABLAT[1:]]}}, DataError, "infinite"),
        ({"mods": ABLAT, "names": ["a", "b"]}, UsageError, "names"),
        ({"mods": ABLAT, "model": "ivhet"}, UsageError, "'random', 'common'"),
        ({"mods": ABLAT, "ci": "kenward-roger"}, UsageError, "allowed with moderators"),
        ({"mods": ABLAT, "prediction": "NNF"}, UsageError, "allowed with moderators"),
        ({"mods": ABLAT, "tau2": -1.0}, UsageError, "tau2"),
        ({"mods": ABLAT, "tau2": "GENQ"}, UsageError, "tau2_weights"),
        ({"mods": ABLAT, "test": ["year"]}, UsageError, "'x1'"),
        ({"mods": ABLAT, "test": []}, UsageError, "no coefficient"),
        ({"mods": ABLAT, "weights": np.zeros(13)}, DataError, "weights"),
        ({"yi": "effect", "mods": ABLAT}, UsageError, "no column 'effect'"),
    ],
)
def test_calls_that_cannot_be_are_refused(call, error, words):
    with pytest.raises(error, match=words):
        stats.meta_regression(**{"yi": YI, "vi": VI, "data": DATA, **call})


def test_a_formula_without_formulaic_names_the_extra(monkeypatch):
    real = importlib.import_module

    def without(name, *rest):
        if name == "formulaic":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(UsageError, match=r"evergrove\[formulas\]"):
        regress("~ ablat")


def test_as_many_coefficients_as_studies():
    fit = stats.meta_regression([0.1, 0.4], [0.1, 0.2], [1.0, 2.0])
    assert (fit.tau2, fit.q, fit.q_df, fit.q_p_value, fit.df) == (0.0, 0.0, 0, 1.0, None)
    assert set(codes(fit)) >= {"tau2-not-estimable", "interval-needs-more-studies"}
    np.testing.assert_allclose(fit.estimate, [-0.2, 0.3], rtol=1e-12)


def test_an_exact_fit_is_said():
    fit = stats.meta_regression([0.0, 1.0, 2.0, 3.0], [0.1] * 4, [0.0, 1.0, 2.0, 3.0])
    assert "exact-fit" in codes(fit)
    assert (fit.tau2, fit.se[1], fit.p_value[1]) == (0.0, 0.0, 0.0)
    assert math.isnan(fit.moderator_test.statistic)
    assert stats.meta_regression([0.0] * 4, [0.1] * 4, [0, 1, 2, 3]).r2 == 0.0


def test_hartung_knapp_narrower_than_classic_is_said():
    yi, vi = [0.10, 0.21, 0.29, 0.41, 0.5], [0.2] * 5
    fit = stats.meta_regression(yi, vi, [1, 2, 3, 4, 5])
    assert "hartung-knapp-narrower" in codes(fit)
    safe = stats.meta_regression(yi, vi, [1, 2, 3, 4, 5], ci="hartung-knapp-adhoc")
    assert "classic-interval-used" in codes(safe)
    assert safe.df is None
    assert safe.se[1] > fit.se[1]


def test_terms_can_be_tested_together():
    fit = regress(["ablat", "alloc"], test=["alloc"])
    assert fit.moderator_test.names == ("alloc[T.random]", "alloc[T.systematic]")
    assert fit.moderator_test.df == 2
    assert regress(["ablat"], test=["intercept", "ablat"]).moderator_test.df == 2


def test_r2_is_not_below_zero_and_common_effect_has_its_own():
    assert regress(["year"], tau2="DL").r2 >= 0.0
    common = regress(["ablat"], model="common")
    assert common.tau2 == 0.0
    assert 0.0 < common.r2 < 100.0
    assert math.isnan(common.predict([20]).prediction_low[0])


def test_new_rows_are_checked():
    fit = regress("~ ablat * alloc")
    with pytest.raises(UsageError, match="no column 'alloc'"):
        fit.predict({"ablat": [10]})
    with pytest.raises(DataError, match="level 'dice'"):
        fit.predict({"ablat": [10], "alloc": ["dice"]})
    assert fit.predict({"ablat": [10, 20], "alloc": "random"}).estimate.size == 2
    array = stats.meta_regression(YI, VI, ABLAT)
    assert array.predict([10, 20]).estimate.size == 2
    assert array.predict().estimate.size == 13
    np.testing.assert_allclose(array.predict().estimate, array.fitted, rtol=1e-12)
    with pytest.raises(DataError, match="3 columns"):
        array.predict([[1.0, 2.0, 3.0]])
    with pytest.raises(DataError, match="row 0"):
        array.predict([math.nan])


@pytest.mark.parametrize(
    "mods", ["~ rcs(ablat, 3)", "~ poly(ablat, 2)", "~ bs(ablat, df=4)", "~ center(ablat)"]
)
def test_formulas_remember_the_data_of_the_fit(mods):
    fit = regress(mods)
    rows = fit.predict({"ablat": ABLAT[:3]}).estimate
    np.testing.assert_allclose(rows, fit.fitted[:3], rtol=1e-10)
    np.testing.assert_allclose(fit.predict({"ablat": ABLAT[1]}).estimate, fit.fitted[1:2], rtol=1e-10)


def test_splines_record_their_knots():
    fit = regress("~ rcs(ablat, 3)")
    assert fit.design.knots == {"rcs(ablat, 3)": (27.0, 33.0, 42.0)}
    basis = stats.rcs(ABLAT, 3)
    own = stats.meta_regression(YI, VI, {"ablat": basis})
    assert own.names == ("intercept", "ablat[1]", "ablat[2]")
    assert own.design.knots["ablat"] == basis.knots
    np.testing.assert_allclose(own.fitted, fit.fitted, rtol=1e-9)
    np.testing.assert_allclose(own.predict({"ablat": [20.0]}).estimate, fit.predict({"ablat": [20]}).estimate)
    # linear beyond the outer knots
    beyond = fit.predict({"ablat": [60, 70, 80]}).estimate
    assert beyond[2] - beyond[1] == pytest.approx(beyond[1] - beyond[0], rel=1e-8)
    for values, knots, error in (
        (ABLAT, 9, UsageError),
        (ABLAT, [3.0, 2.0, 1.0], UsageError),
        ([1, 2, 3], 3, TooFewStudiesError),
        ([1, 1, 1, 2, 2, 2, 3], 3, DataError),
    ):
        with pytest.raises(error):
            stats.rcs(values, knots)


def test_weights_of_ones_are_ordinary_least_squares():
    fit = stats.meta_regression(YI, VI, ABLAT, weights=np.ones(13))
    np.testing.assert_allclose(fit.estimate[::-1], np.polyfit(ABLAT, YI, 1), rtol=1e-10)
    assert "weights of the caller" in fit.method


def test_the_result_can_be_read_kept_and_shown():
    fit = regress(["ablat", "alloc"], measure="RR")
    data = json.loads(json.dumps(fit.to_dict()))
    assert data["design"]["references"] == {"alloc": "alternate"}
    assert data["inputs_sha256"] == regress(["ablat", "alloc"], measure="RR").content_hash
    text = fit.summary()
    for words in (
        "ablat",
        "reference of alloc: alternate",
        "R² =",
        "residual heterogeneity",
        "moderators: F(3, 9)",
    ):
        assert words in text
    assert "<table>" in fit._repr_html_()
    assert next(iter(fit.to_frame("polars")["coefficient"])) == "intercept"
    natural = fit.predict({"ablat": [10], "alloc": ["random"]}).natural()
    assert natural["estimate"][0] == pytest.approx(
        math.exp(fit.predict({"ablat": 10, "alloc": "random"}).estimate[0])
    )
    with pytest.raises(ValueError, match="read-only"):
        fit.yi[0] = 1.0
    assert repr(fit).startswith("<MetaRegressionResult 4 coefficients, k=13")


def test_a_spline_or_a_single_name_are_moderators_too():
    assert stats.meta_regression(YI, VI, stats.rcs(ABLAT, 3)).p == 3
    assert regress("ablat").names == ("intercept", "ablat")
    assert stats.meta_regression(YI, VI, pd.DataFrame({"ablat": ABLAT, "alloc": ALLOC})).p == 4
    assert stats.meta_regression(YI, VI, {"late": [year > 1965 for year in YEAR]}).names[1] == "late[T.True]"


def test_centred_effects_give_metafors_q_without_an_intercept():
    x = np.column_stack((np.arange(1.0, 9.0), np.arange(8.0) ** 2))
    yi, vi = np.array([0.4, 0.9, 0.2, 1.3, 0.8, 1.1, 1.9, 1.2]), np.linspace(0.02, 0.09, 8)
    plain = stats.meta_regression(yi, vi, x, intercept=False, tau2="DL")
    centred = stats.meta_regression(yi, vi, x, intercept=False, tau2="DL", centred=True)
    about = stats.meta_regression(yi - yi.mean(), vi, x, intercept=False, tau2="DL")
    assert centred.q == pytest.approx(about.q, rel=1e-12)
    assert centred.tau2 == pytest.approx(about.tau2, rel=1e-12)
    assert centred.tau2_ci_high == pytest.approx(plain.tau2_ci_high, rel=1e-12)
    assert abs(centred.q - plain.q) > 0.1
    with_constant = [stats.meta_regression(yi, vi, x, tau2="DL", centred=one).tau2 for one in (False, True)]
    assert with_constant[0] == pytest.approx(with_constant[1], rel=1e-9)
