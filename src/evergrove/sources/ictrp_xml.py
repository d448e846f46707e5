"""WHO ICTRP as XML: one element ``Trial`` for each entry."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.sources.draft import LeftOut
from evergrove.sources.ictrp_trial import draft_of_trial
from evergrove.sources.xml_records import elements_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.sources.draft import Draft
    from evergrove.sources.opening import Opened

_MARK = re.compile(
    r"<Trials_downloaded_from_ICTRP[\s>]|<Trial>\s*<(?:Internal_Number|TrialID)>", re.IGNORECASE
)


def recognise(head: str) -> bool:
    """Return whether a file begins as an export of the platform in XML does."""
    return head.lstrip("\ufeff \t\r\n").startswith("<") and _MARK.search(head) is not None


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the trials of a file."""
    for item in elements_of(opened, "Trial"):
        if isinstance(item, LeftOut):
            yield item
            continue
        cells: dict[str, str] = {}
        for child in item.root.iterchildren("*"):
            told = text_of(child)
            if told.strip():
                name = str(child.tag)
                cells[name] = f"{cells[name]}; {told}" if name in cells else told
        yield draft_of_trial(item.position, item.line, item.raw, cells)
