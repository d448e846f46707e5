"""The Copas selection model: a sensitivity analysis over the chance of publication."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError, UsageError
from evergrove.stats.arrays import FloatArray, checked_level, effects_and_variances, is_number
from evergrove.stats.bias.copas_likelihood import Copas
from evergrove.stats.bias.copas_path import points_across
from evergrove.stats.bias.few_studies import few_studies
from evergrove.stats.bias.line import checked_predictor, multiplicative_line
from evergrove.stats.bias.options import Side
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, normal_quantile, two_sided_p
from evergrove.stats.options import Tau2Method, choose
from evergrove.stats.pooling import pool
from evergrove.stats.result import Result
from evergrove.stats.scalars import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.bias.maximum import Maximum
    from evergrove.stats.pool_result import PoolResult

#: Copas & Shi 2001: publication is as good as certain here.
NO_SELECTION = (10.0, 0.0)
#: Below this chance of going unpublished rho has no meaning and is set to 0.
CERTAIN = 1e-12
#: Of the mean in typical standard errors, and of rho.
SHORT_STEP = 0.1

#: A probit beyond this is 0 or 1 whatever the standard error.
LARGEST_GAMMA = 1e6


@dataclass(frozen=True, slots=True, repr=False)
class CopasFit(Result):
    """The Copas model at one pair of publication parameters.

    Parameters
    ----------
    gamma0, gamma1 : float
        Probit of publication: gamma0 + gamma1 / se.
    publication_largest_se, publication_smallest_se : float
        Chance of publication of the studies with the largest and the smallest standard error.
    unpublished : float
        Expected number of unpublished studies: Σ (1 - P) / P.
    estimate, se, ci_low, ci_high, p_value : float
        Mean effect before selection.
    rho : float
        Correlation of effect and publication; 0 without selection.
    tau2 : float
        Between-study variance.
    residual_statistic, residual_p_value : float
        Likelihood ratio test that effects depend on se beyond this selection.
    log_likelihood : float
        Without constants.
    converged, iterations, reason : bool, int, str
    diagnostics : tuple of Diagnostic
        rho or tau² on a bound.
    """

    gamma0: float
    gamma1: float
    publication_largest_se: float
    publication_smallest_se: float
    unpublished: float
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    rho: float
    tau2: float
    residual_statistic: float
    residual_p_value: float
    log_likelihood: float
    converged: bool
    iterations: int
    reason: str
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        return (
            f"<CopasFit {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}] at publication "
            f"{self.publication_largest_se:.2f}, rho={self.rho:.3f}, "
            f"residual bias p={self.residual_p_value:.3g}>"
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CopasSelection(Result):
    """A Copas analysis: fits from no selection to strong selection.

    Parameters
    ----------
    estimate, se, ci_low, ci_high, p_value : float
        Of the first fit on the path that leaves no residual bias; NaN where none does.
    adjusted : CopasFit or None
        That fit.
    path : tuple of CopasFit
        From no selection to the strongest.
    unadjusted : PoolResult
        Random-effects meta-analysis.
    gamma0, gamma1 : ndarray, shape (g,)
        The grid.
    contour : ndarray, shape (g, g)
        Mean effect at each gamma0 (row) and gamma1 (column); NaN where no maximum was found.
    side : str
        Where studies are thought to be missing, a `Side`.
    k : int
        Studies.
    level : float
        Of the intervals.
    diagnostics : tuple of Diagnostic
    options : mapping
        Options as resolved.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    adjusted: CopasFit | None
    path: tuple[CopasFit, ...]
    unadjusted: PoolResult
    gamma0: FloatArray
    gamma1: FloatArray
    contour: FloatArray
    side: str
    k: int
    level: float
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        if self.adjusted is None:
            return f"<CopasSelection no fit without residual bias, k={self.k}>"
        return (
            f"<CopasSelection {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], "
            f"p={self.p_value:.3g}, about {self.adjusted.unpublished:.0f} unpublished, k={self.k}>"
        )

    def summary(self) -> str:
        """Return the path, one line a fit, and the remarks."""
        lines = [repr(self).strip("<>"), *(repr(fit).strip("<>") for fit in self.path)]
        return "\n".join([*lines, *(f"note: {remark}" for remark in self.diagnostics)])

    def columns(self) -> dict[str, Any]:
        """Return the path, one row per fit."""
        names = (
            "publication_largest_se",
            "estimate",
            "se",
            "ci_low",
            "ci_high",
            "p_value",
            "rho",
            "tau2",
            "residual_p_value",
            "unpublished",
        )
        return {name: np.array([getattr(fit, name) for fit in self.path]) for name in names}


