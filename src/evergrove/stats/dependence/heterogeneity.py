"""Residual heterogeneity and I² of models for dependent effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.dependence.covariance_structures import ONE_VARIANCE
from evergrove.stats.dependence.likelihood import evaluate
from evergrove.stats.dependence.multilevel_result import MultilevelResult
from evergrove.stats.result import wanted_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.components import Component
    from evergrove.stats.dependence.likelihood import Problem


class Residual(NamedTuple):
    """The model without random effects.

    Parameters
    ----------
    q : float
        Generalised residual sum of squares at weights V⁻¹.
    leverage : ndarray, shape (k,)
        Diagonal of P = V⁻¹ - V⁻¹X(X'V⁻¹X)⁻¹X'V⁻¹.
    """

    q: float
    leverage: FloatArray


def residual_heterogeneity(problem: Problem) -> Residual:
    """Return Q and the diagonal of P of the model without random effects."""
    none = [np.zeros((term.size, term.size)) for term in problem.terms]
    plain = evaluate(problem, none, restricted=False, gradient=False)
    if plain is None:  # V was checked, so only the rounding of an almost singular block comes here
        return Residual(float("nan"), np.full(problem.k, np.nan))
    middle = np.linalg.inv(plain.information)
    leverage = np.empty(problem.k)
    for batch in problem.batches:
        inverse = np.linalg.inv(batch.v)
        wx = inverse @ batch.x
        own = np.diagonal(inverse, axis1=1, axis2=2) - np.einsum("bni,ij,bnj->bn", wx, middle, wx)
        real = batch.rows >= 0
        leverage[batch.rows[real]] = own[real] / problem.scale
    return Residual(plain.rss, leverage)


def i2_by_component(
    components: Sequence[Component], problem: Problem, residual: Residual
) -> tuple[float, dict[str, float]]:
    """Return total I² and the share of each variance, in percent.

    Parameters
    ----------
    components : sequence of Component
        Of the fit.
    problem : Problem
        The model.
    residual : Residual
        Without random effects.

    Returns
    -------
    total : float
        NaN where a term has a variance for each level.
    shares : dict of str to float
        By component name.
    """
    several = any(
        term.structure is not None and term.structure not in ONE_VARIANCE and term.size > 1
        for term in problem.terms
    )
    variances = [one for one in components if one.kind in {"sigma2", "tau2", "gamma2"}]
    df, trace = problem.k - problem.p, float(residual.leverage.sum())
    if several or df == 0:
        return float("nan"), {one.name: float("nan") for one in variances}
    typical = df / trace
    total = sum(one.value for one in variances)
    return (
        100.0 * total / (total + typical),
        {one.name: 100.0 * one.value / (total + typical) for one in variances},
    )


def i2_by_level(fit: MultilevelResult) -> dict[str, float]:
    """Return I² for each level of the inner factor of ``~ inner | outer``.

    Parameters
    ----------
    fit : MultilevelResult
        With a structure that has a variance for each level (UN, HCS, DIAG, HAR).

    Returns
    -------
    dict of str to float
        Percent: 100 tau²_j / (tau²_j + (k_j - 1) / Σ P_ii), the sum over the rows of level j, P of the
        model without random effects (Jackson, White & Riley 2012; metafor's documentation).

    Raises
    ------
    UsageError
        For a fit without such a term; `MultilevelResult.i2` holds its I².

    Notes
    -----
    Compare the variances themselves: these shares depend on the sizes of the studies.

    References
    ----------
    [Jackson2012].

    Examples
    --------
    >>> from evergrove.stats import multilevel
    >>> data = {"study": [1, 1, 2, 2, 3, 3, 4, 4], "outcome": list("abababab")}
    >>> fit = multilevel([0.1, 0.4, 0.5, 0.2, 0.9, 0.8, 0.4, 0.1], [0.02] * 8, random=["~ outcome | study"],
    ...                  struct="DIAG", mods=["outcome"], intercept=False, data=data)
    >>> sorted(i2_by_level(fit))
    ['a', 'b']
    """
    fit = wanted_result("fit", fit, MultilevelResult)
    problem = fit.model.problem
    leverage = residual_heterogeneity(problem).leverage
    found = {}
    for term, matrix in zip(problem.terms, fitted_matrices(fit), strict=True):
        if term.structure is None or term.structure in ONE_VARIANCE or term.slopes is not None:
            continue
        for place, name in enumerate(term.inner_levels):
            rows = term.inner == place
            tau2 = float(matrix[place, place])
            typical = (int(rows.sum()) - 1) / float(leverage[rows].sum())
            found[name] = 100.0 * tau2 / (tau2 + typical)
    if not found:
        raise UsageError(
            "i2_by_level: no random term has a variance for each level; allowed: UN, HCS, DIAG or HAR; "
            "the fit's i2 and i2_components hold its I²"
        )
    return found


def fitted_matrices(fit: MultilevelResult) -> list[FloatArray]:
    """Return the covariance matrix of each random term, on the scale of the effects."""
    model, found, start = fit.model, [], 0
    for one in model.covariances:
        found.append(one.matrix(model.free[start : start + one.free]) * model.problem.scale)
        start += one.free
    return found
