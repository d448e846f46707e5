"""The first statistics: effect sizes, pooling, sparse data, influence, small studies, conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from evergrove.stats.distributions import log_two_sided_p
from evergrove.stats.tau2 import lay_out, restricted_maximum_likelihood
from golden.stats_reference import golden, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

CLOSED = "closed-form"


def _label(case: dict[str, Any]) -> str:
    kept = (value for value in case.values() if isinstance(value, str | bool))
    return " ".join(str(value) for value in kept)


def effect_sizes_events() -> Iterator[Row]:
    table = golden("effect_sizes_events")
    for case in table.cases:
        ours = stats.effect_size(
            case["measure"], **table.columns(case), to=case["to"], drop_double_zero=case["drop_double_zero"]
        )
        vi = np.array(case["vi"], dtype=float)
        # metafor keeps rows whose variance is 0; here they are not estimable
        known = ~(vi <= 0)
        for quantity in ("yi", "vi"):
            theirs = np.where(known, np.array(case[quantity], dtype=float), np.nan)
            yield _label(case), quantity, "effect", getattr(ours, quantity), theirs


def effect_sizes_means() -> Iterator[Row]:
    table = golden("effect_sizes_means")
    for case in table.cases:
        ours = stats.effect_size(case["measure"], **table.columns(case), variance=case["variance"])
        for quantity in ("yi", "vi"):
            yield _label(case), quantity, "effect", getattr(ours, quantity), case[quantity]


def effect_sizes_proportions() -> Iterator[Row]:
    table = golden("effect_sizes_proportions")
    for case in table.cases:
        ours = stats.effect_size(case["measure"], **table.columns(case), to=case["to"])
        known = ~(np.array(case["vi"], dtype=float) <= 0)
        for quantity in ("yi", "vi"):
            theirs = np.where(known, np.array(case[quantity], dtype=float), np.nan)
            yield _label(case), quantity, "effect", getattr(ours, quantity), theirs


def back_transform() -> Iterator[Row]:
    for case in golden("back_transform").cases:
        ours = stats.back_transform(case["value"], case["measure"], n=case.get("n"))
        yield case["measure"], "natural", CLOSED, ours, case["natural"]


def _kind(quantity: str, *, iterated: bool) -> str:
    if quantity == "tau2":
        return "tau2" if iterated else CLOSED
    if quantity.endswith("p_value"):
        return "from-tau2" if iterated and quantity == "p_value" else "p-value"
    return "from-tau2" if iterated and quantity != "q" else CLOSED


FIT = [
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "statistic",
    "p_value",
    "tau2",
    "i2",
    "h2",
    "q",
    "q_p_value",
    "prediction_low",
    "prediction_high",
    "weights",
]


def pooling() -> Iterator[Row]:
    table = golden("pooling")
    for case in table.cases:
        common = case["tau2_method"] == "EE"
        options = {"model": "common"} if common else {"tau2": case["tau2_method"]}
        ours = stats.pool(**table.columns(case), **options, ci=case["ci"], prediction="test")
        for quantity in FIT:
            kind = _kind(quantity, iterated=case["tau2_method"] in ("REML", "PM"))
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]


def pooling_tau2_given() -> Iterator[Row]:
    table = golden("pooling_tau2_given")
    for case in table.cases:
        ours = stats.pool(**table.columns(case), tau2=float(case["given"]), ci=case["ci"], prediction="test")
        for quantity in FIT:
            kind = _kind(quantity, iterated=False)
            yield f"{_label(case)} {case['given']}", quantity, kind, getattr(ours, quantity), case[quantity]


def q_profile() -> Iterator[Row]:
    table = golden("q_profile")
    for case in table.cases:
        ours = stats.pool(**table.columns(case), tau2="DL", level=case["level"])
        empty = "tau2-interval-empty" in [remark.code for remark in ours.diagnostics]
        for quantity in ("tau2_ci_low", "tau2_ci_high", "i2_ci_low", "i2_ci_high"):
            # metafor gives an empty set as 0 to 0 with a warning; here it is None with a diagnostic
            theirs = None if empty and case["tau2_ci_high"] == 0 else case[quantity]
            yield f"{case['set']} {case['level']}", quantity, "tau2", getattr(ours, quantity), theirs


CLOSED_FORM_FIT = [
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "statistic",
    "p_value",
    "q",
    "q_df",
    "q_p_value",
    "i2",
    "h2",
    "weights",
]


def mantel_haenszel() -> Iterator[Row]:
    table = golden("mantel_haenszel")
    for case in table.cases:
        ours = stats.mantel_haenszel(
            **table.columns(case), measure=case["measure"], correction=float(case["correction"])
        )
        for quantity in CLOSED_FORM_FIT:
            kind = _kind(quantity, iterated=False)
            label = f"{_label(case)} {case['correction']}"
            theirs = case[quantity]
            if quantity == "weights":  # metafor leaves dropped rows out; here their weight is 0
                dropped = np.flatnonzero(ours.weights == 0)
                if len(theirs) < ours.weights.size:
                    theirs = np.insert(theirs, dropped - np.arange(dropped.size), 0.0)
            yield label, quantity, kind, getattr(ours, quantity), theirs


def peto() -> Iterator[Row]:
    table = golden("peto")
    for case in table.cases:
        ours = stats.peto(**table.columns(case))
        for quantity in CLOSED_FORM_FIT:
            yield (
                case["set"],
                quantity,
                _kind(quantity, iterated=False),
                getattr(ours, quantity),
                case[quantity],
            )


def leave_one_out() -> Iterator[Row]:
    table = golden("leave_one_out")
    for case in table.cases:
        data = table.columns(case)
        options = {"model": "common"} if case["tau2_method"] == "EE" else {"tau2": case["tau2_method"]}

        def refit(
            keep: Any, data: Any = data, options: Any = options, ci: str = case["ci"]
        ) -> stats.PoolResult:
            return stats.pool(data["yi"][keep], data["vi"][keep], ci=ci, **options)

        ours = stats.leave_one_out(refit, data["yi"].size)
        for quantity in ("estimate", "ci_low", "ci_high", "p_value", "tau2", "i2", "q"):
            kind = _kind(quantity, iterated=case["tau2_method"] == "REML")
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]


def subgroups() -> Iterator[Row]:
    table = golden("subgroups")
    for case in table.cases:
        data = table.columns(case)
        iterated = case["tau2_method"] != "DL"
        kind = "from-tau2" if iterated else CLOSED
        options = {"tau2": case["tau2_method"]}
        own = stats.subgroups(**data, groups=case["groups"], ci=case["ci"], **options)
        ordered = [own.results[name] for name in case["names"]]
        yield _label(case), "estimates", kind, [result.estimate for result in ordered], case["estimates"]
        yield _label(case), "se", kind, [result.se for result in ordered], case["se"]
        yield _label(case), "q between", kind, own.test.q, case["q"]
        yield _label(case), "p_value", kind if iterated else "p-value", own.test.p_value, case["p_value"]
        shared = stats.subgroups(**data, groups=case["groups"], ci="normal", common_tau2=True, **options)
        ordered = [shared.results[name] for name in case["names"]]
        yield _label(case), "common tau2", "tau2", shared.tau2, case["residual_tau2"]
        estimates = [result.estimate for result in ordered]
        yield _label(case), "common tau2 estimates", kind, estimates, case["residual_estimates"]
        yield _label(case), "common tau2 se", kind, [result.se for result in ordered], case["residual_se"]
        yield _label(case), "common tau2 q between", kind, shared.test.q, case["residual_q_between"]
        yield _label(case), "common tau2 p_value", "from-tau2", shared.test.p_value, case["residual_p_value"]


def restricted_likelihood() -> Iterator[Row]:
    table = golden("restricted_likelihood")
    for case in table.cases:
        data = table.columns(case)
        found, maxima = restricted_maximum_likelihood(lay_out(data["yi"], data["vi"]))
        yield case["set"], "tau2", "optimised", found.value, case["tau2"]
        yield case["set"], "all maxima", "optimised", maxima, case["maxima"]


def prediction() -> Iterator[Row]:
    table = golden("prediction")
    for case in table.cases:
        ours = stats.pool(**table.columns(case), tau2="DL", ci=case["ci"], prediction=case["prediction"])
        for quantity in ("prediction_low", "prediction_high"):
            yield _label(case), quantity, CLOSED, getattr(ours, quantity), case[quantity]


def printed_intervals() -> Iterator[Row]:
    table = golden("printed_intervals")
    for case in table.cases:
        ours = stats.effect_size(case["measure"], **table.columns(case))
        for quantity in ("yi", "vi"):
            yield _label(case), quantity, "effect", getattr(ours, quantity), case[quantity]


def conversions() -> Iterator[Row]:
    low, q1, median, q3, high = 2.0, 10.0, 14.0, 20.0, 40.0
    for case in golden("conversions").cases:
        n, method = case["n"], case["method"]
        label = f"n={n} {method}"
        yield label, "iqr", CLOSED, stats.mean_sd_from_median_iqr(q1, median, q3, n, method), case["iqr"]
        yield (
            label,
            "range",
            CLOSED,
            stats.mean_sd_from_median_range(low, median, high, n, method),
            case["range"],
        )
        five = stats.mean_sd_from_five_numbers(low, q1, median, q3, high, n, method)
        yield label, "five numbers", CLOSED, five, case["five"]
        bounds = [
            stats.skewness_test(median, n, **given).critical_value
            for given in (
                {"minimum": low, "maximum": high},
                {"q1": q1, "q3": q3},
                {"q1": q1, "q3": q3, "minimum": low, "maximum": high},
            )
        ]
        yield label, "skewness bounds", CLOSED, bounds, case["bounds"]
        deviations = [stats.sd_from_ci(30.0, 34.2, n, distribution=name) for name in ("t", "normal")]
        yield label, "sd_from_ci", CLOSED, deviations, case["sd_from_ci"]


def egger() -> Iterator[Row]:
    table = golden("egger")
    names = [
        "slope",
        "slope_se",
        "statistic",
        "df",
        "p_value",
        "limit_estimate",
        "limit_ci_low",
        "limit_ci_high",
        "dispersion",
    ]
    for case in table.cases:
        ours = stats.egger_test(**table.columns(case))
        for quantity in names:
            yield (
                case["set"],
                quantity,
                _kind(quantity, iterated=False),
                getattr(ours, quantity),
                case[quantity],
            )


def proportion_intervals() -> Iterator[Row]:
    for case in golden("proportion_intervals").cases:
        for method in ("wilson", "clopper-pearson", "agresti-coull"):
            ours = stats.proportion_interval(case["events"], case["n"], method, case["level"])
            label = f"{case['events']}/{case['n']} {case['level']}"
            yield label, method, CLOSED, [ours.ci_low, ours.ci_high], case[method]


def log_p_values() -> Iterator[Row]:
    for case in golden("log_p_values").cases:
        ours = log_two_sided_p(case["statistic"], case["df"])
        yield f"{case['statistic']} df {case['df']}", "log_p_value", CLOSED, ours, case["log_p_value"]


RUNS = (
    effect_sizes_events,
    effect_sizes_means,
    effect_sizes_proportions,
    back_transform,
    pooling,
    pooling_tau2_given,
    q_profile,
    mantel_haenszel,
    peto,
    leave_one_out,
    subgroups,
    egger,
    proportion_intervals,
    log_p_values,
    restricted_likelihood,
    prediction,
    printed_intervals,
    conversions,
)


EFFECT_FILES = ("effect_sizes_events", "effect_sizes_means", "effect_sizes_proportions", "printed_intervals")


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return which option members these files hold."""
    return {
        stats.EffectMeasure: set().union(*(seen(name, "measure") for name in EFFECT_FILES)),
        stats.ZeroCells: seen("effect_sizes_events", "to") & seen("effect_sizes_proportions", "to"),
        stats.VarianceMethod: seen("effect_sizes_means", "variance"),
        stats.PoolModel: {"common" if m == "EE" else "random" for m in seen("pooling", "tau2_method")},
        stats.Tau2Method: seen("pooling", "tau2_method") & seen("subgroups", "tau2_method"),
        stats.IntervalMethod: seen("pooling", "ci"),
        stats.PredictionMethod: seen("prediction", "prediction"),
        stats.ProportionMethod: set(golden("proportion_intervals").cases[0]),
        stats.MedianMethod: seen("conversions", "method"),
        # measured against scale_of; every measure of a golden file has one
        stats.Scale: {str(stats.scale_of(name)) for file in EFFECT_FILES for name in seen(file, "measure")},
        # the distribution is named by the function that the value came from
        stats.IntervalDistribution: {"t", "normal"},
    }
