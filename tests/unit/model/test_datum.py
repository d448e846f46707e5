"""What a datum may hold."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from evergrove.model import ArmValue, Datum, PValue, ReportedEffect, TimePoint


def datum(**changes: Any) -> Datum:
    base: dict[str, Any] = {
        "id": "d",
        "outcome": "mortality",
        "reported_as": "mortality",
        "kind": "dichotomous",
        "provenance": {
            "source": {"url": "https://example.org/x", "locator": "Table 1"},
            "source_type": "report",
        },
    }
    return Datum.model_validate(base | changes)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"sd": -1.0}, "greater than or equal to 0"),
        ({"events": -1}, "greater than or equal to 0"),
        ({"events": 1.5}, "valid integer"),
        ({"events": True}, "valid integer"),
        ({"events": "3"}, "valid integer"),
        ({"percent": 101.0}, "less than or equal to 100"),
        ({"mean": float("nan")}, "finite"),
        ({"q1": 5.0, "median": 4.0}, "q1 5 is above median 4"),
        ({"mean": 3.0, "ci_low": 4.0}, "excludes its estimate"),
        ({"events": 1, "n": 0}, "1 events in no patients"),
        ({"evnts": 1}, "Extra inputs are not permitted"),
    ],
)
def test_a_value_that_cannot_be_is_refused(value: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        ArmValue.model_validate(value)


def test_events_above_patients_are_refused_where_patients_are_counted() -> None:
    values = {"msc": {"events": 13, "n": 12}}
    with pytest.raises(ValidationError, match="13 patients with the event among 12"):
        datum(values=values)
    assert datum(kind="count", values=values).values["msc"].events == 13


def test_an_interval_that_excludes_its_estimate_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"interval 0\.6 to 0\.8 excludes its estimate 0\.9"):
        ReportedEffect(measure="RR", estimate=0.9, ci_low=0.6, ci_high=0.8)
    with pytest.raises(ValidationError, match="upside down"):
        ReportedEffect(ci_low=0.8, ci_high=0.6)


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ValidationError, match="unknown unit"):
        datum(unit="mg/dl")


@pytest.mark.parametrize(
    ("changes", "content"),
    [
        ({"values": {"msc": {"events": 1, "n": 2}}}, "counts"),
        ({"values": {"msc": {"mean": 1.0, "sd": 2.0, "n": 9}}}, "mean and SD"),
        ({"values": {"msc": {"mean": 1.0, "se": 2.0, "n": 9}}}, "mean and SE"),
        ({"values": {"msc": {"median": 1.0, "q1": 0.5, "q3": 2.0, "n": 9}}}, "median and quartiles"),
        (
            {"effect": {"measure": "HR", "estimate": 0.5, "ci_low": 0.2, "ci_high": 1.1}},
            "effect with interval",
        ),
        ({"effect": {"p": {"relation": "<", "value": 0.01}}}, "p-value only"),
        ({"direction": {"finding": "lower", "contrast": "between-arms"}}, "direction only"),
        ({"values": {"msc": {"n": 12}}}, "not seen"),
        ({"values": {"msc": {}}}, "not seen"),
    ],
)
def test_content_names_what_can_be_used(changes: dict[str, Any], content: str) -> None:
    made = datum(**changes)
    assert made.content == content
    assert made.seen is (content != "not seen")


@pytest.mark.parametrize(
    ("relation", "value", "significant"),
    [("=", 0.04, True), ("=", 0.05, False), ("<", 0.05, True), ("<", 0.1, None), (">", 0.05, False)],
)
def test_a_bound_is_significant_only_where_it_says_so(
    relation: str, value: float, significant: bool | None
) -> None:
    assert PValue.model_validate({"relation": relation, "value": value}).significant is significant


def test_a_time_point_prints_day_and_label() -> None:
    assert str(TimePoint(day=28)) == "day 28"
    assert str(TimePoint(day=0)) == "baseline"
    assert str(TimePoint(label="hospital stay")) == "hospital stay"
    assert str(TimePoint()) == "time not stated"
    assert TimePoint(label="baseline").is_baseline
