"""Survival: curves, log-rank, Cox, hazard ratios from print, patients from a curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.stats_reference import golden, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]
CLOSED = "closed-form"


def survival_curves() -> Iterator[Row]:
    table = golden("survival_curves")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.kaplan_meier(data["time"], data["event"], interval=case["interval"], level=case["level"])
        label = f"{case['set']} {case['interval']} {case['level']}"
        for quantity in ("time", "at_risk", "survival"):
            yield label, quantity, CLOSED, getattr(ours, quantity), case[quantity]
        # R gives no standard error, or an infinite one, once everybody has had the event
        inside = ours.survival > 0
        yield label, "se", CLOSED, ours.se[inside], np.array(case["se"], dtype=float)[inside]
        for quantity in ("ci_low", "ci_high"):
            theirs = np.array(case[quantity], dtype=float)
            if case["interval"] == "log-log":  # R has no limits before the first event, here they are 1
                theirs = np.where((ours.survival == 1) & np.isnan(theirs), 1.0, theirs)
            yield label, quantity, CLOSED, getattr(ours, quantity)[inside], theirs[inside]
        yield label, "quartile", CLOSED, ours.quantile(0.25), case["quartile"]
        yield label, "median", CLOSED, ours.quantile(0.5), case["median"]
        mean = stats.restricted_mean_survival(data["time"], data["event"], case["horizon"])
        yield label, "restricted mean", CLOSED, [mean.estimate, mean.se], [case["mean"], case["mean_se"]]


def survival_log_rank() -> Iterator[Row]:
    table = golden("survival_log_rank")
    for case in table.cases:
        data = table.columns(case)
        strata = data["strata"] if case["stratified"] else None
        ours = stats.log_rank_test(data["time"], data["event"], data["group"], strata=strata)
        label = f"{case['set']} stratified {case['stratified']}"
        for quantity in ("statistic", "df", "observed", "expected", "variance"):
            yield label, quantity, CLOSED, getattr(ours, quantity), case[quantity]
        yield label, "p_value", "p-value", ours.p_value, case["p_value"]


def survival_cox() -> Iterator[Row]:
    table = golden("survival_cox")
    for case in table.cases:
        data = table.columns(case)
        covariates = np.column_stack([data["group"], data["z"]]) if case["model"] == "both" else data["group"]
        strata = data["strata"] if case["model"] == "strata" else None
        ours = stats.cox_regression(data["time"], data["event"], covariates, ties=case["ties"], strata=strata)
        label = f"{case['set']} {case['ties']} {case['model']}"
        yield label, "estimate", "newton", ours.estimate, case["estimate"]
        yield label, "covariance", "newton", ours.covariance.ravel(), case["covariance"]
        likelihoods = [ours.null_log_likelihood, ours.log_likelihood]
        yield label, "log-likelihood", CLOSED, likelihoods, case["log_likelihood"]
        yield label, "tests", "newton", [ours.likelihood_ratio, ours.score, ours.wald], case["tests"]
        p_values = [ours.likelihood_ratio_p_value, ours.score_p_value, ours.wald_p_value]
        yield label, "p_value", "newton", p_values, case["p_values"]


FROM_PRINT = {
    "interval": stats.hazard_ratio_from_ci,
    "log-rank": stats.hazard_ratio_from_log_rank,
    "observed-expected": stats.hazard_ratio_from_observed_expected,
    "events": stats.hazard_ratio_from_p_value,
    "allocation": stats.hazard_ratio_from_p_value,
    "ratio-and-p": stats.hazard_ratio_from_ratio_and_p,
}


def survival_hazard_ratio() -> Iterator[Row]:
    for case in golden("survival_hazard_ratio").cases:
        ours = FROM_PRINT[case["source"]](**case["call"])
        label = f"{case['source']} {case['call']}"
        yield label, "source", CLOSED, str(ours.source) == case["source"], True
        for quantity in ("yi", "estimate", "o_minus_e", "variance"):
            yield label, quantity, CLOSED, getattr(ours, quantity), case[quantity]
        yield label, "vi", CLOSED, ours.vi, case["v"]
        yield label, "ci", CLOSED, [ours.ci_low, ours.ci_high], case["ci"]


def survival_reconstruction() -> Iterator[Row]:
    for case in golden("survival_reconstruction").cases:
        ours = stats.patients_from_curve(
            case["time"],
            case["survival"],
            case["risk_times"],
            case["at_risk"],
            total_events=case["total_events"],
        )
        label = f"n={case['n']} digits={case['digits']} total={case['total_events']}"
        time, events = np.array(case["time"]), np.array(case["events"], dtype=int)
        censored = np.array(case["censored"], dtype=int)
        between = np.append((time[1:] + time[:-1]) / 2, time[-1])
        left = np.full(int(case["left"]), time[-1])
        yield label, "events", CLOSED, ours.time[ours.event == 1], np.repeat(time, events)
        leaving = np.sort(np.concatenate([np.repeat(between, censored), left]))
        yield label, "censored", CLOSED, ours.time[ours.event == 0], leaving


RUNS = (survival_curves, survival_log_rank, survival_cox, survival_hazard_ratio, survival_reconstruction)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return which option members these files hold."""
    calls = [case["call"] for case in golden("survival_hazard_ratio").cases]
    return {
        stats.CurveInterval: seen("survival_curves", "interval"),
        stats.Ties: seen("survival_cox", "ties"),
        stats.HazardRatioSource: seen("survival_hazard_ratio", "source"),
        stats.Favours: {call["favours"] for call in calls if "favours" in call},
    }
