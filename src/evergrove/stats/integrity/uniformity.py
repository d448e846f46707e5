"""Tests of p values against the uniform distribution, and their combination."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: Up to this many values the Kolmogorov-Smirnov p value is exact; beyond, its limit law.
EXACT_UP_TO = 200
#: p values nearer to 0 or 1 than this are held there when they are turned into quantiles.
NEAREST_TO_CERTAIN = 1e-15

#: The series of the Anderson-Darling limit law: its length, its integrals' steps, and where it is over.
MOST_TERMS, INTERVALS, EXPONENT_OF_NOTHING, LIMIT_REACHED = 40, 2000, 50.0, 36.0


class Uniformity(NamedTuple):
    """A statistic of departure from the uniform distribution.

    Parameters
    ----------
    statistic, p_value : float
        And its p value.
    """

    statistic: float
    p_value: float


def _kolmogorov_exact(d: float, n: int) -> float:
    """Return P(D < d) of n uniform values (Marsaglia, Tsang & Wang 2003)."""
    k = int(n * d) + 1
    m, h = 2 * k - 1, k - n * d
    matrix = np.tril(np.ones((m, m)), 1)
    powers = h ** np.arange(1, m + 1)
    matrix[:, 0] -= powers
    matrix[-1, :] -= powers[::-1]
    matrix[-1, 0] += (2.0 * h - 1.0) ** m if 2.0 * h > 1.0 else 0.0
    order = np.arange(m)
    lag = order[:, None] - order[None, :] + 1
    matrix = np.where(lag > 0, matrix / special.factorial(np.maximum(lag, 0)), matrix)
    power, shift = np.eye(m), 0.0
    for step in range(n):
        power = power @ matrix
        power *= (step + 1) / n
        top = float(np.abs(power).max())
        power, shift = power / top, shift + math.log(top)
    value = float(power[k - 1, k - 1])
    return value * math.exp(shift) if value > 0 else 0.0


def kolmogorov_smirnov(values: FloatArray) -> Uniformity:
    """Test values against the uniform distribution by their largest distance (Kolmogorov-Smirnov).

    Parameters
    ----------
    values : ndarray, shape (n,)
        0 to 1.

    Returns
    -------
    Uniformity
        Two-sided; exact up to 200 values (R's ``ks.test(exact = TRUE)``).
    """
    x, n = np.sort(values), values.size
    rank = np.arange(1, n + 1)
    d = float(max((rank / n - x).max(), (x - (rank - 1) / n).max()))
    if n <= EXACT_UP_TO:
        return Uniformity(d, min(1.0, max(0.0, 1.0 - _kolmogorov_exact(d, n))))
    return Uniformity(d, float(special.kolmogorov(math.sqrt(n) * d)))


def _anderson_darling_limit(z: float) -> float:
    """Return the limit law of the Anderson-Darling statistic (Anderson & Darling 1954)."""
    if z > LIMIT_REACHED:
        return 1.0
    total, sign, coefficient = 0.0, 1.0, 1.0
    for j in range(MOST_TERMS):
        rate = (4 * j + 1) ** 2 * math.pi**2 / (8.0 * z)
        w = np.linspace(0.0, 9.0 / math.sqrt(rate), INTERVALS + 1)
        integrand = np.exp(z / (8.0 * (w * w + 1.0)) - rate * w * w - rate)
        area = float((integrand.sum() - integrand[0] / 2.0) * w[1])
        total += sign * coefficient * (4 * j + 1) * area
        sign, coefficient = -sign, coefficient * (j + 0.5) / (j + 1.0)
        if rate > EXPONENT_OF_NOTHING:
            break
    return min(1.0, math.sqrt(2.0 * math.pi) / z * total)


def _anderson_darling_correction(n: int, x: float) -> float:
    """Return what the limit law misses at n values (Marsaglia & Marsaglia 2004)."""
    if x > 0.8:
        inner = -130.2137 + (745.2337 - (1705.091 - (1950.646 - (1116.360 - 255.7844 * x) * x) * x) * x) * x
        return inner / n
    c = 0.01265 + 0.1757 / n
    if x < c:
        t = x / c
        t = math.sqrt(t) * (1.0 - t) * (49.0 * t - 102.0)
        return t * (0.0037 / n**3 + 0.00078 / n**2 + 0.00006 / n)
    t = (x - c) / (0.8 - c)
    t = -0.00022633 + (6.54034 - (14.6538 - (14.458 - (8.259 - 1.91864 * t) * t) * t) * t) * t
    return t * (0.04213 + 0.01365 / n) / n


def anderson_darling(values: FloatArray) -> Uniformity:
    """Test values against the uniform distribution, tails weighted up (Anderson-Darling).

    Parameters
    ----------
    values : ndarray, shape (n,)
        0 to 1.

    Returns
    -------
    Uniformity
        p value from the limit law with the correction of Marsaglia & Marsaglia, J Stat Softw 9 (2004) 2, for
        the number of values: to about three decimals from 5 values on.
    """
    x, n = np.sort(np.clip(values, NEAREST_TO_CERTAIN, 1.0 - NEAREST_TO_CERTAIN)), values.size
    weights = 2.0 * np.arange(1, n + 1) - 1.0
    a2 = float(-n - (weights @ (np.log(x) + np.log1p(-x[::-1]))) / n)
    if a2 <= 0:
        return Uniformity(a2, 1.0)
    limit = _anderson_darling_limit(a2)
    return Uniformity(a2, min(1.0, max(0.0, 1.0 - limit - _anderson_darling_correction(n, limit))))


def stouffer(values: FloatArray) -> Uniformity:
    """Combine p values by the sum of their normal quantiles.

    Parameters
    ----------
    values : ndarray, shape (n,)
        0 to 1.

    Returns
    -------
    Uniformity
        z = Σ Φ⁻¹(p) / √n and its lower tail: near 0 where the p values are too small, near 1 where too large.
    """
    held = np.clip(values, NEAREST_TO_CERTAIN, 1.0 - NEAREST_TO_CERTAIN)
    z = float(special.ndtri(held).sum() / math.sqrt(held.size))
    return Uniformity(z, float(special.ndtr(z)))


def fisher(values: FloatArray) -> Uniformity:
    """Combine p values by the sum of their logs.

    Parameters
    ----------
    values : ndarray, shape (n,)
        0 to 1.

    Returns
    -------
    Uniformity
        -2 Σ ln p and its upper chi-square tail on 2n degrees of freedom.
    """
    held = np.maximum(values, NEAREST_TO_CERTAIN)
    statistic = float(-2.0 * np.log(held).sum())
    return Uniformity(statistic, float(special.gammaincc(held.size, statistic / 2.0)))
