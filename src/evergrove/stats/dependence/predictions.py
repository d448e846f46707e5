"""Predicted means with confidence and prediction intervals, and predicted random effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import FloatArray, checked_level, real_array
from evergrove.stats.dependence.heterogeneity import fitted_matrices
from evergrove.stats.dependence.multilevel_result import MultilevelResult
from evergrove.stats.dependence.options import ResidualDf
from evergrove.stats.dependence.robust_tests import RobustResult
from evergrove.stats.dependence.working_fit import fitted_blocks
from evergrove.stats.distributions import two_sided_quantile, two_sided_quantiles
from evergrove.stats.regression.coefficient_tests import fewest_df
from evergrove.stats.result import Result, wanted_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.dependence.random_terms import RandomTerm


@dataclass(frozen=True, slots=True, eq=False)
class Predictions(Result):
    """Predicted means, one row each.

    Parameters
    ----------
    estimate, se, ci_low, ci_high : ndarray, shape (m,)
        Predicted mean effect.
    prediction_low, prediction_high : ndarray, shape (m,)
        Interval for the true effect of a new study (of the inner level named, where variances differ).
    df : ndarray, shape (m,), or None
        Degrees of freedom of both; None is normal.
    level : float
        Of the intervals.
    """

    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    prediction_low: FloatArray
    prediction_high: FloatArray
    df: FloatArray | None
    level: float

    def columns(self) -> dict[str, Any]:
        """Return one row per prediction."""
        names = ("estimate", "se", "ci_low", "ci_high", "prediction_low", "prediction_high")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True, eq=False)
class RandomEffects(Result):
    """Predicted random effects (best linear unbiased predictions) of one term.

    Parameters
    ----------
    term : str
        The random term.
    level_names : tuple of str
        Levels; ``inner | outer`` for a term with inner levels.
    estimate, se, ci_low, ci_high : ndarray
        Prediction, its standard error and interval.
    level : float
        Of the intervals.
    """

    term: str
    level_names: tuple[str, ...]
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    level: float

    def columns(self) -> dict[str, Any]:
        """Return one row per level."""
        return {
            "level": np.array(self.level_names),
            "estimate": self.estimate,
            "se": self.se,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
        }


def _new_rows(fit: MultilevelResult, mods: ArrayLike | Mapping[str, Any] | None) -> FloatArray:
    """Return the design rows of the predictions."""
    if isinstance(mods, Mapping):
        if fit.model.design.recipe is None:
            raise UsageError(
                "mods: found columns by name; allowed: a formula in the fit; pass an array with one column "
                "per moderator"
            )
        return fit.model.design.recipe.rows(mods)
    p, constant = fit.p, fit.model.design.has_intercept
    if mods is None:
        if p == 1 and constant:
            return np.ones((1, 1))
        if not constant:
            return np.eye(p)
        raise UsageError("mods: found None; allowed: values of the moderators; the model has some")
    rows = np.atleast_2d(real_array("mods", mods))
    if rows.ndim == 2 and rows.shape[0] == 1 and rows.shape[1] != p - constant and p - constant == 1:
        rows = rows.T
    if rows.ndim == 2 and constant and rows.shape[1] == p - 1:
        rows = np.column_stack([np.ones(rows.shape[0]), rows])
    if rows.shape[1] != p or rows.ndim != 2 or not np.isfinite(rows).all():
        raise DataError(
            f"mods: found shape {np.shape(mods)}; allowed: finite values, one column per moderator, here "
            f"{p - constant} ({', '.join(fit.names[int(constant) :])})"
        )
    return rows


def _heterogeneity(fit: MultilevelResult, count: int, levels: Sequence[str] | None) -> FloatArray:
    """Return the variance of true effects about their mean, for each prediction."""
    total = np.zeros(count)
    for term, matrix in zip(fit.model.problem.terms, fitted_matrices(fit), strict=True):
        diagonal = np.diag(matrix)
        if term.slopes is not None:
            raise UsageError(
                "predict_multilevel: random slopes have no one variance; allowed: other structures"
            )
        if np.ptp(diagonal) == 0.0:
            total += diagonal[0]
            continue
        if levels is None and count == term.size and not fit.model.design.has_intercept:
            total += diagonal
            continue
        chosen = [] if levels is None else list(levels)
        if len(chosen) != count or any(one not in term.inner_levels for one in chosen):
            raise UsageError(
                f"inner_levels: found {levels!r}; allowed: one of {', '.join(term.inner_levels)} "
                "for each of the "
                f"{count} predictions: their variances differ"
            )
        total += np.array([diagonal[term.inner_levels.index(one)] for one in chosen])
    return total


def _precision(
    fit: MultilevelResult, robust: RobustResult | None, rows: FloatArray
) -> tuple[FloatArray, FloatArray | None]:
    """Return the covariance of the coefficients and the degrees of freedom of each prediction."""
    if robust is not None:
        robust = wanted_result("robust", robust, RobustResult)
        return robust.precision_of(rows, fit.names, fit.estimate)
    if fit.df is None:
        return fit.covariance, None
    df = fewest_df(fit.df, rows)
    return fit.covariance, np.where(np.isfinite(df), df, fit.k - fit.p)


def predict_multilevel(
    fit: MultilevelResult,
    mods: ArrayLike | Mapping[str, Any] | None = None,
    *,
    inner_levels: Sequence[str] | None = None,
    robust: RobustResult | None = None,
    level: float | None = None,
) -> Predictions:
    """Predict mean effects, with confidence intervals and prediction intervals for new studies.

    Parameters
    ----------
    fit : MultilevelResult
        A fit.
    mods : array-like of shape (m,) or (m, number of moderators), mapping or None
        Values of the moderators (the constant is added); for a fit with a formula also the values of its
        variables by name. None: the pooled mean, or each of the means of a
        model without intercept.
    inner_levels : sequence of str or None
        Inner level of each prediction, where their variances differ (UN, HCS, DIAG, HAR).
    robust : RobustResult or None
        Of `robust` with the same fit: standard errors and degrees of freedom of the predictions are its,
        Satterthwaite's for each prediction if the tests were so.
    level : float or None
        Of the intervals; None is that of the fit.

    Returns
    -------
    Predictions

    Raises
    ------
    UsageError, DataError
        For moderators or levels that do not fit the model, or a robust result of another fit.

    Notes
    -----
    The prediction interval is mean ± quantile × √(se² + Σ variances), all random terms counted, with the
    quantile of the fit's test (metafor's ``predict``), or of the robust one.

    References
    ----------
    [Higgins2009].

    Examples
    --------
    >>> from evergrove.stats import three_level
    >>> fit = three_level([0.2, 0.3, 0.6, 0.5, -0.1, 0.1, 0.4], [0.02] * 7, [1, 1, 2, 2, 3, 3, 4])
    >>> found = predict_multilevel(fit)
    >>> bool(found.prediction_low[0] < found.ci_low[0])
    True
    """
    fit = wanted_result("fit", fit, MultilevelResult)
    level = fit.level if level is None else checked_level(level)
    rows = _new_rows(fit, mods)
    mean = rows @ fit.estimate
    covariance, df = _precision(fit, robust, rows)
    variance = np.einsum("ij,jk,ik->i", rows, covariance, rows)
    quantile = two_sided_quantiles(level, df, rows.shape[0])
    spread = _heterogeneity(fit, rows.shape[0], inner_levels)
    se = np.sqrt(variance)
    half, wide = quantile * se, quantile * np.sqrt(variance + spread)
    return Predictions(mean, se, mean - half, mean + half, mean - wide, mean + wide, df, level)


def _loadings(term: RandomTerm, matrix: FloatArray) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Return Z (k, effects), the covariance of the effects, and their names."""
    k = term.codes.size
    if term.structure is None:
        z = np.zeros((k, len(term.levels)))
        z[np.arange(k), term.codes] = 1.0
        own = np.eye(len(term.levels)) if term.correlation is None else term.correlation
        return z, float(matrix[0, 0]) * own, term.levels
    if term.slopes is not None:
        q = term.size
        z = np.zeros((k, len(term.levels) * q))
        for place in range(q):
            z[np.arange(k), term.codes * q + place] = term.slopes[:, place]
        names = tuple(f"{inner} | {outer}" for outer in term.levels for inner in term.inner_levels)
        return z, np.asarray(np.kron(np.eye(len(term.levels)), matrix), dtype=np.float64), names
    joint = term.codes * term.size + term.inner
    found, first, place = np.unique(joint, return_index=True, return_inverse=True)
    z = np.zeros((k, found.size))
    z[np.arange(k), place.reshape(-1)] = 1.0
    outer, inner = found // term.size, found % term.size
    own = matrix[np.ix_(inner, inner)] * (outer[:, None] == outer[None, :])
    written = np.array(term.inner_levels)[inner] if term.written is None else term.written[first]
    names = tuple(f"{b} | {term.levels[a]}" for a, b in zip(outer, written, strict=True))
    return z, own, names


