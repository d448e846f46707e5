"""The hand-made samples of registries and JSON sources, read as an import reads them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from evergrove.model.record import Record
from evergrove.sources.draft import LeftOut, Origin
from evergrove.sources.formats import recognise
from evergrove.sources.opening import open_file

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "formats" / "samples" / "registry"
SHARED = ROOT / "../shared/data"
WHEN = datetime(2026, 1, 2, tzinfo=UTC)


def read_file(path: Path) -> tuple[str, list[Record], list[LeftOut]]:
    """Return the format found, the records and what was left out."""
    opened = open_file(path)
    form, reader = recognise(opened)
    origin = Origin(form, path.name, opened.sha256, WHEN)
    items = list(reader.read(opened))
    kept = [item.finish(origin) for item in items if not isinstance(item, LeftOut)]
    left = [item for item in items if isinstance(item, LeftOut)]
    assert [item.position for item in items] == list(range(1, len(items) + 1))
    return form.value, kept, left


def sample(name: str) -> tuple[str, list[Record], list[LeftOut]]:
    """Read a sample by its name."""
    return read_file(SAMPLES / name)
