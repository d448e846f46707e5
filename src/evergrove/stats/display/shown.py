"""A fit as a figure shows it: the scale of its axis, how numbers are printed, what rows are called."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import row_labels
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.options import Scale
from evergrove.stats.pool_result import PoolResult
from evergrove.stats.result import wanted_result
from evergrove.stats.scales import back_transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import BoolArray, FloatArray

#: Scales that are drawn as they are pooled: their back-transformation needs more than the value.
AS_POOLED = (Scale.NATURAL, Scale.FREEMAN_TUKEY)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """The studies of a fit and the axis on which they are drawn.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and variances on the pooling scale; only rows that have both.
    weights : ndarray, shape (k,)
        Shares of the weight.
    labels : tuple of str
        Names of the rows.
    measure : str or None
        What the effects are.
    log : bool
        Whether the axis is logarithmic: then values are printed as ratios.
    level : float
        Of the intervals.
    """

    yi: FloatArray
    vi: FloatArray
    weights: FloatArray
    labels: tuple[str, ...]
    measure: str | None
    log: bool
    level: float

    def place(self, value: float) -> float:
        """Return a value of the pooling scale as it is printed on the axis."""
        return float(back_transform(value, self.measure)) if self.measure else float(value)

    def places(self, values: FloatArray) -> FloatArray:
        """Return values of the pooling scale as they are printed on the axis."""
        return np.asarray(back_transform(values, self.measure) if self.measure else values)

    @property
    def null(self) -> float:
        """The printed value of no effect."""
        return 1.0 if self.log else 0.0

    @property
    def axis_title(self) -> str:
        """Words under the axis."""
        name = self.measure or "Effect"
        return f"{name} (log scale)" if self.log else name

    def interval(self, row: int) -> tuple[float, float]:
        """Return a row's normal confidence interval on the pooling scale."""
        half = normal_quantile(self.level) * math.sqrt(float(self.vi[row]))
        return float(self.yi[row]) - half, float(self.yi[row]) + half


def shown(fit: PoolResult, labels: Sequence[str] | None = None) -> Shown:
    """Return the studies of a fit as figures draw them.

    Parameters
    ----------
    fit : PoolResult
        Any pooled result whose rows have effects and variances.
    labels : sequence of str or None
        Names of the rows; None takes those of the fit.

    Returns
    -------
    Shown

    Raises
    ------
    DataError
        Where no row has an effect, or labels of another number are given.
    """
    fit = wanted_result("fit", fit, PoolResult)
    names = row_labels(labels, fit.labels, int(fit.yi.size))
    known: BoolArray = np.isfinite(fit.yi) & np.isfinite(fit.vi)
    if not known.any():
        raise DataError(
            "figure: found no row with an effect; allowed: one or more; pool studies with effects"
        )
    measure = None if fit.scale in AS_POOLED else fit.measure
    return Shown(
        yi=fit.yi[known],
        vi=fit.vi[known],
        weights=fit.weights[known],
        labels=tuple(name for name, kept in zip(names, known, strict=True) if kept),
        measure=measure,
        log=fit.scale is Scale.LOG and measure is not None,
        level=fit.level,
    )


def effect_text(estimate: float, low: float, high: float) -> str:
    """Return an estimate and interval for a table: two decimals, more where they would all vanish.

    Examples
    --------
    >>> effect_text(0.4523, 0.2, 1.031), effect_text(0.0012, -0.0003, 0.0027)
    ('0.45 [0.20, 1.03]', '0.0012 [−0.0003, 0.0027]')
    """
    largest = max((abs(value) for value in (estimate, low, high) if math.isfinite(value)), default=1.0)
    decimals = 2 if largest >= 0.1 or largest == 0 else 2 + math.ceil(-math.log10(largest) - 1e-9) - 1
    cells = [_printed(value, decimals) for value in (estimate, low, high)]
    return f"{cells[0]} [{cells[1]}, {cells[2]}]"


def _printed(value: float, decimals: int) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{decimals}f}".replace("-", "−")
