"""ROBINS-I: paths worked by hand from the tables of 2016, and properties over all answers."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrove.appraisal.instrument import Judgement, Walk
from evergrove.appraisal.robins_i import LEVELS, ROBINS_I, overall
from evergrove.model.vocabulary import ResponseCode

L, M, S, C, NI = LEVELS[0], LEVELS[1], LEVELS[2], LEVELS[3], Judgement.NO_INFORMATION
CODES = {code.value: code for code in ResponseCode}

#: The answer that is bad for the study; questions that only choose the way (1.2, 1.3) have none.
BAD = {
    "1.1": "Y", "1.4": "N", "1.5": "N", "1.6": "Y", "1.7": "N", "1.8": "N",
    "2.1": "Y", "2.2": "Y", "2.3": "Y", "2.4": "N", "2.5": "N",
    "3.1": "N", "3.2": "N", "3.3": "Y", "4.1": "Y", "4.2": "Y",
    "5.1": "N", "5.2": "Y", "5.3": "Y", "5.4": "N", "5.5": "N",
    "6.1": "Y", "6.2": "Y", "6.3": "N", "6.4": "Y", "7.1": "Y", "7.2": "Y", "7.3": "Y",
}  # fmt: skip
LADDER = {"Y": ["N", "PN", "PY", "Y"], "N": ["Y", "PY", "PN", "N"]}

GOLDEN = [
    ("confounding", "N . . . . . . .", L), ("confounding", "PN . . . . . . .", L),
    ("confounding", "Y N . Y Y N . .", M), ("confounding", "Y N . N . . . .", S),
    ("confounding", "Y N . Y N . . .", S), ("confounding", "Y N . Y Y Y . .", S),
    ("confounding", "Y NI . NI . . . .", NI), ("confounding", "Y N . Y NI N . .", NI),
    ("confounding", "Y Y N N . . Y Y", S), ("confounding", "Y Y Y N . . Y Y", M),
    ("confounding", "PY Y Y . . . N .", S), ("confounding", "Y Y Y . . . Y N", S),
    ("confounding", ". . . . . . . .", NI),
    ("selection", "N . . Y .", L), ("selection", "Y N . Y .", L), ("selection", "Y Y N Y .", L),
    ("selection", "Y Y Y Y Y", M), ("selection", "N . . N PY", M), ("selection", "Y Y Y Y N", S),
    ("selection", "N . . N N", S), ("selection", "N . . N NI", S), ("selection", "NI . . Y .", NI),
    ("selection", "N . . NI .", NI), ("selection", "NI . . N N", S),
    ("classification", "Y Y N", L), ("classification", "Y N PN", M), ("classification", "N Y N", S),
    ("classification", "Y Y PY", S), ("classification", "NI Y N", NI), ("classification", "Y NI N", NI),
    ("deviations", "N .", L), ("deviations", "Y N", L), ("deviations", "Y PN", M), ("deviations", "Y Y", S),
    ("deviations", "NI .", NI), ("deviations", "PY NI", NI),
    ("missing-data", "Y N N . .", L), ("missing-data", "Y NI NI . .", L), ("missing-data", "N N N Y N", L),
    ("missing-data", "N N N N Y", L), ("missing-data", "N N N PN N", M), ("missing-data", "N N N N N", S),
    ("missing-data", "Y Y N N NI", S), ("missing-data", "N N N NI NI", NI),
    ("missing-data", "NI N N . .", NI),
    ("measurement", "N Y PY PN", L), ("measurement", "Y N Y N", L), ("measurement", "PN Y Y N", M),
    ("measurement", "Y Y Y N", S), ("measurement", "N N N N", S), ("measurement", "N N Y Y", S),
    ("measurement", "NI NI NI NI", NI), ("measurement", "N Y NI NI", NI), ("measurement", "PY NI Y N", NI),
    ("reporting", "N N N", L), ("reporting", "N PN N", M), ("reporting", "Y N N", S),
    ("reporting", "NI PY NI", S), ("reporting", "NI PN PN", NI),
]  # fmt: skip


def run(domain_id: str, answers: dict[str, str]) -> Judgement:
    walk = Walk({question: CODES[answer] for question, answer in answers.items()})
    return ROBINS_I.domain(domain_id).algorithm(walk)[0]


@pytest.mark.parametrize(("domain_id", "answers", "expected"), GOLDEN)
def test_row_of_the_published_tables(domain_id, answers, expected):
    questions = [question.id for question in ROBINS_I.domain(domain_id).questions]
    given_answers = dict(zip(questions, answers.split(), strict=True))
    assert run(domain_id, {q: a for q, a in given_answers.items() if a != "."}) is expected


def test_has_every_question_of_the_effect_of_assignment():
    ids = [question.id for domain in ROBINS_I.domains for question in domain.questions]
    expected = [f"{d}.{n}" for d, last in enumerate((8, 5, 3, 2, 5, 4, 3), 1) for n in range(1, last + 1)]
    assert ids == expected
    assert set(expected) - set(BAD) == {"1.2", "1.3"}


@pytest.mark.parametrize("domain", ROBINS_I.domains, ids=lambda domain: domain.id)
def test_every_combination_has_a_judgement_short_of_critical(domain):
    ids = [question.id for question in domain.questions]
    codes = ("Y", "NI", "N") if len(ids) > 5 else ("Y", "PY", "NI", "PN", "N")
    for answers in product(codes, repeat=len(ids)):
        walk = Walk({question: CODES[answer] for question, answer in zip(ids, answers, strict=True)})
        judgement, why = domain.algorithm(walk)
        assert judgement in ROBINS_I.judgements
        assert judgement is not C
        assert why.endswith(".")
        assert {question for question, _ in walk.path} <= set(ids)


@given(st.data())
def test_a_worse_answer_never_gives_a_better_judgement(data):
    domain = data.draw(st.sampled_from(ROBINS_I.domains))
    ids = [question.id for question in domain.questions]
    answers = {question: data.draw(st.sampled_from(["Y", "PY", "PN", "N"])) for question in ids}
    question = data.draw(st.sampled_from([q for q in ids if q in BAD]))
    ladder = LADDER[BAD[question]]
    place = ladder.index(answers[question])
    worse = {**answers, question: ladder[data.draw(st.integers(place, 3))]}
    assert LEVELS.index(run(domain.id, worse)) >= LEVELS.index(run(domain.id, answers))


def test_nothing_answered_is_no_information():
    for domain in ROBINS_I.domains:
        assert domain.algorithm(Walk({}))[0] is NI


@given(st.lists(st.sampled_from([*LEVELS, NI]), min_size=7, max_size=7))
def test_overall_is_the_worst_domain_and_no_information_as_published(judgements):
    result = overall({str(number): judgement for number, judgement in enumerate(judgements)})[0]
    known = [judgement for judgement in judgements if judgement is not NI]
    if S in known or C in known:
        assert result is max(known, key=LEVELS.index)
    elif NI in judgements:
        assert result is NI
    else:
        assert result is max(known, key=LEVELS.index)
