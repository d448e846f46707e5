"""All figures that a datum, an arm or a study gives, each with how it was computed and where it was read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.claims.result import Figure
from evergrove.errors import DataError
from evergrove.model.claim import FigureName
from evergrove.model.units import unit as unit_of
from evergrove.model.vocabulary import ArmRole, DatumKind, ReportedMeasure

if TYPE_CHECKING:
    from evergrove.model import Arm, ArmValue, Datum, Quantity, Study

#: Percentages quoted in a locator or in the record of how a number was derived.
_PERCENTAGE = re.compile(r"(\d+(?:\.\d+)?)\s?%")
#: Effects that are printed as percentage points.
_POINTS = frozenset({ReportedMeasure.RD})
_DIFFERENCES = frozenset(
    {ReportedMeasure.MD, ReportedMeasure.MEDIAN_DIFFERENCE, ReportedMeasure.LOCATION_DIFFERENCE}
)


@dataclass(frozen=True, slots=True)
class Share:
    """The patients of one arm who have the event.

    Parameters
    ----------
    risk : float
        0 to 1.
    how : str
        ``"2/26"`` or ``"7.69 % as printed"``.
    """

    risk: float
    how: str


def compared_arms(study: Study, datum: Datum, arms: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """Return intervention and control arm of a datum.

    Parameters
    ----------
    study : Study
    datum : Datum
    arms : tuple of two str, optional
        The arms, if named.

    Returns
    -------
    tuple of two str, or None
        None where the datum has no arm of one of the two roles.

    Raises
    ------
    DataError
        If an arm is not there, or several arms have a role and none is named.
    """
    held = [arm for arm in study.arms if arm.id in datum.values]
    if arms:
        strange = [arm for arm in arms if arm not in datum.values]
        if strange:
            raise DataError(
                f"{study.id}, datum {datum.id}: no arm {strange[0]!r}; allowed: {', '.join(datum.values)}; "
                "name arms of the datum"
            )
        return arms[0], arms[1]
    found: list[str] = []
    for role in (ArmRole.EXPERIMENTAL, ArmRole.CONTROL):
        ids = [arm.id for arm in held if arm.role is role]
        if len(ids) > 1:
            raise DataError(
                f"{study.id}, datum {datum.id}: {len(ids)} arms are {role.label} ({', '.join(ids)}); "
                "allowed: one; name intervention and control in the proposition's arms"
            )
        found += ids
    return (found[0], found[1]) if len(found) == 2 else None


def share_of(datum: Datum, arm: str) -> Share | None:
    """Return the share of an arm's patients with the event, from counts or else from a printed percentage."""
    value = datum.values.get(arm)
    if value is None or datum.kind is not DatumKind.DICHOTOMOUS:
        return None
    if value.events is not None and value.n:
        return Share(value.events / value.n, f"{value.events}/{value.n}")
    if value.percent is not None:
        return Share(value.percent / 100, f"{value.percent:g} % as printed")
    if value.percent_without_event is not None:
        return Share(1 - value.percent_without_event / 100, f"100 % − {value.percent_without_event:g} %")
    return None


def centre_of(value: ArmValue) -> tuple[float, str] | None:
    """Return an arm's mean, median or other central number with its name, the first that is there."""
    for name in ("mean", "median", "value"):
        number: float | None = getattr(value, name)
        if number is not None:
            return number, name
    return None


class _Collector:
    """Gathers figures of one datum."""

    def __init__(self, datum: Datum) -> None:
        self._datum = datum
        where = f"{datum.provenance.source.locator} {datum.provenance.derived or ''}"
        self._percentages = [*_PERCENTAGE.findall(where)]
        for value in datum.values.values():
            for number in (value.percent, value.percent_without_event):
                if number is not None:
                    self._percentages.append(f"{number:g}")
        self.figures: list[Figure] = []

    def add(self, name: FigureName, value: float, unit: str, how: str, *, printed: bool = False) -> None:
        seen = printed or (unit == "%" and self._is_printed(value))
        self.figures.append(
            Figure(name, value, unit, how, self._datum.id, self._datum.provenance.source, seen)
        )

    def _is_printed(self, value: float) -> bool:
        return any(
            round(value, len(text.partition(".")[2])) == float(text)
            for text in self._percentages
            if text.partition(".")[2]
        )


