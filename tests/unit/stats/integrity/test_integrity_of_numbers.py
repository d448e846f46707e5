"""GRIM, GRIMMER, DEBIT, percentages, p values, intervals, spreads: published examples, edges, errors."""

import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError
from evergrove.stats.integrity.options import Rounding
from evergrove.stats.integrity.printed import printed_number

CONSISTENT, INCONSISTENT, CANNOT_TELL = (
    stats.Verdict.CONSISTENT,
    stats.Verdict.INCONSISTENT,
    stats.Verdict.CANNOT_TELL,
)


def test_printed_numbers_keep_their_digits():
    assert printed_number("x", "3.40").decimals == 2
    assert printed_number("x", "−1.5").value == -1.5
    assert printed_number("x", 5.0).decimals == 0
    assert printed_number("x", "45.0%").text == "45.0"
    assert printed_number("x", 1e-5).decimals == 5
    for bad in ("", "abc", "1,5", math.nan, math.inf, None, True):
        with pytest.raises(DataError, match="allowed"):
            printed_number("x", bad)


def test_a_half_belongs_to_the_side_that_the_rounding_says():
    number = printed_number("x", "2.5")
    held = {rule: [number.span(rule).holds(end) for end in number.span(rule)[:2]] for rule in Rounding}
    assert held[Rounding.EITHER] == [True, True]
    assert held[Rounding.HALF_UP] == [True, False]
    assert held[Rounding.HALF_EVEN] == [False, False]
    assert held[Rounding.TRUNCATED] == [True, False]


def test_grim_as_published():
    # Brown & Heathers 2017: 28 whole numbers cannot have the mean 5.19
    check = stats.grim_test("5.19", 28)
    assert check.verdict is INCONSISTENT
    assert check.possible == pytest.approx((145 / 28, 146 / 28))
    assert stats.grim_test("5.18", 28).verdict is CONSISTENT
    assert check.diagnostics[0].code == "fits-nearby-n"
    assert "26, 27" in check.diagnostics[0].message
    assert "5.19" in check.summary()


def test_grim_knows_when_it_has_no_power():
    assert stats.grim_test("5.19", 100).verdict is CANNOT_TELL
    assert stats.grim_test("5.19", 28, items=4).verdict is CANNOT_TELL
    assert stats.grim_test("5.1", 7).verdict is CONSISTENT
    assert stats.grim_test("37.0", 27, percent=True).verdict is CONSISTENT
    assert stats.grim_test("36.0", 27, percent=True).verdict is INCONSISTENT


def test_grimmer_names_the_sds_next_to_it():
    check = stats.grimmer_test("3.44", "2.47", 18)
    assert check.verdict is INCONSISTENT
    assert 2.48 in check.possible
    assert "GRIM" in stats.grimmer_test("5.19", "1.2", 28).explanation
    assert stats.grimmer_test("3.44", "2.41", 18, population_sd=True).verdict is CONSISTENT


def test_grimmer_within_a_scale():
    assert stats.grimmer_test("4.9", "2.5", 10).verdict is CONSISTENT
    assert stats.grimmer_test("4.9", "2.5", 10, scale=(1, 5)).verdict is INCONSISTENT
    assert stats.grimmer_test("7.0", "1.0", 10, scale=(1, 5)).verdict is INCONSISTENT
    assert stats.grimmer_test("2.0", "0.0", 5, scale=(2, 2)).verdict is CONSISTENT


def test_verdicts_as_scrutiny_and_rsprite2_have_them():
    # examples in their own tests: pigs3, and single cases
    shares = [("0.53", "0.50"), ("0.44", "0.50"), ("0.77", "0.42"), ("0.19", "0.35"), ("0.34", "0.47")]
    verdicts = [
        stats.debit_test(mean, sd, 1683).verdict for mean, sd in [*shares, ("0.93", "0.25"), ("0.12", "0.33")]
    ]
    assert [verdict is CONSISTENT for verdict in verdicts] == [True, True, True, False, True, True, True]
    assert stats.debit_test("0.50", "0.503", 100).verdict is CONSISTENT
    assert stats.debit_test("0.05", "0.21", 20).verdict is INCONSISTENT
    assert stats.debit_test("1.00", "0.00", 50).verdict is CONSISTENT
    assert stats.debit_test("0.33", "0.4", 9, rounding="truncated").verdict is INCONSISTENT
    assert stats.grimmer_test("5.21", "1.6", 28).verdict is CONSISTENT
    assert stats.grimmer_test("3.44", "2.47", 18).verdict is INCONSISTENT
    assert stats.sd_bounds(4.2, 1, 7, 5)[1] == pytest.approx(3.03, abs=0.005)


def test_percentages_and_the_n_they_may_be_of():
    check = stats.percentage_test("17.5", 20, events=7)
    assert check.verdict is INCONSISTENT
    assert check.diagnostics[0].code == "fits-another-n"
    assert "40" in check.diagnostics[0].message
    assert stats.percentage_test("35%", 20, events=7).verdict is CONSISTENT
    assert stats.percentage_test("35", 120).verdict is CANNOT_TELL


def test_p_values_one_sided_and_turned_conclusions():
    one_sided = stats.p_value_test("t", "1.80", "0.04", df2=40)
    assert one_sided.verdict is CANNOT_TELL
    assert {remark.code for remark in one_sided.diagnostics} == {"fits-one-sided", "decision-changes"}
    wrong = stats.p_value_test("t", "1.80", "0.01", df2=40)
    assert wrong.verdict is INCONSISTENT
    assert wrong.diagnostics[0].code == "decision-changes"
    assert stats.p_value_test("z", "8.0", "0.000").verdict is CONSISTENT
    assert stats.p_value_test("chi2", "0.1", "0.05", df1=1, comparison=">").verdict is CONSISTENT
    assert stats.p_value_test("r", "1.00", "0.000", df2=5).verdict is CONSISTENT


