"""Ratios at a risk, numbers needed to treat, standardised effects: worked numbers, edges, errors."""

import math

import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError


def test_zhang_and_yu_as_printed():
    # Zhang & Yu, JAMA 280 (1998) 1690: OR 2.0 at a risk of 0.5 is a risk ratio of 1.33
    found = stats.convert_effect("OR", "RR", 2.0, 1.2, 3.3, 0.5)
    assert found.estimate == pytest.approx(2.0 / 1.5)
    assert found.ci_low == pytest.approx(stats.odds_ratio_to_risk_ratio(1.2, 0.5))


@pytest.mark.parametrize("limits", ["substitution", "delta"])
@pytest.mark.parametrize(("there", "back"), [("OR", "RR"), ("RR", "RD"), ("HR", "OR"), ("HR", "RD")])
def test_there_and_back_again(there, back, limits):
    low, estimate, high = (-0.1, -0.05, 0.02) if there == "RD" else (0.6, 0.8, 1.1)
    middle = stats.convert_effect(there, back, estimate, low, high, 0.3, limits=limits)
    again = stats.convert_effect(
        back, there, middle.estimate, middle.ci_low, middle.ci_high, 0.3, limits=limits
    )
    assert again.estimate == pytest.approx(estimate)
    if limits == "substitution":
        assert (again.ci_low, again.ci_high) == pytest.approx((low, high))
    else:
        assert again.se == pytest.approx((math.log(high) - math.log(low)) / (2 * 1.959963984540054))


def test_a_limit_beyond_a_risk_of_one_is_held_and_named():
    found = stats.convert_effect("RR", "OR", 2.0, 1.1, 4.0, 0.4)
    assert found.ci_high == math.inf
    assert found.diagnostics[0].code == "limit-beyond-risk"
    assert found.to_dict()["ci_high"] is None


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (UsageError, lambda: stats.convert_effect("SMD", "RR", 1, 1, 1, 0.2)),
        (UsageError, lambda: stats.convert_effect("OR", "RR", 1, 1, 1, 0.2, limits="exact")),
        (DataError, lambda: stats.convert_effect("OR", "RR", -1, -2, 1, 0.2)),
        (DataError, lambda: stats.convert_effect("OR", "RR", 1, 1, 1, 0.0)),
        (DataError, lambda: stats.convert_effect("OR", "RR", 1, 1, 1, 1.0)),
        (DataError, lambda: stats.convert_effect("RR", "OR", 3, 2, 4, 0.4)),
        (DataError, lambda: stats.convert_effect("OR", "RR", 1, 2, 3, 0.4)),
        (UsageError, lambda: stats.risk_ratio_of("RR", 2.0)),
        (UsageError, lambda: stats.risk_ratio_of("OR", 2.0)),
        (DataError, lambda: stats.risk_ratio_of("OR", -2.0, approximation="common-outcome")),
        (DataError, lambda: stats.smd_to_log_odds_ratio(0.2, 0.0)),
        (DataError, lambda: stats.correlation_to_smd(1.0, 0.1)),
        (DataError, lambda: stats.smd_from_t(1.0, 0, 4)),
        (DataError, lambda: stats.number_needed(0.1, 0.2, 0.3)),
        (DataError, lambda: stats.number_needed(5, -8, 12)),
    ],
)
def test_what_cannot_be_converted_is_refused(error, call):
    with pytest.raises(error, match="allowed"):
        call()


def test_an_interval_of_the_number_needed_through_infinity():
    found = stats.number_needed(-0.05, -0.12, 0.02)
    assert found.through_infinity
    assert found.benefit
    assert (found.benefit_low, found.benefit_high) == (pytest.approx(1 / 0.12), math.inf)
    assert (found.harm_low, found.harm_high) == (pytest.approx(50.0), math.inf)


def test_an_interval_of_the_number_needed_on_one_side():
    found = stats.number_needed(-0.10, -0.15, -0.05)
    assert (found.benefit_low, found.benefit_high) == (pytest.approx(1 / 0.15), pytest.approx(20.0))
    assert found.harm_low is None
    harm = stats.number_needed(-0.10, -0.15, -0.05, events_are_bad=False)
    assert not harm.benefit
    assert harm.harm_high == pytest.approx(20.0)
    assert "NNTH 10.0" in repr(harm)
    assert stats.number_needed(0.0, 0.0, 0.0).number == math.inf


def test_hazard_ratios_keep_small_risks_exact():
    found = stats.absolute_effect("HR", 0.5, 0.4, 0.6, 1e-9, per=1)
    assert found.intervention_risk == pytest.approx(5e-10, rel=1e-9)


def test_effect_sizes_there_and_back():
    pair = stats.smd_to_log_odds_ratio(0.4, 0.03, "cox")
    assert stats.log_odds_ratio_to_smd(*pair, "cox") == pytest.approx((0.4, 0.03))
    assert stats.smd_from_t(stats.t_from_smd(0.4, 20, 33), 20, 33) == pytest.approx(0.4)
    equal = stats.smd_to_correlation(0.4, 0.03, 50, 50)
    assert stats.correlation_to_smd(*equal) == pytest.approx((0.4, 0.03))
