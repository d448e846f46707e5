"""One entry to every estimator of tau², for any full-rank design."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import column
from evergrove.stats.options import Tau2Interval, Tau2Method, choose
from evergrove.stats.tau2 import moments
from evergrove.stats.tau2.layout import AnyLayout, lay_out
from evergrove.stats.tau2.likelihood import maximum_likelihood, restricted_maximum_likelihood
from evergrove.stats.tau2.standard_error import standard_error_of_tau2

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.roots import Solution

NEEDS_WEIGHTS = (Tau2Method.GENQ, Tau2Method.GENQM)


class Tau2Estimate(NamedTuple):
    """An estimate of tau² and how it was found.

    Parameters
    ----------
    value : float
        tau² in the unit of the variances, not below 0.
    se : float or None
        Its standard error (see `standard_error_of_tau2`); None for a value that was given.
    iterations : int
        0 for a closed form.
    converged : bool
        Whether the tolerance was met.
    reason : str
        Why the iteration ended, in words.
    maxima : tuple of float
        Local maxima for ML and REML, else the one value.
    """

    value: float
    se: float | None
    iterations: int
    converged: bool
    reason: str
    maxima: tuple[float, ...]


def chosen_tau2_interval(tau2_ci: str | None, tau2: Tau2Method | float | None) -> Tau2Interval:
    """Return the limits of tau²: the caller's, or those that belong to the estimator.

    Parameters
    ----------
    tau2_ci : Tau2Interval, str or None
        The caller's choice.
    tau2 : Tau2Method, float or None
        The estimator.

    Returns
    -------
    Tau2Interval

    Raises
    ------
    UsageError
        For an unknown name.
    """
    if tau2_ci is not None:
        return choose(Tau2Interval, tau2_ci, "tau2_ci")
    return Tau2Interval.GENERALISED_Q if tau2 in NEEDS_WEIGHTS else Tau2Interval.Q_PROFILE


def checked_tau2_weights(
    method: Tau2Method, weights: ArrayLike | None, k: int, interval: Tau2Interval = Tau2Interval.Q_PROFILE
) -> FloatArray | None:
    """Return the fixed weights of the generalised Q; None where nothing needs them.

    Parameters
    ----------
    method : Tau2Method
        The estimator.
    weights : array-like, shape (k,), or None
        Above 0.
    k : int
        Studies.
    interval : Tau2Interval
        The limits of tau².

    Returns
    -------
    ndarray or None

    Raises
    ------
    UsageError
        Where a method that needs weights has none, or where weights are not finite and above 0.
    """
    if method not in NEEDS_WEIGHTS and interval is not Tau2Interval.GENERALISED_Q:
        return None
    if weights is None:
        raise UsageError(
            f"tau2={str(method)!r}, tau2_ci={str(interval)!r}: found no tau2_weights; allowed: one weight "
            "per study; pass them, for example 1/√vi (Jackson 2013)"
        )
    array = column("tau2_weights", weights)
    if array.size != k or not (np.isfinite(array).all() and (array > 0).all()):
        raise UsageError(
            f"tau2_weights: found {array.size} weights from {array.min(initial=math.inf)!r}; "
            f"allowed: {k} finite weights above 0; pass one per study"
        )
    return array


def _start(method: Tau2Method, yi: FloatArray, data: AnyLayout, start: float | None) -> float:
    """Return the working tau² of the methods that have one, in the unit of the variances."""
    if method is Tau2Method.SJ:
        return moments.total_variance(yi) if start is None else start
    if method is Tau2Method.SJ_HEDGES:
        return moments.hedges_start(data)
    if method is Tau2Method.DL2:
        return moments.dersimonian_laird(data).value
    if method is Tau2Method.CA2:
        return moments.hedges(data).value
    return 0.0


def _solve(
    method: Tau2Method, data: AnyLayout, weights: FloatArray | None, start: float
) -> tuple[Solution, tuple[float, ...]]:
    """Return the estimate and, for likelihoods, every maximum."""
    if method is Tau2Method.REML:
        return restricted_maximum_likelihood(data)
    if method is Tau2Method.ML:
        return maximum_likelihood(data)
    if weights is not None:
        kernel = moments.generalised_moment if method is Tau2Method.GENQ else moments.generalised_median
        found = kernel(data, weights)
    elif method in (Tau2Method.SJ, Tau2Method.SJ_HEDGES):
        found = moments.sidik_jonkman(data, start)
    elif method in (Tau2Method.HS, Tau2Method.HSK):
        found = moments.hunter_schmidt(data, corrected=method is Tau2Method.HSK)
    elif method in (Tau2Method.PM, Tau2Method.PMM, Tau2Method.EB):
        found = moments.paule_mandel(data, median=method is Tau2Method.PMM)
    else:
        found = {
            Tau2Method.DL: moments.dersimonian_laird,
            Tau2Method.DL2: moments.two_step_dersimonian_laird,
            Tau2Method.HE: moments.hedges,
            Tau2Method.CA2: moments.two_step_cochran,
        }[method](data)
    return found, (found.value,)


def estimate_tau2(
    method: Tau2Method,
    yi: FloatArray,
    vi: FloatArray,
    design: FloatArray | None = None,
    *,
    weights: FloatArray | None = None,
    start: float | None = None,
    data: AnyLayout | None = None,
) -> Tau2Estimate:
    """Estimate tau² by a named method.

    Parameters
    ----------
    method : Tau2Method
        The estimator.
    yi, vi : ndarray, shape (k,)
        Effects, and variances above 0.
    design : ndarray, shape (k, p), or None
        Full-rank design with its own intercept column where one is meant; None is the mean alone. tau² is
        then the residual variance between studies.
    weights : ndarray, shape (k,), or None
        Fixed weights above 0, for ``GENQ`` and ``GENQM`` only.
    start : float or None
        First value of ``SJ``, above 0; None is Σ (y - mean)² / k.
    data : Layout or Contrasts, TallDesign or None
        ``lay_out(yi, vi, design)`` where it is at hand.

    Returns
    -------
    Tau2Estimate
        Not converged is said in `converged` and `reason`; the caller must look.

    Raises
    ------
    DataError
        For a design that is not of full rank.
    UsageError
        For weights that are missing or not above 0.

    Examples
    --------
    >>> yi, vi = np.array([0.1, 0.3, 0.35, 0.65]), np.array([0.03, 0.03, 0.05, 0.01])
    >>> round(estimate_tau2(Tau2Method.DL, yi, vi).value, 4)
    0.0506
    """
    fixed = checked_tau2_weights(method, weights, int(yi.size))
    data = lay_out(yi, vi, design) if data is None else data
    working = _start(method, yi, data, start)
    found, maxima = _solve(method, data, fixed, working)
    error = (
        standard_error_of_tau2(method, data, found.value, weights=fixed, start=working)
        if found.converged
        else math.nan
    )
    return Tau2Estimate(found.value, error, found.iterations, found.converged, found.reason, maxima)
