"""Candidate data of a review folder and what was decided of them: two files of lines, only added to.

``records/candidates.jsonl`` holds the candidates, ``records/candidate-decisions.jsonl`` the decisions.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from evergrove.errors import ReviewFolderError
from evergrove.model.candidate import Candidate, CandidateDecision
from evergrove.store.records import RECORDS
from evergrove.store.refusals import line_fault
from evergrove.store.write import PART, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import BaseModel

CANDIDATES = "candidates.jsonl"
DECISIONS = "candidate-decisions.jsonl"

M = TypeVar("M", bound="BaseModel")


def read_candidates(folder: Path) -> Iterator[Candidate]:
    """Yield the candidates of a review folder, in the order in which they were found.

    Raises
    ------
    ReviewFolderError
        For a line that is no candidate, with file, line and field.
    """
    return _read(folder, CANDIDATES, Candidate)


def add_candidates(folder: Path, candidates: Iterable[Candidate]) -> int:
    """Add candidates, all or none; return how many were added."""
    return _add(folder, CANDIDATES, candidates)


def read_candidate_decisions(folder: Path) -> tuple[CandidateDecision, ...]:
    """Return the decisions about candidates, in order."""
    return tuple(_read(folder, DECISIONS, CandidateDecision))


def add_candidate_decision(folder: Path, decision: CandidateDecision) -> None:
    """Add a decision about a candidate."""
    _add(folder, DECISIONS, [decision])


def _read(folder: Path, name: str, model: type[M]) -> Iterator[M]:
    path = folder / RECORDS / name
    if not path.is_file():
        return
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                yield model.model_validate_json(line)
            except ValidationError as error:
                fault = line_fault(f"{RECORDS}/{name}", number, error)
                raise ReviewFolderError(str(folder), [fault]) from None


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
