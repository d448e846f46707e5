"""ClinicalTrials.gov as its first interface gave chosen fields (study_fields, until 2024).

Every field is a list of all its values in the study, whatever they belong to. What belongs together is joined
only where the lengths leave no choice; else it stays apart.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.sources.clinicaltrials_flat import joined
from evergrove.sources.clinicaltrials_study import draft_of_study
from evergrove.sources.json_records import begins_as, drafts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.draft import Draft, LeftOut
    from evergrove.sources.json_records import JsonRecord
    from evergrove.sources.opening import Opened

PATHS = (("StudyFieldsResponse", "StudyFields"), ("StudyFields",))
_MARK = re.compile(r'(?<!\\)"(?:StudyFieldsResponse|StudyFields)"\s*:|(?<!\\)"NCTId"\s*:\s*\[')


def recognise(head: str) -> bool:
    """Return whether a file begins as an answer with chosen fields does."""
    return begins_as(head, _MARK)


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the studies of a file."""
    return drafts_of(opened, PATHS, _draft)


def _draft(item: JsonRecord) -> Draft | LeftOut:
    return draft_of_study(item, joined(item.value))
