"""tau² as one fit uses it: estimated, given or absent, with its limits and what is to say of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from evergrove.errors import ConvergenceError, UsageError
from evergrove.stats.arrays import FAR
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_quantiles
from evergrove.stats.heterogeneity import Tau2Fit, tau2_limits
from evergrove.stats.mean_data import QUICK
from evergrove.stats.options import Tau2Interval, Tau2Method
from evergrove.stats.pool_result import PENDING
from evergrove.stats.roots import Solution
from evergrove.stats.tau2.estimate import checked_tau2_weights, estimate_tau2

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.mean_data import MeanData

#: Rounding that a comparison of Q with its quantile forgives.
ROUNDING = 1e-12


class BetweenStudy(NamedTuple):
    """tau² with limits, as used in one fit.

    Parameters
    ----------
    tau2 : float
        The value.
    solution : Solution
        How it was found.
    low, high : float or None
        Limits; `PENDING` where they are found when first read; None where there are none.
    se : float or None
        Standard error; None where tau² was not estimated.
    remarks : tuple of Diagnostic
        What was noticed.
    weights : ndarray or None
        Fixed weights of the generalised Q.
    """

    tau2: float
    solution: Solution
    low: float | None = None
    high: float | None = None
    se: float | None = None
    remarks: tuple[Diagnostic, ...] = ()
    weights: FloatArray | None = None


class Tau2Request(NamedTuple):
    """What the caller asks of tau².

    Parameters
    ----------
    method : Tau2Method
        The estimator.
    interval : Tau2Interval
        Its limits.
    level : float
        Confidence level.
    weights : ndarray or None
        Fixed weights.
    start : float or None
        First value of Sidik-Jonkman.
    """

    method: Tau2Method
    interval: Tau2Interval
    level: float
    weights: FloatArray | None = None
    start: float | None = None


def absent(reason: str) -> BetweenStudy:
    """Return the tau² of a model without one."""
    return BetweenStudy(0.0, Solution(0.0, 0, True, reason))


def given(value: float) -> BetweenStudy:
    """Return a tau² that the caller knows.

    Raises
    ------
    UsageError
        Where it is below 0, or above 1e60.
    """
    if not 0 <= value <= FAR:
        raise UsageError(
            f"tau2: found {value!r}; allowed: a number from 0 to {FAR:g}, or one of "
            f"{', '.join(repr(str(member)) for member in Tau2Method)}; give a variance, no standard deviation"
        )
    return BetweenStudy(value, Solution(value, 0, True, "tau² given"))


def moment_about(centre: float, data: MeanData) -> BetweenStudy:
    """Return DerSimonian and Laird's tau² with Q taken about a given effect.

    Parameters
    ----------
    centre : float
        The effect, on the pooling scale: a Mantel-Haenszel estimate, for example.
    data : MeanData
        Effects and variances.

    Returns
    -------
    BetweenStudy
        Without limits: the distribution of such a Q is not that of Cochran's.
    """
    df = len(data.vi) - 1
    trace = data.sums(0.0)[4] / data.unit
    value = max(0.0, (q_about(centre, data.yi, data.vi) - df) / trace) if df else 0.0
    return BetweenStudy(value, Solution(value, 0, True, f"closed form, Q about {centre:g}"))


def q_about(centre: float, yi: FloatArray, vi: FloatArray) -> float:
    """Return Σ (y - centre)² / v."""
    return float(((yi - centre) ** 2 / vi).sum())


def estimated(request: Tau2Request, data: MeanData) -> BetweenStudy:
    """Estimate tau² with its limits and remarks.

    Parameters
    ----------
    request : Tau2Request
        What is asked.
    data : MeanData
        Effects and variances.

    Returns
    -------
    BetweenStudy

    Raises
    ------
    ConvergenceError
        Where the estimate was not found.
    UsageError
        Where the limits do not belong to the estimator.
    """
    k = len(data.vi)
    weights = checked_tau2_weights(request.method, request.weights, k, request.interval)
    if request.method in QUICK:
        found = data.tau2(request.method)
    else:
        found = estimate_tau2(request.method, data.yi, data.vi, weights=weights, start=request.start)
    if not found.converged:
        raise ConvergenceError(
            f"tau2={str(request.method)!r}: {found.reason} ({found.iterations} iterations, last value "
            f"{found.value!r}); try tau2='DL', which has a closed form, and look at the variances"
        )
    remarks = []
    if len(found.maxima) > 1:
        shown = ", ".join(f"{value:.6g}" for value in found.maxima)
        kind = "restricted likelihood" if request.method is Tau2Method.REML else "likelihood"
        message = f"the {kind} has {len(found.maxima)} maxima, at tau² = {shown}; the highest is used"
        remarks.append(Diagnostic("two-maxima", message, "tau2"))
    solution = Solution(found.value, found.iterations, found.converged, found.reason)
    if k == 1:
        message = "one study tells nothing of tau²; it is set to 0"
        return BetweenStudy(0.0, solution, remarks=(Diagnostic("tau2-not-estimable", message, "tau2"),))
    fit = BetweenStudy(found.value, solution, se=found.se, remarks=tuple(remarks), weights=weights)
    return _with_limits(fit, request, data)


def _with_limits(fit: BetweenStudy, request: Tau2Request, data: MeanData) -> BetweenStudy:
    """Add the limits, or the promise to find them, and what is to say of them."""
    if request.interval is Tau2Interval.Q_PROFILE:
        return _with_pending_limits(fit, request, data)
    low, high = tau2_limits(
        request.interval,
        Tau2Fit(data.yi, data.vi, fit.tau2, request.method, fit.se, fit.weights),
        request.level,
    )
    if math.isnan(low.value) or math.isnan(high.value):
        code = "tau2-interval-empty" if low.reason.startswith("empty") else "tau2-interval-missing"
        return fit._replace(remarks=(*fit.remarks, Diagnostic(code, low.reason, "tau2")))
    remarks = list(fit.remarks)
    for name, limit in (("lower", low), ("upper", high)):
        if not limit.converged:
            remarks.append(Diagnostic("tau2-interval-not-converged", f"{name} limit: {limit.reason}", "tau2"))
    if not low.value <= fit.tau2 <= high.value:
        remarks.append(_outside(request))
    return fit._replace(low=low.value, high=high.value, remarks=tuple(remarks))


def _with_pending_limits(fit: BetweenStudy, request: Tau2Request, data: MeanData) -> BetweenStudy:
    """Say of the Q-profile limits all but their place: whether Q lies between its quantiles tells it."""
    lower, upper = chi2_quantiles(request.level, len(data.vi) - 1)
    if data.q(0.0) < lower:
        message = (
            "the Q-profile set is empty: effects agree more than their variances allow; "
            "look for duplicated studies or variances that are too large"
        )
        return fit._replace(remarks=(*fit.remarks, Diagnostic("tau2-interval-empty", message, "tau2")))
    remarks = fit.remarks
    if not lower * (1.0 - ROUNDING) <= data.q(fit.tau2) <= upper * (1.0 + ROUNDING):
        remarks = (*remarks, _outside(request))
    return BetweenStudy(fit.tau2, fit.solution, PENDING, PENDING, fit.se, remarks, fit.weights)


def _outside(request: Tau2Request) -> Diagnostic:
    """Return the remark that an estimate lies outside its interval."""
    name = "Q-profile" if request.interval is Tau2Interval.Q_PROFILE else str(request.interval)
    message = f"the {request.method} estimate lies outside its own {name} interval; both are valid, name both"
    return Diagnostic("tau2-outside-interval", message, "tau2")
