"""Counts: what evergrove answers to `rma.mh`, `rma.peto` and `rma.glmm`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from effect_answers import complete, sizes_of
from exchange import RULES, SERIES, Answer, Asked, Fit, Row, array, floors

from evergrove import stats


def pair(value: Any, default: tuple[Any, Any]) -> tuple[Any, Any]:
    """Return the two settings of add, to or drop00: for the rows, and for the pooled estimate."""
    if value is None:
        return default
    many = value if isinstance(value, list) else [value]
    return (many[0], many[1]) if len(many) > 1 else (many[0], default[1])


def counts_of(asked: Asked) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return complete rows, and the options of corrections."""
    columns = sizes_of(asked)
    given = complete(columns)
    add, to, drop = (
        pair(asked.get("add"), (0.5, 0.0)),
        pair(asked.get("to"), ("only0", "none")),
        pair(asked.get("drop00"), (True, False)),
    )
    options = {
        "correction": add[1],
        "to": RULES[to[1]],
        "drop_double_zero": drop[1],
        "row_correction": add[0],
        "row_to": RULES[to[0]],
    }
    return {name: one[given] for name, one in columns.items()}, options


def mantel_haenszel(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare rma.mh with the stratified tests that come with it."""
    columns, options = counts_of(asked)
    measure = asked["measure"]
    pool = stats.mantel_haenszel_rates if measure.startswith("IR") else stats.mantel_haenszel
    ours = pool(**columns, measure=measure, **options)
    fits[asked["fit"]] = Fit(ours, {**asked, "method": "EE"})
    low = floors({}, answer)
    for quantity in (*SERIES, "q", "q_p_value", "i2", "h2"):
        yield Row(
            f"mh {measure} {quantity}",
            array(getattr(ours, quantity)),
            array(answer[quantity]),
            "closed",
            low.get(quantity, 1e-300),
        )
    if measure == "OR" and options["correction"] == 0:
        if np.isfinite(answer["cmh"]):
            test = stats.cochran_mantel_haenszel_test(
                **columns, continuity=asked.get("correct", True), beyond_zero=True
            )
            yield Row("cmh", test.statistic, answer["cmh"])
            yield Row("cmh p", test.p_value, answer["cmh_p"])
        if np.isfinite(answer.get("tarone", np.nan)):
            test = stats.homogeneity_test(**columns, method="tarone")
            yield Row("tarone", test.statistic, answer["tarone"], floor=1e-6)
            yield Row("tarone p", test.p_value, answer["tarone_p"])
    if measure == "IRR" and np.isfinite(answer["cmh"]):
        test = stats.mantel_haenszel_rates_test(**columns, continuity=asked.get("correct", True))
        yield Row("rates test", test.statistic, answer["cmh"])


def peto(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare rma.peto."""
    columns, options = counts_of({"measure": "OR", **asked})
    ours = stats.peto(**columns, correction=options["correction"], to=options["to"])
    fits[asked["fit"]] = Fit(ours, {**asked, "method": "EE"})
    low = floors({}, answer)
    for quantity in (*SERIES, "q", "q_p_value", "i2", "h2"):
        yield Row(
            f"peto {quantity}",
            array(getattr(ours, quantity)),
            array(answer[quantity]),
            "closed",
            low.get(quantity, 1e-300),
        )


def mixed_counts(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare rma.glmm; where maxima differ the likelihood decides."""
    columns = sizes_of(asked)
    given = complete(columns)
    columns = {name: one[given] for name, one in columns.items()}
    measure, common = asked["measure"], asked.get("method") in ("EE", "FE", "CE")
    options: dict[str, Any] = {"effects": "common" if common else "random"}
    model = asked.get("model", "UM.FS")
    if measure in ("OR", "IRR"):
        options["model"] = model
    if model == "UM.RS":  # two random effects: lme4 has Laplace's approximation alone
        options["points"] = 1
    ours = stats.glmm(measure, **columns, prediction="test", **options)
    fits[asked["fit"]] = Fit(ours, {**asked, "method": "glmm"})
    name = f"glmm {measure} {model if measure in ('OR', 'IRR') else ''} {'common' if common else ''}".replace(
        "  ", " "
    ).strip()
    gain = ours.log_likelihood - answer["log_likelihood"]
    # R's log-likelihood of UM.FS leaves the saturated part to other constants; the maximum is judged where it is the same one
    if abs(gain) < 0.5:
        yield Row(f"{name} log_likelihood", ours.log_likelihood, answer["log_likelihood"], "likelihood", 1.0)
    for quantity in ("estimate", "se", "ci_low", "ci_high", "p_value", "q_wald", "q_lrt"):
        if quantity in answer:
            yield Row(
                f"{name} {quantity}",
                array(getattr(ours, quantity)),
                array(answer[quantity]),
                "searched",
                1e-3 if quantity != "p_value" else 1e-1,
            )
    if not common:
        yield Row(f"{name} tau2", ours.tau2, answer["tau2"], "searched", 1e-3)
