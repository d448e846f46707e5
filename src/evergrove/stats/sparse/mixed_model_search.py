"""The highest point of a mixed model's likelihood, which may lie at a variance of exactly 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.sparse.likelihood_maximiser import Maximum, maximise

if TYPE_CHECKING:
    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.sparse.mixed_models import Specification

#: Standard deviations from which the joint maximum is sought; two, so that a second maximum is met.
STARTS = (0.3, 1.2)
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
    slopes = (-0.3, 0.3) if correlated else (0.0,)
    for tau in STARTS:
        for slope in slopes:
            start = zero.maximum.parameters.copy()
            start[spec.tau] = tau
            if correlated:
                start[spec.tau - 1] = slope
            if spec.level is not None and start[spec.level] == 0.0:
                start[spec.level] = 0.3
            found = _settled(spec, start, spec.free)
            steps += found.maximum.iterations
            gain = found.maximum.log_likelihood - best.maximum.log_likelihood
            if gain > GAIN * (1.0 + abs(best.maximum.log_likelihood)) and (
                found.maximum.converged or best is zero
            ):
                best = found
    return Found(best.maximum._replace(iterations=steps), best.free), zero
