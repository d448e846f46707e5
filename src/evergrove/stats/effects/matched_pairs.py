"""Matched pairs of events: marginal and conditional comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats.effects.options import CorrectedCells
from evergrove.stats.effects.request import Outcome, Pair, Request
from evergrove.stats.effects.two_by_two import FORMULAS, table_of
from evergrove.stats.effects.zero_cells import steps
from evergrove.stats.options import EffectMeasure

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

PAIRS = ("both", "only1", "only2", "neither")


def _marginal(measure: EffectMeasure, cells: tuple[FloatArray, ...]) -> Pair:
    """Comparisons of the margins, whose variance takes the pairing in."""
    both, only1, only2, neither = cells
    n = both + only1 + only2 + neither
    first, second = (both + only1) / n, (both + only2) / n
    p12, p21 = only1 / n, only2 / n
    discordant = p12 + p21 - (p12 - p21) ** 2
    if measure is EffectMeasure.MPRD:
        return first - second, discordant / n
    if measure is EffectMeasure.MPRR:
        return np.log(first) - np.log(second), (p12 + p21) / (n * first * second)
    yi = np.log(first) - np.log1p(-first) - np.log(second) + np.log1p(-second)
    spread = p12 * (1 - p12) + p21 * (1 - p21) + 2 * p12 * p21
    return yi, spread / (n * first * (1 - first) * second * (1 - second))


def _conditional(measure: EffectMeasure, only1: FloatArray, only2: FloatArray) -> Pair:
    """Comparisons of the discordant pairs."""
    if measure is EffectMeasure.MPORC:
        return np.log(only1) - np.log(only2), 1 / only1 + 1 / only2
    total = only1 + only2
    return 2 * (only1 - only2) / total, 4 / total


def _compared(measure: EffectMeasure, cells: tuple[FloatArray, ...]) -> Pair:
    """Return effect and variance of corrected or uncorrected pairs."""
    if measure in (EffectMeasure.MPORC, EffectMeasure.MPPETO):
        return _conditional(measure, cells[1], cells[2])
    return _marginal(measure, cells)


def matched_pairs(request: Request) -> Outcome:
    """Return effects of pairs counted by what happened under either treatment.

    Parameters
    ----------
    request : Request
        With both, only1, only2, neither.

    Returns
    -------
    Outcome
    """
    raw = tuple(request[name] for name in PAIRS)
    plan = request.zero
    with np.errstate(divide="ignore", invalid="ignore"):  # empty cells: such rows become not estimable
        step, _, corrected = steps(request, raw)
        others = 0.0 if plan.cells is CorrectedCells.EVENTS else step
        moved = (raw[0] + step, raw[1] + others, raw[2] + step, raw[3] + others)
        yi = _compared(request.measure, moved if plan.in_effect else raw)[0]
        vi = _compared(request.measure, moved if plan.in_variance else raw)[1]
    return Outcome(yi, vi, corrected)


def paired_margins(request: Request) -> Outcome:
    """Return the marginal odds ratio of pairs known by their margins and their correlation.

    Parameters
    ----------
    request : Request
        With events1, n1, events2, n2 (the pairs twice) and r (phi over the pairs) or both (pairs with
        the event under either treatment).

    Returns
    -------
    Outcome
    """
    a, c, n = request["events1"], request["events2"], request["n1"]
    with np.errstate(divide="ignore", invalid="ignore"):  # empty cells: such rows become not estimable
        for_effect, for_variance, corrected = table_of(request)
        yi = FORMULAS[EffectMeasure.MPORM](for_effect, request.variance)[0]
        vi = FORMULAS[EffectMeasure.MPORM](for_variance, request.variance)[1]
        found = (request["both"] * n - a * c) / np.sqrt(a * (n - a) * c * (n - c))
        r = np.where(np.isnan(request["r"]), found, request["r"])
        request.rows.mark(np.abs(r) > 1, "the margins and the pairs with both events do not fit together")
        table = for_variance
        # twice the covariance of the two log odds
        vi = vi - 2 * np.round(table.n / 2) * r / np.sqrt(table.a * table.b * table.c * table.d)
    return Outcome(yi, vi, corrected)