class _Setting(NamedTuple):
    """Data without unit, and what stays the same over the grid."""

    y: FloatArray
    se: FloatArray
    unit: float
    side: Side
    bound: float
    start: tuple[float, float]
    level: float

    def starts(self) -> list[list[float]]:
        """Return where searches begin: several correlations on the chosen side, and two values of tau²."""
        sign = 1.0 if self.side is Side.LEFT else -1.0
        mu, tau2 = self.start
        shares = (0.5, 0.0, 0.25, 0.8, 1.0)
        return [[mu, sign * share * self.bound, part * tau2, 0.0] for share in shares for part in (1.0, 0.1)]

    def model(self, gamma: tuple[float, float], *, slope: bool) -> Copas:
        """Return the likelihood at publication parameters given in the effects' unit."""
        return Copas(self.y, self.se, gamma[0] + gamma[1] / (self.se * self.unit), slope)


def _setting(
    yi: ArrayLike,
    vi: ArrayLike,
    side: str | None,
    *,
    rho_bound: float,
    tau2: str | float,
    level: float,
) -> tuple[_Setting, PoolResult]:
    """Check the data and pool them."""
    y, v = effects_and_variances(yi, vi)
    se = np.sqrt(v)
    checked_predictor("copas", se)
    if not 0 < rho_bound < 1:
        raise UsageError(f"rho_bound: found {rho_bound!r}; allowed: above 0 and below 1")
    random = pool(y, v, tau2=tau2, ci="normal", level=checked_level(level))
    if side is None:
        where = Side.LEFT if multiplicative_line(y, v, se).slope > 0 else Side.RIGHT
    else:
        where = choose(Side, side, "side")
    unit = math.sqrt(float(np.median(v)))
    start = (random.estimate / unit, max(float(random.tau2 or 0.0) / unit**2, 1e-3))
    return _Setting(y / unit, se / unit, unit, where, rho_bound, start, level), random


def _standard_error(best: Maximum) -> float:
    """Return the standard error of the mean from the free parameters; NaN where there is none."""
    free = ~best.at_bound
    information = -best.hessian[np.ix_(free, free)]
    try:
        np.linalg.cholesky(information)
        return math.sqrt(float(np.linalg.inv(information)[0, 0]))
    except np.linalg.LinAlgError:
        return math.nan


def _fit(setting: _Setting, gamma: tuple[float, float]) -> CopasFit:
    """Fit the model at one pair of publication parameters, with its test of residual bias."""
    model = setting.model(gamma, slope=False)
    certain = float(special.ndtr(-model.u).max()) < CERTAIN
    bound = 0.0 if certain else setting.bound
    best = model.maximum(setting.starts(), -bound, bound)
    if not best.converged:
        raise ConvergenceError(f"copas: gamma {gamma}: {best.reason}; try other publication parameters")
    limits = (0.0, bound) if setting.side is Side.LEFT else (-bound, 0.0)
    wider = setting.model(gamma, slope=True).maximum([[*best.point, 0.0], *setting.starts()], *limits)
    statistic = max(0.0, 2.0 * (wider.value - best.value))
    unit, quantile = setting.unit, normal_quantile(setting.level)
    estimate, error = float(best.point[0]) * unit, _standard_error(best) * unit
    published = special.ndtr(model.u)
    remarks = []
    for row, name in ((1, "rho"), (2, "tau2")):
        if best.at_bound[row] and not (certain and row == 1):
            message = "on its bound; the standard error is given that value"
            remarks.append(Diagnostic(f"{name}-at-bound", message, name))
    return CopasFit(
        gamma[0],
        gamma[1],
        float(published[np.argmax(setting.se)]),
        float(published[np.argmin(setting.se)]),
        float(((1.0 - published) / published).sum()),
        estimate,
        error,
        estimate - quantile * error,
        estimate + quantile * error,
        two_sided_p(estimate / error, None),
        float(best.point[1]),
        float(best.point[2]) * unit**2,
        statistic,
        chi2_tail(statistic, 1),
        best.value - setting.y.size * math.log(unit),
        True,
        best.iterations,
        best.reason,
        tuple(remarks),
    )


