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
from evergrove.stats.tau2.estimate import Tau2Estimate, checked_tau2_weights, estimate_tau2

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.mean_data import MeanData
    from evergrove.stats.roots import Solution

#: Rounding that a comparison of Q with its quantile forgives.
ROUNDING = 1e-12


class BetweenStudy(NamedTuple):
    """tau² with limits, as used in one fit.

    Parameters
    ----------
    found : Tau2Estimate
        The value and how it was found; its `se` is None where tau² was not estimated.
    low, high : float or None
        Limits; `PENDING` where they are found when first read; None where there are none.
    remarks : tuple of Diagnostic
        What was noticed.
    """

    found: Tau2Estimate
    low: float | None = None
    high: float | None = None
    remarks: tuple[Diagnostic, ...] = ()


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
    return _known(0.0, reason)


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
    return _known(value, "tau² given")


def _known(value: float, reason: str) -> BetweenStudy:
    """Return a tau² that needs no search."""
    return BetweenStudy(Tau2Estimate(value, None, 0, True, reason, (value,)))


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
    return _known(value, f"closed form, Q about {centre:g}")


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
    if k == 1:
        message = "one study tells nothing of tau²; it is set to 0"
        remark = Diagnostic("tau2-not-estimable", message, "tau2")
        return BetweenStudy(found._replace(se=None), remarks=(remark,))
    remarks = _of_maxima(request.method, found.maxima) if len(found.maxima) > 1 else ()
    if request.interval is Tau2Interval.Q_PROFILE:
        return _with_pending_limits(found, remarks, request, data)
    fit = Tau2Fit(data.yi, data.vi, found.value, request.method, found.se, weights)
    return _with_limits(found, remarks, request, tau2_limits(request.interval, fit, request.level))


def _of_maxima(method: Tau2Method, maxima: tuple[float, ...]) -> tuple[Diagnostic, ...]:
    """Return the remark that the likelihood has several maxima."""
    shown = ", ".join(f"{value:.6g}" for value in maxima)
    kind = "restricted likelihood" if method is Tau2Method.REML else "likelihood"
    message = f"the {kind} has {len(maxima)} maxima, at tau² = {shown}; the highest is used"
    return (Diagnostic("two-maxima", message, "tau2"),)


def _with_limits(
    found: Tau2Estimate,
    remarks: tuple[Diagnostic, ...],
    request: Tau2Request,
    limits: tuple[Solution, Solution],
) -> BetweenStudy:
    """Add the limits and what is to say of them."""
    low, high = limits
    if math.isnan(low.value) or math.isnan(high.value):
        code = "tau2-interval-empty" if low.reason.startswith("empty") else "tau2-interval-missing"
        return BetweenStudy(found, remarks=(*remarks, Diagnostic(code, low.reason, "tau2")))
    for name, limit in (("lower", low), ("upper", high)):
        if not limit.converged:
            message = f"{name} limit: {limit.reason}"
            remarks = (*remarks, Diagnostic("tau2-interval-not-converged", message, "tau2"))
    if not low.value <= found.value <= high.value:
        remarks = (*remarks, _outside(request))
    return BetweenStudy(found, low.value, high.value, remarks)


def _with_pending_limits(
    found: Tau2Estimate, remarks: tuple[Diagnostic, ...], request: Tau2Request, data: MeanData
) -> BetweenStudy:
    """Say of the Q-profile limits all but their place: whether Q lies between its quantiles tells it."""
    lower, upper = chi2_quantiles(request.level, len(data.vi) - 1)
    if data.q(0.0) < lower:
        message = (
            "the Q-profile set is empty: effects agree more than their variances allow; "
            "look for duplicated studies or variances that are too large"
        )
        return BetweenStudy(found, remarks=(*remarks, Diagnostic("tau2-interval-empty", message, "tau2")))
    if not lower * (1.0 - ROUNDING) <= data.q(found.value) <= upper * (1.0 + ROUNDING):
        remarks = (*remarks, _outside(request))
    return BetweenStudy(found, PENDING, PENDING, remarks)


def _outside(request: Tau2Request) -> Diagnostic:
    """Return the remark that an estimate lies outside its interval."""
    name = "Q-profile" if request.interval is Tau2Interval.Q_PROFILE else str(request.interval)
    message = f"the {request.method} estimate lies outside its own {name} interval; both are valid, name both"
    return Diagnostic("tau2-outside-interval", message, "tau2")
