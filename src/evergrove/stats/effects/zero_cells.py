"""Continuity corrections: which rows get one, and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats.effects.options import AddedAmount, DoubleZero
from evergrove.stats.options import ZeroCells

if TYPE_CHECKING:
    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.effects.request import Request, ZeroCellPlan


def rows_to_correct(cells: tuple[FloatArray, ...], rule: ZeroCells) -> BoolArray:
    """Return which rows get the continuity correction.

    Parameters
    ----------
    cells : tuple of ndarray, shape (k,)
        The cells of each row.
    rule : ZeroCells
        The rule.

    Returns
    -------
    ndarray of bool, shape (k,)
    """
    has_zero = np.any([cell == 0 for cell in cells], axis=0)
    if rule is ZeroCells.ALL:
        return np.ones_like(has_zero)
    if rule is ZeroCells.NONE:
        return np.zeros_like(has_zero)
    if rule is ZeroCells.IF_ANY_ZERO:
        return np.full_like(has_zero, bool(has_zero.any()))
    return np.asarray(has_zero)


def drop_double_zero(request: Request, no_event: BoolArray, only_events: BoolArray) -> None:
    """Mark the studies that say nothing on a ratio, where the plan drops them.

    Parameters
    ----------
    request : Request
        Its plan says which are dropped, its rows take the reasons.
    no_event, only_events : ndarray of bool, shape (k,)
        Studies without events, and with nothing else, in both groups.
    """
    drop = request.zero.drop
    if drop is not DoubleZero.KEEP:
        request.rows.mark(no_event, "no event in either arm")
    if drop is DoubleZero.DROP:
        request.rows.mark(only_events, "an event in every patient of both arms")


def steps(
    request: Request, cells: tuple[FloatArray, ...], sizes: tuple[FloatArray, FloatArray] | None = None
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return what is added in either arm, and which rows are corrected.

    Parameters
    ----------
    request : Request
        Its plan; the zero of a dropped row is no reason to correct others.
    cells : tuple of ndarray, shape (k,)
        The cells that a zero may stand in.
    sizes : tuple of ndarray or None
        Patients or person-time of the arms, for the treatment-arm correction.

    Returns
    -------
    step1, step2 : ndarray, shape (k,)
        0 where there is no correction.
    corrected : ndarray of bool, shape (k,)
    """
    plan: ZeroCellPlan = request.zero
    kept = ~request.rows.lost
    chosen = np.zeros(kept.size, dtype=bool)
    chosen[kept] = rows_to_correct(tuple(cell[kept] for cell in cells), plan.rule)
    first, second = plan.add, plan.add2
    if plan.amount is AddedAmount.TREATMENT_ARM and sizes is not None:
        share = sizes[0] / (sizes[0] + sizes[1])
        first, second = 2 * first * share, 2 * second * (1 - share)
    step1, step2 = np.where(chosen, first, 0.0), np.where(chosen, second, 0.0)
    return step1, step2, (step1 > 0) | (step2 > 0)
