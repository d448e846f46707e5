"""Confidence intervals of one proportion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import special

from evergrove.stats.arrays import checked_level
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.options import ProportionMethod, choose
from evergrove.stats.roots import bracketed_root
from evergrove.stats.scalars import above, within

if TYPE_CHECKING:
    from collections.abc import Callable


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


Limits = tuple[float, float]


def _wilson(x: float, n: float, level: float) -> Limits:
    """Wilson's limits."""
    z = normal_quantile(level)
    centre = (x + z * z / 2.0) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(x * (n - x) / n + z * z / 4.0)
    return (0.0 if x == 0 else centre - half), (1.0 if x == n else centre + half)


def _wilson_continuity(x: float, n: float, level: float) -> Limits:
    """Wilson's limits with continuity correction (Newcombe 1998, method 4)."""
    z, p = normal_quantile(level), x / n
    below, inside = 2.0 * (n + z * z), z * z - 1.0 / n
    low = 2 * x + z * z - 1 - z * math.sqrt(max(0.0, inside - 2 + 4 * p * (n * (1 - p) + 1)))
    high = 2 * x + z * z + 1 + z * math.sqrt(max(0.0, inside + 2 + 4 * p * (n * (1 - p) - 1)))
    return (0.0 if x == 0 else max(0.0, low / below)), (1.0 if x == n else min(1.0, high / below))


def _clopper_pearson(x: float, n: float, level: float) -> Limits:
    """Clopper and Pearson's limits: quantiles of beta distributions."""
    tail = (1.0 - level) / 2.0
    low = 0.0 if x == 0 else float(special.betaincinv(x, n - x + 1.0, tail))
    high = 1.0 if x == n else float(special.betainccinv(x + 1.0, n - x, tail))
    return low, high


def _mid_p(x: float, n: float, level: float) -> Limits:
    """Proportions at which the tail beyond x and half of x's own probability make up (1 - level)/2."""
    tail = (1.0 - level) / 2.0

    def above(p: float) -> float:
        # P(X >= x) is a beta tail, rising from 0 to 1; the average of those of x and x + 1 counts x by half
        own = float(special.betainc(x, n - x + 1.0, p)) if x > 0 else 1.0
        beyond = float(special.betainc(x + 1.0, n - x, p)) if x < n else 0.0
        return 0.5 * (own + beyond)

    low = 0.0 if x == 0 else bracketed_root(lambda p: above(p) - tail, 0.0, 1.0).value
    high = 1.0 if x == n else bracketed_root(lambda p: above(p) - (1.0 - tail), 0.0, 1.0).value
    return low, high


def _jeffreys(x: float, n: float, level: float) -> Limits:
    """Quantiles of Beta(x + 1/2, n - x + 1/2); 0 and 1 where nobody or everybody has the event."""
    tail = (1.0 - level) / 2.0
    low = 0.0 if x == 0 else float(special.betaincinv(x + 0.5, n - x + 0.5, tail))
    high = 1.0 if x == n else float(special.betainccinv(x + 0.5, n - x + 0.5, tail))
    return low, high


def _agresti_coull(x: float, n: float, level: float) -> Limits:
    """Wald's limits about Wilson's midpoint."""
    z = normal_quantile(level)
    total = n + z * z
    centre = (x + z * z / 2.0) / total
    half = z * math.sqrt(centre * (1.0 - centre) / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def _arcsine(x: float, n: float, level: float) -> Limits:
    """Limits that are normal on the scale of arcsine square roots, taken back."""
    angle, half = math.asin(math.sqrt(x / n)), normal_quantile(level) / (2.0 * math.sqrt(n))
    low, high = max(0.0, angle - half), min(math.pi / 2.0, angle + half)
    return math.sin(low) ** 2, math.sin(high) ** 2


def _normal(x: float, n: float, level: float, widened: float = 0.0) -> Limits:
    """Wald's limits, held within 0 and 1."""
    half = normal_quantile(level) * math.sqrt(x * (n - x) / n**3) + widened
    return max(0.0, x / n - half), min(1.0, x / n + half)


def _normal_continuity(x: float, n: float, level: float) -> Limits:
    """Wald's limits widened by half a patient."""
    return _normal(x, n, level, 1.0 / (2.0 * n))


INTERVALS: dict[ProportionMethod, Callable[[float, float, float], Limits]] = {
    ProportionMethod.WILSON: _wilson,
    ProportionMethod.WILSON_CONTINUITY: _wilson_continuity,
    ProportionMethod.CLOPPER_PEARSON: _clopper_pearson,
    ProportionMethod.MID_P: _mid_p,
    ProportionMethod.JEFFREYS: _jeffreys,
    ProportionMethod.AGRESTI_COULL: _agresti_coull,
    ProportionMethod.ARCSINE: _arcsine,
    ProportionMethod.NORMAL: _normal,
    ProportionMethod.NORMAL_CONTINUITY: _normal_continuity,
}


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
        One of `ProportionMethod`. meta's ``method.ci``: CP is ``"clopper-pearson"``, WS ``"wilson"``, WSCC
        ``"wilson-continuity"``, AC ``"agresti-coull"``, SA ``"normal"``, SACC ``"normal-continuity"``.
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
    [Wilson1927]; [Clopper1934]; [Agresti1998]; [Brown2001]; [Newcombe1998]; [Lancaster1961].

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
    low, high = INTERVALS[chosen](x, size, level)
    return ProportionInterval(x / size, low, high, x, size, level, str(chosen))
