"""How much the result owes to single studies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import ConvergenceError, DataError, TooFewStudiesError
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.pool_result import PoolResult

COLUMNS = ("estimate", "ci_low", "ci_high", "p_value", "tau2", "i2", "q")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LeaveOneOut(Result):
    """The pooled result without each study in turn; row i is the result without study i.

    Parameters
    ----------
    estimate, ci_low, ci_high : ndarray, shape (k,)
        On the pooling scale.
    p_value, tau2, i2, q : ndarray, shape (k,)
        As in `PoolResult`; NaN where the model has none.
    reasons : tuple of str
        Why a row could not be fitted; empty where it could. Its columns are NaN.
    """

    estimate: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    p_value: FloatArray
    tau2: FloatArray
    i2: FloatArray
    q: FloatArray
    reasons: tuple[str, ...]

    @property
    def k(self) -> int:
        """Number of rows."""
        return int(self.estimate.size)

    def __repr__(self) -> str:
        low, high = float(np.nanmin(self.estimate)), float(np.nanmax(self.estimate))
        return f"<LeaveOneOut {self.k} studies, estimates {low:.4f} to {high:.4f}>"

    def summary(self) -> str:
        """Return one line per study left out."""
        lines = [repr(self)]
        for row, reason in enumerate(self.reasons):
            values = f"{self.estimate[row]:.4f} [{self.ci_low[row]:.4f}, {self.ci_high[row]:.4f}]"
            lines.append(f"without row {row}: {reason or values}")
        return "\n".join(lines)

    def columns(self) -> dict[str, FloatArray]:
        """Return the columns; row i is the result without study i."""
        return {name: getattr(self, name) for name in COLUMNS}


def leave_one_out(refit: Callable[[BoolArray], PoolResult], k: int) -> LeaveOneOut:
    """Fit again without each study in turn.

    Parameters
    ----------
    refit : callable
        Takes a boolean array of shape (k,), True for studies to keep, and returns the `PoolResult`; so any
        model can be examined.
    k : int
        Number of studies, 2 or more.

    Returns
    -------
    LeaveOneOut
        A fit that cannot be made (no events left, for example) is a row of NaN with its reason.

    Raises
    ------
    TooFewStudiesError
        With fewer than 2 studies.

    Examples
    --------
    >>> from evergrove.stats import pool
    >>> yi, vi = np.array([0.1, 0.3, 0.8]), np.array([0.1, 0.1, 0.1])
    >>> leave_one_out(lambda keep: pool(yi[keep], vi[keep]), 3).estimate.round(3)
    array([0.55, 0.45, 0.2 ])
    """
    if k < 2:
        raise TooFewStudiesError(
            f"leave_one_out: found {k} studies; allowed: 2 or more; nothing is left to pool"
        )
    columns = {name: np.full(k, math.nan) for name in COLUMNS}
    reasons = []
    for row in range(k):
        keep = np.ones(k, dtype=bool)
        keep[row] = False
        try:
            result = refit(keep)
        except (DataError, ConvergenceError) as error:
            reasons.append(str(error))
            continue
        reasons.append("")
        for name in COLUMNS:
            value = getattr(result, name)
            columns[name][row] = math.nan if value is None else value
    return LeaveOneOut(**columns, reasons=tuple(reasons))
