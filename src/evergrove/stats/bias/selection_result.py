"""The result of a selection model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import checked_level
from evergrove.stats.bias.selection_curve import curve
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.options import PoolModel
from evergrove.stats.regression.prediction import Prediction
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SelectionModel(Result):
    """A meta-analysis that models selective publication; all effects on the pooling scale.

    Parameters
    ----------
    estimate, se, ci_low, ci_high, statistic, p_value, log_p_value : float
        Mean effect adjusted for selection with its z test; with moderators, the intercept.
    coefficient_names : tuple of str
        ``"intercept"`` and the moderators.
    coefficients, coefficient_se : ndarray, shape (p,)
        All coefficients and their standard errors.
    covariance : ndarray, shape (p, p)
        Of the coefficients.
    tau2, tau2_se, tau2_ci_low, tau2_ci_high : float
        Between-study variance; the standard error from the inverse Hessian is NaN on the boundary; limits
        from it, or from the profile likelihood.
    tau2_statistic, tau2_p_value : float
        Likelihood ratio test of tau² = 0 on one degree of freedom (metafor's; the reference is
        conservative, since 0 is a boundary). NaN for a common effect.
    delta, delta_se, delta_ci_low, delta_ci_high, delta_statistic, delta_p_value : ndarray, shape (d,)
        Selection parameters and z tests against `delta_null`; NaN where they are given or on a bound.
    delta_null : ndarray, shape (d,)
        Their values without selection.
    delta_names : tuple of str
        Intervals of p, or the names of the parameters.
    delta_given : ndarray of bool, shape (d,)
        Which were given and not estimated.
    studies : tuple of int or None
        Studies in each interval, for step functions.
    selection_statistic, selection_df, selection_p_value : float
        Likelihood ratio test of no selection; p is NaN where every delta was given.
    log_likelihood, unadjusted_log_likelihood : float
        At the maximum, with and without selection.
    unadjusted_estimate, unadjusted_tau2 : float
        Maximum likelihood without selection (the intercept with moderators).
    weights : str
        The weight function, a `SelectionWeights`.
    k : int
        Studies.
    converged, iterations, reason : bool, int, str
        How the maximum was found.
    diagnostics : tuple of Diagnostic
        Boundaries, empty intervals, several maxima, few studies.
    options : mapping
        Options as resolved.
    level : float
        Of all intervals.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    log_p_value: float
    coefficient_names: tuple[str, ...]
    coefficients: FloatArray
    coefficient_se: FloatArray
    covariance: FloatArray
    tau2: float
    tau2_se: float
    tau2_ci_low: float
    tau2_ci_high: float
    tau2_statistic: float
    tau2_p_value: float
    delta: FloatArray
    delta_se: FloatArray
    delta_ci_low: FloatArray
    delta_ci_high: FloatArray
    delta_statistic: FloatArray
    delta_p_value: FloatArray
    delta_null: FloatArray
    delta_names: tuple[str, ...]
    delta_given: tuple[bool, ...]
    studies: tuple[int, ...] | None
    selection_statistic: float
    selection_df: int
    selection_p_value: float
    log_likelihood: float
    unadjusted_log_likelihood: float
    unadjusted_estimate: float
    unadjusted_tau2: float
    weights: str
    k: int
    converged: bool
    iterations: int
    reason: str
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]
    level: float

    def __repr__(self) -> str:
        return (
            f"<SelectionModel {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], "
            f"p={self.p_value:.3g}, k={self.k}, tau²={self.tau2:.4g}; {self.weights} weights, "
            f"selection p={self.selection_p_value:.3g}>"
        )

    def summary(self) -> str:
        """Return the adjusted and unadjusted effect, the weights, the tests and the remarks."""
        lines = [
            (
                f"adjusted: {self.estimate:.4f} (se {self.se:.4f}, {self.ci_low:.4f} to {self.ci_high:.4f}), "
                f"z = {self.statistic:.4f}, p = {self.p_value:.4g}; tau² = {self.tau2:.4g}"
            ),
            f"without selection (ML): {self.unadjusted_estimate:.4f}; tau² = {self.unadjusted_tau2:.4g}",
            (
                f"test of selection: LR = {self.selection_statistic:.4f}, df = {self.selection_df}, "
                f"p = {self.selection_p_value:.4g}"
            ),
        ]
        for row, name in enumerate(self.delta_names):
            held = " (given)" if self.delta_given[row] else f" (se {self.delta_se[row]:.4f})"
            lines.append(f"delta, {name}: {self.delta[row]:.4f}{held}")
        lines.extend(f"note: {remark}" for remark in self.diagnostics)
        return "\n".join(lines)

    def columns(self) -> dict[str, Any]:
        """Return one row per parameter: coefficients, tau², delta."""
        z = self.coefficients / self.coefficient_se
        half = (self.ci_high - self.ci_low) / 2.0 / self.se * self.coefficient_se
        nothing = np.full(z.size, np.nan)
        return {
            "parameter": np.array([*self.coefficient_names, "tau2", *self.delta_names]),
            "estimate": np.concatenate([self.coefficients, [self.tau2], self.delta]),
            "se": np.concatenate([self.coefficient_se, [self.tau2_se], self.delta_se]),
            "ci_low": np.concatenate([self.coefficients - half, [self.tau2_ci_low], self.delta_ci_low]),
            "ci_high": np.concatenate([self.coefficients + half, [self.tau2_ci_high], self.delta_ci_high]),
            "null": np.concatenate([nothing * 0.0, [0.0], self.delta_null]),
        }

    def predict(self, rows: ArrayLike | None = None, *, level: float | None = None) -> Prediction:
        """Return expected effects, adjusted for selection, with confidence and prediction intervals.

        Parameters
        ----------
        rows : array-like, shape (m,) or (m, number of moderators), or None
            Values of the moderators; None for a fit without.
        level : float or None
            Of the intervals; None is that of the fit.

        Returns
        -------
        Prediction
            Normal quantiles, as the tests of the fit have; no prediction interval under a common effect.

        Raises
        ------
        UsageError
            For another number of moderators than the fit has, or values that are not finite.

        Examples
        --------
        >>> from evergrove.stats import selection_model
        >>> fit = selection_model([0.5, 0.3, 0.2, 0.7, 0.4, 0.6], [0.04, 0.02, 0.01, 0.09, 0.05, 0.06],
        ...                       delta=[1, 0.5])
        >>> fit.predict()
        <Prediction 0.2960 [0.1608, 0.4312]>
        """
        level = self.level if level is None else checked_level(level)
        m = self.coefficients.size - 1
        values = np.empty((1, 0)) if rows is None else np.asarray(rows, dtype=float)
        values = values[:, np.newaxis] if values.ndim == 1 else values
        if values.ndim != 2 or values.shape[1] != m or not np.isfinite(values).all():
            raise UsageError(
                f"rows: found an array of shape {values.shape}; allowed: finite numbers, one column per "
                f"moderator of the fit, here {m}"
            )
        matrix = np.column_stack([np.ones(values.shape[0]), values])
        estimate = matrix @ self.coefficients
        se = np.sqrt(np.einsum("ij,jk,ik->i", matrix, self.covariance, matrix))
        quantile = normal_quantile(level)
        tau2 = np.full(estimate.size, self.tau2)
        outer = quantile * np.sqrt(tau2 + se**2)
        if self.options["model"] != PoolModel.RANDOM:
            outer = np.full(estimate.size, np.nan)
        return Prediction(
            estimate,
            se,
            estimate - quantile * se,
            estimate + quantile * se,
            estimate - outer,
            estimate + outer,
            None,
            None,
            tau2,
            matrix,
            level,
        )

    def selection_curve(self, p: ArrayLike) -> FloatArray:
        """Return the relative chance of publication at p values, for a study of the lowest precision.

        Parameters
        ----------
        p : array-like
            p values of the chosen alternative, in (0, 1].

        Returns
        -------
        ndarray
            Relative to 1, as the model has it; not defined for truncation on the effect's scale.
        """
        return curve(self.weights, self.options, self.delta, p)
