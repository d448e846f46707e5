"""Whether all true effects scatter equally: one tau² for all studies against one for each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import linalg

from evergrove.errors import ConvergenceError, DataError, UsageError
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.options import PoolModel, Tau2Method, choose
from evergrove.stats.pool_result import PoolResult
from evergrove.stats.random_source import recorded_seed
from evergrove.stats.regression.least_squares import centred_basis
from evergrove.stats.regression.options import HeteroscedasticityMethod
from evergrove.stats.regression.regression_result import MetaRegressionResult
from evergrove.stats.result import Result, wanted_result
from evergrove.stats.scalars import how_many
from evergrove.stats.tau2 import estimate_tau2

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.stats.arrays import FloatArray

#: Below this share of its largest one, an eigenvalue of the information is 0.
SINGULAR = 1e-10
#: The variances of the saturated model stand still where none changes by more than this share.
STILL = 1e-10
MOST_STEPS = 5000
LOG_TWO_PI = math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HeteroscedasticityTest(Result):
    """A test that one tau² holds for all studies.

    Parameters
    ----------
    statistic, df : float, int
        Score or likelihood-ratio statistic; k - 1, the variances fewer under the hypothesis.
    p_value : float
        From the bootstrap where there is one, else from chi-square.
    chi2_p_value : float
        Upper tail of chi-square, which the statistic does not follow.
    bootstrap_p_value : float or None
        Share of statistics drawn under one tau² that are as large, the observed one counted with them.
    tau2 : float
        The one tau².
    study_tau2 : ndarray, shape (k,), or None
        tau² of each study under the highest likelihood found; with the likelihood ratio only.
    k, p : int
        Studies and coefficients.
    method, likelihood : str
    draws, failed : int
        Bootstrap samples drawn, and those of them that could not be fitted.
    seed : int or None
        Of the bootstrap.
    drawn_statistics : ndarray
        Statistics of the samples that could be fitted.
    diagnostics : tuple of Diagnostic
    """

    statistic: float
    df: int
    p_value: float
    chi2_p_value: float
    bootstrap_p_value: float | None
    tau2: float
    study_tau2: FloatArray | None
    k: int
    p: int
    method: str
    likelihood: str
    draws: int
    failed: int
    seed: int | None
    drawn_statistics: FloatArray
    diagnostics: tuple[Diagnostic, ...]

    HIDDEN = ("drawn_statistics",)

    def __repr__(self) -> str:
        source = "chi-square" if self.bootstrap_p_value is None else f"{self.draws} bootstrap samples"
        return (
            f"<HeteroscedasticityTest {self.method} {self.statistic:.4f}, p={self.p_value:.3g} ({source}), "
            f"k={self.k}, {self.likelihood}>"
        )

    def summary(self) -> str:
        """Return the test and what was noticed."""
        return "\n".join([repr(self), *(f"note: {remark}" for remark in self.diagnostics)])


class _Model(NamedTuple):
    """Sampling variances, the columns of the design (orthonormal), and which likelihood."""

    v: FloatArray
    x: FloatArray
    restricted: bool

    @property
    def estimator(self) -> Tau2Method:
        """The tau² that maximises the likelihood."""
        return Tau2Method.REML if self.restricted else Tau2Method.ML

    def one_tau2(self, y: FloatArray) -> float:
        """Return the tau² that all studies share."""
        found = estimate_tau2(self.estimator, y, self.v, self.x)
        if not found.converged:
            raise ConvergenceError(found.reason)
        return found.value


class _Found(NamedTuple):
    """A statistic, with the tau² of each study where they were estimated."""

    statistic: float
    study_tau2: FloatArray | None = None


def _score(y: FloatArray, model: _Model, tau2: float) -> _Found:
    """Return the score statistic of k variances at the fit with one.

    In units of each study's variance the restricted score is ½(e² - m) with e the standardised residuals and
    m the diagonal of their projection M, and the expected information is ½ M∘M; the full score is ½(e² - 1),
    its information ½.
    """
    root = np.sqrt(model.v + tau2)
    q = linalg.qr(model.x / root[:, np.newaxis], mode="economic")[0]
    whitened = y / root
    e = whitened - q @ (q.T @ whitened)
    e = e - q @ (q.T @ e)
    if not model.restricted:
        return _Found(float(0.5 * ((e**2 - 1.0) ** 2).sum()))
    projection = np.eye(y.size) - q @ q.T
    values, vectors = linalg.eigh(projection**2)
    if values[0] < SINGULAR * values[-1]:
        raise DataError(
            f"heteroscedasticity_test: found {y.size} studies and {model.x.shape[1]} coefficients, "
            "which leave no information on the variance of each study; allowed: more studies, and none that "
            "a coefficient fits exactly; leave moderators out"
        )
    along = vectors.T @ (e**2 - np.diag(projection))
    return _Found(float(0.5 * (along**2 / values).sum()))


def _fits(y: FloatArray, model: _Model, total: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return residuals, variances of fitted values, log-likelihoods at rows of variances, shape (m, k)."""
    x, (k, p) = model.x, model.x.shape
    information = np.einsum("ka,mk,kb->mab", x, 1.0 / total, x)
    inverse = np.linalg.inv(information)
    beta = np.einsum("mab,kb,mk->ma", inverse, x, y / total)
    residual = y - beta @ x.T
    of_fitted = np.einsum("ka,mab,kb->mk", x, inverse, x)
    logs = np.log(total).sum(axis=1) + (residual**2 / total).sum(axis=1)
    if not model.restricted:
        return residual, of_fitted, -0.5 * (k * LOG_TWO_PI + logs)
    determinants = np.linalg.slogdet(information)[1] - np.linalg.slogdet(x.T @ x)[1]
    return residual, of_fitted, -0.5 * ((k - p) * LOG_TWO_PI + logs + determinants)


