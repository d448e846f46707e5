"""Protocol and data in, results out: which datum is used and why, effect sizes, models, conflicts."""

from __future__ import annotations

from evergrove.synthesis.analyse import analyse
from evergrove.synthesis.choice import Choice, Option, Rival, choose
from evergrove.synthesis.effects import StudyEffect, study_effects
from evergrove.synthesis.eligibility import Eligible, LeftOut, eligible_studies
from evergrove.synthesis.numbers import ArmNumbers, Numbers, PrintedEffect
from evergrove.synthesis.result import (
    AnalysisResult,
    Combination,
    PooledSet,
    SensitivityResult,
    Subgroup,
    SubgroupResult,
)

__all__ = [
    "AnalysisResult",
    "ArmNumbers",
    "Choice",
    "Combination",
    "Eligible",
    "LeftOut",
    "Numbers",
    "Option",
    "PooledSet",
    "PrintedEffect",
    "Rival",
    "SensitivityResult",
    "StudyEffect",
    "Subgroup",
    "SubgroupResult",
    "analyse",
    "choose",
    "eligible_studies",
    "study_effects",
]
