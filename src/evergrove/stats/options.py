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
    if type(value) is kind:
        return value
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(repr(str(member)) for member in kind)
        raise UsageError(
            f"{argument}: found {value!r}; allowed: {allowed}; choose one of these names"
        ) from None


class EffectMeasure(StrEnum):
    """What is compared or described, as one number per study; names as in metafor's ``escalc``."""

    # Two groups, events
    RR = "RR"
    """Risk ratio, pooled as its log. The default for two arms of events."""
    OR = "OR"
    """Odds ratio, pooled as its log. For case-control data and logistic models."""
    RD = "RD"
    """Risk difference. Absolute; varies more between populations than ratios do."""
    AS = "AS"
    """Difference of arcsine square roots (Rücker 2009). Keeps double-zero studies; hard to explain."""
    PETO = "PETO"
    """Peto's one-step log odds ratio (Yusuf 1985). Rare events, equal arms, effects near 1 only."""
    PHI = "PHI"
    """Phi coefficient (Yule 1912): Pearson's correlation of two dichotomies."""
    ZPHI = "ZPHI"
    """Fisher's z of phi. Not variance-stabilising here."""
    YUQ = "YUQ"
    """Yule's Q (1900): (OR - 1) / (OR + 1)."""
    YUY = "YUY"
    """Yule's Y (1912): (√OR - 1) / (√OR + 1)."""
    RTET = "RTET"
    """Tetrachoric correlation (Pearson 1900), where both dichotomies cut normal variables."""
    ZTET = "ZTET"
    """Fisher's z of the tetrachoric correlation. Not variance-stabilising here."""
    PBIT = "PBIT"
    """Difference of probits, an estimate of the SMD (Sánchez-Meca 2003)."""
    OR2D = "OR2D"
    """Log odds ratio times √3/π, an estimate of the SMD (Hasselblad & Hedges 1995)."""
    OR2DN = "OR2DN"
    """Log odds ratio over 1.65, an estimate of the SMD under normality (Cox & Snell 1989)."""
    OR2DL = "OR2DL"
    """As OR2D: the logistic distribution behind the dichotomy."""
    # Matched pairs, events
    MPRD = "MPRD"
    """Matched pairs: marginal risk difference (May & Johnson 1997)."""
    MPRR = "MPRR"
    """Matched pairs: log of the marginal risk ratio (Zou 2007)."""
    MPOR = "MPOR"
    """Matched pairs: log of the marginal odds ratio (Elbourne 2002)."""
    MPORC = "MPORC"
    """Matched pairs: log of the conditional odds ratio (McNemar 1947)."""
    MPPETO = "MPPETO"
    """Matched pairs: Peto's form of the conditional log odds ratio (Curtin 2002)."""
    MPORM = "MPORM"
    """Matched pairs known by their margins and correlation: log of the marginal odds ratio."""
    # Two groups, person-time
    IRR = "IRR"
    """Incidence rate ratio, pooled as its log."""
    IRD = "IRD"
    """Incidence rate difference, per unit of person-time."""
    IRSD = "IRSD"
    """Difference of the square roots of two rates; variance-stabilised."""
    # Two groups, means
    MD = "MD"
    """Mean difference, in the outcome's unit."""
    POMPMD = "POMPMD"
    """Mean difference in percent of the scale's possible range (Cohen 1999)."""
    SMD = "SMD"
    """Standardised mean difference, Hedges' g with the exact correction (Hedges 1981)."""
    SMDH = "SMDH"
    """SMD over the root of the mean of both variances (Bonett 2008), where the SDs differ."""
    SMD1 = "SMD1"
    """SMD over the comparator's SD: Glass' delta (1976)."""
    SMD1H = "SMD1H"
    """Glass' delta with a variance that lets the SDs differ (Bonett 2008)."""
    ROM = "ROM"
    """Ratio of means, pooled as its log (Hedges, Gurevitch & Curtis 1999); means above 0 only."""
    VR = "VR"
    """Ratio of standard deviations, pooled as its log (Nakagawa 2015)."""
    CVR = "CVR"
    """Ratio of coefficients of variation, pooled as its log (Nakagawa 2015)."""
    RPB = "RPB"
    """Point-biserial correlation from two groups (Tate 1954)."""
    ZPB = "ZPB"
    """Fisher's z of the point-biserial correlation. Not variance-stabilising here."""
    RBIS = "RBIS"
    """Biserial correlation (Pearson 1909), where the groups cut a normal variable."""
    ZBIS = "ZBIS"
    """Fisher's z of the biserial correlation. Not variance-stabilising here."""
    D2OR = "D2OR"
    """SMD times π/√3, an estimate of the log odds ratio (Chinn 2000)."""
    D2ORN = "D2ORN"
    """SMD times 1.65, an estimate of the log odds ratio under normality (Cox & Snell 1989)."""
    D2ORL = "D2ORL"
    """As D2OR: the logistic distribution behind the dichotomy."""
    CLES = "CLES"
    """Common-language effect: P(X1 > X2) as reported, half of ties counted (McGraw & Wong 1992)."""
    AUC = "AUC"
    """As CLES: area under the ROC curve, as reported."""
    CLESN = "CLESN"
    """Common-language effect from means and SDs of normal data, or from d, t, F or p."""
    AUCN = "AUCN"
    """As CLESN: the binormal area under the ROC curve."""
    # Correlations and explained variance
    COR = "COR"
    """Pearson's correlation, raw."""
    UCOR = "UCOR"
    """Pearson's correlation, bias-corrected (Olkin & Pratt 1958)."""
    ZCOR = "ZCOR"
    """Fisher's z of Pearson's correlation (1921). The choice among the correlations."""
    PCOR = "PCOR"
    """Partial correlation, from a regression's t or as reported."""
    ZPCOR = "ZPCOR"
    """Fisher's z of the partial correlation."""
    SPCOR = "SPCOR"
    """Semi-partial correlation (Aloe & Becker 2012); needs the model's R²."""
    ZSPCOR = "ZSPCOR"
    """Fisher's z of the semi-partial correlation. Not variance-stabilising here."""
    R2 = "R2"
    """Coefficient of determination R². Bounded at 0 and biased upwards; not for testing."""
    ZR2 = "ZR2"
    """Fisher's z of the root of R² (Olkin & Finn 1995)."""
    # One group, events
    PR = "PR"
    """Raw proportion. Not near 0 or 1."""
    PLN = "PLN"
    """Log of a proportion."""
    PLO = "PLO"
    """Logit of a proportion. The choice among the transformations for single proportions."""
    PRZ = "PRZ"
    """Probit of a proportion."""
    PAS = "PAS"
    """Arcsine square root of a proportion."""
    PFT = "PFT"
    """Freeman-Tukey double arcsine (1950); its back-transformation is unsafe (Schwarzer 2019)."""
    # One group, person-time
    IR = "IR"
    """Incidence rate, per unit of person-time."""
    IRLN = "IRLN"
    """Log of an incidence rate."""
    IRS = "IRS"
    """Square root of an incidence rate."""
    IRFT = "IRFT"
    """Freeman-Tukey double square root of an incidence rate (1950)."""
    # One group, means
    MN = "MN"
    """Mean, in the outcome's unit."""
    POMPMN = "POMPMN"
    """Mean in percent of the scale's possible range (Cohen 1999)."""
    SMN = "SMN"
    """Mean over its SD, bias-corrected. Where 0 is a meaningful value."""
    MNLN = "MNLN"
    """Log of a mean; means above 0 only."""
    SDLN = "SDLN"
    """Log of a standard deviation (Nakagawa 2015)."""
    CVLN = "CVLN"
    """Log of a coefficient of variation (Nakagawa 2015)."""
    # One group twice (change), or matched pairs of means
    MC = "MC"
    """Mean change, in the outcome's unit."""
    POMPMC = "POMPMC"
    """Mean change in percent of the scale's possible range (Cohen 1999)."""
    SMCC = "SMCC"
    """Mean change over the SD of the changes (Gibbons 1993)."""
    SMCR = "SMCR"
    """Mean change over the SD of the first measurement (Becker 1988)."""
    SMCRH = "SMCRH"
    """As SMCR, with a variance that lets the SDs differ (Bonett 2008)."""
    SMCRP = "SMCRP"
    """Mean change over the root of the mean of both variances (Cousineau 2020)."""
    SMCRPH = "SMCRPH"
    """As SMCRP, with a variance that lets the SDs differ (Bonett 2008)."""
    CLESCN = "CLESCN"
    """Common-language effect of two measurements of normal data."""
    AUCCN = "AUCCN"
    """As CLESCN."""
    ROMC = "ROMC"
    """Log ratio of two dependent means (Lajeunesse 2011)."""
    VRC = "VRC"
    """Log ratio of two dependent SDs (Senior 2020)."""
    CVRC = "CVRC"
    """Log ratio of two dependent coefficients of variation (Senior 2020)."""
    # Others
    ARAW = "ARAW"
    """Cronbach's alpha, raw (van Zyl 2000)."""
    AHW = "AHW"
    """Cronbach's alpha, 1 - (1 - alpha)^(1/3) (Hakstian & Whalen 1976)."""
    ABT = "ABT"
    """Cronbach's alpha, -log(1 - alpha) (Bonett 2002). The choice among the alphas."""
    REH = "REH"
    """Log of the relative excess heterozygosity (Ziegler 2011): departure from Hardy-Weinberg."""
    HR = "HR"
    """Hazard ratio, pooled as its log; from a printed estimate and interval."""
    HD = "HD"
    """Hazard difference; from a printed estimate and interval."""


