"""Answers to the signalling questions of a risk-of-bias instrument."""

from __future__ import annotations

from evergrove.model.base import Model, Slug, Text
from evergrove.model.vocabulary import Instrument, ResponseCode

Response = ResponseCode


class Answer(Model):
    """One answer with the fact that supports it.

    Parameters
    ----------
    response : ResponseCode
        ``NI`` where no fact was seen; never a guess.
    support : str, optional
        The fact, with where it was read; needed for every answer but ``NI`` and ``NA``.
    """

    response: ResponseCode
    support: Text | None = None


class Override(Model):
    """A judgement that departs from the algorithm's proposal, with the reason."""

    judgement: Text
    why: Text


class DomainAnswers(Model):
    """The answers of one domain, keyed by question number such as ``"1.1"``."""

    answers: dict[Text, Answer]
    override: Override | None = None


class Appraisal(Model):
    """One study appraised with one instrument for one result."""

    study: Slug
    instrument: Instrument
    result: Text
    assessor: Text
    domains: dict[Slug, DomainAnswers]
    note: Text | None = None
