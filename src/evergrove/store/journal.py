"""The last step of an import: its records and its entries in the logs come in together, or not at all.

What is to be done is first written down in ``.journal.json``; from then on it will be done: by the run
itself, or, where that was killed, by the next one that changes the review.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints, ValidationError

from evergrove.errors import Fault, ReviewFolderError
from evergrove.model.base import Model
from evergrove.store.write import PART, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

JOURNAL = ".journal.json"
#: Names inside the folder only: a review may come from anyone, and with it a journal.
_Part = Annotated[str, StringConstraints(strict=True, pattern=rf"^\.[\w.-]+\{PART}$")]
_Lines = Annotated[str, StringConstraints(strict=True, pattern=r"^\w[\w.-]*\.jsonl$")]


class Entry(Model):
    """Lines for a log: they stand behind its first `size` bytes, whatever part of them is there already."""

    size: int
    lines: str


class Journal(Model):
    """What is to be done: `part`, if there is one, takes the place of `target`; logs get their lines."""

    part: _Part | None = None
    target: _Lines | None = None
    logs: dict[_Lines, Entry]


def commit(place: Path, part: Path | None, target: Path, lines: Mapping[str, str]) -> None:
    """Move a file to its place and add lines to logs: all of it, even if the process is killed.

    Parameters
    ----------
    place : Path
        The folder of all of these files; its review is locked.
    part : Path or None
        The file, whole; none where there is nothing new.
    target : Path
        Where it goes; what is there is replaced.
    lines : mapping of str to str
        Name of a log -> lines with their ends.
    """
    journal = Journal(
        part=part.name if part is not None else None,
        target=target.name,
        logs={name: _entry(place / name, text) for name, text in lines.items()},
    )
    write_whole(place / JOURNAL, journal.model_dump_json())
    _carry_out(place)


def settle(place: Path) -> None:
    """End what a killed run had begun in a folder: carry out its journal, remove its unfinished files."""
    if place.is_dir():
        _carry_out(place)
        for folder, _, names in os.walk(place):
            for name in names:
                if name.startswith(".") and name.endswith(PART):
                    Path(folder, name).unlink()


def _entry(log: Path, lines: str) -> Entry:
    held = log.read_bytes() if log.is_file() else b""
    return Entry(size=len(held), lines=lines if held.endswith(b"\n") or not held else f"\n{lines}")


def _carry_out(place: Path) -> None:
    path = place / JOURNAL
    if not path.is_file():
        return
    try:
        journal = Journal.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        found, allowed = (
            repr(first["input"])[:80],
            "what evergrove wrote; remove the file if nobody else has it",
        )
        fault = Fault(f"{place.name}/{JOURNAL}", None, where, found, first["msg"], allowed)
        raise ReviewFolderError(str(place.parent), [fault]) from None
    if journal.part is not None and journal.target is not None and (place / journal.part).is_file():
        (place / journal.part).replace(place / journal.target)
    for name, entry in journal.logs.items():
        log = place / name
        held = log.read_bytes()[: entry.size] if log.is_file() else b""
        write_whole(log, held + entry.lines.encode())
    path.unlink()
