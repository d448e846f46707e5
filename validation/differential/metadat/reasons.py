"""Why numbers differ, or one side alone answers: the first line that fits is the reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger import Seen

Fits = "Callable[[Seen], bool]"


def always(_: Seen) -> bool:
    return True


#: Quantity (a pattern), what else holds, reason.
DISAGREEMENTS: tuple[tuple[str, Callable[[Seen], bool], str], ...] = (
    ("mv log_likelihood", lambda one: one.ours > one.theirs, "a higher maximum here"),
)

#: Question, what happened (patterns), reason.
UNANSWERED: tuple[tuple[str, str, str], ...] = ()


def disagreement(name: str, one: Seen) -> str | None:
    """Return the reason of a disagreement, or None."""
    for pattern, holds, reason in DISAGREEMENTS:
        if re.search(pattern, name) and holds(one):
            return reason
    return None


def unanswered(kind: str, what: str, place: str) -> str | None:
    """Return the reason why one side alone answers, or None."""
    for question, happened, reason in UNANSWERED:
        if re.search(question, kind) and re.search(happened, f"{what} {place}"):
            return reason
    return None
