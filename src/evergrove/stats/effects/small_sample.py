"""Small-sample corrections of standardised means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats.effect_formulas import hedges_correction
from evergrove.stats.effects.options import BiasCorrection

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


def bias_factor(df: FloatArray, method: BiasCorrection = BiasCorrection.EXACT) -> FloatArray:
    """Return what a standardised mean is multiplied by.

    Parameters
    ----------
    df : ndarray, shape (k,)
        Degrees of freedom of the standardising SD; at 1 and below there is no correction (NaN).
    method : BiasCorrection
        ``"exact"``, ``"approximate"`` or ``"none"``.

    Returns
    -------
    ndarray, shape (k,)

    Examples
    --------
    >>> bias_factor(np.array([18.0]), BiasCorrection.APPROXIMATE).round(6)
    array([0.957746])
    """
    if method is BiasCorrection.NONE:
        return np.ones_like(df)
    if method is BiasCorrection.APPROXIMATE:
        return np.where(df > 1, 1 - 3 / (4 * df - 1), np.nan)
    return hedges_correction(df)
