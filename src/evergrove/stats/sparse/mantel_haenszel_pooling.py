"""Mantel-Haenszel pooling of two-by-two tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import FloatArray, checked_labels, checked_level
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.effects import effect_size
from evergrove.stats.effects.options import AddedAmount, CorrectedCells, DoubleZero
from evergrove.stats.options import (
    EffectMeasure,
    PoolModel,
    PredictionMethod,
    Tau2Method,
    ZeroCells,
    choose,
)
from evergrove.stats.scales import scale_of
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
from evergrove.stats.sparse.mantel_haenszel_formulas import (
    ArmCells,
    Pooled,
    large_strata_risk_difference,
    odds_ratio_kernel,
    risk_ratio_kernel,
    sato_parts,
)
from evergrove.stats.sparse.options import RiskDifferenceVariance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.diagnostic import Diagnostic
    from evergrove.stats.pool_result import PoolResult

MANTEL_HAENSZEL_MEASURES = (EffectMeasure.RR, EffectMeasure.OR, EffectMeasure.RD)


def _corrected(table: ArmCells, step: FloatArray, amount: AddedAmount) -> ArmCells:
    """Return the tables with `step` added to each cell, or shared out by the arms' sizes."""
    a, n1, c, n2 = table
    share = 0.5 if amount is AddedAmount.CONSTANT else n1 / (n1 + n2)
    first, second = 2.0 * step * share, 2.0 * step * (1.0 - share)
    return ArmCells(a + first, n1 + 2.0 * first, c + second, n2 + 2.0 * second)


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
    row_double_zero: str | None = None,
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
        ``"greenland-robins"`` a correction enters weights and variance, not the studies' differences (meta).
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
    row_double_zero : DoubleZero, str or None
        Which rows with no event, or only events, in both arms have an effect of their own, in Q and under
        random effects. None: those that `effect_size` gives, but none of them in Q (metafor). meta's are
        ``"drop"`` for the odds ratio, ``"drop-no-event"`` for the risk ratio, ``"keep"`` for the risk
        difference and for ``allstudies=TRUE``.
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
    [Mantel1959]; [Greenland1985]; [Robins1986]; [Sato1989]; [Klingenberg2014].

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
    pooling = checked_correction("correction", correction, to, "to")
    rows = checked_correction("row_correction", row_correction, row_to, "row_to")
    asked = Asked(
        choose(PoolModel, model, "model"),
        pooling,
        rows,
        drop_double_zero,
        checked_level(level),
        choose(AddedAmount, add_by, "add_by"),
        RowConvention(
            choose(CorrectedCells, row_cells, "row_cells"),
            bool(row_effect),
            None if row_double_zero is None else choose(DoubleZero, row_double_zero, "row_double_zero"),
        ),
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
        "row_double_zero": (asked.shown.double_zero, None),
        "model": (str(asked.model), str(PoolModel.COMMON)),
    }
    options |= {name: value for name, (value, usual) in extra.items() if value != usual}
    fit, remarks = _tables_fit(chosen, columns, names, asked, spread)
    if asked.model is PoolModel.COMMON:
        return common_effect(fit, options, remarks)
    return random_effects(fit, options, remarks, tau2=tau2, ci=ci, prediction=prediction)


def _pooled_tables(
    measure: EffectMeasure,
    table: ArmCells,
    corrected: ArmCells,
    spread: RiskDifferenceVariance,
    level: float,
) -> tuple[Pooled, tuple[float, float] | None]:
    """Return the pooled effect and, for Klingenberg's interval, its limits."""
    if measure is EffectMeasure.RR:
        return risk_ratio_kernel(*corrected), None
    if measure is EffectMeasure.OR:
        return odds_ratio_kernel(*corrected), None
    if spread is RiskDifferenceVariance.GREENLAND_ROBINS:
        return large_strata_risk_difference(table, corrected), None
    parts = sato_parts(*corrected)
    limits = (
        parts.score_limits(normal_quantile(level)) if spread is RiskDifferenceVariance.KLINGENBERG else None
    )
    return parts.pooled, limits


def _tables_fit(
    measure: EffectMeasure,
    columns: dict[str, FloatArray],
    labels: tuple[str, ...] | None,
    asked: Asked,
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
    table = ArmCells(*(column[kept] for column in (a, n1, c, n2)))
    if not kept.any():
        raise undefined_ratio(str(measure), columns)
    pooled, limits = _pooled_tables(
        measure, table, _corrected(table, step[kept], asked.amount), spread, asked.level
    )
    if math.isnan(pooled.estimate):
        raise undefined_ratio(str(measure), columns)
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
        drop_double_zero=asked.shown.double_zero,
    )
    own = np.isfinite(shown.yi) & (shown.vi > 0)
    chosen = asked.shown.double_zero is not None
    used = own if chosen else own & ~double
    fit = ClosedForm(
        pooled=pooled._replace(weights=weights),
        measure=str(measure),
        scale=scale_of(measure),
        yi=shown.yi,
        vi=shown.vi,
        informative=informative,
        q=row_heterogeneity(shown.yi[used], shown.vi[used], pooled.estimate),
        q_df=max(0, int(used.sum()) - 1),
        method=f"{MANTEL_HAENSZEL_METHOD} {measure}",
        columns=columns,
        labels=labels,
        limits=limits,
        pooled_rows=own if chosen else own & informative,
    )
    what = (
        "no event in either arm" if measure is EffectMeasure.RR else "no event, or only events, in both arms"
    )
    remarks = without_information(~informative, labels, what)
    return fit, remarks + correction_remark(step, labels, asked.correction.rule, asked.amount)
