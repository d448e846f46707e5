"""A result fitted again: without each study in turn, and with the studies added one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import ConvergenceError, DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import column
from evergrove.stats.drawing import Drawable
from evergrove.stats.pool_options import FIXED_WEIGHTS
from evergrove.stats.pool_result import PoolResult
from evergrove.stats.pooling import pool
from evergrove.stats.sparse.closed_form_result import MANTEL_HAENSZEL_METHOD, PETO_METHOD
from evergrove.stats.sparse.mantel_haenszel_pooling import mantel_haenszel
from evergrove.stats.sparse.mantel_haenszel_rate_pooling import mantel_haenszel_rates
from evergrove.stats.sparse.peto_pooling import peto

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from evergrove.stats.arrays import BoolArray, FloatArray

COLUMNS = (
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "statistic",
    "p_value",
    "tau2",
    "i2",
    "h2",
    "q",
    "q_p_value",
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Refits(Drawable):
    """Pooled results of parts of the studies, one row each.

    Parameters
    ----------
    estimate, se, ci_low, ci_high : ndarray, shape (m,)
        On the pooling scale.
    statistic, p_value, tau2, i2, h2, q, q_p_value : ndarray, shape (m,)
        As in `PoolResult`; NaN where the model has none.
    reasons : tuple of str
        Why a row could not be fitted; empty where it could. Its columns are NaN.
    """

    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    tau2: FloatArray
    i2: FloatArray
    h2: FloatArray
    q: FloatArray
    q_p_value: FloatArray
    reasons: tuple[str, ...]

    @property
    def k(self) -> int:
        """Number of rows."""
        return int(self.estimate.size)

    def row_name(self, row: int) -> str:
        """Return what a row is, in words."""
        return f"row {row}"

    def __repr__(self) -> str:
        kind = type(self).__name__
        known = self.estimate[np.isfinite(self.estimate)]
        spread = (
            f"estimates {known.min():.4f} to {known.max():.4f}" if known.size else "no row could be fitted"
        )
        return f"<{kind} {self.k} studies, {spread}>"

    def summary(self) -> str:
        """Return one line per row."""
        lines = [repr(self)]
        for row, reason in enumerate(self.reasons):
            values = f"{self.estimate[row]:.4f} [{self.ci_low[row]:.4f}, {self.ci_high[row]:.4f}]"
            lines.append(f"{self.row_name(row)}: {reason or values}")
        return "\n".join(lines)

    def columns(self) -> dict[str, FloatArray]:
        """Return the columns, one row per fit."""
        return {name: getattr(self, name) for name in COLUMNS}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LeaveOneOut(Refits):
    """The pooled result without each study in turn; row i is the result without study i."""

    def row_name(self, row: int) -> str:
        """Return which study is left out."""
        return f"without row {row}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cumulative(Refits):
    """The pooled result as studies are added; row i holds the first i + 1 of them.

    Parameters
    ----------
    rows : ndarray of int, shape (k,)
        The study added in each step: its position in the data.
    """

    rows: np.ndarray

    def row_name(self, row: int) -> str:
        """Return which study is added."""
        return f"with row {int(self.rows[row])}"

    def columns(self) -> dict[str, FloatArray]:
        """Return the study added, the number of studies, and the columns."""
        own = {"row": self.rows, "k": np.arange(1, self.k + 1)}
        return {**own, **{name: getattr(self, name) for name in COLUMNS}}


def refitter(fit: PoolResult) -> Callable[[BoolArray], PoolResult]:
    """Return a function that pools some of the studies of a fit as the fit was made.

    Parameters
    ----------
    fit : PoolResult
        Of `pool`, `mantel_haenszel`, `mantel_haenszel_rates` or `peto`.

    Returns
    -------
    callable
        Takes a boolean array of shape (k,), True for studies to keep.

    Raises
    ------
    UsageError
        For a fit of another function.

    Examples
    --------
    >>> fit = pool([0.1, 0.3, 0.8], [0.1, 0.1, 0.2], tau2="DL", measure="RR")
    >>> refitter(fit)(np.array([True, True, True])).estimate == fit.estimate
    True
    """
    if fit.inputs is not None:
        return _counts_refitter(fit, fit.inputs)
    if "prediction" not in fit.options:
        raise _no_way(fit)
    options = dict(fit.options)
    by_study = {name: options.pop(name) for name in ("weights", "tau2_weights") if name in options}
    if options["model"] in FIXED_WEIGHTS:  # the weights follow from the model
        by_study.pop("weights")
    options["rng"] = options.pop("seed", None)

    def refit(keep: BoolArray) -> PoolResult:
        own = {name: np.asarray(values)[keep] for name, values in by_study.items()}
        return pool(fit.yi[keep], fit.vi[keep], labels=_kept_labels(fit, keep), **options, **own)  # type: ignore[arg-type]

    return refit


def _no_way(fit: PoolResult) -> UsageError:
    """Return the error for a fit that cannot be repeated from what it holds."""
    return UsageError(
        f"refit: found a fit by {fit.method!r}; allowed: a fit of pool, mantel_haenszel, "
        "mantel_haenszel_rates or peto; for another model give a function that "
        "takes the studies to keep and returns its fit"
    )


def _kept_labels(fit: PoolResult, keep: BoolArray) -> list[str] | None:
    """Return the names of the studies that are kept."""
    if fit.labels is None:
        return None
    return [label for label, held in zip(fit.labels, keep, strict=True) if held]


def _counts_refitter(fit: PoolResult, counts: Mapping[str, FloatArray]) -> Callable[[BoolArray], PoolResult]:
    """Return the refit of a closed form from its counts."""
    options: dict[str, Any] = dict(fit.options)
    function: Callable[..., PoolResult]
    if PETO_METHOD in fit.method:
        function = peto
        options.pop("measure")  # always the same
    elif MANTEL_HAENSZEL_METHOD in fit.method:
        function = mantel_haenszel_rates if "time1" in counts else mantel_haenszel
    else:
        raise _no_way(fit)

    def refit(keep: BoolArray) -> PoolResult:
        kept: dict[str, Any] = {name: values[keep] for name, values in counts.items()}
        return function(**kept, labels=_kept_labels(fit, keep), **options)

    return refit


def _source(
    fit: PoolResult | Callable[[BoolArray], PoolResult], k: int | None
) -> tuple[Callable[[BoolArray], PoolResult], int]:
    """Return the function that fits a part, and the number of studies."""
    if isinstance(fit, PoolResult):
        return refitter(fit), int(fit.yi.size)
    if k is None:
        raise UsageError("k: found None with a function; allowed: the number of studies; give k")
    return fit, k


def _fitted(
    refit: Callable[[BoolArray], PoolResult], keeps: Iterable[BoolArray], m: int
) -> dict[str, FloatArray | tuple[str, ...]]:
    """Fit each part and return the columns and reasons."""
    columns = {name: np.full(m, math.nan) for name in COLUMNS}
    reasons = []
    for row, keep in enumerate(keeps):
        try:
            result = refit(keep)
        except (DataError, ConvergenceError) as error:
            reasons.append(str(error))
            continue
        reasons.append("")
        for name in COLUMNS:
            value = getattr(result, name)
            columns[name][row] = math.nan if value is None else value
    return {**columns, "reasons": tuple(reasons)}


def leave_one_out(fit: PoolResult | Callable[[BoolArray], PoolResult], k: int | None = None) -> LeaveOneOut:
    """Fit again without each study in turn.

    Parameters
    ----------
    fit : PoolResult or callable
        A result of `pool`, `mantel_haenszel`, `mantel_haenszel_rates` or `peto`, fitted again with its own
        options; or a function that takes a boolean array of
        shape (k,), True for studies to keep, and returns the `PoolResult`, so that any model can be examined.
    k : int or None
        Number of studies, 2 or more; only with a function.

    Returns
    -------
    LeaveOneOut
        A fit that cannot be made (no events left, for example) is a row of NaN with its reason.

    Raises
    ------
    TooFewStudiesError
        With fewer than 2 studies.
    UsageError
        For a function without `k`, or a fit of a function not named above.

    Notes
    -----
    tau² is estimated anew each time. A way to look, no rule for leaving studies out.

    References
    ----------
    [Viechtbauer2010b].

    Examples
    --------
    >>> leave_one_out(pool([0.1, 0.3, 0.8], [0.1, 0.1, 0.1])).estimate.round(3)
    array([0.55, 0.45, 0.2 ])
    """
    refit, k = _source(fit, k)
    if k < 2:
        raise TooFewStudiesError(
            f"leave_one_out: found {k} studies; allowed: 2 or more; nothing is left to pool"
        )
    keeps = (np.arange(k) != row for row in range(k))
    return LeaveOneOut(**_fitted(refit, keeps, k))  # type: ignore[arg-type]


def cumulative(
    fit: PoolResult | Callable[[BoolArray], PoolResult],
    k: int | None = None,
    order: Sequence[float] | FloatArray | None = None,
) -> Cumulative:
    """Fit again as the studies are added one by one.

    Parameters
    ----------
    fit : PoolResult or callable
        As `leave_one_out`.
    k : int or None
        Number of studies, 1 or more; only with a function.
    order : sequence of float, length k, or None
        The studies are added from the lowest value up (year of publication, for example), equal values in the
        order of the data; None is the order of the data.

    Returns
    -------
    Cumulative
        A step that cannot be fitted is a row of NaN with its reason.

    Raises
    ------
    TooFewStudiesError
        Without any study.
    DataError
        Where `order` has another length or holds NaN.
    UsageError
        As `leave_one_out`.

    Notes
    -----
    The intervals are not corrected for looking again and again: it is a display, not a sequential test.

    References
    ----------
    [Lau1992].

    Examples
    --------
    >>> cumulative(pool([0.1, 0.3, 0.8], [0.1, 0.1, 0.1]), order=[2001, 1999, 2010]).estimate.round(3)
    array([0.3, 0.2, 0.4])
    """
    refit, k = _source(fit, k)
    if k < 1:
        raise TooFewStudiesError(
            f"cumulative: found {k} studies; allowed: 1 or more; there is nothing to add"
        )
    keys = np.arange(k, dtype=np.float64) if order is None else column("order", order)
    if keys.shape != (k,) or bool(np.isnan(keys).any()):
        raise DataError(
            f"order: found {keys.size} values, {int(np.isnan(keys).sum())} of them missing; allowed: one "
            f"number per study, here {k}; give a year or rank for each"
        )
    rows = np.argsort(keys, kind="stable")
    keeps = (np.isin(np.arange(k), rows[: step + 1]) for step in range(k))
    return Cumulative(**_fitted(refit, keeps, k), rows=rows)  # type: ignore[arg-type]
