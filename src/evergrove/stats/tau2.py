"""Kernels for the between-study variance: DerSimonian-Laird, Paule-Mandel, REML, Q-profile.

Pure functions of float64 arrays. Each divides the variances by their median and moves the effects
so that the most precise study stands at 0, so that no tolerance depends on the unit of the outcome
and weights that differ by twelve orders of magnitude keep their digits.

`blocks` are arrays of row positions, one per group with a mean of its own; one block is the usual
meta-analysis, several give the residual variance within subgroups.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evergrove.stats.distributions import chi2_quantiles
from evergrove.stats.options import Tau2Method
from evergrove.stats.roots import Solution, bracketed_root

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: Points per decade of the scan for stationary points of the restricted likelihood.
SCAN_POINTS_PER_DECADE = 10
#: The scan begins at this share of the smallest variance; below it the score hardly changes.
SCAN_START = 1e-6
#: Two maxima whose log-likelihoods differ by less than this are named as a tie.
LIKELIHOOD_TIE = 1e-9

Blocks = Sequence[NDArray[np.intp]]


class Profile(NamedTuple):
    """Quantities of the weighted model at values of tau², each of shape (m,).

    Parameters
    ----------
    q : ndarray
        Generalised Q: Σ w (y - mean)².
    trace : ndarray
        trace(P): Σ w - Σ w² / Σ w.
    squares : ndarray
        y'PPy: Σ w² (y - mean)².
    log_likelihood : ndarray
        Restricted log-likelihood without its constant.
    """

    q: FloatArray
    trace: FloatArray
    squares: FloatArray
    log_likelihood: FloatArray

    @property
    def score(self) -> FloatArray:
        """Derivative of the restricted log-likelihood."""
        return 0.5 * (self.squares - self.trace)


class Layout(NamedTuple):
    """Effects and variances made scale-free, one pair of arrays per block, most precise study first."""

    effects: tuple[FloatArray, ...]
    variances: tuple[FloatArray, ...]
    scale: float
    df: int
    sum_of_squares: float
    smallest: float
    largest: float


def lay_out(yi: FloatArray, vi: FloatArray, blocks: Blocks | None = None) -> Layout:
    """Return the scale-free layout on which the kernels work.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects, and variances above 0.
    blocks : sequence of int arrays or None
        Rows of each group; None is one group.

    Returns
    -------
    Layout
    """
    rows = [np.arange(yi.size)] if blocks is None else list(blocks)
    scale = float(np.median(vi))
    effects, variances = [], []
    for block in rows:
        order = block[np.lexsort((yi[block], vi[block]))]
        effects.append((yi[order] - yi[order[0]]) / math.sqrt(scale))
        variances.append(vi[order] / scale)
    spread = sum(float(np.sum((y - y.mean()) ** 2)) for y in effects)
    return Layout(
        tuple(effects),
        tuple(variances),
        scale,
        int(yi.size - len(rows)),
        spread,
        min(float(v[0]) for v in variances),
        max(float(v[-1]) for v in variances),
    )


def profile(layout: Layout, tau2: FloatArray) -> Profile:
    """Evaluate the model at several values of tau² at once.

    Parameters
    ----------
    layout : Layout
        Scale-free data.
    tau2 : ndarray, shape (m,)
        Values on the layout's scale, not below 0.

    Returns
    -------
    Profile
        Restricted likelihood of Harville 1977; for one mean see Viechtbauer 2005.
    """
    q, trace, squares, log_likelihood = (np.zeros(tau2.size) for _ in range(4))
    for y, v in zip(layout.effects, layout.variances, strict=True):
        total = v + tau2[:, np.newaxis]
        w = 1.0 / total
        rest = w[:, 1:].sum(axis=1)
        all_weight = w[:, 0] + rest
        residual = y - (w * y).sum(axis=1)[:, np.newaxis] / all_weight[:, np.newaxis]
        weighted = w * residual
        block_q = (weighted * residual).sum(axis=1)
        others = all_weight[:, np.newaxis] - w
        others[:, 0] = rest
        q += block_q
        trace += (w * others).sum(axis=1) / all_weight
        squares += (weighted**2).sum(axis=1)
        log_likelihood -= 0.5 * (np.log(total).sum(axis=1) + np.log(all_weight) + block_q)
    return Profile(q, trace, squares, log_likelihood)


def profile_at(layout: Layout, tau2: float) -> tuple[float, float, float, float]:
    """Return Q, trace(P), y'PPy and the restricted log-likelihood at one tau²."""
    return tuple(float(part[0]) for part in profile(layout, np.array([tau2])))  # type: ignore[return-value]


