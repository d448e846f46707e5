"""Conversions: quantiles, spreads, printed statistics, tables, ratios."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from evergrove import stats
from evergrove.stats.conversions.medians import estimated
from evergrove.stats.conversions.normal_quantiles import printed_quantiles
from evergrove.stats.conversions.power_likelihood import estimate_by_power_likelihood
from golden.stats_reference import golden, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]
CLOSED, OPTIMISED = "closed-form", "optimised"


def _quantiles(case: dict[str, Any]) -> dict[str, float]:
    low, q1, median, q3, high = case["values"]
    ends = {"minimum": low, "maximum": high} if case["scenario"] != "quartiles" else {}
    middle = {"q1": q1, "q3": q3} if case["scenario"] != "range" else {}
    return {"median": median, "n": case["n"], **ends, **middle}


def _label(case: dict[str, Any]) -> str:
    return f"{case['values']} n={case['n']} {case['scenario']} {case.get('method', '')}"


def conversions_five_numbers() -> Iterator[Row]:
    for case in golden("conversions_five_numbers").cases:
        given = _quantiles(case)
        found = stats.means_from_quantiles(
            **given, method=case["method"], expected_range=case["expected_range"], skewed_rows="keep"
        )
        label = f"{_label(case)} {case['expected_range']}"
        yield label, "mean and sd", CLOSED, [found.mean[0], found.sd[0]], case["found"]
        test = stats.skewness_test(**given)
        yield label, "skewness", CLOSED, [test.statistic, test.critical_value], case["skewness"]


def conversions_log_normal() -> Iterator[Row]:
    for case in golden("conversions_log_normal").cases:
        options = {"shape": case["shape"], "back_transform": case["back_transform"]}
        found = stats.means_from_quantiles(**_quantiles(case), **options)
        label = f"{_label(case)} back {case['back_transform']}"
        yield label, "mean and sd", CLOSED, [found.mean[0], found.sd[0]], case["found"]
        yield label, "skewed", CLOSED, found.skewed[0], case["skewed"]
        strict = stats.means_from_quantiles(**_quantiles(case), **options, skewed_rows="leave-out")
        yield label, "left out", CLOSED, [strict.mean[0], strict.sd[0]], case["left_out"]


def conversions_quantile_estimation() -> Iterator[Row]:
    for case in golden("conversions_quantile_estimation").cases:
        found = stats.quantile_estimation(**_quantiles(case))
        by_family = {str(fit.family): fit for fit in found.fits}
        ours = [by_family[name] for name in case["families"]]
        yield _label(case), "families", CLOSED, len(by_family), len(case["families"])
        yield (
            _label(case),
            "best",
            CLOSED,
            case["families"].index(str(found.family)),
            case["families"].index(case["best"]),
        )
        yield _label(case), "distances", OPTIMISED, [fit.distance for fit in ours], case["distances"]
        yield _label(case), "means", OPTIMISED, [fit.mean for fit in ours], case["means"]
        yield _label(case), "sds", OPTIMISED, [fit.sd for fit in ours], case["sds"]


def conversions_box_cox() -> Iterator[Row]:
    for case in golden("conversions_box_cox").cases:
        found = stats.box_cox_estimation(**_quantiles(case))
        ours = [found.power, found.location, found.scale, found.mean, found.sd]
        yield _label(case), "power, location, scale, mean, sd", OPTIMISED, ours, case["found"]


def conversions_power_likelihood() -> Iterator[Row]:
    for case in golden("conversions_power_likelihood").cases:
        missing = dict.fromkeys(("minimum", "q1", "q3", "maximum"))
        given = printed_quantiles(**{**missing, **_quantiles(case)})
        found = estimate_by_power_likelihood(given)
        # a power of 0 is found by R to 1e-8
        yield _label(case), "1 + power", OPTIMISED, 1.0 + found.power, 1.0 + case["found"][0]
        ours = [found.location, found.scale, found.mean, found.sd]
        yield _label(case), "location, scale, mean, sd", "numeric-peak", ours, case["found"][1:]
        mean, sd = estimated(given, case["method"], "blom")
        yield _label(case), "mean, sd by name", CLOSED, [mean, sd], [found.mean, found.sd]


def conversions_spreads() -> Iterator[Row]:
    for case in golden("conversions_spreads").cases:
        n, n2 = case["n"], case["n2"]
        difference, df = case["difference"], case["df"]
        label = f"n={n}"
        sd = case["sd"]
        yield label, "sd_from_se", CLOSED, stats.sd_from_se(case["se"], n), sd
        yield label, "sd_from_ci", CLOSED, stats.sd_from_ci(*case["ci"], n), sd
        se = case["difference_se"]
        yield label, "se_from_ci", CLOSED, stats.se_from_ci(*case["difference_ci"], df=df), se
        yield label, "se_from_statistic", CLOSED, stats.se_from_statistic(difference, case["t"]), se
        yield label, "se_from_p_value", CLOSED, stats.se_from_p_value(difference, case["p_value"], df=df), se
        yield label, "sd_from_difference", CLOSED, stats.sd_from_difference(se, n, n2), case["pooled_sd"]
        pair = (case["sd_baseline"], case["sd_final"])
        change = stats.sd_of_change(*pair, case["correlation"])
        yield label, "sd_of_change", CLOSED, change, case["sd_change"]
        r = stats.correlation_of_change(*pair, case["sd_change"])
        yield label, "correlation_of_change", CLOSED, r, case["correlation"]
        one = stats.combine_arms([n, n2, case["n3"]], mean=case["means"], sd=case["sds"])
        yield label, "combine_arms", CLOSED, [one.mean, one.sd], [case["all_mean"], case["all_sd"]]
        logs = stats.log_scale_from_raw(case["means"][0], case["sds"][0])
        yield label, "log_scale_from_raw", CLOSED, logs, case["log_scale"]
        back = stats.raw_from_log_scale(*case["log_scale"])
        yield label, "raw_from_log_scale", CLOSED, back, (case["means"][0], case["sds"][0])


def conversions_wald() -> Iterator[Row]:
    for case in golden("conversions_wald").cases:
        options = {"log": case["log"], "level": case["level"]}
        k = len(case["yi"])
        df = None if case["df"] is None else [case["df"]] * k
        sources = {
            "interval": {"ci_low": case["ci_low"], "ci_high": case["ci_high"], "df": df},
            "statistic": {"statistic": case["statistic"]},
            "p value": {"p_value": case["p_value"], "df": df},
        }
        for name, given in sources.items():
            found = stats.effects_from_printed(estimate=case["estimate"], **given, **options)
            label = f"{case['set']} {case['level']} {name}"
            yield label, "yi", CLOSED, found.yi, case["yi"]
            yield label, "vi", CLOSED, found.vi, case["vi"]
        middle = stats.effects_from_printed(**sources["interval"], **options)
        yield case["set"], "middle of the interval", CLOSED, middle.yi, case["yi"]


TRANSFORMS = {
    "exp": math.exp,
    "log": math.log,
    "tanh": math.tanh,
    "inverse-logit": lambda x: 1.0 / (1.0 + math.exp(-x)),
    "smd-to-or": lambda x: math.exp(x * math.pi / math.sqrt(3.0)),
}


def conversions_delta() -> Iterator[Row]:
    for case in golden("conversions_delta").cases:
        found = stats.delta_method([case["yi"]], [case["vi"]], TRANSFORMS[case["transform"]])
        yield f"{case['transform']} {case['yi']}", "yi", CLOSED, found.yi[0], case["moved"]
        yield f"{case['transform']} {case['yi']}", "vi", "differentiated", found.vi[0], case["variance"]


def conversions_two_by_two() -> Iterator[Row]:
    for case in golden("conversions_two_by_two").cases:
        margins = ([case["n"]], [case["row1"]], [case["column1"]])
        given = {
            "odds_ratio": ({"odds_ratio": [case["odds_ratio"]]}, True),
            "phi": ({"phi": [case["phi"]]}, True),
            "chi2": ({"chi2": [case["chi2"]]}, False),
            "chi2 corrected": ({"chi2": [case["chi2_corrected"]]}, True),
        }
        for name, (statistic, correct) in given.items():
            if None in [values[0] for values in statistic.values()]:
                continue
            table = stats.tables_from_margins(*margins, **statistic, correct=correct)
            cells = [table.a[0], table.b[0], table.c[0], table.d[0]]
            yield f"{case['study']} {name}", "cells", CLOSED, cells, case["cells"]
            yield f"{case['study']} {name}", "exact", CLOSED, table.exact[0], case["cells"][0]


def conversions_ratios() -> Iterator[Row]:
    for case in golden("conversions_ratios").cases:
        estimate, low, high = case["given"]
        call = (case["from"], case["to"], estimate, low, high, case["control_risk"])
        label = f"{case['from']} to {case['to']} at {case['control_risk']}"
        for limits in ("substitution", "delta"):
            found = stats.convert_effect(*call, limits=limits)
            trio = [found.estimate, found.ci_low, found.ci_high]
            yield label, limits, "differentiated" if limits == "delta" else CLOSED, trio, case[limits]
            if limits == "delta":
                yield label, "se", "differentiated", found.se, case["delta_se"]


def conversions_risk_ratio() -> Iterator[Row]:
    for case in golden("conversions_risk_ratio").cases:
        for measure in ("OR", "HR"):
            name = measure.lower()
            common = stats.risk_ratio_of(measure, case["ratio"], approximation=case["approximation"])
            yield f"{measure} {case['ratio']}", "common outcome", CLOSED, common, case[name]
            at = stats.risk_ratio_of(measure, case["ratio"], control_risk=0.3)
            yield f"{measure} {case['ratio']}", "at 0.3", CLOSED, at, case[f"{name}_at"]


def conversions_standardised() -> Iterator[Row]:
    for case in golden("conversions_standardised").cases:
        for name, convert, given, wanted in (
            ("to log OR", stats.smd_to_log_odds_ratio, "smd", "log_or"),
            ("to SMD", stats.log_odds_ratio_to_smd, "from_log_or", "to_smd"),
        ):
            pairs = zip(case[given], case[f"{given}_vi"], strict=True)
            found = [convert(yi, vi, case["factor"]) for yi, vi in pairs]
            yield case["factor"], f"{name} yi", "effect", [one.yi for one in found], case[wanted]
            yield case["factor"], f"{name} vi", "effect", [one.vi for one in found], case[f"{wanted}_vi"]


def conversions_correlations() -> Iterator[Row]:
    for case in golden("conversions_correlations").cases:
        label, n = f"d={case['d']} n={case['n']}", case["n"]
        r = stats.smd_to_correlation(case["d"], case["vi"], *n)
        yield label, "r", CLOSED, r.yi, case["r"]
        yield label, "r variance", "differentiated", r.vi, case["r_vi"]
        back = stats.correlation_to_smd(case["d"] / 2, case["vi"])
        yield label, "d", CLOSED, back.yi, case["back"]
        yield label, "d variance", "differentiated", back.vi, case["back_vi"]
        yield label, "t", CLOSED, stats.t_from_smd(case["d"], *n), case["t"]
        yield label, "d from t", CLOSED, stats.smd_from_t(case["t"], *n), case["d"]


RUNS = (
    conversions_five_numbers,
    conversions_log_normal,
    conversions_quantile_estimation,
    conversions_box_cox,
    conversions_power_likelihood,
    conversions_spreads,
    conversions_wald,
    conversions_delta,
    conversions_two_by_two,
    conversions_ratios,
    conversions_risk_ratio,
    conversions_standardised,
    conversions_correlations,
)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return which option members these files hold."""
    families = (case["families"] for case in golden("conversions_quantile_estimation").cases)
    return {
        stats.MedianMethod: seen("conversions_five_numbers", "method")
        | seen("conversions_quantile_estimation", "method")
        | seen("conversions_box_cox", "method")
        | seen("conversions_power_likelihood", "method"),
        stats.ExpectedRange: seen("conversions_five_numbers", "expected_range"),
        stats.AssumedShape: {"normal"} | seen("conversions_log_normal", "shape"),
        # every log-normal case is run both ways; some are skewed and some are not
        stats.SkewedRows: {"keep", "leave-out"}
        if len(seen("conversions_log_normal", "skewed")) == 2
        else set(),
        stats.QuantileFamily: set().union(*families),
        stats.LimitsMethod: set(golden("conversions_ratios").cases[0]) & {"substitution", "delta"},
        stats.LogOddsFactor: seen("conversions_standardised", "factor"),
        stats.RatioApproximation: {"baseline-risk"} | seen("conversions_risk_ratio", "approximation"),
    }
