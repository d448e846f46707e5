"""Numbers as texts print them: their precision, whether a computed value agrees, and how to print one."""

from __future__ import annotations

import math
from decimal import Decimal

from evergrove.model.claim import Wording

#: Share of the stated number by which "about" and "nearly" may miss.
LOOSE_SHARE = 0.02
#: Room for the error of binary arithmetic, as a share of the larger number.
ARITHMETIC = 1e-9
#: Units in which whole numbers are printed.
WHOLE = frozenset({"patients", "events", "infusions", "centres"})


def half_unit(printed: str) -> float:
    """Return half a unit of the last printed place.

    Examples
    --------
    >>> half_unit("69"), half_unit("7.69"), half_unit("9e7")
    (0.5, 0.005, 5000000.0)
    """
    exponent = Decimal(printed).as_tuple().exponent
    return 0.5 * 10.0 ** (exponent if isinstance(exponent, int) else 0)


def _half_last_digit(printed: str) -> float:
    """Return half a unit of the last digit that is not a trailing zero: 70 and 5000000 are round numbers."""
    exponent = Decimal(printed).normalize().as_tuple().exponent
    return 0.5 * 10.0 ** (exponent if isinstance(exponent, int) else 0)


def agrees(value: float, printed: str, wording: Wording = Wording.EXACT) -> bool:
    """Return whether a computed value is what a text states.

    Parameters
    ----------
    value : float
        As computed, in the unit of the text.
    printed : str
        As the text prints it.
    wording : Wording
        ``exact``: within half a unit of the last printed place. ``about``: within half a unit of the last
        digit that is not a trailing zero, or 2 % of the stated number, whichever is more. ``nearly``: below
        the stated number as ``about``, above it as ``exact``. ``more-than`` and ``less-than``: strictly so.

    Returns
    -------
    bool

    Examples
    --------
    >>> agrees(7.692, "7.69"), agrees(7.692, "7.7"), agrees(7.692, "7.6")
    (True, True, False)
    >>> agrees(68.1, "69", Wording.NEARLY), agrees(70.1, "69", Wording.NEARLY)
    (True, False)
    >>> agrees(5.4e6, "5000000", Wording.ABOUT)
    True
    """
    stated = float(printed)
    noise = ARITHMETIC * max(abs(value), abs(stated))
    strict, loose = half_unit(printed), max(_half_last_digit(printed), LOOSE_SHARE * abs(stated))
    if wording is Wording.MORE_THAN:
        return value > stated + noise
    if wording is Wording.LESS_THAN:
        return value < stated - noise
    gap = abs(value - stated)
    if wording is Wording.ABOUT or (wording is Wording.NEARLY and abs(value) < abs(stated)):
        return gap <= loose + noise
    return gap <= strict + noise


def shown(value: float, unit: str = "") -> str:
    """Return a number with its unit, to a sensible number of digits.

    Examples
    --------
    >>> shown(76.923, "%"), shown(2.0, "patients"), shown(9e7, "cells"), shown(0.2308, "ratio")
    ('76.9 %', '2 patients', '9×10^7 cells', '0.231')
    """
    if unit in WHOLE or (value == int(value) and abs(value) < 1e5):
        number = f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.0f}"
    elif abs(value) >= 1e5:
        exponent = math.floor(math.log10(abs(value)))
        if exponent >= 6 and not unit.startswith("cells"):
            number = f"{value / 1e6:.3g} million"
        else:
            number = f"{value / 10**exponent:.3g}×10^{exponent}"
    elif abs(value) >= 1000:
        number = f"{value:.0f}"
    else:
        number = f"{value:.3g}"
    return number if unit in {"", "ratio", "odds", "p"} else f"{number} {unit}"


def shown_printed(printed: str, unit: str = "") -> str:
    """Return a stated number with its unit, its digits untouched.

    Examples
    --------
    >>> shown_printed("69", "%"), shown_printed("9e7", "cells")
    ('69 %', '9×10^7 cells')
    """
    mantissa, _, exponent = printed.partition("e")
    number = f"{mantissa}×10^{int(exponent)}" if exponent else printed
    if not exponent and len(number) > 4 and number.isdigit():
        number = f"{int(number):,}"
    return number if unit in {"", "ratio", "odds", "p"} else f"{number} {unit}"
