"""The chosen datum of a study, the rivals that lost and why, and conflicts between sources."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evergrove.model.vocabulary import DecisionAction, DesignType
from evergrove.synthesis.numbers import (
    Numbers,
    UnusableError,
    complement,
    impossible_spread,
    numbers_for,
    printed_contrast,
    sides,
)

if TYPE_CHECKING:
    from evergrove.model import Analysis, Datum, Decision, Outcome, Review, Study

#: A printed ratio within this factor of the one that its own counts give is the same, rounded.
RATIO_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class Option:
    """One way to enter a study: a datum with its numbers, or leaving the study out."""

    label: str
    datum: Datum | None = None
    numbers: Numbers | None = None


@dataclass(frozen=True, slots=True)
class Rival:
    """A datum that was not chosen, with the reason."""

    datum: Datum
    why: str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a study enters an analysis with.

    Parameters
    ----------
    study : str
    name : str
    design : DesignType
    chosen : Option, optional
        Missing where no datum can be used.
    why : str
        Why this one, or why none.
    rivals : tuple of Rival
    conflict : tuple of Option
        All ways to enter the study where sources disagree, the one used first; empty without a conflict.
    """

    study: str
    name: str
    design: DesignType
    chosen: Option | None
    why: str
    rivals: tuple[Rival, ...] = ()
    conflict: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    datum: Datum
    numbers: Numbers | None
    unusable: str
    decision: Decision | None
    order: int
    later_report: bool

    def decided(self, action: DecisionAction) -> bool:
        return self.decision is not None and self.decision.action is action


class _Setting:
    """A study in an analysis of a review, with the arms of the comparison."""

    def __init__(self, study: Study, analysis: Analysis, review: Review) -> None:
        self.study = study
        self.analysis = analysis
        self.review = review
        self.outcome = review.protocol.outcome(analysis.outcome)
        self.sides = sides(study, review.protocol.comparison(analysis.comparison))


def choose(study: Study, analysis: Analysis, review: Review) -> Choice | None:
    """Choose the datum of one study by the rules of the protocol.

    The rules, in order: a datum that a person preferred; all patients of the arms rather than some; the day
    nearest to the target, a datum without a day after all dated ones; the trial's own report or registry
    entry before another source; its first report before a later one; numbers as printed before derived ones;
    the order in the file.

    Parameters
    ----------
    study : Study
    analysis : Analysis
    review : Review
        For the outcome, the comparison and the decisions.

    Returns
    -------
    Choice or None
        ``None`` where the study holds nothing of the outcome.
    """
    setting = _Setting(study, analysis, review)
    candidates = _candidates(setting)
    if not candidates:
        return None
    usable = [
        item
        for item in candidates
        if item.numbers is not None
        and not item.decided(DecisionAction.REJECT)
        and not item.decided(DecisionAction.UNRESOLVED)
    ]
    design = study.design.type
    if not usable:
        options = _options(candidates, None, setting)
        why = (
            "sources disagree and nothing settles it; left out of the main result"
            if options
            else _why_none(candidates)
        )
        return Choice(study.id, study.name, design, None, why, _rivals(candidates, None, analysis), options)
    best = _confirmed(min(usable, key=lambda item: _rank(item, analysis)), usable)
    chosen = Option(_label(best), best.datum, best.numbers)
    return Choice(
        study.id,
        study.name,
        design,
        chosen,
        _why(best, analysis),
        _rivals(candidates, best, analysis),
        _options(candidates, best, setting),
    )


def _confirmed(best: _Candidate, usable: list[_Candidate]) -> _Candidate:
    """Return the best candidate; what another source prints as it stands is not only worked out."""
    numbers = best.numbers
    if numbers is None or not numbers.derived:
        return best
    for item in usable:
        if item.numbers is not None and not item.numbers.derived and item.numbers.same_as(numbers):
            printed = f"the same numbers are printed in {item.datum.provenance.source_type.label}"
            known = replace(numbers, derived=False, conversions=(*numbers.conversions, printed))
            return replace(best, numbers=known)
    return best


