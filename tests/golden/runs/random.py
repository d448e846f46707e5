"""Random effects and heterogeneity: tau², its limits, intervals, predictions, measures, subgroups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from evergrove.stats.options import Tau2Interval, Tau2Method
from evergrove.stats.prediction_interval import draw_tau2
from evergrove.stats.tau2 import estimate_tau2, lay_out, maximum_likelihood, restricted_maximum_likelihood
from golden.stats_reference import golden, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

CLOSED = "closed-form"
CLOSED_METHODS = ("DL", "HE", "HS", "HSk", "SJ", "SJ-HE", "GENQ", "DL2", "CA2", "EE")


def _label(case: dict[str, Any]) -> str:
    kept = (value for name, value in case.items() if isinstance(value, str | bool) or name == "level")
    return " ".join(str(value) for value in kept)


def _kind(method: str, quantity: str = "tau2") -> str:
    if quantity in ("q", "q_p_value"):
        return "p-value" if quantity == "q_p_value" else CLOSED
    if method in CLOSED_METHODS:
        return "p-value" if quantity.endswith("p_value") else CLOSED
    return "tau2" if quantity.startswith("tau2") else "from-tau2"


def _numbers(case: dict[str, Any], names: tuple[str, ...]) -> list[Any]:
    return [case[name] for name in names]


def random_tau2() -> Iterator[Row]:
    table = golden("random_tau2")
    for case in table.cases:
        data = table.columns(case)
        fit = stats.pool(
            **data, tau2=case["method"], tau2_weights=1 / np.sqrt(data["vi"]), tau2_ci="q-profile"
        )
        for quantity in ("tau2", "tau2_se"):
            kind = "optimised" if case["method"] == "GENQM" else _kind(case["method"])
            yield _label(case), quantity, kind, getattr(fit, quantity), case[quantity]


def random_tau2_design() -> Iterator[Row]:
    table = golden("random_tau2_design")
    for case in table.cases:
        data = table.columns(case)
        design = np.column_stack((np.ones(data["yi"].size), data["moderators"]))
        weights = 1 / np.sqrt(data["vi"])
        found = estimate_tau2(Tau2Method(case["method"]), data["yi"], data["vi"], design, weights=weights)
        kind = _kind(case["method"])
        yield _label(case), "tau2", kind, found.value, case["tau2"]
        yield _label(case), "tau2_se", kind, found.se, case["tau2_se"]


FIT = (
    *("estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "tau2", "i2", "h2", "q", "q_p_value"),
    *("prediction_low", "prediction_high"),
)


def random_fits() -> Iterator[Row]:
    table = golden("random_fits")
    for case in table.cases:
        ours = stats.pool(**table.columns(case), tau2=case["tau2_method"], ci=case["ci"], prediction="test")
        for quantity in FIT:
            kind = _kind(case["tau2_method"], quantity)
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]


def random_weights() -> Iterator[Row]:
    table = golden("random_weights")
    for case in table.cases:
        common = case["tau2_method"] == "EE"
        options = {"model": "common"} if common else {"tau2": case["tau2_method"]}
        ours = stats.pool(
            **table.columns(case), **options, ci=case["ci"], prediction="test", weights=case["weights"]
        )
        for quantity in FIT:
            if not (common and quantity.startswith("prediction")):
                kind = _kind(case["tau2_method"], quantity)
                yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]
        yield _label(case), "share", CLOSED, ours.weights, case["share"]
        criteria = ours.fit_statistics()
        yield _label(case), "log_likelihood", CLOSED, criteria.reml.log_likelihood, case["log_likelihood"]
        yield _label(case), "aic", CLOSED, criteria.ml.aic, case["aic"]


def random_intervals() -> Iterator[Row]:
    table = golden("random_intervals")
    for case in table.cases:
        ours = stats.pool(**table.columns(case), tau2=case["tau2_method"], ci=case["ci"])
        for quantity in ("se", "df", "ci_low", "ci_high", "p_value"):
            yield _label(case), quantity, "from-tau2", getattr(ours, quantity), case[quantity]


def random_models() -> Iterator[Row]:
    table = golden("random_models")
    for case in table.cases:
        ours = stats.pool(**table.columns(case), model=case["model"])
        for quantity in ("estimate", "se", "tau2"):
            yield _label(case), quantity, CLOSED, getattr(ours, quantity), case[quantity]
        kind = CLOSED if case["model"] == "ivhet" else "integrated"
        for quantity in ("ci_low", "ci_high"):
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]
        if case["model"] == "ivhet":
            yield _label(case), "p_value", "p-value", ours.p_value, case["p_value"]


def random_prediction() -> Iterator[Row]:
    table = golden("random_prediction")
    for case in table.cases:
        for ci in ("normal", "hartung-knapp"):  # these conventions do not depend on the interval
            ours = stats.pool(**table.columns(case), ci=ci, prediction=case["prediction"])
            for quantity in ("prediction_low", "prediction_high"):
                yield _label(case), quantity, "from-tau2", getattr(ours, quantity), case[quantity]


def random_bootstrap() -> Iterator[Row]:
    table = golden("random_bootstrap")
    for case in table.cases:
        data = table.columns(case)
        drawn = draw_tau2(data["yi"], data["vi"], np.array(case["shares"]))
        yield case["set"], "tau2 at shares", "tabulated", drawn, case["tau2"]
        ours = stats.pool(**data, prediction="NNF", rng=1)
        for quantity in ("prediction_low", "prediction_high"):
            yield case["set"], quantity, "simulated", getattr(ours, quantity), case[quantity]


def random_tau2_limits() -> Iterator[Row]:
    table = golden("random_tau2_limits")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.pool(
            **data,
            tau2=case["method"],
            tau2_ci=case["interval"],
            level=case["level"],
            tau2_weights=np.arange(1.0, data["yi"].size + 1),
        )
        kind = CLOSED if case["interval"] == "higgins-thompson" else "optimised"
        for quantity, theirs in (("tau2_ci_low", case["low"]), ("tau2_ci_high", case["high"])):
            yield _label(case), quantity, kind, getattr(ours, quantity), theirs


MEASURES = (
    *("tau2_se", "i2", "h2", "typical_variance", "h_q", "h_q_ci_low", "h_q_ci_high", "i2_q"),
    *("i2_q_ci_low", "i2_q_ci_high", "r_b", "r_b_ci_low", "r_b_ci_high"),
)


def random_heterogeneity() -> Iterator[Row]:
    table = golden("random_heterogeneity")
    for case in table.cases:
        ours = stats.pool(**table.columns(case), tau2=case["method"]).heterogeneity()
        for quantity in MEASURES:
            kind = _kind(case["method"]) if quantity == "tau2_se" else _kind(case["method"], quantity)
            yield _label(case), quantity, kind, getattr(ours, quantity), case[quantity]


def random_fit_statistics() -> Iterator[Row]:
    table = golden("random_fit_statistics")
    for case in table.cases:
        options = {"model": "common"} if case["method"] == "EE" else {"tau2": case["method"]}
        ours = stats.pool(**table.columns(case), **options).fit_statistics()
        names = ("log_likelihood", "deviance", "aic", "bic", "aicc")
        for likelihood in ("ml", "reml"):
            values = [getattr(getattr(ours, likelihood), name) for name in names]
            yield _label(case), likelihood, "from-tau2", values, case[likelihood]


def random_subgroups() -> Iterator[Row]:
    table = golden("random_subgroups")
    for case in table.cases:
        data, method = table.columns(case), case["tau2_method"]
        options = {"tau2": method, "ci": case["ci"], "prediction": "test"}
        shared = stats.subgroups(**data, groups=case["groups"], common_tau2=True, **options)
        yield _label(case), "tau2", _kind(method), shared.tau2, case["tau2"]
        limits, theirs = [shared.tau2_ci_low, shared.tau2_ci_high], _numbers(case, TAU2_LIMITS)
        yield _label(case), "tau2 limits", "tau2", limits, theirs
        kind = _kind(method, "omnibus")
        yield _label(case), "omnibus", kind, shared.omnibus.statistic, case["omnibus"]
        p_kind = _kind(method, "p_value")
        yield _label(case), "omnibus p_value", p_kind, shared.omnibus.p_value, case["omnibus_p_value"]
        yield _label(case), "q_within", CLOSED, shared.q_within, case["q_within"]
        yield (
            *(_label(case), "q_within p_value", "p-value"),
            *(shared.q_within_p_value, case["q_within_p_value"]),
        )
        own = stats.subgroups(**data, groups=case["groups"], **options)
        for quantity in ("prediction_low", "prediction_high"):
            ours = [
                getattr(own.results[name], quantity) if own.results[name].k > 2 else None
                for name in case["names"]
            ]
            yield _label(case), quantity, kind, ours, case[quantity]


def random_maxima() -> Iterator[Row]:
    table = golden("random_maxima")
    kernels = {"REML": restricted_maximum_likelihood, "ML": maximum_likelihood}
    for case in table.cases:
        data = table.columns(case)
        found, maxima = kernels[case["method"]](lay_out(data["yi"], data["vi"]))
        yield _label(case), "tau2", "optimised", found.value, case["tau2"]
        yield _label(case), "all maxima", "optimised", maxima, case["maxima"]


def heteroscedasticity() -> Iterator[Row]:
    table = golden("heteroscedasticity")
    for case in table.cases:
        data, estimator = table.data[case["set"]], case["likelihood"]
        fit = (
            stats.pool(data["yi"], data["vi"], tau2=estimator)
            if data["x"] is None
            else stats.meta_regression(data["yi"], data["vi"], data["x"], tau2=estimator)
        )
        label = f"{case['set']} {estimator}"
        yield label, "tau2", "tau2", fit.tau2, case["tau2"]
        for quantity, method in (("score", "score"), ("ratio", "likelihood-ratio")):
            if quantity in case:
                found = stats.heteroscedasticity_test(fit, method=method, draws=0)
                yield label, quantity, "differentiated", found.statistic, case[quantity]


TAU2_LIMITS = ("tau2_ci_low", "tau2_ci_high")


RUNS = (
    random_tau2,
    random_tau2_design,
    random_fits,
    random_weights,
    random_intervals,
    random_models,
    random_prediction,
    random_bootstrap,
    random_tau2_limits,
    random_heterogeneity,
    random_fit_statistics,
    random_subgroups,
    random_maxima,
    heteroscedasticity,
)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return the members of each option that have a golden value here."""
    return {
        stats.PoolModel: seen("random_models", "model"),
        stats.Tau2Method: seen("random_tau2", "method"),
        Tau2Interval: seen("random_tau2_limits", "interval") | {"q-profile"},
        stats.IntervalMethod: seen("random_intervals", "ci"),
        stats.HeteroscedasticityMethod: {"score", "likelihood-ratio"},
        stats.PredictionMethod: seen("random_prediction", "prediction") | {"NNF"},
    }
