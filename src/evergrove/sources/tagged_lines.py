"""Files of tagged lines, cut into records; one record is in memory at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from evergrove.model.record import LARGEST_RAW
from evergrove.sources.bibliographic_values import database_name
from evergrove.sources.draft import LeftOut

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from evergrove.sources.opening import Opened

#: Characters behind which a line without an end is cut; the rest is read as a line of its own.
LONGEST_LINE = 1 << 22
_BLOCK = 1 << 16
_NAMED_DATABASE = "database"


class Chunk(NamedTuple):
    """The lines of one record.

    Parameters
    ----------
    position : int
        Number in the file, from 1.
    line : int
        Line on which it begins, from 1.
    lines : list of str
        Without line ends.
    database : str or None
        As a line before the records names it ("Database: Embase").
    """

    position: int
    line: int
    lines: list[str]
    database: str | None

    @property
    def raw(self) -> str:
        """The record as it came."""
        return "\n".join(self.lines)


class Cutter(Protocol):
    """Says where records begin and end."""

    def begins(self, line: str, *, after_blank: bool, current: list[str]) -> bool:
        """Return whether a line is the first of a record; `current` is empty between records."""

    def ends(self, line: str) -> bool:
        """Return whether a line is the last of a record."""


def lines_of(stream: IO[str]) -> Iterator[str]:
    """Yield the lines of a stream without their ends; one longer than `LONGEST_LINE` in pieces."""
    tail = ""
    while block := stream.read(_BLOCK):
        *whole, tail = (tail + block).split("\n")
        yield from whole
        if len(tail) > LONGEST_LINE:
            yield tail
            tail = ""
    if tail:
        yield tail


def records_of(opened: Opened, cutter: Cutter) -> Iterator[Chunk | LeftOut]:
    """Yield the records of a file of tagged lines.

    Parameters
    ----------
    opened : Opened
    cutter : Cutter

    Yields
    ------
    Chunk or LeftOut
        `LeftOut` for a record longer than any can be: an end that is missing.
    """
    with opened.text() as stream:
        yield from _cut(lines_of(stream), cutter)


def _cut(lines: Iterator[str], cutter: Cutter) -> Iterator[Chunk | LeftOut]:
    position, size, begun = 0, 0, 0
    current: list[str] = []
    database: str | None = None
    after_blank = True
    for number, line in enumerate(lines, start=1):
        if not line or line.isspace():
            after_blank = True
            size += 1
            if current and size <= LARGEST_RAW:
                current.append(line)
            continue
        if cutter.begins(line, after_blank=after_blank, current=current):
            if current:
                position += 1
                yield _whole(position, begun, current, size, database)
            current, size, begun = [], 0, number
        elif not current:
            name, colon, value = line.partition(":")
            if colon and name.strip().lower() == _NAMED_DATABASE and value.strip():
                database = database_name(value)
            continue
        after_blank = False
        size += len(line) + 1
        if size <= LARGEST_RAW or not current:
            current.append(line)
        if cutter.ends(line):
            position += 1
            yield _whole(position, begun, current, size, database)
            current = []
    if current:
        yield _whole(position + 1, begun, current, size, database)


def _whole(position: int, begun: int, lines: list[str], size: int, database: str | None) -> Chunk | LeftOut:
    while lines and not lines[-1].strip():
        lines.pop()
    if size > LARGEST_RAW:
        reason = f"a record of {size:,} characters; allowed: at most {LARGEST_RAW:,}; its end may be missing"
        return LeftOut(position, begun, reason, "\n".join(lines[:100]))
    return Chunk(position, begun, lines, database)
