"""A review of a few invented trials, for tests that need to know every number."""

from __future__ import annotations

from typing import Any

from evergrove.model import Review

Row = dict[str, Any]


def datum(
    key: str, experimental: Row | None, control: Row | None, *, day: float | None = 28.0, **changes: Any
) -> Row:
    """Return a dichotomous datum of death at a day."""
    values = {}
    if experimental is not None:
        values["msc"] = experimental
    if control is not None:
        values["control"] = control
    return {
        "id": key,
        "outcome": "mortality",
        "reported_as": "death",
        "kind": "dichotomous",
        "time": {} if day is None else {"day": day},
        "values": values,
        "provenance": {
            "source": {"url": "https://example.org/report", "locator": "Table 2"},
            "source_type": changes.pop("source_type", "report"),
        },
    } | changes


def study(
    name: str, data: list[Row], *, n: int = 20, design: str = "randomised-controlled-trial", **arm: Any
) -> Row:
    """Return a study of two arms of the same size."""
    intervention = {"product_class": "mesenchymal-stromal-cells", "cell_source": "bone-marrow"} | arm
    return {
        "id": name,
        "name": name.title(),
        "reports": [{"id": name, "year": 2021, "title": f"The {name} trial"}],
        "design": {"type": design},
        "population": {"condition": "ARDS", "condition_class": "other-ards"},
        "arms": [
            {"id": "msc", "role": "experimental", "label": "cells", "n": n, "intervention": intervention},
            {"id": "control", "role": "control", "label": "placebo", "n": n},
        ],
        "data": data,
    }


def counts(events: int, n: int = 20) -> Row:
    """Return the value of an arm."""
    return {"events": events, "n": n}


def analysis(**changes: Any) -> Row:
    """Return an analysis of death near day 28."""
    return {
        "id": "mortality-28d",
        "title": "Death near day 28",
        "outcome": "mortality",
        "comparison": "cells",
        "data_kinds": ["dichotomous"],
        "window": {"target": 28.0, "earliest": 21.0, "latest": 60.0, "undated": True},
        "measure": "RR",
        "main": True,
    } | changes


def review(
    studies: list[Row], analyses: list[Row] | None = None, decisions: list[Row] | None = None, **protocol: Any
) -> Review:
    """Return a review of these studies."""
    return Review.model_validate(
        {
            "protocol": {
                "id": "tiny",
                "title": "A tiny review",
                "short_title": "Tiny",
                "question": dict.fromkeys(("population", "intervention", "comparator", "outcomes"), "x"),
                "eligibility": {
                    "main_designs": ["randomised-controlled-trial"],
                    "beside_designs": ["non-randomised-controlled-trial"],
                },
                "outcomes": [
                    {"id": "mortality", "label": "Death", "kind": "dichotomous", "better": "lower"},
                    {
                        "id": "survival",
                        "label": "Survival",
                        "kind": "dichotomous",
                        "better": "higher",
                        "complement_of": "mortality",
                    },
                    {"id": "crp", "label": "CRP", "kind": "continuous", "unit": "mg/L", "better": "lower"},
                ],
                "comparisons": [
                    {
                        "id": "cells",
                        "label": "Cells against control",
                        "experimental_label": "Cells",
                        "control_label": "Control",
                        "products": ["mesenchymal-stromal-cells"],
                    }
                ],
                "analyses": analyses if analyses is not None else [analysis()],
            }
            | protocol,
            "studies": studies,
            "decisions": [
                {"who": "A Reviewer", "when": "2026-01-02", "why": "because"} | item
                for item in decisions or []
            ],
        }
    )
