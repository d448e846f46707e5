"""The decisions of persons about links: ``records/links.jsonl``, one a line, only ever added to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from evergrove.model.link import LinkAction, LinkDecision
from evergrove.store.logs import read_log
from evergrove.store.records import RECORDS
from evergrove.store.write import plain, write_whole

if TYPE_CHECKING:
    from pathlib import Path

LINKS = "links.jsonl"


def read_link_decisions(folder: Path) -> tuple[LinkDecision, ...]:
    """Return all decisions about links, in their order, those taken back too.

    Parameters
    ----------
    folder : Path
        The review folder; without ``records/links.jsonl`` there are none.

    Raises
    ------
    ReviewFolderError
        For a line that is no decision, with file, line and field.
    """
    return tuple(read_log(folder, LINKS, LinkDecision))


def standing(decisions: tuple[LinkDecision, ...]) -> tuple[LinkDecision, ...]:
    """Return the decisions that hold: the last about each pair, without those taken back."""
    undone = {decision.undoes for decision in decisions if decision.undoes is not None}
    latest = {
        decision.items: decision
        for decision in decisions
        if decision.action is not LinkAction.UNDO and decision.id not in undone
    }
    return tuple(latest.values())


def add_link_decision(folder: Path, decision: LinkDecision) -> None:
    """Add a decision behind those that are there; nothing is changed or removed."""
    path = folder / RECORDS / LINKS
    held = path.read_text(encoding="utf-8") if path.is_file() else ""
    if held and not held.endswith("\n"):
        held += "\n"
    write_whole(path, held + json.dumps(plain(decision), ensure_ascii=False, sort_keys=True) + "\n")
