"""Calls of `rma` and what rests on it, on drawn effects and variances, with evergrove's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import data_sets as draw
import numpy as np

from evergrove import stats
from evergrove.errors import EvergroveError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TESTS = {
    "normal": "z",
    "t": "t",
    "hartung-knapp": "knha",
    "hartung-knapp-truncated": "adhoc",
}
METHODS = ("EE", "DL", "HE", "HS", "HSk", "SJ", "PM", "PMM", "EB", "ML", "REML", "GENQ")
FIT = (
    *("estimate", "se", "ci_low", "ci_high", "statistic", "p_value", "tau2", "tau2_se", "i2", "h2", "q"),
    *("q_p_value", "prediction_low", "prediction_high"),
)
#: GENQ needs CompQuadForm, which is not in Debian: `validation/golden/random.R` has its limits by another route.
LIMITS = {"QP": "q-profile", "PL": "profile-likelihood"}
DELETIONS = (("EE", "normal"), ("DL", "normal"), ("REML", "normal"), ("REML", "hartung-knapp"), ("PM", "t"))
DELETED = (
    *("rstudent", "dffits", "cook", "covariance_ratio", "tau2", "qe", "hat", "weight", "residual"),
    *("residual_se", "rstandard"),
)
REFIT = ("estimate", "ci_low", "ci_high", "p_value", "tau2", "i2", "q")


def _options(method: str, vi: np.ndarray) -> dict[str, Any]:
    if method == "EE":
        return {"model": "common"}
    # metafor's GENQ weights the mean, too
    return {"tau2": method} | (
        {"tau2_weights": 1 / np.sqrt(vi), "weights": 1 / np.sqrt(vi)} if method == "GENQ" else {}
    )


def _answer(ask: Callable[..., dict[str, Any]], *arguments: object) -> dict[str, Any]:
    try:
        return ask(*arguments)
    except EvergroveError as error:
        return {"refused": str(error)}


def _fit(yi: np.ndarray, vi: np.ndarray, method: str, ci: str) -> dict[str, Any]:
    fit = stats.pool(yi, vi, **_options(method, vi), ci=ci, prediction="test")
    found = {name: getattr(fit, name) for name in FIT}
    criteria = fit.fit_statistics()
    names = ("log_likelihood", "deviance", "aic", "bic", "aicc")
    found |= {kind: [getattr(getattr(criteria, kind), name) for name in names] for kind in ("ml", "reml")}
    return {**found, "weights": fit.weights}


def _limits(yi: np.ndarray, vi: np.ndarray, method: str, interval: str) -> dict[str, Any]:
    fit = stats.pool(yi, vi, **_options(method, vi), tau2_ci=interval)
    return {"tau2_ci_low": fit.tau2_ci_low, "tau2_ci_high": fit.tau2_ci_high}


def _henmi_copas(yi: np.ndarray, vi: np.ndarray) -> dict[str, Any]:
    fit = stats.pool(yi, vi, model="henmi-copas")
    return {name: getattr(fit, name) for name in ("estimate", "se", "ci_low", "ci_high", "tau2")}


def _influence(yi: np.ndarray, vi: np.ndarray, method: str, ci: str) -> dict[str, Any]:
    found = stats.influence_diagnostics(yi, vi, **_options(method, vi), ci=ci)
    return {name: getattr(found, name) for name in DELETED} | {"dfbetas": found.dfbetas[:, 0]}


def _refits(yi: np.ndarray, vi: np.ndarray, method: str, ci: str, how: str) -> dict[str, Any]:
    fit = stats.pool(yi, vi, **_options(method, vi), ci=ci)
    found = stats.leave_one_out(fit) if how == "leave1out" else stats.cumulative(fit)
    return {name: getattr(found, name) for name in REFIT}


def _unit(yi: np.ndarray, vi: np.ndarray, method: str | None) -> float:
    """Return the size to which R's thresholds, which are absolute, are tightened: that of the answer."""
    if method in (None, "EE", "DL", "HE", "HS", "HSk", "SJ", "GENQ"):
        return float(vi.min())
    return max(stats.pool(yi, vi, tau2=method).tau2 or 0.0, float(vi.min()))


def _call(
    kind: str, label: str, yi: np.ndarray, vi: np.ndarray, ours: dict[str, Any], **more: str
) -> dict[str, Any]:
    return {
        "kind": kind,
        "group": kind,
        "label": label,
        "arguments": {
            "yi": yi.tolist(),
            "vi": vi.tolist(),
            "unit": _unit(yi, vi, more.get("method")),
            **more,
        },
        "ours": ours,
        "yi": yi,
        "vi": vi,
    }


def calls(seed: int, repeats: int) -> Iterator[dict[str, Any]]:
    """Yield R's arguments, the label and evergrove's answers of every call."""
    for shape, yi, vi in draw.fit_sets(seed, repeats):
        for method in METHODS:
            for ci, test in TESTS.items():
                if ci == "normal" or method in ("DL", "REML"):
                    ours = _answer(_fit, yi, vi, method, ci)
                    yield _call("fit", f"{shape}, {method} {test}", yi, vi, ours, method=method, test=test)
        if yi.size > 1:
            for method, kind in (("DL", "QP"), ("REML", "PL"), ("ML", "PL")):
                ours = _answer(_limits, yi, vi, method, LIMITS[kind])
                label = f"{shape}, {kind} {method}"
                yield _call("limits", label, yi, vi, ours, method=method, test="z", type=kind)
            yield _call("hc", shape, yi, vi, _answer(_henmi_copas, yi, vi))
        if 1 < yi.size < 20:
            for method, ci in DELETIONS:
                arguments = {"method": method, "test": TESTS[ci]}
                label = f"{shape}, {method} {TESTS[ci]}"
                yield _call("influence", label, yi, vi, _answer(_influence, yi, vi, method, ci), **arguments)
                for how in ("leave1out", "cumul"):
                    yield _call(how, label, yi, vi, _answer(_refits, yi, vi, method, ci, how), **arguments)
