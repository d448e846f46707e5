"""The result of pooling: one shape for every model.

The limits of tau² (and of I², which follow from them) take longer to find than everything else together.
`pool` therefore leaves these four fields empty for the Q-profile interval, and the result fills them, once,
when one is first read: by name, by `to_dict`, `summary`, `copy` or `pickle`. What is found depends on `yi`,
`vi` and `level` alone, so the result stays what it was: frozen, and the same bytes for the same inputs.
"""

from __future__ import annotations

import math
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any

from evergrove.errors import UsageError
from evergrove.stats.arrays import checked_level
from evergrove.stats.drawing import DrawablePool
from evergrove.stats.fingerprint import content_hash, json_safe
from evergrove.stats.fit_statistics import fit_statistics_of
from evergrove.stats.heterogeneity import Tau2Fit, heterogeneity_of, tau2_limits
from evergrove.stats.inverse_variance import i2_from_tau2, weighted_mean
from evergrove.stats.options import PoolModel, Scale, Tau2Interval, Tau2Method, choose
from evergrove.stats.result import Result
from evergrove.stats.scales import back_transform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.fit_statistics import FitStatistics
    from evergrove.stats.heterogeneity import Heterogeneity

#: Stands for limits that are found when they are first read.
PENDING: Any = object()
LIMITS = ("tau2_ci_low", "tau2_ci_high", "i2_ci_low", "i2_ci_high")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A pooled effect on the measure's natural scale.

    Parameters
    ----------
    estimate, ci_low, ci_high : float
        Effect and confidence limits (a risk ratio, a mean difference, a proportion, …).
    prediction_low, prediction_high : float or None
        Prediction interval, where there is one.
    """

    estimate: float
    ci_low: float
    ci_high: float
    prediction_low: float | None = None
    prediction_high: float | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the estimate as JSON-safe data."""
        return {entry.name: json_safe(getattr(self, entry.name)) for entry in fields(self)}


