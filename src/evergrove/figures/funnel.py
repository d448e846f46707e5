"""Funnel plots: each study's estimate against its standard error, the surest studies on top."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from evergrove.errors import DataError
from evergrove.figures.axis import Axis, linear_ticks, log_ticks, tick_label
from evergrove.figures.colours import DIAMOND, INK, MUTED, SQUARE
from evergrove.figures.forest_data import Scale
from evergrove.figures.svg import clean, document, element, line, polygon, text
from evergrove.figures.text_measure import text_width

WIDTH, HEIGHT = 640.0, 480.0
#: Two-sided p of the contours, and the shade between each and the next; grey darkens with significance.
CONTOURS = (
    (0.10, "#eaeff0", "0.05 < P < 0.10"),
    (0.05, "#d6dfe2", "0.01 < P < 0.05"),
    (0.01, "#bdcbd0", "P < 0.01"),
)
DASHES = "6 4"


@dataclass(frozen=True, slots=True)
class FunnelPoint:
    """One study of a funnel plot.

    Parameters
    ----------
    label : str
        Name of the study.
    estimate : float
        Estimate on the printed scale (a risk ratio, not its logarithm).
    se : float
        Standard error on the scale of the analysis: of the *log* ratio where the scale is ``"log"``.
    imputed : bool
        Whether the point was filled in (trim and fill); drawn hollow.
    """

    label: str
    estimate: float
    se: float
    imputed: bool = False


@dataclass(frozen=True)
class FunnelPlot:
    """A funnel plot.

    Parameters
    ----------
    title, desc : str
        Name and description for those who do not see the figure; not drawn.
    points : tuple of FunnelPoint
        The studies.
    summary : float, optional
        Pooled estimate on the printed scale; the pseudo confidence region stands around it.
    scale : Scale or str
        ``"log"`` or ``"linear"``.
    null : float, optional
        Centre of the contours; by default 1 on a log axis and 0 on a linear one.
    axis_title, se_title : str
        Titles of the axes.
    contours : bool
        Shade the regions of p < 0.10, 0.05 and 0.01 against the null.
    level : float
        Level of the pseudo confidence region, between 0 and 1.

    Raises
    ------
    DataError
        If there is no point, or an estimate or standard error cannot be drawn.
    """

    title: str
    desc: str
    points: tuple[FunnelPoint, ...]
    summary: float | None = None
    scale: Scale | str = Scale.LOG
    null: float | None = None
    axis_title: str = ""
    se_title: str = "Standard error"
    contours: bool = True
    level: float = 0.95

    def __post_init__(self) -> None:
        if self.scale not in tuple(Scale):
            raise DataError(f"funnel plot: scale is {self.scale!r}; allowed: {', '.join(Scale)}")
        if not self.points:
            raise DataError("funnel plot: no study; give at least one point")
        if not 0 < self.level < 1:
            raise DataError(f"funnel plot: level is {self.level}; allowed: between 0 and 1")
        for point in self.points:
            if not (math.isfinite(point.se) and point.se > 0):
                raise DataError(f"funnel plot: {point.label!r} has se {point.se}; allowed: finite, above 0")
        places = [point.estimate for point in self.points]
        places += [value for value in (self.summary, self.null) if value is not None]
        for value in places:
            if not math.isfinite(value) or (self.log and value <= 0):
                allowed = "finite, above 0" if self.log else "finite"
                raise DataError(f"funnel plot: {value} cannot be placed on the axis; allowed: {allowed}")

    @property
    def log(self) -> bool:
        """Whether the axis of the estimates is logarithmic."""
        return self.scale == Scale.LOG

    def place(self, value: float) -> float:
        """Return where a printed value stands on the scale of the analysis."""
        return math.log(value) if self.log else value


def funnel_svg(plot: FunnelPlot) -> str:
    """Return a funnel plot as SVG.

    Parameters
    ----------
    plot : FunnelPlot
        What to show.

    Returns
    -------
    str
        A whole SVG document, 640 by 480 pixels; the same plot gives the same bytes.

    Examples
    --------
    >>> points = (FunnelPoint("Adas 2021", 0.5, 0.6), FunnelPoint("Dilogo 2021", 0.6, 0.25))
    >>> funnel_svg(FunnelPlot("Funnel", "Two trials.", points, summary=0.58)).startswith("<svg")
    True
    """
    frame = _Frame(plot)
    body = [
        *(_contours(frame) if plot.contours else []),
        *_region(plot, frame),
        *_points(plot, frame),
        *_axes(plot, frame),
        *_legend(plot),
    ]
    return document(body, WIDTH, HEIGHT, plot.title, plot.desc)


class _Frame:
    """Where values fall in the drawing: x on the scale of the analysis, y the standard error."""

    left, right, top = 68.0, WIDTH - 16.0, 16.0

    def __init__(self, plot: FunnelPlot) -> None:
        self.bottom = HEIGHT - (118.0 if plot.contours else 94.0)
        self.lowest = 1.08 * max(point.se for point in plot.points)
        self.null = 0.0 if plot.null is None else plot.place(plot.null)
        self.centre = plot.place(plot.summary) if plot.summary is not None else self.null
        self.reach = NormalDist().inv_cdf((1 + plot.level) / 2) * self.lowest
        xs = [plot.place(point.estimate) for point in plot.points]
        xs += [self.centre - self.reach, self.centre + self.reach, self.null]
        pad = 0.04 * (max(xs) - min(xs))
        self.low, self.high = min(xs) - pad, max(xs) + pad
        self._x = Axis(self.low, self.high, self.left, self.right, log=False)
        self._y = Axis(0.0, self.lowest, self.top, self.bottom, log=False)

    def at(self, x: float, se: float) -> tuple[float, float]:
        """Return the pixel of an estimate and its standard error."""
        return self._x.position(x), self._y.position(se)


def _contours(frame: _Frame) -> list[str]:
    """Shade where an estimate differs from the null at each level, the lightest first."""
    shapes = []
    for p_value, shade, _ in CONTOURS:
        slope = NormalDist().inv_cdf(1 - p_value / 2)
        for end in (frame.low, frame.high):
            sign = -1.0 if end < frame.null else 1.0
            # The edge of the shade meets the base of the plot, or its side above the base.
            se = min(frame.lowest, abs(end - frame.null) / slope)
            corners = [
                (frame.null, 0.0),
                (frame.null + sign * slope * se, se),
                (end, frame.lowest),
                (end, 0.0),
            ]
            shapes.append(polygon([frame.at(x, y) for x, y in corners], fill=shade))
    return shapes


def _region(plot: FunnelPlot, frame: _Frame) -> list[str]:
    """Draw the line at the null, and the summary with its pseudo confidence region."""
    lines = [
        line(*frame.at(frame.null, 0), *frame.at(frame.null, frame.lowest), stroke=INK, stroke_width=0.9)
    ]
    if plot.summary is None:
        return lines
    top, base = frame.at(frame.centre, 0), frame.at(frame.centre, frame.lowest)
    lines.append(line(*top, *base, stroke=DIAMOND, stroke_width=1.3))
    lines += [
        line(
            *top,
            *frame.at(frame.centre + side, frame.lowest),
            stroke=DIAMOND,
            stroke_width=1.3,
            stroke_dasharray=DASHES,
        )
        for side in (-frame.reach, frame.reach)
    ]
    return lines


def _points(plot: FunnelPlot, frame: _Frame) -> list[str]:
    drawn = []
    for point in plot.points:
        x, y = frame.at(plot.place(point.estimate), point.se)
        drawn.append(_mark(x, y, point.imputed, element("title", clean(point.label))))
    return drawn


def _mark(x: float, y: float, imputed: bool, *children: str) -> str:
    fill = "#ffffff" if imputed else SQUARE
    return element(
        "circle", *children, cx=x, cy=y, r=4.7, fill=fill, stroke=INK, stroke_width=0.9, class_="point"
    )


def _axes(plot: FunnelPlot, frame: _Frame) -> list[str]:
    """Draw the two axes with ticks and titles, the open frame of a journal."""
    left, right, bottom = frame.left, frame.right, frame.bottom
    ends = (math.exp(frame.low), math.exp(frame.high)) if plot.log else (frame.low, frame.high)
    parts = [
        line(left, frame.top, left, bottom, stroke=INK, stroke_width=0.9),
        line(left, bottom, right, bottom, stroke=INK, stroke_width=0.9),
    ]
    for value in log_ticks(*ends, 10) if plot.log else linear_ticks(*ends, 7):
        x, _ = frame.at(plot.place(value), 0)
        parts.append(line(x, bottom, x, bottom + 5, stroke=INK, stroke_width=0.9))
        parts.append(text(x, bottom + 19, tick_label(value), text_anchor="middle", font_size=12))
    for value in linear_ticks(0, frame.lowest, 6):
        _, y = frame.at(frame.low, value)
        parts.append(line(left - 5, y, left, y, stroke=INK, stroke_width=0.9))
        parts.append(text(left - 9, y + 4, tick_label(value), text_anchor="end", font_size=12))
    middle = (frame.top + bottom) / 2
    parts.append(text((left + right) / 2, bottom + 40, plot.axis_title, text_anchor="middle"))
    turned = f"rotate(-90 18 {middle:.2f})"
    parts.append(text(18, middle, plot.se_title, text_anchor="middle", transform=turned))
    return parts


def _legend(plot: FunnelPlot) -> list[str]:
    """Name the marks, and below them the shades."""
    marks: list[tuple[str, str]] = []
    for imputed, label in ((False, "Study"), (True, "Filled in")):
        if any(point.imputed is imputed for point in plot.points):
            marks.append((_mark(0, 0, imputed), label))
    if plot.summary is not None:
        marks.append((line(-11, 0, 11, 0, stroke=DIAMOND, stroke_width=1.3), "Pooled estimate"))
        limits = f"{100 * plot.level:g} % pseudo confidence limits"
        marks.append((line(-11, 0, 11, 0, stroke=DIAMOND, stroke_width=1.3, stroke_dasharray=DASHES), limits))
    rows = [marks]
    if plot.contours:
        shades = [("#ffffff", "P > 0.10"), *((shade, label) for _, shade, label in CONTOURS)]
        rows.append([(_swatch(shade), label) for shade, label in shades])
    first = HEIGHT - 16.0 - 24.0 * (len(rows) - 1)
    return [part for index, row in enumerate(rows) for part in _legend_row(row, first + 24.0 * index)]


def _swatch(shade: str) -> str:
    return element("rect", x=-9, y=-6, width=18, height=12, fill=shade, stroke=MUTED, stroke_width=0.6)


def _legend_row(entries: list[tuple[str, str]], y: float) -> list[str]:
    """Centre a row of marks with their words below the plot."""
    sign, gap = 30.0, 20.0
    widths = [sign + text_width(label, 12) for _, label in entries]
    x = (_Frame.left + _Frame.right - sum(widths) - gap * (len(widths) - 1)) / 2
    parts = []
    for (mark, label), width in zip(entries, widths, strict=True):
        parts.append(element("g", mark, transform=f"translate({x + 11:.2f} {y - 4:.2f})"))
        parts.append(text(x + sign, y, label, font_size=12))
        x += width + gap
    return parts
