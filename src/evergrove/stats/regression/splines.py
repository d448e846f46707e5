"""Restricted cubic splines with knots at fixed quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import FAR, column, listed, refuse_rows
from evergrove.stats.scalars import finite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import BoolArray, FloatArray

FEWEST_KNOTS, MOST_KNOTS = 3, 7
FEWEST_VALUES = 6
#: Below this many values the outer knots are the fifth smallest and the fifth largest (Stone & Koo 1985).
FEW_VALUES = 100
#: Outer quantile by number of knots (Harrell 2015, table 2.3).
OUTER = {3: 0.10, 4: 0.05, 5: 0.05, 6: 0.05, 7: 0.025}


@dataclass(frozen=True, slots=True, eq=False)
class SplineBasis:
    """The columns of a restricted cubic spline.

    Parameters
    ----------
    matrix : ndarray, shape (k, knots - 1)
        The variable itself, then one nonlinear column per inner interval.
    knots : tuple of float
        In the variable's unit; needed to build the same spline for other values.
    """

    matrix: FloatArray
    knots: tuple[float, ...]

    def __len__(self) -> int:
        return int(self.matrix.shape[0])

    def __repr__(self) -> str:
        return f"<SplineBasis of {len(self)} values, knots {', '.join(f'{knot:g}' for knot in self.knots)}>"

    def take(self, keep: BoolArray) -> SplineBasis:
        """Return the rows to keep."""
        return SplineBasis(self.matrix[keep], self.knots)

    @staticmethod
    def at(values: ArrayLike, knots: Sequence[float]) -> SplineBasis:
        """Return the spline with given knots at some values."""
        x = column("x", values)
        t = np.asarray(knots, dtype=np.float64)
        last, before, unit = t[-1], t[-2], (t[-1] - t[0]) ** 2

        def cubed(knot: float) -> FloatArray:
            return np.asarray(np.maximum(x - knot, 0.0) ** 3)

        tail = last - before
        bent = [
            (cubed(knot) + ((before - knot) * cubed(last) - (last - knot) * cubed(before)) / tail) / unit
            for knot in t[:-2]
        ]
        return SplineBasis(np.column_stack([x, *bent]), tuple(float(knot) for knot in t))


def spline_knots(values: ArrayLike, count: int) -> tuple[float, ...]:
    """Return the default knots of a restricted cubic spline.

    Parameters
    ----------
    values : array-like, shape (k,)
        The variable; missing values are left aside.
    count : int
        Number of knots, 3 to 7.

    Returns
    -------
    tuple of float

    Raises
    ------
    UsageError
        For a number of knots out of range.
    TooFewStudiesError
        With fewer than 6 values.
    DataError
        Where ties leave fewer different knots.
    """
    if count not in OUTER:
        raise UsageError(f"knots: found {count!r}; allowed: {FEWEST_KNOTS} to {MOST_KNOTS}, or their places")
    x = np.sort(column("x", values))
    x = x[~np.isnan(x)]
    if x.size < FEWEST_VALUES:
        raise TooFewStudiesError(
            f"rcs: found {x.size} values; allowed: {FEWEST_VALUES} or more; use a linear term"
        )
    distinct = int(np.unique(x).size)
    if distinct - 2 <= count:
        raise DataError(
            f"rcs: {count} knots for {distinct} distinct values; allowed: fewer knots than values between "
            "the outer two; ask for fewer knots, give their places, or use a linear term"
        )
    outer = OUTER[count]
    knots = np.quantile(x, np.linspace(outer, 1.0 - outer, count))
    if x.size < FEW_VALUES:
        knots[0], knots[-1] = x[4], x[-5]
    if not bool((np.diff(knots) > 0).all()):
        shown = ", ".join(f"{knot:g}" for knot in knots)
        raise DataError(
            f"rcs: {x.size} values give knots {shown}, which do not rise; allowed: rising knots; "
            "ask for fewer knots, give their places, or use a linear term"
        )
    return tuple(float(knot) for knot in knots)


def rcs(values: ArrayLike, knots: int | Sequence[float] = 4) -> SplineBasis:
    """Return the restricted cubic spline basis of a moderator: cubic between, linear beyond the knots.

    Parameters
    ----------
    values : array-like, shape (k,)
        The moderator; NaN where it is missing.
    knots : int or sequence of float
        Their number, 3 to 7, or their places, rising, three or more.

    Returns
    -------
    SplineBasis
        Knots at the quantiles of Harrell 2015 (0.1, 0.5, 0.9 for three; 0.05, 0.35, 0.65, 0.95 for four;
        …; with fewer than 100 values the outer two are the fifth smallest and fifth largest), columns
        divided by (last - first knot)²: the convention of R's ``rms::rcs`` (``Hmisc::rcspline.eval``).
        Where ties make knots equal, or the values are few, Hmisc searches others; here that is an error.

    Raises
    ------
    UsageError
        For a number of knots out of range, or places that do not rise.
    TooFewStudiesError
        With fewer than 6 values and no places given.
    DataError
        Where ties leave fewer different knots.

    Notes
    -----
    Each spline with q knots takes q - 1 coefficients: with ten studies per coefficient as a rule of
    thumb, few meta-analyses carry one.

    References
    ----------
    [Stone1985]; [Harrell2015], section 2.4.5.

    Examples
    --------
    >>> basis = rcs(range(1, 21), knots=3)
    >>> basis.knots, basis.matrix.shape
    ((5.0, 10.5, 16.0), (20, 2))
    """
    x = column("values", values)
    refuse_rows("values", x, np.abs(x) > FAR, allowed=f"-{FAR:g} to {FAR:g}", todo="use another unit")
    if isinstance(knots, int):
        return SplineBasis.at(x, spline_knots(x, knots))
    places = [finite("knots", knot) for knot in listed("knots", knots, "how many, or three or more places")]
    if len(places) < FEWEST_KNOTS or not bool((np.diff(places) > 0).all()):
        raise UsageError(f"knots: found {places}; allowed: three or more places that rise")
    return SplineBasis.at(x, places)
