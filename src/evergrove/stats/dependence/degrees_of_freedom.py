"""Degrees of freedom of the coefficients of a multilevel model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats.dependence.options import ResidualDf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.random_terms import RandomTerm


def _constant_within(values: FloatArray, codes: NDArray[np.intp]) -> bool:
    """Return whether a column has one value in each group."""
    size = int(codes.max()) + 1
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, codes, values)
    np.maximum.at(high, codes, values)
    return bool((low == high)[np.unique(codes)].all())


def coefficient_df(kind: ResidualDf, matrix: FloatArray, terms: Sequence[RandomTerm]) -> FloatArray:
    """Return degrees of freedom for each coefficient; never below 1.

    Parameters
    ----------
    kind : ResidualDf
        ``residual``: k - p. ``contain``: the fewest levels of any random factor within which the column is
        constant, minus p (metafor's ``dfs="contain"``; Kackar-Harville style containment).
    matrix : ndarray, shape (k, p)
        Design.
    terms : sequence of RandomTerm
        Random terms.

    Returns
    -------
    ndarray, shape (p,)
    """
    k, p = matrix.shape
    found = np.full(p, float(k))
    if kind is ResidualDf.CONTAIN:
        groupings = []
        for term in terms:
            groupings.append(term.codes)
            if term.structure is not None:
                groupings.append(_both(term))
        for place in range(p):
            sizes = [
                np.unique(codes).size for codes in groupings if _constant_within(matrix[:, place], codes)
            ]
            found[place] = min([float(k), *(float(size) for size in sizes)])
    return np.maximum(found - p, 1.0)


def _both(term: RandomTerm) -> NDArray[np.intp]:
    """Return codes of the combinations of inner and outer level."""
    if term.slopes is None:
        joint = term.codes * term.size + term.inner
    else:
        _, slopes = np.unique(term.slopes, axis=0, return_inverse=True)
        joint = term.codes * (int(slopes.max()) + 1) + slopes.reshape(-1)
    return np.unique(joint, return_inverse=True)[1].reshape(-1).astype(np.intp)
