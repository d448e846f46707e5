"""Trim and fill: studies that a symmetric funnel would have."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import ConvergenceError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import FloatArray, checked_labels, effects_and_variances, is_number, listed
from evergrove.stats.bias.few_studies import few_studies
from evergrove.stats.bias.line import additive_line, checked_predictor, multiplicative_line
from evergrove.stats.bias.options import MissingEstimator, Side, TieRanks
from evergrove.stats.inverse_variance import weighted_mean
from evergrove.stats.options import PoolModel, Tau2Method, choose
from evergrove.stats.pooling import pool
from evergrove.stats.result import Result
from evergrove.stats.scalars import shown
from evergrove.stats.tau2 import estimate_tau2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.pool_result import PoolResult

FEWEST_STUDIES = 3
MOST_ROUNDS = 100


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TrimAndFill(Result):
    """A meta-analysis with the studies that symmetry of the funnel asks for.

    Parameters
    ----------
    missing, missing_se : int, float
        Estimated number of missing studies and its standard error; NaN where the variance that the formula
        gives is negative (an estimate far below 0, shown as 0).
    missing_p_value : float
        p value that none is missing, for R0; NaN for the others.
    estimate, se, ci_low, ci_high, p_value, tau2 : float
        Of the filled meta-analysis; `filled` has the rest.
    filled : PoolResult
        Pooled with the imputed studies.
    unfilled : PoolResult
        Pooled as they are.
    imputed_yi, imputed_vi : ndarray, shape (missing,)
        The imputed effects and variances.
    mirrored : ndarray of int, shape (missing,)
        Rows of the studies that they mirror.
    centre : float
        Effect about which they are mirrored: that of the trimmed studies.
    side : str
        Where studies are missing, a `Side`.
    estimator : str
        A `MissingEstimator`.
    k : int
        Studies seen.
    converged, iterations, reason : bool, int, str
        How the number was found.
    diagnostics : tuple of Diagnostic
    options : mapping
        Options as resolved.
    """

    missing: int
    missing_se: float
    missing_p_value: float
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    p_value: float
    tau2: float
    filled: PoolResult
    unfilled: PoolResult
    imputed_yi: FloatArray
    imputed_vi: FloatArray
    mirrored: NDArray[np.intp]
    centre: float
    side: str
    estimator: str
    k: int
    converged: bool
    iterations: int
    reason: str
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        return (
            f"<TrimAndFill {self.missing} missing on the {self.side} ({self.estimator}), "
            f"{self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], k={self.k}+{self.missing}>"
        )

    def summary(self) -> str:
        """Return both meta-analyses, the number of missing studies and the remarks."""
        lines = [
            repr(self).strip("<>"),
            f"as seen: {self.unfilled!r}",
            f"missing: {self.missing} (se {self.missing_se:.4f})",
        ]
        return "\n".join([*lines, *(f"note: {remark}" for remark in self.diagnostics)])

    def columns(self) -> dict[str, Any]:
        """Return one row per study, seen and imputed."""
        fill = np.arange(self.filled.yi.size) >= self.k
        return {"yi": self.filled.yi, "vi": self.filled.vi, "imputed": fill, "weight": self.filled.weights}


class _Trimmed(NamedTuple):
    """What trimming found, on data turned so that studies are missing on the left."""

    missing: int
    se: float
    centre: float
    rounds: int


def _signed_ranks(centred: FloatArray, ties: TieRanks) -> FloatArray:
    """Return ranks of absolute values with their signs; 0 for a value at the centre."""
    size = np.abs(centred)
    order = np.argsort(size, kind="stable")
    ranks = np.empty(size.size)
    ranks[order] = np.arange(1.0, size.size + 1.0)
    if ties is TieRanks.AVERAGE:
        _, group = np.unique(size, return_inverse=True)
        ranks = (np.bincount(group, ranks) / np.bincount(group))[group]
    return np.asarray(np.sign(centred) * ranks)


def _estimated(kind: MissingEstimator, signed: FloatArray) -> tuple[float, float]:
    """Return the estimated number of missing studies and its standard error."""
    k = float(signed.size)
    if kind is MissingEstimator.R0:
        below = signed[signed < 0]
        gap = k - float(np.max(-below, initial=0.0)) - 1.0
        return gap, math.sqrt(2.0 * max(0.0, gap) + 2.0)
    total = float(signed[signed > 0].sum())
    if kind is MissingEstimator.L0:
        found = (4.0 * total - k * (k + 1.0)) / (2.0 * k - 1.0)
    else:
        found = k - 0.5 - math.sqrt(max(0.0, 2.0 * k**2 - 4.0 * total + 0.25))
    variance = (
        k * (k + 1.0) * (2.0 * k + 1.0)
        + 10.0 * found**3
        + 27.0 * found**2
        + 17.0 * found
        - 18.0 * k * found**2
        - 18.0 * k * found
        + 6.0 * k**2 * found
    ) / 24.0
    spread = math.sqrt(variance) if variance >= 0 else math.nan
    if kind is MissingEstimator.L0:
        return found, 4.0 * spread / (2.0 * k - 1.0)
    inner = (k - 0.5) ** 2 - found * (2.0 * k - found - 1.0)
    return found, 2.0 * spread / math.sqrt(inner) if inner > 0 else math.nan


def _mean(y: FloatArray, v: FloatArray, tau2: Tau2Method | float | None) -> float:
    """Return the pooled effect."""
    if tau2 is None or isinstance(tau2, float):
        return weighted_mean(y, v, tau2 or 0.0).estimate
    found = estimate_tau2(tau2, y, v)
    if not found.converged:
        raise ConvergenceError(f"trim_and_fill: tau² by {tau2} of {y.size} studies: {found.reason}")
    return weighted_mean(y, v, found.value).estimate


def _rounded(found: float, ties: TieRanks) -> int:
    """Round half to even as R's round does, or half up as meta does."""
    return max(0, round(found) if ties is TieRanks.FIRST else math.floor(found + 0.5))


