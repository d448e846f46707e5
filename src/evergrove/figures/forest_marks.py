"""The drawing in a forest plot: squares, intervals, diamonds, bars, lines and the axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.errors import DataError
from evergrove.figures.axis import Axis, choose_range, linear_ticks, log_ticks, make_room, tick_label
from evergrove.figures.colours import DIAMOND, FAINT, INK, INTERVAL, PREDICTION, SQUARE, SUMMARY_LINE
from evergrove.figures.forest_data import ForestPlot, ForestRow, RowKind
from evergrove.figures.svg import element, line, polygon, text
from evergrove.figures.text_measure import text_width, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Length and half-height of the head that says an interval goes on beyond the axis.
ARROW = (7.0, 4.0)
#: Length of the line, head included, of an interval that lies wholly beyond an end of the axis.
STUB = 18.0
#: Smallest side of a study's square: a trial of weight near 0 stays visible.
SMALLEST = 5.0


def forest_axis(plot: ForestPlot, left: float, right: float) -> Axis:
    """Return the axis of a plot between two pixels, its range chosen unless the plot gives it."""
    studies = [row for row in plot.rows if row.kind == RowKind.STUDY]
    anchors = [value for row in plot.rows if row.pooled for value in (row.interval or ())]
    anchors += [row.estimate for row in plot.rows if row.pooled and row.estimate is not None]
    null = plot.null_value
    low, high = plot.x_min, plot.x_max
    if low is None or high is None:
        chosen = choose_range(
            [row.estimate for row in studies if row.estimate is not None],
            [row.interval for row in plot.rows if row.interval is not None and not row.pooled],
            anchors if null is None else [*anchors, null],
            log=plot.log,
        )
        if null is not None:
            chosen = make_room(*chosen, null, log=plot.log)
        low, high = (chosen[0] if low is None else low), (chosen[1] if high is None else high)
    if not low < high:
        raise DataError(f"forest plot: the axis runs from {low:g} to {high:g}; give both x_min and x_max")
    return Axis(low, high, left, right, log=plot.log)


@dataclass(frozen=True, slots=True)
class Marks:
    """Draws the marks of the rows on one axis.

    Parameters
    ----------
    axis : Axis
        Where values fall.
    heaviest : float
        Largest weight among the studies.
    side : float
        Side of the square of the heaviest study, in pixels.
    """

    axis: Axis
    heaviest: float
    side: float = 17.0

    def draw(self, row: ForestRow, y: float) -> str:
        """Return the marks of a row centred at height ``y``; empty where there is nothing to draw."""
        if row.kind == RowKind.STUDY:
            return self.study(row, y)
        if row.pooled:
            return self.diamond(row, y)
        return self.prediction(row, y) if row.kind == RowKind.PREDICTION else ""

    def study(self, row: ForestRow, y: float) -> str:
        """Return the square and the interval of a study."""
        parts: list[str] = []
        if row.estimate is not None and self.axis.shows(row.estimate):
            side = 7.0
            if row.weight is not None:
                side = max(SMALLEST, self.side * math.sqrt(max(row.weight, 0.0) / self.heaviest))
            x = self.axis.position(row.estimate)
            parts.append(
                element(
                    "rect",
                    x=x - side / 2,
                    y=y - side / 2,
                    width=side,
                    height=side,
                    fill=SQUARE,
                    class_="square",
                )
            )
        if row.interval is not None:
            parts.append(self._span(*row.interval, y))
        elif row.estimate is not None and not self.axis.shows(row.estimate):
            parts.append(self._span(row.estimate, row.estimate, y))
        return "".join(parts)

    def diamond(self, row: ForestRow, y: float) -> str:
        """Return the diamond of a summary: its tips are the ends of the interval."""
        if row.estimate is None or row.interval is None:
            return ""
        low, high = row.interval
        half = 5.5 if row.kind == RowKind.SUBGROUP_SUMMARY else 7.5
        left, right = self.axis.position(low), self.axis.position(high)
        middle = self.axis.position(row.estimate)
        if right - left < 4:  # a very sure summary still shows as a diamond
            left, right = min(left, middle - 2), max(right, middle + 2)
        points = [(left, y), (middle, y - half), (right, y), (middle, y + half)]
        fill = "#ffffff" if row.outline else DIAMOND
        drawn = polygon(points, fill=fill, stroke=DIAMOND, stroke_width=1.3, class_="diamond")
        return drawn + "".join(self._arrows(low, high, y, DIAMOND))

    def prediction(self, row: ForestRow, y: float) -> str:
        """Return the bar of a prediction interval."""
        if row.interval is None:
            return ""
        low, high = row.interval
        left, right = self.axis.position(low), self.axis.position(high)
        head = ARROW[0]
        start = left + (head if low < self.axis.low else 0)
        end = right - (head if high > self.axis.high else 0)
        bar = element(
            "rect",
            x=start,
            y=y - 2.5,
            width=max(0.0, end - start),
            height=5,
            fill=PREDICTION,
            class_="prediction-bar",
        )
        return bar + "".join(self._arrows(low, high, y, PREDICTION))

    def _span(self, low: float, high: float, y: float) -> str:
        """Return the line of an interval; one that lies wholly beyond an end is a short stub there."""
        left, right = self.axis.position(low), self.axis.position(high)
        if low > self.axis.high:
            left = self.axis.right - STUB
        if high < self.axis.low:
            right = self.axis.left + STUB
        drawn = line(left, y, right, y, stroke=INTERVAL, stroke_width=1.3, class_="interval")
        return drawn + "".join(self._arrows(low, high, y, INTERVAL))

    def _arrows(self, low: float, high: float, y: float, colour: str) -> list[str]:
        """Return a head at each end of the axis beyond which the interval goes on."""
        heads = []
        length, half = ARROW
        if low < self.axis.low:
            tip = self.axis.left
            heads.append([(tip, y), (tip + length, y - half), (tip + length, y + half)])
        if high > self.axis.high:
            tip = self.axis.right
            heads.append([(tip, y), (tip - length, y - half), (tip - length, y + half)])
        return [polygon(points, fill=colour, class_="arrow") for points in heads]


def plot_marks(plot: ForestPlot, axis: Axis, side: float = 17.0) -> Marks:
    """Return the marks of a plot, sized by its heaviest study."""
    weights = [row.weight for row in plot.rows if row.kind == RowKind.STUDY and row.weight is not None]
    return Marks(axis, max([weight for weight in weights if weight > 0], default=1.0), side)


def reference_lines(
    plot: ForestPlot, axis: Axis, top: float, bottom: float, summary_y: float | None, *, dashed: bool = True
) -> str:
    """Return the line at the null and the dashed line down to the diamond of the main summary."""
    parts = []
    null = plot.null_value
    if null is not None and axis.shows(null):
        x = axis.position(null)
        parts.append(line(x, top, x, bottom, stroke=INK, stroke_width=1, class_="null"))
    summary = plot.main_summary
    if dashed and summary is not None and summary.estimate is not None and axis.shows(summary.estimate):
        x = axis.position(summary.estimate)
        end = bottom if summary_y is None else summary_y
        parts.append(
            line(
                x,
                top,
                x,
                end,
                stroke=SUMMARY_LINE,
                stroke_width=1,
                stroke_dasharray="4 3",
                class_="summary-line",
            )
        )
    return "".join(parts)


def axis_ticks(plot: ForestPlot, axis: Axis) -> tuple[float, ...]:
    """Return the ticks: those of the plot that are in range, else round ones as many as there is room for."""
    if plot.ticks:
        return tuple(value for value in plot.ticks if axis.shows(value))
    room = axis.right - axis.left
    if axis.log:
        return log_ticks(axis.low, axis.high, max(5, min(10, int(room / 28))))
    return linear_ticks(axis.low, axis.high, max(4, min(7, int(room / 48))))


def draw_axis(plot: ForestPlot, axis: Axis, y: float, room: tuple[float, float]) -> tuple[list[str], float]:
    """Draw the axis with its ticks, title and directions.

    Parameters
    ----------
    plot : ForestPlot
        Gives ticks, title and directions.
    axis : Axis
        The axis.
    y : float
        Height of the axis line.
    room : tuple of float
        Leftmost and rightmost pixel that the texts may use.

    Returns
    -------
    tuple
        The markup, and the height where the next thing may start.
    """
    parts = [line(axis.left, y, axis.right, y, stroke=INK, stroke_width=1, class_="axis")]
    parts += _tick_marks(axis, axis_ticks(plot, axis), plot.null_value, y)
    bottom = y + 22
    middle = (axis.left + axis.right) / 2
    if plot.favours_low or plot.favours_high:
        drawn, bottom = _directions(plot, axis, bottom, room)
        parts += drawn
    if plot.axis_title:
        half = min(middle - room[0], room[1] - middle)
        for part in wrap(plot.axis_title, 2 * half, 12):
            parts.append(
                text(middle, bottom + 13, part, text_anchor="middle", font_size=12, class_="axis-title")
            )
            bottom += 15
    return parts, bottom + 6


def _tick_marks(axis: Axis, ticks: Iterable[float], null: float | None, y: float) -> list[str]:
    """Draw ticks; a label that would touch another is left out, that of the null never."""
    parts: list[str] = []
    taken: list[tuple[float, float]] = []
    for value in sorted(ticks, key=lambda tick: (tick != null, tick)):
        x, label = axis.position(value), tick_label(value)
        parts.append(line(x, y, x, y + 5, stroke=INK, stroke_width=1, class_="tick"))
        half = text_width(label, 12) / 2
        if any(x - half < right + 4 and x + half > left - 4 for left, right in taken):
            continue
        taken.append((x - half, x + half))
        parts.append(text(x, y + 17, label, text_anchor="middle", font_size=12, class_="tick-label"))
    return parts


def _directions(plot: ForestPlot, axis: Axis, y: float, room: tuple[float, float]) -> tuple[list[str], float]:
    """Write on either side of the null what each direction means."""
    null = plot.null_value
    inside = null is not None and axis.shows(null)
    at_null = axis.position(null) if inside and null is not None else (axis.left + axis.right) / 2
    low = f"←\u00a0{plot.favours_low}" if plot.favours_low else ""
    high = f"{plot.favours_high}\u00a0→" if plot.favours_high else ""
    first, last = room[0] + text_width(low, 12) + 7, room[1] - text_width(high, 12) - 7
    x = min(max(at_null, first), last) if first <= last else at_null  # both in one line if they can be
    sides = ((low, x - 7, "end", x - 7 - room[0]), (high, x + 7, "start", room[1] - x - 7))
    parts, most = [], 1
    for label, anchor_x, anchor, width in sides:
        lines = wrap(label, width + 0.01, 12) if label else ()
        most = max(most, len(lines))
        parts += [
            text(anchor_x, y + 13 + 14 * index, part, text_anchor=anchor, font_size=12, class_="direction")
            for index, part in enumerate(lines)
        ]
    if x == at_null:
        parts.append(line(x, y + 3, x, y + 16, stroke=FAINT, stroke_width=1))
    return parts, y + 3 + 14 * most
