"""Forest plots of results: of a pooled effect, of subgroups, of studies left out or added in turn."""

from __future__ import annotations

import math
from functools import singledispatch
from typing import TYPE_CHECKING

from evergrove.errors import UsageError
from evergrove.figures.figure import Figure
from evergrove.figures.forest import forest_svg
from evergrove.figures.forest_data import ForestPlot, ForestRow, RowKind, Scale
from evergrove.stats.arrays import row_labels
from evergrove.stats.display.shown import Shown, effect_text, shown
from evergrove.stats.influence.refits import Cumulative, Refits
from evergrove.stats.options import Scale as PoolingScale
from evergrove.stats.pool_result import PoolResult
from evergrove.stats.scales import back_transform, scale_of
from evergrove.stats.subgroup import Subgroups

if TYPE_CHECKING:
    from collections.abc import Sequence

NOT_ESTIMABLE = "not estimable"


def forest_plot(
    result: PoolResult | Subgroups | Refits,
    *,
    labels: Sequence[str] | None = None,
    title: str = "Forest plot",
    favours: tuple[str, str] = ("", ""),
    measure: str | None = None,
    compact: bool = False,
) -> Figure:
    """Draw a forest plot of a result.

    Parameters
    ----------
    result : PoolResult, Subgroups or LeaveOneOut
        What is shown: studies with the pooled effect and its prediction interval; groups of studies; or
        the pooled effect without each study in turn.
    labels : sequence of str or None
        Names of the studies; None takes those of the result, else ``Study 1`` and so on.
    title : str
        What the figure shows; its accessible name.
    favours : tuple of two str
        Words on the left and right of the null.
    measure : EffectMeasure, str or None
        For refits, which do not know it: decides the scale.
    compact : bool
        The layout for phones, 360 pixels wide.

    Returns
    -------
    Figure
        ``svg``, ``png()``, ``save("name.svg")``; shows itself in a notebook. Effects stand on the
        measure's natural scale, ratios on a logarithmic axis. Studies' intervals are normal ones at the
        result's level.

    Raises
    ------
    DataError
        For labels of another number, or no study with an effect.
    UsageError
        For another kind of result.

    Examples
    --------
    >>> from evergrove.stats import pool
    >>> fit = pool([-0.9, -1.6, -0.3], [0.3, 0.2, 0.1], measure="RR", labels=["A", "B", "C"])
    >>> forest_plot(fit).title
    'Forest plot'
    """
    rows, log, words = _drawn(result, labels, measure)
    level = getattr(result, "level", 0.95)
    plot = ForestPlot(
        title,
        _told(rows),
        tuple(rows),
        right_headers=_headers(words, level, rows),
        scale=Scale.LOG if log else Scale.LINEAR,
        axis_title=f"{words} (log scale)" if log else words,
        favours_low=favours[0],
        favours_high=favours[1],
    )
    return Figure(forest_svg(plot, compact=compact), title)


def _headers(words: str, level: float, rows: Sequence[ForestRow]) -> tuple[str, ...]:
    effect = f"{words} [{100 * level:g}% CI]"
    return (effect, "Weight") if any(len(row.right) > 1 for row in rows) else (effect,)


@singledispatch
def _drawn(
    result: object,
    labels: Sequence[str] | None,  # noqa: ARG001 - one signature for all kinds of result
    measure: str | None,  # noqa: ARG001
) -> tuple[list[ForestRow], bool, str]:
    """Return the rows, whether the axis is logarithmic, and the name of the effect."""
    raise UsageError(
        f"forest_plot: found {type(result).__name__}; allowed: PoolResult, Subgroups, LeaveOneOut, "
        "Cumulative; give one of these"
    )


@_drawn.register(PoolResult)
def _(
    result: PoolResult, labels: Sequence[str] | None, measure: str | None
) -> tuple[list[ForestRow], bool, str]:
    what = shown(result, labels)
    rows = [*_study_rows(what), ForestRow(RowKind.SPACER), *_summary_rows(result, what)]
    return rows, what.log, what.measure or measure or "Effect"


