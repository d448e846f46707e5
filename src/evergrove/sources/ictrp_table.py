"""WHO ICTRP as a table: CSV, or the first sheet of a workbook (XLSX)."""

from __future__ import annotations

import json
import warnings
import zipfile
import zlib
from datetime import date, datetime
from typing import TYPE_CHECKING

from evergrove.errors import UsageError
from evergrove.model.record import LARGEST_RAW
from evergrove.sources.draft import LeftOut, clean
from evergrove.sources.ictrp_trial import draft_of_trial, is_export
from evergrove.sources.table_rows import header_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.draft import Draft
    from evergrove.sources.opening import Opened

#: Bytes of a workbook's parts, unpacked, at most.
LARGEST_WORKBOOK = 1 << 30
_ZIP = "PK\x03\x04"
#: What openpyxl and the unpacking below it raise for a workbook that is none.
_BROKEN = (
    OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, SyntaxError, EOFError, RuntimeError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def recognise(head: str) -> bool:
    """Return whether a file begins with the columns of an export of the platform, or as a workbook does."""
    if head.startswith(_ZIP):
        return "[Content_Types].xml" in head or "xl/" in head or "docProps/" in head
    header = header_of(head)
    return header is not None and is_export(header.columns)


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the trials of a file.

    Raises
    ------
    UsageError
        For a workbook that cannot be opened or holds another table.
    """
    if opened.head.startswith(_ZIP):
        yield from _workbook(opened)
        return
    header = header_of(opened.head)
    if header is None:
        raise UsageError(f"{opened.path}: no columns in the first line; export the table again")
    for row in rows_of(opened, header):
        yield (
            row if isinstance(row, LeftOut) else draft_of_trial(row.position, row.line, row.raw, row.cells)
        )


def _workbook(opened: Opened) -> Iterator[Draft | LeftOut]:
    from openpyxl import load_workbook  # noqa: PLC0415 - only for workbooks

    _look_inside(opened)
    with opened.binary() as stream:
        try:
            with warnings.catch_warnings(action="ignore"):  # of styles and extensions: nothing that is read
                book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()  # a size that is not true would be filled with empty rows
            rows = iter(sheet.iter_rows(values_only=True))
            columns = [_cell(value) for value in next(rows, ())]
        except _BROKEN as error:
            raise _no_workbook(opened, error) from None
        if not is_export(columns):
            raise UsageError(
                f"{opened.path}: the first sheet has the columns {', '.join(columns)[:120]!r}; allowed: an "
                "export of WHO ICTRP with TrialID and titles; save another table as CSV"
            )
        yield from _rows(rows, columns)


def _rows(rows: Iterator[tuple[object, ...]], columns: list[str]) -> Iterator[Draft | LeftOut]:
    position, line = 0, 1
    while True:
        line += 1
        try:
            with warnings.catch_warnings(action="ignore"):
                row = next(rows, None)
        except _BROKEN as error:
            yield LeftOut(position + 1, line, f"the workbook breaks off here: {error}; export it again", "")
            return
        if row is None:
            return
        cells = {
            name: text for name, value in zip(columns, row, strict=False) if (text := _cell(value)).strip()
        }
        if not cells:
            continue
        position += 1
        raw = json.dumps(cells, ensure_ascii=False)
        if len(raw) > LARGEST_RAW:
            reason = f"a row of {len(raw):,} characters; allowed: at most {LARGEST_RAW:,}"
            yield LeftOut(position, line, reason, raw)
            continue
        yield draft_of_trial(position, line, raw, cells)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _look_inside(opened: Opened) -> None:
    """Refuse a workbook that would fill the memory or that declares entities."""
    try:
        with zipfile.ZipFile(opened.path) as packed:
            size = sum(part.file_size for part in packed.infolist())
            if size > LARGEST_WORKBOOK:
                raise UsageError(
                    f"{opened.path}: {size:,} bytes unpacked; allowed: {LARGEST_WORKBOOK:,}; export it as CSV"
                )
            for part in packed.namelist():
                with packed.open(part) as stream:
                    if b"<!DOCTYPE" in stream.read(4096):
                        raise UsageError(
                            f"{opened.path}: {clean(part)} declares a document type; allowed: none"
                        )
    except _BROKEN as error:
        raise _no_workbook(opened, error) from None


def _no_workbook(opened: Opened, error: Exception) -> UsageError:
    return UsageError(
        f"{opened.path}: not readable as a workbook ({error}); save it again, or export it as CSV"
    )
