"""The test of skewness that goes before a conversion of medians."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evergrove.stats.conversions.normal_quantiles import (
    FIVE_NUMBERS,
    QUARTILES,
    PrintedQuantiles,
    printed_quantiles,
)
from evergrove.stats.result import Result
from evergrove.stats.scalars import rising


def quartile_skewness(q1: float, median: float, q3: float) -> float:
    """Return Bowley's skewness (q1 + q3 - 2 median) / (q3 - q1).

    Parameters
    ----------
    q1, median, q3 : float
        ``q1 <= median <= q3`` and ``q1 < q3``.

    Returns
    -------
    float
        -1 to 1; above 0 with a long right tail. Source: Bowley 1901.

    Raises
    ------
    DataError
        For quartiles out of order.

    Notes
    -----
    Only the middle half of the values is seen: `skewness_test` uses the ends too.

    References
    ----------
    [Bowley1901].

    Examples
    --------
    >>> quartile_skewness(10.0, 14.0, 20.0)
    0.2
    """
    low, middle, high = rising(("q1", "median", "q3"), (q1, median, q3))
    return (low + high - 2.0 * middle) / (high - low)


@dataclass(frozen=True, slots=True)
class SkewnessTest(Result):
    """Whether printed quantiles speak against symmetric (normal) data.

    Parameters
    ----------
    statistic, critical_value : float
        Shi's statistic without sign, and its bound at the 5 % level.
    skewed : bool
        Whether the statistic is above the bound.
    scenario : str
        ``"range"``, ``"quartiles"`` or ``"five numbers"``.
    n : float
        Patients.
    """

    statistic: float
    critical_value: float
    skewed: bool
    scenario: str
    n: float


def _off_centre(low: float, middle: float, high: float) -> float:
    """Return |low + high - 2 middle| over the width; 0 without a width."""
    return abs(low + high - 2.0 * middle) / (high - low) if high > low else 0.0


def skewness_of(given: PrintedQuantiles) -> SkewnessTest:
    """Return Shi's test of checked quantiles.

    Parameters
    ----------
    given : PrintedQuantiles
        Checked.

    Returns
    -------
    SkewnessTest
    """
    values, n = given.values, given.n
    if given.scenario == QUARTILES:
        statistic, bound = _off_centre(*values), 2.65 / math.sqrt(n) - 6.0 / n**2
    elif given.scenario == FIVE_NUMBERS:
        of_range = 2.65 * math.log(0.6 * n) / math.sqrt(n) * _off_centre(values[0], values[2], values[4])
        statistic = max(of_range, _off_centre(*values[1:4]))
        bound = 3.0 / math.sqrt(n) - 40.0 / n**3
    else:
        statistic, bound = _off_centre(*values), 1.0 / math.log(n + 9.0) + 2.5 / (n + 1.0)
    return SkewnessTest(statistic, bound, statistic >= bound, given.scenario, n)


def skewness_test(
    median: float,
    n: float,
    *,
    q1: float | None = None,
    q3: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> SkewnessTest:
    """Test printed quantiles for skewness at the 5 % level.

    Parameters
    ----------
    median : float
        In the outcome's unit.
    n : float
        Patients, 4 or more.
    q1, q3 : float or None
        Quartiles, both or neither.
    minimum, maximum : float or None
        Range, both or neither; one pair at least.

    Returns
    -------
    SkewnessTest
        Bounds: range 1/ln(n + 9) + 2.5/(n + 1); quartiles 2.65/√n - 6/n²; five numbers 3/√n - 40/n³, with
        the larger of the quartile statistic and 2.65 ln(0.6 n)/√n times the range statistic.

    Raises
    ------
    DataError
        For numbers out of order.
    UsageError
        Where neither pair is complete.

    Notes
    -----
    Little power in small trials: no finding is no proof of symmetry.

    References
    ----------
    [Shi2023].

    Examples
    --------
    >>> skewness_test(14.0, 50, q1=10.0, q3=20.0).skewed
    False
    """
    given = printed_quantiles(minimum, q1, median, q3, maximum, n)
    return skewness_of(given)
