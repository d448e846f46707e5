"""What a claim's file may hold."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from evergrove.model.claim import Claim, FigureName, Wording

STATUS = {"check": "status", "state": "ongoing"}
FACT = {"check": "fact", "stated": "5", "unit": "deaths", "facts": ["f"]}


@pytest.mark.parametrize(
    ("propositions", "changes", "message"),
    [
        ([], {}, "at least 1 item"),
        ([{**STATUS, "aside": True}], {}, "all propositions are asides"),
        ([{**STATUS, "id": "a"}, {**STATUS, "id": "a"}], {}, "stands twice"),
        ([{**STATUS, "presupposes": "later"}, {**STATUS, "id": "later"}], {}, "no such proposition before"),
        ([STATUS], {"study": None}, "without a study"),
        ([FACT], {}, "no such fact"),
        ([{"check": "reported"}], {}, "nothing to search"),
        ([{"check": "count", "of": "arm", "stated": "3"}], {}, "without an arm"),
        ([{"check": "value", "datum": "d", "quantity": "risk-ratio", "stated": 0.5}], {}, "valid string"),
        ([{"check": "value", "datum": "d", "quantity": "risk-ratio", "stated": "half"}], {}, "pattern"),
        (
            [{"check": "significance", "datum": "d", "significance": "significant", "arms": ["a"]}],
            {},
            "1 arms",
        ),
        ([{"check": "guess"}], {}, "does not match any of the expected tags"),
        ([{**STATUS, "surprise": 1}], {}, "Extra inputs"),
        (
            [{"check": "direction", "datum": "d", "finding": "lower", "contrast": "not-stated"}],
            {},
            "contrast",
        ),
    ],
)
def test_faults_are_refused(bench, propositions, changes, message):
    with pytest.raises(ValidationError, match=message):
        bench.claim(*propositions, **changes)


def test_a_claim_survives_plain_data(bench):
    claim = bench.claim(
        STATUS, {"check": "dose", "arm": "a", "basis": "total", "stated": "9e7", "wording": "about"}
    )
    plain = claim.model_dump(mode="json", exclude_defaults=True)
    assert plain["propositions"][0]["check"] == "status"
    assert Claim.model_validate(plain) == claim


@pytest.mark.parametrize("term", [*FigureName, *Wording])
def test_every_term_has_words(term):
    assert term.label
    assert "-exp" not in term.label
