"""What deduplicating found, kept so that a review in which nothing changed is not compared again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from evergrove.model.merge import MergeEvent  # noqa: TC001 - pydantic reads the annotation
from evergrove.store.kept_results import Kept, key_of
from evergrove.store.merges import MERGES
from evergrove.store.records import RECORDS

if TYPE_CHECKING:
    from pathlib import Path


class Settled(NamedTuple):
    """What holds where deduplicating has nothing to add.

    Parameters
    ----------
    records, reports : int
    waiting : tuple of MergeEvent
        Pairs that wait for a person.
    """

    records: int
    reports: int
    waiting: tuple[MergeEvent, ...]


#: The outcomes that are kept.
SETTLED = Kept("dedupe", Settled)


def settled_key(folder: Path, records: str) -> str:
    """Return the key of what deduplicating finds: the sha256 of all that it follows from.

    Parameters
    ----------
    folder : Path
        The review folder, for its merges.
    records : str
        The sha256 of its records.
    """
    return key_of([folder / RECORDS / MERGES], records)
