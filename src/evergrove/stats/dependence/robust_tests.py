"""Cluster-robust tests and intervals of any inverse-variance fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import checked_level, entries, refuse_missing
from evergrove.stats.dependence.options import RobustCorrection, RobustDf
from evergrove.stats.dependence.random_terms import factor_codes
from evergrove.stats.dependence.sandwich import (
    Sandwich,
    WorkingFit,
    hotelling_df,
    sandwich,
    satterthwaite,
)
from evergrove.stats.dependence.working_fit import working_fit
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, f_tail, two_sided_p, two_sided_quantile
from evergrove.stats.options import choose
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import FloatArray

#: Below this many degrees of freedom Satterthwaite t tests are not to be trusted (Tipton 2015).
FEWEST_DF = 4.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RobustResult(Result):
    """Coefficients with cluster-robust standard errors.

    Parameters
    ----------
    names : tuple of str
        Coefficients.
    estimate, se, ci_low, ci_high, statistic, p_value : ndarray, shape (p,)
        One per coefficient.
    df : ndarray, shape (p,), or None
        Degrees of freedom; None for normal tests.
    covariance : ndarray, shape (p, p)
        Robust covariance of the coefficients.
    wald, wald_df, wald_df2, wald_p_value : float
        F test of the coefficients tested together (HTZ with Satterthwaite), or chi-square / q.
        `wald` is NaN where its degrees of freedom are not above 0.
    clusters, k, p : int
        Clusters, effects, coefficients.
    level : float
        Of the intervals.
    correction, df_method : str
        Options as resolved.
    diagnostics : tuple of Diagnostic
        What was noticed.
    options : mapping
        All options.
    tau2, omega2 : float or None
        Moment estimates of `robust_variance`.
    sandwich : Sandwich or None
        The robust covariance with its moments, for tests of other contrasts.
    """

    HIDDEN = ("sandwich",)

    names: tuple[str, ...]
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    df: FloatArray | None
    p_value: FloatArray
    covariance: FloatArray
    wald: float
    wald_df: int
    wald_df2: float | None
    wald_p_value: float
    clusters: int
    k: int
    p: int
    level: float
    correction: str
    df_method: str
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]
    tau2: float | None = None
    omega2: float | None = None
    sandwich: Sandwich | None = None

    def df_of(self, contrasts: FloatArray) -> FloatArray | None:
        """Return the degrees of freedom of contrasts, shape (q, p) to (q,); None for normal tests."""
        return degrees_of_contrasts(
            RobustDf(self.df_method), self._moments(), contrasts, self.clusters, self.p
        )

    def precision_of(
        self, rows: FloatArray, names: tuple[str, ...], estimate: FloatArray
    ) -> tuple[FloatArray, FloatArray | None]:
        """Return the covariance and the degrees of freedom of predictions, shape (m, p), by a fit.

        `names` and `estimate` are the fit's: predictions by another one are refused.
        """
        if self.names != names or not np.array_equal(self.estimate, estimate):
            raise UsageError(
                "robust: found a result whose coefficients are not those of the fit; allowed: that of "
                "robust(fit, cluster)"
            )
        return self.covariance, self.df_of(rows)

    def joint_test_of(self, contrasts: FloatArray, value: FloatArray) -> tuple[float, float | None, float]:
        """Return F, its second degrees of freedom and p of contrasts whose estimates are `value`."""
        return _joint(RobustDf(self.df_method), self._moments(), contrasts, value, self.clusters)

    def _moments(self) -> Sandwich:
        """Return the sandwich; a result read back from JSON has none."""
        if self.sandwich is None:
            raise UsageError(
                "robust: found a result without its sandwich matrices; allowed: the result of robust or "
                "robust_variance itself; run it again"
            )
        return self.sandwich

    def __repr__(self) -> str:
        first = ", ".join(
            f"{name} {value:.4f} [{low:.4f}, {high:.4f}]"
            for name, value, low, high in zip(
                self.names, self.estimate, self.ci_low, self.ci_high, strict=True
            )
        )
        return f"<RobustResult {first}; {self.correction}, {self.clusters} clusters, k={self.k}>"

    def summary(self) -> str:
        """Return one line per coefficient, the joint test and notes."""
        lines = [f"cluster-robust, {self.correction}; {self.k} effects in {self.clusters} clusters"]
        for place, name in enumerate(self.names):
            df = "" if self.df is None else f", df = {self.df[place]:.2f}"
            lines.append(
                f"{name}: {self.estimate[place]:.4f} (se {self.se[place]:.4f}), interval "
                f"{self.ci_low[place]:.4f} to {self.ci_high[place]:.4f}, p = {self.p_value[place]:.4g}{df}"
            )
        df2 = "" if self.wald_df2 is None else f", {self.wald_df2:.2f}"
        lines.append(
            f"joint test: F = {self.wald:.4f}, df = {self.wald_df}{df2}, p = {self.wald_p_value:.4g}"
        )
        lines.extend(f"note: {remark}" for remark in self.diagnostics)
        return "\n".join(lines)

    def columns(self) -> dict[str, Any]:
        """Return one row per coefficient."""
        return {
            "coefficient": np.array(self.names),
            "estimate": self.estimate,
            "se": self.se,
            "statistic": self.statistic,
            "df": np.full(self.p, np.nan) if self.df is None else self.df,
            "p_value": self.p_value,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
        }


def cluster_rows(cluster: Sequence[object] | ArrayLike, k: int) -> list[NDArray[np.intp]]:
    """Return the rows of each cluster.

    Parameters
    ----------
    cluster : sequence, length k
        Cluster of each effect.
    k : int
        Effects.

    Returns
    -------
    list of int arrays

    Raises
    ------
    DataError
        For another length or missing values.
    TooFewStudiesError
        With fewer than 2 clusters.
    """
    values = entries(cluster)
    if values.shape != (k,):
        raise DataError(
            f"cluster: found shape {values.shape}; allowed: one per effect, here {k}; "
            "where a fit left rows out, pass cluster[fit.rows]"
        )
    refuse_missing("cluster", values)
    codes, names, _ = factor_codes(values)
    if len(names) < 2:
        raise TooFewStudiesError(
            "cluster: found 1 cluster; allowed: 2 or more; name the study of each effect"
        )
    order = np.argsort(codes, kind="stable")
    return [rows.astype(np.intp) for rows in np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)]


def contrast_matrix(tested: object, names: tuple[str, ...], x: FloatArray) -> FloatArray:
    """Return the contrasts tested together, shape (q, p).

    Parameters
    ----------
    tested : None, sequence of int, or array of shape (q, p)
        None is all but the intercept; positions; or contrasts.
    names : tuple of str
        Coefficients.
    x : ndarray, shape (k, p)
        Design.

    Returns
    -------
    ndarray

    Raises
    ------
    UsageError
        For positions that are none, or contrasts of another width or not of full rank.
    """
    p = len(names)
    if tested is None:
        first = 1 if p > 1 and bool((x[:, 0] == 1.0).all()) else 0
        return np.eye(p)[first:]
    array = np.asarray(tested)
    if array.ndim == 2:
        contrasts = array.astype(np.float64)
        if contrasts.shape[1] != p or np.linalg.matrix_rank(contrasts) < contrasts.shape[0]:
            raise UsageError(
                f"tested: found shape {contrasts.shape}; allowed: independent rows of {p} numbers"
            )
        return contrasts
    places = sorted({int(place) for place in array.reshape(-1)})
    if not places or places[0] < 0 or places[-1] >= p:
        raise UsageError(f"tested: found {places}; allowed: positions from 0 to {p - 1}; name at least one")
    return np.eye(p)[places]


def degrees_of_contrasts(
    kind: RobustDf, found: Sandwich, contrasts: FloatArray, m: int, p: int
) -> FloatArray | None:
    """Return the degrees of freedom of single contrasts.

    Parameters
    ----------
    kind : RobustDf
        How they are found.
    found : Sandwich
        The robust covariance.
    contrasts : ndarray, shape (q, p)
        Weights of the coefficients.
    m, p : int
        Clusters and coefficients.

    Returns
    -------
    ndarray, shape (q,), or None
        None for normal tests.
    """
    if kind is RobustDf.NORMAL:
        return None
    if kind is RobustDf.SATTERTHWAITE:
        return satterthwaite(found, contrasts)
    return np.full(contrasts.shape[0], float(m - 1 if kind is RobustDf.CLUSTERS_MINUS_1 else m - p))


def _joint(
    kind: RobustDf, found: Sandwich, contrasts: FloatArray, value: FloatArray, m: int
) -> tuple[float, float | None, float]:
    """Return F, its second degrees of freedom and p of contrasts whose estimates are `value`."""
    q, p = contrasts.shape
    spread = contrasts @ found.covariance @ contrasts.T
    if np.linalg.matrix_rank(spread, hermitian=True) < q:
        return float("nan"), None, float("nan")
    chi2 = float(value @ np.linalg.solve(spread, value))
    if kind is RobustDf.NORMAL:
        return chi2 / q, None, chi2_tail(chi2, q)
    if kind is RobustDf.SATTERTHWAITE:
        eta = hotelling_df(found, contrasts)
        df2 = eta - q + 1.0
        if df2 <= 0:
            return float("nan"), df2, float("nan")
        f = df2 / (eta * q) * chi2
        return f, df2, f_tail(f, q, df2)
    df2 = float(m - 1 if kind is RobustDf.CLUSTERS_MINUS_1 else m - p)
    return chi2 / q, df2, f_tail(chi2 / q, q, df2)


def robust_result(
    fit: WorkingFit,
    clusters: list[NDArray[np.intp]],
    correction: RobustCorrection,
    df_method: RobustDf,
    *,
    tested: object,
    level: float,
    options: Mapping[str, object],
) -> RobustResult:
    """Return robust tests of a working fit; see `robust`."""
    k, p = fit.x.shape
    m = len(clusters)
    if m <= p:
        raise TooFewStudiesError(
            f"robust: found {m} clusters and {p} coefficients; allowed: more clusters than coefficients"
        )
    found = sandwich(fit, clusters, correction)
    se = np.sqrt(np.diag(found.covariance))
    df = degrees_of_contrasts(df_method, found, np.eye(p), m, p)
    each = [None] * p if df is None else [float(value) for value in df]
    with np.errstate(divide="ignore", invalid="ignore"):  # clusters that agree exactly leave no variance
        statistic = fit.coefficients / se
    half = np.array([two_sided_quantile(level, one) for one in each]) * se
    contrasts = contrast_matrix(tested, fit.names, fit.x)
    f, df2, p_joint = _joint(df_method, found, contrasts, contrasts @ fit.coefficients, m)
    return RobustResult(
        names=fit.names,
        estimate=fit.coefficients,
        se=se,
        ci_low=fit.coefficients - half,
        ci_high=fit.coefficients + half,
        statistic=statistic,
        df=df,
        p_value=np.array([two_sided_p(float(t), one) for t, one in zip(statistic, each, strict=True)]),
        covariance=found.covariance,
        wald=f,
        wald_df=contrasts.shape[0],
        wald_df2=df2,
        wald_p_value=p_joint,
        clusters=m,
        k=k,
        p=p,
        level=level,
        correction=str(correction),
        df_method=str(df_method),
        diagnostics=_remarks(df_method, df, fit.names, f),
        options=options,
        sandwich=found,
    )


def _remarks(
    kind: RobustDf, df: FloatArray | None, names: tuple[str, ...], f: float
) -> tuple[Diagnostic, ...]:
    """Return what is to be said of the tests."""
    remarks = []
    if kind is RobustDf.SATTERTHWAITE and df is not None:
        low = [name for name, value in zip(names, df, strict=True) if value < FEWEST_DF]
        if low:
            message = "fewer than 4 degrees of freedom: do not trust the p value and interval (Tipton 2015)"
            remarks.append(Diagnostic("few-degrees-of-freedom", message, ", ".join(low)))
    if np.isnan(f):
        message = "the clusters do not carry the joint test: too few of them vary in the coefficients tested"
        remarks.append(Diagnostic("no-joint-test", message))
    return tuple(remarks)


def robust(
    fit: Any,  # noqa: ANN401 - several results
    cluster: Sequence[object] | ArrayLike,
    *,
    adjust: str = RobustCorrection.CR2,
    df: str | None = None,
    tested: object = None,
    level: float = 0.95,
) -> RobustResult:
    """Give a fit standard errors and tests that hold when effects within clusters depend in unknown ways.

    Parameters
    ----------
    fit : MultilevelResult, PoolResult or a meta-regression
        A fit by inverse (co)variances; its covariance is the working model.
    cluster : sequence, length k
        Cluster of each effect, in the order of the fit's rows; clusters are independent. Every block of
        the fit's covariance lies within one cluster.
    adjust : RobustCorrection or str
        ``"CR0"``, ``"CR1"``, ``"CR1p"``, ``"CR1S"``, ``"CR2"``, ``"CR3"`` or ``"CR4"``.
    df : RobustDf, str or None
        ``"satterthwaite"``, ``"clusters-1"``, ``"clusters-p"`` or ``"normal"``. None is Satterthwaite.
    tested : None, sequence of int, or array of shape (q, p)
        Coefficients (or contrasts) tested together; None is all but the intercept.
    level : float
        Of the intervals.

    Returns
    -------
    RobustResult

    Raises
    ------
    UsageError
        For a fit that has no working covariance, or clusters that cut through its blocks.
    DataError
        Where `cluster` has another length or missing values.
    TooFewStudiesError
        With no more clusters than coefficients.

    Notes
    -----
    metafor's ``robust(fit, cluster)`` is ``adjust="CR1p", df="clusters-p"`` (``adjust=FALSE``: ``"CR0"``,
    ``"clusters-p"``); its ``clubSandwich=TRUE`` is the default here. The joint test is HTZ with
    Satterthwaite degrees of freedom. The estimates do not change. With fewer than about 4 degrees of
    freedom even CR2 is not reliable; a cluster that alone carries a coefficient has no robust variance.

    References
    ----------
    [Hedges2010]; [Tipton2015b]; [Tipton2015a]; [Pustejovsky2018].

    Examples
    --------
    >>> from evergrove.stats import three_level
    >>> study = [1, 1, 2, 2, 3, 3, 4, 5]
    >>> fit = three_level([0.2, 0.3, 0.6, 0.5, -0.1, 0.1, 0.4, 0.3], [0.02] * 8, study)
    >>> found = robust(fit, study)
    >>> round(float(found.se[0]), 4), round(float(found.df[0]), 2)
    (0.098, 3.95)
    """
    correction = choose(RobustCorrection, adjust, "adjust")
    df_method = RobustDf.SATTERTHWAITE if df is None else choose(RobustDf, df, "df")
    level = checked_level(level)
    working = working_fit(fit)
    clusters = cluster_rows(cluster, working.x.shape[0])
    owner = np.empty(working.x.shape[0], dtype=np.intp)
    for place, rows in enumerate(clusters):
        owner[rows] = place
    for rows, _ in working.blocks:
        if np.unique(owner[rows]).size > 1:
            raise UsageError(
                f"cluster: the model ties rows {int(rows[0])} and others together that stand in different "
                "clusters; allowed: clusters that contain whole blocks of the fit's covariance; use the "
                "outermost factor of the random terms as cluster"
            )
    options = {"adjust": correction, "df": df_method, "tested": tested, "level": level}
    return robust_result(
        working, clusters, correction, df_method, tested=tested, level=level, options=options
    )
