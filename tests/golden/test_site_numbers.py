"""The pooled numbers of the shipped review's site equal metafor's on the same chosen data.

The reference is written by ``validation/site_numbers.py``; its ``source`` names the versions.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from evergrove.services.review import open_review

REFERENCE = json.loads((Path(__file__).parent / "site_numbers.json").read_text(encoding="utf-8"))
#: Closed forms agree to rounding; tau² and what follows from it to R's tightened threshold of 1e-12.
RELATIVE = 1e-8
ABSOLUTE = 1e-10


@pytest.fixture(scope="module")
def fits() -> dict[str, object]:
    found = {}
    for answer in open_review("msc-ards").findings.answers:
        for name, pooled in (("main", answer.result.main), ("beside", answer.result.beside)):
            if pooled is not None and pooled.fit is not None:
                found[f"{answer.result.analysis.id}/{name}"] = pooled.fit
    return found


def test_every_pooled_analysis_has_a_reference(fits: dict[str, object]) -> None:
    assert {item["id"] for item in REFERENCE["analyses"]} == fits.keys()
    assert REFERENCE["source"]["metafor"]


@pytest.mark.parametrize("item", REFERENCE["analyses"], ids=lambda item: item["id"])
def test_the_pooled_numbers_are_those_of_r(item: dict[str, object], fits: dict[str, object]) -> None:
    fit = fits[item["id"]]
    reference = item["inverse_variance"]
    assert fit.k == reference["k"]
    for name, expected in reference.items():
        if name in {"call", "k"} or (name.startswith("prediction") and fit.k < 3):
            continue
        ours = getattr(fit, name)
        assert math.isclose(ours, expected, rel_tol=RELATIVE, abs_tol=ABSOLUTE), (name, ours, expected)
