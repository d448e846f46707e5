"""Rayyan's CSV, with the decisions, labels, reasons and notes that stand in its notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.sources import table
from evergrove.sources.draft import LeftOut
from evergrove.sources.table_rows import header_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evergrove.sources.draft import Draft
    from evergrove.sources.opening import Opened

#: Columns that Rayyan's exports begin with.
_FIRST = ("key", "title", "year", "month", "day", "journal")


def recognise(head: str) -> bool:
    """Return whether a file begins with Rayyan's columns, or holds Rayyan's decisions in a table."""
    header = header_of(head)
    if header is None:
        return False
    return tuple(header.columns[: len(_FIRST)]) == _FIRST or (
        "RAYYAN-INCLUSION" in head and table.recognise(head)
    )


def mapping_of(opened: Opened, mapping: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the field that each column is read as; see `table.mapping_of`."""
    return table.mapping_of(opened, mapping)


def read(opened: Opened, mapping: Mapping[str, str] | None = None) -> Iterator[Draft | LeftOut]:
    """Yield the rows of a file as records; `mapping` as in `table.mapping_of`.

    Decisions are in `other` under ``rayyan-decision``, one "person: decision" each; likewise
    ``rayyan-label``, ``rayyan-exclusion-reason`` and ``rayyan-note``.
    """
    columns = mapping_of(opened, mapping)
    header = header_of(opened.head)
    if header is None:
        return
    for row in rows_of(opened, header):
        yield row if isinstance(row, LeftOut) else table.draft_of(row, columns)
