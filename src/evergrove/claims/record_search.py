"""Whether a study's records say a thing at all, and where they say the trial stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.claims.result import PropositionResult
from evergrove.model.claim import ReportedProposition, StatusProposition, TrialState
from evergrove.model.vocabulary import ReportKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.model import Datum, Review, Study

#: Fields that hold remarks about a study, cross-references or addresses, not what its records say.
NOT_OF_THE_RECORDS = frozenset(
    {
        "id",
        "note",
        "notes",
        "identification",
        "source_quality",
        "provenance",
        "appraisal_facts",
        "related",
        "cited_by",
        "source",
        "sources",
        "outcome",
    }
)

#: What a registry's words mean; the first that fits counts. Recruitment may be complete in an ongoing trial.
_STATES: tuple[tuple[str, str], ...] = (
    ("unknown", r"unknown"),
    ("recruitment complete", r"recruitment complete|active, not recruiting"),
    ("not started", r"not yet recruiting|registered"),
    ("completed", r"complete|terminated|withdrawn|stopped|suspended"),
    ("ongoing", r"recruiting|ongoing|active|enrol"),
)


def record_texts(study: Study) -> Iterator[tuple[str, str]]:
    """Yield every text that a study's records hold, with its field.

    Remarks made about the study, sources and cross-references are left out: they may well speak of the claim.

    Yields
    ------
    field : str
        Such as ``design.phase``; positions in lists are left out.
    text : str
    """
    yield from _texts(study.model_dump(mode="json", exclude_none=True), "")


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in NOT_OF_THE_RECORDS:
                yield from _texts(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path)
    elif isinstance(value, str):
        yield path, value


def _in_words(field: str) -> str:
    """Return a field as a reader meets it: ``design.phase`` is "design: phase"."""
    return field.replace(".", ": ").replace("_", " ")


def _found_terms(study: Study, terms: tuple[str, ...], fields: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Return term, field and text of every hit of a whole word."""
    hits = []
    for field, text in record_texts(study):
        if fields and not any(field == name or field.startswith(f"{name}.") for name in fields):
            continue
        hits += [
            (term, field, text)
            for term in terms
            if re.search(rf"(?<!\w){re.escape(term)}(?!\w)", text, re.IGNORECASE)
        ]
    return hits


def _found_data(study: Study, outcomes: tuple[str, ...]) -> list[Datum]:
    return [datum for datum in study.data if datum.outcome in outcomes and datum.seen]


def check_reported(proposition: ReportedProposition, study: Study, review: Review) -> PropositionResult:
    """Look for a thing in a study's data and records.

    Parameters
    ----------
    proposition : ReportedProposition
    study : Study
    review : Review
        Its other studies are looked at too, to say where else the thing stands; they do not change the
        verdict.
    """
    stated = "reported"
    data = _found_data(study, proposition.outcomes)
    hits = _found_terms(study, proposition.terms, proposition.fields)
    if data or hits:
        parts = [f"datum {datum.id} ({datum.content}, {datum.time})" for datum in data]
        parts += [f"“{_short(text)}” under {_in_words(field)}" for _, field, text in hits]
        more = f" and {len(parts) - 4} more" if len(parts) > 4 else ""
        text = f"Found: {'; '.join(parts[:4])}{more}."
        return PropositionResult(proposition, Verdict.SUPPORTED, stated, (), text)
    searched = []
    if proposition.outcomes:
        searched.append(f"data of {', '.join(proposition.outcomes)}")
    if proposition.terms:
        where = ", ".join(map(_in_words, proposition.fields)) or "all fields of the records"
        searched.append(f"the words {', '.join(f'“{term}”' for term in proposition.terms)} in {where}")
    others = [
        other.name
        for other in review.studies
        if other.id != study.id and proposition.terms
        and _found_terms(other, proposition.terms, proposition.fields)
    ]  # fmt: skip
    elsewhere = ""
    if proposition.terms and not proposition.fields:
        names = f"{len(others)} other studies" if len(others) > 3 else ", ".join(others)
        elsewhere = f" In the review the words stand in {names or 'no other study'}."
    text = f"{study.name} has nothing of it. Searched: {'; '.join(searched)}.{elsewhere}"
    return PropositionResult(proposition, Verdict.NOT_FOUND, stated, (), text)


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"


def state_of(text: str) -> str | None:
    """Return what a registry's words mean.

    Examples
    --------
    >>> state_of("Recruitment complete"), state_of("unknown status, no results posted")
    ('recruitment complete', 'unknown')
    """
    return next((state for state, pattern in _STATES if re.search(pattern, text, re.IGNORECASE)), None)


def check_status(proposition: StatusProposition, study: Study) -> PropositionResult:
    """Check where a trial is said to stand.

    Its latest registry entry decides between ongoing and completed; an unknown status decides nothing. That
    there are no results is contradicted by data or a publication, left open by a publication that may be of
    this trial, and supported by a registry entry that says so.
    """
    if proposition.state is TrialState.NO_RESULTS:
        verdict, text = _no_results(study)
    else:
        verdict, text = _latest_state(study, proposition.state)
    return PropositionResult(proposition, verdict, proposition.state.label, (), text)


def _latest_state(study: Study, stated: TrialState) -> tuple[Verdict, str]:
    if not study.status:
        return Verdict.NOT_FOUND, f"No registry entry on the status of {study.name} is held."
    entries = sorted(study.status, key=lambda entry: entry.date)
    state = state_of(entries[-1].value)
    told = "; ".join(f"{entry.date}: {entry.value}" for entry in entries[-3:])
    text = f"Last entries held of {study.name}: {told}."
    if state == stated.value:
        return Verdict.SUPPORTED, text
    if state in {"ongoing", "completed"}:
        return Verdict.CONTRADICTED, text
    return Verdict.NOT_FOUND, f"{text} The last leaves it open."


def _no_results(study: Study) -> tuple[Verdict, str]:
    published = [report for report in study.reports if report.kind is not ReportKind.REGISTRY_RECORD]
    data = [datum for datum in study.data if datum.seen]
    if published or data:
        return (
            Verdict.CONTRADICTED,
            f"{study.name} has {len(published)} publications and {len(data)} data with something seen.",
        )
    maybe = [work for work in study.related if work.doi is not None]
    if maybe:
        told = "; ".join(f"{work.id or work.doi}: {work.relation}" for work in maybe)
        return (
            Verdict.NOT_FOUND,
            f"No result of {study.name} is held, but publications stand beside it: {told}.",
        )
    entries = [entry for entry in study.status if re.search(r"no results", entry.value, re.IGNORECASE)]
    if entries:
        last = max(entries, key=lambda entry: entry.date)
        return Verdict.SUPPORTED, f"{last.date}: {last.value}; no data and no publication are held."
    return (
        Verdict.NOT_FOUND,
        f"No result of {study.name} is held, and no registry entry says that there is none.",
    )
