"""The page of the trials that are registered and have no report of results: the evidence that is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.records.unpublished import TrialState
from evergrove.report.numerals import count
from evergrove.report.site.page import Crumb, Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.records.unpublished import UnpublishedTrial
    from evergrove.report.findings import Findings

#: Days within which the FDA's final rule (42 CFR 11) and the joint statement of the WHO want results posted.
A_YEAR = 365


@dataclass(frozen=True, slots=True)
class MissingRow:
    """A trial, in the words of the table; what the registry does not say is None."""

    trial: UnpublishedTrial
    status: str | None
    completion: str | None
    days: str | None
    possible: tuple[str, ...]


def unpublished_pages(findings: Findings) -> tuple[Page, ...]:
    """Return the page; none where the review holds no registry entry."""
    missing = findings.unpublished
    if missing is None:
        return ()
    trials = missing.trials
    overdue = [
        trial
        for trial in trials
        if trial.state.ended
        and (trial.days_since_completion or 0) > A_YEAR
        and trial.results_in_registry is None
    ]
    page = Page(
        path="unpublished.html",
        template="unpublished.html",
        title="Registered, not published",
        description=f"{len(trials)} registered trials of which no report of results was found.",
        section="methods.html",
        crumbs=(Crumb("Methods", "methods.html"),),
        context={
            "rows": tuple(_row(trial, missing.titles) for trial in trials),
            "until": missing.until,
            "overdue": len(overdue),
            "untold": sum(trial.state is TrialState.OVERDUE for trial in trials),
            "posted": sum(trial.results_in_registry is not None for trial in trials),
            "names": {study.id: study.name for study in findings.review.studies},
        },
    )
    return (page,)


def _row(trial: UnpublishedTrial, titles: Mapping[str, str]) -> MissingRow:
    completion = trial.completion
    if completion is not None:
        marks = ["primary"] if trial.completion_is == "primary" else []
        marks += ["expected"] if trial.completion_expected else []
        completion += f" ({', '.join(marks)})" if marks else ""
    days = trial.days_since_completion
    return MissingRow(
        trial,
        None if trial.status is None else trial.status.lower().replace("_", " "),
        completion,
        None if days is None else count(days),
        tuple(titles[key] for key in trial.possible),
    )
