"""The search for maxima: proofs instead of a scan, bit for bit the same in each form."""

import numpy as np
import pytest

from evergrove.stats import mean_data, one_mean, pool
from evergrove.stats.mean_data import MeanData
from evergrove.stats.options import Tau2Method
from evergrove.stats.tau2 import lay_out, profile


def laid_out(seed, spread, k=None):
    rng = np.random.default_rng(seed)
    k = k or int(rng.integers(2, 14))
    vi = 10 ** rng.uniform(-spread, spread, k)
    scale = np.sqrt(vi + rng.choice([0.0, 0.1, 5.0]))
    if seed % 3 == 0:
        scale = 10 ** rng.uniform(-spread, spread, k)
    data = MeanData(rng.normal(size=k) * scale, vi)
    return data, data.laid_out().y, data.laid_out().v


def maxima_of(y, v, restricted):
    maxima = [0.0] * one_mean.MOST_MAXIMA
    count, _, status = one_mean.likelihood_maxima(y, v, restricted, one_mean.moments(0.0, y, v), maxima)
    assert status == one_mean.FOUND
    return maxima[:count]


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("spread", [0.3, 1.0, 3.0, 6.0])
def test_all_maxima_that_a_fine_scan_finds_and_no_others(spread, restricted):
    several = 0
    for seed in range(40):
        data, y, v = laid_out(seed, spread)
        found = maxima_of(y, v, restricted)
        layout = lay_out(data.yi, data.vi)
        unit = data.unit / layout.scale
        grid = np.concatenate(([0.0], np.geomspace(1e-9, 1e20, 3000))) * unit
        at = profile(layout, grid)
        score = at.score if restricted else at.full_score
        falls = grid[:-1][(score[:-1] > 0) & (score[1:] <= 0)] / unit
        scanned = ([0.0] if score[0] <= 0 else []) + falls.tolist()
        assert len(found) == len(scanned), (seed, found, scanned)
        assert np.array(found) == pytest.approx(scanned, rel=0.025, abs=1e-8)
        several += len(found) > 1
    assert several > 0 or spread < 3


def test_the_score_is_zero_at_the_maximum():
    for seed in range(100):
        _, y, v = laid_out(seed, 1.0)
        for tau2 in maxima_of(y, v, True):
            a, b, c, d = one_mean.score_sums(tau2, y, v, True)
            step = one_mean.newton_step(a, b, c, d)
            assert a <= b if tau2 == 0 else abs(step) <= 1e-12 * (1.0 + tau2)


def test_moments_are_those_of_the_matrices():
    rng = np.random.default_rng(3)
    yi, vi = rng.normal(size=6), rng.lognormal(size=6)
    studies = MeanData(yi, vi).laid_out()
    w = np.diag(1.0 / (np.array(studies.v) + 0.7))
    one, y = np.ones(6), np.array(studies.y)
    p = w - np.outer(w @ one, one @ w) / (one @ w @ one)
    expected = (w.trace(), one @ w @ y / w.trace(), y @ p @ y, y @ p @ p @ y, p.trace())
    expected += (y @ p @ p @ p @ y, (p @ p).trace(), (w @ w).trace())
    assert one_mean.moments(0.7, studies.y, studies.v) == pytest.approx(expected, rel=1e-12)


def test_lists_loops_and_columns_give_the_same_bits_and_arrays_nearly():
    for seed in range(20):
        _, y, v = laid_out(seed, 3.0)
        of_list = one_mean.moments(0.3, y, v)
        assert of_list == one_mean.moments_in_a_loop(0.3, y, v)
        columns = one_mean.moments(np.full(2, 0.3), np.array([y, y]).T, np.array([v, v]).T)
        assert [float(part[1]) for part in columns] == list(of_list)
        whole = one_mean.moments(0.3, np.array(y), np.array(v))
        assert whole == pytest.approx(of_list, rel=1e-11)
        assert one_mean.q_and_slope(0.3, np.array(y), np.array(v)) == pytest.approx(
            one_mean.q_and_slope(0.3, y, v), rel=1e-11
        )


def test_variances_that_differ_by_twenty_four_orders_of_magnitude():
    vi = np.array([1e-12, 1e12, 1.0, 1e-3, 1e6])
    yi = np.array([0.0, 1e5, 1.0, 0.2, -300.0])
    for method in (Tau2Method.REML, Tau2Method.ML, Tau2Method.PM):
        found = MeanData(yi, vi).tau2(method)
        assert found.converged
        assert np.isfinite(found.value)
    assert pool(yi, vi).converged


def test_long_data_take_whole_arrays_and_agree_with_lists(monkeypatch):
    rng = np.random.default_rng(8)
    vi = rng.lognormal(-2, 1, 33)
    yi = rng.normal(0, np.sqrt(vi + 0.1))
    long, as_lists = MeanData(yi, vi), MeanData(yi, vi)
    assert isinstance(long.laid_out().y, np.ndarray)
    monkeypatch.setattr(mean_data, "MOST_IN_A_LIST", 33)
    assert isinstance(as_lists.laid_out().y, list)
    for method in (Tau2Method.REML, Tau2Method.ML, Tau2Method.PM, Tau2Method.DL):
        assert long.tau2(method).value == pytest.approx(as_lists.tau2(method).value, rel=1e-12)


def test_a_failed_search_says_so():
    y, v = [0.0, float("nan"), 1.0], [1.0, 2.0, 3.0]
    maxima = [0.0] * one_mean.MOST_MAXIMA
    _, _, status = one_mean.likelihood_maxima(y, v, True, one_mean.moments(0.0, y, v), maxima)
    assert status == one_mean.NOT_FOUND
