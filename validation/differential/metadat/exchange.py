"""What the modules of answers share: pairs of numbers, options of an rma, what counts as 0."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

Asked = dict[str, Any]


Answer = dict[str, Any]


class Row(NamedTuple):
    """One quantity on both sides: how it was reached (which sets the tolerance), and what counts as 0 of it."""

    quantity: str
    ours: Any
    theirs: Any
    kind: str = "closed"
    floor: float = 1e-300


class LeftOut(Exception):  # noqa: N818 - an outcome, not an error
    """The question is outside evergrove, for a reason that coverage.md gives."""


INTERVALS = {"z": "normal", "t": "t", "knha": "hartung-knapp", "adhoc": "hartung-knapp-truncated"}


RULES = {"only0": "only-zero", "all": "all", "if0all": "if-any-zero", "none": "none"}


ITERATED = ("REML", "ML", "EB", "PM", "PMM")


SERIES = ("estimate", "se", "ci_low", "ci_high", "statistic", "p_value")


CRITERIA = ("log_likelihood", "deviance", "aic", "bic", "aicc")


def array(values: Any) -> np.ndarray:
    """Return numbers as an array; None is missing."""
    return np.atleast_1d(np.array(np.nan if values is None else values, dtype=float))


class Fit(NamedTuple):
    """A fit here, with the question it answers."""

    result: Any
    asked: Asked
    base: Any = None


def model_options(asked: Asked) -> dict[str, Any]:
    """Return model and estimator of tau² of an rma."""
    method = asked["method"]
    options: dict[str, Any] = {"ci": INTERVALS[asked["test"]], "level": asked["level"]}
    if method in ("EE", "FE", "CE"):
        options["model"] = "common"
    elif "tau2" in asked:
        options["tau2"] = asked["tau2"]
    else:
        options["tau2"] = method
    if "weights" in asked:
        options["weights"] = array(asked["weights"])
        if method.startswith("GENQ"):  # metafor has one argument for both
            options["tau2_weights"] = array(asked["weights"])
    return options


def floors(asked: Asked, answer: Answer) -> dict[str, float]:
    """Return what counts as 0 of each quantity of a fit."""
    spread = float(np.min(array(asked["vi"]))) if "vi" in asked else 1e-12
    se = float(np.nanmin(array(answer["se"]), initial=1.0))
    return {
        "estimate": se,
        "ci_low": se,
        "ci_high": se,
        "statistic": 1.0,
        "tau2": 1e-2 * spread,
        "i2": 1.0,
        "r2": 1.0,
        "q": 1e-6,
    } | dict.fromkeys(CRITERIA, 1.0)


def how(asked: Asked) -> str:
    """Return how the fit is reached: in closed form, or by iteration of tau²."""
    return "iterated" if asked["method"] in ITERATED and "tau2" not in asked else "closed"
