"""Mixed models of events: boundaries, separation, what is refused, what must agree."""

import json

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import ConvergenceError, DataError, TooFewStudiesError, UsageError

FEW = {
    "events1": [0, 2, 0, 5, 3, 1],
    "n1": [40, 62, 48, 95, 70, 33],
    "events2": [3, 4, 0, 9, 12, 2],
    "n2": [41, 60, 49, 93, 72, 30],
}
VARIED = {"events1": [1, 9, 4, 15], "n1": [40, 41, 50, 60], "events2": [8, 3, 9, 4], "n2": [42, 40, 49, 61]}
MODELS = ("UM.FS", "UM.RS", "CM.EL", "CM.AL")


@pytest.mark.parametrize("model", MODELS)
def test_agreeing_studies_end_at_the_boundary(model):
    fit = stats.glmm("OR", **FEW, model=model)
    common = stats.glmm("OR", **FEW, model=model, effects="common", points=1 if model == "UM.RS" else None)
    assert fit.tau2 == 0.0
    assert fit.tau2_se is None
    assert "tau2-at-boundary" in [remark.code for remark in fit.diagnostics]
    assert fit.estimate == pytest.approx(common.estimate, abs=1e-9)
    assert fit.se == pytest.approx(common.se, rel=1e-7)
    assert fit.log_likelihood == pytest.approx(common.log_likelihood, abs=1e-10)
    assert fit.k == 5


@pytest.mark.parametrize("model", MODELS)
def test_the_maximum_is_above_its_neighbours(model):
    fit = stats.glmm("OR", **VARIED, model=model)
    assert fit.tau2 > 0
    assert fit.log_likelihood > fit.log_likelihood_common
    assert fit.tau2_ci_low < fit.tau2 < fit.tau2_ci_high
    low, high = fit.prediction_low, fit.prediction_high
    assert low < fit.ci_low < fit.ci_high < high


@pytest.mark.parametrize("model", ["UM.FS", "UM.RS", "CM.EL", "CM.AL"])
def test_exchanging_the_arms_turns_the_sign(model):
    fit = stats.glmm("OR", **VARIED, model=model)
    turned = {"events1": "events2", "n1": "n2", "events2": "events1", "n2": "n1"}
    back = stats.glmm("OR", **{name: VARIED[other] for name, other in turned.items()}, model=model)
    assert back.estimate == pytest.approx(-fit.estimate, abs=1e-8)
    assert back.tau2 == pytest.approx(fit.tau2, rel=1e-7)


def test_more_nodes_come_to_the_exact_integral():
    rates = {"events1": VARIED["events1"], "time1": [40, 41, 50, 60]}
    rates |= {"events2": VARIED["events2"], "time2": [42, 40, 49, 61]}
    few, many = (stats.glmm("IRR", **rates, model="CM.EL", points=points) for points in (30, 80))
    assert few.log_likelihood == pytest.approx(many.log_likelihood, abs=1e-10)
    assert few.tau2 == pytest.approx(many.tau2, rel=1e-8)


def test_rare_events_make_the_exact_and_the_binomial_conditional_model_agree():
    rare = {name: np.array(values) * (1000 if name.startswith("n") else 1) for name, values in VARIED.items()}
    exact = stats.glmm("OR", **rare, model="CM.EL")
    binomial = stats.glmm("OR", **rare, model="CM.AL", points=40)
    assert exact.estimate == pytest.approx(binomial.estimate, abs=2e-3)
    assert exact.tau2 == pytest.approx(binomial.tau2, rel=5e-3)


def test_large_counts_stay_stable():
    counts = {
        "events1": [30_000, 41_000, 18_000],
        "n1": [900_000, 800_000, 700_000],
        "events2": [33_000, 40_000, 21_000],
        "n2": [910_000, 790_000, 690_000],
    }
    fixed = stats.glmm("OR", **counts)
    effects = stats.effect_size("OR", **counts)
    assert fixed.estimate == pytest.approx(
        float(np.average(effects.yi, weights=1 / (effects.vi + fixed.tau2))), abs=1e-3
    )
    assert stats.glmm("OR", **counts, model="CM.AL", effects="common").se > 0


@pytest.mark.parametrize("model", MODELS)
def test_an_arm_without_events_is_refused(model):
    with pytest.raises(ConvergenceError, match="estimate is infinite"):
        stats.glmm("OR", events1=[0, 0], n1=[10, 20], events2=[1, 3], n2=[10, 20], model=model)


