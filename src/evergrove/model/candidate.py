"""Candidate data: numbers that a registry posts, which a person accepts as data of a study or not."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from evergrove.model.base import Model, Slug, Text
from evergrove.model.datum import ArmValue, PValue
from evergrove.model.provenance import Address
from evergrove.model.record import LongText, RecordId
from evergrove.model.vocabulary import ReportedMeasure, Term

CandidateId = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{12}$")]


class CandidatePart(Term):
    """The part of a registry's results that a candidate comes from."""

    OUTCOME = "outcome"
    DEATHS = "deaths"
    SERIOUS = "serious-adverse-events"
    OTHER_EVENTS = "other-adverse-events"
    SERIOUS_TERM = "serious-adverse-event-term"
    OTHER_TERM = "other-adverse-event-term"


class ValueKind(Term):
    """What the numbers of a candidate are."""

    COUNTS = "counts"
    EVENTS = "number-of-events"
    PERCENT = "percentage"
    MEAN_SD = "mean-and-sd"
    MEAN_SE = "mean-and-se"
    MEAN_INTERVAL = "mean-and-interval"
    MEAN = "mean"
    LEAST_SQUARES_MEAN = "least-squares-mean"
    GEOMETRIC_MEAN = "geometric-mean"
    MEDIAN_QUARTILES = "median-and-quartiles"
    MEDIAN_RANGE = "median-and-range"
    MEDIAN_INTERVAL = "median-and-interval"
    MEDIAN = "median"
    NUMBER = "number"
    EFFECT = "effect"
    NOT_POSTED = "not-posted"


class CandidateArm(Model):
    """What the registry posts for one of its groups.

    Parameters
    ----------
    group : str
        The registry's own id of the group: ``"OG000"``.
    title, description : str, optional
    values : ArmValue, optional
        Missing where the printed numbers cannot be read as numbers, or contradict one another.
    printed : dict of str to str
        The numbers as they stand in the entry.
    """

    group: Text
    title: Text | None = None
    description: LongText | None = None
    values: ArmValue | None = None
    printed: dict[str, LongText] = Field(default_factory=dict)


class CandidateEffect(Model):
    """An analysis that the registry posts.

    Parameters
    ----------
    groups : tuple of str
        The registry's ids of the groups compared, in the entry's order; which is subtracted from, or
        divided by, which is not always stated.
    measure : ReportedMeasure, optional
        Missing where the entry's own word, in `measure_as_reported`, is none of these.
    estimate, ci_low, ci_high, ci_level : float, optional
    p : PValue, optional
    method, note : str, optional
    printed : dict of str to str
        The numbers as they stand in the entry.
    """

    groups: tuple[Text, ...] = ()
    measure: ReportedMeasure | None = None
    measure_as_reported: LongText | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    ci_level: float | None = None
    p: PValue | None = None
    method: LongText | None = None
    note: LongText | None = None
    printed: dict[str, LongText] = Field(default_factory=dict)


class Candidate(Model):
    """One row of a table of posted results.

    Parameters
    ----------
    id : str
        The first 12 hexadecimal digits of the sha256 of registration, place and content.
    registration : str
    record : str
        The record of the registry entry.
    part : CandidatePart
    number : int, optional
        Of the outcome in the entry, from 1.
    outcome, outcome_type : str, optional
        Title of the outcome, and whether it is primary, secondary or another.
    row : str, optional
        Class and category where the outcome has several rows.
    time_frame, population, unit : str, optional
        As printed.
    kind : ValueKind
    arms : tuple of CandidateArm
    effects : tuple of CandidateEffect
    url, locator : str
        Where it can be looked up: ``registry, outcome 2, time frame "31 days"``.
    posted : str, optional
        When the results were first posted.
    remarks : tuple of str
        What a person should look at before accepting.
    raw : str
        This part of the entry as JSON, in the form of the registry's second interface.
    """

    id: CandidateId
    registration: Text
    record: RecordId
    part: CandidatePart
    number: Annotated[int, Field(strict=True, ge=1)] | None = None
    outcome: LongText | None = None
    outcome_type: Text | None = None
    row: LongText | None = None
    time_frame: LongText | None = None
    population: LongText | None = None
    unit: LongText | None = None
    kind: ValueKind
    arms: tuple[CandidateArm, ...] = ()
    effects: tuple[CandidateEffect, ...] = ()
    url: Address
    locator: LongText
    posted: Text | None = None
    remarks: tuple[Text, ...] = ()
    raw: LongText


class CandidateAction(Term):
    """What a person decided about a candidate."""

    ACCEPT = "accept"
    REJECT = "reject"


class CandidateDecision(Model):
    """A decision about a candidate; the latest about it holds.

    Parameters
    ----------
    candidate : str
    who, why : str
    when : date
    action : CandidateAction
    study, datum : str, optional
        The datum that it became.
    """

    candidate: CandidateId
    who: Text
    when: date
    action: CandidateAction
    why: Text
    study: Slug | None = None
    datum: Slug | None = None


__all__ = [
    "Candidate",
    "CandidateAction",
    "CandidateArm",
    "CandidateDecision",
    "CandidateEffect",
    "CandidatePart",
    "ValueKind",
]
