"""What a risk-of-bias instrument is: domains with signalling questions, and an algorithm for each domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.model.vocabulary import ResponseCode, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evergrove.model.vocabulary import Instrument as InstrumentName


class Judgement(Term):
    """A judgement of the risk of bias; RoB 2 and ROBINS-I use different parts of the list."""

    LOW = "low"
    SOME_CONCERNS = "some-concerns"
    MODERATE = "moderate"
    HIGH = "high"
    SERIOUS = "serious"
    CRITICAL = "critical"
    NO_INFORMATION = "no-information"


YES = frozenset({ResponseCode.YES, ResponseCode.PROBABLY_YES})
NO = frozenset({ResponseCode.NO, ResponseCode.PROBABLY_NO})

#: Options of a question that is always asked.
ALWAYS = (
    ResponseCode.YES,
    ResponseCode.PROBABLY_YES,
    ResponseCode.PROBABLY_NO,
    ResponseCode.NO,
    ResponseCode.NO_INFORMATION,
)
#: Options of a question that depends on an earlier answer.
CONDITIONAL = (*ALWAYS, ResponseCode.NOT_APPLICABLE)
#: The few questions for which the instrument offers no "no information".
ALWAYS_WITHOUT_NI = ALWAYS[:4]
CONDITIONAL_WITHOUT_NI = (*ALWAYS_WITHOUT_NI, ResponseCode.NOT_APPLICABLE)


class Walk:
    """One way through a domain's questions: answers a question and remembers that it was asked.

    Parameters
    ----------
    responses : mapping of str to ResponseCode
        The given responses. A question that the algorithm reaches and that has no response, or ``NA``,
        counts as no information.

    Examples
    --------
    >>> walk = Walk({"1.1": ResponseCode.YES})
    >>> walk("1.1") in YES, walk("1.2").value
    (True, 'NI')
    >>> [(question, response.value) for question, response in walk.path]
    [('1.1', 'Y'), ('1.2', 'NI')]
    """

    def __init__(self, responses: Mapping[str, ResponseCode]) -> None:
        self._responses = responses
        self._asked: dict[str, ResponseCode] = {}

    def __call__(self, question: str) -> ResponseCode:
        """Return the response as it counts: ``Y``, ``PY``, ``PN``, ``N`` or ``NI``."""
        response = self._responses.get(question, ResponseCode.NO_INFORMATION)
        if response is ResponseCode.NOT_APPLICABLE:
            response = ResponseCode.NO_INFORMATION
        self._asked[question] = response
        return response

    @property
    def path(self) -> tuple[tuple[str, ResponseCode], ...]:
        """The questions asked so far, in order, each with the response as it counted."""
        return tuple(self._asked.items())


#: What an algorithm returns: the judgement and the reason in a sentence.
Proposal = tuple[Judgement, str]


@dataclass(frozen=True, slots=True)
class Question:
    """A signalling question.

    Parameters
    ----------
    id : str
        Number in the instrument, such as ``"1.1"``.
    text : str
        What is asked, in words of this project.
    options : tuple of ResponseCode
        The responses that may be given.
    """

    id: str
    text: str
    options: tuple[ResponseCode, ...] = ALWAYS


@dataclass(frozen=True, slots=True)
class Domain:
    """One kind of bias.

    Parameters
    ----------
    id, label : str
        Name in files, and name on a page.
    questions : tuple of Question
    algorithm : callable
        Takes a :class:`Walk`, returns a judgement and why.
    """

    id: str
    label: str
    questions: tuple[Question, ...]
    algorithm: Callable[[Walk], Proposal]

    def question(self, question_id: str) -> Question:
        """Return the question with this number.

        Raises
        ------
        KeyError
            If the domain has no such question.
        """
        for question in self.questions:
            if question.id == question_id:
                return question
        raise KeyError(question_id)


@dataclass(frozen=True, slots=True)
class Instrument:
    """A risk-of-bias instrument.

    Parameters
    ----------
    name : evergrove.model.vocabulary.Instrument
    title, version, citation : str
    judgements : tuple of Judgement
        What a domain may be judged, from best to worst.
    domains : tuple of Domain
    overall : callable
        From the labels and judgements of the domains to the overall judgement and why.
    """

    name: InstrumentName
    title: str
    version: str
    citation: str
    judgements: tuple[Judgement, ...]
    domains: tuple[Domain, ...]
    overall: Callable[[Mapping[str, Judgement]], Proposal]

    def domain(self, domain_id: str) -> Domain:
        """Return the domain with this id.

        Raises
        ------
        KeyError
            If the instrument has no such domain.
        """
        for domain in self.domains:
            if domain.id == domain_id:
                return domain
        raise KeyError(domain_id)