class Scale(StrEnum):
    """The scale on which effects are pooled."""

    LOG = "log"
    """Natural logarithm of a ratio, a proportion, a rate, a mean or a standard deviation."""
    NATURAL = "natural"
    """The scale of the measure itself."""
    LOGIT = "logit"
    """Log odds of a proportion."""
    PROBIT = "probit"
    """Standard normal quantile of a proportion."""
    ARCSINE = "arcsine"
    """Arcsine of the square root of a proportion, in radians."""
    SQUARE_ROOT = "square-root"
    """Square root of a rate."""
    FREEMAN_TUKEY = "freeman-tukey"
    """Half the sum of two arcsines (proportions, in radians) or of two square roots (rates) (1950)."""
    FISHER_Z = "fisher-z"
    """Inverse hyperbolic tangent of a correlation (Fisher 1921); of the root of R² for ZR2."""
    HAKSTIAN_WHALEN = "hakstian-whalen"
    """1 - (1 - alpha)^(1/3) of Cronbach's alpha (Hakstian & Whalen 1976)."""
    BONETT = "bonett"
    """-log(1 - alpha) of Cronbach's alpha (Bonett 2002)."""


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
    """How the sampling variance of an effect is computed; each measure allows some of them."""

    LS = "LS"
    """Large-sample, groups' variances apart. The default of every measure."""
    LS2 = "LS2"
    """The second large-sample form: Borenstein 2009 (SMD, SMCC, SMCR), second order (ROM, VR, CVR), …"""
    LS3 = "LS3"
    """The third: n - 3.94 for n in SMD (Hedges & Olkin 1985, eq. 8; RevMan); delta method for SMDH."""
    UB = "UB"
    """The unbiased estimate of the sampling variance (Hedges 1983 for SMD). meta's default for SMD."""
    HO = "HO"
    """The groups (MN: the studies) share one variance, the pooled one."""
    ST = "ST"
    """PHI, RPB: the groups' sizes are fixed (stratified sampling)."""
    CS = "CS"
    """PHI, RPB: only the total is fixed (cross-sectional sampling)."""
    AV = "AV"
    """With the studies' average in place of each study's own effect (homogeneous studies)."""
    AV2 = "AV2"
    """R2: as LS2, with the studies' average."""
    AVHO = "AVHO"
    """ROM: one average coefficient of variation for studies and groups."""
    H0 = "H0"
    """Under no effect."""
    H0B = "H0b"
    """COR: under no effect, as 1/n."""
    MAX = "MAX"
    """CLES: the largest variance that the effect allows (Bamber 1975)."""
    UB_G = "UB-g"
    """SMD without correction: UB of the corrected effect (meta's ``method.smd="Cohen", exact.smd=TRUE``)."""
    GLASS = "GLASS"
    """SMD1: n - 1 in place of n (meta's ``method.smd="Glass"``; Cooper & Hedges 1994)."""
    LS_OLD = "LS-3.8"
    """SMDH, SMD1H, SMCRH, PCOR, ZPCOR as metafor 3.8 had them. To reproduce older reviews."""
    LS2_PUBLISHED = "LS2-published"
    """ROMC, VRC, CVRC: second order as printed by Senior 2020 (metafor before 5.2), known to be in error."""


