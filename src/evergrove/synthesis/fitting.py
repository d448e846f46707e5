"""The model of an analysis fitted to effects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError
from evergrove.model.pooling import PoolingMethod
from evergrove.stats import beta_binomial, glmm, mantel_haenszel, peto, pool
from evergrove.stats.options import PredictionMethod
from evergrove.synthesis.count_models import from_beta_binomial, from_mixed_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.model import PoolingModel
    from evergrove.stats import PoolResult
    from evergrove.synthesis.effects import StudyEffect

#: The seed of the one interval that draws at random; the same numbers give the same bytes.
SEED = 1


def poolable(effects: Sequence[StudyEffect], pooling: PoolingModel) -> list[StudyEffect]:
    """Return the effects that the method can use: the estimable, or for counted methods those with counts."""
    if pooling.method is PoolingMethod.INVERSE_VARIANCE:
        return [effect for effect in effects if effect.estimable]
    return [effect for effect in effects if effect.numbers.printed is None]


def fit(effects: Sequence[StudyEffect], measure: str, pooling: PoolingModel) -> PoolResult:
    """Pool effects as the protocol says.

    Parameters
    ----------
    effects : sequence of StudyEffect
        All of them poolable by the method.
    measure : str
    pooling : PoolingModel

    Returns
    -------
    PoolResult

    Raises
    ------
    DataError
        If the method is not defined for these numbers.
    ConvergenceError
        If it found no solution.
    """
    asked = pooling.resolved()
    labels = [effect.name for effect in effects]
    if asked.method is PoolingMethod.INVERSE_VARIANCE:
        yi, vi = effects_and_variances(effects)
        return pool(yi, vi, measure=measure, labels=labels, model=str(asked.model), **options_of_pool(asked))
    counts = columns_of_counts(effects)
    if asked.method is PoolingMethod.MIXED_MODEL:
        kind = asked.glmm if "n2" in counts else None
        options = {**counts, **options_of_pool(asked), "model": kind, "effects": str(asked.model)}
        return from_mixed_model(glmm(measure, **options, labels=labels), effects)
    if asked.method is PoolingMethod.BETA_BINOMIAL:
        return from_beta_binomial(beta_binomial(**counts, ci=str(asked.ci)), effects)
    spread = options_of_pool(asked) if asked.tau2 is not None else {}
    columns = counts.values()
    if asked.method is PoolingMethod.PETO:
        return peto(*columns, model=str(asked.model), labels=labels, **spread)
    return mantel_haenszel(
        *columns,
        measure=measure,
        model=str(asked.model),
        row_correction=asked.add,
        row_to=asked.zero_cells,
        labels=labels,
        **spread,
    )


def options_of_pool(asked: PoolingModel) -> dict[str, Any]:
    """Return the options of inverse variance that the model uses."""
    words = {name: getattr(asked, name) for name in ("tau2", "tau2_ci", "ci", "prediction")}
    options = {name: word for name, word in words.items() if word is not None}
    if asked.prediction is PredictionMethod.NNF:
        options["rng"] = SEED
    return options


def effects_and_variances(effects: Sequence[StudyEffect]) -> tuple[list[float], list[float]]:
    """Return the columns of estimable effects, as the statistics want them."""
    rows = [(effect.yi, effect.vi) for effect in effects if effect.yi is not None and effect.vi is not None]
    return [yi for yi, _ in rows], [vi for _, vi in rows]


def columns_of_counts(effects: Sequence[StudyEffect]) -> dict[str, Any]:
    """Return events and patients of each arm, under the names that the statistics give them."""
    sides = {"experimental": "1", "control": "2"}
    if all(effect.numbers.control is None for effect in effects):
        sides = {"experimental": ""}
    columns: dict[str, list[float]] = {}
    for effect in effects:
        for side, number in sides.items():
            arm = getattr(effect.numbers, side)
            if arm is None or arm.events is None:
                raise DataError(
                    f"{effect.name}: found no counts; allowed: events and patients of each arm; "
                    "pool by inverse variance"
                )
            columns.setdefault(f"events{number}", []).append(arm.events)
            columns.setdefault(f"n{number}", []).append(arm.n)
    return {name: np.array(values, dtype=float) for name, values in columns.items()}
