"""Mantel-Haenszel and Peto at the edges of the data."""

import json

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError

EDGE = ([0, 2, 0, 5, 10], [10, 12, 8, 5, 20], [1, 0, 0, 9, 12], [11, 13, 9, 9, 22])


def test_double_zero_rows_have_no_weight_and_are_named():
    ratio = stats.mantel_haenszel(*EDGE, measure="RR", labels=list("abcde"))
    assert ratio.k == 4
    assert ratio.weights[2] == 0.0
    assert ratio.diagnostics[0].code == "no-information"
    assert ratio.diagnostics[0].where == "row 2 (c)"
    odds = stats.mantel_haenszel(*EDGE, measure="OR")
    assert odds.k == 3
    assert odds.diagnostics[0].where == "row 2, row 3"
    difference = stats.mantel_haenszel(*EDGE, measure="RD")
    assert difference.k == 5
    assert (difference.weights > 0).all()


def test_removing_a_double_zero_study_changes_nothing():
    kept = [0, 1, 3, 4]
    for fit in (
        lambda *columns: stats.mantel_haenszel(*columns, measure="RR"),
        lambda *columns: stats.mantel_haenszel(*columns, measure="OR"),
        stats.peto,
    ):
        whole, part = fit(*EDGE), fit(*(np.array(column)[kept] for column in EDGE))
        assert whole.estimate == pytest.approx(part.estimate, rel=1e-14)
        assert whole.se == pytest.approx(part.se, rel=1e-14)


def test_peto_is_the_weighted_mean_of_its_rows():
    result = stats.peto(*EDGE)
    rows = result.weights > 0
    assert float((result.weights[rows] * result.yi[rows]).sum()) == pytest.approx(result.estimate, rel=1e-13)
    assert np.isnan(result.yi[2])
    assert result.tau2 is None


@pytest.mark.parametrize("measure", ["RR", "OR"])
def test_an_arm_without_events_is_undefined(measure):
    with pytest.raises(DataError, match="found 0/30 and 4/30 events"):
        stats.mantel_haenszel([0, 0], [10, 20], [1, 3], [10, 20], measure=measure)
    assert stats.mantel_haenszel([0, 0], [10, 20], [1, 3], [10, 20], measure="RD").estimate < 0


def test_no_event_at_all():
    with pytest.raises(DataError, match="Mantel-Haenszel RR"):
        stats.mantel_haenszel([0], [10], [0], [10])
    with pytest.raises(DataError, match="Peto: found 0 events among 20 patients"):
        stats.peto([0], [10], [0], [10])


def test_events_in_every_patient():
    result = stats.mantel_haenszel([10, 3], [10, 9], [8, 4], [8, 9], measure="RR")
    assert result.k == 2
    with pytest.raises(DataError, match="Mantel-Haenszel OR"):
        stats.mantel_haenszel([10], [10], [8], [8], measure="OR")


def test_refusals():
    with pytest.raises(UsageError, match="use peto"):
        stats.mantel_haenszel(*EDGE, measure="PETO")
    with pytest.raises(UsageError, match="correction: found -1"):
        stats.mantel_haenszel(*EDGE, correction=-1)
    with pytest.raises(TooFewStudiesError):
        stats.mantel_haenszel([], [], [], [])
    with pytest.raises(DataError, match="events1: row 0 is nan"):
        stats.peto([np.nan], [10], [1], [10])
    with pytest.raises(DataError, match=r"events2: row 0 is 11\.0"):
        stats.peto([1], [10], [11], [10])


def test_a_correction_is_named():
    result = stats.mantel_haenszel(*EDGE, correction=0.5)
    assert "continuity-correction" in [remark.code for remark in result.diagnostics]


def test_one_study_and_json():
    result = stats.mantel_haenszel([2], [20], [5], [20])
    assert result.natural().estimate == pytest.approx(0.4)
    assert (result.q_df, result.q_p_value, result.i2) == (0, 1.0, 0.0)
    data = json.loads(json.dumps(stats.mantel_haenszel(*EDGE).to_dict(), allow_nan=False))
    assert data["tau2"] is None
    assert data["yi"][2] is None
    assert data["inputs_sha256"] != json.loads(json.dumps(stats.peto(*EDGE).to_dict()))["inputs_sha256"]
    assert "Mantel-Haenszel RR" in stats.mantel_haenszel(*EDGE).summary()


