"""A safeguarded Newton ascent for a few parameters, with the Hessian from differences of the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.stats.arrays import FloatArray

    Objective = Callable[[FloatArray], tuple[float, FloatArray] | None]

MOST_STEPS = 200
MOST_HALVINGS = 40
#: Relative size of the difference step of the Hessian.
DIFFERENCE = 1e-5
#: Steps below this share of a parameter (or of 1) end the iteration.
STEP_TOLERANCE = 1e-9
#: No step goes further than this, in standard deviations of the effects or radians.
LONGEST_STEP = 2.0


class Optimum(NamedTuple):
    """What the ascent found.

    Parameters
    ----------
    free : ndarray
        Parameters.
    value : float
        Of the function there.
    gradient : ndarray
        Of the function there.
    iterations : int
        Newton steps.
    converged : bool
        Whether the last step was below the tolerance.
    reason : str
        Why it ended.
    """

    free: FloatArray
    value: float
    gradient: FloatArray
    iterations: int
    converged: bool
    reason: str


def _hessian(objective: Objective, free: FloatArray, gradient: FloatArray, held: FloatArray) -> FloatArray:
    """Return forward differences of the gradient, backward where the point ahead cannot be evaluated."""
    size = free.size
    matrix = np.eye(size)
    for i in range(size):
        if held[i]:
            continue
        step = DIFFERENCE * max(1.0, abs(free[i]))
        shift = np.zeros(size)
        shift[i] = step
        up = objective(free + shift)
        down = objective(free - shift) if up is None else None
        if up is not None:
            matrix[i] = (up[1] - gradient) / step
        elif down is not None:
            matrix[i] = (gradient - down[1]) / step
        else:
            matrix[i, i] = -1.0
    return np.asarray((matrix + matrix.T) / 2.0)


def _direction(hessian: FloatArray, gradient: FloatArray) -> FloatArray:
    """Return the Newton direction, with the curvature made negative where it is not."""
    values, vectors = np.linalg.eigh(hessian)
    largest = float(np.abs(values).max())
    bent = np.maximum(np.abs(values), 1e-10 * max(largest, 1e-10))
    return np.asarray(vectors @ ((vectors.T @ gradient) / bent))


def _comes_to(free: FloatArray, value: float, known: Optimum) -> bool:
    """Return whether a climb has come to a known maximum, as far as it can be told."""
    near = bool((np.abs(np.abs(free) - np.abs(known.free)) <= 1e-2 * (1.0 + np.abs(known.free))).all())
    return near and abs(value - known.value) <= 1e-3


def ascend(
    objective: Objective, start: FloatArray, bounds: FloatArray, known: Optimum | None = None
) -> Optimum:
    """Climb from a start to a maximum.

    Parameters
    ----------
    objective : callable
        Returns value and gradient, or None outside the domain.
    start : ndarray, shape (m,)
        Inside the domain.
    bounds : ndarray, shape (m,)
        Lower bounds; -inf for none.
    known : Optimum or None
        A maximum found before; the climb ends when it comes to the same one (up to signs).

    Returns
    -------
    Optimum

    Examples
    --------
    >>> found = ascend(lambda x: (-float((x - 2) @ (x - 2)), -2 * (x - 2)), np.zeros(1), np.array([-np.inf]))
    >>> round(float(found.free[0]), 9), found.converged
    (2.0, True)
    """
    free = np.maximum(start, bounds)
    here = objective(free)
    if here is None:
        return Optimum(free, -np.inf, np.zeros_like(free), 0, False, "the start is outside the domain")
    if not free.size:
        return Optimum(free, here[0], here[1], 0, True, "nothing to estimate")
    value, gradient = here
    for count in range(1, MOST_STEPS + 1):
        held = (free <= bounds) & (gradient <= 0)
        open_gradient = np.where(held, 0.0, gradient)
        hessian = _hessian(objective, free, gradient, held)
        hessian[held] = 0.0
        hessian[:, held] = 0.0
        hessian[held, held] = -1.0
        step = _direction(hessian, open_gradient)
        length = float(np.abs(step).max())
        if length > LONGEST_STEP:
            step *= LONGEST_STEP / length
        slope = float(open_gradient @ step)
        share, found = 1.0, None
        for _ in range(MOST_HALVINGS):
            trial = np.maximum(free + share * step, bounds)
            reached = objective(trial)
            slack = 1e-13 * (1.0 + abs(value))
            if reached is not None and reached[0] >= value + 1e-4 * share * slope - slack:
                found = trial
                break
            share /= 2.0
        if found is None or reached is None:
            small = slope <= 1e-9 * (1.0 + abs(value))
            reason = "no further ascent" if small else "the line search found no higher point"
            return Optimum(free, value, gradient, count, small, reason)
        moved = np.abs(found - free)
        free, (value, gradient) = found, reached
        if known is not None and _comes_to(free, value, known):
            return known
        if share == 1.0 and bool((moved <= STEP_TOLERANCE * np.maximum(1e-3, np.abs(free))).all()):
            return Optimum(free, value, gradient, count, True, "last step below 1e-9 of each parameter")
        if slope <= 1e-22 * (1.0 + abs(value)):
            return Optimum(free, value, gradient, count, True, "predicted gain below rounding")
    return Optimum(free, value, gradient, MOST_STEPS, False, f"no maximum after {MOST_STEPS} steps")
