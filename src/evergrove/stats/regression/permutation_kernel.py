# ruff: noqa: PLR0912, PLR0917 - plain loops over plain arrays are what numba translates best
"""Kernel of permutation tests, one permutation after the other: written for numba, correct without it.

Every function takes float64 arrays and fills those that it is given. `compiled` returns the entry
translated by numba (an optional extra) and kept on disk; without numba the same tests run on
`permutation_batch`, whole arrays at a time.
"""

from __future__ import annotations

import importlib
import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray

KNOWN, DL, HE, PM, ML, REML, HS, DL2, CA2, SJ, SJ_HEDGES = range(11)
CLASSIC, SCALED, SCALED_TRUNCATED, SCALED_OR_CLASSIC = range(4)
MOST_STEPS = 200
RELATIVE_TOLERANCE = 1e-14


def evaluate(
    y: FloatArray, v: FloatArray, x: FloatArray, t: float, lower: FloatArray, b: FloatArray
) -> tuple[float, float, float, float]:
    """Fit at one tau²: fills `lower` with the inverse Cholesky factor of X'WX and `b` with coefficients.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and variances.
    x : ndarray, shape (k, p)
        Design.
    t : float
        tau².
    lower : ndarray, shape (p, p)
        Out: L⁻¹ with X'WX = LL'.
    b : ndarray, shape (p,)
        Out: coefficients.

    Returns
    -------
    q, trace, squares, weights : float
        y'Py, trace(P), y'PPy, Σ w.
    """
    k, p = x.shape
    _inverse_factor(y, v, x, t, lower, b)
    q, trace, squares, total = 0.0, 0.0, 0.0, 0.0
    for i in range(k):
        w = 1.0 / (v[i] + t)
        residual = y[i]
        h = 0.0
        for a in range(p):
            residual -= x[i, a] * b[a]
            part = 0.0
            for c in range(a + 1):
                part += lower[a, c] * x[i, c]
            h += part * part
        weighted = w * residual
        q += weighted * residual
        squares += weighted * weighted
        trace += w * (1.0 - w * h)
        total += w
    return q, trace, squares, total


def _inverse_factor(
    y: FloatArray, v: FloatArray, x: FloatArray, t: float, lower: FloatArray, b: FloatArray
) -> None:
    """Fill `lower` with L⁻¹ and `b` with the coefficients."""
    k, p = x.shape
    for a in range(p):
        b[a] = 0.0
        for c in range(a + 1):
            lower[a, c] = 0.0
    for i in range(k):
        w = 1.0 / (v[i] + t)
        for a in range(p):
            wx = w * x[i, a]
            b[a] += wx * y[i]
            for c in range(a + 1):
                lower[a, c] += wx * x[i, c]
    for a in range(p):  # Cholesky factor, in place
        for c in range(a + 1):
            entry = lower[a, c]
            for d in range(c):
                entry -= lower[a, d] * lower[c, d]
            lower[a, c] = math.sqrt(entry) if a == c else entry / lower[c, c]
    for c in range(p):  # its inverse, column by column
        lower[c, c] = 1.0 / lower[c, c]
        for a in range(c + 1, p):
            entry = 0.0
            for d in range(c, a):
                entry -= lower[a, d] * lower[d, c]
            lower[a, c] = entry / lower[a, a]
    for a in range(p - 1, -1, -1):  # L⁻¹ X'Wy, then L⁻ᵀ of it
        entry = 0.0
        for c in range(a + 1):
            entry += lower[a, c] * b[c]
        b[a] = entry
    for a in range(p):
        entry = 0.0
        for c in range(a, p):
            entry += lower[c, a] * b[c]
        b[a] = entry


def equation(q: float, trace: float, squares: float, total: float, target: float, method: int) -> float:
    """Return what is 0 at the estimate: positive below it, negative above it, near to linear."""
    if method == PM:
        return 1.0 - target / q if q > 0.0 else -math.inf
    expected = trace if method == REML else total
    return 1.0 - expected / squares if squares > 0.0 else -math.inf


