"""The funnel plot and the radial plot: effects by their precision."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.figures.chart import NULL, axis, chart_svg, line_layer, polyline, rows
from evergrove.figures.colours import DIAMOND, SQUARE
from evergrove.figures.figure import Figure
from evergrove.figures.forest_data import Scale
from evergrove.figures.funnel import FunnelPlot, FunnelPoint, funnel_svg
from evergrove.stats.arrays import checked_level, column
from evergrove.stats.display.shown import shown
from evergrove.stats.distributions import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.figures.chart import Spec
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.display.shown import Shown
    from evergrove.stats.pool_result import PoolResult

#: Ticks of the arc of a radial plot.
ARC_TICKS = 7
ARC_POINTS = 60
#: Width and height of a radial plot, in CSS pixels.
PLOT = (480.0, 420.0)


def funnel_plot(
    fit: PoolResult,
    *,
    labels: Sequence[str] | None = None,
    filled: Sequence[bool] | None = None,
    contours: bool = True,
    title: str = "Funnel plot",
) -> Figure:
    """Draw effects against their standard errors, with contours of significance.

    Parameters
    ----------
    fit : PoolResult
        The pooled effects.
    labels : sequence of str or None
        Names of the studies.
    filled : sequence of bool or None
        Which rows were filled in (trim and fill); drawn hollow.
    contours : bool
        Shade where p is below 0.10, 0.05 and 0.01 (Peters 2008): asymmetry outside them speaks against a
        mere lack of significant studies.
    title : str
        What the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        Where no study has an effect, or `filled` has another length.

    Notes
    -----
    Not for fewer than ten studies: asymmetry cannot be told from chance (Sterne et al., BMJ 343 (2011)
    d4002).

    References
    ----------
    [Light1984]; [Peters2008].

    Examples
    --------
    >>> from evergrove.stats import pool
    >>> funnel_plot(pool([-0.9, -1.6, -0.3], [0.3, 0.2, 0.1], measure="RR")).title
    'Funnel plot'
    """
    what = shown(fit, labels)
    hollow = [False] * len(what.labels) if filled is None else (column("filled", filled) > 0).tolist()
    if len(hollow) != len(what.labels):
        raise DataError(
            f"filled: found {len(hollow)}; allowed: one per study, here {len(what.labels)}; pass as many"
        )
    points = tuple(
        FunnelPoint(name, what.place(float(y)), math.sqrt(float(v)), imputed=mark)
        for name, y, v, mark in zip(what.labels, what.yi, what.vi, hollow, strict=True)
    )
    plot = FunnelPlot(
        title,
        f"{len(points)} studies by effect and standard error; pooled {what.place(fit.estimate):.3g}.",
        points,
        summary=what.place(fit.estimate),
        scale=Scale.LOG if what.log else Scale.LINEAR,
        axis_title=what.axis_title,
        contours=contours,
        level=fit.level,
    )
    return Figure(funnel_svg(plot), title)


def radial_plot(
    fit: PoolResult,
    *,
    labels: Sequence[str] | None = None,
    level: float | None = None,
    title: str = "Radial plot",
) -> Figure:
    """Draw standardised effects against their precision (Galbraith plot).

    Parameters
    ----------
    fit : PoolResult
        The pooled effects; their tau² enters the precision, as in metafor's ``radial``.
    labels : sequence of str or None
        Names of the studies.
    level : float or None
        Of the band around the line; None is the level of the fit.
    title : str
        What the figure shows.

    Returns
    -------
    Figure
        A line from the origin to a point reads off that study's effect on the arc at the right.

    Raises
    ------
    DataError
        Where no study has an effect.

    References
    ----------
    [Galbraith1988b]; [Galbraith1988a].

    Examples
    --------
    >>> from evergrove.stats import pool
    >>> radial_plot(pool([-0.9, -1.6, -0.3], [0.3, 0.2, 0.1], measure="RR")).title
    'Radial plot'
    """
    what = shown(fit, labels)
    z = normal_quantile(fit.level if level is None else checked_level(level))
    spread = np.sqrt(what.vi + (fit.tau2 or 0.0))
    x, y = 1.0 / spread, what.yi / spread
    reach = 1.3 * float(x.max())
    ends = [*y, z + reach * fit.estimate, reach * fit.estimate - z, 3.0, -3.0]
    low, high = 1.08 * min(ends), 1.08 * max(ends)
    precision = axis("x", "1 / √(v + τ²)" if fit.tau2 else "1 / √v", 0.0, 1.24 * reach)
    standardised = axis("y", "Standardised effect", low, high)
    band: Spec = {
        "data": {
            "values": rows(
                x=[0.0, reach], low=[-z, reach * fit.estimate - z], high=[z, reach * fit.estimate + z]
            )
        },
        "mark": {"type": "area", "color": "#eaeff0", "clip": True},
        "encoding": {
            "x": precision,
            "y": axis("low", "Standardised effect", low, high),
            "y2": {"field": "high"},
        },
    }
    points: Spec = {
        "data": {"values": rows(x=x.tolist(), y=y.tolist(), study=list(what.labels))},
        "mark": {
            "type": "point",
            "filled": True,
            "color": SQUARE,
            "size": 60,
            "stroke": "#1a1a1a",
            "opacity": 1,
        },
        "encoding": {"x": precision, "y": standardised},
    }
    layers = [
        band,
        line_layer(
            polyline([(0, 0), (reach, reach * fit.estimate)]),
            precision,
            standardised,
            color=DIAMOND,
            strokeWidth=1.6,
        ),
        line_layer(polyline([(0, 0), (1.24 * reach, 0)]), precision, standardised, **NULL),
        points,
        *_arc(what, reach, high - low, precision, standardised),
    ]
    desc = f"{len(what.labels)} studies by precision; the slope of the line is the pooled effect."
    return Figure(chart_svg(layers, title, desc, width=PLOT[0], height=PLOT[1]), title)


def _arc(what: Shown, reach: float, height: float, precision: Spec, standardised: Spec) -> list[Spec]:
    """Return the scale of effects at the right: points as far from the origin as the plot is wide."""
    slope = (height / PLOT[1]) / (1.24 * reach / PLOT[0])  # of a line that rises one pixel per pixel

    def at(effects: FloatArray, distance: float) -> list[tuple[float, float]]:
        xs = distance * reach / np.sqrt(1.0 + (effects / slope) ** 2)
        return list(zip(xs.tolist(), (xs * effects).tolist(), strict=True))

    low, high = float(what.yi.min()), float(what.yi.max())
    ticks = np.linspace(low, high, ARC_TICKS if high > low else 1)
    places = at(ticks, 1.13)
    labels = [f"{value:.2f}".replace("-", "−") for value in what.places(ticks)]
    arc = polyline(at(np.linspace(low, high, ARC_POINTS), 1.08), "arc")
    short = [
        record
        for row, (start, end) in enumerate(zip(at(ticks, 1.08), at(ticks, 1.10), strict=True))
        for record in polyline([start, end], str(row))
    ]
    words: Spec = {
        "data": {"values": rows(x=[x for x, _ in places], y=[y for _, y in places], label=labels)},
        "mark": {"type": "text", "align": "left", "fontSize": 11},
        "encoding": {"x": precision, "y": standardised, "text": {"field": "label"}},
    }
    return [line_layer([*arc, *short], precision, standardised, color="#1a1a1a", strokeWidth=1), words]
