"""Hazard ratios, with O - E and V, from what papers print."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import FAR, checked_level
from evergrove.stats.conversions.spread import se_from_ci, se_from_p_value
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.options import choose
from evergrove.stats.result import Result
from evergrove.stats.scalars import above, finite, rising
from evergrove.stats.survival.options import Favours, HazardRatioSource

#: Log hazard ratios and their limits beyond this cannot be taken back.
FARTHEST = 500.0


@dataclass(frozen=True, slots=True, repr=False)
class HazardRatio(Result):
    """A hazard ratio of the first arm against the second.

    Parameters
    ----------
    estimate, ci_low, ci_high : float
        Hazard ratio and limits, natural scale.
    yi, vi : float
        Its log and the variance of that: what is pooled.
    o_minus_e, variance : float
        Observed minus expected events of the first arm and their variance; vi = 1/variance.
    source : HazardRatioSource
        What it was worked out from.
    level : float
        Of the limits.
    diagnostics : tuple of Diagnostic
        ``approximate-variance`` where V is not from the data themselves.
    """

    estimate: float
    ci_low: float
    ci_high: float
    yi: float
    vi: float
    o_minus_e: float
    variance: float
    source: HazardRatioSource
    level: float
    diagnostics: tuple[Diagnostic, ...] = ()

    def __repr__(self) -> str:
        return f"<HazardRatio {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}] from {self.source}>"


def _finished(yi: float, vi: float, source: HazardRatioSource, level: float) -> HazardRatio:
    """Return the result of a log hazard ratio and its variance."""
    half = normal_quantile(checked_level(level)) * math.sqrt(vi)
    exact = (HazardRatioSource.INTERVAL, HazardRatioSource.LOG_RANK, HazardRatioSource.RATIO_AND_P)
    remark = Diagnostic(
        "approximate-variance",
        "V was approximated from numbers of events (Parmar 1998): good for ratios near 1 and few ties",
    )
    remarks = () if source in exact else (remark,)
    if not (max(abs(yi), half) < FARTHEST and 1.0 / FAR < vi < FAR):
        raise DataError(
            f"hazard ratio: found a log hazard ratio of {yi:.3g} with variance {vi:.3g}; allowed: at most "
            f"{FARTHEST:g} from 0 with its limits; check the numbers"
        )
    ends = math.exp(yi), math.exp(yi - half), math.exp(yi + half)
    return HazardRatio(*ends, yi, vi, yi / vi, 1.0 / vi, source, level, remarks)


def hazard_ratio_from_ci(
    estimate: float, ci_low: float, ci_high: float, *, level: float = 0.95, invert: bool = False
) -> HazardRatio:
    """Return a hazard ratio and its O - E and V from the printed interval.

    Parameters
    ----------
    estimate, ci_low, ci_high : float
        Hazard ratio and limits, in order, above 0.
    level : float
        Of the printed interval.
    invert : bool
        Whether the paper gives the second arm against the first.

    Returns
    -------
    HazardRatio

    Raises
    ------
    DataError
        For limits out of order or not above 0.

    Notes
    -----
    Say which arm is the reference: papers and registries often leave it unsaid.

    References
    ----------
    [Parmar1998], eq 7; [Tierney2007].

    Examples
    --------
    >>> hazard_ratio_from_ci(0.70, 0.50, 0.98)
    <HazardRatio 0.7000 [0.5000, 0.9800] from interval>
    """
    low, middle, high = rising(("ci_low", "estimate", "ci_high"), (ci_low, estimate, ci_high))
    above("ci_low", low, 0.0, todo="give the ratio, not its log")
    se = se_from_ci(low, high, level, log=True)
    yi = -math.log(middle) if invert else math.log(middle)
    return _finished(yi, se**2, HazardRatioSource.INTERVAL, level)


def hazard_ratio_from_log_rank(o_minus_e: float, variance: float, *, level: float = 0.95) -> HazardRatio:
    """Return the one-step hazard ratio exp((O - E)/V).

    Parameters
    ----------
    o_minus_e : float
        Observed minus expected events of the first arm.
    variance : float
        Hypergeometric variance of it, above 0.
    level : float
        Of the limits.

    Returns
    -------
    HazardRatio

    Raises
    ------
    DataError
        For a variance not above 0.

    Notes
    -----
    Biased towards 1 for ratios far from 1 (below about 0.5 or above 2).

    References
    ----------
    [Yusuf1985]; [Parmar1998], eqs 1 and 3.

    Examples
    --------
    >>> hazard_ratio_from_log_rank(-8.4, 24.0)
    <HazardRatio 0.7047 [0.4723, 1.0514] from log-rank>
    """
    spread = above("variance", variance, 0.0, todo="check the variance")
    gap = finite("o_minus_e", o_minus_e)
    return _finished(gap / spread, 1.0 / spread, HazardRatioSource.LOG_RANK, level)


def hazard_ratio_from_observed_expected(
    observed1: float, expected1: float, observed2: float, expected2: float, *, level: float = 0.95
) -> HazardRatio:
    """Return the hazard ratio (O1/E1) / (O2/E2) of log-rank tables.

    Parameters
    ----------
    observed1, expected1, observed2, expected2 : float
        Observed and log-rank expected events, above 0.
    level : float
        Of the limits.

    Returns
    -------
    HazardRatio
        Variance of the log: 1/E1 + 1/E2.

    Raises
    ------
    DataError
        For numbers not above 0.

    Notes
    -----
    log(O₁/E₁) - log(O₂/E₂). The events expected are those of the log-rank test, not of an actuarial table.

    References
    ----------
    [Parmar1998], eqs 12 and 13; [Tierney2007].

    Examples
    --------
    >>> round(hazard_ratio_from_observed_expected(34, 41.2, 45, 37.8).estimate, 4)
    0.6932
    """
    given = (
        ("observed1", observed1),
        ("expected1", expected1),
        ("observed2", observed2),
        ("expected2", expected2),
    )
    o1, e1, o2, e2 = (above(name, value, 0.0, todo="check the counts") for name, value in given)
    yi = math.log(o1) - math.log(e1) - math.log(o2) + math.log(e2)
    return _finished(yi, 1.0 / e1 + 1.0 / e2, HazardRatioSource.OBSERVED_EXPECTED, level)


def _variance_of_events(
    events1: float | None, events2: float | None, events: float | None, n1: float | None, n2: float | None
) -> tuple[float, HazardRatioSource]:
    """Return Parmar's V and what it came from."""
    todo = "check the counts"
    if events1 is not None and events2 is not None:
        first, second = above("events1", events1, 0.0, todo=todo), above("events2", events2, 0.0, todo=todo)
        return first * second / (first + second), HazardRatioSource.EVENTS
    if events is None or (n1 is None) != (n2 is None):
        raise UsageError(
            "hazard_ratio_from_p_value: found neither events1 with events2 nor events (with n1 and n2); "
            "allowed: one of these; n1 and n2 are left out for equal arms"
        )
    total = above("events", events, 0.0, todo=todo)
    first, second = above("n1", n1 or 1.0, 0.0, todo=todo), above("n2", n2 or 1.0, 0.0, todo=todo)
    return total * first * second / (first + second) ** 2, HazardRatioSource.ALLOCATION


