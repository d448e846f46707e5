"""The nearest correlation matrix to a symmetric matrix (Higham 2002)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import ConvergenceError

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: The settings of R's Matrix::nearPD, which metafor uses.
EIGENVALUE_SHARE = 1e-6
CHANGE = 1e-7
LEAST_EIGENVALUE = 1e-8
MOST_ITERATIONS = 1000


def _row_norm(matrix: FloatArray) -> float:
    """Return the largest absolute row sum."""
    return float(np.abs(matrix).sum(axis=1).max())


def nearest_correlation(matrix: FloatArray) -> FloatArray:
    """Return the positive definite correlation matrix nearest in Frobenius norm.

    Parameters
    ----------
    matrix : ndarray, shape (n, n), symmetric
        With unit diagonal.

    Returns
    -------
    ndarray, shape (n, n)
        Alternating projections with Dykstra's correction; the smallest eigenvalue is then lifted to 1e-8 of
        the largest.

    Raises
    ------
    ConvergenceError
        Where 1000 projections did not settle.

    Examples
    --------
    >>> near = nearest_correlation(np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]))
    >>> bool(np.linalg.eigvalsh(near)[0] > 0), round(float(near[0, 1]), 4)
    (True, 0.5)
    """
    current, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(MOST_ITERATIONS):
        before = current
        shifted = before - correction
        values, vectors = np.linalg.eigh(shifted)
        kept = values > EIGENVALUE_SHARE * values[-1]
        projected = (vectors[:, kept] * values[kept]) @ vectors[:, kept].T
        correction = projected - shifted
        current = projected.copy()
        np.fill_diagonal(current, 1.0)
        if _row_norm(before - current) / _row_norm(before) <= CHANGE:
            return _lifted(current)
    raise ConvergenceError(
        f"nearest_correlation: not settled after {MOST_ITERATIONS} projections; look at the "
        "correlations given"
    )


def _lifted(matrix: FloatArray) -> FloatArray:
    """Return the matrix with small eigenvalues lifted and a unit diagonal."""
    values, vectors = np.linalg.eigh(matrix)
    least = LEAST_EIGENVALUE * abs(float(values[-1]))
    if values[0] < least:
        lifted = (vectors * np.maximum(values, least)) @ vectors.T
        scale = np.sqrt(np.maximum(least, np.diag(matrix)) / np.diag(lifted))
        matrix = lifted * scale[:, None] * scale[None, :]
    matrix = (matrix + matrix.T) / 2.0
    np.fill_diagonal(matrix, 1.0)
    return matrix
