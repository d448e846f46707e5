"""GRADE: the certainty of the evidence for one outcome.

Randomised trials start high. Non-randomised studies start low, unless every one of them was appraised
with ROBINS-I: then they start high too and are rated down by their risk of bias (GRADE guidelines 18,
Schünemann 2019, J Clin Epidemiol 111:105). Core GRADE (Guyatt 2025, BMJ 389:e083864) starts them low; both
are current, and both end low or very low for studies at serious risk of confounding.

Rating up (large effect, dose response, residual confounding) is not computed and has no place in the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.appraisal import certainty_rules as rules
from evergrove.appraisal.evidence import EvidenceSummary, Thresholds
from evergrove.appraisal.instrument import Judgement
from evergrove.appraisal.robins_i import ROBINS_I
from evergrove.errors import DataError
from evergrove.model.vocabulary import CertaintyDomain, CertaintyLevel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.model.analysis import CertaintyJudgement

#: From high to very low.
LEVELS = (CertaintyLevel.HIGH, CertaintyLevel.MODERATE, CertaintyLevel.LOW, CertaintyLevel.VERY_LOW)


@dataclass(frozen=True, slots=True)
class CertaintyStep:
    """What one domain takes off the certainty.

    Parameters
    ----------
    domain : CertaintyDomain
    steps : int
        Levels down, 0 to 3.
    computed : bool
        Whether a rule decided, not a person.
    reason : str
    who : str, optional
        Who judged, where a person did.
    computed_steps : int, optional
        What the rule would take off, where a person decided otherwise or the same.
    """

    domain: CertaintyDomain
    steps: int
    computed: bool
    reason: str
    who: str | None = None
    computed_steps: int | None = None


@dataclass(frozen=True, slots=True)
class Certainty:
    """The certainty of the evidence for one outcome.

    Parameters
    ----------
    level : CertaintyLevel or None
        ``None`` where there is nothing to grade.
    start : CertaintyLevel or None
    steps : tuple of CertaintyStep
        One for each of GRADE's five domains.
    reason : str
        Why the evidence starts where it does, or why there is nothing to grade.
    """

    level: CertaintyLevel | None
    start: CertaintyLevel | None
    steps: tuple[CertaintyStep, ...]
    reason: str

    def __repr__(self) -> str:
        return f"Certainty({self.level.value if self.level else 'not gradable'})"

    def step(self, domain: CertaintyDomain) -> CertaintyStep:
        """Return the step of a domain.

        Raises
        ------
        KeyError
            If nothing was graded.
        """
        for step in self.steps:
            if step.domain is domain:
                return step
        raise KeyError(domain)

    def summary(self) -> str:
        """Return the rating as text, one domain a line."""
        head = f"{self.level.label} certainty" if self.level else "not gradable"
        lines = [f"{head}. {self.reason}"]
        for step in self.steps:
            down = "no step" if step.steps == 0 else f"down {step.steps}"
            by = f" [judged by {step.who}]" if step.who else ""
            lines.append(f"  {step.domain.label}: {down}. {step.reason}{by}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Return the rating as JSON-safe data."""
        return {
            "schema_version": 1,
            "level": self.level.value if self.level else None,
            "start": self.start.value if self.start else None,
            "reason": self.reason,
            "steps": [
                {
                    "domain": step.domain.value,
                    "steps": step.steps,
                    "computed": step.computed,
                    "reason": step.reason,
                    "who": step.who,
                    "computed_steps": step.computed_steps,
                }
                for step in self.steps
            ],
        }


def _start(summary: EvidenceSummary) -> tuple[CertaintyLevel, str]:
    """Return where the evidence starts, and why."""
    if summary.design == "randomised":
        return CertaintyLevel.HIGH, "Randomised trials start high."
    studies = summary.weights or summary.rob
    scale = {judgement.value for judgement in ROBINS_I.judgements}
    if studies and all(summary.rob.get(study) in scale for study in studies):
        return (
            CertaintyLevel.HIGH,
            "Non-randomised studies appraised with ROBINS-I start high and are rated down by their bias.",
        )
    return CertaintyLevel.LOW, "Non-randomised studies start low; not all were appraised with ROBINS-I."


