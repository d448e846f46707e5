"""The named options of small-study effects and bias: one declaration each, with its source."""

from __future__ import annotations

from enum import StrEnum


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
    ROSENTHAL_FISHER = "rosenthal-fisher"
    """The same with Fisher's combined p value, null results counting as p = 0.5 (metafor)."""
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
    LN1MINP = "LN1MINP"
    """The sum of -log(1 - p) equals their number (van Assen, van Aert & Wicherts 2015)."""
    ML = "ML"
    """Maximum likelihood of the truncated normal, with likelihood ratio tests and limits."""
    KS = "KS"
    """Least Kolmogorov-Smirnov distance from uniform: p-curve's effect (Simonsohn, Nelson & Simmons 2014). No
    limits, no tests."""
    AD = "AD"
    """Least Anderson-Darling distance from uniform (Anderson & Darling 1954), which weighs the ends more. No
    limits, no tests."""


class Side(StrEnum):
    """A side of the funnel."""

    LEFT = "left"
    """Small (negative) effects."""
    RIGHT = "right"
    """Large (positive) effects."""


class AsymmetryModel(StrEnum):
    """The residual variance of a regression test."""

    RANDOM = "random"
    """Added to each sampling variance: meta-regression (Thompson & Sharp 1999). The default."""
    COMMON = "common"
    """None: weights 1/v and standard errors from the sampling variances alone."""
    MULTIPLICATIVE = "multiplicative"
    """A factor on each sampling variance: Egger's weighted regression, t(k - 2)."""


class AsymmetryMethod(StrEnum):
    """The tests of funnel asymmetry of `asymmetry_test`, with the conventions of R's meta."""

    EGGER = "egger"
    """Effects on standard errors, multiplicative variance (Egger 1997). For mean differences."""
    THOMPSON = "thompson"
    """Effects on standard errors, additive variance, t(k - 2) (Thompson & Sharp 1999)."""
    BEGG = "begg"
    """Rank correlation of effects and variances (Begg & Mazumdar 1994). Little power."""
    HARBORD = "harbord"
    """Scores on their standard errors (Harbord, Egger & Sterne 2006). For odds ratios; risk ratios need
    `score_variance` for meta's numbers."""
    PETERS = "peters"
    """Effects on 1/n with weights from events (Peters 2006). For log odds ratios."""
    MACASKILL = "macaskill"
    """Effects on n with weights 1/v (Macaskill, Walter & Irwig 2001)."""
    DEEKS = "deeks"
    """Log diagnostic odds ratios on 1/√ESS (Deeks, Macaskill & Irwig 2005). Test accuracy only."""
    SCHWARZER = "schwarzer"
    """Rank correlation of events and their variance (Schwarzer, Antes & Schumacher 2007). Sparse data."""
    ARCSINE_EGGER = "arcsine-egger"
    """Egger's test of arcsine differences (Rücker, Schwarzer & Carpenter 2008)."""
    ARCSINE_THOMPSON = "arcsine-thompson"
    """Thompson and Sharp's test of arcsine differences (Rücker 2008). With heterogeneity."""
    ARCSINE_BEGG = "arcsine-begg"
    """Begg's test of arcsine differences (Rücker 2008)."""
    PUSTEJOVSKY = "pustejovsky"
    """SMDs on √(1/n1 + 1/n2) (Pustejovsky & Rodgers 2019): no relation of effect and predictor."""


#: The tests that count events.
FROM_EVENTS = (
    AsymmetryMethod.HARBORD,
    AsymmetryMethod.PETERS,
    AsymmetryMethod.DEEKS,
    AsymmetryMethod.SCHWARZER,
    AsymmetryMethod.ARCSINE_EGGER,
    AsymmetryMethod.ARCSINE_THOMPSON,
    AsymmetryMethod.ARCSINE_BEGG,
)


class ScoreVariance(StrEnum):
    """The variance of the score of a log risk ratio in Harbord's test."""

    EXACT = "exact"
    """n1 n2 d / (n (n - d)), the information at no effect (Harbord, Harris & Sterne 2009). The default."""
    BALANCED = "balanced"
    """n d / (4 (n - d)): the same for arms of equal size, as R's meta computes it for all."""


class ClusterTest(StrEnum):
    """The test of the slope where effects are nested in studies."""

    ROBUST = "robust"
    """CR2 with Satterthwaite degrees of freedom (Pustejovsky & Tipton 2018). The default."""
    T = "t"
    """Model-based with t(k - 2)."""
    NORMAL = "normal"
    """Model-based with the normal distribution; too liberal with few studies."""


class MissingEstimator(StrEnum):
    """How trim and fill estimates the number of missing studies (Duval & Tweedie 2000)."""

    L0 = "L0"
    """From the sum of positive ranks, linear. The default."""
    R0 = "R0"
    """From the length of the rightmost run. Conservative; has a p value."""
    Q0 = "Q0"
    """From the sum of positive ranks, quadratic. Unstable with few studies."""


class TieRanks(StrEnum):
    """Ranks of equal distances from the centre in trim and fill, and how halves are rounded."""

    FIRST = "first"
    """In the order of the effects; halves to the even number (metafor). The default."""
    AVERAGE = "average"
    """Their mean; halves upwards, and the side from Egger's test (meta)."""


class PetRule(StrEnum):
    """When PEESE is used in place of PET."""

    ONE_SIDED = "one-sided"
    """Where PET's effect is significant in the direction of the pooled one (Carter 2019). The default."""
    TWO_SIDED = "two-sided"
    """Where PET's effect is significant (Stanley & Doucouliagos 2014)."""
    PET = "pet"
    """Never."""
    PEESE = "peese"
    """Always."""


class LimitMethod(StrEnum):
    """The adjusted effect of a limit meta-analysis (Rücker 2011)."""

    BETA0 = "beta0"
    """Expected effect of a study of infinite precision. The default."""
    BETALIM = "betalim"
    """Slope of the radial plot of the shrunken effects, with a bias parameter."""
    MULIM = "mulim"
    """Common effect of the shrunken effects, without a bias parameter."""
