"""Crossref's works in JSON: one work, an answer with many, or an array."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.draft import Draft, LeftOut, doi_in
from evergrove.sources.json_records import begins_as, drafts_of, without_tags
from evergrove.sources.json_values import inside, list_at, objects_at, paired, text_at, texts_at
from evergrove.sources.registration_numbers import find_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.json_records import Json, JsonRecord
    from evergrove.sources.opening import Opened

PATHS = (("message", "items"), ("items",))
_MARK = re.compile(r'(?<!\\)"(?:message-type|reference-count|container-title|is-referenced-by-count)"\s*:')
_KINDS = {
    "journal-article": RecordKind.ARTICLE,
    "posted-content": RecordKind.PREPRINT,
    "proceedings-article": RecordKind.CONFERENCE,
    "book-chapter": RecordKind.CHAPTER,
    "book": RecordKind.BOOK,
    "monograph": RecordKind.BOOK,
    "edited-book": RecordKind.BOOK,
    "reference-book": RecordKind.BOOK,
    "dissertation": RecordKind.THESIS,
    "report": RecordKind.REPORT,
    "dataset": RecordKind.DATASET,
}


def recognise(head: str) -> bool:
    """Return whether a file begins as works of Crossref do."""
    return begins_as(head, _MARK)


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the works of a file."""
    return drafts_of(opened, PATHS, _draft)


def _draft(item: JsonRecord) -> Draft | LeftOut:
    within = inside(item.value, "message")
    work: Json = within if isinstance(within, dict) else item.value
    draft = Draft(item.position, item.line, paired(item.raw))
    titles, subtitles = _texts(work, "title"), _texts(work, "subtitle")
    draft.title = (
        ": ".join(titles[:1] + [text for text in subtitles[:1] if text not in "".join(titles)]) or None
    )
    draft.doi = doi_in(text_at(work, "DOI") or "")
    if not draft.title and not draft.doi:
        return LeftOut(item.position, item.line, "neither DOI nor title; allowed: at least one", item.raw)
    draft.database = "Crossref"
    kind = text_at(work, "type")
    draft.kind = _KINDS.get(kind or "", RecordKind.OTHER if kind else RecordKind.UNKNOWN)
    draft.types = [text for text in (kind, text_at(work, "subtype")) if text]
    draft.authors = [name for person in objects_at(work, "author") if (name := _name(person))]
    draft.journal = next(iter(_texts(work, "container-title")), None)
    for field, key in (
        ("volume", "volume"),
        ("issue", "issue"),
        ("pages", "page"),
        ("publisher", "publisher"),
    ):
        setattr(draft, field, text_at(work, key))
    draft.pages = draft.pages or text_at(work, "article-number")
    draft.language = text_at(work, "language")
    draft.issn, draft.isbn = texts_at(work, "ISSN"), texts_at(work, "ISBN")
    draft.abstract = without_tags(text_at(work, "abstract"))
    draft.keywords = texts_at(work, "subject")
    draft.urls = texts_at(work, "URL")
    _published(draft, work)
    told = [
        text_at(entry, "clinical-trial-number") or "" for entry in objects_at(work, "clinical-trial-number")
    ]
    draft.keep("clinical_trial_number", told)
    draft.registrations = list(find_in([*told, draft.title or "", draft.abstract or ""]))
    _relations(draft, work)
    return draft


def _published(draft: Draft, work: Json) -> None:
    for name in ("published", "published-print", "published-online", "issued", "posted"):
        parts = list_at(work, name, "date-parts")
        numbers = parts[0] if parts and isinstance(parts[0], list) else []
        held = [part for part in numbers[:3] if isinstance(part, int) and not isinstance(part, bool)]
        if held and 1000 <= held[0] <= 2999:
            draft.year = held[0]
            rest = [
                f"{part:02d}" for part, most in zip(held[1:], (12, 31), strict=False) if 1 <= part <= most
            ]
            draft.date = "-".join([f"{held[0]:04d}", *rest])
            return


def _relations(draft: Draft, work: Json) -> None:
    """Keep what Crossref says of corrections, retractions, preprints and versions."""
    for entry in objects_at(work, "update-to"):
        parts = [text_at(entry, "type"), text_at(entry, "DOI")]
        draft.keep("update_to", " ".join(part for part in parts if part))
    relation = inside(work, "relation")
    for name, entries in relation.items() if isinstance(relation, dict) else ():
        held = entries if isinstance(entries, list) else []
        draft.keep(f"relation_{name}", [told for entry in held if (told := text_at(entry, "id"))])


def _texts(work: Json, key: str) -> list[str]:
    return [plain for text in texts_at(work, key) if (plain := without_tags(text))]


def _name(person: Json) -> str | None:
    family, given = text_at(person, "family"), text_at(person, "given")
    return f"{family}, {given}" if family and given else family or text_at(person, "name") or given
