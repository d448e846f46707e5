"""From one datum to the numbers of a comparison: arms found, combined, turned into what a measure needs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evergrove.errors import DataError
from evergrove.model.measures import Basis, review_measure
from evergrove.model.units import conversion_factor, unit
from evergrove.model.vocabulary import ArmRole, DatumKind, Orientation, ReportedMeasure
from evergrove.stats import mean_sd_from_median_iqr, sd_from_ci, sd_from_se, skewness_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evergrove.model import ArmValue, Comparison, Datum, Outcome, Study


class UnusableError(Exception):
    """A datum cannot serve the analysis; the message says why, for the page."""


@dataclass(frozen=True, slots=True)
class ArmNumbers:
    """The numbers of one side of the comparison.

    Parameters
    ----------
    arms : tuple of str
        Arm ids; more than one where arms were combined.
    n : float
        Patients.
    events : float, optional
        Patients with the event; not whole where only a risk was printed.
    mean, sd : float, optional
        In the outcome's unit.
    """

    arms: tuple[str, ...]
    n: float
    events: float | None = None
    mean: float | None = None
    sd: float | None = None


@dataclass(frozen=True, slots=True)
class PrintedEffect:
    """A contrast as the source prints it, intervention against control."""

    estimate: float
    ci_low: float
    ci_high: float
    level: float


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a datum gives for an analysis.

    Parameters
    ----------
    experimental, control : ArmNumbers, optional
        By arm; missing where only a contrast is printed, ``control`` also in single-arm analyses.
    printed : PrintedEffect, optional
        The contrast, where it is used instead of the arms.
    conversions : tuple of str
        Every step between what was reported and these numbers.
    complete : bool
        Whether all patients of the arms are in the denominators.
    derived : bool
        Whether a number was worked out rather than printed.
    """

    experimental: ArmNumbers | None
    control: ArmNumbers | None
    printed: PrintedEffect | None = None
    conversions: tuple[str, ...] = ()
    complete: bool = True
    derived: bool = False

    def same_as(self, other: Numbers) -> bool:
        """Whether both hold the same figures, wherever they were read."""
        return (self.experimental, self.control, self.printed) == (
            other.experimental,
            other.control,
            other.printed,
        )

    def describe(self) -> str:
        """Return the figures in one line."""
        if self.printed is not None:
            effect = self.printed
            return f"{effect.estimate:g} ({effect.ci_low:g} to {effect.ci_high:g}) as printed"
        return " v ".join(_side(side) for side in (self.experimental, self.control) if side is not None)


def _side(side: ArmNumbers) -> str:
    if side.events is not None:
        if not side.events.is_integer():
            return f"{100 * side.events / side.n:.3g} % of {side.n:g}"
        return f"{side.events:g}/{side.n:g}"
    return f"{side.mean:.3g} (SD {side.sd:.3g}, n {side.n:g})"


@dataclass(frozen=True, slots=True)
class Sides:
    """The arms of a study on both sides of a comparison."""

    experimental: tuple[str, ...]
    control: tuple[str, ...]
    parts: dict[str, tuple[str, ...]]


def sides(study: Study, comparison: Comparison) -> Sides:
    """Return which arms of a study stand on which side."""
    excluded = {item.arm for item in comparison.excluded_arms if item.study == study.id}
    whole = [arm for arm in study.arms if arm.id not in excluded and arm.part_of is None]
    experimental = tuple(
        arm.id
        for arm in whole
        if arm.role is ArmRole.EXPERIMENTAL
        and arm.intervention is not None
        and arm.intervention.product_class in comparison.products
    )
    control = tuple(arm.id for arm in whole if arm.role is ArmRole.CONTROL)
    parts = {
        arm_id: tuple(part.id for part in study.arms if part.part_of == arm_id) for arm_id in experimental
    }
    return Sides(experimental, control, parts)


def numbers_for(
    datum: Datum, study: Study, outcome: Outcome, measure: str, where: Sides, *, fractional: bool = False
) -> Numbers:
    """Turn a datum into the numbers that a measure needs.

    Parameters
    ----------
    datum : Datum
    study : Study
    outcome : Outcome
        Gives the unit of analysis.
    measure : str
        The effect measure.
    where : Sides
        The arms of the comparison.
    fractional : bool
        Whether printed risks that fit no whole number of patients may stand as they are.

    Returns
    -------
    Numbers

    Raises
    ------
    UnusableError
        With the reason.
    """
    try:
        return by_arm(datum, study, outcome, measure, where, fractional=fractional)
    except UnusableError as reason:
        printed = printed_contrast(datum, measure, where, outcome)
        if printed is None:
            raise UnusableError(str(reason)) from None
        return printed


