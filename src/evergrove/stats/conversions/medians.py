"""Means and standard deviations from medians, quartiles and ranges of one arm.

Look at the skewness first, and name the conversion where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.stats.conversions.box_cox import estimate_by_box_cox
from evergrove.stats.conversions.nearest_distribution import estimate_by_quantiles
from evergrove.stats.conversions.normal_quantiles import (
    FIVE_NUMBERS,
    QUARTILES,
    RANGE,
    MeanSd,
    PrintedQuantiles,
    checked_quantiles,
    closed_form,
    printed_quantiles,
)
from evergrove.stats.conversions.options import ExpectedRange
from evergrove.stats.conversions.power_likelihood import estimate_by_power_likelihood
from evergrove.stats.options import MedianMethod, choose

if TYPE_CHECKING:
    from evergrove.stats.conversions.box_cox import BoxCoxFit
    from evergrove.stats.conversions.nearest_distribution import QuantileFit


def estimated(given: PrintedQuantiles, method: str, expected_range: str) -> MeanSd:
    """Return mean and SD of checked quantiles by any method.

    Parameters
    ----------
    given : PrintedQuantiles
        Checked.
    method : MedianMethod or str
        How.
    expected_range : ExpectedRange or str
        Of the closed forms' divisors.

    Returns
    -------
    MeanSd

    Raises
    ------
    UsageError
        For an unknown option or one that these quantiles do not have.
    DataError
        Where the method cannot take the values.
    """
    chosen = choose(MedianMethod, method, "method")
    source = choose(ExpectedRange, expected_range, "expected_range")
    if chosen is MedianMethod.QUANTILE_ESTIMATION:
        fit = estimate_by_quantiles(given)
        return MeanSd(fit.mean, fit.sd)
    if chosen in (MedianMethod.BOX_COX, MedianMethod.MLN):
        by_power = estimate_by_box_cox if chosen is MedianMethod.BOX_COX else estimate_by_power_likelihood
        power = by_power(given)
        return MeanSd(power.mean, power.sd)
    return closed_form(given, chosen, source)


def mean_sd_from_median_iqr(  # noqa: PLR0917 - the quartiles in order, then n and how
    q1: float,
    median: float,
    q3: float,
    n: float,
    method: str = MedianMethod.LUO_SHI,
    expected_range: str = ExpectedRange.BLOM,
) -> MeanSd:
    """Estimate mean and SD from the median and quartiles.

    Parameters
    ----------
    q1, median, q3 : float
        ``q1 <= median <= q3`` and ``q1 < q3``, in the outcome's unit.
    n : float
        Patients, 4 or more.
    method : MedianMethod or str
        ``"luo-shi"`` and ``"luo-wan"``: mean of Luo 2018, w (q1 + q3)/2 + (1 - w) median with
        w = 0.7 + 0.39/n; ``"wan"``: (q1 + median + q3)/3; the SD is Wan's in all. For skewed outcomes
        ``"quantile-estimation"``, ``"box-cox"`` or ``"mln"``.
    expected_range : ExpectedRange or str
        ``"blom"``, or ``"tables"`` as meta does it.

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
    The closed forms are for data near to normal only. Skewed outcomes (days, cytokines) are better
    analysed as medians or logs: see `skewness_test`.

    References
    ----------
    [Wan2014], eqs 14 and 16; [Luo2018], eq 11; [McGrath2020].

    Examples
    --------
    >>> estimated = mean_sd_from_median_iqr(10.0, 14.0, 20.0, 50)
    >>> round(estimated.mean, 4), round(estimated.sd, 4)
    (14.7078, 7.633)
    """
    return estimated(checked_quantiles(QUARTILES, (q1, median, q3), n), method, expected_range)


def mean_sd_from_median_range(  # noqa: PLR0917 - three numbers in order, then n and how
    minimum: float,
    median: float,
    maximum: float,
    n: float,
    method: str = MedianMethod.LUO_SHI,
    expected_range: str = ExpectedRange.BLOM,
) -> MeanSd:
    """Estimate mean and SD from the median and range.

    Parameters
    ----------
    minimum, median, maximum : float
        In order, ``minimum < maximum``, in the outcome's unit.
    n : float
        Patients, 4 or more.
    method : MedianMethod or str
        ``"luo-shi"`` and ``"luo-wan"``: mean of Luo 2018 with w = 4/(4 + n^0.75); ``"wan"``: (minimum + 2
        median + maximum)/4, and ``"wan-n"`` with Hozo's last term; the SD is Wan's in all. Also
        ``"hozo"``, ``"walter"``, ``"quantile-estimation"`` and ``"box-cox"``.
    expected_range : ExpectedRange or str
        ``"blom"``, or ``"tables"`` as meta does it.

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
    A range says little of the SD in large samples; prefer quartiles. For data near to normal only,
    but for the last two methods.

    References
    ----------
    [Wan2014], eqs 2 and 9; [Luo2018], eq 7; [Hozo2005]; [Walter2007].

    Examples
    --------
    >>> round(mean_sd_from_median_range(2.0, 14.0, 40.0, 50).sd, 4)
    8.4696
    """
    return estimated(checked_quantiles(RANGE, (minimum, median, maximum), n), method, expected_range)


def mean_sd_from_five_numbers(  # noqa: PLR0917 - five numbers, in order
    minimum: float,
    q1: float,
    median: float,
    q3: float,
    maximum: float,
    n: float,
    method: str = MedianMethod.LUO_SHI,
    expected_range: str = ExpectedRange.BLOM,
) -> MeanSd:
    """Estimate mean and SD from minimum, quartiles, median and maximum.

    Parameters
    ----------
    minimum, q1, median, q3, maximum : float
        In order, ``minimum < maximum``, in the outcome's unit.
    n : float
        Patients, 4 or more.
    method : MedianMethod or str
        ``"luo-shi"`` and ``"luo-wan"``: weights 2.2/(2.2 + n^0.75) on the midrange and 0.7 - 0.72/n^0.55
        on the midquartile; ``"wan"``: (minimum + 2 q1 + 2 median + 2 q3 + maximum)/8 (Bland 2015). Also
        ``"bland"``, ``"quantile-estimation"`` and ``"box-cox"``.
    expected_range : ExpectedRange or str
        ``"blom"``, or ``"tables"`` as meta does it.

    Returns
    -------
    MeanSd
        The SD of ``"luo-shi"`` is Shi's, which weighs the range less in larger samples; that of
        ``"luo-wan"`` and ``"wan"`` is the mean of those from range and quartiles.

    Raises
    ------
    DataError
        For numbers out of order or too few patients.
    UsageError
        For an unknown method.

    References
    ----------
    [Wan2014], eqs 11 and 13; [Luo2018], eq 15; [Shi2020a], eq 10; [Bland2015].

    Examples
    --------
    >>> estimated = mean_sd_from_five_numbers(2.0, 10.0, 14.0, 20.0, 40.0, 50)
    >>> round(estimated.mean, 4), round(estimated.sd, 4)
    (15.3495, 8.116)
    """
    values = (minimum, q1, median, q3, maximum)
    return estimated(checked_quantiles(FIVE_NUMBERS, values, n), method, expected_range)


def quantile_estimation(
    median: float,
    n: float,
    *,
    q1: float | None = None,
    q3: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> QuantileFit:
    """Estimate mean and SD of skewed values by the distribution nearest to the printed quantiles.

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
    QuantileFit
        Mean and SD of the family with the smallest sum of squared differences of quantiles; the extremes
        stand for probabilities 1/n and 1 - 1/n. All families are in ``fits``.

    Raises
    ------
    UsageError
        Where neither pair is complete.
    DataError
        For numbers out of order, or fewer than three different ones.

    Notes
    -----
    Normal, log-normal, gamma, Weibull and (within 0 and 1) beta, as in estmeansd; with values below 0 the
    normal alone; a 0 counts as 0.01. estmeansd searches with loose tolerance inside boxes that depend on
    the unit (an SD of at most 50, gamma and Weibull parameters of at most 100); here the search has no
    boxes and ends at the optimum, so results differ where a box binds. The criterion is on the printed
    scale: with a range, the maximum has the largest say.

    References
    ----------
    [McGrath2020].

    Examples
    --------
    >>> fit = quantile_estimation(8.0, 60, q1=4.0, q3=18.0)
    >>> str(fit.family), round(fit.mean, 2), round(fit.sd, 2)
    ('log-normal', 16.07, 27.02)
    """
    return estimate_by_quantiles(printed_quantiles(minimum, q1, median, q3, maximum, n))


def box_cox_estimation(
    median: float,
    n: float,
    *,
    q1: float | None = None,
    q3: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> BoxCoxFit:
    """Estimate mean and SD of skewed values above 0 on the power scale where they are symmetric.

    Parameters
    ----------
    median : float
        Above 0.
    n : float
        Patients, 4 or more.
    q1, q3 : float or None
        Quartiles, both or neither.
    minimum, maximum : float or None
        Range, both or neither; one pair at least.

    Returns
    -------
    BoxCoxFit

    Raises
    ------
    UsageError
        Where neither pair is complete.
    DataError
        For numbers out of order, not above 0, or equal.

    Notes
    -----
    The power λ is the one within -2 and 3 that makes the quantiles most symmetric, 0 where it would be
    below; Luo's mean and Wan's SD on that scale; back by integration over the normal. estmeansd simulates
    that last step, so its answers vary by a few percent from run to run.

    References
    ----------
    [McGrath2020]; [Box1964].

    Examples
    --------
    >>> fit = box_cox_estimation(8.0, 60, q1=4.0, q3=15.0)
    >>> round(fit.power, 3), round(fit.mean, 2), round(fit.sd, 2)
    (0.148, 11.75, 12.25)
    """
    return estimate_by_box_cox(printed_quantiles(minimum, q1, median, q3, maximum, n))
