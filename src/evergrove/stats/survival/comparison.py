"""Two arms of a trial compared: hazard ratio, log-rank test and restricted means together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import listed
from evergrove.stats.result import Result
from evergrove.stats.survival.cox import CoxFit, cox_regression
from evergrove.stats.survival.curve import RestrictedMean, restricted_mean_survival
from evergrove.stats.survival.log_rank import LogRankTest, log_rank_test
from evergrove.stats.survival.options import Ties
from evergrove.stats.survival.patients import times_and_events

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ArmComparison(Result):
    """What patients of two arms say of each other.

    Parameters
    ----------
    yi, vi : float
        Log hazard ratio of the first arm against the second (Cox) and its variance: what is pooled.
    cox : CoxFit
        The model behind it.
    log_rank : LogRankTest
        With O - E and V of the first arm.
    restricted_mean : RestrictedMean
        Restricted mean survival time, first minus second arm.
    n, events : tuple of int
        Patients and events of both arms.
    """

    yi: float
    vi: float
    cox: CoxFit
    log_rank: LogRankTest
    restricted_mean: RestrictedMean
    n: tuple[int, int]
    events: tuple[int, int]

    def __repr__(self) -> str:
        ratio, low, high = (
            float(np.exp(x[0])) for x in (self.cox.estimate, self.cox.ci_low, self.cox.ci_high)
        )
        return (
            f"<ArmComparison hazard ratio {ratio:.4f} [{low:.4f}, {high:.4f}], log-rank "
            f"p={self.log_rank.p_value:.4g}, n={self.n[0]} and {self.n[1]}>"
        )

    def summary(self) -> str:
        """Return the three answers, one per line."""
        return "\n".join([repr(self), repr(self.cox), repr(self.log_rank), repr(self.restricted_mean)])

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per arm."""
        return {"arm": np.array(["first", "second"]), "n": np.array(self.n), "events": np.array(self.events)}


def compare_survival(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    horizon: float | None = None,
    ties: str = Ties.EFRON,
    level: float = 0.95,
) -> ArmComparison:
    """Compare the survival of two arms, each given as times and events.

    Parameters
    ----------
    first, second : tuple of array-like
        Times, and 1 for an event or 0 for censored; of `patients_from_curve` its ``(time, event)``.
    horizon : float or None
        For the restricted means; None takes the earlier of both arms' last times.
    ties : Ties or str
        ``"efron"`` or ``"breslow"``.
    level : float
        Of the intervals.

    Returns
    -------
    ArmComparison

    Raises
    ------
    DataError
        For empty arms, no events, or a horizon that an arm does not reach.
    ConvergenceError
        For an arm without events: take `log_rank_test` alone.

    Notes
    -----
    Not where the curves cross: Cox's ratio is then an average over time that depends on the follow-up; read
    the restricted means.

    References
    ----------
    [Cox1972]; [Mantel1966]; [Royston2013].

    Examples
    --------
    >>> both = compare_survival(([2, 5, 7, 8], [1, 1, 0, 1]), ([1, 3, 4, 6], [1, 1, 1, 0]))
    >>> round(both.yi, 4), both.restricted_mean.horizon
    (-0.7752, 6.0)
    """
    given = [listed(name, arm, "times and events") for name, arm in (("first", first), ("second", second))]
    if {len(arm) for arm in given} != {2}:
        raise UsageError("compare_survival: found no pair; allowed: (times, events) of either arm; pass both")
    arms = [times_and_events(*arm) for arm in given]
    time, event = (np.concatenate(parts) for parts in zip(*arms, strict=True))
    member = np.repeat([1, 0], [arm[0].size for arm in arms])
    end = min(float(arm[0].max()) for arm in arms) if horizon is None else horizon
    cox = cox_regression(time, event, member, names=["first arm"], ties=ties, level=level)
    return ArmComparison(
        float(cox.estimate[0]),
        float(cox.se[0]) ** 2,
        cox,
        log_rank_test(time, event, ["first" if one else "second" for one in member]),
        restricted_mean_survival(*arms[0], end, versus=arms[1], level=level),
        (int(arms[0][0].size), int(arms[1][0].size)),
        (int(arms[0][1].sum()), int(arms[1][1].sum())),
    )
