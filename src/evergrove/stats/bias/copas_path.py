"""The path of a Copas analysis: from no selection across the contour lines of the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.bias.contour_lines import contour_lines, round_levels

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.bias.contour_lines import ContourLine

#: Contour lines wished for, as in metasens.
LEVELS = 10


class _Fitted(NamedTuple):
    """A straight line through the points of a contour line."""

    points: int
    slope: float
    intercept: float
    bends: bool


def _straightened(line: ContourLine) -> _Fitted | None:
    """Fit y on x; None where x does not vary. A line bends where its adjusted R² is not above 0."""
    points = int(line.x.size)
    dx, dy = line.x - line.x.mean(), line.y - line.y.mean()
    spread, total = float(dx @ dx), float(dy @ dy)
    if spread <= 1e-14 * max(1.0, total):
        return None
    slope = float(dx @ dy) / spread
    share = slope**2 * spread / total if total > 0 else 0.0
    adjusted = 1.0 - (1.0 - share) * (points - 1.0) / (points - 2.0) if points > 2 else -1.0
    return _Fitted(points, slope, float(line.y.mean() - slope * line.x.mean()), adjusted <= 0.0)


def points_across(surface: FloatArray) -> FloatArray:
    """Return where a straight line from the corner of least selection crosses the contour lines.

    Parameters
    ----------
    surface : ndarray, shape (g, g)
        Mean effect, gamma0 down the rows and gamma1 along the columns; NaN where there is none.

    Returns
    -------
    ndarray, shape (m, 2)
        Points with both axes scaled to [0, 1], which may lie outside; none where no contour line is straight
        enough.

    Notes
    -----
    As in metasens: a straight line is fitted to each contour line (levels are round numbers), the mean of
    their slopes has weights by their points, and the path is perpendicular to it through (1, 1).

    References
    ----------
    [Carpenter2009]; metasens::copas.

    Examples
    --------
    >>> x = np.linspace(0.0, 1.0, 5)
    >>> points_across(x[:, np.newaxis] + 2.0 * x)[-2].round(6).tolist()
    [0.8, 0.6]
    """
    low, high = float(np.nanmin(surface)), float(np.nanmax(surface))
    if not high - low > 1e-12 * max(abs(low), abs(high)):
        return np.zeros((0, 2))
    lines = [
        fitted
        for level in round_levels(low, high, LEVELS)
        for line in contour_lines(surface, level)
        if (fitted := _straightened(line)) is not None
    ]
    straight = [line for line in lines if not line.bends]
    if not straight:
        return np.zeros((0, 2))
    weights = np.array([line.points for line in straight], dtype=float)
    mean = float(weights @ np.array([line.slope for line in straight]) / weights.sum())
    if mean == 0.0:
        return np.zeros((0, 2))
    across = -1.0 / mean
    x = np.array(
        [(1.0 - across - line.intercept) / (line.slope - across) for line in lines if line.slope != across]
    )
    return np.column_stack([x, 1.0 + across * (x - 1.0)])
