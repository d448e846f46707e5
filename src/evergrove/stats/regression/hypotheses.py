"""Linear hypotheses about coefficients, and comparisons of nested models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.regression.coefficient_tests import joint_test, wald
from evergrove.stats.regression.least_squares import redundant_columns
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.regression.coefficient_tests import CoefficientTest
    from evergrove.stats.regression.location_scale_result import LocationScaleResult
    from evergrove.stats.regression.regression_result import MetaRegressionResult


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LinearHypothesis(Result):
    """Linear combinations of coefficients with their tests.

    Parameters
    ----------
    names : tuple of str
        The combinations in words, for example ``"alloc[T.random] - alloc[T.systematic] = 0"``.
    estimate, se, ci_low, ci_high, statistic, p_value : ndarray, shape (m,)
        Of each combination; the tests are against `rhs`, the limits are of the combination itself.
    rhs : ndarray, shape (m,)
        Hypothesised values.
    df : float or None
        Of t; None for normal.
    joint : CoefficientTest or None
        All of them at once; None where the combinations depend on each other.
    matrix : ndarray, shape (m, p)
        Weights of the coefficients.
    level : float
        Of the limits.
    """

    names: tuple[str, ...]
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    rhs: FloatArray
    df: float | None
    joint: CoefficientTest | None
    matrix: FloatArray
    level: float

    def columns(self) -> dict[str, Any]:
        """Return one row per combination."""
        names = ("estimate", "se", "statistic", "p_value", "ci_low", "ci_high")
        return {"hypothesis": np.array(self.names)} | {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        if len(self.names) == 1:
            test = f"{float(self.estimate[0]):.4f}, p={float(self.p_value[0]):.3g}"
            return f"<LinearHypothesis {self.names[0]}: {test}>"
        p = "none" if self.joint is None else f"{self.joint.p_value:.3g}"
        return f"<LinearHypothesis of {len(self.names)} combinations, joint p={p}>"

    def summary(self) -> str:
        """Return one line per combination, and the joint test."""
        lines = [
            f"{name}: {self.estimate[row]:.4f} (se {self.se[row]:.4f}), {self.ci_low[row]:.4f} to "
            f"{self.ci_high[row]:.4f}, p = {self.p_value[row]:.4g}"
            for row, name in enumerate(self.names)
        ]
        return "\n".join([*lines, f"joint: {self.joint.summary()}"] if self.joint else lines)


def linear_hypothesis(
    fit: MetaRegressionResult,
    weights: ArrayLike | Mapping[str, float] | Sequence[Mapping[str, float]],
    rhs: ArrayLike = 0.0,
) -> LinearHypothesis:
    """Test linear combinations of the coefficients of a meta-regression.

    Parameters
    ----------
    fit : MetaRegressionResult
        Of `meta_regression`.
    weights : mapping, sequence of mappings, or array-like of shape (m, p) or (p,)
        Weight of each coefficient by name (others 0), or in the order of `MetaRegressionResult.names`.
    rhs : array-like, shape (m,) or scalar
        Values under the hypothesis.

    Returns
    -------
    LinearHypothesis
        Wald tests with the covariance and the distribution of the fit: z and chi-square, or t and F.

    Raises
    ------
    UsageError
        For a coefficient that is not there.
    DataError
        For a matrix of the wrong shape.

    See Also
    --------
    compare_models : likelihood-ratio tests.

    Examples
    --------
    >>> from evergrove.stats import meta_regression
    >>> fit = meta_regression([0.1, 0.3, 0.8, 0.9, 0.4, 0.5], [0.04] * 6, {"arm": list("aabbcc")},
    ...                       ci="normal")
    >>> linear_hypothesis(fit, {"arm[T.b]": 1, "arm[T.c]": -1})
    <LinearHypothesis arm[T.b] - arm[T.c] = 0: 0.4000, p=0.0455>
    """
    matrix = _weights(fit, weights)
    target = np.broadcast_to(np.asarray(rhs, dtype=np.float64), (matrix.shape[0],))
    estimate = matrix @ fit.estimate
    covariance = matrix @ fit.covariance @ matrix.T
    single = wald(estimate - target, covariance, fit.df, fit.level)
    names = tuple(_in_words(row, fit.names, float(value)) for row, value in zip(matrix, target, strict=True))
    dependent = bool(redundant_columns(matrix.T.copy()))
    return LinearHypothesis(
        names,
        estimate,
        single.se,
        single.ci_low + target,
        single.ci_high + target,
        single.statistic,
        single.p_value,
        target.copy(),
        fit.df,
        None if dependent else joint_test(estimate - target, covariance, fit.df, names),
        matrix,
        fit.level,
    )


def _weights(fit: MetaRegressionResult, weights: object) -> FloatArray:
    """Return the weights of the coefficients as a matrix."""
    rows = [weights] if isinstance(weights, Mapping) else weights
    if isinstance(rows, Sequence) and rows and all(isinstance(row, Mapping) for row in rows):
        matrix = np.zeros((len(rows), fit.p))
        for place, row in enumerate(rows):
            for name, weight in row.items():
                matrix[place, fit.position(name)] = float(weight)
    else:
        matrix = np.atleast_2d(np.array(weights, dtype=np.float64))
    if matrix.ndim != 2 or matrix.shape[1] != fit.p or not bool((matrix != 0).any(axis=1).all()):
        raise DataError(
            f"weights: found shape {matrix.shape}, or a row of zeros; allowed: {fit.p} weights per row, in "
            f"the order {', '.join(fit.names)}; or name them in a mapping"
        )
    return matrix


def _in_words(row: FloatArray, names: Sequence[str], value: float) -> str:
    """Return a combination as text."""
    text = ""
    for weight, name in zip(row.tolist(), names, strict=True):
        if weight == 0:
            continue
        sign = "-" if weight < 0 else "+"
        factor = "" if abs(weight) == 1 else f"{abs(weight):g} "
        text += f" {sign} {factor}{name}" if text else f"{'-' if weight < 0 else ''}{factor}{name}"
    return f"{text} = {value:g}"


@dataclass(frozen=True, slots=True)
class ModelComparison(Result):
    """A likelihood-ratio test of nested models.

    Parameters
    ----------
    statistic, df, p_value : float, int, float
        Twice the difference in log-likelihood, difference in parameters, upper tail of chi-square.
    log_likelihood_full, log_likelihood_reduced : float
    parameters_full, parameters_reduced : int
    aic_full, aic_reduced, bic_full, bic_reduced, aicc_full, aicc_reduced : float
    r2 : float or None
        Share of the reduced model's tau² that the full one accounts for, in percent, not below 0; None for
        location-scale models.
    likelihood : str
        ``"ML"`` or ``"REML"``.
    diagnostics : tuple of Diagnostic
    """

    statistic: float
    df: int
    p_value: float
    log_likelihood_full: float
    log_likelihood_reduced: float
    parameters_full: int
    parameters_reduced: int
    aic_full: float
    aic_reduced: float
    bic_full: float
    bic_reduced: float
    aicc_full: float
    aicc_reduced: float
    r2: float | None
    likelihood: str
    diagnostics: tuple[Diagnostic, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<ModelComparison LR({self.df}) = {self.statistic:.4f}, p={self.p_value:.3g}, {self.likelihood}>"
        )

    def summary(self) -> str:
        """Return the test and the criteria of both models."""
        return "\n".join(
            [
                (
                    f"likelihood ratio ({self.likelihood}): chi²({self.df}) = {self.statistic:.4f}, p = "
                    f"{self.p_value:.4g}"
                ),
                (
                    f"AIC {self.aic_full:.2f} against {self.aic_reduced:.2f}, "
                    f"BIC {self.bic_full:.2f} against {self.bic_reduced:.2f}, "
                    f"AICc {self.aicc_full:.2f} against {self.aicc_reduced:.2f}"
                ),
                *(f"note: {remark}" for remark in self.diagnostics),
            ]
        )


def compare_models(
    full: MetaRegressionResult | LocationScaleResult, reduced: MetaRegressionResult | LocationScaleResult
) -> ModelComparison:
    """Compare two nested models of the same studies by their likelihood ratio.

    Parameters
    ----------
    full, reduced : MetaRegressionResult or LocationScaleResult
        Fitted by ``tau2="ML"`` (or the common model), or both by REML with the same location moderators.

    Returns
    -------
    ModelComparison

    Raises
    ------
    UsageError
        For models of different data or likelihoods, REML with different moderators, or a full model that
        does not hold the reduced one.

    Notes
    -----
    Testing tau² = 0 this way, the statistic is not chi-square (the hypothesis lies on the boundary): the p
    value is too large, and a diagnostic says so.

    References
    ----------
    Huizenga, Visser & Dolan, Br J Math Stat Psychol 64 (2011) 1-19; Self & Liang 1987.

    Examples
    --------
    >>> from evergrove.stats import meta_regression
    >>> yi, vi = [0.1, 0.3, 0.5, 0.8, 0.7], [0.04, 0.02, 0.03, 0.05, 0.02]
    >>> models = [meta_regression(yi, vi, mods, tau2="ML") for mods in ([1, 2, 3, 4, 5], None)]
    >>> compare_models(*models)
    <ModelComparison LR(1) = 7.4614, p=0.0063, ML>
    """
    _comparable(full, reduced)
    df = full.parameters - reduced.parameters
    statistic = max(0.0, 2.0 * (full.log_likelihood - reduced.log_likelihood))
    share = None
    if not np.ndim(full.tau2) and not np.ndim(reduced.tau2):
        before, after = float(reduced.tau2), float(full.tau2)
        share = 100.0 * max(0.0, (before - after) / before) if before > 0 else 0.0
    remarks = []
    if full.model != reduced.model:
        message = "tau² = 0 lies on the boundary: the p value from chi-square is too large"
        remarks.append(Diagnostic("hypothesis-on-the-boundary", message))
        share = None
    return ModelComparison(
        statistic,
        df,
        chi2_tail(statistic, df),
        full.log_likelihood,
        reduced.log_likelihood,
        full.parameters,
        reduced.parameters,
        full.aic,
        reduced.aic,
        full.bic,
        reduced.bic,
        full.aicc,
        reduced.aicc,
        share,
        full.likelihood,
        tuple(remarks),
    )


def _comparable(
    full: MetaRegressionResult | LocationScaleResult, reduced: MetaRegressionResult | LocationScaleResult
) -> None:
    """Refuse models whose likelihoods cannot be compared."""
    if not (np.array_equal(full.yi, reduced.yi) and np.array_equal(full.vi, reduced.vi)):
        raise UsageError(
            f"compare_models: found models of {full.k} and {reduced.k} studies with different data; "
            "allowed: the same effects and variances in the same order; fit both to the studies with all "
            "moderators"
        )
    for fit in (full, reduced):
        if fit.given_weights is not None:
            raise UsageError("compare_models: found weights of one's own; allowed: maximum likelihood fits")
    if full.parameters <= reduced.parameters:
        raise UsageError(
            f"compare_models: found {full.parameters} parameters against {reduced.parameters}; allowed: a "
            "full "
            "model with more than the reduced one; pass the larger one first"
        )
    if full.likelihood != reduced.likelihood:
        raise UsageError(
            f"compare_models: found likelihoods {full.likelihood} and {reduced.likelihood}; allowed: one; "
            "fit both with tau2='ML'"
        )
    big, small = full.design.matrix, reduced.design.matrix
    if full.likelihood == "REML" and (big.shape != small.shape or not spans(big, small)):
        raise UsageError(
            "compare_models: found REML fits with different moderators, whose likelihoods cannot be "
            "compared; allowed: ML; fit both with tau2='ML'"
        )
    if not spans(big, small):
        raise UsageError(
            "compare_models: found a reduced model with moderators that the full one does not hold; allowed: "
            "nested models; compare their AICc instead"
        )
    if full.model == "random" and full.options["tau2"] not in {"ML", "REML"}:
        raise UsageError(
            f"compare_models: found tau² by {full.options['tau2']}; allowed: 'ML' or 'REML', which maximise "
            "the likelihood; fit again"
        )


def spans(big: FloatArray, small: FloatArray) -> bool:
    """Return whether the columns of one design are combinations of those of another."""
    both = np.hstack([big, small])
    rank, of_big = both.shape[1] - len(redundant_columns(both)), big.shape[1] - len(redundant_columns(big))
    return bool(rank == of_big)
