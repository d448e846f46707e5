"""Fail-safe N: how many null results in drawers would overturn a result."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import FloatArray, checked_level, column, effects_and_variances
from evergrove.stats.bias.options import FailSafeMethod
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.inverse_variance import weighted_mean
from evergrove.stats.options import PoolModel, Tau2Method, choose
from evergrove.stats.result import Result
from evergrove.stats.tau2 import estimate_tau2

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike

#: metafor's limit: above it the number is given as a lower bound.
MOST_STUDIES = 10_000_000
#: Above it the exact general method falls back to the approximate one, as in metafor.
MOST_EXACT = 5000
#: A number this near to a whole one is that one (metafor: the square root of machine precision).
WHOLE = 1.5e-8


@dataclass(frozen=True, slots=True, repr=False)
class FailSafeN(Result):
    """A number of unseen studies that average no effect.

    Parameters
    ----------
    n : float
        The number, whole; infinite where no number suffices.
    estimate, tau2, p_value : float
        Of the studies seen, as the method has them; NaN where it has none.
    alpha : float
        Significance level; NaN for Orwin's.
    target : float
        Target effect; NaN where the target is a p value.
    estimate_with, tau2_with, p_value_with : float
        With the unseen studies added, for the general method; else NaN.
    method : str
        A `FailSafeMethod`.
    k : int
        Studies seen.
    diagnostics : tuple of Diagnostic
        The target's sign turned, the limit reached.
    options : mapping
        Options as resolved.
    """

    n: float
    estimate: float
    tau2: float
    p_value: float
    alpha: float
    target: float
    estimate_with: float
    tau2_with: float
    p_value_with: float
    method: str
    k: int
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        return f"<FailSafeN {self.n:g} ({self.method}), k={self.k}>"

    def summary(self) -> str:
        """Return the number with what it means."""
        goal = f"p = {self.alpha:g}" if math.isnan(self.target) else f"an effect of {self.target:g}"
        line = (
            f"fail-safe N ({self.method}) = {self.n:g}: so many null results bring {self.k} studies to {goal}"
        )
        return "\n".join([line, *(f"note: {remark}" for remark in self.diagnostics)])


def _whole(number: float) -> float:
    """Round up, but not for rounding errors."""
    if not math.isfinite(number):
        return number
    near = float(round(number))
    return near if abs(number - near) < WHOLE else float(math.ceil(number))


class _Drawer(NamedTuple):
    """The studies seen, and what fills the drawer."""

    y: FloatArray
    v: FloatArray
    estimate: float
    tau2: float
    variance: float
    method: Tau2Method | None
    exact: bool

    def _refitted(self, n: int) -> float:
        """Return tau² of all studies, the unseen ones having mean 0 and variance v + tau²."""
        hidden = special.ndtri((np.arange(n) + 0.5) / n)
        if n > 1:
            hidden *= math.sqrt((self.variance + self.tau2) * (n - 1) / float((hidden**2).sum()))
        y, v = np.concatenate([self.y, hidden]), np.concatenate([self.v, np.full(n, self.variance)])
        found = estimate_tau2(self.method or Tau2Method.REML, y, v)
        if not found.converged:
            raise ConvergenceError(
                f"fail_safe_n: tau² with {n} studies added: {found.reason}; try exact=False"
            )
        return found.value

    def filled(self, n: float) -> tuple[float, float, float]:
        """Return estimate, tau² and two-sided p with n studies of mean effect 0 added.

        Unless exact, tau² is the variance of all effects together: the two groups' tau² and their distance.
        """
        k = self.y.size
        tau2 = 0.0
        if self.method is not None and self.exact and n <= MOST_EXACT:
            tau2 = self._refitted(int(n))
        elif self.method is not None:
            mean = k * self.estimate / (k + n)
            within = (k - 1 + max(0.0, n - 1)) * self.tau2
            between = k * (self.estimate - mean) ** 2 + n * mean**2
            tau2 = max(0.0, (within + between) / (k + n - 1))
        weight = 1.0 / (self.v + tau2)
        total = float(weight.sum()) + n / (self.variance + tau2)
        estimate = float((weight * self.y).sum()) / total
        p = 2.0 * float(special.ndtr(-abs(estimate) * math.sqrt(total)))
        return estimate, tau2, p


def _smallest(reached: Callable[[float], bool]) -> float:
    """Return the smallest whole number at which a goal is reached; `MOST_STUDIES` where it is beyond."""
    high = 1
    while not reached(high):
        if high >= MOST_STUDIES:
            return float(MOST_STUDIES)
        high = min(MOST_STUDIES, 2 * high)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return float(high)


class _Found(NamedTuple):
    """A number with what belongs to it."""

    n: float
    estimate: float = math.nan
    tau2: float = math.nan
    p_value: float = math.nan
    with_n: tuple[float, float, float] = (math.nan, math.nan, math.nan)


def _rosenthal(y: FloatArray, v: FloatArray, alpha: float) -> _Found:
    """Stouffer's combined z against the one-sided quantile."""
    k = y.size
    z = abs(float((y / np.sqrt(v)).sum())) / math.sqrt(k)
    return _Found(
        max(0.0, k * (z / float(special.ndtri(1.0 - alpha))) ** 2 - k), p_value=float(special.ndtr(-z))
    )


