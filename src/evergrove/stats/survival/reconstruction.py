"""Patients rebuilt from a digitised Kaplan-Meier curve and its numbers at risk (Guyot 2012)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import BoolArray, FloatArray, column, refuse_rows, same_length
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.result import Result
from evergrove.stats.survival.patients import risk_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ReconstructedPatients(Result):
    """Patients whose Kaplan-Meier curve is the printed one.

    Parameters
    ----------
    time, event : ndarray, shape (n,)
        Follow-up, and 1 for an event or 0 for censored.
    n, events : int
        Patients and events.
    largest_gap, root_mean_square_gap : float
        Between the digitised and the rebuilt curve at the digitised times.
    interval_starts, at_risk, at_risk_rebuilt : ndarray, shape (m,)
        Printed and rebuilt numbers at risk.
    censored_per_interval, events_per_interval : ndarray, shape (m,)
        What was placed between them.
    diagnostics : tuple of Diagnostic
        ``points-mended``, ``at-risk-not-met``, ``events-not-met``, ``no-total-events``, ``curve-ends-early``,
        ``intervals-joined``.
    """

    time: FloatArray
    event: FloatArray
    n: int
    events: int
    largest_gap: float
    root_mean_square_gap: float
    interval_starts: FloatArray
    at_risk: FloatArray
    at_risk_rebuilt: FloatArray
    censored_per_interval: FloatArray
    events_per_interval: FloatArray
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        return (
            f"<ReconstructedPatients n={self.n}, {self.events} events, largest gap to the curve "
            f"{self.largest_gap:.4f}>"
        )

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per patient."""
        return {"time": self.time, "event": self.event}


def clean_curve(time: ArrayLike, survival: ArrayLike) -> tuple[FloatArray, FloatArray, int]:
    """Return digitised points as a falling step curve that begins at (0, 1).

    Parameters
    ----------
    time, survival : array-like, shape (m,)
        Digitised points, in any order; survival as a share.

    Returns
    -------
    time, survival : ndarray
        Sorted; at most the highest and the lowest survival of one time; never rising.
    mended : int
        Points whose survival was lowered to that before them, or held within 0 and 1.

    Raises
    ------
    DataError
        For missing or negative times, fewer than two points, and survival in percent.
    """
    times, shares = column("time", time), column("survival", survival)
    if same_length({"time": times, "survival": shares}) < 2:
        raise DataError(f"curve: found {times.size} points; allowed: 2 and more; digitise the curve's steps")
    todo = "leave the point out"
    refuse_rows("time", times, ~np.isfinite(times) | (times < 0), allowed="0 and more", todo=todo)
    wild = ~np.isfinite(shares) | (shares < -0.05) | (shares > 1.05)
    refuse_rows("survival", shares, wild, allowed="0 to 1", todo="write 85 % as 0.85")
    held = np.clip(shares, 0.0, 1.0)
    order = np.lexsort((-held, times))
    t, s = np.concatenate([[0.0], times[order]]), np.concatenate([[1.0], held[order]])
    falling = np.minimum.accumulate(s)
    mended = int((falling < s - 1e-12).sum() + (held != shares).sum())
    first = np.concatenate([[True], t[1:] != t[:-1]])
    last = np.concatenate([t[1:] != t[:-1], [True]])
    kept = first | last
    t, s = t[kept], falling[kept]
    fresh = np.concatenate([[True], (np.diff(t) > 0) | (np.diff(s) < 0)])
    return t[fresh], s[fresh], mended


class _Rebuild:
    """The counts of each digitised point, filled interval by interval."""

    def __init__(self, time: FloatArray, survival: FloatArray, n: float) -> None:
        m = time.size
        self.time, self.survival = time, survival
        self.events, self.censored = np.zeros(m), np.zeros(m)
        self.at_risk = np.full(m + 1, n)
        self.curve = np.ones(m)
        self.last_event = 0

    def spread(self, low: int, high: int, end: float, count: int) -> None:
        """Spread censorings evenly over an interval: the points low..high, up to a time."""
        edges = np.append(self.time[low : high + 1], end)
        times = self.time[low] + np.arange(1, count + 1) * (end - self.time[low]) / (count + 1)
        self.censored[low : high + 1] = np.histogram(times, edges)[0] if end > self.time[low] else 0.0
        if count and end <= self.time[low]:
            self.censored[high] = count

    def fill(self, low: int, high: int, last: int) -> int:
        """Find the events of the points low..high from the curve; return the last point with one."""
        for k in range(low, high + 1):
            before, risk = self.curve[last], self.at_risk[k]
            died = 0.0
            if k > 0 and before > 0 and risk > 0:
                died = float(np.floor(risk * (1.0 - self.survival[k] / before) + 0.5))
            self.events[k] = min(max(died, 0.0), risk)
            self.curve[k] = before * (1.0 - self.events[k] / risk) if risk > 0 else before
            self.censored[k] = min(self.censored[k], risk - self.events[k])
            self.at_risk[k + 1] = risk - self.events[k] - self.censored[k]
            if self.events[k] > 0:
                last = k
        return last