def solve(
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    low: float,
    high: float,
    f_low: float,
    f_high: float,
    target: float,
    method: int,
    lower: FloatArray,
    b: FloatArray,
) -> float:
    """Return the root between two values of opposite sign (Chandrupatla 1997, as in `roots`)."""
    left, right, f_left, f_right = high, low, f_high, f_low
    third, f_third, fraction = left, f_left, 0.5
    for _ in range(MOST_STEPS):
        at = left + fraction * (right - left)
        q, trace, squares, total = evaluate(y, v, x, at, lower, b)
        value = equation(q, trace, squares, total, target, method)
        if (value > 0.0) == (f_left > 0.0):
            third, f_third = left, f_left
        else:
            third, right, f_third, f_right = right, left, f_right, f_left
        left, f_left = at, value
        best, at_best = (left, f_left) if abs(f_left) < abs(f_right) else (right, f_right)
        width = abs(right - left)
        least = RELATIVE_TOLERANCE * abs(best)
        if at_best == 0.0 or width <= 2.0 * least or width < 1e-300:
            return best
        fraction = 0.5
        if third not in (left, right):
            position = (left - right) / (third - right)
            share = (f_left - f_right) / (f_third - f_right)
            if share**2 < position and (1.0 - share) ** 2 < 1.0 - position:
                fraction = f_left / (f_right - f_left) * f_third / (f_right - f_third)
                fraction += ((third - left) / (right - left) * f_left / (f_third - f_left) * f_right) / (
                    f_third - f_right
                )
        fraction = min(1.0 - least / width, max(least / width, fraction))
    return math.nan


def height(
    y: FloatArray, v: FloatArray, x: FloatArray, t: float, method: int, lower: FloatArray, b: FloatArray
) -> float:
    """Return the (restricted) log-likelihood at a tau², without its constant."""
    k, p = x.shape
    q, _, _, _ = evaluate(y, v, x, t, lower, b)
    value = -0.5 * q
    for i in range(k):
        value -= 0.5 * math.log(v[i] + t)
    if method == REML:
        for a in range(p):
            value += math.log(lower[a, a])
    return value


def hedges_of(y: FloatArray, v: FloatArray, x: FloatArray, lower: FloatArray, b: FloatArray) -> float:
    """Return the unweighted moment estimate of tau², not cut at 0."""
    k, p = x.shape
    q, _, _, _ = evaluate(y, np.ones(k), x, 0.0, lower, b)
    inner = 0.0
    for i in range(k):
        h = 0.0
        for a in range(p):
            part = 0.0
            for c in range(a + 1):
                part += lower[a, c] * x[i, c]
            h += part * part
        inner += v[i] * (1.0 - h)
    return (q - inner) / float(k - p)


def closed_tau2_of(
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    known: float,
    method: int,
    lower: FloatArray,
    b: FloatArray,
) -> float:
    """Return tau² by a closed form."""
    k, p = x.shape
    df = float(k - p)
    start = 0.0
    if method in (HE, CA2, SJ_HEDGES):
        start = hedges_of(y, v, x, lower, b)
        if method == HE:
            return max(0.0, start)
        start = max(0.0, start) if method == CA2 or start > 0.0 else known
    if method == SJ:
        centre = y.mean()
        start = float(((y - centre) ** 2).mean())
        if start <= 0.0:
            return 0.0
    q, trace, _, total = evaluate(y, v, x, start, lower, b)
    if method in (SJ, SJ_HEDGES):
        return start * q / df
    if method == HS:
        return max(0.0, (known * q - float(k)) / total)
    value = max(0.0, (q - df) / trace + start)
    if method != DL2:
        return value
    q, trace, _, _ = evaluate(y, v, x, value, lower, b)
    return max(0.0, (q - df) / trace + value)


def tau2_of(
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    grid: FloatArray,
    known: float,
    method: int,
    lower: FloatArray,
    b: FloatArray,
) -> float:
    """Return tau² of one data set; likelihoods are scanned over the grid for every maximum.

    `known` is the tau² that is given, the Q that PM shall reach, the factor of Q in Hunter-Schmidt, or
    what stands in for a Hedges start of 0.
    """
    if method == KNOWN:
        return known
    if method not in (PM, ML, REML):
        return closed_tau2_of(y, v, x, known, method, lower, b)
    q, trace, squares, total = evaluate(y, v, x, 0.0, lower, b)
    before = equation(q, trace, squares, total, known, method)
    best, top, several = 0.0, -math.inf, before <= 0.0
    if method == PM and several:
        return 0.0
    for place in range(1, grid.size):
        q, trace, squares, total = evaluate(y, v, x, grid[place], lower, b)
        after = equation(q, trace, squares, total, known, method)
        if before > 0.0 and after <= 0.0:
            low, high = grid[place - 1], grid[place]
            root = solve(y, v, x, low, high, before, after, known, method, lower, b)
            if method == PM:
                return root
            if several:
                if top == -math.inf:
                    top = height(y, v, x, best, method, lower, b)
                there = height(y, v, x, root, method, lower, b)
                if there > top:
                    best, top = root, there
            else:
                best, several = root, True
        before = after
    return best


