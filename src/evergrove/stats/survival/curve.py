"""Kaplan-Meier curves, their quantiles, and restricted mean survival time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import FloatArray, checked_level
from evergrove.stats.distributions import log_two_sided_p, normal_quantile, two_sided_p
from evergrove.stats.options import choose
from evergrove.stats.result import Result
from evergrove.stats.scalars import above
from evergrove.stats.survival.options import CurveInterval
from evergrove.stats.survival.patients import RiskTable, risk_table, times_and_events

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

#: Survival nearer to a quantile than this is taken to be on it: the curve's flat part has it.
ON_THE_QUANTILE = 1e-10


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SurvivalCurve(Result):
    """A Kaplan-Meier curve.

    Parameters
    ----------
    time, at_risk, events, censored : ndarray, shape (m,)
        Distinct times with the numbers at risk just before, with events and censored.
    survival, se : ndarray, shape (m,)
        Share without the event just after each time, and Greenwood's standard error of it.
    ci_low, ci_high : ndarray, shape (m,)
        Pointwise; NaN once all have had the event.
    n, total_events : int
        Patients and events.
    level : float
        Of the intervals.
    interval : CurveInterval
        Their scale.
    """

    time: FloatArray
    at_risk: FloatArray
    events: FloatArray
    censored: FloatArray
    survival: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    n: int
    total_events: int
    level: float
    interval: CurveInterval

    def __repr__(self) -> str:
        found = self.quantile(0.5)
        return (
            f"<SurvivalCurve n={self.n}, {self.total_events} events, median {found[0]:g} "
            f"[{found[1]:g}, {found[2]:g}]>"
        )

    def at(self, time: float) -> float:
        """Return the survival just after a time; NaN beyond the last one unless nobody was left."""
        place = int(np.searchsorted(self.time, time, side="right")) - 1
        if place < 0:
            return 1.0
        last = float(self.survival[-1])
        return math.nan if time > self.time[-1] and last > 0 else float(self.survival[place])

    def quantile(self, share: float) -> tuple[float, float, float]:
        """Return the time by which a share has had the event, with its interval (Brookmeyer & Crowley 1982).

        Parameters
        ----------
        share : float
            0.5 is the median.

        Returns
        -------
        time, ci_low, ci_high : float
            NaN where the curve or its limit does not come down so far. Where the curve is flat at exactly
            this share, the middle of the flat part (R's convention).
        """
        target = 1.0 - share
        curves = (self.survival, self.ci_low, self.ci_high)
        first, low, high = (_first_at_or_below(self.time, curve, target) for curve in curves)
        return first, low, high

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per time."""
        names = ("time", "at_risk", "events", "censored", "survival", "se", "ci_low", "ci_high")
        return {name: getattr(self, name) for name in names}


def _first_at_or_below(time: FloatArray, curve: FloatArray, target: float) -> float:
    """Return where a falling curve reaches a target."""
    below = np.flatnonzero(curve <= target + ON_THE_QUANTILE)
    if below.size == 0:
        return math.nan
    at = int(below[0])
    if abs(float(curve[at]) - target) <= ON_THE_QUANTILE:
        lower = np.flatnonzero(curve < target - ON_THE_QUANTILE)
        return float(time[at] + time[int(lower[0])]) / 2.0 if lower.size else float(time[at])
    return float(time[at])


def _product(table: RiskTable) -> FloatArray:
    """Return the product-limit survival just after each time."""
    return np.asarray(np.cumprod((table.at_risk - table.events) / table.at_risk), dtype=np.float64)


def _greenwood(table: RiskTable) -> FloatArray:
    """Return Greenwood's terms d / (n (n - d)), infinite where all at risk have the event."""
    left = table.at_risk - table.events
    out = np.full(left.size, np.inf)
    return np.asarray(
        np.divide(table.events, table.at_risk * left, out=out, where=left > 0), dtype=np.float64
    )


def _limits(
    survival: FloatArray, spread: FloatArray, z: float, interval: CurveInterval
) -> tuple[FloatArray, FloatArray]:
    """Return pointwise limits from survival and the standard error of its log."""
    low, high = np.full(survival.size, np.nan), np.full(survival.size, np.nan)
    inside = (survival > 0) & np.isfinite(spread)
    s, e = survival[inside], spread[inside]
    if interval is CurveInterval.LOG:
        low[inside], high[inside] = s * np.exp(-z * e), np.minimum(1.0, s * np.exp(z * e))
    elif interval is CurveInterval.PLAIN:
        low[inside], high[inside] = np.maximum(0.0, s - z * s * e), np.minimum(1.0, s + z * s * e)
    else:
        logs = np.log(s)
        width = np.divide(e, -logs, out=np.zeros(s.size), where=logs < 0)
        low[inside], high[inside] = np.exp(logs * np.exp(z * width)), np.exp(logs * np.exp(-z * width))
    return low, high


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, *, interval: str = CurveInterval.LOG_LOG, level: float = 0.95
) -> SurvivalCurve:
    """Return the Kaplan-Meier curve of one group.

    Parameters
    ----------
    time : array-like, shape (n,)
        Follow-up, 0 and more.
    event : array-like, shape (n,)
        1 for an event, 0 for censored.
    interval : CurveInterval or str
        ``"log-log"``, ``"log"`` (R's default) or ``"plain"``.
    level : float
        Of the pointwise intervals.

    Returns
    -------
    SurvivalCurve

    Raises
    ------
    DataError
        For no patients, negative times, or events other than 0 and 1.
    UsageError
        For an unknown interval.

    Notes
    -----
    Events come before censorings at the same time. Deaths of another cause are not censorings: with
    competing risks 1 - S overstates the incidence.

    References
    ----------
    [Kaplan1958]; [Greenwood1926]; [Kalbfleisch1980] (log-log).

    Examples
    --------
    >>> curve = kaplan_meier([1, 2, 3, 4, 5], [1, 0, 1, 1, 0])
    >>> curve.survival.round(3)
    array([0.8  , 0.8  , 0.533, 0.267, 0.267])
    """
    chosen, level = choose(CurveInterval, interval, "interval"), checked_level(level)
    times, events = times_and_events(time, event)
    table = risk_table(times, events)
    survival = _product(table)
    spread: FloatArray = np.sqrt(np.cumsum(_greenwood(table)))
    low, high = _limits(survival, spread, normal_quantile(level), chosen)
    se = np.where(survival > 0, survival * np.where(np.isfinite(spread), spread, 0.0), 0.0)
    return SurvivalCurve(*table, survival, se, low, high, int(times.size), int(events.sum()), level, chosen)


