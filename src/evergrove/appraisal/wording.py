"""From certainty and size of effect to a plain sentence.

The idea is that of GRADE guidelines 26 (Santesso 2020, J Clin Epidemiol 119:126): one fixed phrase for each
pair of certainty and size, so that readers can learn what the words mean. The words here are this
project's. What is not in that scheme and added here: where the interval includes no effect, the sentence
says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.model.vocabulary import CertaintyLevel, Term

if TYPE_CHECKING:
    from evergrove.appraisal.evidence import EvidenceSummary


class Effect(Term):
    """Direction and size of an effect."""

    LARGE_DECREASE = "large-decrease"
    DECREASE = "decrease"
    SLIGHT_DECREASE = "slight-decrease"
    LITTLE_OR_NONE = "little-or-none"
    SLIGHT_INCREASE = "slight-increase"
    INCREASE = "increase"
    LARGE_INCREASE = "large-increase"


#: An effect nearer to none than this part of the way to the threshold is called little or none
#: (a convention: with thresholds of 0.75 and 1.25, ratios from 0.95 to 1.05).
TRIVIAL_PART = 0.2

#: The phrase after the verb, by effect: verb stem, object before the outcome.
_PHRASES: dict[Effect, tuple[str, str]] = {
    Effect.LARGE_DECREASE: ("reduce", "{outcome} greatly"),
    Effect.DECREASE: ("reduce", "{outcome}"),
    Effect.SLIGHT_DECREASE: ("reduce", "{outcome} slightly"),
    Effect.LITTLE_OR_NONE: ("make", "little or no difference to {outcome}"),
    Effect.SLIGHT_INCREASE: ("increase", "{outcome} slightly"),
    Effect.INCREASE: ("increase", "{outcome}"),
    Effect.LARGE_INCREASE: ("increase", "{outcome} greatly"),
}

#: By size: little or none, slight, appreciable, large.
_DECREASES = (Effect.LITTLE_OR_NONE, Effect.SLIGHT_DECREASE, Effect.DECREASE, Effect.LARGE_DECREASE)
_INCREASES = (Effect.LITTLE_OR_NONE, Effect.SLIGHT_INCREASE, Effect.INCREASE, Effect.LARGE_INCREASE)

#: The neutral question that very low certainty leaves open.
_OPEN = {
    "reduce": "reduce",
    "increase": "increase",
    "make": "change",
}


def effect_of(summary: EvidenceSummary) -> Effect | None:
    """Return direction and size of an estimate against its thresholds.

    Parameters
    ----------
    summary : EvidenceSummary

    Returns
    -------
    Effect or None
        ``None`` where there is no estimate. Without thresholds only the direction is told.

    Examples
    --------
    >>> from evergrove.appraisal.evidence import EvidenceSummary
    >>> effect_of(EvidenceSummary(design="randomised", measure="RR", ratio=True, k=2, estimate=0.88)).value
    'slight-decrease'
    """
    estimate, thresholds = summary.estimate, summary.thresholds()
    if estimate is None:
        return None
    below = estimate < summary.null
    distance = abs(estimate - summary.null)
    if thresholds is None:
        size = 0 if distance == 0 else 2
    else:
        near = abs((thresholds.low if below else thresholds.high) - summary.null)
        far = abs((thresholds.far_low if below else thresholds.far_high) - summary.null)
        size = sum((distance > TRIVIAL_PART * near, distance >= near, distance >= far))
    return (_DECREASES if below else _INCREASES)[size]


def statement(
    certainty: CertaintyLevel | None,
    effect: Effect | None,
    subject: str,
    outcome: str,
    *,
    includes_null: bool = False,
    plural: bool = False,
) -> str:
    """Say in a sentence what the evidence shows.

    Parameters
    ----------
    certainty : CertaintyLevel or None
        ``None`` where there was nothing to grade.
    effect : Effect or None
        Direction and size of the estimate; ``None`` where there is none.
    subject, outcome : str
        The intervention, and the outcome as it stands in the middle of a sentence.
    includes_null : bool
        Whether the confidence interval includes no effect.
    plural : bool
        Whether the subject is plural.

    Returns
    -------
    str

    Examples
    --------
    >>> statement(CertaintyLevel.MODERATE, Effect.DECREASE, "cell therapy", "deaths by day 28")
    'Cell therapy probably reduces deaths by day 28.'
    >>> statement(CertaintyLevel.LOW, Effect.SLIGHT_DECREASE, "treatment", "deaths", includes_null=True)
    'Treatment may reduce deaths slightly, but the data also fit no effect.'
    >>> statement(CertaintyLevel.VERY_LOW, Effect.DECREASE, "cell therapy", "deaths")
    'It is uncertain whether cell therapy reduces deaths: the certainty of the evidence is very low.'
    """
    if certainty is None or effect is None:
        return f"There are no usable data on the effect of {subject} on {outcome}."
    stem, rest = _PHRASES[effect]
    ending = "" if plural else "s"
    if certainty is CertaintyLevel.VERY_LOW:
        return (
            f"It is uncertain whether {subject} {_OPEN[stem]}{ending} {outcome}: "
            "the certainty of the evidence is very low."
        )
    predicate = {
        CertaintyLevel.HIGH: f"{stem}{ending}",
        CertaintyLevel.MODERATE: f"probably {stem}{ending}",
        CertaintyLevel.LOW: f"may {stem}",
    }[certainty]
    sentence = f"{subject} {predicate} {rest.format(outcome=outcome)}"
    if includes_null and effect is not Effect.LITTLE_OR_NONE:
        sentence += ", but the data also fit no effect"
    return f"{sentence[0].upper()}{sentence[1:]}."
