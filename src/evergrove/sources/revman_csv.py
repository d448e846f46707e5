"""RevMan Web's CSV files: data rows with risk of bias, one record a study.

A row belongs to a study and an analysis. Its numbers are kept as printed, each with its column, in `other`
under ``data row``; unused numbers are written as 0 by RevMan, so a 0 is no more than a 0.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from evergrove.errors import UsageError
from evergrove.model.record import LARGEST_RAW, RecordKind
from evergrove.sources.bibliographic_values import complete
from evergrove.sources.draft import Draft, LeftOut, clean, year_in
from evergrove.sources.table_rows import Row, header_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.opening import Opened

_DATA = {"Study", "Analysis number", "Analysis name"}
_STUDIES = ({"Study", "Year"}, {"Study ID"}, {"Study", "Study year"})
_BIAS = re.compile(r"(.*?)\s*\((judgement|support)\)", re.IGNORECASE)
_BIBLIOGRAPHIC = {"Title", "DOI", "Abstract", "Authors"}


#: Bytes of the largest review that is read: its rows are gathered by study.
LARGEST_REVIEW = 16 * LARGEST_RAW


def fits_in_memory(opened: Opened) -> None:
    """Refuse a file that is larger than any review."""
    if opened.size > LARGEST_REVIEW:
        raise UsageError(
            f"{opened.path}: {opened.size:,} bytes; allowed: at most {LARGEST_REVIEW:,} for a review of "
            "RevMan's; name the format with --format if it is another"
        )


def recognise(head: str) -> bool:
    """Return whether a file begins with the columns of RevMan Web's exports."""
    header = header_of(head)
    if header is None:
        return False
    columns = set(header.columns)
    biased = any(_BIAS.fullmatch(column) for column in columns)
    return columns >= _DATA or (
        biased and any(columns >= names for names in _STUDIES) and not columns & _BIBLIOGRAPHIC
    )


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield a record for every study of a file.

    The rows of a study follow one another only within an analysis, so all of its rows are gathered; a file of
    RevMan's holds one review. Rows without a study are left out.
    """
    fits_in_memory(opened)
    header = header_of(opened.head)
    if header is None:
        return
    studies: dict[str, list[Row]] = {}
    broken: list[LeftOut] = []
    for row in rows_of(opened, header):
        if isinstance(row, LeftOut):
            broken.append(row)
            continue
        name = clean(row.cells.get("Study") or row.cells.get("Study ID") or "")
        if name:
            studies.setdefault(name, []).append(row)
        else:
            broken.append(LeftOut(row.position, row.line, "no study; allowed: the name of one", row.raw))
    position = 0
    for name, rows in studies.items():
        position += 1
        yield _draft(position, name, rows)
    for item in broken:
        position += 1
        yield LeftOut(position, item.line, item.reason, item.raw)


def _draft(position: int, study: str, rows: list[Row]) -> Draft | LeftOut:
    raw = "\n".join(row.raw for row in rows)
    if len(raw) > LARGEST_RAW:
        reason = f"a study with {len(raw):,} characters of rows; allowed: at most {LARGEST_RAW:,}"
        return LeftOut(position, rows[0].line, reason, raw)
    draft = Draft(position, rows[0].line, raw, kind=RecordKind.REVIEW_STUDY, title=study)
    years = (row.cells.get("Study year") or row.cells.get("Year") for row in rows)
    draft.year = next((found for year in years if year and (found := year_in(year))), None) or year_in(study)
    bias: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        numbers = {}
        for column, cell in row.cells.items():
            text = clean(cell)
            domain = _BIAS.fullmatch(column)
            if domain is None:
                numbers[column] = text
            else:
                held = bias.setdefault(domain.group(1), {}).setdefault(domain.group(2).lower(), [])
                if text not in held:
                    held.append(text)
        draft.keep("data row", json.dumps(numbers, ensure_ascii=False))
    for name, told in bias.items():
        draft.keep(f"risk of bias: {name}", told.get("judgement", []))
        draft.keep(f"risk of bias, support: {name}", told.get("support", []))
    return complete(draft)
