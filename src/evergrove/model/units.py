"""Units of measurement in clinical data: known ones only, converted within one dimension.

A general unit library does not know cells per kilogram, scores or the habits of clinical tables (``mcg/ml
FEU``), so the table is our own; it is the list of what a review may hold. An unknown unit is an error that
names the known ones of the same look.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from evergrove.errors import UnitError
from evergrove.model.base import Model, Number, Text, fault


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit.

    Parameters
    ----------
    symbol : str
        As printed.
    dimension : str
        What it measures; only units of one dimension convert.
    factor : float
        How many of the dimension's base unit it is.
    """

    symbol: str
    dimension: str
    factor: float


#: dimension -> {symbol: factor to the first symbol}
_TABLE: dict[str, dict[str, float]] = {
    "cells": {"cells": 1.0, "million cells": 1e6},
    "cells per body weight": {"cells/kg": 1.0, "million cells/kg": 1e6},
    "time": {"days": 1.0, "hours": 1 / 24, "weeks": 7.0},
    "age": {"years": 1.0},
    "pressure": {"mmHg": 1.0, "kPa": 7.500616827, "cm H2O": 0.735559240},
    "mass concentration": {
        "mg/L": 1.0,
        "pg/mL": 1e-6,
        "ng/L": 1e-6,
        "ng/mL": 1e-3,
        "ug/L": 1e-3,
        "ug/mL": 1.0,
        "mg/dL": 10.0,
        "g/L": 1e3,
        "g/dL": 1e4,
    },
    "fibrin equivalents": {"ug/mL FEU": 1.0, "ng/mL FEU": 1e-3},
    "substance concentration": {"mmol/L": 1.0, "umol/L": 1e-3, "nmol/mL": 1e-3},
    "enzyme activity": {"U/L": 1.0, "U/mL": 1e3},
    "cell count": {"10^9/L": 1.0, "10^3 cells/uL": 1.0},
    "share": {"%": 1.0, "percent": 1.0, "proportion": 100.0},
    "distance": {"m": 1.0},
    "filtration": {"mL/min/1.73 m^2": 1.0},
    "viral copies": {"RNA copies": 1.0},
    "viral concentration": {"RNA copies/mL": 1.0},
    "patients": {"patients": 1.0},
    "events": {"events": 1.0},
    "lobes": {"lobes": 1.0},
    "score": {"points": 1.0},
    "ratio": {"ratio": 1.0, "index": 1.0},
    "oxygenation index": {"cm H2O/kPa": 1.0, "cm H2O/mmHg": 7.500616827},
    "lesion share": {"% of whole-lung lesion volume": 1.0},
    "change in lesion share": {"% change in whole-lung lesion volume": 1.0},
}

_UNITS: dict[str, Unit] = {
    symbol: Unit(symbol, dimension, factor)
    for dimension, symbols in _TABLE.items()
    for symbol, factor in symbols.items()
}

UNIT_SYMBOLS: tuple[str, ...] = tuple(_UNITS)


def unit(symbol: str) -> Unit:
    """Return the unit with this symbol.

    Parameters
    ----------
    symbol : str
        As in the table of units, for example ``"pg/mL"``.

    Returns
    -------
    Unit

    Raises
    ------
    UnitError
        If it is unknown; the message names the nearest known units.

    Examples
    --------
    >>> unit("pg/mL").dimension
    'mass concentration'
    """
    try:
        return _UNITS[symbol]
    except KeyError:
        near = get_close_matches(symbol, UNIT_SYMBOLS, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(map(repr, near))}? " if near else ""
        raise UnitError(f"unknown unit {symbol!r}; {hint}known units: {', '.join(UNIT_SYMBOLS)}") from None


def conversion_factor(symbol: str, to: str) -> float:
    """Return the number by which a value in one unit is multiplied to stand in another.

    Raises
    ------
    UnitError
        If a unit is unknown or the two measure different things.

    Examples
    --------
    >>> conversion_factor("mg/dL", "mg/L")
    10.0
    """
    have, want = unit(symbol), unit(to)
    if have.dimension != want.dimension:
        raise UnitError(
            f"{symbol!r} measures {have.dimension} and {to!r} measures {want.dimension}; "
            "only units of one dimension convert"
        )
    return have.factor / want.factor


def convert(value: float, symbol: str, to: str) -> float:
    """Convert a value from one unit to another of the same dimension.

    Parameters
    ----------
    value : float
    symbol, to : str
        The unit it is in, and the unit wanted.

    Returns
    -------
    float

    Raises
    ------
    UnitError
        If a unit is unknown or the two measure different things.

    Examples
    --------
    >>> round(convert(2.0, "ng/mL", "pg/mL"), 6)
    2000.0
    >>> round(convert(26.7, "kPa", "mmHg"))
    200
    """
    return value * conversion_factor(symbol, to)


def _known(symbol: str) -> str:
    if symbol not in _UNITS:
        raise fault(f"unknown unit {symbol!r}", ", ".join(UNIT_SYMBOLS))
    return symbol


#: The symbol of a unit that stands in the table.
UnitSymbol = Annotated[Text, AfterValidator(_known)]


class Quantity(Model):
    """A value with its unit, such as a dose: ``{value: 1e8, unit: cells}``."""

    value: Number
    unit: Text

    @model_validator(mode="after")
    def _unit_is_known(self) -> Self:
        _known(self.unit)
        return self

    def to(self, symbol: str) -> float:
        """Return the value in another unit of the same dimension."""
        return convert(self.value, self.unit, symbol)
