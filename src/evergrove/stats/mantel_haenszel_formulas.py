"""Kernels of Mantel-Haenszel: columns of two-by-two tables in, estimate, variance and weights out."""

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
    total = n1 + n2
    weights = n1 * n2 / total
    all_weight = float(weights.sum())
    estimate = float((a * n2 / total - c * n1 / total).sum()) / all_weight
    linear = c * (n1 / total) ** 2 - a * (n2 / total) ** 2 + (n1 / total) * (n2 / total) * (n2 - n1) / 2.0
    constant = (a * (n2 - c) / total + c * (n1 - a) / total) / 2.0
    variance = (estimate * float(linear.sum()) + float(constant.sum())) / all_weight**2
    return Pooled(estimate, variance, weights)
