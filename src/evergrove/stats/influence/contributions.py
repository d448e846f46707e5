"""What each study contributes to heterogeneity and does to the result: the axes of a Baujat plot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from evergrove.errors import ConvergenceError, DataError
from evergrove.stats.arrays import checked_labels
from evergrove.stats.influence.deleted_models import Data, checked_data, fit_model, specification
from evergrove.stats.options import IntervalMethod, PoolModel, Tau2Method
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Baujat(Result):
    """Contribution to heterogeneity and influence of each study.

    Parameters
    ----------
    contribution : ndarray, shape (k,)
        Squared Pearson residual: (y - fitted)² / (v + tau²). Under a common effect they sum to Q.
    influence : ndarray, shape (k,)
        Squared change of the study's fitted value when it is left out, over the variance of the fitted
        value without it. NaN where the study cannot be left out.
    labels : tuple of str or None
        Names of the studies.
    """

    contribution: FloatArray
    influence: FloatArray
    labels: tuple[str, ...] | None

    HIDDEN: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        return f"<Baujat {self.contribution.size} studies>"

    def columns(self) -> dict[str, Any]:
        """Return one row per study."""
        return {"contribution": self.contribution, "influence": self.influence}


def baujat(
    yi: ArrayLike,
    vi: ArrayLike,
    design: ArrayLike | None = None,
    *,
    model: str = PoolModel.RANDOM,
    tau2: str | float = Tau2Method.REML,
    ci: str = IntervalMethod.HARTUNG_KNAPP,
    labels: Sequence[str] | None = None,
) -> Baujat:
    """Measure each study's contribution to heterogeneity and its influence on the result.

    Parameters
    ----------
    yi, vi, design, model, tau2, ci, labels
        As `influence_diagnostics`.

    Returns
    -------
    Baujat
        The two axes of a Baujat plot (`baujat_plot`).

    Raises
    ------
    TooFewStudiesError, DataError, UsageError, ConvergenceError
        As `influence_diagnostics`.

    Notes
    -----
    As metafor's ``baujat``; the paper's own plot is that of a common effect, ``model="common", ci="normal"``.

    References
    ----------
    [Baujat2002].

    Examples
    --------
    >>> found = baujat([0.1, 0.2, 0.15, 1.9], [0.05] * 4, model="common", ci="normal")
    >>> round(float(found.contribution.sum()), 3)  # Cochran's Q
    46.038
    """
    effects, variances, matrix = checked_data(yi, vi, design)
    how = specification(model, tau2, ci)
    data = Data(effects, variances, matrix)
    whole = fit_model(data, how)
    influence = np.full(effects.size, math.nan)
    for row in range(effects.size):
        try:
            part = fit_model(data.without(row), how)
        except (DataError, ConvergenceError):
            continue
        x = matrix[row]
        variance = float(x @ part.covariance @ x)
        change = float(x @ (whole.fit.beta - part.fit.beta))
        influence[row] = change**2 / variance if variance > 0 else math.nan
    contribution = whole.fit.residual**2 / (variances + whole.tau2)
    names = checked_labels(labels, effects.size)
    return Baujat(contribution, influence, names)