@dataclass(frozen=True, slots=True, repr=False)
class RestrictedMean(Result):
    """Mean survival time up to a horizon, or a difference of two.

    Parameters
    ----------
    estimate, se, ci_low, ci_high : float
        In the unit of the times.
    horizon : float
        The time up to which the curve was followed.
    p_value, log_p_value : float
        Two-sided, of no difference; NaN for one group.
    level : float
        Of the interval.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    horizon: float
    p_value: float
    log_p_value: float
    level: float

    def __repr__(self) -> str:
        limits = f"[{self.ci_low:.4f}, {self.ci_high:.4f}]"
        return f"<RestrictedMean {self.estimate:.4f} {limits} up to {self.horizon:g}>"


def _area(table: RiskTable, horizon: float) -> tuple[float, float]:
    """Return the area under the curve up to the horizon and its variance."""
    inside = table.time <= horizon
    part = RiskTable(*(values[inside] for values in table))
    survival = _product(part)
    edges = np.concatenate([[0.0], part.time, [horizon]])
    areas = np.diff(edges) * np.concatenate([[1.0], survival])
    beyond = areas[::-1].cumsum()[::-1][1:]  # area from each time to the horizon
    terms = _greenwood(part)
    counted = np.isfinite(terms)
    return float(areas.sum()), float((beyond[counted] ** 2 * terms[counted]).sum())


def restricted_mean_survival(
    time: ArrayLike,
    event: ArrayLike,
    horizon: float,
    *,
    versus: tuple[ArrayLike, ArrayLike] | None = None,
    level: float = 0.95,
) -> RestrictedMean:
    """Return the restricted mean survival time of a group, or its difference to another.

    Parameters
    ----------
    time, event : array-like, shape (n,)
        Follow-up, and 1 for an event or 0 for censored.
    horizon : float
        Above 0 and not beyond the last time of either group, unless that is an event.
    versus : tuple of array-like or None
        Times and events of the other group: the result is this group minus the other.
    level : float
        Of the interval.

    Returns
    -------
    RestrictedMean
        Area under the Kaplan-Meier curve; variance Σ A² d / (n (n - d)) with A the area from each event
        time to the horizon.

    Raises
    ------
    DataError
        For a horizon that the curves do not reach.

    Notes
    -----
    Needs no proportional hazards; state the horizon before looking. Needs whole curves, not summaries:
    rebuild patients with `patients_from_curve` where only a figure is printed.

    References
    ----------
    [Royston2013]; [Klein2003], section 4.5.

    Examples
    --------
    >>> round(restricted_mean_survival([1, 2, 3, 4, 5], [1, 0, 1, 1, 0], 4.0).estimate, 4)
    3.1333
    """
    end, level = above("horizon", horizon, 0.0, todo="a time within the follow-up"), checked_level(level)
    groups = [(time, event)] if versus is None else [(time, event), versus]
    parts = []
    for one in groups:
        table = risk_table(*times_and_events(*one))
        last, emptied = float(table.time[-1]), table.at_risk[-1] == table.events[-1]
        if end > last and not emptied:
            raise DataError(
                f"horizon: found {end:g}, but a group was followed to {last:g} only; allowed: up to that; "
                "take an earlier horizon"
            )
        parts.append(_area(table, end))
    estimate, variance = parts[0][0], sum(part[1] for part in parts)
    statistic = math.nan
    se = math.sqrt(variance)
    if versus is not None:
        estimate -= parts[1][0]
        statistic = estimate / se if se > 0 else math.nan
    half = normal_quantile(level) * se
    return RestrictedMean(
        estimate,
        se,
        estimate - half,
        estimate + half,
        end,
        two_sided_p(statistic, None),
        log_two_sided_p(statistic, None),
        level,
    )
