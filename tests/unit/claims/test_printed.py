"""Stated numbers: precision, wording, printing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrove.claims.printed import agrees, half_unit, shown, shown_printed
from evergrove.model.claim import Wording


@pytest.mark.parametrize(
    ("value", "printed", "wording", "expected"),
    [
        (76.923, "77", Wording.EXACT, True),
        (76.923, "76.9", Wording.EXACT, True),
        (76.923, "76.8", Wording.EXACT, False),
        (76.923, "69", Wording.NEARLY, False),
        (66.667, "69", Wording.NEARLY, False),
        (68.0, "69", Wording.NEARLY, True),
        (69.4, "69", Wording.NEARLY, True),
        (70.0, "69", Wording.NEARLY, False),
        (70.0, "69", Wording.ABOUT, True),
        (67.0, "70", Wording.ABOUT, True),
        (76.0, "70", Wording.ABOUT, False),
        (5.4e6, "5000000", Wording.ABOUT, True),
        (14.9e6, "5000000", Wording.ABOUT, False),
        (5.4e6, "5000000", Wording.EXACT, False),
        (80.0, "80", Wording.MORE_THAN, False),
        (80.1, "80", Wording.MORE_THAN, True),
        (36.9, "37", Wording.LESS_THAN, True),
        (37.0, "37", Wording.LESS_THAN, False),
        (-13.31, "-13.3", Wording.EXACT, True),
        (3e7, "9e7", Wording.EXACT, False),
    ],
)
def test_wording_decides_how_near_is_near_enough(value, printed, wording, expected):
    assert agrees(value, printed, wording) is expected


@given(st.floats(-1e6, 1e6), st.integers(0, 4))
def test_a_number_agrees_with_its_own_rounding(value, places):
    printed = f"{value:.{places}f}"
    assert agrees(value, printed)
    assert agrees(value, printed, Wording.ABOUT)


@given(st.floats(0.1, 1e6), st.integers(0, 3))
def test_exact_is_never_looser_than_nearly_and_nearly_never_looser_than_about(value, places):
    printed = f"{value * 1.01:.{places}f}"
    exact, nearly, about = (agrees(value, printed, Wording(name)) for name in ("exact", "nearly", "about"))
    assert exact <= nearly <= about


def test_a_trailing_zero_is_part_of_the_printed_precision():
    assert half_unit("7.70") == pytest.approx(0.005)
    assert half_unit("7.7") == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (7.6923, "%", "7.69 %"),
        (0.0, "%", "0 %"),
        (5.4e6, "deaths", "5.4 million deaths"),
        (1e8, "cells", "1×10^8 cells"),
        (26609.09, "pg/mL", "26609 pg/mL"),
        (0.0481, "p", "0.0481"),
        (44.0, "patients", "44 patients"),
        (12000.0, "patients", "12,000 patients"),
        (2e5, "events/year", "2×10^5 events/year"),
    ],
)
def test_numbers_are_printed_to_sensible_digits(value, unit, text):
    assert shown(value, unit) == text


def test_a_stated_number_keeps_its_digits():
    assert shown_printed("7.70", "%") == "7.70 %"
    assert shown_printed("5000000", "deaths") == "5,000,000 deaths"