def datum_figures(study: Study, datum: Datum, arms: tuple[str, ...] = ()) -> tuple[Figure, ...]:
    """Return every figure that a datum gives.

    Parameters
    ----------
    study : Study
    datum : Datum
    arms : tuple of two str, optional
        Intervention and control; those of the datum if it has one of each.

    Returns
    -------
    tuple of Figure
        Risks, odds, reductions, increases and ratios from counts or percentages; means or medians and their
        difference; the printed estimate and its limits. What the datum does not give is left out.

    Raises
    ------
    DataError
        If it is not clear which arms are compared.
    """
    collect = _Collector(datum)
    pair = compared_arms(study, datum, arms)
    sides = pair or _only_arm(study, datum)
    names = (
        (FigureName.RISK_EXPERIMENTAL, FigureName.EVENT_FREE_EXPERIMENTAL, FigureName.EVENTS_EXPERIMENTAL,
         FigureName.CENTRE_EXPERIMENTAL, FigureName.PERCENT_CHANGE_EXPERIMENTAL),
        (FigureName.RISK_CONTROL, FigureName.EVENT_FREE_CONTROL, FigureName.EVENTS_CONTROL,
         FigureName.CENTRE_CONTROL, FigureName.PERCENT_CHANGE_CONTROL),
    )  # fmt: skip
    for arm, (risk, free, events, centre, change) in zip(sides, names, strict=False):
        value, share = datum.values[arm], share_of(datum, arm)
        if share is not None:
            collect.add(risk, 100 * share.risk, "%", share.how)
            collect.add(free, 100 * (1 - share.risk), "%", f"1 − {share.how}")
        if value.events is not None:
            collect.add(events, value.events, "events", "as printed", printed=True)
        middle = centre_of(value)
        if middle is not None:
            collect.add(centre, middle[0], datum.unit or "", f"{middle[1]} as printed", printed=True)
        if value.percent_change is not None:
            collect.add(change, value.percent_change, "%", "as printed", printed=True)
    if pair is not None:
        _add_contrasts(collect, datum, pair)
    _add_reported(collect, datum)
    return tuple(collect.figures)


def _only_arm(study: Study, datum: Datum) -> tuple[str, ...]:
    held = [arm.id for arm in study.arms if arm.id in datum.values and arm.role is ArmRole.EXPERIMENTAL]
    return tuple(held[:1])


def _add_contrasts(collect: _Collector, datum: Datum, pair: tuple[str, str]) -> None:
    one, two = (share_of(datum, arm) for arm in pair)
    if one is not None and two is not None:
        _add_risk_contrasts(collect, one, two)
        _add_odds_contrasts(collect, one, two)
        _add_totals(collect, datum.values[pair[0]], datum.values[pair[1]])
    middles = [centre_of(datum.values[arm]) for arm in pair]
    if middles[0] is not None and middles[1] is not None and middles[0][1] == middles[1][1]:
        (first, name), (second, _) = middles[0], middles[1]
        how = f"{name} {first:g} − {second:g}"
        collect.add(FigureName.DIFFERENCE, first - second, datum.unit or "", how)


def _add_risk_contrasts(collect: _Collector, one: Share, two: Share) -> None:
    p, q = one.risk, two.risk
    ratio = f"({one.how}) / ({two.how})"
    gap = f"{two.how} − {one.how}"
    collect.add(FigureName.ABSOLUTE_REDUCTION, 100 * (q - p), "points", gap)
    collect.add(FigureName.ABSOLUTE_INCREASE, 100 * (p - q), "points", f"{one.how} − {two.how}")
    if p != q:
        collect.add(FigureName.NUMBER_NEEDED_TO_TREAT, 1 / abs(q - p), "patients treated", f"1 / ({gap})")
    if q > 0:
        collect.add(FigureName.RISK_RATIO, p / q, "ratio", ratio)
        collect.add(FigureName.RELATIVE_REDUCTION, 100 * (1 - p / q), "%", f"1 − {ratio}")
        collect.add(FigureName.RELATIVE_INCREASE, 100 * (p / q - 1), "%", f"{ratio} − 1")
    if q < 1:
        free = f"(1 − {one.how}) / (1 − {two.how})"
        collect.add(FigureName.RATIO_EVENT_FREE, (1 - p) / (1 - q), "ratio", free)
        collect.add(FigureName.INCREASE_EVENT_FREE, 100 * ((1 - p) / (1 - q) - 1), "%", f"{free} − 1")


