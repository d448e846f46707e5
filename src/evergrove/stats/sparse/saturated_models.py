"""Tests of heterogeneity against the saturated model, which gives each study an effect of its own.

Studies whose own effect is infinite (an arm without events, or with only events) add nothing to the Wald
statistic, the limit to which a growing estimate with a faster growing variance tends; they do add to the
likelihood ratio, whose limit is finite too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.distributions import chi2_tail
from evergrove.stats.sparse.conditional_tables import ConditionalTables, Margins
from evergrove.stats.sparse.likelihood_maximiser import maximise
from evergrove.stats.sparse.marginal_likelihood import OneRandomEffect
from evergrove.stats.sparse.mixed_models import LEVEL, Counts
from evergrove.stats.sparse.options import GlmmModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.sparse.mixed_models import Specification

MOST_STEPS = 100


class Saturated(NamedTuple):
    """The saturated model.

    Parameters
    ----------
    log_likelihood : float
        With its constant.
    effects : ndarray, shape (m,)
        Finite effects of the studies' own.
    covariance : ndarray, shape (m, m)
    rows : ndarray of int, shape (m,)
        Studies they belong to.
    """

    log_likelihood: float
    effects: FloatArray
    covariance: FloatArray
    rows: NDArray[np.intp]


class HeterogeneityTests(NamedTuple):
    """Wald-type and likelihood-ratio test that the studies' effects do not differ beyond the model matrix."""

    q_wald: float
    q_wald_p_value: float
    q_lrt: float
    q_lrt_p_value: float
    q_df: int


def _closed_form(counts: Counts, model: GlmmModel | None, constant: float) -> Saturated:
    """Return the saturated model where it reproduces the counts."""
    x, n = counts.events, counts.sizes
    rest = np.full_like(x, np.inf) if counts.rates else n - x
    share = model in (GlmmModel.CM_EL, GlmmModel.CM_AL)
    if share:  # arm 1's share of the events
        rest = np.full_like(x, np.inf)
    finite = ((x > 0) & (rest > 0)).all(axis=1)
    used, others = x[finite], rest[finite]
    with np.errstate(divide="ignore"):
        level = np.log(used) - (np.log(n[finite]) if counts.rates or share else np.log(others))
    variance = (1.0 / used + 1.0 / others).sum(axis=1)
    effects = level[:, 0] - level[:, 1] if x.shape[1] == 2 else level[:, 0]
    if share:
        counts = counts._replace(events=x[:, :1], sizes=x.sum(axis=1, keepdims=True), rates=False)
    height = float(counts.family().saturated().sum()) + constant
    return Saturated(height, effects, np.diag(variance), np.flatnonzero(finite))


def _conditional(likelihood: ConditionalTables) -> Saturated:
    """Return the saturated exact conditional model: each table's conditional maximum."""
    effects, variances, rows, height = [], [], [], 0.0
    for at, (table, y) in enumerate(zip(likelihood.tables, likelihood.observed, strict=True)):
        if y in (table.values[0], table.values[-1]):
            continue  # infinite; its probability tends to 1
        effect = conditional_maximum(table.values, table.log_weights, float(y))
        k, _, variance = (float(part[0]) for part in table.moments(np.array([effect])))
        height += float(table.log_weights[round(y - table.values[0])]) + y * effect - k
        effects.append(effect)
        variances.append(1.0 / variance)
        rows.append(at)
    return Saturated(height, np.array(effects), np.diag(variances), np.array(rows, dtype=int))


def conditional_maximum(values: FloatArray, log_weights: FloatArray, target: float) -> float:
    """Return η at which the mean of the distribution with weights exp(b(u) + u η) is `target`.

    Parameters
    ----------
    values, log_weights : ndarray, shape (s,)
        The distribution at η = 0.
    target : float
        Strictly within the range of `values`.

    Returns
    -------
    float
    """
    table = Margins(values, log_weights)
    low, high = -1.0, 1.0
    while float(table.moments(np.array([low]))[1][0]) > target:
        low *= 2.0
    while float(table.moments(np.array([high]))[1][0]) < target:
        high *= 2.0
    eta = 0.5 * (low + high)
    for _ in range(MOST_STEPS):
        _, mean, variance = (float(part[0]) for part in table.moments(np.array([eta])))
        low, high = (eta, high) if mean < target else (low, eta)
        moved = eta + (target - mean) / variance if variance > 0 else 0.5 * (low + high)
        if not low < moved < high:
            moved = 0.5 * (low + high)
        if abs(moved - eta) <= 1e-15 * (1.0 + abs(eta)):
            return moved
        eta = moved
    return eta


