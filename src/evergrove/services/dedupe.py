"""Deduplicate: the records of one publication become one report; all are kept, every merge can be undone."""

from __future__ import annotations

import csv
import getpass
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergrove.errors import UsageError
from evergrove.model.merge import RULES, MergeEvent, PairVerdict
from evergrove.records.clusters import Clusters
from evergrove.records.decisions import Standing, standing
from evergrove.records.deduplicate import deduplicate
from evergrove.services.folders import locate, locate_own
from evergrove.services.kept_dedupe import SETTLED, Settled, settled_key
from evergrove.store.kept_results import content_of
from evergrove.store.lock import changing
from evergrove.store.merges import add_merges, read_merges
from evergrove.store.records import read_records, record_files, record_ids
from evergrove.store.write import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from evergrove.model.record import Record
    from evergrove.records.deduplicated import Deduplicated, Explained

    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class DedupeRun:
    """What became of the records of a review.

    Parameters
    ----------
    records : int
        Records of the review.
    reports : int
        Publications and registry entries that they make.
    added : tuple of MergeEvent
        Decisions that this run added: merges, pairs that wait for a person, pairs that are linked.
    waiting : tuple of MergeEvent
        Pairs that wait for a person.
    parted : tuple of MergeEvent
        Those of `added` that take back an earlier merge of the rules.
    """

    records: int
    reports: int
    added: tuple[MergeEvent, ...]
    waiting: tuple[MergeEvent, ...]
    parted: tuple[MergeEvent, ...] = ()

    @property
    def merged(self) -> int:
        """Records that another record of the same report stands for."""
        return self.records - self.reports

    def to_dict(self) -> dict[str, Any]:
        """Return the run as JSON-safe data."""
        return {
            "records": self.records,
            "reports": self.reports,
            "merged": self.merged,
            "added": [event.model_dump(mode="json", exclude_defaults=True) for event in self.added],
            "parted": [event.id for event in self.parted],
            "waiting": [event.model_dump(mode="json", exclude_defaults=True) for event in self.waiting],
        }


def dedupe(review: str | Path, progress: Progress | None = None) -> DedupeRun:
    """Merge the records of a review that are one publication.

    Parameters
    ----------
    review : str or Path
        A review folder.
    progress : callable, optional
        Called with the stage, what is done and the total.

    Returns
    -------
    DedupeRun
        Each merge, each pair that waits for a person and each pair that is linked is a line in
        ``records/merges.jsonl``. Running again adds only what is new; what a person decided stays. A merge
        that the rules do not make with the records of today (a new one leaves open which of two it is) is
        taken back by a line of its own and waits for a person.

    Raises
    ------
    UsageError
        For a review that is not there.
    ReviewFolderError
        For a record or decision that cannot be read.
    BusyError
        While another run changes the review.

    Notes
    -----
    Any import of the same records in several steps gives the same merges as one, as long as what was
    compared once is compared again; in blocks of very many like records it may not be, and an earlier merge
    then holds. Where neither records nor decisions changed since the last run, nothing is compared.
    """
    folder = locate_own(review)
    with changing(folder, "dedupe"):
        records = content_of(record_files(folder))
        held = SETTLED.recall(settled_key(folder, records))
        if held is not None:
            return DedupeRun(held.records, held.reports, (), held.waiting)
        events = read_merges(folder)
        run = _dedupe(folder, events, progress)
        # Who edits files by hand takes no lock: what changed meanwhile was not looked at.
        if content_of(record_files(folder)) == records and read_merges(folder) == (*events, *run.added):
            SETTLED.keep(settled_key(folder, records), Settled(run.records, run.reports, run.waiting))
        return run


def _dedupe(folder: Path, events: tuple[MergeEvent, ...], progress: Progress | None) -> DedupeRun:
    now = standing(events)
    found = deduplicate(
        read_records(folder),
        together=now.by_person,
        apart=now.apart,
        before=now.by_rules,
        progress=progress,
    )
    parted = tuple(_events(_parted(found, now)))
    left = standing((*events, *parted)) if parted else now
    new = tuple(_events(_new(found, left)))
    add_merges(folder, (*parted, *new))
    after = standing((*events, *parted, *new)) if parted or new else now
    groups = after.groups(found.ids)
    return DedupeRun(len(found.ids), len(groups), (*parted, *new), _waiting(after, groups), parted)


