"""Selection models: boundaries, symmetry, what the weights mean."""

import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.bias.selection_likelihood import Problem, SmoothSelection, log_likelihood
from evergrove.stats.bias.selection_weights import FAMILIES

RNG = np.random.default_rng(20250101)
V = RNG.uniform(0.01, 0.2, 40)
Y = 0.25 + RNG.normal(size=40) * np.sqrt(V + 0.03)
#: Significant ones, and a third of the others.
KEPT = (Y / np.sqrt(V) > 1.96) | (RNG.uniform(size=40) < 0.33)


def codes(result):
    """The codes of a result's remarks."""
    return {remark.code for remark in result.diagnostics}


@pytest.mark.parametrize(
    "weights", ["step", "beta", "half-normal", "negative-exponential", "logistic", "power"]
)
def test_the_other_direction_is_the_mirror(weights):
    up = stats.selection_model(Y[KEPT], V[KEPT], weights=weights)
    down = stats.selection_model(-Y[KEPT], V[KEPT], weights=weights, alternative="less")
    assert down.estimate == pytest.approx(-up.estimate, rel=1e-7)
    assert down.tau2 == pytest.approx(up.tau2, rel=1e-6, abs=1e-9)
    assert down.log_likelihood == pytest.approx(up.log_likelihood, rel=1e-10)


def test_equal_given_weights_are_no_selection():
    fit = stats.selection_model(Y, V, steps=[0.025, 0.5], delta=[1.0, 1.0, 1.0])
    assert fit.estimate == pytest.approx(fit.unadjusted_estimate, rel=1e-8)
    assert fit.selection_df == 0
    assert math.isnan(fit.selection_p_value)
    assert fit.delta_given == (True, True, True)
    # only their ratio matters
    double = stats.selection_model(Y, V, steps=[0.025, 0.5], delta=[2.0, 2.0, 2.0])
    assert double.estimate == pytest.approx(fit.estimate, rel=1e-8)


def test_the_unit_of_the_outcome_does_not_matter():
    fit, scaled = stats.selection_model(Y[KEPT], V[KEPT]), stats.selection_model(1e4 * Y[KEPT], 1e8 * V[KEPT])
    assert scaled.estimate == pytest.approx(1e4 * fit.estimate, rel=1e-8)
    assert scaled.delta == pytest.approx(fit.delta, rel=1e-7)
    assert scaled.log_likelihood == pytest.approx(fit.log_likelihood - KEPT.sum() * math.log(1e4))


def test_selection_of_significant_results_is_seen_and_undone():
    fit = stats.selection_model(Y[KEPT], V[KEPT])
    assert fit.delta[1] < 1
    assert fit.estimate < fit.unadjusted_estimate
    assert fit.studies == (
        int((Y[KEPT] / np.sqrt(V[KEPT]) > 1.959963984540054).sum()),
        KEPT.sum() - fit.studies[0],
    )


def test_boundaries_are_said():
    # nothing between the cutpoints: that weight runs to 0
    y, v = np.array([0.9, 0.8, 0.95, 0.7, 1.1, -0.2]), np.full(6, 0.05)
    gap = stats.selection_model(y, v, steps=[0.025, 0.1], model="common")
    assert {"empty-interval", "delta-at-bound", "few-studies"} <= codes(gap)
    assert gap.delta[1] == 0.0
    assert math.isnan(gap.delta_se[1])
    same = stats.selection_model(np.linspace(0.1, 0.2, 12), np.full(12, 0.05))
    assert same.tau2 == 0
    assert "tau2-zero" in codes(same)
    assert math.isnan(same.tau2_se)
    assert same.tau2_statistic == pytest.approx(0.0, abs=1e-12)


def test_all_significant_runs_to_the_bound():
    v = np.linspace(0.01, 0.05, 12)
    fit = stats.selection_model(3.0 * np.sqrt(v), v, model="common")
    assert fit.delta[1] == 0.0
    none = stats.selection_model(0.5 * np.sqrt(v), v, model="common")
    assert none.delta[1] == 100.0
    assert "delta-at-bound" in codes(none)


def test_weights_that_may_not_rise_do_not():
    rising = stats.selection_model(Y, V, steps=[0.01, 0.05, 0.2, 0.6])
    held = stats.selection_model(Y, V, steps=[0.01, 0.05, 0.2, 0.6], decreasing=True)
    assert (np.diff(held.delta) <= 1e-12).all()
    assert held.delta[0] == 1.0
    assert held.log_likelihood <= rising.log_likelihood + 1e-9


def test_a_given_tau2_of_zero_is_the_common_model():
    fit = stats.selection_model(Y, V, model="common")
    assert fit.tau2 == 0
    assert math.isnan(fit.tau2_p_value)


def test_moderators():
    x = np.linspace(-1.0, 1.0, 40)
    fit = stats.selection_model(Y, V, moderators=x)
    assert fit.coefficient_names == ("intercept", "moderator 1")
    shifted = stats.selection_model(Y + 0.5 * x, V, moderators=x, delta=[1, 1])
    plain = stats.selection_model(Y, V, moderators=x, delta=[1, 1])
    assert shifted.coefficients[1] == pytest.approx(plain.coefficients[1] + 0.5, rel=1e-7)
    assert fit.columns()["parameter"].size == 2 + 1 + 2
    predicted = fit.predict([0.0, 2.0])
    assert predicted.estimate[0] == fit.estimate
    assert (predicted.se[0], predicted.ci_low[0]) == pytest.approx((fit.se, fit.ci_low), rel=1e-12)
    assert predicted.estimate[1] == pytest.approx(fit.estimate + 2.0 * fit.coefficients[1], rel=1e-12)
    assert (predicted.prediction_low < predicted.ci_low).all()
    with pytest.raises(UsageError, match="one column per moderator of the fit, here 1"):
        fit.predict()
    common = stats.selection_model(Y, V, model="common")
    assert np.isnan(common.predict().prediction_low).all()
    with pytest.raises(DataError, match="full rank"):
        stats.selection_model(Y, V, moderators=np.ones(40))
    with pytest.raises(DataError, match="moderators"):
        stats.selection_model(Y, V, moderators=x[:5])


