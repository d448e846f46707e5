"""The named options of `evergrove.stats`: one declaration each, with its source and when to use it.

Every function that takes such an option accepts the member or its string; another string is a
`UsageError` that lists what is allowed.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from evergrove.errors import UsageError

Choice = TypeVar("Choice", bound=StrEnum)


def choose(kind: type[Choice], value: str, argument: str) -> Choice:
    """Return the member of an option that a string names.

    Parameters
    ----------
    kind : type
        The option's StrEnum.
    value : str
        A member or its string.
    argument : str
        The name of the argument, for the message.

    Returns
    -------
    StrEnum member

    Raises
    ------
    UsageError
        Where no member has this string.

    Examples
    --------
    >>> choose(ZeroCells, "none", "to")
    <ZeroCells.NONE: 'none'>
    """
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(repr(str(member)) for member in kind)
        raise UsageError(
            f"{argument}: found {value!r}; allowed: {allowed}; choose one of these names"
        ) from None


class EffectMeasure(StrEnum):
    """What is compared or described, as one number per study."""

    RR = "RR"
    """Risk ratio, pooled as its log. The default for two arms of events."""
    OR = "OR"
    """Odds ratio, pooled as its log. For case-control data and logistic models."""
    RD = "RD"
    """Risk difference. Absolute; varies more between populations than ratios do."""
    PETO = "PETO"
    """Peto's one-step log odds ratio (Yusuf 1985). Rare events, equal arms, effects near 1 only."""
    MD = "MD"
    """Mean difference, in the outcome's unit."""
    SMD = "SMD"
    """Standardised mean difference, Hedges' g with the exact correction (Hedges 1981)."""
    ROM = "ROM"
    """Ratio of means, pooled as its log (Hedges, Gurevitch & Curtis 1999); means above 0 only."""
    HR = "HR"
    """Hazard ratio, pooled as its log; from a printed estimate and interval."""
    PR = "PR"
    """Raw proportion. Not near 0 or 1."""
    PLN = "PLN"
    """Log of a proportion."""
    PLO = "PLO"
    """Logit of a proportion. The choice among the transformations for single proportions."""
    PAS = "PAS"
    """Arcsine square root of a proportion."""
    PFT = "PFT"
    """Freeman-Tukey double arcsine (1950); its back-transformation is unsafe (Schwarzer 2019)."""


class Scale(StrEnum):
    """The scale on which effects are pooled."""

    LOG = "log"
    """Natural logarithm of a ratio or a proportion."""
    NATURAL = "natural"
    """The scale of the measure itself."""
    LOGIT = "logit"
    """Log odds of a proportion."""
    ARCSINE = "arcsine"
    """Arcsine of the square root of a proportion, in radians."""
    FREEMAN_TUKEY = "freeman-tukey"
    """Half the sum of two arcsines (Freeman & Tukey 1950), in radians."""


class ZeroCells(StrEnum):
    """To which studies the continuity correction `add` is applied."""

    ONLY_ZERO = "only-zero"
    """Only studies with a zero cell (metafor's ``only0``)."""
    ALL = "all"
    """All studies."""
    IF_ANY_ZERO = "if-any-zero"
    """All studies as soon as one has a zero cell (metafor's ``if0all``)."""
    NONE = "none"
    """No study; studies whose effect is then undefined are not estimable."""


class VarianceMethod(StrEnum):
    """How the sampling variance of MD, SMD and ROM is computed."""

    LS = "LS"
    """Large-sample, arms' variances apart (Hedges & Olkin 1985, p. 86, for SMD). The default."""
    UB = "UB"
    """SMD only: the unbiased estimate of the sampling variance (Hedges 1983)."""
    HO = "HO"
    """MD and ROM only: the arms share one variance (pooled SD)."""


class PoolModel(StrEnum):
    """What the studies are thought to estimate."""

    RANDOM = "random"
    """Effects that vary around a mean (DerSimonian & Laird 1986). The default."""
    COMMON = "common"
    """One effect for all, weights 1/v. When the studies are one experiment repeated."""