def _computed(summary: EvidenceSummary, *, start_is_low: bool) -> dict[CertaintyDomain, rules.Step]:
    """Return the computed step of each domain that numbers can decide."""
    return {
        CertaintyDomain.RISK_OF_BIAS: rules.risk_of_bias(summary, start_is_low=start_is_low),
        CertaintyDomain.INCONSISTENCY: rules.inconsistency(summary),
        CertaintyDomain.IMPRECISION: rules.imprecision(summary),
        CertaintyDomain.PUBLICATION_BIAS: rules.publication_bias(summary),
    }


def _step(
    domain: CertaintyDomain, computed: rules.Step | None, judgement: CertaintyJudgement | None
) -> CertaintyStep:
    """Return the step that counts for a domain."""
    if judgement is not None:
        rule = None if computed is None else computed[0]
        return CertaintyStep(domain, judgement.steps, False, judgement.why, judgement.who, rule)
    if computed is None:
        return CertaintyStep(domain, 0, False, "Nobody has judged this; no step is taken.")
    return CertaintyStep(domain, computed[0], True, computed[1], None, computed[0])


def grade(summary: EvidenceSummary, judgements: Sequence[CertaintyJudgement] = ()) -> Certainty:
    """Rate the certainty of the evidence for one outcome.

    Parameters
    ----------
    summary : EvidenceSummary
    judgements : sequence of CertaintyJudgement
        Judgements of persons for this analysis. A judgement replaces the computed step of its domain, and
        is the only way to a step for indirectness and publication bias; of several for a domain the last
        counts.

    Returns
    -------
    Certainty

    Raises
    ------
    DataError
        If the judgements belong to several analyses, or a study carries weight but is judged in words
        that no instrument uses.

    Examples
    --------
    >>> summary = EvidenceSummary(
    ...     design="randomised",
    ...     measure="RR",
    ...     ratio=True,
    ...     k=3,
    ...     estimate=0.8,
    ...     ci_low=0.5,
    ...     ci_high=1.2,
    ...     i2=0.0,
    ...     rob={"a": "low", "b": "low", "c": "high"},
    ...     weights={"a": 50, "b": 40, "c": 10},
    ... )
    >>> grade(summary).level.value
    'moderate'
    >>> print(grade(summary).step(CertaintyDomain.IMPRECISION).reason)
    The 95 % confidence interval (0.50 to 1.20) includes no effect and an appreciable effect (beyond 0.75).
    """
    analyses = sorted({judgement.analysis for judgement in judgements})
    if len(analyses) > 1:
        raise DataError(f"judgements of several analyses: {', '.join(analyses)}; allowed: those of one")
    words = {judgement.value for judgement in Judgement}
    for study, judgement in summary.rob.items():
        if judgement not in words:
            raise DataError(f"risk of bias of {study}: {judgement!r}; allowed: {', '.join(sorted(words))}")
    if summary.k == 0:
        return Certainty(None, None, (), "Not gradable: no usable data.")
    if summary.estimate is None:
        return Certainty(None, None, (), f"Not gradable: {summary.k} studies, but no estimate.")
    start, reason = _start(summary)
    computed = _computed(summary, start_is_low=start is CertaintyLevel.LOW)
    latest = {judgement.domain: judgement for judgement in judgements}
    steps = tuple(_step(domain, computed.get(domain), latest.get(domain)) for domain in CertaintyDomain)
    down = LEVELS.index(start) + sum(step.steps for step in steps)
    return Certainty(LEVELS[min(down, len(LEVELS) - 1)], start, steps, reason)


__all__ = ["LEVELS", "Certainty", "CertaintyStep", "EvidenceSummary", "Thresholds", "grade"]
