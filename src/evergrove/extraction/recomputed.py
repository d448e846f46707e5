"""Posted analyses worked out again from the posted groups: a check of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.model.vocabulary import ReportedMeasure

if TYPE_CHECKING:
    from evergrove.model.candidate import Candidate, CandidateEffect
    from evergrove.model.datum import ArmValue

#: How far apart, as a share of the larger, two numbers may be that are called equal beyond rounding.
NEAR = 0.05
_MEASURES = frozenset({ReportedMeasure.OR, ReportedMeasure.RR, ReportedMeasure.RD, ReportedMeasure.MD})


@dataclass(frozen=True, slots=True)
class Recomputed:
    """An estimate worked out again.

    Parameters
    ----------
    measure : ReportedMeasure
    posted : float
    first_vs_second, second_vs_first : float
        From the groups, in either order: an entry does not always say which stands first.
    agrees : bool
        Whether one of them equals the posted estimate within its rounding or 5 %. An estimate adjusted by
        a model need not.
    """

    measure: ReportedMeasure
    posted: float
    first_vs_second: float
    second_vs_first: float
    agrees: bool


def recomputed(candidate: Candidate, effect: CandidateEffect) -> Recomputed | None:
    """Work out a posted estimate again.

    Parameters
    ----------
    candidate : Candidate
        One row with its groups.
    effect : CandidateEffect
        One of its analyses.

    Returns
    -------
    Recomputed or None
        ``None`` where the row does not hold what the measure needs: counts of two groups for OR, RR and RD,
        means for MD. Hazard ratios cannot be worked out from a table.
    """
    values = {arm.group: arm.values for arm in candidate.arms}
    if effect.measure not in _MEASURES or effect.estimate is None or len(effect.groups) != 2:
        return None
    first, second = (values.get(group) for group in effect.groups)
    if first is None or second is None:
        return None
    forward = _estimate(effect.measure, first, second)
    backward = _estimate(effect.measure, second, first)
    if forward is None or backward is None:
        return None
    rounding = _rounding(effect.printed.get("paramValue", ""))
    agrees = any(_equal(effect.estimate, value, rounding) for value in (forward, backward))
    return Recomputed(effect.measure, effect.estimate, forward, backward, agrees)


def _estimate(measure: ReportedMeasure, first: ArmValue, second: ArmValue) -> float | None:
    if measure is ReportedMeasure.MD:
        return first.mean - second.mean if first.mean is not None and second.mean is not None else None
    if first.events is None or second.events is None or not first.n or not second.n:
        return None
    if measure is ReportedMeasure.RD:
        return first.events / first.n - second.events / second.n
    if measure is ReportedMeasure.RR:
        return (first.events / first.n) / (second.events / second.n) if second.events else None
    without = first.n - first.events
    if not second.events or not without:
        return None
    return first.events * (second.n - second.events) / (without * second.events)


def _rounding(printed: str) -> float:
    """Return half of the last digit printed, and as much again for the two numbers it is made from."""
    _, _, digits = printed.partition(".")
    return 1.5 * 10.0 ** -len(digits.strip())


def _equal(posted: float, value: float, rounding: float) -> bool:
    return abs(posted - value) <= max(rounding, NEAR * max(abs(posted), abs(value)))