def test_correction_may_keep_double_zero_studies():
    dropped = stats.mantel_haenszel(*EDGE, measure="OR", correction=0.5)
    kept = stats.mantel_haenszel(*EDGE, measure="OR", correction=0.5, drop_double_zero=False)
    assert (dropped.k, kept.k) == (3, 5)
    assert (kept.weights > 0).all()
    difference = stats.mantel_haenszel(*EDGE, measure="RD", drop_double_zero=True)
    assert difference.k == 3
    assert difference.weights[2:4].tolist() == [0.0, 0.0]


def test_correction_to_all_rows_is_that_of_corrected_counts():
    a, n1, c, n2 = (np.array(column, dtype=float) for column in EDGE)
    corrected = stats.mantel_haenszel(*EDGE, measure="RR", correction=0.5, to="all", drop_double_zero=False)
    by_hand = stats.mantel_haenszel(a + 0.5, n1 + 1, c + 0.5, n2 + 1, measure="RR")
    assert corrected.estimate == pytest.approx(by_hand.estimate, rel=1e-14)
    assert corrected.se == pytest.approx(by_hand.se, rel=1e-14)


def test_random_effects_take_q_about_the_pooled_effect():
    common = stats.mantel_haenszel(*EDGE, measure="OR")
    random = stats.mantel_haenszel(*EDGE, measure="OR", model="random")
    assert random.q == pytest.approx(common.q, rel=1e-14)
    plain = stats.mantel_haenszel(*EDGE, measure="OR", model="random", tau2="PM")
    used = np.isfinite(random.yi)
    rows = stats.pool(random.yi[used], random.vi[used], tau2="PM", ci="normal")
    assert plain.estimate == rows.estimate
    assert random.weights[~used].tolist() == [0.0] * int((~used).sum())


def test_greenland_robins_correction_enters_the_weights_and_not_the_differences():
    corrected = stats.mantel_haenszel(*EDGE, measure="RD", variance="greenland-robins", correction=0.5)
    a, n1, c, n2 = (np.array(column, dtype=float) for column in EDGE)
    step = 1.0 * ((a == 0) | (a == n1) | (c == 0) | (c == n2))
    weights = (n1 + step) * (n2 + step) / (n1 + n2 + 2 * step)
    assert corrected.estimate == pytest.approx(np.average(a / n1 - c / n2, weights=weights), rel=1e-14)
    plain = stats.mantel_haenszel(*EDGE, measure="RD", variance="greenland-robins")
    assert corrected.se > plain.se
    with pytest.raises(UsageError, match="allowed: with 'RD'"):
        stats.mantel_haenszel(*EDGE, measure="RR", variance="sato")


def test_rows_without_or_with_only_events_enter_random_effects_as_asked():
    pooled = {
        kept: stats.mantel_haenszel(*EDGE, measure="OR", model="random", correction=0.5, row_double_zero=kept)
        for kept in (None, "drop", "drop-no-event", "keep")
    }
    assert [found.k for found in pooled.values()] == [3, 3, 4, 5]
    with pytest.raises(UsageError, match="row_double_zero"):
        stats.mantel_haenszel(*EDGE, row_double_zero="some")


def test_klingenberg_limits_are_not_about_the_estimate():
    result = stats.mantel_haenszel(*EDGE, measure="RD", variance="klingenberg")
    assert result.ci_low < result.estimate < result.ci_high
    assert result.estimate - result.ci_low != pytest.approx(result.ci_high - result.estimate, rel=1e-6)


RATES = ([0, 2, 0, 4], [50.0, 80.0, 30.0, 120.0], [1, 5, 0, 9], [52.0, 79.0, 31.0, 118.0])


def test_rates_without_events_have_no_weight_in_the_ratio_but_in_the_difference():
    ratio = stats.mantel_haenszel_rates(*RATES, measure="IRR")
    assert (ratio.k, ratio.weights[2]) == (3, 0.0)
    assert ratio.diagnostics[0].where == "row 2"
    assert stats.mantel_haenszel_rates(*RATES, measure="IRD").k == 4
    with pytest.raises(DataError, match="Mantel-Haenszel IRR"):
        stats.mantel_haenszel_rates([0, 0], [10, 20], [1, 2], [10, 20])
    with pytest.raises(UsageError, match="'IRR', 'IRD'"):
        stats.mantel_haenszel_rates(*RATES, measure="RR")
    with pytest.raises(DataError, match="time1: row 0 is"):
        stats.mantel_haenszel_rates([1], [0], [1], [10])


