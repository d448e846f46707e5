"""Setting up and maximising the likelihood of a selection model."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError
from evergrove.stats.bias.maximum import Maximum, bounded_maximum
from evergrove.stats.bias.selection_likelihood import (
    Problem,
    SmoothSelection,
    StepSelection,
    log_likelihood,
)
from evergrove.stats.bias.selection_weights import FAMILIES
from evergrove.stats.options import Alternative

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.bias.options import SelectionWeights


class Setup(NamedTuple):
    """A selection model without unit and turned so that large effects are selected.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects over `unit` and variances over its square.
    x : ndarray, shape (k, p)
        Design matrix.
    unit : float
        √ of the median variance.
    selection : StepSelection or SmoothSelection
    starts : tuple of ndarray
        Values of delta from which the search begins.
    null, low, high : ndarray, shape (d,)
        delta without selection, and its bounds.
    fixed : ndarray, shape (d,)
        Given values; NaN where delta is estimated.
    counts : ndarray of int or None
        Studies in each interval.
    offset, matrix : ndarray
        From delta to the weights that are reported.
    """

    y: FloatArray
    v: FloatArray
    x: FloatArray
    unit: float
    selection: StepSelection | SmoothSelection
    starts: tuple[FloatArray, ...]
    null: FloatArray
    low: FloatArray
    high: FloatArray
    fixed: FloatArray
    counts: NDArray[np.intp] | None
    offset: FloatArray
    matrix: FloatArray


class Fit(NamedTuple):
    """A fit of a selection model, without unit."""

    parameters: FloatArray
    covariance: FloatArray
    log_likelihood: float
    at_bound: BoolArray
    iterations: int
    converged: bool
    reason: str
    maxima: int


def p_values(y: FloatArray, v: FloatArray, alternative: Alternative) -> FloatArray:
    """Return the p value of each effect for the alternative."""
    z = y / np.sqrt(v)
    if alternative is Alternative.TWO_SIDED:
        return np.asarray(2.0 * special.ndtr(-np.abs(z)))
    return np.asarray(special.ndtr(-z if alternative is Alternative.GREATER else z))


def _step_intervals(
    steps: FloatArray, se: FloatArray, *, two_sided: bool
) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
    """Return the intervals of the effect between cutpoints of p, and the weight that belongs to each."""
    inner = steps[steps < 1.0]
    groups = np.arange(inner.size + 1)
    if two_sided:
        z = np.concatenate([[np.inf], -special.ndtri(inner / 2.0), [0.0]])
        high = np.concatenate([z[:-1], -z[1:]])
        low = np.concatenate([z[1:], -z[:-1]])
        group = np.concatenate([groups, groups])
    else:
        z = np.concatenate([[np.inf], -special.ndtri(inner), [-np.inf]])
        low, high, group = z[1:], z[:-1], groups
    return se[:, np.newaxis] * low, se[:, np.newaxis] * high, group


def step_selection(
    y: FloatArray,
    v: FloatArray,
    steps: FloatArray,
    fixed: FloatArray,
    *,
    two_sided: bool,
    decreasing: bool,
) -> tuple[StepSelection, FloatArray, NDArray[np.intp], FloatArray, FloatArray]:
    """Return a step function of p, the given deltas, the counts, and the map from delta to weights.

    With `decreasing`, the parameters are the falls from one weight to the next; weights of the last
    intervals that hold no study are then 0.
    """
    p = p_values(y, v, Alternative.TWO_SIDED if two_sided else Alternative.GREATER)
    own = np.searchsorted(steps, p, side="left").clip(max=steps.size - 1)
    counts = np.bincount(own, minlength=steps.size)
    size = steps.size
    offset, matrix = np.zeros(size), np.eye(size)
    given = fixed.copy()
    if decreasing:
        offset, matrix = np.ones(size), -np.tril(np.ones((size, size)))
        given = np.full(size, np.nan)
        given[0] = 0.0
        last = int(np.flatnonzero(counts)[-1])
        offset[last + 1 :], matrix[last + 1 :] = 0.0, 0.0
        given[last + 1 :] = 0.0
    elif np.isnan(given[0]):
        given[0] = 1.0
    low, high, group = _step_intervals(steps, np.sqrt(v), two_sided=two_sided)
    return StepSelection(low, high, group, own, offset, matrix), given, counts, offset, matrix


def truncated_selection(y: FloatArray, cutpoint: float) -> tuple[StepSelection, NDArray[np.intp]]:
    """Return weight 1 above a cutpoint on the effect's scale and delta up to it, and the counts."""
    k = y.size
    own = np.where(y > cutpoint, 0, 1)
    low = np.tile([cutpoint, -np.inf], (k, 1))
    high = np.tile([np.inf, cutpoint], (k, 1))
    selection = StepSelection(
        low, high, np.array([0, 1]), own, np.array([1.0, 0.0]), np.array([[0.0], [1.0]])
    )
    return selection, np.bincount(own, minlength=2)


