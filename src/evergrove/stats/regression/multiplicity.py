"""p values of several tests: adjustments for their number, and the step-down maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import column, real_array, refuse_rows
from evergrove.stats.options import choose
from evergrove.stats.regression.options import PAdjustment

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray

#: Statistics this close to the observed one count as equal to it (metafor's ``comptol``).
TIE = float(np.sqrt(np.finfo(np.float64).eps))


def adjust_p_values(p_values: ArrayLike, method: str = PAdjustment.HOLM) -> FloatArray:
    """Adjust p values for the number of tests.

    Parameters
    ----------
    p_values : array-like, shape (m,)
        In [0, 1]; NaN stays NaN and is not counted.
    method : PAdjustment or str
        ``"holm"``, ``"bonferroni"``, ``"hochberg"``, ``"hommel"``, ``"BH"``, ``"BY"`` or ``"none"``.

    Returns
    -------
    ndarray, shape (m,)
        Adjusted p values, in [0, 1], in the order given (R's ``p.adjust``).

    Raises
    ------
    DataError
        For values outside [0, 1].
    UsageError
        For an unknown method.

    Notes
    -----
    Adjust for all the tests that were made, not for those that are shown.

    References
    ----------
    [Holm1979]; [Hochberg1988]; [Hommel1988]; [Wright1992]; [Benjamini1995]; [Benjamini2001].

    Examples
    --------
    >>> adjust_p_values([0.01, 0.02, 0.04]).tolist()
    [0.03, 0.04, 0.04]
    """
    chosen = choose(PAdjustment, method, "method")
    given = column("p_values", p_values)
    refuse_rows(
        "p_values",
        given,
        (given < 0) | (given > 1),
        allowed="0 to 1",
        todo="pass p values, no statistics",
    )
    known = ~np.isnan(given)
    adjusted = np.full_like(given, np.nan)
    adjusted[known] = _adjusted(given[known], chosen)
    return adjusted


def _adjusted(p: FloatArray, method: PAdjustment) -> FloatArray:
    """Return adjusted p values; none missing."""
    m = p.size
    if method is PAdjustment.NONE or m <= 1:
        return p
    if method is PAdjustment.BONFERRONI:
        return np.asarray(np.minimum(1.0, m * p))
    rising = np.argsort(p, kind="stable")
    ordered, rank = p[rising], np.arange(1, m + 1)
    if method is PAdjustment.HOLM:
        steps = np.maximum.accumulate((m - rank + 1) * ordered)
    elif method is PAdjustment.HOMMEL:
        steps = _hommel(ordered)
    else:
        factor = {
            PAdjustment.HOCHBERG: (m - rank + 1).astype(np.float64),
            PAdjustment.BH: m / rank,
            PAdjustment.BY: float((1.0 / rank).sum()) * m / rank,
        }[method]
        steps = np.minimum.accumulate((factor * ordered)[::-1])[::-1]
    result = np.empty(m)
    result[rising] = np.minimum(1.0, steps)
    return result


def _hommel(ordered: FloatArray) -> FloatArray:
    """Return Hommel's adjusted p values of rising ones (Wright 1992, appendix).

    For each size of a set of hypotheses, Simes' p value of the set with the largest p values bounds the
    adjusted values; each hypothesis takes the largest bound over the sizes.
    """
    m = ordered.size
    adjusted = np.full(m, float((m * ordered / np.arange(1, m + 1)).min()))
    adjusted = np.maximum(adjusted, ordered)
    for size in range(m - 1, 1, -1):
        few = m - size + 1
        bound = float((size * ordered[few:] / np.arange(2, size + 1)).min())
        own = np.empty(m)
        own[:few] = np.minimum(bound, size * ordered[:few])
        own[few:] = own[few - 1]
        adjusted = np.maximum(adjusted, own)
    return np.asarray(adjusted)


def step_down_max(observed: ArrayLike, permuted: ArrayLike) -> FloatArray:
    """Adjust permutation p values by the step-down maximum of Westfall and Young.

    Parameters
    ----------
    observed : array-like, shape (m,)
        Statistics, the larger the further from the hypothesis (absolute values for two-sided tests).
    permuted : array-like, shape (B, m)
        The same for each permutation; the observed data must be one of them. Rows with NaN are left out.

    Returns
    -------
    ndarray, shape (m,)
        Adjusted p values: they use the dependence between the tests and are never above Holm's on the same
        permutations.

    Raises
    ------
    DataError
        For shapes that do not match, or without a complete permutation.

    References
    ----------
    [Westfall1993], algorithm 2.8 (on maxima); [Ge2003], box 3.

    Examples
    --------
    >>> step_down_max([3.0, 1.0], [[3.0, 1.0], [1.5, 0.5], [0.2, 2.0], [0.1, 1.2]]).tolist()
    [0.25, 0.75]
    """
    top = column("observed", observed)
    table = real_array("permuted", permuted)
    if table.ndim != 2 or table.shape[1] != top.size:
        raise DataError(
            f"permuted: found shape {table.shape}; allowed: (B, {top.size}), one row per permutation"
        )
    table = table[~np.isnan(table).any(axis=1)]
    if table.shape[0] == 0:
        raise DataError(
            "permuted: found no complete permutation; allowed: one or more, the observed among them"
        )
    falling = np.argsort(-top, kind="stable")
    maxima = np.maximum.accumulate(table[:, falling[::-1]], axis=1)[:, ::-1]
    shares = (maxima >= top[falling] - TIE).mean(axis=0)
    adjusted = np.empty(top.size)
    adjusted[falling] = np.maximum.accumulate(shares)
    return adjusted
