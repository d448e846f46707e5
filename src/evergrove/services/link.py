"""Link: the reports and registry entries of a review become studies; a person's decisions go before."""

from __future__ import annotations

import getpass
import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from evergrove.errors import UsageError
from evergrove.model.faults import first_refused
from evergrove.model.link import LinkAction, LinkDecision, is_record_id
from evergrove.model.merge import Relation
from evergrove.records.decisions import standing as merges_standing
from evergrove.records.linking import Works, link
from evergrove.records.trial_numbers import number_key
from evergrove.records.unpublished import UnpublishedTrial, unpublished
from evergrove.services.folders import locate, locate_own
from evergrove.services.kept_list import LISTS, Listed, list_key
from evergrove.sources.registration_numbers import registry_of
from evergrove.store import read_review
from evergrove.store.links import add_link_decision, read_link_decisions, standing
from evergrove.store.lock import changing
from evergrove.store.merges import read_merges
from evergrove.store.records import known_ids, read_records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from evergrove.model.study import Study
    from evergrove.records.links import Linked

    Progress = Callable[[str, int, int], None]

#: Relations of reports that tell of the same trial.
_SAME_WORK = frozenset(
    {
        Relation.PREPRINT,
        Relation.CONFERENCE,
        Relation.CORRECTION,
        Relation.TRANSLATION,
        Relation.VERSION,
        Relation.SAME_WORK,
    }
)


@dataclass(frozen=True)
class LinkRun:
    """What linking a review found.

    Parameters
    ----------
    linked : Linked
    unpublished : tuple of UnpublishedTrial
    today : date
        From which the days since completion are counted.
    """

    linked: Linked
    unpublished: tuple[UnpublishedTrial, ...]
    today: date

    @property
    def listed(self) -> Listed:
        """The list of trials without a report, with the titles of the reports that may be of one of them."""
        possible = sorted({key for trial in self.unpublished for key in trial.possible})
        titles = {key: self.linked.reports[key].title or "no title" for key in possible}
        return Listed(self.unpublished, titles)

    def to_dict(self) -> dict[str, Any]:
        """Return the run as JSON-safe data."""
        return self.linked.to_dict() | {
            "today": self.today.isoformat(),
            "unpublished": [trial.to_dict() for trial in self.unpublished],
        }


def link_review(review: str | Path, progress: Progress | None = None, today: date | None = None) -> LinkRun:
    """Link the records of a review.

    Parameters
    ----------
    review : str or Path
        A review folder, or the name of a shipped review.
    progress : callable, optional
        Called with the stage, what is done and the total.
    today : date, optional
        By default the date of the computer, in UTC.

    Returns
    -------
    LinkRun
        Nothing is written: links follow from the records and from the decisions in ``records/links.jsonl``.

    Raises
    ------
    UsageError
        For a review that is not there.
    ReviewFolderError
        For a record, study or decision that cannot be read.
    """
    folder = locate(review)
    return link_records(folder, read_review(folder).studies, progress, today)


def link_records(
    folder: Path, studies: Sequence[Study], progress: Progress | None = None, today: date | None = None
) -> LinkRun:
    """Link the records of a review whose studies are read already; see `link_review`.

    The list of trials without a report is kept for the next build of the site.
    """
    day = today or datetime.now(UTC).date()
    key = list_key(folder, studies, day)
    decisions = standing(read_link_decisions(folder))
    found = link(read_records(folder), studies, decisions, _works(folder), progress)
    run = LinkRun(found, unpublished(found, studies, day), day)
    # Reading takes no lock: what changed meanwhile must not be kept under the content of before.
    if list_key(folder, studies, day) == key:
        LISTS.keep(key, run.listed)
    return run


def _works(folder: Path) -> Works:
    """Return which records are one report, and which reports are of one work, as far as is known."""
    events = read_merges(folder)
    if not events:
        return Works({}, ())
    held = merges_standing(events)
    groups = held.groups(sorted(known_ids(folder)))
    merged = {key: group[0] for group in groups if len(group) > 1 for key in group}
    relatives = [
        (*event.records, event.relation.label)
        for event in held.holds.values()
        if event.relation in _SAME_WORK and event.records not in held.apart
    ]
    return Works(merged, relatives)


