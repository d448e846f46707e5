"""Meta-regression: a mixed-effects model with moderators."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import checked_labels, checked_level, column, effects_and_variances
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.inverse_variance import i2_from_q, i2_from_tau2
from evergrove.stats.options import (
    EffectMeasure,
    IntervalMethod,
    PoolModel,
    PredictionMethod,
    Tau2Method,
    choose,
)
from evergrove.stats.pooling import INTERVAL_IN_WORDS
from evergrove.stats.regression.coefficient_tests import (
    Rule,
    checked_interval,
    joint_test,
    rule_of,
    wald,
)
from evergrove.stats.regression.design import Design, of_full_rank
from evergrove.stats.regression.fit_statistics import fit_statistics
from evergrove.stats.regression.least_squares import Basis, any_weights_fit, centred_basis, weighted_fit
from evergrove.stats.regression.moderators import columns_of, complete_rows, read_moderators
from evergrove.stats.regression.options import MissingModerators, RedundantColumns
from evergrove.stats.regression.prediction import prediction_df
from evergrove.stats.regression.regression_result import MetaRegressionResult
from evergrove.stats.regression.residual_variance import ResidualVariance, chosen_tau2, residual_variance
from evergrove.stats.tau2.estimate import checked_tau2_weights, estimate_tau2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.regression.least_squares import Fit


class Options(NamedTuple):
    """The options of `meta_regression` as resolved."""

    model: PoolModel
    tau2: Tau2Method | float | None
    ci: IntervalMethod
    prediction: PredictionMethod
    level: float
    measure: EffectMeasure | None
    redundant: RedundantColumns
    missing: MissingModerators
    test: tuple[str, ...]


class Data(NamedTuple):
    """What a fit works on: complete, of full rank."""

    yi: FloatArray
    vi: FloatArray
    design: Design
    weights: FloatArray | None
    tau2_weights: FloatArray | None


class Estimates(NamedTuple):
    """Coefficients and what the interval method makes of them."""

    beta: FloatArray
    covariance: FloatArray
    fitted: FloatArray
    leverage: FloatArray
    shares: FloatArray
    rss: float
    rule: Rule


def meta_regression(
    yi: ArrayLike | str,
    vi: ArrayLike | str,
    mods: object = None,
    *,
    data: object = None,
    model: str = PoolModel.RANDOM,
    tau2: str | float = Tau2Method.REML,
    ci: str | None = None,
    test: Sequence[str | int] | None = None,
    intercept: bool = True,
    names: Sequence[str] | None = None,
    reference: Mapping[str, str] | None = None,
    weights: ArrayLike | None = None,
    tau2_weights: ArrayLike | None = None,
    redundant: str = RedundantColumns.ERROR,
    missing: str = MissingModerators.ERROR,
    prediction: str = PredictionMethod.T_K_MINUS_1,
    level: float = 0.95,
    measure: str | None = None,
    labels: Sequence[str] | None = None,
) -> MetaRegressionResult:
    """Regress effects on moderators with a residual variance between studies.

    Parameters
    ----------
    yi : array-like, shape (k,), or str
        Effects on the pooling scale; finite. Text names a column of `data`.
    vi : array-like, shape (k,), or str
        Sampling variances (not standard errors); finite and above 0.
    mods : str, sequence of str, mapping, data frame, array-like or None
        A formula (``"~ ablat + year"``; needs the extra ``formulas``), names of columns of `data`, a mapping
        or frame of columns, or an array of shape (k, m). Text and truth values are factors with treatment
        coding. None is the intercept alone. A formula can call Python functions: take none from strangers.
    data : data frame or mapping or None
        Any frame that narwhals reads.
    model : PoolModel or str
        ``"random"`` (mixed effects) or ``"common"`` (no tau²).
    tau2 : Tau2Method, str or float
        Estimator, or a known residual variance not below 0.
    ci : IntervalMethod, str or None
        ``"hartung-knapp"``, ``"hartung-knapp-adhoc"``, ``"hartung-knapp-truncated"``, ``"normal"`` or
        ``"t"``, with k - p degrees of freedom. None is Hartung-Knapp for random effects, normal for a
        common effect.
    test : sequence of str or int, or None
        Coefficients of the joint test, by name or position; None is all but the intercept.
    intercept : bool
        Whether a column of ones is added; a formula says it itself (``- 1``).
    names : sequence of str or None
        Of the columns of an array.
    reference : mapping of str to str or None
        Reference level by factor; None is the first in the order of text.
    weights : array-like, shape (k,), or None
        Weights of one's own for the coefficients, above 0; None is 1 / (vi + tau²). Ones give unweighted
        least squares. tau² and Q do not change.
    tau2_weights : array-like, shape (k,), or None
        Of ``GENQ`` and ``GENQM``.
    redundant : RedundantColumns or str
        ``"error"`` or ``"drop"`` where moderators depend on each other.
    missing : MissingModerators or str
        ``"error"`` or ``"drop"`` where a study lacks a moderator.
    prediction : PredictionMethod or str
        Of `MetaRegressionResult.predict`.
    level : float
        Of all intervals, in (0, 1).
    measure : EffectMeasure, str or None
        What `yi` is.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    MetaRegressionResult

    Raises
    ------
    TooFewStudiesError
        With fewer studies than coefficients, or none.
    DataError
        For numbers that cannot be, redundant or missing moderators, a factor with one level.
    UsageError
        For an unknown option, or a formula without formulaic.
    ConvergenceError
        Where tau² was not found.

    See Also
    --------
    location_scale : where tau² itself depends on moderators.
    permutation_test : p values without normality.
    linear_hypothesis : contrasts of coefficients.

    Notes
    -----
    Model: y_i ~ N(x_i'b + u_i, v_i), u_i ~ N(0, tau²). Associations between studies are observational, and
    averages of patients' characteristics can mislead about patients (ecological bias). With fewer than ten
    studies per coefficient, say so. R² is uncertain with fewer than about 40 studies
    (López-López et al. 2014).

    References
    ----------
    Berkey, Hoaglin, Mosteller & Colditz, Stat Med 14 (1995) 395-411; Knapp & Hartung, Stat Med 22 (2003)
    2693-2710; Viechtbauer, López-López, Sánchez-Meca & Marín-Martínez, Psychol Methods 20 (2015) 360-374;
    Raudenbush 1994.

    Examples
    --------
    >>> fit = meta_regression([0.1, 0.3, 0.5, 0.8, 0.7], [0.04, 0.02, 0.03, 0.05, 0.02],
    ...                       {"dose": [1, 2, 3, 4, 5]})
    >>> [round(float(value), 4) for value in fit.estimate]
    [-0.0001, 0.1535]
    """
    columns = None if data is None else columns_of(data)
    effects, variances = effects_and_variances(_column_of(yi, columns, "yi"), _column_of(vi, columns, "vi"))
    chosen_model, chosen_measure = choose(PoolModel, model, "model"), measure
    options = Options(
        chosen_model,
        chosen_tau2(chosen_model, tau2),
        checked_interval(_interval_method(chosen_model, ci)),
        choose(PredictionMethod, prediction, "prediction"),
        checked_level(level),
        None if chosen_measure is None else choose(EffectMeasure, chosen_measure, "measure"),
        choose(RedundantColumns, redundant, "redundant"),
        choose(MissingModerators, missing, "missing"),
        (),
    )
    prediction_df(options.prediction, 3, 1, None)
    k = int(effects.size)
    moderators = read_moderators(mods, columns, k=k, intercept=intercept, names=names, reference=reference)
    given_labels = checked_labels(labels, k)
    keep, remarks = complete_rows([moderators], k, options.missing, given_labels)
    if not keep.any():
        raise TooFewStudiesError(
            "meta_regression: found 0 studies; allowed: at least one per coefficient; check which were "
            "eligible"
        )
    design, dropped = of_full_rank(moderators.design(keep), options.redundant)
    enough_studies(int(keep.sum()), design)
    rows = np.flatnonzero(keep)
    own = Data(
        effects[keep],
        variances[keep],
        design,
        checked_weights(weights, k, keep),
        None if tau2_weights is None else column("tau2_weights", tau2_weights)[keep],
    )
    kept_labels = None if given_labels is None else tuple(given_labels[row] for row in rows)
    return fit_model(own, options, remarks + dropped, rows=rows, labels=kept_labels, test=test)


def _column_of(values: ArrayLike | str, columns: Mapping[str, object] | None, argument: str) -> ArrayLike:
    """Return a column by its name, or the values as they are."""
    if not isinstance(values, str):
        return values
    if columns is None or values not in columns:
        raise UsageError(
            f"{argument}: found no column {values!r}; allowed: numbers, or the name of a column of data"
        )
    return columns[values]  # type: ignore[return-value] # a column as columns_of reads it


def _interval_method(model: PoolModel, ci: str | None) -> IntervalMethod:
    """Return the interval method, Hartung-Knapp unless there is no tau²."""
    if ci is None:
        return IntervalMethod.NORMAL if model is PoolModel.COMMON else IntervalMethod.HARTUNG_KNAPP
    return choose(IntervalMethod, ci, "ci")


def checked_weights(weights: ArrayLike | None, k: int, keep: BoolArray) -> FloatArray | None:
    """Return the caller's weights of the rows kept, or None.

    Parameters
    ----------
    weights : array-like, shape (k,), or None
        Finite and above 0.
    k : int
        Studies.
    keep : ndarray of bool, shape (k,)
        Rows analysed.

    Returns
    -------
    ndarray or None

    Raises
    ------
    DataError
        For weights that are not finite and above 0, or not one per study.
    """
    if weights is None:
        return None
    array = column("weights", weights)
    if array.size != k or not bool((np.isfinite(array) & (array > 0)).all()):
        raise DataError(
            f"weights: found {array.size} from {float(array.min(initial=math.inf))!r}; allowed: {k} finite "
            "weights above 0; leave out the study that should not count"
        )
    return np.asarray(array[keep])


def enough_studies(k: int, design: Design) -> None:
    """Refuse more coefficients than studies."""
    p = design.matrix.shape[1]
    if p == 0:
        raise UsageError(
            "mods: found neither moderators nor an intercept; allowed: one coefficient or more; "
            "pass intercept=True or moderators"
        )
    if k < p:
        raise TooFewStudiesError(
            f"meta_regression: found {k} studies for {p} coefficients ({', '.join(design.names)}); "
            "allowed: at "
            "least as many studies, better ten per coefficient; leave moderators out"
        )


def fit_model(
    data: Data,
    options: Options,
    remarks: tuple[Diagnostic, ...],
    *,
    rows: NDArray[np.intp],
    labels: tuple[str, ...] | None,
    test: Sequence[str | int] | None = None,
) -> MetaRegressionResult:
    """Fit one model to complete data of full rank.

    Parameters
    ----------
    data : Data
        Effects, variances, design, weights.
    options : Options
        As resolved.
    remarks : tuple of Diagnostic
        What was noticed before.
    rows : ndarray of int
        Positions of the studies in the input.
    labels : tuple of str or None
        Of the studies.
    test : sequence of str or int, or None
        Coefficients of the joint test.

    Returns
    -------
    MetaRegressionResult
    """
    basis = centred_basis(data.design.matrix)
    if isinstance(options.tau2, Tau2Method):
        checked_tau2_weights(options.tau2, data.tau2_weights, int(data.yi.size))
    spread = residual_variance(
        options.tau2, data.yi, data.vi, basis.matrix, tau2_weights=data.tau2_weights, level=options.level
    )
    found = _estimates(data, basis, spread.estimate.value, options)
    positions = _tested(data.design, test)
    options = options._replace(test=tuple(data.design.names[position] for position in positions))
    return _result(
        data, basis, spread, found, options, remarks=remarks, rows=rows, labels=labels, positions=positions
    )


def _tested(design: Design, test: Sequence[str | int] | None) -> list[int]:
    """Return the positions of the coefficients of the joint test."""
    p = len(design.names)
    if test is None:
        return [one for one in range(p) if p == 1 or one != design.intercept]
    wanted = [test] if isinstance(test, str | int) else list(test)
    positions = []
    for name in wanted:
        if isinstance(name, str) and name in design.terms:
            positions += [design.names.index(one) for one in design.terms[name]]
        elif isinstance(name, str) and name in design.names:
            positions.append(design.names.index(name))
        elif not isinstance(name, str) and 0 <= int(name) < p:
            positions.append(int(name))
        else:
            raise UsageError(
                f"test: found {name!r}; allowed: coefficients {', '.join(map(repr, design.names))}, terms "
                f"{', '.join(map(repr, design.terms))}, or positions from 0 to {p - 1}"
            )
    if not positions:
        raise UsageError("test: found no coefficient; allowed: one or more; leave it out to test all")
    return sorted(set(positions))


def _estimates(data: Data, basis: Basis, tau2: float, options: Options) -> Estimates:
    """Return coefficients and covariance at a tau², under the interval method."""
    total = data.vi + tau2
    best = weighted_fit(basis, data.yi, total)
    rule = rule_of(options.ci, best.rss, int(data.yi.size) - best.beta.size, options.level)
    if data.weights is None:
        shares = best.weights / best.weights.sum()
        return Estimates(
            best.beta, best.inverse * rule.factor, best.fitted, best.leverage, shares, best.rss, rule
        )
    beta, covariance = any_weights_fit(basis, data.yi, data.weights, total)
    fitted = data.design.matrix @ beta
    leverage = weighted_fit(basis, data.yi, 1.0 / data.weights).leverage
    rss = float(((data.yi - fitted) ** 2 / total).sum())
    shares = data.weights / data.weights.sum()
    return Estimates(beta, covariance * rule.factor, fitted, leverage, shares, rss, rule)


def _explained(
    data: Data, options: Options, tau2: float, *, fit: Fit, known: bool
) -> tuple[float | None, float | None]:
    """Return R² in percent, not below 0, and tau² without moderators."""
    if data.design.intercept is None or data.design.only_intercept:
        return None, None
    if isinstance(options.tau2, Tau2Method):
        null = estimate_tau2(options.tau2, data.yi, data.vi, weights=data.tau2_weights)
        if not null.converged:
            return None, None
        return (100.0 * max(0.0, (null.value - tau2) / null.value) if null.value > 0 else 0.0), null.value
    if known:
        return None, None
    w = 1.0 / data.vi if data.weights is None else data.weights
    k, p = data.design.matrix.shape
    total = float((w * (data.yi - float((w * data.yi).sum() / w.sum())) ** 2).sum())
    if total == 0.0 or k == p:
        return 0.0, None
    left = (
        fit.rss
        if data.weights is None
        else weighted_fit(centred_basis(data.design.matrix), data.yi, 1.0 / data.weights).rss
    )
    return 100.0 * max(0.0, 1.0 - left / total * (k - 1) / (k - p)), None


def _result(
    data: Data,
    basis: Basis,
    spread: ResidualVariance,
    found: Estimates,
    options: Options,
    *,
    remarks: tuple[Diagnostic, ...],
    rows: NDArray[np.intp],
    labels: tuple[str, ...] | None,
    positions: list[int],
) -> MetaRegressionResult:
    """Assemble the result."""
    k, p = data.design.matrix.shape
    tau2, df = spread.estimate.value, k - p
    fixed = weighted_fit(basis, data.yi, data.vi)
    q = fixed.rss if df else 0.0
    tests = wald(found.beta, found.covariance, found.rule.df, options.level)
    random = options.model is PoolModel.RANDOM
    typical = df / fixed.trace if df else math.nan
    r2, null = _explained(data, options, tau2, fit=fixed, known=random)
    estimated = isinstance(options.tau2, Tau2Method)
    fits = fit_statistics(
        basis,
        data.yi,
        data.vi,
        tau2,
        rss=found.rss,
        restricted=options.tau2 is Tau2Method.REML,
        parameters=p + int(estimated),
    )
    joint = joint_test(
        found.beta[positions],
        found.covariance[np.ix_(positions, positions)],
        found.rule.df,
        options.test,
    )
    for array in (data.yi, data.vi, data.design.matrix):
        array.setflags(write=False)
    return MetaRegressionResult(
        names=data.design.names,
        estimate=found.beta,
        **tests._asdict(),
        df=found.rule.df,
        covariance=found.covariance,
        moderator_test=joint,
        tau2=tau2,
        tau2_se=spread.estimate.se if estimated else None,
        tau2_ci_low=spread.low,
        tau2_ci_high=spread.high,
        tau=math.sqrt(tau2),
        i2=(i2_from_tau2(tau2, typical) if random else i2_from_q(q, df)) if df else 0.0,
        h2=(tau2 / typical + 1.0 if random else q / df) if df else 1.0,
        r2=r2,
        tau2_null=null,
        q=q,
        q_df=df,
        q_p_value=chi2_tail(q, df),
        **fits._asdict(),
        fitted=found.fitted,
        residuals=data.yi - found.fitted,
        leverage=found.leverage,
        weights=found.shares,
        scale_factor=found.rule.factor,
        k=k,
        p=p,
        yi=data.yi,
        vi=data.vi,
        rows=rows,
        design=data.design,
        model=str(options.model),
        method=_in_words(options, found.rule.used, own=data.weights is not None),
        converged=spread.estimate.converged,
        iterations=spread.estimate.iterations,
        reason=spread.estimate.reason,
        diagnostics=remarks + spread.remarks + found.rule.remarks,
        options=options._asdict(),
        level=options.level,
        labels=labels,
        given_weights=data.weights,
        tau2_weights=data.tau2_weights,
    )


def _in_words(options: Options, used: IntervalMethod, *, own: bool) -> str:
    """Return the method as a sentence part."""
    middle = (
        "common effect"
        if options.tau2 is None
        else f"tau² = {options.tau2:g}"
        if isinstance(options.tau2, float)
        else str(options.tau2)
    )
    weights = ", weights of the caller" if own else ""
    return f"{middle}{weights}, {INTERVAL_IN_WORDS[used]}"
