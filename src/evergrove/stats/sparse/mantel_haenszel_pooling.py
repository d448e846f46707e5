"""Mantel-Haenszel pooling of two-by-two tables and of rates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import BoolArray, FloatArray, checked_labels, checked_level, row_names
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.effects import effect_size
from evergrove.stats.effects.options import AddedAmount, CorrectedCells
from evergrove.stats.effects.zero_cells import rows_to_correct
from evergrove.stats.options import (
    EffectMeasure,
    PoolModel,
    PredictionMethod,
    Scale,
    Tau2Method,
    ZeroCells,
    choose,
)
from evergrove.stats.scales import scale_of
from evergrove.stats.sparse.closed_form_result import ClosedForm, common_effect, random_effects
from evergrove.stats.sparse.counts import checked_counts, without_information
from evergrove.stats.sparse.mantel_haenszel_formulas import (
    Pooled,
    large_strata_variance,
    odds_ratio_kernel,
    rate_difference_kernel,
    rate_ratio_kernel,
    risk_ratio_kernel,
    sato_parts,
)
from evergrove.stats.sparse.options import RiskDifferenceVariance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.pool_result import PoolResult

MANTEL_HAENSZEL_MEASURES = (EffectMeasure.RR, EffectMeasure.OR, EffectMeasure.RD)
RATE_MEASURES = ("IRR", "IRD")


class _Correction(NamedTuple):
    """A continuity correction as asked for."""

    add: float
    rule: ZeroCells

    def steps(self, cells: tuple[FloatArray, ...], kept: BoolArray) -> FloatArray:
        """Return what is added to each cell of each row; rows that are not kept neither get nor cause any."""
        corrected = np.zeros(kept.size, dtype=bool)
        corrected[kept] = rows_to_correct(tuple(cell[kept] for cell in cells), self.rule)
        return np.where(corrected, self.add, 0.0)


class _RowConvention(NamedTuple):
    """How the rows' own effects are corrected."""

    cells: CorrectedCells
    in_effect: bool


class _Table(NamedTuple):
    """Events and patients of both arms."""

    a: FloatArray
    n1: FloatArray
    c: FloatArray
    n2: FloatArray

    def corrected(self, step: FloatArray, amount: AddedAmount) -> _Table:
        """Return the table with `step` added to each cell, or shared out by the arms' sizes."""
        share = 0.5 if amount is AddedAmount.CONSTANT else self.n1 / (self.n1 + self.n2)
        first, second = 2.0 * step * share, 2.0 * step * (1.0 - share)
        return _Table(self.a + first, self.n1 + 2.0 * first, self.c + second, self.n2 + 2.0 * second)


def _correction(name: str, add: float, rule: str, rule_name: str) -> _Correction:
    """Return a checked correction."""
    if not (math.isfinite(add) and add >= 0):
        raise UsageError(f"{name}: found {add!r}; allowed: a finite number not below 0; 0 is none")
    return _Correction(float(add), choose(ZeroCells, rule, rule_name))


def _corrected(
    steps: FloatArray,
    labels: tuple[str, ...] | None,
    rule: ZeroCells,
    amount: AddedAmount = AddedAmount.CONSTANT,
) -> tuple[Diagnostic, ...]:
    """Return the remark that cells were corrected."""
    rows = np.flatnonzero(steps > 0)
    if not rows.size:
        return ()
    whose = "studies with a zero cell" if rule is ZeroCells.ONLY_ZERO else "studies"
    how = "" if amount is AddedAmount.CONSTANT else " on average, in proportion to the arms' sizes,"
    message = f"{float(steps[rows[0]]):g} was added{how} to each cell of {whose}"
    return (Diagnostic("continuity-correction", message, row_names(rows, labels)),)


class _Asked(NamedTuple):
    """The options that both public functions share, as resolved."""

    model: PoolModel
    correction: _Correction
    rows: _Correction
    drop: bool | None
    level: float
    amount: AddedAmount = AddedAmount.CONSTANT
    shown: _RowConvention = _RowConvention(CorrectedCells.ALL, in_effect=True)


