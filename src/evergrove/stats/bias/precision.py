"""What stands for the precision of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import FAR, NEAR, FloatArray, column, refuse_rows, same_length
from evergrove.stats.bias.options import Precision

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def precision_of(kind: Precision, vi: FloatArray, n: ArrayLike | None) -> FloatArray:
    """Return the predictor of an asymmetry test, or the scale of selection.

    Parameters
    ----------
    kind : Precision
        Which.
    vi : ndarray, shape (k,)
        Sampling variances.
    n : array-like, shape (k,) or None
        Total sample sizes, above 0; for the kinds that use them.

    Returns
    -------
    ndarray, shape (k,)

    Raises
    ------
    UsageError
        Where sample sizes are needed and not given.
    DataError
        For sample sizes that cannot be, naming the rows.
    """
    if kind is Precision.SE:
        return np.sqrt(vi)
    if kind is Precision.VARIANCE:
        return vi.copy()
    if n is None:
        raise UsageError(f"n: found none with {str(kind)!r}; allowed: one sample size per study; give n")
    sizes = column("n", n)
    same_length({"vi": vi, "n": sizes})
    refuse_rows(
        "n (sample size)",
        sizes,
        ~((sizes >= NEAR) & (sizes <= FAR)),
        allowed=f"a number above 0, from {NEAR:g} to {FAR:g}",
        todo="leave the study out of the test or give its size",
    )
    values = {
        Precision.N: sizes,
        Precision.INVERSE_N: 1.0 / sizes,
        Precision.ROOT_N: np.sqrt(sizes),
        Precision.INVERSE_ROOT_N: 1.0 / np.sqrt(sizes),
    }
    return values[kind]
