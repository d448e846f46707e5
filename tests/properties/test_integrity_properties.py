"""What holds for any honest data: no check may call it inconsistent."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove import stats
from evergrove.stats.distributions import normal_quantile, two_sided_p

SCORES = st.lists(st.integers(1, 7), min_size=2, max_size=60)
INCONSISTENT = stats.Verdict.INCONSISTENT


@settings(max_examples=60)
@given(SCORES, st.integers(1, 3))
def test_real_scores_pass_grim_grimmer_and_the_bounds(scores, digits):
    x = np.array(scores, dtype=float)
    mean, sd = f"{x.mean():.{digits}f}", f"{x.std(ddof=1):.{digits}f}"
    assert stats.grim_test(mean, x.size).verdict is not INCONSISTENT
    assert stats.grimmer_test(mean, sd, x.size).verdict is not INCONSISTENT
    assert stats.grimmer_test(mean, sd, x.size, scale=(1, 7)).verdict is not INCONSISTENT
    assert stats.sd_bounds_test(mean, sd, 1, 7, x.size).verdict is not INCONSISTENT
    low, high = int(x.min()), int(x.max())
    if low < high:
        assert stats.sd_bounds_test(mean, sd, low, high, x.size, attained=True).verdict is not INCONSISTENT
    assert stats.reconstruct_sample(mean, sd, x.size, 1, 7, rng=0).verdict is not INCONSISTENT


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3), min_size=3, max_size=30))
def test_real_scales_of_three_items_pass(answers):
    people = np.array(answers, dtype=float).mean(axis=1)
    mean, sd = f"{people.mean():.2f}", f"{people.std(ddof=1):.2f}"
    assert stats.grimmer_test(mean, sd, people.size, items=3, scale=(1, 5)).verdict is not INCONSISTENT


@settings(max_examples=60)
@given(st.integers(2, 400), st.data())
def test_real_counts_pass_debit_and_percentages(n, data):
    events = data.draw(st.integers(0, n))
    x = np.repeat([1.0, 0.0], [events, n - events])
    assert stats.debit_test(f"{x.mean():.2f}", f"{x.std(ddof=1):.2f}", n).verdict is not INCONSISTENT
    assert stats.percentage_test(f"{100 * events / n:.1f}", n, events=events).verdict is not INCONSISTENT


@settings(max_examples=120)
@given(st.floats(-4, 4), st.floats(0.05, 2), st.booleans(), st.integers(2, 3))
def test_a_real_wald_interval_and_its_p_value_pass(yi, se, ratio, digits):
    half = normal_quantile(0.95) * se
    trio = [yi, yi - half, yi + half]
    if ratio:
        trio = [math.exp(value) for value in trio]
    p = f"{two_sided_p(yi / se, None):.3f}"
    check = stats.estimate_test(*(f"{value:.{digits}f}" for value in trio), p, ratio=ratio)
    assert check.verdict is not INCONSISTENT
    statistic = f"{yi / se:.2f}"
    assert stats.p_value_test("z", statistic, p).verdict is stats.Verdict.CONSISTENT


@settings(max_examples=40)
@given(SCORES)
def test_numbers_given_as_text_or_not_say_the_same(scores):
    mean = round(float(np.mean(scores)), 2)
    text = str(int(mean)) if mean.is_integer() else repr(mean)
    assert stats.grim_test(mean, len(scores)).verdict == stats.grim_test(text, len(scores)).verdict


@settings(max_examples=60)
@given(st.floats(1.5, 6.5), st.integers(2, 200))
def test_the_bounds_of_the_sd_are_reached_and_not_passed(mean, n):
    low, high = stats.sd_bounds(mean, 1, 7, n)
    assert 0.0 == low <= high
    share = (mean - 1) / 6
    assert high <= math.sqrt(36 * share * (1 - share) * n / (n - 1)) * (1 + 1e-12)
    ones = round(share * n)
    at_the_ends = np.repeat([7.0, 1.0], [ones, n - ones])
    reached = stats.sd_bounds(float(at_the_ends.mean()), 1, 7, n)[1]
    assert reached == pytest.approx(float(at_the_ends.std(ddof=1)), abs=1e-9)
