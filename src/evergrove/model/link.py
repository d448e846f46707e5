"""What a person decided about two things of one trial: linked or not; decisions are only ever added."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AwareDatetime, StringConstraints, model_validator

from evergrove.model.base import Label, Model, Text, fault
from evergrove.model.vocabulary import Term

LinkDecisionId = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{10}$")]
_RECORD = re.compile(r"[0-9a-f]{24}")


class LinkVerdict(Term):
    """Whether two things belong to one trial."""

    LINKED = "linked"
    #: A person has to look.
    POSSIBLE = "possible"
    NOT = "not-linked"


class LinkAction(Term):
    """What a person decided of a link."""

    ACCEPT = "accept"
    REJECT = "reject"
    #: Take an earlier decision back: what the evidence says holds again.
    UNDO = "undo"


class LinkDecision(Model):
    """One decision of a person about a link, or the undoing of one.

    Parameters
    ----------
    id : str
        10 hexadecimal digits, by which it is undone.
    when : datetime
    who : str
    action : LinkAction
    items : two texts, sorted
        A record's id (of a report) or a registration number, each.
    why : str
    undoes : str, optional
        The id of the decision that is taken back; for `UNDO` only.
    """

    id: LinkDecisionId
    when: AwareDatetime
    who: Label
    action: LinkAction
    items: tuple[Label, Label]
    why: Text
    undoes: LinkDecisionId | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.items[0] >= self.items[1]:
            raise fault(
                f"the items are {' and '.join(self.items)}", "two different ones, sorted", at=("items",)
            )
        if (self.undoes is None) == (self.action is LinkAction.UNDO):
            raise fault(
                "an undoing names the decision it takes back, others none", "both or neither", at=("undoes",)
            )
        return self


def is_record_id(item: str) -> bool:
    """Return whether an item of a decision is a record's id; else it is a registration number.

    Examples
    --------
    >>> is_record_id("61552fd6efd8f3b4a1f2218e"), is_record_id("NCT04355728")
    (True, False)
    """
    return _RECORD.fullmatch(item) is not None


__all__ = ["LinkAction", "LinkDecision", "LinkDecisionId", "LinkVerdict", "is_record_id"]
