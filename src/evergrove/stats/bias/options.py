"""The named options of small-study effects and bias: one declaration each, with its source."""

from __future__ import annotations

from enum import StrEnum


class Alternative(StrEnum):
    """Which results are thought to be published more readily, or which side a test looks at."""

    GREATER = "greater"
    """Large (positive) effects: one-sided p values of effects above 0."""
    LESS = "less"
    """Small (negative) effects: one-sided p values of effects below 0."""
    TWO_SIDED = "two-sided"
    """Significant effects of either sign."""


class SelectionWeights(StrEnum):
    """How the relative chance of publication depends on the p value."""

    STEP = "step"
    """Constant between cutpoints (Hedges 1992; Vevea & Hedges 1995). One cutpoint at 0.025 is the
    three-parameter model; with given weights, the sensitivity analysis of Vevea & Woods 2005."""
    BETA = "beta"
    """p^(a - 1) (1 - p)^(b - 1) (Citkowicz & Vevea 2017). Flexible; needs many studies."""
    HALF_NORMAL = "half-normal"
    """exp(-delta p²) (Preston, Ashby & Smyth 2004)."""
    NEGATIVE_EXPONENTIAL = "negative-exponential"
    """exp(-delta p) (Preston, Ashby & Smyth 2004)."""
    LOGISTIC = "logistic"
    """2 exp(-delta p) / (1 + exp(-delta p)) (Preston, Ashby & Smyth 2004)."""
    POWER = "power"
    """(1 - p)^delta, metafor's power function."""
    NEGATIVE_EXPONENTIAL_POWER = "negative-exponential-power"
    """exp(-delta_1 p^(1/delta_2)) (Begg & Mazumdar 1994). Two parameters, often hard to tell apart."""
    TRUNCATED = "truncated"
    """Effects on the wrong side of a cutpoint on the effect's own scale are published with relative
    chance delta (Rust, Lehmann & Farley 1990); metafor's ``trunc``."""


class Precision(StrEnum):
    """What stands for the precision of a study: predictor of an asymmetry test, or scale of selection."""

    SE = "se"
    """Standard error (Egger 1997)."""
    VARIANCE = "variance"
    """Sampling variance (the predictor of PEESE; Moreno 2009)."""
    N = "n"
    """Sample size (Macaskill, Walter & Irwig 2001)."""
    INVERSE_N = "1/n"
    """Inverse of the sample size (Peters 2006)."""
    ROOT_N = "sqrt(n)"
    """Square root of the sample size."""
    INVERSE_ROOT_N = "1/sqrt(n)"
    """Inverse square root of the sample size (Deeks 2005; independent of the effect)."""


class FailSafeMethod(StrEnum):
    """What fail-safe N is counted for. None of them estimates how many studies are missing."""

    ROSENTHAL = "rosenthal"
    """Stouffer's combined z falls to the one-sided level (Rosenthal 1979). For history."""
    ORWIN = "orwin"
    """The mean effect falls to a target (Orwin 1983); weighted by 1/v where variances are given."""
    ROSENBERG = "rosenberg"
    """The common-effect p value rises to the level (Rosenberg 2005)."""
    GENERAL = "general"
    """The random-effects p value rises to the level, or the mean falls to a target (metafor 4)."""


class ExcessTest(StrEnum):
    """The test of observed against expected significant studies."""

    EXACT = "exact"
    """Poisson-binomial distribution of the studies' powers (Francis 2013). The default."""
    CHI_SQUARE = "chi-square"
    """Pearson's chi-square, one degree of freedom (Ioannidis & Trikalinos 2007)."""
    BINOMIAL = "binomial"
    """Binomial with the mean power (Ioannidis & Trikalinos 2007)."""


class PUniformMethod(StrEnum):
    """How p-uniform combines the conditional p values of significant studies."""

    P = "P"
    """Their sum equals half their number (Irwin-Hall; van Aert, Wicherts & van Assen 2016). The default."""
    LNP = "LNP"
    """Fisher's method: the sum of -log p equals their number (van Assen, van Aert & Wicherts 2015)."""
    ML = "ML"
    """Maximum likelihood of the truncated normal, with likelihood ratio tests and limits."""


class Side(StrEnum):
    """A side of the funnel."""

    LEFT = "left"
    """Small (negative) effects."""
    RIGHT = "right"
    """Large (positive) effects."""
