"""Intervals of one proportion, one rate, one mean."""

import math

import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError


@pytest.mark.parametrize("method", list(stats.ProportionMethod))
def test_proportions_mirror_events_and_non_events(method):
    for x, n in ((0, 9), (2, 9), (7, 31), (20, 20)):
        here, there = stats.proportion_interval(x, n, method), stats.proportion_interval(n - x, n, method)
        assert here.ci_low == pytest.approx(1 - there.ci_high, abs=1e-12)
        assert 0 <= here.ci_low <= here.estimate <= here.ci_high <= 1


def test_exact_intervals_enclose_mid_p_and_fractions_are_allowed():
    exact, mid = (stats.proportion_interval(2.5, 17, name) for name in ("clopper-pearson", "mid-p"))
    assert exact.ci_low < mid.ci_low < mid.ci_high < exact.ci_high
    assert stats.proportion_interval(0, 10, "mid-p").ci_high == pytest.approx(1 - 0.05**0.1, rel=1e-12)


def test_tiny_tails_of_exact_intervals_keep_their_digits():
    level = 1 - 1e-12
    assert 1 - stats.proportion_interval(0, 10, "clopper-pearson", level).ci_high == pytest.approx(
        (5e-13) ** 0.1, rel=1e-4
    )


@pytest.mark.parametrize("method", list(stats.RateMethod))
def test_rates_scale_with_time_and_hold_their_estimate(method):
    for x in (0, 1, 12.5, 400):
        one, ten = stats.rate_interval(x, 1.0, method), stats.rate_interval(x, 10.0, method)
        assert one.ci_low <= one.estimate <= one.ci_high
        assert one.ci_high == pytest.approx(10 * ten.ci_high)
    assert stats.rate_interval(0, 5.0, method).ci_low == 0.0
    assert stats.rate_interval(3, 5.0, method).to_dict()["method"] == str(method)


def test_means_by_either_distribution():
    by_t, by_z = (stats.mean_interval(10, 2, 25, name) for name in ("t", "normal"))
    assert by_z.ci_high == pytest.approx(10 + 1.959963984540054 * 0.4, rel=1e-12)
    assert by_t.ci_high > by_z.ci_high


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.rate_interval(-1, 5),
        lambda: stats.rate_interval(1, 0),
        lambda: stats.rate_interval(math.nan, 5),
        lambda: stats.mean_interval(1, -1, 5),
        lambda: stats.mean_interval(1, 1, 1),
    ],
)
def test_impossible_numbers(call):
    with pytest.raises(DataError, match="allowed"):
        call()


def test_unknown_options():
    with pytest.raises(UsageError, match="method: found 'wald'; allowed: 'exact'"):
        stats.rate_interval(1, 5, "wald")
    with pytest.raises(UsageError, match="level"):
        stats.mean_interval(1, 1, 5, level=95)
