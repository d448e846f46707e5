"""Residuals and case deletion: what changes in a model when one study is left out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError, DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import checked_labels, effects_and_variances, real_array
from evergrove.stats.options import IntervalMethod, PoolModel, Tau2Method, choose
from evergrove.stats.regression.least_squares import Fit, centred_basis, redundant_columns, weighted_fit
from evergrove.stats.result import Result
from evergrove.stats.tau2 import estimate_tau2

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


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Baujat(Result):
    """Contribution to heterogeneity and influence of each study.

    Parameters
    ----------
    contribution : ndarray, shape (k,)
        Squared Pearson residual: (y - fitted)² / (v + tau²). Under a common effect they sum to Q.
    influence : ndarray, shape (k,)
        Squared change of the study's fitted value when it is left out, over the variance of the fitted
        value without it. NaN where the study cannot be left out.
    labels : tuple of str or None
        Names of the studies.
    """

    contribution: FloatArray
    influence: FloatArray
    labels: tuple[str, ...] | None

    HIDDEN: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return f"<Baujat {self.contribution.size} studies>"

    def columns(self) -> dict[str, Any]:
        """Return one row per study."""
        return {"contribution": self.contribution, "influence": self.influence}


class _Model(NamedTuple):
    """A fitted model with the variance factor of its interval."""

    fit: Fit
    tau2: float
    factor: float
    qe: float

    @property
    def covariance(self) -> FloatArray:
        return self.factor * self.fit.inverse


class _Specification(NamedTuple):
    """How every model of the deletion is fitted."""

    model: PoolModel
    tau2: Tau2Method | float
    ci: IntervalMethod


def _model(yi: FloatArray, vi: FloatArray, design: FloatArray, how: _Specification) -> _Model:
    """Fit the model to some of the studies."""
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
    basis = centred_basis(design)
    fit = weighted_fit(basis, yi, vi + tau2)
    df = yi.size - design.shape[1]
    factor = 1.0
    if how.ci in {IntervalMethod.HARTUNG_KNAPP, IntervalMethod.HARTUNG_KNAPP_TRUNCATED} and df > 0:
        factor = fit.rss / df
        if how.ci is IntervalMethod.HARTUNG_KNAPP_TRUNCATED:
            factor = max(1.0, factor)
    qe = fit.rss if tau2 == 0.0 else weighted_fit(basis, yi, vi).rss
    return _Model(fit, tau2, factor, qe)


def _specification(model: str, tau2: str | float, ci: str) -> _Specification:
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
    return _Specification(choose(PoolModel, model, "model"), method, interval)


def _checked(
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


def _delete(  # noqa: PLR0917 - the study, the model with it, the data
    row: int, whole: _Model, yi: FloatArray, vi: FloatArray, design: FloatArray, how: _Specification
) -> _Deleted:
    """Leave one study out and measure what changes (metafor's definitions)."""
    keep = np.arange(yi.size) != row
    part = _model(yi[keep], vi[keep], design[keep], how)
    x = design[row]
    predicted = float(x @ part.fit.beta)
    variance = float(x @ part.covariance @ x)
    residual = yi[row] - predicted
    if abs(residual) < SMALLEST_RESIDUAL:
        residual = 0.0
    spread = math.sqrt(part.factor * (vi[row] + part.tau2) + variance)
    total = vi + part.tau2
    change = whole.fit.beta - part.fit.beta
    at_deleted = weighted_fit(centred_basis(design), yi, total).inverse
    hat = float(whole.fit.leverage[row])
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # a variance factor of 0 leaves nothing to compare with
        dffits = (x @ whole.fit.beta - predicted) / np.sqrt(part.factor * hat * total[row])
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
    Viechtbauer & Cheung, Res Synth Methods 1 (2010) 112-125; Belsley, Kuh & Welsch 1980; Cook & Weisberg
    1982.

    See Also
    --------
    leave_one_out : the pooled result without each study.

    Examples
    --------
    >>> found = influence_diagnostics([0.1, 0.2, 0.15, 1.9], [0.05] * 4, tau2="DL")
    >>> found.influential
    array([False, False, False,  True])
    """
    effects, variances, matrix = _checked(yi, vi, design)
    k, p = matrix.shape
    how = _specification(model, tau2, ci)
    whole = _model(effects, variances, matrix, how)
    columns = {name: np.full(k, math.nan) for name in _Deleted._fields[:-1]}
    dfbetas, reasons = np.full((k, p), math.nan), [""] * k
    for row in range(k):
        try:
            found = _delete(row, whole, effects, variances, matrix, how)
        except (DataError, ConvergenceError) as error:
            reasons[row] = str(error)
            continue
        dfbetas[row] = found.dfbetas
        for name, column in columns.items():
            column[row] = getattr(found, name)
    hat = whole.fit.leverage
    errors = np.sqrt(np.maximum((variances + whole.tau2) * (1.0 - hat), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):  # a study fitted exactly has no residual
        standardised = whole.fit.residual / errors
        far = special.gammainc(p / 2.0, columns["cook"] / 2.0) > 0.5
        marked = np.abs(columns["dffits"]) > 3.0 * math.sqrt(p / (k - p))
        marked = marked | far | (hat > 3.0 * p / k) | (np.abs(dfbetas) > 1.0).any(axis=1)
    weights = whole.fit.weights / whole.fit.weights.sum()
    return InfluenceDiagnostics(
        residual=whole.fit.residual,
        residual_se=errors,
        rstandard=standardised,
        hat=hat,
        weight=weights,
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


def baujat(
    yi: ArrayLike,
    vi: ArrayLike,
    design: ArrayLike | None = None,
    *,
    model: str = PoolModel.RANDOM,
    tau2: str | float = Tau2Method.REML,
    ci: str = IntervalMethod.HARTUNG_KNAPP,
    labels: Sequence[str] | None = None,
) -> Baujat:
    """Measure each study's contribution to heterogeneity and its influence on the result.

    Parameters
    ----------
    yi, vi, design, model, tau2, ci, labels
        As `influence_diagnostics`.

    Returns
    -------
    Baujat
        The two axes of a Baujat plot (`baujat_plot`).

    Raises
    ------
    TooFewStudiesError, DataError, UsageError, ConvergenceError
        As `influence_diagnostics`.

    Notes
    -----
    As metafor's ``baujat``; the paper's own plot is that of a common effect, ``model="common", ci="normal"``.

    References
    ----------
    Baujat, Mahé, Pignon & Hill, Stat Med 21 (2002) 2641-2652.

    Examples
    --------
    >>> found = baujat([0.1, 0.2, 0.15, 1.9], [0.05] * 4, model="common", ci="normal")
    >>> round(float(found.contribution.sum()), 3)  # Cochran's Q
    46.038
    """
    effects, variances, matrix = _checked(yi, vi, design)
    how = _specification(model, tau2, ci)
    whole = _model(effects, variances, matrix, how)
    influence = np.full(effects.size, math.nan)
    for row in range(effects.size):
        keep = np.arange(effects.size) != row
        try:
            part = _model(effects[keep], variances[keep], matrix[keep], how)
        except (DataError, ConvergenceError):
            continue
        x = matrix[row]
        variance = float(x @ part.covariance @ x)
        change = float(x @ (whole.fit.beta - part.fit.beta))
        influence[row] = change**2 / variance if variance > 0 else math.nan
    contribution = whole.fit.residual**2 / (variances + whole.tau2)
    names = checked_labels(labels, effects.size)
    return Baujat(contribution, influence, names)
