"""From an accepted candidate to a datum of its study, where outcome and arms leave no choice."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from evergrove.errors import DataError, UsageError
from evergrove.model.candidate import Candidate, CandidatePart, ValueKind
from evergrove.model.datum import Datum, ReportedEffect, TimePoint
from evergrove.model.faults import first_refused
from evergrove.model.provenance import Provenance, Source
from evergrove.model.units import unit
from evergrove.model.vocabulary import DatumKind, Orientation, OutcomeKind, SourceType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from evergrove.model.datum import ArmValue
    from evergrove.model.outcome import Outcome
    from evergrove.model.study import Arm, Study

_WORD = re.compile(r"[a-z0-9]+")
_DAY = re.compile(r"(?:day )?(\d{1,4})(?: days?)?|(\d{1,3}) weeks?|week (\d{1,3})", re.IGNORECASE)
#: Names by which reviews call what the adverse-event tables count.
_OUTCOMES = {
    CandidatePart.DEATHS: {"mortality", "death", "deaths", "all cause mortality", "death from any cause"},
    CandidatePart.SERIOUS: {"serious adverse event", "serious adverse events"},
}
_KINDS: dict[ValueKind, DatumKind] = {
    ValueKind.COUNTS: DatumKind.DICHOTOMOUS,
    ValueKind.PERCENT: DatumKind.DICHOTOMOUS,
    ValueKind.EVENTS: DatumKind.COUNT,
    **dict.fromkeys(
        (
            ValueKind.MEAN_SD, ValueKind.MEAN_SE, ValueKind.MEAN_INTERVAL, ValueKind.MEAN,
            ValueKind.LEAST_SQUARES_MEAN, ValueKind.MEDIAN_QUARTILES, ValueKind.MEDIAN_RANGE,
            ValueKind.MEDIAN_INTERVAL, ValueKind.MEDIAN,
        ),
        DatumKind.CONTINUOUS,
    ),
}  # fmt: skip
#: Kinds of data that an outcome of the review takes.
_TAKEN = {
    OutcomeKind.DICHOTOMOUS: {DatumKind.DICHOTOMOUS, DatumKind.COUNT},
    OutcomeKind.CONTINUOUS: {DatumKind.CONTINUOUS},
    OutcomeKind.COUNT: {DatumKind.COUNT},
    OutcomeKind.TIME_TO_EVENT: {DatumKind.DICHOTOMOUS},
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the person says of a candidate; what is not said must leave no choice.

    Parameters
    ----------
    outcome : str or None
        The review's outcome.
    arms : mapping of str to str
        The registry's group, by id or title -> the study's arm.
    day : float or None
        Days after the first infusion or randomisation.
    """

    outcome: str | None = None
    arms: Mapping[str, str] = field(default_factory=dict)
    day: float | None = None


@dataclass(frozen=True, slots=True)
class Unclear:
    """Why a candidate does not become a datum by itself, and what to do."""

    reason: str


def datum_of(  # noqa: PLR0911 - each thing that can be unclear
    candidate: Candidate,
    study: Study,
    outcomes: Sequence[Outcome],
    chosen: Chosen,
    *,
    who: str,
    on: date,
) -> Datum | Unclear:
    """Return the datum that a candidate becomes.

    Parameters
    ----------
    candidate : Candidate
    study : Study
    outcomes : sequence of Outcome
        Of the review.
    chosen : Chosen
    who : str
    on : date

    Returns
    -------
    Datum or Unclear

    Raises
    ------
    UsageError
        For an outcome, group or arm that there is not.
    """
    kind = _KINDS.get(candidate.kind)
    if kind is None:
        return Unclear(
            f"what it holds ({candidate.kind.label}) are no values of arms; add a datum by hand to "
            f"studies/{study.id}.yaml if it is of use"
        )
    outcome = _outcome(candidate, outcomes, chosen.outcome)
    if isinstance(outcome, Unclear):
        return outcome
    if kind not in _TAKEN[outcome.kind]:
        return Unclear(
            f"outcome {outcome.id!r} is {outcome.kind.label}, the candidate holds {candidate.kind.label}; "
            "name another outcome with --outcome"
        )
    arms = _arms(candidate, study, chosen.arms)
    if isinstance(arms, Unclear):
        return arms
    seen = [arm for arm in candidate.arms if arm.group in arms]
    values = {arms[arm.group]: arm.values for arm in seen if arm.values is not None}
    if not values:
        return Unclear("none of its groups has a number that can be read; look at the entry itself")
    for arm in study.arms:
        n = values[arm.id].n if arm.id in values else None
        if n is not None and arm.n is not None and n > arm.n:
            return Unclear(
                f"its group has {n} patients, arm {arm.id!r} has {arm.n}; name the arms with --arm"
            )
    return _datum(candidate, outcome, values, chosen, who=who, on=on)


def _outcome(candidate: Candidate, outcomes: Sequence[Outcome], named: str | None) -> Outcome | Unclear:
    known = ", ".join(outcome.id for outcome in outcomes)
    if named is not None:
        found = [outcome for outcome in outcomes if outcome.id == named]
        if not found:
            raise UsageError(f"--outcome: found {named!r}; allowed: {known}; nothing was recorded")
        return found[0]
    names = _OUTCOMES.get(candidate.part, {_plain(candidate.outcome or "")})
    found = [outcome for outcome in outcomes if {_plain(outcome.id), _plain(outcome.label)} & names]
    if len(found) == 1 and candidate.row is None:
        return found[0]
    told = f"{candidate.outcome}{f', {candidate.row}' if candidate.row else ''}"
    return Unclear(f"which outcome of the review {told!r} is, is not clear; name it with --outcome: {known}")


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))


