"""The examples of metafor's own help pages: how a call is answered, and how every number is compared.

The calls themselves are in `golden.runs.help_pages` and the modules beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.stats_reference import golden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Row = tuple[str, str, str, Any, Any]
Data = dict[str, np.ndarray]
Answer = Any

#: metafor's help pages use a normal test and its own prediction interval.
AS_METAFOR: dict[str, Any] = {"ci": "normal", "prediction": "test"}

#: Golden file -> (help page, case) -> the same call in evergrove.
ANSWERS: dict[str, dict[tuple[str, str], Callable[[dict[str, Data]], Answer]]] = {}


def _column(values: list[Any]) -> np.ndarray:
    text = any(isinstance(value, str) for value in values)  # rows of a matrix are lists
    return np.array(values, dtype=object) if text else np.array(values, dtype=float)


def data_of(file: str) -> dict[str, Data]:
    """Return the data sets of a file, columns as arrays."""
    return {
        name: {key: _column(values) for key, values in columns.items()}
        for name, columns in golden(file).data.items()
    }


def _pooled(fit: stats.PoolResult, name: str) -> Any:
    likelihood, _, criterion = name.partition(".")
    if criterion:
        return getattr(getattr(fit.fit_statistics(), likelihood), criterion)
    if name.endswith(("_ci_low", "_ci_high")):
        return getattr(fit.heterogeneity(), name)
    return getattr(fit, name)


def _regression(fit: stats.MetaRegressionResult | stats.LocationScaleResult, name: str) -> Any:
    which, _, what = name.partition("_")
    if which in {"qm", "qs"}:
        test = fit.moderator_test if which == "qm" else fit.scale_test
        return getattr(test, what or "statistic")
    value = getattr(fit, name)
    return value.ravel() if name == "covariance" else value


def value_of(answer: Answer, name: str) -> Any:
    """Return a number of an answer by the name that the golden file gives it."""
    if isinstance(answer, dict):
        return answer[name]
    if isinstance(answer, stats.PoolResult):
        return _pooled(answer, name)
    if isinstance(answer, stats.MetaRegressionResult | stats.LocationScaleResult):
        return _regression(answer, name)
    value = getattr(answer, name)
    return value.ravel() if name == "covariance" else value


def asks(file: str, page: str, case: str) -> Callable[[Any], Any]:
    """Register the function that makes the call of a help page."""

    def register(function: Any) -> Any:
        ANSWERS.setdefault(file, {})[page, case] = function
        return function

    return register


def values_of(file: str, page: str, case: str) -> dict[str, Any]:
    """Return the values of a case, for those that are points which R chose."""
    return next(
        entry["values"] for entry in golden(file).cases if (entry["page"], entry["id"]) == (page, case)
    )


def compared(file: str, kind: Callable[[str, str], str]) -> Iterator[Row]:
    """Yield every number of a file; a case that nobody answers, or that R was not asked, is an error."""
    own, data = ANSWERS[file], data_of(file)
    cases = {(case["page"], case["id"]): case["values"] for case in golden(file).cases}
    assert own.keys() == cases.keys(), own.keys() ^ cases.keys()
    for (page, case), values in cases.items():
        answer = own[page, case](data)
        for name, theirs in values.items():
            yield f"{page}: {case}", name, kind(case, name), value_of(answer, name), theirs


def effects(data: Data, measure: str = "RR", **options: Any) -> stats.EffectSizes:
    """Return the effects of two arms, given as metafor's examples do."""
    if "tpos" in data:
        arms = (data["tpos"], data["tpos"] + data["tneg"], data["cpos"], data["cpos"] + data["cneg"])
    else:
        arms = (data["ai"], data["n1i"], data["ci"], data["n2i"])
    names = ("events1", "n1", "events2", "n2")
    return stats.effect_size(measure, **dict(zip(names, arms, strict=True)), **options)


def pooled(sizes: stats.EffectSizes, keep: Any = slice(None), **options: Any) -> stats.PoolResult:
    """Return the fit of metafor's ``rma(yi, vi)``."""
    return stats.pool(sizes.yi[keep], sizes.vi[keep], **{**AS_METAFOR, **options})


def bcg_mean(data: dict[str, Data], keep: Any = slice(None), **options: Any) -> stats.PoolResult:
    """Return the fit of the risk ratios of the BCG trials, of some or all of them."""
    return pooled(effects(data["bcg"]), keep, **options)


def without_isis4(data: dict[str, Data]) -> stats.EffectSizes:
    """Return the odds ratios of Egger et al. 2001 without the ISIS-4 trial."""
    own = {name: np.delete(values, 15) for name, values in data["egger"].items()}
    return effects(own, "OR")


def hahn(data: dict[str, Data]) -> stats.EffectSizes:
    """Return the odds ratios of Hahn et al. 2001; double-zero trials are not estimable."""
    return effects(data["hahn"], "OR", drop_double_zero=True)


def dorn(data: dict[str, Data]) -> stats.EffectSizes:
    """Return the risk ratios of Dorn et al. 2007."""
    own = data["dorn"]
    return stats.effect_size("RR", events1=own["x.a"], n1=own["n.a"], events2=own["x.p"], n2=own["n.p"])


def pignon(data: dict[str, Data]) -> tuple[np.ndarray, np.ndarray]:
    """Return the log hazard ratios of Pignon et al. 2000 and their variances."""
    own = data["pignon"]
    return own["OmE"] / own["V"], 1.0 / own["V"]


def viechtbauer(data: dict[str, Data]) -> stats.EffectSizes:
    """Return the odds ratios of Viechtbauer 2021, one half added to all cells of all trials."""
    own = data["viechtbauer"]
    arms = {"events1": own["xTi"], "n1": own["nTi"], "events2": own["xCi"], "n2": own["nCi"]}
    return stats.effect_size("OR", **arms, add=0.5, to="all")
