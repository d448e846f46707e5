"""Candidate data of a review: found in its registry records, listed, accepted or rejected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evergrove.errors import UsageError
from evergrove.extraction.acceptance import Chosen, Unclear, datum_of
from evergrove.extraction.candidates import candidates_in
from evergrove.model import Review, Study
from evergrove.model.candidate import Candidate, CandidateAction, CandidateDecision, CandidatePart
from evergrove.services.folders import locate, locate_own
from evergrove.store import read_review, study_text
from evergrove.store.candidates import (
    add_candidate_decision,
    add_candidates,
    read_candidate_decisions,
    read_candidates,
)
from evergrove.store.consistency import cross_faults
from evergrove.store.lock import changing
from evergrove.store.records import read_records
from evergrove.store.write import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from evergrove.model.datum import Datum


@dataclass(frozen=True, slots=True)
class Listed:
    """A candidate and the latest decision about it."""

    candidate: Candidate
    decision: CandidateDecision | None

    @property
    def state(self) -> str:
        """Whether it is open, accepted or rejected."""
        if self.decision is None:
            return "open"
        return "accepted" if self.decision.action is CandidateAction.ACCEPT else "rejected"


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a decision: the datum that was added or was there, or why there is none."""

    decision: CandidateDecision
    added: bool
    message: str


def find_candidates(review: str | Path) -> int:
    """Look for candidate data in the records of a review that are not stored yet.

    Parameters
    ----------
    review : str or Path
        A review folder.

    Returns
    -------
    int
        How many were added to ``records/candidates.jsonl``.
    """
    folder = locate_own(review)
    with changing(folder, "candidates"):
        return _find(folder)


def _find(folder: Path) -> int:
    known = {candidate.id for candidate in read_candidates(folder)}

    def new() -> Iterator[Candidate]:
        for record in read_records(folder):
            for candidate in candidates_in(record):
                if candidate.id not in known:
                    known.add(candidate.id)
                    yield candidate

    return add_candidates(folder, new())


def list_candidates(
    review: str | Path, registrations: Sequence[str] = (), parts: Sequence[str] = ()
) -> tuple[Listed, ...]:
    """Return the stored candidates of a review with what was decided of each.

    Parameters
    ----------
    review : str or Path
    registrations : sequence of str
        Only of these entries; all where none is named.
    parts : sequence of str
        Only these parts of the results.

    Raises
    ------
    UsageError
        For a part that there is not, or a registration without candidates.
    """
    allowed = [part.value for part in CandidatePart]
    if unknown := [part for part in parts if part not in allowed]:
        raise UsageError(f"--part: found {unknown[0]!r}; allowed: {', '.join(allowed)}")
    folder = locate(review)
    decided = {decision.candidate: decision for decision in read_candidate_decisions(folder)}
    wanted = {registration.strip().upper() for registration in registrations}
    listed: list[Listed] = []
    seen: set[str] = set()
    for candidate in read_candidates(folder):
        seen.add(candidate.registration)
        if wanted and candidate.registration.upper() not in wanted:
            continue
        if not parts or candidate.part.value in parts:
            listed.append(Listed(candidate, decided.get(candidate.id)))
    if missing := sorted(wanted - {number.upper() for number in seen}):
        raise UsageError(
            f"--registration {missing[0]}: no posted results of it are among the records; import its entry "
            f"from ClinicalTrials.gov; with candidates: {', '.join(sorted(seen)[:20]) or 'none'}"
        )
    return tuple(listed)


def decide(
    review: str | Path,
    candidate_id: str,
    *,
    accept: bool,
    who: str,
    why: str,
    chosen: Chosen | None = None,
) -> Decided:
    """Accept or reject a candidate; an accepted one becomes a datum where nothing is left to choose.

    Parameters
    ----------
    review : str or Path
    candidate_id : str
        Its id, or a beginning of it that no other candidate has.
    accept : bool
        Whether it is accepted; else it is rejected.
    who, why : str
    chosen : Chosen, optional
        Outcome, arms and day, where they are not clear.

    Returns
    -------
    Decided
        The decision is recorded; the message says what became of it and what is left to do.

    Raises
    ------
    UsageError
        For an id that none or several candidates have, a missing name or reason, or an outcome, group or arm
        that there is not; nothing is recorded then.
    ReviewFolderError
        For a review with faults.
    """
    if not who.strip() or not why.strip():
        raise UsageError("a decision needs a name (--who) and a reason (--why)")
    folder = locate_own(review)
    with changing(folder, "candidates"):
        return _decide(folder, candidate_id, accept=accept, who=who, why=why, chosen=chosen or Chosen())