@dataclass(frozen=True, eq=False, repr=False)
class PoolResult(DrawablePool):
    """A pooled effect with everything that belongs to it; all effects on the pooling scale.

    Parameters
    ----------
    estimate, se, ci_low, ci_high : float
        Pooled effect on `scale`, its standard error (under the interval method) and limits.
    statistic, df, p_value, log_p_value : float
        Test of no effect; `df` None for a normal one. `log_p_value` holds where `p_value` underflows.
    tau2, tau2_ci_low, tau2_ci_high, tau : float or None
        Between-study variance and its limits (by `tau2_ci`, else Q-profile). None where the model has none
        (Mantel-Haenszel, Peto) or the limits do not exist; 0 under the common model.
    tau2_se : float or None
        Standard error of tau² as metafor reports it; None where tau² was not estimated. tau² is skewed: for
        an interval use the limits.
    i2, i2_ci_low, i2_ci_high : float or None
        I² in percent, 0 to 100, from tau² and the typical variance (metafor's definition); under the
        common model, from Q.
    i2_q, h2 : float
        I² in percent from Q (Higgins & Thompson 2002); H² = total over sampling variance.
    q, q_df, q_p_value : float
        Cochran's Q at weights 1/v, its degrees of freedom and upper tail.
    prediction_low, prediction_high, prediction_df : float or None
        Prediction interval (random effects and k of 3 or more) and its df; None where there is none.
    weights : ndarray
        One per row, summing to 1; 0 for a row that carries no information.
    k : int
        Number of studies that carry information.
    yi, vi : ndarray
        Effects and variances of the rows; NaN where a row has none (Mantel-Haenszel, Peto).
    measure, scale, model, method : str
        `method` in words, for example ``"inverse variance, REML, Hartung-Knapp"``.
    converged, iterations, reason : bool, int, str
        How tau² was found; 0 iterations for a closed form.
    diagnostics : tuple of Diagnostic
        What was noticed.
    options : mapping
        Options as resolved.
    level : float
        Of all intervals.
    labels : tuple of str or None
        Names of the rows.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    df: float | None
    p_value: float
    log_p_value: float
    tau2: float | None
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    tau: float | None
    i2: float
    i2_ci_low: float | None
    i2_ci_high: float | None
    i2_q: float
    h2: float
    q: float
    q_df: int
    q_p_value: float
    prediction_low: float | None
    prediction_high: float | None
    prediction_df: float | None
    weights: FloatArray
    k: int
    yi: FloatArray
    vi: FloatArray
    measure: str | None
    scale: Scale
    model: str
    method: str
    converged: bool
    iterations: int
    reason: str
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]
    level: float
    labels: tuple[str, ...] | None = None
    inputs: Mapping[str, FloatArray] | None = None
    tau2_se: float | None = None
    fixed_weights: FloatArray | None = None

    HIDDEN = ("inputs", "fixed_weights")

    if not TYPE_CHECKING:

        def __init__(self, **values: object) -> None:
            # at once, where the dataclass would set forty fields one by one
            if values.keys() != NAMES:
                values = DEFAULTS | values
                if wrong := sorted(NAMES ^ values.keys()):
                    raise TypeError(f"PoolResult: missing or unknown fields: {', '.join(wrong)}")
            if values["tau2_ci_low"] is PENDING:
                for name in LIMITS:
                    del values[name]
            object.__setattr__(self, "__dict__", values)

        def __getattr__(self, name: str) -> float | None:
            # reached only for a field that is still empty
            if name not in LIMITS:
                raise AttributeError(f"PoolResult has no attribute {name!r}")
            self.__dict__.update(zip(LIMITS, self._limits(), strict=True))
            return self.__dict__[name]

    def _limits(self) -> tuple[float | None, float | None, float | None, float | None]:
        """Find the Q-profile limits of tau² and those of I² that follow."""
        low, high = tau2_limits(Tau2Interval.Q_PROFILE, self._tau2_fit(), self.level)
        if math.isnan(low.value) or math.isnan(high.value):
            return None, None, None, None
        typical = self.q_df / weighted_mean(self.yi, self.vi, 0.0).trace
        return low.value, high.value, i2_from_tau2(low.value, typical), i2_from_tau2(high.value, typical)

    def _tau2_fit(self) -> Tau2Fit:
        """Return what the limits of tau² rest on."""
        if self.tau2 is None:
            raise UsageError(
                f"heterogeneity: found a fit by {self.method}, which has no tau²; allowed: a fit by pool; "
                "pool the effects, or read q, i2_q and h2"
            )
        chosen = self.options.get("tau2")
        method = Tau2Method(chosen) if isinstance(chosen, str) else None
        return Tau2Fit(self.yi, self.vi, self.tau2, method, self.tau2_se, self.fixed_weights)

    def heterogeneity(self, tau2_ci: str | None = None, *, level: float | None = None) -> Heterogeneity:
        """Return every measure of heterogeneity with its interval.

        Parameters
        ----------
        tau2_ci : Tau2Interval, str or None
            Limits of tau²; None is the fit's own.
        level : float or None
            Of all limits; None is the fit's own.

        Returns
        -------
        Heterogeneity

        Raises
        ------
        UsageError
            For a fit without tau² (Mantel-Haenszel, Peto), or limits that do not belong to the estimator.

        Examples
        --------
        >>> from evergrove.stats import pool
        >>> fit = pool([0.1, 0.3, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01], tau2="DL")
        >>> found = fit.heterogeneity("jackson")
        >>> round(found.tau2, 4), round(found.tau2_ci_high, 4)
        (0.0506, 0.8881)
        """
        fit = self._tau2_fit()
        interval = choose(
            Tau2Interval, tau2_ci or str(self.options.get("tau2_ci", Tau2Interval.Q_PROFILE)), "tau2_ci"
        )
        estimated = fit.method is not None and self.k > 1 and "tau2_about" not in self.options
        return heterogeneity_of(
            fit,
            interval if estimated else None,
            level=self.level if level is None else checked_level(level),
            i2=self.i2,
            h2=self.h2,
            i2_q=self.i2_q,
            q_test=(self.q, self.q_df, self.q_p_value),
        )

    def fit_statistics(self) -> FitStatistics:
        """Return log-likelihood, deviance, AIC, BIC and AICc under both likelihoods.

        Returns
        -------
        FitStatistics

        Raises
        ------
        UsageError
            For a fit without tau² (Mantel-Haenszel, Peto).

        Examples
        --------
        >>> from evergrove.stats import pool
        >>> fit = pool([0.1, 0.3, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01], tau2="ML")
        >>> round(fit.fit_statistics().ml.aic, 3)
        3.224
        """
        fit = self._tau2_fit()
        estimated = fit.method is not None and self.model != str(PoolModel.COMMON)
        return fit_statistics_of(fit.yi, fit.vi, fit.tau2, self.estimate, tau2_estimated=estimated)

    @property
    def content_hash(self) -> str:
        """The sha256 of the numbers given and the options as resolved."""
        columns = dict(self.inputs) if self.inputs is not None else {"yi": self.yi, "vi": self.vi}
        return content_hash(columns, self.options)

    def natural(self, *, n: FloatArray | None = None) -> Estimate:
        """Return the estimate and intervals on the measure's natural scale.

        Parameters
        ----------
        n : array-like or None
            Sample sizes, for Freeman-Tukey proportions only.

        Returns
        -------
        Estimate

        Examples
        --------
        >>> from evergrove.stats import pool
        >>> round(pool([0.0, 0.2], [0.1, 0.1], measure="RR", ci="normal").natural().estimate, 4)
        1.1052
        """

        def back(value: float) -> float:
            return float(back_transform(value, self.measure, n=n))

        if self.prediction_low is None or self.prediction_high is None:
            return Estimate(back(self.estimate), back(self.ci_low), back(self.ci_high))
        return Estimate(
            back(self.estimate),
            back(self.ci_low),
            back(self.ci_high),
            back(self.prediction_low),
            back(self.prediction_high),
        )

    def __repr__(self) -> str:
        name = f"{self.measure} " if self.measure else ""
        scale = f", {self.scale} scale" if self.scale is not Scale.NATURAL else ""
        spread = f", tau²={self.tau2:.4g}" if self.tau2 is not None else ""
        return (
            f"<PoolResult {name}{self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}]{scale}, "
            f"p={self.p_value:.3g}, k={self.k}{spread}, I²={self.i2:.1f}%; {self.method}>"
        )

    def _natural_lines(self, percent: str) -> list[str]:
        """Return estimate and intervals on the natural scale, where there is another."""
        if self.scale is Scale.NATURAL:
            return []
        if self.scale is Scale.FREEMAN_TUKEY:
            return [f"{self.measure}: no natural scale without sizes; see natural(n=...)"]
        value = self.natural()
        limits = f"{percent} interval {value.ci_low:.4f} to {value.ci_high:.4f}"
        lines = [f"{self.measure} (natural scale): {value.estimate:.4f}, {limits}"]
        if value.prediction_low is not None:
            limits = f"{value.prediction_low:.4f} to {value.prediction_high:.4f}"
            lines.append(f"prediction interval (natural scale): {limits}")
        return lines

    def summary(self) -> str:
        """Return the result as text of several lines."""
        percent = f"{100 * self.level:g} %"
        lines = [
            f"{self.method}; {self.k} studies",
            (
                f"estimate ({self.scale} scale): {self.estimate:.4f}, {percent} interval "
                f"{self.ci_low:.4f} to {self.ci_high:.4f}, p = {self.p_value:.4g}"
            ),
        ]
        if self.prediction_low is not None:
            lines.append(f"prediction interval: {self.prediction_low:.4f} to {self.prediction_high:.4f}")
        lines.extend(self._natural_lines(percent))
        if self.tau2 is not None:
            limits = (
                f" ({percent} interval {self.tau2_ci_low:.4g} to {self.tau2_ci_high:.4g})"
                if self.tau2_ci_low is not None and self.tau2_ci_high is not None
                else ""
            )
            lines.append(f"tau² = {self.tau2:.4g}{limits}; I² = {self.i2:.1f} %; H² = {self.h2:.2f}")
        lines.append(
            f"Q = {self.q:.4f}, df = {self.q_df}, p = {self.q_p_value:.4g}; I² (Q) = {self.i2_q:.1f} %"
        )
        lines.extend(f"note: {remark}" for remark in self.diagnostics)
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-safe data; NaN and infinite values become None."""
        natural = self.natural().to_dict() if self.scale is not Scale.FREEMAN_TUKEY else None
        return {**Result.to_dict(self), "natural": natural, "inputs_sha256": self.content_hash}


#: Fields of a `PoolResult`, and the defaults of those that have one.
NAMES = frozenset(entry.name for entry in fields(PoolResult))
DEFAULTS = {entry.name: entry.default for entry in fields(PoolResult) if entry.default is not MISSING}
