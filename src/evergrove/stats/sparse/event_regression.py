"""Regression of events on the arm with one intercept per study: maximum likelihood, or Firth's penalty."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import ConvergenceError, UsageError
from evergrove.stats.arrays import FloatArray, checked_level
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, normal_quantile, two_sided_p
from evergrove.stats.fingerprint import content_hash
from evergrove.stats.options import PoolModel, Scale, choose
from evergrove.stats.pool_result import Estimate
from evergrove.stats.result import Result
from evergrove.stats.roots import bracketed_root
from evergrove.stats.sparse.counts import checked_counts
from evergrove.stats.sparse.exponential_families import Binomial, Family, Poisson
from evergrove.stats.sparse.options import DispersionScaling, EventRegression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

MOST_STEPS = 500
#: Largest change of a coefficient, on the log odds or log rate scale, at which the fit has converged.
CHANGE = 1e-12
SEPARATED = 25.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EventRegressionResult(Result):
    """A common effect from regression on events; on the log scale.

    Parameters
    ----------
    estimate, se : float
        Log odds ratio or log rate ratio of arm 1 against arm 2, and its Wald standard error.
    ci_low, ci_high : float
        By profiling the (penalised) likelihood, or estimate ± z se; see ``options``.
    statistic, p_value : float
        Wald.
    lr_statistic, lr_p_value : float
        (Penalised) likelihood-ratio test.
    dispersion : float
        Fletcher's estimate of the overdispersion, not below 1; under random effects it multiplies the
        variance of the effect, or the standard error; see ``options``.
    log_likelihood : float
        Without the penalty; with its constant.
    penalised_log_likelihood : float or None
    intercepts : ndarray, shape (k,)
        Log odds or log rate of arm 2 in each study in the fit.
    k : int
        Studies in the fit.
    measure, scale, method : str
    converged, iterations, reason : bool, int, str
    diagnostics : tuple of Diagnostic
    options : mapping
        As resolved.
    level : float
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    lr_statistic: float
    lr_p_value: float
    dispersion: float
    log_likelihood: float
    penalised_log_likelihood: float | None
    intercepts: FloatArray
    k: int
    measure: str
    scale: Scale
    method: str
    converged: bool
    iterations: int
    reason: str
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]
    level: float
    inputs: Mapping[str, FloatArray]

    HIDDEN = ("inputs",)

    @property
    def content_hash(self) -> str:
        """The sha256 of the numbers given and the options as resolved."""
        return content_hash(dict(self.inputs), self.options)

    def natural(self) -> Estimate:
        """Return the ratio with its interval."""
        with np.errstate(over="ignore"):  # an overflowing limit is infinite, which is what is meant
            values = [float(np.exp(one)) for one in (self.estimate, self.ci_low, self.ci_high)]
        return Estimate(*values)

    def __repr__(self) -> str:
        return (
            f"<EventRegressionResult {self.measure} {self.estimate:.4f} [{self.ci_low:.4f}, "
            f"{self.ci_high:.4f}], log scale, p={self.lr_p_value:.3g}, k={self.k}; {self.method}>"
        )

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-safe data; NaN and infinite values become None."""
        return {
            **Result.to_dict(self),
            "natural": self.natural().to_dict(),
            "inputs_sha256": self.content_hash,
        }


class _Weights(NamedTuple):
    """The information of effect and intercepts: an arrow, of which everything follows in closed form.

    With w1 and w2 the variances of the arms' counts and d = w1 + w2, the information is Σ w1 for the effect,
    d for each intercept and w1 between them.
    """

    w1: FloatArray
    w2: FloatArray

    @property
    def share(self) -> FloatArray:
        """w1 / d."""
        return np.asarray(self.w1 / (self.w1 + self.w2))

    @property
    def effect(self) -> float:
        """Information on the effect, the intercepts estimated: Σ w1 w2 / d."""
        return float((self.share * self.w2).sum())

    def log_determinant(self) -> float:
        """Return the log determinant of the whole information."""
        return float(np.log(self.w1 + self.w2).sum()) + math.log(self.effect)

    def leverage(self) -> FloatArray:
        """Return the leverage of each count, shape (k, 2)."""
        d, share, effect = self.w1 + self.w2, self.share, self.effect
        of_intercept = 1.0 / d + share**2 / effect
        first = of_intercept + (1.0 - 2.0 * share) / effect
        return np.stack([self.w1 * first, self.w2 * of_intercept], axis=1)

    def solve(self, score: FloatArray, *, hold_effect: bool) -> FloatArray:
        """Return the inverse information times a score, the effect held fast where asked."""
        by_effect, by_intercept = float(score[0]), score[1:]
        effect = 0.0 if hold_effect else (by_effect - float(self.share @ by_intercept)) / self.effect
        return np.concatenate([[effect], (by_intercept - self.w1 * effect) / (self.w1 + self.w2)])


class _Model(NamedTuple):
    """Counts of two arms, shape (k, 2); coefficients: the effect, then one intercept per study."""

    family: Family
    firth: bool

    def eta(self, beta: FloatArray) -> FloatArray:
        """Return the linear predictors, shape (k, 2)."""
        return np.stack([beta[1:] + beta[0], beta[1:]], axis=1)

    def weights(self, beta: FloatArray) -> _Weights:
        """Return the information."""
        variance = self.family.at(self.eta(beta)).variance
        return _Weights(variance[:, 0], variance[:, 1])

    def height(self, beta: FloatArray) -> float:
        """Return the log-likelihood (without its constant), with Firth's penalty where there is one."""
        eta = self.eta(beta)
        plain = float((self.family.y * eta - self.family.at(eta).k).sum())
        return plain + (0.5 * self.weights(beta).log_determinant() if self.firth else 0.0)

    def slope(self, mean: FloatArray) -> FloatArray:
        """Return the slope of the log variance of each count: 1 - 2p, or 1 for Poisson."""
        if isinstance(self.family, Binomial):
            return np.asarray(1.0 - 2.0 * mean / self.family.n)
        return np.ones_like(mean)

    def score(self, beta: FloatArray) -> FloatArray:
        """Return the score, modified by half the leverage times the slope for Firth's penalty."""
        mean = self.family.at(self.eta(beta)).mean
        residual = self.family.y - mean
        if self.firth:
            residual = residual + 0.5 * self.weights(beta).leverage() * self.slope(mean)
        return np.concatenate([[residual[:, 0].sum()], residual.sum(axis=1)])


