"""The rules by which one datum is chosen, in their order, and the conflicts that they leave."""

from __future__ import annotations

from typing import Any

import pytest

from evergrove.model import Analysis, Review
from evergrove.synthesis import Choice, choose
from support.tiny_review import analysis, counts, datum, review, study


def chosen(made: Review, number: int = 0, **changes: Any) -> Choice:
    spec = Analysis.model_validate(analysis(**changes))
    choice = choose(made.studies[number], spec, made)
    assert choice is not None
    return choice


def choice_of(data: list[dict[str, Any]], decisions: list[dict[str, Any]] | None = None) -> Choice:
    return chosen(review([study("alpha", data)], decisions=decisions))


def loser(choice: Choice, key: str) -> str:
    return next(rival.why for rival in choice.rivals if rival.datum.id == key)


def test_all_patients_go_before_the_nearest_day() -> None:
    choice = choice_of(
        [datum("some", counts(1, 18), counts(4, 20)), datum("all", counts(2), counts(4), day=30.0)]
    )
    assert choice.chosen.datum.id == "all"
    assert loser(choice, "some") == "not all patients of the arms"


def test_the_nearest_day_goes_before_the_source() -> None:
    choice = choice_of(
        [datum("late", counts(2), counts(4), day=40.0),
         datum("near", counts(2), counts(5), day=30.0, source_type="review")]
    )  # fmt: skip
    assert choice.chosen.datum.id == "near"
    assert loser(choice, "late") == "further from the target day"
    assert not choice.conflict


def test_a_datum_without_a_day_comes_after_every_dated_one() -> None:
    choice = choice_of(
        [datum("undated", counts(2), counts(4), day=None), datum("dated", counts(2), counts(4), day=60.0)]
    )
    assert choice.chosen.datum.id == "dated"
    assert loser(choice, "undated") == "the same numbers from another source or time"


def test_the_trials_own_source_goes_before_another() -> None:
    choice = choice_of(
        [datum("review", counts(1), counts(4), source_type="review"),
         datum("registry", counts(2), counts(4), source_type="registry")]
    )  # fmt: skip
    assert choice.chosen.datum.id == "registry"
    assert loser(choice, "review") == "not the trial's own report or registry entry"
    assert [option.datum.id for option in choice.conflict] == ["registry", "review"]


def test_printed_numbers_go_before_derived_ones() -> None:
    derived = datum("derived", counts(2), counts(4))
    derived["provenance"]["derived"] = "from percentages"
    choice = choice_of([derived, datum("printed", counts(2), counts(4))])
    assert choice.chosen.datum.id == "printed"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"day": 90.0}, "day 90 is outside days 21 to 60"),
        ({"kind": "count"}, "reported as count"),
        ({"qualifier": "men"}, "only parts of the outcome: men"),
        (
            {"values": {"msc": {"n": 20}, "control": {"n": 20}}},
            "the number of the intervention arm was not seen",
        ),
        (
            {"values": {"msc": {"events": 2}, "control": {"events": 3, "n": 20}}},
            "patients in arm msc was not seen",
        ),
        ({"values": {"control": {"events": 3, "n": 20}}}, "no value for the intervention arm"),
        (
            {"values": {"msc": {"percent": 33.0, "n": 10}, "control": {"events": 3, "n": 20}}},
            "the printed 33 % fits no whole number of 10 patients",
        ),
    ],
)
def test_what_cannot_be_used_says_why(changes: dict[str, Any], reason: str) -> None:
    choice = choice_of([datum("d", counts(2), counts(4), **changes)])
    assert choice.chosen is None
    assert reason in choice.why


def test_a_percentage_that_fits_one_count_is_turned_into_it() -> None:
    choice = choice_of([datum("d", {"percent": 25.0, "n": 20}, {"percent_without_event": 65.0, "n": 20})])
    numbers = choice.chosen.numbers
    assert (numbers.experimental.events, numbers.control.events) == (5.0, 7.0)
    assert numbers.derived
    assert any("25 %" in step for step in numbers.conversions)


def test_deaths_are_the_complement_of_survival() -> None:
    choice = choice_of([datum("d", counts(15), counts(12), outcome="survival")])
    assert choice.chosen.numbers.describe() == "5/20 v 8/20"
    assert choice.chosen.numbers.derived


