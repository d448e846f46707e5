"""Mantel-Haenszel pooling of events per person-time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import FloatArray, checked_labels, checked_level
from evergrove.stats.effects.options import CorrectedCells
from evergrove.stats.options import PoolModel, PredictionMethod, Scale, Tau2Method, ZeroCells, choose
from evergrove.stats.sparse.cell_corrections import (
    Asked,
    RowConvention,
    checked_correction,
    correction_remark,
    row_heterogeneity,
    undefined_ratio,
)
from evergrove.stats.sparse.closed_form_result import (
    MANTEL_HAENSZEL_METHOD,
    ClosedForm,
    common_effect,
    random_effects,
)
from evergrove.stats.sparse.counts import checked_counts, without_information
from evergrove.stats.sparse.mantel_haenszel_formulas import rate_difference_kernel, rate_ratio_kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.pool_result import PoolResult

RATE_MEASURES = ("IRR", "IRD")


def mantel_haenszel_rates(
    events1: ArrayLike,
    time1: ArrayLike,
    events2: ArrayLike,
    time2: ArrayLike,
    *,
    measure: str = "IRR",
    model: str = PoolModel.COMMON,
    correction: float = 0.0,
    to: str = ZeroCells.ONLY_ZERO,
    drop_double_zero: bool | None = None,
    row_correction: float = 0.5,
    row_to: str = ZeroCells.ONLY_ZERO,
    row_effect: bool = True,
    tau2: str | float = Tau2Method.DL,
    ci: str | None = "normal",
    prediction: str = PredictionMethod.T_K_MINUS_1,
    level: float = 0.95,
    labels: Sequence[str] | None = None,
) -> PoolResult:
    """Pool events per person-time by Mantel-Haenszel.

    Parameters
    ----------
    events1, time1, events2, time2 : array-like, shape (k,)
        Events (not below 0) and person-time (above 0): intervention, comparator.
    measure : str
        ``"IRR"`` (pooled as log) or ``"IRD"``.
    model : PoolModel or str
        As in `mantel_haenszel`.
    correction : float
        Added to the events of the studies that `to` names, in the pooling itself.
    to : ZeroCells or str
        Which studies get it.
    drop_double_zero : bool or None
        Whether studies without any event are left out of the pooling. None: they are for IRR, where they
        have no weight without a correction; not for IRD (True there is metafor's ``drop00[2]``).
    row_correction : float
        Added to the events of the rows' own effects.
    row_to : ZeroCells or str
        Which rows get that.
    row_effect : bool
        IRD: whether the rows' effects are corrected too, not only their variances (False: meta's).
    tau2, ci, prediction
        Random effects only, as in `pool`.
    level : float
        Confidence level.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    PoolResult

    Raises
    ------
    DataError
        For numbers that cannot be, and where an arm has no event in all studies (IRR).
    TooFewStudiesError
        Without any study.
    UsageError
        For another measure or option.

    Notes
    -----
    Events are events, not patients; person-time in one unit throughout. Repeated events of one patient are
    correlated and make the interval too narrow.

    References
    ----------
    [Greenland1985]; [Rothman2008], chapter 15.

    Examples
    --------
    >>> fit = mantel_haenszel_rates([3, 5], [120.0, 310.0], [9, 11], [118.0, 295.0])
    >>> round(float(np.exp(fit.estimate)), 4)
    0.3858
    """
    name = str(measure)
    if name not in RATE_MEASURES:
        raise UsageError(
            f"measure: found {name!r}; allowed: 'IRR', 'IRD'; use mantel_haenszel() for patients"
        )
    pooling = checked_correction("correction", correction, to, "to")
    rows = checked_correction("row_correction", row_correction, row_to, "row_to")
    drop = name == "IRR" if drop_double_zero is None else bool(drop_double_zero)
    shown = RowConvention(CorrectedCells.ALL, bool(row_effect))
    asked = Asked(choose(PoolModel, model, "model"), pooling, rows, drop, checked_level(level), shown=shown)
    columns = checked_counts({"events1": events1, "time1": time1, "events2": events2, "time2": time2})
    names = checked_labels(labels, columns["time1"].size)
    fit, remarks = _rates_fit(name, columns, names, asked)
    options: dict[str, object] = {
        "measure": name,
        "model": str(asked.model),
        "correction": pooling.add,
        "to": str(pooling.rule),
        "drop_double_zero": asked.drop,
        "row_correction": rows.add,
        "row_to": str(rows.rule),
        "row_effect": shown.in_effect,
        "level": asked.level,
    }
    if asked.model is PoolModel.COMMON:
        return common_effect(fit, options, remarks)
    return random_effects(fit, options, remarks, tau2=tau2, ci=ci, prediction=prediction)


def _rates_fit(
    measure: str, columns: dict[str, FloatArray], labels: tuple[str, ...] | None, asked: Asked
) -> tuple[ClosedForm, tuple[Diagnostic, ...]]:
    """Return the pooled rates with the rows' own effects, and the remarks."""
    x1, t1, x2, t2 = columns.values()
    ratio = measure == "IRR"
    no_event = (x1 == 0) & (x2 == 0)
    kept = ~no_event if asked.drop else np.ones(x1.size, dtype=bool)
    if not kept.any():
        raise undefined_ratio(measure, columns)
    step = asked.correction.steps((x1, x2), kept)
    kernel = rate_ratio_kernel if ratio else rate_difference_kernel
    pooled = kernel(x1[kept] + step[kept], t1[kept], x2[kept] + step[kept], t2[kept])
    if math.isnan(pooled.estimate):
        raise undefined_ratio(measure, columns)
    weights = np.zeros(x1.size)
    weights[kept] = pooled.weights
    own = asked.rows.steps((x1, x2), ~no_event)
    y1, y2 = x1 + own, x2 + own
    with np.errstate(divide="ignore", invalid="ignore"):  # rows without events have no effect of their own
        z1, z2 = (y1, y2) if asked.shown.in_effect else (x1, x2)
        yi = np.log(y1 / t1) - np.log(y2 / t2) if ratio else z1 / t1 - z2 / t2
        vi = 1.0 / y1 + 1.0 / y2 if ratio else y1 / t1**2 + y2 / t2**2
    used = np.isfinite(yi) & np.isfinite(vi) & (vi > 0) & ~no_event
    yi, vi = np.where(used, yi, np.nan), np.where(used, vi, np.nan)
    informative = (x1 + x2 + step > 0) if ratio else kept
    fit = ClosedForm(
        pooled=pooled._replace(weights=weights),
        measure=measure,
        scale=Scale.LOG if ratio else Scale.NATURAL,
        yi=yi,
        vi=vi,
        informative=informative,
        q=row_heterogeneity(yi[used], vi[used], pooled.estimate),
        q_df=max(0, int(used.sum()) - 1),
        method=f"{MANTEL_HAENSZEL_METHOD} {measure}",
        columns=columns,
        labels=labels,
    )
    remarks = without_information(~informative, labels, "no event in either arm")
    return fit, remarks + correction_remark(step, labels, asked.correction.rule)
