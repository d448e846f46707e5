"""The likelihood of a selection model, with its derivatives.

A study of variance v whose true effect is normal about mu with variance tau² is seen with density

    w(p(y)) f(y) / A,   f = normal density of mean mu and variance v + tau²,   A = ∫ w(p(x)) f(x) dx.

A is a weighted sum of *cells*: intervals on which the weight is constant, integrated in closed form,
and Gauss-Legendre nodes where it is smooth. Derivatives in mu follow from Hermite polynomials, and
those in tau² from the heat equation: the derivative of f in tau² is half its second one in mu.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.stats.bias.maximum import Derivatives
from evergrove.stats.bias.selection_weights import Family, LogWeight, Points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray

PANEL_WIDTH = 0.4
NODES_PER_PANEL = 16
#: Of panels near |z| = 0, where (1 - p) to a power behaves like a power of |z|.
GROWTH = 4.0
ROOT_OF_TWO_PI = math.sqrt(2.0 * math.pi)
#: Beyond this many standard deviations a normal density is 0 in double precision.
FARTHEST = 40.0


class Cells(NamedTuple):
    """Where the weight is integrated, in units of the effect.

    Parameters
    ----------
    low, high : ndarray, shape (k, c)
        Intervals of constant weight, one row per study.
    nodes, lengths : ndarray, shape (k, m)
        Quadrature nodes and weights.
    """

    low: FloatArray
    high: FloatArray
    nodes: FloatArray
    lengths: FloatArray


class WeightsAt(NamedTuple):
    """Weights of the cells and of the studies' own results at one delta.

    Parameters
    ----------
    cell : ndarray, shape (1 or k, c + m)
        Divided by exp(shift) per study.
    cell_first, cell_second : tuple
        Derivatives in delta, divided alike.
    own : LogWeight
        Of the studies, each array of shape (k,).
    shift : ndarray, shape (1 or k,)
    """

    cell: FloatArray
    cell_first: tuple[FloatArray, ...]
    cell_second: tuple[tuple[FloatArray, ...], ...]
    own: LogWeight
    shift: FloatArray


class StepSelection:
    """Weights that are constant on intervals: offset + matrix @ delta.

    Parameters
    ----------
    low, high : ndarray, shape (k, c)
        Intervals of the effect.
    group : ndarray of int, shape (c,)
        Which weight belongs to each interval.
    own_group : ndarray of int, shape (k,)
        Which weight belongs to each study.
    offset, matrix : ndarray, shape (g,), (g, d)
        From the parameters delta to the g weights.
    """

    def __init__(  # noqa: PLR0917 - intervals and the weights on them
        self,
        low: FloatArray,
        high: FloatArray,
        group: NDArray[np.intp],
        own_group: NDArray[np.intp],
        offset: FloatArray,
        matrix: FloatArray,
    ) -> None:
        nothing = np.zeros((low.shape[0], 0))
        self.cells = Cells(low, high, nothing, nothing)
        self._offset, self._matrix = offset, matrix
        self._rows = tuple(matrix[group, i][np.newaxis, :] for i in range(matrix.shape[1]))
        self._own_rows = tuple(matrix[own_group, i] for i in range(matrix.shape[1]))
        self._group, self._own_group = group, own_group

    def at(self, delta: FloatArray) -> WeightsAt:
        """Return the weights at delta."""
        weights = self._offset + self._matrix @ delta
        own = weights[self._own_group]
        zero = np.zeros((1, self._group.size))
        first = tuple(np.where(row == 0.0, 0.0, row / own) for row in self._own_rows)
        second = tuple(tuple(-a * b for b in first) for a in first)
        flat = tuple(tuple(zero for _ in self._rows) for _ in self._rows)
        own_log = LogWeight(np.log(own), first, second)
        return WeightsAt(weights[self._group][np.newaxis, :], self._rows, flat, own_log, np.zeros(1))


def _panel_edges(low: float, high: float) -> FloatArray:
    """Return edges of panels; from a `low` just above 0 they grow in proportion, for powers of |z| near 0."""
    edges = [low]
    while 0.0 < edges[-1] < PANEL_WIDTH / GROWTH and edges[-1] * GROWTH < high:
        edges.append(edges[-1] * GROWTH)
    count = max(1, math.ceil((high - edges[-1]) / PANEL_WIDTH))
    return np.concatenate([edges[:-1], np.linspace(edges[-1], high, count + 1)])


def _legendre_panels(low: float, high: float) -> tuple[FloatArray, FloatArray]:
    """Return composite Gauss-Legendre nodes and weights over an interval."""
    x, w = np.polynomial.legendre.leggauss(NODES_PER_PANEL)
    edges = _panel_edges(low, high)
    half, middle = np.diff(edges) / 2.0, (edges[1:] + edges[:-1]) / 2.0
    nodes = (middle[:, np.newaxis] + half[:, np.newaxis] * x).ravel()
    return nodes, (half[:, np.newaxis] * w).ravel()


def _points(z: FloatArray, smallest: float, *, two_sided: bool) -> Points:
    """Return p values of z and their complements, cut to [smallest, 1 - smallest]."""
    p = 2.0 * special.ndtr(-np.abs(z)) if two_sided else special.ndtr(-z)
    q = special.erf(np.abs(z) / math.sqrt(2.0)) if two_sided else special.ndtr(z)
    cut = (p < smallest) | (q < smallest)
    return Points(
        np.where(cut, np.clip(p, smallest, 1.0 - smallest), p),
        np.where(cut, np.clip(q, smallest, 1.0 - smallest), q),
    )


class SmoothSelection:
    """A smooth weight function of the p value, constant in its tails.

    Parameters
    ----------
    family : Family
        The weight function.
    z, se : ndarray, shape (k,)
        z statistics and standard errors; large z is published more readily.
    alpha : float
        p value up to which the weight is 1; 0 for none.
    precision : ndarray, shape (k,)
        Multiplies delta in each study; all 1 for none.
    two_sided : bool
        Whether p values are two-sided.
    """

    def __init__(
        self,
        family: Family,
        z: FloatArray,
        se: FloatArray,
        alpha: float,
        precision: FloatArray,
        *,
        two_sided: bool,
    ) -> None:
        first_p = max(alpha, family.smallest_p)
        tail = first_p / 2.0 if two_sided else first_p
        z_high = float(-special.ndtri(tail)) if tail > 0 else family.reach
        z_low = self._low_end(family, two_sided=two_sided)
        if two_sided:
            right, length = _legendre_panels(z_low, z_high)
            nodes, lengths = np.concatenate([-right, right]), np.concatenate([length, length])
            edges = np.array([[-np.inf, -z_high], [-z_low, z_low], [z_high, np.inf]])
            middle = np.array([z_high, 0.0, z_high])
        else:
            nodes, lengths = _legendre_panels(z_low, z_high)
            edges = np.array([[-np.inf, z_low], [z_high, np.inf]])
            middle = np.array([z_low, z_high])
        scale = se[:, np.newaxis]
        self.cells = Cells(scale * edges[:, 0], scale * edges[:, 1], scale * nodes, scale * lengths)
        self._points = _points(np.concatenate([middle, nodes]), family.smallest_p, two_sided=two_sided)
        high_tail = np.concatenate([middle >= z_high, np.zeros(nodes.size, dtype=bool)])
        self._points = Points(np.where(high_tail, first_p, self._points.p), self._points.q)
        self._own = _points(z, family.smallest_p, two_sided=two_sided)
        self._precision = precision[:1, np.newaxis] if np.ptp(precision) == 0 else precision[:, np.newaxis]
        self._own_precision = precision
        self._family, self._alpha = family, alpha

    @staticmethod
    def _low_end(family: Family, *, two_sided: bool) -> float:
        """Return z (or |z|) below which p is taken as 1."""
        if family.smallest_p == 0.0:
            return 0.0 if two_sided else -8.5
        return float(
            special.ndtri(0.5 + family.smallest_p / 2.0) if two_sided else special.ndtri(family.smallest_p)
        )

    def at(self, delta: FloatArray) -> WeightsAt:
        """Return the weights at delta."""
        family = self._family
        log_cell = family.log_weight(self._points, self._alpha, delta, self._precision)
        own = family.log_weight(self._own, self._alpha, delta, self._own_precision)
        shift = log_cell.value.max(axis=1)
        cell = np.exp(log_cell.value - shift[:, np.newaxis])
        count = range(delta.size)
        first = tuple(cell * log_cell.first[i] for i in count)
        second = tuple(
            tuple(cell * (log_cell.first[i] * log_cell.first[j] + log_cell.second[i][j]) for j in count)
            for i in count
        )
        return WeightsAt(cell, first, second, own, shift)


def _hermite(r: FloatArray, density: FloatArray) -> tuple[FloatArray, ...]:
    """Return Hermite polynomials 0 to 4 times the density."""
    square = r**2
    return (
        density,
        r * density,
        (square - 1.0) * density,
        r * (square - 3.0) * density,
        (square * (square - 6.0) + 3.0) * density,
    )


def _cell_masses(cells: Cells, mu: FloatArray, sigma: FloatArray) -> tuple[FloatArray, ...]:
    """Return the mass of each cell and its first four derivatives in mu, each of shape (k, c + m)."""
    m, s = mu[:, np.newaxis], sigma[:, np.newaxis]

    def ends(edge: FloatArray) -> tuple[FloatArray, tuple[FloatArray, ...]]:
        r = np.clip((edge - m) / s, -FARTHEST, FARTHEST)
        return r, _hermite(r, np.exp(-0.5 * r**2) / ROOT_OF_TWO_PI)

    low, at_low = ends(cells.low)
    high, at_high = ends(cells.high)
    mass = np.where(low > 0, special.ndtr(-low) - special.ndtr(-high), special.ndtr(high) - special.ndtr(low))
    flat = [mass, *((at_low[n] - at_high[n]) / s ** (n + 1) for n in range(4))]
    r = np.clip((cells.nodes - m) / s, -FARTHEST, FARTHEST)
    curved = _hermite(r, cells.lengths * np.exp(-0.5 * r**2) / (ROOT_OF_TWO_PI * s))
    return tuple(np.concatenate([flat[n], curved[n] / s**n], axis=1) for n in range(5))


def _weighted_sum(mass: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the sum over cells per study; `weight` has one row for all studies or one for each."""
    if weight.shape[0] == 1:
        return np.asarray(mass @ weight[0])
    return np.asarray(np.einsum("km,km->k", mass, weight))