def _arms(candidate: Candidate, study: Study, named: Mapping[str, str]) -> dict[str, str] | Unclear:
    """Return the study's arm of each group: as named, by name, or the one that is left."""
    known = {arm.id for arm in study.arms}
    by_title = {key: arm.group for arm in candidate.arms for key in (arm.group, arm.title) if key}
    found: dict[str, str] = {}
    for group, arm in named.items():
        if group not in by_title or arm not in known:
            groups = ", ".join(repr(title) for title in by_title)
            allowed = f"a group of {groups} and an arm of {', '.join(sorted(known))}"
            raise UsageError(f"--arm: found {group}={arm}; allowed: {allowed}; nothing was recorded")
        found[by_title[group]] = arm
    if not named:
        for posted in candidate.arms:
            fitting = [item.id for item in study.arms if _is_arm(posted.title or "", item)]
            if len(fitting) == 1:
                found[posted.group] = fitting[0]
        left = [arm.group for arm in candidate.arms if arm.group not in found]
        free = [arm for arm in known if arm not in found.values()]
        if len(left) == len(free) == 1 and found:
            found[left[0]] = free[0]
        clear = len(found) == len(candidate.arms) == len(set(found.values()))
        if not clear:
            groups = ", ".join(repr(arm.title or arm.group) for arm in candidate.arms)
            return Unclear(
                f"which arm each of the groups {groups} is, is not clear; say it with --arm GROUP=ARM, arms: "
                f"{', '.join(arm.id for arm in study.arms)}"
            )
    if len(set(found.values())) != len(found):
        raise UsageError("--arm: two groups are given the same arm; allowed: one each; nothing was recorded")
    return found


def _is_arm(title: str, arm: Arm) -> bool:
    """Return whether a group's title names an arm: its label, or its id or role as a word."""
    words = _WORD.findall(title.lower())
    return _plain(title) == _plain(arm.label) or arm.id in words or (arm.role.value in words)


def _datum(
    candidate: Candidate,
    outcome: Outcome,
    values: dict[str, ArmValue],
    chosen: Chosen,
    *,
    who: str,
    on: date,
) -> Datum | Unclear:
    kind = _KINDS[candidate.kind]
    day = chosen.day if chosen.day is not None else day_in(candidate.time_frame)
    told: dict[str, object] = {
        "id": f"{outcome.id}-registry-{candidate.id}"[:100],
        "outcome": outcome.id,
        "reported_as": candidate.outcome or outcome.label,
        "qualifier": candidate.row,
        "kind": kind,
        "time": TimePoint(day=day, label=candidate.time_frame),
        "unit_as_reported": candidate.unit,
        "values": values,
        "primary_outcome": candidate.outcome_type == "primary",
        "provenance": Provenance(
            source=Source(url=candidate.url, locator=candidate.locator),
            source_type=SourceType.REGISTRY,
            extracted_by=who,
            extracted_on=on,
        ),
        "note": "; ".join(candidate.remarks) or None,
    }
    if (symbol := _unit(candidate, kind)) is not None:
        told["unit"] = symbol
    if (effect := _effect(candidate)) is not None:
        told["effect"] = effect
    try:
        return Datum.model_validate(told)
    except ValidationError as error:
        return Unclear(f"its numbers cannot be a datum ({first_refused(error)}); look at the entry itself")


def day_in(frame: str | None) -> float | None:
    """Return the day that a time frame names; ``None`` where it is a span, a month, or more than one day.

    Examples
    --------
    >>> day_in("28 days"), day_in("Day 28"), day_in("4 weeks"), day_in("3 months"), day_in("day 7 and 14")
    (28.0, 28.0, 28.0, None, None)
    """
    found = _DAY.fullmatch((frame or "").strip())
    if found is None:
        return None
    if not any(mark in (frame or "").lower() for mark in ("day", "week")):
        return None
    days, weeks, week = found.groups()
    return float(days) if days is not None else 7.0 * int(weeks or week)


def _unit(candidate: Candidate, kind: DatumKind) -> str | None:
    if kind is DatumKind.DICHOTOMOUS:
        return "patients"
    symbol = "events" if kind is DatumKind.COUNT else candidate.unit
    if symbol is None:
        return None
    try:
        return unit(symbol).symbol
    except DataError:
        return None


def _effect(candidate: Candidate) -> ReportedEffect | None:
    if len(candidate.effects) != 1:
        return None
    told = candidate.effects[0]
    values = {
        "measure": told.measure,
        "measure_as_reported": told.measure_as_reported,
        "estimate": told.estimate,
        "ci_low": told.ci_low,
        "ci_high": told.ci_high,
        "p": told.p,
        "orientation": Orientation.UNSTATED,
    }
    if told.ci_level is not None:
        values["ci_level"] = told.ci_level
    if told.estimate is None and told.p is None:
        return None
    try:
        return ReportedEffect.model_validate(values)
    except ValidationError:
        return None
