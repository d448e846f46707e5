"""Moderators beside a model of bias: columns of numbers with an intercept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray


def moderator_design(moderators: ArrayLike | None, k: int) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the design of moderators with its intercept, and the names of the coefficients.

    Parameters
    ----------
    moderators : array-like, shape (k,) or (k, m), or None
        Finite numbers.
    k : int
        Studies.

    Returns
    -------
    tuple of ndarray, shape (k, 1 + m), and tuple of str

    Raises
    ------
    DataError
        For another shape, numbers that are not finite, or columns that follow from each other.

    Examples
    --------
    >>> moderator_design([0, 1, 1], 3)[1]
    ('intercept', 'moderator 1')
    """
    if moderators is None:
        return np.ones((k, 1)), ("intercept",)
    columns = np.asarray(moderators, dtype=float)
    columns = columns[:, np.newaxis] if columns.ndim == 1 else columns
    if columns.ndim != 2 or columns.shape[0] != k or not np.isfinite(columns).all():
        raise DataError(
            f"moderators: found shape {np.shape(moderators)}; allowed: one finite row per study, here {k}; "
            "leave studies with missing moderators out"
        )
    x = np.column_stack([np.ones(k), columns])
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise DataError(
            "moderators: found columns that follow from each other (or from the intercept); allowed: a "
            "design of full rank; leave one out"
        )
    return x, ("intercept", *(f"moderator {i + 1}" for i in range(columns.shape[1])))
