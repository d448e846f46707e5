"""Every measure of heterogeneity of a fit, with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.inverse_variance import i2_from_tau2, weighted_mean
from evergrove.stats.options import Tau2Interval, Tau2Method
from evergrove.stats.result import Result
from evergrove.stats.roots import Solution
from evergrove.stats.tau2.layout import Layout, lay_out, profile_at, trace_of_square
from evergrove.stats.tau2.limits import (
    generalised_q_limits,
    profile_likelihood_limits,
    q_profile,
    wald_limits,
)

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.tau2.layout import AnyLayout

ROWS = ("tau2", "tau", "i2", "h2", "i2_q", "h_q", "r_b")


class Limits(NamedTuple):
    """Two limits; None where there are none."""

    low: float | None = None
    high: float | None = None

    def through(self, function: object) -> Limits:
        """Return both limits through a function."""
        if self.low is None or self.high is None or not callable(function):
            return Limits()
        return Limits(float(function(self.low)), float(function(self.high)))


@dataclass(frozen=True, slots=True, repr=False)
class Heterogeneity(Result):
    """Measures of heterogeneity with intervals; None where a measure or limit does not exist.

    Parameters
    ----------
    tau2, tau2_se, tau2_ci_low, tau2_ci_high : float or None
        Between-study variance, its standard error (as metafor reports it) and limits.
    tau, tau_ci_low, tau_ci_high : float or None
        Its square root.
    i2, i2_ci_low, i2_ci_high : float or None
        I² in percent from tau² and the typical variance; limits from those of tau².
    h2, h2_ci_low, h2_ci_high : float or None
        H² = 1 + tau² / typical variance; limits from those of tau².
    i2_q, i2_q_ci_low, i2_q_ci_high : float or None
        I² in percent from Q, with test-based limits (Higgins & Thompson 2002).
    h_q, h_q_ci_low, h_q_ci_high : float or None
        H = √(Q / df), not below 1, with test-based limits.
    r_b, r_b_ci_low, r_b_ci_high : float or None
        Share of the variance of the pooled effect that is due to heterogeneity, 0 to 1 (Crippa et al. 2016);
        None with moderators.
    typical_variance : float
        df / trace(P): the within-study variance behind `i2` and `h2`.
    q, q_df, q_p_value : float
        Cochran's Q; with moderators, of what they leave.
    interval : str
        Method of the limits of tau².
    level : float
        Of all limits.
    k : int
        Studies.
    """

    tau2: float
    tau2_se: float | None
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    tau: float
    tau_ci_low: float | None
    tau_ci_high: float | None
    i2: float
    i2_ci_low: float | None
    i2_ci_high: float | None
    h2: float
    h2_ci_low: float | None
    h2_ci_high: float | None
    i2_q: float
    i2_q_ci_low: float | None
    i2_q_ci_high: float | None
    h_q: float | None
    h_q_ci_low: float | None
    h_q_ci_high: float | None
    r_b: float | None
    r_b_ci_low: float | None
    r_b_ci_high: float | None
    typical_variance: float
    q: float
    q_df: int
    q_p_value: float
    interval: str
    level: float
    k: int

    def __repr__(self) -> str:
        return (
            f"<Heterogeneity tau²={self.tau2:.4g}, I²={self.i2:.1f}%, H²={self.h2:.3g}, Q={self.q:.4g} "
            f"on {self.q_df} df, k={self.k}>"
        )

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per measure: name, estimate and limits."""
        values = {
            column: np.array([_number(getattr(self, f"{row}{suffix}")) for row in ROWS])
            for column, suffix in (("estimate", ""), ("ci_low", "_ci_low"), ("ci_high", "_ci_high"))
        }
        return {"measure": np.array(ROWS), **values}

    def summary(self) -> str:
        """Return one line per measure."""
        lines = [f"{repr(self).strip('<>')}; {100 * self.level:g} % limits ({self.interval}):"]
        for row in ROWS:
            low, high = getattr(self, f"{row}_ci_low"), getattr(self, f"{row}_ci_high")
            limits = "no limits" if low is None else f"{low:.4g} to {high:.4g}"
            lines.append(f"{row}: {_number(getattr(self, row)):.4g} ({limits})")
        return "\n".join(lines)


def _number(value: float | None) -> float:
    """Return a number, NaN for None."""
    return math.nan if value is None else float(value)


