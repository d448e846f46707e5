"""Permutation tests on whole arrays of permutations with NumPy: where numba is not installed.

The same algorithm as `permutation_kernel`, vectorised over permutations; the two agree to rounding.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.regression.permutation_kernel import (
    CA2,
    CLASSIC,
    DL2,
    HE,
    HS,
    KNOWN,
    ML,
    MOST_STEPS,
    PM,
    RELATIVE_TOLERANCE,
    REML,
    SCALED_OR_CLASSIC,
    SCALED_TRUNCATED,
    SJ,
    SJ_HEDGES,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray


class Batch(NamedTuple):
    """B data sets: effects and variances of shape (B, k), designs of shape (B, k, p)."""

    y: FloatArray
    v: FloatArray
    x: FloatArray

    def of(self, chosen: NDArray[np.intp]) -> Batch:
        """Return some of the data sets."""
        return Batch(self.y[chosen], self.v[chosen], self.x[chosen])


class Evaluated(NamedTuple):
    """A fit of each data set at its tau²."""

    q: FloatArray
    trace: FloatArray
    squares: FloatArray
    total: FloatArray
    inverse: FloatArray
    b: FloatArray


def evaluate(batch: Batch, t: FloatArray) -> Evaluated:
    """Fit every data set at its own tau², shape (B,)."""
    w = 1.0 / (batch.v + t[:, np.newaxis])
    weighted = w[:, :, np.newaxis] * batch.x
    inverse = np.linalg.inv(np.linalg.cholesky(np.swapaxes(batch.x, 1, 2) @ weighted))
    crossed = np.swapaxes(weighted, 1, 2) @ batch.y[:, :, np.newaxis]
    b = np.swapaxes(inverse, 1, 2) @ (inverse @ crossed)
    residual = batch.y - (batch.x @ b)[:, :, 0]
    h = ((batch.x @ np.swapaxes(inverse, 1, 2)) ** 2).sum(axis=2)
    wr = w * residual
    return Evaluated(
        (wr * residual).sum(axis=1),
        (w * (1.0 - w * h)).sum(axis=1),
        (wr**2).sum(axis=1),
        w.sum(axis=1),
        inverse,
        b[:, :, 0],
    )


def equation(at: Evaluated, target: float, method: int) -> FloatArray:
    """Return what is 0 at the estimate, for each data set."""
    wanted, found = (
        (np.full_like(at.q, target), at.q)
        if method == PM
        else (at.trace if method == REML else at.total, at.squares)
    )
    return np.where(found > 0.0, 1.0 - wanted / np.where(found > 0.0, found, 1.0), -np.inf)


def solve(  # noqa: PLR0917 - brackets of the kernel
    batch: Batch,
    low: FloatArray,
    high: FloatArray,
    f_low: FloatArray,
    f_high: FloatArray,
    target: float,
    method: int,
) -> FloatArray:
    """Return the root of each data set between two values of opposite sign (Chandrupatla 1997)."""
    root = np.full(low.size, np.nan)
    active = np.arange(low.size)
    left, right, f_left, f_right = high.copy(), low.copy(), f_high.copy(), f_low.copy()
    fraction = np.full(low.size, 0.5)
    for _ in range(MOST_STEPS):
        at = left + fraction * (right - left)
        value = equation(evaluate(batch.of(active), at), target, method)
        same = (value > 0.0) == (f_left > 0.0)
        third, f_third = np.where(same, left, right), np.where(same, f_left, f_right)
        right, f_right = np.where(same, right, left), np.where(same, f_right, f_left)
        left, f_left = at, value
        nearer = np.abs(f_left) < np.abs(f_right)
        best, at_best = np.where(nearer, left, right), np.where(nearer, f_left, f_right)
        width = np.abs(right - left)
        least = RELATIVE_TOLERANCE * np.abs(best)
        done = (at_best == 0.0) | (width <= 2.0 * least) | (width < 1e-300)
        root[active[done]] = best[done]
        go = ~done
        if not go.any():
            break
        active, left, right, third = active[go], left[go], right[go], third[go]
        f_left, f_right, f_third = f_left[go], f_right[go], f_third[go]
        share = least[go] / width[go]
        fraction = np.clip(_fraction(left, right, third, f_left, f_right, f_third), share, 1.0 - share)
    return root


def _fraction(  # noqa: PLR0917 - three points and their values
    left: FloatArray,
    right: FloatArray,
    third: FloatArray,
    f_left: FloatArray,
    f_right: FloatArray,
    f_third: FloatArray,
) -> FloatArray:
    """Return the next fraction of each bracket: inverse quadratic where it is safe, else a half."""
    fraction = np.full(left.size, 0.5)
    apart = (third != left) & (third != right) & (f_third != f_right) & (f_third != f_left)
    a, b, c = left[apart], right[apart], third[apart]
    fa, fb, fc = f_left[apart], f_right[apart], f_third[apart]
    position, share = (a - b) / (c - b), (fa - fb) / (fc - fb)
    safe = (share**2 < position) & ((1.0 - share) ** 2 < 1.0 - position)
    step = np.full(a.size, 0.5)
    a, b, c, fa, fb, fc = a[safe], b[safe], c[safe], fa[safe], fb[safe], fc[safe]
    step[safe] = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    fraction[apart] = step
    return fraction


def heights(batch: Batch, t: FloatArray, method: int) -> FloatArray:
    """Return the (restricted) log-likelihood of each data set at its tau², without its constant."""
    at = evaluate(batch, t)
    value = -0.5 * (at.q + np.log(batch.v + t[:, np.newaxis]).sum(axis=1))
    if method == REML:
        value += np.log(np.diagonal(at.inverse, axis1=1, axis2=2)).sum(axis=1)
    return np.asarray(value)


def hedges_of(batch: Batch) -> FloatArray:
    """Return the unweighted moment estimate of each data set, not cut at 0."""
    plain = evaluate(batch._replace(v=np.ones_like(batch.v)), np.zeros(batch.y.shape[0]))
    h = ((batch.x @ np.swapaxes(plain.inverse, 1, 2)) ** 2).sum(axis=2)
    df = batch.y.shape[1] - batch.x.shape[2]
    return np.asarray((plain.q - (batch.v * (1.0 - h)).sum(axis=1)) / df)


def closed_tau2_of(batch: Batch, known: float, method: int) -> FloatArray:
    """Return tau² of each data set by a closed form."""
    size, k = batch.y.shape
    df = float(k - batch.x.shape[2])
    start = np.zeros(size)
    if method in {HE, CA2, SJ_HEDGES}:
        start = hedges_of(batch)
        if method == HE:
            return np.maximum(0.0, start)
        start = np.maximum(0.0, start) if method == CA2 else np.where(start > 0.0, start, known)
    if method == SJ:
        start = ((batch.y - batch.y.mean(axis=1, keepdims=True)) ** 2).mean(axis=1)
    at = evaluate(batch, start)
    if method in {SJ, SJ_HEDGES}:
        return np.asarray(start * at.q / df)
    if method == HS:
        return np.asarray(np.maximum(0.0, (known * at.q - k) / at.total))
    value = np.maximum(0.0, (at.q - df) / at.trace + start)
    if method != DL2:
        return value
    at = evaluate(batch, value)
    return np.maximum(0.0, (at.q - df) / at.trace + value)


def tau2_of(batch: Batch, grid: FloatArray, known: float, method: int) -> FloatArray:
    """Return tau² of each data set; likelihoods are scanned over the grid for every maximum."""
    size = batch.y.shape[0]
    if method == KNOWN:
        return np.full(size, known)
    if method not in {PM, ML, REML}:
        return closed_tau2_of(batch, known, method)
    before = equation(evaluate(batch, np.zeros(size)), known, method)
    best, top, several = np.zeros(size), np.full(size, np.nan), before <= 0.0
    for low, high in pairwise(grid.tolist()):
        after = equation(evaluate(batch, np.full(size, high)), known, method)
        falling = (before > 0.0) & (after <= 0.0)
        if falling.any():
            where = np.flatnonzero(falling)
            limits = np.full(where.size, low), np.full(where.size, high)
            root = solve(batch.of(where), *limits, before[where], after[where], known, method)
            best, top = _higher(batch, best, top, where, root, several=several, method=method)
            several |= falling
        before = after
    return best


def _higher(
    batch: Batch,
    best: FloatArray,
    top: FloatArray,
    where: NDArray[np.intp],
    root: FloatArray,
    *,
    several: BoolArray,
    method: int,
) -> tuple[FloatArray, FloatArray]:
    """Return the best tau² and its likelihood after a new maximum of some data sets."""
    best, top = best.copy(), top.copy()
    alone = ~several[where]
    best[where[alone]] = root[alone]
    rivals, there = where[~alone], root[~alone]
    if rivals.size:
        unknown = rivals[np.isnan(top[rivals])]
        top[unknown] = heights(batch.of(unknown), best[unknown], method)
        value = heights(batch.of(rivals), there, method)
        wins = value > top[rivals]
        best[rivals[wins]], top[rivals[wins]] = there[wins], value[wins]
    return best, top


def factors_of(rss: FloatArray, df: float, scaling: int, ratio: float) -> FloatArray:
    """Return the Hartung-Knapp factor of each covariance."""
    if scaling == CLASSIC:
        return np.ones_like(rss)
    factor = np.where(rss > np.finfo(np.float64).eps, rss / df, 0.0)
    if scaling == SCALED_TRUNCATED:
        return np.maximum(1.0, factor)
    if scaling == SCALED_OR_CLASSIC:
        return np.where(np.sqrt(factor) < ratio, 1.0, factor)
    return factor


def statistics(  # noqa: PLR0917 - the signature of the compiled kernel
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    back: FloatArray,
    orders: NDArray[np.int64],
    signs: FloatArray,
    grid: FloatArray,
    known: float,
    method: int,
    scaling: int,
    ratio: float,
    tested: NDArray[np.int64],
    coefficients: FloatArray,
    tests: FloatArray,
    joint: FloatArray,
) -> None:
    """Fit every permutation; parameters as `permutation_kernel.statistics`."""
    k, p = x.shape
    size = joint.size
    batch = Batch(
        np.broadcast_to(y * signs, (size, k)),
        np.broadcast_to(v, (size, k)),
        np.broadcast_to(x[orders], (size, k, p)),
    )
    at = evaluate(batch, tau2_of(batch, grid, known, method))
    factor = factors_of(at.q, float(k - p), scaling, ratio)
    half = back @ np.swapaxes(at.inverse, 1, 2)
    covariance = factor[:, np.newaxis, np.newaxis] * (half @ np.swapaxes(half, 1, 2))
    coefficients[:] = at.b @ back.T
    error = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    safe = np.where(error > 0.0, error, 1.0)
    limit = np.where(coefficients == 0.0, np.nan, np.copysign(np.inf, coefficients))
    tests[:] = np.where(error > 0.0, coefficients / safe, limit)
    unit = coefficients[:, tested] / safe[:, tested]
    scale = safe[:, tested, np.newaxis] * safe[:, np.newaxis, tested]
    correlation = covariance[:, tested[:, np.newaxis], tested] / scale
    known_error = (error[:, tested] > 0.0).all(axis=1)
    correlation[~known_error] = np.eye(tested.size)
    solved = np.linalg.solve(np.linalg.cholesky(correlation), unit[:, :, np.newaxis])
    joint[:] = np.where(known_error, (solved**2).sum(axis=(1, 2)), math.nan)