def dersimonian_laird(yi: FloatArray, vi: FloatArray, blocks: Blocks | None = None) -> Solution:
    """Return the moment estimate (Q - df) / trace(P), not below 0.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and variances; k of 2 or more per block for a positive value.
    blocks : sequence of int arrays or None
        Groups with means of their own.

    Returns
    -------
    Solution
        Closed form: 0 iterations. Source: DerSimonian & Laird, Controlled Clinical Trials 7 (1986)
        177-188; with groups, Raudenbush 2009.
    """
    layout = lay_out(yi, vi, blocks)
    if layout.df == 0:
        return Solution(0.0, 0, True, "no degrees of freedom: tau² set to 0")
    q, trace, _, _ = profile_at(layout, 0.0)
    if q <= layout.df:
        return Solution(0.0, 0, True, "closed form; Q is not above its degrees of freedom")
    return Solution((q - layout.df) / trace * layout.scale, 0, True, "closed form")


def _tau2_where_q_is(layout: Layout, target: float) -> Solution:
    """Solve Q(tau²) = target on the layout's scale; 1 - target/Q is near to linear in tau²."""
    if profile_at(layout, 0.0)[0] <= target:
        return Solution(0.0, 0, True, "Q at tau² = 0 is not above the target")
    high = layout.sum_of_squares / target * (1.0 + 1e-9)
    return bracketed_root(lambda tau2: 1.0 - target / profile_at(layout, tau2)[0], 0.0, high)


def paule_mandel(yi: FloatArray, vi: FloatArray, blocks: Blocks | None = None) -> Solution:
    """Return tau² at which the generalised Q equals its degrees of freedom.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and variances.
    blocks : sequence of int arrays or None
        Groups with means of their own.

    Returns
    -------
    Solution
        Source: Paule & Mandel, J Res Natl Bur Stand 87 (1982) 377-385. Q falls steadily in tau²
        (DerSimonian & Kacker 2007), so the root is unique.
    """
    layout = lay_out(yi, vi, blocks)
    if layout.df == 0:
        return Solution(0.0, 0, True, "no degrees of freedom: tau² set to 0")
    found = _tau2_where_q_is(layout, float(layout.df))
    return found._replace(value=found.value * layout.scale)


def _stationary_maxima(layout: Layout) -> tuple[list[Solution], Solution | None]:
    """Find every local maximum of the restricted likelihood by scanning its score; and any failure."""
    high = max(layout.largest, 2.0 * layout.sum_of_squares / layout.df) * 1.01
    low = SCAN_START * layout.smallest
    points = max(20, int(SCAN_POINTS_PER_DECADE * math.log10(high / low)))
    grid = np.concatenate(([0.0], np.geomspace(low, high, points)))
    score = profile(layout, grid).score
    maxima = [Solution(0.0, 0, True, "boundary: the likelihood falls from tau² = 0")] if score[0] <= 0 else []
    for at in np.flatnonzero((score[:-1] > 0) & (score[1:] <= 0)):

        def score_at(tau2: float) -> float:
            _, trace, squares, _ = profile_at(layout, tau2)
            return 1.0 - trace / squares

        found = bracketed_root(score_at, float(grid[at]), float(grid[at + 1]))
        if not found.converged:
            return maxima, found
        maxima.append(found)
    return maxima, None


