"""Conversions, absolute effects, proportions and sample sizes against worked numbers."""

import json
import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError


def test_cochrane_handbook_numbers():
    # Handbook 6.5.2.2: 95 % CI 30 to 34.2 in 25 patients gives SD = √25 (34.2 - 30)/4.128 (t, 24 df)
    assert stats.sd_from_ci(30.0, 34.2, 25) == pytest.approx(5 * 4.2 / 4.128, abs=1e-3)
    # Handbook 15.4.4.4 (table of OR to NNT): OR 0.5 at a risk of 0.4
    assert stats.odds_ratio_to_risk_ratio(0.5, 0.4) == pytest.approx(0.25 / 0.4)
    assert stats.number_needed_to_treat(0.12) == pytest.approx(8.333, abs=1e-3)


def test_conversions_invert():
    assert stats.sd_from_se(stats.sd_from_se(1.0, 9) / 9, 9) == pytest.approx(1.0)
    assert stats.se_from_ci(0.2 - 1.959963984540054, 0.2 + 1.959963984540054) == pytest.approx(1.0)
    assert stats.sd_of_change(3.0, 3.0, 1.0) == 0.0
    assert stats.sd_of_change(3.0, 4.0, 0.0) == pytest.approx(5.0)
    assert stats.number_needed_to_treat(0.0) == math.inf


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.sd_from_se(-1, 9),
        lambda: stats.sd_from_se(1, 0),
        lambda: stats.sd_from_se(math.nan, 9),
        lambda: stats.sd_from_se("x", 9),
        lambda: stats.sd_from_ci(2, 1, 9),
        lambda: stats.sd_from_ci(1, 2, 1),
        lambda: stats.se_from_ci(-1, 2, log=True),
        lambda: stats.sd_of_change(1, 1, 1.1),
        lambda: stats.odds_ratio_to_risk_ratio(0, 0.2),
        lambda: stats.odds_ratio_to_risk_ratio(1, 20),
        lambda: stats.number_needed_to_treat(5),
        lambda: stats.mean_sd_from_median_iqr(3, 2, 4, 20),
        lambda: stats.mean_sd_from_median_iqr(2, 2, 2, 20),
        lambda: stats.mean_sd_from_median_iqr(1, 2, 4, 3),
        lambda: stats.quartile_skewness(3, 2, 4),
        lambda: stats.absolute_effect("RR", -0.2, 0.1, 0.2, 0.1),
        lambda: stats.absolute_effect("RR", 0.8, 0.9, 1.0, 0.1),
        lambda: stats.absolute_effect("RR", 0.8, 0.7, 1.0, 10),
        lambda: stats.absolute_effect("RD", 5.0, 0.7, 6.0, 0.1),
        lambda: stats.proportion_interval(5, 4),
        lambda: stats.proportion_interval(0, 0),
        lambda: stats.optimal_information_size(0, 0.2),
        lambda: stats.optimal_information_size(1, 0.2),
        lambda: stats.optimal_information_size(0.2, 0),
        lambda: stats.optimal_information_size(0.6, -0.9),
        lambda: stats.optimal_information_size(0.2, 0.2, alpha=0),
        lambda: stats.optimal_information_size_continuous(0, 1),
        lambda: stats.optimal_information_size_continuous(1, 0),
    ],
)
def test_impossible_numbers_are_refused(call):
    with pytest.raises(DataError, match=r"found .*; allowed: .*; "):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: stats.sd_from_ci(1, 2, 9, distribution="z"),
        lambda: stats.mean_sd_from_median_iqr(1, 2, 4, 20, "hozo"),
        lambda: stats.absolute_effect("SMD", 0.5, 0.1, 0.9, 0.2),
        lambda: stats.proportion_interval(1, 9, "wald"),
        lambda: stats.skewness_test(2.0, 20),
        lambda: stats.skewness_test(2.0, 20, q1=1.0),
        lambda: stats.skewness_test(2.0, 20, q1=1.0, q3=3.0, minimum=0.0),
    ],
)
def test_unknown_options_are_refused(call):
    with pytest.raises(UsageError, match="allowed: "):
        call()


def test_symmetric_quantiles_give_the_median():
    for method in ("luo-wan", "wan"):
        assert stats.mean_sd_from_median_iqr(8, 10, 12, 40, method).mean == pytest.approx(10)
        assert stats.mean_sd_from_median_range(4, 10, 16, 40, method).mean == pytest.approx(10)
        assert stats.mean_sd_from_five_numbers(4, 8, 10, 12, 16, 40, method).mean == pytest.approx(10)
    # large n: the interquartile range of a normal is 1.349 SD
    assert stats.mean_sd_from_median_iqr(-1, 0, 1, 1e9).sd == pytest.approx(2 / 1.3489795, rel=1e-6)


