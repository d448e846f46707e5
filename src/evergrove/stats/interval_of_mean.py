"""Standard error, degrees of freedom and limits of the pooled effect, by each interval method."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import normal_quantile, two_sided_quantile
from evergrove.stats.inverse_variance import weighted_mean
from evergrove.stats.options import IntervalMethod
from evergrove.stats.tau2.layout import lay_out, trace_of_square
from evergrove.stats.tau2.moments import dersimonian_laird

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.inverse_variance import WeightedMean

INTERVAL_IN_WORDS = {
    IntervalMethod.HARTUNG_KNAPP: "Hartung-Knapp",
    IntervalMethod.HARTUNG_KNAPP_ADHOC: "Hartung-Knapp, not narrower than the classic interval",
    IntervalMethod.HARTUNG_KNAPP_TRUNCATED: "Hartung-Knapp, variance factor not below 1",
    IntervalMethod.HARTUNG_KNAPP_IQWIG: "Hartung-Knapp by IQWiG's rule",
    IntervalMethod.KENWARD_ROGER: "Kenward-Roger",
    IntervalMethod.NORMAL: "normal interval",
    IntervalMethod.T: "t interval",
}
HARTUNG_KNAPP_FAMILY = (
    IntervalMethod.HARTUNG_KNAPP,
    IntervalMethod.HARTUNG_KNAPP_ADHOC,
    IntervalMethod.HARTUNG_KNAPP_TRUNCATED,
    IntervalMethod.HARTUNG_KNAPP_IQWIG,
)
NARROWER = (
    "the Hartung-Knapp interval is narrower than the classic normal one (the effects agree more "
    "than their variances suggest)"
)
TWO_STUDIES = "with two studies the t quantile is 12.7 at 95 %: the interval is often too wide to be of use"
ZERO_WIDTH = (
    "the effects are equal to the last digit: the Hartung-Knapp interval has no width, which is no "
    "certainty; use ci='hartung-knapp-adhoc' and look for duplicated studies"
)


class MeanInterval(NamedTuple):
    """Standard error and degrees of freedom of the pooled effect; `df` None is the normal distribution."""

    se: float
    df: float | None
    used: IntervalMethod
    remarks: tuple[Diagnostic, ...]


def kenward_roger(vi: FloatArray, tau2: float) -> tuple[float, float]:
    """Return the adjusted standard error and its degrees of freedom.

    Parameters
    ----------
    vi : ndarray, shape (k,)
        Variances; k of 2 or more.
    tau2 : float
        The REML estimate.

    Returns
    -------
    se, df : float
        From the expected information of tau²: Kenward & Roger, Biometrics 53 (1997) 983-997, for one mean as
        in Partlett & Riley, Stat Med 36 (2017) 301-317. df can lie above k - 1 and far below it.
    """
    data = lay_out(vi * 0.0, vi)
    share = weighted_mean(data.effects, data.variances, tau2 / data.scale)
    squares = float((share.weights**2).sum())
    skew = float((share.weights * (share.weights - squares) ** 2).sum())
    precision = 1.0 / share.se**2
    information = 0.5 * trace_of_square(data, tau2 / data.scale)
    variance = (1.0 + 2.0 * precision**2 * skew / information) / precision
    df = 2.0 * information / (variance * squares * precision**2) ** 2
    return math.sqrt(variance * data.scale), df


def _hartung_knapp(mean: WeightedMean, df: float) -> float:
    """Return the standard error scaled by the weighted residual variance."""
    return mean.se * math.sqrt(mean.q / df)


def _guarded(
    method: IntervalMethod, mean: WeightedMean, yi: FloatArray, vi: FloatArray, *, df: float, level: float
) -> MeanInterval:
    """Return a Hartung-Knapp interval with the safeguard that its method asks for."""
    remarks: list[Diagnostic] = []
    if yi.size == 2:
        remarks.append(Diagnostic("hartung-knapp-two-studies", TWO_STUDIES))
    factor_df = float(yi.size - 1)
    se = _hartung_knapp(mean, factor_df)
    if method is IntervalMethod.HARTUNG_KNAPP_TRUNCATED:
        return MeanInterval(max(mean.se, se), df, method, tuple(remarks))
    half = two_sided_quantile(level, df) * se
    if method is IntervalMethod.HARTUNG_KNAPP_IQWIG:
        moments = weighted_mean(yi, vi, dersimonian_laird(lay_out(yi, vi)).value)
        if half < normal_quantile(level) * moments.se:
            message = "narrower than DerSimonian-Laird's interval: the variance factor is set to 1"
            remarks.append(Diagnostic("hartung-knapp-factor-one", message))
            se = mean.se
        return MeanInterval(se, df, method, tuple(remarks))
    if half < normal_quantile(level) * mean.se:
        remarks.append(Diagnostic("hartung-knapp-narrower", NARROWER))
        if method is IntervalMethod.HARTUNG_KNAPP_ADHOC:
            message = "the wider classic interval and test are given"
            remarks.append(Diagnostic("classic-interval-used", message))
            return MeanInterval(mean.se, None, method, tuple(remarks))
    if se == 0.0:
        remarks.append(Diagnostic("hartung-knapp-zero-width", ZERO_WIDTH))
    return MeanInterval(se, df, method, tuple(remarks))


def mean_interval(
    method: IntervalMethod,
    mean: WeightedMean,
    yi: FloatArray,
    vi: FloatArray,
    *,
    tau2: float,
    level: float,
    df: float | None = None,
) -> MeanInterval:
    """Return the standard error and df of the chosen interval, with the Hartung-Knapp safeguards.

    Parameters
    ----------
    method : IntervalMethod
        The interval.
    mean : WeightedMean
        The pooled effect with its classic standard error.
    yi, vi : ndarray, shape (k,)
        Effects and variances.
    tau2, level : float
        Between-study variance and confidence level.
    df : float or None
        Degrees of freedom in place of k - 1.

    Returns
    -------
    MeanInterval
        The normal interval with a remark where one study leaves no degrees of freedom.
    """
    if method is IntervalMethod.NORMAL:
        return MeanInterval(mean.se, None, method, ())
    if yi.size == 1:
        message = "one study leaves no degrees of freedom for t: the normal interval is given"
        remark = Diagnostic("interval-needs-two-studies", message)
        return MeanInterval(mean.se, None, IntervalMethod.NORMAL, (remark,))
    if method is IntervalMethod.KENWARD_ROGER:
        se, own_df = kenward_roger(vi, tau2)
        return MeanInterval(se, own_df, method, ())
    used_df = float(yi.size - 1) if df is None else df
    if method is IntervalMethod.T:
        return MeanInterval(mean.se, used_df, method, ())
    return _guarded(method, mean, yi, vi, df=used_df, level=level)
