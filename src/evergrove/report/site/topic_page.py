"""The page on the condition, the therapy and all studies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.model.vocabulary import ArmRole, DesignType
from evergrove.report.numerals import MISSING
from evergrove.report.site import values, wording
from evergrove.report.site.page import TOPIC, Page

if TYPE_CHECKING:
    from evergrove.model import Intervention, Review, Study
    from evergrove.report.findings import Findings

_HEADINGS = {
    DesignType.RANDOMISED: "Randomised controlled trials",
    DesignType.NON_RANDOMISED: "Non-randomised controlled studies",
    DesignType.CASE_SERIES: "Case series",
    DesignType.REGISTRY_RECORD: "Registry records, no result read",
    DesignType.SYSTEMATIC_REVIEW: "Systematic reviews",
}


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study as the table shows it.

    Parameters
    ----------
    study : Study
    patients : str
        Number, and what it counts where it is not the number randomised or analysed.
    interventions : tuple of str
        What each experimental arm received, each in one line.
    """

    study: Study
    patients: str
    interventions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DesignGroup:
    """The studies of one design."""

    id: str
    heading: str
    rows: tuple[StudyRow, ...]


def topic_page(findings: Findings) -> Page:
    """Return the page."""
    review = findings.review
    cited = {name for study in review.studies for name in study.cited_by}
    return Page(
        path=TOPIC.path,
        template="topic.html",
        title=TOPIC.text,
        description=f"The condition, the therapy and all {len(review.studies)} studies of the review.",
        section=TOPIC.path,
        context={
            "passages": tuple(
                (
                    passage,
                    tuple(
                        (item, wording.authors(item.authors), wording.place(item))
                        for item in passage.references
                    ),
                )
                for passage in review.protocol.background
            ),
            "groups": _groups(review),
            "citers": tuple(
                (name, tuple(study for study in review.studies if name in study.cited_by))
                for name in sorted(cited)
            ),
            "total": len(review.studies),
        },
    )


def _groups(review: Review) -> tuple[DesignGroup, ...]:
    groups = []
    for design in DesignType:
        studies = [study for study in review.studies if study.design.type is design]
        if studies:
            ordered = sorted(studies, key=lambda study: (study.name.casefold(), study.id))
            groups.append(
                DesignGroup(design.value, _HEADINGS[design], tuple(_row(study) for study in ordered))
            )
    return tuple(groups)


def _row(study: Study) -> StudyRow:
    items = [
        arm.intervention
        for arm in study.arms
        if arm.role is ArmRole.EXPERIMENTAL and arm.intervention is not None
    ]
    return StudyRow(study, _patients(study), tuple(dict.fromkeys(_line(item) for item in items)))


def _line(item: Intervention) -> str:
    product = "" if "stromal" in item.product_class.value else f"{item.product_class.label}: "
    return product + values.short_intervention(item)


def _patients(study: Study) -> str:
    population = study.population
    if population.n_randomised is not None:
        return str(population.n_randomised)
    if population.n_analysed is not None:
        return str(population.n_analysed)
    if population.n_planned is not None:
        return f"{population.n_planned} planned"
    return MISSING