@_drawn.register(Subgroups)
def _(
    result: Subgroups, labels: Sequence[str] | None, measure: str | None
) -> tuple[list[ForestRow], bool, str]:
    if labels is not None:
        raise UsageError(
            "forest_plot: found labels= with Subgroups; allowed: labels given to subgroups(labels=...)"
        )
    rows: list[ForestRow] = []
    what: Shown | None = None
    for name, fit in result.results.items():
        what = shown(fit)
        rows += [ForestRow(RowKind.SUBGROUP, name), *_study_rows(what)]
        rows += [*_summary_rows(fit, what, RowKind.SUBGROUP_SUMMARY), ForestRow(RowKind.SPACER)]
    if result.test is not None:
        rows.append(ForestRow(RowKind.TEXT, capital(result.test.summary())))
    log = what is not None and what.log
    return rows, log, (what.measure if what is not None else None) or measure or "Effect"


@_drawn.register(Refits)
def _(result: Refits, labels: Sequence[str] | None, measure: str | None) -> tuple[list[ForestRow], bool, str]:
    names = row_labels(labels, None, result.k)
    rows = []
    for row in range(result.k):
        added = int(result.rows[row]) if isinstance(result, Cumulative) else row
        name = f"{'+' if isinstance(result, Cumulative) else 'without'} {names[added]}"
        if result.reasons[row]:
            rows.append(ForestRow(RowKind.STUDY, name, right=(NOT_ESTIMABLE,)))
            continue
        values = [
            float(back_transform(column[row], measure))
            for column in (result.estimate, result.ci_low, result.ci_high)
        ]
        rows.append(_row(RowKind.STUDY, name, *values))
    return rows, scale_of(measure) is PoolingScale.LOG, measure or "Effect"


def _row(  # noqa: PLR0917 - kind, name and the three numbers of a row
    kind: RowKind, label: str, estimate: float, low: float, high: float, weight: float | None = None
) -> ForestRow:
    share = () if weight is None else (f"{100 * weight:.1f}%",)
    return ForestRow(
        kind,
        label,
        right=(effect_text(estimate, low, high), *share),
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        weight=weight or None,
    )


def _study_rows(what: Shown) -> list[ForestRow]:
    rows = []
    for row, name in enumerate(what.labels):
        low, high = what.interval(row)
        values = what.place(float(what.yi[row])), what.place(low), what.place(high)
        rows.append(_row(RowKind.STUDY, name, *values, float(what.weights[row])))
    return rows


def _summary_rows(fit: PoolResult, what: Shown, kind: RowKind = RowKind.SUMMARY) -> list[ForestRow]:
    values = what.place(fit.estimate), what.place(fit.ci_low), what.place(fit.ci_high)
    rows = [_row(kind, f"{fit.model.capitalize()} effect, {fit.k} studies", *values)]
    if kind is RowKind.SUMMARY and fit.prediction_low is not None and fit.prediction_high is not None:
        low, high = what.place(fit.prediction_low), what.place(fit.prediction_high)
        cell = effect_text(values[0], low, high).partition(" ")[2]
        rows.append(
            ForestRow(RowKind.PREDICTION, "Prediction interval", right=(cell,), ci_low=low, ci_high=high)
        )
    if kind is RowKind.SUMMARY:
        rows.append(ForestRow(RowKind.TEXT, _heterogeneity(fit)))
    return rows


def _heterogeneity(fit: PoolResult) -> str:
    spread = "" if fit.tau2 is None else f"τ² = {fit.tau2:.3g}, "
    q = f"Q = {fit.q:.2f}, df = {fit.q_df}, p = {fit.q_p_value:.3g}"
    return f"Heterogeneity: {spread}I² = {fit.i2:.1f} %, {q}; {fit.method}"


def capital(text: str) -> str:
    """Return text with its first letter as a capital, the rest as it is."""
    return text[:1].upper() + text[1:]


def _told(rows: Sequence[ForestRow]) -> str:
    """Return what the figure shows, for those who do not see it."""
    said = [
        f"{row.label}: {row.right[0]}"
        for row in rows
        if row.right and (row.estimate is None or math.isfinite(row.estimate))
    ]
    return "; ".join(said) + "."
