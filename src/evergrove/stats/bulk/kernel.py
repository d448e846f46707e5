"""Fits of many small meta-analyses in loops over float64 arrays: compiled by numba where it is installed.

Arithmetic and loops only, so that the same source runs interpreted and compiled. A fit writes one row of
numbers, named by `COLUMN`; intervals and p values are made of them for all fits at once.
"""

# ruff: noqa: PLR0917 - compiled loops take their arrays by position

from __future__ import annotations

import math
from typing import Any

from evergrove.stats.mean_estimators import between_study_variance
from evergrove.stats.one_mean import MOST_MAXIMA, moments

#: Lists of floats where one is fitted, arrays where many are.
Array = Any

#: What a fit writes, in this order.
COLUMN = ("tau2", "estimate", "wald_se", "q_at_tau2", "q", "trace", "maxima", "iterations", "status")
#: What `fit_one` writes: the maxima, six numbers (below), `moments` at tau² = 0 and at tau².
FOUND_PART, AT_ZERO_PART, AT_TAU2_PART = (
    slice(MOST_MAXIMA + begin, MOST_MAXIMA + end) for begin, end in ((0, 6), (6, 14), (14, 22))
)
ONE_FIT = MOST_MAXIMA + 22


def sort_by_precision(y: Array, v: Array, k: int) -> None:
    """Sort the first k studies in place by variance, then effect (Shell 1959, gaps of Ciura 2001)."""
    gap = 1
    while gap * 9 < k * 4:
        gap = gap * 9 // 4 + 1
    while gap > 0:
        for i in range(gap, k):
            variance, effect = v[i], y[i]
            j = i
            while j >= gap and (v[j - gap] > variance or (v[j - gap] == variance and y[j - gap] > effect)):
                v[j], y[j] = v[j - gap], y[j - gap]
                j -= gap
            v[j], y[j] = variance, effect
        gap = gap * 4 // 9


def fit_studies(
    method: int,
    given: float,
    y: Array,
    v: Array,
    maxima: Array,
    out: Array,
    place: int,
) -> None:
    """Fit studies in any order, write `COLUMN` to ``out[:, place]``; y and v are overwritten."""
    sort_by_precision(y, v, len(v))
    fit_sorted(method, given, y, v, maxima, out, place)


def fit_sorted(
    method: int,
    given: float,
    y: Array,
    v: Array,
    maxima: Array,
    out: Array,
    place: int,
) -> None:
    """Fit sorted studies as `fit_studies`."""
    first, unit = y[0], v[0]
    tau2, count, iterations, status, at_zero, at = solve_sorted(method, given, y, v, maxima)
    root = math.sqrt(unit)
    out[0, place] = tau2 * unit
    out[1, place] = first + at[1] * root
    out[2, place] = root / math.sqrt(at[0])
    out[3, place] = at[2]
    out[4, place] = at_zero[2]
    out[5, place] = at_zero[4] / unit
    out[6, place] = count
    out[7, place] = iterations
    out[8, place] = status


def solve_sorted(method: int, given: float, y: Array, v: Array, maxima: Array) -> Any:  # noqa: ANN401
    """Lay sorted studies out in place and find tau².

    Returns
    -------
    tau2, count, iterations, status
        As `between_study_variance`.
    at_zero, at_tau2 : tuple of float
        `moments` there.
    """
    first, unit = y[0], v[0]
    root = math.sqrt(unit)
    for i in range(len(v)):
        y[i] = (y[i] - first) / root
        v[i] /= unit
    at_zero = moments(0.0, y, v)
    tau2, count, iterations, status = between_study_variance(method, given, y, v, at_zero, unit, maxima)
    at = at_zero if tau2 == 0.0 else moments(tau2, y, v)
    return tau2, count, iterations, status, at_zero, at


def fit_one(method: int, given: float, yi: Array, vi: Array, out: Array) -> None:
    """Fit one meta-analysis for `mean_data`.

    Parameters
    ----------
    method, given : int, float
        As `fit_members`.
    yi, vi : ndarray, shape (k,)
        Effects and variances in any order.
    out : ndarray, shape (ONE_FIT,)
        Receives the maxima; tau², their number, iterations, status, effect and variance
        of the most precise study; `moments` at tau² = 0; and at tau². The scale is that of the layout.
    """
    y, v = yi.copy(), vi.copy()
    sort_by_precision(y, v, len(v))
    first, unit = y[0], v[0]
    tau2, count, iterations, status, at_zero, at = solve_sorted(method, given, y, v, out)
    place = MOST_MAXIMA
    for value in (tau2, float(count), float(iterations), float(status), first, unit, *at_zero, *at):
        out[place] = value
        place += 1


def fit_members(
    method: int,
    given: Array,
    yi: Array,
    vi: Array,
    rows: Array,
    first: Array,
    sizes: Array,
    skipped: Array,
    subsets: Array,
    scratch: Array,
    out: Array,
) -> None:
    """Fit many selections of the studies, one after the other.

    Parameters
    ----------
    method : int
        Estimator.
    given : ndarray
        tau² or target by number of studies: ``given[min(k, size - 1)]``.
    yi, vi : ndarray, shape (n,)
        Studies.
    rows : ndarray of int, shape (n,) or (0,)
        Order in which groups are together; empty where they are.
    first, sizes : ndarray of int, shape (s,)
        A selection has ``sizes`` studies from place ``first`` of that order.
    skipped : ndarray of int, shape (s,) or (0,)
        But not the one this many places after the first, where there are any.
    subsets : ndarray of uint32, shape (s, words) or (0, 0)
        Or: bit i of the words says whether study i is in.
    scratch : ndarray, shape (3, m)
        Room for the largest selection, and for `MOST_MAXIMA`.
    out : ndarray, shape (9, s)
        Receives `COLUMN`; NaN for a selection without studies.
    """
    for place in range(len(sizes)):
        k = sizes[place]
        if k == 0:
            out[:, place] = math.nan
            continue
        y, v = scratch[0, :k], scratch[1, :k]
        if len(subsets) > 0:
            at = 0
            for i in range(len(yi)):
                if subsets[place, i >> 5] >> (i & 31) & 1:
                    y[at], v[at] = yi[i], vi[i]
                    at += 1
        else:
            leap = skipped[place] if len(skipped) > 0 else k
            for i in range(k):
                at = first[place] + i + (1 if i >= leap else 0)
                row = rows[at] if len(rows) > 0 else at
                y[i], v[i] = yi[row], vi[row]
        fit_studies(method, given[min(k, len(given) - 1)], y, v, scratch[2], out, place)
