"""Profile likelihoods and confidence intervals of variance components and correlations."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import ConvergenceError, UsageError
from evergrove.stats.arrays import FAR, FloatArray, checked_level, column, refuse_rows
from evergrove.stats.dependence.estimation import estimate
from evergrove.stats.dependence.likelihood import log_likelihood_at
from evergrove.stats.dependence.multilevel_result import MultilevelResult
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.result import Result, wanted_result
from evergrove.stats.roots import bracketed_root
from evergrove.stats.scalars import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.dependence.components import Component
    from evergrove.stats.dependence.covariance_structures import RandomCovariance

#: A variance beyond this many times the largest of estimate and sampling variance counts as unbounded.
UNBOUNDED = 1e6
VARIANCES = ("sigma2", "tau2", "gamma2")


@dataclass(frozen=True, slots=True, eq=False)
class ComponentIntervals(Result):
    """Profile-likelihood intervals, one row per estimated component.

    Parameters
    ----------
    names : tuple of str
        Components.
    estimate, ci_low, ci_high : ndarray
        Estimates and limits; an infinite limit means that the likelihood does not bound the component.
    level : float
        Of the intervals.
    diagnostics : tuple of Diagnostic
        What was noticed.
    """

    names: tuple[str, ...]
    estimate: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    level: float
    diagnostics: tuple[Diagnostic, ...]

    def columns(self) -> dict[str, Any]:
        """Return one row per component."""
        return {
            "component": np.array(self.names),
            "estimate": self.estimate,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
        }


class _Place(NamedTuple):
    """Where a component stands: its term, and its position among the variances or correlations."""

    term: int
    position: int
    variance: bool


def _places(fit: MultilevelResult) -> list[_Place]:
    """Return the place of each component, in the order of `fit.components`."""
    return [
        _Place(term, position, variance)
        for term, one in enumerate(fit.model.covariances)
        for variance, count in ((True, one.variances.size), (False, one.correlations.size))
        for position in range(count)
    ]


def _fixed(covariances: Sequence[RandomCovariance], place: _Place, value: float) -> list[RandomCovariance]:
    """Return the covariances with one component given."""
    found = list(covariances)
    one = found[place.term]
    if place.variance:
        variances = one.variances.copy()
        variances[place.position] = value
        found[place.term] = replace(one, variances=variances)
    else:
        correlations = one.correlations.copy()
        correlations[place.position] = value
        found[place.term] = replace(one, correlations=correlations)
    return found


class _Profile:
    """The profile log-likelihood of a component as a function of its value; climbs on from the last value.

    With weights of the caller it is the log-likelihood at their coefficients, as that of the fit is.
    """

    def __init__(self, fit: MultilevelResult, place: _Place) -> None:
        self.model, self.place = fit.model, place
        self.weighted = None if fit.model.weights is None else fit.estimate
        self.scale = fit.model.problem.scale if place.variance else 1.0
        self.last = self.best = _values(fit.model.covariances, fit.model.free)

    def __call__(self, value: float, *, thorough: bool = False) -> float:
        """Return the log-likelihood at a value; `thorough` climbs from many starts."""
        covariances = _fixed(self.model.covariances, self.place, value / self.scale)
        near = None
        if not thorough:
            near = [
                np.concatenate([one.free_near(*at) for one, at in zip(covariances, values, strict=True)])
                for values in (self.last, self.best)
            ]
        found = estimate(self.model.problem, covariances, restricted=self.model.restricted, near=near)
        if found is None or not found.optimum.converged:
            return -math.inf if thorough else self(value, thorough=True)
        self.last = _values(covariances, found.free)
        if self.weighted is None:
            return found.evaluation.log_likelihood
        return log_likelihood_at(self.model.problem, found.evaluation, self.weighted)


def _values(covariances: Sequence[RandomCovariance], free: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
    """Return variances and correlations of each term."""
    found, start = [], 0
    for one in covariances:
        found.append(one.values(free[start : start + one.free]))
        start += one.free
    return found


def _find(fit: MultilevelResult, name: str) -> tuple[Component, _Place]:
    """Return the component of a name."""
    for one, place in zip(fit.components, _places(fit), strict=True):
        if isinstance(name, str) and one.name == name:
            return one, place
    names = ", ".join(one.name for one in fit.components)
    raise UsageError(f"component: found {shown(name)}; allowed: {names}; take a name of fit.components")


def likelihood_profile(fit: MultilevelResult, component: str, values: ArrayLike) -> FloatArray:
    """Return the profile log-likelihood of a component at given values.

    Parameters
    ----------
    fit : MultilevelResult
        A fit.
    component : str
        Name of a component, as in ``fit.components``.
    values : array-like, shape (m,)
        Values: variances not below 0, correlations from -1 to 1.

    Returns
    -------
    ndarray, shape (m,)
        The (restricted) log-likelihood with the other components at their best; -inf where the value
        cannot be. A profile that is flat says that the data do not identify the component.

    Raises
    ------
    UsageError
        For a component that the fit has not.

    Notes
    -----
    Look at it where an interval is very wide or the search named several maxima.

    References
    ----------
    [Viechtbauer2007b].

    Examples
    --------
    >>> from evergrove.stats import three_level
    >>> fit = three_level([0.2, 0.3, 0.6, 0.5, -0.1, 0.1, 0.4], [0.02] * 7, [1, 1, 2, 2, 3, 3, 4])
    >>> profile = likelihood_profile(fit, "sigma2[study]", [0.0, fit.sigma2[0], 0.5])
    >>> bool(profile[1] > max(profile[0], profile[2]))
    True
    """
    fit = wanted_result("fit", fit, MultilevelResult)
    _, place = _find(fit, component)
    profile, asked = _Profile(fit, place), column("values", values)
    refuse_rows("values", asked, ~(np.abs(asked) <= FAR), allowed="finite values", todo="leave them out")
    return np.array([profile(float(value), thorough=True) for value in asked])


def component_intervals(
    fit: MultilevelResult, *, level: float | None = None, components: Sequence[str] | None = None
) -> ComponentIntervals:
    """Return profile-likelihood confidence intervals of the estimated components.

    Parameters
    ----------
    fit : MultilevelResult
        A fit.
    level : float or None
        Of the intervals; None is that of the fit.
    components : sequence of str or None
        Names of components; None is all that were estimated.

    Returns
    -------
    ComponentIntervals

    Raises
    ------
    UsageError
        For a component that the fit has not, or that was given.
    ConvergenceError
        Where the profile could not be evaluated at a limit.

    Notes
    -----
    The values that a likelihood-ratio test (chi-square, 1 degree of freedom) would not reject, all other
    components at their best (metafor's ``confint``). Near the boundary the test is conservative. With weights
    of the caller (W) the likelihood is that at the weighted coefficients, as in metafor; without W, the
    components are the same and the interval is that of the likelihood that gave them.

    References
    ----------
    [Hardy1996]; [Viechtbauer2007b].

    Examples
    --------
    >>> from evergrove.stats import three_level
    >>> fit = three_level([0.2, 0.3, 0.6, 0.5, -0.1, 0.1, 0.4], [0.02] * 7, [1, 1, 2, 2, 3, 3, 4])
    >>> found = component_intervals(fit)
    >>> bool(found.ci_low[0] <= fit.sigma2[0] <= found.ci_high[0])
    True
    """
    fit = wanted_result("fit", fit, MultilevelResult)
    level = fit.level if level is None else checked_level(level)
    names = [one.name for one in fit.components if not one.given] if components is None else list(components)
    rows, remarks = [], []
    for name in names:
        one, place = _find(fit, name)
        if one.given:
            raise UsageError(f"components: {name!r} was given, not estimated; allowed: estimated components")
        low, high = _limits(fit, one, place, level)
        if math.isinf(high):
            message = "the profile likelihood does not fall far enough: the upper limit is infinite"
            remarks.append(Diagnostic("component-unbounded", message, name))
        rows.append((one.value, low, high))
    table = np.array(rows).reshape(len(rows), 3)
    return ComponentIntervals(tuple(names), table[:, 0], table[:, 1], table[:, 2], level, tuple(remarks))


def _limits(fit: MultilevelResult, one: Component, place: _Place, level: float) -> tuple[float, float]:
    """Return both limits of a component; found on the near climb, then looked at from many starts."""
    profile, drop = _Profile(fit, place), 0.5 * normal_quantile(level) ** 2
    for thorough in (False, True):

        def excess(value: float, *, many: bool = thorough) -> float:
            reached = profile(value, thorough=many)
            return drop + (reached - fit.log_likelihood if math.isfinite(reached) else -1e3)

        low, high = _crossings(fit, one, place, excess)
        ends = [end for end in (low, high) if math.isfinite(end)]
        near = [profile(end) for end in ends]
        if all(profile(end, thorough=True) <= value + 1e-7 for end, value in zip(ends, near, strict=True)):
            break
    return low, high


def _crossings(
    fit: MultilevelResult, one: Component, place: _Place, excess: Callable[[float], float]
) -> tuple[float, float]:
    """Return where the profile falls below the limit on either side of the estimate."""
    if place.variance:
        least, unit = 0.0, max(one.value, fit.model.problem.scale)
        high = unit if one.value < unit else 2.0 * one.value
        while excess(high) > 0:
            high *= 4.0
            if high > UNBOUNDED * unit:
                high = math.inf
                break
    else:
        least, high = fit.model.covariances[place.term].lowest, 1.0
    low = _root(excess, least, one.value) if one.value > least and excess(least) < 0 else least
    if math.isinf(high) or (not place.variance and excess(high) >= 0):
        return low, high
    return low, _root(excess, one.value, high)


def _root(excess: Callable[[float], float], low: float, high: float) -> float:
    """Return where the profile crosses the limit, between two values; values may be negative."""
    base = low
    found = bracketed_root(lambda shift: excess(base + shift), 0.0, high - low)
    if not found.converged:
        raise ConvergenceError(
            f"component_intervals: {found.reason} ({found.iterations} evaluations, last value "
            f"{base + found.value!r}); look at likelihood_profile"
        )
    return base + found.value
