"""The L'Abbé plot: the risk in one arm against the risk in the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import UsageError
from evergrove.figures.chart import NULL, axis, chart_svg, line_layer, polyline, rows
from evergrove.figures.colours import DIAMOND, INK, SQUARE
from evergrove.figures.figure import Figure
from evergrove.stats.arrays import column, refuse_rows, row_labels, same_length
from evergrove.stats.options import EffectMeasure, choose
from evergrove.stats.scalars import finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.figures.chart import Spec
    from evergrove.stats.arrays import FloatArray

CURVE_POINTS = 201


def labbe_plot(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    measure: str | None = None,
    estimate: float | None = None,
    labels: Sequence[str] | None = None,
    title: str = "L’Abbé plot",
) -> Figure:
    """Draw each trial's risk with the intervention against its risk without.

    Parameters
    ----------
    events1, n1 : array-like, shape (k,)
        Events and patients of the intervention arm; 0 to n1, n1 above 0.
    events2, n2 : array-like, shape (k,)
        The same of the comparator.
    measure : EffectMeasure, str or None
        RR, OR or RD, with `estimate`: draws the risks that the pooled effect implies.
    estimate : float or None
        Pooled effect on the natural scale (a risk ratio, not its log).
    labels : sequence of str or None
        Names of the trials.
    title : str
        What the figure shows.

    Returns
    -------
    Figure
        Circles have an area in proportion to the number of patients. No continuity correction is used: a
        trial without events stands on the axis.

    Raises
    ------
    DataError
        For counts that cannot be, naming the rows.
    UsageError
        For another measure, or one of `measure` and `estimate` without the other.

    Notes
    -----
    The control risk on the axis is measured with error: the cloud is no regression.

    References
    ----------
    [LAbbe1987].

    Examples
    --------
    >>> labbe_plot([4, 6], [123, 306], [11, 29], [139, 303], measure="RR", estimate=0.28).title
    'L’Abbé plot'
    """
    arms = {
        name: column(name, values)
        for name, values in (("events1", events1), ("n1", n1), ("events2", events2), ("n2", n2))
    }
    k = same_length(arms)
    for events, n in (("events1", "n1"), ("events2", "n2")):
        size, count = arms[n], arms[events]
        refuse_rows(n, size, ~(size > 0), allowed="above 0", todo="leave the trial out of the plot")
        bad = ~((count >= 0) & (count <= size))
        refuse_rows(events, count, bad, allowed=f"0 to {n}", todo="check the arm")
    x, y = arms["events2"] / arms["n2"], arms["events1"] / arms["n1"]
    top = min(1.0, 1.08 * float(max(x.max(), y.max(), 0.05)))
    across = axis("x", "Risk without the intervention", 0.0, top)
    up = axis("y", "Risk with the intervention", 0.0, top)
    points: Spec = {
        "data": {
            "values": rows(
                x=x.tolist(),
                y=y.tolist(),
                n=(arms["n1"] + arms["n2"]).tolist(),
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
                "field": "n",
                "type": "quantitative",
                "title": "Patients",
                "scale": {"range": [30, 600], "zero": True},
            },
        },
    }
    layers = [line_layer(polyline([(0, 0), (top, top)]), across, up, **NULL)]
    if (measure is None) != (estimate is None):
        raise UsageError("labbe_plot: found one of measure and estimate; allowed: both or neither; give both")
    if measure is not None and estimate is not None:
        estimate = finite("estimate", estimate)
        curve = _implied(measure, estimate, np.linspace(0.0, top, CURVE_POINTS))
        layers.append(line_layer(polyline(curve), across, up, color=DIAMOND, strokeWidth=1.8))
    layers.append(points)
    desc = f"{k} trials; below the diagonal the risk is lower with the intervention."
    return Figure(chart_svg(layers, title, desc, width=420, height=420), title)


def _implied(measure: str, estimate: float, risk: FloatArray) -> list[tuple[float, float]]:
    """Return the risk under the intervention that an effect implies at each control risk."""
    chosen = choose(EffectMeasure, measure, "measure")
    if chosen is EffectMeasure.RR:
        other = risk * estimate
    elif chosen is EffectMeasure.RD:
        other = risk + estimate
    elif chosen in {EffectMeasure.OR, EffectMeasure.PETO}:
        other = estimate * risk / (1.0 - risk + estimate * risk)
    else:
        raise UsageError(f"labbe_plot: found measure {measure!r}; allowed: 'RR', 'OR', 'PETO', 'RD'")
    kept = (other >= 0) & (other <= 1)
    return list(zip(risk[kept].tolist(), other[kept].tolist(), strict=True))
