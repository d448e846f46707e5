"""What holds for any studies: order, shift, scale, bounds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove import stats

METHODS = st.sampled_from(["REML", "DL", "PM"])
# Kenward-Roger goes with REML alone: tests/properties/test_random.py
INTERVALS = st.sampled_from(
    [str(member) for member in stats.IntervalMethod if member is not stats.IntervalMethod.KENWARD_ROGER]
)
EFFECT = st.floats(-5, 5, allow_nan=False)
VARIANCE = st.floats(-6, 2).map(lambda power: 10.0**power)


@st.composite
def studies(draw, smallest=2, largest=9):
    k = draw(st.integers(smallest, largest))
    yi = draw(st.lists(EFFECT, min_size=k, max_size=k))
    vi = draw(st.lists(VARIANCE, min_size=k, max_size=k))
    return np.array(yi), np.array(vi)


def near(ours, theirs, tolerance=1e-9, floor=1e-12):
    return ours == pytest.approx(theirs, rel=tolerance, abs=floor)


@settings(deadline=None, max_examples=60)
@given(studies(), METHODS, INTERVALS, st.randoms(use_true_random=False))
def test_order_does_not_matter(data, method, ci, shuffler):
    yi, vi = data
    order = list(range(yi.size))
    shuffler.shuffle(order)
    first, second = (
        stats.pool(yi, vi, tau2=method, ci=ci),
        stats.pool(yi[order], vi[order], tau2=method, ci=ci),
    )
    for name in ("estimate", "se", "tau2", "q", "i2", "ci_low", "ci_high"):
        assert near(getattr(first, name), getattr(second, name), 1e-12, 1e-13), name
    assert first.weights[order] == pytest.approx(second.weights, rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(studies(), METHODS, st.integers(-8, 8))
def test_shifting_effects_shifts_the_estimate(data, method, shift):
    yi, vi = data
    yi = np.round(yi * 2**20) / 2**20  # so that the shift itself is exact
    base, moved = stats.pool(yi, vi, tau2=method), stats.pool(yi + shift, vi, tau2=method)
    assert near(moved.estimate, base.estimate + shift, 1e-12, 1e-12)
    assert near(moved.se, base.se)
    assert near(moved.tau2, base.tau2)


@settings(deadline=None, max_examples=60)
@given(studies(), METHODS, st.integers(-30, 30))
def test_scaling_by_a_power_of_two_is_exact(data, method, power):
    yi, vi = data
    factor = 2.0**power
    base, scaled = stats.pool(yi, vi, tau2=method), stats.pool(yi * factor, vi * factor**2, tau2=method)
    assert near(scaled.estimate, base.estimate * factor, 1e-12, 0)
    assert near(scaled.tau2, base.tau2 * factor**2, 1e-12, 0)
    assert near(scaled.ci_high, base.ci_high * factor, 1e-12, 0)


@settings(deadline=None, max_examples=100)
@given(studies(smallest=1), METHODS, INTERVALS)
def test_bounds(data, method, ci):
    yi, vi = data
    result = stats.pool(yi, vi, tau2=method, ci=ci)
    assert result.tau2 >= 0
    assert 0 <= result.i2 <= 100
    assert 0 <= result.p_value <= 1 or math.isnan(result.p_value)
    assert result.ci_low <= result.estimate <= result.ci_high
    slack = 1e-12 * max(1.0, float(np.abs(yi).max()))
    assert yi.min() - slack <= result.estimate <= yi.max() + slack
    assert result.weights.sum() == pytest.approx(1.0, abs=1e-12)
    assert (result.weights >= 0).all()
    if result.prediction_low is not None:
        assert result.prediction_low <= result.estimate <= result.prediction_high
    if result.tau2_ci_low is not None:
        assert 0 <= result.tau2_ci_low <= result.tau2_ci_high


@settings(deadline=None, max_examples=60)
@given(studies(), METHODS)
def test_equal_variances_give_the_mean(data, method):
    yi, _ = data
    result = stats.pool(yi, np.full(yi.size, 0.3), tau2=method)
    assert near(result.estimate, float(yi.mean()), 1e-12, 1e-12)
    # and all three estimators agree: the sample variance less the sampling variance
    assert near(result.tau2, max(0.0, float(yi.var(ddof=1)) - 0.3), 1e-8, 1e-11)


@settings(deadline=None, max_examples=60)
@given(studies())
def test_common_effect_is_random_effects_without_spread(data):
    yi, vi = data
    common = stats.pool(yi, vi, model="common", ci="normal")
    random = stats.pool(yi, vi, tau2=0.0, ci="normal")
    for name in ("estimate", "se", "ci_low", "ci_high", "p_value", "q"):
        assert getattr(common, name) == getattr(random, name)


@settings(deadline=None, max_examples=60)
@given(studies(), METHODS)
def test_guarded_intervals_are_not_narrower_than_the_classic_one(data, method):
    yi, vi = data
    classic = stats.pool(yi, vi, tau2=method, ci="normal")
    for ci in ("hartung-knapp-adhoc", "hartung-knapp-truncated", "t"):
        guarded = stats.pool(yi, vi, tau2=method, ci=ci)
        assert guarded.ci_high - guarded.ci_low >= (classic.ci_high - classic.ci_low) * (1 - 1e-12)


@st.composite
def tables(draw):
    k = draw(st.integers(1, 7))
    rows = []
    for _ in range(k):
        n1, n2 = draw(st.integers(1, 60)), draw(st.integers(1, 60))
        rows.append((draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2))
    rows.append((3, 20, 5, 20))  # so that every ratio is defined
    return [np.array(column, dtype=float) for column in zip(*rows, strict=True)]


@settings(deadline=None, max_examples=60)
@given(tables(), st.sampled_from(["RR", "OR", "RD"]))
def test_swapping_the_arms_turns_the_sign(columns, measure):
    events1, n1, events2, n2 = columns
    one = stats.mantel_haenszel(events1, n1, events2, n2, measure=measure)
    two = stats.mantel_haenszel(events2, n2, events1, n1, measure=measure)
    assert near(one.estimate, -two.estimate, 1e-10, 1e-12)
    assert near(one.se, two.se, 1e-10)


@settings(deadline=None, max_examples=60)
@given(tables())
def test_swapping_events_and_non_events_inverts_the_odds_ratio(columns):
    events1, n1, events2, n2 = columns
    for fit in (lambda *given: stats.mantel_haenszel(*given, measure="OR"), stats.peto):
        one, two = fit(events1, n1, events2, n2), fit(n1 - events1, n1, n2 - events2, n2)
        assert near(one.estimate, -two.estimate, 1e-9, 1e-11)
        assert near(one.se, two.se, 1e-9)


@settings(deadline=None, max_examples=80)
@given(
    st.integers(1, 400), st.floats(0, 1), st.floats(0.5, 0.999), st.sampled_from(list(stats.ProportionMethod))
)
def test_proportion_intervals_hold_their_estimate(n, share, level, method):
    found = stats.proportion_interval(round(share * n), n, method, level)
    assert -1e-15 <= found.ci_low <= found.estimate + 1e-12
    assert found.estimate - 1e-12 <= found.ci_high <= 1 + 1e-15