def _candidates(setting: _Setting) -> list[_Candidate]:
    study, analysis, protocol = setting.study, setting.analysis, setting.review.protocol
    complements = {item.id: item for item in protocol.outcomes if item.complement_of == analysis.outcome}
    found = []
    for order, datum in enumerate(study.data):
        if datum.outcome != analysis.outcome and datum.outcome not in complements:
            continue
        if datum.time.is_baseline and analysis.window.earliest > 0:
            continue
        decision = _decision(setting, datum)
        numbers, unusable = _numbers(setting, datum, complements.get(datum.outcome), decision)
        later = datum.provenance.report not in {None, study.reports[0].id}
        found.append(_Candidate(datum, numbers, unusable, decision, order, later))
    return found


def _numbers(
    setting: _Setting, datum: Datum, other: Outcome | None, decision: Decision | None
) -> tuple[Numbers | None, str]:
    """Return the numbers, or why there are none."""
    analysis = setting.analysis
    refused = _refused(datum, analysis)
    if refused:
        return None, refused
    # Risks that fit no whole count may show what a conflict is worth, never the main result.
    fractional = decision is not None and decision.action is DecisionAction.UNRESOLVED
    try:
        numbers = numbers_for(
            datum, setting.study, setting.outcome, analysis.measure, setting.sides, fractional=fractional
        )
    except UnusableError as reason:
        return None, str(reason)
    if other is not None and numbers.printed is not None:
        return None, f"a printed effect on {other.label.lower()} is none on the outcome"
    impossible = impossible_spread(numbers, analysis.possible_values)
    if impossible:
        # What the arms cannot give, the source may print as a contrast.
        printed = printed_contrast(datum, analysis.measure, setting.sides, setting.outcome)
        return printed, "" if printed is not None else impossible
    return (numbers if other is None else complement(numbers, other.label.lower())), ""


def _refused(datum: Datum, analysis: Analysis) -> str:
    """Return why the analysis does not take such a datum, whatever its numbers."""
    if datum.kind not in analysis.data_kinds:
        return f"reported as {datum.kind.label}"
    if datum.qualifier is not None and datum.qualifier not in analysis.qualifiers:
        return _part(datum)
    window, day = analysis.window, datum.time.day
    if day is None:
        return "" if window.undated else "no day stated"
    if not window.earliest <= day <= window.latest:
        return f"day {day:g} is outside days {window.earliest:g} to {window.latest:g}"
    return ""


def _decision(setting: _Setting, datum: Datum) -> Decision | None:
    """Return the latest decision on a datum for the analysis."""
    about = [
        decision
        for decision in setting.review.decisions
        if decision.study == setting.study.id
        and decision.datum == datum.id
        and decision.analysis in {None, setting.analysis.id}
    ]
    # Decisions of one day count in the order in which they were written down.
    return max(reversed(about), key=lambda decision: decision.when, default=None)


def _rank(item: _Candidate, analysis: Analysis) -> tuple[bool, bool, float, bool, bool, bool, int]:
    numbers = item.numbers
    if numbers is None:
        raise ValueError(item.datum.id)
    return (
        not item.decided(DecisionAction.PREFER),
        not numbers.complete,
        _distance(item.datum, analysis),
        not item.datum.provenance.primary,
        item.later_report,
        numbers.derived,
        item.order,
    )


def _distance(datum: Datum, analysis: Analysis) -> float:
    day = datum.time.day
    return math.inf if day is None else abs(day - analysis.window.target)


def _why(best: _Candidate, analysis: Analysis) -> str:
    if best.decision is not None and best.decision.action is DecisionAction.PREFER:
        return f"preferred by {best.decision.who}: {best.decision.why}"
    numbers = best.numbers
    patients = (
        "all patients of the arms" if numbers is not None and numbers.complete else "part of the patients"
    )
    day = best.datum.time.day
    time = (
        "no day stated"
        if day is None
        else f"day {day:g}, {_distance(best.datum, analysis):g} from the target"
    )
    return f"{patients}; {time}; {best.datum.provenance.source_type.label}"


def _decided(item: _Candidate) -> str:
    if item.decision is None:
        return ""
    verb = {"unresolved": "conflict not settled", "reject": "set aside", "prefer": "preferred"}
    return f"{verb[item.decision.action.value]}: {item.decision.why}"


