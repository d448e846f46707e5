"""The model of an analysis fitted to effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.model.analysis import PoolingMethod
from evergrove.stats import mantel_haenszel, peto, pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.model.analysis import PoolingModel
    from evergrove.stats import PoolResult
    from evergrove.synthesis.effects import StudyEffect


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
    """
    labels = [effect.name for effect in effects]
    if pooling.method is PoolingMethod.INVERSE_VARIANCE:
        return pool(
            *effects_and_variances(effects),
            model=pooling.model,
            tau2=pooling.tau2,
            ci=pooling.ci,
            prediction=pooling.prediction,
            measure=measure,
            labels=labels,
        )
    counts = np.array([_counts(effect) for effect in effects], dtype=float).T
    if pooling.method is PoolingMethod.PETO:
        return peto(*counts, labels=labels)
    return mantel_haenszel(*counts, measure=measure, labels=labels)


def effects_and_variances(effects: Sequence[StudyEffect]) -> tuple[list[float], list[float]]:
    """Return the columns of estimable effects, as the statistics want them."""
    rows = [(effect.yi, effect.vi) for effect in effects if effect.yi is not None and effect.vi is not None]
    return [yi for yi, _ in rows], [vi for _, vi in rows]


def _counts(effect: StudyEffect) -> tuple[float, float, float, float]:
    one, two = effect.numbers.experimental, effect.numbers.control
    if one is None or two is None or one.events is None or two.events is None:
        raise DataError(f"{effect.name}: no counts; Mantel-Haenszel and Peto need events and n of both arms")
    return one.events, one.n, two.events, two.n
