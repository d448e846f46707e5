"""Location-scale models: moderators of the mean and of the between-study variance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import ConvergenceError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import (
    checked_labels,
    checked_level,
    column,
    effects_and_variances,
    listed,
    row_names,
)
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.interval_of_mean import INTERVAL_IN_WORDS
from evergrove.stats.options import (
    EffectMeasure,
    IntervalMethod,
    PredictionMethod,
    Tau2Method,
    choose,
)
from evergrove.stats.regression.coefficient_tests import checked_interval, joint_test, rule_of, wald
from evergrove.stats.regression.design import Design, of_full_rank
from evergrove.stats.regression.fit_statistics import fit_statistics
from evergrove.stats.regression.fitting import column_or_values, enough_studies
from evergrove.stats.regression.least_squares import Basis, centred_basis, weighted_fit
from evergrove.stats.regression.location_scale_kernel import (
    VANISHED,
    Held,
    Maximum,
    Problem,
    best_maximum,
    on_boundary,
)
from evergrove.stats.regression.location_scale_result import LocationScaleResult
from evergrove.stats.regression.moderators import columns_of, complete_rows, read_moderators
from evergrove.stats.regression.options import (
    Likelihood,
    MissingModerators,
    RedundantColumns,
    ScaleLink,
)
from evergrove.stats.regression.prediction import prediction_df
from evergrove.stats.tau2 import estimate_tau2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.regression.coefficient_tests import CoefficientTest


class Options(NamedTuple):
    """The options of `location_scale` as resolved."""

    likelihood: Likelihood
    link: ScaleLink
    ci: IntervalMethod
    prediction: PredictionMethod
    level: float
    measure: EffectMeasure | None
    redundant: RedundantColumns
    missing: MissingModerators
    scale_given: tuple[float | None, ...] | None

    def held(self) -> NDArray[np.intp]:
        """Return the places of the scale coefficients that are given."""
        given = self.scale_given or ()
        return np.array([at for at, one in enumerate(given) if one is not None], dtype=np.intp)

    def to_dict(self) -> dict[str, object]:
        """Return the options, with the likelihood also as the estimator of tau²."""
        return {**self._asdict(), "tau2": str(self.likelihood)}


class Scale(NamedTuple):
    """The scale part of a fit, in the unit of the variances."""

    alpha: FloatArray
    covariance: FloatArray
    tau2: FloatArray
    remarks: tuple[Diagnostic, ...]


def location_scale(
    yi: ArrayLike | str,
    vi: ArrayLike | str,
    mods: object = None,
    scale: object = None,
    *,
    data: object = None,
    likelihood: str = Likelihood.REML,
    link: str = ScaleLink.LOG,
    ci: str = IntervalMethod.NORMAL,
    intercept: bool = True,
    scale_intercept: bool = True,
    reference: Mapping[str, str] | None = None,
    scale_reference: Mapping[str, str] | None = None,
    scale_given: Sequence[float | None] | None = None,
    redundant: str = RedundantColumns.ERROR,
    missing: str = MissingModerators.ERROR,
    prediction: str = PredictionMethod.T_K_MINUS_1,
    level: float = 0.95,
    measure: str | None = None,
    labels: Sequence[str] | None = None,
) -> LocationScaleResult:
    """Fit a model in which moderators act on the mean effect and on the between-study variance.

    Parameters
    ----------
    yi, vi : array-like, shape (k,), or str
        Effects and sampling variances, or names of columns of `data`.
    mods, scale : str, sequence of str, mapping, data frame, array-like or None
        Moderators of the mean and of tau², in the forms of `meta_regression`; None is an intercept.
    data : data frame or mapping or None
        Columns for names and formulas.
    likelihood : Likelihood or str
        ``"REML"`` or ``"ML"``.
    link : ScaleLink or str
        ``"log"`` or ``"identity"``.
    ci : IntervalMethod or str
        As in `meta_regression`. Other than normal, scale coefficients are tested by t with k - q degrees of
        freedom.
    intercept, scale_intercept : bool
        Whether columns of ones are added.
    reference, scale_reference : mapping of str to str or None
        Reference level by factor.
    scale_given : sequence of float or None, or None
        A value for each scale coefficient that is given (the intercept first), None or NaN for those that
        are estimated, one at least. Those given have no standard error and are no parameters.
    redundant, missing, prediction, level, measure, labels
        As in `meta_regression`.

    Returns
    -------
    LocationScaleResult

    Raises
    ------
    TooFewStudiesError
        With no more studies than coefficients.
    DataError
        As `meta_regression`.
    UsageError
        For an unknown option.
    ConvergenceError
        Where the likelihood has no maximum: under a log link, when tau² of some studies runs to 0.

    Notes
    -----
    Model: y_i ~ N(x_i'b + u_i, v_i), u_i ~ N(0, tau²_i), log tau²_i = z_i'a (or tau²_i = z_i'a). Newton's
    method with exact derivatives from several starts; standard errors of a from the observed information
    of the profile likelihood, which is metafor's Hessian without its numerical error. Scale coefficients
    need many studies: with fewer than about 40 their tests are rough; compare models by `compare_models`.

    References
    ----------
    [Viechtbauer2022].

    Examples
    --------
    >>> yi = [0.1, 0.9, -0.5, 0.3, 0.35, 0.25, 0.4, 1.4, 0.2, 0.3]
    >>> fit = location_scale(yi, [0.02] * 10, scale={"small": [1, 1, 1, 0, 0, 0, 0, 1, 0, 1]},
    ...                      link="identity")
    >>> round(float(fit.tau2[0]), 4), fit.diagnostics[0].code
    (0.4322, 'scale-on-the-boundary')
    """
    columns = None if data is None else columns_of(data)
    effects, variances = effects_and_variances(
        column_or_values(yi, columns, "yi"), column_or_values(vi, columns, "vi")
    )
    options = Options(
        choose(Likelihood, likelihood, "likelihood"),
        choose(ScaleLink, link, "link"),
        checked_interval(choose(IntervalMethod, ci, "ci")),
        choose(PredictionMethod, prediction, "prediction"),
        checked_level(level),
        None if measure is None else choose(EffectMeasure, measure, "measure"),
        choose(RedundantColumns, redundant, "redundant"),
        choose(MissingModerators, missing, "missing"),
        _checked_given(scale_given),
    )
    prediction_df(options.prediction, 3, 1, None)
    k = int(effects.size)
    blocks = [
        read_moderators(mods, columns, k=k, intercept=intercept, reference=reference),
        read_moderators(
            scale, columns, k=k, intercept=scale_intercept, reference=scale_reference, argument="scale"
        ),
    ]
    given_labels = checked_labels(labels, k)
    keep, remarks = complete_rows(blocks, k, options.missing, given_labels)
    if not keep.any():
        raise TooFewStudiesError("location_scale: found 0 studies; allowed: more than coefficients")
    design, dropped = of_full_rank(blocks[0].design(keep), options.redundant)
    scale_design, scale_dropped = of_full_rank(blocks[1].design(keep), options.redundant, "scale")
    rows = np.flatnonzero(keep)
    kept_labels = None if given_labels is None else tuple(given_labels[row] for row in rows)
    enough_studies(rows.size, design)
    enough_studies(rows.size, scale_design)
    if options.scale_given is not None and len(options.scale_given) != scale_design.matrix.shape[1]:
        raise UsageError(
            f"scale_given: found {len(options.scale_given)} values; allowed: one per scale coefficient, here "
            f"{', '.join(scale_design.names)}; None for those to estimate"
        )
    needed = design.matrix.shape[1] + scale_design.matrix.shape[1]
    if rows.size < needed:
        raise TooFewStudiesError(
            f"location_scale: found {rows.size} studies for {design.matrix.shape[1]} location and "
            f"{scale_design.matrix.shape[1]} scale coefficients; allowed: {needed} studies or more; leave "
            "moderators out"
        )
    return _fit(
        effects[keep],
        variances[keep],
        design,
        scale_design,
        options,
        remarks=remarks + dropped + scale_dropped,
        rows=rows,
        labels=kept_labels,
    )


def _checked_given(given: Sequence[float | None] | None) -> tuple[float | None, ...] | None:
    """Return the scale coefficients that are given, None for the others."""
    if given is None:
        return None
    entries = listed("scale_given", given, "numbers or None")
    numbers = column("scale_given", [math.nan if one is None else one for one in entries])
    if np.isinf(numbers).any() or not np.isnan(numbers).any():
        raise UsageError(
            f"scale_given: found {numbers.tolist()}; allowed: finite values, and None for one coefficient at "
            "least; leave one to estimate"
        )
    return tuple(None if math.isnan(one) else one for one in numbers.tolist())


def _scale_part(
    yi: FloatArray, vi: FloatArray, basis: Basis, scale_design: Design, options: Options
) -> tuple[Scale, Maximum]:
    """Return the scale coefficients in the unit of the variances."""
    unit = float(np.median(vi))
    root = math.sqrt(unit)
    z = centred_basis(scale_design.matrix)
    log = options.link is ScaleLink.LOG
    restricted = options.likelihood is Likelihood.REML
    v = vi / unit
    problem = Problem(yi / root, v, basis.matrix, z.matrix, log, restricted)
    method = Tau2Method.REML if restricted else Tau2Method.ML
    start = estimate_tau2(method, problem.y, v, basis.matrix)
    constant = scale_shift(scale_design.matrix, math.log(unit)) if log else np.zeros(z.back.shape[0])
    places = options.held()
    wanted = np.array([options.scale_given[at] for at in places] if options.scale_given else [], dtype=float)
    held = Held(z.back[places], (wanted - constant[places]) if log else wanted / unit)
    best, different = best_maximum(problem, start.value if start.converged else 0.1, held)
    _converged(best, problem, options)
    remarks = []
    if different > 1:
        message = f"the likelihood has {different} maxima among the starts; the highest is used"
        remarks.append(Diagnostic("several-maxima", message, "scale"))
    bound = on_boundary(problem, best.a) if not log else np.zeros(yi.size, dtype=bool)
    if bound.any():
        message = "tau² of these studies is 0, the boundary: scale coefficients have no standard errors"
        remarks.append(Diagnostic("scale-on-the-boundary", message, row_names(np.flatnonzero(bound)[:10])))
        inverse = np.full((best.a.size, best.a.size), np.nan)
    else:
        free = held.free()
        inverse = free @ np.linalg.inv(free.T @ best.information @ free) @ free.T
    alpha, covariance = z.back @ best.a, z.back @ inverse @ z.back.T
    if log:
        alpha = alpha + constant
    else:
        alpha, covariance = alpha * unit, covariance * unit**2
    alpha[places], covariance[places], covariance[:, places] = wanted, 0.0, 0.0
    return Scale(
        alpha, covariance, np.where(bound, 0.0, np.maximum(0.0, problem.tau2(best.a))) * unit, tuple(remarks)
    ), best


def scale_shift(design: FloatArray, shift: float) -> FloatArray:
    """Return what to add to scale coefficients so that all linear predictors rise by a constant."""
    return np.asarray(np.linalg.lstsq(design, np.full(design.shape[0], shift), rcond=None)[0])


def _converged(best: Maximum, problem: Problem, options: Options) -> None:
    """Refuse a likelihood without a maximum."""
    tau2 = problem.tau2(best.a) if best.found.iterations else problem.v
    if options.link is ScaleLink.LOG and bool((tau2 < VANISHED * problem.v.min()).any()):
        gone = np.flatnonzero(tau2 < VANISHED * problem.v.min())
        raise ConvergenceError(
            f"location_scale: tau² of {row_names(gone[:10])} runs to 0, so the scale coefficients have no "
            f"finite estimate ({best.found.iterations} iterations); use link='identity', or fewer scale "
            "moderators"
        )
    if not best.found.converged:
        raise ConvergenceError(
            f"location_scale: {best.found.reason} ({best.found.iterations} iterations, last decrement "
            f"{best.found.value:.3g}); use fewer scale moderators, or the other link"
        )


def _fit(
    yi: FloatArray,
    vi: FloatArray,
    design: Design,
    scale_design: Design,
    options: Options,
    *,
    remarks: tuple[Diagnostic, ...],
    rows: NDArray[np.intp],
    labels: tuple[str, ...] | None,
) -> LocationScaleResult:
    """Fit one model to complete data of full rank, and assemble the result."""
    k, p = design.matrix.shape
    q = scale_design.matrix.shape[1]
    basis = centred_basis(design.matrix)
    part, best = _scale_part(yi, vi, basis, scale_design, options)
    fit, fixed = weighted_fit(basis, yi, vi + part.tau2), weighted_fit(basis, yi, vi)
    rule = rule_of(options.ci, fit.rss, k - p, options.level)
    covariance = fit.inverse * rule.factor
    typical = (k - p) / fixed.trace
    fits = fit_statistics(
        basis,
        yi,
        vi,
        part.tau2,
        rss=fit.rss,
        restricted=options.likelihood is Likelihood.REML,
        parameters=p + q - options.held().size,
    )
    for array in (yi, vi, design.matrix, scale_design.matrix):
        array.setflags(write=False)
    return LocationScaleResult(
        names=design.names,
        estimate=fit.beta,
        **wald(fit.beta, covariance, rule.df, options.level)._asdict(),
        df=rule.df,
        covariance=covariance,
        moderator_test=_test_of_moderators(design, fit.beta, covariance, rule.df),
        **_scale_fields(scale_design, part, None if rule.df is None or k == q else float(k - q), options),
        link=str(options.link),
        tau2=part.tau2,
        i2=100.0 * part.tau2 / (part.tau2 + typical),
        h2=part.tau2 / typical + 1.0,
        q=fixed.rss,
        q_df=k - p,
        q_p_value=chi2_tail(fixed.rss, k - p),
        **fits._asdict(),
        fitted=fit.fitted,
        residuals=fit.residual,
        leverage=fit.leverage,
        weights=fit.weights / fit.weights.sum(),
        scale_factor=rule.factor,
        k=k,
        p=p,
        yi=yi,
        vi=vi,
        rows=rows,
        design=design,
        scale_design=scale_design,
        model="random",
        method=f"{options.likelihood}, {options.link} link, {INTERVAL_IN_WORDS[rule.used]}",
        converged=best.found.converged,
        iterations=best.found.iterations,
        reason=best.found.reason,
        diagnostics=remarks + part.remarks + rule.remarks,
        options=options.to_dict(),
        level=options.level,
        labels=labels,
    )


def _scale_fields(design: Design, part: Scale, df: float | None, options: Options) -> dict[str, Any]:
    """Return the fields of the result that belong to the scale coefficients."""
    held = options.held()
    with np.errstate(divide="ignore", invalid="ignore"):  # what is given has no standard error, and no test
        tests = wald(part.alpha, part.covariance, df, options.level)._asdict()
    for value in tests.values():
        value[held] = np.nan
    estimated = [at for at in range(len(design.names)) if at not in held]
    return {
        "scale_names": design.names,
        "scale_estimate": part.alpha,
        **{f"scale_{name}": value for name, value in tests.items() if name != "log_p_value"},
        "scale_df": df,
        "scale_covariance": part.covariance,
        "scale_test": _test_of_moderators(design, part.alpha, part.covariance, df, estimated),
    }


def _test_of_moderators(
    design: Design,
    estimate: FloatArray,
    covariance: FloatArray,
    df: float | None,
    estimated: Sequence[int] | None = None,
) -> CoefficientTest:
    """Return the joint test of all estimated coefficients but the intercept, or of that where it is alone."""
    own = range(len(design.names)) if estimated is None else estimated
    tested = [one for one in own if len(own) == 1 or one != design.intercept]
    return joint_test(
        estimate[tested], covariance[np.ix_(tested, tested)], df, [design.names[one] for one in tested]
    )