def by_arm(
    datum: Datum, study: Study, outcome: Outcome, measure: str, where: Sides, *, fractional: bool = False
) -> Numbers:
    """As :func:`numbers_for`, from the values of the arms alone."""
    basis = review_measure(measure).basis
    if basis is Basis.PRINTED:
        raise UnusableError(f"no {measure} printed with its interval")
    steps: list[str] = []
    single = basis is Basis.EVENTS_OF_ONE_ARM
    read = _continuous if basis is Basis.MEANS else _dichotomous
    found = []
    for name, arms, parts in (
        ("intervention", where.experimental, where.parts),
        ("control", where.control, {}),
    ):
        if single and name == "control":
            continue
        values = _values(datum, arms, parts, name)
        numbers = [read(datum, outcome, arm, value, steps, fractional) for arm, value in values]
        found.append(_combined(numbers, name, steps))
    experimental, control = found[0], None if single else found[1]
    sizes = {arm.id: arm.n for arm in study.arms}
    used = [side for side in (experimental, control) if side is not None]
    complete = all(
        size is None or side.n >= size for side in used for size in [_sum(sizes[arm] for arm in side.arms)]
    )
    derived = datum.provenance.derived is not None or any("count from" in step for step in steps)
    if datum.provenance.derived is not None:
        steps.append(datum.provenance.derived)
    return Numbers(experimental, control, None, tuple(dict.fromkeys(steps)), complete, derived)


def printed_contrast(datum: Datum, measure: str, where: Sides, outcome: Outcome) -> Numbers | None:
    """Return the datum's own printed effect, where it is the measure and has an interval."""
    effect = datum.effect
    if effect is None or effect.measure not in review_measure(measure).printed:
        return None
    estimate, low, high = effect.estimate, effect.ci_low, effect.ci_high
    if estimate is None or low is None or high is None or not low < high:
        return None
    ratio = review_measure(measure).ratio
    if effect.orientation is Orientation.UNSTATED or (ratio and low <= 0):
        return None
    if not _is_of_comparison(datum, where):
        return None
    steps = [f"{effect.measure.label} and its {effect.ci_level:.0%} interval taken as printed"]
    if effect.measure in {ReportedMeasure.LOCATION_DIFFERENCE, ReportedMeasure.MEDIAN_DIFFERENCE}:
        steps.append("a difference of medians or location used as a mean difference")
    if measure == "MD":
        try:
            factor = _unit_factor(datum, outcome, steps)
        except UnusableError:
            return None
        estimate, low, high = estimate * factor, low * factor, high * factor
    if effect.orientation is Orientation.CONTROL_VS_INTERVENTION:
        steps.append("printed as control against intervention, turned round")
        estimate, low, high = (1 / estimate, 1 / high, 1 / low) if ratio else (-estimate, -high, -low)
    return Numbers(None, None, PrintedEffect(estimate, low, high, effect.ci_level), tuple(steps))


def _is_of_comparison(datum: Datum, where: Sides) -> bool:
    """Whether the arms of a datum are those of the comparison, as far as it names arms."""
    arms, one, two = set(datum.values), set(where.experimental), set(where.control)
    return not arms or (bool(arms & one) and bool(arms & two) and arms <= one | two)


def impossible_spread(numbers: Numbers, possible: tuple[float, float] | None) -> str:
    """Say which arm has a mean and SD that no values within the possible ones can have; empty for none.

    The largest SD of n values within [low, high] with a given mean is that of values at the two ends only
    (Bhatia & Davis 2000), √((high - mean)(mean - low) n/(n - 1)).
    """
    if possible is None:
        return ""
    low, high = possible
    for side in (numbers.experimental, numbers.control):
        if side is None or side.mean is None or side.sd is None:
            continue
        room = max(high - side.mean, 0.0) * max(side.mean - low, 0.0) * side.n / (side.n - 1)
        if side.sd > math.sqrt(room) * (1 + 1e-9):
            most = f"values from {low:g} to {high:g} can have ({math.sqrt(room):.3g})"
            return (
                f"the SD worked out for arm {' + '.join(side.arms)} ({side.sd:.3g}) is more than {most}: "
                "the quartiles are too skewed to convert"
            )
    return ""


def complement(numbers: Numbers, label: str) -> Numbers:
    """Return the numbers of the other patients (deaths from survivors)."""

    def other(side: ArmNumbers | None) -> ArmNumbers | None:
        if side is None or side.events is None:
            return side
        return replace(side, events=side.n - side.events)

    return replace(
        numbers,
        experimental=other(numbers.experimental),
        control=other(numbers.control),
        conversions=(*numbers.conversions, f"counted as the patients without {label}"),
        derived=True,
    )


def _values(
    datum: Datum, arms: tuple[str, ...], parts: dict[str, tuple[str, ...]], side: str
) -> list[tuple[str, ArmValue]]:
    if not arms:
        raise UnusableError(f"the study has no {side} arm of the comparison")
    found: list[tuple[str, ArmValue]] = []
    for arm in arms:
        names = (arm,) if arm in datum.values else parts.get(arm, ())
        found += [(name, datum.values[name]) for name in names if name in datum.values]
    if not found:
        raise UnusableError(f"no value for the {side} arm")
    if not any(value.seen for _, value in found):
        raise UnusableError(f"the number of the {side} arm was not seen")
    return found


