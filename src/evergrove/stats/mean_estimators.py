"""Estimators of tau² for one mean, by number, in the arithmetic of `one_mean`.

The same source is interpreted for one meta-analysis and compiled for many.
"""

# ruff: noqa: PLR0917 - compiled functions take their arrays by position

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evergrove.stats.one_mean import (
    FOUND,
    NOT_FOUND,
    Number,
    Studies,
    highest,
    likelihood_maxima,
    moments,
    sum_of_squares,
    tau2_where_q_is,
)
from evergrove.stats.options import Tau2Method

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

#: Estimators by number: StrEnums are no numbers, and compiled code has numbers only.
GIVEN, REML, ML, ROOT_OF_Q, DL, DL2, HE, CA2, HS, HSK, SJ, SJ_HEDGES = range(12)
#: Sidik & Jonkman 2007: what stands in for a Hedges estimate of 0, in the unit of the outcome squared.
SMALLEST_HEDGES_START = 0.01

METHODS = {
    Tau2Method.REML: REML,
    Tau2Method.ML: ML,
    Tau2Method.PM: ROOT_OF_Q,
    Tau2Method.EB: ROOT_OF_Q,
    Tau2Method.PMM: ROOT_OF_Q,
    Tau2Method.DL: DL,
    Tau2Method.DL2: DL2,
    Tau2Method.HE: HE,
    Tau2Method.CA2: CA2,
    Tau2Method.HS: HS,
    Tau2Method.HSK: HSK,
    Tau2Method.SJ: SJ,
    Tau2Method.SJ_HEDGES: SJ_HEDGES,
}


def moment_estimate(method: int, y: Studies, v: Studies, at_zero: tuple[Number, ...], unit: Number) -> Number:
    """Return a closed form, not cut at 0, on the layout's scale; the variance `unit` is 1 there."""
    k, q, weights, trace = len(v), at_zero[2], at_zero[0], at_zero[4]
    df = k - 1.0
    if method in (HS, HSK):
        return ((k / df if method == HSK else 1.0) * q - k) / weights
    start = (q - df) / trace
    if method == DL:
        return start
    if method != DL2:
        squares, variances = sum_of_squares(y), 0.0 * v[0]
        for i in range(k):
            variances = variances + v[i]
        start = squares / df - variances / k
        if method == HE:
            return start
        if method == SJ:
            start = squares / k
        elif method == SJ_HEDGES:
            start = start * (start > 0.0) + SMALLEST_HEDGES_START / unit * (start <= 0.0)
    start = start * (start > 0.0)
    at_start = moments(start, y, v)
    if method in (SJ, SJ_HEDGES):
        return start * at_start[2] / df
    return (at_start[2] - df) / at_start[4] + start


def between_study_variance(  # noqa: PLR0911 - one return per kind of estimator
    method: int,
    given: float,
    y: Sequence[float],
    v: Sequence[float],
    at_zero: tuple[float, ...],
    unit: float,
    maxima: MutableSequence[float],
) -> tuple[float, int, int, int]:
    """Return tau² on the layout's scale, the number of maxima, the iterations and the status.

    `given` is tau² for GIVEN and the target for ROOT_OF_Q; `unit` the variance that stands at 1.
    """
    if method == GIVEN:
        return given / unit, 1, 0, FOUND
    if len(v) == 1:
        return 0.0, 1, 0, FOUND
    if method in (REML, ML):
        count, iterations, status = likelihood_maxima(y, v, method == REML, at_zero, maxima)
        if status == NOT_FOUND:
            return math.nan, count, iterations, NOT_FOUND
        return highest(count, maxima, y, v, method == REML), count, iterations, FOUND
    if method == ROOT_OF_Q:
        if at_zero[2] <= given:
            return 0.0, 1, 0, FOUND
        tau2, steps = tau2_where_q_is(given, 0.0, y, v)
        return (tau2, 1, steps, FOUND) if steps > 0 else (math.nan, 1, -steps, NOT_FOUND)
    value = moment_estimate(method, y, v, at_zero, unit)
    return max(0.0, value), 1, 0, FOUND
