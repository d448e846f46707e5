"""The results of many meta-analyses: pooled, without each study, or as studies accrue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import special

from evergrove.errors import UsageError
from evergrove.stats.bulk.intervals import FLAGS, i2_of_q
from evergrove.stats.pooling import pool
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.bulk.fits import Plan
    from evergrove.stats.bulk.grouping import Grouping
    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.pool_result import PoolResult

#: Columns of every table of fits, after the names of its rows.
COLUMNS = (
    "k",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "statistic",
    "df",
    "p_value",
    "tau2",
    "i2",
    "q",
    "converged",
    "iterations",
    "flags",
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ManyFits(Result):
    """Columns of many fits; one entry per fit in each array.

    Parameters
    ----------
    group : ndarray
        Label of the group of each fit.
    k : ndarray of int
        Studies.
    estimate, se, ci_low, ci_high, statistic, p_value : ndarray
        As in `PoolResult`.
    df : ndarray
        Degrees of freedom of the t test; infinite for a normal one.
    tau2, i2, q : ndarray
        As in `PoolResult`.
    converged : ndarray of bool
        Whether tau² was found; where not, the columns that rest on it are NaN.
    iterations : ndarray of int
        0 for a closed form.
    flags : ndarray of uint16
        Remarks as bits; see `flagged`.
    options : Plan
        Model, tau2, ci and level as resolved.
    diagnostics : tuple of Diagnostic
        What was noticed of the whole (how many fits carry which remark, why nothing was compiled).
    """

    group: NDArray[Any]
    k: NDArray[np.int64]
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    df: FloatArray
    p_value: FloatArray
    tau2: FloatArray
    i2: FloatArray
    q: FloatArray
    converged: BoolArray
    iterations: NDArray[np.int32]
    flags: NDArray[np.uint16]
    options: Plan
    diagnostics: tuple[Diagnostic, ...]

    def __len__(self) -> int:
        return int(self.estimate.size)

    @property
    def level(self) -> float:
        """Confidence level of the intervals."""
        return self.options.level

    @property
    def q_p_value(self) -> FloatArray:
        """Upper tail of chi-square for Q; 1 for one study."""
        df = self.k - 1.0
        tail: FloatArray = np.ones(len(self))
        several = df > 0
        tail[several] = special.gammaincc(df[several] / 2.0, self.q[several] / 2.0)
        return tail

    @property
    def i2_q(self) -> FloatArray:
        """I² in percent from Q (Higgins & Thompson 2002)."""
        return i2_of_q(self.q, self.k)

    def flagged(self, code: str) -> BoolArray:
        """Return which fits carry a remark.

        Parameters
        ----------
        code : str
            A code of `PoolResult.diagnostics`: ``"two-maxima"``, ``"hartung-knapp-narrower"``, …

        Returns
        -------
        ndarray of bool

        Raises
        ------
        UsageError
            For a code that many fits do not carry.
        """
        if code not in FLAGS:
            raise UsageError(
                f"flagged: found {code!r}; allowed: {', '.join(map(repr, FLAGS))}; choose one of these codes"
            )
        carried: BoolArray = (self.flags & FLAGS[code]) != 0
        return carried

    def __repr__(self) -> str:
        failed = int((~self.converged).sum())
        troubles = f", {failed} not converged" if failed else ""
        tau2 = "common effect" if self.options.tau2 is None else f"tau²: {self.options.tau2}"
        return (
            f"<{type(self).__name__} {len(self)} fits of {int(self.k.sum())} studies, {tau2}, "
            f"{self.options.ci}{troubles}>"
        )

    def summary(self) -> str:
        """Return counts and what was noticed, in a few lines."""
        return "\n".join([repr(self), *(f"note: {remark}" for remark in self.diagnostics)])

    def columns(self) -> dict[str, Any]:
        """Return one row per fit."""
        return {"group": self.group, **{name: getattr(self, name) for name in COLUMNS}}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PooledGroups(ManyFits):
    """One fit per group, in the order in which the groups first appear.

    Parameters
    ----------
    group, k, estimate, se, ci_low, ci_high, statistic, df, p_value, tau2, i2, q, converged, iterations,
    flags, \
options, diagnostics
        As `ManyFits`.
    yi, vi : ndarray, shape (n,)
        The studies as given (no copy is made of float64 arrays).
    grouping : Grouping
        Rows of each group.
    """

    yi: FloatArray
    vi: FloatArray
    grouping: Grouping

    HIDDEN: ClassVar[tuple[str, ...]] = ("yi", "vi", "grouping")

    def rows(self, group: Hashable) -> NDArray[np.int64]:
        """Return the rows of a group in the order given.

        Parameters
        ----------
        group : hashable
            Its label.

        Returns
        -------
        ndarray of int

        Raises
        ------
        UsageError
            Where there is no such group.
        """
        return self.grouping.rows_of(self._position(group))

    def fit(self, group: Hashable) -> PoolResult:
        """Return the whole result of one group: its studies pooled with the same options.

        Parameters
        ----------
        group : hashable
            Its label.

        Returns
        -------
        PoolResult

        Raises
        ------
        UsageError
            Where there is no such group.
        """
        rows = self.rows(group)
        return pool(self.yi[rows], self.vi[rows], **self.options.for_one())

    def __getitem__(self, group: Hashable) -> PoolResult:
        return self.fit(group)

    def _position(self, group: Hashable) -> int:
        """Return the place of a label."""
        if self.group.dtype.kind != "O":
            places = np.flatnonzero(self.group == group)
            if places.size:
                return int(places[0])
        else:
            for place, label in enumerate(self.group.tolist()):
                if label == group:
                    return place
        raise UsageError(
            f"group: found {group!r}; allowed: one of the {len(self)} labels in `group`; choose one"
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FitsByStudy(ManyFits):
    """One fit per row of the input: its group without this study, or up to this study.

    Parameters
    ----------
    group, k, estimate, se, ci_low, ci_high, statistic, df, p_value, tau2, i2, q, converged, iterations,
    flags, \
options, diagnostics
        As `ManyFits`, in the order of the input; NaN where nothing is left (a group of one study without it).
    kind : str
        ``"leave-one-out"`` or ``"cumulative"``.
    """

    kind: str
