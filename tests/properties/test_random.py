"""What holds for random effects whatever the studies: order, scale, limits in their order."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove import stats
from evergrove.stats.options import Tau2Interval
from evergrove.stats.tau2 import lay_out
from evergrove.stats.tau2.moments import weighted_form

METHODS = st.sampled_from([str(member) for member in stats.Tau2Method])
INTERVALS = st.sampled_from([str(member) for member in Tau2Interval if "likelihood" not in member])
PREDICTIONS = st.sampled_from([str(member) for member in stats.PredictionMethod if member != "NNF"])


@st.composite
def studies(draw, smallest=2, largest=8):
    k = draw(st.integers(smallest, largest))
    yi = draw(st.lists(st.floats(-5, 5, allow_nan=False), min_size=k, max_size=k))
    vi = draw(st.lists(st.floats(-5, 2).map(lambda power: 10.0**power), min_size=k, max_size=k))
    return np.array(yi), np.array(vi)


def near(ours, theirs, tolerance=1e-9, floor=1e-11):
    return ours == pytest.approx(theirs, rel=tolerance, abs=floor, nan_ok=True)


@settings(deadline=None, max_examples=80)
@given(studies(), METHODS, st.randoms(use_true_random=False))
def test_order_does_not_matter(data, method, shuffler):
    yi, vi = data
    order = list(range(yi.size))
    shuffler.shuffle(order)
    weights = 1 / np.sqrt(vi)
    one = stats.pool(yi, vi, tau2=method, tau2_weights=weights)
    two = stats.pool(yi[order], vi[order], tau2=method, tau2_weights=weights[order])
    assert near(one.tau2, two.tau2)
    assert near(one.tau2_se, two.tau2_se)
    assert near(one.estimate, two.estimate)


@settings(deadline=None, max_examples=80)
@given(studies(), METHODS.filter(lambda name: name != "SJ-HE"), INTERVALS, st.integers(-20, 20))
def test_scaling_by_a_power_of_two_scales_everything(data, method, interval, power):
    yi, vi = data
    factor = 2.0**power
    options = {"tau2": method, "tau2_ci": interval, "tau2_weights": np.arange(1.0, yi.size + 1)}
    one, two = stats.pool(yi, vi, **options), stats.pool(yi * factor, vi * factor**2, **options)
    assert near(two.tau2, one.tau2 * factor**2, 1e-9, 0)
    if one.tau2_ci_low is None:
        assert two.tau2_ci_low is None
    else:
        assert near(two.tau2_ci_high, one.tau2_ci_high * factor**2, 1e-8, 0)
        assert near(two.i2_ci_high, one.i2_ci_high, 1e-8)


@settings(deadline=None, max_examples=80)
@given(studies(), METHODS, INTERVALS)
def test_limits_and_measures_are_in_their_bounds(data, method, interval):
    yi, vi = data
    fit = stats.pool(yi, vi, tau2=method, tau2_ci=interval, tau2_weights=1 / vi)
    found = fit.heterogeneity()
    if found.tau2_ci_low is not None:
        assert 0 <= found.tau2_ci_low <= found.tau2_ci_high
        assert 0 <= found.i2_ci_low <= found.i2_ci_high <= 100
    assert 0 <= found.r_b_ci_low <= found.r_b + 1e-12
    assert found.r_b <= found.r_b_ci_high + 1e-12
    assert found.h_q >= 1
    assert math.isnan(fit.tau2_se) is False
    assert fit.tau2_se >= 0


@settings(deadline=None, max_examples=60)
@given(studies())
def test_kenward_roger_is_never_below_the_classic_standard_error(data):
    yi, vi = data
    fit, classic = stats.pool(yi, vi, ci="kenward-roger"), stats.pool(yi, vi, ci="normal")
    assert fit.se >= classic.se * (1 - 1e-12)
    assert fit.df > 0


@settings(deadline=None, max_examples=60)
@given(studies(smallest=3), PREDICTIONS)
def test_a_prediction_interval_is_about_the_estimate(data, prediction):
    yi, vi = data
    fit = stats.pool(yi, vi, prediction=prediction, ci="normal")
    if fit.prediction_low is not None and math.isfinite(fit.prediction_low):
        centre = (fit.prediction_low + fit.prediction_high) / 2
        width = fit.prediction_high - fit.prediction_low
        assert centre == pytest.approx(fit.estimate, abs=1e-9 * max(1.0, width))
        assert width > 0


@settings(deadline=None, max_examples=40)
@given(studies())
def test_the_generalised_q_rises_in_tau2(data):
    yi, vi = data
    form = weighted_form(lay_out(yi, vi), 1 / np.sqrt(vi))
    heights = [form.probability(value) for value in (0.0, 0.01, 0.3, 5.0, 1e3)]
    assert (np.diff(heights) >= -1e-11).all()
    assert 0 <= min(heights) <= max(heights) <= 1


@settings(deadline=None, max_examples=40)
@given(studies(smallest=3), st.sampled_from(["REML", "ML", "DL", "PM"]))
def test_groups_of_equal_studies_have_no_difference(data, method):
    yi, vi = data
    twice = stats.subgroups(
        np.concatenate((yi, yi)),
        np.concatenate((vi, vi)),
        ["a"] * yi.size + ["b"] * yi.size,
        tau2=method,
        ci="t",
    )
    assert twice.test.q == pytest.approx(0.0, abs=1e-9)
