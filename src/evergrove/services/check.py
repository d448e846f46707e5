"""Check a review: what cannot be right is a fault; what a reader should know is a remark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.model.vocabulary import DesignType, Verdict
from evergrove.services.evaluate import evaluate
from evergrove.services.review import open_review

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from evergrove.model import Review
    from evergrove.report.findings import Findings
    from evergrove.synthesis import Option

_APPRAISED = frozenset({DesignType.RANDOMISED, DesignType.NON_RANDOMISED, DesignType.CASE_SERIES})


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know about a review that is not a fault.

    Parameters
    ----------
    code : str
        ``conflict``, ``not-seen``, ``not-appraised``, ``not-pooled``, ``claim``.
    where : str
        What it is about.
    message : str
    """

    code: str
    where: str
    message: str

    def to_dict(self) -> dict[str, str]:
        """Return the remark as JSON-safe data."""
        return {"code": self.code, "where": self.where, "message": self.message}


@dataclass(frozen=True, slots=True)
class Checked:
    """A review without faults, and the remarks on it."""

    review: Review
    remarks: tuple[Remark, ...]


def check(review: str | Path, progress: Callable[[str, int, int], None] | None = None) -> Checked:
    """Validate a review folder and look through its results.

    Parameters
    ----------
    review : str or Path
        A folder, or the name of a shipped review.
    progress : callable, optional
        Called with the stage, the number of steps done and their total.

    Returns
    -------
    Checked

    Raises
    ------
    UsageError
        If there is no such review.
    ReviewFolderError
        If there are faults; all of them are listed.
    """
    reading = None if progress is None else lambda done, total: progress("Reading", done, total)
    analysing = None if progress is None else lambda done, total: progress("Analysing", done, total)
    opened = open_review(review, reading)
    findings = evaluate(opened.review, progress=analysing)
    return Checked(opened.review, tuple(_remarks(findings)))


def _remarks(findings: Findings) -> Iterator[Remark]:
    yield from _about_results(findings)
    for study in findings.review.studies:
        unseen = [datum.id for datum in study.data if not datum.seen]
        if unseen:
            yield Remark("not-seen", study.id, f"{len(unseen)} of {len(study.data)} data hold no number")
        if study.design.type in _APPRAISED and study.id not in findings.judged:
            yield Remark("not-appraised", study.id, "no appraisal of the risk of bias")
    for claim in findings.claims:
        if claim.verdict is not Verdict.SUPPORTED:
            yield Remark("claim", claim.claim.id, f"{claim.verdict.label}: {claim.claim.statement}")


def _with_id(option: Option) -> str:
    """Return a way to enter a study, with the id by which a decision names its datum."""
    return option.label if option.datum is None else f"{option.label} [{option.datum.id}]"


def _about_results(findings: Findings) -> Iterator[Remark]:
    for answer in findings.answers:
        result = answer.result
        for pooled in (result.main, result.beside):
            for choice in pooled.choices if pooled is not None else ():
                if choice.conflict:
                    ways = "; ".join(map(_with_id, choice.conflict))
                    yield Remark(
                        "conflict", f"{result.analysis.id}: {choice.name}", f"sources disagree: {ways}"
                    )
        if result.main.fit is None:
            yield Remark("not-pooled", result.analysis.id, result.main.not_pooled)
