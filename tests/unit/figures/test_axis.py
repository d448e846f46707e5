import itertools
import math
from statistics import median_high, median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrove.errors import DataError
from evergrove.figures.axis import (
    Axis,
    choose_range,
    linear_ticks,
    log_ticks,
    make_room,
    tick_label,
)

positive = st.floats(1e-9, 1e9)
finite = st.floats(-1e9, 1e9)


@given(positive, st.floats(1.001, 1e12), st.integers(5, 10))
def test_log_ticks_are_few_sorted_and_inside(low, ratio, most):
    high = low * ratio
    ticks = log_ticks(low, high, most)
    assert 2 <= len(ticks) <= most
    assert list(ticks) == sorted(set(ticks))
    assert all(low * (1 - 1e-6) <= tick <= high * (1 + 1e-6) for tick in ticks)


@given(st.floats(1e-9, 1.0), st.floats(1.0, 1e9), st.integers(5, 10))
def test_log_ticks_mark_the_null(low, high, most):
    if high / low > 1.02:
        assert 1.0 in log_ticks(low, high, most)


@given(finite, st.floats(1e-3, 1e9), st.integers(4, 9))
def test_linear_ticks_are_few_even_and_inside(low, span, most):
    high = low + span
    if not high > low + 1e-6 * abs(low):  # the span is lost in rounding
        return
    ticks = linear_ticks(low, high, most)
    assert 2 <= len(ticks) <= most + 1
    assert all(low - 1e-6 * span <= tick <= high + 1e-6 * span for tick in ticks)
    steps = [b - a for a, b in itertools.pairwise(ticks)]
    assert all(math.isclose(step, steps[0], rel_tol=1e-3) for step in steps)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.09, 11, (0.1, 0.2, 0.5, 1, 2, 5, 10)),
        (0.009, 110, (0.01, 0.1, 1, 10, 100)),
        (0.4, 2.6, (0.5, 0.7, 1, 1.5, 2)),
        (1e-6, 1e6, (1e-6, 1e-4, 1e-2, 1, 1e2, 1e4, 1e6)),
    ],
)
def test_log_ticks_of_known_ranges(low, high, expected):
    assert log_ticks(low, high) == expected


@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=1, max_size=12),
    st.booleans(),
)
def test_range_shows_the_null_and_ordinary_estimates(studies, log):
    back = math.exp if log else float
    estimates = [back(mean) for mean, _ in studies]
    intervals = [(back(mean - half), back(mean + half)) for mean, half in studies]
    null = back(0.0)
    low, high = choose_range(estimates, intervals, [null], log=log)
    assert low < null < high
    halves = [half for _, half in studies]
    typical = min(median_high(halves), 4 * median_low(halves))
    near = [back(mean) for mean, _ in studies if abs(mean) <= 5.9 * typical]
    assert all(low <= value <= high for value in near)


def test_huge_and_infinite_intervals_do_not_squeeze_the_others():
    estimates, intervals = [0.5, 0.8, 0.7, 1.0], [(0.2, 1.25), (0.4, 1.6), (0.0, math.inf), (1e-30, 1e30)]
    low, high = choose_range(estimates, intervals, [1.0, 0.3, 1.1], log=True)
    assert 0.001 < low < 0.2
    assert 1.6 < high < 100


def test_one_huge_interval_of_two_does_not_set_the_range():
    for log, back in ((True, math.exp), (False, float)):
        intervals = [(back(-1.0), back(0.5)), (back(-40.0), back(40.0))]
        low, high = choose_range([back(-0.3), back(-0.1)], intervals, [back(0.0)], log=log)
        assert back(-9.0) < low < high < back(9.0)


def test_range_of_one_point_has_width():
    low, high = choose_range([1.0], [], [1.0], log=True)
    assert (low, high) == pytest.approx((0.5, 2.0))
    low, high = choose_range([0.0], [], [0.0], log=False)
    assert low < 0 < high


def test_nothing_finite_is_an_error():
    with pytest.raises(DataError, match="no finite value"):
        choose_range([math.inf], [(0.0, math.inf)], [], log=True)


def test_room_is_made_only_beside_a_null_inside():
    assert make_room(0.1, 1.01, 1.0, log=True)[1] == pytest.approx(math.exp(0.18 * math.log(10)))
    assert make_room(2.0, 3.0, 1.0, log=True) == (2.0, 3.0)


def test_position_clamps_and_is_proportional():
    axis = Axis(0.1, 10, 100, 300, log=True)
    assert axis.position(1.0) == pytest.approx(200)
    assert (axis.position(0.0), axis.position(math.inf)) == (100, 300)
    assert not axis.shows(0.01)


@pytest.mark.parametrize(
    ("value", "label"), [(0.1, "0.1"), (-5.0, "−5"), (100.0, "100"), (1e-6, "1e−06"), (0.0, "0")]
)
def test_tick_label(value, label):
    assert tick_label(value) == label
