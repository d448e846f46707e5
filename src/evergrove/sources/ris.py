"""RIS, in the dialects of Ovid, Embase, Scopus, Web of Science, Cochrane, EndNote and Zotero."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.bibliographic_values import (
    add_accession,
    add_serial_numbers,
    complete,
    database_name,
    page_range,
    person,
    pmcid_in,
    pmid_in,
    set_date,
    slug,
    tells_date,
)
from evergrove.sources.carried_fields import restored
from evergrove.sources.draft import Draft, LeftOut, clean, doi_in
from evergrove.sources.rayyan_notes import notes_in
from evergrove.sources.rispy_fields import Fields, ris_fields, ris_tag
from evergrove.sources.tagged_lines import Chunk, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evergrove.sources.opening import Opened

KINDS: dict[str, RecordKind] = {
    "ABST": RecordKind.CONFERENCE,
    "AGGR": RecordKind.DATASET,
    "BLOG": RecordKind.WEB_PAGE,
    "BOOK": RecordKind.BOOK,
    "CHAP": RecordKind.CHAPTER,
    "CONF": RecordKind.CONFERENCE,
    "CPAPER": RecordKind.CONFERENCE,
    "DATA": RecordKind.DATASET,
    "DBASE": RecordKind.DATASET,
    "EBOOK": RecordKind.BOOK,
    "ECHAP": RecordKind.CHAPTER,
    "EDBOOK": RecordKind.BOOK,
    "EJOUR": RecordKind.ARTICLE,
    "ELEC": RecordKind.WEB_PAGE,
    "GEN": RecordKind.UNKNOWN,
    "GOVDOC": RecordKind.REPORT,
    "INPR": RecordKind.ARTICLE,
    "JFULL": RecordKind.ARTICLE,
    "JOUR": RecordKind.ARTICLE,
    "JOURNAL ARTICLE": RecordKind.ARTICLE,
    "MGZN": RecordKind.ARTICLE,
    "RPRT": RecordKind.REPORT,
    "THES": RecordKind.THESIS,
    "UNPB": RecordKind.UNKNOWN,
}
#: The tag in which an export of evergrove carries what RIS has no place for.
CARRIED = "C8"
_TITLES = ("TI", "T1", "CT", "BT", "TT", "ST")
_JOURNALS = ("JF", "JO", "T2", "JA", "J2", "J1", "BT", "T3")
_TAGS_OF_HTML = re.compile(r"</?[a-zA-Z][^<>]{0,100}>")
_MEDLINE = re.compile("medline|pubmed", re.IGNORECASE)
_NUMBERED = re.compile(r"(PUBMED|EMBASE|CINAHL|CTG?|ICTRP)[ :]+([\w.-]+)", re.IGNORECASE)


class _Cut:
    """A record begins with TY and ends with ER; where one is missing, the other does."""

    @staticmethod
    def begins(line: str, *, after_blank: bool, current: list[str]) -> bool:  # noqa: ARG004 - one cutter's form
        if current and "TY" not in line[:3]:  # as nearly every line: a byte order mark may stand before it
            return False
        tag = ris_tag(line)
        return tag == "TY" or (tag is not None and tag != "ER" and not current)

    @staticmethod
    def ends(line: str) -> bool:
        return line.startswith("ER") and ris_tag(line) == "ER"


def recognise(head: str) -> bool:
    """Return whether a file begins as RIS does: tagged lines, the first of a record TY or one like it."""
    tags = [tag for line in head.splitlines()[:400] if (tag := ris_tag(line)) is not None]
    return "TY" in tags or ("ER" in tags and len(tags) > 2)


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the records of a file.

    Tags without a field of their own are kept in `other`.
    """
    for chunk in records_of(opened, _Cut()):
        yield chunk if isinstance(chunk, LeftOut) else _draft(chunk)


def _draft(chunk: Chunk) -> Draft | LeftOut:
    fields = ris_fields(chunk.lines)
    if not any(value for tag, values in fields.items() if tag != "TY" for value in values):
        return LeftOut(chunk.position, chunk.line, "no tag but TY has text; allowed: at least one", chunk.raw)
    draft = Draft(chunk.position, chunk.line, chunk.raw, database=chunk.database)
    _kind(draft, fields)
    if (name := _first(fields, "DB")) is not None:
        draft.database = database_name(name)
    _titles(draft, fields)
    _dates_and_pages(draft, fields)
    for tag in [tag for tag in fields if tag in _READ]:
        _READ[tag](draft, fields.pop(tag))
    _numbers(draft, fields)
    carried = fields.pop(CARRIED, [])
    for tag, values in fields.items():
        draft.keep(tag or "before the first tag", _split(values))
    return restored(complete(draft), CARRIED, carried)


def _kind(draft: Draft, fields: Fields) -> None:
    kind = (_first(fields, "TY") or "").upper()
    draft.kind = KINDS.get(kind, RecordKind.OTHER if kind else RecordKind.UNKNOWN)
    if kind not in KINDS or draft.kind in {RecordKind.UNKNOWN, RecordKind.OTHER}:
        draft.keep("TY", fields.get("TY", []))
    fields.pop("TY", None)


def _titles(draft: Draft, fields: Fields) -> None:
    draft.title = _take(fields, _TITLES)
    draft.journal = _take(fields, _JOURNALS)
    draft.abstract = _take(fields, ("AB", "N2"))
    for tag in ("ST", "T1", "JO", "JF", "JA", "T2", "N2"):  # what says the same again says nothing
        fields[tag] = [
            value
            for value in fields.get(tag, [])
            if clean(value) not in {draft.title, draft.journal, draft.abstract}
        ]


