"""Europe PMC's search answers in JSON, lite and core."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.bibliographic_values import partial_date
from evergrove.sources.draft import Draft, LeftOut, doi_in, year_in
from evergrove.sources.json_records import begins_as, drafts_of, without_tags
from evergrove.sources.json_values import inside, objects_at, paired, text_at, texts_at
from evergrove.sources.registration_numbers import find_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.json_records import Json, JsonRecord
    from evergrove.sources.opening import Opened

PATHS = (("resultList", "result"), ("result",))
_MARK = re.compile(r'(?<!\\)"(?:resultList|authorString|pubYear|firstPublicationDate)"\s*:')
_KINDS = {
    "preprint": RecordKind.PREPRINT,
    "book chapter": RecordKind.CHAPTER,
    "book": RecordKind.BOOK,
    "thesis": RecordKind.THESIS,
    "congress": RecordKind.CONFERENCE,
    "conference": RecordKind.CONFERENCE,
    "patent": RecordKind.OTHER,
}


def recognise(head: str) -> bool:
    """Return whether a file begins as an answer of Europe PMC does."""
    return begins_as(head, _MARK)


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the records of a file."""
    return drafts_of(opened, PATHS, _draft)


def _draft(item: JsonRecord) -> Draft | LeftOut:
    work = item.value
    draft = Draft(item.position, item.line, paired(item.raw))
    draft.title = without_tags(text_at(work, "title"))
    number, source = text_at(work, "id"), text_at(work, "source")
    if not draft.title and not number:
        return LeftOut(item.position, item.line, "neither id nor title; allowed: at least one", item.raw)
    draft.database = "Europe PMC"
    if number is not None:
        draft.accessions[f"europe-pmc-{source.lower()}" if source else "europe-pmc"] = number
        if source:
            draft.urls.append(f"https://europepmc.org/article/{source}/{number}")
    draft.doi = doi_in(text_at(work, "doi") or "")
    draft.pmid = _digits(text_at(work, "pmid")) or (_digits(number) if source == "MED" else None)
    draft.pmcid = text_at(work, "pmcid")
    draft.abstract = without_tags(text_at(work, "abstractText"))
    draft.language = text_at(work, "language")
    _published(draft, work)
    draft.authors = _authors(work)
    draft.types = [*texts_at(work, "pubTypeList", "pubType"), *_split(text_at(work, "pubType"))]
    draft.kind = _kind(draft.types, source)
    draft.keywords = texts_at(work, "keywordList", "keyword")
    headings = objects_at(work, "meshHeadingList", "meshHeading")
    draft.keep("mesh", [text for entry in headings if (text := _heading(entry))])
    draft.registrations = list(find_in([draft.title or "", draft.abstract or ""]))
    for entry in objects_at(work, "commentCorrectionList", "commentCorrection"):
        told = [text_at(entry, key) for key in ("type", "source", "id", "reference")]
        draft.keep("related", " ".join(part for part in told if part))
    return draft


def _heading(entry: Json) -> str:
    """Return a subject heading as PubMed writes it: ``Anxiety/*therapy``."""
    parts = [("descriptorName", entry)]
    parts += [("qualifierName", part) for part in objects_at(entry, "meshQualifierList", "meshQualifier")]
    return "/".join(
        ("*" if text_at(part, "majorTopic_YN") == "Y" else "") + name
        for key, part in parts
        if (name := text_at(part, key))
    )


def _published(draft: Draft, work: Json) -> None:
    info = inside(work, "journalInfo")
    draft.journal = (
        text_at(info, "journal", "title")
        or text_at(work, "journalTitle")
        or text_at(work, "bookOrReportDetails", "publisher")
    )
    draft.volume = text_at(work, "journalVolume") or text_at(info, "volume")
    draft.issue = text_at(work, "issue") or text_at(info, "issue")
    draft.pages = text_at(work, "pageInfo")
    told = [text_at(work, "firstPublicationDate"), text_at(info, "printPublicationDate")]
    year = text_at(work, "pubYear") or text_at(info, "yearOfPublication")
    draft.year = year_in(year) if year else None
    fitting = [date for date in told if date and (draft.year is None or year_in(date) == draft.year)]
    draft.date = (partial_date(fitting[0]) or fitting[0]) if fitting else None
    draft.year = draft.year or (year_in(draft.date) if draft.date else None)
    draft.issn = [
        *_split(text_at(work, "journalIssn")),
        *(serial for key in ("issn", "essn") if (serial := text_at(info, "journal", key))),
    ]


def _authors(work: Json) -> list[str]:
    names = []
    for author in objects_at(work, "authorList", "author"):
        family = text_at(author, "lastName")
        given = text_at(author, "firstName") or text_at(author, "initials")
        group = text_at(author, "collectiveName") or text_at(author, "fullName")
        name = f"{family}, {given}" if family and given else family or group
        if name:
            names.append(name)
    if names:
        return names
    told = (text_at(work, "authorString") or "").removesuffix(".")
    return [name for part in told.split(", ") if (name := part.strip())]


def _kind(types: list[str], source: str | None) -> RecordKind:
    if source == "PPR":
        return RecordKind.PREPRINT
    lower = " ".join(types).lower()
    for word, kind in _KINDS.items():
        if word in lower:
            return kind
    return RecordKind.ARTICLE if types or source in {"MED", "PMC"} else RecordKind.UNKNOWN


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(";") if part.strip()]


def _digits(text: str | None) -> str | None:
    return text if text is not None and text.isdecimal() else None
