"""Inverse-variance pooling: common effect and random effects."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import ConvergenceError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import FloatArray, checked_labels, checked_level, effects_and_variances
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import (
    chi2_tail,
    log_two_sided_p,
    normal_quantile,
    two_sided_p,
    two_sided_quantile,
)
from evergrove.stats.inverse_variance import WeightedMean, i2_from_q, i2_from_tau2, weighted_mean
from evergrove.stats.options import (
    EffectMeasure,
    IntervalMethod,
    PoolModel,
    PredictionMethod,
    Tau2Method,
    choose,
)
from evergrove.stats.pool_result import PoolResult
from evergrove.stats.roots import Solution
from evergrove.stats.scales import scale_of
from evergrove.stats.tau2 import estimate_tau2, lay_out, q_profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

#: Fewest studies for a prediction interval: with two, tau² rests on one difference.
FEWEST_FOR_PREDICTION = 3

INTERVAL_IN_WORDS = {
    IntervalMethod.HARTUNG_KNAPP: "Hartung-Knapp",
    IntervalMethod.HARTUNG_KNAPP_ADHOC: "Hartung-Knapp, not narrower than the classic interval",
    IntervalMethod.HARTUNG_KNAPP_TRUNCATED: "Hartung-Knapp, variance factor not below 1",
    IntervalMethod.NORMAL: "normal interval",
    IntervalMethod.T: "t interval",
}
HARTUNG_KNAPP_FAMILY = (
    IntervalMethod.HARTUNG_KNAPP,
    IntervalMethod.HARTUNG_KNAPP_ADHOC,
    IntervalMethod.HARTUNG_KNAPP_TRUNCATED,
)


class _Heterogeneity(NamedTuple):
    """tau² with limits, as used in one fit."""

    tau2: float
    low: float | None
    high: float | None
    solution: Solution
    remarks: tuple[Diagnostic, ...]


class _Interval(NamedTuple):
    """Standard error, limits and df of the pooled effect."""

    se: float
    df: float | None
    used: IntervalMethod
    remarks: tuple[Diagnostic, ...]


def _estimated(method: Tau2Method, yi: FloatArray, vi: FloatArray, level: float) -> _Heterogeneity:
    """Estimate tau² with its Q-profile limits and remarks."""
    data = lay_out(yi, vi)
    found = estimate_tau2(method, yi, vi, data=data)
    solution, maxima = Solution(found.value, found.iterations, found.converged, found.reason), found.maxima
    if not solution.converged:
        raise ConvergenceError(
            f"tau2={str(method)!r}: {solution.reason} ({solution.iterations} iterations, last value "
            f"{solution.value!r}); try tau2='DL', which has a closed form, and look at the variances"
        )
    remarks = []
    if len(maxima) > 1:
        shown = ", ".join(f"{value:.6g}" for value in maxima)
        message = (
            f"the restricted likelihood has {len(maxima)} maxima, at tau² = {shown}; the highest is used"
        )
        remarks.append(Diagnostic("two-maxima", message, "tau2"))
    if yi.size == 1:
        message = "one study tells nothing of tau²; it is set to 0"
        return _Heterogeneity(0.0, None, None, solution, (Diagnostic("tau2-not-estimable", message, "tau2"),))
    low, high = q_profile(data, level)
    if math.isnan(low.value):
        message = (
            "the Q-profile set is empty: effects agree more than their variances allow; "
            "look for duplicated studies or variances that are too large"
        )
        remarks.append(Diagnostic("tau2-interval-empty", message, "tau2"))
        return _Heterogeneity(solution.value, None, None, solution, tuple(remarks))
    for name, limit in (("lower", low), ("upper", high)):
        if not limit.converged:
            remarks.append(Diagnostic("tau2-interval-not-converged", f"{name} limit: {limit.reason}", "tau2"))
    if math.isinf(high.value):
        remarks.append(Diagnostic("tau2-interval-unbounded", "the upper limit of tau² is infinite", "tau2"))
    if not low.value <= solution.value <= high.value:
        message = f"the {method} estimate lies outside its own Q-profile interval; both are valid, name both"
        remarks.append(Diagnostic("tau2-outside-interval", message, "tau2"))
    return _Heterogeneity(solution.value, low.value, high.value, solution, tuple(remarks))


def _heterogeneity(
    model: PoolModel, tau2: str | float, yi: FloatArray, vi: FloatArray, level: float
) -> tuple[_Heterogeneity, Tau2Method | float | None]:
    """Return tau² as the model and the option say, and the option as resolved."""
    if model is PoolModel.COMMON:
        return _Heterogeneity(0.0, None, None, Solution(0.0, 0, True, "common effect: no tau²"), ()), None
    if isinstance(tau2, str):
        method = choose(Tau2Method, tau2, "tau2")
        return _estimated(method, yi, vi, level), method
    value = float(tau2)
    if not (math.isfinite(value) and value >= 0):
        raise UsageError(
            f"tau2: found {tau2!r}; allowed: a finite number not below 0, or one of "
            f"{', '.join(repr(str(member)) for member in Tau2Method)}; give a variance, no standard deviation"
        )
    return _Heterogeneity(value, None, None, Solution(value, 0, True, "tau² given"), ()), value


def _interval(method: IntervalMethod, mean: WeightedMean, k: int, level: float) -> _Interval:
    """Return the standard error and df of the chosen interval, with the Hartung-Knapp safeguards."""
    if method is IntervalMethod.NORMAL:
        return _Interval(mean.se, None, method, ())
    if k == 1:
        message = "one study leaves no degrees of freedom for t: the normal interval is given"
        return _Interval(
            mean.se, None, IntervalMethod.NORMAL, (Diagnostic("interval-needs-two-studies", message),)
        )
    df = float(k - 1)
    remarks: list[Diagnostic] = []
    if method is IntervalMethod.T:
        return _Interval(mean.se, df, method, ())
    factor = mean.q / df
    if k == 2:
        message = (
            "with two studies the t quantile is 12.7 at 95 %: the interval is often too wide to be of use"
        )
        remarks.append(Diagnostic("hartung-knapp-two-studies", message))
    se = mean.se * math.sqrt(factor)
    narrower = two_sided_quantile(level, df) * se < normal_quantile(level) * mean.se
    if method is IntervalMethod.HARTUNG_KNAPP_TRUNCATED:
        return _Interval(mean.se * math.sqrt(max(1.0, factor)), df, method, tuple(remarks))
    if narrower:
        message = (
            "the Hartung-Knapp interval is narrower than the classic normal one (the effects agree more "
            "than their variances suggest)"
        )
        remarks.append(Diagnostic("hartung-knapp-narrower", message))
        if method is IntervalMethod.HARTUNG_KNAPP_ADHOC:
            remarks.append(
                Diagnostic("classic-interval-used", "the wider classic interval and test are given")
            )
            return _Interval(mean.se, None, method, tuple(remarks))
    return _Interval(se, df, method, tuple(remarks))


def _prediction(
    method: PredictionMethod, interval: _Interval, mean: WeightedMean, *, tau2: float, k: int, level: float
) -> tuple[float | None, float | None, float | None]:
    """Return low, high and df of the prediction interval."""
    if k < FEWEST_FOR_PREDICTION:
        return None, None, None
    df = {
        PredictionMethod.T_K_MINUS_1: float(k - 1),
        PredictionMethod.T_K_MINUS_2: float(k - 2),
        PredictionMethod.NORMAL: None,
        PredictionMethod.TEST: interval.df,
    }[method]
    half = two_sided_quantile(level, df) * math.sqrt(tau2 + interval.se**2)
    return mean.estimate - half, mean.estimate + half, df


def _statistic(estimate: float, se: float) -> float:
    """Return estimate / se; infinite for a zero standard error, NaN for 0 / 0."""
    if se > 0:
        return estimate / se
    return math.copysign(math.inf, estimate) if estimate != 0 else math.nan


def _in_words(model: PoolModel, tau2: Tau2Method | float | None, used: IntervalMethod) -> str:
    """Return the method as a sentence part."""
    middle = (
        "common effect"
        if model is PoolModel.COMMON
        else f"tau² = {tau2:g}"
        if isinstance(tau2, float)
        else str(tau2)
    )
    return f"inverse variance, {middle}, {INTERVAL_IN_WORDS[used]}"


def pool(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    model: str = PoolModel.RANDOM,
    tau2: str | float = Tau2Method.REML,
    ci: str | None = None,
    prediction: str = PredictionMethod.T_K_MINUS_1,
    level: float = 0.95,
    measure: str | None = None,
    labels: Sequence[str] | None = None,
) -> PoolResult:
    """Pool effects by inverse variance.

    Parameters
    ----------
    yi : array-like, shape (k,)
        Effects on the pooling scale (log risk ratios, mean differences, …); finite.
    vi : array-like, shape (k,)
        Sampling variances (not standard errors); finite and above 0.
    model : PoolModel or str
        ``"random"`` or ``"common"``.
    tau2 : Tau2Method, str or float
        Estimator ``"REML"``, ``"DL"``, ``"PM"``, or a known variance not below 0.
    ci : IntervalMethod, str or None
        ``"hartung-knapp"``, ``"hartung-knapp-adhoc"``, ``"hartung-knapp-truncated"``, ``"normal"`` or
        ``"t"``. None is Hartung-Knapp for random effects and normal for a common effect.
    prediction : PredictionMethod or str
        ``"t(k-1)"``, ``"t(k-2)"``, ``"normal"`` or ``"test"``. The interval is the estimate plus and
        minus the quantile times √(tau² + se²), with the se that is reported (metafor's convention);
        it is given for random effects and three studies or more.
    level : float
        Of all intervals, in (0, 1).
    measure : EffectMeasure, str or None
        What `yi` is; decides the scale and `PoolResult.natural`.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    PoolResult

    Raises
    ------
    TooFewStudiesError
        Without any study.
    DataError
        For effects or variances that cannot be, naming the rows.
    UsageError
        For an unknown option.
    ConvergenceError
        Where tau² was not found.

    See Also
    --------
    mantel_haenszel : for sparse events, without continuity correction.
    peto : rare events in arms of equal size.

    Notes
    -----
    Model: y_i ~ N(θ_i, v_i), θ_i ~ N(θ, tau²), v_i known. With few events or small trials the v_i are
    not known and correlate with y_i: use `mantel_haenszel`. Do not pool studies that share patients
    as if they were independent. One study gives its own estimate, tau² = 0 and a normal interval.

    References
    ----------
    DerSimonian & Laird 1986; Hartung & Knapp, Stat Med 20 (2001) 3875-3889; Sidik & Jonkman 2002;
    Viechtbauer 2005; Higgins, Thompson & Spiegelhalter, JRSS A 172 (2009) 137-159.

    Examples
    --------
    >>> fit = pool([0.10, 0.30, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01], tau2="DL", ci="normal")
    >>> fit  # doctest: +NORMALIZE_WHITESPACE
    <PoolResult 0.3740 [0.1002, 0.6477], p=0.00742, k=4, tau²=0.0506, I²=66.8%;
    inverse variance, DL, normal interval>
    """
    effects, variances = effects_and_variances(yi, vi)
    k = int(effects.size)
    if k == 0:
        raise TooFewStudiesError(
            "pool: found 0 studies; allowed: 1 or more; check which studies were eligible"
        )
    level = checked_level(level)
    chosen_model = choose(PoolModel, model, "model")
    chosen_prediction = choose(PredictionMethod, prediction, "prediction")
    default_ci = IntervalMethod.NORMAL if chosen_model is PoolModel.COMMON else IntervalMethod.HARTUNG_KNAPP
    chosen_ci = default_ci if ci is None else choose(IntervalMethod, ci, "ci")
    spread, resolved_tau2 = _heterogeneity(chosen_model, tau2, effects, variances, level)
    chosen_measure = None if measure is None else choose(EffectMeasure, measure, "measure")
    options = _Options(chosen_model, resolved_tau2, chosen_ci, chosen_prediction, level, chosen_measure)
    return _result(effects, variances, spread, options, checked_labels(labels, k))


class _Options(NamedTuple):
    """The options of `pool` as resolved."""

    model: PoolModel
    tau2: Tau2Method | float | None
    ci: IntervalMethod
    prediction: PredictionMethod
    level: float
    measure: EffectMeasure | None


def _result(
    yi: FloatArray,
    vi: FloatArray,
    spread: _Heterogeneity,
    options: _Options,
    labels: tuple[str, ...] | None,
) -> PoolResult:
    """Assemble the result from tau² and the options as resolved."""
    k, level = int(yi.size), options.level
    fixed, mean = weighted_mean(yi, vi, 0.0), weighted_mean(yi, vi, spread.tau2)
    interval = _interval(options.ci, mean, k, level)
    half = two_sided_quantile(level, interval.df) * interval.se
    statistic = _statistic(mean.estimate, interval.se)
    q_df = k - 1
    typical = q_df / fixed.trace if q_df else math.nan
    i2_q = i2_from_q(fixed.q, q_df)
    random = options.model is PoolModel.RANDOM
    low, high, prediction_df = (
        _prediction(options.prediction, interval, mean, tau2=spread.tau2, k=k, level=level)
        if random
        else (None, None, None)
    )
    for array in (yi, vi, mean.weights):
        array.setflags(write=False)
    return PoolResult(
        estimate=mean.estimate,
        se=interval.se,
        ci_low=mean.estimate - half,
        ci_high=mean.estimate + half,
        statistic=statistic,
        df=interval.df,
        p_value=two_sided_p(statistic, interval.df),
        log_p_value=log_two_sided_p(statistic, interval.df),
        tau2=spread.tau2,
        tau2_ci_low=spread.low,
        tau2_ci_high=spread.high,
        tau=math.sqrt(spread.tau2),
        i2=(i2_from_tau2(spread.tau2, typical) if q_df else 0.0) if random else i2_q,
        i2_ci_low=None if spread.low is None else i2_from_tau2(spread.low, typical),
        i2_ci_high=None if spread.high is None else i2_from_tau2(spread.high, typical),
        i2_q=i2_q,
        h2=(spread.tau2 / typical + 1.0 if random else fixed.q / q_df) if q_df else 1.0,
        q=fixed.q,
        q_df=q_df,
        q_p_value=chi2_tail(fixed.q, q_df),
        prediction_low=low,
        prediction_high=high,
        prediction_df=prediction_df,
        weights=mean.weights,
        k=k,
        yi=yi,
        vi=vi,
        measure=None if options.measure is None else str(options.measure),
        scale=scale_of(options.measure),
        model=str(options.model),
        method=_in_words(options.model, options.tau2, interval.used),
        converged=spread.solution.converged,
        iterations=spread.solution.iterations,
        reason=spread.solution.reason,
        diagnostics=_one_study(k) + spread.remarks + interval.remarks,
        options=options._asdict(),
        level=level,
        labels=labels,
    )


def _one_study(k: int) -> tuple[Diagnostic, ...]:
    """Return the remark that nothing was pooled, for one study."""
    return (Diagnostic("one-study", "one study: its own estimate, nothing is pooled"),) if k == 1 else ()


def pooled_blocks_tau2(
    method: Tau2Method, yi: FloatArray, vi: FloatArray, groups: Sequence[object]
) -> Solution:
    """Return the residual tau² within groups, each with a mean of its own.

    Parameters
    ----------
    method : Tau2Method
        The estimator.
    yi, vi : ndarray, shape (k,)
        Effects and variances.
    groups : sequence, length k
        Group of each study.

    Returns
    -------
    Solution
        What a mixed-effects model with the group as factor estimates.
    """
    names = list(dict.fromkeys(groups))
    design = np.array([[float(group == name) for name in names] for group in groups])
    found = estimate_tau2(method, yi, vi, design)
    return Solution(found.value, found.iterations, found.converged, found.reason)
