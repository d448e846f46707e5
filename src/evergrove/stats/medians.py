"""Means and standard deviations from medians, quartiles and ranges, and a test of skewness.

All assume data near to normal: test the skewness first, and name the conversion where it is used.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import NamedTuple

from scipy import special

from evergrove.errors import UsageError
from evergrove.stats.options import MedianMethod, choose
from evergrove.stats.scalars import rising, within

#: Fewest patients for which the published approximations are given.
FEWEST_PATIENTS = 4.0


class MeanSd(NamedTuple):
    """A mean and standard deviation that were estimated, not reported.

    Parameters
    ----------
    mean, sd : float
        In the outcome's unit.
    """

    mean: float
    sd: float


def _patients(n: float) -> float:
    """Return a sample size for which the approximations hold."""
    return within("n", n, FEWEST_PATIENTS, math.inf, todo="do not convert medians of so few patients")


def _iqr_divisor(n: float) -> float:
    """Return the expected interquartile range of n standard normal values (Wan 2014)."""
    return 2.0 * float(special.ndtri((0.75 * n - 0.125) / (n + 0.25)))


def _range_divisor(n: float) -> float:
    """Return the expected range of n standard normal values (Wan 2014, after Blom)."""
    return 2.0 * float(special.ndtri((n - 0.375) / (n + 0.25)))


def mean_sd_from_median_iqr(
    q1: float, median: float, q3: float, n: float, method: str = MedianMethod.LUO_WAN
) -> MeanSd:
    """Estimate mean and SD from the median and quartiles.

    Parameters
    ----------
    q1, median, q3 : float
        ``q1 <= median <= q3`` and ``q1 < q3``, in the outcome's unit.
    n : float
        Patients, 4 or more.
    method : MedianMethod or str
        ``"luo-wan"``: mean of Luo 2018, w (q1 + q3)/2 + (1 - w) median with w = 0.7 + 0.39/n;
        ``"wan"``: (q1 + median + q3)/3. The SD is Wan's in both.

    Returns
    -------
    MeanSd

    Raises
    ------
    DataError
        For quartiles out of order or too few patients.
    UsageError
        For an unknown method.

    Notes
    -----
    For data near to normal only. Skewed outcomes (days, cytokines) are better analysed as medians or
    logs: see `skewness_test`.

    References
    ----------
    Wan, Wang, Liu & Tong, BMC Med Res Methodol 14 (2014) 135, eqs 14 and 16; Luo, Wan, Liu & Tong, Stat
    Methods Med Res 27 (2018) 1785-1805, eq 11.

    Examples
    --------
    >>> estimated = mean_sd_from_median_iqr(10.0, 14.0, 20.0, 50)
    >>> round(estimated.mean, 4), round(estimated.sd, 4)
    (14.7078, 7.633)
    """
    low, middle, high = rising(("q1", "median", "q3"), (q1, median, q3))
    n = _patients(n)
    if choose(MedianMethod, method, "method") is MedianMethod.WAN:
        mean = (low + middle + high) / 3.0
    else:
        weight = 0.7 + 0.39 / n
        mean = weight * (low + high) / 2.0 + (1.0 - weight) * middle
    return MeanSd(mean, (high - low) / _iqr_divisor(n))


def mean_sd_from_median_range(
    minimum: float, median: float, maximum: float, n: float, method: str = MedianMethod.LUO_WAN
) -> MeanSd:
    """Estimate mean and SD from the median and range.

    Parameters
    ----------
    minimum, median, maximum : float
        In order, ``minimum < maximum``, in the outcome's unit.
    n : float
        Patients, 4 or more.
    method : MedianMethod or str
        ``"luo-wan"``: mean of Luo 2018 with w = 4/(4 + n^0.75); ``"wan"``: (minimum + 2 median +
        maximum)/4 (Hozo 2005). The SD is Wan's in both.

    Returns
    -------
    MeanSd

    Raises
    ------
    DataError
        For numbers out of order or too few patients.
    UsageError
        For an unknown method.

    Notes
    -----
    A range says little of the SD in large samples; prefer quartiles. For data near to normal only.

    References
    ----------
    Wan 2014, eqs 2 and 9; Luo 2018, eq 7; Hozo, Djulbegovic & Hozo, BMC Med Res Methodol 5 (2005) 13.

    Examples
    --------
    >>> round(mean_sd_from_median_range(2.0, 14.0, 40.0, 50).sd, 4)
    8.4696
    """
    low, middle, high = rising(("minimum", "median", "maximum"), (minimum, median, maximum))
    n = _patients(n)
    if choose(MedianMethod, method, "method") is MedianMethod.WAN:
        mean = (low + 2.0 * middle + high) / 4.0
    else:
        weight = 4.0 / (4.0 + n**0.75)
        mean = weight * (low + high) / 2.0 + (1.0 - weight) * middle
    return MeanSd(mean, (high - low) / _range_divisor(n))


def mean_sd_from_five_numbers(  # noqa: PLR0917 - five numbers, in order
    minimum: float,
    q1: float,
    median: float,
    q3: float,
    maximum: float,
    n: float,
    method: str = MedianMethod.LUO_WAN,
) -> MeanSd:
    """Estimate mean and SD from minimum, quartiles, median and maximum.

    Parameters
    ----------
    minimum, q1, median, q3, maximum : float
        In order, ``minimum < maximum``, in the outcome's unit.
    n : float
        Patients, 4 or more.
    method : MedianMethod or str
        ``"luo-wan"``: weights 2.2/(2.2 + n^0.75) on the midrange and 0.7 - 0.72/n^0.55 on the
        midquartile; ``"wan"``: (minimum + 2 q1 + 2 median + 2 q3 + maximum)/8 (Bland 2015).

    Returns
    -------
    MeanSd
        The SD is Wan's: the mean of those from range and quartiles.

    Raises
    ------
    DataError
        For numbers out of order or too few patients.
    UsageError
        For an unknown method.

    References
    ----------
    Wan 2014, eqs 11 and 13; Luo 2018, eq 15.

    Examples
    --------
    >>> round(mean_sd_from_five_numbers(2.0, 10.0, 14.0, 20.0, 40.0, 50).mean, 4)
    15.3495
    """
    names = ("minimum", "q1", "median", "q3", "maximum")
    low, first, middle, third, high = rising(names, (minimum, q1, median, q3, maximum))
    n = _patients(n)
    if choose(MedianMethod, method, "method") is MedianMethod.WAN:
        mean = (low + 2.0 * first + 2.0 * middle + 2.0 * third + high) / 8.0
    else:
        outer, inner = 2.2 / (2.2 + n**0.75), 0.7 - 0.72 / n**0.55
        mean = outer * (low + high) / 2.0 + inner * (first + third) / 2.0 + (1.0 - outer - inner) * middle
    sd = 0.5 * ((high - low) / _range_divisor(n) + (third - first) / _iqr_divisor(n))
    return MeanSd(mean, sd)


def quartile_skewness(q1: float, median: float, q3: float) -> float:
    """Return Bowley's skewness (q1 + q3 - 2 median) / (q3 - q1).

    Parameters
    ----------
    q1, median, q3 : float
        ``q1 <= median <= q3`` and ``q1 < q3``.

    Returns
    -------
    float
        -1 to 1; above 0 with a long right tail. Source: Bowley, Elements of Statistics (1901).

    Raises
    ------
    DataError
        For quartiles out of order.

    Examples
    --------
    >>> quartile_skewness(10.0, 14.0, 20.0)
    0.2
    """
    low, middle, high = rising(("q1", "median", "q3"), (q1, median, q3))
    return (low + high - 2.0 * middle) / (high - low)


@dataclass(frozen=True, slots=True)
class SkewnessTest:
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

    def to_dict(self) -> dict[str, object]:
        """Return the test as JSON-safe data."""
        return asdict(self)


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
    Shi, Luo, Wan, Liu, Liu, Bian & Tong, Stat Methods Med Res 32 (2023) 1338-1360.

    Examples
    --------
    >>> skewness_test(14.0, 50, q1=10.0, q3=20.0).skewed
    False
    """
    n = _patients(n)
    quartiles = q1 is not None and q3 is not None
    span = minimum is not None and maximum is not None
    if not (quartiles or span) or (q1 is None) != (q3 is None) or (minimum is None) != (maximum is None):
        raise UsageError(
            f"skewness_test: found q1={q1!r}, q3={q3!r}, minimum={minimum!r}, maximum={maximum!r}; allowed: "
            "q1 with q3, minimum with maximum, or all four; give complete pairs"
        )
    of_quartiles = abs(quartile_skewness(q1, median, q3)) if q1 is not None and q3 is not None else 0.0
    of_range = 0.0
    if minimum is not None and maximum is not None:
        low, middle, high = rising(("minimum", "median", "maximum"), (minimum, median, maximum))
        of_range = abs(low + high - 2.0 * middle) / (high - low)
    if quartiles and span:
        statistic = max(2.65 * math.log(0.6 * n) / math.sqrt(n) * of_range, of_quartiles)
        bound, scenario = 3.0 / math.sqrt(n) - 40.0 / n**3, "five numbers"
    elif quartiles:
        statistic, bound, scenario = of_quartiles, 2.65 / math.sqrt(n) - 6.0 / n**2, "quartiles"
    else:
        statistic, bound, scenario = of_range, 1.0 / math.log(n + 9.0) + 2.5 / (n + 1.0), "range"
    return SkewnessTest(statistic, bound, statistic > bound, scenario, n)
