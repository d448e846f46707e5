"""One mean, meta-regression and location-scale models: what evergrove answers to `rma`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from exchange import CRITERIA, INTERVALS, SERIES, Answer, Asked, Fit, Row, array, floors, how, model_options

from evergrove import stats


def fitted(asked: Asked) -> Any:
    """Fit an rma here: one mean by `pool`, else `meta_regression`."""
    design, options = np.array(asked["X"], dtype=float), model_options(asked)
    yi, vi = array(asked["yi"]), array(asked["vi"])
    if design.shape[1] == 1 and asked["intercept"]:
        return stats.pool(yi, vi, prediction="test", **options)
    mods = design[:, 1:] if asked["intercept"] else design
    tested = {} if design.shape[1] == 1 else {"test": [int(one) for one in array(asked["btt"])]}
    return stats.meta_regression(
        yi, vi, mods, intercept=asked["intercept"], centred=True, prediction="test", **tested, **options
    )


def rma(asked: Asked, answer: Answer, fits: dict[int, Fit]) -> Iterator[Row]:
    """Compare rma."""
    ours = fitted(asked)
    fits[asked["fit"]] = Fit(ours, asked)
    name, kind, low = asked["method"], how(asked), floors(asked, answer)
    single = isinstance(ours, stats.PoolResult)
    for quantity in (*SERIES, "tau2_se", "i2", "h2", "q", "q_p_value"):
        if quantity in answer:
            yield Row(
                f"rma {name} {quantity}",
                array(getattr(ours, quantity)),
                array(answer[quantity]),
                kind,
                low.get(quantity, 1e-300),
            )
    yield Row(
        f"rma {name} tau2",
        array(ours.tau2),
        array(answer["tau2"]),
        "tau2" if kind == "iterated" else kind,
        low["tau2"],
    )
    criteria = ours
    if single:
        both = ours.fit_statistics()
        criteria = both.reml if name == "REML" else both.ml
    for quantity in CRITERIA:
        value = getattr(criteria, quantity)
        yield Row(f"rma {name} {quantity}", array(value), array(answer[quantity]), kind, 1.0)
    if not single:
        yield Row(f"rma {name} qm", ours.moderator_test.statistic, answer["qm"], kind)
        yield Row(f"rma {name} qm_p", ours.moderator_test.p_value, answer["qm_p_value"], kind)
        if "r2" in answer and np.isfinite(answer["r2"]):
            yield Row(
                f"rma {name} r2",
                array(ours.r2),
                array(answer["r2"]),
                "r2" if kind == "iterated" else kind,
                1.0,
            )


def location_scale(asked: Asked, answer: Answer) -> Iterator[Row]:
    """Compare a location-scale model; where maxima differ the likelihood decides."""
    design, scales = (np.array(asked[name], dtype=float) for name in ("X", "Z"))
    mods = design[:, 1:] if asked["intercept"] else design
    scale = scales[:, 1:] if asked["scale_intercept"] else scales
    ours = stats.location_scale(
        asked["yi"],
        asked["vi"],
        mods if mods.size else None,
        scale,
        intercept=asked["intercept"],
        scale_intercept=asked["scale_intercept"],
        likelihood=asked["method"],
        link=asked["link"],
        ci=INTERVALS[asked["test"]],
    )
    yield Row(
        "location-scale log_likelihood", ours.log_likelihood, answer["log_likelihood"], "likelihood", 1.0
    )
    if abs(ours.log_likelihood - answer["log_likelihood"]) > 1e-6:
        return
    for name, value in {
        "estimate": ours.estimate,
        "se": ours.se,
        "alpha": ours.scale_estimate,
        "alpha_se": ours.scale_se,
    }.items():
        yield Row(f"location-scale {name}", value, answer[name], "searched", 1e-3)
