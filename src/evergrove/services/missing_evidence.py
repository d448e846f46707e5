"""The registered trials of a review without a report of results, for its site; not worked out twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from evergrove.records.unpublished import UnpublishedTrial
from evergrove.report.findings import Unpublished
from evergrove.services.link import link_records
from evergrove.store.kept_results import keep, key_of, recall
from evergrove.store.links import LINKS
from evergrove.store.merges import MERGES
from evergrove.store.records import RECORDS, holds_registry_entries, record_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from evergrove.model.study import Study

    #: The trials, and the titles of the reports that may be of one of them, by id.
    Listed = tuple[tuple[UnpublishedTrial, ...], dict[str, str]]

_KIND = "unpublished"


def missing_evidence(folder: Path, studies: Sequence[Study], until: date) -> Unpublished | None:
    """Return the registered trials without a report of results.

    Parameters
    ----------
    folder : Path
        The review folder.
    studies : sequence of Study
        Of the review.
    until : date
        The day to which days are counted.

    Returns
    -------
    Unpublished or None
        None where no registry entry is held.

    Notes
    -----
    To link many records takes seconds, and most builds change none. The list is therefore kept under the
    sha256 of all that it follows from (records, merges, decisions, studies, day, the code) and taken from
    there where all of that is the same to the last byte.
    """
    if not holds_registry_entries(folder):
        return None
    key = _key(folder, studies, until)
    known = _read(recall(_KIND, key))
    if known is None:
        known = _listed(folder, studies, until)
        keep(_KIND, key, _FORM.dump_json(known))
    trials, titles = known
    return Unpublished(trials, until, titles)


#: Kept and read in this form; the file may be another's work, so it is checked as it is read.
_FORM = TypeAdapter(tuple[tuple[UnpublishedTrial, ...], dict[str, str]])


def _read(content: bytes | None) -> Listed | None:
    if content is None:
        return None
    try:
        return _FORM.validate_json(content)
    except ValidationError:
        return None


def _key(folder: Path, studies: Sequence[Study], until: date) -> str:
    logs = (folder / RECORDS / name for name in (MERGES, LINKS))
    told = (study.model_dump_json() for study in studies)
    return key_of((*record_files(folder), *logs), until.isoformat(), *told)


def _listed(folder: Path, studies: Sequence[Study], until: date) -> Listed:
    run = link_records(folder, studies, today=until)
    possible = {key for trial in run.unpublished for key in trial.possible}
    titles = {key: run.linked.reports[key].title or "no title" for key in sorted(possible)}
    return run.unpublished, titles
