"""The test of excess significance (Ioannidis & Trikalinos)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import BoolArray, FloatArray, checked_level, effects_and_variances
from evergrove.stats.bias.few_studies import few_studies
from evergrove.stats.bias.options import ExcessTest
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.inverse_variance import weighted_mean
from evergrove.stats.options import Alternative, Tau2Method, choose
from evergrove.stats.result import Result
from evergrove.stats.roots import bracketed_root
from evergrove.stats.tau2 import estimate_tau2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

#: Probabilities that differ by less than this count as equal in a two-sided exact test (metafor).
EQUAL = 1.5e-8


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ExcessSignificance(Result):
    """Significant studies, observed and expected.

    Parameters
    ----------
    observed : int
        Studies that are significant at `alpha`.
    expected, ratio : float
        Sum of the studies' powers; observed over expected (infinite, or NaN for 0 of 0, where no study has
        any power).
    statistic : float
        Chi-square; NaN for the other tests.
    p_value : float
        Of the test.
    theta, tau2 : float
        Effect and between-study variance at which powers are computed; theta is NaN where one was given
        for each study.
    theta_limit : tuple of float
        The effect at which the test has p = `test_alpha` (two for a two-sided test); NaN where there is
        none. A smaller effect would make the excess significant.
    power : ndarray, shape (k,)
        Of each study.
    significant : ndarray of bool, shape (k,)
    test : str
        An `ExcessTest`.
    k : int
        Studies.
    diagnostics : tuple of Diagnostic
        Few studies.
    options : mapping
        Options as resolved.
    """

    observed: int
    expected: float
    ratio: float
    statistic: float
    p_value: float
    theta: float
    tau2: float
    theta_limit: tuple[float, ...]
    power: FloatArray
    significant: BoolArray
    test: str
    k: int
    diagnostics: tuple[Any, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        return (
            f"<ExcessSignificance {self.observed} observed, {self.expected:.2f} expected of {self.k}, "
            f"p={self.p_value:.3g}>"
        )

    def summary(self) -> str:
        """Return the test in one line and its remarks."""
        return "\n".join([repr(self).strip("<>"), *(f"note: {remark}" for remark in self.diagnostics)])

    def columns(self) -> dict[str, Any]:
        """Return power and significance, one row per study."""
        return {"power": self.power, "significant": self.significant}


class _Setting(NamedTuple):
    """What stays the same when theta moves."""

    se: FloatArray
    tau2: float
    null: float
    critical: float
    alternative: Alternative
    hit: BoolArray
    test: ExcessTest
    test_alternative: Alternative
    correct: bool

    @property
    def observed(self) -> int:
        """Significant studies."""
        return int(self.hit.sum())

    def power(self, theta: FloatArray | float) -> FloatArray:
        """Return the chance that each study is significant; normal true effects of variance tau²."""
        shift = (theta - self.null) + np.zeros(self.se.size)
        spread = np.sqrt(self.se**2 + self.tau2)
        up = special.ndtr((shift - self.critical * self.se) / spread)
        down = special.ndtr((-shift - self.critical * self.se) / spread)
        if self.alternative is Alternative.GREATER:
            return np.asarray(up)
        return np.asarray(down if self.alternative is Alternative.LESS else up + down)

    def p_value(self, power: FloatArray) -> tuple[float, float]:
        """Return chi-square (or NaN) and p."""
        if self.test is ExcessTest.CHI_SQUARE:
            return _chi_square(self.observed, power, self.test_alternative, correct=self.correct)
        if self.test is ExcessTest.BINOMIAL:
            k = power.size
            share = float(power.sum()) / k
            counts = np.arange(k + 1)
            logs = special.gammaln(k + 1) - special.gammaln(counts + 1) - special.gammaln(k - counts + 1)
            chances = np.exp(logs + special.xlogy(counts, share) + special.xlog1py(k - counts, -share))
            return math.nan, _tail(chances, self.observed, self.test_alternative, slack=1.0 + 1e-7, extra=0.0)
        return math.nan, _tail(
            _poisson_binomial(power), self.observed, self.test_alternative, slack=1.0, extra=EQUAL
        )


def _poisson_binomial(power: FloatArray) -> FloatArray:
    """Return the distribution of the number of significant studies."""
    chances = np.ones(1)
    for p in power:
        chances = np.convolve(chances, [1.0 - p, p])
    return chances


def _tail(
    chances: FloatArray, observed: int, alternative: Alternative, *, slack: float, extra: float
) -> float:
    """Return the p value of a count; two-sided is the sum over counts that are no more likely."""
    if alternative is Alternative.GREATER:
        return min(1.0, float(chances[observed:].sum()))
    if alternative is Alternative.LESS:
        return min(1.0, float(chances[: observed + 1].sum()))
    return min(1.0, float(chances[chances <= chances[observed] * slack + extra].sum()))


def _chi_square(
    observed: int, power: FloatArray, alternative: Alternative, *, correct: bool
) -> tuple[float, float]:
    """Return Pearson's chi-square of observed against expected, one degree of freedom."""
    k, expected = power.size, float(power.sum())
    gap = abs(observed - expected)
    less = min(0.5, gap) if correct else 0.0
    room = expected * (k - expected) / k
    statistic = (gap - less) ** 2 / room if room > 0 else math.inf if gap > less else 0.0
    if alternative is Alternative.TWO_SIDED:
        return statistic, chi2_tail(statistic, 1)
    z = math.copysign(math.sqrt(statistic), observed - expected)
    return statistic, float(special.ndtr(-z if alternative is Alternative.GREATER else z))