def restricted_maximum_likelihood(
    yi: FloatArray, vi: FloatArray, blocks: Blocks | None = None
) -> tuple[Solution, tuple[float, ...]]:
    """Return the tau² of the highest restricted likelihood, and every local maximum.

    All zeros of the score lie below a bound that is known beforehand; the score is scanned up to it
    and each descent through zero is solved by bracketing, so neither the oscillation nor the wrong
    turn of Fisher scoring can happen, and a second maximum is seen.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and variances.
    blocks : sequence of int arrays or None
        Groups with means of their own.

    Returns
    -------
    best : Solution
        The global maximum; tau² = 0 where the boundary is the highest.
    maxima : tuple of float
        tau² of every local maximum, rising; more than one is worth a diagnostic.

    References
    ----------
    Harville, JASA 72 (1977) 320-338; Viechtbauer, J Educ Behav Stat 30 (2005) 261-293.
    """
    layout = lay_out(yi, vi, blocks)
    if layout.df == 0:
        return Solution(0.0, 0, True, "no degrees of freedom: tau² set to 0"), (0.0,)
    if layout.sum_of_squares == 0.0:
        return Solution(0.0, 0, True, "all effects are equal: tau² = 0"), (0.0,)
    maxima, failure = _stationary_maxima(layout)
    if failure is not None or not maxima:
        reason = failure.reason if failure is not None else "no maximum of the restricted likelihood found"
        return Solution(math.nan, failure.iterations if failure else 0, False, reason), ()
    heights = profile(layout, np.array([found.value for found in maxima])).log_likelihood
    best = maxima[int(np.flatnonzero(heights >= heights.max() - LIKELIHOOD_TIE)[0])]
    steps = sum(found.iterations for found in maxima)
    values = tuple(found.value * layout.scale for found in maxima)
    return best._replace(value=best.value * layout.scale, iterations=steps), values


def estimate_tau2(
    method: Tau2Method, yi: FloatArray, vi: FloatArray, blocks: Blocks | None = None
) -> tuple[Solution, tuple[float, ...]]:
    """Estimate tau² by a named method.

    Parameters
    ----------
    method : Tau2Method
        The estimator.
    yi, vi : ndarray, shape (k,)
        Effects and variances.
    blocks : sequence of int arrays or None
        Groups with means of their own.

    Returns
    -------
    solution : Solution
    maxima : tuple of float
        Local maxima for REML, else the one value.
    """
    if method is Tau2Method.REML:
        return restricted_maximum_likelihood(yi, vi, blocks)
    kernel = dersimonian_laird if method is Tau2Method.DL else paule_mandel
    found = kernel(yi, vi, blocks)
    return found, (found.value,)


def q_profile(yi: FloatArray, vi: FloatArray, level: float = 0.95) -> tuple[Solution, Solution]:
    """Return the Q-profile confidence limits of tau².

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and variances; k of 2 or more.
    level : float
        Confidence level.

    Returns
    -------
    low, high : Solution
        Limits. The set can be empty (all of it would lie below 0): then both values are NaN and the
        reason says so. Source: Viechtbauer, Stat Med 26 (2007) 37-52; Knapp, Biggerstaff & Hartung 2006.
    """
    layout = lay_out(yi, vi)
    lower_quantile, upper_quantile = chi2_quantiles(level, layout.df)
    if profile_at(layout, 0.0)[0] < lower_quantile:
        empty = Solution(math.nan, 0, True, "empty set: Q at tau² = 0 is below the lower quantile")
        return empty, empty
    low, high = _tau2_where_q_is(layout, upper_quantile), _tau2_where_q_is(layout, lower_quantile)
    return (
        low._replace(value=low.value * layout.scale),
        high._replace(value=high.value * layout.scale),
    )
