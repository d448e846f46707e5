"""Hazard ratios from print, and patients from curves."""

import csv
import lzma
import math
from pathlib import Path

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError


def test_direction_comes_from_the_caller_never_from_p():
    first = stats.hazard_ratio_from_p_value(0.03, "first", events1=40, events2=60)
    second = stats.hazard_ratio_from_p_value(0.03, "second", events1=40, events2=60)
    assert first.yi == -second.yi
    assert first.o_minus_e < 0 < second.o_minus_e
    assert first.diagnostics[0].code == "approximate-variance"


def test_sources_agree_where_they_should():
    arms = {"events1": 50, "events2": 50}
    by_arms = stats.hazard_ratio_from_p_value(0.04, "first", **arms)
    by_total = stats.hazard_ratio_from_p_value(0.04, "first", events=100)
    assert by_arms.yi == pytest.approx(by_total.yi)
    again = stats.hazard_ratio_from_log_rank(by_arms.o_minus_e, by_arms.variance)
    assert again.yi == pytest.approx(by_arms.yi)
    turned = stats.hazard_ratio_from_ci(0.7, 0.5, 0.98, invert=True)
    assert turned.estimate == pytest.approx(1 / 0.7)
    one_sided = stats.hazard_ratio_from_p_value(0.02, "first", events=100, one_sided=True)
    assert one_sided.yi == pytest.approx(by_total.yi)


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (UsageError, lambda: stats.hazard_ratio_from_p_value(0.03, "treatment", events=80)),
        (UsageError, lambda: stats.hazard_ratio_from_p_value(0.03, "first", events1=80)),
        (UsageError, lambda: stats.hazard_ratio_from_p_value(0.03, "first", events=80, n1=100)),
        (DataError, lambda: stats.hazard_ratio_from_p_value(0.0, "first", events=80)),
        (DataError, lambda: stats.hazard_ratio_from_p_value(1.3, "first", events=80)),
        (DataError, lambda: stats.hazard_ratio_from_p_value(0.6, "first", events=80, one_sided=True)),
        (DataError, lambda: stats.hazard_ratio_from_p_value(0.03, "first", events=0)),
        (DataError, lambda: stats.hazard_ratio_from_ci(0.7, 0.8, 0.9)),
        (DataError, lambda: stats.hazard_ratio_from_ci(-0.7, -0.8, 0.9)),
        (DataError, lambda: stats.hazard_ratio_from_log_rank(1.0, 0.0)),
        (DataError, lambda: stats.hazard_ratio_from_observed_expected(0, 1, 2, 3)),
        (DataError, lambda: stats.hazard_ratio_from_ratio_and_p(1.0, 0.5)),
        (DataError, lambda: stats.patients_from_curve([0, 1], [100, 80], [0], [10])),
        (DataError, lambda: stats.patients_from_curve([0], [1], [0], [10])),
        (DataError, lambda: stats.patients_from_curve([0, 1], [1, 0.8], [1], [10])),
        (DataError, lambda: stats.patients_from_curve([0, 1], [1, 0.8], [0, 1], [10, 12])),
        (DataError, lambda: stats.patients_from_curve([0, -1], [1, 0.8], [0], [10])),
        (DataError, lambda: stats.patients_from_curve([0, 1], [1, 0.8], [0], [10.5])),
        (DataError, lambda: stats.patients_from_curve([0, 1], [1, 0.8], [0], [10], total_events=11)),
        (DataError, lambda: stats.compare_survival(([1.0], [0]), ([2.0], [0]))),
    ],
)
def test_what_cannot_be_used_is_refused(error, call):
    with pytest.raises(error, match="allowed"):
        call()


def printed(time, event, digits=3, numbers=6):
    """Return what a figure shows of one arm: points, numbers at risk."""
    curve = stats.kaplan_meier(time, event)
    steps = curve.events > 0
    x = np.append(np.repeat(curve.time[steps], 2), curve.time[-1])
    y = np.concatenate([[1.0], np.repeat(curve.survival[steps], 2)[:-1], [curve.survival[-1]]])
    starts = np.linspace(0, curve.time[-1] * 0.9, numbers)
    return x, np.round(y, digits), starts, [(np.asarray(time) >= start).sum() for start in starts]