def _take(fields: Fields, tags: tuple[str, ...]) -> str | None:
    """Take the first value of the first of these tags that has one; the others stay."""
    for tag in tags:
        for index, value in enumerate(fields.get(tag, ())):
            if text := clean(value):
                del fields[tag][index]
                return text
    return None


def _dates_and_pages(draft: Draft, fields: Fields) -> None:
    dates = [fields.pop(tag, []) for tag in ("PY", "Y1", "DA")]
    set_date(draft, *(value for values in dates for value in values[:1]))
    for tag, values in zip(("PY", "Y1", "DA"), dates, strict=True):
        draft.keep(tag, [value for value in values if not tells_date(draft, value)])
    draft.pages = page_range(_take(fields, ("SP",)), _take(fields, ("EP",)))


def _numbers(draft: Draft, fields: Fields) -> None:
    """Take accession numbers by database, and the PubMed numbers that each dialect has elsewhere."""
    provider = _first(fields, "DP") or ""
    database = draft.database or provider
    for tag in ("AN", "U2") if "embase" in database.lower() else ("AN",):
        for value in fields.pop(tag, []):
            add_accession(draft, tag, clean(value), "NLM" if provider == "NLM" else database)
    elsewhere = {"embase": "C5", "scopus": "C2"}.get(slug(database).split("-", 1)[0])
    if elsewhere is not None and draft.pmid is None and (found := pmid_in(_first(fields, elsewhere) or "")):
        draft.pmid = found
        fields.pop(elsewhere)
    if draft.pmid is None and _MEDLINE.search(database):
        identifier = pmid_in(_first(fields, "ID") or "") or ""
        draft.pmid = identifier if len(identifier) > 4 else None
    for tag in ("C2", "U1", "U2", "M2"):
        value = clean(_first(fields, tag) or "")
        if draft.pmcid is None and (found := pmcid_in(value)) and value.removesuffix("[pmcid]") == found:
            draft.pmcid = found
            fields.pop(tag)
        elif draft.pmid is None and value.endswith("[pmid]") and (found := pmid_in(value[:-6])):
            draft.pmid = found
            fields.pop(tag)


def _people(draft: Draft, values: list[str]) -> None:
    draft.authors += [name for value in _split(values) if (name := person(value))]


def _keywords(draft: Draft, values: list[str]) -> None:
    draft.keywords += [text for value in _split(values) if (text := clean(value))]


def _notes(draft: Draft, values: list[str]) -> None:
    for value in values:
        text = _TAGS_OF_HTML.sub(" ", value) if "<" in value else value
        draft.notes += notes_in(html.unescape(text) if text is not value else text)


def _urls(draft: Draft, values: list[str]) -> None:
    for value in values:
        parts = re.split(r"[;\s]+(?=https?://)", clean(value))
        draft.urls += [part.strip() for part in parts if part.strip()]


def _doi(draft: Draft, values: list[str]) -> None:
    for value in values:
        found = doi_in(value)
        if found is not None and draft.doi in {None, found}:
            draft.doi = found
        else:
            draft.keep("DO", clean(value))


def _types(draft: Draft, values: list[str]) -> None:
    for value in _split(values):
        if (doi := doi_in(value)) is not None:  # some exports write the DOI here
            draft.doi = draft.doi or doi
        elif text := clean(value):
            draft.types.append(text)


def _cross_references(draft: Draft, values: list[str]) -> None:
    """Cochrane names the numbers of a record in other databases: ``PUBMED 123,EMBASE 456``."""
    for value in values:
        numbers = _NUMBERED.findall(value)
        for database, number in numbers:
            if database.upper() == "PUBMED" and draft.pmid is None and pmid_in(number):
                draft.pmid = pmid_in(number)
            else:
                draft.accessions.setdefault(slug(database), number)
        if not numbers:
            draft.keep("XR", clean(value))


def _single(name: str) -> Callable[[Draft, list[str]], None]:
    """Return what sets a field of one text."""

    def put(draft: Draft, values: list[str]) -> None:
        texts = [text for value in values if (text := clean(value))]
        if texts and getattr(draft, name) is None:
            setattr(draft, name, texts.pop(0))
        draft.keep(name, texts)

    return put


#: tag -> what reads its values
_READ: dict[str, Callable[[Draft, list[str]], None]] = {
    "AU": _people,
    "A1": _people,
    "KW": _keywords,
    "N1": _notes,
    "RN": _notes,
    "UR": _urls,
    "L2": _urls,
    "LK": _urls,
    "US": _urls,
    "DO": _doi,
    "DOI": _doi,
    "M3": _types,
    "XR": _cross_references,
    "VL": _single("volume"),
    "VO": _single("volume"),
    "IS": _single("issue"),
    "CP": _single("issue"),
    "PB": _single("publisher"),
    "LA": _single("language"),
    "DB": lambda draft, values: draft.keep("DB", values[1:]),
    "SN": lambda draft, values: add_serial_numbers(draft, "SN", _split(values)),
    "BN": lambda draft, values: add_serial_numbers(draft, "BN", _split(values)),
}


def _split(values: list[str]) -> list[str]:
    """Return values whose continuation lines are values of their own."""
    return [line for value in values for line in value.split("\n")]


def _first(fields: Fields, tag: str) -> str | None:
    return next((value.strip() for value in fields.get(tag, ()) if value.strip()), None)
