"""What holds for any survival data."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evergrove import stats


@st.composite
def trials(draw):
    n = draw(st.integers(12, 30))
    time = draw(st.lists(st.integers(1, 15), min_size=n, max_size=n))
    event = draw(st.lists(st.sampled_from([0, 1, 1]), min_size=n, max_size=n))
    arm = np.arange(n) % 2
    events = np.array(event)
    both = [np.array(time)[(arm == group) & (events == 1)] for group in (0, 1)]
    assume(min(part.size for part in both) >= 3)
    assume(both[0].min() < both[1].max() and both[1].min() < both[0].max())  # a finite hazard ratio
    return np.array(time, dtype=float), events, arm


@settings(max_examples=25)
@given(trials(), st.sampled_from(["efron", "breslow"]))
def test_arms_swapped_turn_the_sign_and_any_clock_will_do(trial, ties):
    time, event, arm = trial
    plain = stats.cox_regression(time, event, arm, ties=ties)
    swapped = stats.cox_regression(np.exp(time / 5), event, 1 - arm, ties=ties)
    assert swapped.estimate[0] == pytest.approx(-plain.estimate[0], abs=1e-8)
    assert swapped.se[0] == pytest.approx(plain.se[0], rel=1e-7)


@settings(max_examples=25)
@given(trials(), st.randoms(use_true_random=False))
def test_order_of_patients_does_not_matter(trial, shuffler):
    time, event, arm = trial
    order = list(range(time.size))
    shuffler.shuffle(order)
    for one, other in (
        (stats.cox_regression(time, event, arm), stats.cox_regression(time[order], event[order], arm[order])),
    ):
        assert one.estimate == pytest.approx(other.estimate, abs=1e-9)
    first = stats.log_rank_test(time, event, arm)
    second = stats.log_rank_test(time[order], event[order], arm[order])
    assert first.statistic == pytest.approx(second.statistic, rel=1e-9, abs=1e-12)
    assert first.observed.sum() == pytest.approx(first.expected.sum())


@settings(max_examples=60)
@given(trials(), st.sampled_from(["log", "log-log", "plain"]))
def test_a_curve_falls_within_its_limits(trial, interval):
    time, event, _ = trial
    curve = stats.kaplan_meier(time, event, interval=interval)
    assert (np.diff(curve.survival) <= 0).all()
    inside = ~np.isnan(curve.ci_low)
    assert (curve.ci_low[inside] <= curve.survival[inside] + 1e-12).all()
    assert (curve.ci_high[inside] >= curve.survival[inside] - 1e-12).all()
    assert curve.events.sum() + curve.censored.sum() == time.size


@settings(max_examples=25)
@given(trials())
def test_patients_rebuilt_from_a_full_curve_are_the_patients(trial):
    time, event, _ = trial
    curve = stats.kaplan_meier(time, event)
    steps = np.concatenate([[1.0], curve.survival[:-1]])
    x, y = np.repeat(curve.time, 2), np.column_stack([steps, curve.survival]).ravel()
    starts = np.arange(0.0, time.max())
    at_risk = [(time >= start).sum() for start in starts]
    rebuilt = stats.patients_from_curve(x, y, starts, at_risk, total_events=int(event.sum()))
    assert rebuilt.n == time.size
    assert rebuilt.largest_gap < 0.15
    assert abs(rebuilt.events - event.sum()) <= 3
