"""Confidence intervals of one rate and of one mean."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from evergrove.stats.arrays import checked_level
from evergrove.stats.distributions import normal_quantile, two_sided_quantile
from evergrove.stats.effects.options import RateMethod
from evergrove.stats.options import IntervalDistribution, choose
from evergrove.stats.roots import bracketed_root
from evergrove.stats.scalars import above, finite, within


@dataclass(frozen=True, slots=True)
class SingleInterval:
    """The rate or mean of one group with its confidence interval.

    Parameters
    ----------
    estimate, ci_low, ci_high : float
        Per unit of person-time, or in the outcome's unit.
    level : float
        Confidence level.
    method : str
        The interval's name.
    """

    estimate: float
    ci_low: float
    ci_high: float
    level: float
    method: str

    def to_dict(self) -> dict[str, object]:
        """Return the interval as JSON-safe data."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def _exact(x: float, tail: float) -> tuple[float, float]:
    """Garwood's limits of a Poisson mean: quantiles of gamma distributions."""
    low = 0.0 if x == 0 else float(special.gammaincinv(x, tail))
    return low, float(special.gammainccinv(x + 1.0, tail))


def _mid_p(x: float, tail: float) -> tuple[float, float]:
    """Means at which the tail beyond x and half of x's own probability make up `tail`."""

    def beyond(mean: float) -> float:
        own = float(special.gammainc(x, mean)) if x > 0 else 1.0
        return 0.5 * (own + float(special.gammainc(x + 1.0, mean)))

    ceiling = 2.0 * float(special.gammainccinv(x + 1.0, tail))
    low = 0.0 if x == 0 else bracketed_root(lambda mean: beyond(mean) - tail, 0.0, ceiling).value
    return low, bracketed_root(lambda mean: beyond(mean) - (1.0 - tail), 0.0, ceiling).value


def rate_interval(
    events: float, time: float, method: str = RateMethod.EXACT, level: float = 0.95
) -> SingleInterval:
    """Return a rate with its confidence interval.

    Parameters
    ----------
    events : float
        Events, not below 0.
    time : float
        Person-time, above 0; the rate is per its unit.
    method : RateMethod or str
        ``"exact"`` (meta's ``method.ci="Poisson"``), ``"mid-p"``, ``"score"`` or ``"normal"``.
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    SingleInterval

    Raises
    ------
    DataError
        For negative events or a time that is not above 0.
    UsageError
        For an unknown method or level.

    Notes
    -----
    Exact limits hold their level for any count and are wide for few; mid-P and score are shorter.

    References
    ----------
    [Garwood1936]; [Lancaster1961].

    Examples
    --------
    >>> found = rate_interval(5, 100.0)
    >>> round(found.ci_low, 5), round(found.ci_high, 5)
    (0.01623, 0.11668)
    """
    person_time = above("time", time, 0.0, todo="a rate needs person-time")
    x = within("events", events, 0.0, math.inf, todo="count the events")
    chosen = choose(RateMethod, method, "method")
    level = checked_level(level)
    tail, z = (1.0 - level) / 2.0, normal_quantile(level)
    if chosen is RateMethod.EXACT:
        low, high = _exact(x, tail)
    elif chosen is RateMethod.MID_P:
        low, high = _mid_p(x, tail)
    elif chosen is RateMethod.SCORE:
        centre, half = x + z * z / 2.0, z * math.sqrt(x + z * z / 4.0)
        low, high = 0.0 if x == 0 else centre - half, centre + half
    else:
        low, high = max(0.0, x - z * math.sqrt(x)), x + z * math.sqrt(x)
    return SingleInterval(x / person_time, low / person_time, high / person_time, level, str(chosen))


def mean_interval(
    mean: float, sd: float, n: float, distribution: str = IntervalDistribution.T, level: float = 0.95
) -> SingleInterval:
    """Return a mean with its confidence interval.

    Parameters
    ----------
    mean, sd : float
        In the outcome's unit; SD not below 0.
    n : float
        Patients, above 1.
    distribution : IntervalDistribution or str
        ``"t"`` with n - 1 degrees of freedom (meta's ``method.ci="t"``) or ``"normal"`` (its ``"z"``).
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    SingleInterval

    Raises
    ------
    DataError
        For a negative SD or fewer than two patients.
    UsageError
        For an unknown distribution or level.

    Notes
    -----
    mean ± q SD / √n. Not for skewed values in a small group.

    Examples
    --------
    >>> round(mean_interval(10.0, 2.0, 25).ci_high, 4)
    10.8256
    """
    centre = finite("mean", mean)
    spread = within("sd", sd, 0.0, math.inf, todo="check the standard deviation")
    size = above("n", n, 1.0, todo="an SD needs two patients")
    chosen = choose(IntervalDistribution, distribution, "distribution")
    level = checked_level(level)
    df = size - 1.0 if chosen is IntervalDistribution.T else None
    half = two_sided_quantile(level, df) * spread / math.sqrt(size)
    return SingleInterval(centre, centre - half, centre + half, level, str(chosen))
