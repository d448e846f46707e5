"""Newton's method for models whose log-likelihood is a sum over studies of few local parameters each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.sparse.marginal_likelihood import StudyLikelihood

MOST_NEWTON_STEPS = 200
#: Newton decrement (twice the log-likelihood still to gain) at which a maximum counts as reached.
DECREMENT = 1e-18
#: A coefficient beyond this on the logit or log scale is on its way to infinity.
SEPARATED = 30.0
#: Curvature below which a standard error would be above 1000 on the log scale: no maximum.
FLAT = 1e-6


class Maximum(NamedTuple):
    """A maximum of the log-likelihood.

    Parameters
    ----------
    parameters : ndarray, shape (P,)
    log_likelihood : float
        Without the constant of the family.
    information : ndarray, shape (P, P)
        Observed: minus the Hessian.
    converged : bool
    iterations : int
    reason : str
    """

    parameters: FloatArray
    log_likelihood: float
    information: FloatArray
    converged: bool
    iterations: int
    reason: str


def _whole(
    model: StudyLikelihood, design: FloatArray, parameters: FloatArray, *, precise: bool = False
) -> tuple[float, FloatArray, FloatArray]:
    """Return value, gradient and Hessian of the sum over studies."""
    value, gradient, hessian = model.derivatives(design @ parameters, precise=precise)
    return (
        float(value.sum()),
        np.einsum("kdp,kd->p", design, gradient),
        np.einsum("kdp,kde,keq->pq", design, hessian, design, optimize=True),
    )


def _direction(gradient: FloatArray, hessian: FloatArray) -> FloatArray:
    """Return an ascent direction: Newton's, with the eigenvalues' signs turned where not concave."""
    try:
        np.linalg.cholesky(-hessian)
        return np.asarray(np.linalg.solve(-hessian, gradient))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(-hessian)
        floor = 1e-8 * max(float(np.abs(values).max()), 1e-300)
        return np.asarray(vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), floor)))


def _at_maximum(
    model: StudyLikelihood, design: FloatArray, parameters: FloatArray, moving: BoolArray, iteration: int
) -> Maximum:
    """Return the maximum after its last step, unless the likelihood is flat there: then it has none."""
    value, _, hessian = _whole(model, design, parameters, precise=True)
    information = -hessian[np.ix_(moving, moving)]
    if float(np.linalg.eigvalsh(information)[0]) < FLAT:
        reason = "a coefficient runs to infinity (separation)"
        return Maximum(parameters, value, -hessian, False, iteration, reason)
    return Maximum(parameters, value, -hessian, True, iteration, "Newton decrement below 1e-18")


def maximise(
    model: StudyLikelihood, design: FloatArray, start: FloatArray, free: BoolArray | None = None
) -> Maximum:
    """Maximise the log-likelihood by Newton's method with step halving.

    Parameters
    ----------
    model : StudyLikelihood
        Log-likelihood of each study by its local parameters.
    design : ndarray, shape (k, d, P)
        Local parameters = design @ parameters.
    start : ndarray, shape (P,)
        Where to begin.
    free : ndarray of bool, shape (P,) or None
        Parameters that may move; None is all.

    Returns
    -------
    Maximum
        `information` has all parameters, also those held fast.
    """
    moving = np.ones(start.size, dtype=bool) if free is None else free
    parameters = start.astype(np.float64).copy()
    value, gradient, hessian = _whole(model, design, parameters)
    for iteration in range(1, MOST_NEWTON_STEPS + 1):
        if not moving.any():
            return Maximum(parameters, value, -hessian, True, 0, "nothing to estimate")
        step = np.zeros_like(parameters)
        step[moving] = _direction(gradient[moving], hessian[np.ix_(moving, moving)])
        decrement = float(gradient @ step)
        largest = float(np.abs(step).max())
        if decrement <= DECREMENT * (1.0 + abs(value)) or largest < 1e-12:
            return _at_maximum(model, design, parameters + step, moving, iteration)
        step *= min(1.0, 3.0 / largest)  # on the log scale, a step of 3 is a factor of 20
        for _ in range(50):
            moved = float(model.value(design @ (parameters + step)).sum())
            if moved >= value - 1e-13 * (1.0 + abs(value)):
                break
            step *= 0.5
        else:
            return Maximum(parameters, value, -hessian, False, iteration, "no step raises the likelihood")
        parameters = parameters + step
        value, gradient, hessian = _whole(model, design, parameters)
        if float(np.abs(parameters).max()) > SEPARATED:
            reason = "a coefficient runs to infinity (separation)"
            return Maximum(parameters, value, -hessian, False, iteration, reason)
    return Maximum(
        parameters, value, -hessian, False, MOST_NEWTON_STEPS, f"no maximum after {MOST_NEWTON_STEPS} steps"
    )
