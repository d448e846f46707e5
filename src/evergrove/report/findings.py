"""Everything that a site shows: the review, its results, appraisals, certainty and checked claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from evergrove.appraisal import Certainty, Judged
    from evergrove.claims import ClaimResult
    from evergrove.model import Review
    from evergrove.model.record import FoundRecords
    from evergrove.records.unpublished import UnpublishedTrial
    from evergrove.stats import AbsoluteEffect
    from evergrove.synthesis import AnalysisResult


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of one analysis: its result, what it means in patients, and how sure it is.

    Parameters
    ----------
    result : AnalysisResult
    certainty : Certainty, optional
        For the main analyses.
    absolute : AbsoluteEffect, optional
        Per 1000 patients, for pooled ratios.
    statement : str
        One sentence whose verb follows from the certainty by rule; empty where nothing was pooled.
    """

    result: AnalysisResult
    certainty: Certainty | None
    absolute: AbsoluteEffect | None
    statement: str


@dataclass(frozen=True, slots=True)
class Unpublished:
    """Trials of which the review holds a registry entry and no report of results.

    Parameters
    ----------
    trials : tuple of UnpublishedTrial
        Those completed longest ago first.
    until : date
        The day to which days are counted: that of the last import or search, not that of the build.
    titles : mapping of str to str
        Titles of the reports that may be of one of them, by id.
    """

    trials: tuple[UnpublishedTrial, ...]
    until: date
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Findings:
    """A review, evaluated.

    Parameters
    ----------
    review : Review
    answers : tuple of Answer
        One per analysis of the protocol, in its order.
    judged : mapping of study id to Judged
        Risk of bias of the appraised studies.
    claims : tuple of ClaimResult
    found : FoundRecords, optional
        Records imported and merged, where the review holds any.
    unpublished : Unpublished, optional
        Where the review holds registry entries.
    """

    review: Review
    answers: tuple[Answer, ...]
    judged: Mapping[str, Judged]
    claims: tuple[ClaimResult, ...]
    found: FoundRecords | None = None
    unpublished: Unpublished | None = None

    @property
    def main_answers(self) -> tuple[Answer, ...]:
        """The answers that the review is about."""
        return tuple(answer for answer in self.answers if answer.result.analysis.main)

    def answer(self, analysis_id: str) -> Answer:
        """Return the answer of one analysis.

        Raises
        ------
        KeyError
            If the protocol has no such analysis.
        """
        for answer in self.answers:
            if answer.result.analysis.id == analysis_id:
                return answer
        raise KeyError(analysis_id)
