"""Exact conditional inference on a common odds ratio: Fisher's test and its strata."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import FloatArray, checked_level
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import Scale, choose
from evergrove.stats.result import Result
from evergrove.stats.roots import bracketed_root
from evergrove.stats.sparse.conditional_tables import Margins, margins
from evergrove.stats.sparse.counts import checked_counts
from evergrove.stats.sparse.options import TailMethod
from evergrove.stats.sparse.saturated_models import conditional_maximum

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike

#: Relative slack by which two equal probabilities may differ in rounding (R's fisher.test has 1e-7).
TIE = 1e-7


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ExactOddsRatio(Result):
    """A common odds ratio given the margins; on the natural scale.

    Parameters
    ----------
    estimate : float
        Conditional maximum-likelihood estimate; 0 or infinite at the ends.
    ci_low, ci_high : float
        Limits by tail inversion; 0 or infinite at the ends.
    p_value : float
        Of no effect, two-sided.
    p_lower, p_upper : float
        One-sided: few and many events in arm 1.
    k : int
        Tables that carry information.
    level : float
    scale : Scale
        Natural.
    method : str
        In words.
    diagnostics : tuple of Diagnostic
    options : mapping
        As resolved.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float
    p_lower: float
    p_upper: float
    k: int
    level: float
    scale: Scale
    method: str
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        return (
            f"<ExactOddsRatio {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], "
            f"p={self.p_value:.3g}, k={self.k}; {self.method}>"
        )


def convolved(tables: list[Margins], tilt: float = 0.0) -> Margins:
    """Return the distribution of the sum of independent tables' events, as log weights.

    Parameters
    ----------
    tables : list of Margins
        One or more.
    tilt : float
        Log odds ratio near to the truth, about which the weights keep all their digits.

    Returns
    -------
    Margins
    """
    values, log_weights = tables[0].values, tables[0].tilted(tilt)
    for table in tables[1:]:
        weights = np.convolve(np.exp(log_weights), np.exp(table.tilted(tilt)))
        values = np.arange(values[0] + table.values[0], values[-1] + table.values[-1] + 1.0)
        with np.errstate(divide="ignore"):  # a tail beyond 1e-308 has no weight
            log_weights = np.log(weights / weights.max())
    kept = np.isfinite(log_weights)
    plain = log_weights[kept] - tilt * values[kept]
    return Margins(values[kept], plain - plain.max())


def _guess(columns: dict[str, FloatArray]) -> float:
    """Return a finite Mantel-Haenszel log odds ratio."""
    a, n1, c, n2 = columns.values()
    total = n1 + n2
    up, down = a * (n2 - c) / total, c * (n1 - a) / total
    return math.log((float(up.sum()) + 0.5) / (float(down.sum()) + 0.5))


class _Tails(NamedTuple):
    """Tail probabilities of the observed sum at a log odds ratio."""

    table: Margins
    at: int
    share: float

    def probabilities(self, eta: float) -> FloatArray:
        """Return the distribution at η."""
        logits = self.table.log_weights + eta * (self.table.values - self.table.values[self.at])
        weights = np.exp(logits - logits.max())
        return np.asarray(weights / weights.sum())

    def upper(self, eta: float) -> float:
        """Return P(more) + share P(as many)."""
        p = self.probabilities(eta)
        return float(p[self.at + 1 :].sum() + self.share * p[self.at])

    def lower(self, eta: float) -> float:
        """Return P(fewer) + share P(as many)."""
        p = self.probabilities(eta)
        return float(p[: self.at].sum() + self.share * p[self.at])


def crossing(function: Callable[[float], float], target: float, *, rising: bool) -> float:
    """Return η at which a monotone function is `target`; infinite where there is none.

    Parameters
    ----------
    function : callable
        Of η; monotone.
    target : float
    rising : bool
        Whether it rises.

    Returns
    -------
    float
    """
    low, high = -1.0, 1.0
    while (function(low) > target) == rising:
        low *= 2.0
        if low < -1e4:
            return -math.inf
    while (function(high) < target) == rising:
        high *= 2.0
        if high > 1e4:
            return math.inf
    found = bracketed_root(lambda shift: function(low + shift) - target, 0.0, high - low)
    return low + found.value


