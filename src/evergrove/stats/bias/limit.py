"""Limit meta-analysis: the effect if every study were infinitely precise (Rücker et al. 2011)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.stats.arrays import FloatArray, checked_level, effects_and_variances
from evergrove.stats.bias.few_studies import few_studies
from evergrove.stats.bias.line import checked_predictor
from evergrove.stats.bias.options import LimitMethod
from evergrove.stats.distributions import chi2_tail, log_two_sided_p, normal_quantile, two_sided_p
from evergrove.stats.inverse_variance import weighted_mean
from evergrove.stats.options import Tau2Method, choose
from evergrove.stats.pooling import pool
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.pool_result import PoolResult


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LimitMetaAnalysis(Result):
    """An effect adjusted for small-study effects by a limit meta-analysis.

    Parameters
    ----------
    estimate, se, ci_low, ci_high, statistic, p_value, log_p_value : float
        Adjusted effect with its normal test.
    bias, slope : float
        Intercept and slope of the generalised radial plot: y / √(v + tau²) on 1 / √(v + tau²).
    limits : ndarray, shape (k,)
        Effects of the studies shrunken to infinite precision.
    tau2 : float
        Between-study variance.
    g2 : float
        G² in percent: heterogeneity that small-study effects do not explain.
    q, q_small, q_residual : float
        Cochran's Q split into small-study effects (1 df) and the rest (k - 2).
    q_small_p_value, q_residual_p_value : float
        Upper tails of chi-square.
    unadjusted : PoolResult
        Random-effects meta-analysis.
    method : str
        A `LimitMethod`.
    k : int
        Studies.
    level : float
        Of the interval.
    diagnostics : tuple of Diagnostic
    options : mapping
        Options as resolved.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    log_p_value: float
    bias: float
    slope: float
    limits: FloatArray
    tau2: float
    g2: float
    q: float
    q_small: float
    q_residual: float
    q_small_p_value: float
    q_residual_p_value: float
    unadjusted: PoolResult
    method: str
    k: int
    level: float
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        return (
            f"<LimitMetaAnalysis {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], "
            f"p={self.p_value:.3g}, k={self.k}; {self.method}>"
        )

    def summary(self) -> str:
        """Return the adjusted effect, the heterogeneity and the remarks."""
        lines = [
            repr(self).strip("<>"),
            f"unadjusted: {self.unadjusted.estimate:.4f}; tau² = {self.tau2:.4g}; G² = {self.g2:.1f} %",
            (
                f"Q small-study = {self.q_small:.4f}, p = {self.q_small_p_value:.4g}; "
                f"Q residual = {self.q_residual:.4f}, p = {self.q_residual_p_value:.4g}"
            ),
        ]
        return "\n".join([*lines, *(f"note: {remark}" for remark in self.diagnostics)])

    def columns(self) -> dict[str, Any]:
        """Return one row per study."""
        return {"yi": self.unadjusted.yi, "vi": self.unadjusted.vi, "limit": self.limits}


class _Radial(NamedTuple):
    """Least squares of y / se on 1 / se."""

    intercept: float
    slope: float
    residual: float
    r2: float
    spread: float


def _radial(y: FloatArray, se: FloatArray) -> _Radial:
    """Fit a radial plot; `spread` is Σ (x - mean)²."""
    x, z = 1.0 / se, y / se
    dx, dz = x - x.mean(), z - z.mean()
    spread, total = float(dx @ dx), float(dz @ dz)
    slope = float(dx @ dz) / spread
    rest = dz - slope * dx
    residual = float(rest @ rest)
    return _Radial(
        float(z.mean() - slope * x.mean()), slope, residual, 1.0 - residual / total if total else 1.0, spread
    )


def limit_meta_analysis(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: str = LimitMethod.BETA0,
    tau2: str | float = Tau2Method.REML,
    level: float = 0.95,
) -> LimitMetaAnalysis:
    """Adjust a pooled effect for small-study effects by a limit meta-analysis.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances; k of 3 or more.
    method : LimitMethod or str
        ``"beta0"``, ``"betalim"`` or ``"mulim"``.
    tau2 : Tau2Method, str or float
        Between-study variance, as for `pool`.
    level : float
        Of the interval.

    Returns
    -------
    LimitMetaAnalysis

    Raises
    ------
    TooFewStudiesError
        With fewer than 3 studies.
    DataError
        Where all variances are equal, or effects or variances cannot be.
    UsageError, ConvergenceError
        As `pool`.

    Notes
    -----
    Model: y_i = b + √(v_i + tau²) (a + e_i), e_i ~ N(0, 1); the adjusted effect b + tau a is that of a
    study with v = 0. The standard errors take tau² as known, as metasens does. With tau² = 0 the
    adjusted effect is the slope of Egger's regression. Like that regression it takes every relation of
    effect and precision for bias.

    References
    ----------
    [Rucker2011b]; [Rucker2011a]; metasens::limitmeta.

    Examples
    --------
    >>> limit_meta_analysis([0.1, 0.3, 0.35, 0.65, 0.5], [0.01, 0.03, 0.05, 0.09, 0.1])
    <LimitMetaAnalysis 0.0162 [-0.3408, 0.3733], p=0.929, k=5; beta0>
    """
    y, v = effects_and_variances(yi, vi)
    level, chosen = checked_level(level), choose(LimitMethod, method, "method")
    k, se = int(y.size), np.sqrt(v)
    checked_predictor("limit_meta_analysis", se)
    random = pool(y, v, tau2=tau2, ci="normal", level=level)
    spread = float(random.tau2 or 0.0)
    tau = math.sqrt(spread)
    plain, general = _radial(y, se), _radial(y, np.sqrt(v + spread))
    limits = general.slope + np.sqrt(spread / (v + spread)) * (y - general.slope)
    shrunken = _radial(limits, se)
    if chosen is LimitMethod.BETA0:
        root = 1.0 / np.sqrt(v + spread)
        estimate = general.slope + tau * general.intercept
        variance = (1.0 + spread * float((root**2).mean()) - 2.0 * tau * float(root.mean())) / general.spread
        error = math.sqrt(variance)
    elif chosen is LimitMethod.BETALIM:
        estimate, error = shrunken.slope, 1.0 / math.sqrt(shrunken.spread)
    else:
        mean = weighted_mean(limits, v, 0.0)
        estimate, error = mean.estimate, mean.se
    half, z = normal_quantile(level) * error, estimate / error
    small = max(0.0, random.q - plain.residual)
    return LimitMetaAnalysis(
        estimate,
        error,
        estimate - half,
        estimate + half,
        z,
        two_sided_p(z, None),
        log_two_sided_p(z, None),
        general.intercept,
        general.slope,
        limits,
        spread,
        100.0 * (1.0 - shrunken.r2),
        random.q,
        small,
        plain.residual,
        chi2_tail(small, 1),
        chi2_tail(plain.residual, k - 2),
        random,
        str(chosen),
        k,
        level,
        few_studies(k),
        {"method": chosen, "tau2": str(tau2)},
    )
