"""ROBINS-I, the tool for non-randomised studies of interventions: questions and judgements.

Version of 2016 for cohort-type studies, for the effect of assignment to the intervention (in domain 4 the
tool asks questions 4.1 and 4.2 for this effect; 4.3 to 4.6 belong to the effect of starting and adhering).
The questions stand here in words of this project; numbers, conditions and allowed responses are the tool's:

Sterne JAC, Hernán MA, Reeves BC, et al. ROBINS-I: a tool for assessing risk of bias in non-randomised
studies of interventions. BMJ 2016;355:i4919, with its detailed guidance of 2016.

The tool of 2016 gives no decision algorithm. It gives tables that say for each domain what "low",
"moderate", "serious", "critical" and "no information" mean, and leaves the step from responses to a
judgement to the assessor. The functions below are this project's reading of those tables:

* No function proposes *critical*. What separates critical from serious in the tables (confounding that
  cannot be controlled at all, selection "very strongly" related to the outcome, …) is not asked by any
  signalling question. A person sets it by an override with its reason.
* A firm "no" and a "probably no" are told apart in three places, where the tables grade by degree: 4.2
  (no effect on the outcome: low; slight: moderate), 5.4 (missing data that differ slightly: moderate;
  substantially: serious) and domain 7 (clear evidence from a plan: low; no sign of selection: moderate).
* No information on a question that decides gives *no information* for the domain, unless another answer
  already makes it serious.
* Overall is the worst domain. Where no domain is serious or critical and one or more have no information,
  the overall judgement is *no information*; the tool calls for a judgement of a person there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.appraisal.instrument import (
    ALWAYS_WITHOUT_NI,
    CONDITIONAL,
    NO,
    YES,
    Domain,
    Instrument,
    Judgement,
    Proposal,
    Question,
    Walk,
)
from evergrove.model.vocabulary import Instrument as InstrumentName
from evergrove.model.vocabulary import ResponseCode

if TYPE_CHECKING:
    from collections.abc import Mapping

LOW, MODERATE, SERIOUS, CRITICAL, NO_INFORMATION = (
    Judgement.LOW,
    Judgement.MODERATE,
    Judgement.SERIOUS,
    Judgement.CRITICAL,
    Judgement.NO_INFORMATION,
)

#: From best to worst; "no information" stands apart.
LEVELS = (LOW, MODERATE, SERIOUS, CRITICAL)


def _control(ask: Walk, valid: str, *, overadjusted: bool | None) -> Proposal:
    """Judge how confounding was controlled; ``overadjusted`` is the answer to 1.6, ``None`` if not known."""
    measured = ask(valid)
    if measured in NO:
        return SERIOUS, "What was controlled was not measured well enough."
    if overadjusted:
        return SERIOUS, "The analysis adjusted for something the intervention may have changed."
    if measured not in YES or overadjusted is None:
        return NO_INFORMATION, "Confounding was controlled; how well is not known."
    return MODERATE, "Confounding is expected, was measured well and was controlled."


def _known(response: ResponseCode) -> bool | None:
    """Return yes or no as a truth value, ``None`` for no information."""
    return None if response is ResponseCode.NO_INFORMATION else response in YES


def confounding(ask: Walk) -> Proposal:
    """Judge confounding (questions 1.1 to 1.8)."""
    expected = ask("1.1")
    if expected in NO:
        return LOW, "No confounding is expected."
    if expected not in YES:
        return NO_INFORMATION, "Whether confounding is to be expected was not answered."
    time_varying = ask("1.2") in YES and ask("1.3") in YES
    control, valid = ("1.7", "1.8") if time_varying else ("1.4", "1.5")
    controlled = ask(control)
    if controlled in NO:
        return SERIOUS, "Confounding is expected and an important part of it was not controlled."
    if controlled not in YES:
        return NO_INFORMATION, "Confounding is expected; whether it was controlled is not known."
    return _control(ask, valid, overadjusted=False if time_varying else _known(ask("1.6")))


def _selection_is_related(ask: Walk) -> bool | None:
    """Tell whether selection depends on both intervention and outcome; ``None`` if not known."""
    for question in ("2.1", "2.2", "2.3"):
        response = ask(question)
        if response in NO:
            return False
        if response not in YES:
            return None
    return True


def selection(ask: Walk) -> Proposal:
    """Judge selection of participants (questions 2.1 to 2.5)."""
    related = _selection_is_related(ask)
    coincides = ask("2.4")
    if related or coincides in NO:
        what = "Selection depends on intervention and outcome" if related else "Follow-up starts late"
        if ask("2.5") in YES:
            return MODERATE, f"{what}, and the analysis corrects for it."
        return SERIOUS, f"{what}, and nothing corrects for it."
    if related is None or coincides not in YES:
        return NO_INFORMATION, "How patients came into the study, or when follow-up starts, is not known."
    return LOW, "Selection does not depend on what came after the start, and follow-up starts with treatment."


def classification(ask: Walk) -> Proposal:
    """Judge classification of interventions (questions 3.1 to 3.3)."""
    defined, recorded, influenced = ask("3.1"), ask("3.2"), ask("3.3")
    if defined in NO:
        return SERIOUS, "The intervention groups are not well defined."
    if influenced in YES:
        return SERIOUS, "Who counts as treated may depend on the outcome."
    if not (defined in YES and influenced in NO) or recorded is ResponseCode.NO_INFORMATION:
        return NO_INFORMATION, "How and when patients were classed as treated is not known."
    if recorded in NO:
        return MODERATE, "Groups are well defined, but were classed in retrospect."
    return LOW, "Groups are well defined by what was recorded at the start."


def deviations(ask: Walk) -> Proposal:
    """Judge deviations from the intended interventions (questions 4.1 and 4.2)."""
    beyond = ask("4.1")
    if beyond in NO:
        return LOW, "Any deviations were those of usual practice."
    if beyond not in YES:
        return NO_INFORMATION, "Whether care departed from usual practice is not known."
    affected = ask("4.2")
    if affected in YES:
        return SERIOUS, "Care departed from usual practice, unequally and likely with an effect."
    if affected not in NO:
        return NO_INFORMATION, "Care departed from usual practice; whether it mattered is not known."
    if affected is ResponseCode.PROBABLY_NO:
        return MODERATE, "Care departed from usual practice, with at most a slight effect."
    return LOW, "Care departed from usual practice, without effect on the outcome."


def _missing(ask: Walk) -> Proposal:
    """Judge data that are missing (questions 5.4 and 5.5)."""
    similar = ask("5.4")
    if similar in YES:
        return LOW, "Missing data are alike in the groups."
    if ask("5.5") in YES:
        return LOW, "Data are missing, and the result holds when this is taken into account."
    if similar not in NO:
        return NO_INFORMATION, "Data are missing; whether alike in the groups is not known."
    if similar is ResponseCode.PROBABLY_NO:
        return MODERATE, "Missing data differ slightly between the groups, and nothing corrects for it."
    return SERIOUS, "Missing data differ much between the groups, and nothing corrects for it."


def missing_data(ask: Walk) -> Proposal:
    """Judge missing data (questions 5.1 to 5.5)."""
    complete, no_status, no_covariate = ask("5.1"), ask("5.2"), ask("5.3")
    if complete in NO or no_status in YES or no_covariate in YES:
        return _missing(ask)
    if complete in YES:
        return LOW, "Data are reasonably complete."
    return NO_INFORMATION, "How complete the data are is not known."


def measurement(ask: Walk) -> Proposal:
    """Judge measurement of outcomes (questions 6.1 to 6.4)."""
    influenced, aware, comparable, related = ask("6.1"), ask("6.2"), ask("6.3"), ask("6.4")
    if comparable in NO:
        return SERIOUS, "The outcome was assessed in different ways in the groups."
    if related in YES:
        return SERIOUS, "Errors in the outcome depend on the intervention."
    if influenced in YES and aware in YES:
        return SERIOUS, "Assessors knew the intervention and the outcome is open to influence."
    protected = influenced in NO or aware in NO
    if not (comparable in YES and related in NO and protected):
        return NO_INFORMATION, "How the outcome was assessed in the groups is not known."
    if influenced is ResponseCode.PROBABLY_NO and aware not in NO:
        return MODERATE, "Assessment was alike and could be influenced at most a little."
    return LOW, "Assessment was alike, and not open to influence or blind to the intervention."


def reporting(ask: Walk) -> Proposal:
    """Judge selection of the reported result (questions 7.1 to 7.3)."""
    responses = [ask(question) for question in ("7.1", "7.2", "7.3")]
    if any(response in YES for response in responses):
        return SERIOUS, "The result was probably chosen for its value."
    if not all(response in NO for response in responses):
        return NO_INFORMATION, "Whether the result was chosen among several cannot be told."
    if all(response is ResponseCode.NO for response in responses):
        return LOW, "A plan shows that all intended results are reported."
    return MODERATE, "Nothing suggests that the result was chosen among several."


def overall(domains: Mapping[str, Judgement]) -> Proposal:
    """Judge the result overall: the worst domain, with "no information" as published.

    Parameters
    ----------
    domains : mapping of str to Judgement
        Label and judgement of each domain.

    Examples
    --------
    >>> overall({"Confounding": Judgement.NO_INFORMATION, "Reporting": Judgement.LOW})[0].value
    'no-information'
    >>> overall({"Confounding": Judgement.SERIOUS, "Reporting": Judgement.NO_INFORMATION})[0].value
    'serious'
    """
    known = [judgement for judgement in domains.values() if judgement is not NO_INFORMATION]
    worst = max(known, key=LEVELS.index, default=NO_INFORMATION)
    if worst in {LOW, MODERATE} and len(known) < len(domains):
        worst = NO_INFORMATION
    named = "; ".join(label for label, judgement in domains.items() if judgement is worst)
    if worst is LOW:
        return LOW, "Low risk of bias in every domain."
    if worst is MODERATE:
        return MODERATE, f"Low or moderate risk of bias in every domain; moderate: {named}."
    if worst is NO_INFORMATION:
        return NO_INFORMATION, f"No domain is known to be at serious risk, but of some too little: {named}."
    return worst, f"{worst.value.capitalize()} risk of bias in at least one domain: {named}."


CONFOUNDING = Domain(
    "confounding",
    "Confounding",
    (
        Question("1.1", "Could the effect be confounded in this study?", ALWAYS_WITHOUT_NI),
        Question(
            "1.2", "If so: was follow-up time split by the intervention received at the time?", CONDITIONAL
        ),
        Question(
            "1.3", "If so: did switching or stopping probably go with the patient's prognosis?", CONDITIONAL
        ),
        Question(
            "1.4", "Did the analysis control, suitably, for all important confounders at entry?", CONDITIONAL
        ),
        Question("1.5", "If so: were these confounders measured validly and reliably?", CONDITIONAL),
        Question("1.6", "Was something adjusted for that the intervention could have changed?", CONDITIONAL),
        Question(
            "1.7",
            "Did the analysis control for all important confounders, those that change over time too?",
            CONDITIONAL,
        ),
        Question("1.8", "If so: were these confounders measured validly and reliably?", CONDITIONAL),
    ),
    confounding,
)

SELECTION = Domain(
    "selection",
    "Selection of participants",
    (
        Question("2.1", "Did entry into study or analysis depend on what was seen after treatment began?"),
        Question("2.2", "If so: does what it depended on go with the intervention?", CONDITIONAL),
        Question("2.3", "If so: does it go with the outcome or a cause of it?", CONDITIONAL),
        Question("2.4", "Do follow-up and intervention begin together for most patients?"),
        Question(
            "2.5", "If there is such selection or delay: does the analysis correct for it?", CONDITIONAL
        ),
    ),
    selection,
)

CLASSIFICATION = Domain(
    "classification",
    "Classification of interventions",
    (
        Question("3.1", "Is it clear who belongs to which intervention group?"),
        Question("3.2", "Was this recorded when the intervention began?"),
        Question("3.3", "Could knowing the outcome, or its risk, have changed who counts as treated?"),
    ),
    classification,
)

DEVIATIONS = Domain(
    "deviations",
    "Deviations from the intended interventions",
    (
        Question("4.1", "Did care depart from the intended in ways that usual practice does not?"),
        Question("4.2", "If so: unequally between the groups and likely with an effect?", CONDITIONAL),
    ),
    deviations,
)

MISSING_DATA = Domain(
    "missing-data",
    "Missing data",
    (
        Question("5.1", "Is the outcome known for all, or nearly all, participants?"),
        Question("5.2", "Were participants left out because their intervention was not known?"),
        Question("5.3", "Were participants left out because other needed data were missing?"),
        Question("5.4", "If any of these: are amount and reasons alike in the groups?", CONDITIONAL),
        Question(
            "5.5", "If any of these: is there evidence that the result holds all the same?", CONDITIONAL
        ),
    ),
    missing_data,
)

MEASUREMENT = Domain(
    "measurement",
    "Measurement of outcomes",
    (
        Question("6.1", "Could knowing the intervention have influenced the outcome measure?"),
        Question("6.2", "Did those who assessed the outcome know the intervention?"),
        Question("6.3", "Was the outcome assessed in comparable ways in the groups?"),
        Question("6.4", "Were there systematic errors in the outcome that go with the intervention?"),
    ),
    measurement,
)

REPORTING = Domain(
    "reporting",
    "Selection of the reported result",
    (
        Question("7.1", "Was the result probably chosen, for its value, among several measurements?"),
        Question("7.2", "Was the result probably chosen, for its value, among several analyses?"),
        Question("7.3", "Was the result probably chosen, for its value, among several subgroups?"),
    ),
    reporting,
)

#: The instrument.
ROBINS_I = Instrument(
    name=InstrumentName.ROBINS_I,
    title="ROBINS-I: risk of bias in non-randomised studies of interventions",
    version="2016, cohort-type studies, effect of assignment to the intervention",
    citation="Sterne JAC, et al. BMJ 2016;355:i4919. doi:10.1136/bmj.i4919",
    judgements=(*LEVELS, NO_INFORMATION),
    domains=(
        CONFOUNDING,
        SELECTION,
        CLASSIFICATION,
        DEVIATIONS,
        MISSING_DATA,
        MEASUREMENT,
        REPORTING,
    ),
    overall=overall,
)
