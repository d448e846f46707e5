"""Linear hypotheses about coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import FAR, real_array
from evergrove.stats.dependence.multilevel_result import MultilevelResult
from evergrove.stats.dependence.robust_tests import RobustResult
from evergrove.stats.regression.coefficient_tests import (
    CoefficientTest,
    coefficient_position,
    fewest_df,
    joint_test,
    wald,
)
from evergrove.stats.regression.least_squares import redundant_columns
from evergrove.stats.regression.location_scale_result import LocationScaleResult
from evergrove.stats.regression.regression_result import MetaRegressionResult
from evergrove.stats.result import Result, wanted_result
from evergrove.stats.scalars import finite, shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray

    Fitted: TypeAlias = MetaRegressionResult | LocationScaleResult | MultilevelResult | RobustResult


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
    df : ndarray, shape (m,), or None
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
    df: FloatArray | None
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
    fit: Fitted,
    weights: ArrayLike | Mapping[str, float] | Sequence[Mapping[str, float]],
    rhs: ArrayLike = 0.0,
) -> LinearHypothesis:
    """Test linear combinations of the coefficients of a meta-regression or a multilevel model.

    Parameters
    ----------
    fit : MetaRegressionResult, LocationScaleResult, MultilevelResult or RobustResult
        Of `meta_regression`, `location_scale` (its coefficients of location), `multilevel`, `robust` or
        `robust_variance`.
    weights : mapping, sequence of mappings, or array-like of shape (m, p) or (p,)
        Weight of each coefficient by name (others 0), or in the order of the fit's ``names``.
    rhs : array-like, shape (m,) or scalar
        Values under the hypothesis.

    Returns
    -------
    LinearHypothesis
        Wald tests with the covariance and the distribution of the fit: z and chi-square, or t and F.

    Raises
    ------
    UsageError
        For a coefficient that is not there, or a robust result without its matrices.
    DataError
        For a matrix of the wrong shape.

    See Also
    --------
    compare_models : likelihood-ratio tests.

    Notes
    -----
    L b - rhs with covariance L V L'; jointly (L b - rhs)' (L V L')⁻¹ (L b - rhs). For contrasts named before
    the data were seen; `adjust_p_values` for several.
    Where coefficients of a multilevel model have degrees of freedom of their own (``dfs="contain"``), a
    combination has the smallest of those it weighs, and the joint test the smallest of all (metafor's
    ``anova``). A robust fit tests each combination with its own Satterthwaite degrees of freedom and all
    together by HTZ, or by the degrees of freedom it was given.

    References
    ----------
    [Pustejovsky2018] for robust fits.

    Examples
    --------
    >>> from evergrove.stats import meta_regression
    >>> fit = meta_regression([0.1, 0.3, 0.8, 0.9, 0.4, 0.5], [0.04] * 6, {"arm": list("aabbcc")},
    ...                       ci="normal")
    >>> linear_hypothesis(fit, {"arm[T.b]": 1, "arm[T.c]": -1})
    <LinearHypothesis arm[T.b] - arm[T.c] = 0: 0.4000, p=0.0455>
    """
    wanted_result("fit", fit, MetaRegressionResult, LocationScaleResult, MultilevelResult, RobustResult)
    matrix = _weights(fit.names, weights)
    target = _target(rhs, matrix.shape[0])
    estimate = matrix @ fit.estimate
    covariance = matrix @ fit.covariance @ matrix.T
    df = _degrees_of_freedom(fit, matrix)
    single = wald(estimate - target, covariance, df, fit.level)
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
        df,
        None if dependent else _together(fit, matrix, estimate - target, names),
        matrix,
        fit.level,
    )


def _degrees_of_freedom(fit: Fitted, matrix: FloatArray) -> FloatArray | None:
    """Return the degrees of freedom of each combination."""
    if isinstance(fit, RobustResult):
        return fit.df_of(matrix)
    return None if fit.df is None else fewest_df(fit.df, matrix)


def _together(fit: Fitted, matrix: FloatArray, value: FloatArray, names: tuple[str, ...]) -> CoefficientTest:
    """Return the joint test that the combinations, less their hypothesis, are 0."""
    if isinstance(fit, RobustResult):
        f, df2, p_value = fit.joint_test_of(matrix, value)
        statistic = f * value.size if fit.df is None else f  # chi-square for normal tests
        return CoefficientTest(statistic, value.size, df2, p_value, names)
    df = _degrees_of_freedom(fit, matrix)
    fewest = None if df is None else float(df.min())
    return joint_test(value, matrix @ fit.covariance @ matrix.T, fewest, names)


def _weights(names: Sequence[str], weights: object) -> FloatArray:
    """Return the weights of the coefficients as a matrix."""
    p = len(names)
    rows = [weights] if isinstance(weights, Mapping) else weights
    if isinstance(rows, Sequence) and rows and all(isinstance(row, Mapping) for row in rows):
        matrix = np.zeros((len(rows), p))
        for place, row in enumerate(rows):
            for name, weight in row.items():
                matrix[place, coefficient_position(names, name)] = finite(f"weight of {name}", weight)
    else:
        matrix = np.atleast_2d(real_array("weights", weights))  # type: ignore[arg-type]
    well = matrix.ndim == 2 and matrix.shape[1] == p and bool((np.abs(matrix) <= FAR).all())
    if not (well and bool((matrix != 0).any(axis=1).all())):
        raise DataError(
            f"weights: found shape {matrix.shape}, a row of zeros or a missing value; allowed: "
            f"{p} finite weights per row, in the order {', '.join(names)}; or name them in a mapping"
        )
    return matrix


def _target(rhs: ArrayLike, count: int) -> FloatArray:
    """Return the hypothesised value of each row of weights."""
    values = real_array("rhs", rhs)
    if values.shape not in {(), (1,), (count,)} or not bool((np.abs(values) <= FAR).all()):
        raise DataError(
            f"rhs: found {shown(rhs)}; allowed: one finite value, or one per row of weights, here {count}; "
            "give the values of the hypothesis"
        )
    return np.broadcast_to(values, (count,))


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
