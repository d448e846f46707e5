"""Logs of ratios of means, SDs and coefficients of variation: two groups, or one measured twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats.effects.options import BiasCorrection
from evergrove.stats.effects.request import Outcome, Request, weighted_mean
from evergrove.stats.effects.two_means import ARMS, pooled_variance
from evergrove.stats.options import EffectMeasure, VarianceMethod

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

CORRECTED = (BiasCorrection.FIRST_ORDER, BiasCorrection.SECOND_ORDER)
SECOND = (VarianceMethod.LS2, VarianceMethod.LS2_PUBLISHED)


def ratio_of_means(request: Request) -> Outcome:
    """Return ROM, the log ratio of two means.

    Parameters
    ----------
    request : Request
        With the arms; means above 0.

    Returns
    -------
    Outcome
        Hedges, Gurevitch & Curtis 1999; Lajeunesse, Ecology 96 (2015) 2056-2063, eqs. 8 and 9.
    """
    m1, s1, n1, m2, s2, n2 = (request[name] for name in ARMS)
    request.rows.mark((m1 <= 0) | (m2 <= 0), "a ratio of means needs both means above 0")
    with np.errstate(divide="ignore", invalid="ignore"):  # means of 0: marked above
        first, second = s1**2 / (n1 * m1**2), s2**2 / (n2 * m2**2)
        bias = (first - second) / 2 if request.bias is BiasCorrection.SECOND_ORDER else 0.0
        yi = np.log(m1) - np.log(m2) + bias
        return Outcome(yi, _mean_ratio_variance(request, first, second))


def _mean_ratio_variance(request: Request, first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the variance of ROM by the method asked for."""
    m1, s1, n1, m2, s2, n2 = (request[name] for name in ARMS)
    method = request.variance
    if method is VarianceMethod.HO:
        pooled = pooled_variance(s1, n1, s2, n2)
        return np.asarray(pooled / (n1 * m1**2) + pooled / (n2 * m2**2))
    if method is VarianceMethod.LS2:
        return np.asarray(first + second + first**2 / 2 + second**2 / 2)
    if method in (VarianceMethod.AV, VarianceMethod.AVHO):
        used = ~request.rows.lost
        cv1, cv2 = np.where(used, s1 / m1, np.nan), np.where(used, s2 / m2, np.nan)
        if method is VarianceMethod.AV:
            return np.asarray(weighted_mean(cv1, n1) ** 2 / n1 + weighted_mean(cv2, n2) ** 2 / n2)
        both = weighted_mean((n1 * cv1 + n2 * cv2) / (n1 + n2), n1 + n2)
        return np.asarray(both**2 * (1 / n1 + 1 / n2))
    return np.asarray(first + second)


def ratio_of_spreads(request: Request) -> Outcome:
    """Return VR or CVR, log ratios of two SDs or coefficients of variation.

    Parameters
    ----------
    request : Request
        With the arms; VR needs no means.

    Returns
    -------
    Outcome
        Nakagawa et al, Methods Ecol Evol 6 (2015) 143-152; Senior, Viechtbauer & Nakagawa, Res Synth
        Methods 11 (2020) 553-567, eqs. 5, 6, 15, 16.
    """
    m1, s1, n1, m2, s2, n2 = (request[name] for name in ARMS)
    with np.errstate(divide="ignore", invalid="ignore"):  # SDs and means of 0: rows become not estimable
        yi = np.log(s1) - np.log(s2)
        if request.bias in CORRECTED:
            yi = yi + 1 / (2 * (n1 - 1)) - 1 / (2 * (n2 - 1))
        if request.variance is VarianceMethod.LS2:
            vi = 0.5 * (n1 / (n1 - 1) ** 2 + n2 / (n2 - 1) ** 2)
        else:
            vi = 1 / (2 * (n1 - 1)) + 1 / (2 * (n2 - 1))
        if request.measure is EffectMeasure.CVR:
            request.rows.mark((m1 <= 0) | (m2 <= 0), "a coefficient of variation needs means above 0")
            first, second = s1**2 / (n1 * m1**2), s2**2 / (n2 * m2**2)
            bias = (second - first) / 2 if request.bias is BiasCorrection.SECOND_ORDER else 0.0
            yi = yi - np.log(m1) + np.log(m2) + bias
            higher = (first**2 + second**2) / 2 if request.variance is VarianceMethod.LS2 else 0.0
            vi = vi + first + second + higher
    return Outcome(yi, vi)


