"""Trials that are registered and have no report of their results: the evidence that is missing."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from evergrove.model.vocabulary import ReportKind, Term
from evergrove.records.trial_items import Nature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.model.study import Study
    from evergrove.records.links import Linked, Trial

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")
_NEVER_BEGAN = re.compile(r"withdrawn|cancel", re.IGNORECASE)
_STOPPED = re.compile(r"terminated|stopped|prematurely|discontinued", re.IGNORECASE)
#: The end of recruitment is not that of the trial.
_COMPLETED = re.compile(r"^(?!.*recruit).*complete", re.IGNORECASE)
_UNDER_WAY = re.compile(
    r"recruiting|enrolling|ongoing|active|not[ _]yet|pending|suspended|halted|authori[sz]ed", re.IGNORECASE
)


class TrialState(Term):
    """How far a trial without a report of results has come, as its registry says: why it is listed."""

    COMPLETED = "completed"
    STOPPED = "stopped-early"
    #: Expected to have ended by now; the registry does not say whether it did.
    OVERDUE = "end-expected-before-now"
    UNDER_WAY = "under-way"
    NEVER_BEGAN = "never-began"
    NOT_SAID = "not-said"

    @property
    def ended(self) -> bool:
        """Whether results can be asked for."""
        return self in {TrialState.COMPLETED, TrialState.STOPPED}


@dataclass(frozen=True, slots=True)
class UnpublishedTrial:
    """A registered trial without a linked report of results.

    Parameters
    ----------
    registrations : tuple of str
    study : str or None
        Of the review.
    state : TrialState
        Why it is listed.
    title, status, sponsor, enrolment, study_type : str or None
        As the registry says.
    registry_as_of : str or None
        When the registry's entry was last changed, as the record says.
    completion : str or None
        Primary completion, else completion, as far as it is known.
    completion_is : str or None
        ``"primary"`` or ``"whole"``.
    completion_expected : bool
        Whether the registry gives it as an estimate, or it lies ahead; where the registry does not say which
        it is, also where it lies behind the entry's last change, or the trial goes on.
    days_since_completion : int or None
        Whole days since then; where only month or year is known, since its last day. ``None`` where it lies
        ahead, is not known, or the trial never began.
    results_in_registry : str or None
        The date on which results were posted in the registry, or ``"yes"``.
    protocols : tuple of str
        Ids of linked reports that are no results.
    possible : tuple of str
        Ids of reports that may be of it: a person should look.
    address : str or None
    """

    registrations: tuple[str, ...]
    study: str | None
    state: TrialState
    title: str | None
    status: str | None
    sponsor: str | None
    enrolment: str | None
    study_type: str | None
    registry_as_of: str | None
    completion: str | None
    completion_is: str | None
    completion_expected: bool
    days_since_completion: int | None
    results_in_registry: str | None
    protocols: tuple[str, ...]
    possible: tuple[str, ...]
    address: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as JSON-safe data."""
        return asdict(self) | {
            "registrations": list(self.registrations),
            "protocols": list(self.protocols),
            "possible": list(self.possible),
        }


def unpublished(linked: Linked, studies: Sequence[Study], today: date) -> tuple[UnpublishedTrial, ...]:
    """Return the registered trials without a report of results, those completed longest ago first.

    Parameters
    ----------
    linked : Linked
    studies : sequence of Study
        A study of the review that has an article, preprint or abstract is published.
    today : date
    """
    published = {
        study.id
        for study in studies
        if any(report.kind is not ReportKind.REGISTRY_RECORD for report in study.reports)
    }
    found = []
    for trial in linked.trials:
        results = [key for key in trial.reports if linked.reports[key].nature is Nature.RESULTS]
        if trial.entries and not results and trial.study not in published:
            found.append(_unpublished(trial, linked, today))
    return tuple(
        sorted(
            found,
            key=lambda trial: (
                -trial.days_since_completion if trial.days_since_completion is not None else 1,
                trial.registrations,
            ),
        )
    )


def _unpublished(trial: Trial, linked: Linked, today: date) -> UnpublishedTrial:
    facts: dict[str, str] = {}
    for number in sorted(trial.entries, key=lambda number: -len(linked.entries[number].facts)):
        facts = linked.entries[number].facts | facts
    primary = facts.get("primary_completion_date")
    completion = primary or facts.get("completion_date")
    kind = facts.get("primary_completion_date_type" if primary else "completion_date_type", "")
    status = facts.get("status", "")
    began = not _NEVER_BEGAN.search(status)
    days = days_since(completion, today) if began else None
    expected = (
        kind.upper() in {"ESTIMATED", "ANTICIPATED"}
        or (began and _lies_ahead(completion, today))
        or (not kind and _untold(completion, status, facts.get("last_update")))
    )
    posted = facts.get("results_posted") or ("yes" if facts.get("has_results") == "yes" else None)
    return UnpublishedTrial(
        trial.numbers,
        trial.study,
        _state(status, days, expected=expected),
        trial.title,
        status or None,
        facts.get("sponsor"),
        facts.get("enrolment"),
        facts.get("study_type"),
        facts.get("last_update"),
        completion,
        ("primary" if primary else "whole") if completion else None,
        expected,
        days,
        posted,
        trial.reports,
        trial.possible,
        facts.get("address"),
    )


def _untold(completion: str | None, status: str, updated: str | None) -> bool:
    """Return whether a date of which the registry does not say that it is one of fact can be none."""
    if completion is None or _STOPPED.search(status) or _COMPLETED.search(status):
        return False
    return bool(_UNDER_WAY.search(status)) or (updated is not None and completion[: len(updated)] > updated)


def _state(status: str, days: int | None, *, expected: bool) -> TrialState:
    """Return how far a trial has come: what its status says goes before its dates."""
    if _NEVER_BEGAN.search(status):
        return TrialState.NEVER_BEGAN
    if _STOPPED.search(status):
        return TrialState.STOPPED
    if _COMPLETED.search(status):
        return TrialState.COMPLETED
    if days is not None:
        return TrialState.OVERDUE if expected else TrialState.COMPLETED
    return TrialState.UNDER_WAY if expected or _UNDER_WAY.search(status) else TrialState.NOT_SAID


def days_since(told: str | None, today: date) -> int | None:
    """Return the whole days since a date; from the last day of a month or year where no more is known.

    Examples
    --------
    >>> days_since("2020-12-30", date(2021, 1, 2)), days_since("2020", date(2021, 1, 2))
    (3, 2)
    >>> days_since("2021-01", date(2021, 1, 2)), days_since("soon", date(2021, 1, 2))
    (None, None)
    """
    last = _last_day(told)
    return None if last is None or last > today else (today - last).days


def _lies_ahead(told: str | None, today: date) -> bool:
    last = _last_day(told)
    return last is not None and last > today


def _last_day(told: str | None) -> date | None:
    """Return the last day that a date as far as it is known can mean; none for what is no date."""
    found = _DATE.match(told or "")
    if found is None:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        if day is not None:
            return date(year or 1, month or 1, day)
        first = date(year or 1, month or 12, 1)
    except ValueError:
        return None
    return first.replace(day=monthrange(first.year, first.month)[1])
