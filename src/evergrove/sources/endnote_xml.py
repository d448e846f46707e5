"""EndNote's XML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.sources.bibliographic_values import (
    add_accession,
    add_serial_numbers,
    complete,
    database_name,
    person,
    pmcid_in,
    set_date,
)
from evergrove.sources.carried_fields import restored
from evergrove.sources.draft import Draft, LeftOut, clean, doi_in
from evergrove.sources.endnote_kinds import kind_of
from evergrove.sources.xml_records import Element, elements_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml.etree import _Element

    from evergrove.sources.opening import Opened

#: The element in which an export of evergrove carries what EndNote has no place for.
CARRIED = "custom7"
_LINES = re.compile(r"[\r\n]+")
_MARK = re.compile(r"<xml>\s*<records>|<records>\s*<record>")
#: What is EndNote's own, not the record's.
_OWN = frozenset({"database", "source-app", "foreign-keys", "key"})


def recognise(head: str) -> bool:
    """Return whether a file begins as EndNote's XML does."""
    return _MARK.search(head) is not None or ("<record>" in head and "<ref-type" in head)


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the records of a file.

    Elements without a field of their own are kept in `other`.
    """
    for element in elements_of(opened, "record"):
        yield element if isinstance(element, LeftOut) else _draft(element)


def _draft(element: Element) -> Draft | LeftOut:
    draft = Draft(element.position, element.line, element.raw)
    root = element.root
    carried: list[str] = []
    draft.database = next(
        (database_name(text_of(node)) for node in root.iterfind("remote-database-name")), None
    )
    for node in root:
        if not isinstance(node.tag, str) or node.tag in _OWN:
            continue
        if node.tag == CARRIED:
            carried.append(text_of(node))
        elif node.tag in _READ:
            _READ[node.tag](draft, node)
        else:
            draft.keep(node.tag, _lines(node))
    if not (draft.title or draft.authors or draft.abstract or draft.urls or draft.other or carried):
        reason = "no title, author, abstract or other element has text; allowed: at least one"
        return LeftOut(element.position, element.line, reason, element.raw)
    _accession(draft)
    return restored(complete(draft), CARRIED, carried)


def _lines(node: _Element) -> list[str]:
    return [text for line in _LINES.split(text_of(node)) if (text := clean(line))]


def _kind(draft: Draft, node: _Element) -> None:
    name = node.get("name") or clean(text_of(node))
    draft.kind, known = kind_of(name)
    if not known:
        draft.keep("ref-type", name)


def _contributors(draft: Draft, node: _Element) -> None:
    for group in node:
        names = [
            name for author in group if isinstance(author.tag, str) and (name := person(text_of(author)))
        ]
        if group.tag == "authors":
            draft.authors += names
        elif isinstance(group.tag, str):
            draft.keep(group.tag, names)


def _titles(draft: Draft, node: _Element) -> None:
    for part in node:
        text = clean(text_of(part))
        if part.tag == "title" and draft.title is None:
            draft.title = text or None
        elif part.tag == "secondary-title" and draft.journal is None:
            draft.journal = text or None
        elif isinstance(part.tag, str) and text not in {draft.title, draft.journal}:
            draft.keep(part.tag, text)


def _periodical(draft: Draft, node: _Element) -> None:
    for part in node:
        text = clean(text_of(part))
        if part.tag == "full-title" and draft.journal is None:
            draft.journal = text or None
        elif isinstance(part.tag, str) and text != draft.journal:
            draft.keep(part.tag, text)


def _dates(draft: Draft, node: _Element) -> None:
    year, dates = clean(text_of(node.find("year"))), [clean(text_of(date)) for date in node.iter("date")]
    set_date(draft, year, *dates)
    for date in dates:
        if date and date != draft.date:
            draft.keep("date", date)


def _urls(draft: Draft, node: _Element) -> None:
    for url in node.iter("url"):
        text = clean(text_of(url))
        parent = url.getparent()
        if parent is not None and parent.tag in {"pdf-urls", "image-urls"}:
            draft.keep(str(parent.tag), text)
        elif text:
            draft.urls.append(text)


def _doi(draft: Draft, node: _Element) -> None:
    text = clean(text_of(node))
    draft.doi = draft.doi or doi_in(text)
    if draft.doi is None:
        draft.keep("electronic-resource-num", text)


def _accession(draft: Draft) -> None:
    """Take the accession number for what it is in the database that the record came from."""
    provider = " ".join(draft.other.get("remote-database-provider", ()))
    database = draft.database or provider
    for text in draft.other.pop("accession-num", []):
        add_accession(draft, "accession-num", text, "NLM" if provider == "NLM" else database)


def _pmcid(draft: Draft, node: _Element) -> None:
    text = clean(text_of(node))
    draft.pmcid = draft.pmcid or pmcid_in(text)
    if draft.pmcid is None:
        draft.keep("custom2", text)


def _single(name: str) -> Callable[[Draft, _Element], None]:
    def put(draft: Draft, node: _Element) -> None:
        text = clean(text_of(node))
        if getattr(draft, name) is None:
            setattr(draft, name, text or None)
        else:
            draft.keep(str(node.tag), text)

    return put


def _many(name: str) -> Callable[[Draft, _Element], None]:
    def put(draft: Draft, node: _Element) -> None:
        parts = list(node) if node.tag == "keywords" else [node]
        getattr(draft, name).extend(line for part in parts for line in _lines(part))

    return put


#: element -> what reads it
_READ: dict[str, Callable[[Draft, _Element], None]] = {
    "ref-type": _kind,
    "contributors": _contributors,
    "titles": _titles,
    "periodical": _periodical,
    "dates": _dates,
    "urls": _urls,
    "electronic-resource-num": _doi,
    "custom2": _pmcid,
    "pages": _single("pages"),
    "volume": _single("volume"),
    "number": _single("issue"),
    "publisher": _single("publisher"),
    "language": _single("language"),
    "abstract": _single("abstract"),
    "keywords": _many("keywords"),
    "notes": _many("notes"),
    "research-notes": _many("notes"),
    "work-type": _many("types"),
    "isbn": lambda draft, node: add_serial_numbers(draft, "isbn", _lines(node)),
    "remote-database-name": lambda draft, node: draft.keep("remote-database-name", []),  # noqa: ARG005
}
