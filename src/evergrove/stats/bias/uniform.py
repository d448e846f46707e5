"""p-uniform: the effect at which the conditional p values of significant studies are uniform."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError, TooFewStudiesError
from evergrove.stats.arrays import FloatArray, checked_level, effects_and_variances
from evergrove.stats.bias.irwin_hall import MOST_EXACT, irwin_hall_quantile
from evergrove.stats.bias.options import PUniformMethod, Side
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, normal_quantile
from evergrove.stats.inverse_variance import weighted_mean
from evergrove.stats.options import choose
from evergrove.stats.result import Result
from evergrove.stats.roots import bracketed_root

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike

MOST_DOUBLINGS = 60
#: Of the search for the least distance, on both sides of method P's estimate, in typical standard errors.
REACH = 6.0
#: Methods that take the least distance.
BY_DISTANCE = (PUniformMethod.KS, PUniformMethod.AD)
#: Below this the complement of a p value is rounding.
SMALLEST = float(np.finfo(np.float64).tiny)
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
ROOT_OF_TWO_PI = math.sqrt(2.0 * math.pi)


@dataclass(frozen=True, slots=True, repr=False)
class PUniform(Result):
    """An effect corrected for selection of significant studies; one true effect is assumed.

    Parameters
    ----------
    estimate, ci_low, ci_high : float
        Effect on the pooling scale; a limit is infinite where the data do not bound it.
    statistic, p_value : float
        Test of no effect: z (P), a gamma variable (LNP, LN1MINP) or a likelihood ratio (ML); one-sided but
        for ML; NaN for KS and AD.
    bias_statistic, bias_p_value : float
        Test of publication bias: the same at the common effect of all studies.
    common_estimate : float
        That common effect.
    k, k_significant : int
        Studies given, and significant on the chosen side.
    method : str
        A `PUniformMethod`.
    level : float
        Of the interval.
    diagnostics : tuple of Diagnostic
        What was left out.
    options : mapping
        Options as resolved.
    """

    estimate: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    bias_statistic: float
    bias_p_value: float
    common_estimate: float
    k: int
    k_significant: int
    method: str
    level: float
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        return (
            f"<PUniform {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], p={self.p_value:.3g}, "
            f"{self.k_significant} of {self.k} significant; {self.method}>"
        )

    def summary(self) -> str:
        """Return the estimate, the test of bias and the remarks."""
        bias = f"test of publication bias: {self.bias_statistic:.4f}, p = {self.bias_p_value:.4g}"
        return "\n".join([repr(self).strip("<>"), bias, *(f"note: {remark}" for remark in self.diagnostics)])


class _Significant(NamedTuple):
    """Significant studies, turned so that effects are positive."""

    z: FloatArray
    se: FloatArray
    critical: float

    def log_q(self, effect: float) -> FloatArray:
        """Return the log of each conditional p value at a true effect."""
        shift = effect / self.se
        return np.asarray(special.log_ndtr(shift - self.z) - special.log_ndtr(shift - self.critical))

    def total(self, method: PUniformMethod, effect: float) -> float:
        """Return the sum over conditional p values that a method looks at; it falls or rises throughout."""
        logs = self.log_q(effect)
        if method is PUniformMethod.P:
            return float(np.exp(logs).sum())
        if method is PUniformMethod.LN1MINP:
            return -float(np.log(-np.expm1(logs)).sum())
        return -float(logs.sum())

    def distance(self, method: PUniformMethod, effect: float) -> float:
        """Return how far the conditional p values are from uniform (Kolmogorov-Smirnov, Anderson-Darling)."""
        if method is PUniformMethod.AD:
            logs = np.sort(self.log_q(effect))
            odd = 2.0 * np.arange(logs.size) + 1.0
            # p values of 1 to rounding are as far off as can be told apart
            ends = logs + np.log(np.maximum(-np.expm1(logs[::-1]), SMALLEST))
            return -logs.size - float((odd * ends).mean())
        q = np.sort(np.exp(self.log_q(effect)))
        above = np.arange(1.0, q.size + 1.0) / q.size
        return float(max((above - q).max(), (q - above + 1.0 / q.size).max()))

    def log_likelihood(self, effect: float) -> float:
        """Return the log-likelihood of truncated normal effects, without its constant."""
        shift = effect / self.se
        return float((-0.5 * (self.z - shift) ** 2 - special.log_ndtr(shift - self.critical)).sum())

    def score(self, effect: float) -> float:
        """Return its derivative in the effect."""
        shift = effect / self.se
        gap = shift - self.critical
        hazard = np.exp(-0.5 * gap**2 - special.log_ndtr(gap)) / ROOT_OF_TWO_PI
        return float(((self.z - shift - hazard) / self.se).sum())


def _crossing(function: Callable[[float], float], origin: float, unit: float, direction: float) -> float:
    """Return where a function changes sign on one side of an origin; infinite where it never does."""

    def at(distance: float) -> float:
        return function(origin + direction * distance)

    start = at(0.0)
    if start == 0.0:
        return origin
    far = unit
    for _ in range(MOST_DOUBLINGS):
        there = at(far)
        if math.isfinite(there) and (there > 0) != (start > 0):
            return origin + direction * bracketed_root(at, 0.0, far).value
        if not math.isfinite(there):
            break
        far *= 2.0
    return direction * math.inf


def _root(function: Callable[[float], float], origin: float, unit: float, *, rising: bool) -> float:
    """Return the root of a monotone function."""
    start = function(origin)
    direction = -1.0 if (start > 0) == rising else 1.0
    return _crossing(function, origin, unit, direction)


def _by_p_values(
    data: _Significant, method: PUniformMethod, level: float, unit: float
) -> tuple[float, float, float]:
    """Return estimate and limits where a sum over conditional p values has its mean and quantiles."""
    k = data.z.size
    tail = (1.0 - level) / 2.0
    if method is PUniformMethod.P:
        edge = (
            irwin_hall_quantile(tail, k)
            if k <= MOST_EXACT
            else k / 2.0 - normal_quantile(level) * math.sqrt(k / 12.0)
        )
        goals = (k / 2.0, edge, k - edge)
    else:
        upper, lower = (float(inverse(k, tail)) for inverse in (special.gammainccinv, special.gammaincinv))
        goals = (float(k), lower, upper)
    rising = method is not PUniformMethod.LNP

    def solved(goal: float) -> float:
        return _root(lambda effect: data.total(method, effect) - goal, 0.0, unit, rising=rising)

    return solved(goals[0]), solved(goals[1]), solved(goals[2])


def _by_distance(data: _Significant, method: PUniformMethod, unit: float) -> float:
    """Return the effect of least distance: the best of a grid about method P's, then a golden section."""
    middle = _by_p_values(data, PUniformMethod.P, 0.95, unit)[0]
    if not math.isfinite(middle):
        return middle
    effects = middle + unit * np.linspace(-REACH, REACH, 1201)
    best = int(np.argmin([data.distance(method, float(effect)) for effect in effects]))
    low, high = float(effects[max(best - 1, 0)]), float(effects[min(best + 1, effects.size - 1)])
    for _ in range(MOST_DOUBLINGS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        low, high = (
            (low, right) if data.distance(method, left) < data.distance(method, right) else (left, high)
        )
    return (low + high) / 2.0


def _by_likelihood(data: _Significant, level: float, unit: float) -> tuple[float, float, float]:
    """Return the maximum of the likelihood and its profile limits."""
    estimate = _root(data.score, 0.0, unit, rising=False)
    if not math.isfinite(estimate):
        return estimate, math.nan, math.nan
    top = data.log_likelihood(estimate)
    half = normal_quantile(level) ** 2 / 2.0

    def gap(effect: float) -> float:
        return top - data.log_likelihood(effect) - half

    return estimate, _crossing(gap, estimate, unit, -1.0), _crossing(gap, estimate, unit, 1.0)


def _test(
    data: _Significant, method: PUniformMethod, effect: float, estimate: float, *, too_large: bool
) -> tuple[float, float]:
    """Return statistic and p of an effect; `too_large` looks for conditional p values that are large."""
    k = data.z.size
    if method in BY_DISTANCE:
        return math.nan, math.nan
    if method is PUniformMethod.ML:
        statistic = max(0.0, 2.0 * (data.log_likelihood(estimate) - data.log_likelihood(effect)))
        return statistic, chi2_tail(statistic, 1)
    statistic = data.total(method, effect)
    if method is PUniformMethod.P:
        z = (statistic - k / 2.0) / math.sqrt(k / 12.0)
        return z, float(special.ndtr(-z if too_large else z))
    lower = too_large == (method is PUniformMethod.LNP)
    return statistic, float((special.gammainc if lower else special.gammaincc)(k, statistic))


def p_uniform(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    side: str = Side.RIGHT,
    method: str = PUniformMethod.P,
    alpha: float = 0.05,
    level: float = 0.95,
) -> PUniform:
    """Estimate the effect from significant studies alone, by p-uniform.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances.
    side : Side or str
        Where significant results were looked for; the other side counts as not significant.
    method : PUniformMethod or str
        ``"P"``, ``"LNP"``, ``"LN1MINP"``, ``"ML"``, ``"KS"`` or ``"AD"``.
    alpha : float
        Two-sided significance level of the studies.
    level : float
        Of the interval.

    Returns
    -------
    PUniform

    Raises
    ------
    TooFewStudiesError
        Without any significant study on that side.
    DataError
        For effects or variances that cannot be.
    ConvergenceError
        Where no effect fits.

    See Also
    --------
    p_uniform_star : with heterogeneity, from all studies.

    Notes
    -----
    q_i = Φ̄(z_i - d/se_i) / Φ̄(c - d/se_i), uniform at the true effect d. Tails are taken in logs, so that
    there is no limit to how far the search goes. Significance is judged by z; puniform's other inputs
    use the t test of the study. Heterogeneity makes the estimate too large: above moderate I² use
    `p_uniform_star` or `selection_model`.

    References
    ----------
    [VanAssen2015]; [VanAert2016]; [Simonsohn2014]; [Anderson1954].

    Examples
    --------
    >>> p_uniform([0.5, 0.4, 0.6, 0.1, 0.45], [0.02, 0.03, 0.04, 0.02, 0.03])
    <PUniform 0.4006 [0.1056, 0.5925], p=0.0105, 4 of 5 significant; P>
    """
    y, v = effects_and_variances(yi, vi)
    checked_level(1.0 - alpha)
    level = checked_level(level)
    where, how = choose(Side, side, "side"), choose(PUniformMethod, method, "method")
    sign = -1.0 if where is Side.LEFT else 1.0
    z = sign * y / np.sqrt(v)
    critical = float(-special.ndtri(alpha / 2.0))
    inside = z > critical
    if not inside.any():
        raise TooFewStudiesError(
            f"p_uniform: found no study significant at {alpha:g} on the {where} side; allowed: 1 or more"
        )
    data = _Significant(z[inside], np.sqrt(v[inside]), critical)
    unit = float(np.median(data.se))
    if how is PUniformMethod.ML:
        found = _by_likelihood(data, level, unit)
    elif how in BY_DISTANCE:
        found = (_by_distance(data, how, unit), math.nan, math.nan)
    else:
        found = _by_p_values(data, how, level, unit)
    if not math.isfinite(found[0]):
        raise ConvergenceError(
            f"p_uniform: no finite effect fits the {int(inside.sum())} significant studies (they lie at the "
            "critical value); try another method"
        )
    common = sign * weighted_mean(y, v, 0.0).estimate
    test = _test(data, how, 0.0, found[0], too_large=False)
    bias = _test(data, how, common, found[0], too_large=True)
    k = int(y.size)
    left = k - int(inside.sum())
    message = f"{left} studies are not significant on the {where} side and are not used"
    return PUniform(
        sign * found[0],
        min(sign * found[1], sign * found[2]),
        max(sign * found[1], sign * found[2]),
        *test,
        *bias,
        sign * common,
        k,
        k - left,
        str(how),
        level,
        (Diagnostic("not-significant-left-out", message),) if left else (),
        {"side": where, "method": how, "alpha": alpha},
    )