def test_one_group_without_events_or_with_events_only():
    with pytest.raises(ConvergenceError, match="0/30 events"):
        stats.glmm("PLO", events=[0, 0], n=[10, 20])
    with pytest.raises(ConvergenceError, match="30/30 events"):
        stats.glmm("PLO", events=[10, 20], n=[10, 20])
    with pytest.raises(ConvergenceError):
        stats.glmm("IRLN", events=[0, 0], time=[10, 20])


def test_moderator_that_separates():
    with pytest.raises(ConvergenceError, match="runs to infinity"):
        stats.glmm(
            "PLO", events=[0, 0, 0, 4, 5, 6], n=[20] * 6, moderators=[0, 0, 0, 1, 1, 1], effects="common"
        )


def test_double_zero_studies_are_named_and_matter_only_to_random_levels():
    dropped = stats.glmm("OR", **FEW, labels=list("abcdef"))
    assert dropped.diagnostics[0].code == "double-zero-dropped"
    assert dropped.diagnostics[0].where == "row 2 (c)"
    assert stats.glmm("OR", **FEW, drop_double_zero=False).k == 5
    kept = stats.glmm("OR", **FEW, model="UM.RS", drop_double_zero=False)
    assert kept.k == 6
    assert kept.sigma2 > stats.glmm("OR", **FEW, model="UM.RS").sigma2


def test_two_studies_and_one():
    two = {name: values[:2] for name, values in VARIED.items()}
    assert stats.glmm("OR", **two).prediction_low is None
    with pytest.raises(TooFewStudiesError, match="found 1 studies"):
        stats.glmm("OR", events1=[3], n1=[20], events2=[5], n2=[20])
    alone = stats.glmm("OR", events1=[3], n1=[20], events2=[5], n2=[20], effects="common")
    assert alone.estimate == pytest.approx(np.log(3 / 17 / (5 / 15)), abs=1e-12)
    assert (alone.q_df, alone.q_wald_p_value) == (0, 1.0)


def test_t_interval_and_natural_scale():
    z = stats.glmm("PLO", events=[3, 8, 2, 14], n=[20, 31, 25, 40])
    t = stats.glmm("PLO", events=[3, 8, 2, 14], n=[20, 31, 25, 40], ci="t", prediction="test")
    assert (z.df, t.df, t.prediction_df) == (None, 3.0, 3.0)
    assert t.ci_high - t.ci_low > z.ci_high - z.ci_low
    natural = z.natural()
    assert 0 < natural.prediction_low < natural.ci_low < natural.estimate < natural.ci_high < 1
    assert stats.glmm("IRLN", events=[3, 8], time=[20, 31]).natural().estimate == pytest.approx(
        11 / 51, rel=0.2
    )


def test_moderators_do_not_depend_on_their_units():
    year = np.array([1990.0, 2001.0, 2010.0, 2015.0])
    raw = stats.glmm("OR", **VARIED, moderators=year, moderator_names=["year"], model="CM.EL")
    centred = stats.glmm("OR", **VARIED, moderators=(year - 2000) / 10, model="CM.EL")
    assert raw.names == ("intercept", "year")
    assert raw.coefficients[1] == pytest.approx(centred.coefficients[1] / 10, rel=1e-8)
    assert raw.q_model == pytest.approx(centred.q_model, rel=1e-7)
    assert raw.prediction_low is None
    assert raw.columns()["name"] == ["intercept", "year"]


def test_dummies_without_intercept_are_the_group_means():
    groups = np.array([[1, 0], [1, 0], [0, 1], [0, 1]])
    fit = stats.glmm("OR", **VARIED, moderators=groups, intercept=False, effects="common")
    for at, rows in enumerate((slice(0, 2), slice(2, 4))):
        part = {name: values[rows] for name, values in VARIED.items()}
        own = stats.glmm("OR", **part, effects="common")
        assert fit.coefficients[at] == pytest.approx(own.estimate, abs=1e-9)
        assert fit.coefficient_ses[at] == pytest.approx(own.se, rel=1e-8)