def _why_none(candidates: list[_Candidate]) -> str:
    parts = [item.datum.qualifier for item in candidates if item.unusable == _part(item.datum)]
    reasons = [item.unusable or _decided(item) for item in candidates if item.unusable != _part(item.datum)]
    if parts:
        reasons.append(
            f"only parts of the outcome: {', '.join(dict.fromkeys(part for part in parts if part))}"
        )
    said = [str(item.datum.direction) for item in candidates if item.datum.direction is not None]
    if said:
        reasons.append(f"in words: {', '.join(dict.fromkeys(said))}")
    return "; ".join(dict.fromkeys(reasons))


def _part(datum: Datum) -> str:
    return f"only a part of the outcome ({datum.qualifier})"


def _label(item: _Candidate) -> str:
    shown = item.numbers.describe() if item.numbers is not None else "no numbers"
    return f"{shown} ({item.datum.time}; {item.datum.provenance.source_type.label})"


def _rivals(candidates: list[_Candidate], best: _Candidate | None, analysis: Analysis) -> tuple[Rival, ...]:
    return tuple(
        Rival(
            item.datum,
            _lost(item, best, analysis),
            item.numbers.describe() if item.numbers is not None else "",
        )
        for item in candidates
        if best is None or item.datum is not best.datum
    )


def _lost(item: _Candidate, best: _Candidate | None, analysis: Analysis) -> str:
    """Say by which rule a rival lost."""
    if item.unusable:
        return item.unusable
    decided = _decided(item)
    if decided or best is None or item.numbers is None or best.numbers is None:
        return decided
    if item.numbers.same_as(best.numbers):
        return "the same numbers from another source or time"
    reasons = (
        "a person preferred another datum",
        "not all patients of the arms",
        "further from the target day",
        "not the trial's own report or registry entry",
        "from a later report of the trial",
        "derived, not printed",
        "later in the file",
    )
    for mine, theirs, reason in zip(_rank(item, analysis), _rank(best, analysis), reasons, strict=True):
        if mine != theirs:
            return reason
    return ""


def _options(candidates: list[_Candidate], best: _Candidate | None, setting: _Setting) -> tuple[Option, ...]:
    """Return every way to enter the study where sources of one time disagree; the one used first."""
    first = Option("left out") if best is None else Option(_label(best), best.datum, best.numbers)
    options = [first]
    for item in candidates:
        if item.numbers is None or item.decided(DecisionAction.REJECT):
            continue
        if best is not None and item.datum is best.datum:
            continue
        settled = best is not None and not item.decided(DecisionAction.UNRESOLVED)
        if settled and best is not None and not _same_time(item.datum, best.datum):
            continue
        if any(known.numbers is not None and known.numbers.same_as(item.numbers) for known in options):
            continue
        options.append(Option(_label(item), item.datum, item.numbers))
    if best is not None:
        own = _own_ratio(best, setting)
        if own is not None:
            options.append(own)
    return tuple(options) if len(options) > 1 else ()


def _same_time(one: Datum, other: Datum) -> bool:
    """Whether two data may be about one time: the same day, or a day and a datum that states none."""
    if one.time.day is not None and other.time.day is not None:
        return one.time.day == other.time.day
    if one.time.day is None and other.time.day is None:
        return one.time.label == other.time.label
    return True


def _own_ratio(best: _Candidate, setting: _Setting) -> Option | None:
    """Return the datum's printed ratio where it does not follow from its own counts."""
    measure = setting.analysis.measure
    if best.datum.outcome != setting.analysis.outcome:
        return None
    printed = printed_contrast(best.datum, measure, setting.sides, setting.outcome)
    counted = _counted_ratio(best.numbers, measure)
    if printed is None or printed.printed is None or counted is None:
        return None
    if abs(math.log(printed.printed.estimate / counted)) <= RATIO_TOLERANCE:
        return None
    label = f"{measure} {printed.describe()}; its own counts give {counted:.2f}"
    return Option(label, best.datum, printed)


def _counted_ratio(numbers: Numbers | None, measure: str) -> float | None:
    """Return the RR or OR of the counts, where it can be formed."""
    if numbers is None or numbers.experimental is None or numbers.control is None:
        return None
    one, two = numbers.experimental, numbers.control
    if not one.events or not two.events:
        return None
    if measure == "RR":
        return (one.events / one.n) / (two.events / two.n)
    if measure == "OR" and one.events < one.n and two.events < two.n:
        return (one.events / (one.n - one.events)) / (two.events / (two.n - two.events))
    return None