def _dichotomous(
    _datum: Datum, _outcome: Outcome, arm: str, value: ArmValue, steps: list[str], fractional: bool
) -> ArmNumbers:
    if value.n is None:
        raise UnusableError(f"the number of patients in arm {arm} was not seen")
    if value.n == 0:
        raise UnusableError(f"no patients in arm {arm}")
    if value.events is not None:
        return ArmNumbers((arm,), float(value.n), float(value.events))
    percent = value.percent
    if percent is None and value.percent_without_event is not None:
        percent = 100 - value.percent_without_event
    if percent is None:
        raise UnusableError(f"the number of events in arm {arm} was not seen")
    printed = value.percent if value.percent is not None else value.percent_without_event
    whole = round(percent * value.n / 100)
    decimals = len(f"{printed:.10f}".rstrip("0").partition(".")[2])
    if abs(100 * whole / value.n - percent) <= 0.5 * 10**-decimals + 1e-9:
        steps.append(f"arm {arm}: count from the printed {printed:g} %")
        return ArmNumbers((arm,), float(value.n), float(whole))
    if not fractional:
        raise UnusableError(
            f"the printed {printed:g} % fits no whole number of {value.n} patients in arm {arm}"
        )
    steps.append(f"arm {arm}: count from the printed {printed:g} %, not a whole number of patients")
    return ArmNumbers((arm,), float(value.n), percent * value.n / 100)


def _continuous(
    datum: Datum, outcome: Outcome, arm: str, value: ArmValue, steps: list[str], _fractional: bool
) -> ArmNumbers:
    if value.n is None or value.n < 2:
        raise UnusableError(f"the number of patients in arm {arm} was not seen")
    factor = _unit_factor(datum, outcome, steps)
    try:
        mean, sd = _mean_sd(arm, value, steps)
    except DataError as error:
        raise UnusableError(f"arm {arm}: {error}") from None
    if sd <= 0:
        raise UnusableError(f"the standard deviation of arm {arm} is 0")
    return ArmNumbers((arm,), float(value.n), None, mean * factor, sd * factor)


def _mean_sd(arm: str, value: ArmValue, steps: list[str]) -> tuple[float, float]:
    n = value.n or 0
    if value.mean is not None and value.sd is not None:
        return value.mean, value.sd
    if value.mean is not None and value.se is not None:
        steps.append(f"arm {arm}: SD from the standard error")
        return value.mean, sd_from_se(value.se, n)
    if value.mean is not None and value.ci_low is not None and value.ci_high is not None:
        steps.append(f"arm {arm}: SD from the 95 % interval of the mean (t distribution)")
        return value.mean, sd_from_ci(value.ci_low, value.ci_high, n)
    if value.median is not None and value.q1 is not None and value.q3 is not None:
        if value.q3 <= value.q1:
            raise UnusableError(f"the quartiles of arm {arm} do not spread")
        if n < 4:
            raise UnusableError(f"quartiles of {n} patients in arm {arm} say nothing of the mean")
        found = mean_sd_from_median_iqr(value.q1, value.median, value.q3, n)
        skew = skewness_test(q1=value.q1, median=value.median, q3=value.q3, n=n)
        warning = "; the quartiles are skewed, so the mean is rough" if skew.skewed else ""
        steps.append(f"arm {arm}: mean (Luo 2018) and SD (Wan 2014) from median and quartiles{warning}")
        return found.mean, found.sd
    if value.mean is not None or value.median is not None or value.value is not None:
        raise UnusableError(f"no measure of spread for arm {arm}")
    raise UnusableError(f"the value of arm {arm} was not seen")


def _unit_factor(datum: Datum, outcome: Outcome, steps: list[str]) -> float:
    if datum.unit is None or outcome.unit is None or datum.unit == outcome.unit:
        return 1.0
    if (
        datum.kind is DatumKind.CHANGE
        and unit(datum.unit).dimension == "share" != unit(outcome.unit).dimension
    ):
        raise UnusableError("a change in percent of baseline does not convert to the unit of analysis")
    steps.append(f"{datum.unit} converted to {outcome.unit}")
    return conversion_factor(datum.unit, outcome.unit)


def _combined(numbers: Sequence[ArmNumbers], side: str, steps: list[str]) -> ArmNumbers:
    """Combine several arms of one side into one (Cochrane Handbook 6.5.2.10 for means)."""
    if len(numbers) == 1:
        return numbers[0]
    steps.append(f"{len(numbers)} {side} arms combined into one")
    arms = tuple(arm for item in numbers for arm in item.arms)
    n = math.fsum(item.n for item in numbers)
    if numbers[0].events is not None:
        return ArmNumbers(arms, n, math.fsum(item.events or 0.0 for item in numbers))
    mean = math.fsum(item.n * (item.mean or 0.0) for item in numbers) / n
    squares = math.fsum(
        (item.n - 1) * (item.sd or 0.0) ** 2 + item.n * ((item.mean or 0.0) - mean) ** 2 for item in numbers
    )
    return ArmNumbers(arms, n, None, mean, math.sqrt(squares / (n - 1)))


def _sum(values: Iterable[int | None]) -> int | None:
    total = 0
    for value in values:
        if value is None:
            return None
        total += value
    return total
