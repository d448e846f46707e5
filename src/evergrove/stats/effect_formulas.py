"""Kernels of the effect sizes: arrays in, effect and sampling variance out.

Rows that have no finite effect come out as NaN or infinite; `effect_size` says why. Cells of a
two-by-two table are a, b (events, non-events in arm 1) and c, d (arm 2).
"""

from __future__ import annotations

import numpy as np
from scipy import special

from evergrove.stats.arrays import BoolArray, FloatArray
from evergrove.stats.options import EffectMeasure, VarianceMethod, ZeroCells

Pair = tuple[FloatArray, FloatArray]


def rows_to_correct(cells: tuple[FloatArray, ...], rule: ZeroCells) -> BoolArray:
    """Return which rows get the continuity correction.

    Parameters
    ----------
    cells : tuple of ndarray, shape (k,)
        The cells of each row.
    rule : ZeroCells
        The rule.

    Returns
    -------
    ndarray of bool, shape (k,)
    """
    has_zero = np.any([cell == 0 for cell in cells], axis=0)
    if rule is ZeroCells.ALL:
        return np.ones_like(has_zero)
    if rule is ZeroCells.NONE:
        return np.zeros_like(has_zero)
    if rule is ZeroCells.IF_ANY_ZERO:
        return np.full_like(has_zero, bool(has_zero.any()))
    return np.asarray(has_zero)


def two_by_two(measure: EffectMeasure, a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> Pair:
    """Return RR and OR (logs), RD or Peto's log odds ratio with their variances.

    Parameters
    ----------
    measure : EffectMeasure
        RR, OR, RD or PETO.
    a, b, c, d : ndarray, shape (k,)
        Cells, corrected or not.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        Katz 1978 (RR), Woolf 1955 (OR), binomial variances (RD), Yusuf 1985 (PETO).
    """
    n1, n2 = a + b, c + d
    with np.errstate(divide="ignore", invalid="ignore"):  # empty cells: such rows become not estimable
        if measure is EffectMeasure.RR:
            return np.log(a / n1) - np.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2
        if measure is EffectMeasure.OR:
            return np.log(a) + np.log(d) - np.log(b) - np.log(c), 1 / a + 1 / b + 1 / c + 1 / d
        if measure is EffectMeasure.RD:
            return a / n1 - c / n2, a * b / n1**3 + c * d / n2**3
        observed_minus_expected, information = peto_parts(a, n1, c, n2)
        return observed_minus_expected / information, 1 / information


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
        Degrees of freedom of the pooled SD, above 1.

    Returns
    -------
    ndarray
        Below 1, towards 1.

    Examples
    --------
    >>> hedges_correction(np.array([18.0])).round(6)
    array([0.957646])
    """
    return np.asarray(np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2))


def two_means(measure: EffectMeasure, arms: tuple[FloatArray, ...], method: VarianceMethod) -> Pair:
    """Return MD, SMD or log ROM with its variance.

    Parameters
    ----------
    measure : EffectMeasure
        MD, SMD or ROM.
    arms : tuple of six ndarray
        mean1, sd1, n1, mean2, sd2, n2.
    method : VarianceMethod
        LS, UB (SMD) or HO (MD, ROM).

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        Hedges 1981 and 1983 (SMD), Hedges, Gurevitch & Curtis 1999 (ROM).
    """
    m1, s1, n1, m2, s2, n2 = arms
    df = n1 + n2 - 2.0
    with np.errstate(divide="ignore", invalid="ignore"):  # zero SDs and means: rows become not estimable
        pooled = ((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / df
        if measure is EffectMeasure.SMD:
            factor = hedges_correction(df)
            g = factor * (m1 - m2) / np.sqrt(pooled)
            if method is VarianceMethod.UB:
                return g, 1 / n1 + 1 / n2 + (1 - (df - 2) / (df * factor**2)) * g**2
            return g, 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))
        first, second = (pooled, pooled) if method is VarianceMethod.HO else (s1**2, s2**2)
        if measure is EffectMeasure.MD:
            return m1 - m2, first / n1 + second / n2
        return np.log(m1) - np.log(m2), first / (n1 * m1**2) + second / (n2 * m2**2)


def one_proportion(measure: EffectMeasure, x: FloatArray, n: FloatArray) -> Pair:
    """Return a proportion on the scale of its measure, with the variance.

    Parameters
    ----------
    measure : EffectMeasure
        PR, PLN, PLO, PAS or PFT.
    x, n : ndarray, shape (k,)
        Events and patients, corrected or not.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        Delta method; Freeman & Tukey, Ann Math Stat 21 (1950) 607-611, for PFT.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 or all events: rows become not estimable
        if measure is EffectMeasure.PR:
            return x / n, x * (n - x) / n**3
        if measure is EffectMeasure.PLN:
            return np.log(x / n), 1 / x - 1 / n
        if measure is EffectMeasure.PLO:
            return np.log(x) - np.log(n - x), 1 / x + 1 / (n - x)
        if measure is EffectMeasure.PAS:
            return np.arcsin(np.sqrt(x / n)), 1 / (4 * n)
        angles = np.arcsin(np.sqrt(x / (n + 1))) + np.arcsin(np.sqrt((x + 1) / (n + 1)))
        return 0.5 * angles, 1 / (4 * n + 2)
