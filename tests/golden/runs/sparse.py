"""Sparse data: Mantel-Haenszel, Peto, stratified and exact tests, mixed models, regressions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.stats_reference import golden, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

CLOSED = "closed-form"
CODINGS = {0.5: "half", 1.0: "first", 0.0: "second"}


def _label(case: dict[str, Any]) -> str:
    kept = (str(case[name]) for name in list(case)[:7] if isinstance(case[name], str | bool | int))
    return " ".join(kept)


def _kind(quantity: str) -> str:
    return "p-value" if quantity.endswith("p_value") else CLOSED


POOLED = ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "q", "q_df", "q_p_value", "i2", "h2")


def sparse_mantel_haenszel() -> Iterator[Row]:
    table = golden("sparse_mantel_haenszel")
    for case in table.cases:
        ours = stats.mantel_haenszel(
            **table.columns(case),
            measure=case["measure"],
            correction=0.5,
            to=case["to"],
            drop_double_zero=case["drop_double_zero"],
        )
        for quantity in POOLED:
            yield _label(case), quantity, _kind(quantity), getattr(ours, quantity), case[quantity]


def sparse_rates() -> Iterator[Row]:
    table = golden("sparse_rates")
    for case in table.cases:
        ours = stats.mantel_haenszel_rates(
            **table.columns(case), measure=case["measure"], correction=0.5, to=case["to"]
        )
        for quantity in POOLED:
            yield _label(case), quantity, _kind(quantity), getattr(ours, quantity), case[quantity]


def sparse_risk_difference() -> Iterator[Row]:
    table = golden("sparse_risk_difference")
    for case in table.cases:
        ours = stats.mantel_haenszel(**table.columns(case), measure="RD", variance=case["variance"])
        for quantity in ("estimate", "se", "ci_low", "ci_high"):
            yield _label(case), quantity, CLOSED, getattr(ours, quantity), case[quantity]


def sparse_meta_conventions() -> Iterator[Row]:
    table = golden("sparse_meta_conventions")
    rows = {"RR": {"row_cells": "events"}, "RD": {"row_effect": False}, "OR": {}}
    for case in table.cases:
        options = {
            "measure": case["measure"],
            "correction": 0.5,
            "add_by": case["add_by"],
            **rows[case["measure"]],
        }
        ours = stats.mantel_haenszel(**table.columns(case), **options)
        for quantity in ("estimate", "se", "ci_low", "ci_high"):
            yield _label(case), quantity, CLOSED, getattr(ours, quantity), case[quantity]
        known = np.array([one is not None for one in case["yi"]])
        for quantity in ("yi", "vi"):
            theirs = np.array(case[quantity], dtype=float)[known]
            yield _label(case), quantity, CLOSED, getattr(ours, quantity)[known], theirs
        random = stats.mantel_haenszel(**table.columns(case), model="random", tau2="REML", **options)
        for quantity in ("estimate", "se", "tau2"):
            vanished = quantity == "tau2" and case["random_tau2"] < 1e-9
            kind = "tau2" if quantity == "tau2" else "from-tau2"
            theirs = 0.0 if vanished else case[f"random_{quantity}"]
            yield _label(case), f"random {quantity}", kind, getattr(random, quantity), theirs


def sparse_meta_random() -> Iterator[Row]:
    table = golden("sparse_meta_random")
    rows = {
        "RR": {"row_cells": "events"},
        "RD": {"row_effect": False, "variance": "greenland-robins"},
        "OR": {},
    }
    for case in table.cases:
        kept = case["row_double_zero"] == "keep" and case["measure"] != "RD"
        options: dict[str, Any] = {
            "measure": case["measure"],
            "correction": 0.5,
            "drop_double_zero": False if kept else None,
            "row_double_zero": case["row_double_zero"],
            **rows[case["measure"]],
        }
        common = stats.mantel_haenszel(**table.columns(case), **options)
        random = stats.mantel_haenszel(**table.columns(case), **options, model="random")
        for quantity in ("estimate", "se", "q"):
            yield _label(case), quantity, CLOSED, getattr(common, quantity), case[quantity]
        for quantity in ("estimate", "se"):
            theirs = case[f"random_{quantity}"]
            yield _label(case), f"random {quantity}", CLOSED, getattr(random, quantity), theirs
        for quantity in ("q", "tau2"):
            yield _label(case), f"random {quantity}", CLOSED, getattr(random, quantity), case[quantity]


def sparse_random() -> Iterator[Row]:
    table = golden("sparse_random")
    intervals = {"z": "normal", "knha": "hartung-knapp"}
    for case in table.cases:
        options: dict[str, Any] = {"model": "random", "ci": intervals[case["ci"]]}
        columns = table.columns(case)
        if case["method"] == "peto":
            ours = stats.peto(**columns, **options)
        else:
            ours = stats.mantel_haenszel(**columns, measure=case["measure"], **options)
        for quantity in ("estimate", "se", "ci_low", "ci_high", "tau2", "q"):
            yield _label(case), quantity, CLOSED, getattr(ours, quantity), case[quantity]


def sparse_peto() -> Iterator[Row]:
    table = golden("sparse_peto")
    for case in table.cases:
        ours = stats.peto(**table.columns(case), correction=0.5, to=case["to"])
        for quantity in POOLED:
            yield _label(case), quantity, _kind(quantity), getattr(ours, quantity), case[quantity]


def sparse_arcsine() -> Iterator[Row]:
    table = golden("sparse_arcsine")
    for case in table.cases:
        common = case["method"] == "EE"
        options: dict[str, Any] = {"model": "common"} if common else {"tau2": case["method"], "ci": "normal"}
        ours = stats.arcsine_difference(**table.columns(case), **options)
        iterated = case["method"] == "REML"
        for quantity in ("estimate", "se", "ci_low", "ci_high", "tau2", "q"):
            kind = ("tau2" if quantity == "tau2" else "from-tau2") if iterated else CLOSED
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]


def sparse_strata() -> Iterator[Row]:
    table = golden("sparse_strata")
    for case in table.cases:
        columns = table.columns(case)
        if case["test"].startswith("cochran"):
            options = {
                "continuity": case["continuity"],
                "beyond_zero": True,
                "cochran": case["test"] == "cochran",
            }
            ours = stats.cochran_mantel_haenszel_test(**columns, **options)
        else:
            ours = stats.homogeneity_test(**columns, method=case["test"])
        for quantity in ("statistic", "p_value", "df"):
            yield _label(case), quantity, _kind(quantity), getattr(ours, quantity), case[quantity]


def sparse_rate_strata() -> Iterator[Row]:
    table = golden("sparse_rate_strata")
    for case in table.cases:
        columns = table.columns(case)
        if case["test"] == "rates":
            ours = stats.mantel_haenszel_rates_test(**columns, continuity=case["continuity"])
        else:
            ours = stats.rate_homogeneity_test(**columns)
        for quantity in ("statistic", "p_value", "df"):
            yield _label(case), quantity, _kind(quantity), getattr(ours, quantity), case[quantity]


def sparse_exact() -> Iterator[Row]:
    table = golden("sparse_exact")
    for case in table.cases:
        ours = stats.exact_odds_ratio(**table.columns(case), method=case["method"], level=case["level"])
        for quantity in ("estimate", "ci_low", "ci_high"):
            yield _label(case), quantity, "r-tight-root", getattr(ours, quantity), case[quantity]
        yield _label(case), "p_value", CLOSED, ours.p_value, case["p_value"]


def sparse_combined() -> Iterator[Row]:
    table = golden("sparse_combined")
    for case in table.cases:
        ours = stats.combined_odds_ratio(**table.columns(case), level=case["level"])
        for quantity in ("estimate", "ci_low", "ci_high"):
            yield _label(case), quantity, "r-tight-root", getattr(ours, quantity), case[quantity]
        yield _label(case), "p_value", CLOSED, ours.p_value, case["p_value"]


def sparse_sample_size() -> Iterator[Row]:
    table = golden("sparse_sample_size")
    for case in table.cases:
        columns = table.columns(case)
        options: dict[str, Any] = {"model": "common"} if case["method"] == "EE" else {"tau2": case["method"]}
        ours = stats.sample_size_weighted(case["yi"], case["vi"], columns["n1"], columns["n2"], **options)
        iterated = case["method"] == "REML"
        for quantity in ("estimate", "se", "ci_low", "ci_high", "tau2"):
            kind = ("tau2" if quantity == "tau2" else "from-tau2") if iterated else CLOSED
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]


def sparse_cochran_rates() -> Iterator[Row]:
    table = golden("sparse_cochran_rates")
    for case in table.cases:
        ours = stats.cochran_rate_ratio(**table.columns(case))
        for quantity in ("estimate", "se", "ci_low", "ci_high"):
            yield _label(case), quantity, CLOSED, getattr(ours, quantity), case[quantity]


def _glmm(columns: dict[str, np.ndarray], case: dict[str, Any]) -> stats.GlmmResult:
    """Fit the model that a case names."""
    options: dict[str, Any] = {"effects": "common" if case.get("method") == "EE" else "random"}
    if case.get("model"):
        options["model"] = case["model"]
    if case.get("coding") is not None:
        options["coding"] = CODINGS[float(case["coding"])]
    if case.get("nAGQ"):
        options["points"] = int(case["nAGQ"])
    options |= {"correlated": bool(case.get("cor")), "ci": "t" if case.get("test") == "t" else "normal"}
    return stats.glmm(case["measure"], **columns, moderators=case.get("moderators"), **options)


def sparse_glmm() -> Iterator[Row]:
    table = golden("sparse_glmm")
    for case in table.cases:
        ours = _glmm(table.columns(case), case)
        label, boundary = _label(case), ours.tau2 == 0.0
        yield label, "coefficients", "lme4", ours.coefficients, case["coefficients"]
        yield label, "standard errors", "lme4-hessian", ours.coefficient_ses, case["ses"]
        yield label, "ci_low", "lme4-hessian", ours.coefficient_ci_lows, case["ci_lows"]
        yield label, "ci_high", "lme4-hessian", ours.coefficient_ci_highs, case["ci_highs"]
        if boundary:
            yield label, "tau2 at 0", CLOSED, bool(abs(case["tau2"]) < 1e-10), True
        else:
            yield label, "tau2", "lme4-variance", ours.tau2, case["tau2"]
            yield label, "i2", "lme4-variance", ours.i2, case["i2"]
        yield label, "h2", "lme4-variance", ours.h2, case["h2"]
        if case["sigma2"] is not None:
            yield label, "sigma2", "lme4-variance", ours.sigma2, case["sigma2"]
        if case["rho"] is not None:
            yield label, "rho", "lme4-variance", ours.rho, case["rho"]
        if case["q_wald"] is not None:
            yield label, "q_wald", "lme4-hessian", ours.q_wald, case["q_wald"]
        if case["q_lrt"] is not None:  # lme4 may fail at the saturated model
            yield label, "q_lrt", "lme4", ours.q_lrt, case["q_lrt"]
            yield label, "q_df", CLOSED, ours.q_df, case["q_df"]
        yield label, "counted", CLOSED, [ours.parameters, ours.k], [case["parameters"], case["k"]]
        if case.get("moderators"):
            yield label, "q_model", "lme4-hessian", ours.q_model, case["q_model"]
        printed = _as_printed(ours, case)
        yield label, "printed log-likelihood", "lme4", printed, case["printed_log_likelihood"]
        aic = -2.0 * printed + 2.0 * ours.parameters
        yield label, "printed aic", "lme4", aic, case["printed_aic"]


def _as_printed(ours: stats.GlmmResult, case: dict[str, Any]) -> float:
    """Return the log-likelihood in the way metafor prints it for models fitted through lme4."""
    if case.get("model") == "UM.RS":
        if case["method"] == "EE":  # lme4's quadrature leaves the saturated part out
            columns = golden("sparse_glmm").columns(case)
            values = list(columns.values())
            arms = [(values[0], values[1]), (values[2], values[3])]
            kept = (values[0] > 0) | (values[2] > 0)
            terms = [_saturated(x[kept], n[kept], rates="time1" in columns) for x, n in arms]
            return ours.log_likelihood - sum(terms)
        return ours.log_likelihood
    if case["method"] == "ML" and ours.conditional_deviance is not None:
        return ours.log_likelihood_saturated - ours.conditional_deviance / 2.0
    return ours.log_likelihood


def _saturated(x: np.ndarray, n: np.ndarray, *, rates: bool) -> float:
    """Return the saturated log-likelihood of counts."""
    log_factorial = np.vectorize(lambda count: math.lgamma(count + 1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        if rates:
            return float(np.sum(np.where(x > 0, x * np.log(x), 0.0) - x - log_factorial(x)))
        hit = np.where(x > 0, x * np.log(x / n), 0.0)
        miss = np.where(x < n, (n - x) * np.log1p(-x / n), 0.0)
    return float(np.sum(hit + miss + log_factorial(n) - log_factorial(x) - log_factorial(n - x)))


def sparse_glmm_likelihood() -> Iterator[Row]:
    table = golden("sparse_glmm_likelihood")
    for case in table.cases:
        ours = _glmm(table.columns(case), case)
        for quantity in ("estimate", "se", "tau2", "tau2_se", "log_likelihood"):
            if quantity == "tau2_se" and ours.tau2 == 0.0:
                continue  # none at the boundary
            kind = "numeric-hessian" if quantity.endswith("se") else "numeric-peak"
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]


def sparse_conditional() -> Iterator[Row]:
    table = golden("sparse_conditional")
    for case in table.cases:
        ours = stats.glmm("OR", **table.columns(case), model="CM.EL", effects="common")
        for quantity in ("estimate", "se"):
            yield _label(case), quantity, "r-tight-root", getattr(ours, quantity), case[quantity]


def sparse_regression() -> Iterator[Row]:
    table = golden("sparse_regression")
    for case in table.cases:
        ours = stats.event_regression(**table.columns(case), method=case["method"])
        for quantity in ("estimate", "se"):
            yield _label(case), quantity, "r-tight-root", getattr(ours, quantity), case[quantity]
        if case["dispersion"] is not None:
            yield _label(case), "dispersion", "r-tight-root", ours.dispersion, case["dispersion"]
            for scales, factor in (
                ("variance", case["dispersion"] ** 0.5),
                ("standard-error", case["dispersion"]),
            ):
                random = stats.event_regression(
                    **table.columns(case), method=case["method"], effects="random", dispersion_scales=scales
                )
                yield _label(case), f"se by {scales}", "r-tight-root", random.se, case["se"] * factor
        if case["ci_low"] is not None:
            limits = [case["ci_low"], case["ci_high"]]
            yield _label(case), "profile limits", "numeric-peak", [ours.ci_low, ours.ci_high], limits


def sparse_rate_regression() -> Iterator[Row]:
    table = golden("sparse_rate_regression")
    for case in table.cases:
        ours = stats.event_regression(**table.columns(case), method=case["method"], profile=False)
        for quantity in ("estimate", "se"):
            yield _label(case), quantity, "r-tight-root", getattr(ours, quantity), case[quantity]


def sparse_beta_binomial() -> Iterator[Row]:
    table = golden("sparse_beta_binomial")
    for case in table.cases:
        ours = stats.beta_binomial(**table.columns(case))
        for quantity in ("estimate", "se", "intercept", "rho", "rho_se", "log_likelihood"):
            kind = "numeric-hessian" if quantity.endswith("se") else "numeric-peak"
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]


RUNS = (
    sparse_mantel_haenszel,
    sparse_rates,
    sparse_risk_difference,
    sparse_meta_conventions,
    sparse_meta_random,
    sparse_random,
    sparse_peto,
    sparse_arcsine,
    sparse_strata,
    sparse_rate_strata,
    sparse_exact,
    sparse_combined,
    sparse_sample_size,
    sparse_cochran_rates,
    sparse_glmm,
    sparse_glmm_likelihood,
    sparse_conditional,
    sparse_regression,
    sparse_rate_regression,
    sparse_beta_binomial,
)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return which members of each option have a golden value."""
    codings = {case.get("coding", 0.5) for case in golden("sparse_glmm").cases}
    return {
        stats.GlmmModel: seen("sparse_glmm", "model") | seen("sparse_glmm_likelihood", "model"),
        stats.GroupCoding: {CODINGS[float(one)] for one in codings},
        # Sato's variance is metafor's, in sparse_mantel_haenszel
        stats.RiskDifferenceVariance: {"sato", *seen("sparse_risk_difference", "variance")},
        stats.TailMethod: seen("sparse_exact", "method"),
        stats.Homogeneity: seen("sparse_strata", "test") & {"breslow-day", "tarone"},
        stats.EventRegression: seen("sparse_regression", "method"),
        stats.DispersionScaling: {"variance", "standard-error"},
    }