def _random_levels(counts: Counts, points: int) -> Saturated:
    """Return the saturated model with random study levels: numeric, one effect per study."""
    x, n = counts.events, counts.sizes
    rest = np.ones_like(x[:, 0]) if counts.rates else n[:, 0] - x[:, 0]
    finite = np.flatnonzero((x[:, 0] > 0) & (rest > 0))
    kept_x, kept_n = x.copy(), n.copy()
    dropped = np.setdiff1d(np.arange(x.shape[0]), finite)
    kept_x[dropped, 0] = 0.0
    kept_n[dropped, 0] = 0.0  # its own effect is infinite: arm 1 has probability 1 and says nothing
    family = counts._replace(events=kept_x, sizes=kept_n).family()
    m = finite.size
    design = np.zeros((x.shape[0], 3, m + 2))
    design[finite, 0, np.arange(m)] = 1.0
    design[:, :2, m] = 1.0
    design[:, 2, m + 1] = 1.0
    guess = counts.family().guess()
    start = np.concatenate(
        [(guess[:, 0] - guess[:, 1])[finite], [guess[:, 1].mean(), max(0.3, float(guess[:, 1].std()))]]
    )
    likelihood = OneRandomEffect(family, LEVEL, points)
    free = np.ones(m + 2, dtype=bool)
    maximum = maximise(likelihood, design, start, free)
    if abs(maximum.parameters[-1]) < 1e-5:
        start = maximum.parameters.copy()
        start[-1], free[-1] = 0.0, False
        maximum = maximise(likelihood, design, start, free)
    if not maximum.converged:
        return Saturated(np.nan, np.array([]), np.empty((0, 0)), finite)
    if dropped.size:
        covariance = _penalised_covariance(likelihood, design, maximum.parameters)[:m, :m]
    else:
        covariance = np.linalg.inv(maximum.information[np.ix_(free, free)])[:m, :m]
    height = maximum.log_likelihood + float(family.constant().sum())
    return Saturated(height, maximum.parameters[:m], covariance, finite)


def _penalised_covariance(
    likelihood: OneRandomEffect, design: FloatArray, parameters: FloatArray
) -> FloatArray:
    """Return the covariance of the coefficients by penalised least squares at the modes, σ held fast.

    It is what lme4 falls back to where some effects are infinite and its Hessian cannot be inverted, and so
    what metafor reports there.
    """
    local = design @ parameters
    u, sigma = likelihood.modes(local), float(parameters[-1])
    eta = local[:, :-1] + (local[:, -1] * u)[:, np.newaxis]
    weight = likelihood.family.at(eta).variance
    x = design[:, :2, :-1]
    weighted = weight[:, :, np.newaxis] * x
    level = weighted.sum(axis=1)
    share = sigma**2 / (1.0 + sigma**2 * weight.sum(axis=1))
    information = np.einsum("krp,krq->pq", x, weighted) - np.einsum("k,kp,kq->pq", share, level, level)
    return np.asarray(np.linalg.inv(information))


def saturated(spec: Specification, counts: Counts, model: GlmmModel | None, points: int) -> Saturated:
    """Return the saturated model that belongs to a mixed model.

    Parameters
    ----------
    spec : Specification
        The mixed model.
    counts : Counts
        Its data.
    model : GlmmModel or None
        None for one group.
    points : int
        Nodes, for random study levels.

    Returns
    -------
    Saturated
    """
    if model is GlmmModel.UM_RS:
        return _random_levels(counts, points)
    if isinstance(spec.likelihood, ConditionalTables):
        return _conditional(spec.likelihood)
    return _closed_form(counts, model, spec.constant)


def heterogeneity(full: Saturated, x: FloatArray, log_likelihood: float) -> HeterogeneityTests:
    """Return both tests of heterogeneity.

    Parameters
    ----------
    full : Saturated
        The saturated model.
    x : ndarray, shape (k, p)
        Model matrix.
    log_likelihood : float
        Of the model with tau² = 0.

    Returns
    -------
    HeterogeneityTests
    """
    df = x.shape[0] - x.shape[1]
    if df <= 0:
        return HeterogeneityTests(0.0, 1.0, 0.0, 1.0, 0)
    wald = 0.0
    if full.effects.size:
        root = np.linalg.cholesky(full.covariance)
        white_x = np.linalg.solve(root, x[full.rows])
        white_y = np.linalg.solve(root, full.effects)
        fitted = white_x @ np.linalg.lstsq(white_x, white_y, rcond=None)[0]
        wald = float(((white_y - fitted) ** 2).sum())
    ratio = max(0.0, 2.0 * (full.log_likelihood - log_likelihood))
    return HeterogeneityTests(wald, chi2_tail(wald, df), ratio, chi2_tail(ratio, df), df)
