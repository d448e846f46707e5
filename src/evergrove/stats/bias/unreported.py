"""The largest bias that studies without a result on the outcome could make (Copas & Jackson 2004)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from evergrove.errors import UsageError
from evergrove.stats.arrays import FloatArray, checked_level, column, effects_and_variances
from evergrove.stats.bias.line import checked_predictor, multiplicative_line
from evergrove.stats.bias.options import Side
from evergrove.stats.distributions import normal_quantile, two_sided_p
from evergrove.stats.options import Tau2Method, choose
from evergrove.stats.pooling import pool
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from evergrove.stats.pool_result import PoolResult


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class UnreportedBound(Result):
    """The pooled effect moved by the largest bias of each number of unreported results.

    Parameters
    ----------
    suspected : ndarray, shape (m,)
        Studies thought to have the outcome and not to report it; begins with 0.
    bias : ndarray, shape (m,)
        Largest bias, with the sign of the move.
    estimate, ci_low, ci_high, p_value : ndarray, shape (m,)
        Random-effects estimate moved by it, with normal limits.
    common_estimate, common_ci_low, common_ci_high, common_p_value : ndarray, shape (m,)
        The same of the common-effect estimate.
    tau2 : float
        Between-study variance in the bound.
    side : str
        Where the results are thought to be missing, a `Side`.
    unadjusted : PoolResult
        Random-effects meta-analysis.
    k : int
        Studies that report.
    level : float
        Of the intervals.
    options : mapping
        Options as resolved.
    """

    suspected: FloatArray
    bias: FloatArray
    estimate: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    p_value: FloatArray
    common_estimate: FloatArray
    common_ci_low: FloatArray
    common_ci_high: FloatArray
    common_p_value: FloatArray
    tau2: float
    side: str
    unadjusted: PoolResult
    k: int
    level: float
    options: Mapping[str, object]

    def __repr__(self) -> str:
        return (
            f"<UnreportedBound {self.estimate[0]:.4f} at worst {self.estimate[-1]:.4f} with "
            f"{self.suspected[-1]:g} unreported on the {self.side}, k={self.k}>"
        )

    def columns(self) -> dict[str, Any]:
        """Return one row per number of unreported results."""
        names = (
            "suspected",
            "bias",
            "estimate",
            "ci_low",
            "ci_high",
            "p_value",
            "common_estimate",
            "common_ci_low",
            "common_ci_high",
            "common_p_value",
        )
        return {name: getattr(self, name) for name in names}


def _moved(
    estimate: float, se: float, bias: FloatArray, quantile: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return estimate, limits and p values after the move."""
    moved = estimate + bias
    p = np.array([two_sided_p(float(value) / se, None) for value in moved])
    return moved, moved - quantile * se, moved + quantile * se, p


def unreported_bound(
    yi: ArrayLike,
    vi: ArrayLike,
    suspected: ArrayLike = 1,
    *,
    side: str | None = None,
    tau2: str | float = Tau2Method.REML,
    level: float = 0.95,
) -> UnreportedBound:
    """Bound the bias of results that were measured and not reported, by Copas and Jackson.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances of the studies that report; k of 3 or more.
    suspected : array-like, shape (m,)
        How many further studies are thought to have the outcome; numbers not below 0. 0 is added.
    side : Side, str or None
        Where their results lie: ``"left"`` moves the effect down, ``"right"`` up. None is found by Egger's
        regression.
    tau2 : Tau2Method, str or float
        Between-study variance, as for `pool`.
    level : float
        Of the intervals.

    Returns
    -------
    UnreportedBound

    Raises
    ------
    UsageError
        For numbers below 0 or an unknown option.
    TooFewStudiesError, DataError, ConvergenceError
        As `pool` and Egger's test.

    See Also
    --------
    copas_selection : which models the selection.

    Notes
    -----
    With k studies seen of k + m, whatever the selection, the bias of the pooled mean is at most
    (k + m)/k φ(Φ⁻¹(k/(k + m))) Σ(v + tau²)^-1/2 / Σ(v + tau²)^-1, if selection depends on the result and is
    not stronger in precise studies. The width of the interval does not change, as in metasens. A worst
    case, no estimate: use it where protocols say that an outcome was measured and the report is silent.

    References
    ----------
    [Copas2004]; metasens::orbbound.

    Examples
    --------
    >>> found = unreported_bound([0.5, 0.4, 0.6, 0.3], [0.02, 0.03, 0.06, 0.01], [1, 2], side="left")
    >>> found.estimate.round(4).tolist()
    [0.3917, 0.3446, 0.3182]
    """
    y, v = effects_and_variances(yi, vi)
    level = checked_level(level)
    counts = np.sort(column("suspected", suspected))
    if not (counts.size and np.isfinite(counts).all() and (counts >= 0).all()):
        raise UsageError(f"suspected: found {counts.tolist()}; allowed: numbers of studies, not below 0")
    if counts[0] > 0:
        counts = np.concatenate([[0.0], counts])
    se = np.sqrt(v)
    if side is None:
        checked_predictor("unreported_bound (side)", se)
        where = Side.LEFT if multiplicative_line(y, v, se).slope > 0 else Side.RIGHT
    else:
        where = choose(Side, side, "side")
    random = pool(y, v, tau2=tau2, ci="normal", level=level)
    common = pool(y, v, model="common", ci="normal", level=level)
    spread = float(random.tau2 or 0.0)
    k = int(y.size)
    total = k + counts
    height = np.exp(-0.5 * special.ndtri(k / total) ** 2) / math.sqrt(2.0 * math.pi)
    size = float((1.0 / np.sqrt(v + spread)).sum() / (1.0 / (v + spread)).sum())
    bias = (-1.0 if where is Side.LEFT else 1.0) * total / k * height * size
    quantile = normal_quantile(level)
    return UnreportedBound(
        counts,
        bias,
        *_moved(random.estimate, random.se, bias, quantile),
        *_moved(common.estimate, common.se, bias, quantile),
        spread,
        str(where),
        random,
        k,
        level,
        {"side": where, "tau2": str(tau2)},
    )
