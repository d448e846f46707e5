"""RoB 2, the revised Cochrane tool for randomised trials: questions and decision algorithms.

Version of 22 August 2019 for individually randomised parallel-group trials, for the effect of assignment
to the intervention. The questions stand here in words of this project; their numbers, the responses they
allow, the condition under which each is asked and the algorithms are those of the tool:

Sterne JAC, Savović J, Page MJ, et al. RoB 2: a revised tool for assessing risk of bias in randomised
trials. BMJ 2019;366:l4898, and its full guidance document of 22 August 2019 (criteria and algorithms of
the five domains; rule for the overall judgement, table 1).

Two notes where the tool leaves a case open. Question 3.2 asks for evidence and offers no "no
information"; unanswered, it counts as "no evidence seen" and leads on to 3.3. For the overall judgement
the tool lets assessors go from some concerns in several domains to high; that is left to a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.appraisal.instrument import (
    CONDITIONAL,
    CONDITIONAL_WITHOUT_NI,
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

if TYPE_CHECKING:
    from collections.abc import Mapping

LOW, SOME, HIGH = Judgement.LOW, Judgement.SOME_CONCERNS, Judgement.HIGH

#: From best to worst.
LEVELS = (LOW, SOME, HIGH)


def _worse(first: Proposal, second: Proposal) -> Proposal:
    """Return the worse of two proposals with both reasons."""
    worst = max(first, second, key=lambda proposal: LEVELS.index(proposal[0]))
    return worst[0], f"{first[1]} {second[1]}"


def randomisation(ask: Walk) -> Proposal:
    """Judge the randomisation process (questions 1.1 to 1.3)."""
    concealed = ask("1.2")
    if concealed in NO:
        return HIGH, "The allocation was not concealed."
    if concealed not in YES:
        if ask("1.3") in YES:
            return HIGH, "Concealment is not described and the groups at entry suggest a problem."
        return SOME, "Concealment is not described; the groups at entry do not show a problem."
    if ask("1.1") in NO:
        return SOME, "The allocation was concealed, but the sequence was not random."
    if ask("1.3") in YES:
        return SOME, "The allocation was concealed, but the groups at entry suggest a problem."
    return LOW, "The allocation was concealed and nothing speaks against a random sequence."


def _deviations_of_conduct(ask: Walk) -> Proposal:
    """Judge part 1 of domain 2 (questions 2.1 to 2.5)."""
    aware = [ask("2.1") not in NO, ask("2.2") not in NO]
    if not any(aware):
        return LOW, "Neither patients nor staff knew the allocation."
    arose = ask("2.3")
    if arose in NO:
        return LOW, "Patients or staff may have known the allocation, but care did not change because of it."
    if arose not in YES:
        return SOME, "Patients or staff may have known the allocation; whether care changed is not known."
    if ask("2.4") in NO:
        return SOME, "Care changed because of the trial, in ways unlikely to affect the outcome."
    if ask("2.5") in YES:
        return SOME, "Care changed because of the trial, but alike in both groups."
    return HIGH, "Care changed because of the trial, possibly with an effect and not alike in both groups."


def _deviations_of_analysis(ask: Walk) -> Proposal:
    """Judge part 2 of domain 2 (questions 2.6 and 2.7)."""
    if ask("2.6") in YES:
        return LOW, "Patients were analysed as allocated."
    if ask("2.7") in NO:
        return SOME, "It is not shown that all were analysed as allocated, but this can matter little."
    return HIGH, "It is not shown that all were analysed as allocated, and this could matter."


def deviations(ask: Walk) -> Proposal:
    """Judge deviations from the intended interventions (questions 2.1 to 2.7)."""
    return _worse(_deviations_of_conduct(ask), _deviations_of_analysis(ask))


def missing_data(ask: Walk) -> Proposal:
    """Judge missing outcome data (questions 3.1 to 3.4)."""
    if ask("3.1") in YES:
        return LOW, "The outcome is known for all or nearly all who were randomised."
    if ask("3.2") in YES:
        return LOW, "Some outcomes are missing, with evidence that this did not bias the result."
    if ask("3.3") in NO:
        return LOW, "Some outcomes are missing, for reasons that cannot depend on the outcome."
    if ask("3.4") in NO:
        return SOME, "Some outcomes are or may be missing, hardly because of the outcome itself."
    return HIGH, "It is not shown that outcomes are complete, nor that those missing do not depend on it."


def measurement(ask: Walk) -> Proposal:
    """Judge measurement of the outcome (questions 4.1 to 4.5)."""
    if ask("4.1") in YES:
        return HIGH, "The outcome was measured in an unsuitable way."
    differs = ask("4.2")
    if differs in YES:
        return HIGH, "The outcome could be ascertained differently in the groups."
    floor = LOW if differs in NO else SOME
    alike = "alike in both groups" if differs in NO else "whether alike in both groups is not known"
    if ask("4.3") in NO:
        return floor, f"Assessors did not know the allocation; ascertainment: {alike}."
    if ask("4.4") in NO:
        return floor, f"Knowing the allocation could not influence the assessment; ascertainment: {alike}."
    if ask("4.5") in NO:
        return SOME, "Knowing the allocation could influence the assessment, but hardly did."
    return HIGH, "Knowing the allocation could influence the assessment, and may well have done so."


def reporting(ask: Walk) -> Proposal:
    """Judge selection of the reported result (questions 5.1 to 5.3)."""
    selected = [ask("5.2"), ask("5.3")]
    if any(response in YES for response in selected):
        return HIGH, "The result was probably chosen because of its value."
    if not all(response in NO for response in selected):
        return SOME, "Whether the result was chosen among several cannot be told."
    if ask("5.1") in YES:
        return LOW, "The result follows a plan made before the outcomes were known."
    return SOME, "The result does not look chosen, but no plan made beforehand was seen."


def overall(domains: Mapping[str, Judgement]) -> Proposal:
    """Judge the result overall: the worst domain.

    Parameters
    ----------
    domains : mapping of str to Judgement
        Label and judgement of each domain.

    Examples
    --------
    >>> overall({"Randomisation": Judgement.LOW, "Reporting": Judgement.SOME_CONCERNS})[0].value
    'some-concerns'
    """
    worst = max(domains.values(), key=LEVELS.index)
    named = "; ".join(label for label, judgement in domains.items() if judgement is worst)
    if worst is LOW:
        return LOW, "Low risk of bias in every domain."
    if worst is HIGH:
        return HIGH, f"High risk of bias in at least one domain: {named}."
    several = sum(judgement is SOME for judgement in domains.values()) > 1
    note = " The tool allows high where several together lower the confidence much." if several else ""
    return SOME, f"Some concerns, no domain at high risk: {named}.{note}"


RANDOMISATION = Domain(
    "randomisation",
    "Randomisation process",
    (
        Question("1.1", "Did chance decide the order of allocation?"),
        Question("1.2", "Was the next allocation hidden until a patient had been entered and assigned?"),
        Question("1.3", "Do differences between the groups at entry point to a fault in the randomisation?"),
    ),
    randomisation,
)

DEVIATIONS = Domain(
    "deviations",
    "Deviations from the intended interventions",
    (
        Question("2.1", "Did patients know during the trial what they were assigned to?"),
        Question("2.2", "Did carers, or those giving the treatment, know it?"),
        Question(
            "2.3",
            "If someone may have known: did treatment depart from plan because of the trial?",
            CONDITIONAL,
        ),
        Question("2.4", "If so: were the departures likely to change the outcome?", CONDITIONAL),
        Question("2.5", "If that may be: were they alike in the groups?", CONDITIONAL),
        Question("2.6", "Does the analysis suit the effect of being assigned to the treatment?"),
        Question(
            "2.7",
            "If not, or not known: could leaving patients out of their group have changed the result much?",
            CONDITIONAL,
        ),
    ),
    deviations,
)

MISSING_DATA = Domain(
    "missing-data",
    "Missing outcome data",
    (
        Question("3.1", "Is the outcome known for all, or nearly all, who were randomised?"),
        Question(
            "3.2",
            "If not, or not known: is there evidence that the result was not biased by it?",
            CONDITIONAL_WITHOUT_NI,
        ),
        Question("3.3", "If there is none: could an outcome be missing because of its value?", CONDITIONAL),
        Question(
            "3.4", "If that may be: is it likely that outcomes are missing for that reason?", CONDITIONAL
        ),
    ),
    missing_data,
)

MEASUREMENT = Domain(
    "measurement",
    "Measurement of the outcome",
    (
        Question("4.1", "Was the way of measuring the outcome unsuitable?"),
        Question("4.2", "Could the outcome have been measured or found differently in the groups?"),
        Question("4.3", "If not, or not known: did the assessors know the treatment received?", CONDITIONAL),
        Question("4.4", "If that may be: could knowing it influence the assessment?", CONDITIONAL),
        Question("4.5", "If that may be: is it likely that it did?", CONDITIONAL),
    ),
    measurement,
)

REPORTING = Domain(
    "reporting",
    "Selection of the reported result",
    (
        Question("5.1", "Does the analysis follow a plan fixed before unblinded outcomes were at hand?"),
        Question(
            "5.2", "Was the result probably chosen, for its value, among several measurements of the outcome?"
        ),
        Question("5.3", "Was the result probably chosen, for its value, among several analyses of the data?"),
    ),
    reporting,
)

#: The instrument.
ROB2 = Instrument(
    name=InstrumentName.ROB2,
    title="RoB 2: revised Cochrane risk-of-bias tool for randomised trials",
    version="22 August 2019, parallel groups, effect of assignment to the intervention",
    citation="Sterne JAC, et al. BMJ 2019;366:l4898. doi:10.1136/bmj.l4898",
    judgements=LEVELS,
    domains=(RANDOMISATION, DEVIATIONS, MISSING_DATA, MEASUREMENT, REPORTING),
    overall=overall,
)
