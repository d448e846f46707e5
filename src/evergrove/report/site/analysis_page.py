"""The page of an analysis: from the eligible studies to the answer, in four visible steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.model.measures import review_measure
from evergrove.report import model_words
from evergrove.report.forest_rows import arm_cell
from evergrove.report.numerals import (
    MISSING,
    between_groups,
    degrees_of_freedom,
    interval,
    number,
    p_value,
    percent,
    short_measure,
    unit_suffix,
)
from evergrove.report.plot_words import how_many, patients, pooled_sentence
from evergrove.report.site import addresses
from evergrove.report.site.page import HOME, Page
from evergrove.report.site.summary import AbsoluteWords, absolute_words
from evergrove.stats import RankTest
from evergrove.synthesis.diagnostics import MINIMUM_FOR_SMALL_STUDY_TEST
from evergrove.synthesis.result import natural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evergrove.model import Analysis
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
class InfluenceRow:
    """How much a study moves the result, as the table prints it."""

    study: str
    name: str
    cells: tuple[str, ...]
    marked: bool


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
    asymmetry: str
    missing: str
    influence: tuple[InfluenceRow, ...]
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
    ]
    interval_words = model_words.interval_words(pooling)
    if interval_words:
        found.append(f"The confidence interval stands {interval_words}.")
    prediction = model_words.prediction_words(pooling)
    if prediction:
        found.append(
            f"The prediction interval, where the effect of a new study is expected, stands {prediction}; it "
            "needs three studies or more."
        )
    zero = model_words.zero_cell_words(pooling, measure)
    if zero:
        without = "; a study without any event carries no information on a ratio"
        found.append(f"{zero[0].upper()}{zero[1:]}{without if review_measure(measure).ratio else ''}.")
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
        asymmetry=_asymmetry(result.analysis, pooled),
        missing=_missing(result, pooled),
        influence=_influence(pooled),
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


def _asymmetry(analysis: Analysis, pooled: PooledSet) -> str:
    """Return the test of small-study effects in a sentence, or why there is none."""
    test, name = pooled.asymmetry.found, model_words.asymmetry_name(analysis)
    if test is None:
        return f"{name} is not possible: {pooled.asymmetry.why_not}" if pooled.asymmetry.why_not else ""
    if isinstance(test, RankTest):
        return (
            f"{name}: Kendall’s τ {number(test.tau)}, z = {number(test.statistic)}, {p_value(test.p_value)}"
        )
    slope = f"slope {number(test.slope)} ({interval(test.slope_ci_low, test.slope_ci_high)})"
    degrees = "" if test.df is None else f" on {degrees_of_freedom(test.df)}"
    return f"{name}: {slope}, t = {number(test.statistic)}{degrees}, {p_value(test.p_value)}"


def _missing(result: AnalysisResult, pooled: PooledSet) -> str:
    """Return what trim and fill finds in a sentence; empty where it was not asked for."""
    found, measure = pooled.missing.found, result.analysis.measure
    if found is None:
        return f"Trim and fill is not possible: {pooled.missing.why_not}" if pooled.missing.why_not else ""
    filled = found.filled.natural()
    studies = how_many(found.missing, randomised=pooled.randomised)
    return (
        f"Trim and fill ({found.estimator}): {studies} to be filled in on the {found.side}; with them the "
        f"{review_measure(measure).words} is {number(filled.estimate, measure)} "
        f"({interval(filled.ci_low, filled.ci_high, measure)}). It takes every asymmetry for missing studies"
    )


def _influence(pooled: PooledSet) -> tuple[InfluenceRow, ...]:
    """Return the residual and influence of each study; empty where they were not asked for."""
    found = pooled.influence.found
    if found is None:
        return ()
    columns = (found.rstudent, found.dffits, found.cook, found.covariance_ratio, found.hat)
    return tuple(
        InfluenceRow(
            effect.study,
            effect.name,
            tuple(number(float(column[at])) for column in columns),
            bool(found.influential[at]),
        )
        for at, effect in enumerate(pooled.pooled)
    )


def _effects(result: AnalysisResult, pooled: PooledSet) -> tuple[EffectRow, ...]:
    weights, measure = pooled.shares, result.analysis.measure
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
        degrees = "" if fit.df is None else f", {degrees_of_freedom(fit.df)}"
        figures.append(
            KeyFigure(
                "Test of no effect", p_value(fit.p_value), f"statistic {number(fit.statistic)}{degrees}"
            )
        )
    figures += _spread_figures(found, fit, result.analysis, unit)
    counted = ", ".join(part for part in (patients(pooled), _events(pooled)) if part)
    figures.append(KeyFigure("Information", how_many(fit.k, randomised=pooled.randomised), counted))
    return tuple(figures)


def _events(pooled: PooledSet) -> str:
    return "" if pooled.events is None else f"{pooled.events} with the event"


def _spread_figures(found: Estimate, fit: PoolResult, analysis: Analysis, unit: str) -> list[KeyFigure]:
    """Return tau², I², Q and the prediction interval."""
    figures = []
    measure, how = analysis.measure, model_words.tau2_interval_words(analysis.pooling, fit)
    q_name = model_words.q_name(analysis.pooling)
    level = percent(fit.level, 0)
    if fit.tau2 is not None and fit.model != "common":
        shown = f"{fit.tau2:.2f}" if fit.tau2 == 0 or fit.tau2 >= 0.005 else "< 0.01"
        limits = "no interval: one study" if fit.k == 1 else "no interval"
        if fit.tau2_ci_low is not None:
            high = math.inf if fit.tau2_ci_high is None else fit.tau2_ci_high
            limits = f"{level} interval {interval(fit.tau2_ci_low, high)} ({how})"
        figures.append(KeyFigure("Variance between studies, τ²", shown, limits))
    if fit.k > 1 and not math.isnan(fit.i2):
        limits = ""
        if fit.i2_ci_low is not None and fit.i2_ci_high is not None:
            limits = f"{level} interval {fit.i2_ci_low:.0f} to {fit.i2_ci_high:.0f} %"
        figures.append(KeyFigure("Share of variance between studies, I²", f"{fit.i2:.0f} %", limits))
    if fit.k > 1 and not math.isnan(fit.q):
        test = f"{degrees_of_freedom(fit.q_df)}, {p_value(fit.q_p_value)}"
        figures.append(KeyFigure(q_name, number(fit.q), test))
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
    found = natural(item.fit, item.effects)
    limits = interval(found.ci_low, found.ci_high, item.measure)
    other = "" if item.measure == result.analysis.measure else f"{short_measure(item.measure)} "
    return f"{other}{number(found.estimate, item.measure)} ({limits})"
