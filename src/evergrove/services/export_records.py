"""Export: the records of a review in the formats of databases and reference managers."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from evergrove.errors import UsageError
from evergrove.services.folders import locate
from evergrove.sources.exporting import ExportFormat, exported
from evergrove.store.records import read_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from evergrove.model.record import Record

#: Records between two calls of the progress.
STEP = 200


def export_records(
    review: str | Path,
    form: str,
    write: Callable[[str], object],
    progress: Callable[[str, int, int], None] | None = None,
) -> int:
    """Write the records of a review in a format, piece by piece.

    Parameters
    ----------
    review : str or Path
        A review folder.
    form : str
        One of ``ris``, ``nbib``, ``bibtex``, ``csv``, ``endnote-xml``, ``jsonl``.
    write : callable
        Takes a piece of text.
    progress : callable, optional

    Returns
    -------
    int
        Records that were written.

    Raises
    ------
    UsageError
        For a review that is not there, or a format that is not known.
    ReviewFolderError
        For a record of the review that cannot be read.
    """
    known = {item.value: item for item in ExportFormat}
    if form not in known:
        raise UsageError(f"--format: found {form!r}; allowed: {', '.join(known)}; choose one")
    count = 0

    def counted(records: Iterable[Record]) -> Iterator[Record]:
        nonlocal count
        for record in records:
            count += 1
            if progress is not None and count % STEP == 0:
                progress("export", count, 0)
            yield record

    for piece in exported(counted(read_records(locate(review))), known[form]):
        write(piece)
    return count


def export_to_file(
    review: str | Path,
    form: str,
    output: Path,
    progress: Callable[[str, int, int], None] | None = None,
) -> int:
    """Write the records of a review into a file, as a whole or not at all; see `export_records`.

    Raises
    ------
    UsageError
        Also where the file cannot be written.
    """
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            count = export_records(review, form, stream.write, progress)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(output)
    except OSError as error:
        raise UsageError(
            f"{output}: cannot be written ({error.strerror or error}); name a file in a folder that is there"
        ) from None
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return count
