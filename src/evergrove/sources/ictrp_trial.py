"""A trial of the WHO's registry platform (ICTRP) as a record, from the names that its exports use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.bibliographic_values import partial_date
from evergrove.sources.draft import Draft, LeftOut, clean, year_in
from evergrove.sources.json_values import paired
from evergrove.sources.registration_numbers import find, find_in, registry_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAME = re.compile(r"[^a-z0-9]+")
_BREAK = re.compile(r"<\s*/?\s*(?:br|p)\s*/?\s*>", re.IGNORECASE)
_DAY_FIRST = re.compile(r"([0-3]?\d)/([01]?\d)/(\d{4})")
#: Names of an export -> name in `other`, as every registry's entry has it.
_NAMES = {
    "acronym": "acronym",
    "primary_sponsor": "sponsor",
    "recruitment_status": "status",
    "study_type": "study_type",
    "study_design": "study_design",
    "phase": "phase",
    "target_size": "enrolment",
    "inclusion_agemin": "minimum_age",
    "inclusion_agemax": "maximum_age",
    "inclusion_gender": "sex",
    "inclusion_criteria": "inclusion_criteria",
    "exclusion_criteria": "exclusion_criteria",
    "source_register": "source_register",
    "retrospective_flag": "registered_retrospectively",
    "results_yes_no": "has_results",
}
_DATES = {
    "date_enrollement": "start_date",
    "date_enrollment": "start_date",
    "results_date_posted": "results_posted",
    "results_date_completed": "completion_date",
    "last_refreshed_on": "last_update",
}
_LISTS = {
    "condition": "conditions",
    "intervention": "interventions",
    "primary_outcome": "primary_outcomes",
    "secondary_outcome": "secondary_outcomes",
    "countries": "countries",
}
#: Read into fields of their own.
_READ = frozenset(
    {"trialid", "public_title", "scientific_title", "web_address", "results_url_link", "other_records"}
    | {
        "date_registration",
        "date_registration3",
        "secondary_id",
        "secondary_ids",
        "bridged_type",
        "internal_number",
    }
)
#: Persons' addresses are of no use to a review.
_PRIVATE = "contact_"


def name_of(column: str) -> str:
    """Return a name of an export in one form: ``Date registration3`` and ``Date_registration3`` are the same.

    Examples
    --------
    >>> name_of("Date registration3"), name_of("Bridging_flag_truefalse "), name_of("Secondary ID(s)")
    ('date_registration3', 'bridging_flag_truefalse', 'secondary_id_s')
    """
    return _NAME.sub("_", column.lower()).strip("_")


def is_export(columns: Iterable[str]) -> bool:
    """Return whether these are columns of an export of the platform.

    Examples
    --------
    >>> is_export(["TrialID", "Last Refreshed on", "Public title", "Source Register"])
    True
    """
    names = {name_of(column) for column in columns}
    return "trialid" in names and len(names & {"public_title", "scientific_title", "source_register"}) > 1


def draft_of_trial(position: int, line: int | None, raw: str, cells: Mapping[str, str]) -> Draft | LeftOut:
    """Return the record of a trial.

    Parameters
    ----------
    position, line : int
    raw : str
    cells : mapping of str to str
        By column or tag.

    Returns
    -------
    Draft or LeftOut
        `LeftOut` where there is neither a number nor a title.
    """
    held = {name_of(column): text for column, text in cells.items() if text.strip()}
    number = clean(held.get("trialid", ""))
    title = clean(held.get("public_title", "")) or clean(held.get("scientific_title", ""))
    if not number and not title:
        reason = "neither TrialID nor a title is there; allowed: at least one"
        return LeftOut(position, line, reason, raw)
    draft = Draft(position, line, paired(raw), RecordKind.REGISTRY_ENTRY, title=title or None)
    draft.database = "WHO ICTRP"
    if number:
        draft.registrations += find(number) or (number,)
        draft.accessions["ictrp"] = number
    _other_numbers(draft, held)
    if scientific := clean(held.get("scientific_title", "")):
        draft.keep("official_title", scientific)
    draft.urls += [clean(held[name]) for name in ("web_address", "results_url_link") if name in held]
    _registered(draft, held)
    for name, text in held.items():
        _keep(draft, name, text)
    return draft


def _other_numbers(draft: Draft, held: Mapping[str, str]) -> None:
    """Read numbers of the same trial elsewhere: only where the export says that they are."""
    told = [text for name, text in held.items() if name.startswith(("secondary_id", "other_id", "bridged"))]
    draft.registrations += find_in(told)
    draft.keep("secondary_ids", [clean(text) for text in told])
    records = clean(held.get("other_records", ""))
    if records:
        draft.keep("other_records", records)
    for number in draft.registrations[:1]:
        if (registry := registry_of(number)) is not None:
            draft.keep("registry", registry)


def _registered(draft: Draft, held: Mapping[str, str]) -> None:
    for name in ("date_registration3", "date_registration"):
        told = clean(held.get(name, ""))
        if told:
            date = date_of(told)
            draft.keep("registration_date", date)
            draft.date, draft.year = date, year_in(date[:4]) or year_in(date)
            return


def date_of(told: str) -> str:
    """Return a date in digits, the day first where an export writes ``DD/MM/YYYY``; else as it came.

    Examples
    --------
    >>> date_of("20200214"), date_of("14/02/2020"), date_of("January 25, 2020"), date_of("soon")
    ('2020-02-14', '2020-02-14', '2020-01-25', 'soon')
    """
    found = _DAY_FIRST.fullmatch(told)
    if found is not None:
        day, month, year = found.groups()
        told = f"{year}-{int(month):02d}-{int(day):02d}"
    return partial_date(told) or told


def _keep(draft: Draft, name: str, text: str) -> None:
    if name in _READ or name.startswith((_PRIVATE, "secondary_id", "other_id", "bridged")):
        return
    if name in _LISTS:
        draft.keep(_LISTS[name], _parts(text))
    elif name in _DATES:
        draft.keep(_DATES[name], date_of(clean(text)))
    elif name == "results_yes_no":
        draft.keep("has_results", "yes" if clean(text).lower() in {"yes", "y", "true", "1"} else "no")
    else:
        draft.keep(_NAMES.get(name, name), clean(_BREAK.sub(" ", text)))


def _parts(text: str) -> list[str]:
    """Return the entries of a list, which an export separates by line breaks or semicolons."""
    lines = _BREAK.sub(";", text).split(";")
    return list(dict.fromkeys(entry for line in lines if (entry := clean(line))))


__all__ = ["date_of", "draft_of_trial", "is_export", "name_of"]
