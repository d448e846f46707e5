"""The scale on which each measure is pooled, and the way back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import FAR, NEAR, real_array
from evergrove.stats.measure_scales import HALF_IS_NULL, SCALE_OF, WITHOUT_NULL
from evergrove.stats.options import EffectMeasure, Scale, choose
from evergrove.stats.scalars import above

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray

#: What a value of the pooling scale is turned into.
WAY_BACK = {
    Scale.LOG: "exp(y)",
    Scale.NATURAL: "y",
    Scale.LOGIT: "1 / (1 + exp(-y))",
    Scale.PROBIT: "Φ(y)",
    Scale.ARCSINE: "sin²(y), within 0 to π/2",
    Scale.SQUARE_ROOT: "y², 0 below 0",
    Scale.FREEMAN_TUKEY: "inverse at one size of the studies (Miller 1978; Barendregt & Doi 2013)",
    Scale.FISHER_Z: "tanh(y)",
    Scale.HAKSTIAN_WHALEN: "1 - (1 - y)³, within 0 to 1",
    Scale.BONETT: "1 - exp(-y), 0 below 0",
}


@dataclass(frozen=True, slots=True)
class MeasureFacts:
    """What to know of a measure before reading its numbers.

    Parameters
    ----------
    measure : EffectMeasure
        The measure.
    scale : Scale
        The scale on which it is pooled.
    null : float or None
        No effect, on the pooling scale; None where the measure describes one group.
    natural_null : float or None
        No effect on the natural scale.
    way_back : str
        From the pooling scale to the natural one.
    """

    measure: EffectMeasure
    scale: Scale
    null: float | None
    natural_null: float | None
    way_back: str

    def to_dict(self) -> dict[str, object]:
        """Return the facts as JSON-safe data."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def measure_facts(measure: str) -> MeasureFacts:
    """Return scale, null value and way back of a measure.

    Parameters
    ----------
    measure : EffectMeasure or str
        The measure.

    Returns
    -------
    MeasureFacts

    Raises
    ------
    UsageError
        For an unknown measure.

    Examples
    --------
    >>> facts = measure_facts("RR")
    >>> facts.null, facts.natural_null, facts.way_back
    (0.0, 1.0, 'exp(y)')
    """
    chosen = choose(EffectMeasure, measure, "measure")
    scale = SCALE_OF[chosen]
    way_back = "tanh²(y), 0 below 0" if chosen is EffectMeasure.ZR2 else WAY_BACK[scale]
    if chosen in WITHOUT_NULL:
        return MeasureFacts(chosen, scale, None, None, way_back)
    null = 0.5 if chosen in HALF_IS_NULL else 0.0
    return MeasureFacts(chosen, scale, null, float(back_transform(null, chosen)), way_back)


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


def _double_arcsine_back(value: FloatArray, n: FloatArray) -> FloatArray:
    """Invert the double arcsine at sample size n (Miller, American Statistician 32 (1978) 138)."""
    lowest = 0.5 * np.arcsin(np.sqrt(1.0 / (n + 1.0)))
    highest = 0.5 * (np.arcsin(np.sqrt(n / (n + 1.0))) + math.pi / 2.0)
    angle = 2.0 * np.clip(value, lowest, highest)
    sine = np.sin(angle)
    inner = 1.0 - (sine + (sine - 1.0 / sine) / n) ** 2
    back = 0.5 * (1.0 - np.sign(np.cos(angle)) * np.sqrt(np.clip(inner, 0.0, None)))
    return np.where(value <= lowest, 0.0, np.where(value >= highest, 1.0, back))


def _double_root_back(value: FloatArray, time: FloatArray) -> FloatArray:
    """Invert half the sum of √(x/t) and √((x+1)/t) at person-time t."""
    lowest = 0.5 / np.sqrt(time)
    held = np.maximum(value, lowest)
    with np.errstate(over="ignore"):  # a product beyond the largest float has the reciprocal 0
        back = (held - 1.0 / (4.0 * time * held)) ** 2
    return np.asarray(np.where(value <= lowest, 0.0, back))


