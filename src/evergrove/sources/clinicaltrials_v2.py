"""ClinicalTrials.gov as its second interface gives it: a study, an array of them, pages, projections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.sources.clinicaltrials_study import draft_of_study
from evergrove.sources.json_records import begins_as, drafts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.draft import Draft, LeftOut
    from evergrove.sources.json_records import JsonRecord
    from evergrove.sources.opening import Opened

PATHS = (("studies",),)
_MARK = re.compile(r'(?<!\\)"(?:protocolSection|resultsSection|identificationModule)"\s*:')


def recognise(head: str) -> bool:
    """Return whether a file begins as one of the second interface does."""
    return begins_as(head, _MARK)


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the studies of a file.

    Modules that a projection left out stay missing.
    """
    return drafts_of(opened, PATHS, _draft)


def _draft(item: JsonRecord) -> Draft | LeftOut:
    return draft_of_study(item, item.value)
