"""Selection models: the pooled effect when publication depends on the p value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import ConvergenceError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import FloatArray, checked_level, column, effects_and_variances
from evergrove.stats.bias.moderator_design import moderator_design
from evergrove.stats.bias.options import Precision, SelectionWeights
from evergrove.stats.bias.precision import precision_of
from evergrove.stats.bias.selection_fit import (
    Fit,
    Setup,
    fit,
    in_intervals,
    log_likelihood_in_unit,
    maximum_likelihood,
    smooth_selection,
    step_selection,
    truncated_selection,
)
from evergrove.stats.bias.selection_profile import profile_limits
from evergrove.stats.bias.selection_result import SelectionModel
from evergrove.stats.bias.selection_weights import FAMILIES
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, log_two_sided_p, normal_quantile, two_sided_p
from evergrove.stats.options import Alternative, PoolModel, choose

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

#: Below this a selection model rests on hardly any study in each interval (Hedges & Vevea 2005).
RECOMMENDED_STUDIES = 10
STARTS = {
    SelectionWeights.BETA: ((1.0, 1.0), (0.5, 1.0), (1.0, 3.0)),
    SelectionWeights.NEGATIVE_EXPONENTIAL_POWER: ((1.0, 1.0), (0.1, 2.0), (5.0, 0.5)),
}
#: Where studies lie in a truncated model, as its counts have them.
CUTPOINT_SIDES = ("beyond the cutpoint", "up to the cutpoint")
PARAMETER_NAMES = {
    SelectionWeights.BETA: ("a", "b"),
    SelectionWeights.NEGATIVE_EXPONENTIAL_POWER: ("delta 1", "delta 2"),
}


class _Options(NamedTuple):
    """Options of `selection_model` as resolved."""

    weights: SelectionWeights
    steps: tuple[float, ...] | None
    alternative: Alternative
    delta: tuple[float | None, ...] | None
    model: PoolModel
    precision: Precision | None
    scale_precision: bool
    decreasing: bool
    largest_delta: float
    profile: bool
    level: float


def _checked_steps(
    weights: SelectionWeights, steps: ArrayLike | None, alternative: Alternative
) -> tuple[float, ...] | None:
    """Return the cutpoints as the weight function needs them."""
    if steps is None:
        return {SelectionWeights.STEP: (0.025, 1.0), SelectionWeights.TRUNCATED: (0.0,)}.get(weights)
    values = np.unique(column("steps", steps))
    if weights is SelectionWeights.BETA:
        raise UsageError("steps: found with weights='beta'; allowed: none; the beta weight has no cutpoint")
    if weights is SelectionWeights.TRUNCATED:
        if values.size != 1 or not np.isfinite(values).all():
            raise UsageError(f"steps: found {values.tolist()}; allowed: one finite effect; give the cutpoint")
        return (float(values[0]),)
    if not (values.size and (values > 0).all() and (values <= 1).all()):
        raise UsageError(
            f"steps: found {values.tolist()}; allowed: p values above 0 and up to 1 "
            f"({alternative} ones); 0.025 one-sided is 0.05 two-sided"
        )
    if weights is not SelectionWeights.STEP:
        if values.size != 1 or values[0] == 1.0:
            raise UsageError(f"steps: found {values.tolist()}; allowed: one p value below 1 for {weights}")
        return (float(values[0]),)
    full = values if values[-1] == 1.0 else np.append(values, 1.0)
    if full.size < 2:
        raise UsageError("steps: found only 1; allowed: at least one cutpoint below 1, for example 0.025")
    return tuple(float(value) for value in full)


def _checked_delta(delta: ArrayLike | None, count: int, low: FloatArray) -> FloatArray:
    """Return given selection parameters, NaN where they are estimated."""
    if delta is None:
        return np.full(count, np.nan)
    values = column("delta", delta)
    if values.size == 1 and count > 1:
        values = np.full(count, values[0])
    if values.size != count:
        raise UsageError(
            f"delta: found {values.size} values; allowed: {count}, one per selection parameter; "
            "None (or NaN) where it is estimated"
        )
    bad = (values < low) | np.isinf(values)
    if bad.any():
        raise UsageError(f"delta: found {values[bad].tolist()}; allowed: finite and not below {low.tolist()}")
    return values


def _setup(
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    options: _Options,
    *,
    given: ArrayLike | None,
    n: ArrayLike | None,
) -> Setup:
    """Return the model without unit, turned so that large effects are selected."""
    weights = options.weights
    unit = math.sqrt(float(np.median(v)))
    sign = -1.0 if options.alternative is Alternative.LESS else 1.0
    two_sided = options.alternative is Alternative.TWO_SIDED
    ys, vs = sign * y / unit, v / unit**2
    counts = None
    if weights is SelectionWeights.STEP:
        steps = np.array(options.steps)
        count = steps.size
        low, null = np.zeros(count), np.ones(count)
        fixed = _checked_delta(given, count, low)
        selection: Any
        selection, fixed, counts, offset, matrix = step_selection(
            ys, vs, steps, fixed, two_sided=two_sided, decreasing=options.decreasing
        )
        flat = [np.linspace(1.0, 0.8, count), np.full(count, 0.3), np.full(count, 2.0)]
        starts = (np.full(count, 0.5 / count), np.zeros(count)) if options.decreasing else tuple(flat)
    elif weights is SelectionWeights.TRUNCATED:
        assert options.steps is not None  # noqa: S101 - resolved above
        selection, counts = truncated_selection(ys, sign * options.steps[0] / unit)
        low, null, fixed = np.zeros(1), np.ones(1), _checked_delta(given, 1, np.zeros(1))
        offset, matrix, starts = np.zeros(1), np.eye(1), (np.ones(1), np.full(1, 0.2))
    else:
        family = FAMILIES[weights]
        low, null = np.array(family.low), np.array(family.null)
        fixed = _checked_delta(given, low.size, low)
        alpha = options.steps[0] if options.steps else 0.0
        precision = np.ones(y.size)
        if options.precision is not None:
            precision = precision_of(options.precision, v, n)
            precision = precision / precision.max() if options.scale_precision else precision
        selection = smooth_selection(weights, ys, vs, alpha, precision, two_sided=two_sided)
        starts = tuple(np.array(s) for s in STARTS.get(weights, ((1.0,), (0.1,), (10.0,))))
        offset, matrix = np.zeros(low.size), np.eye(low.size)
    high = np.maximum(np.full(low.size, options.largest_delta), np.nan_to_num(fixed))
    return Setup(ys, vs, sign * x, unit, selection, starts, null, low, high, fixed, counts, offset, matrix)


def _remarks(setup: Setup, options: _Options, found: Fit, names: tuple[str, ...]) -> tuple[Diagnostic, ...]:
    """Return what is worth saying of the fit."""
    k, p = setup.y.size, setup.x.shape[1]
    remarks = []
    if k < RECOMMENDED_STUDIES:
        message = f"{k} studies: selection can hardly be told from chance below {RECOMMENDED_STUDIES}"
        remarks.append(Diagnostic("few-studies", message))
    if setup.counts is not None and (setup.counts == 0).any():
        places = names if len(names) == setup.counts.size else CUTPOINT_SIDES
        empty = [places[row] for row in np.flatnonzero(setup.counts == 0)]
        message = "no study lies here: the weight runs to a bound; choose other cutpoints"
        remarks.append(Diagnostic("empty-interval", message, "; ".join(empty)))
    if options.model is PoolModel.RANDOM and found.parameters[p] == 0.0:
        message = (
            "the likelihood is highest at tau² = 0, a boundary; other standard errors are given tau² = 0"
        )
        remarks.append(Diagnostic("tau2-zero", message, "tau2"))
    bound = np.flatnonzero(found.at_bound[p + 1 :])
    if bound.size:
        values = (setup.offset + setup.matrix @ found.parameters[p + 1 :])[bound]
        shown = ", ".join(f"{names[row]} = {value:g}" for row, value in zip(bound, values, strict=True))
        message = "the likelihood still rises at this bound: the adjusted effect is conditional on it"
        remarks.append(Diagnostic("delta-at-bound", message, shown))
    if found.maxima > 1:
        message = f"the likelihood has {found.maxima} maxima; the highest is given"
        remarks.append(Diagnostic("several-maxima", message))
    if not np.isfinite(found.covariance[0, 0]):
        message = "the information is not positive definite: no standard errors"
        remarks.append(Diagnostic("no-standard-errors", message))
    return tuple(remarks)


def _tau2_test(setup: Setup, begin: FloatArray, best: float, *, random: bool) -> tuple[float, float]:
    """Return the likelihood ratio test of tau² = 0."""
    if not random:
        return math.nan, math.nan
    none = fit(setup, begin, tau2=0.0)
    if not none.converged:
        return math.nan, math.nan
    statistic = max(0.0, 2.0 * (best - none.log_likelihood))
    return statistic, chi2_tail(statistic, 1)


def _root(variances: FloatArray) -> FloatArray:
    """Return square roots, NaN where a variance is missing or not above 0."""
    return np.sqrt(np.where(variances > 0, variances, np.nan))


def _deltas(setup: Setup, found: Fit, quantile: float) -> dict[str, Any]:
    """Return the weights with limits inside their bounds and tests against no selection."""
    first = setup.x.shape[1] + 1
    delta = setup.offset + setup.matrix @ found.parameters[first:]
    known = np.nan_to_num(found.covariance[first:, first:])
    error = _root(np.diag(setup.matrix @ known @ setup.matrix.T).copy())
    tests = (delta - setup.null) / error
    return {
        "delta": delta,
        "delta_se": error,
        "delta_ci_low": np.maximum(delta - quantile * error, setup.low),
        "delta_ci_high": np.minimum(delta + quantile * error, setup.high),
        "delta_statistic": tests,
        "delta_p_value": np.array([two_sided_p(float(test), None) for test in tests]),
        "delta_given": tuple(bool(row) for row in ~np.isnan(setup.fixed)),
    }


def _converged(found: Fit) -> Fit:
    """Return a fit; raise where its maximum was not found."""
    if not found.converged:
        raise ConvergenceError(
            f"selection_model: {found.reason} ({found.iterations} iterations, log-likelihood "
            f"{found.log_likelihood!r}); use fewer cutpoints, or give delta"
        )
    return found


def _result(
    setup: Setup,
    options: _Options,
    names: tuple[tuple[str, ...], tuple[str, ...]],
    shown: dict[str, object],
) -> SelectionModel:
    """Fit and assemble."""
    random = options.model is PoolModel.RANDOM
    begin, unadjusted = maximum_likelihood(setup.y, setup.v, setup.x, common=not random)
    found = _converged(fit(setup, begin, tau2=None if random else 0.0))
    p, k, unit = setup.x.shape[1], setup.y.size, setup.unit
    quantile = normal_quantile(options.level)
    covariance = found.covariance[:p, :p] * unit**2
    beta, se = found.parameters[:p] * unit, _root(np.diag(covariance))
    tau2 = float(found.parameters[p]) * unit**2
    tau2_se = float(_root(found.covariance[p : p + 1, p])[0]) * unit**2
    statistic = max(0.0, 2.0 * (found.log_likelihood - unadjusted))
    df = int(np.isnan(setup.fixed).sum())
    z = float(beta[0] / se[0])
    tau2_test = _tau2_test(setup, begin, found.log_likelihood, random=random)
    weights = _deltas(setup, found, quantile)
    tau2_low = max(0.0, tau2 - quantile * tau2_se) if math.isfinite(tau2_se) else math.nan
    tau2_high = tau2 + quantile * tau2_se
    if options.profile:
        limits = profile_limits(setup, found, quantile=quantile, random=random)
        tau2_low, tau2_high = limits.tau2_low * unit**2, limits.tau2_high * unit**2
        weights |= {"delta_ci_low": limits.delta_low, "delta_ci_high": limits.delta_high}
    return SelectionModel(
        estimate=float(beta[0]),
        se=float(se[0]),
        ci_low=float(beta[0] - quantile * se[0]),
        ci_high=float(beta[0] + quantile * se[0]),
        statistic=z,
        p_value=two_sided_p(z, None),
        log_p_value=log_two_sided_p(z, None),
        coefficient_names=names[0],
        coefficients=beta,
        coefficient_se=se,
        covariance=covariance,
        tau2=tau2,
        tau2_se=tau2_se,
        tau2_ci_low=tau2_low,
        tau2_ci_high=tau2_high,
        tau2_statistic=tau2_test[0],
        tau2_p_value=tau2_test[1],
        **weights,
        delta_null=setup.null,
        delta_names=names[1],
        studies=None if setup.counts is None else tuple(int(count) for count in setup.counts),
        selection_statistic=statistic,
        selection_df=df,
        selection_p_value=chi2_tail(statistic, df) if df else math.nan,
        log_likelihood=log_likelihood_in_unit(found.log_likelihood, k, unit),
        unadjusted_log_likelihood=log_likelihood_in_unit(unadjusted, k, unit),
        unadjusted_estimate=float(begin[0]) * unit,
        unadjusted_tau2=float(begin[p]) * unit**2,
        weights=str(options.weights),
        k=k,
        converged=True,
        iterations=found.iterations,
        reason=found.reason,
        diagnostics=_remarks(setup, options, found, names[1]),
        options=shown,
        level=options.level,
    )


def selection_model(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    weights: str = SelectionWeights.STEP,
    steps: ArrayLike | None = None,
    alternative: str = Alternative.GREATER,
    delta: ArrayLike | None = None,
    model: str = PoolModel.RANDOM,
    precision: str | None = None,
    n: ArrayLike | None = None,
    scale_precision: bool = True,
    decreasing: bool = False,
    moderators: ArrayLike | None = None,
    largest_delta: float = 100.0,
    profile: bool = False,
    level: float = 0.95,
) -> SelectionModel:
    """Pool effects while modelling that publication depends on the p value.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances (not standard errors).
    weights : SelectionWeights or str
        The weight function; ``"step"`` with its default cutpoint is the three-parameter model.
    steps : array-like or None
        Cutpoints of p in (0, 1], as p values of `alternative` (default 0.025). For smooth weights, one
        p value up to which publication is certain (default none). For ``"truncated"``, the cutpoint on
        the effect's scale (default 0).
    alternative : Alternative or str
        Which results are published more readily.
    delta : array-like or None
        Given selection parameters, NaN or None where they are estimated. Giving all of them is the
        sensitivity analysis with prespecified weights.
    model : PoolModel or str
        ``"random"`` (tau² by maximum likelihood) or ``"common"``.
    precision : Precision, str or None
        ``"se"``, ``"variance"``, ``"1/n"`` or ``"1/sqrt(n)"``: multiplies delta, so that precise studies
        suffer less selection. For smooth weights other than beta.
    n : array-like or None
        Sample sizes, for a `precision` that uses them.
    scale_precision : bool
        Whether precision is divided by its largest value (metafor's default).
    decreasing : bool
        For steps: weights may not rise with p (1 >= delta_2 >= delta_3 ...).
    moderators : array-like, shape (k,) or (k, m), or None
        Numbers that the mean effect depends on, linearly; an intercept is added.
    largest_delta : float
        Upper bound of the search (metafor's is 100).
    profile : bool
        Whether the limits of tau² and delta come from the profile likelihood (metafor's ``confint``); else
        they are symmetric.
    level : float
        Of all intervals, in (0, 1).

    Returns
    -------
    SelectionModel

    Raises
    ------
    UsageError
        For options that do not go together.
    DataError
        For effects, variances or moderators that cannot be.
    TooFewStudiesError
        With fewer studies than parameters.
    ConvergenceError
        Where no maximum was found.

    See Also
    --------
    regression_test, trim_and_fill, copas_selection

    Notes
    -----
    y_i ~ N(x_i'b, v_i + tau²), seen with probability proportional to w(p_i). The likelihood is maximised
    by Newton steps with exact derivatives from several starts; normalising constants are closed forms
    for steps and Gauss-Legendre sums to about 1e-14 otherwise. Standard errors come from the inverse
    Hessian; with tau² or a weight on a boundary they are given that value. The unadjusted model is
    fitted by maximum likelihood, as in metafor.

    p values are taken from yi / √vi. The model believes its weight function: report several, and read it
    as a sensitivity analysis. It needs studies on both sides of each cutpoint. Beta and power weights cut
    p to [1e-5, 1 - 1e-5], as metafor does.

    References
    ----------
    Hedges, Stat Sci 7 (1992) 246-255; Vevea & Hedges, Psychometrika 60 (1995) 419-435; Vevea & Woods,
    Psychol Methods 10 (2005) 428-443; Preston, Ashby & Smyth, Pharm Stat 3 (2004) 105-118; Citkowicz &
    Vevea, Psychol Methods 22 (2017) 28-41.

    Examples
    --------
    >>> fit = selection_model(
    ...     [0.9, 0.7, 0.6, 0.5, 0.4, 0.3, 0.3, 0.25, 0.2, 0.1],
    ...     [0.16, 0.1, 0.09, 0.06, 0.05, 0.02, 0.03, 0.01, 0.02, 0.01],
    ...     model="common",
    ... )
    >>> round(fit.unadjusted_estimate, 3), fit.estimate < fit.unadjusted_estimate
    (0.266, True)
    """
    y, v = effects_and_variances(yi, vi)
    kind = choose(SelectionWeights, weights, "weights")
    side = choose(Alternative, alternative, "alternative")
    if kind is SelectionWeights.TRUNCATED and side is Alternative.TWO_SIDED:
        raise UsageError("alternative: found 'two-sided' with weights='truncated'; allowed: greater, less")
    if decreasing and kind is not SelectionWeights.STEP:
        raise UsageError(f"decreasing: found True with weights={str(kind)!r}; allowed: with 'step' only")
    if decreasing and profile:
        raise UsageError(
            "profile: found True with decreasing=True; allowed: one of the two; leave profile out"
        )
    if decreasing and delta is not None:
        raise UsageError("decreasing: found True with given delta; allowed: one of the two; leave delta out")
    if precision is not None and kind in {
        SelectionWeights.STEP,
        SelectionWeights.BETA,
        SelectionWeights.TRUNCATED,
    }:
        raise UsageError(f"precision: found {precision!r} with weights={str(kind)!r}; allowed: None")
    scale = None if precision is None else choose(Precision, precision, "precision")
    if scale in {Precision.N, Precision.ROOT_N}:
        raise UsageError(f"precision: found {str(scale)!r}; allowed: se, variance, 1/n, 1/sqrt(n)")
    if not (math.isfinite(largest_delta) and largest_delta > 1):
        raise UsageError(f"largest_delta: found {largest_delta!r}; allowed: a finite number above 1")
    options = _Options(
        kind,
        _checked_steps(kind, steps, side),
        side,
        None,
        choose(PoolModel, model, "model"),
        scale,
        bool(scale_precision),
        bool(decreasing),
        float(largest_delta),
        bool(profile),
        checked_level(level),
    )
    x, names = moderator_design(moderators, y.size)
    if y.size <= x.shape[1]:
        raise TooFewStudiesError(f"selection_model: found {y.size} studies; allowed: more than coefficients")
    setup = _setup(y, v, x, options, given=delta, n=n)
    needed = x.shape[1] + (options.model is PoolModel.RANDOM) + int(np.isnan(setup.fixed).sum())
    if y.size < needed:
        raise TooFewStudiesError(
            f"selection_model: found {y.size} studies; allowed: {needed} or more, one per parameter; use "
            "fewer cutpoints or give delta"
        )
    given = None if delta is None else tuple(None if math.isnan(d) else float(d) for d in setup.fixed)
    shown = {**options._asdict(), "delta": given}
    return _result(setup, options, (names, _delta_names(options)), shown)


def _delta_names(options: _Options) -> tuple[str, ...]:
    """Return the names of the selection parameters."""
    if options.weights is SelectionWeights.STEP and options.steps is not None:
        return in_intervals(options.steps)
    return PARAMETER_NAMES.get(options.weights, ("delta",))
