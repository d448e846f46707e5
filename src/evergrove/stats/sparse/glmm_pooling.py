"""Generalised linear mixed models of events: the public function and what it reports."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError
from evergrove.stats.arrays import FloatArray, checked_labels, row_names
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, normal_quantile, two_sided_p, two_sided_quantile
from evergrove.stats.inverse_variance import i2_from_tau2
from evergrove.stats.options import IntervalMethod, PoolModel, PredictionMethod, Scale
from evergrove.stats.sparse.glmm_options import (
    DEFAULT_POINTS,
    IN_WORDS,
    NEEDED,
    GlmmOptions,
    needed_columns,
    resolved,
)
from evergrove.stats.sparse.glmm_result import GlmmResult
from evergrove.stats.sparse.marginal_likelihood import OneRandomEffect
from evergrove.stats.sparse.mixed_model_search import Found, with_effects, without_effects
from evergrove.stats.sparse.mixed_models import Counts, Specification, random_levels, specification
from evergrove.stats.sparse.model_matrix import ModelMatrix, effect_matrix
from evergrove.stats.sparse.options import GlmmModel, GroupCoding
from evergrove.stats.sparse.saturated_models import Saturated, heterogeneity, saturated
from evergrove.stats.sparse.separation import refuse_separation
from evergrove.stats.sparse.typical_variance import typical_variance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

FEWEST_FOR_PREDICTION = 3


def glmm(
    measure: str,
    *,
    events1: ArrayLike | None = None,
    n1: ArrayLike | None = None,
    events2: ArrayLike | None = None,
    n2: ArrayLike | None = None,
    time1: ArrayLike | None = None,
    time2: ArrayLike | None = None,
    events: ArrayLike | None = None,
    n: ArrayLike | None = None,
    time: ArrayLike | None = None,
    model: str | None = None,
    effects: str = PoolModel.RANDOM,
    moderators: ArrayLike | None = None,
    moderator_names: Sequence[str] | None = None,
    intercept: bool = True,
    coding: str | None = None,
    correlated: bool = False,
    points: int | None = None,
    ci: str = IntervalMethod.NORMAL,
    prediction: str = PredictionMethod.T_K_MINUS_1,
    drop_double_zero: bool = True,
    level: float = 0.95,
    labels: Sequence[str] | None = None,
) -> GlmmResult:
    """Fit a generalised linear mixed model to events: no effect sizes, no continuity correction.

    Parameters
    ----------
    measure : str
        ``"OR"`` (two arms of patients), ``"IRR"`` (two arms of person-time), ``"PLO"`` (proportions, one
        arm) or ``"IRLN"`` (rates, one arm).
    events1, n1, events2, n2 : array-like, shape (k,)
        Patients with the event and patients per arm, whole numbers: arm 1 is the intervention.
    time1, time2 : array-like, shape (k,)
        Person-time per arm, for IRR, with `events1` and `events2`.
    events, n, time : array-like, shape (k,)
        One arm: events, and patients (PLO) or person-time (IRLN).
    model : GlmmModel, str or None
        Two arms: ``"UM.FS"`` (None), ``"UM.RS"``, ``"CM.EL"``, ``"CM.AL"``; see `GlmmModel`.
    effects : PoolModel or str
        ``"random"``: tau² by maximum likelihood; ``"common"``: tau² = 0 (metafor's ``method="EE"``).
    moderators : array-like, shape (k,) or (k, m), or None
        Study-level predictors of the effect, numbers; no intercept column.
    moderator_names : sequence of str or None
        Their names.
    intercept : bool
        Whether the model matrix has an intercept.
    coding : GroupCoding, str or None
        UM.FS and UM.RS: where the random effect enters; ``"half"`` (None), ``"first"``, ``"second"``.
    correlated : bool
        UM.RS: whether study level and effect may correlate (metafor's ``cor=TRUE``).
    points : int or None
        Nodes of the adaptive Gauss-Hermite quadrature; 1 is Laplace's approximation. None: 7, but 1 for
        UM.RS with random effects. CM.EL of odds ratios is integrated to rounding, whatever is given.
    ci : IntervalMethod or str
        ``"normal"`` or ``"t"`` (k - p degrees of freedom).
    prediction : PredictionMethod or str
        Distribution of the prediction interval.
    drop_double_zero : bool
        Whether studies with no event (or only events) in both arms are left out. They hold no information
        except for the study levels of UM.RS, so that False matters there only.
    level : float
        Of all intervals.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    GlmmResult

    Raises
    ------
    UsageError
        For an unknown option, or columns that the measure needs and were not given.
    DataError
        For counts that cannot be or are no whole numbers, and moderators without full rank.
    TooFewStudiesError
        With fewer studies than coefficients (and tau²).
    ConvergenceError
        Where an estimate is infinite (an arm without events in all studies) or no maximum was found.

    See Also
    --------
    mantel_haenszel : common effect in closed form.
    event_regression : penalised estimates where an arm has no event at all.

    Notes
    -----
    The likelihood is that of lme4's ``glmer`` for UM.FS, UM.RS, CM.AL and the one-group models, node for
    node, maximised by Newton's method until the gain is below 1e-18; CM.EL integrates to rounding. Where the
    likelihood is highest at tau² = 0 the result has tau² = 0, its standard error is that of the common-effect
    likelihood, and a diagnostic says so. Standard errors come from the observed information of all
    parameters.

    `log_likelihood` is the marginal one. For models fitted through lme4, metafor prints
    ``log_likelihood_saturated - conditional_deviance / 2``, in which the random effects are set to their
    modes rather than integrated out; its deviance, AIC and BIC follow from that.

    Not for a handful of studies with large counts (inverse variance does as well); with k below about 5 tau²
    is hardly estimable.

    References
    ----------
    [VanHouwelingen1993]; [Turner2000]; [Stijnen2010]; [Jackson2018].

    Examples
    --------
    >>> fit = glmm("OR", events1=[4, 0, 2, 1, 3], n1=[60, 40, 80, 35, 70],
    ...            events2=[9, 3, 7, 1, 8], n2=[58, 41, 83, 36, 69], model="CM.EL")
    >>> round(fit.natural().estimate, 3), fit.tau2
    (0.331, 0.0)
    """
    given = {
        "events1": events1, "n1": n1, "events2": events2, "n2": n2, "time1": time1, "time2": time2,
        "events": events, "n": n, "time": time,
    }  # fmt: skip
    options = resolved(
        measure, model, effects, coding, correlated=correlated, points=points, ci=ci, prediction=prediction,
        intercept=intercept, drop_double_zero=drop_double_zero, level=level,
    )  # fmt: skip
    columns = needed_columns(options.measure, given)
    k_all = next(iter(columns.values())).size
    names = checked_labels(labels, k_all)
    matrix = effect_matrix(moderators, moderator_names, k_all, intercept=intercept)
    kept, remarks = _kept(columns, options, names)
    counts = _counts(columns, options, matrix.x, kept)
    matrix.refuse_too_few(counts.x, random=options.effects is PoolModel.RANDOM)
    scaled, back = matrix.scaled(counts.x)
    counts = counts._replace(x=scaled)
    refuse_separation(counts, options.model)
    fit = _fitted(counts, options)
    remarks += fit.remarks
    context = _Context(options, columns, names, matrix, back, counts, remarks)
    return _result(fit, context)


def _kept(
    columns: dict[str, FloatArray], options: GlmmOptions, labels: tuple[str, ...] | None
) -> tuple[NDArray[np.intp], tuple[Diagnostic, ...]]:
    """Return the rows that enter the fit, and the remark on the others."""
    values = list(columns.values())
    if options.model is None:
        return np.arange(values[0].size), ()
    a, n1, c, n2 = values
    empty = (a == 0) & (c == 0)
    if options.measure == "OR":
        empty |= (a == n1) & (c == n2)
    if not options.drop_double_zero and options.model is GlmmModel.UM_RS:
        empty[:] = False
    rows = np.flatnonzero(~empty)
    if not empty.any():
        return rows, ()
    count = int(empty.sum())
    noun, verb = ("study", "was") if count == 1 else ("studies", "were")
    message = f"{count} {noun} without event (or with events only) in both arms {verb} left out of the fit"
    return rows, (Diagnostic("double-zero-dropped", message, row_names(np.flatnonzero(empty), labels)),)


def _counts(
    columns: dict[str, FloatArray], options: GlmmOptions, x: FloatArray, rows: NDArray[np.intp]
) -> Counts:
    """Return events and sizes of the rows in the fit, arms as columns."""
    values = [column[rows] for column in columns.values()]
    _, rates = NEEDED[options.measure]
    if len(values) == 2:
        return Counts(values[0][:, np.newaxis], values[1][:, np.newaxis], rates, x[rows])
    return Counts(np.stack(values[::2], axis=1), np.stack(values[1::2], axis=1), rates, x[rows])


class _Fit(NamedTuple):
    """The maximum with what is reported of it."""

    spec: Specification
    found: Found
    common: Found
    full: Saturated
    remarks: tuple[Diagnostic, ...]


def _fitted(counts: Counts, options: GlmmOptions) -> _Fit:
    """Maximise the model, the one without random effects, and the saturated one."""
    random = options.effects is PoolModel.RANDOM
    points = options.points or DEFAULT_POINTS
    coding = options.coding or GroupCoding.HALF
    spec = specification(counts, options.model, coding, points, correlated=options.correlated)
    if options.model is GlmmModel.UM_RS and not random:
        spec = random_levels(counts, points)
    found, common = with_effects(spec) if random else (without_effects(spec),) * 2
    for one in (found, common):
        if not one.maximum.converged:
            raise ConvergenceError(
                f"glmm: {one.maximum.reason} ({one.maximum.iterations} iterations, first coefficient "
                f"{one.maximum.parameters[0]:.4g}); look for arms without events, leave moderators out, or "
                "use event_regression(), whose penalised estimates are finite"
            )
    full = saturated(spec, counts, options.model, points)
    remarks: tuple[Diagnostic, ...] = ()
    if random and spec.tau is not None and found.maximum.parameters[spec.tau] == 0.0:
        if options.correlated and found.maximum.parameters[spec.tau - 1] != 0.0:
            message = "the likelihood is highest where study levels and effects are perfectly correlated"
            remarks += (Diagnostic("rho-at-boundary", message, "rho"),)
        else:
            message = "the likelihood is highest at tau² = 0: the common-effect standard error is given"
            remarks += (Diagnostic("tau2-at-boundary", message, "tau2"),)
    if spec.level is not None and found.maximum.parameters[spec.level] == 0.0:
        message = "the likelihood is highest with equal study levels (sigma² = 0)"
        remarks += (Diagnostic("sigma2-at-boundary", message, "sigma2"),)
    if math.isnan(full.log_likelihood):
        message = "the saturated model has no finite maximum: no tests of heterogeneity"
        remarks += (Diagnostic("no-heterogeneity-test", message, "q_wald"),)
    return _Fit(spec, found, common, full, remarks)


class _Context(NamedTuple):
    """What a result needs besides the fit."""

    options: GlmmOptions
    columns: dict[str, FloatArray]
    labels: tuple[str, ...] | None
    matrix: ModelMatrix
    back: FloatArray
    counts: Counts
    remarks: tuple[Diagnostic, ...]


class _Spread(NamedTuple):
    """Variances with standard error and limits."""

    tau2: float
    tau2_se: float | None
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    sigma2: float | None
    rho: float | None


def _spread(fit: _Fit, level: float, *, correlated: bool) -> _Spread:
    """Return the variance components; standard errors by the delta method."""
    spec, parameters = fit.spec, fit.found.maximum.parameters
    sigma2 = None if spec.level is None else float(parameters[spec.level] ** 2)
    if spec.tau is None:
        return _Spread(0.0, None, None, None, sigma2, None)
    places = [spec.tau - 1, spec.tau] if correlated else [spec.tau]
    entries = parameters[places]
    tau2 = float((entries**2).sum())
    if tau2 == 0.0:
        return _Spread(0.0, None, None, None, sigma2, None)
    rho = None
    if correlated and spec.level is not None:
        rho = float(np.sign(parameters[spec.level]) * entries[0] / math.sqrt(tau2))
    covariance = np.nan_to_num(fit.found.covariance()[np.ix_(places, places)])
    se = math.sqrt(max(0.0, float(4.0 * entries @ covariance @ entries)))
    half = normal_quantile(level) * se / tau2
    with np.errstate(over="ignore"):  # a flat likelihood has no upper limit
        low, high = float(tau2 * np.exp(-half)), float(tau2 * np.exp(half))
    return _Spread(tau2, se, low, high, sigma2, rho)


def _conditional_deviance(fit: _Fit) -> float | None:
    """Return the deviance at the modes of the random effects; None where metafor uses no lme4 deviance."""
    likelihood = fit.spec.likelihood
    if not isinstance(likelihood, OneRandomEffect) or fit.spec.tau is None:
        return None
    local = fit.spec.design @ fit.found.maximum.parameters
    rows, u = local[:, :-1], likelihood.modes(local)
    eta = rows + (local[:, -1] * u)[:, np.newaxis] * likelihood.loading
    family = likelihood.family
    return float(2.0 * (family.saturated() - (family.y * eta - family.at(eta).k)).sum())


class _Coefficients(NamedTuple):
    """Estimates with their tests and limits, on the moderators' own scale."""

    beta: FloatArray
    covariance: FloatArray
    ses: FloatArray
    lows: FloatArray
    highs: FloatArray
    statistics: FloatArray
    p_values: FloatArray
    df: float | None


def _moderator_test(
    found: _Coefficients, matrix: ModelMatrix
) -> tuple[float | None, int | None, float | None]:
    """Return statistic, df and p value of the test of all coefficients but the intercept."""
    if matrix.only_intercept:
        return None, None, None
    tested, df = matrix.tested(), found.df
    m = len(tested)
    beta = found.beta[tested]
    q = float(beta @ np.linalg.solve(found.covariance[np.ix_(tested, tested)], beta))
    if df is None:
        return q, m, chi2_tail(q, m)
    return q / m, m, float(special.fdtrc(m, df, q / m)) if df > 0 else math.nan


def _coefficients(fit: _Fit, context: _Context) -> _Coefficients:
    """Return the coefficients scaled back, by the chosen test."""
    k, p = context.counts.x.shape
    back = context.back
    beta = back @ fit.found.maximum.parameters[:p]
    covariance = back @ fit.found.covariance()[:p, :p] @ back.T
    ses = np.sqrt(np.diag(covariance))
    df = float(k - p) if context.options.ci is IntervalMethod.T else None
    quantile = math.nan if df == 0 else two_sided_quantile(context.options.level, df)
    statistics = beta / ses
    p_values = np.array([math.nan if df == 0 else two_sided_p(float(one), df) for one in statistics])
    return _Coefficients(
        beta, covariance, ses, beta - quantile * ses, beta + quantile * ses, statistics, p_values, df
    )


def _result(fit: _Fit, context: _Context) -> GlmmResult:
    """Assemble the result."""
    options, counts = context.options, context.counts
    found = _coefficients(fit, context)
    spread = _spread(fit, options.level, correlated=options.correlated)
    common = fit.common.maximum.log_likelihood + fit.spec.constant
    tests = heterogeneity(fit.full, counts.x, common)
    height = fit.found.maximum.log_likelihood + fit.spec.constant
    parameters, observations = _counted(options, *counts.x.shape)
    aic, bic, aicc = _criteria(height, parameters, observations)
    low, high, prediction_df = _prediction(found, spread.tau2, context)
    q_model, q_model_df, q_model_p_value = _moderator_test(found, context.matrix)
    typical = typical_variance(context.columns, options.measure, context.matrix.x)
    return GlmmResult(
        estimate=float(found.beta[0]),
        se=float(found.ses[0]),
        ci_low=float(found.lows[0]),
        ci_high=float(found.highs[0]),
        statistic=float(found.statistics[0]),
        df=found.df,
        p_value=float(found.p_values[0]),
        names=context.matrix.names,
        coefficients=found.beta,
        coefficient_ses=found.ses,
        coefficient_ci_lows=found.lows,
        coefficient_ci_highs=found.highs,
        coefficient_p_values=found.p_values,
        covariance=found.covariance,
        **spread._asdict(),
        tau=math.sqrt(spread.tau2),
        i2=i2_from_tau2(spread.tau2, typical) if math.isfinite(typical) else math.nan,
        h2=spread.tau2 / typical + 1.0,
        **tests._asdict(),
        q_model=q_model,
        q_model_df=q_model_df,
        q_model_p_value=q_model_p_value,
        log_likelihood=height,
        log_likelihood_common=common,
        log_likelihood_saturated=fit.full.log_likelihood,
        conditional_deviance=_conditional_deviance(fit),
        aic=aic,
        bic=bic,
        aicc=aicc,
        prediction_low=low,
        prediction_high=high,
        prediction_df=prediction_df,
        k=counts.x.shape[0],
        parameters=parameters,
        **_described(fit, context),
    )


def _described(fit: _Fit, context: _Context) -> dict[str, Any]:
    """Return what the result says of the method and the data."""
    options = context.options
    words = IN_WORDS[options.measure][options.model]  # type: ignore[index] # one of the measure's models
    kind = "random effects" if options.effects is PoolModel.RANDOM else "common effect"
    moderators = {} if context.matrix.only_intercept else context.matrix.columns()
    return {
        "measure": options.measure,
        "scale": Scale.LOGIT if options.measure == "PLO" else Scale.LOG,
        "method": f"GLMM, {words}, {kind}",
        "converged": True,
        "iterations": fit.found.maximum.iterations,
        "reason": fit.found.maximum.reason,
        "diagnostics": context.remarks,
        "options": {name: value for name, value in options._asdict().items() if value is not None},
        "level": options.level,
        "labels": context.labels,
        "inputs": {**context.columns, **moderators},
    }


def _counted(options: GlmmOptions, k: int, p: int) -> tuple[int, int]:
    """Return parameters and observations as the information criteria count them (metafor's way)."""
    nuisance = {GlmmModel.UM_FS: k, GlmmModel.UM_RS: 2}.get(options.model, 0) if options.model else 0
    rows = 2 * k if options.model in (GlmmModel.UM_FS, GlmmModel.UM_RS) else k
    return p + nuisance + int(options.effects is PoolModel.RANDOM), rows


def _criteria(height: float, parameters: int, observations: int) -> tuple[float, float, float]:
    """Return AIC, BIC and AICc; the last with metafor's guard for few observations."""
    aic = -2.0 * height + 2.0 * parameters
    bic = -2.0 * height + parameters * math.log(observations)
    size = max(observations, parameters + 2)
    return aic, bic, -2.0 * height + 2.0 * parameters * size / (size - parameters - 1.0)


def _prediction(
    found: _Coefficients, tau2: float, context: _Context
) -> tuple[float | None, float | None, float | None]:
    """Return low, high and df of the prediction interval."""
    options, k = context.options, context.counts.x.shape[0]
    if options.effects is PoolModel.COMMON or not context.matrix.only_intercept or k < FEWEST_FOR_PREDICTION:
        return None, None, None
    df = {
        PredictionMethod.T_K_MINUS_1: float(k - 1),
        PredictionMethod.T_K_MINUS_2: float(k - 2),
        PredictionMethod.NORMAL: None,
        PredictionMethod.TEST: found.df,
    }[options.prediction]
    estimate, se = float(found.beta[0]), float(found.ses[0])
    half = two_sided_quantile(options.level, df) * math.sqrt(tau2 + se * se)
    return estimate - half, estimate + half, df
