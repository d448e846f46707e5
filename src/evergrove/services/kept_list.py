"""The list of registered trials without a report of results, kept so that it is not worked out twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pydantic import TypeAdapter, ValidationError

from evergrove.records.unpublished import UnpublishedTrial  # noqa: TC001 - pydantic reads the annotation
from evergrove.store.kept_results import keep, key_of, recall
from evergrove.store.links import LINKS
from evergrove.store.merges import MERGES
from evergrove.store.records import RECORDS, record_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from evergrove.model.study import Study

_KIND = "unpublished"


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


#: The file may be another's work, so it is checked as it is read.
_FORM = TypeAdapter(Listed)


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


def recall_list(key: str) -> Listed | None:
    """Return the list that is kept under a key, or ``None``."""
    content = recall(_KIND, key)
    if content is None:
        return None
    try:
        return _FORM.validate_json(content)
    except ValidationError:
        return None


def keep_list(key: str, listed: Listed) -> None:
    """Keep a list under its key."""
    keep(_KIND, key, _FORM.dump_json(listed))