def mantel_haenszel(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    measure: str = EffectMeasure.RR,
    model: str = PoolModel.COMMON,
    correction: float = 0.0,
    to: str = ZeroCells.ONLY_ZERO,
    add_by: str = AddedAmount.CONSTANT,
    drop_double_zero: bool | None = None,
    variance: str | None = None,
    row_correction: float = 0.5,
    row_to: str = ZeroCells.ONLY_ZERO,
    row_cells: str = CorrectedCells.ALL,
    row_effect: bool = True,
    tau2: str | float = Tau2Method.DL,
    ci: str | None = "normal",
    prediction: str = PredictionMethod.T_K_MINUS_1,
    level: float = 0.95,
    labels: Sequence[str] | None = None,
) -> PoolResult:
    """Pool two-by-two tables by Mantel-Haenszel, without a continuity correction unless asked.

    Parameters
    ----------
    events1, n1, events2, n2 : array-like, shape (k,)
        Patients with the event and patients: intervention, comparator. Events within 0..n.
    measure : EffectMeasure or str
        ``"RR"``, ``"OR"`` (pooled as logs) or ``"RD"``.
    model : PoolModel or str
        ``"common"``; ``"random"`` pools the rows by inverse variance with a tau² whose Q is taken about
        the Mantel-Haenszel estimate (RevMan; meta's ``Q.Cochrane=TRUE``).
    correction : float
        Added to every cell of the studies that `to` names, in the pooling itself; 0 by default (RevMan
        adds 0.5).
    to : ZeroCells or str
        Which studies get it.
    add_by : AddedAmount or str
        ``"constant"``, or ``"treatment-arm"``: twice the correction is shared out by the arms' sizes (meta's
        ``incr="TACC"``), in the pooling and in the rows' own effects.
    drop_double_zero : bool or None
        Whether studies with no event, or only events, in both arms are left out of the pooling. None: they
        are for RR (no event) and OR (both), where they have no weight and get no correction; not for RD.
        False: they stay and get the correction too (metafor's default for the pooling).
    variance : RiskDifferenceVariance, str or None
        RD only: ``"sato"`` (None), ``"greenland-robins"`` or ``"klingenberg"``. With
        ``"greenland-robins"`` a correction enters the variance only, as in meta and RevMan.
    row_correction : float
        Added to the cells of the rows' own effects `yi` and `vi`, for display, Q and random effects.
    row_to : ZeroCells or str
        Which rows get that.
    row_cells : CorrectedCells or str
        ``"all"``, or ``"events"``: only they are added to, so that patients grow by one correction (meta's
        risk ratio unless ``RR.Cochrane``).
    row_effect : bool
        Whether the rows' effects are corrected too, not only their variances (False: meta's and RevMan's
        risk difference).
    tau2, ci, prediction
        Random effects only, as in `pool`; by default ``"DL"``, ``"normal"`` and ``"t(k-1)"``.
    level : float
        Confidence level.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    PoolResult
        Under the common effect `tau2` is None. Rows without information (no event in either arm, for
        ratios; only events in both, for the odds ratio) have weight 0, are not counted in `k` and are named
        in a diagnostic. Q is that of metafor's ``rma.mh``: the rows' inverse-variance weights about the
        pooled effect.

    Raises
    ------
    DataError
        For numbers that cannot be, and where an arm has no event (or no patient without one) in all
        studies, so that the ratio is undefined.
    TooFewStudiesError
        Without any study.
    UsageError
        For another measure or option, or a negative correction.

    See Also
    --------
    mantel_haenszel_rates : events per person-time.
    cochran_mantel_haenszel_test, homogeneity_test : the tests that go with it.

    Notes
    -----
    Under the common effect all studies share one effect; with clear heterogeneity its interval is too
    narrow. Not for studies matched within pairs.

    References
    ----------
    Mantel & Haenszel, JNCI 22 (1959) 719-748; Greenland & Robins 1985; Robins, Breslow & Greenland 1986;
    Sato 1989; Klingenberg, Stat Med 33 (2014) 2968-2983.

    Examples
    --------
    >>> fit = mantel_haenszel([4, 6, 0], [123, 306, 20], [11, 29, 0], [139, 303, 20])
    >>> round(fit.natural().estimate, 4), fit.k
    (0.2588, 2)
    """
    chosen = choose(EffectMeasure, measure, "measure")
    if chosen not in MANTEL_HAENSZEL_MEASURES:
        raise UsageError(
            f"measure: found {str(chosen)!r}; allowed: 'RR', 'OR', 'RD'; use peto() for Peto's method"
        )
    if variance is not None and chosen is not EffectMeasure.RD:
        raise UsageError(f"variance: found {variance!r} for {chosen}; allowed: with 'RD'; leave it out")
    spread = choose(RiskDifferenceVariance, variance or RiskDifferenceVariance.SATO, "variance")
    pooling = _correction("correction", correction, to, "to")
    rows = _correction("row_correction", row_correction, row_to, "row_to")
    asked = _Asked(
        choose(PoolModel, model, "model"),
        pooling,
        rows,
        drop_double_zero,
        checked_level(level),
        choose(AddedAmount, add_by, "add_by"),
        _RowConvention(choose(CorrectedCells, row_cells, "row_cells"), bool(row_effect)),
    )
    columns = checked_counts({"events1": events1, "n1": n1, "events2": events2, "n2": n2})
    names = checked_labels(labels, columns["n1"].size)
    options: dict[str, object] = {"measure": str(chosen), "correction": pooling.add, "level": asked.level}
    extra = {
        "to": (str(pooling.rule), str(ZeroCells.ONLY_ZERO)),
        "add_by": (str(asked.amount), str(AddedAmount.CONSTANT)),
        "drop_double_zero": (drop_double_zero, None),
        "variance": (str(spread), str(RiskDifferenceVariance.SATO)),
        "row_correction": (rows.add, 0.5),
        "row_to": (str(rows.rule), str(ZeroCells.ONLY_ZERO)),
        "row_cells": (str(asked.shown.cells), str(CorrectedCells.ALL)),
        "row_effect": (asked.shown.in_effect, True),
        "model": (str(asked.model), str(PoolModel.COMMON)),
    }
    options |= {name: value for name, (value, usual) in extra.items() if value != usual}
    fit, remarks = _tables_fit(chosen, columns, names, asked, spread)
    if asked.model is PoolModel.COMMON:
        return common_effect(fit, options, remarks)
    return random_effects(fit, options, remarks, tau2=tau2, ci=ci, prediction=prediction)


