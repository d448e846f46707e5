"""How firm a result stands: asymmetry, trim and fill, refits, case deletion, fail-safe N, permutations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from count_answers import counts_of
from exchange import INTERVALS, ITERATED, Answer, Asked, Fit, LeftOut, Row, array, floors, how, model_options

from evergrove import stats

PREDICTORS = {
    "sei": "se",
    "vi": "variance",
    "ni": "n",
    "ninv": "1/n",
    "sqrtni": "sqrt(n)",
    "sqrtninv": "1/sqrt(n)",
}


FAIL_SAFE = {"Rosenthal": "rosenthal", "Orwin": "orwin", "Rosenberg": "rosenberg", "REM": "general"}


def asymmetry(asked: Asked, answer: Answer) -> Iterator[Row]:
    """Compare regtest."""
    if "X" in asked:
        raise LeftOut("regtest of a model with moderators")
    model = (
        "multiplicative"
        if asked["model"] == "lm"
        else "common"
        if asked["method"] in ("EE", "FE", "CE")
        else "random"
    )
    options: dict[str, Any] = (
        {"n": asked["ni"]} if "ni" in asked and "n" in PREDICTORS[asked["predictor"]] else {}
    )
    if model == "random":
        options |= {"tau2": asked["method"]}
    if model != "multiplicative":
        options |= {"ci": INTERVALS[asked["test"]]}
    ours = stats.regression_test(
        asked["yi"], asked["vi"], predictor=PREDICTORS[asked["predictor"]], model=model, **options
    )
    kind = "iterated" if model == "random" and asked["method"] in ITERATED else "closed"
    name = f"regtest {model}"
    yield Row(f"{name} statistic", ours.statistic, answer["statistic"], kind, 1.0)
    yield Row(f"{name} p", ours.p_value, answer["p_value"], kind)
    if ours.limit and "limit" in answer:
        mine = [ours.intercept, ours.intercept_ci_low, ours.intercept_ci_high]
        theirs = [answer["limit"], answer["limit_low"], answer["limit_high"]]
        yield Row(f"{name} limit", mine, theirs, kind, 1e-2)


def trimmed(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare trimfill."""
    fit = fits[asked["fit"]]
    options = model_options(fit.asked)
    ours = stats.trim_and_fill(
        fit.asked["yi"], fit.asked["vi"], estimator=asked["estimator"], side=asked.get("side"), **options
    )
    name, low = f"trimfill {asked['estimator']}", floors(fit.asked, answer)
    yield Row(f"{name} missing", ours.missing, answer["missing"])
    yield Row(f"{name} missing_se", array(ours.missing_se), array(answer["missing_se"]))
    for quantity in ("estimate", "se", "ci_low", "ci_high", "tau2"):
        kind = "tau2" if quantity == "tau2" else "iterated"
        yield Row(
            f"{name} {quantity}",
            array(getattr(ours, quantity)),
            array(answer[quantity]),
            kind,
            low.get(quantity, 1e-300),
        )


