"""The two sides of a link: registry entries and reports, with what is compared of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evergrove.model.record import Record, RecordKind
from evergrove.model.vocabulary import Term
from evergrove.records.trial_acronyms import acronyms_of, capitals_of
from evergrove.records.trial_numbers import number_key, numbers_in, numbers_of
from evergrove.records.trial_people import people_of, person_of
from evergrove.records.trial_texts import (
    first_of,
    phases_in,
    randomised_in,
    sizes_in,
    words_of,
    years_of,
)
from evergrove.sources.draft import doi_in

if TYPE_CHECKING:
    from collections.abc import Iterable

_REVIEW = re.compile(
    r"systematic(?:ally)? review|meta-?analy[sz]es|meta-?analysis|scoping review|umbrella review"
)
_PROTOCOL = re.compile(
    r"(?:study|trial) protocol|protocol (?:for|of) (?:a|an|the)\b|rationale and design|design and rationale"
    r"|statistical analysis plan|structured summary of a study protocol"
)
_OTHER = re.compile(r"\b(?:editorial|comment|erratum|correction|retraction|reply)\b")
_REGISTRY = re.compile(
    r"trial registry record|clinicaltrials\.gov/|trialsearch|apps\.who\.int/trial|isrctn\.com/|chictr\.org"
)
_SPECIES = (
    "rats?|mouse|mice|murine|rodents?|sheep|ovine|porcine|pigs?|rabbits?|canine|dogs?|animals?|primates?"
)
_ANIMAL = re.compile(
    rf"\b(?:{_SPECIES}) models?\b|\bin (?:an? )?(?:[a-z-]+ )?(?:rats|mice|sheep|pigs|rabbits|dogs)\b"
)
_ABOUT = re.compile(r"(?:comment on|re:|erratum|correction|retraction)")
#: What stands in the names of bodies and offices that are given as investigators.
_BODY = re.compile(
    r"\b(?:university|hospital|cent(?:er|re)|inc|gmbh|ltd|corp|company|pharma\w*|squibb|medical|director|monitor|"
    r"institute|department|clinical|research|study|trials?|call|sponsor|contact|officer|team|foundation|college|"
    r"therapeutics|biotech\w*|laborator\w+|ag|sa|affairs|group|network)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(r"\b(?:MD|M\.D\.|PhD|Prof|Dr)\b|^[A-Z][a-z]+ (?:[A-Z]\.? ?)?[A-Z][a-z]+$")
_WHOLE = re.compile(r"\d+")


class Nature(Term):
    """What a report tells of a trial, as its title and publication types say."""

    RESULTS = "results-or-not-said"
    PROTOCOL = "protocol"
    REVIEW = "review-of-several-trials"
    #: A registry's entry as a bibliographic database (CENTRAL) relays it.
    REGISTRATION = "relayed-registry-entry"
    COMMENT = "comment-or-correction"
    #: PubMed derives links from grant and trial numbers, which papers on animals give too.
    ANIMAL = "study-in-animals"


@dataclass(frozen=True, slots=True)
class Entry:
    """All that registries say under one number; several records may hold it.

    Parameters
    ----------
    number : str
        In one form; ``entry:<record id>`` where a record has none.
    records : tuple of str
        Ids of the records.
    title : str or None
    words : tuple of frozenset of str
        Of each of its titles.
    named : dict of str to str
        Other numbers that the entry gives for the same trial -> where.
    former : frozenset of str
        Numbers that the same registry had given it before.
    people : frozenset of str
        Family names of investigators with the first initial.
    acronyms : tuple of frozenset of str
        The words of each, in capitals.
    capitals : frozenset of str
        Words of its titles that can be of an acronym.
    sponsor : frozenset of str
        Words of the sponsor's name.
    registered, start, end : float or None
        In years; ``end`` is primary completion, else completion.
    size : int or None
    interventions : tuple of frozenset of str
    subject : str
        The words of its conditions, keywords, interventions, arms, outcomes and summary, each between spaces.
    randomised : bool or None
    phases : frozenset of int
    references : dict of str to str
        ``pmid:…`` or ``doi:…`` -> the kind that the registry gives the reference.
    facts : dict of str to str
        Dates and status as the registry writes them, for the list of unpublished trials.
    """

    number: str
    records: tuple[str, ...]
    title: str | None
    words: tuple[frozenset[str], ...]
    named: dict[str, str]
    former: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    acronyms: tuple[frozenset[str], ...] = ()
    capitals: frozenset[str] = frozenset()
    sponsor: frozenset[str] = frozenset()
    registered: float | None = None
    start: float | None = None
    end: float | None = None
    size: int | None = None
    interventions: tuple[frozenset[str], ...] = ()
    subject: str = ""
    randomised: bool | None = None
    phases: frozenset[int] = frozenset()
    references: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def all_words(self) -> frozenset[str]:
        """The words of all titles."""
        return frozenset().union(*self.words)


@dataclass(frozen=True, slots=True)
class Report:
    """One publication: its records together.

    Parameters
    ----------
    id : str
        Of its first record.
    records : tuple of str
    title : str or None
    words : frozenset of str
    capitals : frozenset of str
        Words of the title that can be an acronym.
    numbers : dict of str to str
        Registration numbers -> where each stands.
    authors : tuple of str
        Family names with the first initial, in their order.
    year : int or None
    sizes, phases : frozenset of int
    randomised : bool or None
    keys : frozenset of str
        ``pmid:…`` and ``doi:…``.
    nature : Nature
    """

    id: str
    records: tuple[str, ...]
    title: str | None
    words: frozenset[str]
    capitals: frozenset[str] = frozenset()
    numbers: dict[str, str] = field(default_factory=dict)
    authors: tuple[str, ...] = ()
    year: int | None = None
    sizes: frozenset[int] = frozenset()
    phases: frozenset[int] = frozenset()
    randomised: bool | None = None
    keys: frozenset[str] = frozenset()
    nature: Nature = Nature.RESULTS


def entry_of(records: Iterable[Record]) -> Entry:
    """Return what registries say under one number.

    Parameters
    ----------
    records : iterable of Record
        Registry entries of one number; a fact is taken from the first that has it.
    """
    held = sorted(records, key=lambda record: -len(record.other))
    other: dict[str, tuple[str, ...]] = {}
    for record in held:
        for name, values in record.other.items():
            other.setdefault(name, values)
    first = held[0]
    number = entry_number(first)
    former = frozenset(number_key(text) for text in other.get("former_ids", ())) - {number}
    named: dict[str, str] = {}
    for record in held:
        for text in (*record.registrations[1:], *record.other.get("secondary_ids", ())):
            named |= dict.fromkeys(numbers_in(text), "its secondary numbers")
    titles = [record.title for record in held if record.title] + list(other.get("official_title", ()))
    text = " ".join([*titles, *other.get("study_design", ()), *other.get("allocation", ())])
    size = _WHOLE.fullmatch((first_of(other.get("enrolment", ())) or "").strip())
    return Entry(
        number,
        tuple(record.id for record in held),
        first_of(titles),
        tuple(dict.fromkeys(words_of(title) for title in titles)),
        {name: where for name, where in named.items() if name != number},
        former,
        _people(other),
        acronyms_of(other.get("acronym", ()), titles),
        capitals_of(" ".join(titles)),
        words_of(" ".join(other.get("sponsor", ()))),
        years_of(first.date),
        years_of(first_of(other.get("start_date", ()))),
        years_of(first_of((*other.get("primary_completion_date", ()), *other.get("completion_date", ())))),
        int(size.group()) if size else None,
        tuple(
            words for name in other.get("interventions", ()) if (words := words_of(name.split(":", 1)[-1]))
        ),
        _subject(held, other),
        _allocated(other, text),
        phases_in(" ".join(_phrases(other.get("phase", ())))),
        _references(other),
        {name: told[0] for name in _FACTS if (told := other.get(name))} | _address(first),
    )


_FACTS = (
    "status",
    "registration_date",
    "start_date",
    "primary_completion_date",
    "primary_completion_date_type",
    "completion_date",
    "completion_date_type",
    "results_posted",
    "has_results",
    "enrolment",
    "enrolment_type",
    "sponsor",
    "study_type",
    "why_stopped",
    "last_update",
)


def _address(record: Record) -> dict[str, str]:
    return {"address": record.urls[0]} if record.urls else {}


def entry_number(record: Record) -> str:
    """Return the number of a registry entry in one form, or its record's id where it has none."""
    return number_key(record.registrations[0]) if record.registrations else f"entry:{record.id}"