class _Solved(NamedTuple):
    """Where the score of the free coefficients is 0."""

    beta: FloatArray
    height: float
    converged: bool
    iterations: int


def _solve(model: _Model, beta: FloatArray, *, hold_effect: bool = False) -> _Solved:
    """Maximise over the coefficients, the effect held fast where asked: Fisher scoring with step halving."""
    height = model.height(beta)
    for iteration in range(1, MOST_STEPS + 1):
        step = model.weights(beta).solve(model.score(beta), hold_effect=hold_effect)
        largest = float(np.abs(step).max())
        step *= min(1.0, 3.0 / max(largest, 1e-300))
        for _ in range(50):
            moved = model.height(beta + step)
            if moved >= height - 1e-12 * (1.0 + abs(height)):
                break
            step *= 0.5
        beta, height = beta + step, model.height(beta + step)
        if largest < CHANGE:
            return _Solved(beta, height, True, iteration)
        if abs(beta[0]) > SEPARATED:
            break
    return _Solved(beta, height, False, iteration)


def _profile_limits(model: _Model, best: _Solved, se: float, level: float) -> tuple[float, float]:
    """Return the effects at which twice the fall of the profile equals the chi-square quantile."""
    target = normal_quantile(level) ** 2
    limits = []
    for sign in (-1.0, 1.0):

        def fall(distance: float, sign: float = sign) -> float:
            start = best.beta.copy()
            start[0] += sign * distance
            held = _solve(model, start, hold_effect=True)
            return 2.0 * (best.height - held.height) - target

        reach = normal_quantile(level) * se
        while fall(reach) < 0 and reach < 1e3:
            reach *= 1.5
        found = bracketed_root(fall, 0.0, reach) if reach < 1e3 else None
        limits.append(best.beta[0] + sign * (found.value if found is not None else math.inf))
    return float(limits[0]), float(limits[1])


