"""What a person decided, and why; decisions are only ever added."""

from __future__ import annotations

from datetime import date

from evergrove.model.base import Model, Slug, Text
from evergrove.model.vocabulary import DecisionAction


class Decision(Model):
    """A decision about one datum.

    Parameters
    ----------
    who : str
        The person or team.
    when : date
    action : DecisionAction
    study, datum : str
        What it is about.
    analysis : str, optional
        The analysis that it holds for; all analyses if missing.
    why : str
        The reason, for the page.
    """

    who: Text
    when: date
    action: DecisionAction
    study: Slug
    datum: Slug
    analysis: Slug | None = None
    why: Text
