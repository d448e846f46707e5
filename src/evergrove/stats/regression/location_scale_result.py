"""The result of a location-scale model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import checked_level
from evergrove.stats.distributions import two_sided_quantile, two_sided_quantiles
from evergrove.stats.fingerprint import content_hash
from evergrove.stats.options import PredictionMethod, choose
from evergrove.stats.regression.options import ScaleLink
from evergrove.stats.regression.prediction import Prediction, design_rows, prediction_df
from evergrove.stats.regression.regression_result import coefficient_table
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.regression.coefficient_tests import CoefficientTest
    from evergrove.stats.regression.design import Design


@dataclass(frozen=True, slots=True, eq=False)
class ScalePrediction(Result):
    """tau² at rows of scale moderators.

    Parameters
    ----------
    tau2, ci_low, ci_high : ndarray, shape (m,)
        Between-study variance and its Wald limits (under a log link, exponentials of those of log tau²).
    linear, se : ndarray, shape (m,)
        z'a and its standard error, on the scale of the link.
    level : float
        Of the limits.
    """

    tau2: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    linear: FloatArray
    se: FloatArray
    level: float

    def columns(self) -> dict[str, Any]:
        """Return one row per set of moderators."""
        return {name: getattr(self, name) for name in ("tau2", "ci_low", "ci_high", "linear", "se")}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LocationScaleResult(Result):
    """A location-scale model: moderators of the mean and of the variance between studies.

    Parameters
    ----------
    names, estimate, se, ci_low, ci_high, statistic, p_value, log_p_value, df, covariance, moderator_test
        Location coefficients, as in `MetaRegressionResult`.
    scale_names : tuple of str
        Of the q scale coefficients.
    scale_estimate, scale_se, scale_ci_low, scale_ci_high, scale_statistic, scale_p_value : ndarray
        Of shape (q,): scale coefficients, on the scale of the link, with Wald tests from the observed
        information. Standard errors are NaN where a tau² lies on the boundary of an identity link.
    scale_df : float or None
        Of t: k - q; None for normal.
    scale_covariance : ndarray, shape (q, q)
        Of the scale coefficients.
    scale_test : CoefficientTest
        Joint test of all scale coefficients but the intercept: metafor's QS.
    link : str
        ``"log"`` or ``"identity"``.
    tau2, i2, h2 : ndarray, shape (k,)
        Of each study: between-study variance; I² in percent and H² against the typical variance.
    q, q_df, q_p_value : float
        Residual heterogeneity at weights 1/v.
    log_likelihood, deviance, aic, bic, aicc, likelihood, parameters
        As in `MetaRegressionResult`.
    fitted, residuals, leverage, weights : ndarray, shape (k,)
    scale_factor, k, p, yi, vi, rows, design, scale_design, model, method
    converged, iterations, reason : bool, int, str
        How the scale coefficients were found.
    diagnostics, options, level, labels
    """

    names: tuple[str, ...]
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    log_p_value: FloatArray
    df: float | None
    covariance: FloatArray
    moderator_test: CoefficientTest
    scale_names: tuple[str, ...]
    scale_estimate: FloatArray
    scale_se: FloatArray
    scale_ci_low: FloatArray
    scale_ci_high: FloatArray
    scale_statistic: FloatArray
    scale_p_value: FloatArray
    scale_df: float | None
    scale_covariance: FloatArray
    scale_test: CoefficientTest
    link: str
    tau2: FloatArray
    i2: FloatArray
    h2: FloatArray
    q: float
    q_df: int
    q_p_value: float
    log_likelihood: float
    deviance: float
    aic: float
    bic: float
    aicc: float
    likelihood: str
    parameters: int
    fitted: FloatArray
    residuals: FloatArray
    leverage: FloatArray
    weights: FloatArray
    scale_factor: float
    k: int
    p: int
    yi: FloatArray
    vi: FloatArray
    rows: NDArray[np.intp]
    design: Design
    scale_design: Design
    model: str
    method: str
    converged: bool
    iterations: int
    reason: str
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]
    level: float
    labels: tuple[str, ...] | None = None
    given_weights: FloatArray | None = None

    HIDDEN = ("given_weights",)

    @property
    def content_hash(self) -> str:
        """The sha256 of effects, variances, designs and options."""
        columns = {
            "yi": self.yi,
            "vi": self.vi,
            "design": self.design.matrix,
            "scale_design": self.scale_design.matrix,
        }
        return content_hash(columns, self.options)

    def predict_tau2(self, rows: object = None, *, level: float | None = None) -> ScalePrediction:
        """Return tau² at given scale moderators, with Wald limits.

        Parameters
        ----------
        rows : None, mapping, data frame or array-like
            As in `predict_effects`, for the scale moderators.
        level : float or None
            None is that of the fit.

        Returns
        -------
        ScalePrediction
            Under an identity link the lower limit is not below 0.
        """
        level = self.level if level is None else checked_level(level)
        z = design_rows(self.scale_design, rows, "scale rows")
        linear = z @ self.scale_estimate
        se = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", z, self.scale_covariance, z), 0.0))
        half = two_sided_quantile(level, self.scale_df) * se
        if self.link == ScaleLink.LOG:
            return ScalePrediction(
                np.exp(linear), np.exp(linear - half), np.exp(linear + half), linear, se, level
            )
        low = np.maximum(0.0, linear - half)
        return ScalePrediction(np.maximum(0.0, linear), low, linear + half, linear, se, level)

    def predict(
        self,
        rows: object = None,
        scale_rows: object = None,
        *,
        level: float | None = None,
        prediction: str | None = None,
    ) -> Prediction:
        """Return expected effects with confidence and prediction intervals.

        Parameters
        ----------
        rows, scale_rows : None, mapping, data frame or array-like
            Location and scale moderators, one row each (see `predict_effects`); both or neither, unless one
            side has an intercept alone.
        level, prediction
            As in `predict_effects`.

        Returns
        -------
        Prediction

        Raises
        ------
        UsageError
            Where the two have different numbers of rows.
        """
        level = self.level if level is None else checked_level(level)
        method = choose(PredictionMethod, str(prediction or self.options["prediction"]), "prediction")
        x, z = design_rows(self.design, rows), design_rows(self.scale_design, scale_rows, "scale rows")
        size = max(len(x), len(z))
        if min(len(x), len(z)) not in {1, size}:
            raise UsageError(
                f"predict: found {len(x)} rows and {len(z)} scale rows; allowed: as many of each, or one of "
                "either"
            )
        x = np.broadcast_to(x, (size, x.shape[1]))
        linear = np.broadcast_to(z, (size, z.shape[1])) @ self.scale_estimate
        tau2 = np.exp(linear) if self.link == ScaleLink.LOG else np.maximum(0.0, linear)
        estimate = x @ self.estimate
        se = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", x, self.covariance, x), 0.0))
        df = prediction_df(method, self.k, self.p, self.df)
        half = two_sided_quantiles(level, self.df, size) * se
        wide = np.full(size, np.nan)
        if df is None or np.min(df) > 0:
            wide = two_sided_quantiles(level, df, size) * np.sqrt(tau2 + se**2)
        return Prediction(
            estimate,
            se,
            estimate - half,
            estimate + half,
            estimate - wide,
            estimate + wide,
            self.df,
            df,
            tau2,
            np.array(x),
            level,
            None if self.options["measure"] is None else str(self.options["measure"]),
        )

    def columns(self) -> dict[str, Any]:
        """Return one row per coefficient, location first."""
        parts = {
            "estimate": np.concatenate([self.estimate, self.scale_estimate]),
            "se": np.concatenate([self.se, self.scale_se]),
            "statistic": np.concatenate([self.statistic, self.scale_statistic]),
            "p_value": np.concatenate([self.p_value, self.scale_p_value]),
            "ci_low": np.concatenate([self.ci_low, self.scale_ci_low]),
            "ci_high": np.concatenate([self.ci_high, self.scale_ci_high]),
        }
        kinds = ["location"] * len(self.names) + ["scale"] * len(self.scale_names)
        return {"part": np.array(kinds), "coefficient": np.array(self.names + self.scale_names)} | parts

    def __repr__(self) -> str:
        return (
            f"<LocationScaleResult {self.p} location and {len(self.scale_names)} scale coefficients, "
            f"k={self.k}, scale p={self.scale_test.p_value:.3g}; {self.method}>"
        )

    def summary(self) -> str:
        """Return the fit as text: both tables, tests and remarks."""
        percent, statistic = f"{100 * self.level:g} %", "z" if self.df is None else "t"
        scale = {
            name: getattr(self, f"scale_{name}")
            for name in ("estimate", "se", "statistic", "p_value", "ci_low", "ci_high")
        }
        location = {name: getattr(self, name) for name in scale}
        lines = [
            f"location-scale model: {self.method}; {self.k} studies",
            *coefficient_table(location | {"coefficient": self.names}, statistic, percent),
            f"moderators: {self.moderator_test.summary()}",
            f"scale ({'log tau²' if self.link == ScaleLink.LOG else 'tau²'}):",
            *coefficient_table(scale | {"coefficient": self.scale_names}, statistic, percent),
            f"scale moderators: {self.scale_test.summary()}",
            f"residual heterogeneity: Q = {self.q:.4f}, df = {self.q_df}, p = {self.q_p_value:.4g}",
            (
                f"log-likelihood ({self.likelihood}) = {self.log_likelihood:.4f}; AIC = {self.aic:.2f}; "
                f"BIC = {self.bic:.2f}; AICc = {self.aicc:.2f}"
            ),
        ]
        return "\n".join(lines + [f"note: {remark}" for remark in self.diagnostics])

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-safe data; NaN and infinite values become None."""
        return {**Result.to_dict(self), "inputs_sha256": self.content_hash}
