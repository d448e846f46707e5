"""The studies of one meta-analysis laid out once, and the sums of its model at values of tau²."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.stats.bulk import compiled
from evergrove.stats.bulk.kernel import AT_TAU2_PART, AT_ZERO_PART, FOUND_PART, ONE_FIT
from evergrove.stats.inverse_variance import WeightedMean
from evergrove.stats.mean_estimators import DL, METHODS, REML, ROOT_OF_Q, between_study_variance
from evergrove.stats.one_mean import FOUND, MOST_MAXIMA, Studies, moments
from evergrove.stats.options import Tau2Method
from evergrove.stats.tau2.estimate import Tau2Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.stats.arrays import FloatArray

#: Up to this many studies sums run over lists of floats, beyond over arrays: the faster way for each.
MOST_IN_A_LIST = 32
#: Estimators whose standard error follows from the sums at hand.
QUICK = (Tau2Method.REML, Tau2Method.ML, Tau2Method.PM, Tau2Method.PMM, Tau2Method.EB, Tau2Method.DL)


class LaidOut(NamedTuple):
    """Studies as `one_mean` wants them: the most precise first, its effect at 0, its variance 1.

    Parameters
    ----------
    y, v : sequence of float
        Laid out.
    first, unit : float
        Effect and variance of the most precise study.
    """

    y: Studies
    v: Studies
    first: float
    unit: float


class MeanData:
    """The studies of one meta-analysis, laid out when first needed.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects, and variances above 0.

    Attributes
    ----------
    first, unit : float
        Effect and variance of the most precise study; known once any sum is.
    known : dict
        Sums of `one_mean.moments` by tau² in the unit of the variances.
    """

    def __init__(self, yi: FloatArray, vi: FloatArray) -> None:
        self.yi, self.vi = yi, vi
        self.known: dict[float, tuple[float, ...]] = {}
        self._laid_out: LaidOut | None = None

    def laid_out(self) -> LaidOut:
        """Return the studies laid out."""
        found = self._laid_out
        if found is None:
            found = self._laid_out = lay_out_studies(self.yi, self.vi)
            _, _, self.first, self.unit = found
        return found

    def sums(self, tau2: float) -> tuple[float, ...]:
        """Return `one_mean.moments` at one tau², computed once."""
        found = self.known.get(tau2)
        if found is None:
            y, v, _, unit = self.laid_out()
            found = self.known[tau2] = moments(tau2 / unit, y, v)
        return found

    def q(self, tau2: float) -> float:
        """Return the generalised Q."""
        return self.sums(tau2)[2]

    def mean(self, tau2: float) -> WeightedMean:
        """Return the mean at weights 1 / (v + tau²), as `weighted_mean`."""
        total, centre, q, _, trace = self.sums(tau2)[:5]
        root = math.sqrt(self.unit)
        weights = (self.unit / total) / (self.vi + tau2)
        return WeightedMean(
            self.first + centre * root, root / math.sqrt(total), q, weights, trace / self.unit
        )

    def tau2(self, method: Tau2Method) -> Tau2Estimate:
        """Estimate tau² by one of the `QUICK` methods, as `estimate_tau2` does for any method and design."""
        k, number = len(self.vi), METHODS[method]
        if k == 1:
            return Tau2Estimate(0.0, math.nan, 0, True, "no degrees of freedom: tau² set to 0", (0.0,))
        target = 2.0 * float(special.gammaincinv((k - 1) / 2.0, 0.5)) if method is Tau2Method.PMM else k - 1.0
        scaled, count, iterations, status, maxima = self._search(number, target)
        if status != FOUND:
            return Tau2Estimate(math.nan, math.nan, iterations, False, "no solution was found", ())
        value = scaled * self.unit
        every = tuple(found * self.unit for found in maxima[:count]) if count > 1 else (value,)
        return Tau2Estimate(value, self._se(method, value), iterations, True, _reason(number, scaled), every)

    def _search(self, number: int, target: float) -> tuple[float, int, int, int, list[float]]:
        """Return `between_study_variance` with the maxima, and note the sums at 0 and at tau²."""
        if (fit := compiled.loaded_fit()) is not None and len(self.vi) <= MOST_IN_A_LIST:
            return self._search_compiled(fit, number, target)
        y, v, _, unit = self.laid_out()
        maxima = [0.0] * MOST_MAXIMA
        scaled, count, iterations, status = between_study_variance(
            number, target, y, v, self.sums(0.0), unit, maxima
        )
        if scaled > 0.0:
            self.known[scaled * unit] = moments(scaled, y, v)
        return scaled, count, iterations, status, maxima

    def _search_compiled(
        self, fit: Callable[..., None], number: int, target: float
    ) -> tuple[float, int, int, int, list[float]]:
        """Return `_search`, the same bits in less time."""
        out = np.empty(ONE_FIT)
        fit(number, target, self.yi, self.vi, out)
        values = out.tolist()
        scaled, count, iterations, status, self.first, self.unit = values[FOUND_PART]
        self.known[0.0] = tuple(values[AT_ZERO_PART])
        self.known[scaled * self.unit] = tuple(values[AT_TAU2_PART])
        return scaled, int(count), int(iterations), int(status), values[:MOST_MAXIMA]

    def _se(self, method: Tau2Method, tau2: float) -> float:
        """Return the standard error, as `standard_error_of_tau2`."""
        total, _, _, _, trace, _, square, w2 = self.sums(tau2)
        df = len(self.vi) - 1
        if method is Tau2Method.REML:
            return self.unit * math.sqrt(2.0 / square)
        if method is Tau2Method.ML:
            return self.unit * math.sqrt(2.0 / w2)
        if method is not Tau2Method.DL:
            return self.unit * math.sqrt(2.0 / df) * (df + 1) / total
        scaled = tau2 / self.unit
        _, _, _, _, trace, _, square, _ = self.sums(0.0)
        return self.unit * math.sqrt(2.0 * df + 4.0 * scaled * trace + 2.0 * scaled**2 * square) / trace


def _reason(number: int, scaled: float) -> str:
    """Return how tau² was found, in words."""
    if number == DL:
        return "closed form" if scaled > 0 else "closed form; not above 0: tau² set to 0"
    if number == ROOT_OF_Q:
        return "converged to rounding" if scaled > 0 else "Q at tau² = 0 is not above the target"
    name = "restricted likelihood" if number == REML else "likelihood"
    return "converged to rounding" if scaled > 0 else f"boundary: the {name} is highest at tau² = 0"


def lay_out_studies(yi: FloatArray, vi: FloatArray) -> LaidOut:
    """Return studies laid out.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects, and variances above 0.

    Returns
    -------
    LaidOut
        Lists of up to `MOST_IN_A_LIST` studies, else arrays.
    """
    if yi.size <= MOST_IN_A_LIST:
        studies = sorted(zip(vi.tolist(), yi.tolist(), strict=True))
        unit, first = studies[0]
        root = math.sqrt(unit)
        y = [(effect - first) / root for _, effect in studies]
        return LaidOut(y, [variance / unit for variance, _ in studies], first, unit)
    order = np.lexsort((yi, vi))
    first, unit = float(yi[order[0]]), float(vi[order[0]])
    return LaidOut((yi[order] - first) / math.sqrt(unit), vi[order] / unit, first, unit)
