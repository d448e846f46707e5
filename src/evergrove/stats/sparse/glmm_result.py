"""The result of a generalised linear mixed model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.stats.fingerprint import content_hash
from evergrove.stats.options import Scale
from evergrove.stats.pool_result import Estimate
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GlmmResult(Result):
    """A generalised linear mixed model of counts; effects on the log or logit scale.

    Parameters
    ----------
    estimate, se, ci_low, ci_high, statistic, df, p_value : float
        The first coefficient: the pooled effect where there are no moderators. `df` None for a normal
        test.
    names : tuple of str
        Of the coefficients.
    coefficients, coefficient_ses : ndarray, shape (p,)
        All coefficients with their standard errors.
    coefficient_ci_lows, coefficient_ci_highs, coefficient_p_values : ndarray, shape (p,)
        Their limits and p values.
    covariance : ndarray, shape (p, p)
        Of the coefficients, from the observed information.
    tau2, tau2_se, tau2_ci_low, tau2_ci_high, tau : float or None
        Variance of the effects between studies; standard error and Wald limits on the log scale, None at
        the boundary 0 and under the common-effect model.
    sigma2, rho : float or None
        UM.RS: variance of the study levels, and their correlation with the effects where it was asked for.
    i2, h2 : float
        From tau² and the typical variance of the studies' effects (corrected by 1/2 where a cell is 0):
        metafor's definition. A rough guide only.
    q_wald, q_wald_p_value, q_lrt, q_lrt_p_value, q_df : float
        Tests of heterogeneity against the saturated model.
    q_model, q_model_df, q_model_p_value : float, int, float or None
        Wald test of the moderators (all coefficients but the intercept); an F test with a t interval.
    log_likelihood, log_likelihood_common, log_likelihood_saturated : float
        Of this model, of the one with tau² = 0, of the one with an effect per study.
    conditional_deviance : float or None
        Deviance at the modes of the random effects. metafor takes it for the marginal deviance; see Notes
        of `glmm`.
    aic, bic, aicc : float
        Information criteria.
    prediction_low, prediction_high, prediction_df : float or None
        For the effect in a new study; without moderators only.
    k : int
        Studies in the fit.
    parameters : int
        Counted by the information criteria.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    df: float | None
    p_value: float
    names: tuple[str, ...]
    coefficients: FloatArray
    coefficient_ses: FloatArray
    coefficient_ci_lows: FloatArray
    coefficient_ci_highs: FloatArray
    coefficient_p_values: FloatArray
    covariance: FloatArray
    tau2: float
    tau2_se: float | None
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    tau: float
    sigma2: float | None
    rho: float | None
    i2: float
    h2: float
    q_wald: float
    q_wald_p_value: float
    q_lrt: float
    q_lrt_p_value: float
    q_df: int
    q_model: float | None
    q_model_df: int | None
    q_model_p_value: float | None
    log_likelihood: float
    log_likelihood_common: float
    log_likelihood_saturated: float
    conditional_deviance: float | None
    aic: float
    bic: float
    aicc: float
    prediction_low: float | None
    prediction_high: float | None
    prediction_df: float | None
    k: int
    parameters: int
    measure: str
    scale: Scale
    method: str
    converged: bool
    iterations: int
    reason: str
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]
    level: float
    labels: tuple[str, ...] | None
    inputs: Mapping[str, FloatArray]

    HIDDEN = ("inputs",)

    @property
    def content_hash(self) -> str:
        """The sha256 of the numbers given and the options as resolved."""
        return content_hash(dict(self.inputs), self.options)

    def natural(self) -> Estimate:
        """Return the first coefficient as a ratio, a proportion or a rate, with its intervals.

        Returns
        -------
        Estimate
            Back-transformed: the median over studies where tau² > 0, not the mean.
        """
        function = special.expit if self.scale is Scale.LOGIT else np.exp

        def back(value: float) -> float:
            with np.errstate(over="ignore"):  # an overflowing limit is infinite, which is what is meant
                return float(function(value))

        middle = back(self.estimate), back(self.ci_low), back(self.ci_high)
        if self.prediction_low is None or self.prediction_high is None:
            return Estimate(*middle)
        return Estimate(*middle, back(self.prediction_low), back(self.prediction_high))

    def columns(self) -> dict[str, FloatArray | list[str]]:
        """Return one row per coefficient."""
        return {
            "name": list(self.names),
            "estimate": self.coefficients,
            "se": self.coefficient_ses,
            "ci_low": self.coefficient_ci_lows,
            "ci_high": self.coefficient_ci_highs,
            "p_value": self.coefficient_p_values,
        }

    def __repr__(self) -> str:
        return (
            f"<GlmmResult {self.measure} {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], "
            f"{self.scale} scale, p={self.p_value:.3g}, k={self.k}, tau²={self.tau2:.4g}; {self.method}>"
        )

    def summary(self) -> str:
        """Return the result as text of several lines."""
        percent = f"{100 * self.level:g} %"
        value = self.natural()
        lines = [f"{self.method}; {self.k} studies"]
        for at, name in enumerate(self.names):
            lines.append(
                f"{name} ({self.scale} scale): {self.coefficients[at]:.4f}, {percent} interval "
                f"{self.coefficient_ci_lows[at]:.4f} to {self.coefficient_ci_highs[at]:.4f}, "
                f"p = {self.coefficient_p_values[at]:.4g}"
            )
        if len(self.names) == 1:
            lines.append(
                f"{self.measure}: {value.estimate:.4f}, {percent} interval {value.ci_low:.4f} to "
                f"{value.ci_high:.4f}"
            )
        if value.prediction_low is not None and value.prediction_high is not None:
            lines.append(f"prediction interval: {value.prediction_low:.4f} to {value.prediction_high:.4f}")
        error = f" (standard error {self.tau2_se:.4g})" if self.tau2_se is not None else ""
        lines += [
            f"tau² = {self.tau2:.4g}{error}",
            (
                f"heterogeneity, df = {self.q_df}: Wald {self.q_wald:.4f}, p = {self.q_wald_p_value:.4g}; "
                f"likelihood ratio {self.q_lrt:.4f}, p = {self.q_lrt_p_value:.4g}"
            ),
            f"log-likelihood {self.log_likelihood:.4f}, AIC {self.aic:.4f}",
        ]
        lines.extend(f"note: {remark}" for remark in self.diagnostics)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-safe data; NaN and infinite values become None."""
        return {
            **Result.to_dict(self),
            "natural": self.natural().to_dict(),
            "inputs_sha256": self.content_hash,
        }
