"""Quantiles and tails of the normal, t and chi-square distributions, accurate far out.

Built on `scipy.special` alone: `scipy.stats` costs half a second to import.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

LOG_OF_TWO = math.log(2.0)
#: Below this a p from `stdtr` loses digits to underflow; its log then comes from a continued fraction.
SMALLEST_SAFE_P = 1e-280
MOST_FRACTION_TERMS = 100_000
#: Quantiles that are remembered: a program asks for few levels and degrees of freedom, many times.
MOST_QUANTILES = 4096


@lru_cache(maxsize=MOST_QUANTILES)
def normal_quantile(level: float) -> float:
    """Return z such that a standard normal lies within ±z with probability `level`.

    Parameters
    ----------
    level : float
        Between 0 and 1.

    Returns
    -------
    float

    Examples
    --------
    >>> round(normal_quantile(0.95), 6)
    1.959964
    """
    return float(-special.ndtri((1.0 - level) / 2.0))


@lru_cache(maxsize=MOST_QUANTILES)
def t_quantile(level: float, df: float) -> float:
    """Return q such that Student's t lies within ±q with probability `level`.

    Parameters
    ----------
    level : float
        Between 0 and 1.
    df : float
        Degrees of freedom, above 0.

    Returns
    -------
    float

    Examples
    --------
    >>> round(t_quantile(0.95, 9), 6)
    2.262157
    """
    return float(-special.stdtrit(df, (1.0 - level) / 2.0))


def two_sided_quantile(level: float, df: float | None) -> float:
    """Return the t quantile, or the normal one where `df` is None.

    Parameters
    ----------
    level : float
        Between 0 and 1.
    df : float or None
        Degrees of freedom; None means normal.

    Returns
    -------
    float
    """
    return normal_quantile(level) if df is None else t_quantile(level, df)


def two_sided_quantiles(level: float, df: FloatArray | float | None, size: int) -> FloatArray:
    """Return one quantile for each of several estimates, whose degrees of freedom may differ.

    Parameters
    ----------
    level : float
        Between 0 and 1.
    df : ndarray, shape (size,), float or None
        Degrees of freedom, of each or of all; None means normal.
    size : int
        Estimates.

    Returns
    -------
    ndarray, shape (size,)
    """
    if df is None or np.ndim(df) == 0:
        return np.full(size, two_sided_quantile(level, None if df is None else float(df)))
    return np.array([two_sided_quantile(level, float(one)) for one in np.asarray(df)])


def _incomplete_beta_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function, evaluated from above (Lentz 1976)."""
    numerator, denominator = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    value = denominator
    for m in range(1, MOST_FRACTION_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        change = 1.0
        for term in (even, odd):
            denominator = 1.0 / (1.0 + term * denominator)
            numerator = 1.0 + term / numerator
            change *= numerator * denominator
        value *= change
        if abs(change - 1.0) < 1e-15:
            break
    return value


def log_two_sided_p(statistic: float, df: float | None) -> float:
    """Return the natural log of the two-sided p value of a z or t statistic.

    Parameters
    ----------
    statistic : float
        z or t; infinite gives ``-inf``, NaN gives NaN.
    df : float or None
        Degrees of freedom; None means normal.

    Returns
    -------
    float
        Accurate where p itself underflows: the normal tail from `log_ndtr`, the t tail from the
        continued fraction of the incomplete beta function (DLMF 8.17.22).

    Examples
    --------
    >>> round(log_two_sided_p(50.0, None), 3)
    -1254.138
    """
    size = abs(statistic)
    if math.isnan(size):
        return math.nan
    if math.isinf(size):
        return -math.inf
    if df is None:
        return float(LOG_OF_TWO + special.log_ndtr(-size)) if size > 0 else 0.0
    p = 2.0 * float(special.stdtr(df, -size))
    if p > SMALLEST_SAFE_P:
        return min(0.0, math.log(p))
    half = df / 2.0
    log_x = -math.log1p((size / math.sqrt(df)) ** 2) if size < 1e150 else math.log(df) - 2 * math.log(size)
    x = math.exp(log_x)
    log_front = half * log_x + 0.5 * math.log1p(-x) - math.log(half) - float(special.betaln(half, 0.5))
    return log_front + math.log(_incomplete_beta_fraction(half, 0.5, x))


def two_sided_p(statistic: float, df: float | None) -> float:
    """Return the two-sided p value; 0.0 where it underflows (see `log_two_sided_p`).

    Parameters
    ----------
    statistic : float
        z or t.
    df : float or None
        Degrees of freedom; None means normal.

    Returns
    -------
    float

    Examples
    --------
    >>> round(two_sided_p(2.0, 9), 6)
    0.076553
    """
    if df is not None and math.isfinite(statistic):
        return min(1.0, 2.0 * float(special.stdtr(df, -abs(statistic))))
    return math.exp(log_two_sided_p(statistic, df))


def two_sided_p_and_log(statistic: float, df: float | None) -> tuple[float, float]:
    """Return `two_sided_p` and `log_two_sided_p`, the tail computed once where it does not underflow.

    Parameters
    ----------
    statistic : float
        z or t.
    df : float or None
        Degrees of freedom; None means normal.

    Returns
    -------
    p, log_p : float

    Examples
    --------
    >>> two_sided_p_and_log(2.0, 9) == (two_sided_p(2.0, 9), log_two_sided_p(2.0, 9))
    True
    """
    if df is not None and math.isfinite(statistic):
        p = min(1.0, 2.0 * float(special.stdtr(df, -abs(statistic))))
        return p, math.log(p) if p > SMALLEST_SAFE_P else log_two_sided_p(statistic, df)
    log_p = log_two_sided_p(statistic, df)
    return math.exp(log_p), log_p


def chi2_tail(statistic: float, df: float) -> float:
    """Return the upper tail of a chi-square; 1.0 for 0 degrees of freedom.

    Parameters
    ----------
    statistic : float
        Not below 0.
    df : float
        Degrees of freedom.

    Returns
    -------
    float

    Examples
    --------
    >>> f"{chi2_tail(152.233, 12):.4e}"
    '1.9968e-26'
    """
    return float(special.gammaincc(df / 2.0, statistic / 2.0)) if df > 0 else 1.0


def f_tail(statistic: float, df1: float, df2: float) -> float:
    """Return the upper tail of an F distribution.

    Parameters
    ----------
    statistic : float
        Below 0, by rounding, counts as 0; infinite gives 0, NaN gives NaN.
    df1, df2 : float
        Degrees of freedom of numerator and denominator, above 0.

    Returns
    -------
    float

    Examples
    --------
    >>> round(f_tail(4.0, 2, 10), 6)
    0.052922
    """
    if not math.isfinite(statistic):
        return 0.0 if statistic > 0 else math.nan
    return float(special.betainc(df2 / 2.0, df1 / 2.0, df2 / (df2 + df1 * max(statistic, 0.0))))


@lru_cache(maxsize=MOST_QUANTILES)
def chi2_quantiles(level: float, df: float) -> tuple[float, float]:
    """Return the lower and upper quantiles that enclose a chi-square with probability `level`.

    Parameters
    ----------
    level : float
        Between 0 and 1; each tail holds half of the rest.
    df : float
        Degrees of freedom, above 0.

    Returns
    -------
    lower, upper : float

    Examples
    --------
    >>> [round(q, 4) for q in chi2_quantiles(0.95, 12)]
    [4.4038, 23.3367]
    """
    tail = (1.0 - level) / 2.0
    lower = 2.0 * float(special.gammaincinv(df / 2.0, tail))
    upper = 2.0 * float(special.gammainccinv(df / 2.0, tail))
    return lower, upper
