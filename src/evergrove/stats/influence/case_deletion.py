"""Residuals and case deletion: what changes in a model when one study is left out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError, DataError
from evergrove.stats.arrays import checked_labels
from evergrove.stats.influence.deleted_models import (
    Data,
    Model,
    Specification,
    checked_data,
    fit_model,
    specification,
)
from evergrove.stats.options import IntervalMethod, PoolModel, Tau2Method
from evergrove.stats.regression.fitting import checked_weights
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import BoolArray, FloatArray

#: Residuals below this share of the largest effect are rounding of 0.
SMALLEST_RESIDUAL = 100 * float(np.finfo(np.float64).eps)
MEASURES = (
    "residual", "residual_se", "rstandard", "deleted_residual", "deleted_residual_se", "rstudent", "dffits",
    "cook", "covariance_ratio", "tau2", "qe", "hat", "weight",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class InfluenceDiagnostics(Result):
    """Residuals and influence of each study; all arrays of shape (k,) unless said.

    Parameters
    ----------
    residual, residual_se, rstandard : ndarray
        y minus its fitted value, its standard error √((v + tau²)(1 - h)), which leaves a Hartung-Knapp
        factor out as metafor's ``rstandard`` does, and their ratio (internally standardised).
    deleted_residual, deleted_residual_se, rstudent : ndarray
        y minus the value that the other studies predict, its standard error, and their ratio (externally
        standardised).
    dffits : ndarray
        Change of the study's fitted value when it is left out, in standard errors.
    cook : ndarray
        Cook's distance: change of all coefficients, as a squared Mahalanobis distance (not divided by p).
    covariance_ratio : ndarray
        Generalised variance of the coefficients without the study over that with it; below 1 where leaving
        it out makes the estimates more precise.
    tau2, qe : ndarray
        tau² and Q of residual heterogeneity without the study.
    hat, weight : ndarray
        Diagonal of the hat matrix; share of the weight (sums to 1).
    dfbetas : ndarray, shape (k, p)
        Change of each coefficient when the study is left out, in standard errors.
    influential : ndarray of bool
        Whether a study passes one of metafor's marks: |DFFITS| above 3 √(p / (k - p)), a Cook's distance
        beyond the median of χ²(p), a hat value above 3 p / k, or a |DFBETAS| above 1. They are marks to
        look at, not tests.
    names : tuple of str
        Names of the coefficients.
    labels : tuple of str or None
        Names of the studies.
    reasons : tuple of str
        Why a study could not be left out; empty where it could. Its deletion measures are NaN.
    """

    residual: FloatArray
    residual_se: FloatArray
    rstandard: FloatArray
    deleted_residual: FloatArray
    deleted_residual_se: FloatArray
    rstudent: FloatArray
    dffits: FloatArray
    cook: FloatArray
    covariance_ratio: FloatArray
    tau2: FloatArray
    qe: FloatArray
    hat: FloatArray
    weight: FloatArray
    dfbetas: FloatArray
    influential: BoolArray
    names: tuple[str, ...]
    labels: tuple[str, ...] | None
    reasons: tuple[str, ...]

    @property
    def k(self) -> int:
        """Number of studies."""
        return int(self.residual.size)

    def __repr__(self) -> str:
        rows = ", ".join(self._name(int(row)) for row in np.flatnonzero(self.influential))
        return f"<InfluenceDiagnostics {self.k} studies; to look at: {rows or 'none'}>"

    def _name(self, row: int) -> str:
        return f"row {row}" if self.labels is None else self.labels[row]

    def summary(self) -> str:
        """Return one line per study."""
        lines = [repr(self)]
        for row in range(self.k):
            shown = (
                f"rstudent {self.rstudent[row]:.3f}, DFFITS {self.dffits[row]:.3f}, "
                f"Cook {self.cook[row]:.3f}, hat {self.hat[row]:.3f}, tau² without it {self.tau2[row]:.4g}"
            )
            mark = " *" if self.influential[row] else ""
            lines.append(f"{self._name(row)}: {self.reasons[row] or shown}{mark}")
        return "\n".join(lines)

    def columns(self) -> dict[str, Any]:
        """Return one row per study, the DFBETAS by coefficient."""
        own = {name: getattr(self, name) for name in MEASURES}
        betas = {f"dfbetas {name}": self.dfbetas[:, at] for at, name in enumerate(self.names)}
        return {**own, **betas, "influential": self.influential}


class _Deleted(NamedTuple):
    """What one study's deletion gives."""

    deleted_residual: float
    deleted_residual_se: float
    rstudent: float
    dffits: float
    cook: float
    covariance_ratio: float
    tau2: float
    qe: float
    dfbetas: FloatArray


