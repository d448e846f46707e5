"""Numbers needed to treat, with intervals that pass through infinity where the difference may be 0."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evergrove.errors import DataError
from evergrove.stats.result import Result
from evergrove.stats.scalars import finite, rising, within


def number_needed_to_treat(difference: float) -> float:
    """Return the number needed to treat (or to harm) for one event fewer (or more).

    Parameters
    ----------
    difference : float
        Risk difference, -1 to 1.

    Returns
    -------
    float
        1 / |difference|, not rounded; infinite for 0. The direction is the sign of the difference. An
        interval of the difference that holds 0 gives two separate ranges: `number_needed`.

    Raises
    ------
    DataError
        Outside -1 to 1.

    References
    ----------
    [Altman1998].

    Examples
    --------
    >>> number_needed_to_treat(-0.05)
    20.0
    """
    size = abs(finite("difference", difference))
    if size > 1.0:
        raise DataError(f"difference: found {difference!r}; allowed: -1 to 1; write 5 per 100 as 0.05")
    return 1.0 / size if size > 0 else math.inf


@dataclass(frozen=True, slots=True, repr=False)
class NumberNeeded(Result):
    """A number needed to treat with its interval, told as benefit and harm.

    Parameters
    ----------
    number : float
        1 / |risk difference|, not rounded.
    benefit : bool
        Whether `number` is to benefit (True) or to harm.
    benefit_low, benefit_high : float or None
        Range of the number needed to benefit within the interval; None where the interval holds no benefit.
    harm_low, harm_high : float or None
        The same for harm. With both ranges, both reach to infinity and the interval is one through infinity.
    """

    number: float
    benefit: bool
    benefit_low: float | None
    benefit_high: float | None
    harm_low: float | None
    harm_high: float | None

    @property
    def through_infinity(self) -> bool:
        """Whether the interval holds benefit and harm."""
        return self.benefit_low is not None and self.harm_low is not None

    def __repr__(self) -> str:
        word = "NNTB" if self.benefit else "NNTH"
        if self.through_infinity:
            ends = (f"NNTB {self.benefit_low:.1f}", f"NNTH {self.harm_low:.1f}")
            first, last = ends if self.benefit else ends[::-1]
            return f"<NumberNeeded {word} {self.number:.1f} [{first} to ∞ to {last}]>"
        low, high = (
            (self.benefit_low, self.benefit_high)
            if self.harm_low is None
            else (self.harm_low, self.harm_high)
        )
        return f"<NumberNeeded {word} {self.number:.1f} [{low:.1f} to {high:.1f}]>"


def number_needed(
    difference: float, ci_low: float, ci_high: float, *, events_are_bad: bool = True
) -> NumberNeeded:
    """Return the number needed to treat with its confidence interval.

    Parameters
    ----------
    difference, ci_low, ci_high : float
        Risk difference (intervention minus comparator) and limits, in order, -1 to 1. From a ratio, take
        `convert_effect` to ``"RD"`` at a stated control risk.
    events_are_bad : bool
        Whether fewer events are a benefit.

    Returns
    -------
    NumberNeeded

    Raises
    ------
    DataError
        For numbers out of order or outside -1 to 1.

    Notes
    -----
    Where the interval of the difference holds 0, the interval of the number needed goes from one number
    through infinity to another on the harmful side; printing "NNT 20 (95 % CI -50 to 8)" misleads
    (Altman 1998). Do not pool numbers needed to treat, and state the risk and time they hold for.

    References
    ----------
    [Altman1998].

    Examples
    --------
    >>> number_needed(-0.05, -0.12, 0.02)
    <NumberNeeded NNTB 20.0 [NNTB 8.3 to ∞ to NNTH 50.0]>
    """
    trio = rising(("ci_low", "difference", "ci_high"), (ci_low, difference, ci_high), strict_ends=False)
    for name, value in zip(("ci_low", "difference", "ci_high"), trio, strict=True):
        within(name, value, -1.0, 1.0, todo="write 5 per 100 as 0.05")
    sign = -1.0 if events_are_bad else 1.0
    low, middle, high = sorted(sign * value for value in trio)  # now above 0 is benefit
    benefit = (
        (number_needed_to_treat(high), number_needed_to_treat(max(low, 0.0))) if high > 0 else (None, None)
    )
    harm = (number_needed_to_treat(low), number_needed_to_treat(min(high, 0.0))) if low < 0 else (None, None)
    if high == low == 0:
        benefit = (math.inf, math.inf)
    return NumberNeeded(number_needed_to_treat(middle), middle >= 0, *benefit, *harm)
