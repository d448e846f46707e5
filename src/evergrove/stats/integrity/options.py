"""The named options of the integrity checks."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What a check says of the numbers, under its assumptions."""

    CONSISTENT = "consistent"
    """The numbers can belong together."""
    INCONSISTENT = "inconsistent"
    """Under the stated assumptions they cannot: a misprint, another n, another method, or something else."""
    CANNOT_TELL = "cannot-tell"
    """The check has no power here, or the answer hangs on something not printed."""


class Rounding(StrEnum):
    """How the authors' software may have rounded what is printed."""

    EITHER = "either"
    """A half may have gone up or down. The default: the mildest."""
    HALF_UP = "half-up"
    """Halves away from 0: what most people do by hand, SPSS and Excel."""
    HALF_EVEN = "half-even"
    """Halves to the even digit: R, Python, IEEE 754."""
    TRUNCATED = "truncated"
    """Digits were cut off."""


class StatisticKind(StrEnum):
    """The distribution of a printed test statistic."""

    T = "t"
    """Student's t with df2 degrees of freedom."""
    F = "F"
    """F with df1 and df2 degrees of freedom."""
    CHI2 = "chi2"
    """Chi-square with df1 degrees of freedom."""
    Z = "z"
    """Standard normal."""
    R = "r"
    """Pearson's correlation with df2 = n - 2 degrees of freedom."""


class Comparison(StrEnum):
    """The sign before a printed p value."""

    EQUAL = "="
    """An exact p value."""
    BELOW = "<"
    """An upper bound."""
    ABOVE = ">"
    """A lower bound, or "not significant"."""


class BaselineMethod(StrEnum):
    """How the p value of one baseline row is found."""

    SIMULATED = "simulated"
    """Monte Carlo with the printed rounding, mid-p (after Carlisle 2017). The default."""
    ANALYTIC = "analytic"
    """ANOVA and Pearson's chi-square from the printed numbers as if they were exact."""
