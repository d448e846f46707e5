"""Beta-binomial regression: events of arms that vary between studies around a common risk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import FloatArray, checked_level, refuse_rows
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import two_sided_p, two_sided_quantile
from evergrove.stats.fingerprint import content_hash
from evergrove.stats.options import IntervalMethod, Scale, choose
from evergrove.stats.pool_result import Estimate
from evergrove.stats.result import Result
from evergrove.stats.sparse.counts import checked_counts
from evergrove.stats.sparse.marginal_likelihood import Local
from evergrove.stats.sparse.mixed_model_search import Found, with_effects
from evergrove.stats.sparse.mixed_models import Specification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

#: The likelihood of an arm is a sum over its patients.
MOST_PATIENTS = 1e7


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BetaBinomialResult(Result):
    """A beta-binomial model; on the log odds scale.

    Parameters
    ----------
    estimate, se, ci_low, ci_high, statistic, df, p_value : float
        Log odds ratio of arm 1 against arm 2; with one arm, the logit of the mean risk.
    intercept, intercept_se : float
        Logit of the mean risk of arm 2 (of the one arm).
    covariance : ndarray, shape (p, p)
        Of the effect and the intercept (of the intercept, with one arm).
    rho, rho_se : float, float or None
        Correlation of patients within an arm of a study (the risk's variance over μ(1 - μ)); None at 0.
    log_likelihood, log_likelihood_binomial : float
        Of this model, and with rho = 0.
    aic, bic : float
    k, parameters : int
        Studies; parameters counted.
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
    df: float | None
    p_value: float
    intercept: float
    intercept_se: float
    covariance: FloatArray
    rho: float
    rho_se: float | None
    log_likelihood: float
    log_likelihood_binomial: float
    aic: float
    bic: float
    k: int
    parameters: int
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
        """Return the odds ratio, or the mean risk of one arm, with its interval."""
        function = special.expit if self.scale is Scale.LOGIT else np.exp
        with np.errstate(over="ignore"):  # an overflowing limit is infinite, which is what is meant
            values = [float(function(one)) for one in (self.estimate, self.ci_low, self.ci_high)]
        return Estimate(*values)

    def __repr__(self) -> str:
        return (
            f"<BetaBinomialResult {self.measure} {self.estimate:.4f} [{self.ci_low:.4f}, "
            f"{self.ci_high:.4f}], {self.scale} scale, p={self.p_value:.3g}, k={self.k}, "
            f"rho={self.rho:.4g}; {self.method}>"
        )

    def to_dict(self) -> dict[str, object]:
        """Return the result as JSON-safe data; NaN and infinite values become None."""
        return {
            **Result.to_dict(self),
            "natural": self.natural().to_dict(),
            "inputs_sha256": self.content_hash,
        }


class BetaBinomialArms(NamedTuple):
    """Log-likelihood of arms; local parameters: the logit of the mean risk and s, with rho/(1 - rho) = s².

    Written as sums over patients, so that it passes to the binomial at s = 0 without loss of digits.

    Parameters
    ----------
    y, n : ndarray, shape (rows,)
        Events and patients.
    """

    y: FloatArray
    n: FloatArray

    def value(self, local: FloatArray) -> FloatArray:
        """Return the log-likelihood per arm without its constant."""
        rows = zip(self.y, self.n, local, strict=True)
        return np.array([_arm_value(y, n, float(eta), float(s)) for y, n, (eta, s) in rows])

    def derivatives(self, local: FloatArray, *, precise: bool = True) -> Local:  # noqa: ARG002 - always precise
        """Return value, gradient and Hessian by the logit and s."""
        rows = local.shape[0]
        value, gradient, hessian = np.empty(rows), np.empty((rows, 2)), np.empty((rows, 2, 2))
        for at in range(rows):
            eta, s = float(local[at, 0]), float(local[at, 1])
            value[at], gradient[at], hessian[at] = _arm(self.y[at], self.n[at], eta, s)
        return Local(value, gradient, hessian)


def _arm_value(y: float, n: float, eta: float, s: float) -> float:
    """Return the log-likelihood of one arm."""
    theta = s * s
    up = np.log(special.expit(eta) + np.arange(y) * theta).sum()
    down = np.log(special.expit(-eta) + np.arange(n - y) * theta).sum()
    return float(up + down - np.log1p(np.arange(n) * theta).sum())


def _arm(y: float, n: float, eta: float, s: float) -> tuple[float, FloatArray, FloatArray]:
    """Return log-likelihood, gradient and Hessian of one arm by η and s."""
    mu, other, theta = float(special.expit(eta)), float(special.expit(-eta)), s * s
    i, j, m = np.arange(y), np.arange(n - y), np.arange(n)
    up, down, whole = mu + i * theta, other + j * theta, 1.0 + m * theta
    value = float(np.log(up).sum() + np.log(down).sum() - np.log(whole).sum())
    by_mu = float((1.0 / up).sum() - (1.0 / down).sum())
    by_mu2 = -float((1.0 / up**2).sum() + (1.0 / down**2).sum())
    by_theta = float((i / up).sum() + (j / down).sum() - (m / whole).sum())
    by_theta2 = float(((m / whole) ** 2).sum() - ((i / up) ** 2).sum() - ((j / down) ** 2).sum())
    cross = float((j / down**2).sum() - (i / up**2).sum())
    slope = mu * other
    gradient = np.array([by_mu * slope, 2.0 * s * by_theta])
    h11 = by_mu2 * slope**2 + by_mu * slope * (other - mu)
    h12 = cross * slope * 2.0 * s
    h22 = 4.0 * theta * by_theta2 + 2.0 * by_theta
    return value, gradient, np.array([[h11, h12], [h12, h22]])


def beta_binomial(
    *,
    events1: ArrayLike | None = None,
    n1: ArrayLike | None = None,
    events2: ArrayLike | None = None,
    n2: ArrayLike | None = None,
    events: ArrayLike | None = None,
    n: ArrayLike | None = None,
    ci: str = IntervalMethod.NORMAL,
    level: float = 0.95,
) -> BetaBinomialResult:
    """Compare two arms, or pool one, by beta-binomial regression with a common correlation.

    Parameters
    ----------
    events1, n1, events2, n2 : array-like, shape (k,)
        Whole numbers: patients with the event and patients per arm.
    events, n : array-like, shape (k,)
        The same for one arm.
    ci : IntervalMethod or str
        ``"normal"``, or ``"t"`` with arms less coefficients as degrees of freedom.
    level : float
        Of the interval.

    Returns
    -------
    BetaBinomialResult

    Raises
    ------
    UsageError
        For an unknown option, or columns that are missing.
    DataError
        For counts that cannot be or are no whole numbers.
    TooFewStudiesError
        With one study.
    ConvergenceError
        Where an arm has no event, or events only, in all studies.

    See Also
    --------
    glmm : compares the arms within studies.

    Notes
    -----
    Events of an arm are beta-binomial with logit μ = intercept + effect × arm and correlation rho, the same
    in all arms. Arms of one study are taken as independent: randomisation within studies is not used, and the
    odds ratio is a marginal one, nearer to 1 than the conditional one. Good with many studies without events
    (Kuss 2015); not where the risk differs much between studies.

    References
    ----------
    [Kuss2015]; [Griffiths1973].

    Examples
    --------
    >>> fit = beta_binomial(events1=[0, 2, 1, 0], n1=[40, 60, 50, 30],
    ...                     events2=[3, 5, 4, 0], n2=[40, 62, 48, 31])
    >>> round(fit.estimate, 3), fit.rho
    (-1.433, 0.0)
    """
    interval = choose(IntervalMethod, ci, "ci")
    if interval not in (IntervalMethod.NORMAL, IntervalMethod.T):
        raise UsageError(f"ci: found {ci!r}; allowed: 'normal', 't'; Hartung-Knapp needs known variances")
    level = checked_level(level)
    columns = _columns(events1, n1, events2, n2, events, n)
    two = "n1" in columns
    values = list(columns.values())
    k = values[0].size
    if k < 2:
        raise TooFewStudiesError("beta_binomial: found 1 study; allowed: 2 or more; use exact_odds_ratio()")
    y, size = (
        (np.concatenate([values[0], values[2]]), np.concatenate([values[1], values[3]])) if two else values
    )
    _refuse_separation(values[::2], values[1::2])
    spec = _specification(y, size, k, two=two)
    best, zero = with_effects(spec)
    maximum = best.maximum
    if not (maximum.converged and zero.maximum.converged):
        raise ConvergenceError(
            f"beta_binomial: {maximum.reason} ({maximum.iterations} iterations); see the counts"
        )
    return _result(spec, columns, (best, zero), interval, level)


def _columns(*given: ArrayLike | None) -> dict[str, FloatArray]:
    """Return checked columns of two arms or one."""
    names = ("events1", "n1", "events2", "n2", "events", "n")
    found = {name: values for name, values in zip(names, given, strict=True) if values is not None}
    if tuple(found) not in (names[:4], names[4:]):
        raise UsageError(
            f"beta_binomial: found {', '.join(found) or 'no columns'}; allowed: events1, n1, events2, n2, "
            "or events, n; give these columns"
        )
    columns = checked_counts(found, whole=True)
    for name in (size for size in ("n1", "n2", "n") if size in columns):
        size = columns[name]
        todo = "the likelihood goes through every patient; take glmm"
        refuse_rows(name, size, size > MOST_PATIENTS, allowed=f"at most {MOST_PATIENTS:g}", todo=todo)
    return columns


def _refuse_separation(events: list[FloatArray], sizes: list[FloatArray]) -> None:
    """Raise where the risk of an arm is 0 or 1 in all studies."""
    for count, size in zip(events, sizes, strict=True):
        if count.sum() in (0, size.sum()):
            raise ConvergenceError(
                f"beta_binomial: found {count.sum():g}/{size.sum():g} events in an arm over all studies; "
                "the estimate is infinite (0 iterations); allowed: events and non-events in each arm; "
                "use event_regression()"
            )


def _specification(y: FloatArray, n: FloatArray, k: int, *, two: bool) -> Specification:
    """Return the model: parameters (effect, intercept, s), or (intercept, s)."""
    p = 2 if two else 1
    design = np.zeros((y.size, 2, p + 1))
    design[:, 0, p - 1] = 1.0
    if two:
        design[:k, 0, 0] = 1.0
    design[:, 1, p] = 1.0

    def logit(part: slice) -> float:
        return math.log((float(y[part].sum()) + 0.5) / (float((n - y)[part].sum()) + 0.5))

    last = logit(slice(k, None) if two else slice(None))
    start = np.array([logit(slice(0, k)) - last, last, 0.3] if two else [last, 0.3])
    constant = special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
    free = np.ones(p + 1, dtype=bool)
    return Specification(BetaBinomialArms(y, n), design, start, free, p, None, float(constant.sum()))


def _result(
    spec: Specification,
    columns: dict[str, FloatArray],
    found: tuple[Found, Found],
    interval: IntervalMethod,
    level: float,
) -> BetaBinomialResult:
    """Assemble the result."""
    best, zero = found
    parameters = best.maximum.parameters
    p, rows = parameters.size - 1, spec.design.shape[0]
    covariance = best.covariance()
    ses = np.sqrt(np.diag(covariance))
    estimate, se, s = float(parameters[0]), float(ses[0]), float(parameters[p])
    rho = s * s / (1.0 + s * s)
    rho_se = None if s == 0.0 else float(ses[p]) * 2.0 * abs(s) / (1.0 + s * s) ** 2
    df = float(rows - p) if interval is IntervalMethod.T else None
    half = two_sided_quantile(level, df) * se
    height = best.maximum.log_likelihood + spec.constant
    remarks: tuple[Diagnostic, ...] = ()
    if s == 0.0:
        message = "the likelihood is highest at rho = 0: the binomial standard error is given"
        remarks = (Diagnostic("rho-at-boundary", message, "rho"),)
    return BetaBinomialResult(
        estimate=estimate,
        se=se,
        ci_low=estimate - half,
        ci_high=estimate + half,
        statistic=estimate / se,
        df=df,
        p_value=two_sided_p(estimate / se, df),
        intercept=float(parameters[p - 1]),
        intercept_se=float(ses[p - 1]),
        covariance=covariance[:p, :p],
        rho=rho,
        rho_se=rho_se,
        log_likelihood=height,
        log_likelihood_binomial=zero.maximum.log_likelihood + spec.constant,
        aic=-2.0 * height + 2.0 * (p + 1),
        bic=-2.0 * height + (p + 1) * math.log(rows),
        k=rows // p,
        parameters=p + 1,
        measure="OR" if p == 2 else "PLO",
        scale=Scale.LOG if p == 2 else Scale.LOGIT,
        method="beta-binomial, common correlation",
        converged=True,
        iterations=best.maximum.iterations,
        reason=best.maximum.reason,
        diagnostics=remarks,
        options={"ci": str(interval), "level": level},
        level=level,
        inputs=columns,
    )
