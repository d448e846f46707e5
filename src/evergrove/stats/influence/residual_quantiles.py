"""Standardised residuals against the quantiles of a normal distribution: the numbers of a QQ plot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from evergrove.errors import TooFewStudiesError, UsageError
from evergrove.stats.arrays import checked_level, row_labels
from evergrove.stats.dependence.multilevel_result import MultilevelResult
from evergrove.stats.dependence.residuals import standardised_residuals
from evergrove.stats.dependence.working_fit import working_fit
from evergrove.stats.influence.case_deletion import influence_diagnostics
from evergrove.stats.influence.deleted_residuals import deleted_residuals
from evergrove.stats.influence.options import ResidualKind
from evergrove.stats.options import PoolModel, choose
from evergrove.stats.pool_result import PoolResult
from evergrove.stats.random_source import recorded_seed
from evergrove.stats.regression.least_squares import centred_basis
from evergrove.stats.regression.regression_result import MetaRegressionResult
from evergrove.stats.result import Result, wanted_result
from evergrove.stats.scalars import how_many

if TYPE_CHECKING:
    from evergrove.stats.arrays import BoolArray, FloatArray

#: Simulated sets of residuals: the limits of 95 % then rest on 250 sets beyond each.
REPLICATIONS = 10_000
#: Up to this many residuals the plotting positions are (i - 3/8) / (n + 1/4), beyond (i - 1/2) / n (as in R).
FEW = 10


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ResidualQuantiles(Result):
    """Residuals and the normal quantiles of their ranks, in the order of the studies.

    Parameters
    ----------
    labels : tuple of str
        Names of the studies; those without a residual are left out.
    quantile, residual : ndarray, shape (n,)
        Standard normal quantile of the study's rank, and its residual in standard errors.
    envelope_low, envelope_high : ndarray, shape (n,), or None
        Limits of the residual of that rank under the model; None where none were simulated.
    kind : str
        Which residuals.
    level : float
        Of the envelope, at each rank or, with `bonferroni`, over all ranks together.
    bonferroni : bool
        Whether the envelope holds over all ranks together.
    replications, seed : int or None
        Of the simulation.
    """

    labels: tuple[str, ...]
    quantile: FloatArray
    residual: FloatArray
    envelope_low: FloatArray | None
    envelope_high: FloatArray | None
    kind: str
    level: float
    bonferroni: bool
    replications: int | None
    seed: int | None

    @property
    def outside(self) -> BoolArray:
        """Whether a residual lies outside the envelope; False for all where there is none."""
        if self.envelope_low is None or self.envelope_high is None:
            return np.zeros(self.residual.size, dtype=bool)
        return (self.residual < self.envelope_low) | (self.residual > self.envelope_high)

    def __repr__(self) -> str:
        names = ", ".join(name for name, out in zip(self.labels, self.outside, strict=True) if out)
        beyond = "no envelope" if self.envelope_low is None else f"outside the envelope: {names or 'none'}"
        return f"<ResidualQuantiles {self.residual.size} studies, {self.kind}; {beyond}>"

    def columns(self) -> dict[str, Any]:
        """Return one row per study."""
        shown = {"study": np.array(self.labels), "quantile": self.quantile, "residual": self.residual}
        if self.envelope_low is not None and self.envelope_high is not None:
            shown |= {"envelope_low": self.envelope_low, "envelope_high": self.envelope_high}
        return shown


def residual_quantiles(
    fit: PoolResult | MetaRegressionResult | MultilevelResult,
    *,
    kind: str = ResidualKind.STANDARDISED,
    replications: int = REPLICATIONS,
    bonferroni: bool = False,
    level: float | None = None,
    rng: np.random.Generator | int | None = None,
) -> ResidualQuantiles:
    """Set the standardised residuals of a fit against normal quantiles, within a simulated envelope.

    Parameters
    ----------
    fit : PoolResult, MetaRegressionResult or MultilevelResult
        A fit of `pool`, `meta_regression` or `multilevel`; of `mantel_haenszel` or `peto` as well.
    kind : ResidualKind or str
        ``"standardised"`` or ``"deleted"``; of multilevel fits standardised ones alone.
    replications : int
        Simulated sets of residuals for the envelope; 0 for none.
    bonferroni : bool
        Whether `level` holds over all ranks together (level of each rank 1 - (1 - level) / n).
    level : float or None
        Of the envelope; None is that of the fit.
    rng : Generator, int or None
        Of the simulation; the seed is recorded.

    Returns
    -------
    ResidualQuantiles
        Without an envelope for `mantel_haenszel` and `peto`, whose rows have no common model of their errors.

    Raises
    ------
    TooFewStudiesError
        With fewer than 2 residuals.
    UsageError
        For a fit without residuals, or deleted residuals that cannot be had.

    See Also
    --------
    qq_plot : the picture.

    Notes
    -----
    If the model holds, the points lie about the line of equality; a curve tells of skewness, points off at
    the ends of outliers, a slope above 1 of heterogeneity that the model lacks. With few studies hardly any
    departure can be seen. The envelope has the quantiles of each rank among residuals of effects drawn from
    the fitted model with its tau² taken as known, each over its own standard error (Cook & Weisberg's
    simulation). metafor's ``qqnorm`` draws (I - H) times independent standard normal values instead,
    whose variance is not 1, and smooths the result.

    References
    ----------
    [Wang1998]; [Cook1982].

    Examples
    --------
    >>> from evergrove.stats import pool
    >>> fit = pool([0.1, 0.2, 0.15, 1.9, 0.3], [0.05] * 5, tau2="DL", labels=list("abcde"))
    >>> residual_quantiles(fit, kind="deleted", rng=1)
    <ResidualQuantiles 5 studies, deleted; outside the envelope: d, e>
    """
    wanted_result("fit", fit, PoolResult, MetaRegressionResult, MultilevelResult)
    chosen = choose(ResidualKind, kind, "kind")
    level = fit.level if level is None else checked_level(level)
    wanted = how_many("replications", replications, 0)
    # Mantel-Haenszel and Peto have no inverse-variance weights: rows are judged by their own variances alone
    sparse = isinstance(fit, PoolResult) and fit.inputs is not None and fit.tau2 is None
    if sparse and isinstance(fit, PoolResult):
        found = deleted_residuals(fit)
        values = found.rstandard if chosen is ResidualKind.STANDARDISED else found.rstudent
    elif chosen is ResidualKind.DELETED:
        values = _deleted(fit)
    else:
        values = standardised_residuals(fit).standardised
    known = np.isfinite(values)
    n = int(known.sum())
    if n < 2:
        raise TooFewStudiesError(f"residual_quantiles: found {n} residuals; allowed: 2 or more")
    residual = values[known]
    rank = np.argsort(np.argsort(residual, kind="stable"), kind="stable")
    low = high = seed = None
    if wanted and not sparse:
        seed = recorded_seed(rng)
        simulated = np.sort(_drawn(fit, wanted, np.random.default_rng(seed))[known], axis=0)
        tail = (1.0 - level) / 2.0 / (n if bonferroni else 1)
        low, high = (np.quantile(simulated, share, axis=1)[rank] for share in (tail, 1.0 - tail))
    names = row_labels(None, fit.labels, values.size)
    return ResidualQuantiles(
        labels=tuple(name for name, kept in zip(names, known, strict=True) if kept),
        quantile=_normal_scores(n)[rank],
        residual=residual,
        envelope_low=low,
        envelope_high=high,
        kind=str(chosen),
        level=level,
        bonferroni=bool(bonferroni),
        replications=None if seed is None else wanted,
        seed=seed,
    )


def _normal_scores(n: int) -> FloatArray:
    """Return the standard normal quantiles of n ranks."""
    offset = 0.375 if n <= FEW else 0.5
    return np.asarray(special.ndtri((np.arange(1, n + 1) - offset) / (n + 1 - 2 * offset)))


def _drawn(
    fit: PoolResult | MetaRegressionResult | MultilevelResult, count: int, rng: np.random.Generator
) -> FloatArray:
    """Return standardised residuals of effects drawn from the fitted model, shape (k, count)."""
    working = working_fit(fit)
    working = working.on(centred_basis(working.x))
    errors = np.empty((working.x.shape[0], count))
    for rows, block in working.blocks:
        errors[rows] = np.linalg.cholesky(block) @ rng.standard_normal((rows.size, count))
    whole = working.weighting()
    errors -= working.x @ (whole.bread @ (whole.wx.T @ errors))
    se = standardised_residuals(fit).se
    with np.errstate(divide="ignore", invalid="ignore"):  # an effect that is fitted exactly has none
        return np.asarray(errors / se[:, np.newaxis])


def _deleted(fit: PoolResult | MetaRegressionResult | MultilevelResult) -> FloatArray:
    """Return y less the prediction of the other studies, over its standard error."""
    if isinstance(fit, MultilevelResult):
        raise UsageError(
            "kind: found 'deleted' of a multilevel fit; allowed: 'standardised'; cluster_influence has "
            "residuals without the cluster"
        )
    if isinstance(fit, PoolResult) and (fit.inputs is not None or "prediction" not in fit.options):
        raise UsageError(
            f"kind: found 'deleted' of a fit by {fit.method!r}; allowed: a fit of pool, mantel_haenszel, "
            "mantel_haenszel_rates, peto or meta_regression; take leave_one_out with a function that fits "
            "the studies to keep"
        )
    design = fit.design.matrix if isinstance(fit, MetaRegressionResult) else None
    own = fit.given_weights if isinstance(fit, MetaRegressionResult) else fit.options.get("weights")
    chosen = fit.options["tau2"]
    return influence_diagnostics(
        fit.yi,
        fit.vi,
        design,
        model=PoolModel.COMMON if fit.model == PoolModel.COMMON else PoolModel.RANDOM,
        tau2=fit.tau2 if chosen is None else chosen,  # type: ignore[arg-type] # as resolved
        ci=fit.options["ci"],  # type: ignore[arg-type] # as resolved
        weights=own,  # type: ignore[arg-type] # as resolved
    ).rstudent
