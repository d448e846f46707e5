# ruff: noqa: PLR0917 - plain loops over plain arrays are what numba translates best
"""A meta-regression fitted to many subsets of its studies: in a loop for numba, side by side in NumPy.

The fit of a subset is that of `permutation_kernel` and `permutation_batch`; the two agree to rounding.
"""

from __future__ import annotations

import importlib
import math
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.stats.bulk.compiled import of_these_sources
from evergrove.stats.regression import permutation_batch, permutation_kernel
from evergrove.stats.regression.permutation_kernel import KNOWN, evaluate, tau2_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray

#: What a fit writes before its coefficients.
NUMBERS = ("tau2", "q", "trace")
#: A column is redundant where those before it leave less than this share of its length (R's rule).
LEAST_SHARE = 1e-7


def full_rank(x: Any, work: Any) -> bool:  # noqa: ANN401 - arrays, in numba's hands too
    """Return whether no column is a combination of those before it (Gram-Schmidt)."""
    k, p = x.shape
    for a in range(p):
        size = 0.0
        for i in range(k):
            work[i, a] = x[i, a]
            size += x[i, a] * x[i, a]
        for c in range(a):
            share = 0.0
            for i in range(k):
                share += work[i, c] * work[i, a]
            for i in range(k):
                work[i, a] -= share * work[i, c]
        left = 0.0
        for i in range(k):
            left += work[i, a] * work[i, a]
        if left <= LEAST_SHARE * LEAST_SHARE * size:
            return False
        root = math.sqrt(left)
        for i in range(k):
            work[i, a] /= root
    return True


def fit_subsets(
    y: Any,  # noqa: ANN401 - arrays, in numba's hands too
    v: Any,  # noqa: ANN401
    x: Any,  # noqa: ANN401
    subsets: Any,  # noqa: ANN401
    grid: Any,  # noqa: ANN401
    ends: Any,  # noqa: ANN401
    known: Any,  # noqa: ANN401
    method: int,
    out: Any,  # noqa: ANN401
) -> None:
    """Fit each subset in turn.

    Parameters
    ----------
    y, v, x : ndarray, shapes (n,), (n,) and (n, p)
        Scale-free effects and variances, and the design.
    subsets : ndarray of uint32, shape (s, words)
        Bit i of the words says whether study i is in.
    grid : ndarray
        Values of tau² to scan.
    ends, known : ndarray, shape (n + 1,)
        By number of studies: how much of the grid to scan; the known number of `tau2_of`.
    method : int
        Estimator.
    out : ndarray, shape (s, 3 + p)
        Receives `NUMBERS` and coefficients; NaN where the subset does not determine them.
    """
    n, p = x.shape
    own_y, own_v, own_x, work = np.empty(n), np.empty(n), np.empty((n, p)), np.empty((n, p))
    lower, b = np.zeros((p, p)), np.zeros(p)
    for place in range(subsets.shape[0]):
        k = 0
        for i in range(n):
            if subsets[place, i >> 5] >> (i & 31) & 1:
                own_y[k], own_v[k] = y[i], v[i]
                for a in range(p):
                    own_x[k, a] = x[i, a]
                k += 1
        for a in range(out.shape[1]):
            out[place, a] = math.nan
        if k < p or (k == p and method != KNOWN) or not full_rank(own_x[:k], work):
            continue
        tau2 = tau2_of(own_y[:k], own_v[:k], own_x[:k], grid[: ends[k]], known[k], method, lower, b)
        q, trace, _, _ = evaluate(own_y[:k], own_v[:k], own_x[:k], 0.0, lower, b)
        if tau2 != 0.0:
            evaluate(own_y[:k], own_v[:k], own_x[:k], tau2, lower, b)
        out[place, 0], out[place, 1], out[place, 2] = tau2, q, trace
        for a in range(p):
            out[place, 3 + a] = b[a]


def _full_ranks(x: FloatArray) -> BoolArray:
    """Return `full_rank` of designs of shape (s, k, p)."""
    kept = np.ones(x.shape[0], dtype=bool)
    unit = np.zeros_like(x)
    for a in range(x.shape[2]):
        column = x[:, :, a].copy()
        size = (column**2).sum(axis=1)
        for c in range(a):
            column -= (unit[:, :, c] * column).sum(axis=1, keepdims=True) * unit[:, :, c]
        left = (column**2).sum(axis=1)
        kept &= left > LEAST_SHARE**2 * size
        unit[:, :, a] = column / np.sqrt(np.where(left > 0.0, left, 1.0))[:, np.newaxis]
    return kept


def fit_equal_subsets(
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    members: NDArray[np.intp],
    grid: FloatArray,
    known: float,
    method: int,
) -> FloatArray:
    """Fit subsets of equal size together; what `fit_subsets` writes, shape (s, 3 + p).

    Parameters
    ----------
    y, v, x, method
        As in `fit_subsets`.
    members : ndarray of int, shape (s, k)
        Studies of each subset.
    grid, known : ndarray and float
        For this size.
    """
    size, k = members.shape
    p = x.shape[1]
    out = np.full((size, 3 + p), np.nan)
    if k < p or (k == p and method != KNOWN):
        return out
    kept = _full_ranks(x[members])
    chosen = members[kept]
    batch = permutation_batch.Batch(y[chosen], v[chosen], x[chosen])
    tau2 = permutation_batch.tau2_of(batch, grid, known, method)
    plain = permutation_batch.evaluate(batch, np.zeros(tau2.size))
    found = permutation_batch.evaluate(batch, tau2)
    out[kept] = np.column_stack([tau2, plain.q, plain.trace, found.b])
    return out


@cache
def compiled() -> Callable[..., Any] | None:
    """Return `fit_subsets` compiled by numba, or None where numba is not installed."""
    numba = permutation_kernel.numba_with_parts()
    if numba is None:
        return None
    importlib.import_module("numba.extending").register_jitable(error_model="numpy")(full_rank)
    source = of_these_sources(fit_subsets, permutation_kernel, sys.modules[__name__])
    entry: Callable[..., Any] = numba.njit(cache=True, nogil=True, error_model="numpy")(source)
    return entry
