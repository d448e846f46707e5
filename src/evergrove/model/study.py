"""A study: one trial with its reports, arms, data and the facts for its appraisal."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from evergrove.model.base import Count, Label, Model, NonNegative, PartialDate, Slug, Text, fault, first_twice
from evergrove.model.datum import ArmValue, Datum, TimePoint
from evergrove.model.provenance import Citation, Source
from evergrove.model.units import Quantity, unit
from evergrove.model.vocabulary import (
    ArmRole,
    Blinding,
    CellSource,
    ConditionClass,
    DesignType,
    Donor,
    Preservation,
    ProductClass,
    ReportKind,
    Route,
    SeverityClass,
)

#: The characteristics of an arm at entry and the unit of each.
BASELINE_UNITS: dict[str, str] = {
    "age": "years",
    "male": "patients",
    "invasive-ventilation": "patients",
    "pao2-fio2": "mmHg",
    "sofa": "points",
    "modified-sofa": "points",
    "lung-injury-score": "points",
    "murray-score": "points",
    "apache-iii": "points",
}

Country = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2}$")]


class Report(Citation):
    """One publication or registry entry about a study."""

    id: Slug
    kind: ReportKind = ReportKind.ARTICLE
    cited_by: tuple[Slug, ...] = ()
    source_quality: Text | None = None


class Period(Model):
    """Start and end, as far as they are known."""

    start: PartialDate | None = None
    end: PartialDate | None = None
    note: Text | None = None


class Design(Model):
    """How the study was done."""

    type: DesignType
    phase: Text | None = None
    randomisation: Text | None = None
    blinding: Blinding | None = None
    blinding_as_reported: Text | None = None
    placebo: bool | None = None
    centres: Count | None = None
    countries: tuple[Country, ...] = ()
    enrolment: Period = Period()
    follow_up_days: NonNegative | None = None
    funding: Text | None = None


class Population(Model):
    """Who took part."""

    condition: Text | None = None
    condition_class: ConditionClass | None = None
    severity: Text | None = None
    severity_class: SeverityClass | None = None
    n_randomised: Count | None = None
    n_analysed: Count | None = None
    n_planned: Count | None = None


class Intervention(Model):
    """A cell therapy, or a product made from cells, as given in one arm.

    Parameters
    ----------
    product_class : ProductClass
        Cells, vesicles, secretome: what the protocol's eligibility asks.
    cell_source, donor, route, preservation : terms, optional
    dose_per_infusion : Quantity, optional
        In cells.
    dose_per_kg : Quantity, optional
        Per infusion, in cells/kg.
    dose_total : Quantity, optional
        Where the source prints it; else see :meth:`total_dose`.
    dose_cohorts : tuple of Quantity
        Where an arm joins several dose levels.
    infusions : int, optional
    schedule_days : tuple of float
        Days of the infusions as the source counts them.
    """

    product_class: ProductClass
    cell_source: CellSource | None = None
    donor: Donor | None = None
    route: Route | None = None
    route_as_reported: Text | None = None
    dose_per_infusion: Quantity | None = None
    dose_per_kg: Quantity | None = None
    dose_total: Quantity | None = None
    dose_cohorts: tuple[Quantity, ...] = ()
    infusions: Count | None = None
    schedule_days: tuple[NonNegative, ...] = ()
    preservation: Preservation | None = None
    passage: Text | None = None
    co_intervention: Text | None = None
    detail: Text | None = None

    @model_validator(mode="after")
    def _doses_measure_doses(self) -> Self:
        expected = {
            "dose_per_infusion": "cells",
            "dose_per_kg": "cells per body weight",
            "dose_total": "cells",
        }
        for name, dimension in expected.items():
            quantity: Quantity | None = getattr(self, name)
            if quantity is None:
                continue
            if unit(quantity.unit).dimension != dimension:
                raise fault(
                    f"{quantity.unit!r} does not measure {dimension}",
                    f"a unit of {dimension}",
                    at=(name, "unit"),
                )
            if quantity.value <= 0:
                raise fault("a dose of nothing", "above 0", at=(name, "value"))
        return self

    def total_dose(self) -> Quantity | None:
        """Return the total dose in cells: as printed, or infusions times dose per infusion, else ``None``."""
        if self.dose_total is not None:
            return self.dose_total
        if self.dose_per_infusion is None or self.infusions is None:
            return None
        return Quantity(value=self.dose_per_infusion.value * self.infusions, unit=self.dose_per_infusion.unit)


class Arm(Model):
    """One group of patients."""

    id: Slug
    role: ArmRole
    label: Label
    n: Count | None = None
    n_planned: Count | None = None
    intervention: Intervention | None = None
    comparator: Text | None = None
    baseline: dict[Slug, ArmValue] = Field(default_factory=dict)
    part_of: Slug | None = None

    @model_validator(mode="after")
    def _baseline_is_known(self) -> Self:
        unknown = [name for name in self.baseline if name not in BASELINE_UNITS]
        if unknown:
            raise fault("unknown characteristic", ", ".join(BASELINE_UNITS), at=("baseline", unknown[0]))
        for name, value in self.baseline.items():
            if value.events is not None and value.n is not None and value.events > value.n:
                raise fault(
                    f"{value.events} patients among {value.n}",
                    "events from 0 to n",
                    at=("baseline", name, "events"),
                )
        return self


class AppraisalFacts(Model):
    """What was read that bears on the risk of bias; the support of the appraisal."""

    allocation_concealment: Text | None = None
    blinding: Text | None = None
    missing_data: Text | None = None
    selective_reporting: Text | None = None
    deviations: Text | None = None
    sources: tuple[Source, ...] = ()


class StatusEntry(Model):
    """What a registry said of a trial on a date."""

    date: PartialDate
    value: Text
    source: Source


class PlannedOutcomes(Model):
    """Outcomes that a registration names."""

    primary: tuple[Text, ...] = ()
    secondary: tuple[Text, ...] = ()
    source: Source


class RelatedWork(Model):
    """Another publication or registration that may be, or is not, about the same trial."""

    id: Slug | None = None
    title: Text | None = None
    registration: Text | None = None
    doi: Text | None = None
    relation: Text
    facts: tuple[Text, ...] = ()
    sources: tuple[Source, ...] = ()


class Study(Model):
    """One trial: its reports and registrations together; the unit of analysis."""

    id: Slug
    name: Label
    reports: tuple[Report, ...] = Field(min_length=1)
    registrations: tuple[Text, ...] = ()
    design: Design
    population: Population
    arms: tuple[Arm, ...] = ()
    data: tuple[Datum, ...] = ()
    appraisal_facts: AppraisalFacts = AppraisalFacts()
    status: tuple[StatusEntry, ...] = ()
    planned_outcomes: PlannedOutcomes | None = None
    related: tuple[RelatedWork, ...] = ()
    identification: Text | None = None
    source_quality: Text | None = None
    notes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _references_hold(self) -> Self:
        for kind, field, ids in (
            ("report", "reports", [report.id for report in self.reports]),
            ("arm", "arms", [arm.id for arm in self.arms]),
            ("datum", "data", [datum.id for datum in self.data]),
        ):
            twice = first_twice(ids)
            if twice is not None:
                raise fault(f"{kind} id stands twice", "each id once", at=(field, twice, "id"))
        arms = {arm.id for arm in self.arms}
        for index, arm in enumerate(self.arms):
            if arm.part_of is not None and (arm.part_of not in arms or arm.part_of == arm.id):
                raise fault("no such arm", "the id of another arm", at=("arms", index, "part_of"))
        reports = {report.id for report in self.reports}
        for index, datum in enumerate(self.data):
            strange = [arm for arm in datum.values if arm not in arms and arm != WHOLE_STUDY]
            if strange:
                raise fault(
                    "no such arm",
                    ", ".join([*sorted(arms), WHOLE_STUDY]),
                    at=("data", index, "values", strange[0]),
                )
            report = datum.provenance.report
            if report is not None and report not in reports:
                raise fault(
                    "no such report", ", ".join(sorted(reports)), at=("data", index, "provenance", "report")
                )
        return self

    @property
    def cited_by(self) -> tuple[str, ...]:
        """Who cites any report of the study."""
        return tuple(dict.fromkeys(name for report in self.reports for name in report.cited_by))

    @property
    def year(self) -> int | None:
        """Year of the first report that has one."""
        return next((report.year for report in self.reports if report.year is not None), None)

    def arm(self, arm_id: str) -> Arm:
        """Return the arm with this id.

        Raises
        ------
        KeyError
            If the study has no such arm.
        """
        for arm in self.arms:
            if arm.id == arm_id:
                return arm
        raise KeyError(f"{self.id}: no arm {arm_id!r}")

    def datum(self, datum_id: str) -> Datum:
        """Return the datum with this id.

        Raises
        ------
        KeyError
            If the study has no such datum.
        """
        for datum in self.data:
            if datum.id == datum_id:
                return datum
        raise KeyError(f"{self.id}: no datum {datum_id!r}")


#: Key of a value that was reported for all arms together.
WHOLE_STUDY = "all"

__all__ = [
    "BASELINE_UNITS",
    "WHOLE_STUDY",
    "AppraisalFacts",
    "Arm",
    "Design",
    "Intervention",
    "Period",
    "PlannedOutcomes",
    "Population",
    "RelatedWork",
    "Report",
    "StatusEntry",
    "Study",
    "TimePoint",
]
