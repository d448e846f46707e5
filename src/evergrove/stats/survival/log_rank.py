"""The log-rank test, and the O - E and V that a meta-analysis of survival pools."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg

from evergrove.errors import DataError
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.result import Result
from evergrove.stats.survival.patients import group_codes, times_and_events

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LogRankTest(Result):
    """A log-rank test of two or more groups.

    Parameters
    ----------
    statistic, df, p_value : float, int, float
        Chi-square, groups - 1, and its upper tail.
    groups : tuple of str
        In order of appearance.
    n, observed, expected : ndarray, shape (groups,)
        Patients and events of each group.
    o_minus_e, variance : float
        Of the first group, hypergeometric variance: what Peto's method pools.
    log_hazard_ratio, se : float
        Two groups: Peto's one-step (O - E)/V of the first against the second, and 1/√V; else NaN.
    """

    statistic: float
    df: int
    p_value: float
    groups: tuple[str, ...]
    n: FloatArray
    observed: FloatArray
    expected: FloatArray
    o_minus_e: float
    variance: float
    log_hazard_ratio: float
    se: float

    def __repr__(self) -> str:
        return f"<LogRankTest χ²={self.statistic:.4f}, df={self.df}, p={self.p_value:.4g}>"

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per group."""
        return {
            "group": np.array(self.groups),
            "n": self.n,
            "observed": self.observed,
            "expected": self.expected,
        }


def _tables(
    times: FloatArray, events: FloatArray, codes: NDArray[np.intp], groups: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return deaths and numbers at risk per event time and group, and the event times' totals at risk."""
    event_times = np.unique(times[events == 1])
    at_risk = np.empty((event_times.size, groups))
    died = np.empty((event_times.size, groups))
    for group in range(groups):
        own = np.sort(times[codes == group])
        at_risk[:, group] = own.size - np.searchsorted(own, event_times, side="left")
        own_events = np.sort(times[(codes == group) & (events == 1)])
        died[:, group] = np.searchsorted(own_events, event_times, side="right") - np.searchsorted(
            own_events, event_times, side="left"
        )
    return died, at_risk, at_risk.sum(axis=1)


def _covariance(died: FloatArray, at_risk: FloatArray, total: FloatArray) -> FloatArray:
    """Return the hypergeometric covariance of the groups' events."""
    deaths, share = died.sum(axis=1), at_risk / total[:, None]
    factor = np.where(total > 1, deaths * (total - deaths) / np.maximum(total - 1.0, 1.0), 0.0)
    return np.asarray(np.diag(factor @ share) - (share * factor[:, None]).T @ share, dtype=np.float64)


def log_rank_test(
    time: ArrayLike,
    event: ArrayLike,
    group: Sequence[Hashable] | ArrayLike,
    *,
    strata: Sequence[Hashable] | ArrayLike | None = None,
) -> LogRankTest:
    """Compare the survival of groups by the log-rank test.

    Parameters
    ----------
    time, event : array-like, shape (n,)
        Follow-up, and 1 for an event or 0 for censored.
    group : sequence, length n
        Arm of each patient; `o_minus_e` is that of the arm seen first.
    strata : sequence, length n, or None
        Strata within which arms are compared.

    Returns
    -------
    LogRankTest

    Raises
    ------
    DataError
        For fewer than two groups or no events.

    Notes
    -----
    Most powerful under proportional hazards. Peto's one-step hazard ratio is near to Cox's close to 1 only.

    References
    ----------
    [Mantel1966]; [Peto1972]; [Yusuf1985].

    Examples
    --------
    >>> log_rank_test([1, 3, 4, 6, 2, 5, 7, 8], [1, 1, 1, 0, 1, 1, 0, 1], list("aaaabbbb"))
    <LogRankTest χ²=0.7242, df=1, p=0.3948>
    """
    times, events = times_and_events(time, event)
    codes, names = group_codes("group", group, times.size)
    layers = (
        np.zeros(times.size, dtype=np.intp)
        if strata is None
        else group_codes("strata", strata, times.size)[0]
    )
    if len(names) < 2 or not events.any():
        raise DataError(
            f"log_rank_test: found {len(names)} groups and {int(events.sum())} events; allowed: at least 2 "
            "groups and 1 event; there is nothing to compare"
        )
    k = len(names)
    observed, expected, covariance = np.zeros(k), np.zeros(k), np.zeros((k, k))
    for layer in np.unique(layers):
        rows = layers == layer
        if events[rows].any():
            died, at_risk, total = _tables(times[rows], events[rows], codes[rows], k)
            observed += died.sum(axis=0)
            expected += (died.sum(axis=1) / total) @ at_risk
            covariance += _covariance(died, at_risk, total)
    gap = observed - expected
    informative = np.flatnonzero(np.diag(covariance) > 1e-12 * max(1.0, float(observed.sum())))
    statistic, df = 0.0, max(0, informative.size - 1)
    if df:
        kept = informative[:-1]
        statistic = float(gap[kept] @ linalg.solve(covariance[np.ix_(kept, kept)], gap[kept], assume_a="pos"))
    variance = float(covariance[0, 0])
    two = k == 2 and variance > 0
    return LogRankTest(
        statistic,
        df,
        chi2_tail(statistic, df),
        names,
        np.bincount(codes, minlength=k).astype(np.float64),
        observed,
        expected,
        float(gap[0]),
        variance,
        float(gap[0]) / variance if two else math.nan,
        1.0 / math.sqrt(variance) if two else math.nan,
    )