class Tau2Fit(NamedTuple):
    """What the limits of tau² rest on.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and variances.
    tau2 : float
        The estimate.
    method : Tau2Method or None
        How it was estimated; None where it was given.
    se : float or None
        Its standard error.
    weights : ndarray or None
        Of the generalised Q.
    design : ndarray, shape (k, p), or None
        Full-rank design; None is the mean alone.
    """

    yi: FloatArray
    vi: FloatArray
    tau2: float
    method: Tau2Method | None
    se: float | None = None
    weights: FloatArray | None = None
    design: FloatArray | None = None


def tau2_limits(interval: Tau2Interval, fit: Tau2Fit, level: float) -> tuple[Solution, Solution]:
    """Return the limits of tau² by a named method.

    Parameters
    ----------
    interval : Tau2Interval
        The method.
    fit : Tau2Fit
        The fit; k of 2 or more.
    level : float
        Confidence level.

    Returns
    -------
    low, high : Solution
        NaN where the set is empty or the method does not apply; the reason says which.

    Raises
    ------
    UsageError
        For profile likelihood without a likelihood estimate, the generalised Q without weights, and
        Higgins-Thompson with a design.
    """
    data = lay_out(fit.yi, fit.vi, fit.design)
    if interval is Tau2Interval.Q_PROFILE:
        return q_profile(data, level)
    if interval is Tau2Interval.PROFILE_LIKELIHOOD:
        if fit.method not in (Tau2Method.REML, Tau2Method.ML):
            raise UsageError(
                f"tau2_ci='profile-likelihood': found tau2={str(fit.method)!r}; allowed: 'REML' or 'ML'; "
                "the interval belongs to a likelihood: choose one, or tau2_ci='q-profile'"
            )
        restricted = fit.method is Tau2Method.REML
        return profile_likelihood_limits(data, fit.tau2, level, restricted=restricted)
    if interval is Tau2Interval.WALD:
        return wald_limits(fit.tau2, math.nan if fit.se is None else fit.se, level)
    if interval is Tau2Interval.HIGGINS_THOMPSON:
        return _higgins_thompson_limits(data, fit.tau2, level)
    weights = {
        Tau2Interval.JACKSON: 1.0 / np.sqrt(fit.vi),
        Tau2Interval.BIGGERSTAFF_JACKSON: 1.0 / fit.vi,
    }.get(interval, fit.weights)
    if weights is None:
        raise UsageError(
            "tau2_ci='generalised-q': found no tau2_weights; allowed: one weight per study; pass them, or "
            "choose 'jackson' (1/√vi) or 'biggerstaff-jackson' (1/vi)"
        )
    return generalised_q_limits(data, weights, level)


def se_of_log_h(q: float, df: int) -> float | None:
    """Return the standard error of log H (Higgins & Thompson, Stat Med 21 (2002) 1539-1558, p. 1549).

    Parameters
    ----------
    q : float
        Cochran's Q.
    df : int
        Its degrees of freedom.

    Returns
    -------
    float or None
        None where it does not exist (one study; two studies with Q not above 2).
    """
    k = df + 1
    if q > k and df >= 1:
        return 0.5 * (math.log(q) - math.log(df)) / (math.sqrt(2.0 * q) - math.sqrt(2.0 * k - 3.0))
    if k > 2:
        return math.sqrt(1.0 / (2.0 * (k - 2)) * (1.0 - 1.0 / (3.0 * (k - 2) ** 2)))
    return None


def _higgins_thompson_limits(data: AnyLayout, tau2: float, level: float) -> tuple[Solution, Solution]:
    """Return limits of tau² from those of H² (metafor's ``confint(type="HT")``)."""
    if not isinstance(data, Layout):
        raise UsageError(
            "tau2_ci='higgins-thompson': found a model with moderators or groups; allowed: one mean; "
            "choose 'q-profile'"
        )
    plain = weighted_mean(data.effects, data.variances, 0.0)
    error = se_of_log_h(plain.q, data.df) if data.df > 1 else None
    if error is None:
        missing = Solution(math.nan, 0, True, "log H has no standard error with so few studies")
        return missing, missing
    typical = data.df / plain.trace
    h2 = tau2 / data.scale / typical + 1.0
    stretch = math.exp(2.0 * normal_quantile(level) * error)
    low, high = ((bound - 1.0) * typical * data.scale for bound in (h2 / stretch, h2 * stretch))
    return Solution(max(0.0, low), 0, True, "closed form"), Solution(high, 0, True, "closed form")


