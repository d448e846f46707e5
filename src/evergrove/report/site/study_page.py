"""The page of a study: everything that was read of it, where, and what the analyses make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.appraisal import INSTRUMENTS
from evergrove.model.study import BASELINE_UNITS, WHOLE_STUDY
from evergrove.model.vocabulary import ResponseCode
from evergrove.report.numerals import MISSING
from evergrove.report.plot_words import capital
from evergrove.report.site import addresses, values, wording
from evergrove.report.site.page import TOPIC, Page
from evergrove.report.site.signs import response_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from evergrove.appraisal import Judged, Judgement
    from evergrove.model import Arm, Datum, Decision, Protocol, Review, Study
    from evergrove.model.appraisal import Appraisal
    from evergrove.report.findings import Findings
    from evergrove.report.site.uses import StudyUses, Use

_BASELINE_LABELS = {
    "age": "Age",
    "male": "Men",
    "invasive-ventilation": "Invasive ventilation",
    "pao2-fio2": "PaO₂/FiO₂",
    "sofa": "SOFA score",
    "modified-sofa": "Modified SOFA score",
    "lung-injury-score": "Lung injury score",
    "murray-score": "Murray score",
    "apache-iii": "APACHE III score",
}


@dataclass(frozen=True, slots=True)
class PropertyRow:
    """A property of the arms, one cell per arm."""

    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatumRow:
    """A datum with its values in the order of the table's columns, and what became of it."""

    datum: Datum
    cells: tuple[str, ...]
    uses: tuple[Use, ...]
    decisions: tuple[Decision, ...]
    report: str


