"""Henmi & Copas' interval: weights of the common effect, a distribution that allows for tau².

Henmi & Copas, Stat Med 29 (2010) 2969-2983. The statistic is the common-effect mean over its standard error
at the DerSimonian-Laird estimate; its distribution given the mean is found by matching the moments of
Cochran's Q with a gamma distribution and integrating over the mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.stats.roots import Solution, bracketed_root

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: Gauss-Legendre points on each panel, and panels per standard deviation of the mean.
POINTS, PANELS = 16, 4
#: The normal density is nothing beyond this many standard deviations.
FARTHEST = 12.0


class HenmiCopas(NamedTuple):
    """What the integration needs; sums of weights 1/v are scaled so that all weights sum to 1.

    Parameters
    ----------
    tau2 : float
        DerSimonian-Laird estimate over the variance of the common-effect mean.
    s2, s3, s4 : float
        Σ a², Σ a³ and Σ a⁴ for the shares a of the weights.
    df : int
        k - 1.
    """

    tau2: float
    s2: float
    s3: float
    s4: float
    df: int


def henmi_copas(vi: FloatArray, tau2: float) -> HenmiCopas:
    """Return the sums for the interval.

    Parameters
    ----------
    vi : ndarray, shape (k,)
        Variances; k of 2 or more.
    tau2 : float
        DerSimonian-Laird estimate.

    Returns
    -------
    HenmiCopas
    """
    w = float(vi.min()) / vi
    share = w / w.sum()
    total = float(w.sum()) / float(vi.min())
    powers = [float((share**power).sum()) for power in (2, 3, 4)]
    return HenmiCopas(tau2 * total, powers[0], powers[1], powers[2], int(vi.size) - 1)


def tail(sums: HenmiCopas, t: float) -> float:
    """Return the one-sided probability that the statistic exceeds `t` estimated standard errors (t > 0)."""
    tau2, s2, s3, s4, df = sums
    ratio = 1.0 + tau2 * s2
    t /= np.sqrt(ratio)
    knots = t + np.arange(int(FARTHEST * PANELS) + 1) / PANELS
    nodes, node_weights = np.polynomial.legendre.leggauss(POINTS)
    r = (knots[:-1, np.newaxis] + (nodes + 1.0) / (2.0 * PANELS)).ravel()
    mass = np.tile(node_weights / (2.0 * PANELS), knots.size - 1)
    square = r**2
    skew = s3 - s2**2
    lift = square / ratio - 1.0 / ratio
    expected = df + tau2 * (1.0 - s2) + tau2**2 * lift * skew
    spread = (
        2.0 * df
        + 4.0 * tau2 * (1.0 - s2)
        + 2.0 * tau2**2 * (s2 - 2.0 * s3 + s2**2)
        + 4.0 * tau2**2 * lift * skew
        + 4.0 * tau2**3 * lift * (s4 - 2.0 * s2 * s3 + s2**3)
        + 2.0 * tau2**4 * (1.0 / ratio**2 - 2.0 * square / ratio**2) * skew**2
    )
    limit = (1.0 / s2 - 1.0) * ((r / t) ** 2 - 1.0) + df
    # far out the matched moments can fail; Q is then taken at its expectation
    sound = (spread > 0.0) & (expected > 0.0)
    shape = np.where(sound, expected, 1.0) ** 2 / np.where(sound, spread, 1.0)
    scaled = limit * np.where(sound, expected, 1.0) / np.where(sound, spread, 1.0)
    below = np.where(sound, special.gammainc(shape, scaled), limit >= expected)
    density = np.exp(-0.5 * square) / np.sqrt(2.0 * np.pi)
    return float((mass * below * density).sum())


def critical_value(sums: HenmiCopas, level: float) -> Solution:
    """Return the number of standard errors in half the interval.

    Parameters
    ----------
    sums : HenmiCopas
        From `henmi_copas`.
    level : float
        Confidence level.

    Returns
    -------
    Solution
    """
    half = (1.0 - level) / 2.0
    high = 2.0
    while tail(sums, high) > half:
        high *= 2.0
    return bracketed_root(lambda t: tail(sums, t) - half, 1e-6, high)


def two_sided(sums: HenmiCopas, statistic: float) -> float:
    """Return the two-sided p value: the level at which the interval would just meet 0."""
    # below, the p value is 1 to all digits, and the square of 1 / statistic overflows
    return 1.0 if abs(statistic) < 1e-100 else min(1.0, 2.0 * tail(sums, abs(statistic)))
