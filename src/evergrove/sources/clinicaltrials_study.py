"""A study of ClinicalTrials.gov as a record, from the form that its second interface gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.bibliographic_values import partial_date
from evergrove.sources.draft import Draft, LeftOut, year_in
from evergrove.sources.json_values import inside, objects_at, paired, text_at, texts_at
from evergrove.sources.registration_numbers import find, find_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.json_records import Json, JsonRecord

ADDRESS = "https://clinicaltrials.gov/study/"
#: name in `other` -> module and path of a single value
_SINGLE: dict[str, tuple[str, ...]] = {
    "official_title": ("identificationModule", "officialTitle"),
    "acronym": ("identificationModule", "acronym"),
    "organisation": ("identificationModule", "organization", "fullName"),
    "organisation_id": ("identificationModule", "orgStudyIdInfo", "id"),
    "status": ("statusModule", "overallStatus"),
    "why_stopped": ("statusModule", "whyStopped"),
    "sponsor": ("sponsorCollaboratorsModule", "leadSponsor", "name"),
    "sponsor_class": ("sponsorCollaboratorsModule", "leadSponsor", "class"),
    "responsible_investigator": (
        "sponsorCollaboratorsModule",
        "responsibleParty",
        "investigatorFullName",
    ),
    "study_type": ("designModule", "studyType"),
    "allocation": ("designModule", "designInfo", "allocation"),
    "intervention_model": ("designModule", "designInfo", "interventionModel"),
    "purpose": ("designModule", "designInfo", "primaryPurpose"),
    "masking": ("designModule", "designInfo", "maskingInfo", "masking"),
    "enrolment": ("designModule", "enrollmentInfo", "count"),
    "enrolment_type": ("designModule", "enrollmentInfo", "type"),
    "sex": ("eligibilityModule", "sex"),
    "minimum_age": ("eligibilityModule", "minimumAge"),
    "maximum_age": ("eligibilityModule", "maximumAge"),
}
#: name in `other` -> the date in the status module, and whether it says its kind
_DATES: dict[str, tuple[str, ...]] = {
    "registration_date": ("studyFirstSubmitDate",),
    "start_date": ("startDateStruct", "date"),
    "start_date_type": ("startDateStruct", "type"),
    "primary_completion_date": ("primaryCompletionDateStruct", "date"),
    "primary_completion_date_type": ("primaryCompletionDateStruct", "type"),
    "completion_date": ("completionDateStruct", "date"),
    "completion_date_type": ("completionDateStruct", "type"),
    "results_posted": ("resultsFirstPostDateStruct", "date"),
    "last_update": ("lastUpdatePostDateStruct", "date"),
    "status_verified": ("statusVerifiedDate",),
}


def draft_of_study(item: JsonRecord, study: Json) -> Draft | LeftOut:
    """Return the record of a study.

    Parameters
    ----------
    item : JsonRecord
        For its position and raw form.
    study : dict
        The study in the form of the second interface; any part of it may be missing.

    Returns
    -------
    Draft or LeftOut
        `LeftOut` where there is neither a registration number nor a title.
    """
    protocol = inside(study, "protocolSection")
    number = text_at(protocol, "identificationModule", "nctId")
    draft = Draft(item.position, item.line, paired(item.raw), RecordKind.REGISTRY_ENTRY)
    draft.title = text_at(protocol, "identificationModule", "briefTitle") or text_at(
        protocol, "identificationModule", "officialTitle"
    )
    if number is None and draft.title is None:
        reason = (
            "neither nctId nor a title is there; allowed: a study with protocolSection.identificationModule"
        )
        return LeftOut(item.position, item.line, reason, item.raw)
    draft.database = "ClinicalTrials.gov"
    draft.abstract = text_at(protocol, "descriptionModule", "briefSummary")
    _identify(draft, protocol, number)
    _place_in_time(draft, protocol)
    for name, path in _SINGLE.items():
        _keep(draft, name, text_at(protocol, *path))
    draft.types = texts_at(protocol, "designModule", "studyType")
    draft.keep("phase", texts_at(protocol, "designModule", "phases"))
    draft.keep("conditions", texts_at(protocol, "conditionsModule", "conditions"))
    draft.keywords = texts_at(protocol, "conditionsModule", "keywords")
    _keep(draft, "eligibility_criteria", text_at(protocol, "eligibilityModule", "eligibilityCriteria"))
    _keep(draft, "detailed_description", text_at(protocol, "descriptionModule", "detailedDescription"))
    draft.keep("arm_descriptions", list(_described(protocol, "armGroups", "label")))
    draft.keep("intervention_descriptions", list(_described(protocol, "interventions", "name")))
    draft.keep("interventions", list(_interventions(protocol)))
    draft.keep("arms", list(_arms(protocol)))
    for name in ("primary", "secondary", "other"):
        draft.keep(f"{name}_outcomes", list(_outcomes(protocol, f"{name}Outcomes")))
    _people(draft, protocol)
    _references(draft, protocol)
    posted = inside(study, "hasResults")
    if isinstance(posted, bool) or inside(study, "resultsSection"):
        draft.keep("has_results", "yes" if posted or inside(study, "resultsSection") else "no")
    return draft


def _keep(draft: Draft, name: str, value: str | None) -> None:
    if value is not None:
        draft.keep(name, value)


def _identify(draft: Draft, protocol: object, number: str | None) -> None:
    """Keep the registry's own number first, then those of other registries, then what else it is known by."""
    identification = inside(protocol, "identificationModule")
    secondary = [
        (text_at(entry, "id") or "", text_at(entry, "domain") or text_at(entry, "type") or "")
        for entry in objects_at(identification, "secondaryIdInfos")
    ]
    if number is not None:
        draft.registrations += find(number) or (number,)
        draft.accessions["clinicaltrials.gov"] = number
        draft.urls.append(f"{ADDRESS}{number}")
    known = [text_at(identification, "orgStudyIdInfo", "id") or "", *(id_ for id_, _ in secondary)]
    told = [f"{domain} {id_}" for id_, domain in secondary]
    aliases = texts_at(identification, "nctIdAliases")
    draft.registrations += find_in([*aliases, *known, *told])
    draft.keep("secondary_ids", [f"{id_} ({domain})" if domain else id_ for id_, domain in secondary if id_])
    draft.keep("former_ids", aliases)


