"""How far a result holds: without each study, done in other ways, with other data where sources disagree."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from evergrove.figures import ForestRow, RowKind
from evergrove.model.measures import review_measure
from evergrove.report.forest_rows import AS_PRINTED, summary_row
from evergrove.report.numerals import count, estimate_text, number, short_measure
from evergrove.report.plot_words import (
    axis_of,
    effect_header,
    how_many,
    lower,
    meaning,
    model_name,
    pooled_sentence,
)
from evergrove.stats import Estimate, back_transform
from evergrove.synthesis.result import natural, sizes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.figures import ForestPlot
    from evergrove.report.plot_words import Axis
    from evergrove.synthesis import AnalysisResult, Choice, Option, PooledSet, SensitivityResult

#: Conflicts whose data get a column each; more than these are told by letters alone.
MOST_COLUMNS = 3
#: Combinations that are drawn; of more, those evenly spaced by rank.
MOST_ROWS = 40

#: A pooled effect with the letters and the data of its combination.
Row: TypeAlias = tuple[Estimate, str, tuple[str, ...]]


def leave_one_out_plot(result: AnalysisResult, pooled: PooledSet) -> ForestPlot | None:
    """Return the pooled effect without each study in turn.

    Parameters
    ----------
    result : AnalysisResult
    pooled : PooledSet

    Returns
    -------
    ForestPlot or None
        ``None`` where it was not computed (fewer than three studies).
    """
    fit, without = pooled.fit, pooled.leave_one_out
    if fit is None or without is None:
        return None
    axis = axis_of(result)
    name = review_measure(axis.measure).words
    rows: list[ForestRow] = []
    notes: list[str] = []
    found: list[float] = []
    for at, effect in enumerate(pooled.pooled):
        if without.reasons[at]:
            rows.append(ForestRow(RowKind.STUDY, effect.name, right=("not estimable",)))
            notes.append(f"Without {effect.name}: {without.reasons[at]}.")
            continue
        n = sizes([item for item in pooled.pooled if item is not effect])
        low, middle, high = (
            float(back_transform(column[at], axis.measure, n=n))
            for column in (without.ci_low, without.estimate, without.ci_high)
        )
        found.append(middle)
        rows.append(_plain_row(axis, effect.name, Estimate(middle, low, high)))
    rows.append(summary_row(axis, fit, pooled.pooled, f"All {how_many(fit.k, randomised=pooled.randomised)}"))
    told = ""
    if found:
        spread = _spread(found, axis.measure)
        told = f"Without any one study the pooled {name} is {spread}."
    return axis.plot(
        f"{result.analysis.title}: each study left out in turn",
        f"{told} {pooled_sentence(result, pooled)} {meaning(result)}",
        rows,
        ("Study left out",),
        (effect_header(axis.measure, fit.level),),
        footnotes=notes,
    )


def sensitivity_plot(result: AnalysisResult, pooled: PooledSet) -> ForestPlot | None:
    """Return the analysis done in other ways, those of another effect measure printed but not drawn.

    Parameters
    ----------
    result : AnalysisResult
    pooled : PooledSet

    Returns
    -------
    ForestPlot or None
        ``None`` where the protocol asks for none, or nothing was pooled.
    """
    fit = pooled.fit
    if fit is None or not pooled.sensitivity:
        return None
    axis = axis_of(result)
    name = review_measure(axis.measure).words
    rows = [_sensitivity_row(axis, item) for item in pooled.sensitivity]
    main = summary_row(
        axis, fit, pooled.pooled, f"Main result: {lower(model_name(fit))}", left=(count(fit.k),)
    )
    done = [item for item in pooled.sensitivity if item.fit is not None]
    same = [
        natural(item.fit, item.effects).estimate
        for item in done
        if item.fit is not None and item.measure == axis.measure
    ]
    told = ""
    if same:
        spread = _spread(same, axis.measure)
        told = f"{count(len(same))} other ways give a {name} of {spread}."
    return axis.plot(
        f"{result.analysis.title}: done in other ways",
        f"{told} {pooled_sentence(result, pooled)} {meaning(result)}",
        [*rows, main],
        ("Analysis", "Studies"),
        (effect_header(axis.measure, fit.level),),
        footnotes=_sensitivity_notes(axis, pooled.sensitivity),
    )


def combinations_plot(result: AnalysisResult, pooled: PooledSet) -> ForestPlot | None:
    """Return the pooled effect under every way to settle the conflicts between sources, lowest first.

    Parameters
    ----------
    result : AnalysisResult
    pooled : PooledSet

    Returns
    -------
    ForestPlot or None
        ``None`` where sources do not disagree, or nothing was pooled. Each row is told by one letter per
        conflict; the footnotes say what the letters mean.
    """
    fit = pooled.fit
    conflicts = [choice for choice in pooled.choices if choice.conflict]
    fitted = [(item, item.fit) for item in pooled.combinations if item.fit is not None]
    if fit is None or len(fitted) < 2:
        return None
    axis = axis_of(result)
    name = review_measure(axis.measure).words
    columns = len(conflicts) <= MOST_COLUMNS
    found = []
    for item, own in fitted:
        at = [_option_at(choice, label) for choice, (_, label) in zip(conflicts, item.options, strict=True)]
        options = [choice.conflict[index] for choice, index in zip(conflicts, at, strict=True)]
        cells = _cells(options) if columns else ()
        found.append((natural(own, item.effects), " ".join(map(_letter, at)), cells))
    shown, notes = _ranked(found)
    rows = [_plain_row(axis, letters, estimate, cells) for estimate, letters, cells in shown]
    chosen = _cells([choice.conflict[0] for choice in conflicts]) if columns else ()
    main = _plain_row(axis, "Main result", natural(fit, pooled.pooled), chosen)
    spread = _spread([estimate.estimate for estimate, _, _ in found], axis.measure)
    return axis.plot(
        f"{result.analysis.title}: every combination of conflicting data",
        f"Over {count(len(found))} combinations of data that disagree, the pooled "
        f"{name} is {spread}. {pooled_sentence(result, pooled)} {meaning(result)}",
        [*rows, replace(main, kind=RowKind.SUMMARY)],
        ("Data (key below)", *(choice.name for choice in conflicts if columns)),
        (effect_header(axis.measure, fit.level),),
        footnotes=[*_key(conflicts), *notes, *_missing_combinations(pooled, conflicts)],
    )


def _cells(options: Sequence[Option]) -> tuple[str, ...]:
    return tuple(_short(option) for option in options)


def _ranked(found: list[Row]) -> tuple[list[Row], list[str]]:
    """Return at most so many combinations, lowest first, and the footnote that says what was left out."""
    ranked = sorted(found, key=lambda row: (row[0].estimate, row[0].ci_low, row[0].ci_high, row[1]))
    if len(ranked) <= MOST_ROWS:
        return ranked, []
    steps = [round(index * (len(ranked) - 1) / (MOST_ROWS - 1)) for index in range(MOST_ROWS)]
    shown = f"{MOST_ROWS} of {len(ranked)} combinations are shown, evenly spaced by rank"
    return [ranked[step] for step in steps], [f"{shown}, the lowest and the highest among them."]


def _spread(estimates: Sequence[float], measure: str) -> str:
    low, high = number(min(estimates), measure), number(max(estimates), measure)
    return low if low == high else f"{low} to {high}"


def _plain_row(axis: Axis, label: str, found: Estimate, left: tuple[str, ...] = ()) -> ForestRow:
    """Return a row of a pooled effect that is not the main one."""
    return ForestRow(
        RowKind.STUDY,
        label,
        left=left,
        right=(estimate_text(found, axis.measure),),
        estimate=axis.place(found.estimate),
        ci_low=axis.place(found.ci_low),
        ci_high=axis.place(found.ci_high),
    )


def _sensitivity_row(axis: Axis, item: SensitivityResult) -> ForestRow:
    if item.fit is None:
        return ForestRow(RowKind.STUDY, item.spec.label, right=("not possible",))
    found, studies = natural(item.fit, item.effects), (count(item.fit.k),)
    if item.measure == axis.measure:
        return _plain_row(axis, item.spec.label, found, studies)
    shown = f"{short_measure(item.measure)} {estimate_text(found, item.measure)}"
    return ForestRow(RowKind.STUDY, item.spec.label, left=studies, right=(shown,))


def _sensitivity_notes(axis: Axis, items: Sequence[SensitivityResult]) -> list[str]:
    notes = [f"{item.spec.label}: not possible; {item.why_not}." for item in items if item.fit is None]
    others = [item.measure for item in items if item.fit is not None and item.measure != axis.measure]
    if others:
        names = ", ".join(short_measure(measure) for measure in dict.fromkeys(others))
        notes.append(
            f"Other effect measures ({names}) are printed, not drawn: they do not belong on this axis."
        )
    return notes


def _letter(index: int) -> str:
    """Return the letters a to z, then aa, ab and so on."""
    rest, at = divmod(index, 26)
    return (_letter(rest - 1) if rest else "") + chr(ord("a") + at)


def _option_at(choice: Choice, label: str) -> int:
    return next(at for at, option in enumerate(choice.conflict) if option.label == label)


def _short(option: Option) -> str:
    """Return an option's figures without when and where they were read."""
    if option.numbers is None:
        return option.label
    printed = option.numbers.printed
    return (
        f"{number(printed.estimate, 'RR')} {AS_PRINTED}" if printed is not None else option.numbers.describe()
    )


def _key(conflicts: Sequence[Choice]) -> list[str]:
    """Say what the letters mean, one footnote per conflict, in the order of the letters."""
    return [
        f"{choice.name}, "
        + "; ".join(
            f"{_letter(at)}: {option.label}{' [main result]' if at == 0 else ''}"
            for at, option in enumerate(choice.conflict)
        )
        + "."
        for choice in conflicts
    ]


def _missing_combinations(pooled: PooledSet, conflicts: Sequence[Choice]) -> list[str]:
    """Say how many combinations there are beyond those shown."""
    notes = []
    unfitted = sum(item.fit is None for item in pooled.combinations)
    if unfitted:
        notes.append(f"{count(unfitted)} more combinations leave nothing that can be pooled.")
    possible = math.prod(len(choice.conflict) for choice in conflicts)
    if possible > len(pooled.combinations):
        notes.append(
            f"{count(len(pooled.combinations))} of {count(possible)} possible combinations were computed."
        )
    return notes