def test_rates_do_not_depend_on_the_unit_of_time():
    days = stats.mantel_haenszel_rates(*RATES)
    years = stats.mantel_haenszel_rates(
        RATES[0], np.array(RATES[1]) / 365.25, RATES[2], np.array(RATES[3]) / 365.25
    )
    assert years.estimate == pytest.approx(days.estimate, rel=1e-13)
    assert years.se == pytest.approx(days.se, rel=1e-13)


def test_arcsine_difference_takes_every_table():
    result = stats.arcsine_difference([0, 0, 5], [10, 20, 5], [0, 3, 5], [12, 20, 5])
    assert result.k == 3
    assert (result.measure, str(result.scale), result.options["measure"]) == ("AS", "natural", "AS")
    assert result.yi[0] == 0.0
    assert result.natural().estimate == result.estimate


def test_continuity_correction_never_passes_zero():
    test = stats.cochran_mantel_haenszel_test([5, 4], [10, 9], [5, 4], [10, 9])
    assert test.statistic == pytest.approx(0.0, abs=1e-25)
    assert test.diagnostics[0].code == "continuity-correction-left-out"


def test_strata_refuse_what_has_no_answer():
    with pytest.raises(DataError, match="found no variance in any stratum"):
        stats.cochran_mantel_haenszel_test([0], [10], [0], [10])
    with pytest.raises(DataError, match="odds ratio is 0, infinite or undefined"):
        stats.homogeneity_test([0, 0], [10, 12], [1, 2], [10, 12])
    with pytest.raises(UsageError, match="method: found 'x'"):
        stats.homogeneity_test(*EDGE, method="x")
    with pytest.raises(DataError, match="rate ratio is 0"):
        stats.rate_homogeneity_test([0], [1], [1], [1])
    assert stats.homogeneity_test([3], [10], [4], [11]).p_value == 1.0
    assert "df=1" in repr(stats.mantel_haenszel_rates_test(*RATES))


def test_one_row_has_no_heterogeneity():
    """The row's own effect is corrected, the pooled one is not: no heterogeneity (metafor: QE = 0)."""
    fit = stats.mantel_haenszel([1], [64], [0], [64], measure="OR", correction=0.1)
    assert (fit.q, fit.q_df, fit.q_p_value) == (0.0, 0, 1.0)


def test_rate_differences_may_leave_out_studies_without_events():
    """rma.mh(measure="IRD", drop00=c(TRUE, TRUE)) in R: 0.00316979562995132."""
    rates = {"events1": [16, 0, 5], "time1": [6346.85, 5.14, 1421.83]}
    rates |= {"events2": [0, 0, 0], "time2": [3.9, 723.76, 7.33]}
    dropped = stats.mantel_haenszel_rates(**rates, measure="IRD", drop_double_zero=True)
    kept = stats.mantel_haenszel_rates(**rates, measure="IRD")
    assert dropped.estimate == pytest.approx(0.00316979562995132, rel=1e-12)
    assert (dropped.k, kept.k) == (2, 3)
    assert abs(kept.estimate - dropped.estimate) > 1e-4


def test_the_treatment_arm_correction_does_not_pull_unequal_arms_to_one():
    """Double-zero rows of very unequal arms, kept: the constant correction favours the larger arm."""
    arms = {"events1": [0, 3], "n1": [300, 100], "events2": [0, 3], "n2": [20, 100]}
    options = {"measure": "OR", "correction": 0.5, "drop_double_zero": False}
    constant = stats.mantel_haenszel(**arms, **options)
    by_arm = stats.mantel_haenszel(**arms, **options, add_by="treatment-arm")
    assert abs(by_arm.estimate) < 1e-12 < abs(constant.estimate)
    assert any("in proportion" in remark.message for remark in by_arm.diagnostics)


def test_the_rows_of_rate_differences_may_keep_their_effects():
    """metainc(sm="IRD") corrects the variance of a study with an empty arm, not its difference."""
    rates = {"events1": [4, 0], "time1": [100.0, 50.0], "events2": [2, 3], "time2": [90.0, 60.0]}
    fit = stats.mantel_haenszel_rates(**rates, measure="IRD", row_effect=False)
    np.testing.assert_allclose(fit.yi, [4 / 100 - 2 / 90, -3 / 60])
    np.testing.assert_allclose(fit.vi, [4 / 100**2 + 2 / 90**2, 0.5 / 50**2 + 3.5 / 60**2])
    both = stats.mantel_haenszel_rates(**rates, measure="IRD")
    assert both.yi[1] == pytest.approx(0.5 / 50 - 3.5 / 60)
    assert both.estimate == fit.estimate