def test_skewness():
    assert stats.skewness_test(11.0, 100, q1=10.0, q3=20.0).skewed
    assert not stats.skewness_test(11.0, 8, q1=10.0, q3=20.0).skewed
    assert stats.skewness_test(11.0, 100, minimum=10.0, maximum=40.0).scenario == "range"
    five = stats.skewness_test(14.0, 100, q1=10.0, q3=20.0, minimum=2.0, maximum=40.0)
    expected = max(0.2, 2.65 * math.log(60) / 10 * (14 / 38))
    assert five.statistic == pytest.approx(expected)
    assert json.dumps(five.to_dict())
    # without sign: a long left tail counts as much
    left = stats.skewness_test(19.0, 100, q1=10.0, q3=20.0)
    assert left.statistic == pytest.approx(0.8)


def test_absolute_effects():
    rr = stats.absolute_effect("RR", 0.8, 0.6, 1.1, 0.25)
    assert (rr.intervention_risk, rr.difference) == (pytest.approx(200), pytest.approx(-50))
    assert (rr.low, rr.high) == (pytest.approx(-100), pytest.approx(25))
    assert rr.summary().startswith("50 fewer per 1000 (from -100 to +25)")
    odds = stats.absolute_effect("OR", 0.5, 0.4, 0.6, 0.4)
    assert odds.intervention_risk == pytest.approx(250)
    hazard = stats.absolute_effect("HR", 2.0, 1.0, 3.0, 0.5, per=100)
    assert (hazard.intervention_risk, hazard.low) == (pytest.approx(75), pytest.approx(0))
    risk = stats.absolute_effect("RD", -0.1, -0.2, 0.05, 0.15)
    assert risk.difference == pytest.approx(-100)
    assert risk.low == pytest.approx(-150)
    assert risk.diagnostics[0].where == "ci_low"
    assert json.dumps(risk.to_dict(), allow_nan=False)
    capped = stats.absolute_effect("RR", 1.5, 0.9, 9.0, 0.5)
    assert capped.high == pytest.approx(500)
    assert capped.diagnostics[0].code == "risk-held-within-bounds"


def test_proportion_intervals_at_the_ends():
    for method in ("wilson", "clopper-pearson", "agresti-coull"):
        none, every = stats.proportion_interval(0, 12, method), stats.proportion_interval(12, 12, method)
        assert none.ci_low == 0.0
        assert every.ci_high == 1.0
        assert none.ci_high == pytest.approx(1 - every.ci_low, rel=1e-12)
        assert json.dumps(none.to_dict())
    # the rule of three is the exact upper limit at one-sided 95 %, that is a two-sided level of 0.90
    assert stats.proportion_interval(0, 100, "clopper-pearson", 0.90).ci_high == pytest.approx(
        1 - 0.05**0.01, rel=1e-10
    )


def test_information_sizes():
    # (1.959964 + 0.841621)² = 7.848880; 7.848880 · 2 · 0.35 · 0.65 / 0.01 = 357.12 -> 358 per arm
    assert stats.optimal_information_size(0.40, 0.25) == 716
    assert stats.optimal_information_size(0.40, 0.25, power=0.9) == 2 * math.ceil(10.507424 * 0.455 / 0.01)
    assert stats.optimal_information_size_continuous(0.5, 1.0) == 126
    assert stats.optimal_information_size_continuous(-0.5, 1.0) == 126


def test_the_way_back_of_a_power_above_one_is_the_same_by_either_quadrature():
    from evergrove.stats.conversions.box_cox import moments_of_power_normal  # noqa: PLC0415

    # by brute force over the values: density of y = (x^λ - 1)/λ, cut alike on both sides
    for location, scale, power in ((0.2, 0.5, 2.0), (-0.1, 0.01, 5.0), (1.0, 3.0, 1.5)):
        reach = location + 1.0 / power
        values = np.linspace(0.0, (2 * power * reach) ** (1 / power), 2_000_001)[1:]
        y = (values**power - 1.0) / power
        density = values ** (power - 1.0) * np.exp(-0.5 * ((y - location) / scale) ** 2)
        density /= density.sum()
        mean = density @ values
        found = moments_of_power_normal(location, scale, power)
        assert found == pytest.approx((mean, math.sqrt(density @ (values - mean) ** 2)), rel=1e-5)


def test_mln_depends_on_the_unit_as_estmeansd_does():
    milligrams, grams = (220.0, 310.0, 470.0), (0.22, 0.31, 0.47)
    small, large = (stats.mean_sd_from_median_iqr(*q, 60, method="mln") for q in (grams, milligrams))
    assert large.sd / 1000 != pytest.approx(small.sd, rel=0.1)
    small, large = (stats.mean_sd_from_median_iqr(*q, 60, method="box-cox") for q in (grams, milligrams))
    assert large.sd / 1000 == pytest.approx(small.sd, rel=1e-9)


@pytest.mark.parametrize("values", [(0.0, 3.0, 6.0), (3.0, 3.0, 6.0), (1e-50, 3.0, 1e50)])
def test_mln_refuses_what_has_no_power(values):
    with pytest.raises(DataError, match=r"mln: found .*allowed"):
        stats.mean_sd_from_median_iqr(*values, 60, method="mln")
