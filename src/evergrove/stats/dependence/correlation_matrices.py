"""Known correlations of the levels of a random intercept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.dependence.options import CorrelationScale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.stats.arrays import FloatArray


def _scaled(matrix: FloatArray, scale: CorrelationScale) -> FloatArray:
    """Return the matrix as the option wants it."""
    if scale is CorrelationScale.NONE:
        return matrix
    if scale is CorrelationScale.COV0:
        return np.asarray(matrix - matrix.min())
    roots = np.sqrt(np.diag(matrix))
    correlation = matrix / roots[:, None] / roots[None, :]
    if scale is CorrelationScale.COR0:
        least = correlation.min()
        correlation = (correlation - least) / (1.0 - least)
    return np.asarray(correlation)


def known_correlations(
    given: Mapping[str, Any], scale: CorrelationScale
) -> dict[str, tuple[tuple[str, ...], FloatArray]]:
    """Return checked and scaled matrices by term.

    Parameters
    ----------
    given : mapping of str to (levels, matrix)
        Names of the rows and the matrix, or a data frame whose columns name them.
    scale : CorrelationScale
        What is done first.

    Returns
    -------
    dict of str to (levels, matrix)

    Raises
    ------
    UsageError, DataError
        Where levels and matrix do not fit or the matrix is not symmetric and positive semi-definite.
    """
    found = {}
    for name, entry in given.items():
        if hasattr(entry, "columns"):
            levels, values = [str(one) for one in entry.columns], np.asarray(entry)
        elif isinstance(entry, tuple) and len(entry) == 2:
            levels, values = [str(one) for one in entry[0]], np.asarray(entry[1])
        else:
            raise UsageError(
                f"R[{name!r}]: found {type(entry).__name__}; allowed: (levels, matrix) or a data frame"
            )
        matrix = values.astype(np.float64)
        size = len(levels)
        if matrix.shape != (size, size) or not np.isfinite(matrix).all():
            raise DataError(
                f"R[{name!r}]: found shape {matrix.shape} and {size} levels; allowed: a finite square matrix"
            )
        if len(set(levels)) != size or not np.allclose(matrix, matrix.T, rtol=1e-10, atol=1e-12):
            raise DataError(
                f"R[{name!r}]: levels repeat or the matrix is not symmetric; allowed: one row per level"
            )
        if (np.diag(matrix) <= 0).any() or np.linalg.eigvalsh(matrix)[0] < -1e-10 * np.diag(matrix).max():
            raise DataError(f"R[{name!r}]: not positive semi-definite; allowed: a correlation matrix")
        found[str(name)] = (tuple(levels), _scaled(matrix, scale))
    return found
