"""One seeded generator of synthetic reviews for the benchmarks; the numbers mean nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from evergrove.model import Review
from evergrove.store import write_review

#: Name of a size -> number of studies. The largest is what a very large living review would hold.
SIZES = {"small": 250, "medium": 500, "large": 1000, "largest": 2000}

OUTCOMES = (
    ("mortality", "Death", "dichotomous", None, "lower"),
    ("serious-adverse-event", "Serious adverse event", "dichotomous", None, "lower"),
    ("crp", "C-reactive protein", "continuous", "mg/L", "lower"),
    ("length-of-stay", "Length of stay", "continuous", "days", "lower"),
)


def datum(rng: np.random.Generator, outcome: str, kind: str, unit: str | None, n: int) -> dict[str, Any]:
    """Return one datum with two arms."""
    values: dict[str, dict[str, Any]] = {}
    for arm, shift in (("msc", 0.9), ("control", 1.0)):
        if kind == "dichotomous":
            values[arm] = {"events": int(rng.binomial(n, 0.25 * shift)), "n": n}
        else:
            mean, sd = float(rng.normal(40 * shift, 4)), float(rng.uniform(8, 15))
            values[arm] = {"mean": round(mean, 2), "sd": round(sd, 2), "n": n}
    day = float(rng.choice([7, 14, 28, 30, 60]))
    row = {
        "id": f"{outcome}-day-{day:g}",
        "outcome": outcome,
        "reported_as": outcome,
        "kind": kind,
        "time": {"day": day},
        "values": values,
        "provenance": {
            "source": {"url": "https://example.org/report", "locator": "Table 2"},
            "source_type": "report",
        },
    }
    return row | ({"unit": unit} if unit else {})


def study(rng: np.random.Generator, number: int) -> dict[str, Any]:
    """Return one study that reports every outcome."""
    n = int(rng.integers(10, 120))
    key = f"study-{number:05d}"
    intervention = {
        "product_class": "mesenchymal-stromal-cells",
        "cell_source": str(rng.choice(["bone-marrow", "umbilical-cord", "adipose"])),
        "dose_per_kg": {"value": float(rng.choice([1e6, 2e6, 1e7])), "unit": "cells/kg"},
        "infusions": int(rng.integers(1, 4)),
    }
    return {
        "id": key,
        "name": f"Synthetic {number}",
        "reports": [{"id": key, "title": f"Synthetic trial number {number}", "year": 2020}],
        "design": {"type": "randomised-controlled-trial", "countries": ["FR"]},
        "population": {"condition": "ARDS", "condition_class": "other-ards", "n_randomised": 2 * n},
        "arms": [
            {"id": "msc", "role": "experimental", "label": "Cells", "n": n, "intervention": intervention},
            {"id": "control", "role": "control", "label": "Control", "n": n},
        ],
        "data": [datum(rng, key, kind, unit, n) for key, _, kind, unit, _ in OUTCOMES],
    }


def synthetic_review(studies: int, seed: int = 20261122) -> Review:
    """Return a review of so many studies, the same for the same seed."""
    rng = np.random.default_rng(seed)
    analyses = [
        {
            "id": key,
            "title": label,
            "outcome": key,
            "comparison": "cells",
            "data_kinds": [kind],
            "window": {"target": 28.0, "earliest": 1.0, "latest": 90.0},
            "measure": "RR" if kind == "dichotomous" else "MD",
            "subgroups": ["cell-source"],
            "main": True,
        }
        for key, label, kind, _, _ in OUTCOMES
    ]
    protocol = {
        "id": "synthetic",
        "title": f"A synthetic review of {studies} studies",
        "short_title": "Synthetic",
        "question": dict.fromkeys(("population", "intervention", "comparator", "outcomes"), "none"),
        "eligibility": {"main_designs": ["randomised-controlled-trial"]},
        "outcomes": [
            {"id": key, "label": label, "kind": kind, "better": better} | ({"unit": unit} if unit else {})
            for key, label, kind, unit, better in OUTCOMES
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
        "analyses": analyses,
    }
    rows = [study(rng, number) for number in range(studies)]
    return Review.model_validate({"protocol": protocol, "studies": rows})


def write_synthetic(studies: int, folder: Path) -> Path:
    """Write a synthetic review as a folder."""
    write_review(synthetic_review(studies), folder)
    return folder
