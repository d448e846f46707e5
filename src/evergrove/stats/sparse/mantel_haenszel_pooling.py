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


def _correction(name: str, add: float, rule: str, rule_name: str) -> _Correction:
    """Return a checked correction."""
    if not (math.isfinite(add) and add >= 0):
        raise UsageError(f"{name}: found {add!r}; allowed: a finite number not below 0; 0 is none")
    return _Correction(float(add), choose(ZeroCells, rule, rule_name))


def _corrected(steps: FloatArray, labels: tuple[str, ...] | None, rule: ZeroCells) -> tuple[Diagnostic, ...]:
    """Return the remark that cells were corrected."""
    rows = np.flatnonzero(steps > 0)
    if not rows.size:
        return ()
    whose = "studies with a zero cell" if rule is ZeroCells.ONLY_ZERO else "studies"
    message = f"{float(steps[rows[0]]):g} was added to each cell of {whose}"
    return (Diagnostic("continuity-correction", message, row_names(rows, labels)),)


class _Asked(NamedTuple):
    """The options that both public functions share, as resolved."""

    model: PoolModel
    correction: _Correction
    rows: _Correction
    drop: bool
    level: float


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
    drop_double_zero: bool | None = None,
    variance: str | None = None,
    row_correction: float = 0.5,
    row_to: str = ZeroCells.ONLY_ZERO,
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
        choose(PoolModel, model, "model"), pooling, rows, bool(drop_double_zero), checked_level(level)
    )
    columns = checked_counts({"events1": events1, "n1": n1, "events2": events2, "n2": n2})
    names = checked_labels(labels, columns["n1"].size)
    options: dict[str, object] = {"measure": str(chosen), "correction": pooling.add, "level": asked.level}
    extra = {
        "to": (str(pooling.rule), str(ZeroCells.ONLY_ZERO)),
        "drop_double_zero": (drop_double_zero, None),
        "variance": (str(spread), str(RiskDifferenceVariance.SATO)),
        "row_correction": (rows.add, 0.5),
        "row_to": (str(rows.rule), str(ZeroCells.ONLY_ZERO)),
        "model": (str(asked.model), str(PoolModel.COMMON)),
    }
    options |= {name: value for name, (value, usual) in extra.items() if value != usual}
    fit, remarks = _tables_fit(chosen, columns, names, asked, spread, default_drop=drop_double_zero is None)
    if asked.model is PoolModel.COMMON:
        return common_effect(fit, options, remarks)
    return random_effects(fit, options, remarks, tau2=tau2, ci=ci, prediction=prediction)


def _pooled_tables(
    measure: EffectMeasure,
    table: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    step: FloatArray,
    spread: RiskDifferenceVariance,
    level: float,
) -> tuple[Pooled, tuple[float, float] | None]:
    """Return the pooled effect and, for Klingenberg's interval, its limits."""
    a, n1, c, n2 = table
    corrected = (a + step, n1 + 2 * step, c + step, n2 + 2 * step)
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
    *,
    default_drop: bool,
) -> tuple[ClosedForm, tuple[Diagnostic, ...]]:
    """Return the pooled tables with the rows' own effects, and the remarks."""
    a, n1, c, n2 = columns.values()
    no_event, only_events = (a == 0) & (c == 0), (a == n1) & (c == n2)
    double = no_event | only_events
    empty = {EffectMeasure.RR: no_event, EffectMeasure.OR: double}.get(measure, np.zeros(a.size, dtype=bool))
    kept = ~empty if default_drop else ~double if asked.drop else np.ones(a.size, dtype=bool)
    step = asked.correction.steps((a, n1 - a, c, n2 - c), kept)
    informative = kept & ~(empty & (step == 0))
    table = tuple(column[kept] for column in (a, n1, c, n2))
    if not kept.any():
        raise _undefined(str(measure), columns)
    pooled, limits = _pooled_tables(measure, table, step[kept], spread, asked.level)
    if math.isnan(pooled.estimate):
        raise _undefined(str(measure), columns)
    weights = np.zeros(a.size)
    weights[kept] = pooled.weights
    shown = effect_size(measure, events1=a, n1=n1, events2=c, n2=n2, add=asked.rows.add, to=asked.rows.rule)
    used = np.isfinite(shown.yi) & (shown.vi > 0) & ~double
    q = float((((shown.yi - pooled.estimate) ** 2) / shown.vi)[used].sum())
    fit = ClosedForm(
        pooled=pooled._replace(weights=weights),
        measure=str(measure),
        scale=scale_of(measure),
        yi=shown.yi,
        vi=shown.vi,
        informative=informative,
        q=q,
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
    return fit, remarks + _corrected(step, labels, asked.correction.rule)


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
    drop_double_zero: bool = True,
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
    drop_double_zero : bool
        IRR: whether studies without any event get no correction (they have no weight without one).
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
    asked = _Asked(
        choose(PoolModel, model, "model"), pooling, rows, bool(drop_double_zero), checked_level(level)
    )
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
    kept = ~no_event if ratio and asked.drop else np.ones(x1.size, dtype=bool)
    step = asked.correction.steps((x1, x2), kept)
    kernel = rate_ratio_kernel if ratio else rate_difference_kernel
    pooled = kernel(x1 + step, t1, x2 + step, t2)
    if math.isnan(pooled.estimate):
        raise _undefined(measure, columns)
    own = asked.rows.steps((x1, x2), ~no_event)
    y1, y2 = x1 + own, x2 + own
    with np.errstate(divide="ignore", invalid="ignore"):  # rows without events have no effect of their own
        yi = np.log(y1 / t1) - np.log(y2 / t2) if ratio else y1 / t1 - y2 / t2
        vi = 1.0 / y1 + 1.0 / y2 if ratio else y1 / t1**2 + y2 / t2**2
    used = np.isfinite(yi) & np.isfinite(vi) & (vi > 0) & ~no_event
    yi, vi = np.where(used, yi, np.nan), np.where(used, vi, np.nan)
    q = float((((yi - pooled.estimate) ** 2) / vi)[used].sum())
    informative = (x1 + x2 + step > 0) if ratio else np.ones(x1.size, dtype=bool)
    fit = ClosedForm(
        pooled=pooled,
        measure=measure,
        scale=Scale.LOG if ratio else Scale.NATURAL,
        yi=yi,
        vi=vi,
        informative=informative,
        q=q,
        q_df=max(0, int(used.sum()) - 1),
        method=f"Mantel-Haenszel {measure}",
        columns=columns,
        labels=labels,
    )
    remarks = without_information(~informative, labels, "no event in either arm")
    return fit, remarks + _corrected(step, labels, asked.correction.rule)
