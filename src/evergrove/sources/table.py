"""Tables of records: CSV and TSV of databases, reference managers and screening programs."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.bibliographic_values import (
    add_accession,
    add_serial_numbers,
    complete,
    database_name,
    isbns_in,
    issns_in,
    page_range,
    person,
    pmcid_in,
    pmid_in,
    set_date,
)
from evergrove.sources.carried_fields import restored
from evergrove.sources.draft import Draft, LeftOut, clean, doi_in
from evergrove.sources.endnote_kinds import KINDS
from evergrove.sources.rayyan_notes import notes_in
from evergrove.sources.registration_numbers import find
from evergrove.sources.table_columns import OTHER, mapped, tells_records
from evergrove.sources.table_rows import Header, Row, header_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from evergrove.sources.opening import Opened

#: The column in which an export of evergrove carries what a table has no place for.
CARRIED = "evergrove"
_BRACKETED = re.compile(r"\s*\(\d{6,}\)$")
#: "Rossi A", "Rossi A.B.", "de la Cruz JM": family and initials without a comma between.
_INITIALS = re.compile(r"[^\W\d].*\s[^\W\d_a-z]{1,4}(?:\.-?[^\W\d_a-z]?)*")
_AND = re.compile(r"\s+and\s+|\s*&\s*")
_KINDS = {"journalarticle": RecordKind.ARTICLE, "article": RecordKind.ARTICLE, "jour": RecordKind.ARTICLE}


def recognise(head: str) -> bool:
    """Return whether a file begins with the columns of a table of records."""
    header = None if head.lstrip("\ufeff \n\t")[:1] in {"{", "[", "<"} else header_of(head)
    return header is not None and tells_records(header.columns)


def mapping_of(opened: Opened, mapping: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the field that each column of a file is read as.

    Parameters
    ----------
    opened : Opened
    mapping : mapping or None
        What the person says of some columns.

    Returns
    -------
    dict of str to str

    Raises
    ------
    UsageError
        For a column that is not there, or a field that there is not.
    """
    return mapped(_header(opened).columns, mapping)


def _header(opened: Opened) -> Header:
    return header_of(opened.head) or Header(",", [], 1)


def read(opened: Opened, mapping: Mapping[str, str] | None = None) -> Iterator[Draft | LeftOut]:
    """Yield the rows of a file as records; `mapping` as in `mapping_of`.

    Columns without a field of their own are kept in `other`.
    """
    columns = mapping_of(opened, mapping)
    for row in rows_of(opened, _header(opened)):
        yield row if isinstance(row, LeftOut) else draft_of(row, columns)


def draft_of(row: Row, columns: Mapping[str, str]) -> Draft | LeftOut:
    """Return the record of a row.

    Parameters
    ----------
    row : Row
    columns : mapping of str to str
        The field of each column.
    """
    draft = Draft(row.position, row.line, row.raw)
    parts: dict[str, str] = {}
    carried: list[str] = []
    for column, cell in row.cells.items():
        field = columns.get(column, OTHER)
        if field in _PARTS:
            parts.setdefault(field, clean(cell))
        elif column == CARRIED:
            carried.append(cell)
        elif field == OTHER:
            draft.keep(column, clean(cell))
        elif (reading := _MANY.get(field)) is not None:
            reading(draft, column, cell)
        else:
            _single(draft, field, column, clean(cell))
    _assemble(draft, parts)
    if not (
        draft.title
        or draft.abstract
        or draft.doi
        or draft.pmid
        or draft.registrations
        or draft.urls
        or carried
    ):
        reason = "no title, abstract, DOI, PubMed or registration number, or address; allowed: at least one"
        return LeftOut(row.position, row.line, reason, row.raw)
    return restored(complete(draft), CARRIED, carried)


_PARTS = frozenset({"year", "month", "day", "date", "start_page", "end_page", "accession"})


def _assemble(draft: Draft, parts: dict[str, str]) -> None:
    told = (
        " ".join(parts[name] for name in ("year", "month", "day") if name in parts)
        if "month" in parts
        else ""
    )
    set_date(draft, *(text for text in (parts.get("year", ""), parts.get("date", ""), told) if text))
    if draft.pages is None:
        draft.pages = page_range(parts.get("start_page"), parts.get("end_page"))
    if "accession" in parts:
        add_accession(draft, "accession", parts["accession"], draft.database or "")


def _single(draft: Draft, field: str, column: str, text: str) -> None:
    """Set a field of one text; a second one is kept under its column."""
    if text and getattr(draft, field) is None:
        setattr(draft, field, text)
    elif text != getattr(draft, field):
        draft.keep(column, text)


