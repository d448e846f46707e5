"""The typical sampling variance of the studies' effects, on which I² of a mixed model rests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


def _variances(columns: dict[str, FloatArray], measure: str) -> FloatArray:
    """Return the sampling variances, cells corrected by 1/2 in studies with a zero; NaN where dropped."""
    values = list(columns.values())
    if measure == "OR":
        a, n1, c, n2 = values
        cells = np.stack([a, n1 - a, c, n2 - c])
        dropped = ((a == 0) & (c == 0)) | ((a == n1) & (c == n2))
    elif measure == "IRR":
        cells = np.stack([values[0], values[2]])
        dropped = (cells == 0).all(axis=0)
    elif measure == "PLO":
        cells = np.stack([values[0], values[1] - values[0]])
        dropped = np.zeros(values[0].size, dtype=bool)
    else:
        cells = values[0][np.newaxis]
        dropped = np.zeros(values[0].size, dtype=bool)
    corrected = cells + 0.5 * (cells == 0).any(axis=0)
    return np.where(dropped, np.nan, (1.0 / corrected).sum(axis=0))


def typical_variance(columns: dict[str, FloatArray], measure: str, x: FloatArray) -> float:
    """Return (k - p) / trace(P) of the weights 1/v.

    Parameters
    ----------
    columns : dict of str to ndarray
        The counts.
    measure : str
        OR, IRR, PLO or IRLN.
    x : ndarray, shape (k, p)
        Model matrix.

    Returns
    -------
    float
        NaN where no degrees of freedom are left. Higgins & Thompson 2002, as metafor has it.
    """
    variances = _variances(columns, measure)
    known = np.isfinite(variances)
    k, p = int(known.sum()), x.shape[1]
    if k <= p:
        return math.nan
    root = 1.0 / np.sqrt(variances[known])
    white = x[known] * root[:, np.newaxis]
    q, _ = np.linalg.qr(white)
    trace = float((root**2).sum() - ((q * root[:, np.newaxis]) ** 2).sum())
    return float((k - p) / trace)
