"""tau² under designs and in the corners: rank, degrees of freedom, scale, weights, two maxima."""

import math
import tracemalloc

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError
from evergrove.stats.options import Tau2Method
from evergrove.stats.tau2 import (
    Contrasts,
    Layout,
    estimate_tau2,
    generalised_q_limits,
    lay_out,
    maximum_likelihood,
    profile,
    profile_likelihood_limits,
    q_profile,
)
from evergrove.stats.tau2.layout import trace_of_square
from evergrove.stats.tau2.tall_design import TallDesign

YI = np.array([0.1, 0.3, 0.35, 0.65, -0.2, 0.9])
VI = np.array([0.03, 0.03, 0.05, 0.01, 0.02, 0.4])
X = np.column_stack((np.ones(6), [1.0, 2.0, 3.0, 5.0, 8.0, 13.0]))
ALL = list(Tau2Method)


def projection(vi, x, tau2):
    """P by its definition."""
    w = np.diag(1 / (vi + tau2))
    return w - w @ x @ np.linalg.inv(x.T @ w @ x) @ x.T @ w


@pytest.mark.parametrize("tau2", [0.0, 0.03, 2.0])
@pytest.mark.parametrize("x", [None, X])
def test_the_profile_is_that_of_the_matrices(x, tau2):
    data = lay_out(YI, VI, x)
    assert isinstance(data, Layout if x is None else Contrasts)
    p = projection(VI, np.ones((6, 1)) if x is None else x, tau2)
    at = profile(data, np.array([tau2 / data.scale]))
    assert at.q[0] == pytest.approx(YI @ p @ YI, rel=1e-10)
    assert at.trace[0] == pytest.approx(np.trace(p) * data.scale, rel=1e-10)
    assert at.squares[0] == pytest.approx(YI @ p @ p @ YI * data.scale, rel=1e-10)
    assert trace_of_square(data, tau2 / data.scale) == pytest.approx((p * p).sum() * data.scale**2, rel=1e-10)


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("widest", [0.3, 4.0])
def test_a_design_of_many_rows_gives_the_same_without_its_decomposition(method, widest, monkeypatch):
    rng = np.random.default_rng(8)
    vi, year = 10 ** rng.uniform(-3.0, widest - 3.0, 60), rng.normal(size=60)
    yi, weights = 0.3 * year + rng.normal(size=60) * np.sqrt(vi + 0.02), 1 / np.sqrt(vi)
    x = np.column_stack((np.ones(60), year, year**2))
    contrasts, decomposed = lay_out(yi, vi, x), estimate_tau2(method, yi, vi, x, weights=weights)
    monkeypatch.setattr("evergrove.stats.tau2.layout.MOST_DECOMPOSED", 59)
    tall, summed = lay_out(yi, vi, x), estimate_tau2(method, yi, vi, x, weights=weights)
    assert isinstance(contrasts, Contrasts)
    assert isinstance(tall, TallDesign)
    assert summed.value == pytest.approx(decomposed.value, rel=1e-11)
    assert summed.se == pytest.approx(decomposed.se, rel=1e-11)
    for ours, theirs in zip(q_profile(tall), q_profile(contrasts), strict=True):
        assert ours.value == pytest.approx(theirs.value, rel=1e-11)
    for ours, theirs in zip(
        profile_likelihood_limits(tall, summed.value),
        profile_likelihood_limits(contrasts, decomposed.value),
        strict=True,
    ):
        assert ours.value == pytest.approx(theirs.value, rel=1e-7)  # a root of a flat function


def test_a_design_of_many_rows_costs_memory_in_proportion_to_them():
    rng = np.random.default_rng(9)
    k = 5000
    x = np.column_stack((np.ones(k), rng.normal(size=k)))
    yi, vi = rng.normal(size=k), rng.uniform(0.01, 0.1, k)
    tracemalloc.start()
    found = estimate_tau2(Tau2Method.REML, yi, vi, x)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.converged
    assert most < 100 * 8 * k  # a k x k matrix would be 5000 * 8 * k


#: Those that count all studies by their definition (ML: the likelihood of the study alone).
COUNTING = (Tau2Method.HS, Tau2Method.HSK, Tau2Method.SJ, Tau2Method.ML)


@pytest.mark.parametrize("method", [method for method in ALL if method not in COUNTING])
def test_one_mean_as_a_design_of_two_columns_that_span_it(method):
    """A group of one study takes its own mean: the others are a meta-analysis of their own."""
    yi, vi = np.append(YI, 5.0), np.append(VI, 0.7)
    design = np.column_stack((np.append(np.ones(6), 0.0), np.append(np.zeros(6), 1.0)))
    with_own = estimate_tau2(method, yi, vi, design, weights=1 / np.sqrt(vi))
    alone = estimate_tau2(method, YI, VI, weights=1 / np.sqrt(VI))
    assert with_own.value == pytest.approx(alone.value, rel=1e-9)


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_scale_changes_no_digit(method, factor):
    if method is Tau2Method.SJ_HEDGES:
        factor = 1.0 if factor < 1 else factor  # its stand-in of 0.01 has a unit
    for x in (None, X):
        base = estimate_tau2(method, YI, VI, x, weights=1 / VI)
        scaled = estimate_tau2(method, YI * factor, VI * factor**2, x, weights=1 / VI)
        assert scaled.value == pytest.approx(base.value * factor**2, rel=1e-9)
        assert scaled.se == pytest.approx(base.se * factor**2, rel=1e-8)


