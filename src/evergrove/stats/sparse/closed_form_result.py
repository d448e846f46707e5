"""From a closed-form pooled effect to the one result shape, under a common or a random effect."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.between_study import q_about
from evergrove.stats.distributions import chi2_tail, log_two_sided_p, normal_quantile, two_sided_p
from evergrove.stats.inverse_variance import i2_from_q
from evergrove.stats.options import PoolModel, Scale, Tau2Method
from evergrove.stats.pool_result import PoolResult
from evergrove.stats.pooling import pool

if TYPE_CHECKING:
    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.sparse.mantel_haenszel_formulas import Pooled


#: In the words of a result's method, under a common effect and where random effects stand beside it.
MANTEL_HAENSZEL_METHOD = "Mantel-Haenszel"
PETO_METHOD = "Peto one-step odds ratio"


class ClosedForm(NamedTuple):
    """What a closed-form method hands to the result.

    Parameters
    ----------
    pooled : Pooled
        Estimate, variance and weights.
    measure : str
    scale : Scale
    yi, vi : ndarray, shape (k,)
        The rows' own effects; NaN where a row has none.
    informative : ndarray of bool, shape (k,)
        Rows that carry weight.
    q_df : int
        Degrees of freedom of Q.
    q : float
    method : str
        In words.
    columns : dict of str to ndarray
        The counts given.
    labels : tuple of str or None
    limits : tuple of float or None
        Confidence limits that are not estimate ± z se.
    pooled_rows : ndarray of bool or None
        Rows that random effects pool; None: the informative ones with an effect of their own.
    """

    pooled: Pooled
    measure: str
    scale: Scale
    yi: FloatArray
    vi: FloatArray
    informative: BoolArray
    q: float
    q_df: int
    method: str
    columns: dict[str, FloatArray]
    labels: tuple[str, ...] | None
    limits: tuple[float, float] | None = None
    pooled_rows: BoolArray | None = None


def common_effect(fit: ClosedForm, options: dict[str, object], remarks: tuple[Diagnostic, ...]) -> PoolResult:
    """Return the result of a method without tau².

    Parameters
    ----------
    fit : ClosedForm
        What was computed.
    options : dict
        As resolved, with ``level``.
    remarks : tuple of Diagnostic
        What was noticed.

    Returns
    -------
    PoolResult
    """
    level = float(options["level"])  # type: ignore[arg-type]
    estimate, se = fit.pooled.estimate, math.sqrt(fit.pooled.variance)
    half = normal_quantile(level) * se
    low, high = fit.limits if fit.limits is not None else (estimate - half, estimate + half)
    statistic = estimate / se if se > 0 else math.nan
    i2 = i2_from_q(fit.q, fit.q_df)
    weights = np.where(fit.informative, fit.pooled.weights, 0.0)
    return PoolResult(
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        statistic=statistic,
        df=None,
        p_value=two_sided_p(statistic, None),
        log_p_value=log_two_sided_p(statistic, None),
        tau2=None,
        tau2_ci_low=None,
        tau2_ci_high=None,
        tau=None,
        i2=i2,
        i2_ci_low=None,
        i2_ci_high=None,
        i2_q=i2,
        h2=fit.q / fit.q_df if fit.q_df else 1.0,
        q=fit.q,
        q_df=fit.q_df,
        q_p_value=chi2_tail(fit.q, fit.q_df),
        prediction_low=None,
        prediction_high=None,
        prediction_df=None,
        weights=weights / weights.sum(),
        k=int(fit.informative.sum()),
        yi=fit.yi,
        vi=fit.vi,
        measure=fit.measure,
        scale=fit.scale,
        model=str(PoolModel.COMMON),
        method=fit.method,
        converged=True,
        iterations=0,
        reason="closed form",
        diagnostics=remarks,
        options=options,
        level=level,
        labels=fit.labels,
        inputs=fit.columns,
    )


def random_effects(
    fit: ClosedForm,
    options: dict[str, object],
    remarks: tuple[Diagnostic, ...],
    *,
    tau2: str | float,
    ci: str | None,
    prediction: str,
) -> PoolResult:
    """Return the random-effects result that goes with a closed-form method.

    The studies' own effects are pooled by inverse variance; with ``tau2="DL"`` the Q of DerSimonian and
    Laird is taken about the closed-form estimate (RevMan; meta's ``Q.Cochrane=TRUE``).

    Parameters
    ----------
    fit : ClosedForm
        What was computed under a common effect.
    options : dict
        As resolved.
    remarks : tuple of Diagnostic
        What was noticed.
    tau2, ci, prediction
        As in `pool`.

    Returns
    -------
    PoolResult
    """
    used = fit.pooled_rows
    if used is None:
        used = np.isfinite(fit.yi) & np.isfinite(fit.vi) & (fit.vi > 0) & fit.informative
    yi, vi = fit.yi[used], fit.vi[used]
    if yi.size == 0:
        raise UsageError(
            "model='random': found no study with an effect of its own; allowed: one or more; "
            "use model='common' or a row correction above 0"
        )
    q = q_about(fit.pooled.estimate, yi, vi)
    df = int(yi.size) - 1
    about_pooled = tau2 == Tau2Method.DL
    centre = fit.pooled.estimate if about_pooled else None
    level = float(options["level"])  # type: ignore[arg-type]
    base = pool(yi, vi, tau2=tau2, tau2_about=centre, ci=ci, prediction=prediction, level=level)
    i2_q = i2_from_q(q, df)
    spread = np.zeros(fit.yi.size)
    spread[used] = base.weights
    about = f", Q about {fit.method}" if about_pooled else f" beside {fit.method}"
    return replace(
        base,
        i2_q=i2_q,
        q=q,
        q_p_value=chi2_tail(q, df),
        weights=spread,
        yi=fit.yi,
        vi=fit.vi,
        measure=fit.measure,
        scale=fit.scale,
        method=base.method + about,
        diagnostics=remarks + base.diagnostics,
        options={**options, "tau2": tau2, "ci": base.options["ci"], "prediction": base.options["prediction"]},
        labels=fit.labels,
        inputs=fit.columns,
    )
