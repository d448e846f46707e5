"""The result of a multilevel or multivariate model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.stats.fingerprint import content_hash
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.components import Component
    from evergrove.stats.dependence.covariance_structures import RandomCovariance
    from evergrove.stats.dependence.design import Design
    from evergrove.stats.dependence.known_covariance import KnownCovariance
    from evergrove.stats.dependence.likelihood import Problem
    from evergrove.stats.diagnostic import Diagnostic


@dataclass(frozen=True, slots=True, eq=False)
class FittedModel:
    """What the functions that take a fit need beside its numbers.

    Parameters
    ----------
    yi : ndarray, shape (k,)
        Effects.
    design : Design
        Moderators.
    known : KnownCovariance
        V.
    problem : Problem
        The model laid out by blocks, on its own scale.
    covariances : tuple of RandomCovariance
        One per term, on the problem's scale.
    free : ndarray
        Free parameters at the maximum.
    restricted : bool
        REML.
    weights : ndarray, shape (k, k), or None
        Of the caller for the coefficients.
    """

    yi: FloatArray
    design: Design
    known: KnownCovariance
    problem: Problem
    covariances: tuple[RandomCovariance, ...]
    free: FloatArray
    restricted: bool
    weights: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MultilevelResult(Result):
    """Coefficients, components and fit of a model with dependent effects.

    Parameters
    ----------
    names : tuple of str
        Coefficients.
    estimate, se, ci_low, ci_high, statistic, p_value : ndarray, shape (p,)
        One per coefficient.
    df : ndarray, shape (p,), or None
        Degrees of freedom of the t tests; None for normal ones.
    covariance : ndarray, shape (p, p)
        Of the coefficients.
    components : tuple of Component
        Variances and correlations.
    log_likelihood, aic, bic, aicc : float
        Of the method used; information criteria of REML compare models with the same moderators only.
    n_parameters : int
        Coefficients and estimated components.
    q, q_df, q_p_value : float
        Residual heterogeneity: generalised Q of the model without random effects.
    qm, qm_df, qm_df2, qm_p_value : float
        Test of the moderators (of all coefficients without an intercept): chi-square, or F with its
        second degrees of freedom `qm_df2` for t tests; of the intercept where there is nothing else.
    i2, i2_components : float, dict
        I² in percent, total and by variance, from a typical sampling variance (Nakagawa & Santos 2012;
        Jackson 2012); NaN where variances differ between levels (see `i2_by_level`).
    k, p : int
        Effects and coefficients.
    level, method, test, dfs : float, str
        Options as resolved.
    converged, iterations, reason : bool, int, str
        How the maximum was found.
    diagnostics : tuple of Diagnostic
        What was noticed.
    options : mapping
        All options as resolved.
    labels : tuple of str or None
        Names of the rows.
    model : FittedModel
        For the functions that take a fit.
    """

    names: tuple[str, ...]
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    df: FloatArray | None
    p_value: FloatArray
    covariance: FloatArray
    components: tuple[Component, ...]
    log_likelihood: float
    aic: float
    bic: float
    aicc: float
    n_parameters: int
    q: float
    q_df: int
    q_p_value: float
    qm: float
    qm_df: int
    qm_df2: float | None
    qm_p_value: float
    i2: float
    i2_components: Mapping[str, float]
    k: int
    p: int
    level: float
    method: str
    test: str
    dfs: str
    converged: bool
    iterations: int
    reason: str
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]
    labels: tuple[str, ...] | None
    model: FittedModel

    HIDDEN = ("model",)

    def _kind(self, kind: str) -> FloatArray:
        return np.array([one.value for one in self.components if one.kind == kind])

    @property
    def sigma2(self) -> FloatArray:
        """Variances of the random intercepts, in the order of the terms."""
        return self._kind("sigma2")

    @property
    def tau2(self) -> FloatArray:
        """Variances of the first ``inner | outer`` term."""
        return self._kind("tau2")

    @property
    def rho(self) -> FloatArray:
        """Correlations of the first ``inner | outer`` term; pairs (1, 2), (1, 3), …, (2, 3), …."""
        return self._kind("rho")

    @property
    def gamma2(self) -> FloatArray:
        """Variances of the second ``inner | outer`` term."""
        return self._kind("gamma2")

    @property
    def phi(self) -> FloatArray:
        """Correlations of the second ``inner | outer`` term."""
        return self._kind("phi")

    @property
    def yi(self) -> FloatArray:
        """Effects, as given."""
        return self.model.yi

    @property
    def content_hash(self) -> str:
        """The sha256 of effects, covariances, moderators and options as resolved."""
        known = self.model.known
        columns = {"yi": self.model.yi, "vi": known.diagonal, "mods": self.model.design.matrix}
        blocks = {f"V{int(rows[0])}": block for rows, block in known.blocks}
        return content_hash({**columns, **blocks}, self.options)

    def __repr__(self) -> str:
        parts = ", ".join(f"{one.name}={one.value:.4g}" for one in self.components)
        first = ", ".join(
            f"{name} {value:.4f} [{low:.4f}, {high:.4f}]"
            for name, value, low, high in zip(
                self.names, self.estimate, self.ci_low, self.ci_high, strict=True
            )
        )
        return f"<MultilevelResult {first}; {parts}; k={self.k}, {self.method}, {self.test}>"

    def summary(self) -> str:
        """Return the model as text of several lines."""
        percent = f"{100 * self.level:g} %"
        lines = [f"multilevel model, {self.method}; {self.k} effects"]
        for one in self.components:
            note = " (given)" if one.given else " (at its bound)" if one.boundary else ""
            lines.append(f"{one.name} = {one.value:.4f}{note}, {one.levels} levels")
        for place, name in enumerate(self.names):
            df = "" if self.df is None else f", df = {self.df[place]:g}"
            lines.append(
                f"{name}: {self.estimate[place]:.4f} (se {self.se[place]:.4f}), {percent} interval "
                f"{self.ci_low[place]:.4f} to {self.ci_high[place]:.4f}, p = {self.p_value[place]:.4g}{df}"
            )
        lines.append(f"residual Q = {self.q:.4f}, df = {self.q_df}, p = {self.q_p_value:.4g}")
        if self.p > 1:
            kind = "chi-square" if self.qm_df2 is None else "F"
            lines.append(f"moderators: {kind} = {self.qm:.4f}, df = {self.qm_df}, p = {self.qm_p_value:.4g}")
        lines.append(
            f"log-likelihood = {self.log_likelihood:.4f}, AIC = {self.aic:.4f}, I² = {self.i2:.1f} %"
        )
        lines.extend(f"note: {remark}" for remark in self.diagnostics)
        return "\n".join(lines)

    def columns(self) -> dict[str, Any]:
        """Return one row per coefficient."""
        return {
            "coefficient": np.array(self.names),
            "estimate": self.estimate,
            "se": self.se,
            "statistic": self.statistic,
            "df": np.full(self.p, np.nan) if self.df is None else self.df,
            "p_value": self.p_value,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
        }

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-safe data; NaN and infinite values become None."""
        return {**Result.to_dict(self), "inputs_sha256": self.content_hash}
