"""Tables as text: delimiter and columns found out, rows read one at a time, those that cannot be named."""

from __future__ import annotations

import csv
from collections import deque
from functools import partial
from typing import IO, TYPE_CHECKING, NamedTuple

from evergrove.model.record import LARGEST_RAW
from evergrove.sources.draft import LeftOut, clean
from evergrove.sources.tagged_lines import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.opening import Opened

DELIMITERS = ",;\t|"
#: Lines of one row at most: a quotation mark that is never closed would swallow the rest of the file.
MOST_LINES = 2000


class Row(NamedTuple):
    """A row of a table.

    Parameters
    ----------
    position : int
        Number of the row below the header, from 1.
    line : int
        Line on which it begins, from 1.
    cells : dict of str to str
        By column; empty cells are left away.
    raw : str
        As it came.
    """

    position: int
    line: int
    cells: dict[str, str]
    raw: str


class Header(NamedTuple):
    """What the first line of a table says."""

    delimiter: str
    columns: list[str]
    line: int


def header_of(head: str) -> Header | None:
    r"""Return delimiter and columns of a table, or ``None`` where the beginning of a file is none.

    Examples
    --------
    >>> header_of("title;year\nA trial;2020\n")
    Header(delimiter=';', columns=['title', 'year'], line=1)
    """
    lines = head.lstrip("\ufeff").split("\n")
    start = next((number for number, line in enumerate(lines) if line.strip()), None)
    if start is None:
        return None
    first = lines[start]
    if first.strip().lower().startswith("sep=") and start + 1 < len(lines):  # a spreadsheet's own mark
        start += 1
        first = lines[start]
    if len(first) > LONGEST_LINE:
        return None
    best = max(DELIMITERS, key=first.count)
    if not first.count(best):
        return None
    try:
        (columns,) = list(csv.reader([first], delimiter=best))[:1]
    except (csv.Error, ValueError):
        return None
    return Header(best, _unique([clean(column) for column in columns]), start + 1)


def _unique(columns: list[str]) -> list[str]:
    """Return names of columns, those without one by their number, those that stand twice numbered."""
    names: list[str] = []
    for number, column in enumerate(columns, start=1):
        name = column or f"column {number}"
        names.append(name if name not in names else f"{name} ({number})")
    return names


def rows_of(opened: Opened, header: Header) -> Iterator[Row | LeftOut]:
    """Yield the rows of a table.

    Parameters
    ----------
    opened : Opened
    header : Header

    Yields
    ------
    Row or LeftOut
        `LeftOut` for a row with more cells than there are columns, or that is not closed.
    """
    with opened.text() as stream:
        for _ in range(header.line):
            stream.readline()
        position = 0
        for line, raw, closed in _raw_rows(stream, header):
            if not raw.strip().strip(header.delimiter + '"'):
                continue
            position += 1
            yield _row(position, line, raw, header, closed=closed)


def _raw_rows(stream: IO[str], header: Header) -> Iterator[tuple[int, str, bool]]:
    """Yield line, text and whether its quotation marks are closed, for every row.

    A row whose marks stay open is given up with its first line; the lines after it are read as rows.
    """
    waiting: deque[str] = deque()
    number = header.line
    read = partial(stream.readline, LONGEST_LINE)
    while True:
        line = waiting.popleft() if waiting else read()
        if not line:
            return
        number += 1
        lines = [line]
        size, marks = len(line), line.count('"')
        while marks % 2 and len(lines) < MOST_LINES and size <= LARGEST_RAW:
            more = waiting.popleft() if waiting else read()
            if not more:
                break
            lines.append(more)
            size += len(more)
            marks += more.count('"')
        if marks % 2:
            waiting.extendleft(reversed(lines[1:]))
            yield number, line.rstrip("\n"), False
        else:
            yield number, "".join(lines).rstrip("\n"), True
            number += len(lines) - 1


def _row(position: int, line: int, raw: str, header: Header, *, closed: bool) -> Row | LeftOut:
    if len(raw) > LARGEST_RAW:
        reason = f"a row of {len(raw):,} characters; allowed: at most {LARGEST_RAW:,}"
        return LeftOut(position, line, reason, raw)
    csv.field_size_limit(LARGEST_RAW + 1)
    try:
        cells = _cells(raw, header.delimiter, closed=closed)
    except csv.Error as error:
        return LeftOut(position, line, f"not readable as a row: {error}; allowed: quoted cells", raw)
    while len(cells) > len(header.columns) and not cells[-1].strip():
        cells.pop()
    if len(cells) > len(header.columns):
        reason = (
            f"{len(cells)} cells; allowed: at most {len(header.columns)}, the columns of the first line; "
            "a cell that holds the delimiter needs quotation marks"
        )
        return LeftOut(position, line, reason, raw)
    named = {name: cell for name, cell in zip(header.columns, cells, strict=False) if cell.strip()}
    return Row(position, line, named, raw)


def _cells(raw: str, delimiter: str, *, closed: bool) -> list[str]:
    if closed:
        return next(csv.reader([raw], delimiter=delimiter), [])
    return next(csv.reader([raw], delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
