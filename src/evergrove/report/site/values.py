"""Reported values in words: what an arm showed, what a contrast was, what was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.model.vocabulary import DatumKind, Orientation
from evergrove.report.numerals import MISSING, count, dose, plain

if TYPE_CHECKING:
    from evergrove.model import ArmValue, Datum, Intervention, PValue, Quantity, ReportedEffect

_ORIENTATIONS = {
    Orientation.CONTROL_VS_INTERVENTION: "printed as control against intervention",
    Orientation.UNSTATED: "which arm stands first is not stated",
}


def arm_value(value: ArmValue, kind: DatumKind | None = None) -> str:
    """Return what was reported for an arm; :data:`MISSING` where nothing was seen.

    Examples
    --------
    >>> from evergrove.model import ArmValue
    >>> arm_value(ArmValue(events=2, n=12))
    '2 of 12'
    >>> arm_value(ArmValue(median=8.5, q1=3.0, q3=12.0, n=12))
    'median 8.5 (quartiles 3 to 12), n = 12'
    """
    parts = [part for part in (_counted(value, kind), _middle(value), _other(value)) if part]
    if value.n is not None and value.events is None and value.percent is None:
        if not parts:
            return f"{MISSING}; n = {count(value.n)}"
        parts.append(f"n = {count(value.n)}")
    return ", ".join(parts) or MISSING


def _counted(value: ArmValue, kind: DatumKind | None) -> str:
    parts = []
    if value.events is not None:
        events, patients = count(value.events), value.n
        if value.n_events is not None:
            parts.append(f"{events} of {count(value.n_events)} events")
            if patients is not None:
                parts.append(f"{count(patients)} patients")
        elif kind is DatumKind.COUNT:
            parts.append(f"{events} events" + ("" if patients is None else f" in {count(patients)} patients"))
        else:
            parts.append(f"{events}, n {MISSING}" if patients is None else f"{events} of {count(patients)}")
    if value.percent is not None:
        of = f" of {count(value.n)}" if value.n is not None and value.events is None else ""
        parts.append(f"{plain(value.percent)} %{of} as printed")
    if value.percent_without_event is not None:
        parts.append(f"{plain(value.percent_without_event)} % without it, as printed")
    return ", ".join(parts)


def _middle(value: ArmValue) -> str:
    parts = []
    if value.mean is not None:
        spread = [
            f"{name} {plain(number)}"
            for name, number in (("SD", value.sd), ("SE", value.se))
            if number is not None
        ]
        parts.append(f"mean {plain(value.mean)}" + (f" ({', '.join(spread)})" if spread else ""))
    if value.median is not None:
        quartiles = None not in (value.q1, value.q3)
        parts.append(
            f"median {plain(value.median)}"
            + (f" (quartiles {plain(value.q1)} to {plain(value.q3)})" if quartiles else "")
        )
    if value.minimum is not None and value.maximum is not None:
        parts.append(f"range {plain(value.minimum)} to {plain(value.maximum)}")
    if value.ci_low is not None and value.ci_high is not None:
        parts.append(f"95 % interval {plain(value.ci_low)} to {plain(value.ci_high)}")
    return ", ".join(parts)


def _other(value: ArmValue) -> str:
    parts = []
    if value.percent_change is not None:
        parts.append(f"change {plain(value.percent_change)} %")
    if value.value is not None:
        parts.append(f"{plain(value.value)} (mean or median: not stated)")
    if value.spread is not None:
        parts.append(f"± {plain(value.spread)} (SD or SE: not stated)")
    return ", ".join(parts)


def in_short(datum: Datum) -> str:
    """Return what a datum holds in one line: its arms, else its contrast, else what it says in words."""
    arms = [f"{arm}: {arm_value(value, datum.kind)}" for arm, value in datum.values.items() if value.seen]
    effect = reported_effect(datum.effect) if datum.effect is not None else ""
    told = str(datum.direction) if datum.direction is not None else ""
    return "; ".join(part for part in (*arms, effect or told) if part) or MISSING


def printed_p(p: PValue) -> str:
    """Return a p-value as printed: ``P = 0.04``."""
    return f"P {p.relation} {plain(p.value)}"


def reported_effect(effect: ReportedEffect) -> str:
    """Return a contrast as the source prints it.

    Examples
    --------
    >>> from evergrove.model import ReportedEffect
    >>> reported_effect(ReportedEffect(measure="RR", estimate=0.49, ci_low=0.14, ci_high=1.11))
    'RR 0.49 (95 % interval 0.14 to 1.11)'
    """
    parts = []
    if effect.estimate is not None:
        name = (
            effect.measure.label if effect.measure is not None else (effect.measure_as_reported or "effect")
        )
        text = f"{name} {plain(effect.estimate)}"
        if effect.ci_low is not None and effect.ci_high is not None:
            text += (
                f" ({effect.ci_level * 100:g} % interval {plain(effect.ci_low)} to {plain(effect.ci_high)})"
            )
        parts.append(text)
        if effect.measure_as_reported is not None and effect.measure is not None:
            parts.append(f"reported as “{effect.measure_as_reported}”")
        if effect.orientation in _ORIENTATIONS:
            parts.append(_ORIENTATIONS[effect.orientation])
    if effect.p is not None:
        parts.append(printed_p(effect.p))
    return ", ".join(parts)


def unit_of(datum: Datum) -> str:
    """Return the unit of a datum, with the source's own words where they differ."""
    if datum.unit is None:
        return datum.unit_as_reported or ""
    if datum.unit_as_reported is None or datum.unit_as_reported == datum.unit:
        return datum.unit
    return f"{datum.unit} (reported as “{datum.unit_as_reported}”)"