class Tau2Method(StrEnum):
    """The estimator of the between-study variance."""

    REML = "REML"
    """Restricted maximum likelihood (Raudenbush 2009; Viechtbauer 2005). The default."""
    ML = "ML"
    """Maximum likelihood (Hardy & Thompson 1996). Too small with few studies; for comparing models."""
    DL = "DL"
    """DerSimonian & Laird 1986, moments at weights 1/v. To reproduce older reviews."""
    DL2 = "DL2"
    """Two steps: moments at weights 1/(v + DL) (DerSimonian & Kacker 2007). Closed form near PM."""
    PM = "PM"
    """Paule & Mandel 1982, generalised Q equal to its df. Good where variances are well known."""
    PMM = "PMM"
    """Paule-Mandel with Q at the median of its distribution: as often too large as too small."""
    EB = "EB"
    """Empirical Bayes (Morris 1983): the same root as PM, under the name that metafor has for it."""
    HE = "HE"
    """Hedges 1983, unweighted moments (Cochran's analysis of variance). Unbiased before the cut at 0."""
    CA2 = "CA2"
    """Two steps: moments at weights 1/(v + HE) (DerSimonian & Kacker 2007)."""
    HS = "HS"
    """Hunter & Schmidt 1990. Biased downwards; to reproduce psychometric reviews."""
    HSK = "HSk"
    """Hunter-Schmidt with Q times k/(k-p) (Brannick, Potter, Benitez & Morris 2019). In place of HS."""
    SJ = "SJ"
    """Sidik & Jonkman 2005 from the start Σ(y - mean)²/k. Always above 0; large where tau² is small."""
    SJ_HEDGES = "SJ-HE"
    """Sidik-Jonkman from Hedges' estimate, 0.01 where that is 0 (Sidik & Jonkman 2007)."""
    GENQ = "GENQ"
    """Moments at weights of one's own (DerSimonian & Kacker 2007; Jackson 2013)."""
    GENQM = "GENQM"
    """Median of the generalised Q at weights of one's own."""


class IntervalMethod(StrEnum):
    """The confidence interval and test of the pooled effect."""

    HARTUNG_KNAPP = "hartung-knapp"
    """Weighted residual variance and t(k-1) (Hartung & Knapp 2001; Sidik & Jonkman 2002). Default."""
    HARTUNG_KNAPP_ADHOC = "hartung-knapp-adhoc"
    """Hartung-Knapp, but the classic normal interval where that is wider (Wiksten 2016; Jackson 2017)."""
    HARTUNG_KNAPP_TRUNCATED = "hartung-knapp-truncated"
    """Hartung-Knapp with the variance factor not below 1 (Knapp & Hartung 2003; metafor's ``adhoc``)."""
    NORMAL = "normal"
    """Classic standard error with the normal quantile. Too narrow with few studies."""
    T = "t"
    """Classic standard error with t(k-1) (Follmann & Proschan 1999)."""


class PredictionMethod(StrEnum):
    """The reference distribution of the prediction interval."""

    T_K_MINUS_1 = "t(k-1)"
    """t with k-1 degrees of freedom (Veroniki 2019; Partlett & Riley 2017). The default."""
    T_K_MINUS_2 = "t(k-2)"
    """t with k-2 degrees of freedom (Higgins, Thompson & Spiegelhalter 2009)."""
    NORMAL = "normal"
    """Normal quantile. Too narrow with few studies."""
    TEST = "test"
    """The distribution of the test of the pooled effect (metafor's convention)."""


class ProportionMethod(StrEnum):
    """The confidence interval of one proportion."""

    WILSON = "wilson"
    """Score interval (Wilson 1927). The default; good at any n (Brown, Cai & DasGupta 2001)."""
    CLOPPER_PEARSON = "clopper-pearson"
    """Exact interval (Clopper & Pearson 1934). Never below its level; wide."""
    AGRESTI_COULL = "agresti-coull"
    """Wald interval about the Wilson midpoint (Agresti & Coull 1998). Simple; n of 40 and more."""


class MedianMethod(StrEnum):
    """How a mean is estimated from a median and quartiles or a range."""

    LUO_WAN = "luo-wan"
    """Luo 2018 weights for the mean; Wan 2014 for the SD. The default."""
    WAN = "wan"
    """Wan 2014 for both (the mean of q1, median, q3; Hozo 2005 and Bland 2015 with a range)."""


class IntervalDistribution(StrEnum):
    """The distribution behind a printed confidence interval of a mean."""

    T = "t"
    """t with n-1 degrees of freedom: what a trial of ordinary size reports."""
    NORMAL = "normal"
    """Normal quantile: large samples."""
