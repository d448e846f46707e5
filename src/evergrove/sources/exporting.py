"""Exports: what stands before and behind the records of each format, and the check by reading back."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evergrove.model.vocabulary import Term
from evergrove.sources import bibtex, endnote_xml, medline, record_writers, ris, table
from evergrove.sources.carried_fields import carried, field_values
from evergrove.sources.draft import Draft
from evergrove.sources.opening import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from evergrove.model.record import Record
    from evergrove.sources.formats import Reader


class ExportFormat(Term):
    """A format in which records are exported."""

    RIS = "ris"
    NBIB = "nbib"
    BIBTEX = "bibtex"
    CSV = "csv"
    ENDNOTE_XML = "endnote-xml"
    JSON_LINES = "jsonl"


@dataclass(frozen=True, slots=True)
class _Form:
    """How a format is written, and what reads it."""

    write: Callable[[Record, str | None], str]
    reader: Reader
    before: str = ""
    behind: str = ""


def _row(record: Record, extra: str | None) -> str:
    return _cells(record_writers.table_row(record, extra))


def _cells(cells: Iterable[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(cells)
    return stream.getvalue()


_FORMS: dict[ExportFormat, _Form] = {
    ExportFormat.RIS: _Form(lambda record, extra: record_writers.ris(record, extra) + "\n", ris),
    ExportFormat.NBIB: _Form(lambda record, extra: record_writers.nbib(record, extra) + "\n", medline),
    ExportFormat.BIBTEX: _Form(lambda record, extra: record_writers.bibtex(record, extra) + "\n", bibtex),
    ExportFormat.CSV: _Form(_row, table, before=_cells(record_writers.COLUMNS)),
    ExportFormat.ENDNOTE_XML: _Form(
        lambda record, extra: record_writers.endnote_xml(record, extra) + "\n",
        endnote_xml,
        before='<?xml version="1.0" encoding="UTF-8"?>\n<xml><records>\n',
        behind="</records></xml>\n",
    ),
}


def exported(records: Iterable[Record], form: ExportFormat) -> Iterator[str]:
    """Yield the text of an export, piece by piece.

    Parameters
    ----------
    records : iterable of Record
    form : ExportFormat

    Yields
    ------
    str
        The beginning of the file, each record, the end of the file. Read again, every record has the fields
        of `carried_fields.FIELDS` that it had; JSON lines hold all of it.
    """
    if form is ExportFormat.JSON_LINES:
        for record in records:
            yield record.model_dump_json(exclude_defaults=True) + "\n"
        return
    shape = _FORMS[form]
    if shape.before:
        yield shape.before
    for record in records:
        yield _text(record, shape)
    if shape.behind:
        yield shape.behind


def _text(record: Record, shape: _Form) -> str:
    """Return a record as text that reads back the same."""
    text = shape.write(record, None)
    wanted = field_values(record)
    found = _read_back(text, shape)
    missing = {
        name: value for name, value in wanted.items() if found is None or field_values(found)[name] != value
    }
    return shape.write(record, carried(missing)) if missing else text


def _read_back(text: str, shape: _Form) -> Draft | None:
    whole = shape.before + text + shape.behind
    items = list(shape.reader.read(_Text.of(whole)))
    return items[0] if len(items) == 1 and isinstance(items[0], Draft) else None


class _Text(Opened):
    """A text in memory that a reader takes for an opened file."""

    __slots__ = ()

    @classmethod
    def of(cls, text: str) -> _Text:
        return cls(Path("export"), "utf-8", "0" * 64, len(text), text)

    def text(self) -> io.StringIO:
        """Return the text as a stream."""
        return io.StringIO(self.head)


__all__ = ["ExportFormat", "exported"]
