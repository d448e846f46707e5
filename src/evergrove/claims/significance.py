"""Whether arms differ by more than chance: tests recomputed from what was reported, and the printed p."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from evergrove.claims.result import Figure
from evergrove.model import ArmValue, Datum
from evergrove.model.claim import FigureName
from evergrove.model.measures import review_measure
from evergrove.model.vocabulary import DatumKind, ReportedMeasure
from evergrove.stats.distributions import two_sided_p
from evergrove.stats.printed_intervals import effect_from_ci

#: The level at which a difference counts as significant.
LEVEL = 0.05
#: Two tables are as probable as each other if their probabilities differ by no more than this share.
SAME_PROBABILITY = 1e-7

#: The measure by whose scale a printed interval is read.
_INTERVAL_MEASURE = {
    ReportedMeasure.RR: "RR",
    ReportedMeasure.OR: "OR",
    ReportedMeasure.HR: "HR",
    ReportedMeasure.IRR: "RR",
    ReportedMeasure.HR_KIND_NOT_STATED: "HR",
    ReportedMeasure.RD: "RD",
    ReportedMeasure.MD: "MD",
    ReportedMeasure.MEDIAN_DIFFERENCE: "MD",
    ReportedMeasure.LOCATION_DIFFERENCE: "MD",
}
#: Measures whose value without a difference is 1.
RATIOS = frozenset(
    {reported for reported, read in _INTERVAL_MEASURE.items() if review_measure(read).ratio}
    | {ReportedMeasure.RATIO_OF_SURVIVORS}
)


def fisher_exact_p(events1: int, n1: int, events2: int, n2: int) -> float:
    """Return the two-sided p of Fisher's exact test for a 2×2 table.

    Parameters
    ----------
    events1, n1, events2, n2 : int
        Events and patients in each arm; events from 0 to n.

    Returns
    -------
    float
        The probability, all margins fixed, of every table that is no more probable than the one seen
        (Fisher 1935; the rule of R's ``fisher.test``).

    Notes
    -----
    The test is conservative in small trials: a chi-square test without continuity correction often gives a
    smaller p, and which of the two a report used is often not said.

    Examples
    --------
    >>> round(fisher_exact_p(2, 26, 6, 18), 4)
    0.0478
    >>> round(fisher_exact_p(10, 20, 4, 20), 4)
    0.0958
    """
    drawn, total = events1 + events2, n1 + n2
    low, high = max(0, drawn - n2), min(drawn, n1)
    cells = np.arange(low, high + 1, dtype=float)

    def log_choose(n: float, k: np.ndarray) -> np.ndarray:
        return np.asarray(special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1))

    log_p = log_choose(n1, cells) + log_choose(n2, drawn - cells)
    log_p -= log_choose(total, np.array([float(drawn)]))
    seen = log_p[events1 - low]
    return min(1.0, float(np.exp(log_p[log_p <= seen + SAME_PROBABILITY]).sum()))


def welch_p(one: ArmValue, two: ArmValue) -> float | None:
    """Return the two-sided p of Welch's t test from means, SDs and numbers of patients, where all are there.

    Examples
    --------
    >>> from evergrove.model import ArmValue
    >>> p = welch_p(ArmValue(mean=26609.09, sd=3071.96, n=11), ArmValue(mean=23111.11, sd=3086.03, n=9))
    >>> round(p, 3)
    0.022
    """
    if one.mean is None or two.mean is None or one.sd is None or two.sd is None:
        return None
    if one.n is None or two.n is None or one.n < 2 or two.n < 2:
        return None
    share1, share2 = one.sd**2 / one.n, two.sd**2 / two.n
    if share1 + share2 == 0:
        return None
    df = (share1 + share2) ** 2 / (share1**2 / (one.n - 1) + share2**2 / (two.n - 1))
    return two_sided_p((one.mean - two.mean) / math.sqrt(share1 + share2), df)


def interval_p(datum: Datum) -> float | None:
    """Return the two-sided p that a printed effect and its interval imply, where they are there."""
    effect = datum.effect
    if effect is None or effect.estimate is None or effect.ci_low is None or effect.ci_high is None:
        return None
    measure = _INTERVAL_MEASURE.get(effect.measure) if effect.measure is not None else None
    if (
        measure is None
        or effect.ci_low >= effect.ci_high
        or (effect.measure in RATIOS and effect.ci_low <= 0)
    ):
        return None
    sizes = effect_from_ci(measure, effect.estimate, effect.ci_low, effect.ci_high, effect.ci_level)
    return two_sided_p(float(sizes.yi[0]) / math.sqrt(float(sizes.vi[0])), None)


def p_figures(
    datum: Datum, arms: tuple[str, str] | None, *, within_arm: bool = False
) -> tuple[tuple[Figure, ...], tuple[bool, ...]]:
    """Return every p there is for a difference, and whether each is significant.

    Parameters
    ----------
    datum : Datum
    arms : tuple of two str, or None
        Intervention and control; None where the datum has not both.
    within_arm : bool
        Whether the difference is one from before to after within an arm, of which only the printed p is
        known.

    Returns
    -------
    figures : tuple of Figure
    significant : tuple of bool
        Shorter than `figures` where a printed bound such as ``<0.1`` leaves it open.
    """
    figures: list[Figure] = []
    significant: list[bool] = []
    source = datum.provenance.source

    def add(name: FigureName, p: float | None, how: str) -> None:
        if p is not None:
            figures.append(Figure(name, p, "p", how, datum.id, source))
            significant.append(p < LEVEL)

    effect = datum.effect
    is_within = effect is not None and effect.measure is ReportedMeasure.WITHIN_ARM
    if arms is not None and not within_arm:
        one, two = datum.values.get(arms[0], ArmValue()), datum.values.get(arms[1], ArmValue())
        if (
            datum.kind is DatumKind.DICHOTOMOUS
            and one.events is not None
            and two.events is not None
            and one.n
            and two.n
        ):
            how = f"{one.events}/{one.n} v {two.events}/{two.n}, two-sided"
            add(FigureName.P_FISHER, fisher_exact_p(one.events, one.n, two.events, two.n), how)
        add(FigureName.P_WELCH, welch_p(one, two), "from means, SDs and numbers of patients")
    if not within_arm:
        add(FigureName.P_INTERVAL, interval_p(datum), "z test from estimate and interval")
    printed = effect.p if effect is not None else None
    if printed is not None and is_within is within_arm:
        figures.append(
            Figure(FigureName.P_PRINTED, printed.value, "p", f"printed as {printed}", datum.id, source, True)
        )
        if printed.significant is not None:
            significant.append(printed.significant)
    return tuple(figures), tuple(significant)
