"""Mean and mode of the true effects on the natural scale, where they vary on the pooling scale."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import real_array
from evergrove.stats.options import EffectMeasure, Scale
from evergrove.stats.roots import bracketed_root
from evergrove.stats.scalars import finite
from evergrove.stats.scales import back_transform, scale_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray

#: Where the transformed values can lie; elsewhere they are not bounded.
BOUNDS = {
    Scale.ARCSINE: (0.0, math.pi / 2.0),
    Scale.HAKSTIAN_WHALEN: (0.0, 1.0),
    Scale.BONETT: (0.0, math.inf),
}


class _Slope(NamedTuple):
    """Minus the slope of the log of the derivative of a way back: height × tanh(steepness × z)."""

    height: float
    steepness: float


#: Of logits and Fisher's z, whose densities fall off at both ends.
SLOPES = {Scale.LOGIT: _Slope(1.0, 0.5), Scale.FISHER_Z: _Slope(2.0, 1.0)}
#: The density is followed this many standard deviations to either side.
REACH = 10.0
#: Gauss-Legendre: panels over the reach, and nodes in each.
PANELS, NODES = 16, 64


def _integral(value: float, measure: str, tau: float, bounds: tuple[float, float]) -> float:
    """Return the mean of the way back over a normal distribution, truncated to the bounds."""
    low, high = max(bounds[0], value - REACH * tau), min(bounds[1], value + REACH * tau)
    if not low < high:
        return float(back_transform(value, measure))
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(low, high, PANELS + 1)
    half = np.diff(edges)[:, None] / 2.0
    points = edges[:-1, None] + half * (1.0 + nodes)
    z = (points - value) / tau
    density = np.exp(-0.5 * z**2) / (tau * math.sqrt(2.0 * math.pi))
    inside = special.ndtr((bounds[1] - value) / tau) - special.ndtr((bounds[0] - value) / tau)
    return float(np.sum(half * weights * density * back_transform(points, measure)) / inside)


def _checked_tau2(tau2: float) -> float:
    """Return a variance of the true effects."""
    tau2 = finite("tau2", tau2)
    if tau2 < 0:
        raise DataError(f"tau2: found {tau2!r}; allowed: a finite number not below 0; take it from the fit")
    return tau2


def average_back_transform(value: ArrayLike, measure: str, tau2: float) -> FloatArray:
    """Return the mean of the true effects on the natural scale.

    Parameters
    ----------
    value : array-like or float
        Mean of the true effects on the pooling scale, or a limit of it.
    measure : EffectMeasure or str
        What was pooled.
    tau2 : float
        Variance of the true effects on the pooling scale, not below 0.

    Returns
    -------
    ndarray of float64
        Shape of `value`; a float64 scalar for a scalar.

    Raises
    ------
    UsageError
        For an unknown measure, or one with a Freeman-Tukey transformation.
    DataError
        For a negative or missing `tau2`.

    Notes
    -----
    `back_transform` takes the mean of log odds to the **median** risk; the mean risk over the settings
    lies nearer to 1/2. Use it where the mean over a population of settings is the question. The true
    effects are taken for normal, within the bounds of arcsines (0 to π/2), of Hakstian and Whalen's
    values (0 to 1) and of Bonett's (from 0), as metafor 5's ``transf.*.int`` take them.

    Examples
    --------
    >>> round(float(average_back_transform(-2.0, "PLO", 1.0)), 4)
    0.1555
    >>> round(float(average_back_transform(0.1, "RR", 0.04)), 4) == round(float(np.exp(0.12)), 4)
    True
    """
    tau2 = _checked_tau2(tau2)
    scale = scale_of(measure)
    if scale is Scale.FREEMAN_TUKEY:
        raise UsageError(
            f"average_back_transform: found {measure!r}; allowed: measures whose way back needs no sample "
            "sizes; pool the logit ('PLO') or the log ('IRLN')"
        )
    array = real_array("value", value)
    if tau2 == 0:
        return back_transform(array, measure)
    if scale is Scale.LOG:
        return back_transform(array + tau2 / 2.0, measure)
    if scale is Scale.NATURAL:
        return array.copy()[()]
    bounds = BOUNDS.get(scale, (-math.inf, math.inf))
    means = [_integral(float(each), measure, math.sqrt(tau2), bounds) for each in array.ravel()]
    return np.array(means).reshape(array.shape)[()]


def mode_back_transform(value: ArrayLike, measure: str, tau2: float) -> FloatArray:
    """Return the mode of the true effects on the natural scale.

    Parameters
    ----------
    value : array-like or float
        Mean of the true effects on the pooling scale.
    measure : EffectMeasure or str
        What was pooled: a log, logit, probit, Fisher's z or Bonett's transformation.
    tau2 : float
        Variance of the true effects on the pooling scale, not below 0.

    Returns
    -------
    ndarray of float64
        Shape of `value`; a float64 scalar for a scalar.

    Raises
    ------
    UsageError
        For an unknown measure, or one whose density on the natural scale is infinite at an end (arcsines,
        square roots, Hakstian and Whalen's, R²).
    DataError
        For a negative or missing `tau2`, or where there is no one mode: probits with tau² of 1 or more, and a
        value of 0 whose density has two equal peaks.

    See Also
    --------
    average_back_transform : the mean; `back_transform` gives the median.

    Notes
    -----
    The peak of the density of h(z), z normal: z - value = tau² s(z) with s minus the slope of log h'. For
    logs exp(value - tau²). metafor 5's ``transf.*.mode`` searches for the same peak by ``optimize``, which
    can end at a lower one. The peak is rarely what is asked for: prefer median or mean.

    Examples
    --------
    >>> round(float(mode_back_transform(-2.0, "PLO", 1.0)), 4)
    0.0524
    >>> round(float(mode_back_transform(0.1, "RR", 0.04)), 4) == round(float(np.exp(0.06)), 4)
    True
    """
    tau2 = _checked_tau2(tau2)
    scale = scale_of(measure)
    array = real_array("value", value)
    if scale not in {*SLOPES, Scale.LOG, Scale.NATURAL, Scale.PROBIT, Scale.BONETT} or (
        str(measure) == EffectMeasure.ZR2
    ):
        raise UsageError(
            f"mode_back_transform: found {measure!r}; allowed: logs, logits, probits, Fisher's z and "
            "Bonett's transformation; other densities are infinite at an end of the natural scale"
        )
    if scale in {Scale.LOG, Scale.BONETT}:
        return back_transform(array - tau2 if scale is Scale.LOG else array + tau2, measure)
    if tau2 == 0 or scale is Scale.NATURAL:
        return back_transform(array, measure)
    if scale is Scale.PROBIT:
        if tau2 >= 1:
            raise DataError(
                f"tau2: found {tau2!r} on the probit scale; allowed: below 1, else the density is highest at "
                "the ends; take the mean"
            )
        return back_transform(array / (1.0 - tau2), measure)
    peaks = [_peak(float(each), tau2, SLOPES[scale]) for each in array.ravel()]
    return back_transform(np.array(peaks).reshape(array.shape)[()], measure)


def _peak(value: float, tau2: float, slope: _Slope) -> float:
    """Return the highest peak, on the pooling scale: it lies on the side of the mean, beyond it."""
    if value == 0.0:
        if tau2 * slope.height * slope.steepness > 1.0:
            raise DataError(
                f"value: found 0 with tau² {tau2!r}; allowed: another value or a smaller tau²; the density "
                "has two equal peaks: take the median"
            )
        return 0.0
    size = abs(value)
    found = bracketed_root(
        lambda beyond: tau2 * slope.height * math.tanh(slope.steepness * (size + beyond)) - beyond,
        0.0,
        tau2 * slope.height,
    )
    return math.copysign(size + found.value, value)