def test_the_curve_of_the_weights():
    fit = stats.selection_model(Y[KEPT], V[KEPT], steps=[0.025, 0.5])
    assert fit.selection_curve([0.01, 0.025, 0.03, 0.9]) == pytest.approx(fit.delta[[0, 0, 1, 2]])
    smooth = stats.selection_model(Y[KEPT], V[KEPT], weights="negative-exponential")
    assert smooth.selection_curve([0.5]) == pytest.approx(np.exp(-0.5 * smooth.delta))
    with pytest.raises(UsageError, match="outside"):
        fit.selection_curve([0.0])
    with pytest.raises(UsageError, match="truncated"):
        stats.selection_model(Y, V, weights="truncated").selection_curve([0.1])


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"steps": [0.0]}, "steps"),
        ({"steps": [1.0]}, "steps"),
        ({"steps": [1.5]}, "steps"),
        ({"weights": "beta", "steps": [0.05]}, "steps"),
        ({"weights": "logistic", "steps": [0.05, 0.1]}, "steps"),
        ({"weights": "logistic", "precision": "n", "n": [10] * 40}, "precision"),
        ({"precision": "se"}, "precision"),
        ({"weights": "beta", "precision": "se"}, "precision"),
        ({"delta": [1, 2, 3]}, "delta"),
        ({"delta": [1, -1]}, "delta"),
        ({"weights": "beta", "decreasing": True}, "decreasing"),
        ({"decreasing": True, "delta": [1, 0.5]}, "decreasing"),
        ({"weights": "truncated", "alternative": "two-sided"}, "alternative"),
        ({"largest_delta": 0.5}, "largest_delta"),
        ({"weights": "gamma"}, "weights"),
        ({"level": 95}, "level"),
    ],
)
def test_options_that_do_not_go_together(options, word):
    with pytest.raises(UsageError, match=word):
        stats.selection_model(Y, V, **options)


def test_more_parameters_than_studies():
    with pytest.raises(TooFewStudiesError):
        stats.selection_model(Y[:4], V[:4], steps=[0.025, 0.1, 0.5])
    with pytest.raises(TooFewStudiesError):
        stats.selection_model([0.1], [0.1])


@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize("kind", sorted(FAMILIES))
def test_derivatives_are_those_of_the_likelihood(kind, two_sided):
    family = FAMILIES[kind]
    count = len(family.start)
    precision = np.linspace(0.4, 1.0, 10) if kind != "beta" else np.ones(10)
    alpha = 0.0 if kind == "beta" else 0.05
    selection = SmoothSelection(
        family, Y[:10] / np.sqrt(V[:10]), np.sqrt(V[:10]), alpha, precision, two_sided=two_sided
    )
    point = np.array([0.2, 0.05, *[1.3] * count])
    problem = Problem(Y[:10], V[:10], np.ones((10, 1)), selection, np.ones(2 + count, dtype=bool), point)
    here = log_likelihood(problem, point)
    step = 1e-6
    for row, direction in enumerate(np.eye(2 + count)):
        up, down = (log_likelihood(problem, point + sign * step * direction) for sign in (1.0, -1.0))
        assert here.gradient[row] == pytest.approx((up.value - down.value) / (2 * step), rel=1e-5, abs=1e-6)
        assert here.hessian[row] == pytest.approx(
            (up.gradient - down.gradient) / (2 * step), rel=1e-4, abs=1e-5
        )


@pytest.mark.parametrize("kind", sorted(FAMILIES))
def test_the_mass_of_all_results_is_exact(kind):
    """With weight 1 everywhere the normalising constant is 1: the nodes and the tails fit together."""
    family = FAMILIES[kind]
    flat = (
        np.array(family.null, dtype=float) if kind != "negative-exponential-power" else np.array([0.0, 1.0])
    )
    selection = SmoothSelection(family, Y / np.sqrt(V), np.sqrt(V), 0.0, np.ones(40), two_sided=False)
    point = np.array([0.3, 0.02, *flat])
    problem = Problem(Y, V, np.ones((40, 1)), selection, np.ones(point.size, dtype=bool), point)
    normal = -0.5 * (np.log(2 * np.pi * (V + 0.02)) + (Y - 0.3) ** 2 / (V + 0.02))
    assert log_likelihood(problem, point).value == pytest.approx(normal.sum(), rel=1e-12)


def test_profile_limits_are_where_the_likelihood_falls():
    found = stats.selection_model(Y, V, profile=True)
    plain = stats.selection_model(Y, V)
    assert found.estimate == plain.estimate
    drop = 1.959963984540054**2 / 2.0
    for limit in (found.delta_ci_low[1], found.delta_ci_high[1]):
        if 0.0 < limit < 100.0:
            held = stats.selection_model(Y, V, delta=[1.0, limit])
            assert held.log_likelihood == pytest.approx(plain.log_likelihood - drop, abs=1e-6)
    assert found.delta_ci_low[1] <= found.delta[1] <= found.delta_ci_high[1]
    with pytest.raises(UsageError, match="profile"):
        stats.selection_model(Y, V, steps=[0.025, 0.5], decreasing=True, profile=True)
