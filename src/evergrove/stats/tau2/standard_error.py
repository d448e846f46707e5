"""Standard errors of the estimators of tau², as metafor reports them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats.options import Tau2Method
from evergrove.stats.tau2.layout import AnyLayout, profile_at, residual_variances, trace_of_square
from evergrove.stats.tau2.moments import weighted_form

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


def _of_form(one: float, cross: float, square: float, tau2: float) -> float:
    """Return the variance of a quadratic form: 2 tr(PVPV) + 4 tau² tr(PVP) + 2 tau⁴ tr(PP)."""
    return 2.0 * one + 4.0 * tau2 * cross + 2.0 * tau2**2 * square


def _at_working_weights(data: AnyLayout, start: float, tau2: float) -> tuple[float, float]:
    """Return the variance of Q at weights 1/(v + start), and trace(P)."""
    trace, square = float(profile_at(data, start).trace[0]), trace_of_square(data, start)
    one = data.df - 2.0 * start * trace + start**2 * square
    return _of_form(one, trace - start * square, square, tau2), trace


def standard_error_of_tau2(
    method: Tau2Method,
    data: AnyLayout,
    tau2: float,
    *,
    weights: FloatArray | None = None,
    start: float = 0.0,
) -> float:
    """Return the standard error of an estimate of tau².

    Parameters
    ----------
    method : Tau2Method
        How it was estimated.
    data : Layout, Contrasts or TallDesign
        From `lay_out`.
    tau2 : float
        The estimate, in the unit of the variances.
    weights : ndarray or None
        Of the generalised Q methods.
    start : float
        Working tau² of Sidik-Jonkman and of the two-step methods.

    Returns
    -------
    float
        From the expected information for ML and REML; for the rest from the variance of the quadratic
        form under normality, with tau² at its estimate. NaN without degrees of freedom. tau² is skewed
        and its standard error is of little use for an interval: prefer Q-profile limits.
    """
    if data.df == 0:
        return math.nan
    value, first, k = tau2 / data.scale, start / data.scale, data.variances.size
    at = profile_at(data, value)
    if method is Tau2Method.REML:
        error = math.sqrt(2.0 / trace_of_square(data, value))
    elif method is Tau2Method.ML:
        error = math.sqrt(2.0 / float((1.0 / (data.variances + value) ** 2).sum()))
    elif method in (Tau2Method.PM, Tau2Method.PMM, Tau2Method.EB):
        error = math.sqrt(2.0 / data.df) * k / float(at.weights[0])
    elif method in (Tau2Method.HS, Tau2Method.HSK):
        variance, _ = _at_working_weights(data, 0.0, value)
        factor = k / data.df if method is Tau2Method.HSK else 1.0
        error = factor * math.sqrt(variance) / float(profile_at(data, 0.0).weights[0])
    elif method is Tau2Method.HE:
        cross, spread = residual_variances(data)
        error = math.sqrt(_of_form(spread, cross, data.df, value)) / data.df
    elif method in (Tau2Method.GENQ, Tau2Method.GENQM) and weights is not None:
        error = _of_weighted_form(data, weights, value)
    elif method in (Tau2Method.SJ, Tau2Method.SJ_HEDGES):
        error = first / data.df * math.sqrt(_at_working_weights(data, first, value)[0])
    else:  # DL and the two-step methods
        variance, trace = _at_working_weights(data, first, value)
        error = math.sqrt(variance) / trace
    return error * data.scale


def _of_weighted_form(data: AnyLayout, weights: FloatArray, tau2: float) -> float:
    """Return the standard error of a generalised moment estimate, on the layout's scale."""
    form = weighted_form(data, weights)
    one = float((form.within**2).sum())
    cross = float((form.within * form.between).sum())
    square = float((form.between**2).sum())
    return math.sqrt(_of_form(one, cross, square, tau2)) / float(np.trace(form.between))
