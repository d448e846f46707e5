"""Robust variance estimation with approximate weights: correlated and hierarchical effects."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import checked_level, effects_and_variances, is_number
from evergrove.stats.dependence.design import build_design
from evergrove.stats.dependence.options import RobustCorrection, RobustDf, WorkingModel
from evergrove.stats.dependence.robust_tests import RobustResult, cluster_rows, robust_result
from evergrove.stats.dependence.sandwich import WorkingFit
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import choose
from evergrove.stats.scalars import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import FloatArray


class Moments(NamedTuple):
    """Weights and the moment estimates behind them.

    Parameters
    ----------
    weights : ndarray, shape (k,)
        Of the effects.
    tau2 : float
        Between clusters (correlated: between studies).
    omega2 : float or None
        Between studies within clusters (hierarchical).
    truncated : tuple of str
        Estimates that were negative and set to 0.
    """

    weights: FloatArray
    tau2: float
    omega2: float | None
    truncated: tuple[str, ...]


def _least_squares(y: FloatArray, x: FloatArray, w: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return coefficients and (X'WX)⁻¹."""
    middle = np.asarray(np.linalg.inv((x * w[:, None]).T @ x), dtype=np.float64)
    return middle @ (x * w[:, None]).T @ y, middle


def correlated_moments(
    y: FloatArray, v: FloatArray, x: FloatArray, clusters: Sequence[NDArray[np.intp]], rho: float
) -> Moments:
    """Return the weights of the correlated-effects model and its tau² (Hedges et al. 2010, eq. 14-15).

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and sampling variances.
    x : ndarray, shape (k, p)
        Design.
    clusters : sequence of int arrays
        Rows of each study.
    rho : float
        Correlation of the sampling errors within a study.

    Returns
    -------
    Moments
        Weights 1 / (k_j (mean v_j + tau²)).
    """
    size, typical = np.empty(y.size), np.empty(y.size)
    for rows in clusters:
        size[rows], typical[rows] = rows.size, v[rows].mean()
    w = 1.0 / (size * typical)
    coefficients, middle = _least_squares(y, x, w)
    residual = y - x @ coefficients
    q = float(w @ residual**2)
    cross, within, between = (np.zeros_like(middle) for _ in range(3))
    for rows in clusters:
        sums, share = x[rows].sum(axis=0), float(w[rows[0]] / rows.size)
        weighted = (x[rows] * w[rows, None]).sum(axis=0)
        squares = x[rows].T @ x[rows]
        cross += np.outer(weighted, weighted)
        within += share * squares
        between += share * (np.outer(sums, sums) - squares)
    denominator = float(w.sum()) - float(np.trace(middle @ cross))
    trace_within, trace_between = float(np.trace(middle @ within)), float(np.trace(middle @ between))
    raw = (q - len(clusters) + trace_within + rho * trace_between) / denominator
    tau2 = max(0.0, raw)
    return Moments(1.0 / (size * (typical + tau2)), tau2, None, ("tau2",) if raw < 0 else ())


def hierarchical_moments(
    y: FloatArray, v: FloatArray, x: FloatArray, clusters: Sequence[NDArray[np.intp]]
) -> Moments:
    """Return the weights of the hierarchical-effects model with tau² and omega² (Hedges et al. 2010).

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and sampling variances.
    x : ndarray, shape (k, p)
        Design.
    clusters : sequence of int arrays
        Rows of each cluster.

    Returns
    -------
    Moments
        Weights 1 / (v + tau² + omega²), from two moment equations.
    """
    w, k, p = 1.0 / v, y.size, x.shape[1]
    coefficients, middle = _least_squares(y, x, w)
    residual = y - x @ coefficients
    q_within, q_across = float(w @ residual**2), 0.0
    names = ("jj", "xjx", "xwjjx", "xwjwx", "xwjx")
    sums: dict[str, Any] = dict.fromkeys(names, 0.0)
    for rows in clusters:
        n, plain = rows.size, x[rows].sum(axis=0)
        weighted = (x[rows] * w[rows, None]).sum(axis=0)
        q_across += float(residual[rows].sum()) ** 2
        sums["jj"] += float(n * n)
        sums["xjx"] = sums["xjx"] + np.outer(plain, plain)
        sums["xwjjx"] = sums["xwjjx"] + n * np.outer(weighted, plain)
        sums["xwjwx"] = sums["xwjwx"] + np.outer(weighted, weighted)
        sums["xwjx"] = sums["xwjx"] + np.outer(weighted, plain)
    xwwx = (x * (w**2)[:, None]).T @ x

    def trace(*factors: FloatArray) -> float:
        return float(np.trace(np.linalg.multi_dot(factors)))

    both = trace(middle, sums["xjx"], middle, sums["xwjwx"])
    a1 = sums["jj"] - 2.0 * trace(middle, sums["xwjjx"]) + both
    b1 = k - 2.0 * trace(middle, sums["xwjx"]) + trace(middle, sums["xjx"], middle, xwwx)
    c1 = float(v.sum()) - trace(middle, sums["xjx"])
    a2 = float(w.sum()) - trace(middle, sums["xwjwx"])
    b2 = float(w.sum()) - trace(middle, xwwx)
    c2 = float(k - p)
    raw_omega2 = ((q_across - c1) * a2 - (q_within - c2) * a1) / (b1 * a2 - b2 * a1)
    omega2 = max(0.0, raw_omega2)
    raw_tau2 = (q_within - c2) / a2 - omega2 * b2 / a2
    tau2 = max(0.0, raw_tau2)
    low = tuple(name for name, value in (("omega2", raw_omega2), ("tau2", raw_tau2)) if value < 0)
    return Moments(1.0 / (v + tau2 + omega2), tau2, omega2, low)


