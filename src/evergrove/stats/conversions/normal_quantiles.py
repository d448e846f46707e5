"""Closed forms for the mean and SD of near-normal values from their printed quantiles."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from scipy import special

from evergrove.errors import UsageError
from evergrove.stats.conversions.options import ExpectedRange
from evergrove.stats.conversions.wan_tables import printed_quartile_range, printed_range
from evergrove.stats.options import MedianMethod
from evergrove.stats.scalars import finite, rising, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray

#: Fewest patients for which the published approximations are given (metafor asks for 5).
FEWEST_PATIENTS = 4.0
#: Half-width, in standard deviations, and nodes of the integral for the expected range.
WIDEST, NODES = 12.0, 400

RANGE, QUARTILES, FIVE_NUMBERS = "range", "quartiles", "five numbers"
NAMES = {
    RANGE: ("minimum", "median", "maximum"),
    QUARTILES: ("q1", "median", "q3"),
    FIVE_NUMBERS: ("minimum", "q1", "median", "q3", "maximum"),
}


class PrintedQuantiles(NamedTuple):
    """Quantiles of one arm, as a paper prints them.

    Parameters
    ----------
    scenario : str
        ``"range"`` (minimum, median, maximum), ``"quartiles"`` or ``"five numbers"``.
    values : tuple of float
        Three or five, rising.
    n : float
        Patients.
    """

    scenario: str
    values: tuple[float, ...]
    n: float


class MeanSd(NamedTuple):
    """A mean and standard deviation that were estimated, not reported.

    Parameters
    ----------
    mean, sd : float
        In the outcome's unit.
    """

    mean: float
    sd: float


def checked_patients(n: float) -> float:
    """Return a sample size for which the approximations hold.

    Parameters
    ----------
    n : float
        4 or more.

    Returns
    -------
    float

    Raises
    ------
    DataError
        Below 4.
    """
    return within("n", n, FEWEST_PATIENTS, math.inf, todo="do not convert medians of so few patients")


def checked_quantiles(scenario: str, values: Sequence[float], n: float) -> PrintedQuantiles:
    """Return quantiles in order, with enough patients.

    Parameters
    ----------
    scenario : str
        Of `NAMES`.
    values : sequence of float
        In the order of `NAMES`.
    n : float
        Patients.

    Returns
    -------
    PrintedQuantiles

    Raises
    ------
    DataError
        Out of order, all equal, or too few patients.
    """
    return PrintedQuantiles(scenario, rising(NAMES[scenario], tuple(values)), checked_patients(n))


def printed_quantiles(  # noqa: PLR0917 - five numbers, in order
    minimum: float | None,
    q1: float | None,
    median: float,
    q3: float | None,
    maximum: float | None,
    n: float,
) -> PrintedQuantiles:
    """Return what was printed as a scenario, checked.

    Parameters
    ----------
    minimum, maximum, q1, q3 : float or None
        One pair at least, each both or neither.
    median, n : float
        Median and patients.

    Returns
    -------
    PrintedQuantiles

    Raises
    ------
    UsageError
        Where neither pair is complete.
    DataError
        Out of order, or too few patients.
    """
    # None stands for a number that was not printed; the median must be there
    minimum, maximum, q1, q3 = (
        None if value is None else finite(name, value)
        for name, value in (("minimum", minimum), ("maximum", maximum), ("q1", q1), ("q3", q3))
    )
    median = finite("median", median)
    ends, quartiles = (minimum, maximum), (q1, q3)
    if (None in ends and ends != (None, None)) or (None in quartiles and quartiles != (None, None)):
        ends = quartiles = (None, None)
    given = tuple(x for x in (ends[0], quartiles[0], median, quartiles[1], ends[1]) if x is not None)
    if len(given) == 1:
        raise UsageError(
            f"quantiles: found q1={q1!r}, q3={q3!r}, minimum={minimum!r}, maximum={maximum!r}; allowed: "
            "q1 with q3, minimum with maximum, or all four; give complete pairs"
        )
    scenario = FIVE_NUMBERS if len(given) == 5 else RANGE if minimum is not None else QUARTILES
    return checked_quantiles(scenario, given, n)


def _quartile_divisor(n: float, source: ExpectedRange) -> float:
    """Return the expected interquartile range of n standard normal values."""
    printed = printed_quartile_range(n) if source is ExpectedRange.TABLES else None
    return printed or 2.0 * float(special.ndtri((0.75 * n - 0.125) / (n + 0.25)))


def _range_divisor(n: float, source: ExpectedRange) -> float:
    """Return the expected range of n standard normal values."""
    printed = printed_range(n) if source is ExpectedRange.TABLES else None
    return printed or 2.0 * float(special.ndtri((n - 0.375) / (n + 0.25)))


@cache
def quadrature() -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights of Gauss and Legendre for integrals from -1 to 1."""
    nodes, weights = special.roots_legendre(NODES)
    return nodes, weights


def exact_expected_range(n: float) -> float:
    """Return the expected range of n standard normal values by integration (Tippett 1925).

    Parameters
    ----------
    n : float
        1 or more.

    Returns
    -------
    float

    Examples
    --------
    >>> round(exact_expected_range(2), 10)  # 2/√π
    1.1283791671
    """
    nodes, weights = quadrature()
    x = WIDEST * nodes
    lower, upper = special.log_ndtr(x), special.log_ndtr(-x)
    integrand = -special.expm1(n * lower) - special.expm1(n * upper) - 1.0
    return float(WIDEST * (weights @ integrand))


