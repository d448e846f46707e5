"""Studies of ClinicalTrials.gov's first interface, in the form and with the words of the second.

The first interface gave every field a name of its own (``OutcomeMeasurementValue``) and wrapped every array
(``OutcomeMeasurementList``); the second names a field by its place (``measurements[].value``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from evergrove.sources.bibliographic_values import partial_date
from evergrove.sources.json_values import inside

if TYPE_CHECKING:
    from evergrove.sources.json_records import Json

#: What a list is called in the second form, where it is not its own name in the plural.
_LISTS = {
    "ArmGroupInterventionList": "interventionNames",
    "InterventionArmGroupLabelList": "armGroupLabels",
    "InterventionOtherNameList": "otherNames",
    "DesignWhoMaskedList": "whoMasked",
    "OutcomeMeasureList": "outcomeMeasures",
    "OutcomeGroupList": "groups",
    "OutcomeDenomList": "denoms",
    "OutcomeDenomCountList": "counts",
    "OutcomeClassList": "classes",
    "OutcomeClassDenomList": "denoms",
    "OutcomeClassDenomCountList": "counts",
    "OutcomeCategoryList": "categories",
    "OutcomeMeasurementList": "measurements",
    "OutcomeAnalysisList": "analyses",
    "OutcomeAnalysisGroupIdList": "groupIds",
    "SeriousEventStatsList": "stats",
    "OtherEventStatsList": "stats",
    "NCTIdAliasList": "nctIdAliases",
}
#: Beginnings that a field's name loses, because its place says them; the longest that fits.
_BEGINNINGS = sorted(
    (
        "ArmGroup", "Intervention", "OutcomeMeasure", "OutcomeMeasurement", "OutcomeGroup",
        "OutcomeDenomCount", "OutcomeDenom", "OutcomeClassDenomCount", "OutcomeClassDenom", "OutcomeClass",
        "OutcomeCategory",
        "OutcomeAnalysis", "EventGroup", "SeriousEventStats", "OtherEventStats", "SeriousEvent", "OtherEvent",
        "PrimaryOutcome", "SecondaryOutcome", "OtherOutcome", "Reference", "Collaborator", "LeadSponsor",
        "Enrollment", "OverallOfficial", "Location", "Org", "SeeAlsoLink",
    ),
    key=len,
    reverse=True,
)  # fmt: skip
#: Fields whose name in the second form follows no rule.
_FIELDS = {
    "NCTId": "nctId",
    "OrgStudyId": "id",
    "SecondaryId": "id",
    "SecondaryIdType": "type",
    "SecondaryIdDomain": "domain",
    "Gender": "sex",
    "OverallStatus": "overallStatus",
    "DesignAllocation": "allocation",
    "DesignInterventionModel": "interventionModel",
    "DesignInterventionModelDescription": "interventionModelDescription",
    "DesignPrimaryPurpose": "primaryPurpose",
    "DesignMaskingInfo": "maskingInfo",
    "DesignMasking": "masking",
    "DesignMaskingDescription": "maskingDescription",
    "EventsTimeFrame": "timeFrame",
    "EventsFrequencyThreshold": "frequencyThreshold",
    "EventsDescription": "description",
    "OrgStudyIdInfo": "orgStudyIdInfo",
    "EnrollmentInfo": "enrollmentInfo",
    "ResponsiblePartyInvestigatorFullName": "investigatorFullName",
}
#: Fields with words from a list, which the second form writes in capitals.
_WORDS = re.compile(
    r"^(?:OverallStatus|StudyType|DesignAllocation|DesignInterventionModel|DesignPrimaryPurpose"
    r"|DesignMasking|EnrollmentType|ArmGroupType|InterventionType|OutcomeMeasureType|OutcomeMeasureReportingStatus|OutcomeMeasureParamType|LeadSponsorClass"
    r"|OutcomeAnalysisDispersionType|OutcomeAnalysisCINumSides|ReferenceType|Gender|[A-Za-z]+DateType)$"
)
#: What the first form adds to some words: "None (Open Label)", "Parallel Assignment", "Unknown status".
_APPENDED = re.compile(r"\s*(?:[(\[].*[)\]]|(?<=.) ASSIGNMENT|(?<=UNKNOWN) STATUS)$")
_CAPITALS = re.compile(r"^[A-Z]+(?=[A-Z][a-z]|$|\d)")


def second_form(value: Json) -> Json:
    """Return a study of the first interface in the form of the second.

    Parameters
    ----------
    value : dict
        A study, as it stands in an array of them or alone.

    Examples
    --------
    >>> second_form({"Study": {"ProtocolSection": {"IdentificationModule": {"NCTId": "NCT00000001"}}}})
    {'protocolSection': {'identificationModule': {'nctId': 'NCT00000001'}}}
    """
    for wrapper in ("FullStudiesResponse", "FullStudy", "Study"):
        if isinstance(within := inside(value, wrapper), dict):
            value = within
    return _object(value)


def _object(node: Json) -> Json:
    shaped: Json = {}
    for name, value in node.items():
        if name.endswith("List") and isinstance(value, dict) and len(value) == 1:
            ((inner, items),) = value.items()
            shaped[_LISTS.get(name) or plural(name.removesuffix("List"))] = _items(inner, items)
        elif isinstance(value, dict):
            shaped[_FIELDS.get(name) or _lower(name)] = _object(value)
        else:
            shaped[field_name(name)] = worded(name, value)
    return shaped


def _items(name: str, items: object) -> list[Any]:
    held = items if isinstance(items, list) else [items]
    return [_object(item) if isinstance(item, dict) else worded(name, item) for item in held]


def plural(name: str) -> str:
    """Return what the second form calls an array of things of this name.

    Examples
    --------
    >>> plural("Phase"), plural("SecondaryIdInfo"), plural("Gadget")
    ('phases', 'secondaryIdInfos', 'gadgets')
    """
    return f"{_lower(name)}s"


def field_name(name: str) -> str:
    """Return what the second form calls a field.

    Examples
    --------
    >>> field_name("OutcomeMeasurementValue"), field_name("ReferencePMID"), field_name("StartDateType")
    ('value', 'pmid', 'type')
    >>> field_name("OutcomeAnalysisCILowerLimit"), field_name("StudyFirstSubmitDate"), field_name("StartDate")
    ('ciLowerLimit', 'studyFirstSubmitDate', 'date')
    """
    if name in _FIELDS:
        return _FIELDS[name]
    if name.endswith("DateType"):
        return "type"
    if name.endswith("Date") and not name.endswith(("SubmitDate", "QCDate", "VerifiedDate")):
        return "date"
    for beginning in _BEGINNINGS:
        if name.startswith(beginning) and name[len(beginning) : len(beginning) + 1].isupper():
            return _lower(name[len(beginning) :])
    return _lower(name)


def _lower(name: str) -> str:
    """Return a name that begins in lower case, an abbreviation at its beginning wholly so."""
    found = _CAPITALS.match(name)
    if found is not None and len(found.group()) > 1:
        return found.group().lower() + name[found.end() :]
    return name[:1].lower() + name[1:]


def worded(name: str, value: object) -> object:
    """Return a value as the second form writes it: words of lists in capitals, dates in digits.

    Examples
    --------
    >>> worded("OverallStatus", "Not yet recruiting"), worded("StartDate", "April 25, 2020")
    ('NOT_YET_RECRUITING', '2020-04-25')
    >>> worded("DesignMasking", "None (Open Label)"), worded("DesignInterventionModel", "Parallel Assignment")
    ('NONE', 'PARALLEL')
    >>> worded("Phase", "Not Applicable"), worded("Phase", "Early Phase 1"), worded("Phase", "Phase 2")
    ('NA', 'EARLY_PHASE1', 'PHASE2')
    """
    if not isinstance(value, str):
        return value
    if name == "Phase":
        return (
            "NA" if value == "Not Applicable" else value.upper().replace("PHASE ", "PHASE").replace(" ", "_")
        )
    if _WORDS.match(name):
        word = _APPENDED.sub("", value.upper()).replace("/", "")
        word = re.sub(r"[^A-Z0-9]+", "_", word).strip("_")
        return "ESTIMATED" if word in {"ANTICIPATED", "ESTIMATE"} else word
    if name.endswith("Date"):
        return partial_date(value) or value
    return value


__all__ = ["field_name", "plural", "second_form", "worded"]
