"""Check a claim: each proposition by its own check, then one verdict for the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from evergrove.claims.direction import Judgement, judge_direction, judge_significance, phrase
from evergrove.claims.figures import compared_arms
from evergrove.claims.record_search import check_reported, check_status
from evergrove.claims.result import ClaimResult, PropositionResult, inputs_hash
from evergrove.claims.significance import p_figures
from evergrove.claims.stated_numbers import check_count, check_dose, check_fact, check_value
from evergrove.errors import DataError
from evergrove.model.claim import (
    CountProposition,
    DirectionProposition,
    DoseProposition,
    FactProposition,
    Proposition,
    ReportedProposition,
    SignificanceProposition,
    StatusProposition,
    TimeRelation,
    TimingProposition,
    ValueProposition,
)
from evergrove.model.vocabulary import Better, Contrast, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evergrove.model import Claim, Datum, Review, Study

#: A day and what a datum of that day says.
Dated = tuple[float, Judgement]
#: How many data of a timing are told in words.
MOST_TOLD = 4
_SHOWN = Verdict.SUPPORTED


def overall_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict of a claim from those of the propositions that count.

    Parameters
    ----------
    verdicts : iterable of Verdict
        At least one.

    Returns
    -------
    Verdict
        All supported: supported. All not found: not found. None supported, not even partly, and any
        contradicted: contradicted. Any other mixture: partly.

    Examples
    --------
    >>> overall_verdict([Verdict.CONTRADICTED, Verdict.NOT_FOUND])
    <Verdict.CONTRADICTED: 'contradicted'>
    >>> overall_verdict([Verdict.SUPPORTED, Verdict.NOT_FOUND])
    <Verdict.PARTLY: 'partly'>
    """
    found = set(verdicts)
    if found in ({Verdict.SUPPORTED}, {Verdict.NOT_FOUND}):
        return found.pop()
    if Verdict.CONTRADICTED in found and not found & {Verdict.SUPPORTED, Verdict.PARTLY}:
        return Verdict.CONTRADICTED
    return Verdict.PARTLY


def check_claim(claim: Claim, review: Review) -> ClaimResult:
    """Check a claim against a review.

    Parameters
    ----------
    claim : Claim
    review : Review
        Holds the study that the claim is about.

    Returns
    -------
    ClaimResult

    Raises
    ------
    DataError
        If the claim names a study, datum, arm or outcome that is not there.

    Examples
    --------
    >>> from evergrove.model import Claim, Review
    >>> claim = Claim.model_validate(
    ...     {
    ...         "id": "deaths",
    ...         "statement": "About 5 million had died.",
    ...         "source": "an example",
    ...         "propositions": [
    ...             {"id": "total", "text": "About 5 million had died", "check": "fact", "stated": "5000000",
    ...              "wording": "about", "unit": "deaths", "facts": ["reported"]}
    ...         ],
    ...         "facts": [
    ...             {"id": "reported", "label": "reported deaths", "value": 5.4e6, "unit": "deaths",
    ...              "date": "2021-12", "sources": [{"url": "https://example.org", "locator": "table"}]}
    ...         ],
    ...     }
    ... )
    >>> check_claim(claim, Review.model_construct())
    <ClaimResult deaths: supported, 1 propositions>
    """
    study = _study(claim, review)
    findings: list[PropositionResult] = []
    for proposition in claim.propositions:
        finding = _check(proposition, claim, study, review)
        findings.append(_with_presupposition(finding, findings))
    verdict = overall_verdict(finding.verdict for finding in findings if not finding.proposition.aside)
    studies = [study] if study is not None else []
    return ClaimResult(claim, verdict, tuple(findings), inputs_hash(claim, studies))


def check_claims(review: Review) -> tuple[ClaimResult, ...]:
    """Check every claim of a review, in their order.

    Raises
    ------
    DataError
        If a claim names a study, datum, arm or outcome that is not there.
    """
    return tuple(check_claim(claim, review) for claim in review.claims)


