"""The rows of a forest plot, from effects and fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.figures import ForestRow, RowKind
from evergrove.model.measures import Basis, review_measure
from evergrove.model.pooling import PoolingMethod
from evergrove.report.numerals import count, estimate_text, heterogeneity, interval, number, percent
from evergrove.report.plot_words import how_many, kept_together, model_name
from evergrove.stats import Estimate
from evergrove.synthesis.result import natural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from evergrove.appraisal import Judged
    from evergrove.report.plot_words import Axis
    from evergrove.stats import PoolResult
    from evergrove.synthesis import ArmNumbers, PooledSet, SensitivityResult, StudyEffect

#: Longest reason that stands in the column of effects; a longer one goes into a footnote.
LONGEST_REASON = 26
AS_PRINTED = "as printed"


def arm_cell(side: ArmNumbers | None) -> str:
    """Print one side of a comparison: ``5/12``, or ``12.40 (5.10), 20``."""
    if side is None:
        return ""
    if side.events is not None:
        events = count(side.events) if side.events == round(side.events) else number(side.events)
        return f"{events}/{count(side.n)}"
    return f"{number(side.mean)} ({number(side.sd)}), {count(side.n)}"


def left_headers(axis: Axis) -> tuple[str, ...]:
    """Return the headers of the study column and of the arms."""
    what = "mean (SD), n" if review_measure(axis.measure).basis is Basis.MEANS else "events/n"
    arms = [axis.comparison.experimental_label]
    if not axis.single_arm:
        arms.append(axis.comparison.control_label)
    return ("Study", *(f"{arm}\n{what}" for arm in arms))


def study_row(
    axis: Axis, effect: StudyEffect, weights: Mapping[str, float], judged: Mapping[str, Judged] | None
) -> ForestRow:
    """Return the row of one study.

    Parameters
    ----------
    axis : Axis
    effect : StudyEffect
    weights : mapping of study id to share
        Empty where nothing was pooled: then no weight is printed and all squares are alike.
    judged : mapping of study id to Judged, optional
        For the sign of the risk of bias.
    """
    weight = weights.get(effect.study)
    found = shown_effect(effect)
    shown = _effect_cell(effect, found, axis.measure)
    right = (shown, "" if weight is None else percent(weight)) if weights else (shown,)
    rob: tuple[str, ...] = ()
    if judged is not None:
        rob = (judged[effect.study].overall.value if effect.study in judged else "",)
    # A weight of 0 would still draw the smallest square.
    drawn = found is not None and (weight is None or weight > 0)
    return ForestRow(
        RowKind.STUDY,
        effect.name,
        left=_arm_cells(effect, single_arm=axis.single_arm),
        right=right,
        estimate=axis.place(found.estimate) if found is not None and drawn else None,
        ci_low=axis.place(found.ci_low) if found is not None and drawn else None,
        ci_high=axis.place(found.ci_high) if found is not None and drawn else None,
        weight=weight if drawn else None,
        rob=rob,
    )


def _arm_cells(effect: StudyEffect, *, single_arm: bool) -> tuple[str, ...]:
    if effect.numbers.printed is not None:
        return (AS_PRINTED,) if single_arm else (AS_PRINTED, AS_PRINTED)
    one = arm_cell(effect.numbers.experimental)
    return (one,) if single_arm else (one, arm_cell(effect.numbers.control))


def shown_effect(effect: StudyEffect) -> Estimate | None:
    """Return the effect that a study's row shows; ``None`` where there is none.

    A printed 95 % interval is shown as the source prints it, rounded and perhaps not symmetrical; the weight
    comes from the variance worked out of it.
    """
    if effect.estimate is None or effect.ci_low is None or effect.ci_high is None:
        return None
    printed = effect.numbers.printed
    if printed is not None and printed.level == 0.95:
        return Estimate(printed.estimate, printed.ci_low, printed.ci_high)
    return Estimate(effect.estimate, effect.ci_low, effect.ci_high)


def _effect_cell(effect: StudyEffect, found: Estimate | None, measure: str) -> str:
    if found is not None:
        return estimate_text(found, measure)
    return effect.why_not if len(effect.why_not) <= LONGEST_REASON else "not estimable"


def summary_row(
    axis: Axis,
    fit: PoolResult,
    effects: Sequence[StudyEffect],
    label: str,
    *,
    kind: RowKind = RowKind.SUMMARY,
    left: tuple[str, ...] = (),
    share: float | None = None,
    outline: bool = False,
) -> ForestRow:
    """Return the diamond of a fit.

    Parameters
    ----------
    axis : Axis
    fit : PoolResult
    effects : sequence of StudyEffect
        The effects in the fit.
    label : str
    kind : RowKind
    left : tuple of str
        Totals of the arms.
    share : float, optional
        Share of the weight, printed where given.
    outline : bool
    """
    found = natural(fit, effects)
    printed = estimate_text(found, axis.measure)
    return ForestRow(
        kind,
        label,
        left=left,
        right=(printed,) if share is None else (printed, percent(share)),
        estimate=axis.place(found.estimate),
        ci_low=axis.place(found.ci_low),
        ci_high=axis.place(found.ci_high),
        outline=outline,
    )


def prediction_row(axis: Axis, fit: PoolResult, effects: Sequence[StudyEffect]) -> ForestRow | None:
    """Return the bar of the prediction interval, where there is one."""
    found = natural(fit, effects)
    if found.prediction_low is None or found.prediction_high is None:
        return None
    return ForestRow(
        RowKind.PREDICTION,
        kept_together(f"{percent(fit.level, 0)} prediction interval"),
        right=(interval(found.prediction_low, found.prediction_high, axis.measure),),
        ci_low=axis.place(found.prediction_low),
        ci_high=axis.place(found.prediction_high),
    )


def text_row(text: str) -> ForestRow:
    """Return a line of text."""
    return ForestRow(RowKind.TEXT, kept_together(text))


def totals(effects: Iterable[StudyEffect], *, single_arm: bool) -> tuple[str, ...]:
    """Return the arms added up; nothing where a study printed only a contrast."""
    rows = list(effects)
    names = ("experimental",) if single_arm else ("experimental", "control")
    cells = []
    for name in names:
        sides: list[ArmNumbers] = [
            side for side in (getattr(item.numbers, name) for item in rows) if side is not None
        ]
        if not rows or len(sides) < len(rows) or any(item.numbers.printed is not None for item in rows):
            return ()
        n = sum(side.n for side in sides)
        if all(side.events is not None for side in sides):
            cells.append(f"{count(sum(side.events or 0.0 for side in sides))}/{count(n)}")
        else:
            cells.append(f"n = {count(n)}")
    return tuple(cells)


def pooled_rows(axis: Axis, pooled: PooledSet) -> list[ForestRow]:
    """Return what stands below the studies: diamonds, prediction interval, heterogeneity; or why nothing."""
    fit = pooled.fit
    if fit is None:
        return [text_row(f"Not pooled: {pooled.not_pooled}.")]
    total = totals(pooled.counted, single_arm=axis.single_arm)
    label = f"{model_name(fit)}, {how_many(fit.k, randomised=pooled.randomised)}"
    share = 1.0 if pooled.shares else None
    rows = [summary_row(axis, fit, pooled.pooled, label, left=total, share=share)]
    predicted = prediction_row(axis, fit, pooled.pooled)
    if predicted is not None:
        rows.append(predicted)
    second = mantel_haenszel(pooled)
    if second is not None and second.fit is not None and second.measure == axis.measure:
        label = f"Mantel–Haenszel (sensitivity), {how_many(second.fit.k, randomised=pooled.randomised)}"
        rows.append(summary_row(axis, second.fit, (), label, outline=True))
    rows.append(text_row(f"Heterogeneity: {heterogeneity(fit)}"))
    return rows


def mantel_haenszel(pooled: PooledSet) -> SensitivityResult | None:
    """Return the Mantel–Haenszel sensitivity analysis beside a random-effects result, where it exists."""
    if pooled.fit is None or pooled.fit.model != "random":
        return None
    for item in pooled.sensitivity:
        spec = item.spec.pooling
        if spec is not None and spec.method is PoolingMethod.MANTEL_HAENSZEL and item.fit is not None:
            return item
    return None
