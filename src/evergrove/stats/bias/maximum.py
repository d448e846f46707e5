"""A bounded Newton search for the maximum of a log-likelihood with known first and second derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from evergrove.stats.arrays import BoolArray, FloatArray

MOST_STEPS = 500
#: Half the squared Newton step in units of the standard errors below which the search ends.
SMALLEST_DECREMENT = 1e-22
#: Decrement that still counts as converged when rounding lets the likelihood rise no further.
ROUNDING_DECREMENT = 1e-12
SMALLEST_FRACTION = 1e-10


class Derivatives(NamedTuple):
    """A log-likelihood with gradient and Hessian at one point."""

    value: float
    gradient: FloatArray
    hessian: FloatArray


class Maximum(NamedTuple):
    """What the search found.

    Parameters
    ----------
    point : ndarray, shape (m,)
        Parameters at the maximum.
    value : float
        Log-likelihood there.
    hessian : ndarray, shape (m, m)
        Second derivatives there.
    at_bound : ndarray of bool, shape (m,)
        Parameters on a bound against which the likelihood still rises.
    iterations : int
    converged : bool
    reason : str
    """

    point: FloatArray
    value: float
    hessian: FloatArray
    at_bound: BoolArray
    iterations: int
    converged: bool
    reason: str


def _ascent_step(gradient: FloatArray, hessian: FloatArray) -> FloatArray:
    """Return the Newton step with the Hessian made negative definite by its eigenvalues."""
    values, vectors = np.linalg.eigh(-hessian)
    size = np.abs(values)
    size = np.maximum(size, 1e-10 * max(float(size.max(initial=0.0)), 1e-300))
    step: FloatArray = vectors @ ((vectors.T @ gradient) / size)
    return step


def _held(point: FloatArray, gradient: FloatArray, low: FloatArray, high: FloatArray) -> BoolArray:
    """Return which parameters stand on a bound and are pressed against it."""
    held: BoolArray = ((point <= low) & (gradient <= 0)) | ((point >= high) & (gradient >= 0))
    return held


def bounded_maximum(
    function: Callable[[FloatArray], Derivatives],
    start: Sequence[float] | FloatArray,
    low: Sequence[float] | FloatArray,
    high: Sequence[float] | FloatArray,
    *,
    longest: float = np.inf,
) -> Maximum:
    """Climb from `start` to a maximum inside a box.

    Newton steps in the parameters that are free (projected onto the box, Bertsekas 1982), each
    shortened until the log-likelihood rises.

    Parameters
    ----------
    function : callable
        Parameters to `Derivatives`; a value that is not finite is taken as minus infinity.
    start, low, high : sequence of float, length m
        Where to begin, and the box.
    longest : float
        No parameter moves further in one step: a short one climbs the hill on which the search begins.

    Returns
    -------
    Maximum

    References
    ----------
    [Bertsekas1982].

    Examples
    --------
    >>> def parabola(x):
    ...     return Derivatives(-float((x[0] - 2) ** 2), -2 * (x - 2), np.array([[-2.0]]))
    >>> top = bounded_maximum(parabola, [0.0], [0.0], [1.0])
    >>> float(top.point[0]), bool(top.at_bound[0])
    (1.0, True)
    """
    floor, roof = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    point = np.clip(np.asarray(start, dtype=float), floor, roof)
    current = function(point)
    for count in range(1, MOST_STEPS + 1):
        held = _held(point, current.gradient, floor, roof)
        free = ~held
        if not free.any():
            return Maximum(
                point, current.value, current.hessian, held, count, True, "all parameters on bounds"
            )
        if not (np.isfinite(current.value) and np.isfinite(current.hessian).all()):
            break
        step = np.zeros_like(point)
        step[free] = _ascent_step(current.gradient[free], current.hessian[np.ix_(free, free)])
        decrement = 0.5 * float(step @ np.where(free, current.gradient, 0.0))
        if decrement <= SMALLEST_DECREMENT:
            return Maximum(
                point, current.value, current.hessian, held, count, True, "Newton step below rounding"
            )
        fraction, moved = min(1.0, longest / max(float(np.abs(step).max()), 1e-300)), False
        done = decrement <= ROUNDING_DECREMENT  # a shorter step would not rise any more than this one
        shortest = fraction if done else SMALLEST_FRACTION
        while fraction >= shortest:
            trial = np.clip(point + fraction * step, floor, roof)
            there = function(trial)
            if np.isfinite(there.value) and there.value > current.value:
                point, current, moved = trial, there, True
                break
            fraction /= 2.0
        if not moved:
            if (  # the value is flat in rounding, the gradient still points the way
                done
                and np.isfinite(there.value)
                and np.abs(there.gradient[free]).max() < np.abs(current.gradient[free]).max()
            ):
                point, current = trial, there
            reason = (
                "the likelihood rises no further in rounding" if done else "no rise along the Newton step"
            )
            return Maximum(point, current.value, current.hessian, held, count, done, reason)
    held = _held(point, current.gradient, floor, roof)
    return Maximum(
        point, current.value, current.hessian, held, MOST_STEPS, False, f"no maximum after {MOST_STEPS} steps"
    )
