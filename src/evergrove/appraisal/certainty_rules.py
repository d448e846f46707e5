"""The steps of a GRADE rating that numbers can decide: risk of bias, inconsistency, imprecision.

Sources: GRADE guidelines 4 (risk of bias; Guyatt 2011, J Clin Epidemiol 64:407), 5 (publication bias;
64:1277), 6 (imprecision; 64:1283) and 7 (inconsistency; 64:1294); GRADE guidelines 18 (ROBINS-I;
Schünemann 2019, 111:105); GRADE guidance 34 (imprecision by one to three levels; Zeng 2022, 150:216);
Core GRADE 2 to 4 (Guyatt 2025, BMJ 389:e081904, e081905, e083864); Cochrane Handbook, chapters 10, 13, 14.

GRADE asks for judgement where these rules use cut-points. Each cut-point is a named constant that says
whether it is published or a convention of this project; a person's judgement replaces any of these steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.appraisal.instrument import Judgement

if TYPE_CHECKING:
    from evergrove.appraisal.evidence import EvidenceSummary, Thresholds

#: "Most of the information": more than half of the weight (wording of GRADE 4; the number is a convention).
MOST = 0.5
#: From this share of weight on, high risk of bias counts even if it is not most of it (convention).
SUBSTANTIAL = 0.25
#: I² that might not be important, and that is considerable (Cochrane Handbook 10.10.2).
I2_UNIMPORTANT, I2_SUBSTANTIAL, I2_CONSIDERABLE = 40.0, 50.0, 75.0
#: Below this number of studies, heterogeneity is estimated so badly that it costs at most one step
#: (convention).
FEW_STUDIES = 5
#: Below this number of studies a funnel plot cannot be read (Cochrane Handbook, chapter 13).
FUNNEL_STUDIES = 10
#: "Far less" than the optimal information size (wording of guidance 34; the number is a convention).
FAR_LESS = 0.5

#: What one computed step is: levels down, and the reason.
Step = tuple[int, str]

_BAD = {
    "randomised": frozenset({Judgement.HIGH, Judgement.SERIOUS, Judgement.CRITICAL}),
    "non-randomised": frozenset(
        {Judgement.HIGH, Judgement.SERIOUS, Judgement.CRITICAL, Judgement.NO_INFORMATION}
    ),
}


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _number(value: float) -> str:
    """Print an effect as the pages do: two decimals, none where they say nothing more."""
    text = f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
    return text.replace("-", "−")


def _interval(low: float, high: float) -> str:
    return f"{_number(low)} to {_number(high)}"


def _share(summary: EvidenceSummary, levels: frozenset[Judgement]) -> float:
    return sum(share for study, share in summary.shares.items() if summary.rob.get(study) in levels)


def risk_of_bias(summary: EvidenceSummary, *, start_is_low: bool) -> Step:
    """Rate down by the weight of studies at risk of bias.

    Randomised: two levels where most of the weight is at high risk; one where a quarter or more is, or
    where most of the weight is not at low risk; else none. Non-randomised and appraised by ROBINS-I: three
    levels where most of the weight is at critical risk, two where most is at serious or critical risk or
    has no information, one where most is not at low risk. A study without an appraisal counts as not low.
    """
    if start_is_low:
        return 0, "Non-randomised studies without ROBINS-I: their risk of bias is in the low start already."
    if not summary.shares:
        return 1, "No study was appraised, so low risk of bias is not shown."
    low = _share(summary, frozenset({Judgement.LOW}))
    bad = _share(summary, _BAD[summary.design])
    critical = _share(summary, frozenset({Judgement.CRITICAL}))
    randomised = summary.design == "randomised"
    worst = "high" if randomised else "serious or critical (or unknown)"
    whole = "weight" if summary.weights else "studies"
    told = (
        f"Of the {whole}, {_percent(low)} comes from studies at low risk of bias, {_percent(bad)} from "
        f"studies at {worst} risk"
    )
    steps, meaning = 0, "."
    if not randomised and critical > MOST:
        steps, meaning = 3, f", {_percent(critical)} at critical risk."
    elif bad > MOST:
        steps, meaning = 2, ": most of the evidence."
    elif randomised and bad >= SUBSTANTIAL:
        steps, meaning = 1, ": enough to change the result."
    elif low <= MOST:
        steps, meaning = 1, ": most of the evidence is not at low risk."
    return steps, told + meaning


def _lines_crossed(low: float, high: float, lines: tuple[float, ...]) -> set[float]:
    return {line for line in lines if low < line < high}


def _heterogeneity(i2: float) -> str:
    if i2 >= I2_CONSIDERABLE:
        return "considerable"
    if i2 >= I2_SUBSTANTIAL:
        return "substantial"
    return "moderate" if i2 > I2_UNIMPORTANT else "may not be important"


def _prediction(summary: EvidenceSummary) -> tuple[bool | None, str]:
    """Tell whether the prediction interval crosses a line that the confidence interval does not."""
    if summary.prediction_low is None or summary.prediction_high is None:
        return None, "There is no prediction interval."
    if summary.ci_low is None or summary.ci_high is None:
        return None, "There is no confidence interval."
    thresholds = summary.thresholds()
    lines = (summary.null,) if thresholds is None else (thresholds.low, summary.null, thresholds.high)
    new = _lines_crossed(summary.prediction_low, summary.prediction_high, lines) - _lines_crossed(
        summary.ci_low, summary.ci_high, lines
    )
    told = f"The prediction interval ({_interval(summary.prediction_low, summary.prediction_high)})"
    if not new:
        return False, f"{told} says nothing else than the confidence interval."
    crossed = " and ".join(
        "no effect" if line == summary.null else f"the threshold {_number(line)}" for line in sorted(new)
    )
    return True, f"{told} includes {crossed}, which the confidence interval does not."


def inconsistency(summary: EvidenceSummary) -> Step:
    """Rate down where studies differ and the difference matters.

    I² tells how much of the spread is not chance; the prediction interval whether it changes what the
    result means. Both are needed for a step: moderate or more I² with a prediction interval that crosses
    no effect or a threshold that the confidence interval does not: one level; considerable: two.
    Considerable I² alone, or substantial I² where there is no prediction interval: one. With few studies
    never more than one, because I² and prediction interval are then themselves very uncertain.
    """
    if summary.k == 1:
        return 0, "One study: whether studies agree cannot be seen."
    if summary.i2 is None:
        return 0, f"{summary.k} studies; I² is not given, so nothing was computed."
    matters, told = _prediction(summary)
    steps = 0
    if summary.i2 >= I2_CONSIDERABLE:
        steps = 2 if matters else 1
    elif (matters and summary.i2 > I2_UNIMPORTANT) or (matters is None and summary.i2 >= I2_SUBSTANTIAL):
        steps = 1
    reason = f"I² is {summary.i2:.0f} % ({_heterogeneity(summary.i2)}) over {summary.k} studies. {told}"
    if summary.k < FEW_STUDIES:
        steps = min(steps, 1)
        reason += f" With {summary.k} studies both are very uncertain."
    return steps, reason


def _by_interval(low: float, high: float, thresholds: Thresholds) -> tuple[int, str] | None:
    """Rate the confidence interval against no effect and the thresholds; ``None`` where it is precise."""
    interval = f"The 95 % confidence interval ({_interval(low, high)})"
    if not low <= thresholds.null <= high:
        return None
    if low < thresholds.far_low and high > thresholds.far_high:
        far = f"({_number(thresholds.far_low)}, {_number(thresholds.far_high)})"
        return 3, f"{interval} includes no effect and large effects in both directions {far}."
    below, above = low < thresholds.low, high > thresholds.high
    if below and above:
        both = f"{_number(thresholds.low)} and {_number(thresholds.high)}"
        return 2, f"{interval} includes no effect and appreciable effects both ways (beyond {both})."
    if below or above:
        line = thresholds.low if below else thresholds.high
        return 1, f"{interval} includes no effect and an appreciable effect (beyond {_number(line)})."
    return None


def _by_information_size(summary: EvidenceSummary) -> tuple[int, str]:
    """Rate the number of participants against the optimal information size."""
    if summary.optimal_information_size is None or summary.participants is None:
        return 0, "The optimal information size is not known and was not used."
    size, needed = summary.participants, summary.optimal_information_size
    events = "" if summary.events is None else f" with {summary.events} events"
    told = f"{size} participants{events}; one adequate trial would need about {needed:.0f}"
    if size >= needed:
        return 0, f"{told}: enough."
    if size < FAR_LESS * needed:
        return 2, f"{told}: far less than that."
    return 1, f"{told}: less than that."


def _combinations(summary: EvidenceSummary) -> str:
    """Say what the conflicting data do to the estimate."""
    low, high = summary.combinations_low, summary.combinations_high
    if low is None or high is None:
        return ""
    told = f" Over all combinations of conflicting data the estimate runs from {_interval(low, high)}"
    if low < summary.null < high:
        return f"{told}: the conflict decides the direction."
    thresholds = summary.thresholds()
    if thresholds is not None and _lines_crossed(low, high, (thresholds.low, thresholds.high)):
        return f"{told}: the conflict decides whether the effect is appreciable."
    return f"{told}."


def imprecision(summary: EvidenceSummary) -> Step:
    """Rate down where the interval leaves the answer open, or too few were studied.

    First the confidence interval (Guyatt 2011; guidance 34). Where it includes no effect: one level if it
    includes an appreciable effect in one direction, two if in both, three if large effects in both. Where
    it is precise in this sense, the optimal information size: one level if not met, two if far from met.
    """
    low, high, thresholds = summary.ci_low, summary.ci_high, summary.thresholds()
    if low is None or high is None:
        return 2, "The estimate has no confidence interval." + _combinations(summary)
    if thresholds is None:
        includes = low <= summary.null <= high
        what = "includes" if includes else "excludes"
        told = (
            f"The 95 % confidence interval ({_interval(low, high)}) {what} no effect; nothing says which "
            "effect would be appreciable."
        )
        steps, size = _by_information_size(summary)
        return max(steps, int(includes)), f"{told} {size}{_combinations(summary)}"
    rated = _by_interval(low, high, thresholds)
    if rated is not None:
        return rated[0], rated[1] + _combinations(summary)
    verb = (
        "includes no effect but no appreciable one"
        if low <= thresholds.null <= high
        else "excludes no effect"
    )
    steps, size = _by_information_size(summary)
    told = f"The 95 % confidence interval ({_interval(low, high)}) {verb}. {size}"
    return steps, told + _combinations(summary)


def publication_bias(summary: EvidenceSummary) -> Step:
    """Never rate down by itself: say whether a funnel plot could be read at all."""
    if summary.k < FUNNEL_STUDIES:
        noun = "study" if summary.k == 1 else "studies"
        return 0, (
            f"{summary.k} {noun}: not assessable with fewer than {FUNNEL_STUDIES}; no step unless judged."
        )
    return 0, f"{summary.k} studies: a funnel plot can be read; no step unless a person judges one."
