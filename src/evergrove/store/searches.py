"""The searches of a review folder: the saved ones, the log of runs, the raw answers, walks broken off.

``searches.yaml`` holds the saved searches; ``records/searches.jsonl`` a line per run, only added to;
``records/answers/<sha256>.json.gz`` (or ``.xml.gz``) each raw answer; ``records/unfinished/<id>.json`` a walk
broken off.
"""

from __future__ import annotations

import gzip
import hashlib
from typing import TYPE_CHECKING

from pydantic import ValidationError

from evergrove.errors import SourceError
from evergrove.model.record import Record
from evergrove.model.search import SavedSearch, SearchRun, Walk
from evergrove.store.folder import read_searches
from evergrove.store.logs import read_log
from evergrove.store.records import RECORDS
from evergrove.store.write import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from evergrove.model.record import FileFormat

RUNS = "searches.jsonl"
ANSWERS = "answers"
UNFINISHED = "unfinished"
_CHUNK = 1 << 20


def saved_searches(folder: Path) -> tuple[SavedSearch, ...]:
    """Return the saved searches of a review folder, in order; none without ``searches.yaml``.

    Raises
    ------
    ReviewFolderError
        For faults in the file, each with line, field, the value found and what is allowed.
    """
    return read_searches(folder)


def read_runs(folder: Path) -> tuple[SearchRun, ...]:
    """Return the log of search runs, in order.

    Raises
    ------
    ReviewFolderError
        For a line that is no run.
    """
    return tuple(read_log(folder, RUNS, SearchRun))


def keep_answer(folder: Path, body: bytes) -> str:
    """Keep a raw answer under its sha256 and return that; the same answer is kept once."""
    sha256 = hashlib.sha256(body).hexdigest()
    if answer_file(folder, sha256) is None:
        ending = "xml" if body.lstrip()[:1] == b"<" else "json"
        path = folder / RECORDS / ANSWERS / f"{sha256}.{ending}.gz"
        # Without time stamp: the same answer gives the same bytes.
        write_whole(path, gzip.compress(body, mtime=0))
    return sha256


def answer_file(folder: Path, sha256: str) -> Path | None:
    """Return the place of a raw answer, if it is kept."""
    places = (folder / RECORDS / ANSWERS / f"{sha256}.{ending}.gz" for ending in ("xml", "json"))
    return next((place for place in places if place.is_file()), None)


def unpack_answer(folder: Path, sha256: str, target: Path) -> None:
    """Write a raw answer, unpacked, to a file, and see that it is what it was.

    Raises
    ------
    SourceError
        Where it is missing or was changed.
    """
    path = answer_file(folder, sha256)
    digest = hashlib.sha256()
    try:
        if path is None:
            raise FileNotFoundError(f"{ANSWERS}/{sha256} is not there")
        with gzip.open(path, "rb") as stream, target.open("wb") as out:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                out.write(chunk)
    except (OSError, EOFError) as error:
        raise SourceError(
            f"{folder}: a kept answer cannot be read ({error}); "
            f"remove {RECORDS}/{UNFINISHED}/ and search again"
        ) from None
    if digest.hexdigest() != sha256:
        raise SourceError(
            f"{path}: the kept answer was changed (its sha256 is {digest.hexdigest()}); "
            f"remove it and {RECORDS}/{UNFINISHED}/, and search again"
        )


def read_walk(folder: Path, search_id: str) -> Walk | None:
    """Return the walk of a search that was broken off; one that cannot be read counts as none."""
    path = _walk_file(folder, search_id)
    try:
        walk = Walk.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    kept = all(answer_file(folder, answer.sha256) is not None for answer in walk.answers)
    return walk if kept else None


def save_walk(folder: Path, walk: Walk) -> None:
    """Keep a walk, so that a killed run goes on where it was."""
    write_whole(_walk_file(folder, walk.search.id), walk.model_dump_json())


def end_walk(folder: Path, search_id: str) -> None:
    """Forget a walk that came to its end."""
    path = _walk_file(folder, search_id)
    path.unlink(missing_ok=True)
    if path.parent.is_dir() and not any(path.parent.iterdir()):
        path.parent.rmdir()


def _walk_file(folder: Path, search_id: str) -> Path:
    return folder / RECORDS / UNFINISHED / f"{search_id}.json"


def records_of_formats(path: Path, formats: Iterable[FileFormat]) -> Iterator[Record]:
    """Yield the records of one of the `record_files` that came in these formats; others are not parsed."""
    # both ways of writing JSON: with a space behind the colon, and without
    marks = tuple(f'"format":{space}"{form.value}"' for form in formats for space in ("", " "))
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            if any(mark in line for mark in marks):
                yield Record.model_validate_json(line)
