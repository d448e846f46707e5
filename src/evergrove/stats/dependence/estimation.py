"""Maximum likelihood of the random part: several starts, the boundary, the best maximum."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.dependence.likelihood import Evaluation, evaluate, matrices_at, slopes_at
from evergrove.stats.dependence.optimum import Optimum, ascend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.covariance_structures import RandomCovariance
    from evergrove.stats.dependence.likelihood import Problem
    from evergrove.stats.dependence.optimum import Objective

#: A standard deviation below this (in typical standard errors) is the boundary.
BOUNDARY = 1e-5
#: A correlation this close to its bound is the boundary.
CORRELATION_BOUNDARY = 1e-7
#: Two maxima that differ by more than this in log-likelihood are named.
MAXIMA_APART = 1e-6
TOTALS = (0.1, 0.5, 2.0)
CORRELATIONS = (0.5, 0.0, -0.5)
#: Correlations to which a maximum is moved to look for another, and a variance worth taking away.
CORRELATIONS_APART = (0.9, -0.9)
SMALL = 1e-3
WIDE_CORRELATIONS = (0.9, 0.5, 0.0, -0.5, -0.9)


class Estimation(NamedTuple):
    """The fitted random part.

    Parameters
    ----------
    free : ndarray
        Free parameters of all terms at the maximum.
    optimum : Optimum
        How it was found.
    evaluation : Evaluation
        The model there.
    maxima : tuple of float
        Log-likelihoods of other maxima that were met, all lower.
    """

    free: FloatArray
    optimum: Optimum
    evaluation: Evaluation
    maxima: tuple[float, ...]


def _spread(problem: Problem) -> float:
    """Return a crude between-effects variance on the problem's scale, not below a tenth of sampling."""
    none = [np.zeros((term.size, term.size)) for term in problem.terms]
    plain = evaluate(problem, none, restricted=False, gradient=False)
    if plain is None:
        return 1.0
    ratio = plain.rss / max(1, problem.k - problem.p)
    return max(ratio - 1.0, 0.1)


def inside(covariances: Sequence[RandomCovariance], free: FloatArray) -> bool:
    """Return whether every term's matrix is a covariance at the free parameters."""
    start = 0
    for one in covariances:
        if not one.inside(free[start : start + one.free]):
            return False
        start += one.free
    return True


def starts(problem: Problem, covariances: Sequence[RandomCovariance]) -> list[FloatArray]:
    """Return starting points: sizes of the variance, its division among the terms, correlations.

    Parameters
    ----------
    problem : Problem
        The model.
    covariances : sequence of RandomCovariance
        One per term.

    Returns
    -------
    list of ndarray
    """
    spread, count = _spread(problem), len(covariances)
    even = np.full(count, 1.0 / count)
    sizes = [(total, even) for total in TOTALS]
    for place in range(count if count > 1 else 0):
        division = np.full(count, 0.1 / (count - 1))
        division[place] = 0.9
        sizes.append((TOTALS[1], division))
    correlations = CORRELATIONS if any(one.correlations.size for one in covariances) else (0.0,)
    return [
        np.concatenate(
            [one.start(total * spread * share, rho) for one, share in zip(covariances, division, strict=True)]
        )
        for total, division in sizes
        for rho in correlations
    ]


def estimate(
    problem: Problem,
    covariances: Sequence[RandomCovariance],
    *,
    restricted: bool,
    near: Sequence[FloatArray] | None = None,
) -> Estimation | None:
    """Maximise the (restricted) likelihood.

    Parameters
    ----------
    problem : Problem
        The model.
    covariances : sequence of RandomCovariance
        One per term.
    restricted : bool
        REML rather than ML.
    near : sequence of ndarray or None
        Climb from these alone (profiles).

    Returns
    -------
    Estimation or None
        None where the likelihood cannot be evaluated at any start.
    """

    def objective(free: FloatArray) -> tuple[float, FloatArray] | None:
        if not inside(covariances, free):
            return None
        found = evaluate(problem, matrices_at(covariances, free), restricted=restricted)
        return (
            None if found is None else (found.log_likelihood, slopes_at(covariances, free, found.gradients))
        )

    bounds = np.concatenate([np.zeros(0), *(one.bounds for one in covariances)])
    if near is not None:
        found = [ascend(objective, near[0], bounds)]
        found += [ascend(objective, point, bounds, found[0]) for point in near[1:]]
    elif not bounds.size:
        found = [ascend(objective, np.zeros(0), bounds)]
    else:
        found = _climb_all(problem, covariances, objective, bounds, restricted=restricted)
    best = max(found, key=lambda one: one.value, default=None)
    if best is None or not math.isfinite(best.value):
        return None
    free = _settled(best.free, covariances)
    evaluation = evaluate(problem, matrices_at(covariances, free), restricted=restricted)
    if evaluation is None or evaluation.log_likelihood < best.value - 1e-9 * (1.0 + abs(best.value)):
        free = best.free
        evaluation = evaluate(problem, matrices_at(covariances, free), restricted=restricted)
    if evaluation is None:
        return None
    others = tuple(one.value for one in found if one.converged and one.value < best.value - MAXIMA_APART)
    return Estimation(free, best, evaluation, others)


