"""Functions of several estimates, with their covariance by the delta method of first or second order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import checked_level, real_array
from evergrove.stats.conversions.wald import slope
from evergrove.stats.distributions import normal_quantile, two_sided_p
from evergrove.stats.result import Result
from evergrove.stats.scalars import finite, how_many, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray

#: Entries across the diagonal of a covariance may differ by this share of the standard errors' product.
ASYMMETRIC = 1e-8


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TransformedEstimates(Result):
    """Functions of estimates with Wald tests and intervals; all arrays of shape (q,) unless said.

    Parameters
    ----------
    estimate, se, ci_low, ci_high : ndarray
        The functions at the estimates, their standard errors, estimate ± z se.
    statistic, p_value : ndarray
        (estimate - null) / se, normal.
    covariance : ndarray, shape (q, q)
    null : float
    order : int
        1 or 2.
    level : float
    """

    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    covariance: FloatArray
    null: float
    order: int
    level: float

    def __repr__(self) -> str:
        shown_values = ", ".join(
            f"{value:.4f} [{low:.4f}, {high:.4f}]"
            for value, low, high in zip(self.estimate, self.ci_low, self.ci_high, strict=True)
        )
        return f"<TransformedEstimates {shown_values}; order {self.order}>"

    def columns(self) -> dict[str, Any]:
        """Return one row per function."""
        names = ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value")
        return {name: getattr(self, name) for name in names}


def _checked_covariance(covariance: ArrayLike, p: int) -> FloatArray:
    """Return a symmetric matrix without negative variances."""
    matrix = real_array("covariance", covariance, least_dimensions=2)
    if matrix.shape != (p, p):
        raise DataError(
            f"covariance: found shape {matrix.shape}; allowed: ({p}, {p}), a row and a column for "
            "each estimate"
        )
    sizes = np.sqrt(np.abs(np.diag(matrix)))
    uneven = np.abs(matrix - matrix.T) > ASYMMETRIC * np.outer(sizes, sizes)
    if not np.isfinite(matrix).all() or (np.diag(matrix) < 0).any() or uneven.any():
        raise DataError(
            "covariance: found entries that are missing, a variance below 0 or two halves that differ; "
            "allowed: a symmetric matrix of finite numbers; check which matrix it is"
        )
    return matrix


def transform_estimates(
    estimate: ArrayLike,
    covariance: ArrayLike,
    transform: Callable[[FloatArray], ArrayLike],
    *,
    order: int = 1,
    null: float = 0.0,
    level: float = 0.95,
) -> TransformedEstimates:
    """Carry several estimates and their covariance through a function by the delta method.

    Parameters
    ----------
    estimate : array-like, shape (p,)
        Estimates, such as the coefficients of a fit; one number is p = 1.
    covariance : array-like, shape (p, p)
        Theirs; one variance is p = 1.
    transform : callable
        Takes an array of p numbers and returns one number or q; smooth at the estimates.
    order : int
        1, or 2, which takes the curvature into the variance.
    null : float
        Value under the hypothesis.
    level : float
        Of the intervals.

    Returns
    -------
    TransformedEstimates

    Raises
    ------
    DataError
        For estimates or a covariance that cannot be, and where the function has no finite value or slope.
    UsageError
        For another order.

    See Also
    --------
    delta_method : one effect of each study at a time.
    linear_hypothesis : weighted sums of coefficients, exact.

    Notes
    -----
    metafor's ``deltamethod``. With gradients g and Hessians H at the estimates and their covariance V, the
    covariance of functions a and b is gₐ'Vg_b and, in second order, ½ tr(HₐVH_bV) more: that of quadratic
    functions of normal estimates. (The manual of metafor writes ½ tr(HVVH), the same for one estimate.)
    Derivatives are numerical (Ridders 1982): ten digits in first order, about six in second. The estimate
    itself is not corrected for curvature, and its interval stays symmetric: where the function bends within a
    standard error or two, carry the limits of an interval through it instead.

    References
    ----------
    [Ridders1982]; [VanDerVaart1998].

    Examples
    --------
    >>> transform_estimates([0.5, 0.2], [[0.01, 0], [0, 0.04]], lambda t: t[0] / t[1])
    <TransformedEstimates 2.5000 [-2.4969, 7.4969]; order 1>
    """
    if not callable(transform):
        raise UsageError(f"transform: found {shown(transform)}; allowed: a function of one array; pass one")
    if how_many("order", order) > 2:
        raise UsageError(f"order: found {shown(order)}; allowed: 1 or 2")
    level, null = checked_level(level), finite("null", null)
    at = real_array("estimate", estimate, least_dimensions=1)
    if at.ndim != 1 or at.size == 0 or not np.isfinite(at).all():
        raise DataError(f"estimate: found {shown(estimate)}; allowed: a row of finite numbers")
    matrix = _checked_covariance(covariance, at.size)
    value = _values(transform, at)
    functions = [lambda theta, row=row: float(_values(transform, theta)[row]) for row in range(value.size)]
    gradient = _gradients(functions, at)
    moved = gradient @ matrix @ gradient.T
    if order == 2:
        bent = _hessians(functions, at) @ matrix
        moved = moved + 0.5 * np.einsum("aij,bji->ab", bent, bent)
    se = np.sqrt(np.diag(moved))
    half = normal_quantile(level) * se
    with np.errstate(divide="ignore", invalid="ignore"):  # a constant has no standard error
        statistic = (value - null) / se
    return TransformedEstimates(
        estimate=value,
        se=se,
        ci_low=value - half,
        ci_high=value + half,
        statistic=statistic,
        p_value=np.array([two_sided_p(float(one), None) for one in statistic]),
        covariance=moved,
        null=null,
        order=int(order),
        level=level,
    )


def _values(transform: Callable[[FloatArray], ArrayLike], theta: FloatArray) -> FloatArray:
    """Return the functions at a point."""
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused below
            value = np.atleast_1d(np.asarray(transform(theta.copy()), dtype=np.float64))
    except (ValueError, ArithmeticError) as error:
        raise _no_value(theta) from error
    if value.ndim != 1 or not np.isfinite(value).all():
        raise _no_value(theta)
    return value


def _no_value(theta: FloatArray) -> DataError:
    """Return the error for a point outside the domain."""
    return DataError(
        f"transform_estimates: the function has no finite value at {theta.tolist()}; allowed: one number or "
        "a row of them, at the estimates and near to them; check its domain"
    )


def _slope_along(function: Callable[[FloatArray], float], at: FloatArray, place: int) -> float:
    """Return the slope of one function along one estimate."""

    def along(value: float) -> float:
        moved = at.copy()
        moved[place] = value
        return function(moved)

    return slope(along, float(at[place]))


def _gradients(functions: Sequence[Callable[[FloatArray], float]], at: FloatArray) -> FloatArray:
    """Return the slopes of each function, shape (q, p)."""
    return np.array([[_slope_along(one, at, place) for place in range(at.size)] for one in functions])


def _hessians(functions: Sequence[Callable[[FloatArray], float]], at: FloatArray) -> FloatArray:
    """Return the second derivatives of each function, shape (q, p, p)."""
    found = np.empty((len(functions), at.size, at.size))
    for row, one in enumerate(functions):
        for first in range(at.size):
            along_first = partial(_slope_along, one, place=first)
            for second in range(first, at.size):
                found[row, first, second] = found[row, second, first] = _slope_along(along_first, at, second)
    return found
