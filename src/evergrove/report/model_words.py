"""How an analysis was computed: each word of the protocol in a phrase, and the phrases in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from evergrove.model.measures import Basis, review_measure
from evergrove.model.pooling import PoolingMethod
from evergrove.report.numerals import plain
from evergrove.stats.bias.options import AsymmetryMethod
from evergrove.stats.options import (
    IntervalMethod,
    PoolModel,
    PredictionMethod,
    Tau2Interval,
    Tau2Method,
    ZeroCells,
)
from evergrove.stats.sparse.options import GlmmModel
from evergrove.synthesis.effects import is_corrected

if TYPE_CHECKING:
    from evergrove.model import Analysis, PoolingModel
    from evergrove.stats import PoolResult


class Phrase(NamedTuple):
    """A word of the protocol: in a list of few words, and in a sentence."""

    short: str
    full: str


METHODS = {
    PoolingMethod.INVERSE_VARIANCE: Phrase("by inverse variance", "by inverse variance"),
    PoolingMethod.MANTEL_HAENSZEL: Phrase("by the Mantel–Haenszel method", "by Mantel and Haenszel’s method"),
    PoolingMethod.PETO: Phrase("by Peto’s method", "by Peto’s one-step method"),
    PoolingMethod.MIXED_MODEL: Phrase(
        "by a generalised linear mixed model", "by a generalised linear mixed model of the counts"
    ),
    PoolingMethod.BETA_BINOMIAL: Phrase("by a beta-binomial model", "by a beta-binomial model of the counts"),
}
TAU2 = {
    Tau2Method.REML: Phrase("REML", "restricted maximum likelihood (REML)"),
    Tau2Method.ML: Phrase("ML", "maximum likelihood (ML)"),
    Tau2Method.DL: Phrase("DerSimonian–Laird", "DerSimonian and Laird’s method"),
    Tau2Method.DL2: Phrase("DerSimonian–Laird, two steps", "DerSimonian and Laird’s method in two steps"),
    Tau2Method.PM: Phrase("Paule–Mandel", "Paule and Mandel’s method"),
    Tau2Method.PMM: Phrase("Paule–Mandel, median", "Paule and Mandel’s method at the median"),
    Tau2Method.EB: Phrase("empirical Bayes", "the empirical Bayes method"),
    Tau2Method.HE: Phrase("Hedges", "Hedges’ method"),
    Tau2Method.CA2: Phrase("Hedges, two steps", "Hedges’ method in two steps"),
    Tau2Method.HS: Phrase("Hunter–Schmidt", "Hunter and Schmidt’s method"),
    Tau2Method.HSK: Phrase("Hunter–Schmidt, corrected", "Hunter and Schmidt’s method with its correction"),
    Tau2Method.SJ: Phrase("Sidik–Jonkman", "Sidik and Jonkman’s method"),
    Tau2Method.SJ_HEDGES: Phrase(
        "Sidik–Jonkman from Hedges", "Sidik and Jonkman’s method from Hedges’ estimate"
    ),
}
_ON_T = "on a t distribution with k − 1 degrees of freedom"
_HARTUNG_KNAPP = f"by Hartung and Knapp’s method, {_ON_T}"
INTERVALS = {
    IntervalMethod.HARTUNG_KNAPP: Phrase("Hartung–Knapp intervals", _HARTUNG_KNAPP),
    IntervalMethod.HARTUNG_KNAPP_ADHOC: Phrase(
        "Hartung–Knapp intervals, never narrower than the classic ones",
        f"{_HARTUNG_KNAPP}, and not narrower than the classic interval",
    ),
    IntervalMethod.HARTUNG_KNAPP_TRUNCATED: Phrase(
        "Hartung–Knapp intervals with a variance factor of 1 or more",
        f"{_HARTUNG_KNAPP}, with a variance factor not below 1",
    ),
    IntervalMethod.HARTUNG_KNAPP_IQWIG: Phrase(
        "Hartung–Knapp intervals by IQWiG’s rule",
        f"{_HARTUNG_KNAPP}, with a variance factor of 1 where it is narrower than DerSimonian and Laird’s",
    ),
    IntervalMethod.KENWARD_ROGER: Phrase(
        "Kenward–Roger intervals",
        "by Kenward and Roger’s method, on a t distribution with its own degrees of freedom",
    ),
    IntervalMethod.NORMAL: Phrase("intervals of the normal distribution", "on the normal distribution"),
    IntervalMethod.T: Phrase("intervals of the t distribution", _ON_T),
}
_CLASSIC = "from the classic standard error"
_OF_HARTUNG_KNAPP = "from Hartung and Knapp’s standard error"
_ON_T_LESS = "on a t distribution with k − 2 degrees of freedom"
PREDICTIONS = {
    PredictionMethod.T_K_MINUS_1: _ON_T,
    PredictionMethod.T_K_MINUS_2: _ON_T_LESS,
    PredictionMethod.NORMAL: "on the normal distribution",
    PredictionMethod.TEST: "on the distribution of the confidence interval",
    PredictionMethod.V: f"{_ON_T}, {_CLASSIC}",
    PredictionMethod.HTS: f"{_ON_T_LESS}, {_CLASSIC}",
    PredictionMethod.HK: f"{_ON_T}, {_OF_HARTUNG_KNAPP}",
    PredictionMethod.HK_PR: f"{_ON_T_LESS}, {_OF_HARTUNG_KNAPP}",
    PredictionMethod.KR: "on a t distribution, by Kenward and Roger’s method",
    PredictionMethod.KR_PR: "on a t distribution with one degree of freedom less than Kenward and Roger’s",
    PredictionMethod.NNF: "by Nagashima, Noma and Furukawa’s bootstrap",
    PredictionMethod.S: f"on the normal distribution, {_CLASSIC}",
}
TAU2_INTERVALS = {
    Tau2Interval.Q_PROFILE: "Q-profile",
    Tau2Interval.JACKSON: "Jackson",
    Tau2Interval.BIGGERSTAFF_JACKSON: "Biggerstaff–Jackson",
    Tau2Interval.PROFILE_LIKELIHOOD: "profile likelihood",
    Tau2Interval.HIGGINS_THOMPSON: "Higgins–Thompson",
    Tau2Interval.WALD: "Wald",
}
MIXED_MODELS = {
    GlmmModel.UM_FS: "with an intercept of its own for each study",
    GlmmModel.UM_RS: "with intercepts that vary at random between studies",
    GlmmModel.CM_EL: "conditional on the events of each study, with its exact likelihood",
    GlmmModel.CM_AL: "conditional on the events of each study, with the binomial approximation",
}
ZERO_CELLS = {
    ZeroCells.ONLY_ZERO: "{add} is added to each cell of a study in which an arm has no event or only events",
    ZeroCells.ALL: "{add} is added to each cell of every study",
    ZeroCells.IF_ANY_ZERO: (
        "{add} is added to each cell of every study, if an arm of any has no event or only events"
    ),
    ZeroCells.NONE: "nothing is added to cells of zero",
}
ASYMMETRY_TESTS = {
    AsymmetryMethod.EGGER: "Egger’s test",
    AsymmetryMethod.THOMPSON: "Thompson and Sharp’s test",
    AsymmetryMethod.BEGG: "Begg and Mazumdar’s rank test",
    AsymmetryMethod.HARBORD: "Harbord’s test",
    AsymmetryMethod.PETERS: "Peters’ test",
    AsymmetryMethod.MACASKILL: "Macaskill’s test",
    AsymmetryMethod.SCHWARZER: "Schwarzer’s rank test",
    AsymmetryMethod.ARCSINE_EGGER: "Egger’s test of arcsine differences",
    AsymmetryMethod.ARCSINE_THOMPSON: "Thompson and Sharp’s test of arcsine differences",
    AsymmetryMethod.ARCSINE_BEGG: "Begg and Mazumdar’s rank test of arcsine differences",
    AsymmetryMethod.PUSTEJOVSKY: "Pustejovsky and Rodgers’ test",
}
_CLOSED_FORMS = (PoolingMethod.MANTEL_HAENSZEL, PoolingMethod.PETO)


def asymmetry_name(analysis: Analysis) -> str:
    """Return the test of small-study effects: ``Egger’s test``."""
    return ASYMMETRY_TESTS[analysis.diagnostics.asymmetry or AsymmetryMethod.EGGER]


def pooling_words(pooling: PoolingModel) -> str:
    """Return how studies are pooled: method, model and estimator of tau²."""
    asked = pooling.resolved()
    method = METHODS[asked.method].full
    if asked.method is PoolingMethod.BETA_BINOMIAL:
        return method
    if asked.method is PoolingMethod.MIXED_MODEL:
        mixed = "" if asked.glmm is None else f", {MIXED_MODELS[asked.glmm]}"
        kind = "a common effect" if asked.model is PoolModel.COMMON else "random effects"
        return f"{method} under {kind}{mixed}"
    if asked.model is PoolModel.COMMON:
        closed = asked.method in _CLOSED_FORMS
        return f"{method}, which assumes a common effect" if closed else f"{method} under a common effect"
    if asked.model is PoolModel.HENMI_COPAS:
        return f"{method} with the interval of Henmi and Copas, which holds where small studies are missing"
    tau2 = "" if asked.tau2 is None else f", with τ² by {TAU2[asked.tau2].full}"
    if asked.model is PoolModel.IVHET:
        return f"{method} at the weights of a common effect (IVhet){tau2}"
    beside = ""
    if asked.method in _CLOSED_FORMS:
        beside = f" {'about' if asked.tau2 is Tau2Method.DL else 'beside'} the result {method}"
    return f"by inverse variance in a random-effects model{tau2}{beside}"


def pooling_in_short(pooling: PoolingModel) -> str:
    """Return how studies are pooled as an abstract says it: ``under random effects (REML) with …``."""
    asked = pooling.resolved()
    method = METHODS[asked.method].short
    limits = "" if asked.ci is None else f" with {INTERVALS[asked.ci].short}"
    if asked.model is PoolModel.RANDOM and asked.tau2 is not None:
        beside = f", beside the result {method}," if asked.method in _CLOSED_FORMS else ""
        return f"under random effects ({TAU2[asked.tau2].short}){beside}{limits}"
    if asked.method is PoolingMethod.INVERSE_VARIANCE:
        kind = {
            PoolModel.COMMON: " under a common effect,",
            PoolModel.IVHET: " at the weights of a common effect (IVhet),",
        }.get(asked.model or PoolModel.RANDOM, " (Henmi–Copas)")
        return f"{method}{kind}{limits}"
    return method


def interval_words(pooling: PoolingModel) -> str:
    """Return how the confidence interval is computed; empty where the model has its own."""
    ci = pooling.resolved().ci
    return "" if ci is None else INTERVALS[ci].full


def prediction_words(pooling: PoolingModel) -> str:
    """Return how the prediction interval is computed; empty where the model has none."""
    prediction = pooling.resolved().prediction
    return "" if prediction is None else PREDICTIONS[prediction]


def tau2_interval_words(pooling: PoolingModel, fit: PoolResult) -> str:
    """Return by which method the limits of τ² were computed."""
    if pooling.method is PoolingMethod.MIXED_MODEL:
        return "Wald, on the log scale"
    return TAU2_INTERVALS[Tau2Interval(str(fit.options.get("tau2_ci", Tau2Interval.Q_PROFILE)))]


def q_name(pooling: PoolingModel) -> str:
    """Return what the test of heterogeneity is called."""
    mixed = pooling.method is PoolingMethod.MIXED_MODEL
    return "Likelihood-ratio test of heterogeneity" if mixed else "Cochran’s Q"


def zero_cell_words(pooling: PoolingModel, measure: str) -> str:
    """Return what is done with arms without an event; empty where it does not arise."""
    counted = review_measure(measure).basis in {Basis.EVENTS, Basis.EVENTS_OF_ONE_ARM}
    if not counted or not is_corrected(measure):
        return ""
    asked = pooling.resolved()
    if asked.method is not PoolingMethod.INVERSE_VARIANCE and asked.tau2 is None:
        return ZERO_CELLS[ZeroCells.NONE]
    return ZERO_CELLS[pooling.zero_cells].format(add=plain(pooling.add))
