"""Expected effects for given moderators, with confidence and prediction intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import checked_level, real_array
from evergrove.stats.dependence.robust_tests import RobustResult
from evergrove.stats.distributions import two_sided_quantiles
from evergrove.stats.options import PredictionMethod, choose
from evergrove.stats.regression.design import Design
from evergrove.stats.result import Result, wanted_result
from evergrove.stats.scales import back_transform

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.regression.regression_result import MetaRegressionResult


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Prediction(Result):
    """Expected effects at m rows of moderators.

    Parameters
    ----------
    estimate, se, ci_low, ci_high : ndarray, shape (m,)
        Average effect of studies with these moderators, and its confidence interval.
    prediction_low, prediction_high : ndarray, shape (m,)
        Interval for the effect of one new study with these moderators; NaN under the common model.
    df : float, ndarray of shape (m,) or None
        Of the confidence interval; None for normal.
    prediction_df : float, ndarray of shape (m,) or None
        Of the prediction interval; None for normal.
    tau2 : ndarray, shape (m,)
        Between-study variance at each row.
    matrix : ndarray, shape (m, p)
        Rows of the design.
    level : float
        Of the intervals.
    measure : str or None
        What the effects are, for `natural`.
    """

    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    prediction_low: FloatArray
    prediction_high: FloatArray
    df: float | FloatArray | None
    prediction_df: float | FloatArray | None
    tau2: FloatArray
    matrix: FloatArray
    level: float
    measure: str | None = None

    INTERVALS = ("estimate", "ci_low", "ci_high", "prediction_low", "prediction_high")

    def columns(self) -> dict[str, Any]:
        """Return one row per set of moderators."""
        return {name: getattr(self, name) for name in ("se", "tau2")} | {
            name: getattr(self, name) for name in self.INTERVALS
        }

    def natural(self) -> dict[str, FloatArray]:
        """Return estimates and limits on the measure's natural scale."""
        return {
            name: np.asarray(back_transform(getattr(self, name), self.measure), dtype=np.float64)
            for name in self.INTERVALS
        }

    def __repr__(self) -> str:
        if self.estimate.size == 1:
            low, high = float(self.ci_low[0]), float(self.ci_high[0])
            return f"<Prediction {float(self.estimate[0]):.4f} [{low:.4f}, {high:.4f}]>"
        return f"<Prediction of {self.estimate.size} rows>"

    def summary(self) -> str:
        """Return one line per row."""
        return "\n".join(
            f"{self.estimate[row]:.4f} (se {self.se[row]:.4f}), interval {self.ci_low[row]:.4f} to "
            f"{self.ci_high[row]:.4f}, prediction {self.prediction_low[row]:.4f} to "
            f"{self.prediction_high[row]:.4f}"
            for row in range(self.estimate.size)
        )


def design_rows(design: Design, rows: object, argument: str = "rows") -> FloatArray:
    """Return rows of a design for new values of the moderators.

    Parameters
    ----------
    design : Design
        Of the fit.
    rows : None, mapping, data frame or array-like
        None: the rows of the fit. A mapping or frame: a value of each moderator per row (single values are
        repeated). An array: one column per coefficient, the intercept left out.
    argument : str
        For messages.

    Returns
    -------
    ndarray, shape (m, p)
    """
    p = design.matrix.shape[1]
    if rows is None:
        return design.matrix[:1] if design.only_intercept else design.matrix
    if isinstance(rows, Mapping) or hasattr(rows, "columns"):
        if design.recipe is None:
            raise UsageError(
                f"{argument}: found columns, but the moderators were given as an array; allowed: an array"
            )
        return _finite(design.recipe.rows(_repeated(_columns(rows)))[:, list(design.kept)], argument)
    array = real_array(argument, rows)  # type: ignore[arg-type] # a design says what it takes
    wanted = p - (design.intercept is not None)
    if array.ndim < 2:
        array = array.reshape(-1, 1) if wanted == 1 else array.reshape(1, -1)
    if array.shape[1] == wanted and wanted < p:
        array = np.insert(array, design.intercept or 0, 1.0, axis=1)
    if array.shape[1] != p:
        names = [name for position, name in enumerate(design.names) if position != design.intercept]
        raise DataError(
            f"{argument}: found {array.shape[1]} columns; allowed: {wanted}, one per moderator column "
            f"({', '.join(names)}); the intercept is added"
        )
    return _finite(array, argument)


def _finite(matrix: FloatArray, argument: str) -> FloatArray:
    """Return a matrix of finite numbers, or refuse it."""
    if not bool(np.isfinite(matrix).all()):
        row = int(np.flatnonzero(~np.isfinite(matrix).all(axis=1))[0])
        raise DataError(f"{argument}: row {row} lacks a moderator; allowed: finite values; give all of them")
    return matrix