def cells(quantity: Quantity) -> str:
    """Return a dose in million cells."""
    return f"{dose(quantity.to('cells'))} cells"


def cells_per_kg(quantity: Quantity) -> str:
    """Return a dose per kg in million cells."""
    return f"{dose(quantity.to('cells/kg'))} cells/kg"


def days(schedule: tuple[float, ...]) -> str:
    """Return days of a schedule: ``0, 3 and 6``.

    Examples
    --------
    >>> days((0.0, 3.0, 6.0))
    '0, 3 and 6'
    """
    shown = [plain(day) for day in schedule]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def total_dose(item: Intervention) -> str:
    """Return the total dose, saying where it was worked out; empty where it cannot be known."""
    if item.dose_total is not None:
        return cells(item.dose_total)
    total = item.total_dose()
    if total is None or item.dose_per_infusion is None:
        return ""
    if item.infusions == 1:
        return cells(total)
    return f"{cells(total)} (worked out: {item.infusions} × {cells(item.dose_per_infusion)})"


def short_intervention(item: Intervention) -> str:
    """Return product and dose in one line: tissue; dose; route; infusions.

    Examples
    --------
    >>> from evergrove.model import Intervention
    >>> short_intervention(Intervention(product_class="mesenchymal-stromal-cells", infusions=2))
    'source not seen; dose not seen; route not seen; 2 infusions'
    """
    amount = "dose not seen"
    if item.dose_per_infusion is not None:
        amount = cells(item.dose_per_infusion)
    elif item.dose_per_kg is not None:
        amount = cells_per_kg(item.dose_per_kg)
    elif item.dose_cohorts:
        amount = f"{' or '.join(dose(cohort.to('cells')) for cohort in item.dose_cohorts)} cells"
    elif item.dose_total is not None:
        amount = f"{cells(item.dose_total)} in total"
    number = "number of infusions not seen"
    if item.infusions is not None:
        number = "1 infusion" if item.infusions == 1 else f"{item.infusions} infusions"
    return "; ".join(
        (
            item.cell_source.label if item.cell_source is not None else "source not seen",
            amount,
            item.route.label if item.route is not None else "route not seen",
            number,
        )
    )
