"""Integrity checks: granularity, p values, intervals, spreads, baseline tables, digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from evergrove.stats.integrity.uniformity import anderson_darling, fisher, kolmogorov_smirnov, stouffer
from golden.stats_reference import golden, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]
CLOSED = "closed-form"
VERDICTS = [str(verdict) for verdict in stats.Verdict]


def _verdict(label: str, check: Any, wanted: str) -> Row:
    return label, "verdict", CLOSED, VERDICTS.index(str(check.verdict)), VERDICTS.index(wanted)


def _label(case: dict[str, Any]) -> str:
    return " ".join(str(value) for value in case.values() if isinstance(value, str | int | float))


def integrity_grim() -> Iterator[Row]:
    for case in golden("integrity_grim").cases:
        check = stats.grim_test(case["mean"], case["n"], items=case["items"], rounding=case["rounding"])
        yield _verdict(_label(case), check, case["verdict"])


def integrity_grimmer() -> Iterator[Row]:
    for case in golden("integrity_grimmer").cases:
        scale = tuple(int(end) for end in case["scale"]) if case.get("scale") else None
        options = {"items": case["items"], "rounding": case["rounding"], "scale": scale}
        check = stats.grimmer_test(case["mean"], case["sd"], case["n"], **options)
        yield _verdict(_label(case), check, case["verdict"])


def integrity_debit() -> Iterator[Row]:
    for case in golden("integrity_debit").cases:
        check = stats.debit_test(case["mean"], case["sd"], case["n"], rounding=case["rounding"])
        yield _verdict(_label(case), check, case["verdict"])


def integrity_percentages() -> Iterator[Row]:
    for case in golden("integrity_percentages").cases:
        check = stats.percentage_test(case["percent"], case["n"], rounding=case["rounding"])
        yield _verdict(_label(case), check, case["verdict"])
        if check.verdict != stats.Verdict.INCONSISTENT:
            yield _label(case), "counts", CLOSED, check.possible, case["counts"]
        (events,) = case["events"]
        both = stats.percentage_test(case["percent"], case["n"], events=events, rounding=case["rounding"])
        yield _verdict(_label(case), both, case["with_events"])


def integrity_p_values() -> Iterator[Row]:
    for case in golden("integrity_p_values").cases:
        check = stats.p_value_test(
            case["kind"],
            case["statistic"],
            case["p"],
            df1=case["df1"],
            df2=case["df2"],
            comparison=case["comparison"],
        )
        yield _verdict(_label(case), check, case["verdict"])
        yield _label(case), "p_value", "p-value", check.possible, [case["p_low"], case["p_high"]]


def integrity_estimates() -> Iterator[Row]:
    for case in golden("integrity_estimates").cases:
        given = (case["estimate"], case["ci_low"], case["ci_high"], case["p"])
        check = stats.estimate_test(*given, ratio=case["ratio"])
        yield _verdict(_label(case), check, case["verdict"])
        if case["p_low"] is not None:
            yield _label(case), "p_value", "p-value", check.possible, [case["p_low"], case["p_high"]]


def integrity_sd_bounds() -> Iterator[Row]:
    for case in golden("integrity_sd_bounds").cases:
        yield _label(case), "most", CLOSED, stats.sd_bounds(case["mean"], 1, 5, case["n"])[1], case["most"]
        if case["least"] is not None:
            ours = stats.sd_bounds(case["mean"], 1, 5, case["n"], attained=True)[0]
            yield _label(case), "least", CLOSED, ours, case["least"]


def integrity_spread_reading() -> Iterator[Row]:
    for case in golden("integrity_spread_reading").cases:
        check = stats.spread_reading_test(
            tuple(case["means"]), tuple(case["spreads"]), tuple(case["n"]), case["p"]
        )
        label = f"{case['means']} {case['spreads']}"
        yield _verdict(label, check, case["verdict"])
        yield label, "p_value", "p-value", check.possible, case["p_values"]


def _counts(case: dict[str, Any]) -> stats.CountsRow:
    return stats.CountsRow("counts", tuple(tuple(arm) for arm in case["counts"]))


def integrity_baseline() -> Iterator[Row]:
    for at, case in enumerate(golden("integrity_baseline").cases):
        means = stats.MeansRow("mean", tuple(case["mean"]), tuple(case["sd"]), tuple(case["n"]))
        found = stats.baseline_test([means, _counts(case)], method=case["method"])
        yield f"table {at}", "ANOVA p_value", "p-value", found.p_values[0], case["anova_p"]
        yield f"table {at}", "chi2 p_value", "p-value", found.p_values[1], case["chi2_p"]


def integrity_baseline_simulated() -> Iterator[Row]:
    for at, case in enumerate(golden("integrity_baseline_simulated").cases):
        found = stats.baseline_test([_counts(case)], method=case["method"], rng=at, simulations=200_000)
        yield f"table {at}", "mid-p", "monte-carlo", found.p_values[0], case["mid_p"]


def integrity_uniformity() -> Iterator[Row]:
    for case in golden("integrity_uniformity").cases:
        p = np.array(case["p"])
        label = f"{p.size} p values"
        yield label, "Stouffer", CLOSED, stouffer(p), [case["stouffer"], case["stouffer_p"]]
        yield label, "Fisher", CLOSED, fisher(p), [case["fisher"], case["fisher_p"]]
        yield label, "Kolmogorov-Smirnov", CLOSED, kolmogorov_smirnov(p), [case["ks"], case["ks_p"]]
        yield label, "Anderson-Darling", CLOSED, anderson_darling(p).statistic, case["ad"]


def integrity_terminal_digits() -> Iterator[Row]:
    for case in golden("integrity_terminal_digits").cases:
        found = stats.terminal_digit_test(case["values"])
        label = f"{len(case['values'])} numbers"
        yield label, "statistic", CLOSED, found.statistic, case["statistic"]
        yield label, "p_value", "p-value", found.p_value, case["p_value"]


RUNS = (
    integrity_grim,
    integrity_grimmer,
    integrity_debit,
    integrity_percentages,
    integrity_p_values,
    integrity_estimates,
    integrity_sd_bounds,
    integrity_spread_reading,
    integrity_baseline,
    integrity_baseline_simulated,
    integrity_uniformity,
    integrity_terminal_digits,
)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return which option members these files hold."""
    return {
        stats.Verdict: seen("integrity_percentages", "verdict") & seen("integrity_p_values", "verdict"),
        stats.Rounding: seen("integrity_grim", "rounding") & seen("integrity_grimmer", "rounding"),
        stats.StatisticKind: seen("integrity_p_values", "kind"),
        stats.Comparison: seen("integrity_p_values", "comparison"),
        stats.BaselineMethod: seen("integrity_baseline", "method")
        | seen("integrity_baseline_simulated", "method"),
    }