def _whole(blocks: Sequence[tuple[NDArray[np.intp], FloatArray]], right: FloatArray) -> FloatArray:
    """Return M⁻¹ times a matrix, by blocks."""
    found = np.empty_like(right)
    for rows, block in blocks:
        found[rows] = np.linalg.solve(block, right[rows])
    return found


def random_effects(fit: MultilevelResult, *, level: float | None = None) -> tuple[RandomEffects, ...]:
    """Predict the random effects: how far each study, outcome or level lies from the mean.

    Parameters
    ----------
    fit : MultilevelResult
        A fit.
    level : float or None
        Of the intervals; None is that of the fit.

    Returns
    -------
    tuple of RandomEffects
        One per random term.

    Raises
    ------
    UsageError
        For a level outside (0, 1), or a fit with weights of the caller.

    Notes
    -----
    û = G Z'M⁻¹(y - Xβ); the standard error is that of û - u with β estimated (metafor's ``ranef``). They
    are shrunken towards 0 and take the components as known. With ``test="t"`` the intervals have k - p
    degrees of freedom, or levels - p with ``dfs="contain"``.

    References
    ----------
    [Raudenbush1985]; [Robinson1991].

    Examples
    --------
    >>> from evergrove.stats import three_level
    >>> fit = three_level([0.2, 0.3, 0.6, 0.5, -0.1, 0.1, 0.4], [0.02] * 7, [1, 1, 2, 2, 3, 3, 4])
    >>> [len(one.estimate) for one in random_effects(fit)]
    [4, 7]
    """
    fit = wanted_result("fit", fit, MultilevelResult)
    if fit.model.weights is not None:
        raise UsageError(
            "random_effects: found a fit with weights of the caller; allowed: weights from the model, at "
            "whose coefficients alone these are best predictions; leave W out"
        )
    level = fit.level if level is None else checked_level(level)
    blocks, x = fitted_blocks(fit), fit.model.design.matrix
    residual = fit.yi - x @ fit.estimate
    wx = _whole(blocks, x)
    found = []
    for term, matrix in zip(fit.model.problem.terms, fitted_matrices(fit), strict=True):
        z, own, names = _loadings(term, matrix)
        wz = _whole(blocks, z)
        estimate = own @ (wz.T @ residual)
        inner = z.T @ wz - wz.T @ x @ fit.covariance @ (wx.T @ z)
        spread = np.diag(own - own @ inner @ own)
        se = np.sqrt(np.maximum(spread, 0.0))
        df = None
        if fit.df is not None:
            levels = len(term.levels) if fit.dfs == ResidualDf.CONTAIN else fit.k
            df = float(max(1, levels - fit.p))
        half = two_sided_quantile(level, df) * se
        found.append(RandomEffects(term.label, names, estimate, se, estimate - half, estimate + half, level))
    return tuple(found)


