"""Curves of dose as columns of a design matrix."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.doses.options import DoseShape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray

#: Percentiles of the knots (Harrell, Regression Modeling Strategies, table 2.3).
KNOT_SHARES = {
    3: (0.10, 0.50, 0.90),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.50, 0.725, 0.95),
    6: (0.05, 0.23, 0.41, 0.59, 0.77, 0.95),
    7: (0.025, 0.1833, 0.3417, 0.50, 0.6583, 0.8167, 0.975),
}


@dataclass(frozen=True, slots=True)
class DoseBasis:
    """The columns of a curve.

    Parameters
    ----------
    shape : DoseShape
        Kind of curve.
    knots : tuple of float
        Of a spline; else empty.
    powers : tuple of float
        Of a fractional polynomial; else empty.
    shift : float
        Added to doses before powers are taken.
    """

    shape: DoseShape
    knots: tuple[float, ...] = ()
    powers: tuple[float, ...] = ()
    shift: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        if self.shape is DoseShape.LINEAR:
            return ("dose",)
        if self.shape is DoseShape.QUADRATIC:
            return ("dose", "dose^2")
        if self.shape is DoseShape.SPLINE:
            return ("dose", *(f"dose spline {place}" for place in range(1, len(self.knots) - 1)))
        return tuple(f"power {power:g} ({place})" for place, power in enumerate(self.powers, 1))

    def columns(self, dose: FloatArray) -> FloatArray:
        """Return the columns at some doses, shape (m, p).

        Parameters
        ----------
        dose : ndarray, shape (m,)
            Doses.

        Raises
        ------
        DataError
            For a dose that has no such power.
        """
        if self.shape is DoseShape.LINEAR:
            return dose[:, None]
        if self.shape is DoseShape.QUADRATIC:
            return np.column_stack([dose, dose**2])
        if self.shape is DoseShape.SPLINE:
            return spline_columns(dose, self.knots)
        return self._powers(dose + self.shift)

    def _powers(self, dose: FloatArray) -> FloatArray:
        """Return powers; 0 is the logarithm, a repeated power is multiplied by the logarithm."""
        positive = all(power > 0 for power in self.powers) and len(set(self.powers)) == len(self.powers)
        if (dose < 0).any() or (not positive and (dose == 0).any()):
            raise DataError(
                f"powers {self.powers}: found dose {float(dose.min()):g} after the shift; allowed: "
                "above 0; give "
                "shift= a number above 0 so that every dose is positive"
            )
        found: list[FloatArray] = []
        for place, power in enumerate(self.powers):
            column = np.log(dose) if power == 0 else dose**power
            if place and power == self.powers[place - 1]:
                column = found[-1] * np.log(dose)
            found.append(column)
        return np.column_stack(found)


def spline_columns(dose: FloatArray, knots: Sequence[float]) -> FloatArray:
    """Return the columns of a restricted cubic spline in Harrell's scaling.

    Parameters
    ----------
    dose : ndarray, shape (m,)
        Doses.
    knots : sequence of float
        Three or more, rising.

    Returns
    -------
    ndarray, shape (m, number of knots - 1)

    Examples
    --------
    >>> spline_columns(np.array([0.0, 10.0]), (0.0, 5.0, 10.0)).round(3)
    array([[ 0. ,  0. ],
           [10. ,  7.5]])
    """
    t = np.asarray(knots, dtype=np.float64)
    last, before = t[-1], t[-2]

    def cube(knot: float) -> FloatArray:
        return np.asarray(np.maximum(dose - knot, 0.0) ** 3)

    columns = [dose]
    for knot in t[:-2]:
        high, low = (last - knot) / (last - before), (before - knot) / (last - before)
        columns.append((cube(knot) - cube(before) * high + cube(last) * low) / (last - t[0]) ** 2)
    return np.column_stack(columns)


def choose_basis(
    shape: DoseShape,
    dose: FloatArray,
    *,
    knots: Sequence[float] | int,
    powers: Sequence[float],
    shift: float,
) -> DoseBasis:
    """Return the basis of a curve, with knots at percentiles where only their number is given.

    Parameters
    ----------
    shape : DoseShape
        Kind of curve.
    dose : ndarray
        Doses of all rows, reference doses among them.
    knots : int or sequence of float
        Number of knots (3 to 7), or their places.
    powers : sequence of float
        One or two powers.
    shift : float
        Added to doses before powers are taken.

    Returns
    -------
    DoseBasis

    Raises
    ------
    UsageError
        For knots that do not rise or coincide, or powers that are none.
    """
    if shape is DoseShape.SPLINE:
        if isinstance(knots, int):
            if knots not in KNOT_SHARES:
                raise UsageError(f"knots: found {knots}; allowed: 3 to 7, or their places")
            places = tuple(float(value) for value in np.quantile(dose, KNOT_SHARES[knots]))
        else:
            places = tuple(float(value) for value in knots)
        if len(places) < 3 or not all(a < b for a, b in pairwise(places)):
            raise UsageError(
                f"knots: found {places}; allowed: three or more rising doses; percentiles of few "
                "distinct doses "
                "coincide: give the places"
            )
        return DoseBasis(shape, knots=places)
    if shape is DoseShape.FRACTIONAL_POLYNOMIAL:
        chosen = tuple(float(power) for power in powers)
        if len(chosen) not in {1, 2}:
            raise UsageError(f"powers: found {chosen}; allowed: one or two, such as (1, 2) or (0.5, 0.5)")
        return DoseBasis(shape, powers=chosen, shift=float(shift))
    return DoseBasis(shape)
