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

#: A standard deviation below this (in typical standard errors) is the boundary.
BOUNDARY = 1e-5
#: A correlation this close to its bound is the boundary.
CORRELATION_BOUNDARY = 1e-7
#: Two maxima that differ by more than this in log-likelihood are named.
MAXIMA_APART = 1e-6
TOTALS = (0.1, 0.5, 2.0)
CORRELATIONS = (0.5, 0.0, -0.5)


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
    """Return a crude between-effects variance on the problem's scale, never far below the sampling variance."""
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
    divisions = [np.full(count, 1.0 / count)]
    if count > 1:
        for place in range(count):
            division = np.full(count, 0.1 / (count - 1))
            division[place] = 0.9
            divisions.append(division)
    correlations = CORRELATIONS if any(one.correlations.size for one in covariances) else (0.0,)
    return [
        np.concatenate(
            [one.start(total * spread * share, rho) for one, share in zip(covariances, division, strict=True)]
        )
        for total in TOTALS
        for division in divisions
        for rho in correlations
    ]


def estimate(
    problem: Problem,
    covariances: Sequence[RandomCovariance],
    *,
    restricted: bool,
    near: FloatArray | None = None,
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
    near : ndarray or None
        Climb from here alone (profiles).

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
        found = [ascend(objective, near, bounds)]
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
    objective: object,
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
    climbed = [ascend(objective, points[0][1], bounds)]  # type: ignore[arg-type]
    first = np.abs(climbed[0].free)
    rest = sorted(points[1:], key=lambda one: -float(np.abs(np.abs(one[1]) - first).max()))
    more = 1 if climbed[0].converged else 4
    for _, point in rest[:more]:
        climbed.append(ascend(objective, point, bounds, climbed[0]))  # type: ignore[arg-type]  # noqa: PERF401
    return climbed


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
