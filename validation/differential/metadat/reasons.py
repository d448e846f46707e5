"""Why numbers differ, or one side alone answers: the first line that fits is the reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger import Seen


def _higher_here(one: Seen) -> bool:
    return one.ours > one.theirs


def _small(one: Seen) -> bool:
    return one.gap < 0.1


#: Quantity (a pattern), what else holds, reason.
DISAGREEMENTS: tuple[tuple[str, Callable[[Seen], bool], str], ...] = (
    ("^mv log_likelihood", _higher_here, "a higher maximum here: R's search ended below it"),
    (
        "^mv ",
        _small,
        "the likelihood is flat: R's search ended near the same maximum, not above it (log-likelihoods agree to 1e-6)",
    ),
    (
        "^confint mv",
        _small,
        "metafor's root finder stops at 1e-4 of the component, within searches of their own",
    ),
    (
        "^trimfill",
        _small,
        "metafor refits the filled set, and before it the trimmed ones, at its shipped threshold (1e-5, absolute); "
        "with closed forms of τ² both agree to rounding",
    ),
    (
        "^regtest random",
        _small,
        "regtest refits at metafor's shipped threshold (1e-5, absolute); with closed forms of τ² both agree to rounding",
    ),
)

#: Question, what happened (patterns), reason.
UNANSWERED: tuple[tuple[str, str, str], ...] = (
    (
        "rma.mv",
        "structures from distances",
        "left out, as docs/reference/coverage.md says: give the correlation as R",
    ),
    ("", "a fit that was left out", "follows from the line of the fit"),
    (
        "^rma$",
        "DataError: vi",
        "metafor takes variances of 0 where weights are given; here a variance of 0 is refused, naming the rows",
    ),
)


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
