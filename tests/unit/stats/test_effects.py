"""Effect sizes: rows that cannot be estimated, printed intervals, refusals."""

import json
import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError

TABLES = {
    "events1": [0, 2, 0, 5, 10],
    "n1": [10, 12, 8, 5, 20],
    "events2": [1, 0, 0, 9, 12],
    "n2": [11, 13, 9, 9, 22],
}


def test_double_zero_rows_follow_the_measure():
    for measure in ("RR", "OR", "PETO"):
        found = stats.effect_size(measure, **TABLES)
        assert found.estimable.tolist() == [True, True, False, False, True]
        assert found.reasons[2] == "no event in either arm"
        assert found.reasons[3] == "an event in every patient of both arms"
        assert found.corrected.tolist() == [True, True, False, False, False]
        assert found.options["drop_double_zero"] is True
    kept = stats.effect_size("RD", **TABLES)
    assert kept.estimable.all()
    assert kept.options["drop_double_zero"] is False


def test_without_correction_rows_are_not_estimable_with_a_reason():
    found = stats.effect_size("OR", **TABLES, to="none", drop_double_zero=False)
    assert found.estimable.tolist() == [False, False, False, False, True]
    assert "undefined" in found.reasons[0]
    both = stats.effect_size("RD", events1=0, n1=10, events2=0, n2=12, to="none")
    assert both.reasons == ("the sampling variance is 0",)


def test_scalars_stand_for_every_study_and_missing_rows_are_named():
    found = stats.effect_size("RR", events1=[1, None, 3], n1=20, events2=[2, 2, 5], n2=[20, 20, 20])
    assert found.reasons == ("", "missing: events1", "")
    assert found.k == 2
    assert np.isnan(found.yi[1])


def test_fractional_events_are_allowed():
    assert stats.effect_size("RR", events1=2.4, n1=12, events2=3.6, n2=12).yi[0] == pytest.approx(
        math.log(2 / 3)
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"events1": [3], "n1": [2], "events2": [1], "n2": [9]}, r"events1: row 0 is 3.0; allowed: 0 to n1"),
        ({"events1": [-1], "n1": [2], "events2": [1], "n2": [9]}, "events1: row 0 is -1.0"),
        ({"events1": [0], "n1": [0], "events2": [1], "n2": [9]}, "n1: row 0 is 0.0; allowed: above 0"),
        ({"events1": [1, 2], "n1": [2, 3], "events2": [1], "n2": [9, 9]}, "different length"),
        ({"events1": [1], "n1": [math.inf], "events2": [1], "n2": [9]}, "n1: row 0 is inf"),
    ],
)
def test_impossible_tables_are_refused(columns, message):
    with pytest.raises(DataError, match=message):
        stats.effect_size("RR", **columns)


def test_means_with_arms_of_one_zero_spread_and_negative_sd():
    arms = {
        "mean1": [1.0, 2.0],
        "sd1": [1.0, 0.0],
        "n1": [1, 10],
        "mean2": [0.5, 1.0],
        "sd2": [1.0, 0.0],
        "n2": [9, 10],
    }
    found = stats.effect_size("SMD", **arms)
    assert "fewer than 2 patients" in found.reasons[0]
    assert "undefined" in found.reasons[1]
    with pytest.raises(DataError, match=r"sd1: row 0 is -1\.0"):
        stats.effect_size("MD", mean1=1, sd1=-1, n1=9, mean2=1, sd2=1, n2=9)
    ratio = stats.effect_size("ROM", mean1=-1, sd1=1, n1=9, mean2=1, sd2=1, n2=9)
    assert "above 0" in ratio.reasons[0]


@pytest.mark.parametrize(("measure", "variance"), [("SMD", "HO"), ("MD", "UB"), ("ROM", "UB")])
def test_variance_methods_belong_to_measures(measure, variance):
    with pytest.raises(UsageError, match=f"variance: found '{variance}' for {measure}; allowed: 'LS'"):
        stats.effect_size(measure, mean1=1, sd1=1, n1=9, mean2=2, sd2=1, n2=9, variance=variance)


