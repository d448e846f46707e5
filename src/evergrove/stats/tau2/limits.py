"""Confidence limits of tau².

Each returns two `Solution`, in the unit of the variances. An empty set is NaN twice with the reason; an
upper limit that does not exist is infinite.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evergrove.stats.distributions import chi2_quantiles, normal_quantile
from evergrove.stats.roots import Solution, bracketed_root
from evergrove.stats.tau2.layout import AnyLayout, generalised_q, profile_at
from evergrove.stats.tau2.likelihood import likelihood_bound
from evergrove.stats.tau2.moments import tau2_at_probability, tau2_where_q_is, weighted_form

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

EMPTY = "empty set: Q at tau² = 0 is below the lower quantile"


def _scaled(data: AnyLayout, low: Solution, high: Solution) -> tuple[Solution, Solution]:
    """Return limits in the unit of the variances."""
    return low._replace(value=low.value * data.scale), high._replace(value=high.value * data.scale)


def q_profile(data: AnyLayout, level: float = 0.95) -> tuple[Solution, Solution]:
    """Return the Q-profile confidence limits of tau².

    Parameters
    ----------
    data : Layout, Contrasts or TallDesign
        From `lay_out`; df above 0.
    level : float
        Confidence level.

    Returns
    -------
    low, high : Solution
        Limits. The set can be empty (all of it would lie below 0): then both values are NaN and the
        reason says so. Source: Viechtbauer, Stat Med 26 (2007) 37-52; Knapp, Biggerstaff & Hartung 2006.
    """
    lower_quantile, upper_quantile = chi2_quantiles(level, data.df)
    if generalised_q(data, 0.0) < lower_quantile:
        empty = Solution(math.nan, 0, True, EMPTY)
        return empty, empty
    return _scaled(data, tau2_where_q_is(data, upper_quantile), tau2_where_q_is(data, lower_quantile))


def generalised_q_limits(
    data: AnyLayout, weights: FloatArray, level: float = 0.95
) -> tuple[Solution, Solution]:
    """Return the limits from the exact distribution of Cochran's Q at fixed weights.

    Parameters
    ----------
    data : Layout, Contrasts or TallDesign
        From `lay_out`; df above 0.
    weights : ndarray, shape (k,)
        1/v for Biggerstaff & Jackson (2008), 1/√v for Jackson (2013), or any weights above 0.
    level : float
        Confidence level.

    Returns
    -------
    low, high : Solution
        Empty as in `q_profile`. Source: Biggerstaff & Jackson, Stat Med 27 (2008) 6093-6110; Jackson,
        Res Synth Methods 4 (2013) 220-229.
    """
    form = weighted_form(data, weights)
    tail = (1.0 - level) / 2.0
    if form.probability(0.0) > 1.0 - tail:
        empty = Solution(math.nan, 0, True, EMPTY)
        return empty, empty
    return _scaled(data, tau2_at_probability(data, form, tail), tau2_at_probability(data, form, 1.0 - tail))


def profile_likelihood_limits(
    data: AnyLayout, tau2: float, level: float = 0.95, *, restricted: bool = True
) -> tuple[Solution, Solution]:
    """Return where the likelihood has fallen by half a chi-square quantile on either side of a maximum.

    Parameters
    ----------
    data : Layout, Contrasts or TallDesign
        From `lay_out`; df above 0.
    tau2 : float
        The maximum, in the unit of the variances.
    level : float
        Confidence level.
    restricted : bool
        Whether the restricted likelihood is meant.

    Returns
    -------
    low, high : Solution
        One crossing on either side; the lower limit is 0 where the likelihood there is high enough. Source:
        Hardy & Thompson, Stat Med 15 (1996) 619-629; Viechtbauer 2007.
    """
    peak = tau2 / data.scale
    drop = 0.5 * normal_quantile(level) ** 2

    def height(value: float) -> float:
        at = profile_at(data, value)
        return float((at.log_likelihood if restricted else at.full_log_likelihood)[0])

    floor = height(peak) - drop

    def margin(value: float) -> float:
        return height(value) - floor

    if margin(0.0) >= 0.0:
        low = Solution(0.0, 0, True, "the likelihood at tau² = 0 is within the limit")
    else:
        low = bracketed_root(margin, 0.0, peak)
    high = max(peak, likelihood_bound(data))
    while margin(high) > 0.0:
        high *= 4.0
    return _scaled(data, low, bracketed_root(margin, peak, high))


def wald_limits(tau2: float, se: float, level: float = 0.95) -> tuple[Solution, Solution]:
    """Return tau² ± z · se, the lower limit not below 0: crude, since tau² is skewed."""
    half = normal_quantile(level) * se
    reason = "closed form"
    return Solution(max(0.0, tau2 - half), 0, True, reason), Solution(tau2 + half, 0, True, reason)
