"""Standardised mean differences, log odds ratios, correlations and t statistics into each other."""

from __future__ import annotations

import math
from typing import NamedTuple

from evergrove.errors import DataError
from evergrove.stats.conversions.options import LogOddsFactor
from evergrove.stats.options import choose
from evergrove.stats.scalars import above, finite, within

FACTORS = {LogOddsFactor.LOGISTIC: math.pi / math.sqrt(3.0), LogOddsFactor.COX: 1.65}


class EffectAndVariance(NamedTuple):
    """An effect on its pooling scale with its sampling variance.

    Parameters
    ----------
    yi, vi : float
        Effect and variance.
    """

    yi: float
    vi: float


def _pair(yi: float, vi: float) -> tuple[float, float]:
    """Return a checked effect and variance."""
    return finite("yi", yi), above("vi", vi, 0.0, todo="give the variance, the squared standard error")


def smd_to_log_odds_ratio(yi: float, vi: float, factor: str = LogOddsFactor.LOGISTIC) -> EffectAndVariance:
    """Return the log odds ratio that a standardised mean difference stands for.

    Parameters
    ----------
    yi, vi : float
        Standardised mean difference and its variance, above 0.
    factor : LogOddsFactor or str
        ``"logistic"`` (π/√3) or ``"cox"`` (1.65); the variance takes its square.

    Returns
    -------
    EffectAndVariance

    Raises
    ------
    DataError
        For a variance not above 0.
    UsageError
        For an unknown factor.

    Notes
    -----
    metafor's ``D2ORL`` and ``D2ORN``. It assumes that the events are those above a cut of the same outcome,
    whatever the cut.

    References
    ----------
    [Hasselblad1995]; [Chinn2000]; [Sanchez-Meca2003].

    Examples
    --------
    >>> round(smd_to_log_odds_ratio(0.5, 0.04).yi, 4)
    0.9069
    """
    effect, variance = _pair(yi, vi)
    size = FACTORS[choose(LogOddsFactor, factor, "factor")]
    return EffectAndVariance(effect * size, variance * size**2)


def log_odds_ratio_to_smd(yi: float, vi: float, factor: str = LogOddsFactor.LOGISTIC) -> EffectAndVariance:
    """Return the standardised mean difference that a log odds ratio stands for.

    Parameters
    ----------
    yi, vi : float
        Log odds ratio and its variance, above 0.
    factor : LogOddsFactor or str
        ``"logistic"`` (√3/π) or ``"cox"`` (1/1.65).

    Returns
    -------
    EffectAndVariance

    Raises
    ------
    DataError
        For a variance not above 0.
    UsageError
        For an unknown factor.

    Notes
    -----
    metafor's ``OR2DL`` and ``OR2DN``; Cochrane Handbook 10.6.

    References
    ----------
    As for `smd_to_log_odds_ratio`.

    Examples
    --------
    >>> round(log_odds_ratio_to_smd(0.9069, 0.13).yi, 4)
    0.5
    """
    effect, variance = _pair(yi, vi)
    size = FACTORS[choose(LogOddsFactor, factor, "factor")]
    return EffectAndVariance(effect / size, variance / size**2)


def _sizes(n1: float, n2: float) -> float:
    """Return 1/n1 + 1/n2 of checked arms."""
    todo = "check the number of patients"
    return 1.0 / within("n1", n1, 1.0, math.inf, todo=todo) + 1.0 / within("n2", n2, 1.0, math.inf, todo=todo)


def smd_to_correlation(yi: float, vi: float, n1: float, n2: float) -> EffectAndVariance:
    """Return the point-biserial correlation that a standardised mean difference stands for.

    Parameters
    ----------
    yi, vi : float
        Standardised mean difference (Cohen's d) and its variance, above 0.
    n1, n2 : float
        Patients, 1 or more; their ratio matters.

    Returns
    -------
    EffectAndVariance
        r = d / √(d² + a) with a = (n1 + n2)² / (n1 n2), and the variance by the delta method:
        a² v / (d² + a)³.

    Raises
    ------
    DataError
        Outside the range.

    Notes
    -----
    Borenstein 2009, chapter 7. metafor's ``RPB`` takes (n1 + n2 - 2)(1/n1 + 1/n2) for a, which gives the
    sample's own correlation; the difference is of order 1/n.

    References
    ----------
    [Borenstein2009b], chapter 7.

    Examples
    --------
    >>> round(smd_to_correlation(0.5, 0.04, 50, 50).yi, 4)
    0.2425
    """
    effect, variance = _pair(yi, vi)
    a = _sizes(n1, n2) * (n1 + n2)
    return EffectAndVariance(effect / math.sqrt(effect**2 + a), a**2 * variance / (effect**2 + a) ** 3)


def correlation_to_smd(r: float, vi: float) -> EffectAndVariance:
    """Return the standardised mean difference that a point-biserial correlation stands for.

    Parameters
    ----------
    r : float
        Correlation, strictly within -1 and 1.
    vi : float
        Its variance, above 0.

    Returns
    -------
    EffectAndVariance
        d = 2r / √(1 - r²), variance 4v / (1 - r²)³: arms of equal size.

    Raises
    ------
    DataError
        Outside the range.

    References
    ----------
    [Borenstein2009b], chapter 7.

    Examples
    --------
    >>> round(correlation_to_smd(0.5, 0.0058).yi, 4)
    1.1547
    """
    value, variance = _pair(r, vi)
    if abs(value) >= 1.0:
        raise DataError(f"r: found {r!r}; allowed: above -1 and below 1; check the correlation")
    return EffectAndVariance(2.0 * value / math.sqrt(1.0 - value**2), 4.0 * variance / (1.0 - value**2) ** 3)


def smd_from_t(t: float, n1: float, n2: float) -> float:
    """Return Cohen's d from the t statistic of two independent arms.

    Parameters
    ----------
    t : float
        With the sign of the difference; √F with one numerator degree of freedom.
    n1, n2 : float
        Patients, 1 or more.

    Returns
    -------
    float
        t √(1/n1 + 1/n2), without a small-sample correction. Not for paired or adjusted tests.

    Raises
    ------
    DataError
        Outside the range.

    References
    ----------
    [Borenstein2009b], chapter 7.

    Examples
    --------
    >>> smd_from_t(2.5, 50, 50)
    0.5
    """
    return finite("t", t) * math.sqrt(_sizes(n1, n2))


def t_from_smd(d: float, n1: float, n2: float) -> float:
    """Return the t statistic that Cohen's d of two independent arms stands for.

    Parameters
    ----------
    d : float
        Without a small-sample correction.
    n1, n2 : float
        Patients, 1 or more.

    Returns
    -------
    float
        d / √(1/n1 + 1/n2).

    Raises
    ------
    DataError
        Outside the range.

    Notes
    -----
    d without Hedges' correction.

    References
    ----------
    [Borenstein2009b], chapter 7.

    Examples
    --------
    >>> t_from_smd(0.5, 50, 50)
    2.5
    """
    return finite("d", d) / math.sqrt(_sizes(n1, n2))
