"""The registered trials of a review without a report of results, for its site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.report.findings import Unpublished
from evergrove.services.kept_list import LISTS, list_key
from evergrove.services.link import link_records
from evergrove.store.records import holds_registry_entries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from evergrove.model.study import Study


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
    listed = LISTS.recall(list_key(folder, studies, until))
    if listed is None:
        listed = link_records(folder, studies, today=until).listed
    return Unpublished(listed.trials, until, listed.titles)
