"""Candidate data of a review folder and what was decided of them: two files of lines, only added to.

``records/candidates.jsonl`` holds the candidates, ``records/candidate-decisions.jsonl`` the decisions.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from evergrove.model.candidate import Candidate, CandidateDecision
from evergrove.store.logs import read_log
from evergrove.store.records import RECORDS
from evergrove.store.write import PART, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

CANDIDATES = "candidates.jsonl"
DECISIONS = "candidate-decisions.jsonl"


def read_candidates(folder: Path) -> Iterator[Candidate]:
    """Yield the candidates of a review folder, in the order in which they were found.

    Raises
    ------
    ReviewFolderError
        For a line that is no candidate, with file, line and field.
    """
    return read_log(folder, CANDIDATES, Candidate)


def add_candidates(folder: Path, candidates: Iterable[Candidate]) -> int:
    """Add candidates, all or none; return how many were added."""
    return _add(folder, CANDIDATES, candidates)


def read_candidate_decisions(folder: Path) -> tuple[CandidateDecision, ...]:
    """Return the decisions about candidates, in order."""
    return tuple(read_log(folder, DECISIONS, CandidateDecision))


def add_candidate_decision(folder: Path, decision: CandidateDecision) -> None:
    """Add a decision about a candidate."""
    _add(folder, DECISIONS, [decision])


def _add(folder: Path, name: str, items: Iterable[BaseModel]) -> int:
    path = folder / RECORDS / name
    path.parent.mkdir(exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{name}.", suffix=PART)
    count = 0
    try:
        with os.fdopen(handle, "wb") as stream:
            if path.is_file():
                with path.open("rb") as held:
                    shutil.copyfileobj(held, stream)
            for item in items:
                count += 1
                stream.write((json.dumps(plain(item), ensure_ascii=False, sort_keys=True) + "\n").encode())
        if count:
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return count
