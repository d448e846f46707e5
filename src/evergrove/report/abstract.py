"""The structured abstract: every number comes from the results, every verb from the certainty by rule."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evergrove.appraisal import Effect, Judgement, statement
from evergrove.model.measures import review_measure
from evergrove.model.vocabulary import CertaintyLevel, DesignType
from evergrove.report.flow import by_design, included_studies
from evergrove.report.model_words import pooling_in_short
from evergrove.report.numerals import (
    absolute_text,
    count,
    heterogeneity_share,
    interval,
    number,
    percent,
    unit_suffix,
)
from evergrove.report.plot_words import capital, how_many, in_sentence, patients
from evergrove.synthesis.result import natural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.model import Comparison, Review
    from evergrove.report.findings import Answer, Findings
    from evergrove.stats import PoolResult

#: A note of the protocol longer than this many words is left to the site.
LONGEST_NOTE = 45


@dataclass(frozen=True, slots=True)
class Section:
    """A section of an abstract."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class NumberUsed:
    """A number that stands in the abstract, as printed, with what it is."""

    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Abstract:
    """A structured abstract.

    Parameters
    ----------
    title : str
    introduction, methods, results, conclusion : Section
    keywords : tuple of str
    numbers : tuple of NumberUsed
        Every number filled in, in the order of the text.
    """

    title: str
    introduction: Section
    methods: Section
    results: Section
    conclusion: Section
    keywords: tuple[str, ...]
    numbers: tuple[NumberUsed, ...]

    @property
    def sections(self) -> tuple[Section, ...]:
        """The four sections in their order."""
        return self.introduction, self.methods, self.results, self.conclusion

    @property
    def words(self) -> int:
        """Number of words of the four sections, without headings."""
        return sum(len(section.text.split()) for section in self.sections)


def structured_abstract(findings: Findings) -> Abstract:
    """Write the abstract of a review from its results.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    Abstract
        The conclusion says no more than the certainty allows: its sentences are those of the answers, and
        outcomes of very low certainty share one.
    """
    used = _Numbers()
    protocol = findings.review.protocol
    return Abstract(
        title=protocol.title,
        introduction=Section("Introduction", _introduction(findings)),
        methods=Section("Methods", _methods(findings, used)),
        results=Section("Results", _results(findings, used)),
        conclusion=Section("Conclusion", _conclusion(findings)),
        keywords=protocol.keywords,
        numbers=tuple(used.found),
    )


def to_text(abstract: Abstract) -> str:
    """Return an abstract as plain text for pasting: title, sections with their headings, keywords."""
    parts = [abstract.title]
    parts += [f"{section.heading}\n{section.text}" for section in abstract.sections]
    if abstract.keywords:
        parts.append(f"Keywords: {', '.join(abstract.keywords)}")
    return "\n\n".join(parts) + "\n"


@dataclass(slots=True)
class _Numbers:
    """Remembers each number that is printed."""

    found: list[NumberUsed] = field(default_factory=list)

    def __call__(self, what: str, text: str) -> str:
        self.found.append(NumberUsed(what, text))
        return text


def _introduction(findings: Findings) -> str:
    protocol = findings.review.protocol
    question = protocol.question
    subject = _subject(protocol.comparisons[0])
    return (
        f"This living review asks what {in_sentence(subject)} do for {in_sentence(question.population)}, "
        f"compared with {in_sentence(question.comparator)}."
    )


def _subject(comparison: Comparison) -> str:
    return comparison.subject or comparison.experimental_label