def _ratio(observed: int, expected: float) -> float:
    """Return observed over expected, where expected can be 0."""
    if expected > 0:
        return observed / expected
    return math.inf if observed else math.nan


def _limit(setting: _Setting, theta: float, alpha: float) -> float:
    """Return the effect between the null and beyond theta at which p equals alpha; NaN for none."""
    sign = 1.0 if theta >= setting.null else -1.0
    rises = setting.test_alternative is Alternative.GREATER

    def gap(distance: float) -> float:
        return setting.p_value(setting.power(setting.null + sign * distance))[1] - alpha

    start = gap(0.0)
    if (start >= 0) if rises else (start <= 0):
        return math.nan
    far = max(abs(theta - setting.null), float(setting.se.min()))
    for _ in range(200):
        if (gap(far) > 0) != (start > 0):
            found = bracketed_root(gap, 0.0, far)
            return setting.null + sign * found.value if found.converged else math.nan
        far *= 2.0
    return math.nan


def _limits(setting: _Setting, theta: float, alpha: float) -> tuple[float, ...]:
    """Return one limit, or two for a two-sided test."""
    if setting.test_alternative is not Alternative.TWO_SIDED:
        return (_limit(setting, theta, alpha),)
    return tuple(
        _limit(setting._replace(test_alternative=side), theta, alpha / 2.0)
        for side in (Alternative.GREATER, Alternative.LESS)
    )


