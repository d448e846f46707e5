"""A review evaluated: risk of bias judged, analyses run, certainty rated, claims checked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from evergrove.appraisal import Effect, EvidenceSummary, effect_of, grade, judge, statement
from evergrove.claims import check_claim
from evergrove.errors import DataError
from evergrove.model.measures import Basis, review_measure
from evergrove.model.vocabulary import Better
from evergrove.report.findings import Answer, Findings
from evergrove.report.plot_words import in_sentence
from evergrove.services.timings import Timings
from evergrove.stats import (
    absolute_effect,
    optimal_information_size,
    optimal_information_size_continuous,
)
from evergrove.stats.conversions.absolute import ABSOLUTE_MEASURES
from evergrove.synthesis import analyse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evergrove.appraisal import Certainty
    from evergrove.model import Analysis, Review
    from evergrove.stats import AbsoluteEffect
    from evergrove.synthesis import AnalysisResult


def evaluate(
    review: Review, timings: Timings | None = None, progress: Callable[[int, int], None] | None = None
) -> Findings:
    """Compute everything that a review's site shows.

    Parameters
    ----------
    review : Review
    timings : Timings, optional
        Filled with the seconds of each stage.
    progress : callable, optional
        Called with the number of analyses done and their total.

    Returns
    -------
    Findings
    """
    timings = timings or Timings()
    with timings.stage("appraise"):
        judged = {appraisal.study: judge(appraisal) for appraisal in review.appraisals}
        risk_of_bias = {study: item.overall.value for study, item in judged.items()}
    answers = []
    with timings.stage("analyse"):
        total = len(review.protocol.analyses)
        for done, analysis in enumerate(review.protocol.analyses, start=1):
            answers.append(answer(review, analysis, risk_of_bias))
            if progress is not None:
                progress(done, total)
    with timings.stage("check claims"):
        claims = tuple(check_claim(claim, review) for claim in review.claims)
    return Findings(review, tuple(answers), judged, claims)


def answer(review: Review, analysis: Analysis, risk_of_bias: Mapping[str, str]) -> Answer:
    """Run one analysis and say what it means and how sure it is.

    Parameters
    ----------
    review : Review
    analysis : Analysis
    risk_of_bias : mapping of study id to overall judgement

    Returns
    -------
    Answer
    """
    result = analyse(review, analysis, risk_of_bias)
    if review_measure(analysis.measure).proportion:
        return Answer(result, None, None, "")
    summary = evidence_summary(result, risk_of_bias)
    certainty = None
    if analysis.main:
        judgements = [item for item in review.protocol.certainty if item.analysis == analysis.id]
        certainty = grade(summary, judgements)
    return Answer(result, certainty, _absolute(result), _statement(result, summary, certainty))


def evidence_summary(result: AnalysisResult, risk_of_bias: Mapping[str, str]) -> EvidenceSummary:
    """Return the numbers from which the certainty of a result is rated.

    Parameters
    ----------
    result : AnalysisResult
    risk_of_bias : mapping of study id to overall judgement

    Returns
    -------
    EvidenceSummary
        On the natural scale; without an estimate where nothing was pooled.
    """
    pooled, analysis = result.main, result.analysis
    design: Literal["randomised", "non-randomised"] = "randomised" if pooled.randomised else "non-randomised"
    ratio = review_measure(analysis.measure).ratio
    reduction = analysis.relative_reduction
    if pooled.fit is None:
        return EvidenceSummary(
            design=design, measure=analysis.measure, ratio=ratio, k=0, relative_reduction=reduction
        )
    natural = pooled.fit.natural()
    studies = [effect.study for effect in pooled.pooled]
    combinations = pooled.range_over_combinations
    spread = _typical_sd(result)
    return EvidenceSummary(
        design=design,
        measure=analysis.measure,
        ratio=ratio,
        k=pooled.fit.k,
        estimate=natural.estimate,
        ci_low=natural.ci_low,
        ci_high=natural.ci_high,
        prediction_low=natural.prediction_low,
        prediction_high=natural.prediction_high,
        i2=None if math.isnan(pooled.fit.i2) else pooled.fit.i2,
        tau2=pooled.fit.tau2,
        participants=pooled.known_participants or None,  # none is known, not: there were none
        events=pooled.events,
        control_risk=pooled.control_risk,
        relative_reduction=reduction,
        mid=result.outcome.minimal_important_difference,
        sd=spread,
        rob={study: risk_of_bias.get(study, "no-information") for study in studies},
        weights=pooled.shares,
        optimal_information_size=_information_size(result, spread),
        combinations_low=combinations[0] if combinations else None,
        combinations_high=combinations[1] if combinations else None,
    )


def _typical_sd(result: AnalysisResult) -> float | None:
    """Return the standard deviation pooled over the control arms, for continuous outcomes."""
    sides = [effect.numbers.control for effect in result.main.pooled]
    known = [(side.n, side.sd) for side in sides if side is not None and side.sd is not None and side.n > 1]
    if not known:
        return None
    freedom = sum(n - 1 for n, _ in known)
    return float((sum((n - 1) * sd**2 for n, sd in known) / freedom) ** 0.5)


def _information_size(result: AnalysisResult, spread: float | None) -> float | None:
    """Return the patients that one adequate trial would need, where it can be said."""
    analysis = result.analysis
    try:
        if review_measure(analysis.measure).basis is not Basis.MEANS:
            risk = result.main.control_risk
            change = analysis.relative_reduction * (-1 if result.outcome.better is Better.HIGHER else 1)
            return None if risk is None else optimal_information_size(risk, change)
        if spread is None:
            return None
        important = result.outcome.minimal_important_difference or spread / 2
        return optimal_information_size_continuous(important, spread)
    except DataError:
        return None


def _absolute(result: AnalysisResult) -> AbsoluteEffect | None:
    fit, risk = result.main.fit, result.main.control_risk
    if fit is None or risk is None or not 0 < risk < 1 or result.analysis.measure not in ABSOLUTE_MEASURES:
        return None
    natural = fit.natural()
    return absolute_effect(result.analysis.measure, natural.estimate, natural.ci_low, natural.ci_high, risk)


def _statement(result: AnalysisResult, summary: EvidenceSummary, certainty: Certainty | None) -> str:
    if certainty is None:
        return ""
    outcome = in_sentence(result.analysis.title)
    if result.main.fit is None and result.main.effects:
        return f"Too few trials report {outcome} in a form that can be pooled."
    effect: Effect | None = effect_of(summary)
    low, high = summary.ci_low, summary.ci_high
    includes_null = low is not None and high is not None and low <= summary.null <= high
    return statement(
        certainty.level,
        effect,
        result.comparison.subject or in_sentence(result.comparison.experimental_label),
        outcome,
        includes_null=includes_null,
        plural=True,
    )
