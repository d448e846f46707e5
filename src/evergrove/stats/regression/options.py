"""The named options of meta-regression: one declaration each, with its source and when to use it."""

from __future__ import annotations

from enum import StrEnum


class RedundantColumns(StrEnum):
    """What happens where a moderator is a linear combination of those before it."""

    ERROR = "error"
    """A `DataError` that names the redundant columns. The default."""
    DROP = "drop"
    """The later column of each dependence is left out and named in a diagnostic (metafor's way)."""


class MissingModerators(StrEnum):
    """What happens to a study without a value of a moderator."""

    ERROR = "error"
    """A `DataError` that names the studies. The default: what is missing is a finding too."""
    DROP = "drop"
    """Complete cases; the studies left out are named in a diagnostic (metafor's way, with a warning)."""


class ScaleLink(StrEnum):
    """How the scale model of a location-scale model gives tau²."""

    LOG = "log"
    """log tau² is linear in the scale moderators (Viechtbauer & López-López 2022). The default."""
    IDENTITY = "identity"
    """tau² itself is linear in them; its coefficients are variances, kept so that no tau² is below 0."""


class Likelihood(StrEnum):
    """The likelihood that a location-scale model maximises."""

    REML = "REML"
    """Restricted: not biased down by the location coefficients. The default."""
    ML = "ML"
    """Full: for likelihood-ratio tests between models of different location moderators."""


class HeteroscedasticityMethod(StrEnum):
    """How it is tested that one tau² holds for all studies."""

    SCORE = "score"
    """Rao's score statistic for a variance of each study, at the fit with one for all. The default."""
    LIKELIHOOD_RATIO = "likelihood-ratio"
    """Twice the rise of the likelihood with a variance for each study. Several maxima; slower."""


class TwoSidedRule(StrEnum):
    """How a two-sided permutation p value is counted."""

    ABSOLUTE = "absolute"
    """Share of absolute statistics at least as large (metafor's ``p2defn="abs"``). The default."""
    DOUBLED = "doubled"
    """Twice the smaller tail, not above 1 (metafor's ``p2defn="px2"``); for skewed distributions."""


class ModelPart(StrEnum):
    """Part of a location-scale model."""

    LOCATION = "location"
    """Moderators of the mean effect."""
    SCALE = "scale"
    """Moderators of the between-study variance."""


class PermutedStatistic(StrEnum):
    """What is compared between the data as observed and as permuted."""

    TEST = "test"
    """The z or t statistic of each coefficient, pivotal (Higgins & Thompson 2004). The default."""
    COEFFICIENT = "coefficient"
    """The coefficient itself (metafor's ``stat="coef"``)."""


class PAdjustment(StrEnum):
    """How p values are adjusted for their number."""

    HOLM = "holm"
    """Step-down Bonferroni (Holm 1979): family-wise error, any dependence. The default."""
    BONFERRONI = "bonferroni"
    """Times the number of tests: simple, never better than Holm."""
    HOCHBERG = "hochberg"
    """Step-up (Hochberg 1988): family-wise error for independent or positively dependent tests."""
    HOMMEL = "hommel"
    """Closed testing with Simes' test (Hommel 1988): a little more powerful than Hochberg."""
    BH = "BH"
    """False discovery rate (Benjamini & Hochberg 1995), independent or positively dependent tests."""
    BY = "BY"
    """False discovery rate under any dependence (Benjamini & Yekutieli 2001)."""
    NONE = "none"
    """No adjustment."""
