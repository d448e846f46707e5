"""MEDLINE's tagged form: PubMed's nbib and text exports, and Ovid's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.bibliographic_values import (
    add_serial_numbers,
    complete,
    database_name,
    person,
    pmcid_in,
    pmid_in,
    set_date,
    title_without_stop,
)
from evergrove.sources.carried_fields import restored
from evergrove.sources.draft import Draft, LeftOut, clean, doi_in
from evergrove.sources.tagged_lines import Chunk, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evergrove.sources.opening import Opened

_TAG = re.compile(r"([A-Z][A-Z0-9]{1,3}) {0,2}-(?: |$)?(.*)")
_FIRST = frozenset({"PMID", "UI"})
_SURE = frozenset({"PMID", "OWN", "STAT", "FAU", "DCOM", "JT", "EDAT", "MHDA", "CRDT", "PHST", "PST", "PMCR"})
#: The tag in which an export of evergrove carries what this form has no place for.
CARRIED = "GN"
_UNTAGGED = "line without a tag"

#: tag -> values in order
Fields = dict[str, list[str]]


class _Cut:
    """A record begins after a blank line, or with PMID; a line behind a blank one needs a tag."""

    @staticmethod
    def begins(line: str, *, after_blank: bool, current: list[str]) -> bool:
        found = _TAG.match(line)
        if found is None:
            return False
        return after_blank or not current or (found.group(1) in _FIRST and _has_number(current))

    @staticmethod
    def ends(line: str) -> bool:  # noqa: ARG004 - the next beginning is the end
        return False


def _has_number(lines: list[str]) -> bool:
    return lines[0].startswith(("PMID", "UI "))


def recognise(head: str) -> bool:
    """Return whether a file begins with tagged lines of MEDLINE."""
    lines = [line for line in head.lstrip("\ufeff").splitlines()[:400] if line.strip()]
    found = [_TAG.match(line) for line in lines]
    tags = {tag.group(1) for tag in found if tag is not None}
    if "TY" in tags:
        return False
    # one tag that no other form has is enough where every line is tagged or goes on with the one before
    whole = (
        bool(found)
        and found[0] is not None
        and all(tag or line[0].isspace() for tag, line in zip(found, lines, strict=True))
    )
    return "PMID" in tags or len(tags & _SURE) >= (1 if whole else 2)


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the records of a file.

    Tags without a field of their own are kept in `other`.
    """
    for chunk in records_of(opened, _Cut()):
        yield chunk if isinstance(chunk, LeftOut) else _draft(chunk)


def _draft(chunk: Chunk) -> Draft | LeftOut:
    fields, authors = _fields(chunk.lines)
    if (
        not any(value for tag, values in fields.items() if tag != _UNTAGGED for value in values)
        and not authors
    ):
        return LeftOut(chunk.position, chunk.line, "no tag has text; allowed: at least one", chunk.raw)
    draft = Draft(chunk.position, chunk.line, chunk.raw, kind=RecordKind.ARTICLE, authors=authors)
    draft.database = chunk.database
    carried = [text for text in fields.get(CARRIED, ()) if text.startswith("evergrove:")]
    _titles(draft, fields)
    set_date(draft, *(fields.get("DP") or fields.pop("DEP", []))[:1])
    for tag in [tag for tag in fields if tag in _READ]:
        _READ[tag](draft, fields.pop(tag))
    for tag, values in fields.items():
        draft.keep(tag, [text for value in values if (text := clean(value)) and value not in carried])
    return restored(complete(draft), CARRIED, carried)


def _pairs(lines: list[str]) -> list[tuple[str, str]]:
    """Return tags and values in order; indented lines continue the value before them."""
    pairs: list[tuple[str, str]] = []
    for line in lines:
        text = line.lstrip("\ufeff")
        if (found := _TAG.match(text)) is not None:
            pairs.append((found.group(1), found.group(2).strip()))
        elif text[:1].isspace() and pairs and text.strip():
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {text.strip()}".strip())
        elif text.strip():
            pairs.append((_UNTAGGED, text.strip()))
    return pairs


