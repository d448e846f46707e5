"""Fits of many meta-analyses of one size side by side in NumPy: the numbers of `kernel` without a compiler.

The sums are those of `one_mean`, given arrays over the meta-analyses in the place of floats, so each
meta-analysis sees the same operations in the same order as alone. What is here is the control: steps are
taken for those that are not done yet, and the few whose likelihood is not settled after two looks go
through the search alone.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats import mean_estimators, one_mean
from evergrove.stats.bulk import kernel
from evergrove.stats.mean_data import MOST_IN_A_LIST
from evergrove.stats.one_mean import ENOUGH, FOUND, MOST_MAXIMA, MOST_ROOT_STEPS, NOT_FOUND, ROUNDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray

#: Meta-analyses of one size that are taken together: their arrays fit in a processor's cache.
CELLS_TOGETHER = 65_536
#: Fewer than this are fitted one by one.
FEWEST_TOGETHER = 6


class Found(NamedTuple):
    """tau² on the layout's scale and how it was found, each of shape (g,)."""

    tau2: FloatArray
    maxima: NDArray[np.float64]
    iterations: NDArray[np.float64]
    status: NDArray[np.float64]


def _start(groups: int) -> Found:
    """Return tau² = 0 for all."""
    return Found(np.zeros(groups), np.ones(groups), np.zeros(groups), np.full(groups, float(FOUND)))


def _put(
    found: Found, at: NDArray[np.intp], tau2: FloatArray, steps: NDArray[np.float64], before: float
) -> None:
    """Write roots; steps below 0 are failures."""
    found.tau2[at] = np.where(steps > 0, tau2, math.nan)
    found.iterations[at] = before + np.abs(steps)
    found.status[at] = np.where(steps > 0, FOUND, NOT_FOUND)


def _sums(tau2: FloatArray, y: FloatArray, v: FloatArray, restricted: bool) -> tuple[FloatArray, ...]:
    """Return A, B, C, D of each column."""
    return one_mean.score_sums(tau2, y, v, restricted)


