"""One reported set of numbers, exactly as reported."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from evergrove.model.base import (
    Count,
    Model,
    NonNegative,
    Number,
    Percent,
    Slug,
    Text,
    fault,
)
from evergrove.model.provenance import Provenance
from evergrove.model.units import UnitSymbol
from evergrove.model.vocabulary import Contrast, DatumKind, Finding, Orientation, ReportedMeasure


class TimePoint(Model):
    """When an outcome was measured: a day after the first infusion, a label in words, or both.

    Parameters
    ----------
    day : float, optional
        Days after the first infusion or randomisation; 0 is baseline.
    label : str, optional
        What the source says of the time.
    """

    day: NonNegative | None = None
    label: Text | None = None

    def __str__(self) -> str:
        if self.day is None:
            return self.label or "time not stated"
        day = "baseline" if self.day == 0 else f"day {self.day:g}"
        return f"{day} ({self.label})" if self.label else day

    @property
    def is_baseline(self) -> bool:
        """Whether this is the state before treatment."""
        return self.day == 0 or (self.label or "").lower() == "baseline"


class PValue(Model):
    """A printed p-value: an exact value, or a bound as in ``<0.001``."""

    relation: Literal["=", "<", ">"] = "="
    value: float = Field(strict=True, ge=0, le=1)

    def __str__(self) -> str:
        return f"{'' if self.relation == '=' else self.relation}{self.value:g}"

    @property
    def significant(self) -> bool | None:
        """Whether p is below 0.05; ``None`` where a bound leaves it open."""
        if self.relation == "=":
            return self.value < 0.05
        if self.relation == "<":
            return True if self.value <= 0.05 else None
        return False if self.value >= 0.05 else None


class ReportedEffect(Model):
    """A contrast between arms as the source prints it.

    Parameters
    ----------
    measure : ReportedMeasure, optional
        What the number is; missing for a bare p-value.
    measure_as_reported : str, optional
        The source's own word where it differs.
    estimate, ci_low, ci_high : float, optional
        On the natural scale.
    ci_level : float
        Level of the interval.
    p : PValue, optional
    orientation : Orientation
        Which arm stands first.
    arms : tuple of two arm ids, optional
        The arms compared, intervention first; all arms of the datum if missing.
    """

    measure: ReportedMeasure | None = None
    measure_as_reported: Text | None = None
    estimate: Number | None = None
    ci_low: Number | None = None
    ci_high: Number | None = None
    ci_level: float = Field(default=0.95, gt=0, lt=1)
    p: PValue | None = None
    orientation: Orientation = Orientation.INTERVENTION_VS_CONTROL

    @model_validator(mode="after")
    def _interval_holds_its_estimate(self) -> Self:
        low, high, estimate = self.ci_low, self.ci_high, self.estimate
        if low is not None and high is not None and low > high:
            raise fault(f"interval {low:g} to {high:g} is upside down", "lower limit first")
        if estimate is not None and (
            (low is not None and estimate < low) or (high is not None and estimate > high)
        ):
            raise fault(
                f"interval {low} to {high} excludes its estimate {estimate:g}",
                "lower limit <= estimate <= upper limit",
            )
        return self

    @property
    def has_interval(self) -> bool:
        """Whether estimate and both limits are there."""
        return None not in (self.estimate, self.ci_low, self.ci_high)


class Direction(Model):
    """What a source says in words: "lower than control", "fell after the infusion", "did not differ"."""

    finding: Finding
    contrast: Contrast
    significant: bool | None = None

    def __str__(self) -> str:
        words = {
            Contrast.BETWEEN_ARMS: "with the intervention than with control",
            Contrast.WITHIN_ARM: "after than before, within the arm",
            Contrast.NOT_STATED: "(compared with what is not stated)",
        }
        if self.finding is Finding.NO_DIFFERENCE:
            return "no difference" if self.significant is None else "no significant difference"
        doubt = ", not significantly" if self.significant is False else ""
        return f"{self.finding.label} {words[self.contrast]}{doubt}"


class ArmValue(Model):
    """What was reported for one arm. Whatever was not seen is missing.

    Parameters
    ----------
    events : int, optional
        Patients with the event, or, in a datum of kind ``count``, the number of events.
    n : int, optional
        Patients in the denominator.
    n_events : int, optional
        The denominator where the source counts events among events.
    percent, percent_without_event : float, optional
        A percentage as printed, of patients with or without the event.
    mean, sd, se, median, q1, q3, minimum, maximum : float, optional
        In the datum's unit.
    ci_low, ci_high : float, optional
        Interval of the arm's own mean or median.
    percent_change : float, optional
        Change from baseline in percent.
    value : float, optional
        A number whose kind (mean or median) is not stated.
    spread : float, optional
        A number after ± whose kind (SD or SE) is not stated.
    """

    events: Count | None = None
    n: Count | None = None
    n_events: Count | None = None
    percent: Percent | None = None
    percent_without_event: Percent | None = None
    mean: Number | None = None
    sd: NonNegative | None = None
    se: NonNegative | None = None
    ci_low: Number | None = None
    ci_high: Number | None = None
    median: Number | None = None
    q1: Number | None = None
    q3: Number | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    percent_change: Number | None = None
    value: Number | None = None
    spread: NonNegative | None = None

    @model_validator(mode="after")
    def _order_holds(self) -> Self:
        ladder = ("minimum", "q1", "median", "q3", "maximum")
        known = [(name, getattr(self, name)) for name in ladder if getattr(self, name) is not None]
        for (lower_name, lower), (upper_name, upper) in pairwise(known):
            if lower > upper:
                raise fault(
                    f"{lower_name} {lower:g} is above {upper_name} {upper:g}",
                    "minimum <= q1 <= median <= q3 <= maximum",
                )
        centre = self.mean if self.mean is not None else self.median
        if centre is not None and (
            (self.ci_low is not None and centre < self.ci_low)
            or (self.ci_high is not None and centre > self.ci_high)
        ):
            raise fault(
                f"interval {self.ci_low} to {self.ci_high} excludes its estimate {centre:g}",
                "lower limit <= estimate <= upper limit",
            )
        if self.n == 0 and self.events:
            raise fault(f"{self.events} events in no patients", "events only where n is above 0")
        return self

    @property
    def seen(self) -> bool:
        """Whether anything but a denominator was seen."""
        return bool(self.model_fields_set - {"n", "n_events"}) and any(
            getattr(self, name) is not None
            for name in type(self).model_fields
            if name not in {"n", "n_events"}
        )


class Datum(Model):
    """One reported set of numbers for one outcome at one time.

    Parameters
    ----------
    id : str
        Unique within the study.
    outcome : str
        Key into the review's outcomes.
    reported_as : str
        The name under which it was recorded from the source.
    qualifier : str, optional
        What part of the outcome it is (a component, a grade, a subgroup of patients); such a datum stands for
        the whole outcome only where an analysis says so.
    kind : DatumKind
    time : TimePoint
    unit : str, optional
        Of the values.
    unit_as_reported : str, optional
        The source's own words for the unit where they differ.
    values : dict of arm id to ArmValue
        Arms for which nothing was seen have an empty value.
    effect : ReportedEffect, optional
    direction : Direction, optional
        What the source says in words.
    primary_outcome : bool
        Whether the trial names it as primary.
    provenance : Provenance
    note : str, optional
    """

    id: Slug
    outcome: Slug
    reported_as: Text
    qualifier: Text | None = None
    kind: DatumKind
    time: TimePoint = TimePoint()
    unit: UnitSymbol | None = None
    unit_as_reported: Text | None = None
    values: dict[Slug, ArmValue] = Field(default_factory=dict)
    effect: ReportedEffect | None = None
    direction: Direction | None = None
    primary_outcome: bool = False
    provenance: Provenance
    note: Text | None = None

    @model_validator(mode="after")
    def _events_fit_patients(self) -> Self:
        if self.kind is not DatumKind.DICHOTOMOUS:
            return self
        for arm, value in self.values.items():
            if value.events is not None and value.n is not None and value.events > value.n:
                raise fault(
                    f"{value.events} patients with the event among {value.n}",
                    "events from 0 to n; use kind 'count' for numbers of events",
                    at=("values", arm, "events"),
                )
        return self

    @property
    def seen(self) -> bool:
        """Whether any number or direction was seen at all."""
        return (
            any(value.seen for value in self.values.values())
            or (self.effect is not None and (self.effect.estimate is not None or self.effect.p is not None))
            or self.direction is not None
        )

    @property
    def content(self) -> str:
        """The richest kind of content: what an analysis could use of it."""
        values = [value for value in self.values.values() if value.seen]
        for name, fields in _CONTENT:
            if any(all(getattr(value, field) is not None for field in fields) for value in values):
                return name
        if self.effect is not None and self.effect.estimate is not None:
            return "effect with interval" if self.effect.has_interval else "effect without interval"
        if values:
            return "incomplete numbers"
        if self.effect is not None and self.effect.p is not None:
            return "p-value only"
        return "direction only" if self.direction is not None else "not seen"


_CONTENT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("counts", ("events", "n")),
    ("counts without denominator", ("events",)),
    ("mean and SD", ("mean", "sd")),
    ("mean and SE", ("mean", "se")),
    ("mean and interval", ("mean", "ci_low", "ci_high")),
    ("median and quartiles", ("median", "q1", "q3")),
    ("percentage", ("percent",)),
    ("percentage", ("percent_without_event",)),
    ("percent change", ("percent_change",)),
)
