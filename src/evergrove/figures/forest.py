"""Forest plots as SVG: one layout for the page and for papers, one for phones.

A plot is a table with a drawing in one of its columns. It takes plain strings and numbers, so that it
draws what it is told and computes nothing: the numbers stay those of the analysis.
"""

from __future__ import annotations

from evergrove.figures.forest_compact import compact_svg
from evergrove.figures.forest_data import ForestPlot, ForestRow, RowKind, Scale
from evergrove.figures.forest_wide import wide_svg

__all__ = ["ForestPlot", "ForestRow", "RowKind", "Scale", "forest_svg"]


def forest_svg(plot: ForestPlot, *, compact: bool = False) -> str:
    """Return a forest plot as SVG.

    Parameters
    ----------
    plot : ForestPlot
        What to show.
    compact : bool
        The layout for phones: 360 pixels wide, label and estimate above each drawing; the other columns
        and the risk-of-bias dots are left out. Otherwise 900 pixels, or more where the columns need it.

    Returns
    -------
    str
        A whole SVG document with ``role="img"``, title and description; the same plot gives the same bytes.

    Examples
    --------
    >>> row = ForestRow(
    ...     "study", "Adas 2021", right=("0.50 [0.20, 1.25]",), estimate=0.5, ci_low=0.2, ci_high=1.25
    ... )
    >>> svg = forest_svg(ForestPlot("Deaths", "One trial.", (row,), right_headers=("RR [95% CI]",)))
    >>> svg.count('class="square"')
    1
    """
    return compact_svg(plot) if compact else wide_svg(plot)
