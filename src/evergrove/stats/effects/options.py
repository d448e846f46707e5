"""The named options of `effect_size` that only it has."""

from __future__ import annotations

from enum import StrEnum


class BiasCorrection(StrEnum):
    """What is done about an effect's small-sample bias; each measure allows some of them."""

    EXACT = "exact"
    """Standardised means: the ratio of gamma functions of Hedges 1981. Their default."""
    APPROXIMATE = "approximate"
    """Standardised means: 1 - 3/(4 df - 1) (Hedges 1981). To agree with RevMan and older software."""
    SECOND_ORDER = "second-order"
    """Logs of means, SDs and their ratios: the second-order Taylor term (Lajeunesse 2015; Senior 2020)."""
    FIRST_ORDER = "first-order"
    """CVR: the term of the SDs alone (Nakagawa 2015; metafor before 5.0)."""
    NONE = "none"
    """No correction: Cohen's d, the plain log ratio (metafor's ROM before 5.0; meta's ROM)."""


class CorrectedCells(StrEnum):
    """Which cells of a table get the continuity correction."""

    ALL = "all"
    """Events and non-events: n grows by twice `add` (metafor; RevMan; meta's RR.Cochrane=TRUE)."""
    EVENTS = "events"
    """Events alone: n grows by `add` (metafor's ``onlyo1``; meta's risk ratio and log proportion)."""


class AddedAmount(StrEnum):
    """How much a continuity correction adds in each arm."""

    CONSTANT = "constant"
    """`add` in both arms, or `add` and `add2`. The default."""
    TREATMENT_ARM = "treatment-arm"
    """2·add·(share of the arm's patients) (TACC of Sweeting 2004): unequal arms are not pulled to OR 1."""


class DoubleZero(StrEnum):
    """What is done with studies that have no event, or only events, in both groups."""

    DROP = "drop"
    """They are not estimable (metafor's ``drop00=TRUE``). The default of ratios."""
    DROP_NO_EVENT = "drop-no-event"
    """Only those without any event are not estimable (meta's risk ratio)."""
    KEEP = "keep"
    """They stay, corrected (metafor's ``drop00=FALSE``; meta's ``allstudies=TRUE``)."""


class RateMethod(StrEnum):
    """The confidence interval of one rate."""

    EXACT = "exact"
    """Chi-square quantiles (Garwood 1936). The default; never below its level (meta's ``Poisson``)."""
    MID_P = "mid-p"
    """Exact with half of the observed count's probability. On average at its level."""
    SCORE = "score"
    """Score interval: the rates whose own standard error does not exclude the one found."""
    NORMAL = "normal"
    """Wald interval, rate ± z·se. Not with few events."""
