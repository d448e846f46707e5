"""The mixed-effects model of a meta-regression, fitted to complete data of full rank."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.interval_of_mean import INTERVAL_IN_WORDS
from evergrove.stats.inverse_variance import i2_from_q, i2_from_tau2
from evergrove.stats.options import (
    EffectMeasure,
    IntervalMethod,
    PoolModel,
    PredictionMethod,
    Tau2Method,
)
from evergrove.stats.regression.coefficient_tests import (
    Rule,
    joint_test,
    rule_of,
    wald,
)
from evergrove.stats.regression.fit_statistics import fit_statistics
from evergrove.stats.regression.least_squares import Basis, any_weights_fit, centred_basis, weighted_fit
from evergrove.stats.regression.regression_result import MetaRegressionResult
from evergrove.stats.regression.residual_variance import ResidualVariance, residual_variance
from evergrove.stats.tau2.estimate import checked_tau2_weights, estimate_tau2

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.regression.design import Design
    from evergrove.stats.regression.least_squares import Fit
    from evergrove.stats.regression.options import MissingModerators, RedundantColumns


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
    centred: bool
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
        options.tau2,
        data.yi,
        data.vi,
        basis.matrix,
        tau2_weights=data.tau2_weights,
        level=options.level,
        origin=_origin(data, options),
    )
    found = _estimates(data, basis, spread.estimate.value, options)
    positions = _tested(data.design, test)
    options = options._replace(test=tuple(data.design.names[position] for position in positions))
    return _result(
        data, basis, spread, found, options, remarks=remarks, rows=rows, labels=labels, positions=positions
    )


def _origin(data: Data, options: Options) -> float:
    """Return what is subtracted from the effects for tau² and Q: their mean where that is asked for."""
    return float(data.yi.mean()) if options.centred else 0.0


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


class Heterogeneity(NamedTuple):
    """What a fit says of the variance between studies; fields of the result."""

    tau2: float
    tau2_se: float | None
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    tau: float
    i2: float
    h2: float
    r2: float | None
    tau2_null: float | None
    q: float
    q_df: int
    q_p_value: float
    converged: bool
    iterations: int
    reason: str


def _heterogeneity(data: Data, basis: Basis, spread: ResidualVariance, options: Options) -> Heterogeneity:
    """Return tau², I², R² and Q."""
    k, p = data.design.matrix.shape
    tau2, df = spread.estimate.value, k - p
    fixed = weighted_fit(basis, data.yi - _origin(data, options), data.vi)
    q = fixed.rss if df else 0.0
    random = options.model is PoolModel.RANDOM
    typical = df / fixed.trace if df else math.nan
    r2, null = _explained(data, options, tau2, fit=fixed, known=random)
    return Heterogeneity(
        tau2=tau2,
        tau2_se=spread.estimate.se if isinstance(options.tau2, Tau2Method) else None,
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
        converged=spread.estimate.converged,
        iterations=spread.estimate.iterations,
        reason=spread.estimate.reason,
    )


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
    fits = fit_statistics(
        basis,
        data.yi,
        data.vi,
        spread.estimate.value,
        rss=found.rss,
        restricted=options.tau2 is Tau2Method.REML,
        parameters=p + int(isinstance(options.tau2, Tau2Method)),
    )
    joint = joint_test(
        found.beta[positions], found.covariance[np.ix_(positions, positions)], found.rule.df, options.test
    )
    for array in (data.yi, data.vi, data.design.matrix):
        array.setflags(write=False)
    return MetaRegressionResult(
        names=data.design.names,
        estimate=found.beta,
        **wald(found.beta, found.covariance, found.rule.df, options.level)._asdict(),
        df=found.rule.df,
        covariance=found.covariance,
        moderator_test=joint,
        **_heterogeneity(data, basis, spread, options)._asdict(),
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
