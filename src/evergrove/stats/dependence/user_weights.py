"""Weights of the caller in a multilevel model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import real_array
from evergrove.stats.dependence.likelihood import matrices_at
from evergrove.stats.dependence.working_fit import blocks_at

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.design import Design
    from evergrove.stats.dependence.multilevel_result import FittedModel

#: Relative difference of W and its transpose that counts as rounding.
ASYMMETRY = 1e-10


def checked_weights(given: ArrayLike | None, design: Design, k: int) -> FloatArray | None:
    """Return the weight matrix, or None.

    Parameters
    ----------
    given : array-like, shape (k,) or (k, k), or None
        Weights not below 0, or a symmetric matrix.
    design : Design
        Of the coefficients.
    k : int
        Effects.

    Returns
    -------
    ndarray, shape (k, k), or None

    Raises
    ------
    DataError
        For weights that cannot be, or that leave a coefficient without weight.
    """
    if given is None:
        return None
    weights = real_array("W", given)
    if weights.shape not in {(k,), (k, k)}:
        raise DataError(f"W: found shape {weights.shape}; allowed: ({k},) or ({k}, {k}), in the order of yi")
    bad = ~np.isfinite(weights) | (weights < 0 if weights.ndim == 1 else False)
    if bad.any():
        rows = np.unique(np.argwhere(bad)[:, 0])
        raise DataError.from_rows(
            "W",
            rows.tolist(),
            [float(weights[row].min()) for row in rows],
            allowed="finite weights, not below 0 where one per effect",
            todo="leave out the effect that should not count",
        )
    matrix = np.diag(weights) if weights.ndim == 1 else weights
    if np.abs(matrix - matrix.T).max() > ASYMMETRY * np.abs(matrix).max():
        raise DataError("W: found a matrix that differs from its transpose; allowed: a symmetric one")
    unit = design.matrix / np.sqrt((design.matrix**2).sum(axis=0))
    if np.linalg.cond(unit.T @ matrix @ unit) > 1e12:
        raise DataError(
            f"W: found weights at which {', '.join(design.names)} cannot be told apart; allowed: weight "
            "on effects that determine every coefficient"
        )
    return matrix


def weighted_coefficients(model: FittedModel) -> tuple[FloatArray, FloatArray]:
    """Return (X'WX)⁻¹X'Wy and its covariance (X'WX)⁻¹X'WMWX(X'WX)⁻¹ at the fitted M.

    Parameters
    ----------
    model : FittedModel
        With weights.

    Returns
    -------
    coefficients : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)

    Raises
    ------
    UsageError
        Without weights.
    """
    if model.weights is None:
        raise UsageError("weighted_coefficients: found no weights; allowed: a fit with W")
    x = model.design.matrix
    wx = model.weights @ x
    bread = np.linalg.inv(x.T @ wx)
    middle = np.zeros_like(bread)
    for rows, block in blocks_at(model.problem, matrices_at(model.covariances, model.free)):
        middle += wx[rows].T @ block @ wx[rows]
    covariance = bread @ middle @ bread.T
    return np.asarray(bread @ (wx.T @ model.yi)), np.asarray((covariance + covariance.T) / 2.0)