def _add_odds_contrasts(collect: _Collector, one: Share, two: Share) -> None:
    p, q = one.risk, two.risk
    if p < 1:
        collect.add(FigureName.ODDS_EXPERIMENTAL, p / (1 - p), "odds", f"odds of {one.how}")
    if q < 1:
        collect.add(FigureName.ODDS_CONTROL, q / (1 - q), "odds", f"odds of {two.how}")
    if p < 1 and 0 < q < 1:
        ratio = p * (1 - q) / ((1 - p) * q)
        collect.add(FigureName.ODDS_RATIO, ratio, "ratio", f"odds of {one.how} / odds of {two.how}")
        collect.add(FigureName.ODDS_REDUCTION, 100 * (1 - ratio), "%", "1 − odds ratio")


def _add_totals(collect: _Collector, one: ArmValue, two: ArmValue) -> None:
    if one.events is None or two.events is None or one.n is None or two.n is None:
        return
    events, n = one.events + two.events, one.n + two.n
    collect.add(FigureName.RISK_ALL, 100 * events / n, "%", f"{events}/{n}")
    collect.add(FigureName.EVENT_FREE_ALL, 100 * (1 - events / n), "%", f"1 − {events}/{n}")


def _add_reported(collect: _Collector, datum: Datum) -> None:
    effect = datum.effect
    if effect is None or effect.estimate is None:
        return
    unit = "ratio"
    if effect.measure in _DIFFERENCES:
        unit = datum.unit or ""
    elif effect.measure in _POINTS:
        unit = "points"
    name = effect.measure_as_reported or (effect.measure.value if effect.measure is not None else "estimate")
    how = f"{name} as printed, {effect.orientation.label}"
    for figure, value in (
        (FigureName.REPORTED_ESTIMATE, effect.estimate),
        (FigureName.REPORTED_CI_LOW, effect.ci_low),
        (FigureName.REPORTED_CI_HIGH, effect.ci_high),
    ):
        if value is not None:
            collect.add(figure, value, unit, how, printed=True)


def dose_figures(arm: Arm) -> tuple[Figure, ...]:
    """Return the doses of an arm in cells and cells per kg.

    Parameters
    ----------
    arm : Arm

    Returns
    -------
    tuple of Figure
        Dose per infusion, per kg and in total, as far as they are known, and each dose level where an arm
        joins several; the total is computed where it is not printed.
    """
    given = arm.intervention
    if given is None:
        return ()
    figures: list[Figure] = []

    def add(name: FigureName, quantity: Quantity | None, unit: str, how: str = "as printed") -> None:
        if quantity is not None:
            printed = how == "as printed"
            value = quantity.to(unit)
            figures.append(Figure(name, value, unit, how, printed=printed, detail=f"arm {arm.id}"))

    add(FigureName.DOSE_PER_INFUSION, given.dose_per_infusion, "cells")
    add(FigureName.DOSE_PER_KG, given.dose_per_kg, "cells/kg")
    how = "as printed" if given.dose_total is not None else f"dose per infusion × {given.infusions}"
    add(FigureName.DOSE_TOTAL, given.total_dose(), "cells", how)
    for level in given.dose_cohorts:
        if unit_of(level.unit).dimension == "cells":
            add(FigureName.DOSE_PER_INFUSION, level, "cells")
        else:
            add(FigureName.DOSE_PER_KG, level, "cells/kg")
    return tuple(figures)


def count_figures(study: Study, arm: Arm | None) -> tuple[Figure, ...]:
    """Return the numbers of patients, infusions and centres of a study, those of an arm first.

    Parameters
    ----------
    study : Study
    arm : Arm or None
        The arm that a text speaks of.
    """
    figures: list[Figure] = []

    def add(name: FigureName, value: int | None, unit: str, detail: str = "") -> None:
        if value is not None:
            figures.append(Figure(name, value, unit, "as printed", printed=True, detail=detail))

    for item in sorted(study.arms, key=lambda other: arm is None or other.id != arm.id):
        own = arm is not None and item.id == arm.id
        name = FigureName.PATIENTS_IN_ARM if own else FigureName.PATIENTS_IN_OTHER_ARM
        add(name, item.n, "patients", f"arm {item.id}")
    if arm is not None and arm.intervention is not None:
        add(FigureName.INFUSIONS, arm.intervention.infusions, "infusions", f"arm {arm.id}")
    people = study.population
    add(FigureName.PATIENTS_RANDOMISED, people.n_randomised, "patients")
    add(FigureName.PATIENTS_ANALYSED, people.n_analysed, "patients")
    add(FigureName.PATIENTS_PLANNED, people.n_planned, "patients")
    add(FigureName.CENTRES, study.design.centres, "centres")
    return tuple(figures)
