"""The result of a meta-regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import checked_level
from evergrove.stats.fingerprint import content_hash
from evergrove.stats.heterogeneity import Tau2Fit, heterogeneity_of
from evergrove.stats.inverse_variance import i2_from_q
from evergrove.stats.options import PoolModel, Tau2Interval, Tau2Method, choose
from evergrove.stats.regression.prediction import predict_effects
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.heterogeneity import Heterogeneity
    from evergrove.stats.regression.coefficient_tests import CoefficientTest
    from evergrove.stats.regression.design import Design
    from evergrove.stats.regression.prediction import Prediction


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MetaRegressionResult(Result):
    """A meta-regression with everything that belongs to it; all on the scale of the effects.

    Parameters
    ----------
    names : tuple of str
        Of the p coefficients.
    estimate, se, ci_low, ci_high, statistic, p_value, log_p_value : ndarray, shape (p,)
        Coefficients with their tests against 0.
    df : float or None
        Of t and F: k - p; None for normal and chi-square.
    covariance : ndarray, shape (p, p)
        Of the coefficients, under the interval method.
    moderator_test : CoefficientTest
        Joint test of all coefficients but the intercept (or of those chosen): metafor's QM.
    tau2, tau2_se, tau2_ci_low, tau2_ci_high, tau : float or None
        Residual variance between studies; Q-profile limits, None where there are none.
    i2, h2 : float
        I² in percent, from tau² and the typical variance (k - p) / trace(P) (from Q under the common
        model); H² = total over sampling variance.
    r2, tau2_null : float or None
        Share of tau² without moderators that they account for, in percent, not below 0 (Raudenbush 1994),
        and that tau². Under the common model, adjusted R² of the weighted regression. None without an
        intercept, without moderators, or for a known tau² above.
    q, q_df, q_p_value : float
        Residual heterogeneity at weights 1/v: metafor's QE.
    log_likelihood, deviance, aic, bic, aicc : float
        Restricted where tau² is REML (comparable only between fits with the same moderators), else full.
    likelihood : str
        ``"REML"`` or ``"ML"``.
    parameters : int
        Coefficients and tau², where it is estimated.
    fitted, residuals, leverage, weights : ndarray, shape (k,)
        Xb; y - Xb; diagonal of the hat matrix; weights as used, summing to 1.
    scale_factor : float
        By which the interval method multiplied the covariance (1 for classic ones).
    k, p : int
        Studies and coefficients.
    yi, vi : ndarray, shape (k,)
        As analysed.
    rows : ndarray of int, shape (k,)
        Their positions in the input.
    design : Design
        Matrix, names, terms, reference levels, knots.
    model, method : str
        `method` in words.
    converged, iterations, reason : bool, int, str
        How tau² was found.
    diagnostics, options, level, labels
        What was noticed; options as resolved; of all intervals; names of the studies.
    given_weights : ndarray or None
        The caller's weights, where there were any.
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
    tau2: float
    tau2_se: float | None
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    tau: float
    i2: float
    h2: float
    r2: float | None
    tau2_null: float | None
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
    tau2_weights: FloatArray | None = None

    HIDDEN = ("given_weights", "tau2_weights")

    @property
    def content_hash(self) -> str:
        """The sha256 of effects, variances, design, weights and options."""
        columns = {
            "yi": self.yi,
            "vi": self.vi,
            "design": self.design.matrix,
            "weights": self.given_weights,
            "tau2_weights": self.tau2_weights,
        }
        return content_hash(columns, self.options)

    def position(self, name: str | int) -> int:
        """Return the position of a coefficient by its name or number."""
        if isinstance(name, str) and name in self.names:
            return self.names.index(name)
        if isinstance(name, int | np.integer) and 0 <= int(name) < self.p:
            return int(name)
        raise UsageError(
            f"coefficient: found {name!r}; allowed: one of {', '.join(map(repr, self.names))} or a position "
            f"from 0 to {self.p - 1}"
        )

    def predict(self, rows: object = None, **options: Any) -> Prediction:  # noqa: ANN401
        """Return expected effects with confidence and prediction intervals: see `predict_effects`."""
        return predict_effects(self, rows, **options)

    def heterogeneity(self, tau2_ci: str | None = None, *, level: float | None = None) -> Heterogeneity:
        """Return every measure of the heterogeneity that the moderators leave, with its interval.

        Parameters
        ----------
        tau2_ci : Tau2Interval, str or None
            Limits of tau²; None is the Q-profile.
        level : float or None
            Of all limits; None is the fit's own.

        Returns
        -------
        Heterogeneity

        Raises
        ------
        UsageError
            For limits that do not belong to the estimator, or are not defined with moderators.

        Examples
        --------
        >>> from evergrove.stats import meta_regression
        >>> fit = meta_regression([0.1, 0.3, 0.5, 0.9, 0.4], [0.04, 0.02, 0.03, 0.01, 0.02],
        ...                       {"dose": [1, 2, 3, 4, 5]})
        >>> found = fit.heterogeneity()
        >>> round(found.i2, 1), round(found.i2_ci_high, 1)
        (75.0, 97.9)
        """
        chosen = self.options["tau2"]
        method = Tau2Method(chosen) if isinstance(chosen, str) and self.model == PoolModel.RANDOM else None
        interval = choose(Tau2Interval, tau2_ci or Tau2Interval.Q_PROFILE, "tau2_ci")
        design = None if self.p == 1 and self.design.intercept is not None else self.design.matrix
        fit = Tau2Fit(self.yi, self.vi, self.tau2, method, self.tau2_se, self.tau2_weights, design)
        return heterogeneity_of(
            fit,
            None if method is None else interval,
            level=self.level if level is None else checked_level(level),
            i2=self.i2,
            h2=self.h2,
            i2_q=i2_from_q(self.q, self.q_df) if self.q_df else 0.0,
            q_test=(self.q, self.q_df, self.q_p_value),
        )

    def hat_matrix(self) -> FloatArray:
        """Return the hat matrix, shape (k, k): fitted values are it times the effects."""
        x = self.design.matrix
        w = self.weights
        root = np.sqrt(w)
        q, _ = np.linalg.qr(root[:, np.newaxis] * x)
        return np.asarray((q / root[:, np.newaxis]) @ (q.T * root))

    def columns(self) -> dict[str, Any]:
        """Return one row per coefficient."""
        return {
            "coefficient": np.array(self.names),
            "estimate": self.estimate,
            "se": self.se,
            "statistic": self.statistic,
            "df": np.full(self.p, np.nan if self.df is None else self.df),
            "p_value": self.p_value,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
        }

    def __repr__(self) -> str:
        test = self.moderator_test
        share = f", R²={self.r2:.1f}%" if self.r2 is not None else ""
        head = f"{self.p} coefficients, k={self.k}, p={test.p_value:.3g} of {test.df} tested"
        return f"<MetaRegressionResult {head}, tau²={self.tau2:.4g}, I²={self.i2:.1f}%{share}; {self.method}>"

    def summary(self) -> str:
        """Return the fit as text: the table of a paper, heterogeneity, tests and remarks."""
        percent = f"{100 * self.level:g} %"
        limits = (
            f" ({percent} interval {self.tau2_ci_low:.4g} to {self.tau2_ci_high:.4g})"
            if self.tau2_ci_low is not None and self.tau2_ci_high is not None
            else ""
        )
        lines = [
            f"meta-regression: {self.method}; {self.k} studies",
            *coefficient_table(self.columns(), "z" if self.df is None else "t", percent),
            f"moderators: {self.moderator_test.summary()}",
            f"residual tau² = {self.tau2:.4g}{limits}; I² = {self.i2:.1f} %; H² = {self.h2:.2f}",
        ]
        if self.r2 is not None:
            share = f"R² = {self.r2:.1f} %"
            null = f" of tau² = {self.tau2_null:.4g} without moderators" if self.tau2_null is not None else ""
            lines.append(share + null)
        lines.append(f"residual heterogeneity: Q = {self.q:.4f}, df = {self.q_df}, p = {self.q_p_value:.4g}")
        lines.append(
            f"log-likelihood ({self.likelihood}) = {self.log_likelihood:.4f}; AIC = {self.aic:.2f}; "
            f"BIC = {self.bic:.2f}; AICc = {self.aicc:.2f}"
        )
        for factor, level in self.design.references.items():
            lines.append(f"reference of {factor}: {level}")
        lines.extend(f"note: {remark}" for remark in self.diagnostics)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-safe data; NaN and infinite values become None."""
        return {**Result.to_dict(self), "inputs_sha256": self.content_hash}


def coefficient_table(columns: Mapping[str, Any], statistic: str, percent: str) -> list[str]:
    """Return a table of coefficients as lines of text.

    Parameters
    ----------
    columns : mapping
        ``coefficient``, ``estimate``, ``se``, ``statistic``, ``p_value``, ``ci_low``, ``ci_high``.
    statistic, percent : str
        Heads of their columns.

    Returns
    -------
    list of str
    """
    names = [str(name) for name in columns["coefficient"]]
    width = max([len(name) for name in names] + [11])
    head = f"{'coefficient':<{width}}  {'estimate':>10}  {'se':>9}  {statistic:>8}  {'p':>8}"
    lines = [f"{head}  {percent} interval"]
    for row, name in enumerate(names):
        low, high = columns["ci_low"][row], columns["ci_high"][row]
        lines.append(
            f"{name:<{width}}  {columns['estimate'][row]:>10.4f}  {columns['se'][row]:>9.4f}  "
            f"{columns['statistic'][row]:>8.3f}  {columns['p_value'][row]:>8.4g}  {low:.4f} to {high:.4f}"
        )
    return lines