def copas_fit(
    yi: ArrayLike,
    vi: ArrayLike,
    gamma0: float,
    gamma1: float,
    *,
    side: str | None = None,
    rho_bound: float = 0.9999,
    tau2: str | float = Tau2Method.REML,
    level: float = 0.95,
) -> CopasFit:
    """Fit the Copas selection model at given publication parameters, by maximum likelihood.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances; k of 3 or more.
    gamma0, gamma1 : float
        Probit of the chance of publication: gamma0 + gamma1 / se. gamma1 is not below 0.
    side : Side, str or None
        Where studies are missing; None is found by Egger's regression. It decides the sign of rho in the
        test of residual bias, and where the search begins.
    rho_bound : float
        Bound on |rho|, in (0, 1).
    tau2 : Tau2Method, str or float
        Of the random-effects fit from which the search begins.
    level : float
        Of the interval.

    Returns
    -------
    CopasFit

    Raises
    ------
    TooFewStudiesError, DataError, UsageError
        For data or options that cannot be.
    ConvergenceError
        Where no maximum was found.

    See Also
    --------
    copas_selection : over a grid.

    Notes
    -----
    y_i = mu + √(sigma_i² + tau²) e_i is seen where gamma0 + gamma1 / se_i + d_i > 0, corr(e_i, d_i) = rho;
    the publication parameters cannot be estimated from the data. Newton steps with exact derivatives;
    metasens stops at R's loose defaults.

    References
    ----------
    [Copas2000], [Copas2001].

    Examples
    --------
    >>> y, v = [0.1, 0.3, 0.35, 0.65, 0.5, 0.2], [0.01, 0.03, 0.05, 0.09, 0.1, 0.02]
    >>> round(copas_fit(y, v, 10.0, 0.0).estimate, 4), round(copas_fit(y, v, -0.5, 0.1).estimate, 4)
    (0.2193, 0.1659)
    """
    if not (is_number(gamma0) and is_number(gamma1) and abs(gamma0) <= LARGEST_GAMMA >= gamma1 >= 0):
        raise UsageError(
            f"gamma0, gamma1: found {shown(gamma0)}, {shown(gamma1)}; allowed: numbers up to "
            f"{LARGEST_GAMMA:g}, gamma1 not below 0; the probit of publication is gamma0 + gamma1 / se"
        )
    setting, _ = _setting(yi, vi, side, rho_bound=rho_bound, tau2=tau2, level=level)
    return _fit(setting, (float(gamma0), float(gamma1)))