def test_what_is_missing_is_named():
    with pytest.raises(UsageError, match="found no n2"):
        stats.effect_size("RR", events1=1, n1=9, events2=1)
    with pytest.raises(UsageError, match="measure: found 'rr'; allowed: 'RR', 'OR'"):
        stats.effect_size("rr", **TABLES)
    with pytest.raises(UsageError, match="to: found 'only0'"):
        stats.effect_size("RR", **TABLES, to="only0")
    with pytest.raises(UsageError, match="add: found -1"):
        stats.effect_size("RR", **TABLES, add=-1)
    with pytest.raises(DataError, match="HR: found no estimate"):
        stats.effect_size("HR", ci_low=0.5, ci_high=0.9)


def test_printed_intervals_on_either_scale():
    found = stats.effect_from_ci("MD", [1.0, None], [0.0, 0.1], [2.0, 0.3])
    assert found.yi[0] == 1.0
    assert found.vi[0] == pytest.approx((2 / (2 * 1.959963984540054)) ** 2, rel=1e-12)
    assert found.reasons[1] == "estimate or interval is missing"
    assert not found.diagnostics
    ninety = stats.effect_size("RR", estimate=0.5, ci_low=0.25, ci_high=1.0, level=0.9)
    assert ninety.vi[0] == pytest.approx((math.log(4) / (2 * 1.6448536269514722)) ** 2, rel=1e-12)


def test_asymmetric_intervals_are_noticed_rounded_ones_are_not():
    rounded = stats.effect_from_ci("HR", [0.70, 0.7, 1.18], [0.50, 0.5, 0.90], [0.98, 1.0, 1.54])
    assert rounded.diagnostics == ()
    odd = stats.effect_from_ci("HR", [0.70, 0.60], [0.50, 0.50], [0.98, 0.98])
    assert odd.diagnostics[0].code == "interval-not-symmetric"
    assert odd.diagnostics[0].where == "row 1"
    exact = stats.effect_from_ci("MD", [0.1 + 0.2], [0.2], [0.4])
    assert exact.diagnostics == ()


@pytest.mark.parametrize(
    ("trio", "message"),
    [
        ((0.5, 0.6, 0.9), "ci_low: row 0 is 0.6"),
        ((0.5, 0.3, 0.4), "ci_high: row 0 is 0.4"),
        ((-0.5, -0.6, 0.9), "estimate: row 0 is -0.5; allowed: above 0 for HR"),
        ((0.5, 0.5, 0.5), "ci_low: row 0 is 0.5"),
        ((0.5, 0.4, math.inf), "ci_high: row 0 is inf"),
    ],
)
def test_impossible_intervals_are_refused(trio, message):
    with pytest.raises(DataError, match=message):
        stats.effect_from_ci("HR", *trio)


def test_proportions_have_no_printed_interval():
    with pytest.raises(UsageError, match="for proportions give events and n"):
        stats.effect_from_ci("PLO", 0.2, 0.1, 0.3)


def test_result_is_json_safe_and_hashed():
    found = stats.effect_size("RR", **TABLES)
    data = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert data["yi"][2] is None
    assert data["inputs_sha256"] == stats.effect_size("RR", **TABLES).content_hash
    assert data["inputs_sha256"] != stats.effect_size("OR", **TABLES).content_hash
    assert "row 2: no event in either arm" in found.summary()
    assert repr(found) == "<EffectSizes RR, log scale, 3 studies, 2 not estimable>"


def test_estimable_rows_go_into_pool():
    found = stats.effect_size("RR", **TABLES)
    result = stats.pool(found.yi[found.estimable], found.vi[found.estimable], measure=found.measure)
    assert result.k == 3
    with pytest.raises(DataError, match="estimable"):
        stats.pool(found.yi, found.vi)


def test_back_transform_refuses_and_clips():
    with pytest.raises(UsageError, match="n is missing"):
        stats.back_transform(0.5, "PFT")
    with pytest.raises(DataError, match="above 0"):
        stats.back_transform(0.5, "PFT", n=[10, 0])
    assert stats.back_transform([-1.0, 2.0], "PAS").tolist() == [0.0, 1.0]
    assert stats.back_transform([0.0, 1.57], "PFT", n=[10]).tolist() == [0.0, 1.0]
    assert stats.back_transform(1e6, "RR") == math.inf


@pytest.mark.parametrize("measure", ["PFT", "PAS", "PLO", "PLN", "PR"])
def test_back_transform_inverts_one_proportion(measure):
    found = stats.effect_size(measure, events=[3], n=[17])
    assert float(stats.back_transform(found.yi, measure, n=[17])[0]) == pytest.approx(3 / 17, rel=1e-12)
