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


def _any_size(one: Seen) -> bool:
    return one.gap < 1.0


def _rounding(one: Seen) -> bool:
    return one.gap < 1e-5


#: Quantity (a pattern), what else holds, reason.
DISAGREEMENTS: tuple[tuple[str, Callable[[Seen], bool], str], ...] = (
    (
        "^UCOR",
        _small,
        "metafor's GSL has the hypergeometric function to three digits only near r = 0; summed term by term it gives evergrove's values to 1e-15",
    ),
    (
        "^glmm .*UM.RS",
        _any_size,
        "lme4 ends below the maximum (log-likelihoods here are never lower); its standard errors follow",
    ),
    (
        "^(influence|predict|anova|blup|rma .* )",
        _rounding,
        "a moderator far from 0, calendar years mostly: metafor solves normal equations, which lose digits "
        "(rational arithmetic sides with evergrove: [models](models.md))",
    ),
    (
        "^ranktest p",
        _rounding,
        "R's exact p value is 1 minus a sum, which loses digits in the tail; in integers it is evergrove's",
    ),
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
        "influence|leave1out|cumul",
        "in here alone",
        "metafor's scoring does not end at the tight threshold without that study, or has no τ² of a common effect",
    ),
    (
        "influence",
        "fewer columns than studies",
        "as many coefficients as studies: nothing can be left out; metafor gives missing values",
    ),
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
