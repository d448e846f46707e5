"""Many fits at once: groups, each without a study, as studies accrue, all subsets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.stats_reference import golden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

ITERATED = ("REML", "ML", "PM", "EB")
QUANTITIES = ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "tau2", "i2", "q", "k")


def _options(case: dict[str, Any]) -> dict[str, Any]:
    """metafor's method as options."""
    return {"model": "common"} if case["tau2_method"] == "EE" else {"tau2": case["tau2_method"]}


def _kind(quantity: str, method: str) -> str:
    if quantity == "q" or method not in ITERATED:
        return "p-value" if quantity == "p_value" else "closed-form"
    return "tau2" if quantity == "tau2" else "from-tau2"


def _compare(ours: Any, case: dict[str, Any], label: str, rows: Any = slice(None)) -> Iterator[Row]:
    for quantity in QUANTITIES:
        theirs = np.array(case[quantity], dtype=float)[rows]
        yield label, quantity, _kind(quantity, case["tau2_method"]), getattr(ours, quantity)[rows], theirs


def bulk_groups() -> Iterator[Row]:
    table = golden("bulk_groups")
    data = table.data["all"]
    keys = data["group"]
    # three equal effects: metafor's standard error is 0 to rounding, so that its test is noise
    spread = [name != "equal" for name in dict.fromkeys(keys)]
    for case in table.cases:
        ours = stats.pool_groups(data["yi"], data["vi"], keys, ci=case["ci"], **_options(case))
        rows = np.array(spread) if case["ci"].startswith("hartung-knapp") else slice(None)
        yield from _compare(ours, case, f"{case['tau2_method']} {case['ci']}", rows)


def bulk_by_study() -> Iterator[Row]:
    table = golden("bulk_by_study")
    for case in table.cases:
        data = table.columns(case)
        verb = stats.leave_one_out_groups if case["kind"] == "leave-one-out" else stats.cumulative_groups
        ours = verb(
            data["yi"], data["vi"], np.zeros(data["yi"].size, dtype=int), ci="hartung-knapp", **_options(case)
        )
        yield from _compare(ours, case, f"{case['set']} {case['tau2_method']} {case['kind']}")


def bulk_gosh() -> Iterator[Row]:
    table = golden("bulk_gosh")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.gosh(data["yi"], data["vi"], **_options(case))
        order = np.argsort(ours.k, kind="stable")
        yield case["tau2_method"], "members", "closed-form", ours.members[order, 0], case["member"]
        for quantity in ("k", "estimate", "q", "i2", "h2", "tau2"):
            kind = _kind(quantity, case["tau2_method"])
            theirs = np.array(case[quantity], dtype=float)
            if quantity == "h2":  # metafor leaves H² of one study missing; here it is 1
                theirs = np.where(np.isnan(theirs), 1.0, theirs)
                if case["tau2_method"] == "DL":  # its short path takes Q / (k - 1), also below 1
                    theirs = np.maximum(theirs, 1.0)
            yield case["tau2_method"], quantity, kind, getattr(ours, quantity)[order], theirs


def bulk_gosh_regression() -> Iterator[Row]:
    table = golden("bulk_gosh_regression")
    data = table.data["eight"]
    for case in table.cases:
        mods = {name: data[name] for name in case["mods"]}
        fit = stats.meta_regression(data["yi"], data["vi"], mods, **_options(case))
        ours = stats.gosh_regression(fit)
        order = np.argsort(ours.k, kind="stable")
        label = f"{case['tau2_method']} {' '.join(case['mods'])}"
        yield label, "members", "closed-form", ours.members[order, 0], case["member"]
        theirs = {name: np.array(case[name], dtype=float) for name in ("k", "q", "i2", "h2", "tau2")}
        theirs |= {f"coefficient {at}": np.array(b, dtype=float) for at, b in enumerate(case["coefficients"])}
        found = {name: getattr(ours, name)[order] for name in ("k", "q", "i2", "h2", "tau2")}
        found |= {f"coefficient {at}": b for at, b in enumerate(ours.coefficients[order].T)}
        for quantity, values in theirs.items():
            kind = "near-line" if quantity in {"q", "h2"} else _kind(quantity, case["tau2_method"])
            if quantity in {"tau2", "i2"}:  # scoring that stops short of the boundary leaves 1e-13 of tau²
                values = np.where(values < 1e-8, 0.0, values)  # noqa: PLW2901 - what is compared
            yield label, quantity, kind, found[quantity], values


RUNS = (bulk_gosh_regression, bulk_groups, bulk_by_study, bulk_gosh)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - a constant that is read late
    return {}
