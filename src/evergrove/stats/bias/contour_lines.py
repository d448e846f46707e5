"""Contour lines of a surface on a regular grid, and the round levels at which they are drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: An edge of the grid: along which axis it runs, and the node where it begins.
Edge = tuple[int, int, int]
#: How far R lets a level lie beyond the ends before it counts, in steps.
SLACK = 1e-10


class ContourLine(NamedTuple):
    """Points of one line, at which it crosses edges of the grid.

    Parameters
    ----------
    x, y : ndarray, shape (m,)
        Coordinates with both axes scaled to [0, 1]; a closed line ends at its first point.
    """

    x: FloatArray
    y: FloatArray


def round_levels(low: float, high: float, count: int) -> list[float]:
    """Return about `count` steps of 1, 2 or 5 times a power of ten that cover a range.

    Parameters
    ----------
    low, high : float
        Ends of the range, low < high.
    count : int
        Wished for.

    Returns
    -------
    list of float
        The choice of R's ``pretty``: a step of 2, 5 or 10 units is taken where it is nearer to the step
        wished for (large steps are favoured, weights 1.5 and 2.75).

    Examples
    --------
    >>> [round(level, 3) for level in round_levels(-0.123, 0.157, 5)]
    [-0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15, 0.2]
    """
    wished = (high - low) / count
    base = 10.0 ** math.floor(math.log10(wished))
    step = base
    for multiple, bias in ((2.0, 1.5), (5.0, 2.75), (10.0, 1.5)):
        if multiple * base - wished >= bias * (wished - step):
            break
        step = multiple * base
    first, last = math.floor(low / step + SLACK), math.ceil(high / step - SLACK)
    return [step * number for number in range(first, last + 1)]


def _segments(surface: FloatArray, level: float) -> list[tuple[Edge, Edge]]:
    """Return which edges are joined inside each cell; a saddle is judged by the mean of its corners."""
    above = surface >= level
    joined = []
    for i in range(surface.shape[0] - 1):
        for j in range(surface.shape[1] - 1):
            corners, values = above[i : i + 2, j : j + 2], surface[i : i + 2, j : j + 2]
            if corners.all() or not corners.any() or not np.isfinite(values).all():
                continue
            bottom, left, right, top = (0, i, j), (1, i, j), (1, i + 1, j), (0, i, j + 1)
            ends = ((0, 0, 1, 0), (0, 0, 0, 1), (1, 0, 1, 1), (0, 1, 1, 1))
            cut = [
                edge
                for edge, (a, b, c, d) in zip((bottom, left, right, top), ends, strict=True)
                if corners[a, b] != corners[c, d]
            ]
            if len(cut) == 2:
                joined.append((cut[0], cut[1]))
            elif corners[0, 0] != (values.mean() >= level):
                joined += [(bottom, left), (right, top)]
            else:
                joined += [(bottom, right), (left, top)]
    return joined


def _chains(segments: list[tuple[Edge, Edge]]) -> list[list[Edge]]:
    """Join segments to lines, open ones first."""
    neighbours: dict[Edge, list[Edge]] = {}
    for a, b in segments:
        neighbours.setdefault(a, []).append(b)
        neighbours.setdefault(b, []).append(a)
    chains = []
    for start in sorted(neighbours, key=lambda edge: len(neighbours[edge])):
        if not neighbours[start]:
            continue
        chain = [start]
        while neighbours[chain[-1]]:
            following = neighbours[chain[-1]].pop()
            neighbours[following].remove(chain[-1])
            chain.append(following)
        chains.append(chain)
    return chains


def contour_lines(surface: FloatArray, level: float) -> list[ContourLine]:
    """Return the lines on which a surface has one value, by marching squares.

    Parameters
    ----------
    surface : ndarray, shape (m, n)
        Values at equidistant nodes, x down the rows; cells with a NaN corner are left out.
    level : float
        The value.

    Returns
    -------
    list of ContourLine
        Crossings are interpolated linearly along edges.

    Examples
    --------
    >>> line = contour_lines(np.array([[0.0, 0.0], [1.0, 1.0]]), 0.25)[0]
    >>> line.x.tolist(), sorted(line.y.tolist())
    ([0.25, 0.25], [0.0, 1.0])
    """
    sizes = np.array(surface.shape) - 1.0

    def crossing(edge: Edge) -> FloatArray:
        axis, i, j = edge
        here, there = surface[i, j], surface[i + (axis == 0), j + (axis == 1)]
        point = np.array([i, j], dtype=float)
        point[axis] += (level - here) / (there - here)
        return np.asarray(point / sizes)

    lines = []
    for chain in _chains(_segments(surface, level)):
        points = np.array([crossing(edge) for edge in chain])
        lines.append(ContourLine(points[:, 0], points[:, 1]))
    return lines
