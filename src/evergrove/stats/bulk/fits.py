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
from evergrove.stats.bulk.compiled import compiled_loop, loaded_fit
from evergrove.stats.bulk.grouping import NOTHING
from evergrove.stats.bulk.intervals import CLOSED_FORM, FLOATS, finish
from evergrove.stats.bulk.side_by_side import CELLS_TOGETHER, fit_equal_sizes
from evergrove.stats.mean_estimators import GIVEN, METHODS, ROOT_OF_Q
from evergrove.stats.one_mean import MOST_MAXIMA
from evergrove.stats.options import IntervalMethod, PoolModel, Tau2Method, choose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.diagnostic import Diagnostic

#: Studies that NumPy pools in about the time that loading compiled code takes.
COMPILE_FROM = 500_000
#: Studies that this process has pooled.
_POOLED = [0]
#: Studies in one chunk of a thread.
STUDIES_PER_CHUNK = 131_072
#: Studies in one word of a subset.
WORD = 32
NO_SUBSETS: NDArray[np.uint32] = np.empty((0, 0), dtype=np.uint32)


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
        return METHODS[self.tau2] if isinstance(self.tau2, Tau2Method) else GIVEN

    def given(self, largest: int) -> FloatArray:
        """Return tau², or the target of Q, by number of studies."""
        if self.method == ROOT_OF_Q:
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


def plan(model: str, tau2: str | float | None, ci: str | None, level: float) -> Plan:
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
    chosen_tau2 = Tau2Method.REML if tau2 is None else tau2
    spread = choose(Tau2Method, chosen_tau2, "tau2") if isinstance(chosen_tau2, str) else float(chosen_tau2)
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


class Members(NamedTuple):
    """Which studies each fit has, as `kernel.fit_members` takes it.

    Parameters
    ----------
    rows, first, sizes, skipped, subsets : ndarray
        See `kernel.fit_members`.
    """

    rows: NDArray[np.int64]
    first: NDArray[np.int64]
    sizes: NDArray[np.int64]
    skipped: NDArray[np.int64] = NOTHING
    subsets: NDArray[np.uint32] = NO_SUBSETS

    def part(self, chosen: slice | NDArray[np.intp]) -> Members:
        """Return some of the fits."""
        return Members(
            self.rows,
            self.first[chosen] if self.first.size else self.first,
            self.sizes[chosen],
            self.skipped[chosen] if self.skipped.size else self.skipped,
            self.subsets[chosen] if self.subsets.size else self.subsets,
        )

    def table(self, studies: int) -> NDArray[np.int64]:
        """Return the rows of each fit, shape (s, k), where all have one size."""
        k = int(self.sizes[0])
        if self.subsets.size:
            inside = contains(self.subsets, np.arange(studies))
            return np.nonzero(inside)[1].reshape(self.sizes.size, k)
        places = self.first[:, np.newaxis] + np.arange(k)
        if self.skipped.size:
            places += np.arange(k) >= self.skipped[:, np.newaxis]
        return self.rows[places] if self.rows.size else places


