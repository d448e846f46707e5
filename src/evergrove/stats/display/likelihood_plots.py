"""The likelihoods of the studies on one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.figures.chart import NULL, axis, chart_svg, line_layer, polyline
from evergrove.figures.colours import SQUARE
from evergrove.figures.figure import Figure
from evergrove.stats.likelihood_curves import StudyLikelihoods
from evergrove.stats.options import Scale
from evergrove.stats.result import wanted_result
from evergrove.stats.scales import back_transform, scale_of

if TYPE_CHECKING:
    from evergrove.figures.chart import Spec

#: Widths of the thinnest and of the thickest curve.
WIDTHS = (0.8, 3.5)
#: The vertical axis reaches so far above the highest curve.
ROOM = 1.04


def likelihood_plot(
    found: StudyLikelihoods,
    *,
    x_title: str | None = None,
    y_title: str | None = None,
    title: str = "Likelihood plot",
) -> Figure:
    """Draw the likelihood of each study by its effect; precise studies have high, thick curves.

    Parameters
    ----------
    found : StudyLikelihoods
        The curves: `normal_likelihoods` or `odds_ratio_likelihoods`.
    x_title, y_title : str or None
        Words of the axes; None names the measure and the likelihood.
    title : str
        What the figure shows.

    Returns
    -------
    Figure
        Ratios stand on a logarithmic axis; heights are densities on the pooling scale.

    Raises
    ------
    UsageError
        For anything but such curves.

    Notes
    -----
    Curves that overlap well speak for one effect. An exact curve that does not fall on one side belongs to a
    table with an empty cell: its odds ratio has no finite estimate.

    References
    ----------
    [VanHouwelingen1993].

    Examples
    --------
    >>> from evergrove.stats import normal_likelihoods
    >>> likelihood_plot(normal_likelihoods([0.1, 0.5], [0.04, 0.09])).title
    'Likelihood plot'
    """
    found = wanted_result("found", found, StudyLikelihoods)
    scale = Scale.NATURAL if found.measure is None else scale_of(found.measure)
    log = scale is Scale.LOG
    drawn = scale not in {Scale.NATURAL, Scale.FREEMAN_TUKEY} and found.measure is not None
    at = np.asarray(back_transform(found.effect, found.measure) if drawn else found.effect)
    name = found.measure or "Effect"
    known = np.isfinite(found.likelihood)
    highest = np.where(known, found.likelihood, 0.0).max(axis=1)
    across = axis("x", x_title or (f"{name} (log scale)" if log else name), at[0], at[-1], log=log)
    words = y_title or ("Scaled likelihood" if found.scaled else "Likelihood")
    up = axis("y", words, 0.0, ROOM * float(highest.max()))
    layers: list[Spec] = []
    if found.effect[0] < 0.0 < found.effect[-1]:
        null = 1.0 if log else 0.0
        layers.append(line_layer(polyline([(null, 0.0), (null, float(highest.max()))]), across, up, **NULL))
    rank = np.argsort(np.argsort(highest, kind="stable"), kind="stable")
    widths = np.interp(rank, [0, max(1, rank.size - 1)], WIDTHS)
    for row, label in enumerate(found.labels):
        shown = known[row]
        points = zip(at[shown].tolist(), found.likelihood[row, shown].tolist(), strict=True)
        line = polyline(points, f"{row} {label}")
        layers.append(
            line_layer(line, across, up, color=SQUARE, strokeWidth=float(widths[row]), opacity=0.75)
        )
    kind = "exact conditional" if found.exact else "normal"
    desc = (
        f"{kind} likelihoods of {len(found.labels)} studies; highest at "
        + ", ".join(
            f"{label} {float(at[int(np.argmax(np.where(known[row], found.likelihood[row], -1.0)))]):.3g}"
            for row, label in enumerate(found.labels)
        )
        + "."
    )
    return Figure(chart_svg(layers, title, desc, width=600, height=380), title)