def excess_significance(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    theta: ArrayLike | None = None,
    tau2: str | float = 0.0,
    null: float = 0.0,
    alternative: str = Alternative.TWO_SIDED,
    alpha: float = 0.05,
    test: str = ExcessTest.EXACT,
    test_alternative: str = Alternative.GREATER,
    test_alpha: float = 0.1,
    correct: bool = False,
) -> ExcessSignificance:
    """Test whether more studies are significant than their power lets expect.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances.
    theta : float, array-like of shape (k,), or None
        True effect(s) at which power is computed; None is the pooled effect at weights 1 / (v + tau²).
    tau2 : Tau2Method, str or float
        Between-study variance: an estimator, or a number not below 0. 0 is a common effect (the default of
        metafor's ``tes(yi, vi)``).
    null : float
        Effect under the null hypothesis of the studies.
    alternative, alpha : Alternative or str, float
        Of the studies' own tests.
    test : ExcessTest or str
        ``"exact"``, ``"chi-square"`` or ``"binomial"``.
    test_alternative, test_alpha : Alternative or str, float
        Of this test; `test_alpha` is used for `theta_limit` only.
    correct : bool
        Continuity correction of chi-square.

    Returns
    -------
    ExcessSignificance

    Raises
    ------
    TooFewStudiesError
        Without any study.
    UsageError
        For options that cannot be.
    DataError
        For effects or variances that cannot be.
    ConvergenceError
        Where tau² was not found.

    Notes
    -----
    With true effects N(theta, tau²), a study is significant with probability Φ((theta - c se) / √(se² +
    tau²)) on each side: closed form (metafor integrates over ±5 tau, 6e-7 less). The exact test uses the
    Poisson-binomial distribution at any k; metafor falls back to chi-square above 10⁶ combinations.

    The test answers whether the set as a whole has too many significant results, not which ones. With
    heterogeneity that is left out it says "excess" too readily. Publication bias itself inflates theta and
    hides the excess: look at `theta_limit`.

    References
    ----------
    [Ioannidis2007]; [Francis2013].

    Examples
    --------
    >>> excess_significance([0.7, 0.6, 0.5, 0.1], [0.05, 0.06, 0.04, 0.01])
    <ExcessSignificance 3 observed, 1.59 expected of 4, p=0.136>
    """
    y, v = effects_and_variances(yi, vi)
    k = int(y.size)
    if k == 0:
        raise TooFewStudiesError("excess_significance: found 0 studies; allowed: 1 or more")
    side = choose(Alternative, alternative, "alternative")
    for probability in (alpha, test_alpha):
        checked_level(1.0 - probability)
    spread = _tau2(tau2, y, v)
    mean = weighted_mean(y, v, spread).estimate
    given = np.asarray(mean if theta is None else theta, dtype=float)
    if given.shape not in {(), (k,), (1,)} or not np.isfinite(given).all():
        raise UsageError(
            f"theta: found {theta!r}; allowed: one finite effect, or one for each of {k} studies"
        )
    setting = _setting(
        (y, v),
        (float(null), side, alpha),
        (choose(ExcessTest, test, "test"), choose(Alternative, test_alternative, "test_alternative")),
        tau2=spread,
        correct=bool(correct),
    )
    power = setting.power(given)
    expected = float(power.sum())
    statistic, p = setting.p_value(power)
    one = given.size == 1
    limit = _limits(setting, float(given.ravel()[0]), test_alpha) if one else (math.nan,)
    options = {
        "alternative": side,
        "alpha": alpha,
        "null": null,
        "test": setting.test,
        "test_alternative": setting.test_alternative,
        "test_alpha": test_alpha,
        "correct": correct,
        "tau2": tau2 if isinstance(tau2, str) else float(tau2),
    }
    return ExcessSignificance(
        setting.observed,
        expected,
        _ratio(setting.observed, expected),
        statistic,
        p,
        float(given.ravel()[0]) if one else math.nan,
        spread,
        limit,
        power,
        setting.hit,
        str(setting.test),
        k,
        few_studies(k),
        options,
    )


def _setting(
    data: tuple[FloatArray, FloatArray],
    studies: tuple[float, Alternative, float],
    test: tuple[ExcessTest, Alternative],
    *,
    tau2: float,
    correct: bool,
) -> _Setting:
    """Count the significant studies and hold what does not move with theta."""
    (y, v), (null, side, alpha) = data, studies
    z = (y - null) / np.sqrt(v)
    critical = float(-special.ndtri(alpha / 2.0 if side is Alternative.TWO_SIDED else alpha))
    hit: BoolArray = {
        Alternative.TWO_SIDED: np.abs(z) >= critical,
        Alternative.GREATER: z >= critical,
        Alternative.LESS: z <= -critical,
    }[side]
    return _Setting(np.sqrt(v), tau2, null, critical, side, hit, *test, correct)


def _tau2(tau2: str | float, y: FloatArray, v: FloatArray) -> float:
    """Return tau² as given or estimated."""
    if isinstance(tau2, str):
        method = choose(Tau2Method, tau2, "tau2")
        found = estimate_tau2(method, y, v)
        if not found.converged:
            raise ConvergenceError(f"excess_significance: tau² by {method}: {found.reason}; try tau2='DL'")
        return found.value
    if not (math.isfinite(tau2) and tau2 >= 0):
        raise UsageError(f"tau2: found {tau2!r}; allowed: a number not below 0, or the name of an estimator")
    return float(tau2)
