"""All candidate data of a registry entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.extraction.adverse_events import adverse_event_candidates
from evergrove.extraction.entry_results import EntryResults
from evergrove.extraction.outcome_tables import outcome_candidates
from evergrove.extraction.registry_form import study_in

if TYPE_CHECKING:
    from evergrove.model.candidate import Candidate
    from evergrove.model.record import Record


def candidates_in(record: Record) -> tuple[Candidate, ...]:
    """Return the candidate data that a registry entry posts: adverse events first, then the outcomes.

    Parameters
    ----------
    record : Record

    Returns
    -------
    tuple of Candidate
        Each once; nothing for a record without posted results.
    """
    study = study_in(record)
    entry = EntryResults.of(record, study) if study is not None else None
    if entry is None:
        return ()
    found = [*adverse_event_candidates(entry), *outcome_candidates(entry)]
    return tuple({candidate.id: candidate for candidate in found}.values())
