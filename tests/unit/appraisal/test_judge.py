"""From an appraisal to its judgements: overrides, what counts, and what is refused."""

from __future__ import annotations

import json

import pytest

from evergrove.appraisal import INSTRUMENTS, Judgement, judge
from evergrove.errors import DataError
from evergrove.model import Answer, Appraisal, DomainAnswers
from evergrove.model.appraisal import Override
from evergrove.model.vocabulary import Instrument, ResponseCode


def appraisal(domains: dict[str, DomainAnswers], instrument: str = "RoB 2") -> Appraisal:
    return Appraisal(
        study="doe-2020",
        instrument=instrument,
        result="deaths by day 28",
        assessor="A. Reader",
        domains=domains,
    )


def answers(**given: str) -> DomainAnswers:
    return DomainAnswers(
        answers={
            name[1:].replace("_", "."): Answer(
                response=response, support=None if response in {"NI", "NA"} else "as the report says, p. 3"
            )
            for name, response in given.items()
        }
    )


def test_reads_domains_in_the_order_of_the_instrument():
    judged = judge(
        appraisal({"reporting": answers(q5_1="Y", q5_2="N", q5_3="N"), "missing-data": answers(q3_1="Y")})
    )
    assert [domain.id for domain in judged.domains] == [d.id for d in INSTRUMENTS[Instrument.ROB2].domains]
    assert judged.domain("missing-data").judgement is Judgement.LOW
    assert judged.domain("reporting").judgement is Judgement.LOW
    assert judged.domain("randomisation").judgement is Judgement.SOME_CONCERNS


def test_conditional_questions_not_reached_are_na_and_others_keep_their_response():
    judged = judge(
        appraisal({"missing-data": answers(q3_1="Y", q3_4="Y"), "randomisation": answers(q1_1="Y", q1_2="N")})
    )
    missing = judged.domain("missing-data")
    assert missing.path == (("3.1", ResponseCode.YES),)
    assert dict(missing.responses)["3.4"] is ResponseCode.NOT_APPLICABLE
    randomisation = judged.domain("randomisation")
    assert [question for question, _ in randomisation.path] == ["1.2"]
    assert dict(randomisation.responses)["1.1"] is ResponseCode.YES
    assert dict(randomisation.responses)["1.3"] is ResponseCode.NO_INFORMATION


def test_na_on_a_question_that_is_reached_counts_as_no_information():
    judged = judge(appraisal({"deviations": answers(q2_1="Y", q2_2="Y", q2_3="NA", q2_6="Y")}))
    assert dict(judged.domain("deviations").path)["2.3"] is ResponseCode.NO_INFORMATION
    assert judged.domain("deviations").judgement is Judgement.SOME_CONCERNS


def test_override_replaces_the_proposal_and_shows_it():
    domain = DomainAnswers(
        answers={"3.1": Answer(response="Y", support="as the report says, p. 3")},
        override=Override(judgement="high", why="Half of the deaths were found later."),
    )
    judged = judge(appraisal({"missing-data": domain}))
    missing = judged.domain("missing-data")
    assert (missing.judgement, missing.proposed, missing.overridden) == (Judgement.HIGH, Judgement.LOW, True)
    assert missing.why == "Half of the deaths were found later."
    assert judged.overall is Judgement.HIGH


@pytest.mark.parametrize(
    ("domains", "instrument", "parts"),
    [
        ({"blinding": answers()}, "RoB 2", ["doe-2020", "blinding", "randomisation, deviations"]),
        (
            {"randomisation": answers(q9_9="Y")},
            "RoB 2",
            ["doe-2020", "randomisation", "9.9", "1.1, 1.2, 1.3"],
        ),
        ({"randomisation": answers(q1_1="NA")}, "RoB 2", ["'1.1'", "NA is no response", "Y, PY, PN, N, NI"]),
        ({"missing-data": answers(q3_2="NI")}, "RoB 2", ["'3.2'", "Y, PY, PN, N, NA"]),
        ({"confounding": answers(q1_1="NI")}, "ROBINS-I", ["'1.1'", "Y, PY, PN, N"]),
        ({"confounding": answers()}, "RoB 2", ["RoB 2 has no such domain"]),
    ],
)
def test_refuses_what_the_instrument_does_not_know(domains, instrument, parts):
    with pytest.raises(DataError) as caught:
        judge(appraisal(domains, instrument))
    assert all(part in str(caught.value) for part in parts)


@pytest.mark.parametrize("support", [None, "", "   "])
def test_refuses_a_response_without_support(support):
    domain = DomainAnswers(answers={"1.1": Answer(response="PY", support=support)})
    with pytest.raises(DataError, match=r"doe-2020.*randomisation.*1\.1.*PY has no support; allowed: a fact"):
        judge(appraisal({"randomisation": domain}))


@pytest.mark.parametrize(("judgement", "why"), [("serious", "it is"), ("HIGH", "it is"), ("high", " ")])
def test_refuses_an_override_off_the_scale_or_without_reason(judgement, why):
    domain = DomainAnswers(answers={}, override=Override(judgement=judgement, why=why))
    with pytest.raises(DataError, match=r"doe-2020.*randomisation.*override"):
        judge(appraisal({"randomisation": domain}))


def test_result_prints_and_serialises():
    judged = judge(appraisal({}, "ROBINS-I"))
    assert repr(judged) == "Judged(doe-2020, ROBINS-I: no-information)"
    assert judged.summary().count("\n") == 7
    data = json.loads(json.dumps(judged.to_dict()))
    assert data["schema_version"] == 1
    assert data["domains"][0]["path"] == [["1.1", "NI"]]
    with pytest.raises(KeyError):
        judged.domain("randomisation")


def test_lookups_name_what_is_missing():
    instrument = INSTRUMENTS[Instrument.ROB2]
    assert instrument.domain("reporting").question("5.1").id == "5.1"
    with pytest.raises(KeyError):
        instrument.domain("reporting").question("1.1")
    with pytest.raises(KeyError):
        instrument.domain("confounding")
