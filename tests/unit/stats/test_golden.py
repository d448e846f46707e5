"""evergrove.stats against R: every golden value, and every option in some golden value."""

import importlib
import pkgutil
from enum import StrEnum
from pathlib import Path

import pytest

from evergrove import stats
from golden.runs import RUNS, covered
from golden.stats_reference import ABSOLUTE, FOLDER, TOLERANCE, disagreement, golden

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", sorted(RUNS))
def test_agrees_with_the_reference(name):
    failures = []
    checked = 0
    for label, quantity, kind, ours, theirs in RUNS[name]():
        checked += 1
        gap = disagreement(ours, theirs, absolute=0.0 if "p_value" in quantity else ABSOLUTE)
        if not gap <= TOLERANCE[kind]:
            failures.append(f"{label}: {quantity} differs by {gap:.1e}: {ours} against {theirs}")
    assert not failures, "\n".join(failures[:20])
    assert checked > 0


def test_every_golden_file_is_run_and_has_a_passport():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(RUNS)
    for name in RUNS:
        source = golden(name).source
        assert source["call"]
        assert source["r"].startswith("R version")
        assert source["metafor"]
        assert (ROOT / source["script"]).is_file()


def options_of_stats():
    """Every StrEnum of evergrove.stats that a caller can choose from."""
    return {
        name: kind
        for entry in pkgutil.walk_packages(stats.__path__, "evergrove.stats.")
        for name, kind in vars(importlib.import_module(entry.name)).items()
        if isinstance(kind, type)
        and issubclass(kind, StrEnum)
        and kind.__module__.startswith("evergrove.stats")
    }


@pytest.mark.parametrize("kind", [kind for _, kind in sorted(options_of_stats().items())])
def test_every_option_has_a_golden_value(kind):
    assert {str(member) for member in kind} - covered().get(kind, set()) == set()


def test_the_grid_of_fits_is_whole():
    cases = golden("pooling").cases
    sets = {case["set"] for case in cases}
    grid = {(case["set"], case["tau2_method"], case["ci"]) for case in cases}
    plain = {"hartung-knapp", "hartung-knapp-truncated", "normal", "t"}
    assert {(s, t, c) for s in sets for t in ("REML", "DL", "PM", "EE") for c in plain} <= grid


def test_golden_values_reach_the_interesting_corners():
    pooled = golden("pooling").cases
    assert any(case["tau2"] == 0 for case in pooled if case["tau2_method"] == "REML")
    narrow = golden("q_profile").cases
    assert any(case["tau2_ci_high"] == 0 for case in narrow)
    assert any(len(case["maxima"]) > 1 for case in golden("restricted_likelihood").cases)