def smooth_selection(
    kind: SelectionWeights,
    y: FloatArray,
    v: FloatArray,
    alpha: float,
    precision: FloatArray,
    *,
    two_sided: bool,
) -> SmoothSelection:
    """Return a smooth weight function."""
    se = np.sqrt(v)
    return SmoothSelection(FAMILIES[kind], y / se, se, alpha, precision, two_sided=two_sided)


def maximum_likelihood(
    y: FloatArray, v: FloatArray, x: FloatArray, *, common: bool
) -> tuple[FloatArray, float]:
    """Return coefficients and tau² of the model without selection, and its log-likelihood."""
    k = y.size
    everything = StepSelection(
        np.full((k, 1), -np.inf),
        np.full((k, 1), np.inf),
        np.zeros(1, dtype=np.intp),
        np.zeros(k, dtype=np.intp),
        np.ones(1),
        np.zeros((1, 0)),
    )
    least = np.linalg.lstsq(x / np.sqrt(v)[:, np.newaxis], y / np.sqrt(v), rcond=None)[0]
    p = x.shape[1]
    estimated = np.append(np.ones(p, dtype=bool), not common)
    spread = float(np.mean((y - x @ least) ** 2))
    best: Maximum | None = None
    for tau2 in [0.0] if common else [0.0, 0.1 * spread, spread]:
        problem = Problem(y, v, x, everything, estimated, np.append(least, tau2))
        low = np.append(np.full(p, -np.inf), 0.0)[estimated]
        found = bounded_maximum(
            lambda free, problem=problem: log_likelihood(problem, free),  # type: ignore[misc]
            problem.values[estimated],
            low,
            np.full(low.size, np.inf),
        )
        if found.converged and (best is None or found.value > best.value + 1e-10):
            best = found
    if best is None:
        raise ConvergenceError(
            "selection model: the fit without selection found no maximum; look at the variances"
        )
    parameters = np.append(best.point, 0.0) if common else best.point
    return parameters, best.value


def fit(setup: Setup, begin: FloatArray, *, tau2: float | None) -> Fit:
    """Maximise the likelihood from several starts and keep the highest.

    Parameters
    ----------
    setup : Setup
    begin : ndarray, shape (p + 1,)
        Coefficients and tau² of the model without selection.
    tau2 : float or None
        Given between-study variance; None to estimate it.

    Returns
    -------
    Fit
    """
    p = setup.x.shape[1]
    free_delta = np.isnan(setup.fixed)
    estimated = np.concatenate([np.ones(p, dtype=bool), [tau2 is None], free_delta])
    low = np.concatenate([np.full(p, -np.inf), [0.0], setup.low])[estimated]
    high = np.concatenate([np.full(p + 1, np.inf), setup.high])[estimated]
    found: list[Maximum] = []
    for start in setup.starts if free_delta.any() else setup.starts[:1]:
        for spread in [1.0, 0.05] if tau2 is None else [1.0]:
            first = max(spread * begin[p], 1e-3) if tau2 is None else tau2
            values = np.concatenate([begin[:p], [first], np.where(free_delta, start, setup.fixed)])
            problem = Problem(setup.y, setup.v, setup.x, setup.selection, estimated, values)
            found.append(
                bounded_maximum(
                    lambda free, problem=problem: log_likelihood(problem, free),  # type: ignore[misc]
                    values[estimated],
                    low,
                    high,
                )
            )
    done = [one for one in found if one.converged] or found
    best = max(done, key=lambda one: one.value)
    heights = sorted(one.value for one in done)
    distinct = 1 + sum(b - a > 1e-6 * (1.0 + abs(b)) for a, b in pairwise(heights))
    parameters = np.concatenate([begin[:p], [0.0 if tau2 is None else tau2], setup.fixed])
    parameters[estimated] = best.point
    held = np.ones(estimated.size, dtype=bool)
    held[estimated] = best.at_bound
    return Fit(
        parameters,
        _covariance(best, estimated),
        best.value,
        held & estimated,
        sum(one.iterations for one in found),
        best.converged,
        best.reason,
        distinct,
    )


def _covariance(best: Maximum, estimated: BoolArray) -> FloatArray:
    """Invert the negative Hessian in the parameters that are free; NaN where it is not positive definite."""
    covariance = np.full((estimated.size, estimated.size), np.nan)
    free = ~best.at_bound
    information = -best.hessian[np.ix_(free, free)]
    rows = np.flatnonzero(estimated)[free]
    try:
        np.linalg.cholesky(information)
        covariance[np.ix_(rows, rows)] = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        pass
    return covariance


def in_intervals(steps: Sequence[float]) -> tuple[str, ...]:
    """Return the intervals of p between cutpoints as text."""
    return tuple(f"{low:g} < p <= {high:g}" for low, high in pairwise([0.0, *steps]))


def log_likelihood_in_unit(value: float, k: int, unit: float) -> float:
    """Return the log-likelihood of the effects in their own unit."""
    return value - k * math.log(unit)
