"""How an analysis was computed, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.model.analysis import PoolingMethod
from evergrove.model.measures import Basis, review_measure
from evergrove.report.numerals import plain

if TYPE_CHECKING:
    from evergrove.model import PoolingModel

_METHODS = {
    PoolingMethod.INVERSE_VARIANCE: "by inverse variance",
    PoolingMethod.MANTEL_HAENSZEL: "by Mantel and Haenszel’s method",
    PoolingMethod.PETO: "by Peto’s one-step method",
}
_TAU2 = {
    "REML": "restricted maximum likelihood (REML)",
    "DL": "DerSimonian and Laird’s method",
    "PM": "Paule and Mandel’s method",
}
_INTERVALS = {
    "hartung-knapp": "by Hartung and Knapp’s method, on a t distribution with k − 1 degrees of freedom",
    "hartung-knapp-adhoc": (
        "by Hartung and Knapp’s method, on a t distribution with k − 1 degrees of freedom, and not narrower "
        "than the classic interval"
    ),
    "normal": "on the normal distribution",
    "t": "on a t distribution with k − 1 degrees of freedom",
}
_PREDICTIONS = {
    "t(k-1)": "on a t distribution with k − 1 degrees of freedom",
    "t(k-2)": "on a t distribution with k − 2 degrees of freedom",
    "normal": "on the normal distribution",
}
_ZERO_CELLS = {
    "only-zero": "{add} is added to each cell of a study in which an arm has no event or only events",
    "all": "{add} is added to each cell of every study",
    "if-any-zero": "{add} is added to each cell of every study, if an arm of any has no event or only events",
    "none": "nothing is added to cells of zero",
}


def pooling_words(pooling: PoolingModel) -> str:
    """Return how studies are pooled: model, method and estimator of tau²."""
    if pooling.method is not PoolingMethod.INVERSE_VARIANCE:
        return f"{_METHODS[pooling.method]}, which assumes a common effect"
    if pooling.model == "common":
        return f"{_METHODS[pooling.method]} under a common effect"
    return f"{_METHODS[pooling.method]} in a random-effects model, with τ² by {_TAU2[pooling.tau2]}"


def interval_words(pooling: PoolingModel) -> str:
    """Return how the confidence interval is computed."""
    return (
        "on the normal distribution"
        if pooling.method is not PoolingMethod.INVERSE_VARIANCE
        else _INTERVALS[pooling.ci]
    )


def prediction_words(pooling: PoolingModel) -> str:
    """Return how the prediction interval is computed; empty where the model has none."""
    if pooling.model == "common" or pooling.method is not PoolingMethod.INVERSE_VARIANCE:
        return ""
    return _PREDICTIONS[pooling.prediction]


def zero_cell_words(pooling: PoolingModel, measure: str) -> str:
    """Return what is done with arms without an event; empty where it does not arise."""
    if review_measure(measure).basis not in {Basis.EVENTS, Basis.EVENTS_OF_ONE_ARM} or measure in {
        "RD",
        "PAS",
    }:
        return ""
    if pooling.method is not PoolingMethod.INVERSE_VARIANCE:
        return "nothing is added to cells of zero"
    return _ZERO_CELLS[pooling.zero_cells].format(add=plain(pooling.add))
