"""Plots of whole distributions: drapery (p-value functions) and rainforest (likelihoods)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.figures.chart import NULL, axis, chart_svg, line_layer, polyline, row_words, rows
from evergrove.figures.colours import DIAMOND, FAINT, INK, PREDICTION, SQUARE
from evergrove.figures.figure import Figure
from evergrove.stats.display.shown import shown
from evergrove.stats.distributions import two_sided_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.figures.chart import Spec
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.display.shown import Shown
    from evergrove.stats.pool_result import PoolResult

CURVE_POINTS = 301
DROP_POINTS = 61
#: Half the height of the highest drop, as a share of a row.
DROP = 0.42


def _p_curve(effects: FloatArray, centre: float, se: float, df: float | None) -> FloatArray:
    """Return the two-sided p value of each effect as null hypothesis."""
    z = -np.abs(effects - centre) / se
    tail = special.ndtr(z) if df is None else special.stdtr(df, z)
    return np.asarray(2.0 * tail)


def _range(what: Shown, fit: PoolResult, width: float) -> tuple[float, float]:
    """Return the ends of the axis: all effects, and what lies within `width` standard errors of them."""
    reach = width * np.sqrt(what.vi)
    middle = float(np.median(reach))
    low = float(np.max([(what.yi - reach).min(), what.yi.min() - 3 * middle]))
    high = float(np.min([(what.yi + reach).max(), what.yi.max() + 3 * middle]))
    return min(low, fit.ci_low), max(high, fit.ci_high)


def drapery_plot(
    fit: PoolResult, *, labels: Sequence[str] | None = None, title: str = "Drapery plot"
) -> Figure:
    """Draw the p-value function of each study, of the pooled effect and of the prediction.

    Parameters
    ----------
    fit : PoolResult
        The pooled effects.
    labels : sequence of str or None
        Names of the studies.
    title : str
        What the figure shows.

    Returns
    -------
    Figure
        The width of a curve at height p is the 1 - p confidence interval; so every level can be read, not
        95 % alone.

    Raises
    ------
    DataError
        Where no study has an effect.

    References
    ----------
    [Rucker2021].

    Examples
    --------
    >>> from evergrove.stats import pool
    >>> drapery_plot(pool([-0.9, -1.6, -0.3], [0.3, 0.2, 0.1], measure="RR")).title
    'Drapery plot'
    """
    what = shown(fit, labels)
    low, high = _range(what, fit, 3.0)
    ends = what.place(low), what.place(high)
    x = axis("x", what.axis_title, *ends, log=what.log)
    y = axis("y", "p value", 0.0, 1.0)

    def curve(centre: float, se: float, df: float | None, name: str) -> list[dict[str, object]]:
        effects = np.union1d(np.linspace(low, high, CURVE_POINTS), [centre])
        points = zip(what.places(effects).tolist(), _p_curve(effects, centre, se, df).tolist(), strict=True)
        return polyline(points, name)

    studies = [
        record
        for row, name in enumerate(what.labels)
        for record in curve(float(what.yi[row]), math.sqrt(float(what.vi[row])), None, f"{row} {name}")
    ]
    layers = [
        line_layer(polyline([(ends[0], 0.05), (ends[1], 0.05)]), x, y, **NULL),
        line_layer(studies, x, y, color=SQUARE, strokeWidth=1, opacity=0.8),
    ]
    if fit.prediction_low is not None and fit.prediction_high is not None:
        half = (fit.prediction_high - fit.prediction_low) / 2.0
        spread = half / two_sided_quantile(fit.level, fit.prediction_df)
        drawn = curve(fit.estimate, spread, fit.prediction_df, "prediction")
        layers.append(line_layer(drawn, x, y, color=PREDICTION, strokeWidth=2, strokeDash=[6, 4]))
    pooled = curve(fit.estimate, fit.se, fit.df, "pooled")
    layers.append(line_layer(pooled, x, y, color=DIAMOND, strokeWidth=3))
    if low < 0.0 < high:
        layers.append(line_layer(polyline([(what.null, 0.0), (what.null, 1.0)]), x, y, **NULL))
    desc = (
        f"p-value functions of {len(what.labels)} studies (thin), the pooled effect (thick) and the "
        f"prediction (dashed); pooled {what.place(fit.estimate):.3g}."
    )
    return Figure(chart_svg(layers, title, desc, width=600, height=380), title)


def rainforest_plot(
    fit: PoolResult, *, labels: Sequence[str] | None = None, title: str = "Rainforest plot"
) -> Figure:
    """Draw each study as a raindrop: its likelihood within the interval, as high as its weight.

    Parameters
    ----------
    fit : PoolResult
        The pooled effects.
    labels : sequence of str or None
        Names of the studies.
    title : str
        What the figure shows.

    Returns
    -------
    Figure
        A drop spans the confidence interval; its outline is the normal log-likelihood, so that the most
        plausible values are thickest; heights are proportional to the weights. The pooled effect stands
        below.

    Raises
    ------
    DataError
        Where no study has an effect.

    References
    ----------
    [Schild2015]; [Barrowman2003].

    Examples
    --------
    >>> from evergrove.stats import pool
    >>> rainforest_plot(pool([-0.9, -1.6, -0.3], [0.3, 0.2, 0.1], measure="RR")).title
    'Rainforest plot'
    """
    what = shown(fit, labels)
    k = len(what.labels)
    names = [*what.labels, f"{fit.model.capitalize()} effect"]
    heights = DROP * what.weights / float(what.weights.max())
    centres, errors = [*what.yi.tolist(), fit.estimate], [*np.sqrt(what.vi).tolist(), fit.se]
    spans = [what.interval(row) for row in range(k)] + [(fit.ci_low, fit.ci_high)]
    tall = [*heights.tolist(), DROP]
    drops: list[dict[str, object]] = []
    for row, (centre, se, (low, high), height) in enumerate(zip(centres, errors, spans, tall, strict=True)):
        effects = np.linspace(low, high, DROP_POINTS)
        limit = max(((high - centre) / se) ** 2, 1e-12)
        thick = height * (1.0 - ((effects - centre) / se) ** 2 / limit)
        drops += rows(
            x=what.places(effects).tolist(),
            low=(row + 1 - thick).tolist(),
            high=(row + 1 + thick).tolist(),
            drop=[row] * DROP_POINTS,
            kind=["pooled" if row == k else "study"] * DROP_POINTS,
        )
    ends = what.place(min(low for low, _ in spans)), what.place(max(high for _, high in spans))
    x = axis("x", what.axis_title, *ends, log=what.log)
    labelled = {
        "values": list(range(1, k + 2)),
        "labelExpr": row_words(names),
        "ticks": False,
        "domain": False,
    }
    y = axis("low", "", k + 1.7, 0.3, axis={**labelled, "labelLimit": 220})
    areas: Spec = {
        "data": {"values": drops},
        "mark": {"type": "area", "line": False},
        "encoding": {
            "x": x,
            "y": y,
            "y2": {"field": "high"},
            "detail": {"field": "drop", "type": "nominal"},
            "color": {
                "field": "kind",
                "type": "nominal",
                "legend": None,
                "scale": {"domain": ["study", "pooled"], "range": [SQUARE, DIAMOND]},
            },
        },
    }
    marks: Spec = {
        "data": {
            "values": rows(
                x=[what.place(value) for value in centres], low=[float(r + 1) for r in range(k + 1)]
            )
        },
        "mark": {"type": "tick", "orient": "vertical", "color": INK, "thickness": 1.5, "size": 10},
        "encoding": {"x": x, "y": y},
    }
    up = {**y, "field": "y"}
    null = polyline([(what.null, k + 1.7), (what.null, 0.3)])
    base = [line_layer(null, x, up, color=FAINT, strokeWidth=1.5)] if ends[0] < what.null < ends[1] else []
    desc = f"{k} studies as raindrops and the pooled effect {what.place(fit.estimate):.3g}."
    return Figure(chart_svg([*base, areas, marks], title, desc, width=480, height=26 * (k + 2)), title)