def _newton(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> FloatArray:
    """Return Newton's step, or -1 where the function does not rise."""
    bend = 2.0 * b * c - d * a
    step: FloatArray = np.full(a.size, -1.0)
    np.divide((a - b) * a, bend, out=step, where=bend > 0.0)
    return step


def _roots_of_score(  # noqa: PLR0917 - as root_of_score
    low: FloatArray, high: FloatArray, guess: FloatArray, y: FloatArray, v: FloatArray, restricted: bool
) -> tuple[FloatArray, NDArray[np.float64]]:
    """`one_mean.root_of_score` for each column of y and v."""
    low, high = low.copy(), high.copy()
    inside = (low < guess) & (guess < high)
    tau2 = np.where(inside, guess, 0.5 * (low + high))
    before = np.where(inside, guess - low, 0.0)
    root, steps = tau2.copy(), np.full(tau2.size, -float(MOST_ROOT_STEPS))
    active = np.arange(tau2.size)
    for step in range(1, MOST_ROOT_STEPS):
        a, b, c, d = _sums(tau2, y, v, restricted)
        low, high = np.where(a > b, tau2, low), np.where(a > b, high, tau2)
        size = v[0] + tau2
        bend = 2.0 * b * c - d * a
        after = np.full(tau2.size, -1.0)
        np.divide((a - b) * a, bend, out=after, where=bend > 0.0)
        after = np.where(bend > 0.0, tau2 + after, -1.0)
        change = np.abs(after - tau2)
        newton = (low <= after) & (after <= high)
        done = newton & (
            (change <= ROUNDING * size)
            | (change * change * change <= ENOUGH * size * before * before)
            | ((change >= before) & (change < 1e-10 * size))
        )
        after, change = np.where(newton, after, 0.5 * (low + high)), np.where(newton, change, 0.0)
        done |= ~newton & (high - low <= 4.0 * ROUNDING * size)
        root[active[done]], steps[active[done]] = after[done], step
        left = ~done
        active, tau2, before = active[left], after[left], change[left]
        if active.size == 0:
            break
        low, high, y, v = low[left], high[left], y[:, left], v[:, left]
    return root, steps


def _likelihood(
    y: FloatArray, v: FloatArray, restricted: bool, at_zero: tuple[FloatArray, ...]
) -> tuple[Found, BoolArray]:
    """Return what two looks settle, and which columns they do not."""
    k, groups = v.shape
    found = _start(groups)
    squares = one_mean.sum_of_squares(y)
    spread = squares * v[-1] >= (k - 1 if restricted else k)
    open_ = np.zeros(groups, dtype=bool)
    at = np.flatnonzero(spread)
    y, v, squares = y[:, at], v[:, at], squares[at]
    alike = v[-1] - 2.0 * v[0]
    end = 1.01 * np.maximum(v[-1], 2.0 * squares / (k - 1 if restricted else k))
    zero = np.zeros(at.size)
    here = one_mean.of_score(tuple(part[at] for part in at_zero), restricted)
    a, b, _, d = here
    rises = a > b
    settled = (alike <= 0.0) | one_mean.one_descent_at_most(a, b, d, squares)
    found.iterations[at] = 1
    towards = _newton(*here)
    now = np.flatnonzero(settled & rises)
    tau2, steps = _roots_of_score(zero[now], end[now], towards[now], y[:, now], v[:, now], restricted)
    _put(found, at[now], tau2, steps, 1)
    again = np.flatnonzero(~settled & rises & (towards > 0.0))
    open_[at[~settled & ~rises]] = True
    open_[at[~settled & rises & ~(towards > 0.0)]] = True
    moment = ((at_zero[2][at] - k + 1.0) / at_zero[4][at])[again]
    y, v, end, towards, squares = y[:, again], v[:, again], end[again], towards[again], squares[again]
    here = tuple(part[again] for part in here)
    width = np.minimum(np.maximum(0.7 * towards, 0.8 * moment), end)
    there = _sums(width, y, v, restricted)
    a, b, _, d = there
    beyond = (width >= alike[again]) | (width >= end) | one_mean.one_descent_at_most(a, b, d, squares)
    judged = beyond & one_mean.judged_by_tangents(width, *here, *there)
    open_[at[again[~judged]]] = True
    for chosen, low, high, guess in (
        (judged & (a > b), width, end, width + _newton(*there)),
        (judged & (a <= b), np.zeros(again.size), width, towards),
    ):
        now = np.flatnonzero(chosen)
        tau2, steps = _roots_of_score(low[now], high[now], guess[now], y[:, now], v[:, now], restricted)
        _put(found, at[again[now]], tau2, steps, 2)
    return found, open_


def _root_of_q(given: float, q: FloatArray, y: FloatArray, v: FloatArray) -> Found:
    """`one_mean.tau2_where_q_is` for each column of y and v, from 0."""
    found = _start(q.size)
    active = np.flatnonzero(~(q <= given))
    y, v = y[:, active], v[:, active]
    tau2, before = np.zeros(active.size), np.zeros(active.size)
    _put(found, active, tau2, np.full(active.size, -float(MOST_ROOT_STEPS)), 0)
    for step in range(1, MOST_ROOT_STEPS):
        q, a = one_mean.q_and_slope(tau2, y, v)
        change = np.zeros(q.size)
        np.divide(q * (q - given), given * a, out=change, where=a > 0.0)
        size = v[0] + tau2
        small = change <= ROUNDING * size
        after = np.where(
            small & (tau2 > 0.0), np.maximum(0.0, tau2 + change), tau2 + np.where(small, 0.0, change)
        )
        size = v[0] + np.where(small, tau2, after)
        last = (change * change * change <= ENOUGH * size * before * before) | (
            (before <= change) & (change < 1e-10 * size)
        )
        done = small | last
        _put(found, active[done], after[done], np.full(int(done.sum()), float(step)), 0)
        active, y, v = active[~done], y[:, ~done], v[:, ~done]
        tau2, before = after[~done], change[~done]
        if active.size == 0:
            break
    return found


def _fit_alone(  # noqa: PLR0917 - as kernel.fit_studies
    method: int, given: float, y: FloatArray, v: FloatArray, out: FloatArray, place: int
) -> None:
    """Fit one meta-analysis with the kernel as it stands, over lists or (many studies) whole arrays."""
    if y.size <= MOST_IN_A_LIST:
        kernel.fit_studies(method, given, y.tolist(), v.tolist(), [0.0] * MOST_MAXIMA, out, place)
        return
    order = np.lexsort((y, v))
    kernel.fit_sorted(method, given, y[order], v[order], [0.0] * MOST_MAXIMA, out, place)


def fit_equal_sizes(method: int, given: float, y: FloatArray, v: FloatArray) -> FloatArray:
    """Fit meta-analyses of one size.

    Parameters
    ----------
    method : int
        Estimator of `kernel`.
    given : float
        tau² or target.
    y, v : ndarray, shape (g, k)
        Effects and variances, one meta-analysis per row.

    Returns
    -------
    ndarray, shape (9, g)
        `kernel.COLUMN`.
    """
    groups, k = y.shape
    out = np.empty((len(kernel.COLUMN), groups))
    together = max(1, CELLS_TOGETHER // k)
    if min(groups, together) < FEWEST_TOGETHER:
        for place in range(groups):
            _fit_alone(method, given, y[place], v[place], out, place)
        return out
    for begin in range(0, groups, together):
        part = slice(begin, begin + together)
        out[:, part] = _fit_together(method, given, y[part], v[part])
    return out


def _fit_together(method: int, given: float, y: FloatArray, v: FloatArray) -> FloatArray:
    """Fit one cache full of meta-analyses."""
    groups, k = y.shape
    order = np.lexsort((y, v), axis=1)
    effects = np.ascontiguousarray(np.take_along_axis(y, order, axis=1).T)
    variances = np.ascontiguousarray(np.take_along_axis(v, order, axis=1).T)
    first, unit = effects[0].copy(), variances[0].copy()
    root = np.sqrt(unit)
    effects = (effects - first) / root
    variances /= unit
    at_zero = one_mean.moments(np.zeros(groups), effects, variances)
    found, open_ = _start(groups), np.zeros(groups, dtype=bool)
    if method == mean_estimators.GIVEN:
        found.tau2[:] = given / unit
    elif k > 1 and method in (mean_estimators.REML, mean_estimators.ML):
        found, open_ = _likelihood(effects, variances, method == mean_estimators.REML, at_zero)
    elif k > 1 and method == mean_estimators.ROOT_OF_Q:
        found = _root_of_q(given, at_zero[2], effects, variances)
    elif k > 1:
        value = mean_estimators.moment_estimate(method, effects, variances, at_zero, unit)
        found.tau2[:] = np.where(value > 0.0, value, 0.0)
    at = one_mean.moments(found.tau2, effects, variances)
    out = np.array(
        [
            found.tau2 * unit,
            first + at[1] * root,
            root / np.sqrt(at[0]),
            at[2],
            at_zero[2],
            at_zero[4] / unit,
            found.maxima,
            found.iterations,
            found.status,
        ]
    )
    for place in np.flatnonzero(open_):
        _fit_alone(method, given, y[place], v[place], out, int(place))
    return out
