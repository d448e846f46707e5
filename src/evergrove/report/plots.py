"""From results to figures: which rows, words and axes each plot has. Nothing is computed here but shares."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evergrove.figures import ForestRow, FunnelPlot, FunnelPoint, RowKind, Scale
from evergrove.model.measures import review_measure
from evergrove.report.bias_figures import risk_of_bias_figures
from evergrove.report.forest_rows import (
    AS_PRINTED,
    LONGEST_REASON,
    left_headers,
    pooled_rows,
    study_row,
    summary_row,
    text_row,
    totals,
)
from evergrove.report.model_words import asymmetry_name
from evergrove.report.numerals import (
    between_groups,
    count,
    estimate_text,
    null_value,
    p_value,
    short_measure,
)
from evergrove.report.plot_words import (
    axis_of,
    axis_title,
    capital,
    effect_header,
    how_many,
    lower,
    meaning,
    pooled_sentence,
)
from evergrove.report.robustness_plots import combinations_plot, leave_one_out_plot, sensitivity_plot
from evergrove.stats import back_transform
from evergrove.synthesis.diagnostics import MINIMUM_FOR_SMALL_STUDY_TEST
from evergrove.synthesis.result import natural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from evergrove.appraisal import Judged
    from evergrove.figures import ForestPlot
    from evergrove.report.findings import Findings
    from evergrove.report.plot_words import Axis
    from evergrove.synthesis import (
        AnalysisResult,
        Choice,
        PooledSet,
        StudyEffect,
        Subgroup,
        SubgroupResult,
    )

__all__ = [
    "combinations_plot",
    "forest_plot",
    "funnel",
    "leave_one_out_plot",
    "risk_of_bias_figures",
    "sensitivity_plot",
    "subgroup_plot",
]


def forest_plot(result: AnalysisResult, pooled: PooledSet, findings: Findings) -> ForestPlot:
    """Return the forest plot of one set of studies.

    Parameters
    ----------
    result : AnalysisResult
    pooled : PooledSet
        ``result.main`` or ``result.beside``; without a fit the rows stand with the reason below them.
    findings : Findings
        For the risk of bias and the sentence of the answer.

    Returns
    -------
    ForestPlot
    """
    axis = axis_of(result)
    judged = _judged(pooled.effects, findings)
    weights = pooled.shares
    rows = [study_row(axis, effect, weights, judged) for effect in pooled.effects]
    rows += pooled_rows(axis, pooled)
    return axis.plot(
        f"{result.analysis.title}: {pooled.label}",
        " ".join(
            (
                _shown(pooled),
                pooled_sentence(result, pooled),
                _statement(result, pooled, findings),
                meaning(result),
            )
        ),
        rows,
        left_headers(axis),
        _right_headers(axis, pooled),
        rob=judged is not None,
        footnotes=[*_effect_notes(pooled.effects, judged), *_without_numbers(pooled.choices)],
    )


def subgroup_plot(result: AnalysisResult, subgroup: SubgroupResult, findings: Findings) -> ForestPlot:
    """Return the forest plot of the main studies by one property, with the test between groups.

    Parameters
    ----------
    result : AnalysisResult
    subgroup : SubgroupResult
        One of ``result.main.subgroups``.
    findings : Findings
        For the risk of bias.

    Returns
    -------
    ForestPlot
    """
    axis, pooled = axis_of(result), result.main
    effects = [effect for group in subgroup.groups for effect in group.effects]
    judged, weights = _judged(effects, findings), pooled.shares
    rows: list[ForestRow] = []
    for group in subgroup.groups:
        rows += _group_rows(axis, group, weights, judged, randomised=pooled.randomised)
    if pooled.fit is not None:
        total = totals(pooled.counted, single_arm=axis.single_arm)
        label = f"All {how_many(pooled.fit.k, randomised=pooled.randomised)}"
        share = 1.0 if weights else None
        rows.append(summary_row(axis, pooled.fit, pooled.pooled, label, left=total, share=share))
    tested = _test_line(subgroup)
    rows.append(text_row(tested))
    notes = _effect_notes(effects, judged)
    if any(len(group.effects) == 1 and group.tested for group in subgroup.groups):
        notes.append("A group of one study has no diamond; it enters the test with that study’s own effect.")
    notes.append("Subgroups compare studies, not randomised patients: a difference may have other causes.")
    told = "; ".join(_group_told(axis, group) for group in subgroup.groups)
    return axis.plot(
        f"{result.analysis.title}, by {lower(subgroup.title)}",
        f"{told}. {tested} {pooled_sentence(result, pooled)} {meaning(result)}",
        rows,
        left_headers(axis),
        _right_headers(axis, pooled),
        rob=judged is not None,
        footnotes=notes,
    )


def funnel(result: AnalysisResult, pooled: PooledSet) -> FunnelPlot | None:
    """Return the funnel plot of a comparison.

    Parameters
    ----------
    result : AnalysisResult
    pooled : PooledSet

    Returns
    -------
    FunnelPlot or None
        ``None`` with fewer than ten studies (Cochrane Handbook 13.3.5.4), for proportions, and where nothing
        was pooled.
    """
    measure, fit = result.analysis.measure, pooled.fit
    shown = [(effect.name, effect.yi, effect.vi) for effect in pooled.pooled]
    known = [(name, yi, vi) for name, yi, vi in shown if yi is not None and vi is not None and vi > 0]
    if fit is None or null_value(measure) is None or len(known) < MINIMUM_FOR_SMALL_STUDY_TEST:
        return None
    tested = ""
    test = pooled.asymmetry.found
    if test is not None:
        tested = f"{asymmetry_name(result.analysis)} of asymmetry: {p_value(test.p_value)}."
    ratio = review_measure(measure).ratio
    return FunnelPlot(
        title=f"{result.analysis.title}: funnel plot",
        desc=" ".join(
            f"{count(len(known))} studies by effect and standard error. {tested} "
            f"{pooled_sentence(result, pooled)}".split()
        ),
        points=tuple(
            FunnelPoint(name, float(back_transform(yi, measure)), math.sqrt(vi)) for name, yi, vi in known
        ),
        summary=natural(fit, pooled.pooled).estimate,
        scale=Scale.LOG if ratio else Scale.LINEAR,
        null=null_value(measure),
        axis_title=axis_title(result.outcome, measure),
        se_title=f"Standard error of the {'log ' if ratio else ''}{review_measure(measure).words}",
    )


def _judged(effects: Iterable[StudyEffect], findings: Findings) -> Mapping[str, Judged] | None:
    """Return the judgements, or ``None`` where no study of the plot was appraised."""
    return findings.judged if any(effect.study in findings.judged for effect in effects) else None


def _right_headers(axis: Axis, pooled: PooledSet) -> tuple[str, ...]:
    if pooled.fit is None:
        return (effect_header(axis.measure),)
    weighed = ("Weight",) if pooled.shares else ()
    return (effect_header(axis.measure, pooled.fit.level), *weighed)


def _shown(pooled: PooledSet) -> str:
    k = len(pooled.effects)
    return f"{how_many(k, randomised=pooled.randomised)} shown." if k else "No study gives numbers."


def _statement(result: AnalysisResult, pooled: PooledSet, findings: Findings) -> str:
    """Return the sentence of the answer, where the plot is that of the answer."""
    if pooled is not result.main:
        return ""
    for answer in findings.answers:
        if answer.result.analysis.id == result.analysis.id:
            return answer.statement
    return ""


def _effect_notes(effects: Iterable[StudyEffect], judged: Mapping[str, Judged] | None) -> list[str]:
    """Return the footnotes that the rows of studies need."""
    rows, notes = list(effects), []
    if any(effect.numbers.printed is not None for effect in rows):
        notes.append(
            f"“{capital(AS_PRINTED)}”: the source gives the effect and its interval, not the numbers by arm."
        )
    if any(effect.corrected for effect in rows):
        names = ", ".join(effect.name for effect in rows if effect.corrected)
        notes.append(f"For the effect shown, a continuity correction was added to the counts of {names}.")
    notes += [
        f"{effect.name}: not estimable, {effect.why_not}."
        for effect in rows
        if not effect.estimable and len(effect.why_not) > LONGEST_REASON
    ]
    if judged is not None:
        notes.append("RoB: risk of bias, overall judgement of the result that was appraised in each study.")
    return notes


def _without_numbers(choices: Sequence[Choice]) -> list[str]:
    names = [choice.name for choice in choices if choice.chosen is None]
    return [f"On this outcome, but without numbers that can be used: {', '.join(names)}."] if names else []


def _group_rows(
    axis: Axis,
    group: Subgroup,
    weights: Mapping[str, float],
    judged: Mapping[str, Judged] | None,
    *,
    randomised: bool,
) -> list[ForestRow]:
    """Return heading, studies and diamond of one group; a group of one has no diamond."""
    heading = capital(group.label) if group.tested else f"{capital(group.label)} (not in the test)"
    rows = [ForestRow(RowKind.SUBGROUP, heading)]
    rows += [study_row(axis, effect, weights, judged) for effect in group.effects]
    if group.fit is not None and len(group.effects) > 1:
        share = sum(weights.get(effect.study, 0.0) for effect in group.effects) if weights else None
        total = totals(group.effects, single_arm=axis.single_arm)
        label = how_many(group.fit.k, randomised=randomised)
        rows.append(
            summary_row(
                axis, group.fit, group.effects, label, kind=RowKind.SUBGROUP_SUMMARY, left=total, share=share
            )
        )
    rows.append(ForestRow(RowKind.SPACER))
    return rows


def _group_told(axis: Axis, group: Subgroup) -> str:
    if group.fit is None:
        return f"{capital(group.label)}: nothing pooled"
    found = estimate_text(natural(group.fit, group.effects), axis.measure)
    studies = how_many(group.fit.k, randomised=False)
    return f"{capital(group.label)}: {short_measure(axis.measure)} {found}, {studies}"


def _test_line(subgroup: SubgroupResult) -> str:
    if subgroup.test is None:
        return f"No test between groups: {subgroup.why_not}."
    return f"Test between groups: {between_groups(subgroup.test)}."