def _columns(rows: Any) -> dict[str, Any]:  # noqa: ANN401 - a mapping or any frame
    """Return a mapping or frame as columns."""
    if isinstance(rows, Mapping):
        return {str(name): rows[name] for name in rows}
    return {str(name): rows[name].to_numpy() for name in rows.columns}


def _repeated(columns: dict[str, Any]) -> dict[str, Any]:
    """Return columns of one length: single values are repeated."""
    sized = {name: np.atleast_1d(np.asarray(values)) for name, values in columns.items()}
    longest = max((values.shape[0] for values in sized.values()), default=1)
    return {
        name: np.repeat(values, longest, axis=0) if values.shape[0] == 1 else values
        for name, values in sized.items()
    }


def prediction_df(
    method: PredictionMethod, k: int, p: int, test_df: float | FloatArray | None
) -> float | FloatArray | None:
    """Return the degrees of freedom of a prediction interval: k - 1 of one mean becomes k - p."""
    if method is PredictionMethod.NORMAL:
        return None
    if method is PredictionMethod.TEST:
        return test_df
    if method is PredictionMethod.T_K_MINUS_1:
        return float(k - p)
    if method is PredictionMethod.T_K_MINUS_2:
        return float(k - p - 1)
    raise UsageError(
        f"prediction: found {str(method)!r}; allowed with moderators: 't(k-1)', 't(k-2)', 'normal', 'test'"
    )


def predict_effects(
    fit: MetaRegressionResult,
    rows: object = None,
    *,
    level: float | None = None,
    prediction: str | None = None,
    robust: RobustResult | None = None,
) -> Prediction:
    """Return the expected effect at given moderators, with confidence and prediction intervals.

    Parameters
    ----------
    fit : MetaRegressionResult
        A fitted meta-regression.
    rows : None, mapping, data frame or array-like
        None: the moderators of the studies. A mapping or frame: a value of each moderator per row (single
        values are repeated). An array: one column per coefficient, the intercept left out.
    level : float or None
        None is that of the fit.
    prediction : PredictionMethod, str or None
        ``"t(k-1)"`` (k - p with p coefficients), ``"t(k-2)"`` (k - p - 1), ``"normal"`` or ``"test"``
        (metafor's convention); None is that of the fit, or ``"test"`` with `robust`.
    robust : RobustResult or None
        Of `robust` with the same fit: covariance and degrees of freedom of the predictions are its,
        Satterthwaite's for each row if the tests were so.

    Returns
    -------
    Prediction

    Raises
    ------
    UsageError
        For an unknown option, columns that are not there, or a robust result of another fit.
    DataError
        For levels that the fit did not see, or a wrong number of columns.

    Notes
    -----
    Estimate x'b; se √(x'Cx) with the covariance C of the interval method; prediction interval
    x'b ± quantile × √(tau² + se²). With `robust`, C and the degrees of freedom are the robust ones (metafor's
    ``predict`` of ``robust``). Moderators outside those of the studies are extrapolation.

    References
    ----------
    [Riley2011].

    Examples
    --------
    >>> from evergrove.stats import meta_regression
    >>> fit = meta_regression([0.1, 0.3, 0.5, 0.8], [0.04, 0.02, 0.03, 0.05], {"dose": [1, 2, 3, 4]},
    ...                       tau2=0.0)
    >>> fit.predict({"dose": [2.5]})
    <Prediction 0.4189 [0.3418, 0.4960]>
    """
    if not isinstance(getattr(fit, "design", None), Design):
        raise UsageError(
            f"fit: found {type(fit).__name__}; allowed: what meta_regression returns; of a multilevel model "
            "take predict_multilevel"
        )
    level = fit.level if level is None else checked_level(level)
    chosen = prediction or (fit.options["prediction"] if robust is None else PredictionMethod.TEST)
    method = choose(PredictionMethod, str(chosen), "prediction")
    matrix = design_rows(fit.design, rows)
    if not len(matrix):
        raise DataError("rows: found none; allowed: one row of moderators or more; give the values")
    covariance, test_df = fit.covariance, cast("float | FloatArray | None", fit.df)
    if robust is not None:
        robust = wanted_result("robust", robust, RobustResult)
        covariance, test_df = robust.precision_of(matrix, fit.names, fit.estimate)
    size = len(matrix)
    quantile = two_sided_quantiles(level, test_df, size)
    estimate = matrix @ fit.estimate
    se = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", matrix, covariance, matrix), 0.0))
    df = prediction_df(method, fit.k, fit.p, test_df)
    tau2 = np.full(size, fit.tau2)
    low = high = np.full(size, np.nan)
    if fit.model == "random" and (df is None or np.min(df) > 0):
        half = two_sided_quantiles(level, df, size) * np.sqrt(tau2 + se**2)
        low, high = estimate - half, estimate + half
    return Prediction(
        estimate,
        se,
        estimate - quantile * se,
        estimate + quantile * se,
        low,
        high,
        test_df,
        df,
        tau2,
        matrix,
        level,
        None if fit.options["measure"] is None else str(fit.options["measure"]),
    )