def _ranges(
    setting: _Setting, gamma0: Sequence[float] | None, gamma1: Sequence[float] | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the ranges of publication parameters; metasens' rule where none are given."""
    smallest, largest = float(setting.se.min()) * setting.unit, float(setting.se.max()) * setting.unit
    second = (0.0, 1.29 / (1.0 / smallest - 1.0 / largest)) if gamma1 is None else tuple(gamma1)
    first = (-0.25 - second[1] / largest, 2.0) if gamma0 is None else tuple(gamma0)
    for name, pair in (("gamma0_range", first), ("gamma1_range", second)):
        if len(pair) != 2 or not pair[0] < pair[1]:
            raise UsageError(f"{name}: found {pair!r}; allowed: two rising numbers")
    return (float(first[0]), float(first[1])), (float(second[0]), float(second[1]))


def _contour(setting: _Setting, gamma0: FloatArray, gamma1: FloatArray) -> FloatArray:
    """Return the mean effect over the grid: the maximum on whose hill metasens begins its search.

    Under strong selection the likelihood often has a second one, with rho on its bound, which may be higher.
    """
    surface = np.full((gamma0.size, gamma1.size), np.nan)
    start = setting.starts()[:1]
    for row, column in itertools.product(range(gamma0.size), range(gamma1.size)):
        model = setting.model((float(gamma0[row]), float(gamma1[column])), slope=False)
        best = model.maximum(start, -setting.bound, setting.bound, longest=SHORT_STEP)
        if best.converged:
            surface[row, column] = float(best.point[0]) * setting.unit
    return surface


def _path(
    setting: _Setting, gamma0: FloatArray, gamma1: FloatArray, surface: FloatArray
) -> list[tuple[float, float]]:
    """Return the points of the path inside the ranges, from the least selection to the most."""
    across = points_across(surface)
    points = np.column_stack(
        [
            gamma0[0] + across[:, 0] * (gamma0[-1] - gamma0[0]),
            gamma1[0] + across[:, 1] * (gamma1[-1] - gamma1[0]),
        ]
    )
    low, high = np.array([gamma0[0], gamma1[0]]), np.array([gamma0[-1], gamma1[-1]])
    points = points[((points >= low) & (points <= high)).all(axis=1)]
    published = points[:, 0] + points[:, 1] / (setting.se.max() * setting.unit)
    return [(float(a), float(b)) for a, b in points[np.argsort(-published, kind="stable")]]


def copas_selection(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    gamma0_range: Sequence[float] | None = None,
    gamma1_range: Sequence[float] | None = None,
    grid: int = 20,
    alpha: float = 0.1,
    side: str | None = None,
    rho_bound: float = 0.9999,
    tau2: str | float = Tau2Method.REML,
    level: float = 0.95,
) -> CopasSelection:
    """Analyse the sensitivity of a pooled effect to selective publication by the Copas model.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances; k of 3 or more.
    gamma0_range, gamma1_range : (float, float) or None
        Ranges of the publication parameters; None follows metasens, from the standard errors.
    grid : int
        Points per axis, 3 or more.
    alpha : float
        Level of the test of residual bias; the first fit above it is the adjusted one.
    side, rho_bound, tau2, level
        As for `copas_fit`.

    Returns
    -------
    CopasSelection

    Raises
    ------
    TooFewStudiesError, DataError, UsageError, ConvergenceError
        As `copas_fit`.

    Notes
    -----
    At each pair of the grid the model is that of `copas_fit`. The path of fits leads from no selection
    across the contours of the effect, along the straight line and through the points that ``metasens::copas``
    takes. The contours come from one search per point, as there; the fits on the path are the highest of
    several. Report the whole path: the data do not say where on it the truth lies.

    References
    ----------
    [Copas2000], [Copas2001]; [Carpenter2009]; [Schwarzer2010].

    Examples
    --------
    >>> y, v = [0.1, 0.3, 0.35, 0.65, 0.5, 0.2], [0.01, 0.03, 0.05, 0.09, 0.1, 0.02]
    >>> found = copas_selection(y, v, grid=5)
    >>> len(found.path), found.side, found.contour.shape
    (3, 'left', (5, 5))
    """
    if grid < 3:
        raise UsageError(f"grid: found {grid!r}; allowed: 3 or more")
    checked_level(1.0 - alpha)
    setting, random = _setting(yi, vi, side, rho_bound=rho_bound, tau2=tau2, level=level)
    first, second = _ranges(setting, gamma0_range, gamma1_range)
    gamma0, gamma1 = np.linspace(*first, grid), np.linspace(*second, grid)
    surface = _contour(setting, gamma0, gamma1)
    if not np.isfinite(surface).any():
        raise ConvergenceError("copas_selection: no point of the grid has a maximum; give other ranges")
    path = tuple(_fit(setting, gamma) for gamma in [NO_SELECTION, *_path(setting, gamma0, gamma1, surface)])
    adjusted = next((fit for fit in path if fit.residual_p_value > alpha), None)
    remarks = few_studies(int(setting.y.size))
    if adjusted is path[0]:
        message = "no residual bias without selection: the unadjusted maximum likelihood fit is given"
        remarks = (*remarks, Diagnostic("no-selection-needed", message))
    if len(path) == 1:
        message = (
            "the effect does not change over the grid in one direction: no path through it; give other ranges"
        )
        remarks = (*remarks, Diagnostic("no-path", message))
    failed = int((~np.isfinite(surface)).sum())
    if failed:
        remarks = (*remarks, Diagnostic("grid-not-converged", f"{failed} points of the grid have no maximum"))
    values = (
        (math.nan,) * 5
        if adjusted is None
        else (adjusted.estimate, adjusted.se, adjusted.ci_low, adjusted.ci_high, adjusted.p_value)
    )
    options = {
        "gamma0_range": list(first),
        "gamma1_range": list(second),
        "grid": grid,
        "alpha": alpha,
        "rho_bound": rho_bound,
        "tau2": str(tau2),
    }
    return CopasSelection(
        *values,
        adjusted,
        path,
        random,
        gamma0,
        gamma1,
        surface,
        str(setting.side),
        int(setting.y.size),
        level,
        remarks,
        options,
    )
