"""Small-study effects and bias: asymmetry tests, trim and fill, selection models, p-curves, fail-safe N."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from evergrove.stats.bias import options
from evergrove.stats.bias.rank import rank_result
from golden.stats_reference import golden, seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from enum import StrEnum

Row = tuple[str, str, str, Any, Any]

CLOSED = "closed-form"
P_VALUES = ("p_value", "bias_p_value", "missing_p_value", "right_skew_binomial_p", "flatness_binomial_p")


def _label(case: dict[str, Any]) -> str:
    """Return what tells a case apart."""
    return " ".join(str(value) for value in case.values() if isinstance(value, str | bool))


def _compare(case: dict[str, Any], ours: Any, names: Iterable[str], kind: str) -> Iterator[Row]:
    """Yield the quantities that the reference has; p values of closed forms have their own tolerance."""
    for name in names:
        if case.get(name) is not None:
            own = "p-value" if kind == CLOSED and name in P_VALUES else kind
            yield _label(case), name, own, getattr(ours, name), case[name]


LINE = (
    "slope",
    "slope_se",
    "intercept",
    "intercept_se",
    "intercept_ci_low",
    "statistic",
    "p_value",
    "df",
    "tau2",
    "dispersion",
)


def bias_regression() -> Iterator[Row]:
    table = golden("bias_regression")
    for case in table.cases:
        random = case["model"] == "random"
        ours = stats.regression_test(
            **table.columns(case),
            predictor=case["predictor"],
            model=case["model"],
            **({"tau2": case["tau2_method"]} if random else {}),
            ci=case.get("ci") or "normal",
        )
        iterated = random and case["tau2_method"] not in {"DL", "HE"}
        yield from _compare(case, ours, LINE, "bias-iterated" if iterated else CLOSED)


def bias_multilevel() -> Iterator[Row]:
    table = golden("bias_multilevel")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.multilevel_egger(
            data["yi"], data["vi"], data["cluster"], predictor=case["predictor"], test=case["test"]
        )
        yield from _compare(case, ours, [name for name in LINE if name != "dispersion"], "bias-multilevel")


def bias_rank() -> Iterator[Row]:
    table = golden("bias_rank")
    names = ("tau", "p_value", "score", "score_se", "statistic")
    for case in table.cases:
        data = table.columns(case)
        if "standardised" in case:
            ours = rank_result(
                np.array(case["standardised"]), data["vi"], exact=False, correct=case["correct"], name="test"
            )
        else:
            exact = None if case["exact"] else False
            ours = stats.rank_test(data["yi"], data["vi"], exact=exact, correct=case["correct"])
        yield from _compare(case, ours, names, CLOSED)


def bias_asymmetry() -> Iterator[Row]:
    table = golden("bias_asymmetry")
    for case in table.cases:
        extra = {name: case[name] for name in ("score_variance", "correct") if name in case}
        data = table.columns(case)
        if case["measure"] == "PLO":
            one_group = {name: data[name] for name in ("events1", "n1")}
            ours = stats.asymmetry_test(
                case["method"], yi=np.array(case["yi"]), vi=np.array(case["vi"]), **one_group
            )
        else:
            ours = stats.asymmetry_test(case["method"], **data, measure=case["measure"], **extra)
        kind = "bias-iterated" if "thompson" in case["method"] else CLOSED
        yield from _compare(case, ours, (*LINE, "score", "score_se"), kind)


def bias_trim() -> Iterator[Row]:
    table = golden("bias_trim")
    names = (
        "side",
        "missing",
        "missing_se",
        "missing_p_value",
        "estimate",
        "se",
        "ci_low",
        "p_value",
        "tau2",
    )
    for case in table.cases:
        data = table.columns(case)
        common = case["tau2_method"] == "EE"
        model = {"model": "common"} if common else {"tau2": case["tau2_method"]}
        meta = {"ties": "average", "trim_model": "common"} if case["ties"] == "average" else {}
        ours = stats.trim_and_fill(
            data["yi"],
            data["vi"],
            estimator=case["estimator"],
            side=case["given"],
            ci="normal",
            **model,
            **meta,
        )
        yield _label(case), "side", CLOSED, ours.side == case["side"], True
        kind = "bias-iterated" if case["tau2_method"] == "REML" else CLOSED
        yield from _compare(case, ours, names[1:], kind)
        yield _label(case), "imputed", kind, np.sort(ours.imputed_yi), case["imputed"]


def bias_fail_safe() -> Iterator[Row]:
    table = golden("bias_fail_safe")
    names = ("n", "estimate", "tau2", "p_value", "estimate_with", "tau2_with", "p_value_with")
    for case in table.cases:
        data = table.columns(case)
        method = case.get("tau2_method")
        given = {"model": "common"} if method == "EE" else {} if method is None else {"tau2": method}
        ours = stats.fail_safe_n(
            data["yi"],
            None if case.get("weighted") is False else data["vi"],
            method=case["method"],
            alpha=case.get("alpha", 0.05),
            target=case.get("target"),
            exact=case.get("exact", False),
            **given,
        )
        yield from _compare(case, ours, names, "bias-iterated" if method == "REML" else CLOSED)


def bias_excess() -> Iterator[Row]:
    table = golden("bias_excess")
    names = ("observed", "expected", "statistic", "p_value", "theta", "power")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.excess_significance(
            data["yi"],
            data["vi"],
            alternative=case["alternative"],
            test=case["test"],
            test_alternative=case["test_alternative"],
            theta=case.get("given_theta"),
            tau2=case.get("tau2_method", 0.0),
        )
        yield from _compare(case, ours, names, "bias-iterated" if "tau2_method" in case else CLOSED)
        if "theta_limit" in case:
            yield _label(case), "theta_limit", "bias-root", ours.theta_limit[0], case["theta_limit"]


def bias_pet() -> Iterator[Row]:
    table = golden("bias_pet")
    for case in table.cases:
        data = table.columns(case)
        if case["rule"] == "waap":
            ours: Any = stats.adequately_powered_mean(data["yi"], data["vi"])
            yield from _compare(case, ours, ("estimate", "se", "p_value", "k_used", "k_powered"), CLOSED)
            continue
        ours = stats.pet_peese(data["yi"], data["vi"], rule=case["rule"], model=case["model"])
        yield _label(case), "chosen", CLOSED, ours.chosen == case["chosen"], True
        kind = "bias-iterated" if case["model"] == "random" else CLOSED
        yield from _compare(case, ours, ("estimate", "se", "ci_low", "p_value"), kind)


def bias_limit() -> Iterator[Row]:
    table = golden("bias_limit")
    names = ("estimate", "se", "p_value", "bias", "slope", "tau2", "q_residual", "q_small", "g2")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.limit_meta_analysis(
            data["yi"], data["vi"], method=case["method"], tau2=case["tau2_method"]
        )
        yield from _compare(
            case, ours, names, "bias-iterated" if case["tau2_method"] == "REML" else "bias-limit"
        )


def bias_unreported() -> Iterator[Row]:
    table = golden("bias_unreported")
    names = ("bias", "estimate", "ci_low", "p_value", "common_estimate", "common_ci_high")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.unreported_bound(data["yi"], data["vi"], case["suspected"], tau2=case["tau2_method"])
        yield _label(case), "side", CLOSED, ours.side == case["side"], True
        yield from _compare(case, ours, names, "bias-iterated" if case["tau2_method"] == "REML" else CLOSED)


CURVE = (
    "right_skew_z",
    "right_skew_half_z",
    "right_skew_binomial_p",
    "flatness_z",
    "flatness_half_z",
    "flatness_binomial_p",
    "k_significant",
    "k_half",
    "power",
    "power_ci_low",
    "power_ci_high",
)


def bias_p_curve() -> Iterator[Row]:
    table = golden("bias_p_curve")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.p_curve(data["statistic"], df=data.get("df"))
        yield from _compare(case, ours, CURVE, "bias-curve")


def bias_p_uniform() -> Iterator[Row]:
    table = golden("bias_p_uniform")
    names = ("estimate", "ci_low", "ci_high", "statistic", "p_value", "bias_statistic", "bias_p_value")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.p_uniform(data["yi"], data["vi"], side=case["side"], method=case["method"])
        kind = "bias-curve" if case["method"] in {"KS", "AD"} else "bias-root"
        yield from _compare(case, ours, (*names, "k_significant"), kind)


def bias_p_uniform_star() -> Iterator[Row]:
    table = golden("bias_p_uniform_star")
    names = (
        "estimate",
        "se",
        "tau2",
        "ci_low",
        "ci_high",
        "statistic",
        "tau2_statistic",
        "bias_statistic",
        "log_likelihood",
    )
    for case in table.cases:
        data = table.columns(case)
        ours = stats.p_uniform_star(data["yi"], data["vi"])
        yield from _compare(case, ours, names, "bias-likelihood")


def bias_contours() -> Iterator[Row]:
    table = golden("bias_contours")
    for case in table.cases:
        ours = stats.funnel_contours(
            **table.columns(case), null=case["null"], alternative=case["alternative"]
        )
        yield from _compare(case, ours, ("p_values",), CLOSED)


SELECTION = (
    "coefficients",
    "coefficient_se",
    "tau2",
    "tau2_se",
    "delta",
    "delta_se",
    "log_likelihood",
    "selection_statistic",
    "tau2_statistic",
    "unadjusted_estimate",
)


def bias_selection() -> Iterator[Row]:
    table = golden("bias_selection")
    for case in table.cases:
        data = table.columns(case)
        given = case.get("given")
        ours = stats.selection_model(
            data["yi"],
            data["vi"],
            weights=case["weights"],
            steps=case.get("steps"),
            alternative=case["alternative"],
            delta=None if given is None else np.array(given, dtype=float),
            model=case["model"],
            precision=case.get("precision"),
            n=data.get("n"),
            moderators=data[case["moderator"]] if case.get("moderator") else None,
        )
        yield from _compare(case, ours, SELECTION, "bias-likelihood")
        if case.get("metafor_log_likelihood") is not None:
            reached = ours.log_likelihood > case["metafor_log_likelihood"] - 1e-5
            yield _label(case), "not below selmodel's likelihood", CLOSED, reached, True


def bias_selection_profile() -> Iterator[Row]:
    table = golden("bias_selection_profile")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.selection_model(data["yi"], data["vi"], steps=case["steps"], profile=True)
        for name in ("tau2_ci_low", "tau2_ci_high", "delta_ci_low", "delta_ci_high"):
            found = getattr(ours, name)
            found = found[1:] if name.startswith("delta") else found
            yield f"{_label(case)} {case['steps']}", name, "bias-likelihood", found, case[name]


def bias_selection_decreasing() -> Iterator[Row]:
    table = golden("bias_selection_decreasing")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.selection_model(data["yi"], data["vi"], steps=case["steps"], decreasing=True)
        for name in ("estimate", "tau2", "delta", "log_likelihood"):
            kind = "bias-likelihood" if name == "log_likelihood" else "bias-flat-top"
            yield f"{_label(case)} {case['steps']}", name, kind, getattr(ours, name), case[name]


def bias_copas() -> Iterator[Row]:
    table = golden("bias_copas")
    names = (
        "estimate",
        "se",
        "log_likelihood",
        "residual_statistic",
        "unpublished",
        "publication_largest_se",
    )
    for case in table.cases:
        data = table.columns(case)
        ours = stats.copas_fit(data["yi"], data["vi"], case["gamma0"], case["gamma1"])
        label = f"{_label(case)} {case['gamma0']} {case['gamma1']}"
        for name in (*names, "tau2", "rho"):
            if case[name] is not None:
                yield label, name, "bias-likelihood", getattr(ours, name), case[name]


def bias_copas_path() -> Iterator[Row]:
    table = golden("bias_copas_path")
    for case in table.cases:
        data = table.columns(case)
        ours = stats.copas_selection(data["yi"], data["vi"], grid=case["grid"])
        yield case["set"], "contour", "bias-path", ours.contour.ravel(), case["contour"]
        for name in ("gamma0", "gamma1"):
            points = [getattr(fit, name) for fit in ours.path[1:]]
            yield case["set"], f"{name} on the path", "bias-path", points, case[name]


RUNS = (
    bias_regression,
    bias_multilevel,
    bias_rank,
    bias_asymmetry,
    bias_trim,
    bias_fail_safe,
    bias_excess,
    bias_pet,
    bias_limit,
    bias_unreported,
    bias_p_curve,
    bias_p_uniform,
    bias_p_uniform_star,
    bias_contours,
    bias_selection,
    bias_selection_profile,
    bias_selection_decreasing,
    bias_copas,
    bias_copas_path,
)


def COVERED() -> dict[type[StrEnum], set[str]]:  # noqa: N802 - stands beside RUNS
    """Return which option members these files hold."""
    return {
        stats.Alternative: seen("bias_selection", "alternative") & seen("bias_excess", "alternative"),
        options.SelectionWeights: seen("bias_selection", "weights"),
        options.Precision: seen("bias_regression", "predictor"),
        options.FailSafeMethod: seen("bias_fail_safe", "method"),
        options.ExcessTest: seen("bias_excess", "test"),
        options.PUniformMethod: seen("bias_p_uniform", "method"),
        options.Side: seen("bias_trim", "side"),
        options.AsymmetryModel: seen("bias_regression", "model"),
        options.AsymmetryMethod: seen("bias_asymmetry", "method"),
        # where it is not named, it is the exact one
        options.ScoreVariance: {"exact"} | seen("bias_asymmetry", "score_variance"),
        options.ClusterTest: seen("bias_multilevel", "test"),
        options.MissingEstimator: seen("bias_trim", "estimator"),
        options.TieRanks: seen("bias_trim", "ties"),
        options.PetRule: seen("bias_pet", "rule"),
        options.LimitMethod: seen("bias_limit", "method"),
    }