def _decide(folder: Path, candidate_id: str, *, accept: bool, who: str, why: str, chosen: Chosen) -> Decided:
    held = read_review(folder)
    candidate = _candidate(folder, candidate_id)
    today = datetime.now(UTC).date()
    study_id = datum_id = None
    added = False
    message = "rejected"
    action = CandidateAction.ACCEPT if accept else CandidateAction.REJECT
    if accept:
        study_id, datum_id, added, message = _accept(folder, held, candidate, chosen, who)
    decision = CandidateDecision(
        candidate=candidate.id, who=who, when=today, action=action, why=why, study=study_id, datum=datum_id
    )
    add_candidate_decision(folder, decision)
    return Decided(decision, added, message)


def _candidate(folder: Path, candidate_id: str) -> Candidate:
    found = [item for item in read_candidates(folder) if candidate_id and item.id.startswith(candidate_id)]
    if len({item.id for item in found}) != 1:
        what = "no candidate has" if not found else f"{len(found)} candidates have"
        raise UsageError(f"{what} the id {candidate_id!r}; 'evergrove candidates' lists them all")
    return found[0]


def _accept(
    folder: Path, review: Review, candidate: Candidate, chosen: Chosen, who: str
) -> tuple[str | None, str | None, bool, str]:
    """Return study, datum, whether it was added, and what became of the candidate."""
    studies = [study for study in review.studies if candidate.registration in study.registrations]
    if len(studies) != 1:
        told = "no study has" if not studies else f"{len(studies)} studies have"
        return None, None, False, (
            f"accepted, no datum yet: {told} the registration {candidate.registration}; name it in the "
            "registrations of one file in studies/ and accept again"
        )  # fmt: skip
    study = studies[0]
    today = datetime.now(UTC).date()
    datum = datum_of(candidate, study, review.protocol.outcomes, chosen, who=who, on=today)
    if isinstance(datum, Unclear):
        return study.id, None, False, f"accepted, no datum yet: {datum.reason}"
    same = _same(study, datum)
    if same is not None:
        return study.id, same, False, f"accepted: {study.id} holds these numbers already as datum {same}"
    return study.id, *_add(folder, review, study, datum)


def _same(study: Study, datum: Datum) -> str | None:
    """Return the datum of the registry that holds the same numbers for the same outcome, if there is one."""
    for held in study.data:
        days = {held.time.day, datum.time.day} - {None}
        if (
            len(days) < 2
            and held.provenance.source_type is datum.provenance.source_type
            and (held.outcome, held.kind, held.qualifier) == (datum.outcome, datum.kind, datum.qualifier)
            and held.values == datum.values
        ):
            return held.id
    return None


def _add(folder: Path, review: Review, study: Study, datum: Datum) -> tuple[str | None, bool, str]:
    """Write the datum into its study's file, if the review then holds and nothing of the file is lost."""
    path = folder / "studies" / f"{study.id}.yaml"
    if path.read_text(encoding="utf-8") != study_text(study):
        return None, False, (
            f"accepted, no datum yet: studies/{study.id}.yaml holds comments or a layout that writing would "
            f"lose; add datum {datum.id!r} by hand"
        )  # fmt: skip
    with_datum = Study.model_validate({**dict(study), "data": (*study.data, datum)})
    others = tuple(item for item in review.studies if item.id != study.id)
    changed = review.model_copy(update={"studies": (*others, with_datum)})
    faults = list(cross_faults(changed, frozenset()))
    if faults:
        _, _, found, problem, allowed = faults[0]
        return None, False, f"accepted, no datum yet: {problem} (found {found}; allowed: {allowed})"
    write_whole(path, study_text(with_datum))
    return datum.id, True, f"accepted: datum {datum.id} added to studies/{study.id}.yaml"


__all__ = ["Chosen", "Decided", "Listed", "decide", "find_candidates", "list_candidates"]
