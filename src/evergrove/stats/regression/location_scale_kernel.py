"""Maximum likelihood of a location-scale model: Newton's method with exact derivatives.

tau²_i = exp(z_i'a) or z_i'a; the location coefficients are profiled out. With P = W - WX(X'WX)⁻¹X'W and
e = Py the derivatives of the restricted log-likelihood in the tau²_i are (e_i² - P_ii)/2 and, second,
P_ij²/2 - e_i P_ij e_j; under full likelihood W takes the place of the P that comes from the determinant.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.roots import Solution

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

MOST_NEWTON_STEPS = 200
#: Newton's decrement (twice the expected gain in log-likelihood): where the likelihood itself no longer
#: tells steps apart, where the maximum is reached, and what may be left of it by rounding.
NEAR, DECREMENT, SETTLED = 1e-8, 1e-20, 1e-14
MOST_POLISHING_STEPS = 12
#: A tau² below this share of the smallest variance has run to 0 under a log link.
VANISHED = 1e-7
#: A tau² below this share of the smallest variance lies on the boundary of an identity link.
BOUNDARY = 1e-9
#: Slopes of the tilted starts, in standard deviations of the moderator.
SLOPES = (-3.0, -1.5, 1.5, 3.0)


class Problem(NamedTuple):
    """Scale-free data of a location-scale model.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and variances.
    x, z : ndarray, shapes (k, p) and (k, q)
        Well-scaled designs of location and scale.
    log : bool
        Log link; else identity.
    restricted : bool
        REML; else ML.
    """

    y: FloatArray
    v: FloatArray
    x: FloatArray
    z: FloatArray
    log: bool
    restricted: bool

    def tau2(self, a: FloatArray) -> FloatArray:
        """Return tau² of each study."""
        linear = self.z @ a
        if self.log:
            return np.asarray(np.exp(np.minimum(linear, 700.0)))
        rounding = BOUNDARY * float(self.v.min())
        return np.where((linear < 0) & (linear > -rounding), 0.0, linear)


class Held(NamedTuple):
    """Scale coefficients that are given: rows @ a = values.

    Parameters
    ----------
    rows : ndarray, shape (m, q)
        Independent; none where all are estimated.
    values : ndarray, shape (m,)
        What they give.
    """

    rows: FloatArray
    values: FloatArray

    def nearest(self, a: FloatArray) -> FloatArray:
        """Return the nearest coefficients that have what is given."""
        return np.asarray(a - np.linalg.pinv(self.rows) @ (self.rows @ a - self.values))

    def free(self) -> FloatArray:
        """Return the directions that are left, orthonormal, shape (q, q - m)."""
        return np.asarray(np.linalg.svd(self.rows)[2][self.values.size :].T)


class Maximum(NamedTuple):
    """A maximum of the likelihood.

    Parameters
    ----------
    a : ndarray, shape (q,)
        Scale coefficients.
    log_likelihood : float
        Without its constant.
    information : ndarray, shape (q, q)
        Minus the matrix of second derivatives.
    found : Solution
        How it was found (`value` is the last decrement).
    """

    a: FloatArray
    log_likelihood: float
    information: FloatArray
    found: Solution


def log_likelihood(problem: Problem, a: FloatArray) -> float:
    """Return the profile log-likelihood without its constant; -inf where a tau² is below 0."""
    tau2 = problem.tau2(a)
    if bool((tau2 < 0).any()) or not bool(np.isfinite(tau2).all()):
        return -math.inf
    root = 1.0 / np.sqrt(problem.v + tau2)
    q, r = np.linalg.qr(root[:, np.newaxis] * problem.x)
    weighted = root * problem.y
    rest = weighted - q @ (q.T @ weighted)
    value = float(np.log(root).sum()) - 0.5 * float((rest**2).sum())
    if problem.restricted:
        value -= float(np.log(np.abs(np.diag(r))).sum())
    return value


def derivatives(problem: Problem, a: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return gradient and Hessian of the profile log-likelihood in the scale coefficients."""
    tau2 = problem.tau2(a)
    w = 1.0 / (problem.v + tau2)
    root = np.sqrt(w)
    q, _ = np.linalg.qr(root[:, np.newaxis] * problem.x)
    u = root[:, np.newaxis] * q
    weighted = root * problem.y
    e = root * (weighted - q @ (q.T @ weighted))
    h = (u**2).sum(axis=1)
    slope = 0.5 * (e**2 - (w - h if problem.restricted else w))
    d = tau2[:, np.newaxis] * problem.z if problem.log else problem.z
    hessian = -(d * (w * e**2)[:, np.newaxis]).T @ d
    through = d.T @ (e[:, np.newaxis] * u)
    hessian += through @ through.T
    own = w**2 - 2.0 * w * h if problem.restricted else w**2
    hessian += 0.5 * (d * own[:, np.newaxis]).T @ d
    if problem.restricted:
        pairs = np.einsum("ij,ia,ib->jab", d, u, u).reshape(d.shape[1], -1)
        hessian += 0.5 * pairs @ pairs.T
    if problem.log:
        hessian += (problem.z * (slope * tau2)[:, np.newaxis]).T @ problem.z
    return d.T @ slope, hessian


