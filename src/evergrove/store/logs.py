"""Logs of a review folder: files of ``records/`` with one entry a line, only ever added to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from evergrove.errors import ReviewFolderError
from evergrove.model.record import ImportRun
from evergrove.store.records import IMPORTS, RECORDS
from evergrove.store.refusals import line_fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydantic import BaseModel

    M = TypeVar("M", bound=BaseModel)


def read_log(folder: Path, name: str, model: type[M]) -> Iterator[M]:
    """Yield the entries of a log, in order; empty lines are none.

    Parameters
    ----------
    folder : Path
        The review folder; without the log there are no entries.
    name : str
        Of the file in ``records/``.
    model : type
        What an entry is.

    Yields
    ------
    model

    Raises
    ------
    ReviewFolderError
        Behind the last entry, for the lines that are none, each with file, line and field.
    """
    path = folder / RECORDS / name
    if not path.is_file():
        return
    faults = []
    # A line ends at "\n" only: a text that a person pasted may hold other separators of lines.
    with path.open(encoding="utf-8", newline="\n") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                yield model.model_validate_json(line)
            except ValidationError as error:
                faults.append(line_fault(f"{RECORDS}/{name}", number, error))
    if faults:
        raise ReviewFolderError(str(folder), faults)


def read_imports(folder: Path) -> tuple[ImportRun, ...]:
    """Return the log of imports, in order; for faults see `read_log`."""
    return tuple(read_log(folder, IMPORTS, ImportRun))
