"""Influence of clusters on a multilevel fit: the fit without each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.stats.dependence.components import on_scale
from evergrove.stats.dependence.estimation import estimate
from evergrove.stats.dependence.likelihood import coefficients_at, evaluate, lay_out, matrices_at
from evergrove.stats.dependence.multilevel_result import MultilevelResult
from evergrove.stats.dependence.random_terms import clusters_in_order
from evergrove.stats.dependence.sandwich import Blocks
from evergrove.stats.dependence.user_weights import weighted_coefficients
from evergrove.stats.dependence.working_fit import blocks_at
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.result import Result, wanted_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.likelihood import Evaluation, Problem
    from evergrove.stats.dependence.multilevel_result import FittedModel
    from evergrove.stats.dependence.random_terms import RandomTerm


@dataclass(frozen=True, slots=True, eq=False)
class ClusterInfluence(Result):
    """What each cluster does to a multilevel fit.

    Parameters
    ----------
    clusters : tuple of str
        In the order of their first rows; m of them.
    effects : ndarray of int, shape (m,)
        Rows of each.
    names : tuple of str
        Coefficients; p of them.
    cooks_distance : ndarray, shape (m,)
        (β - β₋)' cov(β)⁻¹ (β - β₋), β₋ without the cluster.
    dfbetas : ndarray, shape (m, p)
        (β - β₋) over the standard error that β has at the components found without the cluster.
    estimate : ndarray, shape (m, p)
        β₋.
    chi2 : ndarray, shape (m,)
        d'D⁻¹d of the cluster's deleted residuals d with covariance D: about chi-square with as many degrees
        of freedom as it has rows.
    residual, se, studentised : ndarray, shape (k,)
        Deleted residual of each row, its standard error, and their ratio.
    reestimated : bool
        Whether the components were estimated anew.
    diagnostics : tuple of Diagnostic
        Clusters without which there is no fit: NaN stands there.
    """

    clusters: tuple[str, ...]
    effects: NDArray[np.intp]
    names: tuple[str, ...]
    cooks_distance: FloatArray
    dfbetas: FloatArray
    estimate: FloatArray
    chi2: FloatArray
    residual: FloatArray
    se: FloatArray
    studentised: FloatArray
    reestimated: bool
    diagnostics: tuple[Diagnostic, ...]

    def columns(self) -> dict[str, Any]:
        """Return one row per cluster."""
        found: dict[str, Any] = {
            "cluster": np.array(self.clusters),
            "effects": self.effects,
            "cooks_distance": self.cooks_distance,
            "chi2": self.chi2,
        }
        for place, name in enumerate(self.names):
            found[f"dfbetas[{name}]"] = self.dfbetas[:, place]
        return found


def cluster_influence(
    fit: MultilevelResult,
    cluster: Sequence[object] | ArrayLike | None = None,
    *,
    reestimate: bool = True,
) -> ClusterInfluence:
    """Leave each cluster out of a multilevel fit and see what changes.

    Parameters
    ----------
    fit : MultilevelResult
        A fit.
    cluster : sequence, length k, or None
        Cluster of each effect, such as its study; None leaves out one effect at a time.
    reestimate : bool
        Whether the variance components are estimated anew without the cluster; False keeps them and is
        much faster.

    Returns
    -------
    ClusterInfluence

    Raises
    ------
    DataError
        Where `cluster` has another length or missing values.

    See Also
    --------
    robust : tests that hold when the random part is wrong.

    Notes
    -----
    metafor's ``cooks.distance``, ``dfbetas`` and ``rstudent`` of an ``rma.mv`` with ``cluster=``. A cluster
    of weight is not for that wrong: look at what it reports before leaving it out. There is no test here;
    Cook's distances far above the others are what to look for.

    References
    ----------
    [Cook1982]; [Viechtbauer2010b]; [Viechtbauer2021].

    Examples
    --------
    >>> from evergrove.stats import three_level
    >>> study = ["a", "a", "b", "b", "c", "c", "d"]
    >>> fit = three_level([0.2, 0.3, 0.6, 0.5, -0.9, -0.8, 0.4], [0.02] * 7, study)
    >>> found = cluster_influence(fit, study)
    >>> found.clusters[int(found.cooks_distance.argmax())]
    'c'
    """
    fit = wanted_result("fit", fit, MultilevelResult)
    names, groups = _groups(cluster, fit.k)
    count, p = len(groups), fit.p
    cooks, chi2 = np.full(count, np.nan), np.full(count, np.nan)
    dfbetas, left = np.full((count, p), np.nan), np.full((count, p), np.nan)
    residual, se = np.full(fit.k, np.nan), np.full(fit.k, np.nan)
    information = np.linalg.inv(fit.covariance)
    lost = []
    for place, rows in enumerate(groups):
        without = _without(fit.model, rows, reestimate=reestimate)
        if without is None:
            lost.append(names[place])
            continue
        change = fit.estimate - without.estimate
        left[place] = without.estimate
        cooks[place] = float(change @ information @ change)
        dfbetas[place] = change / without.se_of_all
        x = fit.model.design.matrix[rows]
        deleted = fit.yi[rows] - x @ without.estimate
        spread = without.marginal + x @ without.covariance @ x.T
        residual[rows], se[rows] = deleted, np.sqrt(np.diag(spread))
        chi2[place] = float(deleted @ np.linalg.solve(spread, deleted))
    remarks: tuple[Diagnostic, ...] = ()
    if lost:
        message = "without these clusters a coefficient or component cannot be estimated"
        remarks = (Diagnostic("cluster-needed", message, ", ".join(lost)),)
    return ClusterInfluence(
        names,
        np.array([rows.size for rows in groups], dtype=np.intp),
        fit.names,
        cooks,
        dfbetas,
        left,
        chi2,
        residual,
        se,
        residual / se,
        reestimate,
        remarks,
    )


def _groups(
    cluster: Sequence[object] | ArrayLike | None, k: int
) -> tuple[tuple[str, ...], list[NDArray[np.intp]]]:
    """Return names and rows of the clusters, in the order of their first rows."""
    if cluster is None:
        return tuple(f"row {row}" for row in range(k)), [np.array([row], dtype=np.intp) for row in range(k)]
    return clusters_in_order(cluster, k)


class _Without(NamedTuple):
    """The fit without a cluster, and what the whole data give at its components.

    `marginal` is the covariance of the cluster's rows, `se_of_all` the standard errors of all data.
    """

    estimate: FloatArray
    covariance: FloatArray
    marginal: FloatArray
    se_of_all: FloatArray


def _without(model: FittedModel, rows: NDArray[np.intp], *, reestimate: bool) -> _Without | None:
    """Return the fit without some rows; None where it cannot be estimated."""
    whole = model.problem
    kept = np.setdiff1d(np.arange(whole.k), rows)
    x = model.design.matrix[kept]
    if kept.size <= whole.p or np.linalg.matrix_rank(x) < whole.p:
        return None
    terms = [_part(term, kept) for term in whole.terms]
    problem = lay_out(model.yi[kept], x, model.known.part(kept), terms)
    matrices = [one * (whole.scale / problem.scale) for one in matrices_at(model.covariances, model.free)]
    if reestimate:
        if any(_misses_a_level(term, full) for term, full in zip(terms, whole.terms, strict=True)):
            return None
        covariances = on_scale(model.covariances, problem.scale / whole.scale)
        found = estimate(problem, covariances, restricted=model.restricted)
        if found is None or not found.optimum.converged:
            return None
        matrices = matrices_at(covariances, found.free)
    here = evaluate(problem, matrices, restricted=model.restricted, gradient=False)
    of_kept, matrices = matrices, [one * (problem.scale / whole.scale) for one in matrices]
    there = evaluate(whole, matrices, restricted=model.restricted, gradient=False)
    if here is None or there is None:
        return None
    everything = np.arange(whole.k)
    try:
        estimated, covariance = _coefficients(model, problem, here, of_kept, kept)
        _, covariance_of_all = _coefficients(model, whole, there, matrices, everything)
    except np.linalg.LinAlgError:
        return None
    return _Without(
        estimated,
        covariance,
        Blocks(blocks_at(whole, matrices)).of(rows),
        np.sqrt(np.diag(covariance_of_all)),
    )


def _coefficients(
    model: FittedModel,
    problem: Problem,
    at: Evaluation,
    matrices: Sequence[FloatArray],
    rows: NDArray[np.intp],
) -> tuple[FloatArray, FloatArray]:
    """Return coefficients and covariance from some rows, by the weights of the caller if any."""
    if model.weights is None:
        return coefficients_at(problem, at)
    weights = model.weights[np.ix_(rows, rows)]
    blocks = blocks_at(problem, matrices)
    return weighted_coefficients(weights, model.design.matrix[rows], model.yi[rows], blocks)


def _part(term: RandomTerm, kept: NDArray[np.intp]) -> RandomTerm:
    """Return a random term for some rows, with all its levels."""
    slopes = None if term.slopes is None else term.slopes[kept]
    written = None if term.written is None else term.written[kept]
    return replace(term, codes=term.codes[kept], inner=term.inner[kept], slopes=slopes, written=written)


def _misses_a_level(part: RandomTerm, whole: RandomTerm) -> bool:
    """Return whether an inner level, and with it a component, occurs in the whole alone."""
    return np.unique(part.inner).size < np.unique(whole.inner).size
