"""Residuals of a fit over their own standard errors, one by one and by cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.stats.dependence.random_terms import clusters_in_order
from evergrove.stats.dependence.sandwich import Blocks, residual_covariance
from evergrove.stats.dependence.working_fit import working_fit
from evergrove.stats.regression.least_squares import centred_basis
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.multilevel_result import MultilevelResult
    from evergrove.stats.pool_result import PoolResult
    from evergrove.stats.regression.regression_result import MetaRegressionResult

#: Residuals below this are rounding (metafor's rule).
SMALLEST_RESIDUAL = 100 * float(np.finfo(np.float64).eps)
#: A covariance with an eigenvalue at or below this tells nothing of its cluster (metafor's rule).
SMALLEST_EIGENVALUE = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StandardisedResiduals(Result):
    """How far each effect, and each cluster, lies from what the model expects of it.

    Parameters
    ----------
    residual, se, standardised : ndarray, shape (k,)
        y - Xb; its standard error √((I - H) M (I - H)')ᵢᵢ with the marginal covariance M; their ratio.
    hat : ndarray, shape (k,)
        Diagonal of H = X (X'WX)⁻¹ X'W.
    clusters : tuple of str
        In the order of their first rows; m of them. Without clusters, the rows.
    effects : ndarray of int, shape (m,)
        Rows of each.
    chi2 : ndarray, shape (m,)
        r'V⁻¹r of the cluster's residuals r with covariance V: about chi-square with as many degrees of
        freedom as effects; NaN where V is singular.
    """

    residual: FloatArray
    se: FloatArray
    standardised: FloatArray
    hat: FloatArray
    clusters: tuple[str, ...]
    effects: NDArray[np.intp]
    chi2: FloatArray

    def __repr__(self) -> str:
        furthest = float(np.nanmax(np.abs(self.standardised), initial=0.0))
        return f"<StandardisedResiduals k={self.residual.size}, furthest {furthest:.3f} standard errors>"

    def columns(self) -> dict[str, Any]:
        """Return one row per effect."""
        names = ("residual", "se", "standardised", "hat")
        return {name: getattr(self, name) for name in names}


def standardised_residuals(
    fit: MultilevelResult | MetaRegressionResult | PoolResult,
    cluster: Sequence[object] | ArrayLike | None = None,
) -> StandardisedResiduals:
    """Standardise the residuals of a fit with the covariance that they have under its model.

    Parameters
    ----------
    fit : MultilevelResult, MetaRegressionResult or PoolResult
        A fit by inverse (co)variances, or by weights of the caller.
    cluster : sequence, length k, or None
        Cluster of each effect, such as its study, whose residuals are judged together; None is every effect
        alone.

    Returns
    -------
    StandardisedResiduals

    Raises
    ------
    UsageError
        For a fit without a marginal covariance.
    DataError
        Where `cluster` has another length or missing values.

    See Also
    --------
    cluster_influence : residuals of a cluster from the fit without it, which do not mask an outlier.
    influence_diagnostics : the same for one mean or moderators, with DFFITS and covariance ratios.

    Notes
    -----
    metafor's ``rstandard`` and ``hatvalues`` (of ``rma.mv`` with ``cluster=``). An outlier pulls the fit
    towards itself, so look at residuals without it too. The Hartung-Knapp factor plays no part, as there.

    References
    ----------
    [Hedges1985], chapter 12; [Viechtbauer2010b].

    Examples
    --------
    >>> from evergrove.stats import three_level
    >>> study = ["a", "a", "b", "b", "c", "c", "d"]
    >>> fit = three_level([0.2, 0.3, 0.6, 0.5, -0.9, -0.8, 0.4], [0.02] * 7, study)
    >>> found = standardised_residuals(fit, study)
    >>> found.standardised.round(2).tolist(), found.chi2.round(2).tolist()
    ([0.2, 0.38, 0.92, 0.74, -1.76, -1.58, 0.56], [0.34, 0.96, 3.13, 0.31])
    """
    working = working_fit(fit)
    working = working.on(centred_basis(working.x))  # so that years keep their digits
    k = int(working.residual.size)
    if cluster is None:
        names, groups = tuple(f"row {row}" for row in range(k)), [np.array([row]) for row in range(k)]
    else:
        names, groups = clusters_in_order(cluster, k)
    residual = np.where(np.abs(working.residual) < SMALLEST_RESIDUAL, 0.0, working.residual)
    whole = working.weighting()
    blocks = Blocks(working.blocks)
    variance, chi2 = np.empty(k), np.full(len(groups), np.nan)
    for place, rows in enumerate(groups):
        mine = whole._replace(wx=whole.wx[rows], phi_wx=whole.phi_wx[rows])
        spread = residual_covariance(working.x[rows], blocks.of(rows), mine)
        variance[rows] = np.diag(spread)
        if np.linalg.eigvalsh(spread)[0] > SMALLEST_EIGENVALUE:
            chi2[place] = float(residual[rows] @ np.linalg.solve(spread, residual[rows]))
    se = np.sqrt(np.maximum(variance, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):  # an effect that is fitted exactly has none
        standardised = residual / se
    hat = np.einsum("kp,pr,kr->k", working.x, whole.bread, whole.wx)
    sizes = np.array([rows.size for rows in groups], dtype=np.intp)
    return StandardisedResiduals(residual, se, standardised, hat, names, sizes, chi2)