def _parted(found: Deduplicated, now: Standing) -> Iterator[Explained]:
    """Yield the merges of rules that they do not make with all records, as their pairs are judged now."""
    home = dict(zip(found.ids, found.labels().tolist(), strict=True))
    apart = [(a, b) for a, b in now.by_rules if a in home and b in home and home[a] != home[b]]
    return found.of(apart)


def _new(found: Deduplicated, now: Standing) -> Iterator[Explained]:
    """Yield what is new: merges that bring records together that were not, and pairs not yet so spoken of."""
    number = {key: row for row, key in enumerate(found.ids)}
    held = now.groups(found.ids)
    joined = Clusters(lambda _one, _two: False, [[number[key] for key in group] for group in held])
    for pair in found.duplicates():
        one, two = number[pair.left], number[pair.right]
        if two not in joined.of(one):
            joined.join(one, two)
            yield pair
    for pair in chain(found.uncertain(), found.related()):
        known = (min(pair.left, pair.right), max(pair.left, pair.right)) in now.known
        if not known and number[pair.right] not in joined.of(number[pair.left]):
            yield pair


def _events(pairs: Iterable[Explained]) -> Iterator[MergeEvent]:
    when = datetime.now(UTC).replace(microsecond=0)
    for pair in pairs:
        yield _event(
            (pair.left, pair.right),
            when,
            RULES,
            pair.verdict,
            pair.says,
            relation=pair.relation,
            rule=pair.rule,
            agreed=pair.agreed,
            near=pair.near,
            differed=pair.differed,
            missing=pair.missing,
        )


def _event(
    records: tuple[str, str],
    when: datetime,
    who: str,
    verdict: PairVerdict,
    why: str,
    **more: Any,  # noqa: ANN401 - the event's own fields
) -> MergeEvent:
    pair = (min(records), max(records))
    content = "\0".join((*pair, when.isoformat(), who, verdict.value, str(more.get("undoes"))))
    key = hashlib.sha256(content.encode()).hexdigest()[:10]
    return MergeEvent(id=key, when=when, who=who, records=pair, verdict=verdict, why=why, **more)


def _waiting(now: Standing, groups: list[tuple[str, ...]]) -> tuple[MergeEvent, ...]:
    """Return the uncertain pairs: one for each two reports that no person kept apart."""
    home = {key: group[0] for group in groups for key in group}

    def homes(pair: tuple[str, str]) -> frozenset[str]:
        return frozenset(home[key] for key in pair if key in home)

    settled = {homes(pair) for pair in now.apart}
    found = []
    for event in now.holds.values():
        between = homes(event.records)
        if event.verdict is PairVerdict.UNCERTAIN and len(between) == 2 and between not in settled:
            settled.add(between)
            found.append(event)
    return tuple(found)


def undo(review: str | Path, merge: str, who: str | None = None, why: str = "undone") -> MergeEvent:
    """Take back a decision.

    Parameters
    ----------
    review : str or Path
    merge : str
        The id of the decision, as `dedupe` tells it.
    who : str, optional
        By default the name of the account.
    why : str

    Returns
    -------
    MergeEvent
        The undoing. A merge of the rules stays undone; a person's decision is as if it had not been made.

    Raises
    ------
    UsageError
        For an id that is not there, is undone already, or is no merge.
    """
    folder = locate_own(review)
    with changing(folder, "dedupe --undo"):
        return _undo(folder, review, merge, who, why)


