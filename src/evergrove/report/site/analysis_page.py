"""The page of an analysis: from the eligible studies to the answer, in four visible steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.model.measures import review_measure
from evergrove.report.forest_rows import arm_cell, weights_of
from evergrove.report.numerals import (
    MISSING,
    between_groups,
    interval,
    number,
    p_value,
    percent,
    plain,
    short_measure,
    unit_suffix,
)
from evergrove.report.plot_words import how_many, natural, patients, pooled_sentence
from evergrove.report.site import addresses, model_words
from evergrove.report.site.page import HOME, Page
from evergrove.report.site.summary import AbsoluteWords, absolute_words
from evergrove.synthesis.analyse import MINIMUM_FOR_SMALL_STUDY_TEST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evergrove.report.findings import Answer, Findings
    from evergrove.report.site.gallery import Drawing
    from evergrove.stats import Estimate, PoolResult
    from evergrove.synthesis import AnalysisResult, PooledSet
    from evergrove.synthesis.choice import Choice
    from evergrove.synthesis.effects import StudyEffect
    from evergrove.synthesis.result import SensitivityResult, SubgroupResult


@dataclass(frozen=True, slots=True)
class EffectRow:
    """A study's effect as the table of step 3 prints it."""

    effect: StudyEffect
    experimental: str
    control: str
    shown: str
    weight: str


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A number of the model with its name and what it says."""

    name: str
    shown: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SubgroupView:
    """A property by which studies are grouped: the plot and the test."""

    subgroup: SubgroupResult
    drawing: Drawing | None
    test: str


@dataclass(frozen=True, slots=True)
class SetView:
    """One group of designs, taken through the steps: what its part of the page shows.

    Parameters
    ----------
    pooled : PooledSet
    prefix : str
        Of the ids on the page.
    figures : mapping of str to Drawing
        ``forest``, ``combinations``, ``sensitivity``, ``leave-one-out``, ``funnel``; ``None`` for none.
    """

    pooled: PooledSet
    prefix: str
    sentence: str
    effects: tuple[EffectRow, ...]
    model: tuple[KeyFigure, ...]
    figures: Mapping[str, Drawing | None]
    conflicts: tuple[Choice, ...]
    spread: str
    main_way: str
    egger: str
    subgroups: tuple[SubgroupView, ...]
    sensitivity: tuple[tuple[SensitivityResult, str], ...]

    @property
    def used(self) -> tuple[Choice, ...]:
        """The studies that enter with a datum."""
        return tuple(choice for choice in self.pooled.choices if choice.chosen is not None)

    @property
    def unused(self) -> tuple[Choice, ...]:
        """The studies that report on the outcome but give no numbers that can be used."""
        return tuple(choice for choice in self.pooled.choices if choice.chosen is None)


def analysis_pages(findings: Findings, figures: Mapping[str, Drawing]) -> Iterator[Page]:
    """Yield the page of every analysis."""
    for answer in findings.answers:
        yield _analysis_page(answer, figures)


def _analysis_page(answer: Answer, figures: Mapping[str, Drawing]) -> Page:
    result = answer.result
    analysis = result.analysis
    main = _view(result, result.main, "", figures)
    absolute: AbsoluteWords | None = absolute_words(answer)
    return Page(
        path=addresses.analysis_page(analysis.id),
        template="analysis.html",
        title=analysis.title,
        description=answer.statement or f"{analysis.title}: {pooled_sentence(result, result.main)}",
        section=HOME.path,
        crumbs=(HOME,),
        context={
            "answer": answer,
            "result": result,
            "analysis": analysis,
            "main": main,
            "beside": None if result.beside is None else _view(result, result.beside, "beside-", figures),
            "absolute": absolute,
            "measure": review_measure(analysis.measure).words,
            "by_design": _left_out(result, "eligibility"),
            "without_data": _left_out(result, "data"),
            "methods": _methods(result),
            "funnel_needs": MINIMUM_FOR_SMALL_STUDY_TEST,
            "single_arm": analysis.kind.value == "single-arm",
        },
    )


def _left_out(result: AnalysisResult, step: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the studies left out at a step, by reason; each with its id and name."""
    reasons: dict[str, list[tuple[str, str]]] = {}
    for item in result.left_out:
        if item.step == step:
            reasons.setdefault(item.why, []).append((item.study, item.name))
    return tuple((why, tuple(studies)) for why, studies in reasons.items())


def _methods(result: AnalysisResult) -> tuple[str, ...]:
    """Return the model of the protocol in sentences."""
    pooling, measure = result.pooling, result.analysis.measure
    name = review_measure(measure).words
    found = [
        f"The {name} is pooled {model_words.pooling_words(pooling)}.",
        f"The confidence interval stands {model_words.interval_words(pooling)}.",
    ]
    prediction = model_words.prediction_words(pooling)
    if prediction:
        found.append(
            f"The prediction interval, where the effect of a new study is expected, stands {prediction}; it "
            "needs three studies or more."
        )
    zero = model_words.zero_cell_words(pooling, measure)
    if zero:
        found.append(
            f"{zero[0].upper()}{zero[1:]}; a study without any event carries no information on a ratio."
        )
    return tuple(found)


