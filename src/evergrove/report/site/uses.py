"""What the analyses make of each study and of each of its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.report.findings import Findings
    from evergrove.synthesis import AnalysisResult
    from evergrove.synthesis.choice import Choice, Option
    from evergrove.synthesis.result import PooledSet


@dataclass(frozen=True, slots=True)
class Use:
    """How one analysis treats one datum.

    Parameters
    ----------
    analysis, title : str
    chosen : bool
        Whether the study enters with this datum.
    why : str
        Why it was chosen, or why not.
    """

    analysis: str
    title: str
    chosen: bool
    why: str


@dataclass(frozen=True, slots=True)
class Role:
    """What one analysis makes of one study.

    Parameters
    ----------
    analysis, title : str
    status : str
        "pooled", "shown, not pooled" or "left out".
    datum : str, optional
        The chosen datum.
    shown : str
        Its numbers in a line.
    why : str
    conflict : tuple of Option
        All ways to enter the study where sources disagree.
    """

    analysis: str
    title: str
    status: str
    datum: str | None
    shown: str
    why: str
    conflict: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class StudyUses:
    """Everything that the analyses make of one study; ``data`` maps the id of a datum to its uses."""

    roles: tuple[Role, ...]
    data: Mapping[str, tuple[Use, ...]]


def uses_by_study(findings: Findings) -> dict[str, StudyUses]:
    """Return what the analyses make of each study of the review."""
    roles: dict[str, list[Role]] = {study.id: [] for study in findings.review.studies}
    data: dict[str, dict[str, list[Use]]] = {study.id: {} for study in findings.review.studies}
    for answer in findings.answers:
        result = answer.result
        for pooled_set in (result.main, result.beside):
            if pooled_set is None:
                continue
            for choice in pooled_set.choices:
                roles[choice.study].append(_role(result, pooled_set, choice))
                for datum, use in _uses(result, choice):
                    data[choice.study].setdefault(datum, []).append(use)
        for item in result.left_out:
            if item.step == "eligibility":
                roles[item.study].append(
                    Role(result.analysis.id, result.analysis.title, "left out", None, "", item.why)
                )
    return {
        study: StudyUses(tuple(roles[study]), {datum: tuple(uses) for datum, uses in data[study].items()})
        for study in roles
    }


def _role(result: AnalysisResult, pooled_set: PooledSet, choice: Choice) -> Role:
    analysis = result.analysis
    effect = next((item for item in pooled_set.effects if item.study == choice.study), None)
    datum = None if choice.chosen is None or choice.chosen.datum is None else choice.chosen.datum.id
    if effect is None:
        return Role(analysis.id, analysis.title, "shown, not pooled", datum, "", choice.why, choice.conflict)
    shown = effect.numbers.describe()
    pooled = any(item.study == choice.study for item in pooled_set.pooled)
    if pooled_set.fit is None:
        why = f"nothing was pooled: {pooled_set.not_pooled}"
        return Role(analysis.id, analysis.title, "shown, not pooled", datum, shown, why, choice.conflict)
    if not pooled:
        return Role(
            analysis.id, analysis.title, "shown, not pooled", datum, shown, effect.why_not, choice.conflict
        )
    return Role(analysis.id, analysis.title, "pooled", datum, shown, choice.why, choice.conflict)


def _uses(result: AnalysisResult, choice: Choice) -> list[tuple[str, Use]]:
    analysis = result.analysis
    found = []
    if choice.chosen is not None and choice.chosen.datum is not None:
        found.append((choice.chosen.datum.id, Use(analysis.id, analysis.title, True, choice.why)))
    found += [(rival.datum.id, Use(analysis.id, analysis.title, False, rival.why)) for rival in choice.rivals]
    return found
