"""evergrove's own form: one record a line, as `evergrove export --format jsonl` writes them."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

from pydantic import ValidationError

from evergrove.model.faults import first_refused
from evergrove.model.record import Record
from evergrove.sources.draft import Draft, LeftOut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.opening import Opened


def recognise(head: str) -> bool:
    """Return whether a file begins with a record in evergrove's own form."""
    first = head.lstrip().split("\n", 1)[0]
    return first.startswith("{") and '"raw":' in head and '"source":' in head and '"file_sha256":' in head


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the records of a file.

    With the fields as they were exported; the raw form is that of the first import.
    """
    with opened.text() as stream:
        position = 0
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            position += 1
            try:
                yield _draft(Record.model_validate(json.loads(line)), position, number)
            except ValidationError as error:
                yield LeftOut(position, number, str(first_refused(error)), line)
            except ValueError as error:
                yield LeftOut(
                    position, number, f"not readable as JSON: {error}; allowed: one record a line", line
                )


def _draft(record: Record, position: int, line: int) -> Draft:
    draft = Draft(position, line, record.raw)
    for entry in fields(Draft):
        if entry.name in {"position", "line", "raw", "database", "form"}:
            continue
        value = getattr(record, entry.name)
        setattr(draft, entry.name, list(value) if isinstance(value, tuple) else value)
    draft.other = {name: list(values) for name, values in record.other.items()}
    draft.database = record.source.database
    draft.form = record.source.format
    return draft