def _one_size(n: ArrayLike | None, variance: float | None, *, each: bool) -> FloatArray:
    """Return the size at which Freeman-Tukey values are inverted."""
    if variance is not None:
        return np.asarray(0.25 / above("variance", variance, 0.0, todo="give the pooled effect's variance"))
    if n is None:
        raise UsageError(
            "back_transform: n is missing; allowed: the sample sizes of the studies; "
            "pass n=..., the Freeman-Tukey inverse needs their harmonic mean, or variance=..."
        )
    sizes = real_array("n", n, least_dimensions=1)
    if not sizes.size or not np.all(((sizes > NEAR) & (sizes < FAR)) | (each & np.isnan(sizes))):
        found = float(sizes.min(initial=math.inf))
        raise DataError(f"n: found {found!r}; allowed: finite and above 0; check the sample sizes")
    return sizes if each else np.asarray(sizes.size / np.sum(1.0 / sizes))


def _exponential(array: FloatArray) -> FloatArray:
    """Return exp; an overflowing upper limit is infinite, which is what is meant."""
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(array))


#: The inverse of each scale that needs no sizes.
INVERSES: dict[Scale, Callable[[FloatArray], FloatArray]] = {
    Scale.LOG: _exponential,
    Scale.NATURAL: np.copy,
    Scale.LOGIT: special.expit,
    Scale.PROBIT: special.ndtr,
    Scale.ARCSINE: lambda y: np.sin(np.clip(y, 0.0, math.pi / 2.0)) ** 2,
    Scale.SQUARE_ROOT: lambda y: np.maximum(y, 0.0) ** 2,
    Scale.FISHER_Z: np.tanh,
    Scale.HAKSTIAN_WHALEN: lambda y: 1.0 - (1.0 - np.clip(y, 0.0, 1.0)) ** 3,
    Scale.BONETT: lambda y: -np.expm1(-np.maximum(y, 0.0)),
}


def back_transform(
    value: ArrayLike,
    measure: str | None,
    *,
    n: ArrayLike | None = None,
    variance: float | None = None,
    each: bool = False,
) -> FloatArray:
    """Return values of the pooling scale on the measure's natural scale.

    Parameters
    ----------
    value : array-like or float
        Effects or limits on the pooling scale (log, logit, radians).
    measure : EffectMeasure, str or None
        What was pooled; None leaves the values as they are.
    n : array-like or None
        Freeman-Tukey only: the studies' sample sizes (PFT) or person-times (IRFT); their harmonic mean is
        used (Miller 1978).
    variance : float or None
        Freeman-Tukey only: the pooled effect's variance, used in place of `n` as the size 1/(4·variance)
        (Barendregt et al 2013).
    each : bool
        Freeman-Tukey only: `value` holds one effect per study, inverted at its own `n`.

    Returns
    -------
    ndarray of float64
        Shape of `value`; a float64 scalar for a scalar. Values beyond what the measure can take (arcsines
        outside 0 to π/2, negative square roots, alphas below 0) come back as the nearest possible one.

    Raises
    ------
    UsageError
        For an unknown measure, or Freeman-Tukey without `n` or `variance`.
    DataError
        For an `n` or a `variance` that is not above 0.

    Notes
    -----
    The Freeman-Tukey inverse can mislead with very different sample sizes (Schwarzer, Chemaitelly,
    Abu-Raddad & Rücker, Res Synth Methods 10 (2019) 476-483): prefer the logit, "PLO". AS and IRSD are
    differences of transformed values and have no way back.

    References
    ----------
    [Miller1978]; [Barendregt2013].

    Examples
    --------
    >>> float(back_transform(0.0, "RR"))
    1.0
    >>> round(float(back_transform(0.3272, "PFT", n=[17, 12, 8])), 4)
    0.0719
    """
    scale = scale_of(measure)
    array = real_array("value", value)
    if scale is Scale.FREEMAN_TUKEY:
        invert = _double_root_back if measure == EffectMeasure.IRFT else _double_arcsine_back
        return invert(array, _one_size(n, variance, each=each))[()]
    if measure == EffectMeasure.ZR2:
        return np.asarray(np.tanh(np.maximum(array, 0.0)) ** 2)[()]
    return np.asarray(INVERSES[scale](array))[()]
