"""OpenAlex's works in JSON: one work, an answer with many, or an array; abstracts put back in order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.draft import Draft, LeftOut, doi_in, year_in
from evergrove.sources.json_records import begins_as, drafts_of, without_tags
from evergrove.sources.json_values import as_text, inside, objects_at, paired, text_at, texts_at
from evergrove.sources.registration_numbers import find_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.json_records import Json, JsonRecord
    from evergrove.sources.opening import Opened

PATHS = (("results",),)
#: Words of an abstract at most; a place beyond is no place in an abstract.
LONGEST_ABSTRACT = 100_000
_MARK = re.compile(
    r'(?<!\\)"(?:abstract_inverted_index|authorships|referenced_works)"\s*:|(?<!\\)"https://openalex\.org/W\d+"'
)
_NUMBER = re.compile(r"(\d+)/?$")
_KINDS = {
    "article": RecordKind.ARTICLE,
    "review": RecordKind.ARTICLE,
    "letter": RecordKind.ARTICLE,
    "editorial": RecordKind.ARTICLE,
    "erratum": RecordKind.ARTICLE,
    "preprint": RecordKind.PREPRINT,
    "book": RecordKind.BOOK,
    "book-chapter": RecordKind.CHAPTER,
    "dissertation": RecordKind.THESIS,
    "report": RecordKind.REPORT,
    "dataset": RecordKind.DATASET,
}


def recognise(head: str) -> bool:
    """Return whether a file begins as works of OpenAlex do."""
    return begins_as(head, _MARK)


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the works of a file."""
    return drafts_of(opened, PATHS, _draft)


def _draft(item: JsonRecord) -> Draft | LeftOut:
    work = item.value
    draft = Draft(item.position, item.line, paired(item.raw))
    draft.title = without_tags(text_at(work, "title") or text_at(work, "display_name"))
    number = text_at(work, "id") or text_at(work, "ids", "openalex")
    if not draft.title and not number:
        return LeftOut(item.position, item.line, "neither id nor title; allowed: at least one", item.raw)
    draft.database = "OpenAlex"
    if number:
        draft.accessions["openalex"] = number.rsplit("/", 1)[-1]
        draft.urls.append(number)
    draft.doi = doi_in(text_at(work, "doi") or text_at(work, "ids", "doi") or "")
    draft.pmid = _last_number(text_at(work, "ids", "pmid"))
    pmc = _last_number(text_at(work, "ids", "pmcid"))
    draft.pmcid = f"PMC{pmc}" if pmc else None
    year = text_at(work, "publication_year")
    draft.date = text_at(work, "publication_date")
    draft.year = year_in(year) if year else year_in(draft.date) if draft.date else None
    draft.language = text_at(work, "language")
    kind = text_at(work, "type")
    draft.kind = _KINDS.get(kind or "", RecordKind.OTHER if kind else RecordKind.UNKNOWN)
    draft.types = [kind] if kind else []
    draft.authors = _authors(work)
    _place(draft, work)
    draft.abstract = in_order(inside(work, "abstract_inverted_index"))
    draft.keywords = [
        name for entry in objects_at(work, "keywords") if (name := text_at(entry, "display_name"))
    ]
    draft.keep("mesh", list(dict.fromkeys(filter(None, map(_heading, objects_at(work, "mesh"))))))
    if inside(work, "is_retracted") is True:
        draft.keep("is_retracted", "yes")
    draft.keep("referenced_works", [name.rsplit("/", 1)[-1] for name in texts_at(work, "referenced_works")])
    draft.registrations = list(find_in([draft.title or "", draft.abstract or ""]))
    return draft


def _heading(entry: Json) -> str:
    """Return a subject heading as PubMed writes it: ``Anxiety/*therapy``; OpenAlex has one per qualifier."""
    parts = [name for key in ("descriptor_name", "qualifier_name") if (name := text_at(entry, key))]
    if parts and inside(entry, "is_major_topic") is True:
        parts[-1] = f"*{parts[-1]}"
    return "/".join(parts)


def _authors(work: Json) -> list[str]:
    names = []
    for entry in objects_at(work, "authorships"):
        name = text_at(entry, "raw_author_name") or text_at(entry, "author", "display_name")
        if name:
            names.append(name)
    return names


def _place(draft: Draft, work: Json) -> None:
    place = inside(work, "primary_location", "source") or inside(work, "host_venue")
    draft.journal = text_at(place, "display_name")
    draft.publisher = text_at(place, "host_organization_name") or text_at(place, "publisher")
    draft.issn = texts_at(place, "issn")
    draft.volume, draft.issue = text_at(work, "biblio", "volume"), text_at(work, "biblio", "issue")
    first, last = text_at(work, "biblio", "first_page"), text_at(work, "biblio", "last_page")
    draft.pages = f"{first}-{last}" if first and last and first != last else first or last


def in_order(index: object) -> str | None:
    """Return an abstract from the places of its words.

    Parameters
    ----------
    index : dict
        Word -> its places, from 0; what is no place is passed over.

    Returns
    -------
    str or None

    Examples
    --------
    >>> in_order({"cells": [1, 4], "Stromal": [0], "and": [2], "other": [3]})
    'Stromal cells and other cells'
    """
    if not isinstance(index, dict):
        return None
    placed = {
        place: word
        for word, places in index.items()
        for place in (places if isinstance(places, list) else [])
        if isinstance(place, int) and 0 <= place < LONGEST_ABSTRACT
    }
    return as_text(" ".join(placed[place] for place in sorted(placed)))


def _last_number(text: str | None) -> str | None:
    found = _NUMBER.search(text or "")
    return found.group(1) if found else None