def _listed(cell: str, *, also: str = "") -> list[str]:
    """Return the values in a cell: a line each, a list as Python writes it, or divided by semicolons."""
    text = cell.strip()
    if "\n" in text:
        return [value for line in text.split("\n") if (value := clean(line))]
    if text[:2] in {"['", '["'} and text.endswith("]"):
        try:
            values = ast.literal_eval(text) if len(text) < 100_000 else None
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            values = None
        if isinstance(values, list):
            return [value for item in values if (value := clean(item))]
    for delimiter in (";", *also):
        if delimiter in text:
            return [value for part in text.split(delimiter) if (value := clean(part))]
    return [value] if (value := clean(text)) else []


def _people(draft: Draft, column: str, cell: str) -> None:
    if draft.authors:  # a second column of the same people
        draft.keep(column, clean(cell))
        return
    names = _listed(cell)
    if len(names) == 1:
        names = _AND.split(names[0]) if _AND.search(names[0]) else names
        commas = names[0].split(",")
        if len(names) == 1 and len(commas) > 1 and all(_is_whole(part) for part in commas):
            names = commas
    draft.authors += [name for text in names if (name := person(_BRACKETED.sub("", text)))]


def _is_whole(name: str) -> bool:
    """Return whether a name between commas is a whole one: ``Rossi A``, not ``Rossi`` or ``A.``."""
    return _INITIALS.fullmatch(name.strip()) is not None


def _values(field: str, also: str = "") -> Callable[[Draft, str, str], None]:
    def put(draft: Draft, column: str, cell: str) -> None:  # noqa: ARG001 - one form for all
        getattr(draft, field).extend(_listed(cell, also=also))

    return put


def _doi(draft: Draft, column: str, cell: str) -> None:
    draft.doi = draft.doi or doi_in(cell)
    if draft.doi is None:
        draft.keep(column, clean(cell))


def _pmid(draft: Draft, column: str, cell: str) -> None:
    draft.pmid = draft.pmid or pmid_in(clean(cell).removesuffix(".0"))
    if draft.pmid is None:
        draft.keep(column, clean(cell))


def _pmcid(draft: Draft, column: str, cell: str) -> None:
    text = clean(cell)
    draft.pmcid = draft.pmcid or pmcid_in(f"PMC{text}" if text.isdecimal() else text)
    if draft.pmcid is None:
        draft.keep(column, text)


def _serial(draft: Draft, column: str, cell: str) -> None:
    text = clean(cell)
    if text.isdecimal() and len(text) < 8:  # a spreadsheet's number, its leading zeros gone
        text = text.zfill(8)
    if issns_in(text) or isbns_in(text):
        add_serial_numbers(draft, column, re.split(r"[;,]\s*|\s+(?=\d{4}-)", text))
    else:
        draft.keep(column, text)


def _kind(draft: Draft, column: str, cell: str) -> None:
    try:
        draft.kind = RecordKind(clean(cell).lower())
    except ValueError:
        draft.keep(column, clean(cell))


def _types(draft: Draft, column: str, cell: str) -> None:  # noqa: ARG001 - one form for all
    for text in _listed(cell):
        draft.types.append(text)
        lower = text.lower()
        if draft.kind is RecordKind.UNKNOWN:
            draft.kind = KINDS.get(lower) or _KINDS.get(lower, RecordKind.UNKNOWN)


def _registrations(draft: Draft, column: str, cell: str) -> None:
    numbers = find(cell)
    draft.registrations += numbers
    if not numbers:
        draft.keep(column, clean(cell))


def _urls(draft: Draft, column: str, cell: str) -> None:  # noqa: ARG001 - one form for all
    for line in cell.split("\n"):
        draft.urls += [part for part in re.split(r"[;\s]+(?=https?://)", clean(line)) if part]


def _notes(draft: Draft, column: str, cell: str) -> None:  # noqa: ARG001 - one form for all
    draft.notes += notes_in(cell)


def _database(draft: Draft, column: str, cell: str) -> None:
    if draft.database is None:
        draft.database = database_name(cell)
    else:
        draft.keep(column, clean(cell))


#: field -> what reads a cell of it; fields of one text are set as they are
_MANY: dict[str, Callable[[Draft, str, str], None]] = {
    "authors": _people,
    "keywords": _values("keywords", also=",|"),
    "types": _types,
    "kind": _kind,
    "doi": _doi,
    "pmid": _pmid,
    "pmcid": _pmcid,
    "issn": _serial,
    "isbn": _serial,
    "registrations": _registrations,
    "urls": _urls,
    "notes": _notes,
    "database": _database,
}
