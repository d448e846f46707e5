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
