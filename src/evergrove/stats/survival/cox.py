"""Cox's proportional hazards model by Newton's method."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import linalg

from evergrove.errors import ConvergenceError, DataError
from evergrove.stats.arrays import FloatArray, checked_level, real_array
from evergrove.stats.distributions import chi2_tail, log_two_sided_p, normal_quantile, two_sided_p
from evergrove.stats.options import choose
from evergrove.stats.result import Result
from evergrove.stats.survival.options import Ties
from evergrove.stats.survival.patients import group_codes, times_and_events

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import ArrayLike, NDArray

MOST_STEPS = 100
MOST_HALVINGS = 40
#: The step is small enough when it moves no linear predictor by more than this.
SMALLEST_STEP = 1e-11
#: A linear predictor that spreads further than this has no finite estimate: every event lies on one side.
WIDEST_PREDICTOR = 60.0
#: A covariate whose information beside the others falls below the square of this share is one of their sums.
SMALLEST_PIVOT = 1e-7


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CoxFit(Result):
    """A fitted proportional hazards model.

    Parameters
    ----------
    names : tuple of str
        Covariates.
    estimate, se, ci_low, ci_high : ndarray, shape (p,)
        Log hazard ratios, standard errors from the observed information, and Wald limits.
    statistic, p_value, log_p_value : ndarray, shape (p,)
        Wald tests of no effect.
    covariance : ndarray, shape (p, p)
        Of the estimates.
    log_likelihood, null_log_likelihood : float
        Partial log-likelihood at the estimates and at 0.
    likelihood_ratio, score, wald : float
        Three tests of the whole model, chi-squares with p degrees of freedom.
    likelihood_ratio_p_value, score_p_value, wald_p_value : float
        Their upper tails. With one arm indicator and no ties the score test is the log-rank test.
    n, events : int
        Patients and events.
    ties : Ties
        How ties entered.
    level : float
        Of the limits.
    converged, iterations, reason : bool, int, str
        How the estimates were found.
    """

    names: tuple[str, ...]
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    log_p_value: FloatArray
    covariance: FloatArray
    log_likelihood: float
    null_log_likelihood: float
    likelihood_ratio: float
    likelihood_ratio_p_value: float
    score: float
    score_p_value: float
    wald: float
    wald_p_value: float
    n: int
    events: int
    ties: Ties
    level: float
    converged: bool
    iterations: int
    reason: str

    @property
    def hazard_ratio(self) -> FloatArray:
        """Hazard ratios, one per covariate."""
        return np.exp(self.estimate)

    def __repr__(self) -> str:
        ratio, low, high = (float(np.exp(x[0])) for x in (self.estimate, self.ci_low, self.ci_high))
        more = f" and {len(self.names) - 1} more" if len(self.names) > 1 else ""
        return (
            f"<CoxFit {self.names[0]}: hazard ratio {ratio:.4f} [{low:.4f}, {high:.4f}]{more}, n={self.n}, "
            f"{self.events} events, {self.ties} ties>"
        )

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per covariate."""
        names = ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value")
        rows = {name: getattr(self, name) for name in names}
        return {"name": np.array(self.names), "hazard_ratio": self.hazard_ratio, **rows}


class _Layer(NamedTuple):
    """One stratum, sorted by falling time, with what does not change over the iterations."""

    x: FloatArray
    last_at_risk: NDArray[np.intp]
    first_tied: NDArray[np.intp]
    share: FloatArray
    event_rows: NDArray[np.intp]


def _layer(times: FloatArray, events: FloatArray, x: FloatArray, ties: Ties) -> _Layer | None:
    """Return a stratum's risk sets, one entry per event; None without events.

    Sorted so that a time's events stand after its censorings: the risk set of an event is everything up
    to the last row of its time, and the tied events are the rows from `first_tied` on.
    """
    order = np.lexsort((events, -times))
    t, e, x = times[order], events[order], x[order]
    rows = np.flatnonzero(e == 1)
    if rows.size == 0:
        return None
    last = np.searchsorted(-t, -t[rows], side="right").astype(np.intp)  # rows with time >= this time
    _, first_index, count = np.unique(-t[rows], return_index=True, return_counts=True)
    tied = np.repeat(count, count)
    position = np.arange(rows.size) - np.repeat(first_index, count)
    share = position / tied if ties is Ties.EFRON else np.zeros(rows.size)
    return _Layer(x, last, last - tied, share, rows)


