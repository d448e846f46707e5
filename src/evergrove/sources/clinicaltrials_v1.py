"""ClinicalTrials.gov as its first interface gave whole studies (FullStudies, until 2024)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.sources.clinicaltrials_names import second_form
from evergrove.sources.clinicaltrials_study import draft_of_study
from evergrove.sources.json_records import begins_as, drafts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.draft import Draft, LeftOut
    from evergrove.sources.json_records import JsonRecord
    from evergrove.sources.opening import Opened

PATHS = (("FullStudiesResponse", "FullStudies"), ("FullStudies",))
_MARK = re.compile(r'(?<!\\)"(?:FullStudiesResponse|FullStudies|FullStudy|ProtocolSection)"\s*:')


def recognise(head: str) -> bool:
    """Return whether a file begins as one of whole studies of the first interface does."""
    return begins_as(head, _MARK)


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the studies of a file."""
    return drafts_of(opened, PATHS, _draft)


def _draft(item: JsonRecord) -> Draft | LeftOut:
    return draft_of_study(item, second_form(item.value))