def _study(claim: Claim, review: Review) -> Study | None:
    if claim.study is None:
        return None
    try:
        return review.study(claim.study)
    except KeyError:
        raise DataError(
            f"claim {claim.id}: no study {claim.study!r}; "
            "allowed: a study of the review; add it or correct the id"
        ) from None


def _check(proposition: Proposition, claim: Claim, study: Study | None, review: Review) -> PropositionResult:
    if isinstance(proposition, FactProposition):
        return check_fact(proposition, claim)
    if study is None:  # a claim without a study holds facts only: the model sees to it
        raise DataError(f"claim {claim.id}: {proposition.id} needs a study; allowed: facts; name the study")
    match proposition:
        case ValueProposition():
            finding = check_value(proposition, study, _datum(study, proposition.datum, proposition.id))
        case DirectionProposition():
            finding = _check_direction(proposition, study, review)
        case SignificanceProposition():
            finding = _check_significance(proposition, study)
        case TimingProposition():
            finding = _check_timing(proposition, study, review)
        case DoseProposition():
            finding = check_dose(proposition, study)
        case CountProposition():
            finding = check_count(proposition, study)
        case ReportedProposition():
            finding = check_reported(proposition, study, review)
        case StatusProposition():
            finding = check_status(proposition, study)
        case _:
            assert_never(proposition)
    return finding


def _with_presupposition(finding: PropositionResult, earlier: list[PropositionResult]) -> PropositionResult:
    """Return the finding, or not found where what it presupposes does not hold."""
    wanted = finding.proposition.presupposes
    base = next((item for item in earlier if item.proposition.id == wanted), None)
    if base is None or base.verdict in {Verdict.SUPPORTED, Verdict.PARTLY}:
        return finding
    text = (
        f"Cannot be asked, since “{base.proposition.text}” is {base.verdict.label}. "
        f"The records held would say: {finding.verdict.label}. {finding.explanation}"
    )
    return PropositionResult(finding.proposition, Verdict.NOT_FOUND, finding.stated, finding.computed, text)


def _datum(study: Study, datum_id: str, proposition_id: str) -> Datum:
    try:
        return study.datum(datum_id)
    except KeyError:
        raise DataError(
            f"proposition {proposition_id}: {study.id} has no datum {datum_id!r}; "
            "allowed: an id of the study's data; correct the id"
        ) from None


def _better(review: Review, outcome_id: str) -> Better:
    try:
        return review.protocol.outcome(outcome_id).better
    except KeyError:
        raise DataError(
            f"no outcome {outcome_id!r}; allowed: an outcome of the protocol; define it there"
        ) from None


def _check_direction(proposition: DirectionProposition, study: Study, review: Review) -> PropositionResult:
    datum = _datum(study, proposition.datum, proposition.id)
    judged = judge_direction(
        study,
        datum,
        proposition.finding,
        contrast=proposition.contrast,
        significance=proposition.significance,
        arms=proposition.arms,
        better=_better(review, datum.outcome),
    )
    stated = phrase(proposition.finding, proposition.contrast)
    if proposition.significance is not None:
        stated = f"{stated}, {proposition.significance.label}"
    return PropositionResult(proposition, judged.verdict, stated, judged.figures, judged.explanation)


def _check_significance(proposition: SignificanceProposition, study: Study) -> PropositionResult:
    datum = _datum(study, proposition.datum, proposition.id)
    figures, flags = p_figures(datum, compared_arms(study, datum, proposition.arms))
    verdict, words = judge_significance(flags, proposition.significance)
    told = "; ".join(f"{figure.label} {figure.shown} ({figure.how})" for figure in figures)
    text = f"{told[0].upper()}{told[1:]}. {words}" if told else words
    return PropositionResult(proposition, verdict, proposition.significance.label, figures, text)


