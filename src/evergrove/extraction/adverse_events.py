"""Adverse-event tables of posted results: deaths, patients with serious and other events, and every term."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.extraction.entry_results import located
from evergrove.extraction.printed_numbers import arm_value, whole
from evergrove.model.candidate import Candidate, CandidateArm, CandidatePart, ValueKind
from evergrove.sources.json_values import inside, objects_at, text_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.extraction.entry_results import EntryResults
    from evergrove.sources.json_records import Json

#: part -> beginning of its two numbers in a group, and what it counts
_TOTALS = {
    CandidatePart.DEATHS: ("deaths", "All-cause mortality"),
    CandidatePart.SERIOUS: ("serious", "Patients with at least one serious adverse event"),
    CandidatePart.OTHER_EVENTS: ("other", "Patients with at least one other (not serious) adverse event"),
}
_TERMS = {CandidatePart.SERIOUS_TERM: "seriousEvents", CandidatePart.OTHER_TERM: "otherEvents"}


def adverse_event_candidates(entry: EntryResults) -> Iterator[Candidate]:
    """Yield a candidate for the deaths, for each total, and for each term of the adverse-event tables."""
    module = inside(entry.results, "adverseEventsModule")
    groups = [group for group in objects_at(module, "eventGroups") if text_at(group, "id")]
    if not groups:
        return
    frame = text_at(module, "timeFrame")
    for part, (name, title) in _TOTALS.items():
        fields = (f"{name}NumAffected", f"{name}NumAtRisk")
        if not any(text_at(group, fields[0]) for group in groups):
            continue
        told = [(group, text_at(group, fields[0]), text_at(group, fields[1])) for group in groups]
        arms, remarks = _counted(told)
        threshold = text_at(module, "frequencyThreshold")
        if part is CandidatePart.OTHER_EVENTS and threshold not in {None, "0"}:
            remarks.append(f"only events that more than {threshold} % of a group had are counted")
        raw: Json = {
            "timeFrame": frame,
            "eventGroups": [{key: group.get(key) for key in ("id", "title", *fields)} for group in groups],
        }
        yield entry.candidate(
            part, ValueKind.COUNTS, located(f"adverse events, {part.label}", frame), raw,
            outcome=title, time_frame=frame, population=text_at(module, "description"),
            unit="participants", arms=arms, remarks=tuple(remarks),
        )  # fmt: skip
    for part, key in _TERMS.items():
        for event in objects_at(module, key):
            yield from _terms(entry, part, event, groups, frame)


def _terms(
    entry: EntryResults, part: CandidatePart, event: Json, groups: list[Json], frame: str | None
) -> Iterator[Candidate]:
    """Yield a candidate for the patients that had a term, and one for the events where they are posted."""
    stats = {text_at(stat, "groupId"): stat for stat in objects_at(event, "stats")}
    term = text_at(event, "term")
    if not stats or term is None:
        return
    place = ", ".join(text for text in (text_at(event, "organSystem"), term) if text)
    for kind, field, unit in (
        (ValueKind.COUNTS, "numAffected", "participants"),
        (ValueKind.EVENTS, "numEvents", "events"),
    ):
        told = [
            (group, text_at(stat, field), text_at(stat, "numAtRisk"))
            for group in groups
            for stat in [stats.get(text_at(group, "id"), {})]
        ]
        if not any(value for _, value, _ in told):
            continue
        arms, remarks = _counted(told, patients=kind is ValueKind.COUNTS)
        yield entry.candidate(
            part, kind, located(f"adverse events, {part.label}", frame, place), event,
            outcome=term, row=f"{text_at(event, 'organSystem') or 'organ system not stated'}: {unit}",
            time_frame=frame, unit=unit, arms=arms, remarks=tuple(remarks),
        )  # fmt: skip


def _counted(
    told: list[tuple[Json, str | None, str | None]], *, patients: bool = True
) -> tuple[tuple[CandidateArm, ...], list[str]]:
    arms: list[CandidateArm] = []
    remarks: list[str] = []
    for group, affected, at_risk in told:
        title = text_at(group, "title")
        name = title or text_at(group, "id") or ""
        events, n = whole(affected), whole(at_risk)
        printed = {key: text for key, text in (("value", affected), ("n", at_risk)) if text is not None}
        value = arm_value({"events": events, "n": n}) if events is not None else None
        if affected is not None and events is None:
            remarks.append(f"{name}: found {affected!r}, which is no count"[:300])
        if patients and events is not None and n is not None and events > n:
            value = f"{events} of {n}: more with the event than were at risk"
        if isinstance(value, str):
            remarks.append(f"{name}: {value}"[:300])
            value = None
        arms.append(
            CandidateArm(
                group=text_at(group, "id") or "",
                title=title,
                description=text_at(group, "description"),
                values=value,
                printed=printed,
            )
        )
    return tuple(arms), remarks
