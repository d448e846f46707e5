"""Standard deviations and errors from what papers print; single numbers in, single numbers out."""

from __future__ import annotations

import math

from scipy import special

from evergrove.errors import DataError
from evergrove.stats.arrays import checked_level
from evergrove.stats.distributions import normal_quantile, t_quantile, two_sided_quantile
from evergrove.stats.options import IntervalDistribution, choose
from evergrove.stats.scalars import above, finite, rising, within


def sd_from_se(se: float, n: float) -> float:
    """Return the standard deviation from the standard error of one arm's mean.

    Parameters
    ----------
    se : float
        Standard error, not below 0, in the outcome's unit.
    n : float
        Patients, 1 or more.

    Returns
    -------
    float
        se √n (Cochrane Handbook 6.5.2.2). Not for the standard error of a difference.

    Raises
    ------
    DataError
        Outside the allowed range.

    References
    ----------
    [CochraneHandbook], section 6.5.2.2.

    Examples
    --------
    >>> sd_from_se(2.0, 25)
    10.0
    """
    se = within("se", se, 0.0, math.inf, todo="check the standard error")
    return se * math.sqrt(within("n", n, 1.0, math.inf, todo="check the number of patients"))


def sd_from_ci(
    ci_low: float, ci_high: float, n: float, level: float = 0.95, distribution: str = IntervalDistribution.T
) -> float:
    """Return the standard deviation from the confidence interval of one arm's mean.

    Parameters
    ----------
    ci_low, ci_high : float
        Limits, ``ci_low < ci_high``, in the outcome's unit.
    n : float
        Patients, 2 or more.
    level : float
        Confidence level, in (0, 1).
    distribution : IntervalDistribution or str
        ``"t"`` (n - 1 degrees of freedom) or ``"normal"``.

    Returns
    -------
    float
        √n (ci_high - ci_low) / (2 q) (Cochrane Handbook 6.5.2.2). Not for intervals of log or
        back-transformed means.

    Raises
    ------
    DataError
        Outside the allowed range.
    UsageError
        For an unknown distribution or level.

    References
    ----------
    [CochraneHandbook], section 6.5.2.2.

    Examples
    --------
    >>> round(sd_from_ci(30.0, 34.2, 25, distribution="normal"), 4)
    5.3572
    """
    low, high = rising(("ci_low", "ci_high"), (ci_low, ci_high))
    n = within("n", n, 2.0, math.inf, todo="an interval of a mean needs 2 patients")
    chosen = choose(IntervalDistribution, distribution, "distribution")
    level = checked_level(level)
    quantile = t_quantile(level, n - 1) if chosen is IntervalDistribution.T else normal_quantile(level)
    return math.sqrt(n) * (high - low) / (2.0 * quantile)


def se_from_ci(
    ci_low: float, ci_high: float, level: float = 0.95, log: bool = False, df: float | None = None
) -> float:
    """Return the standard error from a confidence interval of an effect.

    Parameters
    ----------
    ci_low, ci_high : float
        Limits on the natural scale, ``ci_low < ci_high``; above 0 with `log`.
    level : float
        Confidence level, in (0, 1).
    log : bool
        Whether the effect is a ratio: the standard error is then that of its log.
    df : float or None
        Degrees of freedom of a t interval, above 0; None for a normal one.

    Returns
    -------
    float
        Width over twice the quantile (Cochrane Handbook 6.3.2 and 6.5.2.3). Not for exact or
        bootstrap limits.

    Raises
    ------
    DataError
        For limits out of order or ratios not above 0.

    References
    ----------
    [CochraneHandbook], section 6.3.

    Examples
    --------
    >>> round(se_from_ci(0.50, 0.98, log=True), 5)
    0.17167
    """
    low, high = rising(("ci_low", "ci_high"), (ci_low, ci_high))
    if log:
        low = math.log(above("ci_low", low, 0.0, todo="give limits of the ratio, not of its log"))
        high = math.log(high)
    if df is not None:
        df = above("df", df, 0.0, todo="n1 + n2 - 2 for two arms")
    return (high - low) / (2.0 * two_sided_quantile(checked_level(level), df))


def sd_of_change(sd_baseline: float, sd_final: float, correlation: float) -> float:
    """Return the standard deviation of the change from baseline.

    Parameters
    ----------
    sd_baseline, sd_final : float
        Standard deviations, not below 0, one unit.
    correlation : float
        Between baseline and final values, -1 to 1; it is never assumed: vary it in a sensitivity analysis.

    Returns
    -------
    float
        √(sd_baseline² + sd_final² - 2 r sd_baseline sd_final) (Cochrane Handbook 6.5.2.8).

    Raises
    ------
    DataError
        Outside the allowed range.

    Notes
    -----
    The correlation is a guess unless a trial prints it: repeat the analysis over a range.

    References
    ----------
    [CochraneHandbook], section 6.5.2.8.

    Examples
    --------
    >>> round(sd_of_change(4.0, 4.4, 0.78), 4)
    2.8114
    """
    todo = "check the standard deviation"
    before = within("sd_baseline", sd_baseline, 0.0, math.inf, todo=todo)
    after = within("sd_final", sd_final, 0.0, math.inf, todo=todo)
    r = within("correlation", correlation, -1.0, 1.0, todo="a correlation lies within -1 and 1")
    return math.sqrt(max(0.0, (before - after) ** 2 + 2.0 * (1.0 - r) * before * after))