def robust_variance(
    yi: ArrayLike,
    vi: ArrayLike,
    cluster: Sequence[object],
    *,
    model: str = WorkingModel.CORRELATED,
    rho: float = 0.8,
    small_sample: bool = True,
    mods: Any = None,  # noqa: ANN401 - array or names
    names: Sequence[str] | None = None,
    data: Any = None,  # noqa: ANN401 - any frame
    intercept: bool = True,
    tested: object = None,
    level: float = 0.95,
) -> RobustResult:
    """Pool or regress dependent effects by robust variance estimation with approximate weights.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects and sampling variances.
    cluster : sequence, length k
        Study (correlated) or group of studies (hierarchical) of each effect.
    model : WorkingModel or str
        ``"correlated"`` or ``"hierarchical"``.
    rho : float
        Correlated effects: assumed correlation of sampling errors within a study, 0 to 1; the estimates
        hardly depend on it, show it for several values.
    small_sample : bool
        CR2 with Satterthwaite degrees of freedom (True), or the plain estimator with the factor m / (m - p)
        and t(m - p).
    mods, names, data, intercept
        Moderators as for `multilevel`.
    tested : None, sequence of int, or array
        Coefficients tested together.
    level : float
        Of the intervals.

    Returns
    -------
    RobustResult
        With `tau2` and, for hierarchical effects, `omega2`.

    Raises
    ------
    DataError, UsageError, TooFewStudiesError
        For data or options that cannot be, or no more clusters than coefficients.

    See Also
    --------
    robust : for a fitted multilevel model, whose weights use more of what is known.

    Notes
    -----
    The numbers of R's robumeta (``robu``). Moment estimates below 0 are set to 0 and said so.

    References
    ----------
    [Hedges2010]; [Tipton2015b].

    Examples
    --------
    >>> y, v = [0.2, 0.3, 0.6, 0.5, -0.1, 0.1, 0.4, 0.3], [0.02] * 8
    >>> found = robust_variance(y, v, [1, 1, 2, 2, 3, 3, 4, 5])
    >>> round(float(found.estimate[0]), 4), round(float(found.se[0]), 4), round(found.tau2, 4)
    (0.3, 0.0908, 0.0247)
    """
    effects, variances = effects_and_variances(yi, vi)
    kind = choose(WorkingModel, model, "model")
    if not (is_number(rho) and 0 <= rho <= 1):
        raise UsageError(f"rho: found {shown(rho)}; allowed: 0 to 1; give a correlation")
    level = checked_level(level)
    if not effects.size:
        raise DataError("robust_variance: found 0 effects; allowed: 2 clusters or more")
    design = build_design(mods, names, data, effects.size, intercept=intercept)
    clusters = cluster_rows(cluster, effects.size)
    if kind is WorkingModel.HIERARCHICAL and all(rows.size == 1 for rows in clusters):
        raise DataError(
            f"cluster: found {len(clusters)} clusters of one effect each; allowed with model='hierarchical': "
            "clusters of several, for tau² and omega² cannot be told apart else; use model='correlated'"
        )
    if kind is WorkingModel.CORRELATED:
        moments = correlated_moments(effects, variances, design.matrix, clusters, rho)
    else:
        moments = hierarchical_moments(effects, variances, design.matrix, clusters)
    coefficients, _ = _least_squares(effects, design.matrix, moments.weights)
    blocks = tuple(
        (np.array([row], dtype=np.intp), np.array([[1.0 / weight]]))
        for row, weight in enumerate(moments.weights)
    )
    fit = WorkingFit(
        design.names, design.matrix, effects - design.matrix @ coefficients, coefficients, blocks
    )
    found = robust_result(
        fit,
        clusters,
        RobustCorrection.CR2 if small_sample else RobustCorrection.CR1P,
        RobustDf.SATTERTHWAITE if small_sample else RobustDf.CLUSTERS_MINUS_P,
        tested=tested,
        level=level,
        options={"model": kind, "rho": rho, "small_sample": small_sample, "tested": tested, "level": level},
    )
    remarks = tuple(
        Diagnostic("moment-truncated", "the moment estimate was negative and is set to 0", name)
        for name in moments.truncated
    )
    return replace(
        found, tau2=moments.tau2, omega2=moments.omega2, diagnostics=(*found.diagnostics, *remarks)
    )