def trial(seed, n=150, ratio=0.6):
    """Return a simulated trial."""
    rng = np.random.default_rng(seed)
    arm = np.arange(2 * n) % 2
    life = rng.exponential(10 / ratio**arm)
    leaving = rng.uniform(5, 25, 2 * n)
    return np.minimum(life, leaving), (life <= leaving).astype(int), arm


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("known", [True, False])
def test_a_simulated_trial_comes_back(seed, known):
    time, event, arm = trial(seed)
    rebuilt = []
    for group in (0, 1):
        rows = arm == group
        total = int(event[rows].sum()) if known else None
        rebuilt.append(stats.patients_from_curve(*printed(time[rows], event[rows]), total_events=total))
        assert rebuilt[-1].n == rows.sum()
        assert abs(rebuilt[-1].events - event[rows].sum()) <= 5
        assert rebuilt[-1].root_mean_square_gap < 0.02
    truth = stats.compare_survival(*((time[arm == group], event[arm == group]) for group in (0, 1)))
    again = stats.compare_survival(*((one.time, one.event) for one in rebuilt))
    assert again.yi == pytest.approx(truth.yi, abs=0.05)
    assert again.log_rank.o_minus_e == pytest.approx(truth.log_rank.o_minus_e, abs=2.5)
    assert again.restricted_mean.estimate == pytest.approx(truth.restricted_mean.estimate, abs=0.3)


def test_only_the_number_randomised_and_the_events():
    time, event, _ = trial(9)
    x, y, _, _ = printed(time, event)
    alone = stats.patients_from_curve(x, y, [0], [time.size], total_events=int(event.sum()))
    assert alone.n == time.size
    assert abs(alone.events - event.sum()) <= 2
    without = stats.patients_from_curve(x, y, [0], [time.size])
    assert without.events > event.sum()  # no censoring is known of: every fall needs more events
    assert "no-total-events" in {remark.code for remark in without.diagnostics}


def test_points_that_rise_are_lowered_and_counted():
    found = stats.patients_from_curve([0, 2, 3, 5, 6], [1, 0.9, 0.95, 0.8, 0.82], [0, 4], [20, 17])
    remarks = {remark.code: remark for remark in found.diagnostics}
    assert remarks["points-mended"].message.startswith("2 points")


def test_numbers_at_risk_beyond_the_curve_are_named():
    found = stats.patients_from_curve([0, 2, 2, 5], [1, 1, 0.8, 0.8], [0, 4, 8, 12], [10, 6, 2, 0])
    codes = {remark.code for remark in found.diagnostics}
    assert "curve-ends-early" in codes
    assert found.n == 10


def test_a_curve_to_zero_uses_everybody():
    found = stats.patients_from_curve(
        [1, 1, 2, 2, 3, 3], [1, 0.6, 0.6, 0.3, 0.3, 0.0], [0], [10], total_events=10
    )
    assert found.events == 10
    assert found.largest_gap == pytest.approx(0.0, abs=1e-12)


KMDATA = Path(__file__).resolve().parents[5] / "shared" / "data" / "km" / "kmdata"


@pytest.mark.skipif(
    not (KMDATA / "kmdata_ipd.csv.xz").is_file(),
    reason="../shared is not there: it holds kmdata_ipd.csv.xz and kmdata_key.csv of raredd/kmdata",
)
def test_real_figures_come_back():
    with lzma.open(KMDATA / "kmdata_ipd.csv.xz", "rt") as file:
        figures: dict[str, list[dict[str, str]]] = {}
        for row in csv.DictReader(file):
            figures.setdefault(row["name"], []).append(row)
    with (KMDATA / "kmdata_key.csv").open(encoding="utf-8") as file:
        published = {row["name"]: float(row["HazardRatio"] or "nan") for row in csv.DictReader(file)}
    ours_to_published, rebuilt_to_ours = [], []
    for name, rows in figures.items():
        time, event = (np.array([float(row[column]) for row in rows]) for column in ("time", "event"))
        arms = np.array([row["arm"] for row in rows])
        first = arms == arms[0]
        own = stats.cox_regression(time, event, first)
        truth = float(own.estimate[0])
        parts = [
            stats.patients_from_curve(*printed(time[keep], event[keep], numbers=7))
            for keep in (first, ~first)
        ]
        fit = stats.cox_regression(
            np.concatenate([part.time for part in parts]),
            np.concatenate([part.event for part in parts]),
            np.repeat([1, 0], [part.n for part in parts]),
        )
        rebuilt_to_ours.append(abs(float(fit.estimate[0]) - truth) / float(own.se[0]))
        log = math.log(published.get(name, math.nan))
        ours_to_published.append(min(abs(truth - log), abs(truth + log)))
    assert np.median(rebuilt_to_ours) < 0.1  # in standard errors of the truth
    assert max(rebuilt_to_ours) < 1.0
    assert np.nanmedian(ours_to_published) < 0.02
