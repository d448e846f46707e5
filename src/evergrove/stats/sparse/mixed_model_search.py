"""The highest point of a mixed model's likelihood, which may lie at a variance of exactly 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.sparse.likelihood_maximiser import Maximum, maximise

if TYPE_CHECKING:
    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.sparse.mixed_models import Specification

#: Standard deviations at which the rest is maximised first: tau² = 0 can be one of two maxima.
PROFILED = (0.15, 0.3, 0.55, 1.0, 1.8, 3.2)
#: A standard deviation below this, on the logit or log scale, is a maximum at 0.
NEGLIGIBLE = 1e-5
#: A gain in log-likelihood below this share is rounding.
GAIN = 1e-12


class Found(NamedTuple):
    """The maximum and which parameters moved there (a variance of 0 does not).

    Parameters
    ----------
    maximum : Maximum
    free : ndarray of bool, shape (P,)
    """

    maximum: Maximum
    free: BoolArray

    def covariance(self) -> FloatArray:
        """Return the inverse observed information of the parameters that moved; NaN elsewhere."""
        size = self.maximum.parameters.size
        covariance = np.full((size, size), np.nan)
        moved = np.ix_(self.free, self.free)
        covariance[moved] = np.linalg.inv(self.maximum.information[moved])
        return covariance


def _settled(spec: Specification, start: FloatArray, free: BoolArray) -> Found:
    """Maximise; hold a variance at 0 where that is where it went."""
    maximum = maximise(spec.likelihood, spec.design, start, free)
    held = free.copy()
    parameters = maximum.parameters.copy()
    for place in (spec.tau, spec.level):
        if place is not None and held[place] and abs(parameters[place]) < NEGLIGIBLE:
            held[place] = False
            parameters[place] = 0.0
    if (held == free).all():
        return Found(maximum, free)
    again = maximise(spec.likelihood, spec.design, parameters, held)
    return Found(again._replace(iterations=again.iterations + maximum.iterations), held)


def without_effects(spec: Specification) -> Found:
    """Return the maximum without random effects (tau² = 0).

    Parameters
    ----------
    spec : Specification
        The model.

    Returns
    -------
    Found
    """
    if spec.tau is None:
        return _settled(spec, spec.start, spec.free)
    start, free = spec.start.copy(), spec.free.copy()
    start[spec.tau], free[spec.tau] = 0.0, False
    if spec.level is not None:
        start[spec.tau - 1], free[spec.tau - 1] = 0.0, False
    return _settled(spec, start, free)


def with_effects(spec: Specification) -> tuple[Found, Found]:
    """Return the highest maximum with random effects, and the maximum without them.

    Parameters
    ----------
    spec : Specification
        The model, with a place for τ.

    Returns
    -------
    best, zero : Found
        `best` is `zero` where the likelihood is highest at tau² = 0.
    """
    zero = without_effects(spec)
    if not zero.maximum.converged or spec.tau is None:
        return zero, zero
    best, steps = zero, zero.maximum.iterations
    correlated = spec.level is not None and bool(spec.free[spec.tau - 1])
    for slope in (-0.3, 0.3) if correlated else (0.0,):
        starts, spent = _starts(spec, spec.tau, zero.maximum, slope)
        steps += spent
        for start in starts:
            found = _settled(spec, start, spec.free)
            steps += found.maximum.iterations
            gain = found.maximum.log_likelihood - best.maximum.log_likelihood
            if gain > GAIN * (1.0 + abs(best.maximum.log_likelihood)) and (
                found.maximum.converged or best is zero
            ):
                best = found
    return Found(best.maximum._replace(iterations=steps), best.free), zero


def _starts(spec: Specification, place: int, zero: Maximum, slope: float) -> tuple[list[FloatArray], int]:
    """Return where the likelihood, maximised over all but τ, has peaks among some τ; and the steps taken."""
    free = spec.free.copy()
    free[place] = False
    start = zero.parameters.copy()
    if slope:
        start[place - 1], free[place - 1] = slope, False
    if spec.level is not None and start[spec.level] == 0.0:
        start[spec.level] = 0.3
    heights, points, steps = [zero.log_likelihood], [zero.parameters], 0
    for tau in PROFILED:
        start = start.copy()
        start[place] = tau
        held = maximise(spec.likelihood, spec.design, start, free)
        steps += held.iterations
        points.append(held.parameters)
        heights.append(held.log_likelihood if held.converged else -np.inf)
        if held.converged:
            start = held.parameters
    higher = np.array(heights)
    peaks = (higher[1:] >= higher[:-1]) & (higher[1:] >= np.append(higher[2:], -np.inf))
    peaks[0] = True  # a maximum between 0 and the first has no peak of its own here
    return [point for point, peak in zip(points[1:], peaks, strict=True) if peak], steps
