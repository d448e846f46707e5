"""Funnel plots: each study's estimate against its standard error, the surest studies on top."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from evergrove.errors import DataError
from evergrove.report.figures.axis import linear_ticks, log_ticks, tick_label
from evergrove.report.figures.colours import DIAMOND, INK, MUTED, SQUARE
from evergrove.report.figures.forest_data import Scale
from evergrove.report.figures.matplotlib_figure import drawing, figure_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

WIDTH, HEIGHT = 640.0, 480.0
#: Two-sided p of the contours, and the shade between each and the next; grey darkens with significance.
CONTOURS = (
    (0.10, "#eaeff0", "0.05 < p < 0.10"),
    (0.05, "#d6dfe2", "0.01 < p < 0.05"),
    (0.01, "#bdcbd0", "p < 0.01"),
)


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
    lowest = 1.08 * max(point.se for point in plot.points)
    low, high = _ends(plot, lowest)
    bottom = 0.245 if plot.contours else 0.195
    with drawing(WIDTH, HEIGHT) as figure:
        axes = figure.add_axes((0.105, bottom, 0.87, 0.97 - bottom))
        axes.set_xlim(low, high)
        axes.set_ylim(lowest, 0)
        shades = _draw_contours(plot, axes, lowest, (low, high)) if plot.contours else []
        marks = [*_draw_points(plot, axes), *_draw_region(plot, axes, lowest)]
        for handles, y in ((marks, 0.05 if shades else 0.0), (shades, 0.0)):
            if handles:
                figure.legend(
                    handles=handles,
                    loc="lower center",
                    bbox_to_anchor=(0.54, y),
                    ncols=4,
                    frameon=False,
                    fontsize=12,
                    columnspacing=1.5,
                )
        _dress(plot, axes)
        return figure_svg(figure, plot.title, plot.desc)


def _null(plot: FunnelPlot) -> float:
    if plot.null is None:
        return 0.0
    return plot.place(plot.null)


def _ends(plot: FunnelPlot, lowest: float) -> tuple[float, float]:
    """Return the ends of the axis: all points, and the pseudo confidence region at its base."""
    z = NormalDist().inv_cdf((1 + plot.level) / 2)
    xs = [plot.place(point.estimate) for point in plot.points]
    centre = plot.place(plot.summary) if plot.summary is not None else _null(plot)
    xs += [centre - z * lowest, centre + z * lowest, _null(plot)]
    pad = 0.04 * (max(xs) - min(xs))
    return min(xs) - pad, max(xs) + pad


def _draw_contours(plot: FunnelPlot, axes: Axes, lowest: float, ends: tuple[float, float]) -> list[Patch]:
    """Shade where an estimate differs from the null at each level; return what the legend shows."""
    from matplotlib.patches import Patch  # noqa: PLC0415 - see matplotlib_figure

    null = _null(plot)
    handles = [Patch(facecolor="#ffffff", edgecolor=MUTED, linewidth=0.6, label="p > 0.10")]
    for p_value, shade, label in CONTOURS:
        reach = NormalDist().inv_cdf(1 - p_value / 2) * lowest
        axes.fill([null, null - reach, ends[0], ends[0]], [0, lowest, lowest, 0], color=shade, linewidth=0)
        axes.fill([null, null + reach, ends[1], ends[1]], [0, lowest, lowest, 0], color=shade, linewidth=0)
        handles.append(Patch(facecolor=shade, edgecolor=MUTED, linewidth=0.6, label=label))
    return handles


def _draw_region(plot: FunnelPlot, axes: Axes, lowest: float) -> list[Line2D]:
    """Draw the line at the null, and the summary with its pseudo confidence region."""
    axes.plot([_null(plot)] * 2, [0, lowest], color=INK, linewidth=0.9)
    if plot.summary is None:
        return []
    centre = plot.place(plot.summary)
    reach = NormalDist().inv_cdf((1 + plot.level) / 2) * lowest
    return [
        *axes.plot([centre, centre], [0, lowest], color=DIAMOND, linewidth=1.3, label="Pooled estimate"),
        *axes.plot(
            [centre - reach, centre, centre + reach],
            [lowest, 0, lowest],
            color=DIAMOND,
            linewidth=1.3,
            linestyle=(0, (5, 3)),
            label=f"{100 * plot.level:g}% pseudo confidence limits",
        ),
    ]


def _draw_points(plot: FunnelPlot, axes: Axes) -> list[Line2D]:
    drawn = []
    for imputed, fill, label in ((False, SQUARE, "Study"), (True, "#ffffff", "Filled in")):
        chosen = [point for point in plot.points if point.imputed is imputed]
        if chosen:
            drawn += axes.plot(
                [plot.place(point.estimate) for point in chosen],
                [point.se for point in chosen],
                linestyle="none",
                marker="o",
                markersize=7,
                markerfacecolor=fill,
                markeredgecolor=INK,
                markeredgewidth=0.9,
                zorder=3,
                label=label,
            )
    return drawn


def _dress(plot: FunnelPlot, axes: Axes) -> None:
    """Put ticks, titles and the open frame of a journal on the axes."""
    low, high = axes.get_xlim()
    ticks = log_ticks(math.exp(low), math.exp(high), 10) if plot.log else linear_ticks(low, high, 7)
    axes.set_xticks([plot.place(value) for value in ticks], [tick_label(value) for value in ticks])
    heights = linear_ticks(0, axes.get_ylim()[0], 6)
    axes.set_yticks(heights, [tick_label(value) for value in heights])
    axes.tick_params(labelsize=12, color=INK, labelcolor=INK, length=5)
    axes.set_xlabel(plot.axis_title, fontsize=13, color=INK, labelpad=6)
    axes.set_ylabel(plot.se_title, fontsize=13, color=INK, labelpad=6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
