"""The numbers about one outcome from which its certainty is rated."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from evergrove.errors import DataError
from evergrove.model.measures import STANDARDISED

if TYPE_CHECKING:
    from collections.abc import Mapping

Design = Literal["randomised", "non-randomised"]

#: Half a standard deviation: the size from which a standardised difference counts as appreciable where no
#: minimal important difference is known (GRADE handbook 2013, section 5.2.4.2).
APPRECIABLE_SMD = 0.5


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


def _no_weights() -> Mapping[str, float]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The lines that an interval is read against, on the scale of the estimate.

    Parameters
    ----------
    null : float
        No effect.
    low, high : float
        Below ``low``, or above ``high``, an effect is appreciable.
    far_low, far_high : float
        Beyond these an effect is large: twice as far from no effect, for ratios a halving or doubling where
        the relative reduction is 0.25.
    """

    null: float
    low: float
    high: float
    far_low: float
    far_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSummary:
    """What is known about one outcome; plain numbers on the natural scale (a risk ratio, not its logarithm).

    Parameters
    ----------
    design : {"randomised", "non-randomised"}
    measure : str
        ``RR``, ``OR``, ``RD``, ``MD``, ``SMD``, …
    ratio : bool
        Whether the measure is a ratio (no effect is 1) or a difference (no effect is 0).
    k : int
        Number of studies in the estimate.
    estimate, ci_low, ci_high : float, optional
        Pooled effect with its 95% interval.
    prediction_low, prediction_high : float, optional
        95% prediction interval.
    i2, tau2 : float, optional
        I² in percent (0 to 100), and tau².
    participants, events : int, optional
    control_risk : float, optional
        Risk without the intervention, 0 to 1; needed for the thresholds of a risk difference.
    relative_reduction : float
        Relative change from which an effect is appreciable, and for which the optimal information size
        holds; between 0 and 1.
    mid, sd : float, optional
        Minimal important difference and standard deviation of a continuous outcome, in its unit.
    rob : mapping of str to str
        Overall risk of bias of each study.
    weights : mapping of str to float
        Weight of each study in the estimate, in any unit; equal weights where empty.
    null_value : float, optional
        No effect, where it is neither 1 for a ratio nor 0 for a difference.
    optimal_information_size : float, optional
        Number of participants one adequate trial would need.
    combinations_low, combinations_high : float, optional
        Lowest and highest estimate over all combinations of conflicting data.

    Raises
    ------
    DataError
        If a number is not finite or out of its range, or an interval does not hold its estimate.

    Examples
    --------
    >>> summary = EvidenceSummary(
    ...     design="randomised", measure="RR", ratio=True, k=6, estimate=0.8, ci_low=0.6, ci_high=1.1
    ... )
    >>> summary.null, summary.thresholds().low, summary.thresholds().high
    (1.0, 0.75, 1.25)
    """

    design: Design
    measure: str
    ratio: bool
    k: int
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    prediction_low: float | None = None
    prediction_high: float | None = None
    i2: float | None = None
    tau2: float | None = None
    participants: int | None = None
    events: int | None = None
    control_risk: float | None = None
    relative_reduction: float = 0.25
    mid: float | None = None
    sd: float | None = None
    rob: Mapping[str, str] = field(default_factory=_nothing)
    weights: Mapping[str, float] = field(default_factory=_no_weights)
    null_value: float | None = None
    optimal_information_size: float | None = None
    combinations_low: float | None = None
    combinations_high: float | None = None

    def __post_init__(self) -> None:
        if self.design not in get_args(Design):
            raise DataError(f"design: {self.design!r}; allowed: {', '.join(get_args(Design))}")
        self._check_ranges()
        self._check_order()

    def _check_ranges(self) -> None:
        ranges: dict[str, tuple[float | None, float, float]] = {
            "k": (self.k, 0, math.inf),
            "i2": (self.i2, 0, 100),
            "tau2": (self.tau2, 0, math.inf),
            "participants": (self.participants, 0, math.inf),
            "events": (self.events, 0, math.inf),
            "control_risk": (self.control_risk, 0, 1),
            "mid": (self.mid, 0, math.inf),
            "sd": (self.sd, 0, math.inf),
            "optimal_information_size": (self.optimal_information_size, 0, math.inf),
        }
        ranges |= {f"weights[{study}]": (weight, 0, math.inf) for study, weight in self.weights.items()}
        lowest = 0 if self.ratio else -math.inf
        for name in ("estimate", "null_value", "combinations_low", "combinations_high"):
            ranges[name] = (getattr(self, name), lowest, math.inf)
        for name, (value, low, high) in ranges.items():
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise DataError(f"{name}: {value}; allowed: finite, {low:g} to {high:g}")
        for name in ("ci_low", "ci_high", "prediction_low", "prediction_high"):
            bound = getattr(self, name)
            if bound is not None and (math.isnan(bound) or bound < lowest):
                raise DataError(f"{name}: {bound}; allowed: {lowest:g} to infinity")
        if not 0 < self.relative_reduction < 1:
            raise DataError(f"relative_reduction: {self.relative_reduction}; allowed: above 0 and below 1")
        if self.weights and sum(self.weights.values()) == 0:
            raise DataError("weights: all are 0; allowed: at least one above 0")

    def _check_order(self) -> None:
        triples = (
            ("confidence interval", self.ci_low, self.estimate, self.ci_high),
            ("prediction interval", self.prediction_low, self.estimate, self.prediction_high),
        )
        for name, low, middle, high in triples:
            if low is None or middle is None or high is None:
                continue
            if not low <= middle <= high:
                raise DataError(f"{name}: {low:g} to {high:g} does not hold the estimate {middle:g}")
        if (
            self.combinations_low is not None
            and self.combinations_high is not None
            and self.combinations_low > self.combinations_high
        ):
            raise DataError(
                f"combinations: {self.combinations_low:g} to {self.combinations_high:g}; allowed: low <= high"
            )

    @property
    def null(self) -> float:
        """No effect, on the scale of the estimate."""
        if self.null_value is not None:
            return self.null_value
        return 1.0 if self.ratio else 0.0

    @property
    def shares(self) -> Mapping[str, float]:
        """Share of the weight that each study carries; equal shares where no weights are given."""
        weights = self.weights or dict.fromkeys(self.rob, 1.0)
        total = sum(weights.values())
        return {study: weight / total for study, weight in weights.items()} if total else {}

    def thresholds(self) -> Thresholds | None:
        """Return the lines for an appreciable effect, or ``None`` where nothing says what is appreciable.

        Ratio: one minus and one plus the relative reduction (Guyatt 2011). Risk difference: that part of
        the control risk. Difference in means: the minimal important difference, else half a standard
        deviation. Standardised difference: 0.5.
        """
        null = self.null
        if self.ratio:
            reduction = self.relative_reduction
            far = 1 - 2 * reduction
            return Thresholds(
                null,
                null * (1 - reduction),
                null * (1 + reduction),
                null * max(far, 0.0),
                null / far if far > 0 else math.inf,
            )
        distance: float | None = None
        if self.measure == "RD":
            distance = None if self.control_risk is None else self.relative_reduction * self.control_risk
        elif self.measure in STANDARDISED:
            distance = APPRECIABLE_SMD
        elif self.mid is not None:
            distance = self.mid
        elif self.sd is not None:
            distance = APPRECIABLE_SMD * self.sd
        if not distance:
            return None
        return Thresholds(null, null - distance, null + distance, null - 2 * distance, null + 2 * distance)
