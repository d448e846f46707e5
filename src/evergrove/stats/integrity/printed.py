"""Printed numbers: their digits, and the exact values that could have been rounded to them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import NamedTuple

from evergrove.errors import DataError
from evergrove.stats.integrity.options import Rounding
from evergrove.stats.options import choose
from evergrove.stats.scalars import LARGEST, shown


class Span(NamedTuple):
    """An interval with ends that belong to it or do not, in exact fractions.

    Parameters
    ----------
    low, high : Fraction
        Ends.
    low_in, high_in : bool
        Whether they belong to it.
    """

    low: Fraction
    high: Fraction
    low_in: bool
    high_in: bool

    def holds(self, value: Fraction) -> bool:
        """Return whether a value lies in the interval."""
        above = value > self.low or (self.low_in and value == self.low)
        return above and (value < self.high or (self.high_in and value == self.high))

    def integers(self, factor: Fraction) -> range:
        """Return the whole numbers k with k / factor in the interval (factor above 0)."""
        low, high = self.low * factor, self.high * factor
        first, last = -((-low.numerator) // low.denominator), high.numerator // high.denominator
        if not self.low_in and first == low:
            first += 1
        if not self.high_in and last == high:
            last -= 1
        return range(first, last + 1)

    def squared(self) -> Span:
        """Return the interval of the squares of its values, which are not below 0."""
        if self.low < 0:
            return Span(Fraction(0), self.high**2, True, self.high_in)
        return Span(self.low**2, self.high**2, self.low_in, self.high_in)


class PrintedNumber(NamedTuple):
    """A number with the digits it was printed with.

    Parameters
    ----------
    value : Fraction
        As printed.
    decimals : int
        Digits after the point.
    text : str
        As printed.
    """

    value: Fraction
    decimals: int
    text: str

    def __float__(self) -> float:
        return float(self.value)

    def span(self, rounding: Rounding) -> Span:
        """Return the values that are printed so."""
        unit = Fraction(1, 10**self.decimals)
        if rounding is Rounding.TRUNCATED:
            if self.value == 0:
                return Span(-unit, unit, False, False)
            if self.value > 0:
                return Span(self.value, self.value + unit, True, False)
            return Span(self.value - unit, self.value, False, True)
        low_in = high_in = True
        if rounding is Rounding.HALF_UP:
            low_in, high_in = self.value > 0, self.value < 0
        elif rounding is Rounding.HALF_EVEN:
            low_in = high_in = (self.value / unit) % 2 == 0
        return Span(self.value - unit / 2, self.value + unit / 2, low_in, high_in)


def printed_number(name: str, value: str | float | Decimal | PrintedNumber) -> PrintedNumber:
    """Return a number with its printed digits.

    Parameters
    ----------
    name : str
        The argument, for messages.
    value : str or number
        A string keeps its closing zeros ("3.40" has two decimals); a number has those of its shortest form.

    Returns
    -------
    PrintedNumber

    Raises
    ------
    DataError
        For what is no finite number.

    Examples
    --------
    >>> printed_number("mean", "3.40").decimals, printed_number("mean", 3.4).decimals
    (2, 1)
    """
    if isinstance(value, PrintedNumber):
        return value
    if isinstance(value, bool):
        raise DataError(f"{name}: found {value!r}; allowed: a number or its text as printed; give the number")
    text = str(value).strip().replace("−", "-").rstrip("%").strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise DataError(
            f"{name}: found {shown(value)}; allowed: a number or its text as printed, with a point"
        )
    if abs(number) > LARGEST or (number and abs(number) < 1 / Decimal(LARGEST)):
        raise DataError(
            f"{name}: found {shown(value)}; allowed: 0, or {1 / LARGEST:g} to {LARGEST:g} in size; check it"
        )
    exponent = number.as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    if isinstance(value, float) and value == int(value):
        decimals = 0
    return PrintedNumber(Fraction(number), decimals, text)


def chosen_rounding(rounding: str) -> Rounding:
    """Return the rounding option that a string names; a UsageError lists what is allowed."""
    return choose(Rounding, rounding, "rounding")
