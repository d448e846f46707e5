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


def _nothing_left(one: Seen) -> bool:
    return one.ours == 0.0


def _underflow(one: Seen) -> bool:
    return abs(one.ours) < 1e-300


def _near_zero(one: Seen) -> bool:
    return abs(one.ours - one.theirs) < 1e-14


def _always(_one: Seen) -> bool:
    return True


def _any_size(one: Seen) -> bool:
    return one.gap < 1.0


def _rounding(one: Seen) -> bool:
    return one.gap < 1e-4


#: Quantity (a pattern), what else holds, reason.
DISAGREEMENTS: tuple[tuple[str, Callable[[Seen], bool], str], ...] = (
    ("p_value", _underflow, "below what a double holds in full; R gives 0"),
    (" yi$", _near_zero, "an effect of 0, rounding"),
    ("^robu p_value", _near_zero, "robumeta takes 2(1 − P), which loses digits in the tail"),
    (
        "^UCOR",
        _small,
        "metafor's GSL has the hypergeometric function to three digits only near r = 0; summed term by term it gives evergrove's values to 1e-15",
    ),
    (
        "^RTET rows",
        _always,
        "a table with an empty cell has no tetrachoric correlation here; the simplex of R ends at ±1",
    ),
    (
        "^glmm .*UM|^glmm .*CM.AL|^glmm PLO|^glmm IRLN",
        _any_size,
        "lme4 stops short of the maximum, and its standard errors follow: UM.RS is never lower here, UM.FS of R has its "
        "likelihood at the modes, to other constants (see [models](models.md), where bobyqa ended at 1e-10 comes to evergrove's values)",
    ),
    (
        "^glmm .*CM.EL",
        _always,
        "R's search ends below the maximum near τ² = 0 (log-likelihood lower by 4e-4), and its Hessian, by differences, gives a standard error of 1e-7",
    ),
    ("^rma .* r2", _nothing_left, "τ² without moderators is 0: R divides what its scoring left above 0"),
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
    ("confint", "an empty set", "convention: no limits here, with a diagnostic"),
    (
        "rma.ls",
        "ConvergenceError",
        "the likelihood has no maximum: the scale coefficients run away; R stops on the way and shows where",
    ),
    (
        "^trimfill",
        "in here alone",
        "the variance is negative; evergrove shows no standard error since this was found",
    ),
    ("^cumul counts", "in R alone", "a first study without events, or an arm of them, has no ratio here"),
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
