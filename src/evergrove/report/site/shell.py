"""What every page shows around its content: title, menu, version, content hash, date."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove._version import __version__
from evergrove.report.site import wording
from evergrove.report.site.page import MENU, Crumb

if TYPE_CHECKING:
    from evergrove.model import Review


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of all pages of one site."""

    title: str
    full_title: str
    authors: str
    language: str
    version: str
    content_hash: str
    date: str
    study_ids: frozenset[str]
    menu: tuple[Crumb, ...] = MENU


def shell(review: Review) -> Shell:
    """Return the frame of a review's site.

    The date is that of the latest decision, not that of the build, so that the same review gives the same
    bytes on any day.
    """
    protocol = review.protocol
    latest = max((decision.when for decision in review.decisions), default=None)
    return Shell(
        title=protocol.short_title,
        full_title=protocol.title,
        authors=wording.joined(protocol.authors),
        language=protocol.language,
        version=__version__,
        content_hash=hashlib.sha256(review.model_dump_json(exclude_defaults=True).encode()).hexdigest(),
        date="" if latest is None else wording.long_date(latest),
        study_ids=frozenset(study.id for study in review.studies),
    )
