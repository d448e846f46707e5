"""From the sums of many fits to their intervals, tests and remarks, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import special

from evergrove.stats.distributions import LOG_OF_TWO, normal_quantile
from evergrove.stats.options import IntervalMethod, PoolModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray

#: Remarks of a fit, as bits of `flags`; the words are those of `PoolResult.diagnostics`.
FLAGS = {
    "one-study": 1,
    "tau2-not-estimable": 2,
    "two-maxima": 4,
    "interval-needs-two-studies": 8,
    "hartung-knapp-two-studies": 16,
    "hartung-knapp-narrower": 32,
    "classic-interval-used": 64,
    "hartung-knapp-zero-width": 128,
    "hartung-knapp-factor-one": 256,
}
CLOSED_FORM = (
    IntervalMethod.HARTUNG_KNAPP,
    IntervalMethod.HARTUNG_KNAPP_ADHOC,
    IntervalMethod.HARTUNG_KNAPP_TRUNCATED,
    IntervalMethod.HARTUNG_KNAPP_IQWIG,
    IntervalMethod.NORMAL,
    IntervalMethod.T,
)
FLOATS = ("estimate", "se", "ci_low", "ci_high", "statistic", "df", "p_value", "tau2", "i2", "q")


class Interval(NamedTuple):
    """Standard error, df (infinite for normal) and remarks of each fit."""

    se: FloatArray
    df: FloatArray
    flags: NDArray[np.uint16]


def t_quantiles(level: float, df: FloatArray) -> FloatArray:
    """Return the two-sided quantile for each df, infinite for normal; each df is computed once."""
    distinct, inverse = np.unique(df, return_inverse=True)
    finite = np.isfinite(distinct)
    values = np.full(distinct.size, normal_quantile(level))
    values[finite] = -special.stdtrit(distinct[finite], (1.0 - level) / 2.0)
    quantiles: FloatArray = values[inverse]
    return quantiles


def two_sided_p_values(statistic: FloatArray, df: FloatArray) -> FloatArray:
    """Return `distributions.two_sided_p` of each; df infinite for normal."""
    size = np.abs(statistic)
    p = np.empty(size.size)
    normal = ~np.isfinite(df)
    p[normal] = np.exp(LOG_OF_TWO + special.log_ndtr(-size[normal]))
    p[~normal] = 2.0 * special.stdtr(df[~normal], -size[~normal])
    return np.minimum(p, 1.0)


def standard_errors(  # noqa: PLR0917 - columns of the fits
    method: IntervalMethod,
    wald: FloatArray,
    q: FloatArray,
    k: NDArray[np.int64],
    level: float,
    moments_se: FloatArray | None = None,
) -> Interval:
    """Return the standard errors of a method, with the safeguards of `pool`.

    Parameters
    ----------
    method : IntervalMethod
        One with a closed form.
    wald : ndarray, shape (g,)
        1 / √Σw.
    q : ndarray, shape (g,)
        Generalised Q at tau².
    k : ndarray of int, shape (g,)
        Studies.
    level : float
        Confidence level.
    moments_se : ndarray, shape (g,), or None
        1 / √Σw at DerSimonian and Laird's tau², for IQWiG's rule.

    Returns
    -------
    Interval
    """
    flags = np.zeros(k.size, dtype=np.uint16)
    df = np.where(k > 1, k - 1.0, np.inf)
    if method is IntervalMethod.NORMAL:
        return Interval(wald, np.full(k.size, np.inf), flags)
    flags[k == 1] |= FLAGS["interval-needs-two-studies"]
    if method is IntervalMethod.T:
        return Interval(wald, df, flags)
    flags[k == 2] |= FLAGS["hartung-knapp-two-studies"]
    several = k > 1
    factor = np.where(several, q / df, 1.0)
    se = wald * np.sqrt(factor)
    if method is IntervalMethod.HARTUNG_KNAPP_TRUNCATED:
        return Interval(np.maximum(wald, se), df, flags)
    half = t_quantiles(level, df) * se
    if moments_se is not None:
        narrower = several & (half < normal_quantile(level) * moments_se)
        flags[narrower] |= FLAGS["hartung-knapp-factor-one"]
        return Interval(np.where(narrower, wald, se), df, flags)
    narrower = several & (half < normal_quantile(level) * wald)
    flags[narrower] |= FLAGS["hartung-knapp-narrower"]
    if method is IntervalMethod.HARTUNG_KNAPP_ADHOC:
        flags[narrower] |= FLAGS["classic-interval-used"]
        se, df = np.where(narrower, wald, se), np.where(narrower, np.inf, df)
    flags[se == 0.0] |= FLAGS["hartung-knapp-zero-width"]
    return Interval(se, df, flags)


def i2_of_q(q: FloatArray, k: NDArray[np.int64]) -> FloatArray:
    """Return I² in percent from Q (Higgins & Thompson 2002); 0 where Q is 0 or for one study."""
    excess = np.maximum(0.0, q - (k - 1.0))
    share: FloatArray = np.zeros(q.size)
    np.divide(excess, q, out=share, where=(q > 0) & (k > 1))
    return 100.0 * share


def finish(
    sums: FloatArray,
    k: NDArray[np.int64],
    *,
    model: PoolModel,
    estimated: bool,
    ci: IntervalMethod,
    level: float,
    moments_se: FloatArray | None = None,
) -> dict[str, Any]:
    """Return every column of many fits from the sums that the kernel wrote.

    Parameters
    ----------
    sums : ndarray, shape (9, g)
        `kernel.COLUMN`.
    k : ndarray of int, shape (g,)
        Studies.
    model : PoolModel
        Common or random.
    estimated : bool
        Whether tau² was estimated.
    ci : IntervalMethod
        As resolved.
    level : float
        Confidence level.
    moments_se : ndarray, shape (g,), or None
        As in `standard_errors`.

    Returns
    -------
    dict
        `FLOATS`, ``flags``, ``converged`` and ``iterations``.
    """
    tau2, estimate, wald, q_at_tau2, q, trace, maxima, iterations, status = sums
    interval = standard_errors(ci, wald, q_at_tau2, k, level, moments_se)
    half = t_quantiles(level, interval.df) * interval.se
    statistic = _statistics(estimate, interval.se)
    several: BoolArray = k > 1
    flags = interval.flags
    flags[k == 1] |= FLAGS["one-study"] | (FLAGS["tau2-not-estimable"] if estimated else 0)
    flags[maxima > 1] |= FLAGS["two-maxima"]
    if model is PoolModel.COMMON:
        i2 = i2_of_q(q, k)
    else:
        typical = np.divide(k - 1.0, trace, out=np.full(k.size, np.inf), where=several)
        i2 = np.where(several, 100.0 * tau2 / (tau2 + typical), 0.0)
    return {
        "estimate": estimate,
        "se": interval.se,
        "ci_low": estimate - half,
        "ci_high": estimate + half,
        "statistic": statistic,
        "df": interval.df,
        "p_value": two_sided_p_values(statistic, interval.df),
        "tau2": tau2,
        "i2": i2,
        "q": q,
        "flags": flags,
        "converged": (status == 0) | (k == 0),
        "iterations": np.nan_to_num(iterations).astype(np.int32),
    }


def _statistics(estimate: FloatArray, se: FloatArray) -> FloatArray:
    """Return estimate / se; infinite for a zero standard error, NaN for 0 / 0."""
    positive = se > 0
    statistic = np.where(estimate == 0, np.nan, np.copysign(np.inf, estimate))
    np.divide(estimate, se, out=statistic, where=positive)
    return np.where(np.isnan(estimate), np.nan, statistic)
