"""p-uniform*: effect and heterogeneity when significant and other studies are published unequally."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError, TooFewStudiesError
from evergrove.stats.arrays import BoolArray, FloatArray, checked_level, effects_and_variances
from evergrove.stats.bias.maximum import Maximum, bounded_maximum
from evergrove.stats.bias.options import Side
from evergrove.stats.bias.selection_likelihood import Problem, StepSelection, log_likelihood
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, normal_quantile
from evergrove.stats.options import Tau2Method, choose
from evergrove.stats.result import Result
from evergrove.stats.roots import bracketed_root
from evergrove.stats.tau2 import estimate_tau2

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike

FEWEST_STUDIES = 2
MOST_DOUBLINGS = 40


@dataclass(frozen=True, slots=True, repr=False)
class PUniformStar(Result):
    """A random-effects meta-analysis corrected for unequal publication, by p-uniform*.

    Parameters
    ----------
    estimate, se, ci_low, ci_high : float
        Mean effect; limits from the profile likelihood; se from the inverse Hessian (NaN on a boundary
        where it does not exist).
    statistic, p_value : float
        Likelihood ratio test of no effect, one degree of freedom.
    tau2, tau2_ci_low, tau2_ci_high : float
        Between-study variance with profile likelihood limits; an upper limit may be infinite.
    tau2_statistic, tau2_p_value : float
        Likelihood ratio test of tau² = 0, half a chi-square since 0 is a boundary.
    bias_statistic, bias_p_value : float
        Likelihood ratio of the estimates against those of the uncorrected model (tau² by Paule-Mandel),
        two degrees of freedom.
    log_likelihood : float
    k, k_significant : int
        Studies, and those significant on the chosen side.
    converged, iterations, reason : bool, int, str
        How the maximum was found.
    level : float
        Of the intervals.
    diagnostics : tuple of Diagnostic
        Boundaries, one-sided data.
    options : mapping
        Options as resolved.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    tau2: float
    tau2_ci_low: float
    tau2_ci_high: float
    tau2_statistic: float
    tau2_p_value: float
    bias_statistic: float
    bias_p_value: float
    log_likelihood: float
    k: int
    k_significant: int
    converged: bool
    iterations: int
    reason: str
    level: float
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        return (
            f"<PUniformStar {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], "
            f"p={self.p_value:.3g}, tau²={self.tau2:.4g}, {self.k_significant} of {self.k} significant>"
        )

    def summary(self) -> str:
        """Return estimate, heterogeneity, the test of bias and the remarks."""
        lines = [
            repr(self).strip("<>"),
            (
                f"tau² = {self.tau2:.4g} ({self.tau2_ci_low:.4g} to {self.tau2_ci_high:.4g}), "
                f"p = {self.tau2_p_value:.4g}"
            ),
            f"test of publication bias: LR = {self.bias_statistic:.4f}, p = {self.bias_p_value:.4g}",
        ]
        return "\n".join([*lines, *(f"note: {remark}" for remark in self.diagnostics)])


class _Model(NamedTuple):
    """The likelihood without unit: each study truncated to its own side of the critical value."""

    y: FloatArray
    v: FloatArray
    selection: StepSelection

    def at(self, mu: float, tau2: float) -> float:
        """Return the log-likelihood at a point."""
        values = np.array([mu, tau2])
        problem = Problem(
            self.y, self.v, np.ones((self.y.size, 1)), self.selection, np.ones(2, dtype=bool), values
        )
        return log_likelihood(problem, values).value

    def starts(self) -> list[tuple[float, float]]:
        """Return where a search for both parameters begins."""
        spread = float(np.var(self.y))
        return [(float(np.mean(self.y)), spread), (0.0, 0.1 * spread), (float(np.median(self.y)), 0.0)]

    def best(
        self, starts: list[tuple[float, float]], mu: float | None = None, tau2: float | None = None
    ) -> Maximum:
        """Return the maximum, with one parameter held where it is given."""
        estimated: BoolArray = np.array([mu is None, tau2 is None])
        found = []
        for start in starts:
            values = np.array([start[0] if mu is None else mu, start[1] if tau2 is None else tau2])
            problem = Problem(self.y, self.v, np.ones((self.y.size, 1)), self.selection, estimated, values)
            found.append(
                bounded_maximum(
                    lambda free, problem=problem: log_likelihood(problem, free),  # type: ignore[misc]
                    values[estimated],
                    np.array([-np.inf, 0.0])[estimated],
                    np.array([np.inf, np.inf])[estimated],
                )
            )
        done = [one for one in found if one.converged] or found
        return max(done, key=lambda one: one.value)


def _limit(profile: Callable[[float], float], at: float, unit: float, target: float, sign: float) -> float:
    """Return where a profile likelihood falls to a target on one side; infinite where it does not."""

    def gap(distance: float) -> float:
        return profile(at + sign * distance) - target

    far = unit
    for _ in range(MOST_DOUBLINGS):
        if gap(far) < 0:
            return at + sign * bracketed_root(gap, 0.0, far).value
        far *= 2.0
    return sign * math.inf


def _truncated(y: FloatArray, v: FloatArray, critical: float) -> tuple[StepSelection, BoolArray]:
    """Return each study's own side of its critical effect as its one interval."""
    cut = critical * np.sqrt(v)
    significant: BoolArray = y > cut
    low = np.where(significant, cut, -np.inf)[:, np.newaxis]
    high = np.where(significant, np.inf, cut)[:, np.newaxis]
    none = np.zeros(1, dtype=np.intp)
    own = np.zeros(y.size, dtype=np.intp)
    return StepSelection(low, high, none, own, np.ones(1), np.zeros((1, 0))), significant