@pytest.mark.parametrize(
    ("changed", "error", "match"),
    [
        ({"model": "UM"}, UsageError, "model: found 'UM'"),
        ({"coding": "half", "model": "CM.EL"}, UsageError, "coding: found"),
        ({"correlated": True}, UsageError, "correlated: found True"),
        ({"ci": "hartung-knapp"}, UsageError, "needs known variances"),
        ({"points": 0}, UsageError, "points: found 0"),
        ({"n2": None}, UsageError, "found no n2"),
        ({"time1": [1, 2, 3, 4]}, UsageError, "also time1"),
        ({"events1": [1.5, 2, 3, 4]}, DataError, "a whole number"),
        ({"events1": [100, 2, 3, 4]}, DataError, "events1: row 0 is 100"),
        ({"moderators": [1, 1, 1, 1]}, DataError, "in every study"),
        ({"moderators": [[1, 2], [2, 4], [3, 6], [5, 10]]}, DataError, "depend on each other"),
        ({"moderators": [1, np.nan, 2, 3]}, DataError, "moderators: row 1"),
        ({"moderators": [1, 2]}, DataError, "4 rows"),
        ({"moderators": [1, 2, 3, 4], "moderator_names": ["a", "b"]}, UsageError, "found 2; allowed: 1"),
        ({"moderator_names": ["a"]}, UsageError, "found without moderators"),
        ({"intercept": False}, UsageError, "found False without moderators"),
    ],
)
def test_refusals(changed, error, match):
    with pytest.raises(error, match=match):
        stats.glmm("OR", **{**VARIED, **changed})


def test_measures():
    with pytest.raises(UsageError, match="measure: found 'RR'"):
        stats.glmm("RR", **VARIED)
    with pytest.raises(UsageError, match="'OR' and 'IRR' only"):
        stats.glmm("PLO", events=[1, 2], n=[4, 5], model="UM.FS")
    rate = stats.glmm("IRR", events1=[1, 5], time1=[9, 8], events2=[4, 6], time2=[9, 9], model="CM.AL")
    assert rate.options["model"] == "CM.EL"


def test_result_is_json_and_text():
    fit = stats.glmm("OR", **VARIED, model="UM.RS", correlated=True)
    data = json.loads(json.dumps(fit.to_dict(), allow_nan=False))
    assert data["sigma2"] > 0
    assert -1 <= data["rho"] <= 1
    assert len(data["inputs_sha256"]) == 64
    assert "likelihood ratio" in fit.summary()
    assert "tau²" in repr(fit)
    assert "prediction interval" in fit.summary()
    regression = stats.glmm("OR", **VARIED, moderators=[1, 2, 3, 5])
    assert "moderator 1" in regression.summary()
    assert regression._repr_html_().count("<tr>") == 3


def test_perfect_correlation_is_named():
    """Levels and effects on one line: events of arm 1 follow those of arm 2 without scatter."""
    counts = {
        "events1": [40, 20, 10, 5, 2],
        "n1": [100] * 5,
        "events2": [4, 8, 12, 20, 30],
        "n2": [100] * 5,
    }
    fit = stats.glmm("OR", **counts, model="UM.RS", correlated=True, coding="first")
    assert fit.tau2 > 0
    assert fit.rho == pytest.approx(-1.0, abs=0.02)
    codes = [remark.code for remark in fit.diagnostics]
    assert "tau2-at-boundary" not in codes
    assert ("rho-at-boundary" in codes) == (abs(fit.rho) == 1.0)


def test_a_maximum_above_0_is_found_beside_one_at_0():
    """tau² = 0 is a maximum here too, 0.055 lower; the values are R's: integrate() over dnorm and optim()."""
    counts = {"events1": [3, 35, 2, 2, 13], "n1": [182, 90, 45, 85, 1461]}
    counts |= {"events2": [2, 1, 0, 7, 13], "n2": [61, 18, 13, 145, 899]}
    fit = stats.glmm("OR", **counts, model="UM.FS", coding="first", points=25)
    assert fit.tau2 == pytest.approx(0.28076702, rel=1e-5)
    assert fit.estimate == pytest.approx(0.05383633, rel=1e-4)
    assert fit.log_likelihood == pytest.approx(-21.77379369, abs=1e-7)
    assert fit.log_likelihood_common == pytest.approx(-21.82910806, abs=1e-7)


@pytest.mark.parametrize(
    ("moderators", "said"),
    [
        (list("abc"), "no number"),
        ([1.0, 1.0, 1.0], "'moderator 1' is 1 in every study"),
        ([1.0, float("nan"), 2.0], "row 1 is"),
    ],
)
def test_moderators_of_events_that_cannot_be_are_refused(moderators, said):
    with pytest.raises(DataError, match=said):
        stats.glmm("PLO", events=[1, 2, 3], n=[10, 12, 14], moderators=moderators)