def exact_odds_ratio(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    method: str = TailMethod.EXACT,
    level: float = 0.95,
) -> ExactOddsRatio:
    """Estimate a common odds ratio exactly, given the margins of each table.

    Parameters
    ----------
    events1, n1, events2, n2 : array-like, shape (k,) or scalars
        Whole numbers: patients with the event and patients per arm; one table or several.
    method : TailMethod or str
        ``"exact"`` or ``"mid-p"``.
    level : float
        Of the interval.

    Returns
    -------
    ExactOddsRatio

    Raises
    ------
    DataError
        For counts that cannot be or are no whole numbers, and where no table carries information.
    TooFewStudiesError
        Without any table.
    UsageError
        For another method.

    See Also
    --------
    glmm : ``model="CM.EL"`` adds random effects to this likelihood.

    Notes
    -----
    The two-sided p value is, with ``"exact"``, the probability of all outcomes no likelier than the observed
    one (``fisher.test``, ``mantelhaen.test(exact=TRUE)``); it may disagree with the interval, which inverts
    two one-sided tests. With ``"mid-p"`` it is twice the smaller mid-p tail, which agrees with its interval.

    References
    ----------
    [Cornfield1956]; [Gart1970]; [Mehta1985]; [Lancaster1961].

    Examples
    --------
    >>> exact_odds_ratio(3, 20, 9, 20)
    <ExactOddsRatio 0.2245 [0.0319, 1.1616], p=0.0824, k=1; exact conditional>
    """
    chosen = choose(TailMethod, method, "method")
    level = checked_level(level)
    columns = checked_counts({"events1": events1, "n1": n1, "events2": events2, "n2": n2}, whole=True)
    tables = [margins(*row) for row in zip(*columns.values(), strict=True)]
    informative = [table.values.size > 1 for table in tables]
    if not any(informative):
        raise DataError(
            "exact_odds_ratio: found no table with more than one outcome given its margins; allowed: events "
            "and non-events in a table; state the counts"
        )
    used = [one for one, kept in zip(tables, informative, strict=True) if kept]
    table = convolved(used, _guess({name: column[informative] for name, column in columns.items()}))
    observed = float(columns["events1"][informative].sum())
    at = round(observed - table.values[0])
    tails = _Tails(table, at, 1.0 if chosen is TailMethod.EXACT else 0.5)
    first, last = at == 0, at == table.values.size - 1
    if first or last:
        estimate = 0.0 if first else math.inf
    else:
        estimate = math.exp(conditional_maximum(table.values, table.log_weights, observed))
    half = (1.0 - level) / 2.0
    with np.errstate(over="ignore"):  # an odds ratio beyond 1e308 is infinite
        low = 0.0 if first else float(np.exp(crossing(tails.upper, half, rising=True)))
        high = math.inf if last else float(np.exp(crossing(tails.lower, half, rising=False)))
    lower, upper = tails.lower(0.0), tails.upper(0.0)
    probabilities = tails.probabilities(0.0)
    if chosen is TailMethod.EXACT:
        p_value = float(probabilities[probabilities <= probabilities[at] * (1.0 + TIE)].sum())
    else:
        p_value = 2.0 * min(lower, upper)
    dropped = len(tables) - sum(informative)
    message = f"{dropped} tables without events, or with events only, say nothing of the odds ratio"
    return ExactOddsRatio(
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        p_value=min(1.0, p_value),
        p_lower=lower,
        p_upper=upper,
        k=sum(informative),
        level=level,
        scale=Scale.NATURAL,
        method=f"{chosen} conditional",
        diagnostics=(Diagnostic("no-information", message),) if dropped else (),
        options={"method": str(chosen), "level": level},
    )