def h_from_q(q: float, df: int, level: float) -> tuple[float | None, Limits]:
    """Return H = √(Q/df), not below 1, with test-based limits on the log scale.

    Parameters
    ----------
    q : float
        Cochran's Q.
    df : int
        Its degrees of freedom.
    level : float
        Confidence level.

    Returns
    -------
    h : float or None
        None without degrees of freedom.
    limits : Limits
        About log max(H, 1), cut at 1, as in meta (Higgins & Thompson 2002).
    """
    if df == 0:
        return None, Limits()
    h = max(1.0, math.sqrt(q / df))
    error = se_of_log_h(q, df)
    if error is None:
        return h, Limits()
    stretch = math.exp(normal_quantile(level) * error)
    return h, Limits(max(1.0, h / stretch), h * stretch)


def r_b(vi: FloatArray, tau2: float, q: float, level: float) -> tuple[float | None, Limits]:
    """Return Crippa's R_b with limits.

    Parameters
    ----------
    vi : ndarray, shape (k,)
        Variances.
    tau2, q, level : float
        Between-study variance, Cochran's Q, confidence level.

    Returns
    -------
    share : float or None
        Mean of tau² / (v + tau²), 0 to 1; None for one study.
    limits : Limits
        By the delta method from the variance of Q, cut at 0 and 1: Crippa, Khudyakov, Wang, Orsini &
        Spiegelman, Stat Med 35 (2016) 3661-3675.
    """
    k = int(vi.size)
    if k < 2:
        return None, Limits()
    data = lay_out(vi * 0.0, vi)
    trace = weighted_mean(data.effects, data.variances, 0.0).trace
    ratio = tau2 / data.scale
    variance = 2.0 * (k - 1) + 4.0 * trace * ratio + 2.0 * trace_of_square(data, 0.0) * ratio**2
    reach = data.variances * trace
    share = float(np.mean(tau2 / (vi + tau2)))
    distance = q + reach - (k - 1)
    if not distance.all():
        return share, Limits(0.0, 1.0)
    half = normal_quantile(level) * float((reach / distance**2).mean()) * math.sqrt(variance)
    return share, Limits(max(0.0, share - half), min(1.0, share + half))


def _typical_variance(fit: Tau2Fit, df: int) -> float:
    """Return df / trace(P) at weights 1/v."""
    if not df:
        return math.nan
    if fit.design is None:
        return df / weighted_mean(fit.yi, fit.vi, 0.0).trace
    data = lay_out(fit.yi, fit.vi, fit.design)
    return df * data.scale / float(profile_at(data, 0.0).trace[0])


def heterogeneity_of(
    fit: Tau2Fit,
    interval: Tau2Interval | None,
    *,
    level: float,
    i2: float,
    h2: float,
    i2_q: float,
    q_test: tuple[float, int, float],
) -> Heterogeneity:
    """Assemble the measures of one fit.

    Parameters
    ----------
    fit : Tau2Fit
        tau² and what it rests on.
    interval : Tau2Interval or None
        Limits of tau²; None where tau² was not estimated.
    level : float
        Of all limits.
    i2, h2, i2_q : float
        As the fit reports them.
    q_test : tuple
        Q, its df and p value.

    Returns
    -------
    Heterogeneity
    """
    q, df, p_value = q_test
    typical = _typical_variance(fit, df)
    limits = Limits()
    if interval is not None and df > 0:
        low, high = tau2_limits(interval, fit, level)
        if not (math.isnan(low.value) or math.isnan(high.value)):
            limits = Limits(low.value, high.value)
    tau, of_i2 = limits.through(math.sqrt), limits.through(lambda value: i2_from_tau2(value, typical))
    of_h2 = limits.through(lambda value: 1.0 + value / typical)
    h_q, of_h_q = h_from_q(q, df, level)
    of_i2_q = of_h_q.through(lambda h: 100.0 * (1.0 - 1.0 / h**2))
    share, of_share = r_b(fit.vi, fit.tau2, q, level) if fit.design is None else (None, Limits())
    return Heterogeneity(
        *(fit.tau2, fit.se, *limits),
        *(math.sqrt(fit.tau2), *tau),
        *(i2, *of_i2),
        *(h2, *of_h2),
        *(i2_q, *of_i2_q),
        *(h_q, *of_h_q),
        *(share, *of_share),
        typical_variance=typical,
        q=q,
        q_df=df,
        q_p_value=p_value,
        interval="none" if interval is None else str(interval),
        level=level,
        k=int(fit.yi.size),
    )
