"""The normal QQ plot of residuals, within its envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.figures.chart import RULE, axis, chart_svg, line_layer, polyline, rows
from evergrove.figures.colours import DIAMOND, SQUARE
from evergrove.figures.figure import Figure
from evergrove.stats.influence.residual_quantiles import ResidualQuantiles
from evergrove.stats.result import wanted_result

if TYPE_CHECKING:
    from evergrove.figures.chart import Spec
    from evergrove.stats.arrays import FloatArray

#: Width and height, in CSS pixels.
PLOT = (460.0, 400.0)
#: Studies outside the envelope that are named: those furthest from the line.
MOST_NAMED = 5
#: The axes reach so far beyond the last mark, as a share of their length.
MARGIN = 0.06


def qq_plot(
    found: ResidualQuantiles,
    *,
    x_title: str = "Normal quantile",
    y_title: str | None = None,
    title: str = "Normal QQ plot",
) -> Figure:
    """Draw standardised residuals against normal quantiles, with the line of equality and the envelope.

    Parameters
    ----------
    found : ResidualQuantiles
        The numbers: `residual_quantiles`.
    x_title, y_title : str or None
        Words of the axes; None names the residuals.
    title : str
        What the figure shows.

    Returns
    -------
    Figure
        The five studies furthest outside the envelope are named.

    Raises
    ------
    UsageError
        For anything but these numbers.

    Notes
    -----
    Not for a handful of studies: the envelope is then so wide that nothing shows.

    References
    ----------
    [Wang1998].

    Examples
    --------
    >>> from evergrove.stats import pool, residual_quantiles
    >>> qq_plot(residual_quantiles(pool([0.1, 0.2, 0.9], [0.05] * 3), rng=1)).title
    'Normal QQ plot'
    """
    found = wanted_result("found", found, ResidualQuantiles)
    low, high = found.envelope_low, found.envelope_high
    limits = [found.residual] if low is None or high is None else [found.residual, low, high]
    up_ends = _ends(np.concatenate([*limits, found.quantile]))
    across_ends = _ends(found.quantile)
    across = axis("x", x_title, *across_ends)
    up = axis("y", y_title or f"{found.kind.capitalize()} residual", *up_ends)
    layers: list[Spec] = [line_layer(polyline([(end, end) for end in across_ends]), across, up, **RULE)]
    order = np.argsort(found.quantile)
    for limit in limits[1:]:
        line = polyline(zip(found.quantile[order].tolist(), limit[order].tolist(), strict=True))
        layers.append(line_layer(line, across, up, color=DIAMOND, strokeWidth=1.5, strokeDash=[5, 4]))
    points = rows(x=found.quantile.tolist(), y=found.residual.tolist(), study=list(found.labels))
    layers.append(
        {
            "data": {"values": points},
            "mark": {"type": "point", "filled": True, "color": SQUARE, "size": 50, "opacity": 1},
            "encoding": {"x": across, "y": up},
        }
    )
    outside = np.flatnonzero(found.outside)
    furthest = np.argsort(-np.abs(found.residual - found.quantile)[outside], kind="stable")
    for left in (True, False):
        named = [points[row] for row in outside[furthest[:MOST_NAMED]] if (found.quantile[row] < 0) == left]
        if named:
            layers.append(_names(named, across, up, left=left))
    within = "" if low is None else f"; {outside.size} outside the {100 * found.level:g} % envelope"
    desc = f"{found.residual.size} {found.kind} residuals by the normal quantiles of their ranks{within}."
    return Figure(chart_svg(layers, title, desc, width=PLOT[0], height=PLOT[1]), title)


def _names(points: list[dict[str, object]], across: Spec, up: Spec, *, left: bool) -> Spec:
    """Return the names of points of the left or right half, on the side away from the end of the axis."""
    mark = {"dx": 8, "align": "left"} if left else {"dx": -8, "align": "right"}
    return {
        "data": {"values": points},
        "mark": {"type": "text", "fontSize": 11, **mark},
        "encoding": {"x": across, "y": up, "text": {"field": "study"}},
    }


def _ends(values: FloatArray) -> tuple[float, float]:
    """Return the ends of an axis that shows all values."""
    low, high = float(values.min()), float(values.max())
    room = MARGIN * (high - low or 1.0)
    return low - room, high + room