def _view(result: AnalysisResult, pooled: PooledSet, prefix: str, figures: Mapping[str, Drawing]) -> SetView:
    key = result.analysis.id
    names = {
        name: f"{key}-{prefix}{name}"
        for name in ("forest", "combinations", "sensitivity", "leave-one-out", "funnel")
    }
    if prefix:
        names["forest"] = f"{key}-beside"
    spread = pooled.range_over_combinations
    measure = result.analysis.measure
    main_way = "" if pooled.fit is None else number(natural(pooled.fit, pooled.pooled).estimate, measure)
    return SetView(
        pooled=pooled,
        prefix=prefix,
        sentence=pooled_sentence(result, pooled),
        effects=_effects(result, pooled),
        model=_model(result, pooled),
        figures={name: figures.get(stem) for name, stem in names.items()},
        conflicts=tuple(choice for choice in pooled.choices if choice.conflict),
        spread="" if spread is None else interval(*spread, measure),
        main_way=main_way,
        egger="" if pooled.egger is None else _egger(pooled),
        subgroups=tuple(
            SubgroupView(
                subgroup,
                figures.get(f"{key}-by-{subgroup.by.value}"),
                "" if subgroup.test is None else between_groups(subgroup.test),
            )
            for subgroup in pooled.subgroups
        ),
        sensitivity=tuple((item, _other_way(item, result)) for item in pooled.sensitivity),
    )


def _egger(pooled: PooledSet) -> str:
    test = pooled.egger
    if test is None:
        return ""
    return (
        f"Egger’s test: slope {number(test.slope)} ({interval(test.slope_ci_low, test.slope_ci_high)}), "
        f"t = {number(test.statistic)} on {test.df} degrees of freedom, {p_value(test.p_value)}"
    )


def _effects(result: AnalysisResult, pooled: PooledSet) -> tuple[EffectRow, ...]:
    weights, measure = weights_of(pooled), result.analysis.measure
    rows = []
    for effect in pooled.effects:
        shown = f"not estimable: {effect.why_not}"
        if effect.estimate is not None:
            limits = interval(effect.ci_low, effect.ci_high, measure)
            shown = f"{number(effect.estimate, measure)} ({limits})"
        weight = percent(weights[effect.study]) if effect.study in weights else "—"
        arms = (arm_cell(effect.numbers.experimental), arm_cell(effect.numbers.control))
        rows.append(EffectRow(effect, arms[0] or "as printed", arms[1] or "as printed", shown, weight))
    return tuple(rows)


def _model(result: AnalysisResult, pooled: PooledSet) -> tuple[KeyFigure, ...]:
    """Return everything that the model gives, in the order in which it is read."""
    fit = pooled.fit
    if fit is None:
        return ()
    measure = result.analysis.measure
    found = natural(fit, pooled.pooled)
    unit = unit_suffix(result.outcome, measure)
    level = percent(fit.level, 0)
    figures = [
        KeyFigure(
            f"Pooled {review_measure(measure).words}",
            f"{number(found.estimate, measure)}{unit}",
            f"{level} confidence interval {interval(found.ci_low, found.ci_high, measure)}{unit}",
        ),
    ]
    if review_measure(measure).null is not None:
        degrees = "" if fit.df is None else f", {plain(fit.df)} degrees of freedom"
        figures.append(
            KeyFigure(
                "Test of no effect", p_value(fit.p_value), f"statistic {number(fit.statistic)}{degrees}"
            )
        )
    figures += _spread_figures(found, fit, measure, unit)
    counted = ", ".join(part for part in (patients(pooled), _events(pooled)) if part)
    figures.append(KeyFigure("Information", how_many(fit.k, randomised=pooled.randomised), counted))
    return tuple(figures)


def _events(pooled: PooledSet) -> str:
    return "" if pooled.events is None else f"{pooled.events} with the event"


def _spread_figures(found: Estimate, fit: PoolResult, measure: str, unit: str) -> list[KeyFigure]:
    """Return tau², I², Q and the prediction interval."""
    figures = []
    level = percent(fit.level, 0)
    if fit.tau2 is not None and fit.model == "random":
        shown = f"{fit.tau2:.2f}" if fit.tau2 == 0 or fit.tau2 >= 0.005 else "< 0.01"
        limits = "no interval: one study"
        if fit.tau2_ci_low is not None:
            high = math.inf if fit.tau2_ci_high is None else fit.tau2_ci_high
            limits = f"{level} interval {interval(fit.tau2_ci_low, high)} (Q-profile)"
        figures.append(KeyFigure("Variance between studies, τ²", shown, limits))
    if fit.k > 1:
        limits = ""
        if fit.i2_ci_low is not None and fit.i2_ci_high is not None:
            limits = f"{level} interval {fit.i2_ci_low:.0f} to {fit.i2_ci_high:.0f} %"
        figures.append(KeyFigure("Share of variance between studies, I²", f"{fit.i2:.0f} %", limits))
        test = f"{fit.q_df} degrees of freedom, {p_value(fit.q_p_value)}"
        figures.append(KeyFigure("Cochran’s Q", number(fit.q), test))
    if found.prediction_low is not None:
        figures.append(
            KeyFigure(
                f"{level} prediction interval",
                f"{interval(found.prediction_low, found.prediction_high, measure)}{unit}",
                "where the true effect of a new study is expected",
            )
        )
    return figures


def _other_way(item: SensitivityResult, result: AnalysisResult) -> str:
    """Return the estimate of a sensitivity analysis, or why there is none."""
    if item.fit is None:
        return f"not done: {item.why_not or MISSING}"
    found = natural(item.fit)
    limits = interval(found.ci_low, found.ci_high, item.measure)
    other = "" if item.measure == result.analysis.measure else f"{short_measure(item.measure)} "
    return f"{other}{number(found.estimate, item.measure)} ({limits})"