def refits(kind: str, asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare leave1out and cumul."""
    fit = fits[asked["fit"]]
    if "vi" not in fit.asked:
        yield from refits_of_counts(kind, asked, answer, fit)
        return
    ours = (
        stats.leave_one_out(fit.result)
        if kind == "leave1out"
        else stats.cumulative(fit.result, order=asked.get("order"))
    )
    yield from refit_rows(kind, ours, answer, fit.asked)


def refits_of_counts(kind: str, asked: Asked, answer: Answer, fit: Fit) -> Iterator[Row]:
    """Compare refits of Mantel-Haenszel and Peto."""
    peto_fit = "measure" not in fit.asked
    columns, options = counts_of({"measure": "OR", **fit.asked})

    def again(kept: np.ndarray) -> Any:
        rows = {name: one[kept] for name, one in columns.items()}
        if peto_fit:
            return stats.peto(**rows)
        pool = stats.mantel_haenszel_rates if fit.asked["measure"].startswith("IR") else stats.mantel_haenszel
        return pool(**rows, measure=fit.asked["measure"], **options)

    k = len(next(iter(columns.values())))
    ours = (
        stats.leave_one_out(again, k)
        if kind == "leave1out"
        else stats.cumulative(again, k, order=asked.get("order"))
    )
    yield from refit_rows(f"{kind} counts", ours, answer, fit.asked)


def refit_rows(name: str, ours: Any, answer: Answer, asked: Asked) -> Iterator[Row]:
    """Compare the columns of refits."""
    spread = float(np.min(array(asked["vi"]))) if "vi" in asked else 1.0
    size = float(np.nanmax(np.abs(array(answer["estimate"])), initial=1e-3))
    kind = how(asked)
    for quantity in ("estimate", "ci_low", "ci_high", "p_value", "tau2", "i2", "q"):
        if quantity not in answer:
            continue
        theirs, mine = array(answer[quantity]), array(getattr(ours, quantity))
        if mine.size != theirs.size:
            continue
        floor = {"tau2": 1e-2 * spread, "i2": 1.0, "q": 1e-6, "p_value": 1e-300}.get(quantity, 1e-2 * size)
        yield Row(
            f"{name} {quantity}",
            mine,
            theirs,
            "tau2" if quantity == "tau2" and kind == "iterated" else kind,
            floor,
        )


#: What is rounding of 0, by quantity of case deletion.
DELETED = {"rstudent": 1e-3, "dffits": 1e-3, "cook": 1e-6, "dfbetas": 1e-3, "z": 1e-3, "residual": 1e-6}


def deletion(kind: str, asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare influence and its parts."""
    fit = fits[asked["fit"]]
    if "vi" not in fit.asked or "weights" in fit.asked:
        raise LeftOut(f"{kind} of Mantel-Haenszel, Peto or weighted fits")
    if isinstance(fit.result, stats.MultilevelResult):
        raise LeftOut(f"{kind} of a multilevel model")
    design, options = np.array(fit.asked["X"], dtype=float), model_options(fit.asked)
    options.pop("level")
    ours = stats.influence_diagnostics(fit.asked["yi"], fit.asked["vi"], design, **options)
    near = "deleted" if how(fit.asked) == "iterated" else "difference"
    spread = float(np.min(array(fit.asked["vi"])))
    names = {
        "rstandard": {"residual": "residual", "se": "residual_se", "z": "rstandard"},
        "rstudent": {"z": "rstudent"},
    }.get(kind, {one: one for one in answer})
    for theirs_name, mine in names.items():
        value, theirs = array(getattr(ours, mine)), array(answer[theirs_name])
        if theirs_name == "dfbetas":
            value = array(ours.dfbetas).T.ravel()
        floor = 1e-2 * spread if theirs_name == "tau2" else DELETED.get(theirs_name, 1e-300)
        yield Row(f"{kind} {theirs_name}", value, theirs, near, floor)


def fail_safe(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare fsn."""
    fit = fits[asked["fit"]]
    ours = stats.fail_safe_n(fit.asked["yi"], fit.asked["vi"], method=FAIL_SAFE[asked["type"]])
    yield Row(f"fsn {asked['type']}", ours.n, answer["n"])


def permuted(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare exact permutation tests."""
    fit = fits[asked["fit"]]
    design = np.array(fit.asked["X"], dtype=float)
    model = stats.meta_regression(
        fit.asked["yi"],
        fit.asked["vi"],
        design[:, 1:] if design.shape[1] > 1 else None,
        **model_options(fit.asked),
    )
    yield Row("permutest p", stats.permutation_test(model, exact=True).p_value, answer["p_value"])


def rank_test(asked: Asked, answer: Answer) -> Iterator[Row]:
    """Compare ranktest."""
    ours = stats.rank_test(asked["yi"], asked["vi"])
    yield Row("ranktest tau", ours.tau, answer["tau"], floor=1e-6)
    yield Row("ranktest p", ours.p_value, answer["p_value"])
