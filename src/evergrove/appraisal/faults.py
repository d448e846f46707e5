"""What an appraisal holds that its instrument does not allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.appraisal.rob2 import ROB2
from evergrove.appraisal.robins_i import ROBINS_I
from evergrove.model.vocabulary import Instrument as InstrumentName
from evergrove.model.vocabulary import ResponseCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.appraisal.instrument import Domain, Instrument
    from evergrove.model.appraisal import Appraisal, DomainAnswers

#: The instruments by their name in files.
INSTRUMENTS: dict[InstrumentName, Instrument] = {
    InstrumentName.ROB2: ROB2,
    InstrumentName.ROBINS_I: ROBINS_I,
}

#: Responses that need no support.
WITHOUT_SUPPORT = frozenset({ResponseCode.NO_INFORMATION, ResponseCode.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class AppraisalFault:
    """An answer that the instrument does not allow.

    Parameters
    ----------
    path : tuple of str
        Its place in the appraisal.
    found : str
    problem, allowed : str
    """

    path: tuple[str, ...]
    found: str
    problem: str
    allowed: str

    def __str__(self) -> str:
        _, domain, *below = self.path
        part = "".join(f", {name}" for name in below[:1])
        if below[:1] == ["answers"]:
            part = f", question {below[1]!r}"
        return f"domain {domain!r}{part}: {self.problem}; allowed: {self.allowed}"


def appraisal_faults(appraisal: Appraisal) -> Iterator[AppraisalFault]:
    """Yield every answer and override that the instrument does not allow.

    Parameters
    ----------
    appraisal : evergrove.model.Appraisal

    Yields
    ------
    AppraisalFault
    """
    instrument = INSTRUMENTS[appraisal.instrument]
    known = {domain.id: domain for domain in instrument.domains}
    for domain_id, given in appraisal.domains.items():
        place = ("domains", domain_id)
        if domain_id not in known:
            problem = f"{instrument.name.value} has no such domain"
            yield AppraisalFault(place, repr(domain_id), problem, ", ".join(known))
            continue
        yield from _answer_faults(known[domain_id], given, (*place, "answers"))
        yield from _override_faults(instrument, given, (*place, "override"))


def _answer_faults(domain: Domain, given: DomainAnswers, at: tuple[str, ...]) -> Iterator[AppraisalFault]:
    known = {question.id: question for question in domain.questions}
    for question_id, answer in given.answers.items():
        place, response = (*at, question_id), answer.response
        if question_id not in known:
            yield AppraisalFault(place, repr(question_id), "no such question", ", ".join(known))
            continue
        options = known[question_id].options
        if response not in options:
            allowed = f"{', '.join(options)}; leave the question out where nothing was seen"
            problem = f"{response.value} is no response to it"
            yield AppraisalFault((*place, "response"), repr(response.value), problem, allowed)
        elif response not in WITHOUT_SUPPORT and not (answer.support or "").strip():
            allowed = "a fact with where it was read, or NI where no fact was seen"
            problem = f"{response.value} has no support"
            yield AppraisalFault((*place, "support"), repr(answer.support or ""), problem, allowed)


def _override_faults(
    instrument: Instrument, given: DomainAnswers, at: tuple[str, ...]
) -> Iterator[AppraisalFault]:
    if given.override is None:
        return
    judgement = given.override.judgement
    if judgement not in instrument.judgements:
        problem = f"{judgement!r} is no judgement of {instrument.name.value}"
        yield AppraisalFault((*at, "judgement"), repr(judgement), problem, ", ".join(instrument.judgements))
    if not given.override.why.strip():
        yield AppraisalFault(
            (*at, "why"), repr(given.override.why), "no reason given", "the reason in a sentence"
        )
