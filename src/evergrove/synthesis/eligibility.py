"""Which studies an analysis may use, with the reason for each that is left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.model.vocabulary import ArmRole, DesignType
from evergrove.synthesis.numbers import sides

if TYPE_CHECKING:
    from evergrove.model import Analysis, Review, Study


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A study that is not in an analysis, at which step, and why."""

    study: str
    name: str
    step: str
    why: str


@dataclass(frozen=True, slots=True)
class Eligible:
    """The studies of an analysis by design group, and those left out."""

    main: tuple[Study, ...]
    beside: tuple[Study, ...]
    left_out: tuple[LeftOut, ...]


def eligible_studies(review: Review, analysis: Analysis) -> Eligible:
    """Sort the studies of a review for one analysis.

    Parameters
    ----------
    review : Review
    analysis : Analysis

    Returns
    -------
    Eligible
        Designs are never mixed: ``main`` and ``beside`` are analysed apart.
    """
    designs = review.protocol.eligibility
    main_designs = analysis.main_designs or designs.main_designs
    beside_designs = analysis.beside_designs or (() if analysis.main_designs else designs.beside_designs)
    main, beside, left_out = [], [], []
    for study in review.studies:
        reason = _reason(study, analysis, review, (*main_designs, *beside_designs))
        if reason:
            left_out.append(LeftOut(study.id, study.name, "eligibility", reason))
        elif study.design.type in main_designs:
            main.append(study)
        else:
            beside.append(study)
    return Eligible(tuple(main), tuple(beside), tuple(left_out))


def _reason(study: Study, analysis: Analysis, review: Review, designs: tuple[DesignType, ...]) -> str:
    if study.design.type not in designs:
        return study.design.type.label
    comparison = review.protocol.comparison(analysis.comparison)
    where = sides(study, comparison)
    if not where.experimental:
        products = {
            arm.intervention.product_class.label
            for arm in study.arms
            if arm.role is ArmRole.EXPERIMENTAL and arm.intervention is not None
        }
        return f"the product is not of the comparison: {', '.join(sorted(products)) or 'not stated'}"
    if analysis.kind.value == "comparative" and not where.control:
        return "no control arm"
    return ""
