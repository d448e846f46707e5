"""Two groups and means: differences, ratios, and what follows from a standardised difference."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.stats.effects.reported import percent_of_range, standardised_difference
from evergrove.stats.effects.request import Outcome, Pair, Request, fisher_z, weighted_mean
from evergrove.stats.effects.small_sample import bias_factor
from evergrove.stats.effects.two_by_two import COX_SNELL, LOGISTIC
from evergrove.stats.options import EffectMeasure, VarianceMethod

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.stats.arrays import FloatArray

ARMS = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")


def _arms(request: Request) -> tuple[FloatArray, ...]:
    """Return mean, SD and n of both arms; rows given by d (t, F, p, r) get means d and 0, SDs 1."""
    m1, s1, n1, m2, s2, n2 = (request[name] for name in ARMS)
    d = standardised_difference(request)
    known = ~np.isnan(d)
    m1, m2 = np.where(known, d, m1), np.where(known, 0.0, m2)
    s1, s2 = np.where(known, 1.0, s1), np.where(known, 1.0, s2)
    return m1, s1, n1, m2, s2, n2


def pooled_variance(s1: FloatArray, n1: FloatArray, s2: FloatArray, n2: FloatArray) -> FloatArray:
    """Return the variance pooled over two arms, with n1 + n2 - 2 degrees of freedom.

    Parameters
    ----------
    s1, n1, s2, n2 : ndarray, shape (k,)
        SDs and sizes.

    Returns
    -------
    ndarray, shape (k,)
    """
    return np.asarray(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n1 + n2 - 2.0))


def mean_difference(request: Request) -> Outcome:
    """Return MD, or POMPMD in percent of the scale's range.

    Parameters
    ----------
    request : Request
        With the arms, and scale_min and scale_max for POMPMD.

    Returns
    -------
    Outcome
    """
    m1, s1, n1, m2, s2, n2 = (request[name] for name in ARMS)
    unit = percent_of_range(request) if request.measure is EffectMeasure.POMPMD else 1.0
    first, second = s1**2, s2**2
    with np.errstate(divide="ignore", invalid="ignore"):  # arms of one: already not estimable
        if request.variance is VarianceMethod.HO:
            first = second = pooled_variance(s1, n1, s2, n2)
    return Outcome(unit * (m1 - m2), unit**2 * (first / n1 + second / n2))


def _smd_variance(
    request: Request, d: FloatArray, g: FloatArray, sizes: tuple[FloatArray, ...]
) -> FloatArray:
    """Return the variance of a standardised mean difference by the method asked for."""
    n1, n2, size, df = sizes
    base = 1 / n1 + 1 / n2
    factor, exact = bias_factor(df, request.bias), bias_factor(df)
    used = np.where(request.rows.lost, np.nan, g)
    forms: dict[VarianceMethod, Callable[[], FloatArray]] = {
        VarianceMethod.LS: lambda: base + g**2 / (2 * size),
        VarianceMethod.LS2: lambda: factor**2 * (base + d**2 / (2 * size)),
        VarianceMethod.LS3: lambda: base + g**2 / (2 * (size - 3.94)),
        VarianceMethod.UB: lambda: base + (1 - (df - 2) / (df * factor**2)) * g**2,
        VarianceMethod.UB_G: lambda: base + (1 - (df - 2) / (df * exact**2)) * (exact * d) ** 2,
        VarianceMethod.GLASS: lambda: base + g**2 / (2 * (size - 1)),
        VarianceMethod.AV: lambda: base + weighted_mean(used, n1 + n2) ** 2 / (2 * size),
        VarianceMethod.H0: lambda: np.where(df > 2, factor**2 * base * df / (df - 2), np.nan),
    }
    return np.asarray(forms[request.variance]())


def standardised(request: Request) -> Outcome:
    """Return SMD (over the pooled SD) or SMD1 (over one arm's SD).

    Parameters
    ----------
    request : Request
        With the arms or, for SMD, d, t, f, p or r in their place.

    Returns
    -------
    Outcome
        Hedges 1981 and 1983; Hedges & Olkin 1985, p. 86; Borenstein 2009, eq. 12.17.
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # zero SDs: rows become not estimable
        if request.measure is EffectMeasure.SMD1:
            d, sizes = _glass(request)
        else:
            m1, s1, n1, m2, s2, n2 = _arms(request)
            d = (m1 - m2) / np.sqrt(pooled_variance(s1, n1, s2, n2))
            sizes = (n1, n2, n1 + n2, n1 + n2 - 2)
        g = bias_factor(sizes[3], request.bias) * d
        return Outcome(g, _smd_variance(request, d, g, sizes))


def _glass(request: Request) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    """Return Glass' delta, and n1, n2, the standardising arm's n and its degrees of freedom."""
    n1, n2 = request["n1"], request["n2"]
    arm = request.glass_arm
    size = request[f"n{arm}"]
    return (request["mean1"] - request["mean2"]) / request[f"sd{arm}"], (n1, n2, size, size - 1)


def standardised_unequal(request: Request) -> Outcome:
    """Return SMDH, or SMD1H: standardised differences whose variance lets the SDs differ.

    Parameters
    ----------
    request : Request
        With the arms.

    Returns
    -------
    Outcome
        Bonett, Psychol Methods 13 (2008) 99-109, eqs. 8 and 12.
    """
    m1, s1, n1, m2, s2, n2 = (request[name] for name in ARMS)
    old = request.variance is VarianceMethod.LS_OLD
    with np.errstate(divide="ignore", invalid="ignore"):  # zero SDs: rows become not estimable
        if request.measure is EffectMeasure.SMD1H:
            d, (*_, own, df) = _glass(request)
            g = bias_factor(df, request.bias) * d
            other = 3 - request.glass_arm
            ratio = (request[f"sd{other}"] / request[f"sd{request.glass_arm}"]) ** 2
            less = 0 if old else 1
            return Outcome(g, ratio / (request[f"n{other}"] - less) + (1 + g**2 / 2) / (own - less))
        spread = (s1**2 + s2**2) / 2
        factor = bias_factor(n1 + n2 - 2, request.bias)
        g = factor * (m1 - m2) / np.sqrt(spread)
        vi = _unequal_variance(request.variance, g, (s1**2 / spread, n1, s2**2 / spread, n2))
    return Outcome(g, factor**2 * vi if old else vi)


def _unequal_variance(
    method: VarianceMethod, effect: FloatArray, parts: tuple[FloatArray, ...]
) -> FloatArray:
    """Return the variance of SMDH from the arms' shares of the mean variance."""
    first, n1, second, n2 = parts
    base_less, tilt_less = 1.0, 1.0
    if method is VarianceMethod.LS2:
        base_less, tilt_less = 0.0, 0.0
    if method is VarianceMethod.LS3:
        base_less = 0.0
    base = first / (n1 - base_less) + second / (n2 - base_less)
    tilt = first**2 / (n1 - tilt_less) + second**2 / (n2 - tilt_less)
    return np.asarray(base + effect**2 * tilt / 8)


def biserial(request: Request) -> Outcome:
    """Return RPB, RBIS or their Fisher z.

    Parameters
    ----------
    request : Request
        With the arms, or d, t, f, p or r in their place.

    Returns
    -------
    Outcome
        Tate 1954 (RPB, total fixed); Soper, Biometrika 10 (1914) 384-390 (RBIS).
    """
    m1, s1, n1, m2, s2, n2 = _arms(request)
    with np.errstate(divide="ignore", invalid="ignore"):  # zero SDs: rows become not estimable
        d = (m1 - m2) / np.sqrt(pooled_variance(s1, n1, s2, n2))
        n = n1 + n2
        h = (n - 2) / n1 + (n - 2) / n2
        point = d / np.sqrt(d**2 + h)
        if request.measure in (EffectMeasure.RPB, EffectMeasure.ZPB):
            yi, vi = point, _point_biserial_variance(request.variance, (d, h, point, n1, n2))
        else:
            yi, vi = _from_point_biserial(point, n1, n2)
        if request.measure in (EffectMeasure.ZPB, EffectMeasure.ZBIS):
            yi, vi = fisher_z(yi, vi)
    return Outcome(yi, vi)


def _point_biserial_variance(method: VarianceMethod, parts: tuple[FloatArray, ...]) -> FloatArray:
    """Variance of RPB: group sizes fixed (ST, LS) or only their sum (CS)."""
    d, h, r, n1, n2 = parts
    n = n1 + n2
    if method is VarianceMethod.CS:
        return np.asarray((1 - r**2) ** 2 * (n * r**2 / (4 * n1 * n2) + (2 - 3 * r**2) / (2 * n)))
    return np.asarray(h**2 / (h + d**2) ** 3 * (1 / n1 + 1 / n2 + d**2 / (2 * n)))


def _from_point_biserial(point: FloatArray, n1: FloatArray, n2: FloatArray) -> Pair:
    """Return the biserial correlation with Soper's variance."""
    n = n1 + n2
    p, q = n1 / n, n2 / n
    cut = -special.ndtri(p)
    height = np.exp(-0.5 * cut**2) / math.sqrt(2 * math.pi)
    r = np.sqrt(p * q) / height * point
    held = np.clip(r, -1.0, 1.0)
    middle = 1.5 + (1 - p * cut / height) * (1 + q * cut / height)
    return r, (p * q / height**2 - middle * held**2 + held**4) / (n - 1)


def odds_ratio_from_d(request: Request) -> Outcome:
    """Return D2OR, D2ORL or D2ORN: log odds ratios estimated by an uncorrected SMD.

    Parameters
    ----------
    request : Request
        With the arms, or d, t, f, p or r in their place.

    Returns
    -------
    Outcome
    """
    m1, s1, n1, m2, s2, n2 = _arms(request)
    factor = COX_SNELL if request.measure is EffectMeasure.D2ORN else 1 / LOGISTIC
    with np.errstate(divide="ignore", invalid="ignore"):  # zero SDs: rows become not estimable
        d = (m1 - m2) / np.sqrt(pooled_variance(s1, n1, s2, n2))
        return Outcome(factor * d, factor**2 * (1 / n1 + 1 / n2 + d**2 / (2 * (n1 + n2))))
