"""What a kernel is asked to compute, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.effects.options import AddedAmount, BiasCorrection, CorrectedCells, DoubleZero
    from evergrove.stats.effects.rows import Rows
    from evergrove.stats.options import EffectMeasure, VarianceMethod, ZeroCells

#: Effects and sampling variances, shape (k,) each.
Pair = tuple["FloatArray", "FloatArray"]


@dataclass(frozen=True, slots=True)
class ZeroCellPlan:
    """The treatment of zero cells, resolved.

    Parameters
    ----------
    add, add2 : ndarray
        The amounts for arm 1 and arm 2, one value or one per row.
    amount : AddedAmount
        Whether the arms' sizes share them out.
    rule : ZeroCells
        Which studies get them.
    cells : CorrectedCells
        Which cells get them.
    drop : DoubleZero
        What happens to studies that have no event, or only events, in both groups.
    in_effect, in_variance : bool
        Whether effect and variance come from the corrected table.
    """

    add: FloatArray
    add2: FloatArray
    amount: AddedAmount
    rule: ZeroCells
    cells: CorrectedCells
    drop: DoubleZero
    in_effect: bool
    in_variance: bool


@dataclass(frozen=True, slots=True)
class Request:
    """One measure with its columns and options, resolved and checked.

    Parameters
    ----------
    measure : EffectMeasure
        What to compute.
    given : mapping of str to ndarray, shape (k,)
        The columns that were given and that the measure can use.
    rows : Rows
        Rows that are not estimable; kernels add to them.
    variance : VarianceMethod
        How the sampling variance is computed.
    bias : BiasCorrection
        What is done about small-sample bias.
    zero : ZeroCellPlan
        What is done about zero cells.
    glass_arm : int
        The arm whose SD standardises SMD1 and SMD1H.
    """

    measure: EffectMeasure
    given: Mapping[str, FloatArray]
    rows: Rows
    variance: VarianceMethod
    bias: BiasCorrection
    zero: ZeroCellPlan
    glass_arm: int

    def __getitem__(self, name: str) -> FloatArray:
        """Return a column; NaN throughout where it was not given."""
        values = self.given.get(name)
        return np.full(self.rows.lost.size, np.nan) if values is None else values


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a kernel found.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances; not finite where there is none.
    corrected : ndarray of bool or None
        Rows with a continuity correction; None where the measure has none.
    """

    yi: FloatArray
    vi: FloatArray
    corrected: BoolArray | None = None


def weighted_mean(values: FloatArray, weights: FloatArray) -> float:
    """Return the mean over the studies, weighted by size; studies without a value are left out.

    Parameters
    ----------
    values, weights : ndarray, shape (k,)
        Values and sample sizes.

    Returns
    -------
    float
        NaN where no study has both.
    """
    known = np.isfinite(values) & np.isfinite(weights) & (weights > 0)
    return float(np.average(values[known], weights=weights[known])) if known.any() else float("nan")


def fisher_z(yi: FloatArray, vi: FloatArray) -> Pair:
    """Return Fisher's z of correlations with the variance of the delta method.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Correlations and their variances. Estimates beyond ±1 have no z and come out infinite.

    Returns
    -------
    z, variance : ndarray, shape (k,)
    """
    with np.errstate(divide="ignore", invalid="ignore"):  # |r| of 1: the row becomes not estimable
        return np.arctanh(np.clip(yi, -1.0, 1.0)), vi / (1.0 - np.minimum(yi**2, 1.0)) ** 2