def _fisher(y: FloatArray, v: FloatArray, alpha: float) -> _Found:
    """Fisher's combined one-sided p values, each null result counting as 0.5."""
    logs = float(special.log_ndtr(-np.abs(y) / np.sqrt(v)).sum())

    def combined(n: float) -> float:
        return float(special.gammaincc(y.size + n, -logs + n * math.log(2.0)))

    p = combined(0.0)
    return _Found(0.0 if p >= alpha else _smallest(lambda n: combined(n) >= alpha), p_value=p)


def _rosenberg(y: FloatArray, v: FloatArray, alpha: float) -> _Found:
    """Common-effect z against the two-sided quantile."""
    mean = weighted_mean(y, v, 0.0)
    total = 1.0 / mean.se**2
    needed = (mean.estimate * total / float(special.ndtri(1.0 - alpha / 2.0))) ** 2 - total
    p = 2.0 * float(special.ndtr(-abs(mean.estimate) / mean.se))
    return _Found(max(0.0, needed * y.size / total), mean.estimate, p_value=p)


def _orwin(y: FloatArray, v: FloatArray | None, target: float | None) -> tuple[_Found, float, bool]:
    """Mean effect against a target."""
    estimate = float(y.mean()) if v is None else weighted_mean(y, v, 0.0).estimate
    goal, turned = _towards(estimate, target)
    if goal == 0.0:
        return _Found(math.inf, estimate), goal, turned
    return _Found(max(0.0, y.size * (estimate - goal) / goal), estimate), goal, turned


def _towards(estimate: float, target: float | None) -> tuple[float, bool]:
    """Return the target on the estimate's side of 0, and whether its sign was turned."""
    if target is None:
        return estimate / 2.0, False
    if target != 0.0 and (target > 0) != (estimate > 0):
        return -target, True
    return target, False


def _general(
    y: FloatArray,
    v: FloatArray,
    alpha: float,
    target: float | None,
    *,
    method: Tau2Method | None,
    exact: bool,
) -> tuple[_Found, float, bool]:
    """Random-effects model against a p value or a target effect."""
    tau2 = 0.0
    if method is not None:
        found = estimate_tau2(method, y, v)
        if not found.converged:
            raise ConvergenceError(f"fail_safe_n: tau² by {method}: {found.reason}; try tau2='DL'")
        tau2 = found.value
    mean = weighted_mean(y, v, tau2)
    drawer = _Drawer(y, v, mean.estimate, tau2, y.size / float((1.0 / v).sum()), method, exact)
    p = 2.0 * float(special.ndtr(-abs(mean.estimate) / mean.se))
    now = (mean.estimate, tau2, p)
    goal, turned = (math.nan, False) if target is None else _towards(mean.estimate, target)
    if target is None:
        n = 0.0 if p >= alpha else _smallest(lambda extra: drawer.filled(extra)[2] >= alpha)
    elif goal == 0.0:
        return _Found(math.inf, *now), goal, turned
    elif abs(goal) >= abs(mean.estimate):
        n = 0.0
    else:
        n = _smallest(lambda extra: abs(drawer.filled(extra)[0]) <= abs(goal))
    return _Found(n, *now, with_n=drawer.filled(n) if n else now), goal, turned


def _counted(
    chosen: FailSafeMethod,
    data: tuple[FloatArray, FloatArray],
    alpha: float,
    target: float | None,
    *,
    weighted: bool,
    method: Tau2Method | None,
    exact: bool,
) -> tuple[_Found, float, bool]:
    """Return the number by a method, its target, and whether the target's sign was turned."""
    y, v = data
    if chosen is FailSafeMethod.ORWIN:
        return _orwin(y, v if weighted else None, target)
    if chosen is FailSafeMethod.GENERAL:
        return _general(y, v, alpha, target, method=method, exact=exact)
    count = {
        FailSafeMethod.ROSENTHAL: _rosenthal,
        FailSafeMethod.ROSENTHAL_FISHER: _fisher,
        FailSafeMethod.ROSENBERG: _rosenberg,
    }[chosen]
    return count(y, v, alpha), math.nan, False