def _pooled_tables(
    measure: EffectMeasure,
    table: _Table,
    corrected: _Table,
    spread: RiskDifferenceVariance,
    level: float,
) -> tuple[Pooled, tuple[float, float] | None]:
    """Return the pooled effect and, for Klingenberg's interval, its limits."""
    if measure is EffectMeasure.RR:
        return risk_ratio_kernel(*corrected), None
    if measure is EffectMeasure.OR:
        return odds_ratio_kernel(*corrected), None
    if spread is RiskDifferenceVariance.GREENLAND_ROBINS:
        plain = sato_parts(*table).pooled
        return plain._replace(
            variance=large_strata_variance(*corrected) / float(plain.weights.sum()) ** 2
        ), None
    parts = sato_parts(*corrected)
    limits = (
        parts.score_limits(normal_quantile(level)) if spread is RiskDifferenceVariance.KLINGENBERG else None
    )
    return parts.pooled, limits


def _tables_fit(
    measure: EffectMeasure,
    columns: dict[str, FloatArray],
    labels: tuple[str, ...] | None,
    asked: _Asked,
    spread: RiskDifferenceVariance,
) -> tuple[ClosedForm, tuple[Diagnostic, ...]]:
    """Return the pooled tables with the rows' own effects, and the remarks."""
    a, n1, c, n2 = columns.values()
    no_event, only_events = (a == 0) & (c == 0), (a == n1) & (c == n2)
    double = no_event | only_events
    empty = {EffectMeasure.RR: no_event, EffectMeasure.OR: double}.get(measure, np.zeros(a.size, dtype=bool))
    kept = ~empty if asked.drop is None else ~double if asked.drop else np.ones(a.size, dtype=bool)
    step = asked.correction.steps((a, n1 - a, c, n2 - c), kept)
    informative = kept & ~(empty & (step == 0))
    table = _Table(*(column[kept] for column in (a, n1, c, n2)))
    if not kept.any():
        raise _undefined(str(measure), columns)
    pooled, limits = _pooled_tables(
        measure, table, table.corrected(step[kept], asked.amount), spread, asked.level
    )
    if math.isnan(pooled.estimate):
        raise _undefined(str(measure), columns)
    weights = np.zeros(a.size)
    weights[kept] = pooled.weights
    shown = effect_size(
        measure,
        events1=a,
        n1=n1,
        events2=c,
        n2=n2,
        add=asked.rows.add,
        to=asked.rows.rule,
        add_by=asked.amount,
        cells=asked.shown.cells,
        correct_effect=asked.shown.in_effect,
    )
    used = np.isfinite(shown.yi) & (shown.vi > 0) & ~double
    fit = ClosedForm(
        pooled=pooled._replace(weights=weights),
        measure=str(measure),
        scale=scale_of(measure),
        yi=shown.yi,
        vi=shown.vi,
        informative=informative,
        q=_heterogeneity(shown.yi[used], shown.vi[used], pooled.estimate),
        q_df=max(0, int(used.sum()) - 1),
        method=f"Mantel-Haenszel {measure}",
        columns=columns,
        labels=labels,
        limits=limits,
    )
    what = (
        "no event in either arm" if measure is EffectMeasure.RR else "no event, or only events, in both arms"
    )
    remarks = without_information(~informative, labels, what)
    return fit, remarks + _corrected(step, labels, asked.correction.rule, asked.amount)


