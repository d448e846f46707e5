"""The residual variance between studies given moderators, with its limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from evergrove.errors import ConvergenceError, UsageError
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import PoolModel, Tau2Method, choose
from evergrove.stats.tau2 import Tau2Estimate, estimate_tau2, lay_out, q_profile

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


class ResidualVariance(NamedTuple):
    """tau² as used in one fit.

    Parameters
    ----------
    estimate : Tau2Estimate
        Value and how it was found.
    low, high : float or None
        Q-profile limits; None where there are none.
    method : Tau2Method, float or None
        The option as resolved; None under the common model.
    remarks : tuple of Diagnostic
    """

    estimate: Tau2Estimate
    low: float | None
    high: float | None
    method: Tau2Method | float | None
    remarks: tuple[Diagnostic, ...]


def _known(value: float, reason: str, method: float | None) -> ResidualVariance:
    """Return a tau² that is not estimated."""
    return ResidualVariance(Tau2Estimate(value, math.nan, 0, True, reason, (value,)), None, None, method, ())


def chosen_tau2(model: PoolModel, tau2: str | float) -> Tau2Method | float | None:
    """Return the option `tau2` as resolved: an estimator, a known value, or None without tau².

    Parameters
    ----------
    model : PoolModel
        Random or common.
    tau2 : str or float
        As in `meta_regression`.

    Raises
    ------
    UsageError
        For an unknown estimator or a value that is no variance.
    """
    if model is PoolModel.COMMON:
        return None
    if isinstance(tau2, str):
        return choose(Tau2Method, tau2, "tau2")
    value = float(tau2)
    if not (math.isfinite(value) and value >= 0):
        raise UsageError(
            f"tau2: found {tau2!r}; allowed: a finite number not below 0, or one of "
            f"{', '.join(repr(str(member)) for member in Tau2Method)}; give a variance, no standard deviation"
        )
    return value


def residual_variance(
    chosen: Tau2Method | float | None,
    yi: FloatArray,
    vi: FloatArray,
    design: FloatArray,
    *,
    tau2_weights: FloatArray | None,
    level: float,
    origin: float = 0.0,
) -> ResidualVariance:
    """Return tau² given a design, with Q-profile limits and remarks.

    Parameters
    ----------
    chosen : Tau2Method, float or None
        From `chosen_tau2`.
    yi, vi : ndarray, shape (k,)
        Effects and variances.
    design : ndarray, shape (k, p)
        Of full rank, well scaled.
    tau2_weights : ndarray or None
        Of the generalised Q methods.
    level : float
        Of the limits.
    origin : float
        Subtracted from the effects for the estimate, not for its limits.

    Raises
    ------
    ConvergenceError
        Where tau² was not found.
    """
    if chosen is None:
        return _known(0.0, "common effect: no tau²", None)
    if isinstance(chosen, float):
        return _known(chosen, "tau² given", chosen)
    data = lay_out(yi - origin, vi, design)
    found = estimate_tau2(chosen, yi - origin, vi, design, weights=tau2_weights, data=data)
    if not found.converged:
        raise ConvergenceError(
            f"tau2={str(chosen)!r}: {found.reason} ({found.iterations} iterations, last value "
            f"{found.value!r}); try tau2='DL', which has a closed form, and look at the variances"
        )
    if data.df == 0:
        message = "as many coefficients as studies: tau² cannot be estimated and is set to 0"
        return ResidualVariance(
            found, None, None, chosen, (Diagnostic("tau2-not-estimable", message, "tau2"),)
        )
    remarks = []
    if len(found.maxima) > 1:
        shown = ", ".join(f"{value:.6g}" for value in found.maxima)
        message = f"the likelihood has {len(found.maxima)} maxima, at tau² = {shown}; the highest is used"
        remarks.append(Diagnostic("two-maxima", message, "tau2"))
    low, high = q_profile(data if origin == 0.0 else lay_out(yi, vi, design), level)
    if math.isnan(low.value):
        message = (
            "the Q-profile set is empty: residuals are smaller than their variances allow; "
            "look for duplicated studies or variances that are too large"
        )
        remarks.append(Diagnostic("tau2-interval-empty", message, "tau2"))
        return ResidualVariance(found, None, None, chosen, tuple(remarks))
    if not low.value <= found.value <= high.value:
        message = f"the {chosen} estimate lies outside its own Q-profile interval; both are valid, name both"
        remarks.append(Diagnostic("tau2-outside-interval", message, "tau2"))
    return ResidualVariance(found, low.value, high.value, chosen, tuple(remarks))