def _likelihood_ratio(y: FloatArray, model: _Model, tau2: float) -> _Found:
    """Return twice the rise of the likelihood from one tau² to one for each study.

    Each variance is set to where its score is 0 given the coefficients, or to the sampling variance, until
    all stand still. The likelihood has several maxima: the climbs start from one tau², from none, and from
    one for all studies but one; the highest end counts.
    """
    k = y.size
    shared = model.v + tau2
    starts = np.vstack([shared, model.v, np.where(np.eye(k, dtype=bool), model.v, shared)])
    total, still = starts, np.zeros(len(starts), dtype=bool)
    for _ in range(MOST_STEPS):
        moving = ~still
        residual, of_fitted, _ = _fits(y, model, total[moving])
        target = residual**2 + (of_fitted if model.restricted else 0.0)
        new = np.maximum(model.v, target)
        still[moving] = (np.abs(new - total[moving]) <= STILL * new).all(axis=1)
        total[moving] = new
        if still.all():
            break
    heights = np.where(still, _fits(y, model, total)[2], -math.inf)
    best = int(heights.argmax())
    if not still[best]:
        raise ConvergenceError(
            f"heteroscedasticity_test: the variances of {k} studies did not settle in {MOST_STEPS} steps; "
            "use method='score'"
        )
    null = float(_fits(y, model, shared[np.newaxis])[2][0])
    return _Found(max(0.0, 2.0 * (float(heights[best]) - null)), total[best] - model.v)


STATISTICS: dict[HeteroscedasticityMethod, Callable[[FloatArray, _Model, float], _Found]] = {
    HeteroscedasticityMethod.SCORE: _score,
    HeteroscedasticityMethod.LIKELIHOOD_RATIO: _likelihood_ratio,
}


def _checked_model(fit: PoolResult | MetaRegressionResult) -> _Model:
    """Return what is tested of a fit, or say why it cannot be."""
    wanted_result("fit", fit, PoolResult, MetaRegressionResult)
    estimator = fit.options.get("tau2")
    own_weights = fit.options.get("weights") is not None or getattr(fit, "given_weights", None) is not None
    if (
        fit.model != PoolModel.RANDOM
        or estimator not in {Tau2Method.ML, Tau2Method.REML}
        or own_weights
        or fit.options.get("centred")
        or getattr(fit, "inputs", None) is not None
    ):
        raise UsageError(
            f"heteroscedasticity_test: found a fit by {fit.method!r}; allowed: pool or meta_regression with "
            "tau2='REML' or 'ML' and no weights of one's own; fit so"
        )
    design = np.ones((fit.yi.size, 1)) if isinstance(fit, PoolResult) else fit.design.matrix
    unit = float(np.median(fit.vi))
    return _Model(fit.vi / unit, centred_basis(design).matrix, estimator == Tau2Method.REML)