def hazard_ratio_from_p_value(
    p_value: float,
    favours: str,
    *,
    events1: float | None = None,
    events2: float | None = None,
    events: float | None = None,
    n1: float | None = None,
    n2: float | None = None,
    one_sided: bool = False,
    level: float = 0.95,
) -> HazardRatio:
    """Return a hazard ratio from a log-rank (or Cox) p value and numbers of events.

    Parameters
    ----------
    p_value : float
        Exact, above 0 and at most 1. A bound such as p < 0.05 gives a bound only.
    favours : Favours or str
        ``"first"`` where the first arm did better, else ``"second"``: a p value has no direction.
    events1, events2 : float or None
        Events of each arm; used first.
    events : float or None
        All events, where arms are not told apart.
    n1, n2 : float or None
        Patients randomised, with `events`; None for equal arms.
    one_sided : bool
        Whether the p value is one-sided, in the direction of `favours`: at most 0.5.
    level : float
        Of the limits.

    Returns
    -------
    HazardRatio
        O - E = ±z √V with V = d1 d2/(d1 + d2), or d n1 n2/(n1 + n2)², d/4 for equal arms.

    Raises
    ------
    UsageError
        Where events are missing, or for an unknown direction.
    DataError
        For numbers outside their range.

    Notes
    -----
    A last resort: not from "p < 0.05", nor from the p of an adjusted model.

    References
    ----------
    [Parmar1998], eqs 8 to 11; [Tierney2007], methods 7 to 9.

    Examples
    --------
    >>> hazard_ratio_from_p_value(0.05, "first", events=80)
    <HazardRatio 0.6452 [0.4162, 1.0000] from allocation>
    """
    side = choose(Favours, favours, "favours")
    p = above("p_value", p_value, 0.0, todo="give the exact p value")
    highest = 0.5 if one_sided else 1.0
    if p > highest:
        raise DataError(f"p_value: found {p_value!r}; allowed: at most {highest:g}; check p and direction")
    z = -float(special.ndtri(p if one_sided else p / 2.0))
    variance, source = _variance_of_events(events1, events2, events, n1, n2)
    sign = -1.0 if side is Favours.FIRST else 1.0
    return _finished(sign * z / math.sqrt(variance), 1.0 / variance, source, level)


def hazard_ratio_from_ratio_and_p(estimate: float, p_value: float, *, level: float = 0.95) -> HazardRatio:
    """Return a hazard ratio's variance from its p value.

    Parameters
    ----------
    estimate : float
        Hazard ratio, above 0 and not 1.
    p_value : float
        Exact and two-sided, above 0 and below 1.
    level : float
        Of the limits.

    Returns
    -------
    HazardRatio

    Raises
    ------
    DataError
        For numbers outside their range.

    Notes
    -----
    Not near 1: rounding then decides the variance.

    References
    ----------
    [Tierney2007]; [Altman2011a].

    Examples
    --------
    >>> hazard_ratio_from_ratio_and_p(0.72, 0.03)
    <HazardRatio 0.7200 [0.5352, 0.9687] from ratio-and-p>
    """
    yi = math.log(above("estimate", estimate, 0.0, todo="give the ratio, not its log"))
    return _finished(yi, se_from_p_value(yi, p_value) ** 2, HazardRatioSource.RATIO_AND_P, level)