def _place_in_time(draft: Draft, protocol: object) -> None:
    status = inside(protocol, "statusModule")
    for name, path in _DATES.items():
        _keep(draft, name, text_at(status, *path))
    registered = text_at(status, "studyFirstSubmitDate") or text_at(
        status, "studyFirstPostDateStruct", "date"
    )
    if registered is not None:
        draft.date = partial_date(registered) or registered
        draft.year = year_in(draft.date)


def _interventions(protocol: object) -> Iterator[str]:
    for entry in objects_at(protocol, "armsInterventionsModule", "interventions"):
        kind, name = text_at(entry, "type"), text_at(entry, "name")
        if name:
            yield f"{kind}: {name}" if kind else name


def _described(protocol: object, part: str, name: str) -> Iterator[str]:
    """Yield what the entry says of each arm or intervention, with its name before it."""
    for entry in objects_at(protocol, "armsInterventionsModule", part):
        names = [text_at(entry, name), *texts_at(entry, "otherNames")]
        label, told = " = ".join(filter(None, names)), text_at(entry, "description")
        if told or len(names) > 1:
            yield f"{label}: {told}" if told else label


def _arms(protocol: object) -> Iterator[str]:
    for entry in objects_at(protocol, "armsInterventionsModule", "armGroups"):
        kind, label = text_at(entry, "type"), text_at(entry, "label")
        if label:
            yield f"{kind}: {label}" if kind else label


def _outcomes(protocol: object, name: str) -> Iterator[str]:
    for entry in objects_at(protocol, "outcomesModule", name):
        measure, frame = text_at(entry, "measure"), text_at(entry, "timeFrame")
        if measure:
            yield f"{measure} [{frame}]" if frame else measure


def _people(draft: Draft, protocol: object) -> None:
    officials = objects_at(protocol, "contactsLocationsModule", "overallOfficials")
    draft.keep("investigators", [name for entry in officials if (name := text_at(entry, "name"))])
    collaborators = objects_at(protocol, "sponsorCollaboratorsModule", "collaborators")
    draft.keep("collaborators", [name for entry in collaborators if (name := text_at(entry, "name"))])
    places = objects_at(protocol, "contactsLocationsModule", "locations")
    draft.keep(
        "countries", list(dict.fromkeys(land for entry in places if (land := text_at(entry, "country"))))
    )


def _references(draft: Draft, protocol: object) -> None:
    """Keep the publications of the entry: their PubMed numbers by kind, and how they are cited."""
    for entry in objects_at(protocol, "referencesModule", "references"):
        kind = (text_at(entry, "type") or "not-stated").lower()
        pmid, citation = text_at(entry, "pmid"), text_at(entry, "citation")
        if pmid is not None:
            draft.keep(f"pmid_{kind}", pmid)
        if citation is not None:
            draft.keep(f"reference_{kind}", citation)


__all__ = ["ADDRESS", "draft_of_study"]