def maximise(problem: Problem, start: FloatArray, free: FloatArray | None = None) -> Maximum:
    """Climb to a maximum by damped Newton steps.

    Parameters
    ----------
    problem : Problem
        Data.
    start : ndarray, shape (q,)
        Scale coefficients to start from.
    free : ndarray, shape (q, m), or None
        Directions that may change (orthonormal); None is all.

    Returns
    -------
    Maximum
    """
    space = np.eye(start.size) if free is None else free
    a, value = start.copy(), log_likelihood(problem, start)
    decrement, damping = math.inf, 0.0
    for count in range(1, MOST_NEWTON_STEPS + 1):
        gradient, hessian = derivatives(problem, a)
        step, decrement = _newton_step(problem, space, gradient, hessian, damping)
        if decrement <= NEAR:
            return _polished(problem, a, space, count)
        scale = 1.0
        while True:
            ahead = a + scale * step
            there = log_likelihood(problem, ahead)
            if there > value:
                break
            scale *= 0.25
            if scale < 1e-10:
                return Maximum(a, value, -hessian, Solution(decrement, count, False, "no ascent direction"))
        damping = 0.0 if scale == 1.0 else max(1e-3, damping)
        a, value = ahead, there
    _, hessian = derivatives(problem, a)
    reason = f"no maximum after {MOST_NEWTON_STEPS} Newton steps"
    return Maximum(a, value, -hessian, Solution(decrement, MOST_NEWTON_STEPS, False, reason))


def _polished(problem: Problem, a: FloatArray, space: FloatArray, count: int) -> Maximum:
    """Take full Newton steps, which need no likelihood, until the decrement no longer falls."""
    before = math.inf
    for more in range(MOST_POLISHING_STEPS):
        gradient, hessian = derivatives(problem, a)
        step, decrement = _newton_step(problem, space, gradient, hessian, 0.0)
        done = decrement <= DECREMENT or decrement >= before
        if done or more == MOST_POLISHING_STEPS - 1:
            break
        a, before = a + step, decrement
    small = min(decrement, before)
    reason = f"Newton decrement {small:.1e}" if small > DECREMENT else "Newton decrement below 1e-20"
    found = Solution(small, count + more, small <= SETTLED, reason)
    return Maximum(a, log_likelihood(problem, a), -hessian, found)


def _newton_step(
    problem: Problem, space: FloatArray, gradient: FloatArray, hessian: FloatArray, damping: float
) -> tuple[FloatArray, float]:
    """Return an ascent step and the decrement; log tau² of no study moves by more than 5."""
    slope = space.T @ gradient
    values, vectors = np.linalg.eigh(-space.T @ hessian @ space)
    largest = float(np.abs(values).max(initial=0.0)) or 1.0
    safe = np.maximum(np.abs(values), 1e-10 * largest) + damping * largest
    inner = vectors @ ((vectors.T @ slope) / safe)
    step = space @ inner
    reach = float(np.abs(problem.z @ step).max()) if problem.log else 0.0
    return (step if reach <= 5.0 else step * (5.0 / reach)), float(slope @ inner)


