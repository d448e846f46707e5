"""Standard deviations and errors from what papers print; single numbers in, single numbers out."""

from __future__ import annotations

import math

from evergrove.errors import DataError
from evergrove.stats.arrays import checked_level
from evergrove.stats.distributions import normal_quantile, t_quantile
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


def se_from_ci(ci_low: float, ci_high: float, level: float = 0.95, log: bool = False) -> float:
    """Return the standard error from a confidence interval of an effect.

    Parameters
    ----------
    ci_low, ci_high : float
        Limits on the natural scale, ``ci_low < ci_high``; above 0 with `log`.
    level : float
        Confidence level, in (0, 1).
    log : bool
        Whether the effect is a ratio: the standard error is then that of its log.

    Returns
    -------
    float
        Width over twice the normal quantile (Cochrane Handbook 6.3.2). Not for exact or bootstrap limits.

    Raises
    ------
    DataError
        For limits out of order or ratios not above 0.

    Examples
    --------
    >>> round(se_from_ci(0.50, 0.98, log=True), 5)
    0.17167
    """
    low, high = rising(("ci_low", "ci_high"), (ci_low, ci_high))
    if log:
        low = math.log(above("ci_low", low, 0.0, todo="give limits of the ratio, not of its log"))
        high = math.log(high)
    return (high - low) / (2.0 * normal_quantile(checked_level(level)))


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


def odds_ratio_to_risk_ratio(or_: float, control_risk: float) -> float:
    """Return the risk ratio that an odds ratio means at a control risk.

    Parameters
    ----------
    or_ : float
        Odds ratio, above 0.
    control_risk : float
        Risk in the comparator group, 0 to 1.

    Returns
    -------
    float
        OR / (1 - CR (1 - OR)) (Cochrane Handbook 15.4.4.4). Not for odds ratios adjusted for covariates
        where the risk is common: they are not collapsible.

    Raises
    ------
    DataError
        Outside the allowed range.

    Examples
    --------
    >>> round(odds_ratio_to_risk_ratio(0.5, 0.4), 4)
    0.625
    """
    ratio = above("or_", or_, 0.0, todo="give the odds ratio, not its log")
    risk = within("control_risk", control_risk, 0.0, 1.0, todo="write 20 % as 0.20")
    return ratio / (1.0 - risk * (1.0 - ratio))


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
        interval of the difference that holds 0 gives two separate ranges (Altman, BMJ 317 (1998) 1309).

    Raises
    ------
    DataError
        Outside -1 to 1.

    Examples
    --------
    >>> number_needed_to_treat(-0.05)
    20.0
    """
    size = abs(finite("difference", difference))
    if size > 1.0:
        raise DataError(f"difference: found {difference!r}; allowed: -1 to 1; write 5 per 100 as 0.05")
    return 1.0 / size if size > 0 else math.inf