def _heterogeneity(yi: FloatArray, vi: FloatArray, centre: float) -> float:
    """Return Q of the rows' own effects about the pooled one; 0 for one row, whose correction alone it is."""
    return float(((yi - centre) ** 2 / vi).sum()) if yi.size > 1 else 0.0


def _undefined(measure: str, columns: dict[str, FloatArray]) -> DataError:
    """Return the error for a ratio that no table defines."""
    a, n1, c, n2 = (float(values.sum()) for values in columns.values())
    return DataError(
        f"Mantel-Haenszel {measure}: found {a:g}/{n1:g} and {c:g}/{n2:g} events over all studies: "
        "the ratio is 0, infinite or undefined; allowed: events in both arms, and for the odds ratio "
        "patients without the event too; pool the difference (measure='RD', 'IRD') or state the counts"
    )


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
    Greenland & Robins, Biometrics 41 (1985) 55-68; Rothman, Greenland & Lash 2008, chapter 15.

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
    pooling = _correction("correction", correction, to, "to")
    rows = _correction("row_correction", row_correction, row_to, "row_to")
    drop = name == "IRR" if drop_double_zero is None else bool(drop_double_zero)
    asked = _Asked(choose(PoolModel, model, "model"), pooling, rows, drop, checked_level(level))
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
        "level": asked.level,
    }
    if asked.model is PoolModel.COMMON:
        return common_effect(fit, options, remarks)
    return random_effects(fit, options, remarks, tau2=tau2, ci=ci, prediction=prediction)


def _rates_fit(
    measure: str, columns: dict[str, FloatArray], labels: tuple[str, ...] | None, asked: _Asked
) -> tuple[ClosedForm, tuple[Diagnostic, ...]]:
    """Return the pooled rates with the rows' own effects, and the remarks."""
    x1, t1, x2, t2 = columns.values()
    ratio = measure == "IRR"
    no_event = (x1 == 0) & (x2 == 0)
    kept = ~no_event if asked.drop else np.ones(x1.size, dtype=bool)
    if not kept.any():
        raise _undefined(measure, columns)
    step = asked.correction.steps((x1, x2), kept)
    kernel = rate_ratio_kernel if ratio else rate_difference_kernel
    pooled = kernel(x1[kept] + step[kept], t1[kept], x2[kept] + step[kept], t2[kept])
    if math.isnan(pooled.estimate):
        raise _undefined(measure, columns)
    weights = np.zeros(x1.size)
    weights[kept] = pooled.weights
    own = asked.rows.steps((x1, x2), ~no_event)
    y1, y2 = x1 + own, x2 + own
    with np.errstate(divide="ignore", invalid="ignore"):  # rows without events have no effect of their own
        yi = np.log(y1 / t1) - np.log(y2 / t2) if ratio else y1 / t1 - y2 / t2
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
        q=_heterogeneity(yi[used], vi[used], pooled.estimate),
        q_df=max(0, int(used.sum()) - 1),
        method=f"Mantel-Haenszel {measure}",
        columns=columns,
        labels=labels,
    )
    remarks = without_information(~informative, labels, "no event in either arm")
    return fit, remarks + _corrected(step, labels, asked.correction.rule)
