"""Kernels of Mantel-Haenszel: columns of counts in, estimate, variance and weights out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


class Pooled(NamedTuple):
    """Estimate, variance and unscaled weights of a closed-form method.

    Parameters
    ----------
    estimate, variance : float
        On the pooling scale.
    weights : ndarray, shape (k,)
        Not yet summing to 1.
    """

    estimate: float
    variance: float
    weights: FloatArray


def risk_ratio_kernel(a: FloatArray, n1: FloatArray, c: FloatArray, n2: FloatArray) -> Pooled:
    """Return the Mantel-Haenszel log risk ratio.

    Parameters
    ----------
    a, n1, c, n2 : ndarray, shape (k,)
        Events and patients of the arms.

    Returns
    -------
    Pooled
        Variance of Greenland & Robins, Biometrics 41 (1985) 55-68; NaN where undefined.
    """
    total = n1 + n2
    up, down = a * n2 / total, c * n1 / total
    spread = (n1 * n2 * (a + c) - a * c * total) / total**2
    top, bottom = float(up.sum()), float(down.sum())
    if top <= 0 or bottom <= 0:
        return Pooled(math.nan, math.nan, down)
    return Pooled(math.log(top / bottom), float(spread.sum()) / (top * bottom), down)


def odds_ratio_kernel(a: FloatArray, n1: FloatArray, c: FloatArray, n2: FloatArray) -> Pooled:
    """Return the Mantel-Haenszel log odds ratio.

    Parameters
    ----------
    a, n1, c, n2 : ndarray, shape (k,)
        Events and patients of the arms.

    Returns
    -------
    Pooled
        Variance of Robins, Breslow & Greenland, Biometrics 42 (1986) 311-323; NaN where undefined.
    """
    b, d, total = n1 - a, n2 - c, n1 + n2
    up, down = a * d / total, b * c / total
    concordant, discordant = (a + d) / total, (b + c) / total
    top, bottom = float(up.sum()), float(down.sum())
    if top <= 0 or bottom <= 0:
        return Pooled(math.nan, math.nan, down)
    variance = (
        float((concordant * up).sum()) / top**2
        + float((concordant * down + discordant * up).sum()) / (top * bottom)
        + float((discordant * down).sum()) / bottom**2
    ) / 2.0
    return Pooled(math.log(top / bottom), variance, down)


class SatoParts(NamedTuple):
    """Mantel-Haenszel risk difference with the two sums of Sato's variance, var(δ) = δ P + R.

    Parameters
    ----------
    pooled : Pooled
    linear, constant : float
        P and R.
    """

    pooled: Pooled
    linear: float
    constant: float

    def score_limits(self, z: float) -> tuple[float, float]:
        """Return the δ at which (estimate - δ)² = z² var(δ): the limits of Klingenberg 2014.

        Parameters
        ----------
        z : float
            Normal quantile.

        Returns
        -------
        low, high : float
        """
        estimate = self.pooled.estimate
        middle = estimate + 0.5 * z * z * self.linear
        half = math.sqrt(max(0.0, middle**2 - estimate**2 + z * z * self.constant))
        return middle - half, middle + half


def risk_difference_kernel(a: FloatArray, n1: FloatArray, c: FloatArray, n2: FloatArray) -> Pooled:
    """Return the Mantel-Haenszel risk difference.

    Parameters
    ----------
    a, n1, c, n2 : ndarray, shape (k,)
        Events and patients of the arms.

    Returns
    -------
    Pooled
        Variance of Sato, Greenland & Robins (Sato, Biometrics 45 (1989) 1323-1324), valid for both
        sparse and large strata.
    """
    return sato_parts(a, n1, c, n2).pooled


def sato_parts(a: FloatArray, n1: FloatArray, c: FloatArray, n2: FloatArray) -> SatoParts:
    """Return the Mantel-Haenszel risk difference with the parts of Sato's variance.

    Parameters
    ----------
    a, n1, c, n2 : ndarray, shape (k,)
        Events and patients of the arms.

    Returns
    -------
    SatoParts
    """
    total = n1 + n2
    weights = n1 * n2 / total
    all_weight = float(weights.sum())
    estimate = float((a * n2 / total - c * n1 / total).sum()) / all_weight
    linear = c * (n1 / total) ** 2 - a * (n2 / total) ** 2 + (n1 / total) * (n2 / total) * (n2 - n1) / 2.0
    constant = (a * (n2 - c) / total + c * (n1 - a) / total) / 2.0
    by_estimate, fixed = float(linear.sum()) / all_weight**2, float(constant.sum()) / all_weight**2
    return SatoParts(Pooled(estimate, estimate * by_estimate + fixed, weights), by_estimate, fixed)


class ArmCells(NamedTuple):
    """Events and patients of both arms, shape (k,)."""

    a: FloatArray
    n1: FloatArray
    c: FloatArray
    n2: FloatArray


def large_strata_risk_difference(plain: ArmCells, corrected: ArmCells) -> Pooled:
    """Return the Mantel-Haenszel risk difference with the variance for few large strata.

    Parameters
    ----------
    plain, corrected : ArmCells
        The tables as seen, whose differences are averaged, and as corrected, which give weights and variances
        (meta); the same without a correction.

    Returns
    -------
    Pooled
        Σ w d / Σ w with w = n1 n2 / (n1 + n2); variance Σ w² v / (Σ w)² (Greenland & Robins 1985).
    """
    a, n1, c, n2 = corrected
    weights = n1 * n2 / (n1 + n2)
    all_weight = float(weights.sum())
    estimate = float((weights * (plain.a / plain.n1 - plain.c / plain.n2)).sum()) / all_weight
    within = a * (n1 - a) / n1**3 + c * (n2 - c) / n2**3
    return Pooled(estimate, float((weights**2 * within).sum()) / all_weight**2, weights)


def rate_ratio_kernel(x1: FloatArray, t1: FloatArray, x2: FloatArray, t2: FloatArray) -> Pooled:
    """Return the Mantel-Haenszel log rate ratio.

    Parameters
    ----------
    x1, t1, x2, t2 : ndarray, shape (k,)
        Events and person-time of the arms.

    Returns
    -------
    Pooled
        Variance of Greenland & Robins 1985; NaN where undefined.
    """
    total = t1 + t2
    up, down = x1 * t2 / total, x2 * t1 / total
    top, bottom = float(up.sum()), float(down.sum())
    if top <= 0 or bottom <= 0:
        return Pooled(math.nan, math.nan, down)
    spread = float(((t1 / total) * (t2 / total) * (x1 + x2)).sum())
    return Pooled(math.log(top / bottom), spread / (top * bottom), down)


def rate_difference_kernel(x1: FloatArray, t1: FloatArray, x2: FloatArray, t2: FloatArray) -> Pooled:
    """Return the Mantel-Haenszel rate difference.

    Parameters
    ----------
    x1, t1, x2, t2 : ndarray, shape (k,)
        Events and person-time of the arms.

    Returns
    -------
    Pooled
        Variance of Greenland & Robins 1985 (Rothman, Greenland & Lash 2008, chapter 15).
    """
    weights = t1 * t2 / (t1 + t2)
    all_weight = float(weights.sum())
    estimate = float((weights * (x1 / t1 - x2 / t2)).sum()) / all_weight
    variance = float((weights**2 * (x1 / t1**2 + x2 / t2**2)).sum()) / all_weight**2
    return Pooled(estimate, variance, weights)
