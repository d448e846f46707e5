"""A link, a trial with all that is linked to it, and what linking found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evergrove.model.link import LinkVerdict
from evergrove.model.vocabulary import Term

if TYPE_CHECKING:
    from evergrove.records.link_weights import Evidence
    from evergrove.records.trial_items import Entry, Report


class LinkKind(Term):
    """What a link joins."""

    REPORT = "report-to-trial"
    CROSS = "cross-registration"


@dataclass(frozen=True, slots=True)
class Link:
    """Two things that may belong to one trial, and why.

    Parameters
    ----------
    left : str
        A report's id, or a registration number.
    right : str
        A registration number; ``study:<id>`` for a study of the review.
    kind : LinkKind
    probability : float
    verdict : LinkVerdict
    evidence : tuple of Evidence
        The weightiest first.
    decided_by : str or None
        The person or review that decided, where one did.
    """

    left: str
    right: str
    kind: LinkKind
    probability: float
    verdict: LinkVerdict
    evidence: tuple[Evidence, ...]
    decided_by: str | None = None

    def __str__(self) -> str:
        told = "; ".join(f"{item.kind}: {item.says} ({item.weight:+.1f})" for item in self.evidence)
        who = f" by {self.decided_by}" if self.decided_by else f", probability {self.probability:.2f}"
        return f"{self.left} - {self.right}: {self.verdict.label}{who}: {told}"

    def to_dict(self) -> dict[str, Any]:
        """Return the link as JSON-safe data."""
        return {
            "left": self.left,
            "right": self.right,
            "kind": self.kind.value,
            "probability": round(self.probability, 4),
            "verdict": self.verdict.value,
            "decided_by": self.decided_by,
            "evidence": [item._asdict() for item in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial: its registrations and reports; a study of the review, or a candidate for one.

    Parameters
    ----------
    numbers : tuple of str
        All of its registration numbers, those with an entry in the records first.
    entries : tuple of str
        The numbers whose registry entries are in the records.
    reports : tuple of str
        Ids of the linked reports.
    possible : tuple of str
        Ids of reports that a person should look at.
    study : str or None
        The id of the review's study.
    title : str or None
    """

    numbers: tuple[str, ...]
    entries: tuple[str, ...]
    reports: tuple[str, ...]
    possible: tuple[str, ...]
    study: str | None
    title: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as JSON-safe data."""
        return {
            "study": self.study,
            "title": self.title,
            "registrations": list(self.numbers),
            "registry_entries": list(self.entries),
            "reports": list(self.reports),
            "possible_reports": list(self.possible),
        }


@dataclass(frozen=True)
class Linked:
    """What `link` found.

    Parameters
    ----------
    links : tuple of Link
        Linked, possible, and those that a person rejected.
    trials : tuple of Trial
    unlinked : tuple of str
        Ids of reports that are linked to no trial.
    entries : dict of str to Entry
    reports : dict of str to Report
    """

    links: tuple[Link, ...]
    trials: tuple[Trial, ...]
    unlinked: tuple[str, ...]
    entries: dict[str, Entry] = field(repr=False)
    reports: dict[str, Report] = field(repr=False)

    @property
    def candidates(self) -> tuple[Trial, ...]:
        """The trials that are no study of the review yet."""
        return tuple(trial for trial in self.trials if trial.study is None)

    @property
    def to_decide(self) -> tuple[Link, ...]:
        """The links that a person should look at."""
        return tuple(link for link in self.links if link.verdict is LinkVerdict.POSSIBLE)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON-safe data."""
        return {
            "trials": [trial.to_dict() for trial in self.trials],
            "links": [link.to_dict() for link in self.links],
            "unlinked_reports": [
                {"id": key, "title": self.reports[key].title, "nature": self.reports[key].nature.value}
                for key in self.unlinked
            ],
        }
