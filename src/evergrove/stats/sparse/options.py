"""The named options of sparse-data methods: one declaration each, with its source and when to use it."""

from __future__ import annotations

from enum import StrEnum


class GlmmModel(StrEnum):
    """Which generalised linear mixed model compares two arms (metafor's names)."""

    UM_FS = "UM.FS"
    """Unconditional, one fixed intercept per study (Turner 2000; Jackson 2018, model 4). The default."""
    UM_RS = "UM.RS"
    """Unconditional, normal random study intercepts (Jackson 2018, model 5). Borrows between risks."""
    CM_EL = "CM.EL"
    """Conditional on the total of events, exact likelihood (van Houwelingen 1993; Stijnen 2010)."""
    CM_AL = "CM.AL"
    """Conditional, binomial approximation (Stijnen 2010). Odds ratios of rare events only."""


class GroupCoding(StrEnum):
    """In which arm the random treatment effect varies the log odds or log rate."""

    HALF = "half"
    """Half in each arm, ±1/2: both arms equally variable. The default (metafor's ``coding=1/2``)."""
    FIRST = "first"
    """In arm 1 only: arm 1 is at least as variable (metafor's ``coding=1``)."""
    SECOND = "second"
    """In arm 2 only (metafor's ``coding=0``)."""


class RiskDifferenceVariance(StrEnum):
    """The variance, or interval, of the Mantel-Haenszel risk difference."""

    SATO = "sato"
    """Sato, Greenland & Robins 1989: valid for many sparse and for few large strata. Default, as metafor."""
    GREENLAND_ROBINS = "greenland-robins"
    """Greenland & Robins 1985: few large strata. What RevMan and meta give."""
    KLINGENBERG = "klingenberg"
    """Sato's variance, interval by inverting the test (Klingenberg 2014): better cover with few patients."""


class TailMethod(StrEnum):
    """How much of the observed table's own probability an exact tail contains."""

    EXACT = "exact"
    """All of it (Clopper-Pearson style): never below its level, wide."""
    MID_P = "mid-p"
    """Half of it (Lancaster 1961): near to its level on average, may fall short."""


class Homogeneity(StrEnum):
    """The test that the strata share one odds ratio or rate ratio."""

    BRESLOW_DAY = "breslow-day"
    """Breslow & Day 1980, at the Mantel-Haenszel odds ratio."""
    TARONE = "tarone"
    """With Tarone's correction for not using the maximum-likelihood estimate (Tarone 1985). Default."""


class EventRegression(StrEnum):
    """How a regression on events with one intercept per study is estimated."""

    ML = "ML"
    """Maximum likelihood. Infinite where an arm has no event in all studies."""
    FIRTH = "firth"
    """Penalised by the Jeffreys prior (Firth 1993; Heinze & Schemper 2002): always finite. The default."""


class DispersionScaling(StrEnum):
    """What the overdispersion of a regression on events multiplies under random effects."""

    VARIANCE = "variance"
    """The variance of the effect, so the standard error gets its root: overdispersed counts have the variance
    times the overdispersion (McCullagh & Nelder 1989). The default."""
    STANDARD_ERROR = "standard-error"
    """The standard error itself, as meta's ``metabin(method = "LRP")``: wider."""