def _delete(row: int, whole: Model, data: Data, how: Specification) -> _Deleted:
    """Leave one study out and measure what changes (metafor's definitions)."""
    part = fit_model(data.without(row), how)
    yi, vi, x = data.yi, data.vi, data.design[row]
    predicted = float(x @ part.fit.beta)
    variance = float(x @ part.covariance @ x)
    residual = yi[row] - predicted
    if abs(residual) < SMALLEST_RESIDUAL:
        residual = 0.0
    spread = math.sqrt(part.factor * (vi[row] + part.tau2) + variance)
    change = whole.fit.beta - part.fit.beta
    at_deleted = data.fit(part.tau2)[0].inverse
    of_fitted = (
        float(whole.fit.leverage[row]) * (vi[row] + part.tau2)
        if data.weights is None
        else float(x @ at_deleted @ x)
    )
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # a variance factor of 0 leaves nothing to compare with
        dffits = (x @ whole.fit.beta - predicted) / np.sqrt(part.factor * of_fitted)
        dfbetas = change / np.sqrt(part.factor * np.diag(at_deleted))
        rstudent = np.float64(residual) / np.float64(spread)
        cook = change @ np.linalg.solve(whole.covariance, change) if whole.factor > 0 else math.nan
        ratio = np.linalg.det(part.covariance) / np.linalg.det(whole.covariance)
    return _Deleted(
        float(residual),
        spread,
        float(rstudent),
        float(dffits),
        float(cook),
        float(ratio),
        part.tau2,
        part.qe,
        np.asarray(dfbetas),
    )


def influence_diagnostics(
    yi: ArrayLike,
    vi: ArrayLike,
    design: ArrayLike | None = None,
    *,
    model: str = PoolModel.RANDOM,
    tau2: str | float = Tau2Method.REML,
    ci: str = IntervalMethod.HARTUNG_KNAPP,
    weights: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
) -> InfluenceDiagnostics:
    """Measure how much each study moves a model, with or without moderators.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances; k of 2 or more.
    design : array-like, shape (k, p), or None
        Full-rank design with its own intercept column; None is the mean alone.
    model : PoolModel or str
        ``"random"`` or ``"common"``.
    tau2 : Tau2Method, str or float
        Estimator, fitted again without each study, or a known variance.
    ci : IntervalMethod or str
        ``"normal"``, ``"t"``, ``"hartung-knapp"`` or ``"hartung-knapp-truncated"``: decides the variance
        factor that enters standard errors.
    weights : array-like, shape (k,), or None
        Weights of the coefficients in place of 1 / (v + tau²), above 0, as of `pool` and `meta_regression`.
    names : sequence of str or None
        Names of the coefficients.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    InfluenceDiagnostics
        A study without which a coefficient cannot be estimated has NaN and its reason.

    Raises
    ------
    TooFewStudiesError
        With fewer than 2 studies.
    DataError
        For effects, variances or a design that cannot be.
    UsageError
        For an unknown option.
    ConvergenceError
        Where tau² of all studies was not found.

    Notes
    -----
    Definitions are those of metafor's ``influence`` and ``rstandard``. Deleting a study is a way to look,
    not a reason to leave it out; with few studies every one is influential.

    References
    ----------
    [Viechtbauer2010b]; [Belsley1980]; [Cook1982].

    See Also
    --------
    leave_one_out : the pooled result without each study.

    Examples
    --------
    >>> found = influence_diagnostics([0.1, 0.2, 0.15, 1.9], [0.05] * 4, tau2="DL")
    >>> found.influential
    array([False, False, False,  True])
    """
    effects, variances, matrix = checked_data(yi, vi, design)
    k, p = matrix.shape
    how = specification(model, tau2, ci)
    own = checked_weights(weights, k, np.ones(k, dtype=bool))
    data = Data(effects, variances, matrix, own)
    whole = fit_model(data, how)
    columns = {name: np.full(k, math.nan) for name in _Deleted._fields[:-1]}
    dfbetas, reasons = np.full((k, p), math.nan), [""] * k
    for row in range(k):
        try:
            found = _delete(row, whole, data, how)
        except (DataError, ConvergenceError) as error:
            reasons[row] = str(error)
            continue
        dfbetas[row] = found.dfbetas
        for name, column in columns.items():
            column[row] = getattr(found, name)
    hat = whole.fit.leverage
    spread = (variances + whole.tau2) * (1.0 - hat)
    if own is not None:  # those of the fitted values do not cancel any more
        of_fitted = np.einsum("ij,jk,ik->i", matrix, whole.fit.inverse, matrix)
        spread = (variances + whole.tau2) * (1.0 - 2.0 * hat) + of_fitted
    errors = np.sqrt(np.maximum(spread, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):  # a study fitted exactly has no residual
        standardised = whole.fit.residual / errors
        far = special.gammainc(p / 2.0, columns["cook"] / 2.0) > 0.5
        marked = np.abs(columns["dffits"]) > 3.0 * math.sqrt(p / (k - p))
        marked = marked | far | (hat > 3.0 * p / k) | (np.abs(dfbetas) > 1.0).any(axis=1)
    shares = whole.fit.weights / whole.fit.weights.sum()
    return InfluenceDiagnostics(
        residual=whole.fit.residual,
        residual_se=errors,
        rstandard=standardised,
        hat=hat,
        weight=shares,
        dfbetas=dfbetas,
        influential=marked,
        names=_names(names, p),
        labels=checked_labels(labels, k),
        reasons=tuple(reasons),
        **columns,
    )


def _names(names: Sequence[str] | None, p: int) -> tuple[str, ...]:
    """Return the names of the coefficients."""
    if names is None:
        return ("intercept", *(f"x{at}" for at in range(1, p)))
    if len(names) != p:
        raise DataError(
            f"names: found {len(names)}; allowed: one per coefficient, here {p}; pass one for each"
        )
    return tuple(str(name) for name in names)
