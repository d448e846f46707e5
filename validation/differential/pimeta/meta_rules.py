"""meta's rules that pimeta has not, written in R (meta_rules.R), against evergrove on drawn data.

Run from the repository's root: python validation/differential/pimeta/meta_rules.py [--sets 100] [--kind metabin]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import data_sets
import models_sparse
from models_exchange import Case, Row, run

from evergrove import stats

TO = {"only0": "only-zero", "if0all": "if-any-zero", "all": "all"}
INTERVALS = {
    "classic": "normal",
    "HK": "hartung-knapp",
    "HK se": "hartung-knapp-truncated",
    "HK ci": "hartung-knapp-adhoc",
    "HK IQWiG6": "hartung-knapp-iqwig",
    "KR": "kenward-roger",
}
PREDICTIONS = ("V", "HTS", "S", "HK", "HK-PR", "KR", "KR-PR")
CLOSED = ("DL", "HE", "HS", "SJ", "REML")
PROPORTIONS = {"PLOGIT": "PLO", "PLN": "PLN", "PRAW": "PR", "PAS": "PAS", "PFT": "PFT"}


def lists(columns: dict[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(values, dtype=float).tolist() for name, values in columns.items()}


def draw(rng: np.random.Generator, sets: int) -> list[Case]:
    """Draw data and the options to ask of each."""
    cases: list[Case] = []
    for number in range(sets):
        tables, rates = models_sparse.tables(rng), models_sparse.rates(rng)
        k = int(rng.integers(2, 14))
        rule = {"method_incr": str(rng.choice([*TO])), "tau2": str(rng.choice(CLOSED))}
        for sm in ("OR", "RR", "RD", "ASD"):
            incr: Any = rng.choice([0.5, 0.5, 0.1, -1.0])
            options = {
                "incr": "TACC" if incr < 0 else float(incr),
                "allstudies": bool(rng.random() < 0.3),
                "cochrane": bool(rng.random() < 0.4),
                "exact": bool(rng.random() < 0.4),
            }
            cases.append({"kind": "metabin", "sm": sm, **rule, **options, **tables})
        cases += [
            {"kind": "metainc", "sm": sm, "incr": 0.5, **rule, **rates} for sm in ("IRR", "IRD", "IRSD")
        ]
        proportions = lists(data_sets.proportions(rng, k))
        cases += [{"kind": "metaprop", "sm": sm, "incr": 0.5, **rule, **proportions} for sm in PROPORTIONS]
        cases += list(continuous(rng, lists(data_sets.positive_arms(rng, k))))
        cases += list(generic(rng, number))
    return cases


def continuous(rng: np.random.Generator, arms: dict[str, Any]) -> Iterator[Case]:
    for sm in ("MD", "ROM"):
        yield {"kind": "metacont", "sm": sm, "exact": True, "pooledvar": bool(rng.random() < 0.5), **arms}
    for method in ("Hedges", "Cohen", "Glass"):
        glass = str(rng.choice(["control", "experimental"]))
        exact = bool(rng.random() < 0.5)
        yield {
            "kind": "metacont",
            "sm": "SMD",
            "method_smd": method,
            "exact": exact,
            "sd_glass": glass,
            **arms,
        }


def generic(rng: np.random.Generator, number: int) -> Iterator[Case]:
    shapes = [name for name in data_sets.FIT_SHAPES if "1e-12" not in name and name != "two clusters"]
    k = int(rng.choice([2, 3, 4, 5, 13]))
    yi, vi = data_sets.FIT_SHAPES[shapes[number % len(shapes)]](rng, k)
    level = float(rng.choice([0.95, 0.9]))
    for tau2 in ("REML", "DL"):
        case = {"kind": "metagen", "tau2": tau2, "level": level, "yi": yi.tolist(), "vi": vi.tolist()}
        for ci, predict in zip(INTERVALS, ("V", "HTS", "S", "HK", "HK-PR", "KR"), strict=True):
            if tau2 == "REML" or "KR" not in (ci, predict):
                yield {**case, "ci": ci, "predict": predict}
        if tau2 == "REML":
            yield {**case, "ci": "HK", "predict": "KR-PR"}


def fit(case: Case, answer: Any) -> Iterator[Row]:
    """Answer one case here and pair it with the rule's answer."""
    yield from {
        "metabin": metabin,
        "metainc": metainc,
        "metaprop": metaprop,
        "metacont": metacont,
        "metagen": metagen,
    }[case["kind"]](case, answer)


def paired(prefix: str, found: dict[str, Any], answer: Any, names: dict[str, str]) -> Iterator[Row]:
    for name, theirs in names.items():
        if answer is not None:
            yield f"{prefix} {theirs}", found[name], answer[theirs]


def rows_and_pool(label: str, found: Any, tau2: str, answer: Any) -> Iterator[Row]:
    yield from paired(label, {"yi": found.yi, "vi": found.vi}, answer, {"yi": "yi", "vi": "vi"})
    on = np.isfinite(found.yi) & np.isfinite(found.vi)
    if not on.any():
        return
    pooled = stats.pool(found.yi[on], found.vi[on], tau2=tau2, ci="normal")
    values = {"estimate": pooled.estimate, "se": pooled.se, "tau2": pooled.tau2}
    yield from paired(label, values, answer, {name: f"random_{name}" for name in values})


