"""The answers as the home page shows them: the summary of findings, and what it means in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.model.vocabulary import CertaintyLevel
from evergrove.report.numerals import (
    absolute_text,
    count,
    interval,
    more_or_fewer,
    number,
    short_measure,
    unit_suffix,
)
from evergrove.report.plot_words import how_many, in_sentence, patients
from evergrove.report.site import wording
from evergrove.synthesis.result import natural

if TYPE_CHECKING:
    from evergrove.report.findings import Answer, Findings
    from evergrove.stats import AbsoluteEffect


@dataclass(frozen=True, slots=True)
class Pictogram:
    """A hundred patients, the filled ones with the event."""

    label: str
    filled: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class AbsoluteWords:
    """An absolute effect, printed: patients with the event among ``per``."""

    per: str
    without: str
    treated: str
    treated_range: str
    difference: str
    difference_range: str
    sentence: str
    pictures: tuple[Pictogram, ...]


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A row of the summary of findings."""

    answer: Answer
    effect: str
    limits: str
    absolute: AbsoluteWords | None
    studies: str
    patients: str


def absolute_words(answer: Answer) -> AbsoluteWords | None:
    """Return the absolute effect of an answer in words, where there is one."""
    effect = answer.absolute
    if effect is None:
        return None
    return AbsoluteWords(
        per=count(effect.per),
        without=count(effect.control_risk),
        treated=count(effect.intervention_risk),
        treated_range=f"{count(effect.intervention_low)} to {count(effect.intervention_high)}",
        difference=more_or_fewer(effect.difference),
        difference_range=f"{more_or_fewer(effect.low)} to {more_or_fewer(effect.high)}",
        sentence=absolute_text(effect),
        pictures=_pictures(effect),
    )


def _pictures(effect: AbsoluteEffect) -> tuple[Pictogram, ...]:
    share = 100 / effect.per
    low, high = round(effect.intervention_low * share), round(effect.intervention_high * share)
    return (
        Pictogram("Without the therapy", round(effect.control_risk * share)),
        Pictogram("With the therapy", round(effect.intervention_risk * share), f"{low} to {high}"),
    )


def summary_row(answer: Answer) -> SummaryRow:
    """Return an answer as a row; empty cells where nothing was pooled."""
    result = answer.result
    pooled, measure = result.main, result.analysis.measure
    if pooled.fit is None:
        return SummaryRow(answer, "", "", None, "", "")
    found = natural(pooled.fit, pooled.pooled)
    unit = unit_suffix(result.outcome, measure)
    return SummaryRow(
        answer,
        f"{short_measure(measure)} {number(found.estimate, measure)}{unit}",
        f"{interval(found.ci_low, found.ci_high, measure)}{unit}",
        absolute_words(answer),
        how_many(pooled.fit.k, randomised=pooled.randomised),
        patients(pooled),
    )


def what_there_is(answer: Answer) -> str:
    """Say in one line what there is on an outcome for which nothing was pooled."""
    result = answer.result
    given = [effect.name for effect in result.main.effects]
    told = [choice.name for choice in result.main.choices if choice.chosen is None]
    beside = [] if result.beside is None else [choice.name for choice in result.beside.choices]
    parts = []
    if given:
        parts.append(f"numbers from {wording.joined(given)}")
    if told:
        parts.append(f"reports without numbers that can be pooled from {wording.joined(told)}")
    if beside:
        parts.append(f"non-randomised: {wording.joined(beside)}")
    return wording.sentence("; ".join(parts)) if parts else "No study of the review reports it."


def plain_meaning(findings: Findings) -> tuple[str, ...]:
    """Say what the answers mean, for patients: sentences that follow from the numbers by rule."""
    answers = [answer for answer in findings.main_answers if answer.result.main.fit is not None]
    if not answers:
        return ("No outcome could be pooled yet: the studies do not report enough.",)
    first, *rest = answers
    clear = [answer.statement for answer in rest if _level(answer) not in {None, CertaintyLevel.VERY_LOW}]
    found = [*_in_patients(first), *clear]
    names = [
        in_sentence(answer.result.analysis.title)
        for answer in rest
        if _level(answer) is CertaintyLevel.VERY_LOW
    ]
    if names:
        found.append(f"About {wording.joined(names)} the trials say too little for an answer.")
    return tuple(found)


def pictured(findings: Findings) -> tuple[str, tuple[Pictogram, ...]] | None:
    """Return the title and the pictures of the first answer that can be told in patients."""
    answers = [answer for answer in findings.main_answers if answer.result.main.fit is not None]
    absolute = absolute_words(answers[0]) if answers else None
    return None if absolute is None else (answers[0].result.analysis.title, absolute.pictures)


_SURE = {
    CertaintyLevel.HIGH: "Further trials are unlikely to change this.",
    CertaintyLevel.MODERATE: "This is probably near the truth, but further trials may change it.",
    CertaintyLevel.LOW: "The truth may be clearly different, and further trials may well change this.",
    CertaintyLevel.VERY_LOW: "The truth may be entirely different.",
}


def _level(answer: Answer) -> CertaintyLevel | None:
    return None if answer.certainty is None else answer.certainty.level


def _in_patients(answer: Answer) -> tuple[str, ...]:
    """Say the first answer in patients, and how sure it is."""
    absolute, level = answer.absolute, _level(answer)
    found = [answer.statement]
    if absolute is not None:
        limits = f"{count(absolute.intervention_low)} and {count(absolute.intervention_high)}"
        found.append(
            f"In numbers: of {count(absolute.per)} patients treated without them, about "
            f"{count(absolute.control_risk)} had this outcome; of {count(absolute.per)} treated with them it "
            f"would be about {count(absolute.intervention_risk)}; the trials fit anything between {limits}."
        )
    if level is not None:
        found.append(_SURE[level])
    return tuple(found)