def variance_explained(full: MultilevelResult, reduced: MultilevelResult) -> float:
    """Return the share of heterogeneity that moderators explain (R²), in percent.

    Parameters
    ----------
    full, reduced : MultilevelResult
        Fits with and without the moderators, to the same effects and random terms.

    Returns
    -------
    float
        100 (1 - Σ variances full / Σ variances reduced), not below 0 (López-López et al. 2014); NaN where
        the reduced model has no heterogeneity.

    Raises
    ------
    UsageError
        For fits to different effects or with different components.

    Notes
    -----
    Very uncertain with few studies; compare fits by the same method.

    References
    ----------
    [Raudenbush2009]; [Lopez-Lopez2014].

    Examples
    --------
    >>> from evergrove.stats import three_level
    >>> y, study = [0.2, 0.3, 0.6, 0.5, -0.1, 0.1, 0.4], [1, 1, 2, 2, 3, 3, 4]
    >>> full = three_level(y, [0.02] * 7, study, mods=[1.0, 1.2, 2.0, 2.1, 0.5, 0.4, 1.5])
    >>> round(variance_explained(full, three_level(y, [0.02] * 7, study)), 1)
    100.0
    """
    full = wanted_result("full", full, MultilevelResult)
    reduced = wanted_result("reduced", reduced, MultilevelResult)
    same = [one.name for one in full.components] == [one.name for one in reduced.components]
    if full.k != reduced.k or not np.array_equal(full.yi, reduced.yi) or not same:
        raise UsageError(
            "variance_explained: the fits differ in effects or random terms; allowed: fits to the "
            "same effects "
            "that differ in moderators only"
        )
    kinds = {"sigma2", "tau2", "gamma2"}
    of_full = sum(one.value for one in full.components if one.kind in kinds)
    of_reduced = sum(one.value for one in reduced.components if one.kind in kinds)
    return max(0.0, 100.0 * (1.0 - of_full / of_reduced)) if of_reduced > 0 else float("nan")
