"""Inverse-variance pooling: common effect, random effects, and models between them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import TooFewStudiesError, UsageError
from evergrove.stats import between_study, henmi_copas
from evergrove.stats.arrays import (
    FloatArray,
    checked_labels,
    checked_level,
    column,
    effects_and_variances,
    is_number,
    refuse_rows,
    same_length,
)
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, two_sided_p_and_log, two_sided_quantile
from evergrove.stats.interval_of_mean import (
    HARTUNG_KNAPP_FAMILY,
    INTERVAL_IN_WORDS,
    MeanInterval,
    mean_interval,
)
from evergrove.stats.inverse_variance import (
    WeightedMean,
    i2_from_q,
    i2_from_tau2,
    mean_at_fixed_weights,
)
from evergrove.stats.mean_data import MeanData
from evergrove.stats.options import (
    EffectMeasure,
    IntervalMethod,
    PoolModel,
    PredictionMethod,
    Tau2Interval,
    Tau2Method,
    choose,
)
from evergrove.stats.pool_result import PENDING, PoolResult
from evergrove.stats.prediction_interval import Fitted, Prediction, prediction_interval
from evergrove.stats.random_source import random_source
from evergrove.stats.scales import scale_of
from evergrove.stats.tau2.estimate import chosen_tau2_interval

if TYPE_CHECKING:
    from collections.abc import Sequence
    from enum import StrEnum

    from numpy.typing import ArrayLike

    from evergrove.stats.between_study import BetweenStudy

#: tau² estimator and interval where the caller names none.
DEFAULTS = {
    PoolModel.RANDOM: (Tau2Method.REML, IntervalMethod.HARTUNG_KNAPP),
    PoolModel.COMMON: (None, IntervalMethod.NORMAL),
    PoolModel.IVHET: (Tau2Method.DL, IntervalMethod.NORMAL),
    PoolModel.HENMI_COPAS: (Tau2Method.DL, IntervalMethod.NORMAL),
}
MODEL_IN_WORDS = {
    PoolModel.IVHET: "inverse variance heterogeneity",
    PoolModel.HENMI_COPAS: "Henmi-Copas",
}
KENWARD_ROGER = (IntervalMethod.KENWARD_ROGER, PredictionMethod.KR, PredictionMethod.KR_PR)


class _Options(NamedTuple):
    """The options of `pool` as resolved."""

    model: PoolModel
    tau2: Tau2Method | float | None
    ci: IntervalMethod
    prediction: PredictionMethod
    level: float
    measure: EffectMeasure | None


class _Extras(NamedTuple):
    """What few calls ask for; recorded in the options where it is not the default."""

    tau2_ci: Tau2Interval
    tau2_weights: FloatArray | None
    tau2_start: float | None
    tau2_about: float | None
    weights: FloatArray | None
    df: float | None
    seed: int | None

    def recorded(self) -> dict[str, object]:
        """Return what differs from the default."""
        names = zip(self._fields, self, strict=True)
        return {
            name: value for name, value in names if not (value is None or value is Tau2Interval.Q_PROFILE)
        }


def _between_study(options: _Options, extras: _Extras, data: MeanData) -> BetweenStudy:
    """Return tau² as the model and the options say."""
    if options.tau2 is None:
        return between_study.absent("common effect: no tau²")
    if not isinstance(options.tau2, Tau2Method):
        return between_study.given(options.tau2)
    if extras.tau2_about is not None:
        return between_study.moment_about(extras.tau2_about, data)
    request = between_study.Tau2Request(
        options.tau2, extras.tau2_ci, options.level, extras.tau2_weights, extras.tau2_start
    )
    return between_study.estimated(request, data)


def _statistic(estimate: float, se: float) -> float:
    """Return estimate / se; infinite for a zero standard error, NaN for 0 / 0."""
    if se > 0:
        return estimate / se
    return math.copysign(math.inf, estimate) if estimate != 0 else math.nan


def _in_words(options: _Options, extras: _Extras, used: IntervalMethod) -> str:
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


def _resolved(
    model: str,
    *,
    tau2: str | float | None,
    ci: str | None,
    prediction: str,
    level: float,
    measure: str | None,
) -> _Options:
    """Return the options with their defaults filled in, checked against each other."""
    chosen = choose(PoolModel, model, "model")
    default_tau2, default_ci = DEFAULTS[chosen]
    of_tau2: Tau2Method | float | None = default_tau2
    if tau2 is not None and chosen is not PoolModel.COMMON:
        of_tau2 = float(tau2) if is_number(tau2) else choose(Tau2Method, str(tau2), "tau2")
    options = _Options(
        chosen,
        of_tau2,
        default_ci if ci is None else choose(IntervalMethod, ci, "ci"),
        choose(PredictionMethod, prediction, "prediction"),
        level,
        None if measure is None else choose(EffectMeasure, measure, "measure"),
    )
    for name, method in (("ci", options.ci), ("prediction", options.prediction)):
        if method in KENWARD_ROGER and options[:2] != (PoolModel.RANDOM, Tau2Method.REML):
            raise UsageError(
                f"{name}={str(method)!r}: found model={str(chosen)!r} and tau2={str(of_tau2)!r}; "
                "allowed: model='random' with tau2='REML', on whose information it rests; choose another"
            )
    if chosen is PoolModel.HENMI_COPAS and options[1:3] != DEFAULTS[chosen]:
        raise UsageError(
            "model='henmi-copas': found another tau2 or ci; allowed: none, since the method has its own; "
            "leave tau2 and ci out"
        )
    return options


def _checked_weights(weights: ArrayLike | None, model: PoolModel, vi: FloatArray) -> FloatArray | None:
    """Return the weights of the mean: the caller's, those that the model fixes, or None."""
    if model in (PoolModel.IVHET, PoolModel.HENMI_COPAS):
        if weights is not None:
            raise UsageError(f"weights: found some with model={str(model)!r}; allowed: none; leave them out")
        return float(vi.min()) / vi
    if weights is None:
        return None
    array = column("weights", weights)
    same_length({"vi": vi, "weights": array})
    bad = ~(np.isfinite(array) & (array >= 0))
    refuse_rows(
        "weights", array, bad, allowed="a finite number not below 0", todo="pass one weight per study"
    )
    if not array.any():
        raise UsageError("weights: found only zeros; allowed: one or more above 0; pass one weight per study")
    return array