class PoolModel(StrEnum):
    """What the studies are thought to estimate."""

    RANDOM = "random"
    """Effects that vary around a mean (DerSimonian & Laird 1986). The default."""
    COMMON = "common"
    """One effect for all, weights 1/v. When the studies are one experiment repeated."""
    IVHET = "ivhet"
    """Weights 1/v with a variance that allows for tau² (Doi, Barendregt, Khan, Thalib & Williams 2015)."""
    HENMI_COPAS = "henmi-copas"
    """Weights 1/v with an interval that holds under selective publication (Henmi & Copas 2010)."""


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


class Tau2Interval(StrEnum):
    """The confidence interval of the between-study variance."""

    Q_PROFILE = "q-profile"
    """Where the generalised Q meets its chi-square quantiles (Viechtbauer 2007). The default; exact."""
    GENERALISED_Q = "generalised-q"
    """From the exact distribution of Q at weights of one's own (Jackson 2013)."""
    JACKSON = "jackson"
    """The same at weights 1/√v (Jackson 2013). meta's choice beside DL: often the shortest."""
    BIGGERSTAFF_JACKSON = "biggerstaff-jackson"
    """The same at weights 1/v: Cochran's Q itself (Biggerstaff & Jackson 2008)."""
    PROFILE_LIKELIHOOD = "profile-likelihood"
    """Of the likelihood (ML) or restricted likelihood (REML) (Hardy & Thompson 1996). Approximate."""
    HIGGINS_THOMPSON = "higgins-thompson"
    """From the standard error of log H (Higgins & Thompson 2002). Crude; to check older reports."""
    WALD = "wald"
    """tau² ± z · se, cut at 0. Poor unless there are hundreds of studies."""


