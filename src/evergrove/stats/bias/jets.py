"""Numbers that carry their first and second derivatives (forward differentiation, one row per study)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

ROOT_OF_TWO_PI = float(np.sqrt(2.0 * np.pi))


@dataclass(frozen=True, slots=True, eq=False)
class Jet:
    """A value with gradient and Hessian in m parameters.

    Parameters
    ----------
    value : ndarray, shape (k,)
    first : ndarray, shape (m, k)
    second : ndarray, shape (m, m, k)
    """

    value: FloatArray
    first: FloatArray
    second: FloatArray

    def apply(self, value: FloatArray, slope: FloatArray, bend: FloatArray) -> Jet:
        """Return f(self) from f, f' and f'' at the value."""
        outer = self.first[:, np.newaxis] * self.first[np.newaxis, :]
        return Jet(value, slope * self.first, slope * self.second + bend * outer)

    def __add__(self, other: Jet | FloatArray | float) -> Jet:
        if isinstance(other, Jet):
            return Jet(self.value + other.value, self.first + other.first, self.second + other.second)
        return Jet(self.value + other, self.first, self.second)

    def __mul__(self, other: Jet | FloatArray | float) -> Jet:
        if not isinstance(other, Jet):
            return Jet(self.value * other, self.first * other, self.second * other)
        cross = self.first[:, np.newaxis] * other.first[np.newaxis, :]
        return Jet(
            self.value * other.value,
            self.first * other.value + other.first * self.value,
            self.second * other.value + other.second * self.value + cross + np.swapaxes(cross, 0, 1),
        )

    def power(self, exponent: float) -> Jet:
        """Return self to a power; the value is above 0."""
        x = self.value
        return self.apply(
            x**exponent, exponent * x ** (exponent - 1.0), exponent * (exponent - 1.0) * x ** (exponent - 2.0)
        )

    def log(self) -> Jet:
        """Return the natural logarithm."""
        x = self.value
        return self.apply(np.log(x), 1.0 / x, -1.0 / x**2)

    def log_normal_cdf(self) -> Jet:
        """Return log Φ, accurate in its lower tail."""
        x = self.value
        height = np.asarray(special.log_ndtr(x))
        ratio = np.exp(-0.5 * x**2 - height) / ROOT_OF_TWO_PI
        return self.apply(height, ratio, -ratio * (x + ratio))


def parameters(point: FloatArray, k: int) -> list[Jet]:
    """Return a point's coordinates as jets over k rows.

    Parameters
    ----------
    point : ndarray, shape (m,)
        Values.
    k : int
        Rows.

    Returns
    -------
    list of Jet

    Examples
    --------
    >>> x, y = parameters(np.array([2.0, 3.0]), 1)
    >>> (x * x * y).first[:, 0].tolist(), (x * x * y).second[:, :, 0].tolist()
    ([12.0, 4.0], [[6.0, 4.0], [4.0, 0.0]])
    """
    m = point.size
    flat = np.zeros((m, m, k))
    return [Jet(np.full(k, value), np.outer(np.eye(m)[i], np.ones(k)), flat) for i, value in enumerate(point)]