def _people(other: dict[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the persons among those whom an entry names: companies and offices are none."""
    names = [*other.get("investigators", ()), *other.get("responsible_investigator", ())]
    names += [name for name in other.get("sponsor", ()) if _PERSON.search(name) and len(name.split()) < 5]
    return frozenset().union(
        *(
            people_of(name)
            for name in names
            if " " in name.strip() and _BODY.search(name.partition(",")[0]) is None
        )
    )


#: Fields in which an entry says what it is about, beside its titles.
_SUBJECT = (
    "conditions",
    "interventions",
    "intervention_descriptions",
    "arms",
    "primary_outcomes",
    "secondary_outcomes",
    "other_outcomes",
)


def _subject(records: list[Record], other: dict[str, tuple[str, ...]]) -> str:
    texts = [text for name in (*_SUBJECT, "official_title") for text in other.get(name, ())]
    for record in records:
        texts += [*record.keywords, record.abstract or "", record.title or ""]
    return f" {' '.join(words_of(' '.join(texts)))} "


def _phrases(phases: Iterable[str]) -> list[str]:
    return [text if "phase" in text.lower() else f"phase {text}" for text in phases]


def _allocated(other: dict[str, tuple[str, ...]], text: str) -> bool | None:
    allocation = (first_of(other.get("allocation", ())) or "").upper()
    if allocation == "RANDOMIZED":
        return True
    if allocation or "OBSERVATIONAL" in " ".join(other.get("study_type", ())).upper():
        return False
    return randomised_in(text)


def _references(other: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the publications that an entry names; a kind that says more goes before one that says less."""
    found: dict[str, str] = {}
    for name, values in other.items():
        what, sign, kind = name.partition("_")
        if not sign or what not in {"pmid", "reference"}:
            continue
        for value in values:
            doi = doi_in(value) if what == "reference" else None
            key = f"pmid:{value.strip()}" if what == "pmid" else f"doi:{doi}" if doi else None
            if key is not None and (key not in found or found[key] == "background"):
                found[key] = kind
    return found


def report_of(records: Iterable[Record]) -> Report:
    """Return one publication from its records; a fact is taken from the first that has it.

    Parameters
    ----------
    records : iterable of Record
    """
    held = tuple(records)
    title = first_of(record.title for record in held if record.title)
    abstract = first_of(record.abstract for record in held if record.abstract)
    authors = next((record.authors for record in held if record.authors), ())
    numbers: dict[str, str] = {}
    for record in held:
        for number, place in numbers_of(record).items():
            numbers.setdefault(number, place)
    text = f"{title or ''}. {abstract or ''}"
    types = " ".join(word for record in held for word in (*record.types, record.journal or ""))
    return Report(
        held[0].id,
        tuple(record.id for record in held),
        title,
        words_of(title or ""),
        capitals_of(title or ""),
        numbers,
        tuple(person for name in authors if (person := person_of(name))),
        next((record.year for record in held if record.year is not None), None),
        sizes_in(text),
        phases_in(text),
        randomised_in(text),
        frozenset(keys_of(held)),
        nature_of(title or "", types),
    )


def keys_of(records: Iterable[Record]) -> list[str]:
    """Return the PubMed numbers and DOIs of records as keys."""
    keys = [f"pmid:{record.pmid}" for record in records if record.pmid]
    return keys + [f"doi:{record.doi.lower()}" for record in records if record.doi]


def nature_of(title: str, types: str) -> Nature:
    """Return what a report tells of a trial.

    Parameters
    ----------
    title : str
    types : str
        Its publication types and journal: CENTRAL gives a registry's address for a journal.

    Examples
    --------
    >>> nature_of("Cells in ARDS: study protocol for a randomised trial", "").value
    'protocol'
    >>> nature_of("Cells reduce lung injury in a sheep model", "").value
    'study-in-animals'
    >>> nature_of("Cells in ARDS: a systematic review", "").value, nature_of("Cells in ARDS", "").value
    ('review-of-several-trials', 'results-or-not-said')
    """
    title, types = title.lower(), types.lower()
    if _REGISTRY.search(types):
        return Nature.REGISTRATION
    if _REVIEW.search(title) or _REVIEW.search(types):
        return Nature.REVIEW
    if _PROTOCOL.search(title) or "clinical trial protocol" in types:
        return Nature.PROTOCOL
    if (types and _OTHER.search(types)) or _ABOUT.match(title):
        return Nature.COMMENT
    if _ANIMAL.search(title):
        return Nature.ANIMAL
    return Nature.RESULTS


def is_entry(record: Record) -> bool:
    """Return whether a record is a registry entry."""
    return record.kind is RecordKind.REGISTRY_ENTRY