def test_baseline_is_never_an_outcome() -> None:
    assert choose_nothing([datum("d", counts(2), counts(4), day=0.0)])


def choose_nothing(data: list[dict[str, Any]]) -> bool:
    made = review([study("alpha", data)])
    return choose(made.studies[0], made.protocol.analyses[0], made) is None


def test_an_unsettled_conflict_leaves_the_study_out_and_keeps_every_way() -> None:
    data = [
        datum("percent", {"percent": 25.0, "n": 20}, {"percent": 45.0, "n": 10}),
        datum("count", counts(2, 20), counts(4, 10), day=None, source_type="review"),
    ]
    unresolved = [{"action": "unresolved", "study": "alpha", "datum": key} for key in ("percent", "count")]
    choice = choice_of(data, unresolved)
    assert choice.chosen is None
    assert [option.label.split(" (")[0] for option in choice.conflict] == [
        "left out",
        "5/20 v 45 % of 10",
        "2/20 v 4/10",
    ]


def test_a_rejected_datum_is_nowhere() -> None:
    data = [datum("good", counts(2), counts(4)), datum("bad", counts(9), counts(4))]
    choice = choice_of(data, [{"action": "reject", "study": "alpha", "datum": "bad"}])
    assert choice.chosen.datum.id == "good"
    assert not choice.conflict
    assert loser(choice, "bad") == "set aside: because"


def test_a_preferred_datum_wins_against_every_rule() -> None:
    data = [datum("near", counts(2), counts(4)), datum("far", counts(3, 10), counts(4), day=50.0)]
    choice = choice_of(data, [{"action": "prefer", "study": "alpha", "datum": "far"}])
    assert choice.chosen.datum.id == "far"
    assert choice.why.startswith("preferred by A Reviewer")


def test_the_latest_decision_counts() -> None:
    data = [datum("one", counts(2), counts(4)), datum("two", counts(3), counts(4))]
    decisions = [
        {"action": "reject", "study": "alpha", "datum": "one", "when": "2026-03-01"},
        {"action": "prefer", "study": "alpha", "datum": "one", "when": "2026-02-01"},
    ]
    assert choice_of(data, decisions).chosen.datum.id == "two"


def test_counts_that_contradict_their_own_ratio_are_a_conflict() -> None:
    printed = {"measure": "RR", "estimate": 0.49, "ci_low": 0.14, "ci_high": 1.11}
    choice = choice_of([datum("d", counts(3, 11), counts(8, 24), effect=printed)])
    assert [option.label for option in choice.conflict][1] == (
        "RR 0.49 (0.14 to 1.11) as printed; its own counts give 0.82"
    )
    agreeing = {"measure": "RR", "estimate": 0.82, "ci_low": 0.27, "ci_high": 2.50}
    assert not choice_of([datum("d", counts(3, 11), counts(8, 24), effect=agreeing)]).conflict


def test_a_printed_ratio_stands_where_no_counts_were_seen() -> None:
    effect = {"measure": "RR", "estimate": 2.9, "ci_low": 0.6, "ci_high": 13.2}
    choice = choice_of([datum("d", {"n": 30}, {"n": 29}, effect=effect)])
    assert choice.chosen.numbers.printed.estimate == 2.9
    turned = choice_of([datum("d", {}, {}, effect=effect | {"orientation": "control-vs-intervention"})])
    assert turned.chosen.numbers.printed.estimate == pytest.approx(1 / 2.9)
    assert choice_of([datum("d", {}, {}, effect=effect | {"orientation": "unstated"})]).chosen is None


def test_what_another_source_prints_as_it_stands_is_not_only_derived() -> None:
    data = [
        datum("survivors", counts(15), counts(12), outcome="survival"),
        datum("deaths", counts(5), counts(8), source_type="review"),
    ]
    choice = choice_of(data)
    assert choice.chosen.datum.id == "survivors"
    assert not choice.chosen.numbers.derived
    assert "the same numbers are printed in another review" in choice.chosen.numbers.conversions
    assert [rival.datum.id for rival in choice.rivals] == ["deaths"]
    assert not choice.conflict