@pytest.mark.parametrize("method", ALL)
def test_equal_effects_give_zero(method):
    found = estimate_tau2(method, np.full(5, 0.3), VI[:5], weights=np.ones(5))
    assert found.value == 0.0
    assert found.converged


@pytest.mark.parametrize("method", ALL)
def test_no_degrees_of_freedom_is_zero_with_its_reason(method):
    found = estimate_tau2(method, YI[:2], VI[:2], np.array([[1.0, 0.0], [1.0, 1.0]]), weights=np.ones(2))
    assert (found.value, found.converged) == (0.0, True)
    assert math.isnan(found.se)
    assert "no degrees of freedom" in found.reason


@pytest.mark.parametrize("seed", range(15))
def test_variances_over_many_orders_of_magnitude(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(4, 10))
    vi = 10 ** rng.uniform(-12, 12, k)
    yi = rng.normal(0, np.sqrt(vi))
    x = np.column_stack((np.ones(k), rng.normal(size=k)))
    for method in ("REML", "ML", "PM", "DL"):
        found = estimate_tau2(Tau2Method(method), yi, vi, x)
        assert found.converged
        assert found.value >= 0
        if method in ("REML", "ML"):
            data = lay_out(yi, vi, x)
            grid = np.concatenate(([0.0], np.geomspace(1e-9 * data.smallest, 1e3 * data.largest, 4000)))
            name = "log_likelihood" if method == "REML" else "full_log_likelihood"
            best = getattr(profile(data, grid), name).max()
            ours = getattr(profile(data, np.array([found.value / data.scale])), name)[0]
            assert ours >= best - 1e-7


def test_two_maxima_of_the_full_likelihood_are_seen():
    yi, vi = np.array([-0.181, -0.164, 1.834, 0.23]), np.array([0.0241, 0.0119, 0.4549, 0.4144])
    _, maxima = maximum_likelihood(lay_out(yi, vi))
    result = stats.pool(yi, vi, tau2="ML")
    assert ("two-maxima" in [remark.code for remark in result.diagnostics]) == (len(maxima) > 1)


@pytest.mark.parametrize(
    ("design", "message"),
    [
        (np.ones((5, 1)), "found shape"),
        (np.ones((6, 2)), "depend on each other"),
        (np.column_stack((np.ones(6), np.zeros(6))), "column of zeros"),
        (np.column_stack((np.ones(6), [1, 2, math.nan, 4, 5, 6])), "not finite"),
        (np.ones((6, 7)), "7 columns for 6 studies"),
    ],
)
def test_designs_that_cannot_be_are_refused(design, message):
    with pytest.raises(DataError, match=message):
        estimate_tau2(Tau2Method.REML, YI, VI, design)


@pytest.mark.parametrize("weights", [None, [1.0, 2.0], [1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, math.nan]])
def test_the_generalised_q_needs_weights_above_zero(weights):
    with pytest.raises(UsageError, match="tau2_weights"):
        stats.pool(YI, VI, tau2="GENQ", tau2_weights=weights)
    with pytest.raises(UsageError, match="tau2_weights"):
        stats.pool(YI, VI, tau2_ci="generalised-q", tau2_weights=weights)


def test_weights_of_the_generalised_q_have_no_unit():
    one = stats.pool(YI, VI, tau2="GENQM", tau2_weights=1 / VI)
    two = stats.pool(YI, VI, tau2="GENQM", tau2_weights=1e7 / VI)
    assert two.tau2 == pytest.approx(one.tau2, rel=1e-9)
    assert two.tau2_ci_high == pytest.approx(one.tau2_ci_high, rel=1e-9)


def test_genq_at_inverse_variances_is_dersimonian_laird():
    assert stats.pool(YI, VI, tau2="GENQ", tau2_weights=1 / VI).tau2 == pytest.approx(
        stats.pool(YI, VI, tau2="DL").tau2, rel=1e-12
    )


def test_with_equal_variances_the_generalised_q_limits_are_the_q_profile():
    data = lay_out(YI, np.full(6, 0.05))
    for ours, theirs in zip(generalised_q_limits(data, np.ones(6)), q_profile(data), strict=True):
        assert ours.value == pytest.approx(theirs.value, rel=1e-8)


def test_profile_likelihood_limits_lie_on_the_likelihood():
    found = estimate_tau2(Tau2Method.REML, YI, VI)
    data = lay_out(YI, VI)
    low, high = profile_likelihood_limits(data, found.value)
    top, bottom = profile(data, np.array([found.value, high.value]) / data.scale).log_likelihood
    assert top - bottom == pytest.approx(0.5 * 1.959963984540054**2, rel=1e-9)
    assert low.value < found.value < high.value


def test_too_many_studies_for_the_generalised_q_are_refused():
    with pytest.raises(UsageError, match="up to 1500"):
        stats.pool(np.zeros(1600), np.ones(1600), tau2="GENQ", tau2_weights=np.ones(1600))