def heteroscedasticity_test(
    fit: PoolResult | MetaRegressionResult,
    *,
    method: str = HeteroscedasticityMethod.SCORE,
    draws: int = 1000,
    rng: np.random.Generator | int | None = None,
) -> HeteroscedasticityTest:
    """Test whether one tau² holds for all studies, or their true effects scatter unequally.

    Parameters
    ----------
    fit : PoolResult or MetaRegressionResult
        Of `pool` or `meta_regression` with ``tau2="REML"`` or ``"ML"``, which decides the likelihood. With
        moderators the residual heterogeneity is tested.
    method : HeteroscedasticityMethod or str
        ``"score"`` or ``"likelihood-ratio"``.
    draws : int
        Samples of the parametric bootstrap, drawn under the fit; 0 is none, and the p value is that of
        chi-square.
    rng : Generator, int or None
        Source of the samples; the seed is recorded.

    Returns
    -------
    HeteroscedasticityTest

    Raises
    ------
    UsageError
        For a fit by another estimator or function, and for an unknown option.
    DataError
        Where the studies are too few for a variance each.
    ConvergenceError
        Where the variances did not settle.

    See Also
    --------
    location_scale : where it is known which studies may scatter more.

    Notes
    -----
    metafor's ``hettest`` (in its newer versions), there for one mean. This is not the test of heterogeneity
    itself, which is Q: studies can scatter widely and equally. With a variance for each study the statistics
    do not follow chi-square (metafor says so too): trust the bootstrap. With few studies only gross
    differences are seen.

    The score test needs the fit with one tau² alone. The likelihood ratio needs the highest likelihood with k
    variances, which has several maxima: ``hettest`` climbs from one start, this function from k + 2, so its
    statistic can be larger. The p value counts the observed statistic among the drawn ones and is never 0.

    References
    ----------
    [Rao1948]; [Davison1997].

    Examples
    --------
    >>> from evergrove.stats import pool
    >>> fit = pool([0.1, 0.3, 0.35, 0.65, -0.2, 1.9], [0.03, 0.03, 0.05, 0.01, 0.02, 0.04])
    >>> heteroscedasticity_test(fit, draws=99, rng=1)
    <HeteroscedasticityTest score 7.1634, p=0.05 (99 bootstrap samples), k=6, REML>
    """
    chosen = choose(HeteroscedasticityMethod, method, "method")
    draws = how_many("draws", draws, 0)
    model = _checked_model(fit)
    k, p = model.x.shape
    if k <= p:
        raise DataError(
            f"heteroscedasticity_test: found {k} studies and {p} coefficients; allowed: more studies "
            "than coefficients; leave moderators out"
        )
    root = math.sqrt(float(np.median(fit.vi)))
    y, tau2 = fit.yi / root, float(fit.tau2 or 0.0) / root**2
    found = STATISTICS[chosen](y, model, tau2)
    seed = recorded_seed(rng) if draws else None
    drawn = _drawn(model, tau2, STATISTICS[chosen], draws, seed)
    chi2_p = chi2_tail(found.statistic, k - 1)
    share = (1.0 + float((drawn >= found.statistic).sum())) / (1.0 + drawn.size) if drawn.size else None
    failed = draws - drawn.size
    remarks: tuple[Diagnostic, ...] = ()
    if failed:
        message = f"{failed} of {draws} samples could not be fitted and are not counted"
        remarks = (Diagnostic("samples-failed", message),)
    return HeteroscedasticityTest(
        statistic=found.statistic,
        df=k - 1,
        p_value=chi2_p if share is None else share,
        chi2_p_value=chi2_p,
        bootstrap_p_value=share,
        tau2=tau2 * root**2,
        study_tau2=None if found.study_tau2 is None else found.study_tau2 * root**2,
        k=k,
        p=p,
        method=str(chosen),
        likelihood=str(model.estimator),
        draws=draws,
        failed=failed,
        seed=seed,
        drawn_statistics=drawn,
        diagnostics=remarks,
    )


def _drawn(
    model: _Model,
    tau2: float,
    statistic: Callable[[FloatArray, _Model, float], _Found],
    draws: int,
    seed: int | None,
) -> FloatArray:
    """Return the statistics of samples with one tau²; about 0, for the coefficients play no part in them."""
    source = np.random.default_rng(seed)
    spread = np.sqrt(model.v + tau2)
    values: list[float] = []
    for _ in range(draws):
        y = spread * source.standard_normal(spread.size)
        try:
            values.append(statistic(y, model, model.one_tau2(y)).statistic)
        except (ConvergenceError, DataError):
            continue
    return np.array(values, dtype=np.float64)
