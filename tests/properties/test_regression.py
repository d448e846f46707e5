"""What holds for any meta-regression: order, shift, scale, coding."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evergrove import stats

METHODS = st.sampled_from(["REML", "ML", "DL", "PM", "HE", "HS", "SJ"])
INTERVALS = st.sampled_from(["normal", "t", "hartung-knapp", "hartung-knapp-truncated"])
EFFECT = st.floats(-5, 5, allow_nan=False)
VARIANCE = st.floats(-3, 1).map(lambda power: 10.0**power)


@st.composite
def regressions(draw, smallest=4, largest=9):
    k = draw(st.integers(smallest, largest))
    yi = np.array(draw(st.lists(EFFECT, min_size=k, max_size=k)))
    vi = np.array(draw(st.lists(VARIANCE, min_size=k, max_size=k)))
    x = np.array(draw(st.lists(st.integers(-20, 20), min_size=k, max_size=k)), dtype=float)
    assume(len(set(x)) > 1)
    assume(len(set(np.round(yi, 3))) > 2)
    return yi, vi, x


def near(ours, theirs, tolerance=1e-7, floor=1e-9):
    return ours == pytest.approx(theirs, rel=tolerance, abs=floor)


@settings(deadline=None, max_examples=40)
@given(regressions(), METHODS, INTERVALS, st.randoms(use_true_random=False))
def test_order_does_not_matter(data, method, ci, shuffler):
    yi, vi, x = data
    order = list(range(yi.size))
    shuffler.shuffle(order)
    first = stats.meta_regression(yi, vi, x, tau2=method, ci=ci)
    second = stats.meta_regression(yi[order], vi[order], x[order], tau2=method, ci=ci)
    assert near(second.estimate, first.estimate)
    assert near(second.se, first.se)
    assert near(second.tau2, first.tau2)


@settings(deadline=None, max_examples=40)
@given(regressions(), METHODS, st.floats(-100, 100), st.floats(0.01, 100))
def test_shifts_and_units_of_moderator_and_effect(data, method, shift, unit):
    yi, vi, x = data
    fit = stats.meta_regression(yi, vi, x, tau2=method)
    moved = stats.meta_regression(yi * unit + shift, vi * unit**2, x / unit + shift, tau2=method)
    assert near(moved.estimate[1], fit.estimate[1] * unit**2, floor=1e-8 * unit**2)
    assert near(moved.tau2, fit.tau2 * unit**2, floor=1e-9 * unit**2)
    assert near(moved.i2, fit.i2, floor=1e-6)
    assert near(moved.q, fit.q, floor=1e-8)
    assert near(moved.p_value[1], fit.p_value[1], tolerance=1e-5)


@settings(deadline=None, max_examples=30)
@given(regressions(), METHODS)
def test_bounds_and_balance(data, method):
    yi, vi, x = data
    fit = stats.meta_regression(yi, vi, x, tau2=method)
    assert fit.tau2 >= 0
    assert 0 <= fit.r2 <= 100
    assert (fit.leverage >= 0).all()
    assert near(float(fit.leverage.sum()), 2.0)
    assert (fit.ci_low <= fit.estimate).all()
    assert (fit.estimate <= fit.ci_high).all()
    weighted = fit.residuals / (vi + fit.tau2)
    scale = float(np.abs(weighted).max()) or 1.0
    assert abs(float(weighted.sum())) <= 1e-7 * scale * yi.size
    assert abs(float((weighted * x).sum())) <= 1e-6 * scale * yi.size * 20


@settings(deadline=None, max_examples=25)
@given(regressions(smallest=4, largest=6))
def test_exact_permutation_p_values_do_not_depend_on_order_or_unit(data):
    yi, vi, x = data
    fits = [
        stats.meta_regression(yi, vi, x, tau2="DL"),
        stats.meta_regression(yi[::-1] * 3, vi[::-1] * 9, x[::-1] * 2 + 1, tau2="DL"),
    ]
    tests = [stats.permutation_test(fit, exact=True) for fit in fits]
    assert near(tests[0].p_value[1], tests[1].p_value[1])
    assert tests[0].p_value.min() >= 1 / tests[0].permutations - 1e-12


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_adjustments_are_ordered_by_their_power(p):
    adjusted = {str(method): stats.adjust_p_values(p, method) for method in stats.PAdjustment}
    slack = 1e-12
    assert (adjusted["hommel"] <= adjusted["hochberg"] + slack).all()
    assert (adjusted["hochberg"] <= adjusted["holm"] + slack).all()
    assert (adjusted["holm"] <= adjusted["bonferroni"] + slack).all()
    assert (adjusted["BH"] <= adjusted["BY"] + slack).all()
    assert (adjusted["BH"] <= adjusted["hommel"] + slack).all()