class _Terms(NamedTuple):
    """Per-study log-likelihood with derivatives in (mu, tau², delta)."""

    value: FloatArray
    mu: FloatArray
    tau2: FloatArray
    delta: list[FloatArray]
    mu_mu: FloatArray
    mu_tau2: FloatArray
    tau2_tau2: FloatArray
    mu_delta: list[FloatArray]
    tau2_delta: list[FloatArray]
    delta_delta: list[list[FloatArray]]


def _terms(
    selection: StepSelection | SmoothSelection,
    y: FloatArray,
    total: FloatArray,
    mu: FloatArray,
    at: WeightsAt,
) -> _Terms:
    """Return every study's term; `total` is the variance v + tau²."""
    sigma = np.sqrt(total)
    masses = _cell_masses(selection.cells, mu, sigma)
    a0, a1, a2, a3, a4 = (_weighted_sum(mass, at.cell) for mass in masses)
    by_delta = [[_weighted_sum(masses[n], first) for n in range(3)] for first in at.cell_first]
    count = range(len(by_delta))
    r = (y - mu) / sigma
    own = at.own
    return _Terms(
        value=own.value - 0.5 * np.log(2.0 * math.pi * total) - 0.5 * r**2 - np.log(a0) - at.shift,
        mu=r / sigma - a1 / a0,
        tau2=0.5 * (r**2 - 1.0) / total - 0.5 * a2 / a0,
        delta=[own.first[i] - by_delta[i][0] / a0 for i in count],
        mu_mu=-1.0 / total - a2 / a0 + (a1 / a0) ** 2,
        mu_tau2=-r / sigma**3 - 0.5 * a3 / a0 + 0.5 * a1 * a2 / a0**2,
        tau2_tau2=(0.5 - r**2) / total**2 - 0.25 * a4 / a0 + 0.25 * (a2 / a0) ** 2,
        mu_delta=[-by_delta[i][1] / a0 + a1 * by_delta[i][0] / a0**2 for i in count],
        tau2_delta=[-0.5 * by_delta[i][2] / a0 + 0.5 * a2 * by_delta[i][0] / a0**2 for i in count],
        delta_delta=[
            [
                own.second[i][j]
                - _weighted_sum(masses[0], at.cell_second[i][j]) / a0
                + by_delta[i][0] * by_delta[j][0] / a0**2
                for j in count
            ]
            for i in count
        ],
    )


