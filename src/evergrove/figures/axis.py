"""The axis of a drawing: what range to show, where the ticks stand, and where a value falls."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median_high, median_low
from typing import TYPE_CHECKING

from evergrove.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Mantissas of the ticks of a log axis, the densest first.
MANTISSAS = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))


@dataclass(frozen=True, slots=True)
class Axis:
    """A horizontal axis.

    Parameters
    ----------
    low, high : float
        Ends, on the scale that is printed (a risk ratio, not its logarithm).
    left, right : float
        Where the ends stand, in pixels.
    log : bool
        Whether equal ratios get equal lengths.

    Examples
    --------
    >>> round(Axis(0.1, 10, 0, 100, log=True).position(1), 3)
    50.0
    """

    low: float
    high: float
    left: float
    right: float
    log: bool

    def position(self, value: float) -> float:
        """Return the pixel of a value; one beyond an end stands at that end."""
        if value <= self.low:
            return self.left
        if value >= self.high:
            return self.right
        low, high = _to_line(self.low, log=self.log), _to_line(self.high, log=self.log)
        share = (_to_line(value, log=self.log) - low) / (high - low)
        return self.left + share * (self.right - self.left)

    def shows(self, value: float) -> bool:
        """Return whether the value lies within the ends."""
        return self.low <= value <= self.high


def _to_line(value: float, *, log: bool) -> float:
    if not log:
        return value
    return math.log(value) if value > 0 else -math.inf


def _nice_step(span: float, most: int) -> float:
    """Return the smallest of 1, 2, 5 × 10^n that divides the span into fewer than ``most`` parts."""
    raw = span / most
    power = 10.0 ** math.floor(math.log10(raw))
    return next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= raw * (1 - 1e-9))


def linear_ticks(low: float, high: float, most: int = 7) -> tuple[float, ...]:
    """Return round, evenly spaced ticks within ``[low, high]``.

    Parameters
    ----------
    low, high : float
        Ends of the axis, ``low < high``, finite.
    most : int
        About the largest number of ticks, at least 4; there are 2 at least, and never more than one above
        it.

    Examples
    --------
    >>> linear_ticks(-7, 12)
    (-5.0, 0.0, 5.0, 10.0)
    """
    ticks = _multiples(low, high, _nice_step(high - low, most))
    return ticks if len(ticks) > 1 else _multiples(low, high, _nice_step(high - low, 2 * most))


def _multiples(low: float, high: float, step: float) -> tuple[float, ...]:
    slack = 1e-9 * step
    first, last = math.ceil((low - slack) / step), math.floor((high + slack) / step)
    decimals = max(0, -math.floor(math.log10(step)))
    return tuple(round(index * step, decimals) + 0.0 for index in range(first, last + 1))


def log_ticks(low: float, high: float, most: int = 8) -> tuple[float, ...]:
    """Return ticks for a logarithmic axis within ``[low, high]``; 1 is one of them where it is within.

    Parameters
    ----------
    low, high : float
        Ends of the axis, ``0 < low < high``, finite.
    most : int
        Largest number of ticks, at least 5.

    Examples
    --------
    >>> log_ticks(0.08, 12)
    (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
    >>> log_ticks(0.75, 1.3)
    (0.8, 0.9, 1.0, 1.1, 1.2, 1.3)
    >>> log_ticks(1e-4, 1e4)
    (0.0001, 0.01, 1.0, 100.0, 10000.0)
    """
    if high / low < 3.5:
        return linear_ticks(low, high, most - 1)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for mantissas in MANTISSAS:
        ticks = _decade_ticks(low, high, range(first, last + 1), mantissas)
        if 3 <= len(ticks) <= most:
            return ticks
    for step in range(2, last - first + 2):
        decades = range(math.ceil(first / step) * step, last + 1, step)
        ticks = _decade_ticks(low, high, decades, (1.0,))
        if 2 <= len(ticks) <= most:
            return ticks
    return _decade_ticks(low, high, range(first, last + 1), MANTISSAS[1])


def _decade_ticks(
    low: float, high: float, decades: Iterable[int], mantissas: Sequence[float]
) -> tuple[float, ...]:
    values = (float(f"{mantissa}e{decade}") for decade in decades for mantissa in mantissas)
    return tuple(value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9))


def tick_label(value: float) -> str:
    """Return the label of a tick, with a true minus sign.

    Examples
    --------
    >>> [tick_label(v) for v in (0.05, 1.0, -2.5, 1000.0)]
    ['0.05', '1', '−2.5', '1000']
    """
    plain = f"{value:.10f}".rstrip("0").rstrip(".") if 1e-4 <= abs(value) < 1e6 else f"{value:g}"
    return plain.replace("-", "−")


def choose_range(
    estimates: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    anchors: Sequence[float],
    *,
    log: bool,
) -> tuple[float, float]:
    """Choose the ends of an axis so that a few huge intervals do not squeeze all others.

    Parameters
    ----------
    estimates : sequence of float
        Point estimates of the studies.
    intervals : sequence of (float, float)
        Their confidence intervals; an end may be infinite, or 0 on a log axis.
    anchors : sequence of float
        What must be seen: the null, and the ends of the summaries' intervals.
    log : bool
        Whether the axis is logarithmic; values at or below 0 then count as infinitely far.

    Returns
    -------
    tuple of float
        Low and high end. Estimates within six typical interval half-widths of the anchors are always
        inside; intervals are shown up to two typical half-widths beyond that core and cut further out.

    Raises
    ------
    DataError
        If nothing finite is given.

    Examples
    --------
    >>> low, high = choose_range([0.5], [(0.2, 1.25)], [1.0], log=True)
    >>> round(low, 2), round(high, 2)
    (0.19, 1.32)
    >>> low, high = choose_range([0.5, 0.8], [(0.2, 1.25), (1e-9, 1e9)], [1.0], log=True)
    >>> low > 0.001 and high < 1000
    True
    """
    points = _finite(_to_line(value, log=log) for value in estimates)
    bounds = [(_to_line(low, log=log), _to_line(high, log=log)) for low, high in intervals]
    fixed = _finite(_to_line(value, log=log) for value in anchors) or points[:1]
    if not fixed and not (fixed := _finite(value for pair in bounds for value in pair)[:1]):
        raise DataError("axis: no finite value to show; give x_min and x_max, or a finite estimate")
    halves = [(high - low) / 2 for low, high in bounds if math.isfinite(high - low) and high > low]
    typical = _typical(halves, log=log)
    near = [p for p in points if min(fixed) - 6 * typical <= p <= max(fixed) + 6 * typical]
    core_low, core_high = min([*fixed, *near]), max([*fixed, *near])
    reach = max(2 * typical, 0.5 * (core_high - core_low))
    low = core_low - _extent([core_low - end for pair in bounds for end in pair], reach)
    high = core_high + _extent([end - core_high for pair in bounds for end in pair], reach)
    pad = 0.03 * (high - low) if high > low else (math.log(2) if log else max(1.0, abs(high)))
    ends = low - pad, high + pad
    return (math.exp(ends[0]), math.exp(ends[1])) if log else ends


def make_room(low: float, high: float, null: float, *, log: bool) -> tuple[float, float]:
    """Widen a range in which the null stands close to an end, so that both directions can be seen.

    Examples
    --------
    >>> make_room(-100, 1, 0, log=False)
    (-100, 18.0)
    """
    if not low <= null <= high:
        return low, high
    ends = [_to_line(value, log=log) for value in (low, null, high)]
    below, above = ends[1] - ends[0], ends[2] - ends[1]
    least = 0.18 * max(below, above)
    back = math.exp if log else float
    return (
        low if below >= least else back(ends[1] - least),
        high if above >= least else back(ends[1] + least),
    )


def _typical(halves: Sequence[float], *, log: bool) -> float:
    """Return a typical half-width: the median, held down where half of the intervals or more are huge."""
    if not halves:
        return 0.0
    typical = min(median_high(halves), 4 * median_low(halves))
    return min(typical, math.log(10)) if log else typical


def _extent(wanted: Sequence[float], reach: float) -> float:
    """Return how far to go beyond the core: what little more than the reach shows whole is not cut."""
    within = max([0.0, *(end for end in wanted if end <= 1.3 * reach)])
    return max(within, reach) if max(wanted, default=0.0) > within else within


def _finite(values: Iterable[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]
