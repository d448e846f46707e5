"""Import: from files of any database to the records of a review."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evergrove.errors import UsageError
from evergrove.model.faults import first_refused
from evergrove.model.record import FileFormat, ImportRun, LeftOutRecord, Record
from evergrove.services.folders import locate_own
from evergrove.sources.draft import Draft, LeftOut, Origin
from evergrove.sources.formats import mapping_of, read_with, recognise
from evergrove.sources.opening import open_file
from evergrove.store.lock import changing
from evergrove.store.records import IMPORTS, known_ids, records_to

#: Called with the stage, what is done and the total, which is 0 where nobody knows it before the end.
Progress = Callable[[str, int, int], None]
#: Records between two calls of the progress.
STEP = 200


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person says of the files; what is not said is found out or stays missing.

    Parameters
    ----------
    form : FileFormat or None
    database, platform, search : str or None
    mapping : mapping of str to str or None
        For tables: the field that a column is read as.
    """

    form: FileFormat | None = None
    database: str | None = None
    platform: str | None = None
    search: str | None = None
    mapping: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of files.

    Parameters
    ----------
    runs : tuple of ImportRun
        One for each file that could be read.
    refused : tuple of UsageError
        One for each file that could not: nothing of it came in.
    """

    runs: tuple[ImportRun, ...]
    refused: tuple[UsageError, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON-safe data."""
        return {
            "imports": [run.model_dump(mode="json") for run in self.runs],
            "refused": [error.to_dict() for error in self.refused],
        }


def choices_from(
    form: str | None, database: str | None, platform: str | None, columns: Sequence[str]
) -> Choices:
    """Return choices as a person types them.

    Parameters
    ----------
    form, database, platform : str or None
    columns : sequence of str
        ``COLUMN=FIELD`` each.

    Returns
    -------
    Choices

    Raises
    ------
    UsageError
        For an unknown format, or a mapping without ``=``.
    """
    known = {item.value: item for item in FileFormat}
    if form is not None and form not in known:
        raise UsageError(
            f"--format: found {form!r}; allowed: {', '.join(known)}; choose one, or leave it out"
        )
    mapping: dict[str, str] = {}
    for column in columns:
        name, sign, field = column.partition("=")
        if not (name and sign and field):
            raise UsageError(f"--map: found {column!r}; allowed: COLUMN=FIELD; write 'Article Title=title'")
        mapping[name] = field
    return Choices(known[form] if form else None, database, platform, mapping=mapping or None)


def import_files(
    review: str | Path,
    files: Sequence[str | Path],
    choices: Choices | None = None,
    progress: Progress | None = None,
) -> ImportOutcome:
    """Import the records of files into a review; a file that cannot be read does not stop the others.

    Parameters
    ----------
    review : str or Path
        A review folder.
    files : sequence of str or Path
        Exports of databases and registries; the format is found by content.
    choices : Choices, optional
        What holds for all of these files.
    progress : callable, optional

    Returns
    -------
    ImportOutcome
        A run for each file. What could not be read is in ``left_out`` with position and reason; records that
        the review holds already, character for character, are counted in ``known`` and not added again.

    Raises
    ------
    UsageError
        For a review that is not there; for a single file that is not there or is of no known format.
    BusyError
        While another run changes the review.
    """
    folder = locate_own(review)
    runs: list[ImportRun] = []
    refused: list[UsageError] = []
    with changing(folder, "import"):
        known = known_ids(folder)
        for file in files:
            try:
                runs.append(_import(folder, Path(file), choices or Choices(), known, progress))
            except UsageError as error:
                if len(files) == 1:
                    raise
                refused.append(error)
    return ImportOutcome(tuple(runs), tuple(refused))


def _import(
    folder: Path, file: Path, choices: Choices, known: set[str], progress: Progress | None
) -> ImportRun:
    opened = open_file(file)
    form, reader = recognise(opened, choices.form, mapped=choices.mapping is not None)
    mapping = mapping_of(reader, opened, choices.mapping)
    when = datetime.now(UTC).replace(microsecond=0)
    origin = Origin(form, file.name, opened.sha256, when, choices.database, choices.platform, choices.search)
    read = repeated = 0
    new: set[str] = set()
    left_out: list[LeftOutRecord] = []
    with records_to(folder, file.name, opened.sha256) as batch:
        for item in read_with(reader, opened, choices.mapping):
            read += 1
            record = finish_record(item, origin)
            if isinstance(record, LeftOutRecord):
                left_out.append(record)
            elif record.id in known or record.id in new:
                repeated += 1
            else:
                new.add(record.id)
                batch.add(record)
            if progress is not None and read % STEP == 0:
                progress(file.name, read, 0)
        run = ImportRun(
            file=file.name,
            file_sha256=opened.sha256,
            format=form,
            when=when,
            database=choices.database,
            platform=choices.platform,
            search=choices.search,
            read=read,
            added=len(new),
            known=repeated,
            left_out=tuple(left_out),
            mapping=mapping,
        )
        batch.log(IMPORTS, run)
    # Only now do they stand in the review: of a file that broke off nothing is known.
    known |= new
    return run


@dataclass(frozen=True, slots=True)
class ReadRecords:
    """What files hold, without a review.

    Parameters
    ----------
    records : tuple of Record
        Each once, in the order of the files.
    left_out : tuple of (str, LeftOutRecord)
        File and what could not be read of it, with position and reason.
    """

    records: tuple[Record, ...]
    left_out: tuple[tuple[str, LeftOutRecord], ...]

    def __repr__(self) -> str:
        return f"<ReadRecords: {len(self.records)} records, {len(self.left_out)} left out>"


def read_records(*files: str | Path, choices: Choices | None = None) -> ReadRecords:
    r"""Read the records of files of any format, without a review.

    Parameters
    ----------
    *files : str or Path
        Exports of databases and registries; the format is found by content.
    choices : Choices, optional
        What holds for all of these files.

    Returns
    -------
    ReadRecords
        Nothing is lost silently: what could not be read is in ``left_out``.

    Raises
    ------
    UsageError
        For a file that is not there, a format that is not known, or a mapping of columns for a file that has
        none.

    See Also
    --------
    import_files : keeps them in a review.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import evergrove as eg
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "refs.csv"
    >>> _ = file.write_text("Title,Year\nRest in bed,2001\nREST IN BED.,2001\n")
    >>> read = eg.read_records(file)
    >>> read, eg.deduplicate(read.records).publications
    (<ReadRecords: 2 records, 0 left out>, 2)
    """
    choices = choices or Choices()
    records: dict[str, Record] = {}
    left_out: list[tuple[str, LeftOutRecord]] = []
    for file in map(Path, files):
        opened = open_file(file)
        form, reader = recognise(opened, choices.form, mapped=choices.mapping is not None)
        when = datetime.now(UTC).replace(microsecond=0)
        origin = Origin(form, file.name, opened.sha256, when, choices.database, choices.platform)
        for item in read_with(reader, opened, choices.mapping):
            record = finish_record(item, origin)
            if isinstance(record, LeftOutRecord):
                left_out.append((file.name, record))
            else:
                records.setdefault(record.id, record)
    return ReadRecords(tuple(records.values()), tuple(left_out))


def finish_record(item: Draft | LeftOut, origin: Origin) -> Record | LeftOutRecord:
    """Return the record, or the entry of the log where its values cannot be."""
    if isinstance(item, LeftOut):
        return item.noted()
    try:
        return item.finish(origin)
    except ValidationError as error:
        return LeftOut(item.position, item.line, str(first_refused(error)), item.raw).noted()