class IntervalMethod(StrEnum):
    """The confidence interval and test of the pooled effect."""

    HARTUNG_KNAPP = "hartung-knapp"
    """Weighted residual variance and t(k-1) (Hartung & Knapp 2001; Sidik & Jonkman 2002). Default."""
    HARTUNG_KNAPP_ADHOC = "hartung-knapp-adhoc"
    """Hartung-Knapp, but the classic normal interval where that is wider (Wiksten 2016; Jackson 2017)."""
    HARTUNG_KNAPP_TRUNCATED = "hartung-knapp-truncated"
    """Hartung-Knapp with the variance factor not below 1 (Knapp & Hartung 2003; metafor's ``adhoc``)."""
    HARTUNG_KNAPP_IQWIG = "hartung-knapp-iqwig"
    """Factor 1 where the interval is narrower than DerSimonian-Laird's (IQWiG methods 6.0, 2020)."""
    KENWARD_ROGER = "kenward-roger"
    """Variance and df corrected for the estimation of tau² by REML (Partlett & Riley 2017). 5 studies up."""
    NORMAL = "normal"
    """Classic standard error with the normal quantile. Too narrow with few studies."""
    T = "t"
    """Classic standard error with t(k-1) (Follmann & Proschan 1999)."""


class PredictionMethod(StrEnum):
    """The prediction interval: which standard error and which reference distribution."""

    T_K_MINUS_1 = "t(k-1)"
    """The se reported, t with k-1 df (Veroniki 2019). The default."""
    T_K_MINUS_2 = "t(k-2)"
    """The se reported, t with k-2 df (Higgins, Thompson & Spiegelhalter 2009)."""
    NORMAL = "normal"
    """The se reported, normal quantile. Too narrow with few studies."""
    TEST = "test"
    """The se and distribution of the test of the pooled effect (metafor's convention)."""
    V = "V"
    """Classic se, t(k-1), whatever the confidence interval (Veroniki 2019; meta's default from 8.0)."""
    HTS = "HTS"
    """Classic se, t(k-2) (Higgins, Thompson & Spiegelhalter 2009; meta's default up to 7)."""
    HK = "HK"
    """Hartung-Knapp se, t(k-1) (meta)."""
    HK_PR = "HK-PR"
    """Hartung-Knapp se, t(k-2) (Partlett & Riley 2017; meta); 4 studies and more, as in meta."""
    KR = "KR"
    """Kenward-Roger se and df; REML only (meta)."""
    KR_PR = "KR-PR"
    """Kenward-Roger se, its df less 1; REML only (Partlett & Riley 2017; meta)."""
    NNF = "NNF"
    """Parametric bootstrap with DerSimonian-Laird (Nagashima, Noma & Furukawa 2019). Few studies."""
    S = "S"
    """Classic se, normal quantile (Skipka 2006; meta). Too narrow with few studies."""


