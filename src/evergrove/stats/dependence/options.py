"""The named options of models for dependent effects."""

from __future__ import annotations

from enum import StrEnum

from evergrove.stats.options import choose


class Structure(StrEnum):
    """The covariance of the inner levels of a random term ``~ inner | outer``."""

    CS = "CS"
    """Compound symmetry: one variance, one correlation. Equals two nested intercepts. The default."""
    HCS = "HCS"
    """Compound symmetry with a variance for each level and one correlation."""
    UN = "UN"
    """Unstructured: a variance for each level, a correlation for each pair. Several outcomes."""
    UNR = "UNR"
    """One variance, a correlation for each pair of levels."""
    ID = "ID"
    """One variance, no correlation."""
    DIAG = "DIAG"
    """A variance for each level, no correlation. Subgroups that differ in heterogeneity."""
    AR = "AR"
    """First-order autoregressive: correlation rho^|i-j| between neighbouring levels, one variance."""
    HAR = "HAR"
    """As AR, with a variance for each level."""
    CAR = "CAR"
    """Continuous-time autoregressive: rho^|t_i-t_j|, rho from 0 to 1; for numeric times."""
    GEN = "GEN"
    """Random slopes: numeric inner columns with an unstructured covariance of their coefficients."""
    GDIAG = "GDIAG"
    """Random slopes without correlation between the coefficients."""


class LikelihoodMethod(StrEnum):
    """What is maximised."""

    REML = "REML"
    """Restricted likelihood. The default; less biased variances."""
    ML = "ML"
    """Full likelihood: to compare models whose moderators differ."""


class CoefficientTest(StrEnum):
    """Reference distribution of the coefficients of a multilevel model."""

    Z = "z"
    """Normal; chi-square for several. metafor's default; too liberal with few clusters."""
    T = "t"
    """Student's t; F for several, with the degrees of freedom that ``dfs`` names."""


class ResidualDf(StrEnum):
    """Degrees of freedom of t and F tests in a multilevel model."""

    RESIDUAL = "residual"
    """Effects minus coefficients. metafor's default; too many when effects are nested."""
    CONTAIN = "contain"
    """Levels of the coarsest random factor within which the predictor is constant, minus coefficients."""


class RobustCorrection(StrEnum):
    """Small-sample correction of the cluster-robust covariance; m clusters, k effects, p coefficients."""

    CR0 = "CR0"
    """None (Liang & Zeger 1986; Hedges, Tipton & Johnson 2010). Many clusters only."""
    CR1 = "CR1"
    """Factor m / (m - 1)."""
    CR1P = "CR1p"
    """Factor m / (m - p): metafor's ``robust(adjust=TRUE)``."""
    CR1S = "CR1S"
    """Factor m (k - 1) / ((m - 1)(k - p)): Stata's."""
    CR2 = "CR2"
    """Bias-reduced linearisation (Bell & McCaffrey 2002; Pustejovsky & Tipton 2018). The default."""
    CR3 = "CR3"
    """Approximate jackknife of clusters. Conservative."""
    CR4 = "CR4"
    """Bias reduction of the clusters' scores in place of their residuals, as clubSandwich has it. It changes
    when a moderator is measured from another origin: prefer CR2."""


class RobustDf(StrEnum):
    """Degrees of freedom of cluster-robust t tests."""

    SATTERTHWAITE = "satterthwaite"
    """Moment approximation for each coefficient under the working model. The default."""
    CLUSTERS_MINUS_1 = "clusters-1"
    """Clusters minus 1."""
    CLUSTERS_MINUS_P = "clusters-p"
    """Clusters minus coefficients: metafor's ``robust``."""
    NORMAL = "normal"
    """Normal distribution."""


class WorkingModel(StrEnum):
    """Weights of `robust_variance` (Hedges, Tipton & Johnson 2010)."""

    CORRELATED = "correlated"
    """Several effects on the same people: equal weights within a study, tau² by moments given rho."""
    HIERARCHICAL = "hierarchical"
    """Studies nested in laboratories or groups: tau² between and omega² within clusters by moments."""


class SamplingStructure(StrEnum):
    """Correlation of sampling errors within a cluster, for `aggregate_effects`."""

    ID = "ID"
    """Independent."""
    CS = "CS"
    """One correlation rho."""
    CAR = "CAR"
    """phi^|t_i - t_j|."""
    CS_PLUS_CAR = "CS+CAR"
    """rho + (1 - rho) phi^|t_i - t_j|."""
    CS_TIMES_CAR = "CS*CAR"
    """rho between different observations, times phi^|t_i - t_j|."""


class SharedMeasure(StrEnum):
    """Effect measures with exact covariances between comparisons that share a control arm."""

    RR = "RR"
    """Log risk ratio."""
    OR = "OR"
    """Log odds ratio."""
    RD = "RD"
    """Risk difference."""
    MD = "MD"
    """Mean difference."""
    SMD = "SMD"
    """Standardised mean difference (Gleser & Olkin 2009)."""
    ROM = "ROM"
    """Log ratio of means (Lajeunesse 2011)."""


def choose_structure(value: str) -> Structure:
    """Return the structure that a string names."""
    return choose(Structure, value, "struct")


class CorrelationScale(StrEnum):
    """What is done to a known correlation matrix R before it is used (metafor's ``Rscale``)."""

    NONE = "none"
    """Used as given."""
    COR = "cor"
    """Made a correlation matrix. The default."""
    COR0 = "cor0"
    """Made a correlation matrix whose smallest entry is 0: (r - min) / (1 - min)."""
    COV0 = "cov0"
    """Smallest entry subtracted; for a phylogenetic covariance that is not ultrametric."""