def _check_use(name: str, value: float | None, chosen: object, users: tuple[StrEnum, ...]) -> None:
    """Refuse a number that is not above 0, or that the method chosen does not use."""
    if value is None:
        return
    if not (is_number(value) and math.isfinite(value) and value > 0):
        raise UsageError(f"{name}: found {value!r}; allowed: a finite number above 0; or leave it out")
    if chosen not in users:
        raise UsageError(
            f"{name}: found {value!r} with {str(chosen)!r}, which does not use it; allowed: with "
            f"{', '.join(repr(str(user)) for user in users)}; leave it out"
        )


def _checked_centre(value: float | None, options: _Options) -> float | None:
    """Return the effect about which Q is taken, where DerSimonian and Laird's estimator is to use it."""
    if value is None:
        return None
    if not (is_number(value) and math.isfinite(value)):
        raise UsageError(
            f"tau2_about: found {value!r}; allowed: a finite effect on the pooling scale; or none"
        )
    if options[:2] != (PoolModel.RANDOM, Tau2Method.DL):
        raise UsageError(
            f"tau2_about: found {value!r} with model={str(options.model)!r} and tau2={str(options.tau2)!r}; "
            "allowed: with model='random' and tau2='DL', whose Q it changes; leave it out"
        )
    return float(value)