def _sums(layer: _Layer, beta: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Return a stratum's log-likelihood, score and information."""
    predictor = layer.x @ beta
    shift = float(predictor.max())
    risk = np.exp(predictor - shift)
    weighted = risk[:, None] * layer.x
    squares = weighted[:, :, None] * layer.x[:, None, :]

    def of_set(values: FloatArray) -> FloatArray:
        total = np.concatenate([np.zeros((1, *values.shape[1:])), values.cumsum(axis=0)])
        share = layer.share.reshape(-1, *(1,) * (values.ndim - 1))
        whole = total[layer.last_at_risk]
        return np.asarray(whole - share * (whole - total[layer.first_tied]), dtype=np.float64)

    s0, s1, s2 = of_set(risk), of_set(weighted), of_set(squares)
    mean = s1 / s0[:, None]
    rows = layer.event_rows
    value = float((predictor[rows] - shift - np.log(s0)).sum())
    score = (layer.x[rows] - mean).sum(axis=0)
    information = (s2 / s0[:, None, None] - mean[:, :, None] * mean[:, None, :]).sum(axis=0)
    return value, score, information


def _total(layers: list[_Layer], beta: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    """Return the sums over strata."""
    parts = [_sums(layer, beta) for layer in layers]
    return (
        math.fsum(part[0] for part in parts),
        np.sum([part[1] for part in parts], axis=0),
        np.sum([part[2] for part in parts], axis=0),
    )


def _solved(information: FloatArray, score: FloatArray) -> FloatArray | None:
    """Return information⁻¹ score; None where the information is singular."""
    diagonal = np.diag(information)
    if not (diagonal > 0).all():
        return None
    scale = np.sqrt(diagonal)
    try:
        factor = linalg.cho_factor(information / np.outer(scale, scale))
    except linalg.LinAlgError:
        return None
    if np.abs(np.diag(factor[0])).min() < SMALLEST_PIVOT:
        return None
    return np.asarray(linalg.cho_solve(factor, score / scale) / scale, dtype=np.float64)


def _checked_start(layers: list[_Layer], names: tuple[str, ...]) -> tuple[float, FloatArray, FloatArray]:
    """Return the sums at 0, or say which covariates carry no information there."""
    start = _total(layers, np.zeros(len(names)))
    if _solved(start[2], start[1]) is None:
        flat = [name for name, size in zip(names, np.diag(start[2]), strict=True) if not size > 0]
        raise DataError(
            f"cox: the events do not tell apart the covariates {', '.join(flat or names)}; allowed: "
            "covariates that vary within the risk sets and are no sums of each other; leave one out"
        )
    return start


def _newton(layers: list[_Layer], names: tuple[str, ...]) -> tuple[FloatArray, int]:
    """Return the estimates and the number of steps."""
    beta = np.zeros(len(names))
    value, score, information = _checked_start(layers, names)
    reach = max(float(np.ptp(layer.x, axis=0).max(initial=0.0)) for layer in layers)
    for count in range(1, MOST_STEPS + 1):
        step = _solved(information, score)
        if step is None:
            break
        for _ in range(MOST_HALVINGS):
            fresh = _total(layers, beta + step)
            if fresh[0] >= value - 1e-12 * abs(value):
                break
            step = step / 2.0
        beta = beta + step
        value, score, information = fresh
        spread = max(float(np.ptp(layer.x @ beta)) for layer in layers)
        if spread > WIDEST_PREDICTOR:
            break
        if float(np.abs(step).max()) * reach <= SMALLEST_STEP * max(1.0, spread):
            return beta, count
    worst = names[int(np.argmax(np.abs(beta)))]
    raise ConvergenceError(
        f"cox: no finite estimate after {count} iterations, {worst} at {float(np.abs(beta).max()):.3g}; an "
        "arm without events, or a covariate that separates early events: leave it out, or take the "
        "log-rank test"
    )


def _design(covariates: ArrayLike, names: Sequence[str] | None, n: int) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the covariates as centred columns with their names."""
    x = real_array("covariates", covariates)
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or x.shape[0] != n or x.shape[1] == 0 or not np.isfinite(x).all():
        raise DataError(
            f"covariates: found shape {x.shape} or values missing; allowed: one finite row per patient, "
            f"here {n}; leave incomplete patients out"
        )
    chosen = tuple(names) if names is not None else tuple(f"x{at + 1}" for at in range(x.shape[1]))
    if len(chosen) != x.shape[1]:
        raise DataError(
            f"names: found {len(chosen)}; allowed: one per covariate, here {x.shape[1]}; name each"
        )
    return x - x.mean(axis=0), chosen


def cox_regression(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    ties: str = Ties.EFRON,
    strata: Sequence[Hashable] | ArrayLike | None = None,
    level: float = 0.95,
) -> CoxFit:
    """Fit Cox's proportional hazards model.

    Parameters
    ----------
    time, event : array-like, shape (n,)
        Follow-up, and 1 for an event or 0 for censored.
    covariates : array-like, shape (n,) or (n, p)
        Numbers; for two arms, 1 for the intervention and 0 for the comparator.
    names : sequence of str or None
        Of the covariates.
    ties : Ties or str
        ``"efron"`` or ``"breslow"``.
    strata : sequence, length n, or None
        Strata with a baseline hazard each.
    level : float
        Of the limits.

    Returns
    -------
    CoxFit

    Raises
    ------
    DataError
        For no events, missing covariates, or covariates that are sums of each other.
    ConvergenceError
        Where no finite estimate exists: an arm without events.

    Notes
    -----
    Newton's method with halved steps from 0, to a change below 1e-11 in every linear predictor; R stops at
    1e-9 of the log-likelihood. No exact method for ties, no time-dependent covariates, no left truncation.
    Check proportional hazards before one number is taken for the whole follow-up.

    References
    ----------
    [Cox1972]; [Efron1977]; [Breslow1974].

    Examples
    --------
    >>> fit = cox_regression([1, 3, 4, 6, 2, 5, 7, 8], [1, 1, 1, 0, 1, 1, 0, 1], [0, 0, 0, 0, 1, 1, 1, 1])
    >>> fit.estimate.round(4), fit.converged
    (array([-0.7752]), True)
    """
    chosen, level = choose(Ties, ties, "ties"), checked_level(level)
    times, events = times_and_events(time, event)
    x, labels = _design(covariates, names, times.size)
    codes = np.zeros(times.size, dtype=np.intp)
    if strata is not None:
        codes = group_codes("strata", strata, times.size)[0]
    found = [
        _layer(times[rows], events[rows], x[rows], chosen)
        for rows in (codes == at for at in np.unique(codes))
    ]
    layers = [layer for layer in found if layer is not None]
    if not layers:
        raise DataError("cox: found no events; allowed: 1 and more; there is nothing to fit")
    beta, count = _newton(layers, labels)
    start, value = _total(layers, np.zeros(beta.size)), _total(layers, beta)
    covariance = linalg.inv(value[2])
    se = np.sqrt(np.diag(covariance))
    statistic, z, p = beta / se, normal_quantile(level), beta.size
    ratio = max(0.0, 2.0 * (value[0] - start[0]))
    score, wald = float(start[1] @ linalg.solve(start[2], start[1])), float(beta @ value[2] @ beta)
    return CoxFit(
        labels,
        beta,
        se,
        beta - z * se,
        beta + z * se,
        statistic,
        np.array([two_sided_p(one, None) for one in statistic]),
        np.array([log_two_sided_p(one, None) for one in statistic]),
        covariance,
        value[0],
        start[0],
        ratio,
        chi2_tail(ratio, p),
        score,
        chi2_tail(score, p),
        wald,
        chi2_tail(wald, p),
        int(times.size),
        int(events.sum()),
        chosen,
        level,
        True,
        count,
        "change below 1e-11 in every linear predictor",
    )
