"""A small trial to make claims about."""

from __future__ import annotations

from typing import Any

import pytest

from evergrove.model import Claim, Datum, Outcome, Review, Study

SOURCE = {"url": "https://example.org/report", "locator": "Table 2"}


def make_datum(**changes: Any) -> Datum:
    base: dict[str, Any] = {
        "id": "deaths",
        "outcome": "mortality",
        "reported_as": "death",
        "kind": "dichotomous",
        "values": {"cells": {"events": 2, "n": 26}, "care": {"events": 6, "n": 18}},
        "provenance": {"source": SOURCE, "source_type": "report"},
    }
    return Datum.model_validate({**base, **changes})


def make_study(*data: Datum, **changes: Any) -> Study:
    base: dict[str, Any] = {
        "id": "trial",
        "name": "Trial 2021",
        "reports": [{"id": "trial", "title": "Cells for lungs"}],
        "design": {"type": "randomised-controlled-trial", "phase": "2", "centres": 3},
        "population": {"n_randomised": 46, "n_analysed": 44},
        "arms": [
            {
                "id": "cells",
                "role": "experimental",
                "label": "cells",
                "n": 26,
                "intervention": {
                    "product_class": "mesenchymal-stromal-cells",
                    "dose_per_infusion": {"value": 30.0, "unit": "million cells"},
                    "infusions": 3,
                },
            },
            {"id": "care", "role": "control", "label": "standard care", "n": 18},
        ],
        "data": [datum.model_dump() for datum in data],
        "notes": ["A remark that names Springfield Hospital."],
    }
    return Study.model_validate({**base, **changes})


def make_review(*studies: Study) -> Review:
    outcomes = [
        Outcome.model_validate({"id": name, "label": name, "kind": kind, "better": better})
        for name, kind, better in (
            ("mortality", "dichotomous", "lower"),
            ("walk", "continuous", "higher"),
            ("marker", "continuous", "neither"),
        )
    ]
    protocol = {
        "id": "review",
        "title": "t",
        "short_title": "t",
        "question": {"population": "p", "intervention": "i", "comparator": "c", "outcomes": "o"},
        "eligibility": {"main_designs": ["randomised-controlled-trial"]},
        "outcomes": [outcome.model_dump() for outcome in outcomes],
        "comparisons": [
            {
                "id": "cells",
                "label": "cells",
                "experimental_label": "cells",
                "control_label": "care",
                "products": ["mesenchymal-stromal-cells"],
            }
        ],
    }
    return Review.model_validate({"protocol": protocol, "studies": [study.model_dump() for study in studies]})


def make_claim(*propositions: dict[str, Any], **changes: Any) -> Claim:
    numbered = [
        {"id": f"p{number}", "text": f"proposition {number}", **item}
        for number, item in enumerate(propositions, start=1)
    ]
    base: dict[str, Any] = {
        "id": "claim",
        "study": "trial",
        "statement": "Cells save lives.",
        "source": "a talk",
        "propositions": numbered,
    }
    return Claim.model_validate({**base, **changes})


class Bench:
    """The builders, as one fixture."""

    datum = staticmethod(make_datum)
    study = staticmethod(make_study)
    review = staticmethod(make_review)
    claim = staticmethod(make_claim)


@pytest.fixture(scope="session")
def bench() -> type[Bench]:
    return Bench
