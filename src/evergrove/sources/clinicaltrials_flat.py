"""A study given as lists of values (study_fields), joined to the second form as far as that is sure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from evergrove.sources.clinicaltrials_names import field_name, worded
from evergrove.sources.json_values import texts_at

if TYPE_CHECKING:
    from evergrove.sources.json_records import Json

#: Mark of an outcome whose numbers are there, but cannot be told from those of others.
NOT_JOINED = "numbersNotJoined"
#: Place in the second form -> field, for single values.
_SINGLE: dict[tuple[str, ...], str] = {
    ("identificationModule", "nctId"): "NCTId",
    ("identificationModule", "briefTitle"): "BriefTitle",
    ("identificationModule", "officialTitle"): "OfficialTitle",
    ("identificationModule", "acronym"): "Acronym",
    ("identificationModule", "orgStudyIdInfo", "id"): "OrgStudyId",
    ("identificationModule", "organization", "fullName"): "OrgFullName",
    ("statusModule", "overallStatus"): "OverallStatus",
    ("statusModule", "whyStopped"): "WhyStopped",
    ("statusModule", "studyFirstSubmitDate"): "StudyFirstSubmitDate",
    ("statusModule", "statusVerifiedDate"): "StatusVerifiedDate",
    ("sponsorCollaboratorsModule", "leadSponsor", "name"): "LeadSponsorName",
    ("sponsorCollaboratorsModule", "leadSponsor", "class"): "LeadSponsorClass",
    ("descriptionModule", "briefSummary"): "BriefSummary",
    ("designModule", "studyType"): "StudyType",
    ("designModule", "designInfo", "allocation"): "DesignAllocation",
    ("designModule", "designInfo", "interventionModel"): "DesignInterventionModel",
    ("designModule", "designInfo", "primaryPurpose"): "DesignPrimaryPurpose",
    ("designModule", "designInfo", "maskingInfo", "masking"): "DesignMasking",
    ("designModule", "enrollmentInfo", "count"): "EnrollmentCount",
    ("designModule", "enrollmentInfo", "type"): "EnrollmentType",
    ("eligibilityModule", "eligibilityCriteria"): "EligibilityCriteria",
    ("eligibilityModule", "sex"): "Gender",
    ("eligibilityModule", "minimumAge"): "MinimumAge",
    ("eligibilityModule", "maximumAge"): "MaximumAge",
    (
        "sponsorCollaboratorsModule",
        "responsibleParty",
        "investigatorFullName",
    ): "ResponsiblePartyInvestigatorFullName",
    **{
        ("statusModule", f"{struct}Struct", field): f"{name}{suffix}"
        for struct, name in (
            ("startDate", "StartDate"),
            ("primaryCompletionDate", "PrimaryCompletionDate"),
            ("completionDate", "CompletionDate"),
            ("studyFirstPostDate", "StudyFirstPostDate"),
            ("resultsFirstPostDate", "ResultsFirstPostDate"),
            ("lastUpdatePostDate", "LastUpdatePostDate"),
        )
        for field, suffix in (("date", ""), ("type", "Type"))
    },
}
_LISTED: dict[tuple[str, ...], str] = {
    ("designModule", "phases"): "Phase",
    ("conditionsModule", "conditions"): "Condition",
    ("conditionsModule", "keywords"): "Keyword",
    ("identificationModule", "nctIdAliases"): "NCTIdAlias",
}
#: Place of an array of things -> their field that is always there, then those that may be missing.
_THINGS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("identificationModule", "secondaryIdInfos"): ("SecondaryId", "SecondaryIdType", "SecondaryIdDomain"),
    ("sponsorCollaboratorsModule", "collaborators"): ("CollaboratorName",),
    ("armsInterventionsModule", "armGroups"): ("ArmGroupLabel", "ArmGroupType", "ArmGroupDescription"),
    ("armsInterventionsModule", "interventions"): (
        "InterventionName", "InterventionType", "InterventionDescription",
    ),
    ("outcomesModule", "primaryOutcomes"): ("PrimaryOutcomeMeasure", "PrimaryOutcomeTimeFrame"),
    ("outcomesModule", "secondaryOutcomes"): ("SecondaryOutcomeMeasure", "SecondaryOutcomeTimeFrame"),
    ("outcomesModule", "otherOutcomes"): ("OtherOutcomeMeasure", "OtherOutcomeTimeFrame"),
    ("contactsLocationsModule", "overallOfficials"): ("OverallOfficialName",),
    ("contactsLocationsModule", "locations"): ("LocationCountry",),
}  # fmt: skip


#: Kinds of numbers for which the registry wants a dispersion, and those of dispersion that are two limits.
_WITH_DISPERSION = frozenset(
    {"MEAN", "MEDIAN", "LEAST_SQUARES_MEAN", "GEOMETRIC_MEAN", "GEOMETRIC_LEAST_SQUARES_MEAN", "LOG_MEAN"}
)
_LIMITS = re.compile("range|interval", re.IGNORECASE)


def joined(flat: Json) -> Json:
    """Return a study in the form of the second interface.

    Parameters
    ----------
    flat : dict
        Field -> list of its values.

    Examples
    --------
    >>> joined({"NCTId": ["NCT00000001"], "Phase": ["Phase 2"]})["protocolSection"]["designModule"]
    {'phases': ['PHASE2']}
    """
    protocol: Json = {}
    for place, name in _SINGLE.items():
        values = _values(flat, name)
        if len(values) == 1:
            _put(protocol, place, values[0])
    for place, name in _LISTED.items():
        if values := _values(flat, name):
            _put(protocol, place, values)
    for place, names in _THINGS.items():
        if things := _zipped(flat, names):
            _put(protocol, place, things)
    if references := _references(flat):
        _put(protocol, ("referencesModule", "references"), references)
    study: Json = {"protocolSection": protocol}
    if results := _results(flat):
        study |= {"resultsSection": results, "hasResults": True}
    elif "ResultsFirstPostDate" in flat:
        study["hasResults"] = bool(_values(flat, "ResultsFirstPostDate"))
    return study


def _values(flat: Json, name: str) -> list[Any]:
    return [worded(name, value) for value in texts_at(flat, name)]


def _put(node: Json, place: tuple[str, ...], value: object) -> None:
    for key in place[:-1]:
        node = node.setdefault(key, {})
    node[place[-1]] = value


def _zipped(flat: Json, names: tuple[str, ...]) -> list[Json]:
    """Join fields of one thing; one with fewer values than there are things belongs to nobody knows which."""
    lists = {name: _values(flat, name) for name in names}
    count = len(lists[names[0]])
    whole = {field_name(name): values for name, values in lists.items() if len(values) == count}
    return [{field: values[index] for field, values in whole.items()} for index in range(count)]


def _references(flat: Json) -> list[Json]:
    """Join references by their citation; PubMed numbers that fit no citation stand alone, without a kind."""
    numbers, kinds = _values(flat, "ReferencePMID"), _values(flat, "ReferenceType")
    citations = _values(flat, "ReferenceCitation")
    entries: list[Json] = [{"citation": citation} for citation in citations]
    if len(kinds) == len(citations):
        for entry, kind in zip(entries, kinds, strict=True):
            entry["type"] = kind
    if len(numbers) == len(citations):
        for entry, number in zip(entries, numbers, strict=True):
            entry["pmid"] = number
        return entries
    return entries + [{"pmid": number} for number in numbers]


def _results(flat: Json) -> Json:
    results: Json = {}
    if outcomes := _outcomes(flat):
        results["outcomeMeasuresModule"] = {"outcomeMeasures": outcomes}
    groups = _zipped(
        flat,
        (
            "EventGroupId", "EventGroupTitle", "EventGroupDescription", "EventGroupDeathsNumAffected",
            "EventGroupDeathsNumAtRisk", "EventGroupSeriousNumAffected", "EventGroupSeriousNumAtRisk",
            "EventGroupOtherNumAffected", "EventGroupOtherNumAtRisk",
        ),
    )  # fmt: skip
    if groups:
        events: Json = {"eventGroups": groups}
        for name in ("EventsTimeFrame", "EventsFrequencyThreshold", "EventsDescription"):
            if len(values := _values(flat, name)) == 1:
                events[field_name(name)] = values[0]
        ids = [group["id"] for group in groups]
        events["seriousEvents"] = _events(flat, "SeriousEvent", ids)
        events["otherEvents"] = _events(flat, "OtherEvent", ids)
        results["adverseEventsModule"] = events
    return results


def _events(flat: Json, name: str, ids: list[str]) -> list[Json]:
    """Join the adverse events with their numbers by group, where every event has every group."""
    events = _zipped(flat, (f"{name}Term", f"{name}OrganSystem"))
    stats = _zipped(
        flat,
        (f"{name}StatsGroupId", f"{name}StatsNumAffected", f"{name}StatsNumAtRisk", f"{name}StatsNumEvents"),
    )
    if [stat["groupId"] for stat in stats] != ids * len(events):
        return events
    for index, event in enumerate(events):
        event["stats"] = stats[index * len(ids) : (index + 1) * len(ids)]
    return events


def _outcomes(flat: Json) -> list[Json]:
    """Join the outcomes; their numbers only where each has one row of them, one for each group."""
    outcomes = _zipped(
        flat,
        (
            "OutcomeMeasureTitle", "OutcomeMeasureType", "OutcomeMeasureTimeFrame",
            "OutcomeMeasureDescription",
            "OutcomeMeasurePopulationDescription", "OutcomeMeasureReportingStatus", "OutcomeMeasureParamType",
            "OutcomeMeasureDispersionType", "OutcomeMeasureUnitOfMeasure",
        ),
    )  # fmt: skip
    posted = bool(_values(flat, "OutcomeMeasurementValue"))
    if posted and not _with_numbers(flat, outcomes):
        for outcome in outcomes:
            outcome[NOT_JOINED] = outcome.get("reportingStatus") != "NOT_POSTED"
    return outcomes


def _with_numbers(flat: Json, outcomes: list[Json]) -> bool:
    """Put groups, denominators and numbers into the outcomes where that is sure; return whether all are."""
    groups = _runs(_zipped(flat, ("OutcomeGroupId", "OutcomeGroupTitle", "OutcomeGroupDescription")), "id")
    if len(groups) != len(outcomes):
        return False
    for outcome, held in zip(outcomes, groups, strict=True):
        outcome["groups"] = held
    ids = [[group["id"] for group in held] for held in groups]
    counts = _runs(_zipped(flat, ("OutcomeDenomCountGroupId", "OutcomeDenomCountValue")), "groupId")
    units = _values(flat, "OutcomeDenomUnits")
    if [[count["groupId"] for count in held] for held in counts] == ids and len(units) == len(outcomes):
        for outcome, held, unit in zip(outcomes, counts, units, strict=True):
            outcome["denoms"] = [{"units": unit, "counts": held}]
    rows = _runs(
        _zipped(
            flat,
            (
                "OutcomeMeasurementGroupId", "OutcomeMeasurementValue", "OutcomeMeasurementSpread",
                "OutcomeMeasurementLowerLimit", "OutcomeMeasurementUpperLimit",
            ),
        ),
        "groupId",
    )  # fmt: skip
    plain = not _values(flat, "OutcomeClassTitle") and not _values(flat, "OutcomeCategoryTitle")
    if not plain or [[row["groupId"] for row in held] for held in rows] != ids:
        return False
    for outcome, held in zip(outcomes, rows, strict=True):
        outcome["classes"] = [{"categories": [{"measurements": held}]}]
    _with_dispersion(flat, outcomes, rows)
    return True


def _with_dispersion(flat: Json, outcomes: list[Json], rows: list[list[Json]]) -> None:
    """Put spreads and limits into the rows of the outcomes that must have them, where no other can have any.

    The registry wants a dispersion for every mean and median and takes none for a count; a plain number may
    have one. Where there are exactly as many kinds of dispersion as means and medians, each has one and no
    plain number has; where then the spreads and the limits are as many as rows of such outcomes, it is known
    whose they are. A value outside its limits shows that it was not so.
    """
    kinds = _values(flat, "OutcomeMeasureDispersionType")
    needing = [
        place for place, outcome in enumerate(outcomes) if outcome.get("paramType") in _WITH_DISPERSION
    ]
    if len(kinds) != len(needing):
        return
    limited = [_LIMITS.search(kind) is not None for kind in kinds]
    spread = [row for place, has in zip(needing, limited, strict=True) if not has for row in rows[place]]
    within = [row for place, has in zip(needing, limited, strict=True) if has for row in rows[place]]
    spreads = _values(flat, "OutcomeMeasurementSpread")
    lower, upper = (_values(flat, f"OutcomeMeasurement{name}Limit") for name in ("Lower", "Upper"))
    fits = len(spreads) == len(spread) and len(lower) == len(upper) == len(within)
    if not fits or not all(map(_between, lower, (row.get("value") for row in within), upper)):
        return
    for place, kind in zip(needing, kinds, strict=True):
        outcomes[place]["dispersionType"] = kind
    for row, value in zip(spread, spreads, strict=True):
        row["spread"] = value
    for row, low, high in zip(within, lower, upper, strict=True):
        row |= {"lowerLimit": low, "upperLimit": high}


def _between(low: str, value: str | None, high: str) -> bool:
    """Return whether a value lies within its limits, as far as all of them are numbers."""
    try:
        return float(low) <= float(value or "nan") <= float(high)
    except ValueError:  # "NA": not reached
        return True


def _runs(things: list[Json], key: str) -> list[list[Json]]:
    """Cut a list where its group ids begin anew."""
    runs: list[list[Json]] = []
    last = ""
    for thing in things:
        if not runs or str(thing.get(key, "")) <= last:
            runs.append([])
        last = str(thing.get(key, ""))
        runs[-1].append(thing)
    return runs


__all__ = ["NOT_JOINED", "joined"]