class Problem(NamedTuple):
    """Data and selection of one fit, without unit.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and variances.
    x : ndarray, shape (k, p)
        Design matrix.
    selection : StepSelection or SmoothSelection
    estimated : ndarray of bool
        Which of (coefficients, tau², delta) are searched for.
    values : ndarray
        All parameters; those that are not searched for keep these values.
    """

    y: FloatArray
    v: FloatArray
    x: FloatArray
    selection: StepSelection | SmoothSelection
    estimated: BoolArray
    values: FloatArray


def log_likelihood(problem: Problem, free: FloatArray) -> Derivatives:
    """Return the log-likelihood at the estimated parameters, with gradient and Hessian.

    Parameters
    ----------
    problem : Problem
        Data and selection.
    free : ndarray
        Values of the estimated parameters, in order.

    Returns
    -------
    Derivatives
        Minus infinity where a study would be impossible.
    """
    parameters = problem.values.copy()
    parameters[problem.estimated] = free
    p = problem.x.shape[1]
    tau2, delta = parameters[p], parameters[p + 1 :]
    with np.errstate(all="ignore"):
        weights = problem.selection.at(delta)
        terms = _terms(problem.selection, problem.y, problem.v + tau2, problem.x @ parameters[:p], weights)
        x = problem.x
        size = parameters.size
        gradient, hessian = np.zeros(size), np.zeros((size, size))
        gradient[:p] = x.T @ terms.mu
        gradient[p] = terms.tau2.sum()
        hessian[:p, :p] = (x * terms.mu_mu[:, np.newaxis]).T @ x
        hessian[:p, p] = x.T @ terms.mu_tau2
        hessian[p, p] = terms.tau2_tau2.sum()
        for i, slope in enumerate(terms.delta):
            row = p + 1 + i
            gradient[row] = slope.sum()
            hessian[:p, row] = x.T @ terms.mu_delta[i]
            hessian[p, row] = terms.tau2_delta[i].sum()
            for j in range(i + 1):
                hessian[p + 1 + j, row] = terms.delta_delta[i][j].sum()
        hessian = np.triu(hessian) + np.triu(hessian, 1).T
        value = float(terms.value.sum())
    keep = problem.estimated
    return Derivatives(
        value if math.isfinite(value) else -math.inf, gradient[keep], hessian[np.ix_(keep, keep)]
    )
