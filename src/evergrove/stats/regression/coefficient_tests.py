"""Standard errors, limits and Wald tests of coefficients under the interval methods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import (
    chi2_tail,
    f_tail,
    log_two_sided_p,
    normal_quantile,
    two_sided_p,
    two_sided_quantile,
)
from evergrove.stats.options import IntervalMethod
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray

#: A weighted residual sum of squares below this is rounding of an exact fit.
EXACT_FIT = float(np.finfo(np.float64).eps)
SUPPORTED = (
    IntervalMethod.HARTUNG_KNAPP,
    IntervalMethod.HARTUNG_KNAPP_ADHOC,
    IntervalMethod.HARTUNG_KNAPP_TRUNCATED,
    IntervalMethod.NORMAL,
    IntervalMethod.T,
)


class Rule(NamedTuple):
    """How coefficients are tested.

    Parameters
    ----------
    factor : float
        By which the covariance is multiplied.
    df : float or None
        Degrees of freedom of t and F; None for normal and chi-square.
    used : IntervalMethod
        The method in effect.
    remarks : tuple of Diagnostic
    """

    factor: float
    df: float | None
    used: IntervalMethod
    remarks: tuple[Diagnostic, ...]


class Wald(NamedTuple):
    """Tests of single coefficients, each of shape (p,)."""

    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    log_p_value: FloatArray


@dataclass(frozen=True, slots=True)
class CoefficientTest(Result):
    """A joint Wald test of several coefficients or linear combinations.

    Parameters
    ----------
    statistic : float
        Chi-square with `df` degrees of freedom, or F (the chi-square over `df`).
    df : int
        Number of combinations tested.
    df_residual : float or None
        Denominator of F; None for chi-square.
    p_value : float
        Upper tail.
    names : tuple of str
        What was tested.
    """

    statistic: float
    df: int
    df_residual: float | None
    p_value: float
    names: tuple[str, ...]

    def __repr__(self) -> str:
        if self.df_residual is None:
            head = f"chi²({self.df}) = {self.statistic:.4f}"
        else:
            head = f"F({self.df}, {self.df_residual:g}) = {self.statistic:.4f}"
        return f"<CoefficientTest {head}, p={self.p_value:.3g}: {', '.join(self.names)}>"

    def summary(self) -> str:
        """Return the test in one line."""
        return repr(self).strip("<>").removeprefix("CoefficientTest ")


def coefficient_position(names: Sequence[str], chosen: str | int) -> int:
    """Return the position of a coefficient by its name or number.

    Parameters
    ----------
    names : sequence of str
        All coefficients.
    chosen : str or int
        A name, or a position from 0.

    Returns
    -------
    int

    Raises
    ------
    UsageError
        For one that is not there.
    """
    if isinstance(chosen, str) and chosen in names:
        return names.index(chosen)
    if isinstance(chosen, int | np.integer) and 0 <= int(chosen) < len(names):
        return int(chosen)
    raise UsageError(
        f"coefficient: found {chosen!r}; allowed: one of {', '.join(map(repr, names))} or a position from 0 "
        f"to {len(names) - 1}"
    )


def fewest_df(df: float | FloatArray, rows: FloatArray) -> FloatArray:
    """Return the degrees of freedom of combinations: the fewest of the coefficients in them.

    Parameters
    ----------
    df : float or ndarray, shape (p,)
        Of the coefficients.
    rows : ndarray, shape (m, p)
        Weights of the coefficients.

    Returns
    -------
    ndarray, shape (m,)
        Infinite for a row of zeros.
    """
    return np.asarray(np.where(rows != 0, df, np.inf).min(axis=1))


def checked_interval(ci: IntervalMethod) -> IntervalMethod:
    """Refuse interval methods that are for one mean only."""
    if ci not in SUPPORTED:
        raise UsageError(
            f"ci: found {str(ci)!r}; allowed with moderators: "
            f"{', '.join(repr(str(one)) for one in SUPPORTED)}"
        )
    return ci


def rule_of(method: IntervalMethod, rss: float, df: int, level: float) -> Rule:
    """Return the factor and degrees of freedom of an interval method.

    Parameters
    ----------
    method : IntervalMethod
        As asked.
    rss : float
        Weighted residual sum of squares at weights 1 / (v + tau²).
    df : int
        k - p.
    level : float
        At which the ad hoc rule compares widths.

    Returns
    -------
    Rule
    """
    if method is IntervalMethod.NORMAL:
        return Rule(1.0, None, method, ())
    if df == 0:
        message = (
            "as many coefficients as studies leave no degrees of freedom for t: normal intervals are given"
        )
        return Rule(1.0, None, IntervalMethod.NORMAL, (Diagnostic("interval-needs-more-studies", message),))
    if method is IntervalMethod.T:
        return Rule(1.0, float(df), method, ())
    factor = rss / df if rss > EXACT_FIT else 0.0
    remarks = []
    if df == 1:
        message = (
            "one residual degree of freedom: the t quantile is 12.7 at 95 %, the intervals are very wide"
        )
        remarks.append(Diagnostic("hartung-knapp-one-df", message))
    if method is IntervalMethod.HARTUNG_KNAPP_TRUNCATED:
        return Rule(max(1.0, factor), float(df), method, tuple(remarks))
    if factor == 0.0:
        message = "the moderators fit the effects exactly: Hartung-Knapp standard errors are 0"
        remarks.append(Diagnostic("exact-fit", message))
    if two_sided_quantile(level, float(df)) * math.sqrt(factor) < normal_quantile(level):
        message = (
            "Hartung-Knapp intervals are narrower than the classic normal ones (the residuals are smaller "
            "than their variances suggest)"
        )
        remarks.append(Diagnostic("hartung-knapp-narrower", message))
        if method is IntervalMethod.HARTUNG_KNAPP_ADHOC:
            remarks.append(
                Diagnostic("classic-interval-used", "the wider classic intervals and tests are given")
            )
            return Rule(1.0, None, method, tuple(remarks))
    return Rule(factor, float(df), method, tuple(remarks))


def wald(estimate: FloatArray, covariance: FloatArray, df: float | FloatArray | None, level: float) -> Wald:
    """Return limits and tests of single coefficients against 0.

    Parameters
    ----------
    estimate : ndarray, shape (p,)
        Coefficients.
    covariance : ndarray, shape (p, p)
        Of them.
    df : float, ndarray of shape (p,), or None
        Of t; None for normal.
    level : float
        Of the limits.

    Returns
    -------
    Wald
        NaN where a standard error is.
    """
    se = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    each = [None] * se.size if df is None else np.broadcast_to(df, se.shape).tolist()
    half = np.array([two_sided_quantile(level, one) for one in each]) * se
    statistic = np.array([_ratio(*one) for one in zip(estimate.tolist(), se.tolist(), strict=True)])
    return Wald(
        se,
        estimate - half,
        estimate + half,
        statistic,
        np.array([two_sided_p(float(t), one) for t, one in zip(statistic, each, strict=True)]),
        np.array([log_two_sided_p(float(t), one) for t, one in zip(statistic, each, strict=True)]),
    )


def _ratio(value: float, error: float) -> float:
    """Return z or t; without any error infinite, and unknown where the error is."""
    if error > 0 or math.isnan(error):
        return value / error
    return math.copysign(math.inf, value) if value else math.nan


def joint_test(
    estimate: FloatArray, covariance: FloatArray, df: float | None, names: Sequence[str]
) -> CoefficientTest:
    """Return the joint Wald test that several quantities are 0.

    Parameters
    ----------
    estimate : ndarray, shape (m,)
        Coefficients, or linear combinations minus their hypothesis.
    covariance : ndarray, shape (m, m)
        Of them.
    df : float or None
        Residual degrees of freedom: F; None: chi-square.
    names : sequence of str
        Of the quantities.

    Returns
    -------
    CoefficientTest
        NaN where the covariance is singular (an exact fit under Hartung-Knapp).
    """
    m = int(estimate.size)
    scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    if m == 0 or not bool((scale > 0).all()):
        return CoefficientTest(math.nan, m, df, math.nan, tuple(names))
    correlation = covariance / np.outer(scale, scale)
    try:
        lower = np.linalg.cholesky(correlation)
    except np.linalg.LinAlgError:
        return CoefficientTest(math.nan, m, df, math.nan, tuple(names))
    statistic = float((np.linalg.solve(lower, estimate / scale) ** 2).sum())
    if df is None:
        return CoefficientTest(statistic, m, None, chi2_tail(statistic, m), tuple(names))
    return CoefficientTest(statistic / m, m, df, f_tail(statistic / m, m, df), tuple(names))
