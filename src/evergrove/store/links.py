"""The decisions of persons about links: ``records/links.jsonl``, one a line, only ever added to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import ValidationError

from evergrove.errors import ReviewFolderError
from evergrove.model.link import LinkAction, LinkDecision
from evergrove.store.records import RECORDS
from evergrove.store.refusals import line_fault
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
    path = folder / RECORDS / LINKS
    if not path.is_file():
        return ()
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found.append(LinkDecision.model_validate_json(line))
        except ValidationError as error:
            fault = line_fault(f"{RECORDS}/{LINKS}", number, error)
            raise ReviewFolderError(str(folder), [fault]) from None
    return tuple(found)


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
