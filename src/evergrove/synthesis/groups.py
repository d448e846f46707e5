"""Into which subgroup a study falls."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evergrove.model.analysis import SubgroupBy
from evergrove.model.vocabulary import CellSource, SeverityClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.model import Intervention, Protocol, Study
    from evergrove.synthesis.effects import StudyEffect

#: The group of studies whose sources do not say; shown, never tested.
NOT_STATED = "not stated"

#: Tissues that are part of another and are grouped with it; sources use both words for one product.
_TISSUES = {CellSource.WHARTON_JELLY: CellSource.UMBILICAL_CORD}

TITLES: dict[SubgroupBy, str] = {
    SubgroupBy.CELL_SOURCE: "Tissue source of the cells",
    SubgroupBy.DOSE_PER_KG: "Dose per infusion, per kg of body weight",
    SubgroupBy.INFUSIONS: "Number of infusions",
    SubgroupBy.SEVERITY: "Severity of illness at entry",
    SubgroupBy.CONDITION: "Cause of lung injury",
    SubgroupBy.RISK_OF_BIAS: "Risk of bias",
    SubgroupBy.PRODUCT: "Product",
}


def group_of(
    by: SubgroupBy, effect: StudyEffect, study: Study, protocol: Protocol, risk_of_bias: Mapping[str, str]
) -> str:
    """Return the label of a study's group.

    Parameters
    ----------
    by : SubgroupBy
    effect : StudyEffect
        Its arms decide which interventions count.
    study : Study
    protocol : Protocol
        For the dose bands.
    risk_of_bias : mapping of study id to overall judgement

    Returns
    -------
    str
        ``"not stated"`` where the sources do not say, ``"several"`` where arms differ.
    """
    if by is SubgroupBy.SEVERITY:
        return study.population.severity_class.label if study.population.severity_class else NOT_STATED
    if by is SubgroupBy.CONDITION:
        return study.population.condition_class.label if study.population.condition_class else NOT_STATED
    if by is SubgroupBy.RISK_OF_BIAS:
        return risk_of_bias.get(study.id, "not appraised").replace("-", " ")
    labels = {_of_intervention(by, item, protocol) for item in _interventions(effect, study)}
    if len(labels) > 1:
        return "several"
    return labels.pop() if labels else NOT_STATED


def _interventions(effect: StudyEffect, study: Study) -> list[Intervention]:
    side = effect.numbers.experimental
    names = side.arms if side is not None else tuple(effect.datum.values)
    arms = [arm for arm in study.arms if arm.id in names]
    return [arm.intervention for arm in arms if arm.intervention is not None]


def _of_intervention(by: SubgroupBy, item: Intervention, protocol: Protocol) -> str:
    if by is SubgroupBy.CELL_SOURCE:
        return _tissue(item.cell_source)
    if by is SubgroupBy.PRODUCT:
        return item.product_class.label
    if by is SubgroupBy.INFUSIONS:
        if item.infusions is None:
            return NOT_STATED
        return {1: "one", 2: "two"}.get(item.infusions, "three or more")
    if item.dose_per_kg is None:
        return "not given per kg"
    return _dose_band(item.dose_per_kg.to("million cells/kg"), protocol)


def _tissue(source: CellSource | None) -> str:
    return NOT_STATED if source is None else _TISSUES.get(source, source).label


def _dose_band(dose: float, protocol: Protocol) -> str:
    bounds = [bound / 1e6 for bound in protocol.dose_bands_per_kg]
    below: float | None = None
    for bound in bounds:
        if dose <= bound:
            return f"{'up to' if below is None else f'above {below:g} up to'} {bound:g} million/kg"
        below = bound
    return "any dose" if below is None else f"above {below:g} million/kg"


#: The groups that have an order of their own; others stand by name.
_ORDERS: dict[SubgroupBy, tuple[str, ...]] = {
    SubgroupBy.INFUSIONS: ("one", "two", "three or more"),
    SubgroupBy.SEVERITY: tuple(item.label for item in SeverityClass),
    SubgroupBy.RISK_OF_BIAS: ("low", "some concerns", "moderate", "high", "serious", "critical"),
}


def position(by: SubgroupBy, label: str, protocol: Protocol) -> int:
    """Return where a group stands among those of its property: doses and counts from low to high."""
    order = _ORDERS.get(by, ())
    if by is SubgroupBy.DOSE_PER_KG:
        bounds = [bound / 1e6 for bound in protocol.dose_bands_per_kg]
        order = tuple(_dose_band(dose, protocol) for dose in (*bounds, math.inf))
    return order.index(label) if label in order else len(order)


def untested(label: str) -> bool:
    """Whether a group only gathers studies whose sources do not say."""
    return label in {NOT_STATED, "not given per kg", "not appraised"}
