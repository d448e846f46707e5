"""Effects against a moderator (bubble plot) and by group (orchard plot)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.figures.chart import NULL, axis, chart_svg, line_layer, polyline, row_words, rows
from evergrove.figures.colours import DIAMOND, INK, SQUARE
from evergrove.figures.figure import Figure
from evergrove.stats.arrays import column, effects_and_variances, refuse_rows, row_labels, same_length
from evergrove.stats.display.shown import shown
from evergrove.stats.options import Scale
from evergrove.stats.result import wanted_result
from evergrove.stats.scales import back_transform, scale_of
from evergrove.stats.subgroup import Subgroups

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike

    from evergrove.figures.chart import Spec
    from evergrove.stats.arrays import FloatArray

#: Half the height over which the points of a group are spread, as a share of a row.
SPREAD = 0.32
CURVE_COLUMNS = ("x", "estimate", "ci_low", "ci_high")


def bubble_plot(
    x: ArrayLike,
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    curve: Mapping[str, ArrayLike] | None = None,
    measure: str | None = None,
    x_title: str = "Moderator",
    labels: Sequence[str] | None = None,
    title: str = "Bubble plot",
) -> Figure:
    """Draw effects against a moderator, with the regression line and its interval.

    Parameters
    ----------
    x : array-like, shape (k,)
        The moderator.
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances.
    curve : mapping of str to array-like, shape (m,), or None
        The line to draw: ``x``, ``estimate``, ``ci_low``, ``ci_high`` (rising in x, pooling scale), and,
        where wanted, ``prediction_low`` and ``prediction_high``; the columns of a meta-regression's
        prediction.
    measure : EffectMeasure, str or None
        Decides the scale that is printed.
    x_title, title : str
        Words under the axis, and what the figure shows.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    Figure
        Circles have an area in proportion to 1 / v.

    Raises
    ------
    DataError
        For columns of different length or numbers that cannot be.

    Notes
    -----
    A trend across studies is observational, whatever the studies are (Thompson & Higgins, Stat Med 21
    (2002) 1559).

    Examples
    --------
    >>> bubble_plot([44, 55, 42], [-0.9, -1.6, -0.3], [0.3, 0.2, 0.1], measure="RR", x_title="Latitude").title
    'Bubble plot'
    """
    effects, variances = effects_and_variances(yi, vi)
    moderator = column("x", x)
    k = same_length({"x": moderator, "yi": effects})
    refuse_rows("x", moderator, ~np.isfinite(moderator), allowed="finite", todo="leave the study out")
    log = scale_of(measure) is Scale.LOG

    def place(values: ArrayLike) -> FloatArray:
        return np.asarray(back_transform(values, measure))

    name = measure or "Effect"
    across = axis("x", x_title)
    up = axis("y", f"{name} (log scale)" if log else name, log=log)
    points: Spec = {
        "data": {
            "values": rows(
                x=moderator.tolist(),
                y=place(effects).tolist(),
                weight=(1.0 / variances).tolist(),
                study=list(row_labels(labels, None, k)),
            )
        },
        "mark": {
            "type": "point",
            "filled": True,
            "color": SQUARE,
            "opacity": 0.75,
            "stroke": INK,
            "strokeWidth": 0.8,
        },
        "encoding": {
            "x": across,
            "y": up,
            "size": {
                "field": "weight",
                "type": "quantitative",
                "legend": None,
                "scale": {"range": [15, 700]},
            },
        },
    }
    layers = [*(_curve_layers(curve, place, across, up) if curve is not None else []), points]
    null = 1.0 if log else 0.0
    ends = float(moderator.min()), float(moderator.max())
    layers.insert(0, line_layer(polyline([(ends[0], null), (ends[1], null)]), across, up, **NULL))
    desc = f"{k} studies: {name} against {x_title}."
    return Figure(chart_svg(layers, title, desc), title)


def _curve_layers(
    curve: Mapping[str, ArrayLike], place: Callable[[ArrayLike], FloatArray], across: Spec, up: Spec
) -> list[Spec]:
    missing = [name for name in CURVE_COLUMNS if name not in curve]
    if missing:
        raise DataError(
            f"curve: found no {', '.join(missing)}; allowed: {', '.join(CURVE_COLUMNS)}, and "
            "prediction_low with prediction_high; give the columns of a prediction"
        )
    columns = {name: column(name, values) for name, values in curve.items()}
    same_length(columns)
    x = columns["x"].tolist()
    band: Spec = {
        "data": {
            "values": rows(x=x, y=place(columns["ci_low"]).tolist(), high=place(columns["ci_high"]).tolist())
        },
        "mark": {"type": "area", "color": "#d6dfe2", "opacity": 0.8},
        "encoding": {"x": across, "y": up, "y2": {"field": "high"}},
    }
    layers = [band]
    for name in ("prediction_low", "prediction_high"):
        if name in columns:
            limit = polyline(zip(x, place(columns[name]).tolist(), strict=True))
            layers.append(line_layer(limit, across, up, color=INK, strokeWidth=1, strokeDash=[2, 3]))
    line = polyline(zip(x, place(columns["estimate"]).tolist(), strict=True))
    layers.append(line_layer(line, across, up, color=DIAMOND, strokeWidth=2))
    return layers


def orchard_plot(groups: Subgroups, *, title: str = "Orchard plot") -> Figure:
    """Draw every effect by group, with the pooled effect, its interval and the prediction interval.

    Parameters
    ----------
    groups : Subgroups
        Pooled groups.
    title : str
        What the figure shows.

    Returns
    -------
    Figure
        Trunk: the pooled effect; branch: its interval (thick); twig: the prediction interval (thin);
        fruit: the studies, with an area in proportion to 1 / √v and spread so that none hides another.

    Raises
    ------
    DataError
        Where a group has no study with an effect.

    Notes
    -----
    Compare groups by `subgroups`, not by whether intervals overlap.

    References
    ----------
    [Nakagawa2021]; [Nakagawa2023].

    Examples
    --------
    >>> from evergrove.stats import subgroups
    >>> groups = subgroups([0.1, 0.3, 0.8, 0.9], [0.1] * 4, ["a", "a", "b", "b"])
    >>> orchard_plot(groups).title
    'Orchard plot'
    """
    groups = wanted_result("groups", groups, Subgroups)
    fruit: list[dict[str, object]] = []
    lines: list[dict[str, object]] = []
    trunks: list[dict[str, object]] = []
    log, name = False, "Effect"
    for row, fit in enumerate(groups.results.values(), start=1):
        what = shown(fit)
        log, name = what.log, what.measure or "Effect"
        fruit += rows(
            x=what.places(what.yi).tolist(),
            y=(row + _spread(what.yi)).tolist(),
            precision=(1.0 / np.sqrt(what.vi)).tolist(),
            study=list(what.labels),
        )
        ends = {
            "interval": (fit.ci_low, fit.ci_high),
            "prediction": (fit.prediction_low, fit.prediction_high),
        }
        for kind, (low, high) in ends.items():
            if low is not None and high is not None and math.isfinite(low) and math.isfinite(high):
                lines += rows(x=[what.place(low)], x2=[what.place(high)], y=[float(row)], kind=[kind])
        trunks += rows(x=[what.place(fit.estimate)], y=[float(row)])
    k = len(groups.results)
    across = axis("x", f"{name} (log scale)" if log else name, log=log)
    words = row_words([f"{label} (k = {fit.k})" for label, fit in groups.results.items()])
    up = axis(
        "y", "", k + 0.6, 0.4, axis={"values": list(range(1, k + 1)), "labelExpr": words, "labelLimit": 220}
    )
    null = 1.0 if log else 0.0
    layers = [
        line_layer(polyline([(null, 0.4), (null, k + 0.6)]), across, up, **NULL),
        *(
            _branches(lines, kind, width, across, up)
            for kind, width in (("prediction", 1.2), ("interval", 4.0))
        ),
        _fruit(fruit, across, up),
        {
            "data": {"values": trunks},
            "mark": {
                "type": "point",
                "filled": True,
                "color": "#ffffff",
                "stroke": DIAMOND,
                "strokeWidth": 2,
                "size": 110,
                "opacity": 1,
            },
            "encoding": {"x": across, "y": up},
        },
    ]
    desc = "; ".join(f"{label}: {fit.k} studies" for label, fit in groups.results.items())
    return Figure(chart_svg(layers, title, desc + ".", width=480, height=90 * k + 30), title)


def _spread(effects: FloatArray) -> FloatArray:
    """Return offsets that keep near effects apart: neighbours in rank go to different heights."""
    ranks = np.argsort(np.argsort(effects, kind="stable"), kind="stable")
    golden = 0.6180339887498949  # multiples of it fill an interval evenly, whatever their number
    return np.asarray(SPREAD * (2.0 * np.mod(golden * (ranks + 1), 1.0) - 1.0))


def _fruit(records: list[dict[str, object]], across: Spec, up: Spec) -> Spec:
    return {
        "data": {"values": records},
        "mark": {"type": "point", "filled": True, "color": SQUARE, "opacity": 0.65},
        "encoding": {
            "x": across,
            "y": up,
            "size": {
                "field": "precision",
                "type": "quantitative",
                "title": "Precision (1/SE)",
                "scale": {"range": [15, 400]},
            },
        },
    }


def _branches(records: list[dict[str, object]], kind: str, width: float, across: Spec, up: Spec) -> Spec:
    return {
        "data": {"values": [record for record in records if record["kind"] == kind]},
        "mark": {"type": "rule", "color": INK, "strokeWidth": width},
        "encoding": {"x": across, "x2": {"field": "x2"}, "y": up},
    }
