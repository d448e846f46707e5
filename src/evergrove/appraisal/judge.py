"""From the answers of an appraisal to its judgements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.appraisal.faults import INSTRUMENTS, appraisal_faults
from evergrove.appraisal.instrument import Domain, Judgement, Walk
from evergrove.errors import DataError
from evergrove.model.vocabulary import ResponseCode

if TYPE_CHECKING:
    from evergrove.model.appraisal import Appraisal, DomainAnswers
    from evergrove.model.vocabulary import Instrument as InstrumentName

Responses = tuple[tuple[str, ResponseCode], ...]


@dataclass(frozen=True, slots=True)
class DomainJudgement:
    """The judgement of one domain.

    Parameters
    ----------
    id, label : str
    judgement : Judgement
        What counts: the proposal, or the override.
    proposed : Judgement
        What the algorithm proposes.
    overridden : bool
    why : str
        The algorithm's reason, or the reason of the override.
    path : tuple of (str, ResponseCode)
        The questions that decided, in the order asked, with the response as it counted.
    responses : tuple of (str, ResponseCode)
        All questions of the domain. A conditional one that the algorithm does not reach is ``NA``; one that
        is always asked keeps its response, even where the judgement was settled without it.
    """

    id: str
    label: str
    judgement: Judgement
    proposed: Judgement
    overridden: bool
    why: str
    path: Responses
    responses: Responses


@dataclass(frozen=True, slots=True)
class Judged:
    """One appraised result with its judgements.

    Parameters
    ----------
    study, result : str
    instrument : evergrove.model.vocabulary.Instrument
    domains : tuple of DomainJudgement
        All domains of the instrument, in its order.
    overall : Judgement
    overall_why : str
    """

    study: str
    instrument: InstrumentName
    result: str
    domains: tuple[DomainJudgement, ...]
    overall: Judgement
    overall_why: str

    def __repr__(self) -> str:
        return f"Judged({self.study}, {self.instrument.value}: {self.overall.value})"

    def domain(self, domain_id: str) -> DomainJudgement:
        """Return the judgement of this domain.

        Raises
        ------
        KeyError
            If the instrument has no such domain.
        """
        for domain in self.domains:
            if domain.id == domain_id:
                return domain
        raise KeyError(f"{self.study}: no domain {domain_id!r}")

    def summary(self) -> str:
        """Return the judgements as text, one domain a line."""
        lines = [f"{self.study}, {self.instrument.value}: {self.overall.label}. {self.overall_why}"]
        lines += [f"  {domain.label}: {domain.judgement.label}. {domain.why}" for domain in self.domains]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Return the judgements as JSON-safe data."""
        return {
            "schema_version": 1,
            "study": self.study,
            "instrument": self.instrument.value,
            "result": self.result,
            "overall": self.overall.value,
            "overall_why": self.overall_why,
            "domains": [
                {
                    "id": domain.id,
                    "label": domain.label,
                    "judgement": domain.judgement.value,
                    "proposed": domain.proposed.value,
                    "overridden": domain.overridden,
                    "why": domain.why,
                    "path": [[question, response.value] for question, response in domain.path],
                    "responses": [[question, response.value] for question, response in domain.responses],
                }
                for domain in self.domains
            ],
        }


def _responses(domain: Domain, given: dict[str, ResponseCode], asked: dict[str, ResponseCode]) -> Responses:
    """Return the response of every question; a conditional one that was not reached is ``NA``."""
    return tuple(
        (
            question.id,
            ResponseCode.NOT_APPLICABLE
            if question.id not in asked and ResponseCode.NOT_APPLICABLE in question.options
            else asked.get(question.id, given.get(question.id, ResponseCode.NO_INFORMATION)),
        )
        for question in domain.questions
    )


def _judge_domain(domain: Domain, given: DomainAnswers | None) -> DomainJudgement:
    """Judge one domain; a domain without answers has no information on any question."""
    responses = {} if given is None else {key: answer.response for key, answer in given.answers.items()}
    walk = Walk(responses)
    proposed, why = domain.algorithm(walk)
    judgement = proposed
    if given is not None and given.override is not None:
        judgement = Judgement(given.override.judgement)
        why = given.override.why
    return DomainJudgement(
        id=domain.id,
        label=domain.label,
        judgement=judgement,
        proposed=proposed,
        overridden=given is not None and given.override is not None,
        why=why,
        path=walk.path,
        responses=_responses(domain, responses, dict(walk.path)),
    )


def judge(appraisal: Appraisal) -> Judged:
    """Judge the risk of bias of one appraised result.

    Parameters
    ----------
    appraisal : evergrove.model.Appraisal
        The answers. A question that is reached and not answered counts as no information; a question that
        is not reached is not applicable, whatever was answered.

    Returns
    -------
    Judged

    Raises
    ------
    DataError
        If a domain or question is unknown, a response is not among the options of its question, a response
        other than ``NI`` and ``NA`` has no support, or an override is not on the instrument's scale.

    Examples
    --------
    >>> from evergrove.model import Answer, Appraisal, DomainAnswers
    >>> answers = {"1.2": Answer(response="N", support="open list on the ward; trial report, methods")}
    >>> appraisal = Appraisal(
    ...     study="doe-2020",
    ...     instrument="RoB 2",
    ...     result="deaths by day 28",
    ...     assessor="A. Reader",
    ...     domains={"randomisation": DomainAnswers(answers=answers)},
    ... )
    >>> judged = judge(appraisal)
    >>> judged.domain("randomisation").judgement.value, judged.overall.value
    ('high', 'high')
    """
    instrument = INSTRUMENTS[appraisal.instrument]
    for fault in appraisal_faults(appraisal):
        raise DataError(f"appraisal of {appraisal.study}, {fault}")
    domains = tuple(_judge_domain(domain, appraisal.domains.get(domain.id)) for domain in instrument.domains)
    overall, why = instrument.overall({domain.label: domain.judgement for domain in domains})
    return Judged(
        study=appraisal.study,
        instrument=appraisal.instrument,
        result=appraisal.result,
        domains=domains,
        overall=overall,
        overall_why=why,
    )
