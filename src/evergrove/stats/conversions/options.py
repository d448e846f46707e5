"""The named options of the conversions."""

from __future__ import annotations

from enum import StrEnum


class ExpectedRange(StrEnum):
    """Where the expected range and interquartile range of n standard normal values come from."""

    BLOM = "blom"
    """Blom's approximation by normal quantiles (Wan 2014, eqs 9 and 16); metafor's. The default."""
    TABLES = "tables"
    """Wan's printed tables (range to n = 50, quartiles to 201); Blom beyond and for Shi's SD: as meta."""


class AssumedShape(StrEnum):
    """The distribution that the values behind printed quantiles are taken to have."""

    NORMAL = "normal"
    """Normal: the default."""
    LOG_NORMAL = "log-normal"
    """Log-normal (Shi 2020): logs of the quantiles; for values above 0 with a long right tail."""


class SkewedRows(StrEnum):
    """What becomes of a row whose quantiles fail the test of skewness."""

    KEEP = "keep"
    """Convert it and say so in a diagnostic. The default."""
    LEAVE_OUT = "leave-out"
    """Leave mean and SD missing (metafor's ``test=TRUE``)."""


class QuantileFamily(StrEnum):
    """A distribution that quantile estimation can fit (McGrath 2020)."""

    NORMAL = "normal"
    """Any values."""
    LOG_NORMAL = "log-normal"
    """Values above 0."""
    GAMMA = "gamma"
    """Values above 0."""
    WEIBULL = "weibull"
    """Values above 0."""
    BETA = "beta"
    """Values between 0 and 1 only."""


class LimitsMethod(StrEnum):
    """How an interval passes through a conversion."""

    SUBSTITUTION = "substitution"
    """Both limits are converted as the estimate is (Zhang & Yu 1998); keeps the p value. The default."""
    DELTA = "delta"
    """The variance is converted by the derivative at the estimate; symmetric on the new scale."""


class LogOddsFactor(StrEnum):
    """What turns a standardised mean difference into a log odds ratio."""

    LOGISTIC = "logistic"
    """π/√3 = 1.814, logistic outcomes (Hasselblad & Hedges 1995; Chinn 2000). The default."""
    COX = "cox"
    """1.65, normal outcomes cut in two (Cox & Snell 1989; Sánchez-Meca 2003)."""


class RatioApproximation(StrEnum):
    """How odds and hazard ratios become risk ratios."""

    BASELINE_RISK = "baseline-risk"
    """At a stated risk without the intervention: exact for crude ratios. The default."""
    COMMON_OUTCOME = "common-outcome"
    """Without a risk, for outcomes of 20 to 80 %: √OR, and its like for HR (VanderWeele 2017, 2020)."""
