"""Checks of single numbers, with messages that say what is allowed."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from evergrove.errors import DataError, UsageError

#: Numbers beyond this size leave double precision when they are squared or multiplied.
LARGEST = 1e100
#: More than this is not counted, drawn or permuted in one call.
MOST_COUNTED = 10**7


def finite(name: str, value: float) -> float:
    """Return a finite number.

    Parameters
    ----------
    name : str
        The argument's name.
    value : float
        Its value.

    Returns
    -------
    float

    Raises
    ------
    DataError
        For NaN, infinity, a number beyond 1e100 or no number.
    """
    try:
        number = math.nan if np.ma.is_masked(value) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise DataError(
            f"{name}: found {shown(value)}; allowed: a finite number; leave the study out if it is unknown"
        )
    if abs(number) > LARGEST:
        raise DataError(
            f"{name}: found {number!r}; allowed: at most {LARGEST:g} in size; give it in another unit"
        )
    return number


def shown(value: object) -> str:
    """Return a value for a message, shortened to 80 characters."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def within(name: str, value: float, low: float, high: float, *, todo: str) -> float:
    """Return a finite number of the closed range [low, high].

    Parameters
    ----------
    name : str
        The argument's name.
    value, low, high : float
        Value and range.
    todo : str
        What the user can do.

    Returns
    -------
    float

    Raises
    ------
    DataError
        Outside the range.
    """
    number = finite(name, value)
    if not low <= number <= high:
        raise DataError(f"{name}: found {number!r}; allowed: {low:g} to {high:g}; {todo}")
    return number


def above(name: str, value: float, bound: float, *, todo: str) -> float:
    """Return a finite number above `bound`.

    Parameters
    ----------
    name : str
        The argument's name.
    value, bound : float
        Value, and what it must exceed.
    todo : str
        What the user can do.

    Returns
    -------
    float

    Raises
    ------
    DataError
        At or below the bound.
    """
    number = finite(name, value)
    if not number > bound:
        raise DataError(f"{name}: found {number!r}; allowed: above {bound:g}; {todo}")
    return number


def rising(
    names: tuple[str, ...], values: tuple[float, ...], *, strict_ends: bool = True
) -> tuple[float, ...]:
    """Return finite numbers that do not fall, the first below the last.

    Parameters
    ----------
    names : tuple of str
        The arguments' names.
    values : tuple of float
        Their values.
    strict_ends : bool
        Whether the first must be below the last.

    Returns
    -------
    tuple of float

    Raises
    ------
    DataError
        Where the order is wrong.
    """
    numbers = tuple(finite(name, value) for name, value in zip(names, values, strict=True))
    falls = any(left > right for left, right in pairwise(numbers))
    if falls or (strict_ends and numbers[0] == numbers[-1]):
        found = ", ".join(f"{name}={value:g}" for name, value in zip(names, numbers, strict=True))
        raise DataError(
            f"{names[0]}..{names[-1]}: found {found}; allowed: {' <= '.join(names)} and "
            f"{names[0]} < {names[-1]}; check the printed numbers"
        )
    return numbers


def how_many(name: str, value: object, least: int = 1) -> int:
    """Return a whole number that a call asks for: permutations, subsets, replications.

    Parameters
    ----------
    name : str
        The argument, for messages.
    value : float
        Its value.
    least : int
        The smallest allowed.

    Returns
    -------
    int

    Raises
    ------
    UsageError
        For a fraction, a number below `least` or one above ten million.
    """
    try:
        return whole(name, value, least)  # type: ignore[arg-type] # it refuses what is no number
    except DataError as error:
        raise UsageError(str(error)) from None


def whole(name: str, value: float, least: int = 1) -> int:
    """Return a whole number not below `least`.

    Parameters
    ----------
    name : str
        The argument, for messages.
    value : float
        Its value.
    least : int
        The smallest allowed.

    Returns
    -------
    int

    Raises
    ------
    DataError
        For a fraction or a number below.
    """
    number = finite(name, value)
    if isinstance(value, bool) or number != int(number) or not least <= number <= MOST_COUNTED:
        raise DataError(
            f"{name}: found {value!r}; allowed: whole, from {least} to {MOST_COUNTED}; check the count"
        )
    return int(number)