def _seed(rng: np.random.Generator | int | None) -> int:
    """Return the seed that is recorded: the one given, or one drawn."""
    source = random_source(rng)
    return int(rng) if isinstance(rng, int | np.integer) else int(source.integers(2**53))


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
    DerSimonian & Laird 1986; Hartung & Knapp, Stat Med 20 (2001) 3875-3889; Sidik & Jonkman 2002;
    Viechtbauer 2005; Higgins, Thompson & Spiegelhalter, JRSS A 172 (2009) 137-159; Henmi & Copas 2010;
    Doi, Barendregt, Khan, Thalib & Williams, Contemp Clin Trials 45 (2015) 130-138.

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
    options = _resolved(
        model, tau2=tau2, ci=ci, prediction=prediction, level=checked_level(level), measure=measure
    )
    _check_use("df", df, options.ci, (IntervalMethod.T, *HARTUNG_KNAPP_FAMILY))
    _check_use("tau2_start", tau2_start, options.tau2, (Tau2Method.SJ,))
    bootstrap = options.prediction is PredictionMethod.NNF
    extras = _Extras(
        chosen_tau2_interval(tau2_ci, options.tau2),
        None if tau2_weights is None else column("tau2_weights", tau2_weights),
        tau2_start,
        _checked_centre(tau2_about, options),
        _checked_weights(weights, options.model, variances),
        df,
        _seed(rng) if bootstrap else None,
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


def _inference(data: MeanData, tau2: float, options: _Options, extras: _Extras) -> _Inference:
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


def _predicted(fitted: Fitted, options: _Options, seed: int | None) -> Prediction:
    """Return the prediction interval, where the model has one."""
    if options.model in (PoolModel.COMMON, PoolModel.HENMI_COPAS):
        return Prediction()
    return prediction_interval(
        options.prediction, fitted, None if seed is None else np.random.default_rng(seed)
    )


def _result(
    yi: FloatArray, vi: FloatArray, options: _Options, extras: _Extras, labels: tuple[str, ...] | None
) -> PoolResult:
    """Fit the model and assemble the result."""
    k, level, random = int(yi.size), options.level, options.model is not PoolModel.COMMON
    data = MeanData(yi, vi)
    spread = _between_study(options, extras, data)
    _, _, q, _, trace = data.sums(0.0)[:5]
    if extras.tau2_about is not None:
        q = between_study.q_about(extras.tau2_about, yi, vi)
    found = _inference(data, spread.tau2, options, extras)
    mean, interval = found.mean, found.interval
    q_df = k - 1
    typical = q_df * data.unit / trace if q_df else math.nan
    i2_q = i2_from_q(q, q_df)
    of_i2 = [
        limit if limit is None or limit is PENDING else i2_from_tau2(limit, typical)
        for limit in (spread.low, spread.high)
    ]
    prediction = _predicted(Fitted(yi, vi, mean, interval, spread.tau2, level), options, extras.seed)
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
        tau2=spread.tau2,
        tau2_ci_low=spread.low,
        tau2_ci_high=spread.high,
        tau=math.sqrt(spread.tau2),
        i2=(i2_from_tau2(spread.tau2, typical) if q_df else 0.0) if random else i2_q,
        i2_ci_low=of_i2[0],
        i2_ci_high=of_i2[1],
        i2_q=i2_q,
        h2=(spread.tau2 / typical + 1.0 if random else q / q_df) if q_df else 1.0,
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
        converged=spread.solution.converged,
        iterations=spread.solution.iterations,
        reason=spread.solution.reason,
        diagnostics=_one_study(k) + spread.remarks + interval.remarks + prediction.remarks,
        options={**dict(zip(options._fields, options, strict=True)), **extras.recorded()},
        level=level,
        labels=labels,
        tau2_se=spread.se,
        fixed_weights=extras.tau2_weights,
    )


def _one_study(k: int) -> tuple[Diagnostic, ...]:
    """Return the remark that nothing was pooled, for one study."""
    return (Diagnostic("one-study", "one study: its own estimate, nothing is pooled"),) if k == 1 else ()
