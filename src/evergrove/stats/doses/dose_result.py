"""The result of a dose-response meta-analysis: coefficients, curve, tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import FloatArray, checked_level, column
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.doses.moderation import at_values
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.doses.basis import DoseBasis


@dataclass(frozen=True, slots=True, eq=False)
class DoseCurve(Result):
    """Predicted effects of doses against a reference dose.

    Parameters
    ----------
    dose : ndarray, shape (m,)
        Doses.
    estimate, se, ci_low, ci_high : ndarray, shape (m,)
        Effect against the reference on the pooling scale (log ratios, differences); 0 at the reference.
    reference : float
        The reference dose.
    level : float
        Of the intervals, pointwise.
    """

    dose: FloatArray
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    reference: float
    level: float

    def ratios(self) -> dict[str, FloatArray]:
        """Return dose, estimate and limits of log ratios as ratios."""
        return {
            "dose": self.dose,
            "estimate": np.exp(self.estimate),
            "ci_low": np.exp(self.ci_low),
            "ci_high": np.exp(self.ci_high),
        }

    def columns(self) -> dict[str, Any]:
        """Return one row per dose."""
        names = ("dose", "estimate", "se", "ci_low", "ci_high")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DoseResponse(Result):
    """A dose-response curve over studies.

    Parameters
    ----------
    names : tuple of str
        Coefficients of the curve.
    estimate, se, ci_low, ci_high, statistic, p_value : ndarray, shape (p,)
        One per coefficient, normal tests.
    covariance : ndarray, shape (p, p)
        Of the coefficients.
    between : ndarray, shape (p, p)
        Between-study covariance of the coefficients; 0 for method ``"fixed"``.
    wald, wald_df, wald_p_value : float
        Test that the curve is flat.
    nonlinear, nonlinear_df, nonlinear_p_value : float or None
        Test that all coefficients but the first are 0: that the curve is a straight line (quadratic, spline).
    moderators : tuple of str
        Of the curve; empty without any.
    moderation, moderation_df, moderation_p_value : float or None
        Test that no moderator changes the curve.
    q, q_df, q_p_value : float
        Residual heterogeneity of the studies' coefficients (two-stage), or of the effects (one-stage).
    i2 : float
        100 (q - q_df)/q, not below 0.
    log_likelihood, aic : float or None
        None for moments.
    deviance, deviance_df, deviance_p_value : float
        Fit of the mean curve to the effects, weighted by their sampling covariances.
    r2, r2_adjusted : float
        Share of the effects' weighted sum of squares that the mean curve explains (Discacciati 2017).
    basis : DoseBasis
        The curve, with knots or powers.
    studies, k : int
        Studies, and effects without reference rows.
    study_coefficients : dict
        Two-stage: each study's coefficients.
    level : float
        Of the intervals.
    method, approach : str
        Options as resolved.
    converged, iterations, reason : bool, int, str
        How the between-study covariance was found.
    diagnostics : tuple of Diagnostic
        What was noticed.
    options : mapping
        All options.
    """

    names: tuple[str, ...]
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    covariance: FloatArray
    between: FloatArray
    wald: float
    wald_df: int
    wald_p_value: float
    nonlinear: float | None
    nonlinear_df: int | None
    nonlinear_p_value: float | None
    moderators: tuple[str, ...]
    moderation: float | None
    moderation_df: int | None
    moderation_p_value: float | None
    q: float
    q_df: int
    q_p_value: float
    i2: float
    log_likelihood: float | None
    aic: float | None
    deviance: float
    deviance_df: int
    deviance_p_value: float
    r2: float
    r2_adjusted: float
    basis: DoseBasis
    studies: int
    k: int
    study_coefficients: Mapping[str, FloatArray]
    level: float
    method: str
    approach: str
    converged: bool
    iterations: int
    reason: str
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    HIDDEN = ("basis",)

    @property
    def knots(self) -> tuple[float, ...]:
        """Knots of a spline; empty for other curves."""
        return self.basis.knots

    def curve(
        self,
        doses: ArrayLike,
        *,
        reference: float = 0.0,
        mods: Mapping[str, float] | Sequence[float] | float | None = None,
        level: float | None = None,
    ) -> DoseCurve:
        """Return the curve at some doses against a reference dose, with pointwise intervals.

        Parameters
        ----------
        doses : array-like, shape (m,)
            Doses, in the unit of the data.
        reference : float
            Dose that the effects are compared with.
        mods : mapping, sequence, float or None
            A value for each moderator of the fit; None where it has none.
        level : float or None
            Of the intervals; None is that of the fit.

        Returns
        -------
        DoseCurve

        Raises
        ------
        DataError
            For doses that are not finite or that the curve does not take.
        UsageError
            For values that do not fit the moderators.
        """
        level = self.level if level is None else checked_level(level)
        dose = column("doses", doses)
        if not np.isfinite(dose).all() or not np.isfinite(reference):
            raise DataError("doses: found a missing or infinite dose; allowed: finite numbers")
        rows = self.basis.columns(dose) - self.basis.columns(np.array([float(reference)]))
        rows = np.asarray(np.kron(at_values(mods, self.moderators), rows), dtype=np.float64)
        estimate = rows @ self.estimate
        se = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, self.covariance, rows), 0.0))
        half = normal_quantile(level) * se
        return DoseCurve(dose, estimate, se, estimate - half, estimate + half, float(reference), level)

    def __repr__(self) -> str:
        parts = ", ".join(
            f"{name} {value:.4g} [{low:.4g}, {high:.4g}]"
            for name, value, low, high in zip(
                self.names, self.estimate, self.ci_low, self.ci_high, strict=True
            )
        )
        return f"<DoseResponse {parts}; {self.studies} studies, {self.approach}, {self.method}>"

    def summary(self) -> str:
        """Return the fit as text of several lines."""
        lines = [f"dose-response, {self.basis.shape}, {self.approach}, {self.method}; {self.studies} studies"]
        if self.basis.knots:
            lines.append(f"knots at {', '.join(f'{knot:g}' for knot in self.basis.knots)}")
        for place, name in enumerate(self.names):
            lines.append(
                f"{name}: {self.estimate[place]:.5g} (se {self.se[place]:.4g}), interval "
                f"{self.ci_low[place]:.5g} to {self.ci_high[place]:.5g}, p = {self.p_value[place]:.4g}"
            )
        lines.append(
            f"flat curve: chi-square = {self.wald:.4f}, df = {self.wald_df}, p = {self.wald_p_value:.4g}"
        )
        if self.nonlinear is not None:
            lines.append(
                f"straight line: chi-square = {self.nonlinear:.4f}, df = {self.nonlinear_df}, "
                f"p = {self.nonlinear_p_value:.4g}"
            )
        if self.moderation is not None:
            lines.append(
                f"moderators: chi-square = {self.moderation:.4f}, df = {self.moderation_df}, "
                f"p = {self.moderation_p_value:.4g}"
            )
        lines.append(
            f"residual Q = {self.q:.4f}, df = {self.q_df}, p = {self.q_p_value:.4g}; I² = {self.i2:.1f} %"
        )
        lines.append(
            f"deviance = {self.deviance:.4f}, df = {self.deviance_df}, p = {self.deviance_p_value:.4g}; "
            f"R² = {self.r2:.3f}"
        )
        lines.extend(f"note: {remark}" for remark in self.diagnostics)
        return "\n".join(lines)

    def columns(self) -> dict[str, Any]:
        """Return one row per coefficient."""
        names = ("estimate", "se", "statistic", "p_value", "ci_low", "ci_high")
        return {"coefficient": np.array(self.names), **{name: getattr(self, name) for name in names}}
