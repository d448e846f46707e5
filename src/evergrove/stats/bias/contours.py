"""Significance contours of a funnel plot, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import FloatArray, column, effects_and_variances
from evergrove.stats.bias.selection_fit import p_values
from evergrove.stats.options import Alternative, choose
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FunnelContours(Result):
    """Where studies lie among the significance contours of a funnel plot.

    Parameters
    ----------
    p_values : ndarray, shape (k,)
        Of each study against `null`.
    band : tuple of str
        The band of each study, as text.
    counts : dict of str to int
        Studies in each band, from the most significant.
    cutpoints : tuple of float
        p values at the contours, rising.
    null : float
        Effect under the null hypothesis.
    """

    p_values: FloatArray
    band: tuple[str, ...]
    counts: dict[str, int]
    cutpoints: tuple[float, ...]
    null: float

    def __repr__(self) -> str:
        shown = ", ".join(f"{band}: {count}" for band, count in self.counts.items())
        return f"<FunnelContours {shown}>"

    def columns(self) -> dict[str, Any]:
        """Return one row per study."""
        return {"p_value": self.p_values, "band": np.array(self.band)}


def funnel_contours(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    cutpoints: ArrayLike = (0.01, 0.05, 0.1),
    null: float = 0.0,
    alternative: str = Alternative.TWO_SIDED,
) -> FunnelContours:
    """Say in which significance band of a funnel plot each study lies.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances.
    cutpoints : array-like
        p values at the contours, in (0, 1).
    null : float
        Effect under the null hypothesis.
    alternative : Alternative or str
        Of the p values.

    Returns
    -------
    FunnelContours

    Raises
    ------
    UsageError
        For cutpoints outside (0, 1).
    DataError
        For effects or variances that cannot be.

    Notes
    -----
    Studies missing where results are not significant suggest selective publication; studies missing where
    they are significant suggest another cause of asymmetry.

    References
    ----------
    [Peters2008].

    Examples
    --------
    >>> funnel_contours([0.5, 0.4, 0.1], [0.02, 0.04, 0.01])
    <FunnelContours p <= 0.01: 1, p <= 0.05: 1, p <= 0.1: 0, p > 0.1: 1>
    """
    y, v = effects_and_variances(yi, vi)
    cuts = np.unique(column("cutpoints", cutpoints))
    if not (cuts.size and (cuts > 0).all() and (cuts < 1).all()):
        raise UsageError(f"cutpoints: found {cuts.tolist()}; allowed: p values above 0 and below 1")
    p = p_values(y - null, v, choose(Alternative, alternative, "alternative"))
    names = [*(f"p <= {cut:g}" for cut in cuts), f"p > {cuts[-1]:g}"]
    rows = np.searchsorted(cuts, p, side="left")
    counts = {name: int((rows == row).sum()) for row, name in enumerate(names)}
    return FunnelContours(p, tuple(names[row] for row in rows), counts, tuple(cuts.tolist()), float(null))