def statistics(
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
    """Fit every permutation and fill coefficients, their statistics and the joint chi-square.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Scale-free effects and variances.
    x, back : ndarray, shapes (k, p) and (p, p)
        Centred basis and the way back to the design.
    orders, signs : ndarray, shapes (B, k) or (1, k)
        Row of x for each study; sign of each effect. One row holds for all permutations.
    grid, known : ndarray and float
        tau² to scan, and the known one.
    method, scaling : int
        Estimator and Hartung-Knapp rule.
    ratio : float
        Normal over t quantile: below it, the square root of the factor makes intervals narrower.
    tested : ndarray of int
        Coefficients of the joint test.
    coefficients, tests, joint : ndarray, shapes (B, p), (B, p) and (B,)
        Out.
    """
    k, p = x.shape
    m = tested.size
    own, flipped, lower, b = np.empty((k, p)), np.empty(k), np.zeros((p, p)), np.zeros(p)
    covariance, half = np.zeros((p, p)), np.zeros((p, p))
    for row in range(joint.size):
        order = orders[row if orders.shape[0] > 1 else 0]
        sign = signs[row if signs.shape[0] > 1 else 0]
        for i in range(k):
            flipped[i] = y[i] * sign[i]
            for a in range(p):
                own[i, a] = x[order[i], a]
        tau2 = tau2_of(flipped, v, own, grid, known, method, lower, b)
        q, _, _, _ = evaluate(flipped, v, own, tau2, lower, b)
        factor = factor_of(q, float(k - p), scaling, ratio)
        for a in range(p):  # back L⁻ᵀ, then the covariance
            coefficients[row, a] = 0.0
            for c in range(p):
                coefficients[row, a] += back[a, c] * b[c]
                entry = 0.0
                for d in range(c + 1):
                    entry += back[a, d] * lower[c, d]
                half[a, c] = entry
        for a in range(p):
            for c in range(p):
                entry = 0.0
                for d in range(p):
                    entry += half[a, d] * half[c, d]
                covariance[a, c] = factor * entry
        for a in range(p):
            error = math.sqrt(covariance[a, a])
            value = coefficients[row, a]
            if error > 0.0:
                tests[row, a] = value / error
            else:
                tests[row, a] = math.copysign(math.inf, value) if value != 0.0 else math.nan
        joint[row] = _joint(coefficients[row], covariance, tested, m, half, b)


def factor_of(rss: float, df: float, scaling: int, ratio: float) -> float:
    """Return the Hartung-Knapp factor of the covariance."""
    if scaling == CLASSIC:
        return 1.0
    factor = rss / df if rss > 2.220446049250313e-16 else 0.0
    if scaling == SCALED_TRUNCATED:
        return max(1.0, factor)
    if scaling == SCALED_OR_CLASSIC and math.sqrt(factor) < ratio:
        return 1.0
    return factor


def _joint(
    estimate: FloatArray,
    covariance: FloatArray,
    tested: NDArray[np.int64],
    m: int,
    factor: FloatArray,
    work: FloatArray,
) -> float:
    """Return the Wald chi-square of the tested coefficients."""
    value = 0.0
    for a in range(m):
        size = math.sqrt(covariance[tested[a], tested[a]])
        if size == 0.0:
            return math.nan
        entry = estimate[tested[a]] / size
        for c in range(a + 1):
            other = math.sqrt(covariance[tested[c], tested[c]])
            inner = covariance[tested[a], tested[c]] / size / other
            for d in range(c):
                inner -= factor[a, d] * factor[c, d]
            if a == c:
                if inner <= 0.0:
                    return math.nan
                factor[a, a] = math.sqrt(inner)
            else:
                factor[a, c] = inner / factor[c, c]
        for c in range(a):
            entry -= factor[a, c] * work[c]
        work[a] = entry / factor[a, a]
        value += work[a] * work[a]
    return value


#: What `statistics` calls, each before those that call it.
PARTS = (
    _inverse_factor,
    evaluate,
    equation,
    solve,
    height,
    hedges_of,
    closed_tau2_of,
    tau2_of,
    factor_of,
    _joint,
)


@cache
def numba_with_parts() -> Any:  # noqa: ANN401 - the module
    """Return numba, told of `PARTS`, or None where it is not installed."""
    try:
        numba = importlib.import_module("numba")
        register = importlib.import_module("numba.extending").register_jitable
    except ImportError:
        return None
    for part in PARTS:
        register(error_model="numpy")(part)
    return numba


@cache
def compiled() -> Callable[..., Any] | None:
    """Return `statistics` compiled by numba, or None where numba is not installed."""
    numba = numba_with_parts()
    if numba is None:
        return None
    entry: Callable[..., Any] = numba.njit(cache=True, nogil=True, error_model="numpy")(statistics)
    return entry