def _settle(
    state: _Rebuild, points: tuple[int, int], end: float, guess: tuple[int, int], gap: Callable[[], int]
) -> int:
    """Move the number of censorings until the gap is nothing; return the last point with an event.

    A gap above 0 asks for more censorings. Where they go round in a circle, the nearest number is kept.
    """
    low, high = points
    first, best = state.last_event, (math.inf, 0)
    tried: dict[int, int] = {}
    most = guess[1]
    count = max(0, min(guess[0], most))
    while count not in tried:
        state.spread(low, high, end, count)
        last = state.fill(low, high, first)
        tried[count] = gap()
        best = min(best, (abs(tried[count]), count))
        if tried[count] == 0:
            return last
        count = max(0, min(count + tried[count], most))
    state.spread(low, high, end, best[1])
    return state.fill(low, high, first)


def _interval(state: _Rebuild, bounds: tuple[int, int], start: float, goal: float) -> None:
    """Fill one interval so that the next number at risk is met as nearly as can be."""
    low, after = bounds
    state.at_risk[low] = start
    ratio = state.survival[after] / state.survival[low] if state.survival[low] > 0 else 0.0
    count, most = round(float(start * ratio - goal)), max(0, int(start - goal))
    state.last_event = _settle(
        state,
        (low, after - 1),
        float(state.time[after]),
        (count, most),
        lambda: int(state.at_risk[after] - goal),
    )


def _last_interval(state: _Rebuild, low: int, rate: float, total: float | None) -> None:
    """Fill the last interval: censorings at the mean rate before, then moved to meet the total events."""
    points, end, start = (low, state.time.size - 1), float(state.time[-1]), int(state.at_risk[low])
    before = float(state.events[:low].sum())
    count = min(round(rate * float(end - state.time[low])), start)
    if total is not None and before >= total:  # all events have been: the curve stays level
        count, state.survival[low:] = start, state.curve[state.last_event]

    def excess() -> int:
        return 0 if total is None else int(before + state.events[low:].sum() - total)

    state.last_event = _settle(state, points, end, (count, start), excess)


def _patients(state: _Rebuild) -> tuple[FloatArray, FloatArray]:
    """Return times and events; censorings half-way to the next point, the rest at the end."""
    middle = np.append((state.time[1:] + state.time[:-1]) / 2.0, state.time[-1])
    left = float(state.at_risk[-1])
    time = np.concatenate(
        [
            np.repeat(state.time, state.events.astype(int)),
            np.repeat(middle, state.censored.astype(int)),
            np.full(int(left), state.time[-1]),
        ]
    )
    event = np.zeros(time.size)
    event[: int(state.events.sum())] = 1.0
    order = np.lexsort((-event, time))
    return time[order], event[order]


