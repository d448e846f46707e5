"""What was decided about two records: one publication, not, or not yet clear; only ever added to."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, StringConstraints, model_validator

from evergrove.model.base import Model, Text, fault
from evergrove.model.record import RecordId
from evergrove.model.vocabulary import Term

MergeId = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{10}$")]
#: Who decided where no person did.
RULES = "rules"


class PairVerdict(Term):
    """Whether two records are one publication."""

    DUPLICATE = "duplicate"
    NOT = "not"
    UNCERTAIN = "uncertain"


class Relation(Term):
    """How two records belong together that are not one publication."""

    PREPRINT = "preprint"
    CONFERENCE = "conference-abstract"
    CORRECTION = "correction"
    RETRACTION = "retraction-notice"
    REPLY = "reply-or-comment"
    TRANSLATION = "translation"
    SERIES = "part-of-a-series"
    VERSION = "version"
    SAME_WORK = "other-report-of-the-same-work"


class MergeEvent(Model):
    """One decision about two records, or the undoing of one.

    Parameters
    ----------
    id : str
        10 hexadecimal digits, by which it is undone.
    when : datetime
    who : str
        The person, or ``rules``.
    records : two ids, sorted
    verdict : PairVerdict
    relation : Relation, optional
        How they belong together where they are not one publication.
    rule : str, optional
        The rule that decided, where no person did.
    agreed, near, differed, missing : tuple of str
        The fields that agree, are alike, contradict, or stand in one record only.
    why : str
        The reason, in a sentence.
    undoes : str, optional
        The decision that this one takes back.
    """

    id: MergeId
    when: AwareDatetime
    who: Text
    records: tuple[RecordId, RecordId]
    verdict: PairVerdict
    relation: Relation | None = None
    rule: Text | None = None
    agreed: tuple[Text, ...] = ()
    near: tuple[Text, ...] = ()
    differed: tuple[Text, ...] = ()
    missing: tuple[Text, ...] = ()
    why: Text
    undoes: MergeId | None = None

    @model_validator(mode="after")
    def _sorted(self) -> MergeEvent:
        if self.records[0] >= self.records[1]:
            raise fault(
                f"the records are {' and '.join(self.records)}", "two different ids, sorted", at=("records",)
            )
        return self

    @property
    def by_person(self) -> bool:
        """Whether a person decided."""
        return self.who != RULES


__all__ = ["RULES", "MergeEvent", "MergeId", "PairVerdict", "Relation"]