def _dispersion(model: _Model, beta: FloatArray, df: int) -> float:
    """Return Fletcher's overdispersion (Biometrika 99 (2012) 230-237), not below 1."""
    if df <= 0:
        return 1.0
    _, mean, variance = model.family.at(model.eta(beta))
    pearson = float(((model.family.y - mean) ** 2 / variance).sum())
    return max(1.0, pearson / df / (1.0 + float((model.slope(mean) / variance).mean())))


def event_regression(
    events1: ArrayLike,
    n1: ArrayLike | None = None,
    events2: ArrayLike | None = None,
    n2: ArrayLike | None = None,
    *,
    time1: ArrayLike | None = None,
    time2: ArrayLike | None = None,
    method: str = EventRegression.FIRTH,
    effects: str = PoolModel.COMMON,
    dispersion_scales: str = DispersionScaling.VARIANCE,
    profile: bool = True,
    drop_double_zero: bool | None = None,
    level: float = 0.95,
) -> EventRegressionResult:
    """Estimate a common odds ratio or rate ratio by regression with one intercept per study.

    Parameters
    ----------
    events1, n1, events2, n2 : array-like, shape (k,)
        Whole numbers: patients with the event and patients per arm, for odds ratios (logistic).
    time1, time2 : array-like, shape (k,)
        Person-time in place of `n1` and `n2`, for rate ratios (Poisson).
    method : EventRegression or str
        ``"firth"`` (penalised, always finite) or ``"ML"``.
    effects : PoolModel or str
        ``"common"``, or ``"random"``: the variance is multiplied by the overdispersion, the estimate stays,
        and the interval is Wald's.
    dispersion_scales : DispersionScaling or str
        Random effects only: ``"variance"``, or ``"standard-error"`` (meta's).
    profile : bool
        Whether the interval profiles the likelihood; else it is estimate ± z se.
    drop_double_zero : bool or None
        Whether studies with no event (or only events) in both arms are left out. None: with ``"ML"``, where
        they say nothing. With Firth's penalty they pull a little towards no effect; meta keeps them.
    level : float
        Of the interval.

    Returns
    -------
    EventRegressionResult

    Raises
    ------
    UsageError
        For an unknown option, or columns that are missing.
    DataError
        For counts that cannot be or are no whole numbers.
    TooFewStudiesError
        Without any study.
    ConvergenceError
        With ``"ML"`` where the estimate is infinite.

    See Also
    --------
    glmm : with random effects.

    Notes
    -----
    Firth's estimate maximises the likelihood times the Jeffreys prior (the root of the determinant of the
    information of effect and intercepts). With many small studies the intercepts still bias it a little
    (Neyman & Scott): `exact_odds_ratio` and ``glmm(model="CM.EL")`` condition them away.

    References
    ----------
    [Firth1993]; [Heinze2002]; [Evrenoglou2022].

    Examples
    --------
    >>> fit = event_regression([0, 0, 0], [30, 25, 40], [3, 2, 4], [30, 26, 41])
    >>> round(fit.estimate, 4), fit.ci_high < 0
    (-3.0004, True)
    """
    chosen = choose(EventRegression, method, "method")
    kind = choose(PoolModel, effects, "effects")
    scaling = choose(DispersionScaling, dispersion_scales, "dispersion_scales")
    level = checked_level(level)
    columns = _columns(events1, n1, events2, n2, time1, time2)
    rates = "time1" in columns
    a, size1, c, size2 = columns.values()
    double = (a == 0) & (c == 0) | ((a == size1) & (c == size2) if not rates else False)
    drop = chosen is EventRegression.ML if drop_double_zero is None else bool(drop_double_zero)
    if chosen is EventRegression.ML and not drop:
        raise UsageError(
            "drop_double_zero: found False with 'ML'; allowed: True or None, for their intercepts would be "
            "infinite; use method='firth'"
        )
    kept = ~double if drop else np.ones(a.size, dtype=bool)
    model = _model(tuple(column[kept] for column in (a, size1, c, size2)), rates=rates, method=chosen)
    remarks: tuple[Diagnostic, ...] = ()
    if drop and double.any():
        count = int(double.sum())
        message = f"{count} studies without event (or with events only) in both arms were left out"
        remarks = (Diagnostic("double-zero-dropped", message),)
    options: dict[str, object] = {
        "method": str(chosen),
        "effects": str(kind),
        "profile": bool(profile) and kind is PoolModel.COMMON,
        "drop_double_zero": drop,
        "level": level,
    }
    if kind is PoolModel.RANDOM:
        options["dispersion_scales"] = str(scaling)
    return _result(model, columns, options, remarks)