def dependent_ratio(request: Request) -> Outcome:
    """Return ROMC, VRC or CVRC: log ratios within one group measured twice.

    Parameters
    ----------
    request : Request
        With mean1, sd1, mean2, sd2, n, r; VRC needs no means.

    Returns
    -------
    Outcome
        Lajeunesse 2011; Senior et al 2020, eqs. 7 to 9, 18, 21 and 23. Their eqs. 19, 22 and 24 are in
        error: ``"LS2"`` is the second-order delta method, ``"LS2-published"`` what they print.
    """
    measure = request.measure
    m1, s1, m2, s2, n, r = (request[name] for name in ("mean1", "sd1", "mean2", "sd2", "n", "r"))
    yi, vi = np.zeros(n.size), np.zeros(n.size)
    with np.errstate(divide="ignore", invalid="ignore"):  # SDs and means of 0: rows become not estimable
        if measure in (EffectMeasure.VRC, EffectMeasure.CVRC):
            yi = np.log(s1) - np.log(s2)
            vi = _spread_variance(request, s1, s2, n, r)
        if measure in (EffectMeasure.ROMC, EffectMeasure.CVRC):
            request.rows.mark((m1 <= 0) | (m2 <= 0), "a ratio of means needs both means above 0")
            first, second = s1 / (np.sqrt(n) * m1), s2 / (np.sqrt(n) * m2)
            log_ratio = np.log(m1) - np.log(m2)
            if request.bias is BiasCorrection.SECOND_ORDER:
                log_ratio = log_ratio + (first**2 - second**2) / 2
            yi = yi + (log_ratio if measure is EffectMeasure.ROMC else -log_ratio)
            vi = vi + _location_variance(request.variance, first, second, (r, m1, m2))
    return Outcome(yi, vi)


def _spread_variance(
    request: Request, s1: FloatArray, s2: FloatArray, n: FloatArray, r: FloatArray
) -> FloatArray:
    """Variance of the log ratio of two dependent SDs."""
    first_order = (1 - r**2) / (n - 1)
    if request.variance is VarianceMethod.LS2:
        return np.asarray(first_order + (1 - r**4) / (n - 1) ** 2)
    if request.variance is VarianceMethod.LS2_PUBLISHED:
        odd = r**4 * ((s1 / s2) ** 4 + (s2 / s1) ** 4) / (2 * (n - 1) ** 2)
        return np.asarray(n / (n - 1) ** 2 - r**2 / (n - 1) + odd)
    return np.asarray(first_order)


def _location_variance(
    method: VarianceMethod, first: FloatArray, second: FloatArray, parts: tuple[FloatArray, ...]
) -> FloatArray:
    """Variance of the log ratio of two dependent means, from their coefficients of variation over √n."""
    r, m1, m2 = parts
    vi = first**2 + second**2 - 2 * r * first * second
    if method in SECOND:
        vi = vi + first**4 / 2 + second**4 / 2
    if method is VarianceMethod.LS2:
        vi = vi - r**2 * first**2 * second**2
    if method is VarianceMethod.LS2_PUBLISHED:
        # the printed term has sd1² sd2² (m1⁴ + m2⁴) / (2 n² m1⁴ m2⁴)
        ratio = (m1 / m2) ** 2
        vi = vi + r**2 * first**2 * second**2 * (ratio + 1 / ratio) / 2
    return np.asarray(vi)
