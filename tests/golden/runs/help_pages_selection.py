"""The examples of metafor's help pages on selection models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove import stats
from golden.help_pages import asks, compared, hahn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from golden.help_pages import Answer, Data, Row

    Model = Callable[[dict[str, Data]], stats.SelectionModel]

SELECTION = "help_pages_selection"
WEIGHTS = {
    "halfnorm": "half-normal",
    "negexp": "negative-exponential",
    "logistic": "logistic",
    "power": "power",
}


def _baskerville(**options: Any) -> Model:
    def fit(data: dict[str, Data]) -> stats.SelectionModel:
        own = data["baskerville"]
        given = {name: own[column] for name, column in options.items()}
        return stats.selection_model(own["smd"], own["se"] ** 2, weights="beta", **given)

    return fit


def _hahn(weights: str, **options: Any) -> Model:
    def fit(data: dict[str, Data]) -> stats.SelectionModel:
        sizes = hahn(data)
        yi, vi = sizes.yi[sizes.estimable], sizes.vi[sizes.estimable]
        return stats.selection_model(yi, vi, weights=weights, alternative="less", model="common", **options)

    return fit


def _hackshaw(**options: Any) -> Model:
    return lambda data: stats.selection_model(data["hackshaw"]["yi"], data["hackshaw"]["vi"], **options)


def _given(name: str) -> Model:
    def fit(data: dict[str, Data]) -> stats.SelectionModel:
        sizes = stats.effect_size("ZCOR", r=data["cohen"]["ri"], n=data["cohen"]["ni"])
        steps, delta = data["steps"]["at"], data["given"][name]
        return stats.selection_model(sizes.yi, sizes.vi, steps=steps, delta=delta)

    return fit


def _odds_ratios(fit: Model) -> Callable[[dict[str, Data]], Answer]:
    def predict(data: dict[str, Data]) -> Answer:
        found = fit(data).predict()
        return {name: np.exp(getattr(found, name)) for name in ("estimate", "ci_low", "ci_high")}

    return predict


asks(SELECTION, "selmodel", "beta")(_baskerville())
asks(SELECTION, "selmodel", "beta beside blind")(_baskerville(moderators="blind"))
asks(SELECTION, "selmodel", "beta beside blind, predicted")(
    lambda data: _baskerville(moderators="blind")(data).predict([0, 1])
)
for _type, _weights in WEIGHTS.items():
    asks(SELECTION, "selmodel", _type)(_hahn(_weights))
    asks(SELECTION, "selmodel", f"{_type} predicted")(_odds_ratios(_hahn(_weights)))
    asks(SELECTION, "selmodel", f"{_type} by standard error")(
        _hahn(_weights, precision="se", scale_precision=False)
    )
asks(SELECTION, "selmodel", "steps")(_hackshaw(steps=[0.025, 0.1, 0.5]))
asks(SELECTION, "plot.rma.uni.selmodel", "steps")(_hackshaw(steps=[0.05, 0.1, 0.5]))
asks(SELECTION, "plot.rma.uni.selmodel", "negexp")(_hackshaw(weights="negative-exponential"))
for _name in ("mod.1", "sev.1", "mod.2", "sev.2"):
    asks(SELECTION, "selmodel", f"Vevea & Woods, {_name}")(_given(_name))


def help_pages_selection() -> Iterator[Row]:
    # the beta model's likelihood is flat in its two parameters
    yield from compared(
        SELECTION, lambda case, _: "bias-flat-top" if case.startswith("beta") else "bias-likelihood"
    )


RUNS = (help_pages_selection,)


def COVERED() -> dict[type, set[str]]:  # noqa: N802 - stands beside RUNS
    """Return nothing: the options are covered by the other families."""
    return {}
