"""The posted results of one registry entry, and how a candidate of them gets its id, place and raw form."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evergrove.model.candidate import Candidate, CandidatePart, ValueKind
from evergrove.sources.clinicaltrials_study import ADDRESS
from evergrove.sources.json_values import inside, paired, text_at

if TYPE_CHECKING:
    from evergrove.model.record import Record
    from evergrove.sources.json_records import Json

#: Longest remark or short text of a candidate.
SHORT = 1000


@dataclass(frozen=True, slots=True)
class EntryResults:
    """What all candidates of an entry share.

    Parameters
    ----------
    record : str
        Id of the record.
    registration : str
    posted : str or None
        Day on which results were first posted.
    results : dict
        The entry's results section.
    """

    record: str
    registration: str
    posted: str | None
    results: Json

    @classmethod
    def of(cls, record: Record, study: Json) -> EntryResults | None:
        """Return the results of an entry, ``None`` where none are posted or it has no number."""
        results = inside(study, "resultsSection")
        if not isinstance(results, dict) or not results or not record.registrations:
            return None
        posted = text_at(study, "protocolSection", "statusModule", "resultsFirstPostDateStruct", "date")
        return cls(record.id, record.registrations[0], posted, results)

    def candidate(
        self,
        part: CandidatePart,
        kind: ValueKind,
        locator: str,
        raw: Json,
        **values: Any,  # noqa: ANN401
    ) -> Candidate:
        """Return a candidate with its id.

        Parameters
        ----------
        part : CandidatePart
        kind : ValueKind
        locator : str
            The place in the entry.
        raw : dict
            That part of the entry.
        **values
            The other fields of `Candidate`.
        """
        text = paired(json.dumps(raw, ensure_ascii=False, sort_keys=True))
        key = "\0".join((self.registration, part.value, locator, str(values.get("row")), text))
        return Candidate(
            id=hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:12],
            registration=self.registration,
            record=self.record,
            part=part,
            kind=kind,
            url=f"{ADDRESS}{self.registration}",
            locator=locator,
            posted=self.posted,
            raw=text,
            **values,
        )


def located(what: str, frame: str | None, row: str | None = None) -> str:
    """Return the place of a candidate in its entry.

    Examples
    --------
    >>> located("outcome 2", "31 days"), located("adverse events, deaths", None)
    ('registry, outcome 2, time frame "31 days"', 'registry, adverse events, deaths')
    """
    parts = ["registry", what]
    if row:
        parts.append(f'row "{row}"')
    if frame:
        parts.append(f'time frame "{frame}"')
    return ", ".join(parts)