def correlation_of_change(sd_baseline: float, sd_final: float, sd_change: float) -> float:
    """Return the correlation of baseline and final values that three standard deviations imply.

    Parameters
    ----------
    sd_baseline, sd_final : float
        Above 0, one unit.
    sd_change : float
        Of the change, not below 0.

    Returns
    -------
    float
        (sd_baseline² + sd_final² - sd_change²) / (2 sd_baseline sd_final) (Cochrane Handbook 6.5.2.8).

    Raises
    ------
    DataError
        Outside the range, and where no correlation within -1 and 1 gives these three: one of them is then
        misprinted, a standard error, or of other patients.

    Notes
    -----
    Take it from a trial of the same outcome, and vary it.

    References
    ----------
    [CochraneHandbook], section 6.5.2.8.

    Examples
    --------
    >>> round(correlation_of_change(4.0, 4.4, 2.8114), 3)
    0.78
    """
    todo = "check the standard deviation"
    before, after = (
        above(name, value, 0.0, todo=todo)
        for name, value in (("sd_baseline", sd_baseline), ("sd_final", sd_final))
    )
    change = within("sd_change", sd_change, 0.0, math.inf, todo=todo)
    r = (before**2 + after**2 - change**2) / (2.0 * before * after)
    if abs(r) > 1.0 + 1e-12:
        raise DataError(
            f"correlation_of_change: found SDs {before:g}, {after:g} and {change:g}: r = {r:.3f}; "
            f"allowed: an SD of the change from {abs(before - after):g} to {before + after:g}; check for a "
            "standard error or other patients"
        )
    return max(-1.0, min(1.0, r))


def se_from_statistic(estimate: float, statistic: float) -> float:
    """Return the standard error from an estimate and its z or t statistic.

    Parameters
    ----------
    estimate : float
        On the scale of the test: the log of a ratio.
    statistic : float
        z, t, or √F with one numerator degree of freedom; not 0. The sign does not matter.

    Returns
    -------
    float
        |estimate / statistic| (Cochrane Handbook 6.5.2.3).

    Raises
    ------
    DataError
        For a statistic of 0, or an estimate of 0.

    Notes
    -----
    Not near 0: rounding of a small statistic is a large error of the result.

    References
    ----------
    [CochraneHandbook], section 6.5.2.3.

    Examples
    --------
    >>> se_from_statistic(-3.0, 1.5)
    2.0
    """
    size = above(
        "statistic (without sign)", abs(finite("statistic", statistic)), 0.0, todo="take the interval instead"
    )
    effect = above(
        "estimate (without sign)",
        abs(finite("estimate", estimate)),
        0.0,
        todo="an estimate of 0 has no such se",
    )
    return effect / size


def se_from_p_value(estimate: float, p_value: float, df: float | None = None) -> float:
    """Return the standard error from an estimate and its two-sided p value.

    Parameters
    ----------
    estimate : float
        On the scale of the test: the log of a ratio.
    p_value : float
        Exact and two-sided, above 0 and below 1. An upper bound such as p < 0.001 gives an upper bound.
    df : float or None
        Degrees of freedom of a t test; None for a normal one.

    Returns
    -------
    float

    Raises
    ------
    DataError
        For p of 0 or 1 and an estimate of 0.

    References
    ----------
    [CochraneHandbook], section 6.5.2.3; [Altman2011a].

    Examples
    --------
    >>> round(se_from_p_value(-3.8, 0.008, df=38), 3)
    1.357
    """
    p = above("p_value", p_value, 0.0, todo="give the exact two-sided p value")
    if p >= 1.0:
        raise DataError(f"p_value: found {p_value!r}; allowed: below 1; take the interval instead")
    if df is not None:
        df = above("df", df, 0.0, todo="n1 + n2 - 2 for two arms")
    quantile = special.ndtri(p / 2.0) if df is None else special.stdtrit(df, p / 2.0)
    return se_from_statistic(estimate, float(quantile))


def sd_from_difference(se: float, n1: float, n2: float) -> float:
    """Return the common standard deviation from the standard error of a difference of two means.

    Parameters
    ----------
    se : float
        Of the mean difference, not below 0: see `se_from_ci`, `se_from_statistic`, `se_from_p_value`.
    n1, n2 : float
        Patients, 1 or more.

    Returns
    -------
    float
        se / √(1/n1 + 1/n2) (Cochrane Handbook 6.5.2.3): the average of both arms' standard deviations.

    Raises
    ------
    DataError
        Outside the range.

    Notes
    -----
    Not for differences adjusted for baseline values or other covariates: their standard error is
    smaller than that of the raw difference.

    References
    ----------
    [CochraneHandbook], section 6.5.2.3.

    Examples
    --------
    >>> round(sd_from_difference(se_from_p_value(-3.8, 0.008, df=38), 20, 20), 2)
    4.29
    """
    size = within("se", se, 0.0, math.inf, todo="check the standard error")
    first = within("n1", n1, 1.0, math.inf, todo="check the number of patients")
    second = within("n2", n2, 1.0, math.inf, todo="check the number of patients")
    return size / math.sqrt(1.0 / first + 1.0 / second)
