"""The records of a review folder: one file of lines per imported file, and the log of imports.

``records/<name>-<sha>.jsonl`` holds the records of one imported file, one a line, in its order;
``records/imports.jsonl`` says what was read, kept and left out. Neither is ever changed, only added to.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from evergrove.errors import ReviewFolderError
from evergrove.model.record import Record
from evergrove.store.journal import commit
from evergrove.store.refusals import line_fault
from evergrove.store.write import PART, plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from pydantic import BaseModel

RECORDS = "records"
IMPORTS = "imports.jsonl"
_ID = re.compile(rb'\{"id": ?"([0-9a-f]{24})"')
#: How a line of a registry entry says what it is; within another field the quotes would have a backslash.
_ENTRY = re.compile(rb'"kind": ?"registry-entry"')


def record_line(record: Record) -> str:
    """Return the line of a record: JSON, the id first."""
    return record.model_dump_json(exclude_defaults=True)


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


def record_ids(folder: Path) -> list[str]:
    """Return the ids of all records of a review, in their order, without reading the records themselves."""
    return [key for path in record_files(folder) for key in ids_in(path)]


def ids_in(path: Path) -> Iterator[str]:
    """Yield the ids of the records of one of the `record_files`."""
    with path.open("rb") as stream:
        for line in stream:
            if (at := _ID.match(line)) is not None:
                yield at.group(1).decode()


def known_ids(folder: Path) -> set[str]:
    """Return the ids of all records that a review holds, without reading the records themselves."""
    return set(record_ids(folder))


def holds_registry_entries(folder: Path) -> bool:
    """Return whether a review holds an entry of a registry, without reading the records themselves."""
    for path in record_files(folder):
        with path.open("rb") as stream:
            if any(_ENTRY.search(line) for line in stream):
                return True
    return False


class Batch:
    """The records of one imported file and the entries in logs that come in with them.

    Parameters
    ----------
    stream : text file
        Of the records, as lines.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.count = 0
        self.lines: dict[str, str] = {}

    def add(self, record: Record) -> None:
        """Write a record; nothing is kept in memory."""
        self.count += 1
        self._stream.write(record_line(record) + "\n")

    def log(self, name: str, entry: BaseModel) -> None:
        """Have an entry stand in a log of ``records/`` once the records are at their place."""
        line = json.dumps(plain(entry), ensure_ascii=False, sort_keys=True) + "\n"
        self.lines[name] = self.lines.get(name, "") + line


@contextmanager
def records_to(folder: Path, name: str, sha256: str) -> Iterator[Batch]:
    """Write the records of one imported file with their entries in logs, as a whole or not at all.

    Parameters
    ----------
    folder : Path
        The review folder, locked.
    name : str
        The imported file's name; letters, digits and hyphens of it are kept.
    sha256 : str
        Of the imported file.

    Yields
    ------
    Batch
        A file without any record is not made.
    """
    stem = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:60] or "file"
    target = folder / RECORDS / f"{stem}-{sha256[:8]}.jsonl"
    target.parent.mkdir(exist_ok=True)
    part = _part_beside(target)
    try:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            batch = Batch(stream)
            yield batch
            stream.flush()
            os.fsync(stream.fileno())  # the logs must not tell of records that a power cut takes
        if batch.count and target.exists():
            part = _joined(target, part)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    if not batch.count:
        part.unlink()
    # from here on the part belongs to the journal: whatever happens, the next run ends it
    commit(target.parent, part if batch.count else None, target, batch.lines)


def _joined(target: Path, new: Path) -> Path:
    """Return a file of the records of an earlier import of the same file with the new ones behind them."""
    whole = _part_beside(target)
    with whole.open("wb") as stream:
        for path in (target, new):
            with path.open("rb") as held:
                shutil.copyfileobj(held, stream)
    new.unlink()
    return whole


def _part_beside(target: Path) -> Path:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=PART)
    os.close(handle)
    Path(name).chmod(0o644)
    return Path(name)