def _trim(
    y: FloatArray, v: FloatArray, tau2: Tau2Method | float | None, kind: MissingEstimator, ties: TieRanks
) -> _Trimmed:
    """Trim the largest effects until the number of missing studies stands still."""
    k, missing, last = y.size, 0, -1
    for count in range(1, MOST_ROUNDS + 1):
        if missing >= k:
            break
        kept = k - missing
        centre = _mean(y[:kept], v[:kept], tau2)
        found, error = _estimated(kind, _signed_ranks(y - centre, ties))
        last, missing = missing, _rounded(found, ties)
        if missing == last:
            return _Trimmed(missing, error, centre, count)
    raise ConvergenceError(
        f"trim_and_fill: the number of missing studies did not settle in {MOST_ROUNDS} rounds (last {last}, "
        f"{missing} of {k}); try another estimator or model"
    )


def _side(
    y: FloatArray, v: FloatArray, given: str | None, tau2: Tau2Method | float | None, ties: TieRanks
) -> tuple[Side, bool]:
    """Return the side where studies are missing, and whether it was found from the data."""
    if given is not None:
        return choose(Side, given, "side"), False
    x = np.sqrt(v)
    checked_predictor("trim_and_fill (side)", x)
    if ties is TieRanks.AVERAGE:
        slope = multiplicative_line(y, v, x).slope
    else:
        slope = additive_line(y, v, x, tau2=tau2, ci="normal", level=0.95).slope
    return (Side.RIGHT if slope < 0 else Side.LEFT), True


