"""Multilevel and multivariate meta-analysis with known sampling covariances."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import ConvergenceError, TooFewStudiesError
from evergrove.stats.arrays import FAR, checked_labels, checked_level, column, listed, refuse_rows
from evergrove.stats.dependence.components import Component, components_at, covariances_of, on_scale
from evergrove.stats.dependence.correlation_matrices import known_correlations
from evergrove.stats.dependence.degrees_of_freedom import coefficient_df
from evergrove.stats.dependence.design import build_design
from evergrove.stats.dependence.estimation import Estimation, estimate
from evergrove.stats.dependence.heterogeneity import i2_by_component, residual_heterogeneity
from evergrove.stats.dependence.known_covariance import known_covariance
from evergrove.stats.dependence.likelihood import (
    coefficients_at,
    lay_out,
    log_likelihood_at,
    matrices_at,
)
from evergrove.stats.dependence.multilevel_result import FittedModel, MultilevelResult
from evergrove.stats.dependence.options import (
    CoefficientTest,
    CorrelationScale,
    LikelihoodMethod,
    ResidualDf,
    Structure,
)
from evergrove.stats.dependence.random_terms import resolve_terms
from evergrove.stats.dependence.user_weights import checked_weights, weighted_coefficients
from evergrove.stats.dependence.wald import Tested, tested_coefficients, wald_test
from evergrove.stats.dependence.working_fit import blocks_at
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.options import choose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.covariance_structures import RandomCovariance

#: With fewer outer levels than this, normal tests of a multilevel model are too liberal to go unremarked.
FEW_CLUSTERS = 20


class _Options(NamedTuple):
    """The options of `multilevel` as resolved."""

    random: tuple[str, ...]
    struct: tuple[str, ...]
    method: LikelihoodMethod
    test: CoefficientTest
    dfs: ResidualDf
    level: float
    intercept: bool
    correlation_scale: CorrelationScale
    sigma2: object
    tau2: object
    rho: object
    gamma2: object
    phi: object


def _as_tuple(value: str | Sequence[str]) -> tuple[str, ...]:
    return (
        (value,) if isinstance(value, str) else tuple(listed("random", value, "terms such as '~ 1 | study'"))
    )


def multilevel(
    yi: ArrayLike,
    V: Any,  # noqa: ANN401, N803 - variances, a matrix or blocks; metafor's name
    *,
    random: str | Sequence[str] = (),
    data: Any = None,  # noqa: ANN401 - any frame or mapping
    mods: Any = None,  # noqa: ANN401 - formula, array or names
    names: Sequence[str] | None = None,
    intercept: bool = True,
    struct: str | Sequence[str] = Structure.CS,
    method: str = LikelihoodMethod.REML,
    test: str | None = None,
    dfs: str = ResidualDf.RESIDUAL,
    sigma2: ArrayLike | None = None,
    tau2: ArrayLike | None = None,
    rho: ArrayLike | None = None,
    gamma2: ArrayLike | None = None,
    phi: ArrayLike | None = None,
    R: Mapping[str, Any] | None = None,  # noqa: N803 - metafor's name
    correlation_scale: str = CorrelationScale.COR,
    W: ArrayLike | None = None,  # noqa: N803 - metafor's name
    tested: Sequence[int] | None = None,
    level: float = 0.95,
    labels: Sequence[str] | None = None,
) -> MultilevelResult:
    """Fit a model to effects that depend on one another: several per study, outcome, time or place.

    Parameters
    ----------
    yi : array-like, shape (k,)
        Effects on the pooling scale; finite.
    V : array-like of shape (k,) or (k, k), or list of matrices
        Sampling variances; their covariance matrix; or its blocks down the diagonal in the order of the
        rows. See `vcalc` for covariances that are not reported.
    random : str or sequence of str
        Random terms: ``"~ 1 | study"``, ``"~ 1 | study/effect"`` (nested), several of them (crossed),
        ``"~ outcome | study"`` with `struct`, ``"~ dose | study"`` with struct GEN (intercept and slope;
        ``"~ 0 + dose | study"`` is the slope alone).
    data : mapping or data frame
        The columns that `random` and `mods` name, one value per effect.
    mods : str, array-like of shape (k,) or (k, m), or names of columns
        Moderators: a formula (``"~ dose * type"``, as in `meta_regression`; needs the extra ``formulas``),
        numbers, or columns of `data`. Text columns become indicators.
    names : sequence of str or None
        Names of the columns of an array of moderators.
    intercept : bool
        Whether the design has a constant; False for one mean per outcome. A formula says it itself
        (``- 1``).
    struct : Structure, str or sequence
        Covariance of the inner levels of each ``inner | outer`` term.
    method : LikelihoodMethod or str
        ``"REML"`` or ``"ML"``.
    test : CoefficientTest, str or None
        ``"z"`` or ``"t"``. None is ``"z"``, or ``"t"`` where `dfs` is ``"contain"``, which implies it.
    dfs : ResidualDf or str
        Degrees of freedom of ``"t"``: ``"residual"`` or ``"contain"``.
    sigma2, tau2, rho, gamma2, phi : float, sequence or None
        Given components (None or NaN: estimated): of the intercepts, of the first and of the second
        ``inner | outer`` term. Correlations of a variance given as 0 are 0, and no parameters.
    R : mapping of str to (levels, matrix)
        Known correlation of the levels of an intercept, for example of species on a tree.
    correlation_scale : CorrelationScale or str
        What is done to R first: ``"none"``, ``"cor"``, ``"cor0"`` or ``"cov0"``.
    W : array-like of shape (k,) or (k, k), or None
        Weights of the caller for the coefficients, instead of the inverse of the marginal covariance; the
        components do not change, and the covariance of the coefficients is that of such a weighting (the
        log-likelihood too is that at these coefficients).
    tested : sequence of int or None
        Coefficients tested together; None is all but the intercept.
    level : float
        Of confidence intervals.
    labels : sequence of str or None
        Names of the rows, for messages.

    Returns
    -------
    MultilevelResult

    Raises
    ------
    DataError
        For effects or covariances that cannot be, naming rows; moderators that are linearly dependent.
    TooFewStudiesError
        With no more effects than coefficients.
    UsageError
        For unknown options, columns or structures.
    ConvergenceError
        Where no maximum was found.

    See Also
    --------
    three_level, vcalc, robust, component_intervals, random_effects, predict_multilevel

    Notes
    -----
    y ~ N(Xβ, V + Σ Z G Z'). The (restricted) likelihood is climbed by Newton steps from several starts;
    standard deviations and angles of correlations are the free parameters, so that 0 is an ordinary point.
    A component at its bound is reported as such. With REML the constant ½ log|X'X| is included (metafor's
    ``REMLf=TRUE``). ``test="z"`` is metafor's default and too liberal with few clusters: prefer
    ``test="t", dfs="contain"`` or `robust`. In CS and HCS the correlation is not below -1/(m-1), m the most
    levels in a cluster, so that the matrix is a covariance; metafor allows it down to -1.
    Do not use it with V as variances when effects share participants: the sampling errors then correlate.

    References
    ----------
    [Konstantopoulos2011]; [Berkey1998]; [VandenNoortgate2013]; [Jackson2011]; [Nakagawa2012].

    Examples
    --------
    >>> data = {"study": [1, 1, 2, 2, 3, 3, 4], "effect": [1, 2, 3, 4, 5, 6, 7]}
    >>> y, v = [0.2, 0.3, 0.6, 0.5, -0.1, 0.1, 0.4], [0.01, 0.01, 0.02, 0.02, 0.03, 0.03, 0.02]
    >>> fit = multilevel(y, v, random="~ 1 | study/effect", data=data, test="t", dfs="contain")
    >>> [round(float(x), 4) for x in (fit.estimate[0], fit.ci_low[0], fit.ci_high[0], fit.sigma2[0])]
    [0.3013, -0.0651, 0.6677, 0.0411]
    """
    effects = column("yi", yi)
    todo = "leave the effect out"
    refuse_rows("yi (effect)", effects, ~np.isfinite(effects), allowed="a finite number", todo=todo)
    todo = "give the outcome in another unit"
    refuse_rows("yi (effect)", effects, np.abs(effects) > FAR, allowed=f"-{FAR:g} to {FAR:g}", todo=todo)
    k = int(effects.size)
    options = _Options(
        _as_tuple(random),
        _as_tuple(struct),
        choose(LikelihoodMethod, method, "method"),
        _test_of(test, choose(ResidualDf, dfs, "dfs")),
        choose(ResidualDf, dfs, "dfs"),
        checked_level(level),
        intercept,
        choose(CorrelationScale, correlation_scale, "correlation_scale"),
        *(None if one is None else np.asarray(one).tolist() for one in (sigma2, tau2, rho, gamma2, phi)),
    )
    if k == 0:
        raise TooFewStudiesError("multilevel: found 0 effects; allowed: more effects than coefficients")
    row_labels = checked_labels(labels, k)
    design = build_design(mods, names, data, k, intercept=intercept)
    if k <= len(design.names):
        raise TooFewStudiesError(
            f"multilevel: found {k} effects and {len(design.names)} coefficients; allowed: more effects than "
            "coefficients; leave moderators out"
        )
    known = known_covariance(V, k, row_labels)
    terms = resolve_terms(
        options.random, options.struct, data, k, known_correlations(R or {}, options.correlation_scale)
    )
    covariances, remarks = covariances_of(terms, options._asdict())
    weights = checked_weights(W, design, k)
    problem = lay_out(effects, design.matrix, known, terms)
    scaled = on_scale(covariances, problem.scale)
    restricted = options.method is LikelihoodMethod.REML
    found = estimate(problem, scaled, restricted=restricted)
    if found is None:
        raise ConvergenceError(
            "multilevel: the likelihood could not be evaluated at any start; look at V for covariances that "
            "are almost singular and at given components that contradict one another"
        )
    model = FittedModel(effects, design, known, problem, scaled, found.free, restricted, weights)
    return _result(
        model,
        found,
        options,
        tested=tested_coefficients(design, tested),
        remarks=remarks,
        labels=row_labels,
    )


def _test_of(test: str | None, dfs: ResidualDf) -> CoefficientTest:
    """Return the test: t as soon as containment is asked for."""
    chosen = CoefficientTest.Z if test is None else choose(CoefficientTest, test, "test")
    return CoefficientTest.T if dfs is ResidualDf.CONTAIN else chosen


def _fit_remarks(
    found: Estimation, components: Sequence[Component], model: FittedModel, options: _Options
) -> list[Diagnostic]:
    """Return what is to be said of the maximum and the test."""
    problem = model.problem
    matrices = matrices_at(model.covariances, model.free)
    remarks = [
        Diagnostic("component-at-bound", "the estimate lies on the bound of what it can be", one.name)
        for one in components
        if one.boundary
    ]
    for term, one, matrix in zip(problem.terms, model.covariances, matrices, strict=True):
        if np.isnan(one.correlations).any() and not matrix.any():
            message = "the variance is 0, so that the correlation means nothing"
            remarks.append(Diagnostic("correlation-not-identified", message, term.label))
    if found.maxima:
        values = ", ".join(f"{value:.6f}" for value in sorted(set(found.maxima)))
        message = f"the likelihood has lower maxima too (log-likelihood {values}); the highest is used"
        remarks.append(Diagnostic("several-maxima", message))
    fewest = min((len(term.levels) for term in problem.terms if len(term.levels) > 1), default=0)
    if options.test is CoefficientTest.Z and 0 < fewest < FEW_CLUSTERS:
        message = (
            f"normal tests with {fewest} clusters are too liberal: test='t' with dfs='contain', or robust"
        )
        remarks.append(Diagnostic("few-clusters", message))
    return remarks


def _criteria(model: FittedModel, log_likelihood: float, parameters: int) -> tuple[float, float, float]:
    """Return AIC, BIC and AICc."""
    n = model.problem.k - (model.problem.p if model.restricted else 0)
    enough = max(n, parameters + 2)
    return (
        -2.0 * log_likelihood + 2.0 * parameters,
        -2.0 * log_likelihood + parameters * math.log(n),
        -2.0 * log_likelihood + 2.0 * parameters * enough / (enough - parameters - 1),
    )


def _coefficients(model: FittedModel, found: Estimation) -> tuple[FloatArray, FloatArray, float]:
    """Return coefficients, covariance and log-likelihood there, by the weights of the caller if any."""
    if model.weights is None:
        return *coefficients_at(model.problem, found.evaluation), found.evaluation.log_likelihood
    blocks = blocks_at(model.problem, matrices_at(model.covariances, model.free))
    coefficients, covariance = weighted_coefficients(model.weights, model.design.matrix, model.yi, blocks)
    return coefficients, covariance, log_likelihood_at(model.problem, found.evaluation, coefficients)


def _free_components(covariances: Sequence[RandomCovariance]) -> int:
    """Return the number of estimated components."""
    return sum(one.free for one in covariances)


def _result(
    model: FittedModel,
    found: Estimation,
    options: _Options,
    *,
    tested: tuple[int, ...],
    remarks: Sequence[Diagnostic],
    labels: tuple[str, ...] | None,
) -> MultilevelResult:
    """Assemble the result."""
    problem, design = model.problem, model.design
    if not found.optimum.converged:
        raise ConvergenceError(
            f"multilevel: {found.optimum.reason} ({found.optimum.iterations} steps, log-likelihood "
            f"{found.optimum.value!r}); try fewer random terms or a simpler struct"
        )
    coefficients, covariance, height = _coefficients(model, found)
    df = None
    if options.test is CoefficientTest.T:
        df = coefficient_df(options.dfs, design.matrix, problem.terms)
    rows: Tested = wald_test(coefficients, covariance, df, tested, options.level)
    components = components_at(problem.terms, model.covariances, model.free, problem.scale)
    residual = residual_heterogeneity(problem)
    i2, shares = i2_by_component(components, problem, residual)
    parameters = problem.p + _free_components(model.covariances)
    aic, bic, aicc = _criteria(model, height, parameters)
    q_df = problem.k - problem.p
    return MultilevelResult(
        names=design.names,
        estimate=coefficients,
        se=rows.se,
        ci_low=rows.ci_low,
        ci_high=rows.ci_high,
        statistic=rows.statistic,
        df=df,
        p_value=rows.p_value,
        covariance=covariance,
        components=components,
        log_likelihood=height,
        aic=aic,
        bic=bic,
        aicc=aicc,
        n_parameters=parameters,
        q=residual.q,
        q_df=q_df,
        q_p_value=chi2_tail(residual.q, q_df),
        qm=rows.joint,
        qm_df=len(tested),
        qm_df2=rows.joint_df2,
        qm_p_value=rows.joint_p_value,
        i2=i2,
        i2_components=shares,
        k=problem.k,
        p=problem.p,
        level=options.level,
        method=str(options.method),
        test=str(options.test),
        dfs=str(options.dfs),
        converged=True,
        iterations=found.optimum.iterations,
        reason=found.optimum.reason,
        diagnostics=(*remarks, *_fit_remarks(found, components, model, options)),
        options=options._asdict(),
        labels=labels,
        model=model,
    )


def three_level(
    yi: ArrayLike,
    vi: Any,  # noqa: ANN401 - as V of multilevel
    study: Sequence[object],
    **options: Any,  # noqa: ANN401 - passed to multilevel, which checks them
) -> MultilevelResult:
    """Fit effects nested in studies: a variance between studies and one between effects within a study.

    Parameters
    ----------
    yi : array-like, shape (k,)
        Effects.
    vi : array-like
        Sampling variances, or a covariance as for `multilevel`.
    study : sequence, length k
        Study of each effect.
    **options
        Of `multilevel`, except ``random``.

    Returns
    -------
    MultilevelResult
        ``sigma2[0]`` is the variance between studies, ``sigma2[1]`` the one within.

    Raises
    ------
    DataError, TooFewStudiesError, UsageError, ConvergenceError
        As `multilevel`.

    Notes
    -----
    Level 1 is sampling error. Effects of one study are taken as independent given the study, unless `vi`
    holds their covariances.

    References
    ----------
    [Cheung2014]; [VandenNoortgate2013].

    Examples
    --------
    >>> fit = three_level([0.2, 0.3, 0.6, 0.5, -0.1, 0.1, 0.4], [0.02] * 7, [1, 1, 2, 2, 3, 3, 4])
    >>> [one.name for one in fit.components]
    ['sigma2[study]', 'sigma2[study/effect]']
    """
    k = int(column("yi", yi).size)
    given = options.pop("data", None)
    own = {"study": listed("study", study, "one per effect"), "effect": list(range(k))}
    data: Any = own if given is None else _Both(own, given)
    return multilevel(yi, vi, random="~ 1 | study/effect", data=data, **options)


class _Both:
    """Columns of three_level before those of the user's data."""

    def __init__(self, own: Mapping[str, Any], given: Any) -> None:  # noqa: ANN401 - any frame
        self.own, self.given = own, given

    @property
    def columns(self) -> list[str]:
        """Names of all columns."""
        return [*self.own, *getattr(self.given, "columns", self.given)]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a column
        return self.own[name] if name in self.own else self.given[name]
