"""Read a file as an import does, without a review."""

from __future__ import annotations

import lzma
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from evergrove.sources.draft import Draft, LeftOut, Origin
from evergrove.sources.formats import recognise
from evergrove.sources.opening import open_file

if TYPE_CHECKING:
    from evergrove.model.record import FileFormat, Record

SHARED = Path(__file__).resolve().parents[2] / "../shared/data/formats"
WHEN = datetime(2026, 1, 2, tzinfo=UTC)


def read_file(path: Path) -> tuple[FileFormat, list[Record], list[LeftOut]]:
    """Return the format, the records and what was left out."""
    opened = open_file(path)
    form, reader = recognise(opened)
    origin = Origin(form, path.name, opened.sha256, WHEN)
    items = list(reader.read(opened))
    drafts = [item.finish(origin) for item in items if isinstance(item, Draft)]
    return form, drafts, [item for item in items if isinstance(item, LeftOut)]


def read_text(place: Path, text: str | bytes) -> tuple[FileFormat, list[Record], list[LeftOut]]:
    """Write a text into a folder and read it."""
    path = place / "export"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return read_file(path)


def shared(name: str, place: Path | None = None) -> Path:
    """Return a real file, unpacked where a folder is given; skip the test where there is none."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"real file not there: {path}")
    if place is not None and path.suffix == ".xz":
        unpacked = place / path.stem
        unpacked.write_bytes(lzma.decompress(path.read_bytes()))
        return unpacked
    return path