def trim_and_fill(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    estimator: str = MissingEstimator.L0,
    side: str | None = None,
    model: str = PoolModel.RANDOM,
    tau2: str | float = Tau2Method.REML,
    trim_model: str | None = None,
    ties: str = TieRanks.FIRST,
    limits: Sequence[float] | None = None,
    labels: Sequence[str] | None = None,
    **options: Any,  # noqa: ANN401 - passed to pool, which checks them
) -> TrimAndFill:
    """Impute the studies that a symmetric funnel would have, and pool again.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances; k of 3 or more.
    estimator : MissingEstimator or str
        ``"L0"``, ``"R0"`` or ``"Q0"``.
    side : Side, str or None
        Where studies are missing; None is found from the sign of the regression of effects on standard
        errors.
    model, tau2 : PoolModel, Tau2Method, str, float
        Of the final meta-analysis, as for `pool`.
    trim_model : PoolModel, str or None
        Model that gives the centre while trimming; None is `model` (metafor). meta's default is
        ``"common"`` with a random-effects final model (Peters 2007).
    ties : TieRanks or str
        ``"first"`` (metafor) or ``"average"`` (meta) ranks of equal distances.
    limits : (float, float) or None
        Range of the measure on the pooling scale: imputed effects are moved into it.
    labels : sequence of str or None
        Names of the studies.
    **options
        Further ones of `pool`: ci, prediction, level, measure.

    Returns
    -------
    TrimAndFill

    Raises
    ------
    TooFewStudiesError
        With fewer than 3 studies.
    DataError
        For effects or variances that cannot be, or one precision for all and no side given.
    ConvergenceError
        Where the number does not settle, or tau² was not found.
    UsageError
        For an unknown option.

    Notes
    -----
    A sensitivity analysis, no correction: it takes every asymmetry for missing studies, finds some where
    heterogeneity alone makes asymmetry, and the imputed studies count as if they had been seen.
    `selection_model` and `pet_peese` say what they assume.

    References
    ----------
    [Duval2000a], [Duval2000b]; [Peters2007].

    Examples
    --------
    >>> y, v = [0.1, 0.2, 0.3, 0.5, 0.8, 0.9], [0.01, 0.02, 0.03, 0.06, 0.1, 0.12]
    >>> found = trim_and_fill(y, v, model="common")
    >>> found.missing, found.side, found.imputed_yi.round(3).tolist()
    (3, 'left', [-0.173, -0.473, -0.573])
    """
    y, v = effects_and_variances(yi, vi)
    k = int(y.size)
    if k < FEWEST_STUDIES:
        raise TooFewStudiesError(f"trim_and_fill: found {k} studies; allowed: 3 or more; leave it out")
    kind, tie = choose(MissingEstimator, estimator, "estimator"), choose(TieRanks, ties, "ties")
    final = choose(PoolModel, model, "model")
    trimming = final if trim_model is None else choose(PoolModel, trim_model, "trim_model")
    spread = choose(Tau2Method, tau2, "tau2") if isinstance(tau2, str) else float(tau2)
    used = None if trimming is PoolModel.COMMON else spread
    where, found = _side(y, v, side, used, tie)
    sign = 1.0 if where is Side.LEFT else -1.0
    order = np.argsort(sign * y, kind="stable")
    trimmed = _trim(sign * y[order], v[order], used, kind, tie)
    mirrored = order[k - trimmed.missing :]
    centre = sign * trimmed.centre
    imputed = 2.0 * centre - y[mirrored]
    if limits is not None:
        low, high = _checked_limits(limits)
        imputed = np.clip(imputed, low, high)
    names = checked_labels(labels, k)
    filled_names = None if names is None else (*names, *(f"filled: {names[row]}" for row in mirrored))
    pooled = {"model": final, "tau2": tau2, **options}
    filled = pool(
        np.concatenate([y, imputed]), np.concatenate([v, v[mirrored]]), labels=filled_names, **pooled
    )
    shown = {
        "estimator": kind,
        "side_found": found,
        "trim_model": trimming,
        "ties": tie,
        "limits": None if limits is None else list(limits),
        **filled.options,
    }
    return TrimAndFill(
        trimmed.missing,
        trimmed.se,
        0.5 ** (trimmed.missing + 1) if kind is MissingEstimator.R0 else math.nan,
        filled.estimate,
        filled.se,
        filled.ci_low,
        filled.ci_high,
        filled.p_value,
        float(filled.tau2 or 0.0),
        filled,
        pool(y, v, labels=names, **pooled),
        imputed,
        v[mirrored],
        mirrored,
        centre,
        str(where),
        str(kind),
        k,
        True,
        trimmed.rounds,
        "the number of missing studies stands still",
        few_studies(k) + filled.diagnostics,
        shown,
    )


def _checked_limits(limits: Sequence[float]) -> tuple[float, float]:
    """Return a rising pair."""
    pair = listed("limits", limits, "(low, high) on the pooling scale")
    if len(pair) != 2 or not all(is_number(limit) for limit in pair) or not pair[0] < pair[1]:
        raise UsageError(f"limits: found {shown(pair)}; allowed: (low, high) on the pooling scale")
    return float(pair[0]), float(pair[1])
