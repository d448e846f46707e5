"""Formulas that several methods share: Peto's parts of a table, the factor of standardised means."""

from __future__ import annotations

import numpy as np
from scipy import special

from evergrove.stats.arrays import FloatArray

Pair = tuple[FloatArray, FloatArray]

#: Degrees of freedom from which the asymptotic series of the gamma ratio is the more exact form.
SERIES_FROM = 150.0


def peto_parts(a: FloatArray, n1: FloatArray, c: FloatArray, n2: FloatArray) -> Pair:
    """Return observed minus expected events and their hypergeometric variance.

    Parameters
    ----------
    a, n1, c, n2 : ndarray, shape (k,)
        Events and patients of the arms.

    Returns
    -------
    difference, variance : ndarray, shape (k,)
        Yusuf, Peto, Lewis, Collins & Sleight, Prog Cardiovasc Dis 27 (1985) 335-371.
    """
    total = n1 + n2
    events = a + c
    with np.errstate(divide="ignore", invalid="ignore"):  # one patient in all has no variance
        variance = events * (total - events) * (n1 / total) * (n2 / total) / (total - 1.0)
    return a - events * n1 / total, variance


def hedges_correction(df: FloatArray) -> FloatArray:
    """Return the exact small-sample factor Γ(df/2) / (√(df/2) Γ((df-1)/2)) of Hedges 1981.

    Parameters
    ----------
    df : ndarray
        Degrees of freedom of the standardising SD; NaN comes back at 1 and below.

    Returns
    -------
    ndarray
        Below 1, towards 1.

    Examples
    --------
    >>> hedges_correction(np.array([18.0])).round(6)
    array([0.957646])
    """
    safe = np.where(df > 1, df, np.nan)
    half = (safe - 1) / 2
    gammas = np.exp(special.gammaln(safe / 2) - special.gammaln(half)) / np.sqrt(safe / 2)
    terms = 1 / (8 * half) - 1 / (128 * half**2) - 5 / (1024 * half**3)
    series = 1 - terms - 21 / (32768 * half**4) - 399 / (262144 * half**5)
    # the series keeps the digits that the difference of large log gammas loses
    return np.where(safe > SERIES_FROM, np.sqrt((safe - 1) / safe) * series, gammas)