def _result(
    model: _Model,
    columns: dict[str, FloatArray],
    options: dict[str, object],
    remarks: tuple[Diagnostic, ...],
) -> EventRegressionResult:
    """Fit the model and assemble the result."""
    level, rates = float(options["level"]), "time1" in columns  # type: ignore[arg-type]
    k = model.family.y.shape[0]
    best = _best(model, str(options["method"]))
    weights = model.weights(best.beta)
    null = _solve(model, np.concatenate([[0.0], best.beta[1:]]), hold_effect=True)
    ratio = max(0.0, 2.0 * (best.height - null.height))
    spread = _dispersion(model, best.beta, k - 1)
    # without random effects nothing is scaled, and the option is not there
    power = {DispersionScaling.VARIANCE: 0.5, DispersionScaling.STANDARD_ERROR: 1.0}
    se = spread ** power.get(options.get("dispersion_scales"), 0.0) / math.sqrt(weights.effect)  # type: ignore[call-overload]
    estimate, half = float(best.beta[0]), normal_quantile(level) * se
    low, high = (
        _profile_limits(model, best, se, level) if options["profile"] else (estimate - half, estimate + half)
    )
    plain = model._replace(firth=False).height(best.beta) + float(model.family.constant().sum())
    penalty = 0.5 * weights.log_determinant()
    words = "Poisson" if rates else "logistic"
    return EventRegressionResult(
        estimate=estimate,
        se=se,
        ci_low=low,
        ci_high=high,
        statistic=estimate / se,
        p_value=two_sided_p(estimate / se, None),
        lr_statistic=ratio,
        lr_p_value=chi2_tail(ratio, 1),
        dispersion=spread,
        log_likelihood=plain,
        penalised_log_likelihood=plain + penalty if model.firth else None,
        intercepts=best.beta[1:],
        k=k,
        measure="IRR" if rates else "OR",
        scale=Scale.LOG,
        method=f"{words} regression, one intercept per study, {options['method']}",
        converged=best.converged,
        iterations=best.iterations,
        reason="largest change below 1e-12",
        diagnostics=remarks,
        options=options,
        level=level,
        inputs=columns,
    )


def _columns(*given: ArrayLike | None) -> dict[str, FloatArray]:
    """Return checked columns of patients or of person-time."""
    events1, n1, events2, n2, time1, time2 = given
    rates = time1 is not None or time2 is not None
    first, second = ("time1", "time2") if rates else ("n1", "n2")
    sizes = (time1, time2) if rates else (n1, n2)
    if (
        events2 is None
        or sizes[0] is None
        or sizes[1] is None
        or (rates and (n1 is not None or n2 is not None))
    ):
        raise UsageError(
            "event_regression: found columns that do not go together; allowed: events1, n1, events2, n2, "
            "or events1, events2, time1, time2; give four columns"
        )
    named = {"events1": events1, first: sizes[0], "events2": events2, second: sizes[1]}
    return checked_counts(named, whole=True)  # type: ignore[arg-type] # events1 is never None


def _model(table: tuple[FloatArray, ...], *, rates: bool, method: EventRegression) -> _Model:
    """Return the counts with their family."""
    a, size1, c, size2 = table
    y, n = np.stack([a, c], axis=1), np.stack([size1, size2], axis=1)
    return _Model(Poisson(y, n) if rates else Binomial(y, n), method is EventRegression.FIRTH)


def _best(model: _Model, method: str) -> _Solved:
    """Return the maximum, or say why there is none."""
    start = np.concatenate([[0.0], model.family.guess().mean(axis=1)])
    best = _solve(model, start) if start.size > 1 else _Solved(start, math.nan, False, 0)
    if not best.converged:
        raise ConvergenceError(
            f"event_regression({method!r}): no finite maximum ({best.iterations} iterations, effect "
            f"{best.beta[0]:.4g}); allowed: events in both arms for 'ML'; use method='firth'"
        )
    return best
