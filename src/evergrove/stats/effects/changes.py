"""One group measured twice: mean changes, raw and standardised."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.stats.effects.correlations import unbiased_correlation
from evergrove.stats.effects.reported import percent_of_range, t_of
from evergrove.stats.effects.request import Outcome, Request
from evergrove.stats.effects.small_sample import bias_factor
from evergrove.stats.options import EffectMeasure, VarianceMethod

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

CHANGE = ("mean1", "sd1", "mean2", "sd2", "n", "r")


def mean_change(request: Request) -> Outcome:
    """Return MC, or POMPMC in percent of the scale's range.

    Parameters
    ----------
    request : Request
        With mean1, sd1, mean2, sd2, n, r; scale_min and scale_max for POMPMC.

    Returns
    -------
    Outcome
    """
    m1, s1, m2, s2, n, r = (request[name] for name in CHANGE)
    unit = percent_of_range(request) if request.measure is EffectMeasure.POMPMC else 1.0
    spread = s1**2 + s2**2 - 2 * r * s1 * s2
    return Outcome(unit * (m1 - m2), unit**2 * spread / n)


def _variance(request: Request, d: FloatArray, g: FloatArray, base: FloatArray, df: FloatArray) -> FloatArray:
    """Return the variance of SMCC or SMCR, whose first term is `base`."""
    n, method = request["n"], request.variance
    factor = bias_factor(df, request.bias)
    if method is VarianceMethod.LS2:
        return np.asarray(factor**2 * (base + d**2 / (2 * n)))
    if method is VarianceMethod.UB:
        return np.asarray(base + (1 - (df - 2) / (df * factor**2)) * g**2)
    if method is VarianceMethod.H0:
        return np.where(df > 2, factor**2 * base * df / (df - 2), np.nan)
    return np.asarray(base + g**2 / (2 * n))


def over_change_sd(request: Request) -> Outcome:
    """Return SMCC, the mean change over the SD of the changes.

    Parameters
    ----------
    request : Request
        With mean1, sd1, mean2, sd2, n, r, or d, t, f or p with n in their place.

    Returns
    -------
    Outcome
        Gibbons, Hedeker & Davis 1993; Viechtbauer, J Educ Behav Stat 32 (2007) 39-60, eq. 26.
    """
    m1, s1, m2, s2, n, r = (request[name] for name in CHANGE)
    df = n - 1
    with np.errstate(divide="ignore", invalid="ignore"):  # no spread of the changes: not estimable
        d = np.where(np.isnan(request["d"]), t_of(request, df) / np.sqrt(n), request["d"])
        d = np.where(np.isnan(d), (m1 - m2) / np.sqrt(s1**2 + s2**2 - 2 * r * s1 * s2), d)
        g = bias_factor(df, request.bias) * d
        return Outcome(g, _variance(request, d, g, 1 / n, df))


def over_first_sd(request: Request) -> Outcome:
    """Return SMCR or SMCRH, the mean change over the first measurement's SD.

    Parameters
    ----------
    request : Request
        With mean1, sd1, mean2, n, r; SMCRH also sd2.

    Returns
    -------
    Outcome
        Becker 1988, eq. 13; Viechtbauer 2007, eq. 37; Bonett 2008, eq. 13 (SMCRH).
    """
    m1, s1, m2, s2, n, r = (request[name] for name in CHANGE)
    df = n - 1
    with np.errstate(divide="ignore", invalid="ignore"):  # an SD of 0: the row becomes not estimable
        d = (m1 - m2) / s1
        factor = bias_factor(df, request.bias)
        g = factor * d
        if request.measure is EffectMeasure.SMCR:
            exact = request.variance in (VarianceMethod.UB, VarianceMethod.H0)
            r = unbiased_correlation(r, n) if exact else r
            return Outcome(g, _variance(request, d, g, 2 * (1 - r) / n, df))
        spread = (s1**2 + s2**2 - 2 * r * s1 * s2) / s1**2
        size = n if request.variance is VarianceMethod.LS2 else n - 1
        scale = factor**2 if request.variance is VarianceMethod.LS_OLD else 1.0
        return Outcome(g, scale * (spread + g**2 / 2) / size)


def over_pooled_sd(request: Request) -> Outcome:
    """Return SMCRP, SMCRPH or CLESCN: mean changes over the root of the mean of both variances.

    Parameters
    ----------
    request : Request
        With mean1, sd1, mean2, sd2, n, r.

    Returns
    -------
    Outcome
        Cousineau 2020, eq. 2; Bonett 2008, eq. 10.
    """
    m1, s1, m2, s2, n, r = (request[name] for name in CHANGE)
    with np.errstate(divide="ignore", invalid="ignore"):  # SDs of 0: the row becomes not estimable
        spread = (s1**2 + s2**2) / 2
        d = (m1 - m2) / np.sqrt(spread)
        g = bias_factor(2 * (n - 1) / (1 + r**2), request.bias) * d
        change = (s1**2 + s2**2 - 2 * r * s1 * s2) / spread
        tilt = (s1**4 + s2**4 + 2 * r**2 * s1**2 * s2**2) / (8 * spread**2)
        if request.measure is EffectMeasure.SMCRP:
            return Outcome(g, 2 * (1 - r) / n + g**2 * (1 + r**2) / (4 * n))
        if request.measure is EffectMeasure.SMCRPH:
            size = n if request.variance is VarianceMethod.LS2 else n - 1
            return Outcome(g, (change + g**2 * tilt) / size)
        slope = np.exp(-(d**2) / 2) / (4 * math.pi)
        return Outcome(special.ndtr(d / math.sqrt(2)), slope * (change + d**2 * tilt) / (n - 1))
