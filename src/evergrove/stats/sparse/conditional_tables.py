"""Fisher's non-central hypergeometric distribution of a two-by-two table given its margins.

Given the total of events, the events of arm 1 depend on the log odds ratio η alone:
P(A = u) = exp(b(u) + u η - K(η)), with b the log weights of the central distribution.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.sparse.marginal_likelihood import Local

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray

#: Log-likelihood below the mode at which the integral is cut: e^-42 is 6e-19.
CUT = 42.0
#: Trapezoid step in standard deviations at the mode, and in units of the log odds ratio. The nearest
#: poles lie at ±iπ, so the error of the second is below e^-39.
STEP_IN_SD = 0.3
STEP_IN_LOG_ODDS = 0.25
MOST_MODE_STEPS = 200


class Margins(NamedTuple):
    """The conditional distribution of one table.

    Parameters
    ----------
    values : ndarray, shape (s,)
        Possible events of arm 1.
    log_weights : ndarray, shape (s,)
        b(u): log C(n1, u) + log C(n2, t - u), less its maximum.
    """

    values: FloatArray
    log_weights: FloatArray

    def tilted(self, eta: float) -> FloatArray:
        """Return the log weights at a log odds ratio, less their maximum."""
        weights = self.log_weights + eta * (self.values - self.values[0])
        return np.asarray(weights - weights.max())

    def moments(self, eta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return K, mean and variance at log odds ratios η, shape (m,)."""
        logits = self.log_weights + eta[:, np.newaxis] * (self.values - self.values[0])
        highest = logits.max(axis=1)
        weights = np.exp(logits - highest[:, np.newaxis])
        total = weights.sum(axis=1)
        mean = weights @ self.values / total
        variance = (weights * (self.values - mean[:, np.newaxis]) ** 2).sum(axis=1) / total
        return highest + np.log(total) + eta * self.values[0], mean, variance


def margins(a: float, n1: float, c: float, n2: float) -> Margins:
    """Return the conditional distribution of a table.

    Parameters
    ----------
    a, n1, c, n2 : float
        Whole numbers: events and patients of the arms.

    Returns
    -------
    Margins
        Weights by products of ratios, accurate to rounding for any counts.

    Examples
    --------
    >>> found = margins(1, 3, 1, 3)
    >>> found.values, np.exp(found.log_weights).round(4)
    (array([0., 1., 2.]), array([0.3333, 1.    , 0.3333]))
    """
    events = a + c
    low, high = max(0.0, events - n2), min(n1, events)
    values = np.arange(low, high + 1.0)
    before = values[:-1]
    ratios = (n1 - before) * (events - before) / ((before + 1.0) * (n2 - events + before + 1.0))
    log_weights = np.concatenate([[0.0], np.cumsum(np.log(ratios))])
    return Margins(values, log_weights - log_weights.max())


class ConditionalTables(NamedTuple):
    """Tables given their margins, with a normal log odds ratio: the exact conditional model.

    Local parameters: the mean log odds ratio m and τ. The integral over the random effect is a trapezoid
    sum over the whole support of the integrand, which for such functions converges faster than any power
    of the step (Trefethen & Weideman, SIAM Review 56 (2014) 385-458): exact to rounding.

    Parameters
    ----------
    tables : sequence of Margins
    observed : ndarray, shape (k,)
        Events of arm 1.
    """

    tables: Sequence[Margins]
    observed: FloatArray

    def value(self, local: FloatArray) -> FloatArray:
        """Return the log-likelihood per study, with its constant."""
        return self.derivatives(local).value

    def derivatives(self, local: FloatArray, *, precise: bool = True) -> Local:  # noqa: ARG002 - always precise
        """Return value, gradient and Hessian by m and τ, as moments over the random effect."""
        k = local.shape[0]
        value, gradient, hessian = np.empty(k), np.empty((k, 2)), np.empty((k, 2, 2))
        for at, (table, observed) in enumerate(zip(self.tables, self.observed, strict=True)):
            m, tau = float(local[at, 0]), float(local[at, 1])
            value[at], gradient[at], hessian[at] = _study(table, float(observed), m, tau)
        return Local(value, gradient, hessian)


#: Distances from the mode, in standard deviations there, at which the integrand is looked at for its end.
REACHES: FloatArray = np.array([4.0 * 1.2**at for at in range(24)])
#: Shares of a Newton step that are tried at once.
SHARES: FloatArray = np.array([0.5**at for at in range(6)])


def _nodes(table: Margins, y: float, m: float, tau: float) -> tuple[FloatArray, float]:
    """Return equally spaced u that cover the integrand, and their distance."""

    def joint(u: FloatArray) -> FloatArray:
        return np.asarray(y * (m + tau * u) - table.moments(m + tau * u)[0] - 0.5 * u * u)

    u, curvature, height = 0.0, 1.0, -math.inf
    for _ in range(MOST_MODE_STEPS):
        k, mean, variance = (float(part[0]) for part in table.moments(np.array([m + tau * u])))
        height = y * (m + tau * u) - k - 0.5 * u * u
        slope, curvature = tau * (y - mean) - u, 1.0 + tau * tau * variance
        step = slope / curvature
        if abs(step) < 1e-3 / math.sqrt(curvature):  # the centre need not be exact
            break
        trials = u + step * SHARES
        u = float(trials[int(np.argmax(joint(trials)))])
    scale = 1.0 / math.sqrt(curvature)
    ends = []
    for sign in (-1.0, 1.0):
        falls = height - joint(u + sign * scale * REACHES)
        # the prior alone falls by CUT within the root of twice CUT
        reach = scale * REACHES[int(np.argmax(falls > CUT))] if (falls > CUT).any() else math.sqrt(2 * CUT)
        ends.append(u + sign * reach)
    distance = min(STEP_IN_SD * scale, STEP_IN_LOG_ODDS / max(abs(tau), 1e-300))
    nodes = np.linspace(ends[0], ends[1], math.ceil((ends[1] - ends[0]) / distance) + 1)
    return nodes, float(nodes[1] - nodes[0])


def _study(table: Margins, y: float, m: float, tau: float) -> tuple[float, FloatArray, FloatArray]:
    """Return log-likelihood, gradient and Hessian of one table by m and τ."""
    base = float(table.log_weights[round(y - table.values[0])])
    if tau == 0.0:
        k, mean, variance = (float(part[0]) for part in table.moments(np.array([m])))
        residual = y - mean
        by_tau = residual**2 - variance  # by symmetry the only second derivative in τ at 0
        return base + y * m - k, np.array([residual, 0.0]), np.array([[-variance, 0.0], [0.0, by_tau]])
    u, distance = _nodes(table, y, m, tau)
    eta = m + tau * u
    k_at, mean_at, variance_at = table.moments(eta)
    joint = y * eta - k_at - 0.5 * u * u
    highest = float(joint.max())
    weights = np.exp(joint - highest)
    total = float(weights.sum())
    value = base + highest + math.log(total * distance / math.sqrt(2.0 * math.pi))
    weights /= total
    residual_at = y - mean_at
    scores = np.stack([residual_at, residual_at * u])
    gradient = scores @ weights
    second = np.array([np.ones_like(u), u, u * u]) * -variance_at
    curvature = second @ weights
    hessian = np.array([[curvature[0], curvature[1]], [curvature[1], curvature[2]]])
    hessian += (scores * weights) @ scores.T - np.outer(gradient, gradient)
    return value, gradient, hessian
