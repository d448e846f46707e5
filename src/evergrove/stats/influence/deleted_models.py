"""The models that are fitted with and without a study, at the model's weights or at others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import ConvergenceError, DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import effects_and_variances, real_array
from evergrove.stats.options import IntervalMethod, PoolModel, Tau2Method, choose
from evergrove.stats.regression.least_squares import (
    Fit,
    any_weights_fit,
    centred_basis,
    redundant_columns,
    weighted_fit,
)
from evergrove.stats.tau2 import estimate_tau2

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray


class Model(NamedTuple):
    """A fitted model with the variance factor of its interval."""

    fit: Fit
    tau2: float
    factor: float
    qe: float

    @property
    def covariance(self) -> FloatArray:
        """Of the coefficients, under the interval method."""
        return self.factor * self.fit.inverse


class Specification(NamedTuple):
    """How every model of the deletion is fitted."""

    model: PoolModel
    tau2: Tau2Method | float
    ci: IntervalMethod


class Data(NamedTuple):
    """Studies, one row each; weights of the caller where there are any."""

    yi: FloatArray
    vi: FloatArray
    design: FloatArray
    weights: FloatArray | None = None

    def without(self, row: int) -> Data:
        """Return the other studies."""
        keep = np.arange(self.yi.size) != row
        weights = None if self.weights is None else self.weights[keep]
        return Data(self.yi[keep], self.vi[keep], self.design[keep], weights)

    def fit(self, tau2: float) -> tuple[Fit, float]:
        """Return the coefficients at a tau², and the residual sum of squares at the model's own weights."""
        basis, total = centred_basis(self.design), self.vi + tau2
        best = weighted_fit(basis, self.yi, total)
        if self.weights is None:
            return best, best.rss
        beta, covariance = any_weights_fit(basis, self.yi, self.weights, total)
        fitted = self.design @ beta
        own = weighted_fit(basis, self.yi, 1.0 / self.weights)
        found = best._replace(
            beta=beta,
            inverse=covariance,
            fitted=fitted,
            residual=self.yi - fitted,
            leverage=own.leverage,
            weights=self.weights,
        )
        return found, best.rss


def fit_model(data: Data, how: Specification) -> Model:
    """Fit the model to some of the studies."""
    yi, vi, design, _ = data
    redundant = redundant_columns(design)
    if redundant:
        raise DataError(f"coefficient {redundant[0]} cannot be estimated without this study")
    if how.model is PoolModel.COMMON:
        tau2 = 0.0
    elif isinstance(how.tau2, float):
        tau2 = how.tau2
    else:
        found = estimate_tau2(how.tau2, yi, vi, design)
        if not found.converged:
            raise ConvergenceError(found.reason)
        tau2 = found.value
    fit, rss = data.fit(tau2)
    df = yi.size - design.shape[1]
    factor = 1.0
    if how.ci in {IntervalMethod.HARTUNG_KNAPP, IntervalMethod.HARTUNG_KNAPP_TRUNCATED} and df > 0:
        factor = rss / df
        if how.ci is IntervalMethod.HARTUNG_KNAPP_TRUNCATED:
            factor = max(1.0, factor)
    qe = rss if tau2 == 0.0 else data.fit(0.0)[1]
    return Model(fit, tau2, factor, qe)


def specification(model: str, tau2: str | float, ci: str) -> Specification:
    """Return the options as resolved."""
    interval = choose(IntervalMethod, ci, "ci")
    known = {
        IntervalMethod.NORMAL,
        IntervalMethod.T,
        IntervalMethod.HARTUNG_KNAPP,
        IntervalMethod.HARTUNG_KNAPP_TRUNCATED,
    }
    if interval not in known:
        allowed = ", ".join(repr(str(member)) for member in IntervalMethod if member in known)
        raise UsageError(f"ci: found {ci!r} for influence; allowed: {allowed}; its factor must be one number")
    method = choose(Tau2Method, tau2, "tau2") if isinstance(tau2, str) else float(tau2)
    if isinstance(method, float) and not (math.isfinite(method) and method >= 0):
        raise UsageError(f"tau2: found {tau2!r}; allowed: an estimator, or a finite number not below 0")
    return Specification(choose(PoolModel, model, "model"), method, interval)


def checked_data(
    yi: ArrayLike, vi: ArrayLike, design: ArrayLike | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return effects, variances and a full-rank design of two dimensions."""
    effects, variances = effects_and_variances(yi, vi)
    k = int(effects.size)
    if k < 2:
        raise TooFewStudiesError(f"influence: found {k} studies; allowed: 2 or more; nothing is left to fit")
    matrix = np.ones((k, 1)) if design is None else real_array("design", design)
    if matrix.ndim != 2 or matrix.shape[0] != k or not bool(np.isfinite(matrix).all()):
        raise DataError(
            f"design: found shape {matrix.shape}; allowed: one finite row per study, here {k}, "
            "its intercept included"
        )
    if k <= matrix.shape[1] or redundant_columns(matrix):
        raise DataError(
            f"design: found {matrix.shape[1]} columns for {k} studies, of rank "
            f"{matrix.shape[1] - len(redundant_columns(matrix))}; allowed: full rank, "
            "and fewer columns than studies"
        )
    return effects, variances, matrix
