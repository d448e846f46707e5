"""Units are known, and convert only within their dimension."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrove.errors import UnitError
from evergrove.model.units import UNIT_SYMBOLS, Quantity, convert, unit


@pytest.mark.parametrize(
    ("value", "symbol", "to", "expected"),
    [
        (2.0, "ng/mL", "pg/mL", 2000.0),
        (10.0, "mg/dL", "mg/L", 100.0),
        (1.0, "million cells/kg", "cells/kg", 1e6),
        (90.0, "million cells", "cells", 9e7),
        (2.0, "weeks", "days", 14.0),
        (48.0, "hours", "days", 2.0),
        (0.77, "10^9/L", "10^3 cells/uL", 0.77),
    ],
)
def test_conversions_of_clinical_units(value: float, symbol: str, to: str, expected: float) -> None:
    assert convert(value, symbol, to) == pytest.approx(expected, rel=1e-12)


def test_kilopascal_is_the_mercury_column_of_a_textbook() -> None:
    # 1 atm = 101.325 kPa = 760 mmHg.
    assert convert(101.325, "kPa", "mmHg") == pytest.approx(760, rel=1e-6)


def test_an_unknown_unit_names_its_neighbours() -> None:
    with pytest.raises(UnitError, match=r"unknown unit 'mg/l'; did you mean 'mg/L'"):
        unit("mg/l")


def test_units_of_two_dimensions_do_not_convert() -> None:
    with pytest.raises(UnitError, match="measures pressure and 'days' measures time"):
        convert(1.0, "mmHg", "days")


def test_a_quantity_needs_a_known_unit() -> None:
    with pytest.raises(ValueError, match="unknown unit 'cels'"):
        Quantity(value=1.0, unit="cels")


@given(st.sampled_from(UNIT_SYMBOLS), st.floats(-1e6, 1e6))
def test_there_and_back_is_where_one_was(symbol: str, value: float) -> None:
    dimension = unit(symbol).dimension
    for other in UNIT_SYMBOLS:
        if unit(other).dimension == dimension:
            assert convert(convert(value, symbol, other), other, symbol) == pytest.approx(value, rel=1e-12)
