"""What an analysis gives: the four steps, and all that was computed around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove._version import __version__
from evergrove.synthesis.diagnostics import NOT_LOOKED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evergrove.model import Analysis, Comparison, Outcome, PoolingModel
    from evergrove.model.analysis import Sensitivity, SubgroupBy
    from evergrove.stats import (
        EggerTest,
        Estimate,
        InfluenceDiagnostics,
        LeaveOneOut,
        PoolResult,
        RankTest,
        RegressionTest,
        SubgroupTest,
        TrimAndFill,
    )
    from evergrove.synthesis.choice import Choice
    from evergrove.synthesis.diagnostics import Looked
    from evergrove.synthesis.effects import StudyEffect
    from evergrove.synthesis.eligibility import LeftOut

SCHEMA_VERSION = 1


def natural(fit: PoolResult, effects: Sequence[StudyEffect]) -> Estimate:
    """Return a fit of these effects on its natural scale.

    Freeman-Tukey proportions go back by the sizes of the studies.
    """
    return fit.natural(n=sizes(effects))


def sizes(effects: Sequence[StudyEffect]) -> NDArray[np.float64]:
    """Return the patients of the intervention arms."""
    sides = [effect.numbers.experimental for effect in effects]
    return np.array([side.n for side in sides if side is not None], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class SensitivityResult:
    """The analysis done in another way; without a fit where that cannot be, with the reason."""

    spec: Sensitivity
    measure: str
    fit: PoolResult | None
    k: int
    left_out: tuple[str, ...]
    why_not: str = ""
    effects: tuple[StudyEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class Subgroup:
    """The studies of one group and their pooled effect; ``tested`` groups enter the test between groups."""

    label: str
    effects: tuple[StudyEffect, ...]
    fit: PoolResult | None
    tested: bool


@dataclass(frozen=True, slots=True)
class SubgroupResult:
    """All groups of one property, with the test between them where it can be made."""

    by: SubgroupBy
    title: str
    groups: tuple[Subgroup, ...]
    test: SubgroupTest | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Combination:
    """The pooled effect under one way to settle every conflict between sources."""

    options: tuple[tuple[str, str], ...]
    fit: PoolResult | None
    main: bool
    why_not: str = ""
    effects: tuple[StudyEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class PooledSet:
    """The studies of one group of designs, taken through all steps.

    Parameters
    ----------
    label : str
        "Randomised controlled trials", …
    randomised : bool
    choices : tuple of Choice
        Step 2, for every study that holds anything of the outcome.
    effects : tuple of StudyEffect
        Step 3.
    fit : PoolResult, optional
        Step 4; missing where too few studies report.
    not_pooled : str
        Why nothing was pooled.
    pooled : tuple of StudyEffect
        The effects in the fit, in the order of its weights.
    leave_one_out : LeaveOneOut, optional
    asymmetry, missing, influence : Looked
        Small-study effects; the studies that a symmetric funnel would have; residuals and influence.
    subgroups, sensitivity, combinations : tuples
    """

    label: str
    randomised: bool
    choices: tuple[Choice, ...]
    effects: tuple[StudyEffect, ...]
    pooled: tuple[StudyEffect, ...]
    fit: PoolResult | None
    not_pooled: str = ""
    leave_one_out: LeaveOneOut | None = None
    asymmetry: Looked[EggerTest | RegressionTest | RankTest] = NOT_LOOKED
    missing: Looked[TrimAndFill] = NOT_LOOKED
    influence: Looked[InfluenceDiagnostics] = NOT_LOOKED
    subgroups: tuple[SubgroupResult, ...] = ()
    sensitivity: tuple[SensitivityResult, ...] = ()
    combinations: tuple[Combination, ...] = ()

    @property
    def shares(self) -> dict[str, float]:
        """Each pooled study's share of the weight; empty where nothing was pooled, or by a model without."""
        if self.fit is None or np.isnan(self.fit.weights).any():
            return {}
        shares = map(float, self.fit.weights)
        return dict(zip((item.study for item in self.pooled), shares, strict=True))

    @property
    def counted(self) -> tuple[StudyEffect, ...]:
        """The pooled studies that say something of the effect: not those of no weight, without any event."""
        if self.fit is None:
            return self.pooled
        return tuple(item for item, weight in zip(self.pooled, self.fit.weights, strict=True) if weight != 0)

    @property
    def participants(self) -> int | None:
        """Patients in the counted studies; missing where one of them printed only a contrast."""
        sides = [(item.numbers.experimental, item.numbers.control) for item in self.counted]
        if any(one is None for one, _ in sides):
            return None
        return round(sum(side.n for pair in sides for side in pair if side is not None))

    @property
    def known_participants(self) -> int:
        """Patients of the counted studies; where only a contrast was printed, by the datum's arm sizes."""
        total = 0.0
        for item in self.counted:
            if item.numbers.printed is not None:
                total += sum(value.n or 0 for value in item.datum.values.values())
            else:
                total += sum(
                    side.n for side in (item.numbers.experimental, item.numbers.control) if side is not None
                )
        return round(total)

    @property
    def events(self) -> int | None:
        """Patients with the event in the counted studies, where all give counts."""
        if any(item.numbers.printed is not None for item in self.counted):
            return None
        sides = [
            side
            for item in self.counted
            for side in (item.numbers.experimental, item.numbers.control)
            if side is not None
        ]
        if not sides or any(side.events is None for side in sides):
            return None
        return round(sum(side.events or 0.0 for side in sides))

    @property
    def control_risk(self) -> float | None:
        """Share of all control patients with the event, over the studies that give counts.

        Studies without any event count here: they say nothing of the ratio, but much of the risk.
        """
        controls = [item.numbers.control for item in self.effects if item.numbers.control is not None]
        counted = [side for side in controls if side.events is not None]
        patients = sum(side.n for side in counted)
        return sum(side.events or 0.0 for side in counted) / patients if patients else None

    @property
    def range_over_combinations(self) -> tuple[float, float] | None:
        """Lowest and highest pooled estimate over all combinations, on the natural scale."""
        fitted = [(item.fit, item.effects) for item in self.combinations if item.fit is not None]
        estimates = [natural(fit, effects).estimate for fit, effects in fitted]
        return (min(estimates), max(estimates)) if estimates else None

    @property
    def combinations_without_null(self) -> int:
        """Number of combinations whose confidence interval excludes no effect."""
        fits = [item.fit for item in self.combinations if item.fit is not None]
        return sum(not fit.ci_low <= 0.0 <= fit.ci_high for fit in fits)


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """An analysis of the protocol, done.

    Parameters
    ----------
    analysis, outcome, comparison : models
    left_out : tuple of LeftOut
        Step 1.
    main : PooledSet
    beside : PooledSet, optional
        Other designs, never pooled with the main ones.
    """

    analysis: Analysis
    outcome: Outcome
    comparison: Comparison
    left_out: tuple[LeftOut, ...]
    main: PooledSet
    beside: PooledSet | None
    schema_version: int = SCHEMA_VERSION
    software_version: str = __version__

    @property
    def pooling(self) -> PoolingModel:
        """The model of the main result."""
        return self.analysis.pooling
