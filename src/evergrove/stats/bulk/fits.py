"""Runs the kernels over many groups: on all cores where they are compiled, else side by side in NumPy."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import UsageError
from evergrove.stats.arrays import checked_level
from evergrove.stats.bulk import kernel
from evergrove.stats.bulk.compiled import compiled
from evergrove.stats.bulk.intervals import CLOSED_FORM, FLOATS, finish
from evergrove.stats.bulk.side_by_side import CELLS_TOGETHER, fit_equal_sizes
from evergrove.stats.one_mean import MOST_MAXIMA
from evergrove.stats.options import IntervalMethod, PoolModel, Tau2Method, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.bulk.grouping import Grouping
    from evergrove.stats.diagnostic import Diagnostic

#: Below this many studies in all fits NumPy is faster than to load the compiler.
COMPILE_FROM = 100_000
#: Studies in one chunk of a thread.
STUDIES_PER_CHUNK = 131_072

METHODS = {
    Tau2Method.REML: kernel.REML,
    Tau2Method.ML: kernel.ML,
    Tau2Method.PM: kernel.ROOT_OF_Q,
    Tau2Method.EB: kernel.ROOT_OF_Q,
    Tau2Method.PMM: kernel.ROOT_OF_Q,
    Tau2Method.DL: kernel.DL,
    Tau2Method.DL2: kernel.DL2,
    Tau2Method.HE: kernel.HE,
    Tau2Method.CA2: kernel.CA2,
    Tau2Method.HS: kernel.HS,
    Tau2Method.HSK: kernel.HSK,
    Tau2Method.SJ: kernel.SJ,
    Tau2Method.SJ_HEDGES: kernel.SJ_HEDGES,
}


class Plan(NamedTuple):
    """The options of many fits as resolved.

    Parameters
    ----------
    model : PoolModel
        Common or random.
    tau2 : Tau2Method, float or None
        None for the common model.
    ci : IntervalMethod
        As resolved.
    level : float
        Of the intervals.
    """

    model: PoolModel
    tau2: Tau2Method | float | None
    ci: IntervalMethod
    level: float

    @property
    def method(self) -> int:
        """The estimator by number."""
        return METHODS[self.tau2] if isinstance(self.tau2, Tau2Method) else kernel.GIVEN

    def given(self, largest: int) -> FloatArray:
        """Return tau², or the target of Q, by number of studies."""
        if self.method == kernel.ROOT_OF_Q:
            df = np.maximum(np.arange(largest + 1) - 1.0, 0.0)
            target: FloatArray = (
                2.0 * special.gammaincinv(df / 2.0, 0.5) if self.tau2 is Tau2Method.PMM else df
            )
            return target
        return np.array([self.tau2 if isinstance(self.tau2, float) else 0.0])

    def for_columns(self) -> dict[str, Any]:
        """Return the options as `finish` takes them."""
        estimated = isinstance(self.tau2, Tau2Method)
        return {"model": self.model, "estimated": estimated, "ci": self.ci, "level": self.level}

    def for_one(self) -> dict[str, Any]:
        """Return the options as `pool` takes them."""
        return {**self._asdict(), "tau2": 0.0 if self.tau2 is None else self.tau2}


def plan(model: str, tau2: str | float, ci: str | None, level: float) -> Plan:
    """Return the options as resolved.

    Parameters
    ----------
    model, tau2, ci, level
        As `pool`.

    Returns
    -------
    Plan

    Raises
    ------
    UsageError
        For an option that is unknown or that many fits at once do not have.
    """
    chosen = choose(PoolModel, model, "model")
    if chosen not in (PoolModel.RANDOM, PoolModel.COMMON):
        raise _not_for_many("model", str(chosen), (PoolModel.RANDOM, PoolModel.COMMON))
    default = IntervalMethod.NORMAL if chosen is PoolModel.COMMON else IntervalMethod.HARTUNG_KNAPP
    interval = default if ci is None else choose(IntervalMethod, ci, "ci")
    if interval not in CLOSED_FORM:
        raise _not_for_many("ci", str(interval), CLOSED_FORM)
    if chosen is PoolModel.COMMON:
        return Plan(chosen, None, interval, checked_level(level))
    spread = choose(Tau2Method, tau2, "tau2") if isinstance(tau2, str) else float(tau2)
    if isinstance(spread, Tau2Method) and spread not in METHODS:
        raise _not_for_many("tau2", str(spread), tuple(METHODS))
    if isinstance(spread, float) and not (math.isfinite(spread) and spread >= 0):
        raise UsageError(
            f"tau2: found {tau2!r}; allowed: a finite number not below 0, or one of "
            f"{', '.join(repr(str(entry)) for entry in METHODS)}; give a variance, no standard deviation"
        )
    return Plan(chosen, spread, interval, checked_level(level))


def _not_for_many(argument: str, found: str, allowed: Sequence[str]) -> UsageError:
    """Return the error for an option that only single fits have."""
    names = ", ".join(repr(str(entry)) for entry in allowed)
    return UsageError(
        f"{argument}: found {found!r}; allowed for many fits: {names}; use pool for one at a time"
    )


class Columns(NamedTuple):
    """Every column of many fits, and why nothing was compiled."""

    values: dict[str, Any]
    remarks: tuple[Diagnostic, ...]


def empty_columns(size: int) -> dict[str, Any]:
    """Return room for the columns of `intervals.finish`."""
    values: dict[str, Any] = {name: np.empty(size) for name in FLOATS}
    return {
        **values,
        "flags": np.empty(size, dtype=np.uint8),
        "converged": np.empty(size, dtype=bool),
        "iterations": np.empty(size, dtype=np.int32),
    }


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_chunks(work: Callable[[int, int], None], bounds: NDArray[np.int64], *, threads: int) -> None:
    """Call `work` for each pair of neighbouring bounds, on threads; errors are raised here."""
    pairs = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
    if threads < 2 or len(pairs) < 2:
        for begin, end in pairs:
            work(begin, end)
        return
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, begin, end) for begin, end in pairs]:
            done.result()


def chunk_bounds(starts: NDArray[np.int64], studies: int) -> NDArray[np.int64]:
    """Return bounds of runs of groups with about so many studies each."""
    targets = np.arange(0, int(starts[-1]), studies)
    bounds = np.searchsorted(starts, targets, side="left")
    return np.unique(np.concatenate((bounds, [starts.size - 1])))


def fit_all(chosen: Plan, yi: FloatArray, vi: FloatArray, grouping: Grouping) -> Columns:
    """Fit every group.

    Parameters
    ----------
    chosen : Plan
        Options.
    yi, vi : ndarray, shape (n,)
        Checked studies.
    grouping : Grouping
        Rows of each group.

    Returns
    -------
    Columns
        One value per group in each.
    """
    sizes = np.diff(grouping.starts)
    groups = int(sizes.size)
    values = empty_columns(groups)
    if groups == 0:
        return Columns(values, ())
    loop, remarks = compiled("fit_groups") if yi.size >= COMPILE_FROM else (None, ())
    largest = int(sizes.max())
    given = chosen.given(largest)

    def store(place: slice | NDArray[np.intp], sums: FloatArray) -> None:
        found = finish(sums, sizes[place], **chosen.for_columns())
        for name, column in found.items():
            values[name][place] = column

    if loop is None:
        _side_by_side(chosen, given, yi, vi, Members(grouping.rows, grouping.starts[:-1], sizes, None), store)
        return Columns(values, remarks)

    def work(begin: int, end: int) -> None:
        out = np.empty((len(kernel.COLUMN), end - begin))
        scratch = np.empty((3, max(largest, MOST_MAXIMA)))
        starts = grouping.starts[begin : end + 1]
        loop(chosen.method, given, yi, vi, grouping.rows, starts, scratch, out)
        store(slice(begin, end), out)

    in_chunks(work, chunk_bounds(grouping.starts, STUDIES_PER_CHUNK), threads=cores())
    return Columns(values, remarks)


class Members(NamedTuple):
    """Which studies each fit has: ``k`` grouped rows from ``first``, without the one at place ``skipped``."""

    rows: NDArray[np.int64]
    first: NDArray[np.int64]
    k: NDArray[np.int64]
    skipped: NDArray[np.int64] | None


def _side_by_side(  # noqa: PLR0917 - what the compiled loop takes
    chosen: Plan,
    given: FloatArray,
    yi: FloatArray,
    vi: FloatArray,
    members: Members,
    store: Callable[[NDArray[np.intp], FloatArray], None],
) -> None:
    """Fit those of equal size together, a cache full at a time."""
    for k in np.unique(members.k).tolist():
        alike = np.flatnonzero(members.k == k)
        if k == 0:
            store(alike, np.full((len(kernel.COLUMN), alike.size), np.nan))
            continue
        together = max(1, CELLS_TOGETHER // k)
        for begin in range(0, alike.size, together):
            part = alike[begin : begin + together]
            places = members.first[part][:, np.newaxis] + np.arange(k)
            if members.skipped is not None:
                places += np.arange(k) >= members.skipped[part][:, np.newaxis]
            rows = members.rows[places] if members.rows.size else places
            store(
                part, fit_equal_sizes(chosen.method, float(given[min(k, given.size - 1)]), yi[rows], vi[rows])
            )


def fit_rows(  # noqa: PLR0917 - as fit_all, and what each fit has
    chosen: Plan, yi: FloatArray, vi: FloatArray, grouping: Grouping, k: NDArray[np.int64], kind: str
) -> Columns:
    """Fit each group once per study: without it, or up to it.

    Parameters
    ----------
    chosen : Plan
        Options.
    yi, vi : ndarray, shape (n,)
        Checked studies.
    grouping : Grouping
        Rows of each group.
    k : ndarray of int, shape (n,)
        Studies of each fit, in the grouped order.
    kind : str
        ``"leave-one-out"`` or ``"cumulative"``.

    Returns
    -------
    Columns
        One value per study in each, in the grouped order.
    """
    values = empty_columns(yi.size)
    fitted = int(k.sum())
    name = "fit_without_each" if kind == "leave-one-out" else "fit_cumulatively"
    loop, remarks = compiled(name) if fitted >= COMPILE_FROM else (None, ())
    largest = int(k.max(initial=0)) + 1
    given = chosen.given(largest)

    def store(place: slice | NDArray[np.intp], sums: FloatArray) -> None:
        found = finish(sums, k[place], **chosen.for_columns())
        for name, column in found.items():
            values[name][place] = column

    if loop is None:
        sizes = np.diff(grouping.starts)
        first = np.repeat(grouping.starts[:-1], sizes)
        skipped = np.arange(yi.size) - first if kind == "leave-one-out" else None
        _side_by_side(chosen, given, yi, vi, Members(grouping.rows, first, k, skipped), store)
        return Columns(values, remarks)

    def work(begin: int, end: int) -> None:
        starts = grouping.starts[begin : end + 1]
        out = np.empty((len(kernel.COLUMN), int(starts[-1] - starts[0])))
        loop(
            chosen.method, given, yi, vi, grouping.rows, starts, np.empty((3, max(largest, MOST_MAXIMA))), out
        )
        store(slice(int(starts[0]), int(starts[-1])), out)

    per_fit = max(1, fitted // max(1, yi.size))
    in_chunks(work, chunk_bounds(grouping.starts, max(1, STUDIES_PER_CHUNK // per_fit)), threads=cores())
    return Columns(values, remarks)
