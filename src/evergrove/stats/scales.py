"""The scale on which each measure is pooled, and the way back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.errors import DataError, UsageError
from evergrove.stats.options import EffectMeasure, Scale, choose

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray

SCALE_OF = {
    EffectMeasure.RR: Scale.LOG,
    EffectMeasure.OR: Scale.LOG,
    EffectMeasure.RD: Scale.NATURAL,
    EffectMeasure.PETO: Scale.LOG,
    EffectMeasure.MD: Scale.NATURAL,
    EffectMeasure.SMD: Scale.NATURAL,
    EffectMeasure.ROM: Scale.LOG,
    EffectMeasure.HR: Scale.LOG,
    EffectMeasure.PR: Scale.NATURAL,
    EffectMeasure.PLN: Scale.LOG,
    EffectMeasure.PLO: Scale.LOGIT,
    EffectMeasure.PAS: Scale.ARCSINE,
    EffectMeasure.PFT: Scale.FREEMAN_TUKEY,
}


def scale_of(measure: str | None) -> Scale:
    """Return the pooling scale of a measure; natural where none is named.

    Parameters
    ----------
    measure : EffectMeasure, str or None
        The measure.

    Returns
    -------
    Scale

    Raises
    ------
    UsageError
        For an unknown measure.

    Examples
    --------
    >>> str(scale_of("RR"))
    'log'
    """
    return Scale.NATURAL if measure is None else SCALE_OF[choose(EffectMeasure, measure, "measure")]


def _double_arcsine_back(value: FloatArray, n: float) -> FloatArray:
    """Invert the double arcsine at sample size n (Miller, American Statistician 32 (1978) 138)."""
    lowest = 0.5 * math.asin(math.sqrt(1.0 / (n + 1.0)))
    highest = 0.5 * (math.asin(math.sqrt(n / (n + 1.0))) + math.pi / 2.0)
    angle = 2.0 * np.clip(value, lowest, highest)
    sine = np.sin(angle)
    inner = 1.0 - (sine + (sine - 1.0 / sine) / n) ** 2
    back = 0.5 * (1.0 - np.sign(np.cos(angle)) * np.sqrt(np.clip(inner, 0.0, None)))
    return np.where(value <= lowest, 0.0, np.where(value >= highest, 1.0, back))


def back_transform(value: ArrayLike, measure: str | None, *, n: ArrayLike | None = None) -> FloatArray:
    """Return values of the pooling scale on the measure's natural scale.

    Parameters
    ----------
    value : array-like or float
        Effects or limits on the pooling scale (log, logit, radians).
    measure : EffectMeasure, str or None
        What was pooled; None leaves the values as they are.
    n : array-like or None
        Freeman-Tukey only: the studies' sample sizes; their harmonic mean is used (Miller 1978).

    Returns
    -------
    ndarray of float64
        Shape of `value`; a float64 scalar for a scalar. Arcsine values are held within 0 and π/2.

    Raises
    ------
    UsageError
        For an unknown measure, or Freeman-Tukey without `n`.
    DataError
        For an `n` that is not above 0.

    Notes
    -----
    The Freeman-Tukey inverse can mislead with very different sample sizes (Schwarzer, Chemaitelly,
    Abu-Raddad & Rücker, Res Synth Methods 10 (2019) 476-483): prefer the logit, "PLO".

    Examples
    --------
    >>> float(back_transform(0.0, "RR"))
    1.0
    >>> round(float(back_transform(0.3272, "PFT", n=[17, 12, 8])), 4)
    0.0719
    """
    scale = scale_of(measure)
    array = np.asarray(value, dtype=np.float64)
    if scale is Scale.LOG:
        with np.errstate(over="ignore"):  # an overflowing upper limit is infinite, which is what is meant
            result = np.exp(array)
    elif scale is Scale.LOGIT:
        result = special.expit(array)
    elif scale is Scale.ARCSINE:
        result = np.sin(np.clip(array, 0.0, math.pi / 2.0)) ** 2
    elif scale is Scale.FREEMAN_TUKEY:
        if n is None:
            raise UsageError(
                "back_transform: n is missing; allowed: the sample sizes of the studies; "
                "pass n=..., the Freeman-Tukey inverse needs their harmonic mean"
            )
        sizes = np.array(n, dtype=np.float64, ndmin=1)
        if not np.all(sizes > 0):
            raise DataError(f"n: found {sizes.min()!r}; allowed: above 0; check the sample sizes")
        result = _double_arcsine_back(array, float(sizes.size / np.sum(1.0 / sizes)))
    else:
        result = array.copy()
    return result[()]