def test_an_estimate_outside_its_interval_or_off_its_middle():
    assert stats.estimate_test("0.60", "0.70", "0.99").verdict is INCONSISTENT
    assert stats.estimate_test("0.80", "0.99", "0.70").verdict is INCONSISTENT
    off = stats.estimate_test("2.0", "1.0", "4.0")
    assert off.verdict is CANNOT_TELL
    assert off.diagnostics[0].code == "interval-not-symmetric"
    assert stats.estimate_test("2.0", "1.0", "4.0", ratio=True).verdict is CONSISTENT
    odd = stats.estimate_test("0.81", "0.70", "0.94", "0.30", ratio=True)
    assert odd.verdict is INCONSISTENT
    assert odd.diagnostics[0].code == "decision-differs"
    assert stats.estimate_test("0.05", "0.00", "0.9", "0.03", ratio=True).verdict is CONSISTENT


def test_spreads_that_the_range_forbids():
    # ten values of 5, one of 2 and nine of 1 have the mean 3.05
    assert stats.sd_bounds_test("3.1", "2.6", 1, 5, 20).possible[1] == pytest.approx(math.sqrt(4.05))
    assert stats.sd_bounds_test("5.6", "0.1", 1, 5, 20).verdict is INCONSISTENT
    assert stats.sd_bounds_test("3.0", "0.5", 1, 5, 10, attained=True).verdict is INCONSISTENT
    assert stats.sd_bounds_test("1.1", "0.5", 1, 9, 10, attained=True).verdict is INCONSISTENT
    assert stats.sd_bounds_test("3.0", "1.2", 1, 5, 10, attained=True).verdict is CONSISTENT
    assert stats.sd_bounds(3.0, 1, 5, 2, attained=True) == pytest.approx((math.sqrt(8), math.sqrt(8)))


def test_standard_errors_in_the_place_of_sds():
    se = stats.spread_reading_test(("10.1", "12.3"), ("0.7", "0.8"), (30, 32), "0.04")
    assert se.verdict is INCONSISTENT
    assert se.diagnostics[0].code == "fits-standard-errors"
    sd = stats.spread_reading_test(("10.1", "12.3"), ("3.9", "4.4"), (30, 32), "0.04")
    assert sd.verdict is CONSISTENT


def test_a_sample_proves_and_nothing_else_does():
    found = stats.reconstruct_sample("3.25", "1.37", 20, 1, 5, rng=7)
    assert found.sample.size == 20
    assert round(found.mean, 2) == 3.25
    assert round(found.sd, 2) == 1.37
    assert set(found.sample) <= {1, 2, 3, 4, 5}
    assert found.seed == 7
    again = stats.reconstruct_sample("3.25", "1.37", 20, 1, 5, rng=7)
    assert (again.sample == found.sample).all()
    assert stats.reconstruct_sample("3.25", "2.37", 20, 1, 5, rng=7).verdict is INCONSISTENT
    assert stats.reconstruct_sample("3.24", "1.37", 20, 1, 5, rng=7).sample.size == 0
    items = stats.reconstruct_sample("3.3", "0.6", 9, 1, 5, items=3, rng=np.random.default_rng(2))
    assert items.verdict is CONSISTENT
    assert np.allclose(items.sample * 3, np.round(items.sample * 3))


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (DataError, lambda: stats.grim_test("5.19", 28.5)),
        (DataError, lambda: stats.grim_test("5.19", 0)),
        (UsageError, lambda: stats.grim_test("5.19", 28, rounding="nearest")),
        (DataError, lambda: stats.grimmer_test("5.19", "-1", 28)),
        (DataError, lambda: stats.grimmer_test("5.19", "1", 1)),
        (DataError, lambda: stats.debit_test("1.19", "0.3", 28)),
        (DataError, lambda: stats.percentage_test("119", 28)),
        (DataError, lambda: stats.percentage_test("19", 28, events=29)),
        (DataError, lambda: stats.p_value_test("t", "2.0", "1.5", df2=10)),
        (DataError, lambda: stats.p_value_test("F", "-2.0", "0.5", df1=1, df2=10)),
        (DataError, lambda: stats.p_value_test("r", "1.2", "0.5", df2=10)),
        (DataError, lambda: stats.p_value_test("t", "1.2", "0.5", df2=0)),
        (UsageError, lambda: stats.p_value_test("F", "2.0", "0.5", df1=1)),
        (UsageError, lambda: stats.p_value_test("q", "2.0", "0.5")),
        (UsageError, lambda: stats.p_value_test("z", "2.0", "0.5", comparison="~")),
        (DataError, lambda: stats.estimate_test("0.8", "-0.7", "0.9", ratio=True)),
        (DataError, lambda: stats.estimate_test("0.8", "0.7", "0.9", "2")),
        (DataError, lambda: stats.sd_bounds(6.0, 1, 5, 10)),
        (DataError, lambda: stats.sd_bounds_test("3", "1", 5, 1, 10)),
        (DataError, lambda: stats.spread_reading_test(("1", "2"), ("0", "1"), (5, 5), "0.1")),
        (DataError, lambda: stats.reconstruct_sample("3", "1", 10, 5, 1)),
    ],
)
def test_what_cannot_be_checked_is_refused(error, call):
    with pytest.raises(error, match="allowed"):
        call()
