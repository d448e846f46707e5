"""Maximum and restricted maximum likelihood for tau², with every local maximum.

For one mean `one_mean` proves where the maxima are. For other designs all zeros of the score lie below a
bound that is known beforehand; the score is scanned up to it and each descent through zero is solved by
bracketing. So neither the oscillation nor the wrong turn of Fisher scoring can happen, and a second maximum
is seen.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats import one_mean
from evergrove.stats.roots import Solution, bracketed_root
from evergrove.stats.tau2.layout import AnyLayout, Layout, profile, profile_at

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.tau2.layout import Profile

#: Points per decade of the scan for stationary points of the likelihood.
SCAN_POINTS_PER_DECADE = 10
#: The scan begins at this share of the smallest variance; below it the score hardly changes.
SCAN_START = 1e-6
#: Two maxima whose log-likelihoods differ by less than this are named as a tie.
LIKELIHOOD_TIE = 1e-9


def likelihood_bound(data: AnyLayout) -> float:
    """Return a tau² (on the layout's scale) above which both likelihoods fall."""
    return max(data.largest, 2.0 * data.sum_of_squares / data.df) * 1.01


def _expected(at: Profile, *, restricted: bool) -> FloatArray:
    """Return what y'PPy must equal at a stationary point."""
    return at.trace if restricted else at.weights


def _stationary_maxima(data: AnyLayout, *, restricted: bool) -> tuple[list[Solution], Solution | None]:
    """Find every local maximum of a likelihood by scanning its score; and any failure."""
    high = likelihood_bound(data)
    low = SCAN_START * data.smallest
    points = max(20, int(SCAN_POINTS_PER_DECADE * math.log10(high / low)))
    grid = np.concatenate(([0.0], np.geomspace(low, high, points)))
    scanned = profile(data, grid)
    score = scanned.score if restricted else scanned.full_score
    maxima = [Solution(0.0, 0, True, "boundary: the likelihood falls from tau² = 0")] if score[0] <= 0 else []

    def relative_score(tau2: float) -> float:
        at = profile_at(data, tau2)
        return 1.0 - float(_expected(at, restricted=restricted)[0] / at.squares[0])

    for at in np.flatnonzero((score[:-1] > 0) & (score[1:] <= 0)):
        found = bracketed_root(relative_score, float(grid[at]), float(grid[at + 1]))
        if not found.converged:
            return maxima, found
        maxima.append(found)
    return maxima, None


def _of_one_mean(data: Layout, *, restricted: bool) -> tuple[Solution, tuple[float, ...]]:
    """Return the highest maximum and all of them for one mean, where they are proved, not scanned for."""
    unit = data.smallest * data.scale
    y: one_mean.Studies = data.effects / math.sqrt(data.smallest)
    v: one_mean.Studies = data.variances / data.smallest
    maxima = [0.0] * one_mean.MOST_MAXIMA
    at_zero = one_mean.moments(0.0, y, v)
    count, iterations, status = one_mean.likelihood_maxima(y, v, restricted, at_zero, maxima)
    if status != one_mean.FOUND:
        return Solution(math.nan, iterations, False, "no maximum of the likelihood found"), ()
    best = one_mean.highest(count, maxima, y, v, restricted) * unit
    reason = "converged to rounding" if best > 0 else "boundary: the likelihood is highest at tau² = 0"
    return Solution(best, iterations, True, reason), tuple(value * unit for value in maxima[:count])


def _highest(data: AnyLayout, *, restricted: bool) -> tuple[Solution, tuple[float, ...]]:
    """Return the highest maximum of a likelihood, and all of them."""
    if data.df == 0:
        return Solution(0.0, 0, True, "no degrees of freedom: tau² set to 0"), (0.0,)
    if data.sum_of_squares == 0.0:
        return Solution(0.0, 0, True, "all effects are equal: tau² = 0"), (0.0,)
    if isinstance(data, Layout):
        return _of_one_mean(data, restricted=restricted)
    maxima, failure = _stationary_maxima(data, restricted=restricted)
    if failure is not None or not maxima:
        reason = failure.reason if failure is not None else "no maximum of the likelihood found"
        return Solution(math.nan, failure.iterations if failure else 0, False, reason), ()
    at = profile(data, np.array([found.value for found in maxima]))
    heights = at.log_likelihood if restricted else at.full_log_likelihood
    best = maxima[int(np.flatnonzero(heights >= heights.max() - LIKELIHOOD_TIE)[0])]
    steps = sum(found.iterations for found in maxima)
    values = tuple(found.value * data.scale for found in maxima)
    return best._replace(value=best.value * data.scale, iterations=steps), values


def restricted_maximum_likelihood(data: AnyLayout) -> tuple[Solution, tuple[float, ...]]:
    """Return the tau² of the highest restricted likelihood, and every local maximum.

    Parameters
    ----------
    data : Layout, Contrasts or TallDesign
        From `lay_out`.

    Returns
    -------
    best : Solution
        The global maximum, in the unit of the variances; 0 where the boundary is the highest.
    maxima : tuple of float
        tau² of every local maximum, rising; more than one is worth a diagnostic.

    References
    ----------
    [Harville1977]; [Viechtbauer2005].
    """
    return _highest(data, restricted=True)


def maximum_likelihood(data: AnyLayout) -> tuple[Solution, tuple[float, ...]]:
    """Return the tau² of the highest likelihood, and every local maximum.

    Parameters
    ----------
    data : Layout, Contrasts or TallDesign
        From `lay_out`.

    Returns
    -------
    best, maxima
        As `restricted_maximum_likelihood`.

    References
    ----------
    [Hardy1996]; [Viechtbauer2005].
    """
    return _highest(data, restricted=False)
