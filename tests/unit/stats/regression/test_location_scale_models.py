"""Location-scale models: derivatives, maxima, boundaries, predictions."""

import json

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import ConvergenceError, DataError, TooFewStudiesError, UsageError
from evergrove.stats.regression.location_scale_kernel import Problem, derivatives, log_likelihood

RNG = np.random.default_rng(20260101)
K = 40
SIZE = RNG.uniform(0, 4, K)
DOSE = RNG.uniform(0, 2, K)
VI = RNG.uniform(0.02, 0.2, K)
YI = 0.3 + 0.2 * DOSE + RNG.normal(size=K) * np.sqrt(VI + np.exp(-2.5 + 0.5 * SIZE))
DATA = {"yi": YI, "vi": VI, "size": SIZE, "dose": DOSE}


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("restricted", [True, False])
def test_derivatives_are_those_of_the_likelihood(log, restricted):
    x, z = np.column_stack([np.ones(K), DOSE]), np.column_stack([np.ones(K), SIZE])
    problem = Problem(YI, VI, x, z, log, restricted)
    a = np.array([-2.0, 0.3]) if log else np.array([0.1, 0.05])
    gradient, hessian = derivatives(problem, a)
    step = 1e-5
    for position in range(2):
        move = step * np.eye(2)[position]
        slope = (log_likelihood(problem, a + move) - log_likelihood(problem, a - move)) / (2 * step)
        assert gradient[position] == pytest.approx(slope, rel=1e-6, abs=1e-7)
        bend = (derivatives(problem, a + move)[0] - derivatives(problem, a - move)[0]) / (2 * step)
        np.testing.assert_allclose(hessian[position], bend, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("likelihood", ["REML", "ML"])
@pytest.mark.parametrize("link", ["log", "identity"])
def test_without_scale_moderators_it_is_a_meta_regression(likelihood, link):
    fit = stats.location_scale("yi", "vi", ["dose"], data=DATA, likelihood=likelihood, link=link)
    plain = stats.meta_regression("yi", "vi", ["dose"], data=DATA, tau2=likelihood, ci="normal")
    np.testing.assert_allclose(fit.tau2, plain.tau2, rtol=1e-8)
    np.testing.assert_allclose(fit.estimate, plain.estimate, rtol=1e-8)
    np.testing.assert_allclose(fit.se, plain.se, rtol=1e-8)
    for name in ("log_likelihood", "deviance", "aic", "bic", "aicc", "q"):
        assert getattr(fit, name) == pytest.approx(getattr(plain, name), rel=1e-9)


def test_units_do_not_matter():
    fit = stats.location_scale("yi", "vi", ["dose"], ["size"], data=DATA)
    scaled = stats.location_scale(YI * 1e4, VI * 1e8, {"dose": DOSE}, {"size": SIZE * 1e6 + 1e8})
    assert scaled.scale_estimate[1] * 1e6 == pytest.approx(fit.scale_estimate[1], rel=1e-6)
    np.testing.assert_allclose(scaled.tau2, fit.tau2 * 1e8, rtol=1e-7)
    np.testing.assert_allclose(scaled.estimate, fit.estimate * 1e4, rtol=1e-7)


def test_a_variance_that_runs_to_zero_is_no_estimate():
    yi = [0.3, 0.3, 0.3, 0.3, -1.0, 0.1, 0.9, 1.5]
    with pytest.raises(ConvergenceError, match="runs to 0"):
        stats.location_scale(yi, [0.05] * 8, scale={"late": [0, 0, 0, 0, 1, 1, 1, 1]})
    fit = stats.location_scale(yi, [0.05] * 8, scale={"late": [0, 0, 0, 0, 1, 1, 1, 1]}, link="identity")
    assert [remark.code for remark in fit.diagnostics] == ["scale-on-the-boundary"]
    assert fit.diagnostics[0].where == "row 0, row 1, row 2, row 3"
    assert (fit.tau2[:4] == 0.0).all()
    assert np.isnan(fit.scale_se).all()
    assert np.isnan(fit.scale_statistic).all()  # unknown, not certain
    assert np.isnan(fit.scale_p_value).all()
    grid = np.linspace(0.01, 3, 600)
    x, z = np.ones((8, 1)), np.column_stack([np.ones(8), np.repeat([0, 1], 4)])
    problem = Problem(np.array(yi), np.full(8, 0.05), x, z, False, True)
    best = max(log_likelihood(problem, np.array([0.0, value])) for value in grid)
    assert log_likelihood(problem, np.array([0.0, fit.scale_estimate[1]])) >= best


def test_predictions_of_effects_and_variances():
    fit = stats.location_scale("yi", "vi", ["dose"], ["size"], data=DATA, ci="normal")
    spread = fit.predict_tau2({"size": [0.0, 2.0]})
    assert spread.tau2[0] == pytest.approx(np.exp(fit.scale_estimate[0]))
    assert (spread.ci_low < spread.tau2).all()
    assert (spread.tau2 < spread.ci_high).all()
    both = fit.predict({"dose": [1.0, 1.0]}, {"size": [0.0, 4.0]}, prediction="test")
    np.testing.assert_array_equal(both.estimate[0], both.estimate[1])
    assert both.prediction_high[1] > both.prediction_high[0]
    np.testing.assert_allclose(fit.predict().estimate, fit.fitted, rtol=1e-10)
    np.testing.assert_allclose(fit.predict().tau2, fit.tau2, rtol=1e-10)
    with pytest.raises(UsageError, match="2 rows and 3 scale rows"):
        fit.predict({"dose": [1, 2]}, {"size": [1, 2, 3]})


def test_nested_scale_models_are_compared_by_reml_too():
    full = stats.location_scale("yi", "vi", ["dose"], ["size"], data=DATA)
    null = stats.location_scale("yi", "vi", ["dose"], data=DATA)
    comparison = stats.compare_models(full, null)
    assert (comparison.df, comparison.r2) == (1, None)
    assert comparison.p_value == pytest.approx(full.scale_test.p_value, abs=0.05)


def test_the_result_can_be_read_and_kept():
    fit = stats.location_scale("yi", "vi", ["dose"], ["size"], data=DATA, ci="t")
    assert fit.scale_df == 38
    assert list(fit.columns()["part"]) == ["location", "location", "scale", "scale"]
    assert "scale (log tau²)" in fit.summary()
    data = json.loads(json.dumps(fit.to_dict()))
    assert data["inputs_sha256"] == fit.content_hash
    assert data["converged"] is True
    with pytest.raises(TooFewStudiesError, match="2 studies"):
        stats.location_scale([0.1, 0.2], [0.1, 0.1], [1.0, 2.0])


def test_scale_coefficients_given_at_their_estimates_change_nothing_else():
    full = stats.location_scale("yi", "vi", ["dose"], ["size"], data=DATA)
    given = [None, float(full.scale_estimate[1])]
    fit = stats.location_scale("yi", "vi", ["dose"], ["size"], data=DATA, scale_given=given)
    np.testing.assert_allclose(fit.scale_estimate, full.scale_estimate, rtol=1e-7)
    assert fit.log_likelihood == pytest.approx(full.log_likelihood, rel=1e-10)
    assert fit.parameters == full.parameters - 1
    assert fit.scale_se[0] < full.scale_se[0]
    for name in ("scale_se", "scale_statistic", "scale_p_value", "scale_ci_low"):
        assert np.isnan(getattr(fit, name)[1])
    assert fit.scale_test.names == ("intercept",)
    assert fit.predict_tau2({"size": [0.0]}).se[0] == pytest.approx(fit.scale_se[0])


def test_a_scale_slope_of_zero_is_the_model_of_one_tau2():
    plain = stats.meta_regression("yi", "vi", ["dose"], data=DATA, ci="normal")
    fit = stats.location_scale("yi", "vi", ["dose"], ["size"], data=DATA, scale_given=[None, 0.0])
    np.testing.assert_allclose(fit.tau2, plain.tau2, rtol=1e-8)
    np.testing.assert_allclose(fit.estimate, plain.estimate, rtol=1e-8)
    test = stats.compare_models(stats.location_scale("yi", "vi", ["dose"], ["size"], data=DATA), fit)
    assert test.df == 1
    higher = stats.location_scale("yi", "vi", ["dose"], ["size"], data=DATA, scale_given=[None, 0.3])
    assert (
        higher.log_likelihood < stats.location_scale("yi", "vi", ["dose"], ["size"], data=DATA).log_likelihood
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([None, 0.0, 0.1], "one per scale coefficient"),
        ([0.1, 0.2], "one to estimate"),
        ([None, float("inf")], "finite"),
        (0.3, "scale_given"),
        (["a", None], "scale_given"),
    ],
)
def test_scale_coefficients_that_cannot_be_given_are_refused(given, says):
    with pytest.raises((UsageError, DataError), match=says):
        stats.location_scale("yi", "vi", ["dose"], ["size"], data=DATA, scale_given=given)