def luo_mean(given: PrintedQuantiles) -> float:
    """Return Luo's mean (2018, eqs 7, 11 and 15)."""
    n, values = given.n, given.values
    if given.scenario == FIVE_NUMBERS:
        low, first, middle, third, high = values
        outer, inner = 2.2 / (2.2 + math.pow(n, 0.75)), 0.7 - 0.72 / math.pow(n, 0.55)
        return outer * (low + high) / 2.0 + inner * (first + third) / 2.0 + (1.0 - outer - inner) * middle
    low, middle, high = values
    weight = 4.0 / (4.0 + math.pow(n, 0.75)) if given.scenario == RANGE else 0.7 + 0.39 / n
    return weight * (low + high) / 2.0 + (1.0 - weight) * middle


def spread_parts(given: PrintedQuantiles, source: ExpectedRange) -> tuple[float, float]:
    """Return the SD by the range and by the quartiles; NaN where one is not printed."""
    n, values = given.n, given.values
    by_range = by_quartiles = math.nan
    if given.scenario != QUARTILES:
        by_range = (values[-1] - values[0]) / _range_divisor(n, source)
    if given.scenario != RANGE:
        low, high = (values[1], values[3]) if given.scenario == FIVE_NUMBERS else (values[0], values[2])
        by_quartiles = (high - low) / _quartile_divisor(n, source)
    return by_range, by_quartiles


def wan_sd(given: PrintedQuantiles, source: ExpectedRange = ExpectedRange.BLOM) -> float:
    """Return Wan's SD (Wan 2014, eqs 9, 13, 16); with five numbers the mean of both."""
    parts = [part for part in spread_parts(given, source) if not math.isnan(part)]
    return math.fsum(parts) / len(parts)


def shi_sd(given: PrintedQuantiles) -> float:
    """Return Shi's SD for five numbers (2020, eq 10), which weighs the range less the larger n is."""
    by_range, by_quartiles = spread_parts(given, ExpectedRange.BLOM)  # the weights were found for these
    weight = 1.0 / (1.0 + 0.07 * math.pow(given.n, 0.6))
    return weight * by_range + (1.0 - weight) * by_quartiles


def _wan_mean(given: PrintedQuantiles, *, last_term: bool) -> float:
    """Return Wan's mean; `last_term` adds Hozo's 1/n term for a range."""
    values, n = given.values, given.n
    if given.scenario == FIVE_NUMBERS:
        low, first, middle, third, high = values
        return (low + 2.0 * first + 2.0 * middle + 2.0 * third + high) / 8.0
    low, middle, high = values
    if given.scenario == QUARTILES:
        return (low + middle + high) / 3.0
    extra = (low - 2.0 * middle + high) / (4.0 * n) if last_term else 0.0
    return (low + 2.0 * middle + high) / 4.0 + extra


def _hozo(given: PrintedQuantiles) -> MeanSd:
    """Return mean and SD by Hozo's rules of thumb (2005)."""
    (low, middle, high), n = given.values, given.n
    mean = (low + 2.0 * middle + high) / 4.0 if n <= 25 else middle
    if n <= 15:
        sd = math.sqrt(((low - 2.0 * middle + high) ** 2 / 4.0 + (high - low) ** 2) / 12.0)
    else:
        sd = (high - low) / (4.0 if n <= 70 else 6.0)
    return MeanSd(mean, sd)


def _bland(given: PrintedQuantiles) -> MeanSd:
    """Return mean and SD by Bland's trapezoids (2015)."""
    centre = given.values[2]
    a, b, c, d, e = (value - centre for value in given.values)  # centred: no cancellation
    mean = (a + 2.0 * b + 2.0 * c + 2.0 * d + e) / 8.0
    squares = (a * a + 2.0 * (b * b + c * c + d * d) + e * e) / 16.0
    products = (a * b + b * c + c * d + d * e) / 8.0
    return MeanSd(centre + mean, math.sqrt(max(0.0, squares + products - mean * mean)))


#: Methods that exist for one scenario only.
ONLY_FOR = {MedianMethod.HOZO: RANGE, MedianMethod.WALTER: RANGE, MedianMethod.BLAND: FIVE_NUMBERS}


def closed_form(given: PrintedQuantiles, method: MedianMethod, source: ExpectedRange) -> MeanSd:
    """Return mean and SD by one of the closed forms.

    Parameters
    ----------
    given : PrintedQuantiles
        Checked.
    method : MedianMethod
        Not quantile estimation or Box-Cox.
    source : ExpectedRange
        Of the divisors.

    Returns
    -------
    MeanSd

    Raises
    ------
    UsageError
        For a method that does not exist for these quantiles.
    """
    needed = ONLY_FOR.get(method, given.scenario)
    if needed != given.scenario:
        raise UsageError(
            f"method: found {str(method)!r} with {given.scenario}; allowed: {str(method)!r} with "
            f"{', '.join(NAMES[needed])} only; choose another method"
        )
    if method is MedianMethod.HOZO:
        return _hozo(given)
    if method is MedianMethod.BLAND:
        return _bland(given)
    if method is MedianMethod.WALTER:
        return MeanSd(given.values[1], (given.values[2] - given.values[0]) / exact_expected_range(given.n))
    if method in (MedianMethod.WAN, MedianMethod.WAN_N):
        mean = _wan_mean(given, last_term=method is MedianMethod.WAN_N)
    else:
        mean = luo_mean(given)
    shi = method is MedianMethod.LUO_SHI and given.scenario == FIVE_NUMBERS
    return MeanSd(mean, shi_sd(given) if shi else wan_sd(given, source))
