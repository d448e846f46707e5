"""The log of merges of a review folder: ``records/merges.jsonl``, one decision a line, only ever added to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from evergrove.model.merge import MergeEvent
from evergrove.store.logs import read_log
from evergrove.store.records import RECORDS
from evergrove.store.write import plain, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MERGES = "merges.jsonl"


def read_merges(folder: Path) -> tuple[MergeEvent, ...]:
    """Return the log of merges, in order.

    Parameters
    ----------
    folder : Path
        The review folder; without the log there are none.

    Returns
    -------
    tuple of MergeEvent

    Raises
    ------
    ReviewFolderError
        For lines that are no decisions, each with file, line and field.
    """
    return tuple(read_log(folder, MERGES, MergeEvent))


def add_merges(folder: Path, events: Iterable[MergeEvent]) -> None:
    """Add decisions to the log, all of them or none."""
    lines = [json.dumps(plain(event), ensure_ascii=False) + "\n" for event in events]
    if not lines:
        return
    path = folder / RECORDS / MERGES
    held = path.read_text(encoding="utf-8") if path.is_file() else ""
    if held and not held.endswith("\n"):
        held += "\n"
    write_whole(path, held + "".join(lines))
