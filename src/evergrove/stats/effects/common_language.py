"""Common-language effects, which are areas under ROC curves: as reported, and from normal data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.stats.effects.reported import standardised_difference
from evergrove.stats.effects.request import Outcome, Request
from evergrove.stats.effects.two_means import pooled_variance
from evergrove.stats.options import VarianceMethod

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


def reported_area(request: Request) -> Outcome:
    """Return CLES as reported, with a variance that needs no distribution.

    Parameters
    ----------
    request : Request
        With cles, n1, n2 and, for LS2, ties (their share of the pairs).

    Returns
    -------
    Outcome
        Newcombe, Stat Med 25 (2006) 559-573, and Hanley & McNeil, Radiology 143 (1982) 29-36, both with
        (n1 - 1)(n2 - 1) below (Cho et al 2019); Bamber 1975 (MAX).
    """
    y, n1, n2 = request["cles"], request["n1"], request["n2"]
    method = request.variance
    below = (n1 - 1) * (n2 - 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # groups of one: the row becomes not estimable
        if method is VarianceMethod.LS2:
            ties = np.where(np.isnan(request["ties"]), 0.0, request["ties"])
            first = (n1 - 1) * (y / (2 - y) - y**2)
            second = (n2 - 1) * (2 * y**2 / (1 + y) - y**2)
            return Outcome(y, (y * (1 - y) - ties / 4 + first + second) / below)
        if method is VarianceMethod.H0:
            return Outcome(y, (n1 + n2 + 1) / (12 * n1 * n2))
        if method is VarianceMethod.MAX:
            return Outcome(y, y * (1 - y) / (np.minimum(n1, n2) - 1))
        mean = (n1 + n2) / 2
        return Outcome(y, y * (1 - y) / below * (2 * mean - 1 - (3 * mean - 3) / ((2 - y) * (1 + y))))


def normal_area(request: Request) -> Outcome:
    """Return CLESN: the area of two normal distributions, with its binormal variance.

    Parameters
    ----------
    request : Request
        With n1, n2 and means and SDs; or d, t, f or p (one SD is then assumed); or cles.

    Returns
    -------
    Outcome
        Delta method of SMDH (SDs apart) or SMD (HO), both uncorrected.
    """
    m1, s1, n1, m2, s2, n2 = (request[name] for name in ("mean1", "sd1", "n1", "mean2", "sd2", "n2"))
    with np.errstate(divide="ignore", invalid="ignore"):  # SDs of 0: the row becomes not estimable
        d = standardised_difference(request)
        alike = ~np.isnan(d) | (request.variance is VarianceMethod.HO)
        spread = np.where(alike, pooled_variance(s1, n1, s2, n2), (s1**2 + s2**2) / 2)
        d = np.where(np.isnan(d), (m1 - m2) / np.sqrt(spread), d)
        y = np.where(np.isnan(request["cles"]), special.ndtr(d / math.sqrt(2)), request["cles"])
        d = np.where(np.isnan(d), math.sqrt(2) * special.ndtri(y), d)
        unknown = np.isnan(s1) | np.isnan(s2)
        share = np.where(unknown, 0.5, s1**2 / (s1**2 + s2**2))
        slope = np.exp(-(d**2) / 2) / (4 * math.pi)
        one_sd = slope * (1 / n1 + 1 / n2 + d**2 / (2 * (n1 + n2)))
        apart = _apart(request.variance, d, share, n1, n2)
    return Outcome(y, np.where(alike | unknown, one_sd, apart))


def _apart(
    method: VarianceMethod, d: FloatArray, share: FloatArray, n1: FloatArray, n2: FloatArray
) -> FloatArray:
    """Variance of the area where the SDs may differ; `share` is group 1's part of both variances."""
    base_less, tilt_less = 1.0, 1.0
    if method is VarianceMethod.LS2:
        base_less, tilt_less = 0.0, 0.0
    if method is VarianceMethod.LS3:
        base_less = 0.0
    effect = np.zeros_like(d) if method is VarianceMethod.H0 else d
    base = 4 * share / (n1 - base_less) + 4 * (1 - share) / (n2 - base_less)
    tilt = share**2 / (n1 - tilt_less) + (1 - share) ** 2 / (n2 - tilt_less)
    return np.asarray(np.exp(-(effect**2) / 2) / (8 * math.pi) * (effect**2 * tilt + base))
