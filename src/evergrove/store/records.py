"""The records of a review folder: one file of lines per imported file, and the log of imports.

``records/<name>-<sha>.jsonl`` holds the records of one imported file, one a line, in its order;
``records/imports.jsonl`` says what was read, kept and left out. Neither is ever changed, only added to.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from evergrove.errors import ReviewFolderError
from evergrove.model.record import ImportRun, Record
from evergrove.store.refusals import line_fault
from evergrove.store.write import plain, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RECORDS = "records"
IMPORTS = "imports.jsonl"
_ID = re.compile(r'^\{"id": ?"([0-9a-f]{24})"')


def record_line(record: Record) -> str:
    """Return the line of a record: JSON, the id first."""
    return json.dumps(plain(record), ensure_ascii=False)


def record_files(folder: Path) -> list[Path]:
    """Return the files of records of a review folder, in the order of their names."""
    return sorted(path for path in (folder / RECORDS).glob("*-????????.jsonl") if path.is_file())


def read_records(folder: Path) -> Iterator[Record]:
    """Yield the records of a review folder, one at a time.

    Parameters
    ----------
    folder : Path
        The review folder; without ``records/`` there are none.

    Yields
    ------
    Record

    Raises
    ------
    ReviewFolderError
        For a line that is no record, with file, line and field.
    """
    for path in record_files(folder):
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    yield Record.model_validate_json(line)
                except ValidationError as error:
                    fault = line_fault(path.relative_to(folder).as_posix(), number, error)
                    raise ReviewFolderError(str(folder), [fault]) from None


def known_ids(folder: Path) -> set[str]:
    """Return the ids of all records that a review holds, without reading the records themselves."""
    found: set[str] = set()
    for path in record_files(folder):
        with path.open(encoding="utf-8") as stream:
            for line in stream:
                if (at := _ID.match(line)) is not None:
                    found.add(at.group(1))
    return found


def read_imports(folder: Path) -> tuple[ImportRun, ...]:
    """Return the log of imports, in order."""
    path = folder / RECORDS / IMPORTS
    if not path.is_file():
        return ()
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(ImportRun.model_validate_json(line) for line in lines if line.strip())


def add_import(folder: Path, run: ImportRun) -> None:
    """Add an entry to the log of imports."""
    path = folder / RECORDS / IMPORTS
    held = path.read_text(encoding="utf-8") if path.is_file() else ""
    write_whole(path, held + json.dumps(plain(run), ensure_ascii=False, sort_keys=True) + "\n")


@contextmanager
def records_to(folder: Path, name: str, sha256: str) -> Iterator[Callable[[Record], None]]:
    """Write the records of one imported file, as a whole or not at all.

    Parameters
    ----------
    folder : Path
        The review folder.
    name : str
        The imported file's name; letters, digits and hyphens of it are kept.
    sha256 : str
        Of the imported file.

    Yields
    ------
    callable
        Takes a record and writes it; nothing is kept in memory. A file without any record is not made.
    """
    stem = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60] or "file"
    target = folder / RECORDS / f"{stem}-{sha256[:8]}.jsonl"
    target.parent.mkdir(exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    count = 0
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:

            def write(record: Record) -> None:
                nonlocal count
                count += 1
                stream.write(record_line(record) + "\n")

            yield write
        if count:
            Path(temporary).chmod(0o644)
            _join(Path(temporary), target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _join(temporary: Path, target: Path) -> None:
    """Move the new records to their place, behind those of an earlier import of the same file."""
    if target.exists():
        held = target.read_bytes() + temporary.read_bytes()
        write_whole(target, held)
    else:
        temporary.replace(target)
