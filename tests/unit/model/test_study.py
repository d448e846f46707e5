"""A study: references inside it hold, and doses measure doses."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from evergrove.model import Intervention, Study

STUDY: dict[str, Any] = {
    "id": "a-2021",
    "name": "A 2021",
    "reports": [{"id": "a-2021", "year": 2021}, {"id": "a-2022", "year": 2022}],
    "design": {"type": "randomised-controlled-trial"},
    "population": {},
    "arms": [
        {"id": "msc", "role": "experimental", "label": "cells", "n": 12},
        {"id": "control", "role": "control", "label": "placebo", "n": 12},
    ],
}


def test_an_arm_that_is_not_there_is_refused() -> None:
    datum = {
        "id": "d",
        "outcome": "mortality",
        "reported_as": "mortality",
        "kind": "dichotomous",
        "values": {"cells": {"events": 1, "n": 2}},
        "provenance": {"source": {"url": "https://x.org", "locator": "a"}, "source_type": "report"},
    }
    with pytest.raises(ValidationError, match="no such arm"):
        Study.model_validate(STUDY | {"data": [datum]})


def test_an_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="arm id stands twice"):
        Study.model_validate(STUDY | {"arms": [STUDY["arms"][0], STUDY["arms"][0]]})


def test_two_reports_are_one_study() -> None:
    study = Study.model_validate(STUDY)
    assert study.year == 2021
    assert study.arm("msc").n == 12
    with pytest.raises(KeyError, match="no arm 'x'"):
        study.arm("x")


@pytest.mark.parametrize(
    ("field", "dose", "problem"),
    [
        ("dose_per_kg", {"value": 1e6, "unit": "cells"}, "'cells' does not measure cells per body weight"),
        ("dose_per_infusion", {"value": 1e6, "unit": "cells/kg"}, "does not measure cells"),
        ("dose_total", {"value": 0.0, "unit": "cells"}, "a dose of nothing"),
    ],
)
def test_a_dose_in_the_wrong_unit_is_refused(field: str, dose: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Intervention.model_validate({"product_class": "mesenchymal-stromal-cells", field: dose})


def test_the_total_dose_is_printed_or_worked_out_or_missing() -> None:
    base = {"product_class": "mesenchymal-stromal-cells"}
    per_infusion = {"value": 30.0, "unit": "million cells"}
    worked_out = Intervention.model_validate(base | {"dose_per_infusion": per_infusion, "infusions": 3})
    assert worked_out.total_dose().to("cells") == 9e7
    assert Intervention.model_validate(base | {"dose_per_infusion": per_infusion}).total_dose() is None
