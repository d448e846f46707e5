"""Search: the saved searches of a review, run anew; only what is new comes in."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from evergrove._version import __version__
from evergrove.errors import SourceError, UsageError
from evergrove.model.record import ImportRun, LeftOutRecord, Record
from evergrove.model.search import Database, SavedSearch, SearchRun, Walk
from evergrove.services.folders import locate_own
from evergrove.services.import_records import Progress, finish_record
from evergrove.sources.draft import Origin
from evergrove.sources.formats import reader_of
from evergrove.sources.opening import open_file
from evergrove.sources.search.connection import Connection, Limiter
from evergrove.sources.search.identity import identity_of
from evergrove.sources.search.settings import Settings, read_settings
from evergrove.sources.search.walk import first_question, goes_on, new_walk, walk_pages
from evergrove.store.lock import PATIENCE_OF_A_SEARCH, changing, searching
from evergrove.store.records import IMPORTS, ids_in, record_files, records_to
from evergrove.store.searches import (
    RUNS,
    end_walk,
    keep_answer,
    read_walk,
    records_of_formats,
    save_walk,
    saved_searches,
    unpack_answer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from evergrove.store.records import Batch

#: Characters of an address that a record keeps; the log of searches has the whole query.
LONGEST_ADDRESS = 2000


@dataclass(frozen=True, slots=True)
class Found:
    """A record that a search brought in.

    Parameters
    ----------
    id, search : str
        Of the record, and of the search that found it.
    title : str or None
    year : int or None
    number : str or None
        Registration number, PMID or DOI.
    changed : bool
        Whether an older version of it was known.
    """

    id: str
    search: str
    title: str | None
    year: int | None
    number: str | None
    changed: bool


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """What became of the searches of a review.

    Parameters
    ----------
    runs : tuple of SearchRun
        One per search, in order, also of those that did not come to their end.
    found : tuple of Found
        The records that came in.
    error : SourceError or None
        Where a service did not answer as it should: what happened to which.
    """

    runs: tuple[SearchRun, ...]
    found: tuple[Found, ...]
    error: SourceError | None

    def to_dict(self) -> dict[str, object]:
        """Return JSON-safe data."""
        found = [
            {
                "id": one.id,
                "search": one.search,
                "title": one.title,
                "year": one.year,
                "number": one.number,
                "changed": one.changed,
            }
            for one in self.found
        ]
        return {
            "runs": [run.model_dump(mode="json") for run in self.runs],
            "found": found,
            "error": self.error.to_dict() if self.error else None,
        }


def run_searches(
    review: str | Path,
    only: Sequence[str] = (),
    progress: Progress | None = None,
    settings: Settings | None = None,
    limiter: Limiter | None = None,
) -> SearchOutcome:
    """Run the saved searches of a review and import what is new.

    Parameters
    ----------
    review : str or Path
        A review folder.
    only : sequence of str
        Ids of the searches to run; all by default.
    progress : callable, optional
        Called with a search's id, the records fetched and those to come in all.
    settings : Settings, optional
        As `read_settings` gives them by default.
    limiter : Limiter, optional
        Shared with other runs that ask the same services; one of its own by default.

    Returns
    -------
    SearchOutcome
        A service that does not answer does not stop the others: see ``error``. What it gave is imported, and
        the next run goes on where this one stopped.

    Raises
    ------
    UsageError
        For a review without saved searches, an unknown id, or settings that cannot be used.
    ReviewFolderError
        For faults in ``searches.yaml``.
    BusyError
        While another search of the review goes on, or where another change does not end.

    Notes
    -----
    The review is locked only while an answer is written down and while its records come in, so that others
    can work while a service is waited for. What came in meanwhile is known before anything is added.
    """
    folder = locate_own(review)
    searches = _chosen(folder, only)
    runs: list[SearchRun] = []
    found: list[Found] = []
    errors: list[SourceError] = []
    with searching(folder), Connection(settings or read_settings(), limiter) as connection:
        held = _Held(folder, {search.database for search in searches})
        for search in searches:
            run, new, error = _run(folder, search, connection, held, progress)
            runs.append(run)
            found += new
            if error is not None:
                errors.append(error)
    told = SourceError("\n".join(str(error) for error in errors)) if errors else None
    return SearchOutcome(tuple(runs), tuple(found), told)


def _chosen(folder: Path, only: Sequence[str]) -> tuple[SavedSearch, ...]:
    searches = saved_searches(folder)
    if not searches:
        raise UsageError(
            f"{folder}: no saved searches; write them into searches.yaml (id, database, query each; see "
            "docs/reference/searches.md)"
        )
    ids = [search.id for search in searches]
    if unknown := [name for name in only if name not in ids]:
        raise UsageError(
            f"{folder}: no search {unknown[0]!r} in searches.yaml; allowed: {', '.join(ids)}; name one"
        )
    return tuple(search for search in searches if not only or search.id in only)


class _Held:
    """The records that a review holds, by number and version."""

    def __init__(self, folder: Path, databases: set[Database]) -> None:
        self.ids: set[str] = set()
        self._folder = folder
        self._formats = {database.form for database in databases}
        self._versions: dict[str, set[str]] = {}
        self._read: dict[Path, int] = {}

    def refresh(self) -> None:
        """Read the files of records that are new or have grown; the review is locked meanwhile."""
        for path in record_files(self._folder):
            size = path.stat().st_size
            if self._read.get(path) != size:
                self.ids.update(ids_in(path))
                for record in records_of_formats(path, self._formats):
                    self._note(record)
                self._read[path] = size

    def _note(self, record: Record) -> None:
        identity = identity_of(record)
        self._versions.setdefault(identity.key, set()).add(identity.version)

    def news(self, record: Record) -> str | None:
        """Return ``"new"`` or ``"changed"`` and note the record; ``None`` where it is known."""
        identity = identity_of(record)
        versions = self._versions.get(identity.key)
        if record.id in self.ids or (versions is not None and identity.version in versions):
            return None
        self.ids.add(record.id)
        self._note(record)
        return "new" if versions is None else "changed"


def _run(
    folder: Path, search: SavedSearch, connection: Connection, held: _Held, progress: Progress | None
) -> tuple[SearchRun, list[Found], SourceError | None]:
    settings = connection.settings
    begun = read_walk(folder, search.id)
    if begun is not None and not goes_on(begun, search, settings):
        begun = None
    walk, error = begun or new_walk(search, settings), None

    try:
        for walk in walk_pages(search, connection, lambda body: _kept(folder, body), begun):
            with _writing(folder):
                save_walk(folder, walk)
            if progress is not None:
                progress(search.id, walk.fetched, walk.expected)
    except SourceError as failed:
        error = failed
    joined = hashlib.sha256("".join(answer.sha256 for answer in walk.answers).encode()).hexdigest()
    with _writing(folder):
        held.refresh()
        with records_to(folder, f"search-{search.id}", joined) as batch:
            imported, found = _import(folder, walk, held, batch, joined)
            run = _told(walk, first_question(search, settings).shown, imported, found, error)
            if walk.answers:
                batch.log(IMPORTS, imported)
            batch.log(RUNS, run)
        if walk.complete:
            end_walk(folder, search.id)
    return run, found, error


def _writing(folder: Path) -> AbstractContextManager[None]:
    return changing(folder, "search", PATIENCE_OF_A_SEARCH)


def _kept(folder: Path, body: bytes) -> str:
    with _writing(folder):
        return keep_answer(folder, body)


def _told(
    walk: Walk, address: str, imported: ImportRun, found: list[Found], error: SourceError | None
) -> SearchRun:
    """Return the log's entry of a walk that came to its end or was broken off."""
    search = walk.search
    changed = sum(one.changed for one in found)
    return SearchRun(
        search=search.id,
        database=search.database.label,
        platform=search.database.platform,
        address=address,
        query=search.query,
        from_date=search.from_date,
        limit=search.limit,
        translation=walk.translation,
        started=walk.started,
        ended=datetime.now(UTC).replace(microsecond=0),
        count=walk.total,
        fetched=imported.read,
        added=imported.added - changed,
        changed=changed,
        known=imported.known,
        left_out=len(imported.left_out),
        complete=walk.complete,
        stopped=str(error) if error else None,
        remarks=walk.remarks,
        answers=tuple(answer.sha256 for answer in walk.answers),
        software=f"evergrove {__version__}",
    )