def contains(subsets: NDArray[np.uint32], studies: NDArray[np.int64]) -> BoolArray:
    """Return whether each study is in each subset, shape (subsets, studies)."""
    bits = subsets[:, studies // WORD] >> (studies % WORD).astype(np.uint32)
    held: BoolArray = (bits & np.uint32(1)) == 1
    return held


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


def _bounds(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return bounds of runs of fits with about `STUDIES_PER_CHUNK` studies each."""
    reached = np.cumsum(sizes)
    targets = np.arange(STUDIES_PER_CHUNK, int(reached[-1]), STUDIES_PER_CHUNK)
    inner = np.searchsorted(reached, targets, side="left") + 1
    return np.unique(np.concatenate(([0], inner, [sizes.size])))


def each_part(
    chosen: Plan,
    yi: FloatArray,
    vi: FloatArray,
    members: Members,
    store: Callable[[slice | NDArray[np.intp], FloatArray], None],
) -> tuple[Diagnostic, ...]:
    """Fit all, and hand the kernel's numbers of each part to `store`.

    Parameters
    ----------
    chosen : Plan
        Options.
    yi, vi : ndarray, shape (n,)
        Checked studies.
    members : Members
        Studies of each fit.
    store : callable
        Takes the places of a part and its numbers, shape (9, part); called from threads.

    Returns
    -------
    tuple of Diagnostic
        Why nothing was compiled.
    """
    sizes = members.sizes
    if sizes.size == 0:
        return ()
    largest = int(sizes.max())
    given = chosen.given(largest)
    studies = int(sizes.sum())
    loop, remarks = compiled_loop() if _compiled_pays(studies) else (None, ())
    if loop is None:
        _side_by_side(chosen, given, yi, vi, members, store)
        return remarks if studies >= COMPILE_FROM else ()

    def work(begin: int, end: int) -> None:
        out = np.empty((len(kernel.COLUMN), end - begin))
        scratch = np.empty((3, max(largest, MOST_MAXIMA)))
        loop(chosen.method, given, yi, vi, *members.part(slice(begin, end)), scratch, out)
        store(slice(begin, end), out)

    in_chunks(work, _bounds(sizes), threads=cores())
    return remarks


def _compiled_pays(studies: int) -> bool:
    """Say whether compiled code is there, or worth loading by what this process has pooled with this call.

    Which one runs changes no bit of the numbers.
    """
    _POOLED[0] += studies
    return loaded_fit() is not None or _POOLED[0] >= COMPILE_FROM


def _side_by_side(  # noqa: PLR0917 - what the compiled loop takes
    chosen: Plan,
    given: FloatArray,
    yi: FloatArray,
    vi: FloatArray,
    members: Members,
    store: Callable[[slice | NDArray[np.intp], FloatArray], None],
) -> None:
    """Fit those of equal size together, a cache full at a time."""
    for k in np.unique(members.sizes).tolist():
        alike = np.flatnonzero(members.sizes == k)
        if k == 0:
            store(alike, np.full((len(kernel.COLUMN), alike.size), np.nan))
            continue
        together = max(1, CELLS_TOGETHER // k)
        for begin in range(0, alike.size, together):
            part = alike[begin : begin + together]
            rows = members.part(part).table(yi.size)
            store(
                part, fit_equal_sizes(chosen.method, float(given[min(k, given.size - 1)]), yi[rows], vi[rows])
            )


def _moments_se(chosen: Plan, yi: FloatArray, vi: FloatArray, members: Members) -> FloatArray:
    """Return the classic standard error at DerSimonian and Laird's tau², for IQWiG's rule."""
    found = np.empty(members.sizes.size)

    def store(place: slice | NDArray[np.intp], sums: FloatArray) -> None:
        found[place] = sums[kernel.COLUMN.index("wald_se")]

    each_part(chosen._replace(tau2=Tau2Method.DL), yi, vi, members, store)
    return found


def fit_all(chosen: Plan, yi: FloatArray, vi: FloatArray, members: Members) -> Columns:
    """Fit all, with intervals and tests.

    Parameters
    ----------
    chosen : Plan
        Options.
    yi, vi : ndarray, shape (n,)
        Checked studies.
    members : Members
        Studies of each fit.

    Returns
    -------
    Columns
        One value per fit in each.
    """
    fits = members.sizes.size
    values: dict[str, Any] = {name: np.empty(fits) for name in FLOATS}
    values["flags"] = np.empty(fits, dtype=np.uint16)
    values["converged"] = np.empty(fits, dtype=bool)
    values["iterations"] = np.empty(fits, dtype=np.int32)

    moments_se: FloatArray | None = None
    if chosen.ci is IntervalMethod.HARTUNG_KNAPP_IQWIG:
        moments_se = _moments_se(chosen, yi, vi, members)

    def store(place: slice | NDArray[np.intp], sums: FloatArray) -> None:
        of_moments = None if moments_se is None else moments_se[place]
        found = finish(sums, members.sizes[place], **chosen.for_columns(), moments_se=of_moments)
        for name, column in found.items():
            values[name][place] = column

    return Columns(values, each_part(chosen, yi, vi, members, store))
