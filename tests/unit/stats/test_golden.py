"""evergrove.stats against R: every golden value, and every option in some golden value."""

import pytest

from evergrove import stats
from golden.stats_reference import ABSOLUTE, FOLDER, TOLERANCE, disagreement, golden
from golden.stats_runs import RUNS


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
        assert source["script"] == "validation/regenerate_golden.R"


def _seen(name, key):
    return {case[key] for case in golden(name).cases}


EFFECT_FILES = ("effect_sizes_events", "effect_sizes_means", "effect_sizes_proportions", "printed_intervals")


@pytest.mark.parametrize(
    ("kind", "covered"),
    [
        (stats.EffectMeasure, lambda: set().union(*(_seen(name, "measure") for name in EFFECT_FILES))),
        (
            stats.ZeroCells,
            lambda: _seen("effect_sizes_events", "to") & _seen("effect_sizes_proportions", "to"),
        ),
        (stats.VarianceMethod, lambda: _seen("effect_sizes_means", "variance")),
        (
            stats.PoolModel,
            lambda: {"common" if m == "EE" else "random" for m in _seen("pooling", "tau2_method")},
        ),
        (stats.Tau2Method, lambda: _seen("pooling", "tau2_method") & _seen("subgroups", "tau2_method")),
        (stats.IntervalMethod, lambda: _seen("pooling", "ci")),
        (stats.PredictionMethod, lambda: _seen("prediction", "prediction")),
        (stats.ProportionMethod, lambda: set(golden("proportion_intervals").cases[0])),
        (stats.MedianMethod, lambda: _seen("conversions", "method")),
    ],
)
def test_every_option_has_a_golden_value(kind, covered):
    assert {str(member) for member in kind} - covered() == set()


def test_the_grid_of_fits_is_whole():
    cases = golden("pooling").cases
    sets = {case["set"] for case in cases}
    grid = {(case["set"], case["tau2_method"], case["ci"]) for case in cases}
    plain = {str(member) for member in stats.IntervalMethod} - {"hartung-knapp-adhoc"}
    assert {(s, t, c) for s in sets for t in ("REML", "DL", "PM", "EE") for c in plain} <= grid


def test_golden_values_reach_the_interesting_corners():
    pooled = golden("pooling").cases
    assert any(case["tau2"] == 0 for case in pooled if case["tau2_method"] == "REML")
    narrow = golden("q_profile").cases
    assert any(case["tau2_ci_high"] == 0 for case in narrow)
    assert any(len(case["maxima"]) > 1 for case in golden("restricted_likelihood").cases)
