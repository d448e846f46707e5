"""Kendall's rank correlation: tau-b, the variance of its score with ties, its exact distribution."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: Above this many pairs of values the normal approximation is used in place of the exact distribution.
MOST_EXACT = 1000


class Kendall(NamedTuple):
    """A rank correlation with its test.

    Parameters
    ----------
    tau : float
        tau-b.
    score, score_se : float
        Concordant minus discordant pairs (with the correction, if any), and its standard error without
        association.
    z : float
        score / score_se; NaN for the exact test.
    p_value : float
        Two-sided.
    exact : bool
        Whether p is exact.
    ties : bool
        Whether any values are tied.
    """

    tau: float
    score: float
    score_se: float
    z: float
    p_value: float
    exact: bool
    ties: bool


def _tied_groups(values: FloatArray) -> FloatArray:
    """Return the sizes of groups of equal values."""
    return np.unique(values, return_counts=True)[1].astype(float)


def _exact_p(concordant: int, n: int) -> float:
    """Return the two-sided p of a number of concordant pairs, from the distribution of inversions."""
    pairs = n * (n - 1) // 2
    share = np.ones(1)
    for size in range(2, n + 1):
        total = np.cumsum(np.concatenate([share, np.zeros(size - 1)]))
        total[size:] -= total[: total.size - size].copy()
        share = total / size
    fewer = min(concordant, pairs - concordant)
    return min(1.0, 2.0 * float(np.sort(share[: fewer + 1]).sum()))


def kendall(x: FloatArray, y: FloatArray, *, exact: bool | None, correct: bool) -> Kendall:
    """Correlate two columns by ranks.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Values; n of 2 or more, neither column constant.
    exact : bool or None
        Exact p value; None is exact where there are no ties and at most `MOST_EXACT` rows. Never with ties.
    correct : bool
        Whether the score is taken one nearer to 0 for the normal test.

    Returns
    -------
    Kendall
        Kendall & Gibbons 1990, pp. 66-68, as `cor.test` of R and Stata have it.

    Examples
    --------
    >>> x, y = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 3.0, 2.0, 4.0])
    >>> test = kendall(x, y, exact=None, correct=False)
    >>> round(test.tau, 4), round(test.p_value, 4)
    (0.6667, 0.3333)
    """
    n = int(x.size)
    raw = 0.0
    for row in range(n - 1):
        raw += float((np.sign(x[row + 1 :] - x[row]) * np.sign(y[row + 1 :] - y[row])).sum())
    pairs = n * (n - 1) / 2.0
    t, u = _tied_groups(x), _tied_groups(y)
    tied = t.size < n or u.size < n
    free = math.sqrt(pairs - float((t * (t - 1)).sum()) / 2.0) * math.sqrt(
        pairs - float((u * (u - 1)).sum()) / 2.0
    )
    variance = (
        n * (n - 1) * (2 * n + 5)
        - float((t * (t - 1) * (2 * t + 5)).sum())
        - float((u * (u - 1) * (2 * u + 5)).sum())
    ) / 18.0
    variance += float((t * (t - 1)).sum()) * float((u * (u - 1)).sum()) / (2.0 * n * (n - 1))
    if n > 2:
        variance += (
            float((t * (t - 1) * (t - 2)).sum())
            * float((u * (u - 1) * (u - 2)).sum())
            / (9.0 * n * (n - 1) * (n - 2))
        )
    error = math.sqrt(variance)
    if not tied and (n <= MOST_EXACT if exact is None else exact):
        p = _exact_p(round((raw + pairs) / 2.0), n)
        return Kendall(raw / free, raw, error, math.nan, p, True, tied)
    score = raw - math.copysign(min(1.0, abs(raw)), raw) if correct else raw
    z = score / error
    return Kendall(raw / free, score, error, z, 2.0 * float(special.ndtr(-abs(z))), False, tied)