def _check_timing(proposition: TimingProposition, study: Study, review: Review) -> PropositionResult:
    """Judge every dated datum of the outcomes, then say what that means for the day."""
    judged: list[Dated] = []
    for datum in study.data:
        day = datum.time.day
        if datum.outcome not in proposition.outcomes or day is None or datum.time.is_baseline:
            continue
        if not datum.values.keys() >= set(proposition.arms):
            continue
        judgement = judge_direction(
            study,
            datum,
            proposition.finding,
            significance=proposition.significance,
            arms=proposition.arms,
            better=_better(review, datum.outcome),
        )
        if judgement.verdict is not Verdict.NOT_FOUND:
            judged.append((day, judgement))
    judged.sort(key=lambda item: item[0])
    verdict, words = _timing_verdict(proposition, judged)
    told_of = _relevant(proposition, judged) or [item for item in judged if item[1].verdict is _SHOWN][:1]
    told = " ".join(f"Day {day:g}: {item.explanation}" for day, item in told_of[:MOST_TOLD])
    if len(told_of) > MOST_TOLD:
        told += f" And {len(told_of) - MOST_TOLD} more."
    figures = tuple(figure for _, item in told_of for figure in item.figures)
    finding = phrase(proposition.finding, Contrast.BETWEEN_ARMS)
    stated = f"{finding}, {proposition.relation.label} day {proposition.day:g}"
    return PropositionResult(proposition, verdict, stated, figures, f"{words} {told}".strip())


def _relevant(proposition: TimingProposition, judged: list[Dated]) -> list[Dated]:
    """Return the findings that answer for the day: none for "from" where the day itself has no datum."""
    day = proposition.day
    if proposition.relation is TimeRelation.BY:
        return [item for item in judged if item[0] <= day]
    on_day = [item for item in judged if item[0] == day]
    if proposition.relation is TimeRelation.AT or not on_day:
        return on_day
    return [item for item in judged if item[0] >= day]


def _timing_verdict(proposition: TimingProposition, judged: list[Dated]) -> tuple[Verdict, str]:
    """Return what dated findings say of a day.

    At a day: any datum of that day that shows it supports it. By a day: any datum up to it. From a day on:
    the data of that day and of all later days; an earlier day that shows it too makes it partly. Where
    there is no datum to ask, it is not found.
    """
    day = proposition.day
    relevant = _relevant(proposition, judged)
    if not relevant:
        shows = [when for when, item in judged if item.verdict is _SHOWN]
        first = f"; the first day that shows it is day {min(shows):g}" if shows else ""
        return Verdict.NOT_FOUND, f"No such datum is dated {proposition.relation.label} day {day:g}{first}."
    if proposition.relation is TimeRelation.FROM:
        return _from_day_on(day, judged)
    verdicts = {item.verdict for _, item in relevant}
    if Verdict.SUPPORTED in verdicts:
        return Verdict.SUPPORTED, f"Shown {proposition.relation.label} day {day:g}."
    verdict = Verdict.PARTLY if Verdict.PARTLY in verdicts else Verdict.CONTRADICTED
    return verdict, f"Not wholly shown {proposition.relation.label} day {day:g}."


def _from_day_on(day: float, judged: list[Dated]) -> tuple[Verdict, str]:
    """Return what dated findings say of a day, which has data, and of all later days."""
    verdicts = {item.verdict for when, item in judged if when >= day}
    earlier = [when for when, item in judged if when < day and item.verdict is _SHOWN]
    if verdicts == {Verdict.SUPPORTED} and not earlier:
        return Verdict.SUPPORTED, f"Shown on day {day:g} and on every later day with data."
    if verdicts == {Verdict.SUPPORTED}:
        return Verdict.PARTLY, f"Shown from day {day:g} on, and on day {min(earlier):g} before it."
    if verdicts & {Verdict.SUPPORTED, Verdict.PARTLY}:
        return Verdict.PARTLY, f"Shown on some days from day {day:g} on, not on all."
    return Verdict.CONTRADICTED, f"Not shown from day {day:g} on."
