"""Rayyan's CSV, with the decisions, labels, reasons and notes that stand in its notes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.sources import table
from evergrove.sources.draft import LeftOut, clean
from evergrove.sources.table_rows import header_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evergrove.sources.draft import Draft
    from evergrove.sources.opening import Opened

#: Columns that Rayyan's exports begin with.
_FIRST = ("key", "title", "year", "month", "day", "journal")
_PARTS = ("RAYYAN-INCLUSION", "RAYYAN-LABELS", "RAYYAN-EXCLUSION-REASONS", "USER-NOTES")
_PART = re.compile(rf"(?:^|\s*\|\s*|\s+)({'|'.join(_PARTS)}):\s*")
#: ``"A"=>"Included"``, and ``"A"=>["a note", "another"]``
_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=>\s*(\[[^\]]*\]|"(?:[^"\\]|\\.)*")')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


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
    """Yield the rows of a file as records.

    Parameters
    ----------
    opened : Opened
    mapping : mapping or None
        The field of a column, where it is not to be guessed.

    Yields
    ------
    Draft or LeftOut
        Decisions are in `other` under ``rayyan-decision``, one "person: decision" each; likewise
        ``rayyan-label``, ``rayyan-exclusion-reason`` and ``rayyan-note``.
    """
    columns = mapping_of(opened, mapping)
    header = header_of(opened.head)
    if header is None:
        return
    for row in rows_of(opened, header):
        draft = row if isinstance(row, LeftOut) else table.draft_of(row, columns)
        if not isinstance(draft, LeftOut):
            notes, draft.notes = draft.notes, []
            _decisions(draft, " ".join(notes))
        yield draft


def _decisions(draft: Draft, notes: str) -> None:
    """Take Rayyan's parts out of the notes; what stands before them stays a note."""
    before, *parts = _PART.split(notes)
    if clean(before):
        draft.notes.append(clean(before))
    for name, text in zip(parts[::2], parts[1::2], strict=True):
        if name == "RAYYAN-INCLUSION":
            draft.keep("rayyan-decision", [f"{who}: {_plain(what)}" for who, what in _PAIR.findall(text)])
        elif name == "USER-NOTES":
            said = [(who, note) for who, notes in _PAIR.findall(text) for note in _QUOTED.findall(notes)]
            draft.keep("rayyan-note", [f"{who}: {_unescaped(note)}" for who, note in said])
        else:
            key = "rayyan-label" if name == "RAYYAN-LABELS" else "rayyan-exclusion-reason"
            draft.keep(key, [clean(part) for part in text.rstrip(" |").split(",")])


def _plain(quoted: str) -> str:
    found = _QUOTED.fullmatch(quoted.strip())
    return _unescaped(found.group(1) if found else quoted)


def _unescaped(text: str) -> str:
    return clean(text.replace('\\"', '"').replace("\\n", " ").replace("\\\\", "\\"))
