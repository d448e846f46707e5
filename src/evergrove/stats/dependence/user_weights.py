"""Weights of the caller in a multilevel model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import real_array

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.design import Design

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


def weighted_coefficients(
    weights: FloatArray,
    x: FloatArray,
    yi: FloatArray,
    blocks: Iterable[tuple[NDArray[np.intp], FloatArray]],
) -> tuple[FloatArray, FloatArray]:
    """Return (X'WX)⁻¹X'Wy and its covariance (X'WX)⁻¹X'WMWX(X'WX)⁻¹.

    Parameters
    ----------
    weights : ndarray, shape (k, k)
        W.
    x : ndarray, shape (k, p)
        Design.
    yi : ndarray, shape (k,)
        Effects.
    blocks : iterable of (rows, matrix)
        Independent blocks of M, the marginal covariance.

    Returns
    -------
    coefficients : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)

    Raises
    ------
    LinAlgError
        For weights that do not determine every coefficient.
    """
    wx = weights @ x
    bread = np.linalg.inv(x.T @ wx)
    middle = np.zeros_like(bread)
    for rows, block in blocks:
        middle += wx[rows].T @ block @ wx[rows]
    covariance = bread @ middle @ bread.T
    return np.asarray(bread @ (wx.T @ yi)), np.asarray((covariance + covariance.T) / 2.0)
