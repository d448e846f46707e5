"""Records as columns: what is compared lies in plain lists, whatever it came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from evergrove.errors import DataError
from evergrove.model.record import Record, RecordKind
from evergrove.sources.table_columns import columns_of

if TYPE_CHECKING:
    from collections.abc import Callable

#: Names of the column of ids, as words.
IDS = ("id", "record id", "recordid", "key", "rec number", "unique id")
#: The fields that are compared -> those of a table that hold them, the best first.
FIELDS: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "authors": ("authors",),
    "year": ("year", "date"),
    "journal": ("journal",),
    "volume": ("volume",),
    "issue": ("issue",),
    "pages": ("pages", "start_page"),
    "doi": ("doi",),
    "pmid": ("pmid",),
    "abstract": ("abstract",),
    "issn": ("issn", "isbn"),
    "kind": ("kind", "types"),
    "registrations": ("registrations",),
    "urls": ("urls",),
}
#: What Embase, Scopus and Web of Science call so stands in a journal as often as not: it tells nothing.
VAGUE = "conference paper"
_KINDS = {
    "conference abstract": "conference",
    "journal: conference abstract": "conference",
    "meeting abstract": "conference",
    "inproceedings": "conference",
    "proceedings": "conference",
    "conference": "conference",
    "conference proceedings": "conference",
    "preprint": "preprint",
    "registry-entry": "registry-entry",
}

Fields = dict[str, list[str]]


def fields_of(records: Any) -> tuple[list[str], Fields]:  # noqa: ANN401 - a frame of any library
    """Return the ids and the fields of records.

    Parameters
    ----------
    records : iterable of Record, iterable of mappings, mapping of columns, or frame
        A frame is of any library that narwhals knows: pandas, Polars, PyArrow. Columns are known by the names
        that exports use, in upper or lower case, as when a table is imported; others are not looked at.

    Returns
    -------
    ids : list of str
        As given; the numbers from 0 where no column holds them.
    fields : dict of str to list of str
        Each of `FIELDS`; what is missing is an empty text.

    Raises
    ------
    DataError
        Where there is no title column, columns differ in length, or an id stands twice.

    Examples
    --------
    >>> ids, fields = fields_of({"Title": ["A", "B"], "Year": [2001, None]})
    >>> ids, fields["title"], fields["year"]
    (['0', '1'], ['A', 'B'], ['2001', ''])
    """
    if isinstance(records, Mapping):
        return _from_columns(records)
    if hasattr(records, "columns"):
        import narwhals as nw  # noqa: PLC0415 - only for frames

        frame = nw.from_native(records, eager_only=True)
        return _from_columns({name: frame[name].to_list() for name in frame.columns})
    rows = iter(records)
    first = next(rows, None)
    if first is None:
        return [], {field: [] for field in _READ}
    if isinstance(first, Record):
        return _from_records(chain((first,), rows))
    held = [first, *rows]
    names = dict.fromkeys(name for row in held for name in row)
    return _from_columns({name: [row.get(name) for row in held] for name in names})


def _from_columns(columns: Mapping[str, Sequence[object]]) -> tuple[list[str], Fields]:
    lengths = {str(name): len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"columns: found lengths {lengths}; allowed: one length; give every record a value")
    named = {str(name): name for name in columns}
    held = columns_of(list(named))
    if columns and "title" not in held:
        raise DataError(
            f"columns: found {', '.join(named)}; allowed: one of them is called title or article title; "
            "rename the column of titles"
        )
    count = next(iter(lengths.values()), 0)

    def texts(field: str) -> list[str]:
        found = [[_text(value) for value in columns[named[name]]] for name in held.get(field, ())]
        return _first_filled(found, count)

    fields = {field: _first_filled([texts(part) for part in parts], count) for field, parts in FIELDS.items()}
    ends = texts("end_page")
    fields["pages"] = [
        f"{start}-{end}" if start and end and "-" not in start else start
        for start, end in zip(fields["pages"], ends, strict=True)
    ]
    fields["kind"] = [_KINDS.get(kind.lower(), "") for kind in fields["kind"]]
    ids = next(
        (
            [_text(value) for value in columns[name]]
            for wanted in IDS
            for text, name in named.items()
            if re.sub(r"[^a-z0-9]+", " ", text.lower()).strip() == wanted
        ),
        [],
    )
    if not any(ids):
        ids = [str(number) for number in range(count)]
    _once(ids)
    return ids, fields


def _first_filled(columns: list[list[str]], count: int) -> list[str]:
    """Return for each row the first text that there is."""
    if not columns:
        return [""] * count
    filled = columns[0]
    for other in columns[1:]:
        if any(other):
            filled = [one or two for one, two in zip(filled, other, strict=True)]
    return filled


def _once(ids: list[str]) -> None:
    if len(set(ids)) == len(ids):
        return
    seen: set[str] = set()
    rows = []
    for row, key in enumerate(ids):
        if key in seen:
            rows.append(row)
        seen.add(key)
    raise DataError.from_rows(
        "id",
        rows,
        [ids[row] for row in rows],
        allowed="an id of its own for every record",
        todo="number them",
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        text = value.strip()
        return "" if text in _NOTHING else text
    if value is None or value != value:  # noqa: PLR0124 - a missing number of a frame is not equal to itself
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return "; ".join(str(item) for item in value)
    text = str(value)
    return "" if text in _NOTHING else text


_NOTHING = frozenset({"NA", "N/A", "nan", "NaN", "None", "<NA>", "null", "UNKNOWN"})


def _from_records(records: Iterable[Record]) -> tuple[list[str], Fields]:
    """Read the fields of one record after the other, so that their raw forms are never held together."""
    ids: list[str] = []
    fields: Fields = {field: [] for field in _READ}
    for record in records:
        ids.append(record.id)
        for field, read in _READ.items():
            fields[field].append(read(record))
    _once(ids)
    return ids, fields


def _registrations(record: Record) -> str:
    if record.kind is not RecordKind.REGISTRY_ENTRY:
        return "; ".join(record.registrations)
    own = [value for value in record.accessions.values() if value in record.registrations]
    return "; ".join(dict.fromkeys((*own, *record.registrations)))


def _kind(record: Record) -> str:
    vague = any(text.lower() == VAGUE for text in record.types)
    return "" if vague else _KINDS.get(record.kind.value, "")


_READ: dict[str, Callable[[Record], str]] = {
    "title": lambda record: record.title or "",
    "authors": lambda record: "; ".join(record.authors),
    "year": lambda record: str(record.year or ""),
    "journal": lambda record: record.journal or "",
    "volume": lambda record: record.volume or "",
    "issue": lambda record: record.issue or "",
    "pages": lambda record: record.pages or "",
    "doi": lambda record: record.doi or "",
    "pmid": lambda record: record.pmid or "",
    "abstract": lambda record: record.abstract or "",
    "issn": lambda record: "; ".join(record.issn),
    "kind": _kind,
    "registrations": _registrations,
    "urls": lambda record: "; ".join(record.urls),
}