@dataclass(frozen=True, slots=True)
class OutcomeRows:
    """The data of one outcome."""

    label: str
    rows: tuple[DatumRow, ...]


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A signalling question with the answer as it counted and its support."""

    id: str
    text: str
    answer: str
    support: str
    decided: bool
    asked: bool


@dataclass(frozen=True, slots=True)
class DomainRows:
    """A domain of a risk-of-bias instrument: judgement, reason, questions."""

    id: str
    label: str
    judgement: Judgement
    why: str
    proposed: Judgement | None
    questions: tuple[QuestionRow, ...]


def study_pages(findings: Findings, uses: Mapping[str, StudyUses]) -> Iterator[Page]:
    """Yield the page of every study."""
    for study in findings.review.studies:
        yield _study_page(study, findings, uses[study.id])


def _study_page(study: Study, findings: Findings, uses: StudyUses) -> Page:
    review = findings.review
    appraisal, judged = review.appraisal(study.id), findings.judged.get(study.id)
    arms = _data_arms(study)
    return Page(
        path=addresses.study_page(study.id),
        template="study.html",
        title=study.name,
        description=f"{study.name}: design, patients, arms, every number with its source, and risk of bias.",
        section=TOPIC.path,
        crumbs=(TOPIC,),
        context={
            "study": study,
            "citations": tuple((report, wording.authors(report.authors)) for report in study.reports),
            "places": {report.id: wording.place(report) for report in study.reports},
            "arm_rows": _arm_rows(study.arms),
            "baseline_rows": _baseline_rows(study.arms),
            "data_arms": tuple(_arm_label(study, arm) for arm in arms),
            "outcomes": _outcomes(study, review, uses, arms),
            "roles": uses.roles,
            "appraisal": appraisal,
            "judged": judged,
            "domains": _domains(appraisal, judged) if appraisal is not None and judged is not None else (),
            "instrument": INSTRUMENTS[judged.instrument] if judged is not None else None,
            "claims": tuple(result for result in findings.claims if result.claim.study == study.id),
        },
    )


def _arm_rows(arms: Sequence[Arm]) -> tuple[PropertyRow, ...]:
    """Return the properties of the arms; a property that no arm has is left out."""
    columns = [_arm_properties(arm) for arm in arms]
    labels = list(dict.fromkeys(label for column in columns for label in column))
    return tuple(
        PropertyRow(label, tuple(column.get(label, "—") for column in columns))
        for label in labels
        if label not in _OPTIONAL or any(column.get(label, "") for column in columns)
    )


#: Properties shown only where an arm has them.
_OPTIONAL = frozenset(
    {"Part of", "Dose levels joined", "Passage", "Given with it", "Detail", "Route as reported"}
)


def _arm_properties(arm: Arm) -> dict[str, str]:
    missing = MISSING
    patients = missing if arm.n is None else str(arm.n)
    if arm.n is None and arm.n_planned is not None:
        patients = f"{arm.n_planned} planned; number enrolled {missing}"
    found = {"Role": arm.role.label, "Patients": patients}
    if arm.part_of is not None:
        found["Part of"] = arm.part_of
    if arm.comparator is not None or arm.intervention is None:
        found["Comparator"] = arm.comparator or missing
    item = arm.intervention
    if item is None:
        return found
    found |= {
        "Product": item.product_class.label,
        "Source of the cells": item.cell_source.label if item.cell_source is not None else missing,
        "Donor": item.donor.label if item.donor is not None else missing,
        "Route": item.route.label if item.route is not None else missing,
        "Route as reported": item.route_as_reported or "",
        "Dose per infusion": values.cells(item.dose_per_infusion)
        if item.dose_per_infusion is not None
        else missing,
        "Dose per kg of body weight": values.cells_per_kg(item.dose_per_kg)
        if item.dose_per_kg is not None
        else missing,
        "Dose levels joined": ", ".join(values.cells(dose) for dose in item.dose_cohorts),
        "Total dose": values.total_dose(item) or missing,
        "Infusions": missing if item.infusions is None else str(item.infusions),
        "Days of the infusions": values.days(item.schedule_days) if item.schedule_days else missing,
        "Fresh or frozen": item.preservation.label if item.preservation is not None else missing,
        "Passage": item.passage or "",
        "Given with it": item.co_intervention or "",
        "Detail": item.detail or "",
    }
    return found


def _baseline_rows(arms: Sequence[Arm]) -> tuple[PropertyRow, ...]:
    names = [name for name in BASELINE_UNITS if any(name in arm.baseline for arm in arms)]
    rows = []
    for name in names:
        unit = BASELINE_UNITS[name]
        label = _BASELINE_LABELS.get(name, capital(name.replace("-", " ")))
        cells = tuple(
            values.arm_value(arm.baseline[name]) if name in arm.baseline else MISSING for arm in arms
        )
        rows.append(PropertyRow(label if unit == "patients" else f"{label} ({unit})", cells))
    return tuple(rows)


def _data_arms(study: Study) -> tuple[str, ...]:
    """Return the arms that any datum has values for, in the order of the study, all arms together last."""
    used = {arm for datum in study.data for arm in datum.values}
    whole = (WHOLE_STUDY,) if WHOLE_STUDY in used else ()
    return (*(arm.id for arm in study.arms if arm.id in used), *whole)


def _arm_label(study: Study, arm: str) -> str:
    return "All arms together" if arm == WHOLE_STUDY else study.arm(arm).label


def _outcomes(
    study: Study, review: Review, uses: StudyUses, arms: tuple[str, ...]
) -> tuple[OutcomeRows, ...]:
    """Return the data by outcome, in the order of the protocol; data without anything seen stay in."""
    protocol: Protocol = review.protocol
    reports = {report.id: report.title or report.id for report in study.reports}
    groups: dict[str, list[DatumRow]] = {outcome.id: [] for outcome in protocol.outcomes}
    for datum in study.data:
        cells = tuple(
            values.arm_value(datum.values[arm], datum.kind) if arm in datum.values else "—" for arm in arms
        )
        decisions = tuple(
            item for item in review.decisions if item.study == study.id and item.datum == datum.id
        )
        report = datum.provenance.report
        groups.setdefault(datum.outcome, []).append(
            DatumRow(
                datum,
                cells,
                uses.data.get(datum.id, ()),
                decisions,
                "" if report in {None, study.reports[0].id} else reports[str(report)],
            )
        )
    labels = {outcome.id: outcome.label for outcome in protocol.outcomes}
    return tuple(OutcomeRows(labels.get(key, key), tuple(rows)) for key, rows in groups.items() if rows)


def _domains(appraisal: Appraisal, judged: Judged) -> tuple[DomainRows, ...]:
    instrument = INSTRUMENTS[judged.instrument]
    rows = []
    for domain in judged.domains:
        given = appraisal.domains.get(domain.id)
        path = {question for question, _ in domain.path}
        questions = []
        for question, response in domain.responses:
            answer = given.answers.get(question) if given is not None else None
            questions.append(
                QuestionRow(
                    question,
                    instrument.domain(domain.id).question(question).text,
                    response_label(response),
                    (answer.support or "") if answer is not None else "",
                    question in path,
                    response is not ResponseCode.NOT_APPLICABLE,
                )
            )
        rows.append(
            DomainRows(
                domain.id,
                domain.label,
                domain.judgement,
                domain.why,
                domain.proposed if domain.overridden else None,
                tuple(questions),
            )
        )
    return tuple(rows)