def starts(problem: Problem, tau2: float) -> list[FloatArray]:
    """Return scale coefficients to start from: constant tau², tilted, and by regression of residuals.

    Parameters
    ----------
    problem : Problem
        Data.
    tau2 : float
        Of the model without scale moderators.

    Returns
    -------
    list of ndarray
    """
    smallest = float(problem.v.min())
    level = max(tau2, 0.05 * smallest)
    total = problem.v + level
    root = 1.0 / np.sqrt(total)
    beta = np.linalg.lstsq(root[:, np.newaxis] * problem.x, root * problem.y, rcond=None)[0]
    squared = (problem.y - problem.x @ beta) ** 2
    targets = [np.full(problem.y.size, level), np.full(problem.y.size, 0.1 * level)]
    targets += [np.maximum(squared, 0.05 * level), np.maximum(squared - problem.v, 0.2 * level)]
    wanted = [np.log(target) if problem.log else target for target in targets]
    found = [np.linalg.lstsq(problem.z, target, rcond=None)[0] for target in wanted]
    # likelihoods of few studies have several maxima: slopes of 1.5 and 3 standard deviations, both ways
    spread = math.sqrt(problem.y.size) * (1.0 if problem.log else 0.3 * level)
    for column in range(problem.z.shape[1]):
        for slope in SLOPES:
            tilted = found[0].copy()
            tilted[column] += slope * spread
            found.append(tilted)
    return [a for a in found if math.isfinite(log_likelihood(problem, a))]


def best_maximum(problem: Problem, tau2: float, held: Held) -> tuple[Maximum, int]:
    """Return the highest maximum found from several starts, and how many different ones there were.

    Parameters
    ----------
    problem : Problem
        Data.
    tau2 : float
        Of the model without scale moderators.
    held : Held
        Coefficients that are given.

    Returns
    -------
    best : Maximum
    different : int
    """
    near = [held.nearest(start) for start in starts(problem, tau2)]
    possible = [a for a in near if math.isfinite(log_likelihood(problem, a))]
    climbed = [maximise(problem, start, held.free()) for start in possible]
    if not problem.log:
        climbed += [one for start in near[:2] if (one := _on_the_boundary(problem, start, held))]
    if not climbed:
        empty = np.full(problem.z.shape[1], np.nan)
        lost = Solution(math.nan, 0, False, "no scale coefficients found that give tau² above 0")
        return Maximum(empty, math.nan, np.full((empty.size, empty.size), np.nan), lost), 0
    converged = [one for one in climbed if one.found.converged]
    pool = converged or climbed
    best = max(pool, key=lambda one: one.log_likelihood)
    others = {round(one.log_likelihood, 6) for one in converged}
    return best, len(others)


def on_boundary(problem: Problem, a: FloatArray) -> FloatArray:
    """Return which studies have a tau² of 0 under an identity link."""
    return np.asarray(problem.z @ a <= BOUNDARY * float(problem.v.min()))


def _on_the_boundary(problem: Problem, start: FloatArray, held: Held) -> Maximum | None:
    """Return the maximum of an identity link with no tau² below 0, where one is 0; None inside.

    Sequential quadratic programming finds which tau² are 0; Newton's method in the coefficients that
    keep them there finishes.
    """
    from scipy import optimize  # noqa: PLC0415 - heavy, and few fits need it

    def clipped(a: FloatArray) -> Problem:
        return problem._replace(z=np.where((problem.z @ a < 0)[:, np.newaxis], 0.0, problem.z))

    found = optimize.minimize(
        lambda a: -log_likelihood(clipped(a), a),
        start,
        jac=lambda a: -derivatives(clipped(a), a)[0],
        constraints=[
            {"type": "ineq", "fun": lambda a: problem.z @ a, "jac": lambda _: problem.z},
            {"type": "eq", "fun": lambda a: held.rows @ a - held.values, "jac": lambda _: held.rows},
        ][: 1 + bool(held.values.size)],
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-15},
    )
    linear = problem.z @ found.x
    near = linear <= 1e-5 * float(problem.v.min() + np.abs(linear).max())
    if not near.any():
        return None
    bound = np.vstack([problem.z[near], held.rows])
    _, values, vectors = np.linalg.svd(bound)
    space = vectors[int((values > 1e-10 * values.max()).sum()) :].T
    wanted = np.concatenate([np.zeros(int(near.sum())), held.values])
    inside = found.x - np.linalg.pinv(bound, rcond=1e-10) @ (bound @ found.x - wanted)
    return maximise(problem, inside, space) if math.isfinite(log_likelihood(problem, inside)) else None
