"""Residuals, case deletion and cumulative results against metafor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from evergrove.stats.influence.options import ResidualKind
from golden.stats_reference import golden, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

MEASURES = (
    "rstudent", "dffits", "cook", "covariance_ratio", "tau2", "qe", "hat", "weight", "residual",
    "residual_se", "rstandard",
)  # fmt: skip


def _options(case: dict[str, Any]) -> dict[str, Any]:
    if case["tau2_method"] == "EE":
        return {"model": "common", "ci": case["ci"]}
    return {"tau2": case["tau2_method"], "ci": case["ci"]}


def _kind(case: dict[str, Any], quantity: str) -> str:
    if case["tau2_method"] in {"EE", "DL"}:
        return "closed-form"
    return "tau2" if quantity == "tau2" else "deleted"


def influence_diagnostics() -> Iterator[Row]:
    yield from _diagnostics("influence_diagnostics")


def influence_weights() -> Iterator[Row]:
    yield from _diagnostics("influence_weights")


def _diagnostics(name: str) -> Iterator[Row]:
    table = golden(name)
    for case in table.cases:
        data = table.data[case["set"]]
        design = np.array(data["design"], dtype=float).T
        options = {**_options(case), "weights": case.get("weights")}
        found = stats.influence_diagnostics(data["yi"], data["vi"], design, **options)
        label = f"{case['set']} {case['tau2_method']} {case['ci']}"
        for quantity in MEASURES:
            theirs = np.array(case[quantity], dtype=float)
            if quantity == "tau2":  # scoring that stops short of the boundary leaves 1e-13
                theirs = np.where(theirs < 1e-10, 0.0, theirs)
            yield label, quantity, _kind(case, quantity), getattr(found, quantity), theirs
        reference = np.array(list(case["dfbetas"].values()), dtype=float).T
        yield label, "dfbetas", _kind(case, "dfbetas"), found.dfbetas.ravel(), reference.ravel()
        yield label, "influential", "closed-form", found.influential, case["influential"]


def influence_cumulative() -> Iterator[Row]:
    table = golden("influence_cumulative")
    for case in table.cases:
        data = table.data[case["set"]]
        yi, vi = np.array(data["yi"]), np.array(data["vi"])
        options = _options(case)

        def refit(keep: Any, yi: Any = yi, vi: Any = vi, options: Any = options) -> stats.PoolResult:
            return stats.pool(yi[keep], vi[keep], **options)

        found = stats.cumulative(refit, yi.size, data["order"])
        label = f"{case['set']} {case['tau2_method']} {case['ci']}"
        yield label, "rows", "closed-form", found.rows, case["rows"]
        iterated = case["tau2_method"] == "REML"
        # metafor's t-based tests of one study have no df; here the normal interval is given
        first = 1 if case["ci"] != "normal" else 0
        for quantity in ("estimate", "ci_low", "ci_high", "p_value", "q", "tau2", "i2"):
            kind = (
                ("tau2" if quantity == "tau2" else "deleted")
                if iterated and quantity != "q"
                else "closed-form"
            )
            yield label, quantity, kind, getattr(found, quantity)[first:], case[quantity][first:]
        shown = stats.baujat(yi, vi, **options)
        for quantity in ("contribution", "influence"):
            yield (
                label,
                quantity,
                "deleted" if iterated else "closed-form",
                getattr(shown, quantity),
                case[quantity],
            )


def _counts(d: dict[str, Any]) -> dict[str, Any]:
    """Return the arms of tables as patients with events and patients."""
    tables = {name: np.array(values, dtype=float) for name, values in d.items()}
    return {
        "events1": tables["tpos"],
        "n1": tables["tpos"] + tables["tneg"],
        "events2": tables["cpos"],
        "n2": tables["cpos"] + tables["cneg"],
    }


def influence_quantiles() -> Iterator[Row]:
    table = golden("influence_quantiles")
    kinds = {"rstandard": "standardised", "rstudent": "deleted"}
    for case in table.cases:
        label, kind = f"{case['model']} {case['set']} {case['kind']}", kinds[case["kind"]]
        if case["model"] == "inverse-variance":
            data = table.data[case["set"]]
            moderators = np.array(data["design"], dtype=float).T[:, 1:]
            options = {**_options({**case, "ci": "normal"})}
            fit = (
                stats.meta_regression(data["yi"], data["vi"], moderators, **options)
                if moderators.size
                else stats.pool(data["yi"], data["vi"], **options)
            )
            ours = stats.residual_quantiles(fit, kind=kind, replications=0)
        else:
            counts = _counts(table.data["tables"][case["set"]])
            fit = (
                stats.peto(**counts)
                if case["model"] == "peto"
                else stats.mantel_haenszel(**counts, measure="OR")
            )
            ours = stats.residual_quantiles(fit, kind=kind)
        yield label, "quantile", "closed-form", ours.quantile, case["quantile"]
        yield label, "residual", "closed-form", ours.residual, case["residual"]
    rng = np.random.default_rng(4)
    equal = stats.pool(rng.normal(size=13), np.full(13, 0.1), tau2="DL")
    envelope = stats.residual_quantiles(equal, replications=400_000, rng=5)
    rank = np.argsort(envelope.residual)[[0, 1, 12]]
    for side in ("low", "high"):
        ours_at = getattr(envelope, f"envelope_{side}")[rank]
        yield "13 equal variances", side, "monte-carlo", ours_at, table.data[side]


def influence_likelihoods() -> Iterator[Row]:
    table = golden("influence_likelihoods")
    for case in table.cases:
        options = {name: case[name] for name in ("scaled", "points", "level")}
        if case["kind"] == "normal":
            data = table.data["bcg"]
            ours = stats.normal_likelihoods(data["yi"], data["vi"], **options)
        else:
            ours = stats.odds_ratio_likelihoods(**_counts(table.data["tables"][case["set"]]), **options)
        label = f"{case['kind']} {case['set']} {case['scaled']}"
        theirs = np.array(case["likelihood"], dtype=float)
        known = np.isfinite(theirs)
        yield label, "known", "closed-form", np.isfinite(ours.likelihood).astype(float), known.astype(float)
        kind = "closed-form" if case["kind"] == "normal" else "biased-urn"
        yield label, "likelihood", kind, ours.likelihood[known], theirs[known]


def influence_counts() -> Iterator[Row]:
    table = golden("influence_counts")
    for case in table.cases:
        counts = {name: np.array(values, dtype=float) for name, values in table.data[case["set"]].items()}
        measure = case["measure"]
        if measure == "PETO":
            fit = stats.peto(**counts)
        elif "time1" in counts:
            fit = stats.mantel_haenszel_rates(**counts, measure=measure)
        else:
            fit = stats.mantel_haenszel(**counts, measure=measure)
        found = stats.deleted_residuals(fit)
        for quantity in found.columns():
            theirs = np.array(case[quantity], dtype=float)
            yield f"{case['set']} {measure}", quantity, "closed-form", getattr(found, quantity), theirs


RUNS = (
    influence_quantiles,
    influence_likelihoods,
    influence_diagnostics,
    influence_weights,
    influence_cumulative,
    influence_counts,
)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return which option members these files hold."""
    kinds = {"rstandard": ResidualKind.STANDARDISED, "rstudent": ResidualKind.DELETED}
    return {ResidualKind: {str(kinds[one]) for one in seen("influence_quantiles", "kind")}}
