"""From results of other methods to the working fit of cluster-robust inference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.dependence.likelihood import marginal, matrices_at
from evergrove.stats.dependence.multilevel_result import MultilevelResult
from evergrove.stats.dependence.sandwich import WorkingFit
from evergrove.stats.pool_result import PoolResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.likelihood import Problem


def fitted_blocks(fit: MultilevelResult) -> tuple[tuple[NDArray[np.intp], FloatArray], ...]:
    """Return the marginal covariance of a multilevel fit, by blocks, on the scale of the effects."""
    return blocks_at(fit.model.problem, matrices_at(fit.model.covariances, fit.model.free))


def blocks_at(
    problem: Problem, matrices: Sequence[FloatArray]
) -> tuple[tuple[NDArray[np.intp], FloatArray], ...]:
    """Return the marginal covariance by blocks, on the scale of the effects.

    Parameters
    ----------
    problem : Problem
        The model.
    matrices : sequence of ndarray
        Covariance matrix of each term, on the problem's scale.

    Returns
    -------
    tuple of (rows, matrix)
    """
    found = []
    for batch in problem.batches:
        total = marginal(batch, matrices) * problem.scale
        for place, rows in enumerate(batch.rows):
            real = rows[rows >= 0]
            found.append((real, total[place, : real.size, : real.size]))
    return tuple(found)


def working_fit(fit: Any) -> WorkingFit:  # noqa: ANN401 - several results
    """Return design, residuals and working covariance of a fit.

    Parameters
    ----------
    fit : MultilevelResult, or a result with ``yi``, ``vi``, ``tau2`` and, for meta-regression, ``design``
        The fit.

    Returns
    -------
    WorkingFit

    Raises
    ------
    UsageError
        For a result without these.
    """
    if isinstance(fit, MultilevelResult):
        x, weights = fit.model.design.matrix, fit.model.weights
        wx = None if weights is None else weights @ x
        residual = fit.yi - x @ fit.estimate
        return WorkingFit(fit.model.design.names, x, residual, fit.estimate, fitted_blocks(fit), wx)
    yi, vi, tau2 = (getattr(fit, name, None) for name in ("yi", "vi", "tau2"))
    if yi is None or vi is None or tau2 is None:
        raise UsageError(
            f"robust: found {type(fit).__name__}; allowed: a fit by inverse variances (pool, multilevel, "
            "meta-regression); sparse-data methods have no working covariance"
        )
    given = getattr(fit, "design", None)
    matrix = (
        np.ones((len(yi), 1)) if given is None else np.asarray(getattr(given, "matrix", given), dtype=float)
    )
    coefficients = np.atleast_1d(np.asarray(fit.estimate, dtype=np.float64))
    names = getattr(fit, "names", None) or ("intercept",)
    variances = np.asarray(vi, dtype=np.float64) + np.asarray(tau2, dtype=np.float64)
    blocks = tuple(
        (np.array([row], dtype=np.intp), np.array([[variance]])) for row, variance in enumerate(variances)
    )
    residual = np.asarray(yi) - matrix @ coefficients
    own = fit.options.get("weights") if isinstance(fit, PoolResult) else getattr(fit, "given_weights", None)
    wx = None if own is None else np.asarray(own)[:, np.newaxis] * matrix
    return WorkingFit(tuple(names), matrix, residual, coefficients, blocks, wx)
