"""Whatever a model refuses is told in the project's words, never in those of the library beneath."""

from __future__ import annotations

import datetime as dt

import pytest
from pydantic import BaseModel, ValidationError

from evergrove.model import Appraisal, Claim, Decision, Protocol, Study
from evergrove.model.faults import WORDS, first_refused, refusals, refused
from evergrove.model.link import LinkDecision
from evergrove.model.merge import MergeEvent
from evergrove.model.record import Record
from evergrove.model.search import SavedSearches, SearchRun
from evergrove.store import read_review
from evergrove.store.write import plain

OF_FOLDER = (Protocol, Study, Appraisal, Claim, Decision, SavedSearches)
OF_LOGS = (Record, MergeEvent, LinkDecision, SearchRun)
WRONG = (
    None, True, -1, 1.5, 10**12, float("nan"), "", "x" * 30_000, "\x00", "2020-13-45", [], [1], {}, {"x": 1},
    dt.date(2020, 1, 1), b"\xff", "12.5", "none of the words",
)  # fmt: skip


def spoilt(value):
    """Yield a document with one wrong value in each place, one key too many, and one entry missing."""
    yield from WRONG
    if isinstance(value, dict):
        yield {**value, "surplus": 1}
        yield {**value, 7: 1}
        for key, inner in value.items():
            yield {name: kept for name, kept in value.items() if name != key}
            yield from ({**value, key: wrong} for wrong in spoilt(inner))
    elif isinstance(value, list):
        for at, inner in enumerate(value[:1]):
            yield from ([*value[:at], wrong, *value[at + 1 :]] for wrong in spoilt(inner))


def kinds(model: type[BaseModel], document: object) -> set[str]:
    """Return every kind of error that spoilt documents give, but those raised in our own words."""
    found = set()
    for one in spoilt(document):
        try:
            model.model_validate(one)
        except ValidationError as error:
            found |= {details["type"] for details in error.errors(include_url=False)}
    return found - {"evergrove"}


@pytest.mark.parametrize("model", [*OF_FOLDER, *OF_LOGS])
def test_an_empty_or_foreign_document_is_told(model):
    assert kinds(model, {}) <= set(WORDS)


@pytest.mark.parametrize("kind", ["protocol", "study", "appraisal", "claim", "decision"])
def test_every_kind_of_error_in_the_shipped_review_has_words(shipped_folder, kind):
    review = read_review(shipped_folder)
    whole = {
        "protocol": review.protocol,
        "study": min(review.studies, key=lambda study: len(str(study))),
        "appraisal": review.appraisals[0],
        "claim": min(review.claims, key=lambda claim: len(str(claim))),
        "decision": review.decisions[0],
    }[kind]
    document = plain(whole)
    if kind == "protocol":
        document["analyses"] = document["analyses"][:1]
    found = kinds(type(whole), document)
    assert found
    assert found <= set(WORDS)


@pytest.mark.parametrize("kind", sorted(WORDS))
def test_no_phrase_is_left_unfilled(kind):
    words = "expected expected_tags discriminator min_length max_length gt ge lt le pattern error"
    context = dict.fromkeys(words.split(), "1")
    told = refused({"type": kind, "loc": ("a", 0), "msg": "library words", "input": 1, "ctx": context})
    assert "library" not in str(told)
    assert "{" not in str(told)
    assert told.allowed


def test_a_fault_names_place_value_and_what_is_allowed():
    with pytest.raises(ValidationError) as caught:
        Decision.model_validate({"who": "A", "when": "yesterday", "action": "maybe", "study": "X Y"})
    assert str(first_refused(caught.value)) == (
        "when: is no date (found 'yesterday'); allowed: a date: 2020-04-06"
    )
    assert [refused(details).place for details in caught.value.errors()] == [
        "when", "action", "study", "datum", "why",
    ]  # fmt: skip


def test_an_unknown_field_is_told_with_those_that_there_are():
    document = {"id": "a", "name": "A", "design": {"typ": "x"}, "reports": [{"id": "a", "year": "2020"}]}
    with pytest.raises(ValidationError) as caught:
        Study.model_validate(document)
    told = {item.place: item for item in refusals(caught.value, Study)}
    assert told["design.typ"].problem == "no such field"
    assert told["design.typ"].allowed.startswith("type, ")
    assert str(told["population"]) == "population: is missing; allowed: a value"
    assert "reports" not in told  # that its only entry is refused is said once
    assert "reports[0].year" in told
