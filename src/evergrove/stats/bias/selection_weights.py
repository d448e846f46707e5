"""The weight functions of selection models: relative chance of publication given the p value.

Each is given by its logarithm with first and second derivatives in its parameters delta. Selection is
always for large effects here: for the other direction the caller turns the signs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.stats.bias.options import SelectionWeights

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.stats.arrays import FloatArray

#: metafor cuts p values to [1e-5, 1 - 1e-5] where the weight is 0 or infinite at the ends.
SMALLEST_P = 1e-5


class LogWeight(NamedTuple):
    """Logarithm of a weight with derivatives in delta.

    Parameters
    ----------
    value : ndarray, shape (..., m)
    first : tuple of ndarray
        One per delta.
    second : tuple of tuple of ndarray
        One row per delta.
    """

    value: FloatArray
    first: tuple[FloatArray, ...]
    second: tuple[tuple[FloatArray, ...], ...]


class Points(NamedTuple):
    """p values at which a weight is evaluated, with complements that keep their digits near 1."""

    p: FloatArray
    q: FloatArray


class Family(NamedTuple):
    """A weight function of p.

    Parameters
    ----------
    log_weight : callable
        (points, alpha, delta, precision) to `LogWeight`; weight 1 at p up to alpha.
    start, null, low : tuple of float
        Where the search begins, the values without selection, the lower bounds.
    smallest_p : float
        p values are cut to [smallest_p, 1 - smallest_p].
    reach : float
        |z| beyond which the weight is constant to double precision.
    """

    log_weight: Callable[[Points, float, FloatArray, FloatArray], LogWeight]
    start: tuple[float, ...]
    null: tuple[float, ...]
    low: tuple[float, ...]
    smallest_p: float
    reach: float


def _beta(points: Points, _alpha: float, delta: FloatArray, precision: FloatArray) -> LogWeight:
    """p^(a - 1) (1 - p)^(b - 1) (Citkowicz & Vevea 2017)."""
    left, right = np.log(points.p) + 0.0 * precision, np.log(points.q) + 0.0 * precision
    zero = np.zeros_like(left)
    value = (delta[0] - 1.0) * left + (delta[1] - 1.0) * right
    return LogWeight(value, (left, right), ((zero, zero), (zero, zero)))


def _linear(slope: FloatArray, delta: FloatArray) -> LogWeight:
    """Return the log-weight that is delta times a function of p."""
    return LogWeight(delta[0] * slope, (slope,), ((np.zeros_like(slope),),))


def _half_normal(points: Points, alpha: float, delta: FloatArray, precision: FloatArray) -> LogWeight:
    """exp(-delta p²) (Preston, Ashby & Smyth 2004)."""
    return _linear(np.where(points.p <= alpha, 0.0, precision * (alpha**2 - points.p**2)), delta)


def _exponential(points: Points, alpha: float, delta: FloatArray, precision: FloatArray) -> LogWeight:
    """exp(-delta p) (Preston, Ashby & Smyth 2004)."""
    return _linear(np.where(points.p <= alpha, 0.0, precision * (alpha - points.p)), delta)


def _power(points: Points, alpha: float, delta: FloatArray, precision: FloatArray) -> LogWeight:
    """(1 - p)^delta."""
    slope = precision * (np.log(points.q) - np.log1p(-alpha))
    return _linear(np.where(points.p <= alpha, 0.0, slope), delta)


def _logistic(points: Points, alpha: float, delta: FloatArray, precision: FloatArray) -> LogWeight:
    """2 exp(-delta p) / (1 + exp(-delta p)) (Preston, Ashby & Smyth 2004)."""

    def part(p: FloatArray | float) -> tuple[FloatArray, FloatArray, FloatArray]:
        x = delta[0] * precision * p
        share = special.expit(x)
        slope = precision * p
        return -np.logaddexp(0.0, x), -slope * share, -(slope**2) * share * (1.0 - share)

    flat = points.p <= alpha
    value, first, second = (
        np.where(flat, 0.0, here - there) for here, there in zip(part(points.p), part(alpha), strict=True)
    )
    return LogWeight(value, (first,), ((second,),))


def _exponential_power(points: Points, alpha: float, delta: FloatArray, precision: FloatArray) -> LogWeight:
    """exp(-delta_1 p^(1/delta_2)) (Begg & Mazumdar 1994; Preston, Ashby & Smyth 2004)."""
    a, b = float(delta[0]), max(float(delta[1]), 1e-300)

    def part(p: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        log_p = np.log(np.maximum(p, 1e-300))
        power = np.where(p > 0, np.exp(np.maximum(log_p / b, -745.0)), 0.0)
        slope = -power * log_p / b**2
        bend = power * (log_p**2 / b**4 + 2.0 * log_p / b**3)
        return power, slope, bend

    flat = points.p <= alpha
    power, slope, bend = (
        np.where(flat, 0.0, precision * (there - here))
        for here, there in zip(part(points.p), part(np.array(alpha)), strict=True)
    )
    return LogWeight(a * power, (power, a * slope), ((np.zeros_like(power), slope), (slope, a * bend)))


ONE, NONE = (1.0,), (0.0,)
FAMILIES = {
    SelectionWeights.BETA: Family(_beta, (1.0, 1.0), (1.0, 1.0), (1e-5, 1e-5), SMALLEST_P, 5.0),
    SelectionWeights.HALF_NORMAL: Family(_half_normal, ONE, NONE, NONE, 0.0, 8.5),
    SelectionWeights.NEGATIVE_EXPONENTIAL: Family(_exponential, ONE, NONE, NONE, 0.0, 8.5),
    SelectionWeights.LOGISTIC: Family(_logistic, ONE, NONE, NONE, 0.0, 8.5),
    SelectionWeights.POWER: Family(_power, ONE, NONE, NONE, SMALLEST_P, 5.0),
    SelectionWeights.NEGATIVE_EXPONENTIAL_POWER: Family(
        _exponential_power, (1.0, 1.0), (0.0, 0.0), (0.0, 0.0), 0.0, 37.0
    ),
}
