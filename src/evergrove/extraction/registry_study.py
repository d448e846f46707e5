"""From the record of a registry entry to a study in typed fields."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.extraction.registry_form import study_in
from evergrove.model.record import RecordKind
from evergrove.model.registry_study import (
    RegisteredArm,
    RegisteredIntervention,
    RegisteredOutcome,
    RegistryStudy,
)
from evergrove.sources.bibliographic_values import partial_date
from evergrove.sources.json_values import inside, objects_at, text_at, texts_at

if TYPE_CHECKING:
    from evergrove.model.record import Record
    from evergrove.sources.json_records import Json

_NUMBER = re.compile(r"\d{1,9}")
_SINGLE = (
    "official_title", "acronym", "sponsor", "status", "study_type", "study_design", "allocation",
    "intervention_model", "masking", "purpose",
)  # fmt: skip
_DATES = {
    "registered": "registration_date",
    "start": "start_date",
    "primary_completion": "primary_completion_date",
    "completion": "completion_date",
    "results_posted": "results_posted",
}


def registry_study(record: Record) -> RegistryStudy | None:
    """Return the study that a registry entry describes.

    Parameters
    ----------
    record : Record

    Returns
    -------
    RegistryStudy or None
        ``None`` for a record that is no registry entry or has no registration number.
    """
    if record.kind is not RecordKind.REGISTRY_ENTRY or not record.registrations:
        return None
    told = {name: values[0] for name, values in record.other.items() if values}
    values: dict[str, object] = {name: told[name] for name in _SINGLE if name in told}
    for field, name in _DATES.items():
        values[field] = partial_date(told[name]) if name in told else None
    enrolment = told.get("enrolment")
    posted = told.get("has_results")
    return RegistryStudy(
        record=record.id,
        registration=record.registrations[0],
        other_registrations=record.registrations[1:],
        title=record.title,
        phases=record.other.get("phase", ()),
        conditions=record.other.get("conditions", ()),
        countries=record.other.get("countries", ()),
        investigators=record.other.get("investigators", ()),
        enrolment=int(enrolment) if enrolment and _NUMBER.fullmatch(enrolment) else None,
        enrolment_as_reported=enrolment,
        enrolment_actual=_is_actual(told.get("enrolment_type")),
        primary_completion_actual=_is_actual(told.get("primary_completion_date_type")),
        has_results=posted == "yes" if posted is not None else None,
        result_pmids=record.other.get("pmid_result", ()),
        derived_pmids=record.other.get("pmid_derived", ()),
        background_pmids=record.other.get("pmid_background", ()),
        **_described(record),
        **values,
    )


def _is_actual(told: str | None) -> bool | None:
    return told.upper() == "ACTUAL" if told is not None else None


def _described(record: Record) -> dict[str, object]:
    """Return arms, interventions and outcomes: with their details where the registry's own form has them."""
    study = study_in(record)
    if study is not None:
        return _in_detail(study)
    outcomes = [
        RegisteredOutcome(rank=rank, measure=told)
        for rank in ("primary", "secondary")
        for told in record.other.get(f"{rank}_outcomes", ())
    ]
    names = record.other.get("interventions", ())
    return {
        "interventions": tuple(RegisteredIntervention(name=name) for name in names),
        "outcomes": tuple(outcomes),
    }


def _in_detail(study: Json) -> dict[str, object]:
    protocol = inside(study, "protocolSection")
    arms = [
        RegisteredArm(
            label=label,
            type=text_at(entry, "type"),
            description=text_at(entry, "description"),
            interventions=tuple(texts_at(entry, "interventionNames")),
        )
        for entry in objects_at(protocol, "armsInterventionsModule", "armGroups")
        if (label := text_at(entry, "label"))
    ]
    interventions = [
        RegisteredIntervention(
            name=name, type=text_at(entry, "type"), description=text_at(entry, "description")
        )
        for entry in objects_at(protocol, "armsInterventionsModule", "interventions")
        if (name := text_at(entry, "name"))
    ]
    outcomes = [
        RegisteredOutcome(
            rank=rank,
            measure=measure,
            time_frame=text_at(entry, "timeFrame"),
            description=text_at(entry, "description"),
        )
        for rank in ("primary", "secondary", "other")
        for entry in objects_at(protocol, "outcomesModule", f"{rank}Outcomes")
        if (measure := text_at(entry, "measure"))
    ]
    return {"arms": tuple(arms), "interventions": tuple(interventions), "outcomes": tuple(outcomes)}