def _fields(lines: list[str]) -> tuple[Fields, list[str]]:
    """Return the fields of a record, and its authors in order: full names where there are any, and groups."""
    fields: Fields = {}
    authors: list[str] = []
    full = False
    for tag, value in _pairs(lines):
        if tag in {"FAU", "CN"} or (tag == "AU" and not full):
            authors += [person(value)] if value else []
        elif tag != "AU":
            fields.setdefault(tag, []).append(value)
        full = tag == "FAU" and bool(value)
    return fields, authors


def _titles(draft: Draft, fields: Fields) -> None:
    title, book = _take(fields, "TI"), _take(fields, "BTI")
    draft.title = title_without_stop(title or book or "") or None
    if book is not None:
        draft.kind = RecordKind.CHAPTER if title is not None else RecordKind.BOOK
    draft.journal = _take(fields, "JT") or (book if title is not None else None) or _take(fields, "TA")
    if book is not None and title is not None and draft.journal != book:
        draft.keep("BTI", book)
    draft.abstract = _take(fields, "AB") or _take(fields, "OAB")


def _take(fields: Fields, tag: str) -> str | None:
    """Take the first value of a tag that has text; the others stay."""
    for index, value in enumerate(fields.get(tag, ())):
        if text := clean(value):
            del fields[tag][index]
            return text
    return None


def _single(name: str) -> Callable[[Draft, list[str]], None]:
    def put(draft: Draft, values: list[str]) -> None:
        texts = [text for value in values if (text := clean(value))]
        if texts and getattr(draft, name) is None:
            setattr(draft, name, texts.pop(0))
        draft.keep(name, texts)

    return put


def _many(name: str) -> Callable[[Draft, list[str]], None]:
    def put(draft: Draft, values: list[str]) -> None:
        getattr(draft, name).extend(text for value in values if (text := clean(value)))

    return put


def _identifiers(tag: str) -> Callable[[Draft, list[str]], None]:
    def put(draft: Draft, values: list[str]) -> None:
        for value in values:
            doi = doi_in(value) if value.endswith("[doi]") or value.startswith(("10.", "doi:")) else None
            if doi is not None and draft.doi in {None, doi}:
                draft.doi = doi
            else:
                draft.keep(tag, clean(value))

    return put


def _pmid(draft: Draft, values: list[str]) -> None:
    draft.pmid = pmid_in(values[0])
    draft.keep("PMID", values[0:] if draft.pmid is None else values[1:])


def _pmcid(draft: Draft, values: list[str]) -> None:
    draft.pmcid = pmcid_in(values[0])
    draft.keep("PMC", values[0:] if draft.pmcid is None else values[1:])


def _database(draft: Draft, values: list[str]) -> None:
    draft.database = database_name(values[0]) or draft.database


#: tag -> what reads its values
_READ: dict[str, Callable[[Draft, list[str]], None]] = {
    "PMID": _pmid,
    "UI": _pmid,
    "PMC": _pmcid,
    "DB": _database,
    "DP": lambda draft, values: draft.keep("DP", values[1:]),
    "VI": _single("volume"),
    "IP": _single("issue"),
    "PG": _single("pages"),
    "LA": _single("language"),
    "PB": _single("publisher"),
    "PT": _many("types"),
    "MH": _many("keywords"),
    "OT": _many("keywords"),
    "UR": _many("urls"),
    "NT": _many("notes"),
    "LID": _identifiers("LID"),
    "AID": _identifiers("AID"),
    "DO": _identifiers("DO"),
    "IS": lambda draft, values: add_serial_numbers(draft, "IS", values),
    "ISBN": lambda draft, values: add_serial_numbers(draft, "ISBN", values),
}
