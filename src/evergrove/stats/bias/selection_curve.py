"""The relative chance of publication by p value, as a selection model has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import FloatArray, column
from evergrove.stats.bias.options import SelectionWeights
from evergrove.stats.bias.selection_weights import FAMILIES, Points

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike


def curve(weights: str, options: Mapping[str, object], delta: FloatArray, p: ArrayLike) -> FloatArray:
    """Return the weight at p values for precision 1; see `SelectionModel.selection_curve`."""
    kind = SelectionWeights(weights)
    at = column("p", p)
    if not ((at > 0) & (at <= 1)).all():
        raise UsageError(f"p: found values outside (0, 1]: {at[(at <= 0) | (at > 1)].tolist()}")
    steps: Any = options["steps"]
    if kind is SelectionWeights.STEP:
        return np.asarray(delta[np.searchsorted(np.array(steps), at, side="left")])
    if kind is SelectionWeights.TRUNCATED:
        raise UsageError("selection_curve: weights='truncated' depends on the effect, not on p")
    family = FAMILIES[kind]
    smallest = family.smallest_p
    inside = np.clip(at, smallest, 1.0 - smallest)
    log_weight = family.log_weight(
        Points(inside, 1.0 - inside), steps[0] if steps else 0.0, delta, np.ones(at.size)
    )
    return np.exp(log_weight.value)