def metabin(case: Case, answer: Any) -> Iterator[Row]:
    sm = case["sm"]
    table = {name: case[name] for name in ("events1", "n1", "events2", "n2")}
    rule = {"to": TO[case["method_incr"]]}
    if case["incr"] == "TACC":
        add, rule = 0.5, {**rule, "add_by": "treatment-arm"}
    else:
        add = case["incr"]
    cells = "events" if sm == "RR" and not case["cochrane"] else "all"
    kept = "keep" if case["allstudies"] else DROP.get(sm)
    extra: dict[str, Any] = {"correct_effect": False} if sm == "RD" else {"drop_double_zero": kept}
    label = f"metabin {sm}"
    if sm == "ASD":
        yield from rows_and_pool(
            label, stats.effect_size("AS", **table, add=0.0, to="none"), case["tau2"], answer
        )
        return
    found = stats.effect_size(sm, **table, add=add, cells=cells, **rule, **extra)
    yield from rows_and_pool(label, found, case["tau2"], answer)
    pooling = {
        "measure": sm,
        "correction": 0.0 if case["exact"] else add,
        **rule,
        "row_correction": add,
        "row_to": rule["to"],
        "row_cells": cells,
        "row_effect": sm != "RD",
        "drop_double_zero": False if case["allstudies"] and sm != "RD" else None,
        "variance": "greenland-robins" if sm == "RD" else None,
        "row_double_zero": "keep" if case["allstudies"] else DROP.get(sm, "keep"),
    }
    common = stats.mantel_haenszel(*table.values(), **pooling)
    yield from paired(
        label,
        {"estimate": common.estimate, "se": common.se},
        answer,
        {"estimate": "mh_estimate", "se": "mh_se"},
    )
    about = stats.mantel_haenszel(*table.values(), **pooling, model="random")
    values = {"estimate": about.estimate, "se": about.se, "tau2": about.tau2, "q": about.q}
    yield from paired(label, values, answer, {name: f"about_{name}" for name in values})


#: What is dropped: for odds ratios both arms without, or with only, events; for risk ratios both without.
DROP: dict[str, Any] = {"OR": "drop", "RR": "drop-no-event"}


def metainc(case: Case, answer: Any) -> Iterator[Row]:
    table = {name: case[name] for name in ("events1", "time1", "events2", "time2")}
    rule: dict[str, Any] = {"to": TO[case["method_incr"]]}
    if case["sm"] == "IRSD":
        rule = {"add": 0.0, "to": "none"}
    if case["sm"] == "IRD":
        rule["correct_effect"] = False
    if case["sm"] == "IRR":
        rule["drop_double_zero"] = "keep"
    yield from rows_and_pool(
        f"metainc {case['sm']}", stats.effect_size(case["sm"], **table, **rule), case["tau2"], answer
    )


def metaprop(case: Case, answer: Any) -> Iterator[Row]:
    sm = case["sm"]
    rule: dict[str, Any] = {"to": TO[case["method_incr"]]}
    if sm in ("PAS", "PFT"):
        rule = {"add": 0.0, "to": "none"}
    rule |= {"PLN": {"cells": "events"}, "PRAW": {"correct_effect": False}}.get(sm, {})
    found = stats.effect_size(PROPORTIONS[sm], events=case["events"], n=case["n"], **rule)
    yield from rows_and_pool(f"metaprop {sm}", found, case["tau2"], answer)


def metacont(case: Case, answer: Any) -> Iterator[Row]:
    arms = {name: case[name] for name in ("mean1", "sd1", "n1", "mean2", "sd2", "n2")}
    sm, exact = case["sm"], case["exact"]
    if sm in ("MD", "ROM"):
        rule: dict[str, Any] = {"variance": "HO"} if case["pooledvar"] else {}
        found = stats.effect_size(sm, **arms, **rule, **({"bias_correction": "none"} if sm == "ROM" else {}))
        label = f"metacont {sm}{' pooledvar' if case['pooledvar'] else ''}"
    elif case["method_smd"] == "Hedges":
        rule = {"variance": "UB"} if exact else {"bias_correction": "approximate", "variance": "LS3"}
        found, label = (
            stats.effect_size("SMD", **arms, **rule),
            f"metacont Hedges{'' if exact else ' approximate'}",
        )
    elif case["method_smd"] == "Cohen":
        rule = {"bias_correction": "none", "variance": "UB-g" if exact else "LS"}
        found, label = (
            stats.effect_size("SMD", **arms, **rule),
            f"metacont Cohen{'' if exact else ' approximate'}",
        )
    else:
        arm = 2 if case["sd_glass"] == "control" else 1
        found = stats.effect_size("SMD1", **arms, bias_correction="none", variance="GLASS", glass_arm=arm)
        label = f"metacont Glass {case['sd_glass']}"
    yield from paired(label, {"yi": found.yi, "vi": found.vi}, answer, {"yi": "yi", "vi": "vi"})


def metagen(case: Case, answer: Any) -> Iterator[Row]:
    options = {"ci": INTERVALS[case["ci"]], "prediction": case["predict"], "level": case["level"]}
    found = stats.pool(case["yi"], case["vi"], tau2=case["tau2"], **options)
    names = ("estimate", "se", "ci_low", "ci_high", "p_value")
    values = {name: getattr(found, name) for name in names}
    yield from paired(f"metagen {case['ci']}", values, answer, {name: name for name in names})
    low, high = found.prediction_low, found.prediction_high
    limits = {
        "prediction_low": np.nan if low is None else low,
        "prediction_high": np.nan if high is None else high,
    }
    yield from paired(f"metagen {case['predict']}", limits, answer, {name: name for name in limits})


if __name__ == "__main__":
    run("pimeta/meta_rules.R", draw, fit, tolerance=1e-6)
