"""A review in the hand: open it, run its analyses, build its site."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from evergrove.appraisal import appraisal_faults, judge
from evergrove.errors import UsageError
from evergrove.figures import forest_svg
from evergrove.figures.figure import Figure
from evergrove.report.findings import Answer, Findings
from evergrove.report.plots import forest_plot
from evergrove.services.evaluate import answer, evaluate
from evergrove.services.folders import locate
from evergrove.store import read_review

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from evergrove.model import Review
    from evergrove.stats import PoolResult
    from evergrove.store.consistency import CrossFault


@dataclass(frozen=True)
class Analysed:
    """One analysis of a review, done.

    Parameters
    ----------
    answer : Answer
        Result, certainty, absolute effect and statement.
    findings : Findings
        What the figure needs of the rest of the review.
    """

    answer: Answer
    findings: Findings

    def __repr__(self) -> str:
        analysis = self.answer.result.analysis
        return f"<Analysed {analysis.id}: {self.fit or self.answer.result.main.not_pooled}>"

    @property
    def fit(self) -> PoolResult | None:
        """The pooled effect of the main designs; ``None`` where too few studies report."""
        return self.answer.result.main.fit

    def forest(self) -> Figure:
        """Return the forest plot of the main designs."""
        result = self.answer.result
        plot = forest_plot(result, result.main, self.findings)
        return Figure(forest_svg(plot), result.analysis.title)


@dataclass(frozen=True)
class OpenReview:
    """A review that was read and validated.

    Parameters
    ----------
    review : Review
    folder : Path
    """

    review: Review
    folder: Path

    def __repr__(self) -> str:
        data = sum(len(study.data) for study in self.review.studies)
        return f"<Review {self.review.id}: {len(self.review.studies)} studies, {data} data>"

    @property
    def analyses(self) -> tuple[str, ...]:
        """The ids of the protocol's analyses."""
        return tuple(analysis.id for analysis in self.review.protocol.analyses)

    @cached_property
    def findings(self) -> Findings:
        """Everything that the site shows, computed once."""
        return evaluate(self.review)

    def analyse(self, analysis_id: str) -> Analysed:
        """Run one analysis of the protocol.

        Parameters
        ----------
        analysis_id : str
            See ``analyses``.

        Returns
        -------
        Analysed

        Raises
        ------
        UsageError
            If the protocol has no such analysis.
        """
        for analysis in self.review.protocol.analyses:
            if analysis.id == analysis_id:
                judged = {item.study: judge(item) for item in self.review.appraisals}
                overall = {study: item.overall.value for study, item in judged.items()}
                done = answer(self.review, analysis, overall)
                return Analysed(done, Findings(self.review, (done,), judged, ()))
        raise UsageError(f"no analysis {analysis_id!r}; allowed: {', '.join(self.analyses)}")


def open_review(review: str | Path, progress: Callable[[int, int], None] | None = None) -> OpenReview:
    """Open a review folder, or a shipped review by its name.

    Parameters
    ----------
    review : str or Path
        A folder with ``review.yaml``, or ``"msc-ards"``.
    progress : callable, optional
        Called with the number of files read and their total.

    Returns
    -------
    OpenReview

    Raises
    ------
    UsageError
        If there is no such review.
    ReviewFolderError
        If anything in the folder cannot be right; the error lists every fault with its place.

    Examples
    --------
    >>> open_review("msc-ards").analyse("mortality-28d").fit.k
    12
    """
    folder = locate(review)
    return OpenReview(read_review(folder, progress, _of_appraisals), folder)


def _of_appraisals(review: Review) -> Iterator[CrossFault]:
    """Yield the answers that the instruments do not allow, with their places."""
    for appraisal in review.appraisals:
        for fault in appraisal_faults(appraisal):
            file = f"appraisals/{appraisal.study}.yaml"
            yield file, fault.path, fault.found, fault.problem, fault.allowed
