"""Plots of influence: Baujat, and the pooled effects of all subsets (GOSH)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.figures.chart import axis, chart_svg, rows
from evergrove.figures.colours import DIAMOND, SQUARE
from evergrove.figures.figure import Figure
from evergrove.stats.arrays import column, row_labels, same_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.figures.chart import Spec
    from evergrove.stats.arrays import BoolArray, FloatArray

#: Cells of the density of a GOSH plot, across and up.
CELLS = (90, 60)
#: Studies of a Baujat plot that are named: those furthest to the upper right.
MOST_NAMED = 8
#: More subsets than this are drawn as a density instead of points.
MOST_POINTS = 3000


def baujat_plot(
    contribution: ArrayLike,
    influence: ArrayLike,
    *,
    labels: Sequence[str] | None = None,
    x_title: str = "Contribution to heterogeneity (squared Pearson residual)",
    y_title: str = "Influence on the pooled effect",
    title: str = "Baujat plot",
) -> Figure:
    """Draw each study's contribution to heterogeneity against its influence on the result.

    Parameters
    ----------
    contribution, influence : array-like, shape (k,)
        The columns of `baujat`.
    labels : sequence of str or None
        Names of the studies; None numbers them from 1.
    x_title, y_title, title : str
        Words of the axes, and what the figure shows.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        For columns of different length, labels of another number or numbers that are not finite.

    Notes
    -----
    A study far to the right and up is worth reading again; the mark is no reason to leave it out.

    References
    ----------
    [Baujat2002].

    Examples
    --------
    >>> baujat_plot([0.1, 2.0], [0.01, 0.4]).title
    'Baujat plot'
    """
    x, y = column("contribution", contribution), column("influence", influence)
    k = same_length({"contribution": x, "influence": y})
    names = [str(row + 1) for row in range(k)] if labels is None else list(row_labels(labels, None, k))
    data = {"values": rows(x=x.tolist(), y=y.tolist(), study=names)}
    across, up = axis("x", x_title), axis("y", y_title)
    points: Spec = {
        "data": data,
        "mark": {"type": "point", "filled": True, "color": SQUARE, "size": 50, "opacity": 1},
        "encoding": {"x": across, "y": up},
    }
    outstanding = np.argsort(-(x / (x.max() or 1.0) + y / (y.max() or 1.0)), kind="stable")[:MOST_NAMED]
    words: Spec = {
        "data": {"values": [data["values"][row] for row in outstanding]},
        "mark": {"type": "text", "dx": 7, "dy": -7, "align": "left", "fontSize": 11},
        "encoding": {"x": across, "y": up, "text": {"field": "study"}},
    }
    desc = f"{k} studies; those at the upper right both disagree and move the result."
    return Figure(chart_svg([points, words], title, desc), title)


def gosh_plot(
    estimate: ArrayLike,
    i2: ArrayLike,
    *,
    marked: ArrayLike | None = None,
    x_title: str = "Pooled effect of the subset",
    y_title: str = "I² (%)",
    title: str = "GOSH plot",
) -> Figure:
    """Draw the pooled effects of many subsets of the studies against their heterogeneity.

    Parameters
    ----------
    estimate, i2 : array-like, shape (m,)
        Pooled effect and I² (percent) of each subset: the columns of `gosh`. Subsets with NaN are left
        out and counted.
    marked : array-like of bool, shape (m,), or None
        Subsets to colour: those that hold one study, for example. Given, points are drawn, at most 3000.
    x_title, y_title, title : str
        Words of the axes, and what the figure shows.

    Returns
    -------
    Figure
        More than 3000 subsets are drawn as a density, darker where there are more.

    Raises
    ------
    DataError
        For columns of different length, or no finite row.

    References
    ----------
    [Olkin2012].

    Examples
    --------
    >>> gosh_plot([0.1, 0.2, 0.3], [0.0, 20.0, 40.0]).title
    'GOSH plot'
    """
    x, y = column("estimate", estimate), column("i2", i2)
    flags = np.zeros(x.size, dtype=bool) if marked is None else column("marked", marked) > 0
    same_length({"estimate": x, "i2": y, "marked": flags.astype(np.float64)})
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        raise DataError("gosh_plot: found no finite subset; allowed: one or more; check the fits")
    x, y, flags = x[known], y[known], flags[known]
    across, up = axis("x", x_title), axis("y", y_title)
    if x.size <= MOST_POINTS or flags.any():
        layer = _points(x, y, flags, across, up)
    else:
        layer = _density(x, y, x_title, y_title)
    left_out = int((~known).sum())
    desc = f"{x.size} subsets" + (f"; {left_out} that could not be fitted are left out." if left_out else ".")
    return Figure(chart_svg([layer], title, desc), title)


def _points(x: FloatArray, y: FloatArray, flags: BoolArray, across: Spec, up: Spec) -> Spec:
    kept = np.linspace(0, x.size - 1, min(x.size, MOST_POINTS)).astype(int)
    kinds = ["marked" if flag else "other" for flag in flags[kept]]
    return {
        "data": {"values": rows(x=x[kept].tolist(), y=y[kept].tolist(), kind=kinds)},
        "mark": {"type": "point", "filled": True, "size": 12, "opacity": 0.5},
        "encoding": {
            "x": across,
            "y": up,
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": ["other", "marked"], "range": [SQUARE, "#b5502a"]},
                "legend": {"title": None} if flags.any() else None,
            },
        },
    }


def _density(x: FloatArray, y: FloatArray, x_title: str, y_title: str) -> Spec:
    counts, across, up = np.histogram2d(x, y, bins=CELLS)
    column_at, row_at = np.nonzero(counts)
    return {
        "data": {
            "values": rows(
                x=across[column_at].tolist(),
                x2=across[column_at + 1].tolist(),
                y=up[row_at].tolist(),
                y2=up[row_at + 1].tolist(),
                subsets=counts[column_at, row_at].tolist(),
            )
        },
        "mark": {"type": "rect", "stroke": None},
        "encoding": {
            "x": axis("x", x_title),
            "x2": {"field": "x2"},
            "y": axis("y", y_title),
            "y2": {"field": "y2"},
            "color": {
                "field": "subsets",
                "type": "quantitative",
                "title": "Subsets",
                "scale": {"type": "log", "range": ["#dbe6e6", DIAMOND]},
            },
        },
    }