def _undo(folder: Path, review: str | Path, merge: str, who: str | None, why: str) -> MergeEvent:
    events = read_merges(folder)
    target = next((event for event in events if event.id == merge), None)
    if target is None:
        raise UsageError(
            f"--undo: found {merge!r}; allowed: the id of a merge in records/merges.jsonl; list them with "
            f"'evergrove dedupe {review} --list'"
        )
    if any(event.undoes == merge for event in events):
        raise UsageError(f"--undo: {merge} was undone already; nothing to do")
    if not target.by_person and target.verdict is not PairVerdict.DUPLICATE:
        raise UsageError(
            f"--undo: {merge} merged nothing ({target.verdict.label}); allowed: a merge, or what a person "
            f"decided; decide the pair with 'evergrove dedupe {review} --review'"
        )
    event = _event(
        target.records,
        datetime.now(UTC),
        who or account(),
        PairVerdict.NOT,
        why,
        undoes=merge,
    )
    add_merges(folder, [event])
    return event


def decide(
    review: str | Path, records: tuple[str, str], verdict: PairVerdict, who: str | None = None, why: str = ""
) -> MergeEvent:
    """Add what a person decided about two records.

    Parameters
    ----------
    review : str or Path
    records : two ids
    verdict : PairVerdict
    who : str, optional
        By default the name of the account.
    why : str

    Returns
    -------
    MergeEvent
    """
    why = why or "both records seen side by side"
    event = _event(records, datetime.now(UTC), who or account(), verdict, why)
    folder = locate_own(review)
    with changing(folder, "dedupe --review"):
        add_merges(folder, [event])
    return event


def account() -> str:
    """Return the name of the account, for who decided."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unnamed"


def merges(review: str | Path) -> tuple[MergeEvent, ...]:
    """Return the merges of a review that hold, in order."""
    now = standing(read_merges(locate(review)))
    return tuple(
        event
        for event in now.holds.values()
        if event.verdict is PairVerdict.DUPLICATE and event.records not in now.apart
    )


def report_groups(review: str | Path) -> list[tuple[str, ...]]:
    """Return the records of each report of a review, those that stand alone too.

    Parameters
    ----------
    review : str or Path

    Returns
    -------
    list of tuple of str
        Ids of records.
    """
    folder = locate(review)
    return standing(read_merges(folder)).groups(record_ids(folder))


TABLE = ("report", "records", "record", "file", "position", "own_id", "year", "title")
#: Columns in which an export keeps its own id of a record.
OWN_IDS = ("id", "record_id", "ID", "key", "rec-number")


def own_id(record: Record) -> str:
    """Return the id that the file of a record gave it; an empty text for none."""
    return next((value for name in OWN_IDS for value in record.other.get(name, ())), "")


def report_table(review: str | Path) -> Iterator[dict[str, str]]:
    """Yield a row for each record of a review: the report it belongs to, and where it came from.

    Parameters
    ----------
    review : str or Path

    Yields
    ------
    dict of str to str
        ``report`` (a number from 1), ``records`` (how many the report has), ``record``, ``file``,
        ``position``, ``own_id`` (the id that the file gave it, if any), ``year``, ``title``.
    """
    folder = locate(review)
    groups = report_groups(folder)
    place = {key: (number, len(keys)) for number, keys in enumerate(groups, start=1) for key in keys}
    for record in read_records(folder):
        number, size = place[record.id]
        yield {
            "report": str(number),
            "records": str(size),
            "record": record.id,
            "file": record.source.file,
            "position": str(record.source.position),
            "own_id": own_id(record),
            "year": str(record.year or ""),
            "title": record.title or "",
        }


def write_report_table(review: str | Path, file: str | Path) -> None:
    """Write `report_table` as CSV.

    Parameters
    ----------
    review, file : str or Path

    Raises
    ------
    UsageError
        For a file that cannot be written.
    """
    text = StringIO()
    writer = csv.DictWriter(text, TABLE, lineterminator="\n")
    writer.writeheader()
    writer.writerows(report_table(review))
    try:
        write_whole(Path(file), text.getvalue())
    except OSError as error:
        raise UsageError(f"--table: {file} cannot be written ({error}); choose another place") from None


def records_of(review: str | Path, ids: Iterable[str]) -> dict[str, Record]:
    """Return records of a review by id."""
    wanted = set(ids)
    return {record.id: record for record in read_records(locate(review)) if record.id in wanted}
