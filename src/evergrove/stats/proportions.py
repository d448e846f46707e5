"""Confidence intervals of one proportion."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from evergrove.stats.arrays import checked_level
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.options import ProportionMethod, choose
from evergrove.stats.scalars import above, within


@dataclass(frozen=True, slots=True)
class ProportionInterval:
    """A proportion with its confidence interval.

    Parameters
    ----------
    estimate : float
        events / n.
    ci_low, ci_high : float
        Limits within 0 and 1.
    events, n, level : float
        As given.
    method : str
        The interval's name.
    """

    estimate: float
    ci_low: float
    ci_high: float
    events: float
    n: float
    level: float
    method: str

    def to_dict(self) -> dict[str, object]:
        """Return the interval as JSON-safe data."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def _score(x: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's limits."""
    centre = (x + z * z / 2.0) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(x * (n - x) / n + z * z / 4.0)
    return (0.0 if x == 0 else centre - half), (1.0 if x == n else centre + half)


def _exact(x: float, n: float, tail: float) -> tuple[float, float]:
    """Clopper and Pearson's limits: quantiles of beta distributions."""
    low = 0.0 if x == 0 else float(special.betaincinv(x, n - x + 1.0, tail))
    high = 1.0 if x == n else float(special.betaincinv(x + 1.0, n - x, 1.0 - tail))
    return low, high


def proportion_interval(
    events: float, n: float, method: str = ProportionMethod.WILSON, level: float = 0.95
) -> ProportionInterval:
    """Return a proportion with its confidence interval.

    Parameters
    ----------
    events : float
        Patients with the event, 0 to n.
    n : float
        Patients, above 0.
    method : ProportionMethod or str
        ``"wilson"``, ``"clopper-pearson"`` or ``"agresti-coull"``.
    level : float
        Confidence level, in (0, 1).

    Returns
    -------
    ProportionInterval

    Raises
    ------
    DataError
        For events outside 0..n.
    UsageError
        For an unknown method or level.

    References
    ----------
    Wilson, JASA 22 (1927) 209-212; Clopper & Pearson, Biometrika 26 (1934) 404-413; Agresti & Coull, Am
    Stat 52 (1998) 119-126; Brown, Cai & DasGupta, Stat Sci 16 (2001) 101-133.

    Examples
    --------
    >>> wilson = proportion_interval(0, 10)
    >>> wilson.ci_low, round(wilson.ci_high, 4)
    (0.0, 0.2775)
    """
    size = above("n", n, 0.0, todo="a proportion needs patients")
    x = within("events", events, 0.0, size, todo="events are patients with the event, at most n")
    chosen = choose(ProportionMethod, method, "method")
    level = checked_level(level)
    z = normal_quantile(level)
    if chosen is ProportionMethod.WILSON:
        low, high = _score(x, size, z)
    elif chosen is ProportionMethod.CLOPPER_PEARSON:
        low, high = _exact(x, size, (1.0 - level) / 2.0)
    else:
        total = size + z * z
        centre = (x + z * z / 2.0) / total
        half = z * math.sqrt(centre * (1.0 - centre) / total)
        low, high = max(0.0, centre - half), min(1.0, centre + half)
    return ProportionInterval(x / size, low, high, x, size, level, str(chosen))
