"""RoB 2: paths worked by hand from the published algorithms, and properties over all answers."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrove.appraisal.instrument import NO, YES, Judgement, Walk
from evergrove.appraisal.rob2 import LEVELS, ROB2, overall
from evergrove.model.vocabulary import ResponseCode

L, S, H = Judgement.LOW, Judgement.SOME_CONCERNS, Judgement.HIGH
CODES = {code.value: code for code in ResponseCode}

#: The answer that is bad for the trial, by question.
BAD = {
    "1.1": "N", "1.2": "N", "1.3": "Y",
    "2.1": "Y", "2.2": "Y", "2.3": "Y", "2.4": "Y", "2.5": "N", "2.6": "N", "2.7": "Y",
    "3.1": "N", "3.2": "N", "3.3": "Y", "3.4": "Y",
    "4.1": "Y", "4.2": "Y", "4.3": "Y", "4.4": "Y", "4.5": "Y",
    "5.1": "N", "5.2": "Y", "5.3": "Y",
}  # fmt: skip
OPPOSITE = {"Y": "N", "N": "Y"}

#: Domain, answers in the order of the questions ("." = not answered), judgement. Worked by hand from the
#: figures and tables of the full guidance of 22 August 2019.
GOLDEN = [
    ("randomisation", "Y Y N", L), ("randomisation", "NI PY NI", L), ("randomisation", "N Y N", S),
    ("randomisation", "Y Y PY", S), ("randomisation", "N Y Y", S), ("randomisation", "Y NI N", S),
    ("randomisation", "NI NI NI", S), ("randomisation", "N NI PN", S), ("randomisation", "Y NI Y", H),
    ("randomisation", "Y N N", H), ("randomisation", "NI PN NI", H),
    ("deviations", "N PN . . . Y .", L), ("deviations", "Y N N . . PY .", L),
    ("deviations", "NI N NI . . Y .", S), ("deviations", "Y Y Y N . Y .", S),
    ("deviations", "Y Y PY PY Y Y .", S), ("deviations", "Y Y Y NI Y Y .", S),
    ("deviations", "Y Y Y Y N Y .", H), ("deviations", "Y Y Y NI NI Y .", H),
    ("deviations", "N N . . . N N", S), ("deviations", "N N . . . NI PN", S),
    ("deviations", "N N . . . N Y", H), ("deviations", "N N . . . NI NI", H),
    ("deviations", "Y Y NI . . N N", S),
    ("missing-data", "Y . . .", L), ("missing-data", "N Y . .", L), ("missing-data", "NI N N .", L),
    ("missing-data", "N N Y N", S), ("missing-data", "NI N NI PN", S), ("missing-data", "N N Y Y", H),
    ("missing-data", "NI N NI NI", H), ("missing-data", "N PN PY NI", H), ("missing-data", ". . . .", H),
    ("measurement", "Y N N . .", H), ("measurement", "N Y . . .", H), ("measurement", "N N N . .", L),
    ("measurement", "NI PN NI N .", L), ("measurement", "N N Y Y N", S), ("measurement", "N N Y NI NI", H),
    ("measurement", "N NI N . .", S), ("measurement", "N NI Y N .", S), ("measurement", "N NI Y Y N", S),
    ("measurement", "PN NI NI NI Y", H),
    ("reporting", "Y N N", L), ("reporting", "PY PN PN", L), ("reporting", "N N N", S),
    ("reporting", "NI PN N", S), ("reporting", "Y NI N", S), ("reporting", "Y N NI", S),
    ("reporting", "NI NI NI", S), ("reporting", "Y Y N", H), ("reporting", "Y NI PY", H),
]  # fmt: skip


def run(domain_id: str, answers: dict[str, str]) -> Judgement:
    walk = Walk({question: CODES[answer] for question, answer in answers.items()})
    return ROB2.domain(domain_id).algorithm(walk)[0]


@pytest.mark.parametrize(("domain_id", "answers", "expected"), GOLDEN)
def test_path_of_the_published_algorithm(domain_id, answers, expected):
    questions = [question.id for question in ROB2.domain(domain_id).questions]
    given_answers = dict(zip(questions, answers.split(), strict=True))
    assert run(domain_id, {q: a for q, a in given_answers.items() if a != "."}) is expected


def test_has_every_question_once_with_the_published_number():
    ids = [question.id for domain in ROB2.domains for question in domain.questions]
    expected = [f"{d}.{n}" for d, last in enumerate((3, 7, 4, 5, 3), 1) for n in range(1, last + 1)]
    assert ids == expected == sorted(BAD)


def test_conditional_questions_are_those_of_the_tool():
    conditional = {
        question.id
        for domain in ROB2.domains
        for question in domain.questions
        if ResponseCode.NOT_APPLICABLE in question.options
    }
    assert conditional == {"2.3", "2.4", "2.5", "2.7", "3.2", "3.3", "3.4", "4.3", "4.4", "4.5"}
    without_ni = {
        question.id
        for domain in ROB2.domains
        for question in domain.questions
        if ResponseCode.NO_INFORMATION not in question.options
    }
    assert without_ni == {"3.2"}


@pytest.mark.parametrize("domain", ROB2.domains, ids=lambda domain: domain.id)
def test_every_combination_has_a_judgement_and_asks_a_question_once(domain):
    ids = [question.id for question in domain.questions]
    for answers in product(("Y", "NI", "N"), repeat=len(ids)):
        walk = Walk({question: CODES[answer] for question, answer in zip(ids, answers, strict=True)})
        judgement, why = domain.algorithm(walk)
        asked = [question for question, _ in walk.path]
        assert judgement in LEVELS
        assert why.endswith(".")
        assert set(asked) <= set(ids)
        assert len(asked) == len(set(asked))


@pytest.mark.parametrize("domain", ROB2.domains, ids=lambda domain: domain.id)
def test_a_worse_answer_never_gives_a_better_judgement(domain):
    ids = [question.id for question in domain.questions]
    for answers in product(("Y", "NI", "N"), repeat=len(ids)):
        here = dict(zip(ids, answers, strict=True))
        level = LEVELS.index(run(domain.id, here))
        for question in ids:
            ladder = [OPPOSITE[BAD[question]], "NI", BAD[question]]
            for worse in ladder[ladder.index(here[question]) + 1 :]:
                assert LEVELS.index(run(domain.id, {**here, question: worse})) >= level


@given(st.data())
def test_probably_counts_as_the_firm_answer(data):
    domain = data.draw(st.sampled_from(ROB2.domains))
    ids = [question.id for question in domain.questions]
    answers = {question: data.draw(st.sampled_from(["Y", "PY", "NI", "PN", "N"])) for question in ids}
    firm = {q: {"PY": "Y", "PN": "N"}.get(a, a) for q, a in answers.items()}
    assert run(domain.id, answers) is run(domain.id, firm)


@given(st.data())
def test_only_questions_on_the_path_matter(data):
    domain = data.draw(st.sampled_from(ROB2.domains))
    ids = [question.id for question in domain.questions]
    codes = st.sampled_from(list(ResponseCode))
    answers = {question: data.draw(codes) for question in ids}
    walk = Walk(answers)
    judgement = domain.algorithm(walk)[0]
    on_path = dict(walk.path)
    assert domain.algorithm(Walk(on_path))[0] is judgement


def test_nothing_answered_is_never_low():
    for domain in ROB2.domains:
        assert domain.algorithm(Walk({}))[0] is not L


@given(st.lists(st.sampled_from(LEVELS), min_size=5, max_size=5))
def test_overall_is_the_worst_domain(judgements):
    result, why = overall({str(number): judgement for number, judgement in enumerate(judgements)})
    assert result is max(judgements, key=LEVELS.index)
    several = judgements.count(S) > 1 and H not in judgements
    assert ("allows high" in why) is several


def test_yes_and_no_share_nothing():
    assert not YES & NO