def _import(
    folder: Path, walk: Walk, held: _Held, batch: Batch, joined: str
) -> tuple[ImportRun, list[Found]]:
    """Import what is new in the answers of a walk; return the log's entry and the news."""
    search = walk.search
    when = datetime.now(UTC).replace(microsecond=0)
    read = known = 0
    left_out: list[LeftOutRecord] = []
    found: list[Found] = []
    for item in _items(folder, walk, when):
        read += 1
        if isinstance(item, LeftOutRecord):
            left_out.append(item)
        elif (news := held.news(item)) is None:
            known += 1
        else:
            batch.add(item)
            found.append(_found(item, search.id, changed=news == "changed"))
    run = ImportRun(
        file=f"search {search.id}",
        file_sha256=joined,
        format=search.database.form,
        when=when,
        database=search.database.label,
        platform=search.database.platform,
        search=search.id,
        read=read,
        added=len(found),
        known=known,
        left_out=tuple(left_out),
    )
    return run, found


def _items(folder: Path, walk: Walk, when: datetime) -> Iterator[Record | LeftOutRecord]:
    """Yield the records of all answers; a place in them is named by answer and position."""
    database = walk.search.database
    reader = reader_of(database.form)
    with tempfile.TemporaryDirectory() as place:
        page = Path(place) / "answer"
        for number, answer in enumerate(walk.answers, start=1):
            if not answer.records:
                continue
            unpack_answer(folder, answer.sha256, page)
            origin = Origin(
                database.form,
                answer.address[:LONGEST_ADDRESS],
                answer.sha256,
                when,
                database.label,
                database.platform,
                walk.search.id,
            )
            for item in reader.read(open_file(page)):
                record = finish_record(item, origin)
                if isinstance(record, LeftOutRecord):
                    where = f"answer {number} ({answer.sha256[:8]}): {record.reason}"
                    record = record.model_copy(update={"reason": where})
                yield record


def _found(record: Record, search: str, *, changed: bool) -> Found:
    number = next(iter(record.registrations), None) if record.kind == "registry-entry" else None
    number = number or (f"PMID {record.pmid}" if record.pmid else record.doi)
    return Found(record.id, search, record.title, record.year, number, changed)
