"""Events over person-time: two groups and one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats.effects.request import Outcome, Pair, Request
from evergrove.stats.effects.zero_cells import drop_double_zero, steps
from evergrove.stats.options import EffectMeasure

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


def _two(measure: EffectMeasure, x1: FloatArray, t1: FloatArray, x2: FloatArray, t2: FloatArray) -> Pair:
    """IRR, IRD or IRSD with Poisson variances."""
    first, second = x1 / t1, x2 / t2
    if measure is EffectMeasure.IRR:
        return np.log(first) - np.log(second), 1 / x1 + 1 / x2
    if measure is EffectMeasure.IRD:
        return first - second, first / t1 + second / t2
    return np.sqrt(first) - np.sqrt(second), 1 / (4 * t1) + 1 / (4 * t2)


def two_rates(request: Request) -> Outcome:
    """Return comparisons of two rates.

    Parameters
    ----------
    request : Request
        With events1, time1, events2, time2.

    Returns
    -------
    Outcome
    """
    x1, t1, x2, t2 = (request[name] for name in ("events1", "time1", "events2", "time2"))
    drop_double_zero(request, (x1 == 0) & (x2 == 0), np.zeros(x1.size, dtype=bool))
    with np.errstate(divide="ignore", invalid="ignore"):  # no events: such rows become not estimable
        first, second, corrected = steps(request, (x1, x2), (t1, t2))
        raw = _two(request.measure, x1, t1, x2, t2)
        moved = _two(request.measure, x1 + first, t1, x2 + second, t2)
    plan = request.zero
    return Outcome((moved if plan.in_effect else raw)[0], (moved if plan.in_variance else raw)[1], corrected)


def _one(measure: EffectMeasure, x: FloatArray, time: FloatArray) -> Pair:
    """IR, IRLN, IRS or IRFT with Poisson variances."""
    rate = x / time
    if measure is EffectMeasure.IR:
        return rate, rate / time
    if measure is EffectMeasure.IRLN:
        return np.log(rate), 1 / x
    if measure is EffectMeasure.IRS:
        return np.sqrt(rate), 1 / (4 * time)
    return 0.5 * (np.sqrt(rate) + np.sqrt(rate + 1 / time)), 1 / (4 * time)


def one_rate(request: Request) -> Outcome:
    """Return rates of one group.

    Parameters
    ----------
    request : Request
        With events, time.

    Returns
    -------
    Outcome
    """
    x, time = request["events"], request["time"]
    with np.errstate(divide="ignore", invalid="ignore"):  # no events: such rows become not estimable
        step, _, corrected = steps(request, (x,))
        raw, moved = _one(request.measure, x, time), _one(request.measure, x + step, time)
    plan = request.zero
    return Outcome((moved if plan.in_effect else raw)[0], (moved if plan.in_variance else raw)[1], corrected)
