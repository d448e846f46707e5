"""Sparse events without continuity correction: Mantel-Haenszel and Peto."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import (
    BoolArray,
    FloatArray,
    checked_labels,
    checked_level,
    column,
    refuse_rows,
    row_names,
    same_length,
)
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, log_two_sided_p, normal_quantile, two_sided_p
from evergrove.stats.effect_formulas import peto_parts
from evergrove.stats.effects import effect_size
from evergrove.stats.inverse_variance import i2_from_q
from evergrove.stats.mantel_haenszel_formulas import (
    Pooled,
    odds_ratio_kernel,
    risk_difference_kernel,
    risk_ratio_kernel,
)
from evergrove.stats.options import EffectMeasure, PoolModel, choose
from evergrove.stats.pool_result import PoolResult
from evergrove.stats.scales import scale_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

MANTEL_HAENSZEL_MEASURES = (EffectMeasure.RR, EffectMeasure.OR, EffectMeasure.RD)


KERNELS = {
    EffectMeasure.RR: risk_ratio_kernel,
    EffectMeasure.OR: odds_ratio_kernel,
    EffectMeasure.RD: risk_difference_kernel,
}


def _tables(events1: ArrayLike, n1: ArrayLike, events2: ArrayLike, n2: ArrayLike) -> dict[str, FloatArray]:
    """Return the four columns, complete and possible."""
    given = {"events1": events1, "n1": n1, "events2": events2, "n2": n2}
    columns = {name: column(name, values) for name, values in given.items()}
    if same_length(columns) == 0:
        raise TooFewStudiesError(
            "tables: found 0 studies; allowed: 1 or more; check which studies were eligible"
        )
    for name, values in columns.items():
        refuse_rows(name, values, ~np.isfinite(values), allowed="a finite number", todo="leave the study out")
    for count, size in (("events1", "n1"), ("events2", "n2")):
        total, events = columns[size], columns[count]
        refuse_rows(size, total, total <= 0, allowed="above 0", todo="leave out an arm without patients")
        bad = (events < 0) | (events > total)
        refuse_rows(count, events, bad, allowed=f"0 to {size}", todo="events are patients with the event")
    return columns


def _without_information(
    rows: BoolArray, labels: tuple[str, ...] | None, what: str
) -> tuple[Diagnostic, ...]:
    """Return the remark that names rows of no weight."""
    if not rows.any():
        return ()
    count = int(rows.sum())
    subject = f"1 study with {what} carries" if count == 1 else f"{count} studies with {what} carry"
    message = f"{subject} no information on the ratio and no weight"
    return (Diagnostic("no-information", message, row_names(np.flatnonzero(rows), labels)),)


class _Fit(NamedTuple):
    """What a closed-form method hands to the result."""

    pooled: Pooled
    measure: EffectMeasure
    yi: FloatArray
    vi: FloatArray
    q: float
    q_df: int
    method: str


def _result(
    fit: _Fit,
    columns: dict[str, FloatArray],
    informative: BoolArray,
    *,
    options: dict[str, object],
    labels: tuple[str, ...] | None,
    diagnostics: tuple[Diagnostic, ...],
) -> PoolResult:
    """Assemble the one result shape for a method without tau²."""
    level = float(options["level"])  # type: ignore[arg-type]
    estimate, se = fit.pooled.estimate, math.sqrt(fit.pooled.variance)
    half = normal_quantile(level) * se
    statistic = estimate / se if se > 0 else math.nan
    i2 = i2_from_q(fit.q, fit.q_df)
    weights = np.where(informative, fit.pooled.weights, 0.0)
    return PoolResult(
        estimate=estimate,
        se=se,
        ci_low=estimate - half,
        ci_high=estimate + half,
        statistic=statistic,
        df=None,
        p_value=two_sided_p(statistic, None),
        log_p_value=log_two_sided_p(statistic, None),
        tau2=None,
        tau2_ci_low=None,
        tau2_ci_high=None,
        tau=None,
        i2=i2,
        i2_ci_low=None,
        i2_ci_high=None,
        i2_q=i2,
        h2=fit.q / fit.q_df if fit.q_df else 1.0,
        q=fit.q,
        q_df=fit.q_df,
        q_p_value=chi2_tail(fit.q, fit.q_df),
        prediction_low=None,
        prediction_high=None,
        prediction_df=None,
        weights=weights / weights.sum(),
        k=int(informative.sum()),
        yi=fit.yi,
        vi=fit.vi,
        measure=str(fit.measure),
        scale=scale_of(fit.measure),
        model=str(PoolModel.COMMON),
        method=fit.method,
        converged=True,
        iterations=0,
        reason="closed form",
        diagnostics=diagnostics,
        options=options,
        level=level,
        labels=labels,
        inputs=columns,
    )


def mantel_haenszel(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    measure: str = EffectMeasure.RR,
    correction: float = 0.0,
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
    correction : float
        Added to every cell of studies with a zero cell; 0 by default (RevMan adds 0.5).
    level : float
        Confidence level.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    PoolResult
        Common effect; `tau2` None. Rows without information (no event in either arm, for ratios; only
        events in both, for the odds ratio) have weight 0, are not counted in `k` and are named in a
        diagnostic. `yi` and `vi` of the rows are corrected by 1/2 where a cell is 0, for display and for
        Q, which is that of metafor's ``rma.mh``.

    Raises
    ------
    DataError
        For numbers that cannot be, and where an arm has no event (or no patient without one) in all
        studies, so that the ratio is undefined.
    TooFewStudiesError
        Without any study.
    UsageError
        For another measure or a negative correction.

    Notes
    -----
    Assumes one effect for all studies; with clear heterogeneity its interval is too narrow.

    References
    ----------
    Mantel & Haenszel, JNCI 22 (1959) 719-748; Greenland & Robins 1985; Robins, Breslow & Greenland 1986;
    Sato 1989.

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
    if not (math.isfinite(correction) and correction >= 0):
        raise UsageError(f"correction: found {correction!r}; allowed: a finite number not below 0; 0 is none")
    level = checked_level(level)
    columns = _tables(events1, n1, events2, n2)
    a, n1_, c, n2_ = columns.values()
    names = checked_labels(labels, a.size)
    no_event, only_events = (a == 0) & (c == 0), (a == n1_) & (c == n2_)
    informative = {
        EffectMeasure.RR: ~no_event,
        EffectMeasure.OR: ~(no_event | only_events),
        EffectMeasure.RD: np.ones(a.size, dtype=bool),
    }[chosen]
    has_zero = (a == 0) | (c == 0) | (a == n1_) | (c == n2_)
    step = np.where(has_zero & informative, correction, 0.0)
    pooled = KERNELS[chosen](a + step, n1_ + 2 * step, c + step, n2_ + 2 * step)
    if math.isnan(pooled.estimate):
        raise _undefined(chosen, columns)
    shown = effect_size(chosen, events1=a, n1=n1_, events2=c, n2=n2_)
    used = np.isfinite(shown.yi) & ~no_event & ~only_events
    q = float((((shown.yi - pooled.estimate) ** 2) / shown.vi)[used].sum())
    fit = _Fit(
        pooled, chosen, shown.yi, shown.vi, q, max(0, int(used.sum()) - 1), f"Mantel-Haenszel {chosen}"
    )
    what = (
        "no event in either arm" if chosen is EffectMeasure.RR else "no event, or only events, in both arms"
    )
    remarks = _without_information(~informative, names, what)
    if correction > 0 and bool((has_zero & informative).any()):
        message = f"{correction:g} was added to each cell of studies with a zero cell"
        where = row_names(np.flatnonzero(has_zero & informative), names)
        remarks += (Diagnostic("continuity-correction", message, where),)
    options: dict[str, object] = {"measure": str(chosen), "correction": float(correction), "level": level}
    return _result(fit, columns, informative, options=options, labels=names, diagnostics=remarks)


def _undefined(measure: EffectMeasure, columns: dict[str, FloatArray]) -> DataError:
    """Return the error for a ratio that no table defines."""
    a, n1, c, n2 = (float(values.sum()) for values in columns.values())
    return DataError(
        f"Mantel-Haenszel {measure}: found {a:g}/{n1:g} and {c:g}/{n2:g} events over all studies: "
        "the ratio is 0, infinite or undefined; allowed: events in both arms, and for the odds ratio "
        "patients without the event too; pool the risk difference (measure='RD') or state the counts"
    )


def peto(
    events1: ArrayLike,
    n1: ArrayLike,
    events2: ArrayLike,
    n2: ArrayLike,
    *,
    level: float = 0.95,
    labels: Sequence[str] | None = None,
) -> PoolResult:
    """Pool two-by-two tables by Peto's one-step odds ratio, without continuity correction.

    Parameters
    ----------
    events1, n1, events2, n2 : array-like, shape (k,)
        Patients with the event and patients: intervention, comparator. Events within 0..n.
    level : float
        Confidence level.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    PoolResult
        Log odds ratio; common effect; `tau2` None. `yi` is (O - E) / V and `vi` is 1 / V, uncorrected;
        rows with V = 0 have weight 0 and are named in a diagnostic.

    Raises
    ------
    DataError
        For numbers that cannot be, and where no study has both an event and a patient without one.
    TooFewStudiesError
        Without any study.

    Notes
    -----
    Biased where the odds ratio is far from 1 or the arms are of unequal size (Greenland & Salvan 1990;
    Bradburn 2007): use `mantel_haenszel` there.

    References
    ----------
    Yusuf, Peto, Lewis, Collins & Sleight, Prog Cardiovasc Dis 27 (1985) 335-371.

    Examples
    --------
    >>> round(peto([1, 0, 2], [50, 40, 60], [3, 0, 4], [50, 41, 60]).natural().estimate, 4)
    0.4356
    """
    level = checked_level(level)
    columns = _tables(events1, n1, events2, n2)
    a, n1_, c, n2_ = columns.values()
    names = checked_labels(labels, a.size)
    difference, information = peto_parts(a, n1_, c, n2_)
    informative = np.isfinite(information) & (information > 0)
    if not informative.any():
        raise DataError(
            f"Peto: found {float((a + c).sum()):g} events among {float((n1_ + n2_).sum()):g} patients and "
            "no study with both events and patients without; allowed: one such study at least; "
            "state the counts"
        )
    used_difference, used_information = difference[informative], information[informative]
    all_information = float(used_information.sum())
    estimate = float(used_difference.sum()) / all_information
    yi, vi = np.full(a.size, np.nan), np.full(a.size, np.nan)
    yi[informative] = used_difference / used_information
    vi[informative] = 1.0 / used_information
    q = float((used_information * (yi[informative] - estimate) ** 2).sum())
    pooled = Pooled(estimate, 1.0 / all_information, np.where(informative, information, 0.0))
    fit = _Fit(pooled, EffectMeasure.PETO, yi, vi, q, int(informative.sum()) - 1, "Peto one-step odds ratio")
    remarks = _without_information(~informative, names, "no event, or only events, in both arms")
    return _result(
        fit,
        columns,
        informative,
        options={"measure": "PETO", "level": level},
        labels=names,
        diagnostics=remarks,
    )
