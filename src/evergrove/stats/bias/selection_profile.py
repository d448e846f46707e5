"""Profile likelihood limits of the between-study variance and the weights of a selection model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.bias.selection_fit import Fit, Setup, fit
from evergrove.stats.roots import bracketed_root

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.stats.arrays import FloatArray

MOST_DOUBLINGS = 60


class ProfileLimits(NamedTuple):
    """Limits without unit; NaN for what is given.

    Parameters
    ----------
    tau2_low, tau2_high : float
    delta_low, delta_high : ndarray, shape (d,)
    """

    tau2_low: float
    tau2_high: float
    delta_low: FloatArray
    delta_high: FloatArray


def _crossing(gap: Callable[[float], float], inside: float, bound: float, unit: float) -> float:
    """Return where `gap` falls below 0 between a point and a bound; the bound where it does not."""
    direction = 1.0 if bound > inside else -1.0
    near, far = inside, unit
    for _ in range(MOST_DOUBLINGS):
        there = inside + direction * far
        if direction * (there - bound) >= 0.0:
            there = bound
        if gap(there) < 0.0:
            return bracketed_root(gap, min(near, there), max(near, there)).value
        if there == bound:
            return bound
        near, far = there, 2.0 * far
    return direction * math.inf


def profile_limits(setup: Setup, found: Fit, *, quantile: float, random: bool) -> ProfileLimits:
    """Return where the likelihood, maximised over all other parameters, falls by half the squared quantile.

    Parameters
    ----------
    setup : Setup
        The model.
    found : Fit
        Its maximum.
    quantile : float
        Of the normal distribution, two-sided.
    random : bool
        Whether tau² is estimated.

    Returns
    -------
    ProfileLimits
        A limit is the bound of the search where the likelihood does not fall that far before it.
    """
    p = setup.x.shape[1]
    target = found.log_likelihood - quantile**2 / 2.0
    begin, delta = found.parameters[: p + 1], found.parameters[p + 1 :]
    near = setup._replace(starts=(delta,))

    def of_tau2(value: float) -> float:
        return fit(near, begin, tau2=value).log_likelihood - target

    tau2 = float(found.parameters[p])
    low, high = np.full(delta.size, np.nan), np.full(delta.size, np.nan)
    tau2_low = tau2_high = math.nan
    if random:
        tau2_low = 0.0 if tau2 == 0.0 else _crossing(of_tau2, tau2, 0.0, tau2 / 2.0)
        tau2_high = _crossing(of_tau2, tau2, math.inf, max(tau2, 0.1))
    for row in np.flatnonzero(np.isnan(setup.fixed)):

        def of_delta(value: float, row: int = int(row)) -> float:
            held = setup.fixed.copy()
            held[row] = value
            return fit(near._replace(fixed=held), begin, tau2=None if random else 0.0).log_likelihood - target

        at = float(delta[row])
        for limits, bound in ((low, float(setup.low[row])), (high, float(setup.high[row]))):
            limits[row] = bound if at == bound else _crossing(of_delta, at, bound, max(abs(at) / 2.0, 0.05))
    return ProfileLimits(tau2_low, tau2_high, low, high)
