"""Kaplan-Meier, log-rank, Cox: the classic leukaemia trial, edges, errors."""

import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import ConvergenceError, DataError, UsageError

# Freireich et al., Blood 21 (1963) 699: weeks of remission under 6-mercaptopurine and placebo, 21 each
MERCAPTOPURINE = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TIME, EVENT = MERCAPTOPURINE + PLACEBO, RELAPSED + [1] * 21
ARM = [1] * 21 + [0] * 21


def test_the_leukaemia_curve_as_in_every_textbook():
    curve = stats.kaplan_meier(MERCAPTOPURINE, RELAPSED)
    assert [round(curve.at(week), 3) for week in (6, 7, 10, 13, 16, 22, 23)] == [
        0.857,
        0.807,
        0.753,
        0.690,
        0.627,
        0.538,
        0.448,
    ]
    assert curve.quantile(0.5)[0] == 23
    assert math.isnan(curve.quantile(0.9)[0])
    assert (curve.n, curve.total_events) == (21, 9)
    assert curve.at(0) == 1.0
    assert math.isnan(curve.at(36))


def test_the_leukaemia_trial_compared():
    # chi-square 16.79; log hazard ratios -1.509 (Breslow) and -1.572 (Efron): Kalbfleisch & Prentice, R
    assert stats.log_rank_test(TIME, EVENT, ARM).statistic == pytest.approx(16.79, abs=0.005)
    for ties, value in (("breslow", -1.5092), ("efron", -1.5721)):
        fit = stats.cox_regression(TIME, EVENT, ARM, ties=ties)
        assert fit.estimate[0] == pytest.approx(value, abs=5e-5)
        assert fit.converged
        assert fit.iterations < 10


def test_without_ties_the_score_test_is_the_log_rank_test():
    rng = np.random.default_rng(3)
    time, event, arm = rng.exponential(1, 60), rng.integers(0, 2, 60), np.arange(60) % 2
    fit, test = stats.cox_regression(time, event, arm), stats.log_rank_test(time, event, arm)
    assert fit.score == pytest.approx(test.statistic, rel=1e-10)


def test_once_all_have_had_the_event_the_curve_is_zero():
    curve = stats.kaplan_meier(PLACEBO, [1] * 21)
    assert curve.survival[-1] == 0.0
    assert curve.se[-1] == 0.0
    assert math.isnan(curve.ci_high[-1])
    assert curve.at(99) == 0.0
    whole = stats.restricted_mean_survival(PLACEBO, [1] * 21, 40.0)
    assert whole.estimate == pytest.approx(np.mean(PLACEBO))


def test_restricted_means_differ_by_area():
    found = stats.restricted_mean_survival(MERCAPTOPURINE, RELAPSED, 20, versus=(PLACEBO, [1] * 21))
    alone = [
        stats.restricted_mean_survival(*one, 20) for one in ((MERCAPTOPURINE, RELAPSED), (PLACEBO, [1] * 21))
    ]
    assert found.estimate == pytest.approx(alone[0].estimate - alone[1].estimate)
    assert found.se == pytest.approx(math.hypot(alone[0].se, alone[1].se))
    assert found.p_value < 0.001
    with pytest.raises(DataError, match="up to that"):
        stats.restricted_mean_survival(MERCAPTOPURINE, RELAPSED, 36)


def test_no_events_and_one_patient():
    curve = stats.kaplan_meier([3.0], [0])
    assert (curve.survival[0], curve.ci_low[0], curve.ci_high[0]) == (1.0, 1.0, 1.0)
    assert stats.kaplan_meier([0.0], [1]).survival[0] == 0.0


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (DataError, lambda: stats.kaplan_meier([], [])),
        (DataError, lambda: stats.kaplan_meier([1, -1], [1, 0])),
        (DataError, lambda: stats.kaplan_meier([1, 2], [1, 2])),
        (DataError, lambda: stats.kaplan_meier([1, 2], [1, None])),
        (DataError, lambda: stats.kaplan_meier([1, 2], [1])),
        (UsageError, lambda: stats.kaplan_meier([1, 2], [1, 0], interval="arcsine")),
        (UsageError, lambda: stats.kaplan_meier([1, 2], [1, 0], level=95)),
        (DataError, lambda: stats.log_rank_test([1, 2], [1, 0], ["a", "a"])),
        (DataError, lambda: stats.log_rank_test([1, 2], [0, 0], ["a", "b"])),
        (DataError, lambda: stats.log_rank_test([1, 2], [1, 0], ["a"])),
        (DataError, lambda: stats.cox_regression([1, 2], [0, 0], [0, 1])),
        (DataError, lambda: stats.cox_regression([1, 2, 3], [1, 1, 1], [1, 1, 1])),
        (DataError, lambda: stats.cox_regression([1, 2, 3], [1, 1, 1], [0, 1])),
        (DataError, lambda: stats.cox_regression([1, 2, 3], [1, 1, 1], [0, 1, np.nan])),
        (DataError, lambda: stats.cox_regression([1, 2, 3, 4], [1] * 4, [[0, 0], [1, 2], [0, 0], [1, 2]])),
        (DataError, lambda: stats.cox_regression([1, 2, 3], [1, 1, 1], [0, 1, 0], names=["a", "b"])),
        (UsageError, lambda: stats.cox_regression([1, 2, 3], [1, 1, 1], [0, 1, 0], ties="exact")),
    ],
)
def test_what_cannot_be_analysed_is_refused(error, call):
    with pytest.raises(error, match="allowed"):
        call()


def test_an_arm_without_events_has_no_finite_hazard_ratio():
    with pytest.raises(ConvergenceError, match="arm without events"):
        stats.cox_regression([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1])
    test = stats.log_rank_test([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1])
    assert test.log_hazard_ratio > 0  # the log-rank test still answers


def test_large_covariates_and_far_times_do_not_spoil_the_fit():
    plain = stats.cox_regression(TIME, EVENT, ARM)
    moved = stats.cox_regression(np.array(TIME) * 1e6, EVENT, np.array(ARM) * 1e-6 + 1e3)
    assert moved.estimate[0] * 1e-6 == pytest.approx(plain.estimate[0], rel=1e-6)


def test_results_can_be_read_as_tables():
    fit = stats.cox_regression(TIME, EVENT, ARM, names=["6-MP"])
    assert fit.columns()["name"].tolist() == ["6-MP"]
    assert "hazard ratio 0.2076" in repr(fit)
    assert stats.log_rank_test(TIME, EVENT, ARM).columns()["observed"].tolist() == [9.0, 21.0]
    assert len(stats.kaplan_meier(TIME, EVENT).columns()["time"]) == 24
