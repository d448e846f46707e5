"""The list of registered trials without a report of results, kept so that it is not worked out twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from evergrove.records.unpublished import UnpublishedTrial  # noqa: TC001 - pydantic reads the annotation
from evergrove.store.kept_results import Kept, key_of
from evergrove.store.links import LINKS
from evergrove.store.merges import MERGES
from evergrove.store.records import RECORDS, record_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from evergrove.model.study import Study


class Listed(NamedTuple):
    """The list, as it is kept.

    Parameters
    ----------
    trials : tuple of UnpublishedTrial
    titles : dict of str to str
        Of the reports that may be of one of them, by id.
    """

    trials: tuple[UnpublishedTrial, ...]
    titles: dict[str, str]


#: The lists that are kept.
LISTS = Kept("unpublished", Listed)


def list_key(folder: Path, studies: Sequence[Study], day: date) -> str:
    """Return the key of the list: the sha256 of all that it follows from.

    Parameters
    ----------
    folder : Path
        The review folder: its records, merges and decisions about links.
    studies : sequence of Study
        Of the review.
    day : date
        To which days are counted.
    """
    logs = (folder / RECORDS / name for name in (MERGES, LINKS))
    told = (study.model_dump_json() for study in studies)
    return key_of((*record_files(folder), *logs), day.isoformat(), *told)
