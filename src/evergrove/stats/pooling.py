"""Inverse-variance pooling: common effect, random effects, and models between them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import TooFewStudiesError
from evergrove.stats import between_study, henmi_copas
from evergrove.stats.arrays import checked_labels, effects_and_variances
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, two_sided_p_and_log, two_sided_quantile
from evergrove.stats.interval_of_mean import INTERVAL_IN_WORDS, MeanInterval, mean_interval
from evergrove.stats.inverse_variance import WeightedMean, i2_from_q, i2_from_tau2, mean_at_fixed_weights
from evergrove.stats.mean_data import MeanData
from evergrove.stats.options import IntervalMethod, PoolModel, PredictionMethod, Tau2Method
from evergrove.stats.pool_options import NO_EXTRAS, Extras, PoolOptions, checked_extras, resolved
from evergrove.stats.pool_result import PENDING, PoolResult
from evergrove.stats.prediction_interval import Fitted, Prediction, prediction_interval
from evergrove.stats.scales import scale_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.between_study import BetweenStudy

MODEL_IN_WORDS = {
    PoolModel.IVHET: "inverse variance heterogeneity",
    PoolModel.HENMI_COPAS: "Henmi-Copas",
}
WITHOUT_PREDICTION = (PoolModel.COMMON, PoolModel.HENMI_COPAS)


def _between_study(options: PoolOptions, extras: Extras, data: MeanData) -> BetweenStudy:
    """Return tau² as the model and the options say."""
    tau2 = options.tau2
    if tau2 is None:
        return between_study.absent("common effect: no tau²")
    if not isinstance(tau2, Tau2Method):
        return between_study.given(tau2)
    if extras.tau2_about is not None:
        return between_study.moment_about(extras.tau2_about, data)
    request = options.tau2_request
    if extras is not NO_EXTRAS:
        request = request._replace(weights=extras.tau2_weights, start=extras.tau2_start)
    return between_study.estimated(request, data)


def _statistic(estimate: float, se: float) -> float:
    """Return estimate / se; infinite for a zero standard error, NaN for 0 / 0."""
    if se > 0:
        return estimate / se
    return math.copysign(math.inf, estimate) if estimate != 0 else math.nan


def _in_words(options: PoolOptions, extras: Extras, used: IntervalMethod) -> str:
    """Return the method as a sentence part."""
    model, tau2 = options.model, options.tau2
    first = MODEL_IN_WORDS.get(model, "inverse variance" if extras.weights is None else "fixed weights")
    middle = (
        "common effect"
        if model is PoolModel.COMMON
        else f"tau² = {tau2:g}"
        if isinstance(tau2, float)
        else str(tau2)
    )
    if model is PoolModel.HENMI_COPAS:
        return f"{first}, {middle}"
    return f"{first}, {middle}, {INTERVAL_IN_WORDS[used]}"


def pool(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    model: str = PoolModel.RANDOM,
    tau2: str | float | None = None,
    ci: str | None = None,
    prediction: str = PredictionMethod.T_K_MINUS_1,
    level: float = 0.95,
    measure: str | None = None,
    labels: Sequence[str] | None = None,
    tau2_ci: str | None = None,
    tau2_weights: ArrayLike | None = None,
    tau2_start: float | None = None,
    tau2_about: float | None = None,
    weights: ArrayLike | None = None,
    df: float | None = None,
    rng: np.random.Generator | int | None = None,
) -> PoolResult:
    """Pool effects by inverse variance.

    Parameters
    ----------
    yi : array-like, shape (k,)
        Effects on the pooling scale (log risk ratios, mean differences, …); finite.
    vi : array-like, shape (k,)
        Sampling variances (not standard errors); finite and above 0.
    model : PoolModel or str
        ``"random"``, ``"common"``, ``"ivhet"`` or ``"henmi-copas"``.
    tau2 : Tau2Method, str, float or None
        Estimator, or a known variance not below 0. None is ``"REML"``; ``"DL"`` for the two last models.
    ci : IntervalMethod, str or None
        Interval and test of the pooled effect. None is Hartung-Knapp for random effects and normal for
        the other models; Henmi-Copas has its own and takes none.
    prediction : PredictionMethod or str
        Prediction interval: the estimate plus and minus a quantile times √(tau² + se²). ``"t(k-1)"``,
        ``"t(k-2)"``, ``"normal"`` and ``"test"`` take the se that is reported (metafor's way), the others
        the se that their name says (meta's way). Given for random effects and three studies or more
        (``"test"``, ``"V"`` and ``"S"``: two).
    level : float
        Of all intervals, in (0, 1).
    measure : EffectMeasure, str or None
        What `yi` is; decides the scale and `PoolResult.natural`.
    labels : sequence of str or None
        Names of the studies.
    tau2_ci : Tau2Interval, str or None
        Limits of tau² and I². None is ``"q-profile"``; ``"generalised-q"`` for ``"GENQ"`` and ``"GENQM"``.
    tau2_weights : array-like, shape (k,), or None
        Fixed weights above 0 for ``tau2="GENQ"``, ``"GENQM"`` and ``tau2_ci="generalised-q"``.
    tau2_start : float or None
        First value of ``tau2="SJ"``, above 0; None is Σ (y - mean)² / k.
    tau2_about : float or None
        With ``tau2="DL"``: the effect about which its Q, and `q`, are taken in place of the mean at weights
        1/v (meta's ``TE.tau``; RevMan 5 and ``metabin`` take the Mantel-Haenszel estimate).
    weights : array-like, shape (k,), or None
        Weights of the mean in place of 1 / (v + tau²), not below 0; its variance stays that of the model.
    df : float or None
        Degrees of freedom of the t and Hartung-Knapp intervals in place of k - 1, above 0.
    rng : Generator, int or None
        For ``prediction="NNF"``; the seed is recorded in `options`.

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
        For an unknown option, or options that do not go together.
    ConvergenceError
        Where tau² was not found.

    See Also
    --------
    PoolResult.heterogeneity : I², H², R_b and tau with every interval.
    PoolResult.fit_statistics : log-likelihood, AIC, BIC.
    subgroups : the same per group.
    mantel_haenszel : for sparse events, without continuity correction.
    peto : rare events in arms of equal size.

    Notes
    -----
    Model: y_i ~ N(θ_i, v_i), θ_i ~ N(θ, tau²), v_i known. With few events or small trials the v_i are
    not known and correlate with y_i: use `mantel_haenszel`. Do not pool studies that share patients
    as if they were independent. One study gives its own estimate, tau² = 0 and a normal interval.

    References
    ----------
    [DerSimonian1986]; [Hartung2001]; [Sidik2002]; [Viechtbauer2005]; [Higgins2009]; [Henmi2010];
    [Doi2015].

    Examples
    --------
    >>> fit = pool([0.10, 0.30, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01], tau2="DL", ci="normal")
    >>> fit  # doctest: +NORMALIZE_WHITESPACE
    <PoolResult 0.3740 [0.1002, 0.6477], p=0.00742, k=4, tau²=0.0506, I²=66.8%;
    inverse variance, DL, normal interval>
    """
    effects, variances = effects_and_variances(yi, vi)
    if effects.size == 0:
        raise TooFewStudiesError(
            "pool: found 0 studies; allowed: 1 or more; check which studies were eligible"
        )
    options = resolved(model, tau2, ci, prediction, level, measure, tau2_ci)
    extras = NO_EXTRAS
    if options.needs_more or not (tau2_weights is tau2_start is tau2_about is weights is df is None):
        extras = checked_extras(
            options,
            variances,
            rng,
            tau2_weights=tau2_weights,
            tau2_start=tau2_start,
            tau2_about=tau2_about,
            weights=weights,
            df=df,
        )
    return _result(effects, variances, options, extras, checked_labels(labels, int(effects.size)))


class _Inference(NamedTuple):
    """The pooled effect, its interval and its test."""

    mean: WeightedMean
    interval: MeanInterval
    half: float
    statistic: float
    p_value: float
    log_p_value: float


def _henmi_copas(yi: FloatArray, vi: FloatArray, tau2: float, level: float) -> _Inference:
    """Return Henmi and Copas' interval and test."""
    mean = mean_at_fixed_weights(yi, vi, float(vi.min()) / vi, tau2)
    interval = MeanInterval(mean.se, None, IntervalMethod.NORMAL, ())
    sums = henmi_copas.henmi_copas(vi, tau2)
    statistic = _statistic(mean.estimate, mean.se)
    p = henmi_copas.two_sided(sums, statistic)
    half = henmi_copas.critical_value(sums, level).value * mean.se
    return _Inference(mean, interval, half, statistic, p, math.log(p) if p > 0 else -math.inf)


def _inference(data: MeanData, tau2: float, options: PoolOptions, extras: Extras) -> _Inference:
    """Return the pooled effect with its interval and test."""
    yi, vi = data.yi, data.vi
    if options.model is PoolModel.HENMI_COPAS and yi.size > 1:
        return _henmi_copas(yi, vi, tau2, options.level)
    mean = data.mean(tau2) if extras.weights is None else mean_at_fixed_weights(yi, vi, extras.weights, tau2)
    interval = mean_interval(options.ci, mean, yi, vi, tau2=tau2, level=options.level, df=extras.df)
    statistic = _statistic(mean.estimate, interval.se)
    return _Inference(
        mean,
        interval,
        two_sided_quantile(options.level, interval.df) * interval.se,
        statistic,
        *two_sided_p_and_log(statistic, interval.df),
    )


def _predicted(fitted: Fitted, options: PoolOptions, seed: int | None) -> Prediction:
    """Return the prediction interval, where the model has one."""
    if options.model in WITHOUT_PREDICTION:
        return Prediction()
    return prediction_interval(
        options.prediction, fitted, None if seed is None else np.random.default_rng(seed)
    )


def _result(
    yi: FloatArray, vi: FloatArray, options: PoolOptions, extras: Extras, labels: tuple[str, ...] | None
) -> PoolResult:
    """Fit the model and assemble the result."""
    k, level, random = int(yi.size), options.level, options.model is not PoolModel.COMMON
    data = MeanData(yi, vi)
    spread = _between_study(options, extras, data)
    _, _, q, _, trace = data.sums(0.0)[:5]
    if extras.tau2_about is not None:
        q = between_study.q_about(extras.tau2_about, yi, vi)
    tau2 = spread.found.value
    found = _inference(data, tau2, options, extras)
    mean, interval = found.mean, found.interval
    q_df = k - 1
    typical = q_df * data.unit / trace if q_df else math.nan
    i2_q = i2_from_q(q, q_df)
    prediction = _predicted(Fitted(yi, vi, mean, interval, tau2, level), options, extras.seed)
    for array in (yi, vi, mean.weights):
        array.setflags(write=False)
    return PoolResult(
        estimate=mean.estimate,
        se=interval.se,
        ci_low=mean.estimate - found.half,
        ci_high=mean.estimate + found.half,
        statistic=found.statistic,
        df=interval.df,
        p_value=found.p_value,
        log_p_value=found.log_p_value,
        tau2=tau2,
        tau2_ci_low=spread.low,
        tau2_ci_high=spread.high,
        tau=math.sqrt(tau2),
        i2=(i2_from_tau2(tau2, typical) if q_df else 0.0) if random else i2_q,
        i2_ci_low=_of_i2(spread.low, typical),
        i2_ci_high=_of_i2(spread.high, typical),
        i2_q=i2_q,
        h2=(tau2 / typical + 1.0 if random else q / q_df) if q_df else 1.0,
        q=q,
        q_df=q_df,
        q_p_value=chi2_tail(q, q_df),
        prediction_low=prediction.low,
        prediction_high=prediction.high,
        prediction_df=prediction.df,
        weights=mean.weights,
        k=k,
        yi=yi,
        vi=vi,
        measure=None if options.measure is None else str(options.measure),
        scale=scale_of(options.measure),
        model=str(options.model),
        method=_in_words(options, extras, interval.used),
        converged=spread.found.converged,
        iterations=spread.found.iterations,
        reason=spread.found.reason,
        diagnostics=_one_study(k) + spread.remarks + interval.remarks + prediction.remarks,
        options=options.recorded | ({} if extras is NO_EXTRAS else extras.recorded()),
        level=level,
        labels=labels,
        inputs=None,
        tau2_se=spread.found.se,
        fixed_weights=extras.tau2_weights,
    )


def _of_i2(limit: float | None, typical: float) -> float | None:
    """Return the limit of I² that follows from one of tau²; still pending or missing where that is."""
    return limit if limit is None or limit is PENDING else i2_from_tau2(limit, typical)


def _one_study(k: int) -> tuple[Diagnostic, ...]:
    """Return the remark that nothing was pooled, for one study."""
    return (Diagnostic("one-study", "one study: its own estimate, nothing is pooled"),) if k == 1 else ()