def _methods(findings: Findings, used: _Numbers) -> str:
    review = findings.review
    parts = [_searched(review, used), _designs(review)]
    models = {answer.result.pooling for answer in findings.main_answers}
    if len(models) == 1:
        parts.append(f"Effects were pooled {pooling_in_short(models.pop())}.")
    elif models:
        parts.append("Effects were pooled by the model that the protocol names for each outcome.")
    tools = sorted({item.instrument.value for item in findings.judged.values()}, reverse=True)
    rated = any(answer.certainty is not None for answer in findings.main_answers)
    judged = [f"risk of bias was judged with {_joined(tools)}"] if tools else []
    judged += ["certainty was rated with GRADE"] if rated else []
    if judged:
        parts.append(f"{capital(', and '.join(judged))}.")
    if any(answer.result.main.combinations for answer in findings.main_answers):
        parts.append("Where sources disagreed, every combination of their data was analysed.")
    parts += [note for note in review.protocol.notes[:1] if len(note.split()) <= LONGEST_NOTE]
    return " ".join(part for part in parts if part)


def _searched(review: Review, used: _Numbers) -> str:
    recorded = review.protocol.flow
    if recorded.records_identified is None:
        return "The number of records found was not recorded."
    text = f"The searches found {used('records identified', count(recorded.records_identified))} records"
    if recorded.records_screened is not None:
        text += f"; {used('records screened', count(recorded.records_screened))} were screened"
    return f"{text}."


def _designs(review: Review) -> str:
    eligibility = review.protocol.eligibility
    names = {
        DesignType.RANDOMISED: "randomised controlled trials",
        DesignType.NON_RANDOMISED: "non-randomised controlled studies",
    }
    main, beside = (
        _joined([names.get(design, design.label) for design in designs])
        for designs in (eligibility.main_designs, eligibility.beside_designs)
    )
    apart = f"; {beside} were analysed apart" if beside else ""
    return f"The main analyses hold {main}{apart}."


def _results(findings: Findings, used: _Numbers) -> str:
    review = findings.review
    included = included_studies(review)
    designs = by_design(included)
    kinds = _joined([f"{used(item.label, count(item.n))} {item.label}" for item in designs])
    parts = [f"The review holds {kinds}." if kinds else "The review holds no study yet."]
    parts.append(_of_the_comparison(findings, used))
    parts += [_result(answer, used) for answer in findings.main_answers]
    parts.append(_bias(findings, used))
    return " ".join(part for part in parts if part)


def _of_the_comparison(findings: Findings, used: _Numbers) -> str:
    """Say how many of the main designs test the product in question, where that is not all."""
    if not findings.main_answers:
        return ""
    result = findings.main_answers[0].result
    designs = result.analysis.main_designs or findings.review.protocol.eligibility.main_designs
    held = [study for study in findings.review.studies if study.design.type in designs]
    out = {item.study for item in result.left_out if item.step == "eligibility"}
    eligible = [study for study in held if study.id not in out]
    if len(eligible) == len(held):
        return ""
    told = used("eligible studies of the main designs", count(len(eligible)))
    label = held[0].design.type.label
    return f"Of the {label}s, {told} test the product in question."


def _result(answer: Answer, used: _Numbers) -> str:
    """Return one outcome: how many, how much, how sure; or why nothing was pooled.

    What is of very low certainty is told in short, without absolute effect and heterogeneity.
    """
    result, fit = answer.result, answer.result.main.fit
    title, name = result.analysis.title, result.analysis.id
    if fit is None:
        return f"{title}: not pooled; {result.main.not_pooled}."
    parts = [_who(answer, fit, used), _effect(answer, fit, used)]
    if answer.absolute is not None and not _very_low(answer):
        parts.append(used(f"{name}: absolute effect", absolute_text(answer.absolute)))
    share = heterogeneity_share(fit)
    if fit.k > 1 and share and not _very_low(answer):
        parts.append(used(f"{name}: heterogeneity", share))
    reach = result.main.range_over_combinations
    if reach is not None:
        low_high = used(f"{name}: range over combinations", interval(*reach, result.analysis.measure))
        without = count(result.main.combinations_without_null)
        excluding = used(f"{name}: combinations whose interval excludes no effect", without)
        of = used(f"{name}: combinations", count(len(result.main.combinations)))
        parts.append(
            f"{low_high} over all combinations of conflicting data, {excluding} of {of} with an interval "
            "that excludes no effect"
        )
    if answer.certainty is not None and answer.certainty.level is not None:
        parts.append(f"{answer.certainty.level.label} certainty")
    return f"{title}: {'; '.join(parts)}."