def _climb_all(
    problem: Problem,
    covariances: Sequence[RandomCovariance],
    objective: Objective,
    bounds: FloatArray,
    *,
    restricted: bool,
) -> list[Optimum]:
    """Climb from the best start, and from the best of those that stand furthest from the first maximum."""
    points = []
    for point in starts(problem, covariances):
        if not inside(covariances, point):
            continue
        found = evaluate(problem, matrices_at(covariances, point), restricted=restricted, gradient=False)
        if found is not None:
            points.append((found.log_likelihood, point))
    points.sort(key=lambda one: -one[0])
    if not points:
        return []
    climbed = [ascend(objective, points[0][1], bounds)]
    first = np.abs(climbed[0].free)
    rest = sorted(points[1:], key=lambda one: -float(np.abs(np.abs(one[1]) - first).max()))
    more = 1 if climbed[0].converged else 4
    others = [point for _, point in rest[:more]]
    others += _edges(points[0][1], bounds) + _from_nothing(climbed[0].free, covariances, _spread(problem))
    others += _variations(climbed[0].free, covariances)
    for point in others:
        climbed.append(ascend(objective, point, bounds, climbed[0]))
    return climbed


def _edges(point: FloatArray, bounds: FloatArray) -> list[FloatArray]:
    """Return starts on each bound: there the likelihood may have a maximum of its own."""
    found = []
    for place in np.flatnonzero(np.isfinite(bounds)):
        edge = point.copy()
        edge[place] = bounds[place]
        found.append(edge)
    return found


def _from_nothing(
    free: FloatArray, covariances: Sequence[RandomCovariance], spread: float
) -> list[FloatArray]:
    """Return starts for terms whose variances came out 0: then no correlation makes a difference locally.

    Whether a variance above 0 is better depends on the correlation it goes with, so several are tried.
    """
    found, start = [], 0
    for one in covariances:
        variances, correlations = one.in_basis().values(free[start : start + one.free])
        open_correlation = bool(np.isnan(one.correlations).any())
        if correlations.size and open_correlation and variances.max() < BOUNDARY**2:
            for rho in WIDE_CORRELATIONS:
                point = free.copy()
                point[start : start + one.free] = one.start(0.1 * spread, rho)
                found.append(point)
        start += one.free
    return found


def _variations(free: FloatArray, covariances: Sequence[RandomCovariance]) -> list[FloatArray]:
    """Return starts that differ from a maximum in one thing: a variance almost 0, or another correlation.

    With variances for each level, or several terms, what one of them gives up another takes; each such
    division can be a maximum of its own, and so can either sign of a correlation.
    """
    found, start = [], 0
    several = len(covariances) > 1
    for one in covariances:
        part = slice(start, start + one.free)
        start += one.free
        searched = one.in_basis()
        variances, correlations = searched.values(free[part])
        changed = []
        if several or variances.size > 1:
            for place in np.flatnonzero(np.isnan(one.variances) & (variances > SMALL)):
                less = variances.copy()
                less[place] = 0.0
                changed.append(searched.free_near(less, correlations))
        if np.isnan(one.correlations).any():
            changed += [
                searched.free_near(variances, np.full_like(correlations, rho)) for rho in CORRELATIONS_APART
            ]
        for values in changed:
            point = free.copy()
            point[part] = values
            found.append(point)
    return found


def _settled(free: FloatArray, covariances: Sequence[RandomCovariance]) -> FloatArray:
    """Return the parameters with standard deviations at the boundary set to 0."""
    settled, start = free.copy(), 0
    for one in covariances:
        if not one.triangular:
            count = int(np.isnan(one.variances).sum())
            part = settled[start : start + count]
            part[np.abs(part) < BOUNDARY] = 0.0
        start += one.free
    return settled