def patients_from_curve(
    time: ArrayLike,
    survival: ArrayLike,
    risk_times: ArrayLike,
    at_risk: ArrayLike,
    *,
    total_events: int | None = None,
) -> ReconstructedPatients:
    """Rebuild patients from a digitised Kaplan-Meier curve.

    Parameters
    ----------
    time, survival : array-like, shape (m,)
        Digitised points: the top and bottom of each step as far as they can be read; survival as a share.
    risk_times, at_risk : array-like, shape (r,)
        The printed numbers at risk; the first is the number randomised at time 0. One pair is enough.
    total_events : int or None
        Events of the arm, where the paper prints them; it settles the last interval.

    Returns
    -------
    ReconstructedPatients
        Feed ``time`` and ``event`` of both arms to `cox_regression`, `log_rank_test` and
        `restricted_mean_survival`.

    Raises
    ------
    DataError
        For a curve in percent, numbers at risk that rise, or that do not begin at time 0.

    Notes
    -----
    Guyot's algorithm: within each interval censorings are spread evenly and their number is moved until the
    next printed number at risk is met; the last interval takes the mean rate of censoring before it, or
    what the total events ask for. Without total events and with few at risk the tail is a guess. Check
    ``largest_gap`` (0.02 is good), and the rebuilt hazard ratio against a printed one. Rebuilt patients carry
    no covariates and no strata.

    References
    ----------
    [Guyot2012]; [Liu2021].

    Examples
    --------
    >>> rebuilt = patients_from_curve([0, 2, 2, 5, 5, 9], [1, 1, 0.9, 0.9, 0.7, 0.7], [0, 4, 8], [10, 9, 6])
    >>> rebuilt.n, rebuilt.events
    (10, 3)
    """
    t, s, mended = clean_curve(time, survival)
    starts, numbers, remarks = _risk_rows(risk_times, at_risk, t)
    low = [int(np.searchsorted(t, start, side="left")) for start in starts]
    state = _Rebuild(t, s.copy(), float(numbers[0]))
    rate = 0.0
    for at in range(len(low) - 1):
        _interval(state, (low[at], low[at + 1]), float(state.at_risk[low[at]]), float(numbers[at + 1]))
        rate = float(state.censored[: low[at + 1]].sum()) / (at + 1) / (starts[at + 1] - starts[at])
    _last_interval(state, low[-1], rate, _checked_total(total_events, int(numbers[0])))
    times, events = _patients(state)
    gaps = np.abs(_curve_at(times, events, t) - s)[_step_ends(t)]
    edges = [*low, t.size]
    rebuilt = state.at_risk[low]
    found = {
        "points-mended": (mended > 0, f"{mended} points rose or lay outside 0 to 1 and were lowered"),
        "at-risk-not-met": (bool((rebuilt != numbers).any()), "a printed number at risk could not be met"),
        "events-not-met": (
            total_events is not None and int(events.sum()) != total_events,
            f"{int(events.sum())} events were rebuilt, not the total given",
        ),
        "no-total-events": (total_events is None, "without the total events the last interval is a guess"),
    }
    remarks += tuple(Diagnostic(code, text) for code, (bad, text) in found.items() if bad)
    return ReconstructedPatients(
        times,
        events,
        int(times.size),
        int(events.sum()),
        float(gaps.max()),
        float(np.sqrt((gaps**2).mean())),
        starts,
        numbers,
        rebuilt,
        np.add.reduceat(state.censored, edges[:-1]),
        np.add.reduceat(state.events, edges[:-1]),
        remarks,
    )


def _checked_total(total_events: int | None, n: int) -> float | None:
    """Return the total events as a number, or None."""
    if total_events is None:
        return None
    if total_events != int(total_events) or not 0 <= total_events <= n:
        raise DataError(
            f"total_events: found {total_events!r}; allowed: a whole number from 0 to {n}; check the count"
        )
    return float(total_events)


def _risk_rows(
    risk_times: ArrayLike, at_risk: ArrayLike, t: FloatArray
) -> tuple[FloatArray, FloatArray, tuple[Diagnostic, ...]]:
    """Return the numbers at risk that the curve reaches; one row per stretch with points."""
    starts, numbers = column("risk_times", risk_times), column("at_risk", at_risk)
    if same_length({"risk_times": starts, "at_risk": numbers}) == 0 or starts[0] != 0 or numbers[0] < 1:
        raise DataError(
            f"risk_times: found {starts[:1].tolist()} with {numbers[:1].tolist()}; allowed: the first at "
            "time 0 with the number randomised; add it"
        )
    falls = np.concatenate([[False], (np.diff(numbers) > 0) | (np.diff(starts) <= 0)])
    falls |= ~np.isfinite(starts) | ~np.isfinite(numbers) | (numbers < 0) | (numbers % 1 != 0)
    refuse_rows(
        "at_risk",
        numbers,
        falls,
        allowed="whole numbers, not rising, at rising times",
        todo="check the table",
    )
    low = np.searchsorted(t, starts, side="left")
    reached = low < t.size
    kept = reached & np.concatenate([np.diff(low) > 0, [True]])
    remarks: tuple[Diagnostic, ...] = ()
    if not reached.all():
        text = "the numbers at risk go on beyond the last digitised point"
        remarks += (Diagnostic("curve-ends-early", text),)
    if (reached & ~kept).any():
        empty = ", ".join(f"{start:g}" for start in starts[reached & ~kept])
        text = "no digitised point before the next number at risk: the later one was taken"
        remarks += (Diagnostic("intervals-joined", text, empty),)
    return starts[kept], numbers[kept], remarks


def _step_ends(t: FloatArray) -> BoolArray:
    """Return where a time stands for the last time: the foot of its step."""
    return np.concatenate([t[1:] != t[:-1], [True]])


def _curve_at(times: FloatArray, events: FloatArray, points: FloatArray) -> FloatArray:
    """Return the rebuilt curve at the digitised times."""
    table = risk_table(times, events)
    survival = np.concatenate([[1.0], np.cumprod((table.at_risk - table.events) / table.at_risk)])
    return np.asarray(survival[np.searchsorted(table.time, points, side="right")], dtype=np.float64)