def decide(
    review: str | Path, action: LinkAction, items: tuple[str, str], who: str | None, why: str | None
) -> LinkDecision:
    """Accept or reject a link.

    Parameters
    ----------
    review : str or Path
    action : LinkAction
        `ACCEPT` or `REJECT`.
    items : two str
        A report's record id or a registration number, each; at most one report.
    who : str or None
        By default the name of the account.
    why : str or None

    Returns
    -------
    LinkDecision
        It stands in ``records/links.jsonl`` now; an earlier one about the same two is history.

    Raises
    ------
    UsageError
        For a review or record that is not there, a number that is none, two reports, twice the same, or no
        reason.
    """
    folder = locate_own(review)
    one, two = sorted(_item(folder, action, text) for text in items)
    if one == two:
        raise UsageError(f"--{action.value}: found {one} twice; allowed: two different ones; name the other")
    records = [item for item in (one, two) if is_record_id(item)]
    if len(records) > 1:
        raise UsageError(
            f"--{action.value}: found two records, {one} and {two}; allowed: at most one; name a "
            "registration number of the trial"
        )
    if records and records[0] not in known_ids(folder):
        raise UsageError(
            f"--{action.value}: no record {records[0]} in {folder}; 'evergrove link' names the ids of reports"
        )
    with changing(folder, f"link --{action.value}"):
        return _add(folder, action, (one, two), who, why)


def undo(review: str | Path, decision_id: str, who: str | None, why: str | None) -> LinkDecision:
    """Take a decision back: what the evidence says holds again.

    Parameters
    ----------
    review : str or Path
    decision_id : str
    who, why : str or None

    Returns
    -------
    LinkDecision
        The undoing; nothing is removed.

    Raises
    ------
    UsageError
        For a review or decision that is not there, or one that is taken back already.
    """
    folder = locate_own(review)
    with changing(folder, "link --undo"):
        return _undo(folder, decision_id, who, why)


def _undo(folder: Path, decision_id: str, who: str | None, why: str | None) -> LinkDecision:
    decisions = read_link_decisions(folder)
    undone = {decision.undoes for decision in decisions}
    able = {
        decision.id: decision
        for decision in decisions
        if decision.action is not LinkAction.UNDO and decision.id not in undone
    }
    if decision_id not in able:
        allowed = ", ".join(able) or "none is there"
        raise UsageError(f"--undo: no decision {decision_id!r} to take back; allowed: {allowed}")
    return _add(folder, LinkAction.UNDO, able[decision_id].items, who, why, undoes=decision_id)


def _item(folder: Path, action: LinkAction, text: str) -> str:
    """Return a record's id or a number in its one form; one of no registry must stand in the review."""
    plain = text.strip()
    if is_record_id(plain.lower()):
        return plain.lower()
    number = number_key(plain)
    if registry_of(number) is None and number not in _own_numbers(folder):
        raise UsageError(
            f"--{action.value}: found {plain!r}; allowed: the id of a report, a registry's number such as "
            "NCT04355728, or another number that a study or record of the review has; correct it"
        )
    return number


def _own_numbers(folder: Path) -> set[str]:
    told = [study.registrations for study in read_review(folder).studies]
    told += [record.registrations for record in read_records(folder)]
    return {number_key(number) for numbers in told for number in numbers}


def _add(
    folder: Path,
    action: LinkAction,
    items: tuple[str, str],
    who: str | None,
    why: str | None,
    *,
    undoes: str | None = None,
) -> LinkDecision:
    if not (why or "").strip():
        raise UsageError(f"--why is missing for --{action.value}; say the reason in a sentence")
    when = datetime.now(UTC)
    person = (who or "").strip() or getpass.getuser()
    text = "\0".join((when.isoformat(), person, action.value, *items))
    key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    try:
        decision = LinkDecision(
            id=key,
            when=when.replace(microsecond=0),
            who=person,
            action=action,
            items=items,
            why=(why or "").strip(),
            undoes=undoes,
        )
    except ValidationError as error:
        raise UsageError(str(first_refused(error))) from None
    add_link_decision(folder, decision)
    return decision


__all__ = ["LinkRun", "decide", "link_records", "link_review", "undo"]