def fail_safe_n(
    yi: ArrayLike,
    vi: ArrayLike | None = None,
    *,
    method: str = FailSafeMethod.ROSENTHAL,
    alpha: float = 0.05,
    target: float | None = None,
    model: str = PoolModel.RANDOM,
    tau2: str = Tau2Method.REML,
    exact: bool = False,
) -> FailSafeN:
    """Count the null results that would overturn a meta-analysis.

    Parameters
    ----------
    yi : array-like, shape (k,)
        Effects on the pooling scale; k of 2 or more.
    vi : array-like, shape (k,), or None
        Sampling variances. None is for Orwin's unweighted mean only; with them Orwin's mean has
        inverse-variance weights (metafor from 4.0 on).
    method : FailSafeMethod or str
        ``"rosenthal"``, ``"rosenthal-fisher"``, ``"orwin"``, ``"rosenberg"`` or ``"general"``.
    alpha : float
        Significance level to which the result is brought; one-sided for Rosenthal, else two-sided.
    target : float or None
        Effect to which it is brought, for ``"orwin"`` (None is half the mean: always k studies) and
        ``"general"`` (None brings the p value to `alpha`). Its sign is turned to that of the mean.
    model : PoolModel or str
        For ``"general"``.
    tau2 : Tau2Method or str
        For ``"general"`` with random effects.
    exact : bool
        For ``"general"``: tau² is estimated anew with up to 5000 studies added, instead of approximated.

    Returns
    -------
    FailSafeN

    Raises
    ------
    TooFewStudiesError
        With fewer than 2 studies.
    UsageError
        For options that do not go together.
    DataError
        For effects or variances that cannot be.
    ConvergenceError
        Where tau² was not found.

    Notes
    -----
    The number is no estimate of how many studies are missing, and it assumes that those average
    nothing: the Cochrane Handbook advises against it. Use `selection_model` or `regression_test`.

    The general method adds n studies with effect 0 and the harmonic mean variance; tau² is the spread of
    both groups together (metafor's approximate method). The smallest n at which the goal is reached is
    given; metafor's root finder of a step function can stop one beside it.

    References
    ----------
    [Rosenthal1979]; [Orwin1983]; [Rosenberg2005]; [Viechtbauer2010a].

    Examples
    --------
    >>> fail_safe_n([0.5, 0.4, 0.3, 0.6], [0.04, 0.03, 0.05, 0.06])
    <FailSafeN 24 (rosenthal), k=4>
    """
    chosen = choose(FailSafeMethod, method, "method")
    checked_level(1.0 - alpha)
    if target is not None and not math.isfinite(target):
        raise UsageError(f"target: found {target!r}; allowed: a finite effect on the pooling scale")
    if target is not None and chosen not in {FailSafeMethod.ORWIN, FailSafeMethod.GENERAL}:
        raise UsageError(
            f"target: found {target!r} with {str(chosen)!r}; allowed: with 'orwin' and 'general'"
        )
    if vi is None and chosen is not FailSafeMethod.ORWIN:
        raise UsageError(f"vi: found none; allowed: sampling variances for {str(chosen)!r}; give them")
    y, v = (
        effects_and_variances(yi, np.ones(column("yi", yi).size))
        if vi is None
        else effects_and_variances(yi, vi)
    )
    k = int(y.size)
    if k < 2:
        raise TooFewStudiesError(
            f"fail_safe_n: found {k} studies; allowed: 2 or more; there is nothing to pool"
        )
    tau2_method = choose(Tau2Method, tau2, "tau2")
    common = choose(PoolModel, model, "model") is PoolModel.COMMON
    found, goal, turned = _counted(
        chosen,
        (y, v),
        alpha,
        target,
        weighted=vi is not None,
        method=None if common else tau2_method,
        exact=exact,
    )
    remarks = []
    if turned:
        message = f"the target has the other sign than the mean: {goal:g} is used"
        remarks.append(Diagnostic("target-sign-turned", message, "target"))
    if found.n >= MOST_STUDIES:
        message = f"the number is above {MOST_STUDIES:g}" if math.isfinite(found.n) else "no number suffices"
        remarks.append(Diagnostic("very-large", message, "n"))
    options = {
        "method": chosen,
        "model": str(model),
        "tau2": str(tau2),
        "weighted": vi is not None,
        "exact": bool(exact),
    }
    return FailSafeN(
        _whole(found.n),
        found.estimate,
        found.tau2,
        found.p_value,
        math.nan if chosen is FailSafeMethod.ORWIN or not math.isnan(goal) else alpha,
        goal,
        *found.with_n,
        str(chosen),
        k,
        tuple(remarks),
        options,
    )
