"""Effect sizes: every measure, variance, correction and input of metafor's escalc; meta's conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.stats_reference import golden, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

RESULTS = ("set", "measure", "yi", "vi", "columns")
#: Options that go along with the columns.
SCALARS = ("scale_min", "scale_max")


def _used(measure: str, columns: dict[str, Any]) -> dict[str, Any]:
    """Keep what the measure needs: the sets also hold what other measures use."""
    from evergrove.stats.effects.recipes import RECIPES  # noqa: PLC0415 - names of columns only

    names = RECIPES[stats.EffectMeasure(measure)].names
    return {name: values for name, values in columns.items() if name in names}


def _rows(name: str, kind: str = "effect") -> Iterator[Row]:
    table = golden(name)
    for case in table.cases:
        if "columns" in case:
            columns = {key: np.array(values, dtype=float) for key, values in case["columns"].items()}
        else:
            columns = _used(case["measure"], table.columns(case))
        options = {key: value for key, value in case.items() if key not in RESULTS}
        ours = stats.effect_size(case["measure"], **columns, **options)
        label = " ".join(f"{value}" for key, value in case.items() if key not in ("yi", "vi", "columns"))
        vi = np.array(case["vi"], dtype=float)
        yi = np.array(case["yi"], dtype=float)
        # metafor keeps rows whose variance is 0, and effects without a variance; here they are not estimable
        known = (vi > 0) & np.isfinite(yi)
        yield label, "yi", kind, ours.yi, np.where(known, yi, np.nan)
        yield label, "vi", kind, ours.vi, np.where(known, vi, np.nan)


def effects_escalc() -> Iterator[Row]:
    yield from _rows("effects_escalc")


def effects_formulas() -> Iterator[Row]:
    for label, quantity, kind, ours, theirs in _rows("effects_formulas"):
        yield label, quantity, "differentiated" if quantity == "vi" else kind, ours, theirs


def effects_reported() -> Iterator[Row]:
    for label, quantity, kind, ours, theirs in _rows("effects_reported"):
        yield label, quantity, "differentiated" if label.startswith("CLESN") else kind, ours, theirs


def effects_meta() -> Iterator[Row]:
    yield from _rows("effects_meta")


def effects_scales() -> Iterator[Row]:
    for case in golden("effects_scales").cases:
        options = {key: value for key, value in case.items() if key not in ("measure", "value", "natural")}
        ours = stats.back_transform(case["value"], case["measure"], **options)
        yield f"{case['measure']} {sorted(options)}", "natural", "closed-form", ours, case["natural"]


def effects_averages() -> Iterator[Row]:
    for case in golden("effects_averages").cases:
        ours = stats.average_back_transform(case["value"], case["measure"], case["tau2"])
        yield f"{case['measure']} {case['tau2']}", "natural", "closed-form", ours, case["natural"]


def effects_modes() -> Iterator[Row]:
    for case in golden("effects_modes").cases:
        ours = stats.mode_back_transform(case["value"], case["measure"], case["tau2"])
        kind = "closed-form" if case["measure"] == "OR" else "optimised"
        yield f"{case['measure']} {case['tau2']}", "natural", kind, ours, case["natural"]


def effects_proportion_intervals() -> Iterator[Row]:
    for case in golden("effects_proportion_intervals").cases:
        label = f"{case['events']}/{case['n']} {case['level']}"
        for method in case:
            if method not in ("events", "n", "level"):
                ours = stats.proportion_interval(case["events"], case["n"], method, case["level"])
                yield label, method, "closed-form", [ours.ci_low, ours.ci_high], case[method]


def effects_rate_intervals() -> Iterator[Row]:
    for case in golden("effects_rate_intervals").cases:
        label = f"{case['events']}/{case['time']} {case['level']}"
        for method in case:
            if method not in ("events", "time", "level"):
                ours = stats.rate_interval(case["events"], case["time"], method, case["level"])
                yield label, method, "closed-form", [ours.ci_low, ours.ci_high], case[method]


RUNS = (
    effects_escalc,
    effects_formulas,
    effects_reported,
    effects_meta,
    effects_scales,
    effects_averages,
    effects_modes,
    effects_proportion_intervals,
    effects_rate_intervals,
)

FILES = ("effects_escalc", "effects_formulas", "effects_reported", "effects_meta")


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return which option members these files hold."""

    def over(key: str) -> set[str]:
        return set().union(*(seen(name, key) for name in FILES))

    # the defaults of bias_correction are in the cases that do not name one
    return {
        stats.EffectMeasure: over("measure"),
        stats.VarianceMethod: over("variance"),
        stats.BiasCorrection: over("bias_correction") | {"exact", "second-order"},
        stats.CorrectedCells: over("cells"),
        stats.AddedAmount: over("add_by"),
        stats.DoubleZero: {str(value) for value in over("drop_double_zero")},
        stats.ProportionMethod: set(golden("effects_proportion_intervals").cases[0]),
        stats.RateMethod: set(golden("effects_rate_intervals").cases[0]),
        stats.Scale: {str(stats.scale_of(name)) for name in seen("effects_scales", "measure")},
    }