def _who(answer: Answer, fit: PoolResult, used: _Numbers) -> str:
    pooled, name = answer.result.main, answer.result.analysis.id
    studies = used(f"{name}: studies", how_many(fit.k, randomised=pooled.randomised))
    people = patients(pooled)
    return f"{studies}, {used(f'{name}: patients', people)}" if people else studies


def _effect(answer: Answer, fit: PoolResult, used: _Numbers) -> str:
    result = answer.result
    measure, name = result.analysis.measure, result.analysis.id
    found = natural(fit, result.main.pooled)
    unit = unit_suffix(result.outcome, measure)
    asked = review_measure(measure)
    label = "proportion" if asked.proportion else asked.words
    estimate = used(f"{name}: effect", number(found.estimate, measure))
    level = used(f"{name}: level", percent(fit.level, 0))
    limits = used(f"{name}: interval", interval(found.ci_low, found.ci_high, measure))
    return f"{label} {estimate}{unit} ({level} CI {limits})"


def _bias(findings: Findings, used: _Numbers) -> str:
    """Say how the studies behind the main results were judged, each study counted once."""
    pooled = {item.study for answer in findings.main_answers for item in answer.result.main.pooled}
    judged = [findings.judged[study] for study in sorted(pooled) if study in findings.judged]
    if not judged:
        return ""
    total = used("studies in the main results with a judgement", count(len(judged)))
    levels = Counter(item.overall for item in judged)
    told = _joined(
        [
            f"{level.label} in {used(f'risk of bias: {level.label}', count(levels[level]))}"
            for level in Judgement
            if levels[level]
        ]
    )
    silent = ""
    if len(pooled) > len(judged):
        unjudged = used("studies in the main results without a judgement", count(len(pooled) - len(judged)))
        silent = f"; {unjudged} not judged"
    noun = "study" if len(judged) == 1 else "studies"
    return f"Overall risk of bias in the {total} pooled {noun} of the main outcomes: {told}{silent}."


def _conclusion(findings: Findings) -> str:
    answers = findings.main_answers
    sure = [answer for answer in answers if answer.statement and not _very_low(answer)]
    unsure = [answer for answer in answers if answer.statement and _very_low(answer)]
    parts = [answer.statement for answer in sure]
    parts += [unsure[0].statement] if len(unsure) == 1 else _together(unsure)
    if not parts:
        parts.append(
            "The certainty of the evidence was not rated, so the results stand without a conclusion."
            if any(answer.result.main.fit is not None for answer in answers)
            else "The data do not allow a pooled result, so no conclusion on the effect can be drawn."
        )
    return " ".join(parts)


def _very_low(answer: Answer) -> bool:
    return answer.certainty is not None and answer.certainty.level is CertaintyLevel.VERY_LOW


def _together(answers: Sequence[Answer]) -> list[str]:
    """Return one sentence per intervention for outcomes of very low certainty, which claim no direction."""
    subjects: dict[str, list[str]] = {}
    for answer in answers:
        outcome = in_sentence(answer.result.analysis.title)
        subjects.setdefault(_subject(answer.result.comparison), []).append(outcome)
    return [
        statement(
            CertaintyLevel.VERY_LOW, Effect.LITTLE_OR_NONE, subject, _joined(outcomes, "or"), plural=True
        )
        for subject, outcomes in subjects.items()
    ]


def _joined(items: Sequence[str], last: str = "and") -> str:
    """Return items as a list in a sentence.

    >>> _joined(["deaths", "days"]), _joined(["a", "b", "c"], "or")
    ('deaths and days', 'a, b or c')
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
