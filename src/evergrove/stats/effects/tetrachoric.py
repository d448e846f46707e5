"""The tetrachoric correlation of two-by-two tables, by maximum likelihood.

The model has as many parameters (two cuts, one correlation) as a table has free cells, so that the
likelihood is largest where the model's cells equal the table's: the cuts are the margins' normal
quantiles, and the correlation is the root of one equation. The inverse of the observed information
is then the delta method's variance of that root under multinomial sampling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: Steps of safeguarded Newton; bisection alone needs about 55.
MOST_STEPS = 200
#: A change of the correlation below this ends the search.
TOLERANCE = 1e-15
#: Stands for a cut of exactly 0, where Owen's form divides by it.
TINY = 1e-300


def bivariate_normal(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Return P(X < h, Y < k) of standard normal X and Y with correlation rho (Owen 1956).

    Parameters
    ----------
    h, k, rho : ndarray, shape (k,)
        Finite limits; correlations inside (-1, 1).

    Returns
    -------
    ndarray, shape (k,)

    Examples
    --------
    >>> bivariate_normal(np.zeros(1), np.zeros(1), np.array([0.5])).round(6)
    array([0.333333])
    """
    h, k = np.where(h == 0, TINY, h), np.where(k == 0, TINY, k)
    root = np.sqrt((1.0 - rho) * (1.0 + rho))
    with np.errstate(over="ignore"):  # a slope beyond the largest float is as good as infinite
        tails = special.owens_t(h, (k / h - rho) / root) + special.owens_t(k, (h / k - rho) / root)
    opposite = np.where((h < 0) != (k < 0), 0.5, 0.0)
    return np.asarray(0.5 * (special.ndtr(h) + special.ndtr(k)) - tails - opposite)


def _density(h: FloatArray, k: FloatArray, rho: FloatArray) -> FloatArray:
    """Density of the bivariate normal, which is the derivative of its distribution by rho."""
    rest = (1.0 - rho) * (1.0 + rho)
    return np.asarray(np.exp(-(h * h - 2 * rho * h * k + k * k) / (2 * rest)) / (2 * np.pi * np.sqrt(rest)))


def _root(h: FloatArray, k: FloatArray, share: FloatArray) -> FloatArray:
    """Solve bivariate_normal(h, k, rho) = share; NaN where it does not converge."""
    low, high = np.full(h.size, -1.0), np.full(h.size, 1.0)
    rho = np.zeros(h.size)
    busy = np.arange(h.size)
    for _ in range(MOST_STEPS):
        gap = bivariate_normal(h[busy], k[busy], rho[busy]) - share[busy]
        low[busy] = np.where(gap < 0, rho[busy], low[busy])
        high[busy] = np.where(gap < 0, high[busy], rho[busy])
        slope = _density(h[busy], k[busy], rho[busy])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # flat: bisection takes over
            newton = rho[busy] - gap / slope
        inside = (newton > low[busy]) & (newton < high[busy])
        moved = np.where(inside, newton, 0.5 * (low[busy] + high[busy]))
        settled = (np.abs(moved - rho[busy]) <= TOLERANCE) | (gap == 0)
        rho[busy] = np.where(gap == 0, rho[busy], moved)
        busy = busy[~settled]
        if busy.size == 0:
            break
    rho[busy] = np.nan
    return rho


def tetrachoric(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return tetrachoric correlations and their variances.

    Parameters
    ----------
    a, b, c, d : ndarray, shape (k,)
        Cells; a table with an empty cell has no estimate inside (-1, 1) and comes out NaN.

    Returns
    -------
    yi, vi : ndarray, shape (k,)
        Pearson, Phil Trans R Soc A 195 (1900) 1-47; Hamdan, Biometrika 57 (1970) 212-215.
    """
    yi, vi = np.full(a.size, np.nan), np.full(a.size, np.nan)
    full = (a > 0) & (b > 0) & (c > 0) & (d > 0)
    n = (a + b + c + d)[full]
    both, row, column = a[full] / n, (a + b)[full] / n, (a + c)[full] / n
    h, k = special.ndtri(row), special.ndtri(column)
    rho = _root(h, k, both)
    root = np.sqrt((1.0 - rho) * (1.0 + rho))
    by_row = special.ndtr((k - rho * h) / root)
    by_column = special.ndtr((h - rho * k) / root)
    # the variance of both - by_row row - by_column column, whose multinomial terms follow cell by cell
    weights = (1 - by_row - by_column, -by_row, -by_column, np.zeros(rho.size))
    shares = [cell[full] / n for cell in (a, b, c, d)]
    mean = sum(weight * share for weight, share in zip(weights, shares, strict=True))
    square = sum(weight**2 * share for weight, share in zip(weights, shares, strict=True))
    yi[full] = rho
    vi[full] = (square - mean**2) / (n * _density(h, k, rho) ** 2)
    return yi, vi