def p_uniform_star(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    side: str = Side.RIGHT,
    alpha: float = 0.05,
    level: float = 0.95,
) -> PUniformStar:
    """Estimate effect and heterogeneity by p-uniform*, maximum likelihood.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances; k of 2 or more.
    side : Side or str
        Where significant results were looked for.
    alpha : float
        Two-sided significance level of the studies.
    level : float
        Of the intervals.

    Returns
    -------
    PUniformStar

    Raises
    ------
    TooFewStudiesError
        With fewer than 2 studies.
    DataError
        For effects or variances that cannot be.
    ConvergenceError
        Where no maximum was found.

    Notes
    -----
    Each study contributes the density of its effect given that it lies on its side of the critical
    value: significant and other studies need not be published equally, within each group they are. It is
    a selection model with one step whose weight cancels; `selection_model` estimates that weight and is
    more precise where its model holds. puniform's ``puni_star`` searches with tolerances of about 1e-3;
    here the maximum and the limits are exact. With significant studies only, tau² is poorly determined.

    References
    ----------
    [VanAert2025].

    Examples
    --------
    >>> star = p_uniform_star([0.5, 0.4, 0.6, 0.1, 0.45, 0.2], [0.02, 0.03, 0.04, 0.02, 0.03, 0.05])
    >>> round(star.estimate, 4), round(star.tau2, 4)
    (0.2971, 0.0061)
    """
    y, v = effects_and_variances(yi, vi)
    k = int(y.size)
    if k < FEWEST_STUDIES:
        raise TooFewStudiesError(f"p_uniform_star: found {k} studies; allowed: 2 or more")
    checked_level(1.0 - alpha)
    level = checked_level(level)
    where = choose(Side, side, "side")
    sign, unit = (-1.0 if where is Side.LEFT else 1.0), math.sqrt(float(np.median(v)))
    selection, significant = _truncated(sign * y / unit, v / unit**2, float(-special.ndtri(alpha / 2.0)))
    model = _Model(sign * y / unit, v / unit**2, selection)
    best = model.best(model.starts())
    if not best.converged:
        raise ConvergenceError(f"p_uniform_star: {best.reason}; try selection_model")
    mu, tau2 = (float(value) for value in best.point)
    near = [(mu, tau2)]
    target = best.value - normal_quantile(level) ** 2 / 2.0
    width = max(1.0, math.sqrt(tau2)) / math.sqrt(k)
    mu_limits = [
        _limit(lambda m: model.best(near, mu=m).value, mu, width, target, way) for way in (-1.0, 1.0)
    ]
    none = model.best(near, tau2=0.0).value
    upper = _limit(lambda t: model.best(near, tau2=t).value, tau2, max(tau2, 0.1), target, 1.0)
    lower = 0.0
    if none < target:
        lower = bracketed_root(lambda t: model.best(near, tau2=t).value - target, 0.0, tau2).value
    tests = [
        max(0.0, 2.0 * (best.value - other)) for other in (model.best(model.starts(), mu=0.0).value, none)
    ]
    bias = _bias_statistic(model, best.value)
    limits = sorted(sign * unit * limit for limit in mu_limits)
    return PUniformStar(
        sign * mu * unit,
        _standard_error(best) * unit,
        limits[0],
        limits[1],
        tests[0],
        chi2_tail(tests[0], 1),
        tau2 * unit**2,
        lower * unit**2,
        upper * unit**2,
        tests[1],
        0.5 * chi2_tail(tests[1], 1),
        bias,
        chi2_tail(bias, 2),
        best.value - k * math.log(unit),
        k,
        int(significant.sum()),
        True,
        best.iterations,
        best.reason,
        level,
        _remarks(tau2, significant),
        {"side": where, "alpha": alpha, "method": "ML"},
    )


def _bias_statistic(model: _Model, best: float) -> float:
    """Return the likelihood ratio of the estimates against the uncorrected model with Paule-Mandel's tau²."""
    tau2 = estimate_tau2(Tau2Method.PM, model.y, model.v).value
    weights = 1.0 / (model.v + tau2)
    mean = float((weights * model.y).sum() / weights.sum())
    return max(0.0, 2.0 * (best - model.at(mean, tau2)))


def _standard_error(best: Maximum) -> float:
    """Return the standard error of the mean from the inverse Hessian in the free parameters."""
    if best.at_bound[0]:
        return math.nan
    free = ~best.at_bound
    information = -best.hessian[np.ix_(free, free)]
    try:
        np.linalg.cholesky(information)
        return math.sqrt(float(np.linalg.inv(information)[0, 0]))
    except np.linalg.LinAlgError:
        return math.nan


def _remarks(tau2: float, significant: BoolArray) -> tuple[Diagnostic, ...]:
    """Return boundaries and one-sided data."""
    remarks = []
    if tau2 == 0.0:
        message = "the likelihood is highest at tau² = 0, a boundary; the standard error is given tau² = 0"
        remarks.append(Diagnostic("tau2-zero", message, "tau2"))
    if significant.all() or not significant.any():
        kind = "significant" if significant.all() else "not significant"
        message = f"all studies are {kind}: effect and tau² can hardly be told apart"
        remarks.append(Diagnostic("one-kind-of-study", message))
    return tuple(remarks)