class ProportionMethod(StrEnum):
    """The confidence interval of one proportion."""

    WILSON = "wilson"
    """Score interval (Wilson 1927). The default; good at any n (Brown, Cai & DasGupta 2001)."""
    WILSON_CONTINUITY = "wilson-continuity"
    """Score interval with continuity correction (Newcombe 1998). Close to Clopper-Pearson; wide."""
    CLOPPER_PEARSON = "clopper-pearson"
    """Exact interval (Clopper & Pearson 1934). Never below its level; wide."""
    MID_P = "mid-p"
    """Exact with half of the observed count's probability (Lancaster 1961). On average at its level."""
    JEFFREYS = "jeffreys"
    """Quantiles of the posterior under Beta(1/2, 1/2) (Brown, Cai & DasGupta 2001). Small n."""
    AGRESTI_COULL = "agresti-coull"
    """Wald interval about the Wilson midpoint (Agresti & Coull 1998). Simple; n of 40 and more."""
    ARCSINE = "arcsine"
    """Normal on the scale of arcsine square roots. To go with PAS."""
    NORMAL = "normal"
    """Wald interval, p ± z·se. Fails near 0 and 1: only to reproduce other work."""
    NORMAL_CONTINUITY = "normal-continuity"
    """Wald interval widened by 1/(2n) (Newcombe 1998, method 2). Only to reproduce other work."""


class MedianMethod(StrEnum):
    """How mean and SD are estimated from a median with quartiles or a range."""

    LUO_SHI = "luo-shi"
    """Luo 2018 for the mean; Wan 2014 for the SD, Shi 2020 with all five numbers. The default (metafor's)."""
    LUO_WAN = "luo-wan"
    """Luo 2018 weights for the mean; Wan 2014 for the SD throughout."""
    WAN = "wan"
    """Wan 2014 for both (the mean of q1, median, q3; Hozo 2005 without its last term, Bland 2015)."""
    WAN_N = "wan-n"
    """As Wan, with Hozo's last term (minimum - 2 median + maximum)/(4n) for a range; meta's "Wan"."""
    HOZO = "hozo"
    """Hozo 2005, range only: rules that change at n of 15, 25 and 70. To reproduce older reviews."""
    BLAND = "bland"
    """Bland 2015, five numbers only; its SD grows with n. To reproduce older reviews."""
    WALTER = "walter"
    """Walter & Yao 2007, range only: the median, and the range over its exact expectation."""
    QUANTILE_ESTIMATION = "quantile-estimation"
    """McGrath 2020 (QE): best of normal, log-normal, gamma, Weibull and beta. For skewed outcomes."""
    BOX_COX = "box-cox"
    """McGrath 2020 (BC): Luo and Wan on a power scale, then back. For skewed outcomes above 0."""
    MLN = "mln"
    """Cai 2021: a power by maximum likelihood, as in estmeansd; its result depends on the unit."""


class IntervalDistribution(StrEnum):
    """The distribution behind a printed confidence interval of a mean."""

    T = "t"
    """t with n-1 degrees of freedom: what a trial of ordinary size reports."""
    NORMAL = "normal"
    """Normal quantile: large samples."""


class Alternative(StrEnum):
    """The side that a test looks at, or on which results are thought to be published more readily."""

    TWO_SIDED = "two-sided"
    """Far from the null in either direction."""
    GREATER = "greater"
    """Large values: statistics at least as large as the observed one; p values of effects above 0."""
    LESS = "less"
    """Small values: statistics at most as large as the observed one; p values of effects below 0."""
