"""The Box-Cox method (McGrath 2020): Luo and Wan on the power scale where the quantiles are symmetric."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.conversions.normal_quantiles import (
    PrintedQuantiles,
    luo_mean,
    quadrature,
    wan_sd,
)
from evergrove.stats.result import Result
from evergrove.stats.roots import bracketed_root

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

LOWEST_POWER, HIGHEST_POWER = -2.0, 3.0
#: Powers nearer to 0 than this are the logarithm.
LOGARITHM = 1e-8
#: The normal integral reaches so many standard deviations to each side.
WIDEST = 10.0
#: Quantiles farther apart than this leave double precision on some power scales.
WIDEST_RATIO = 1e60
GRID = np.linspace(LOWEST_POWER, HIGHEST_POWER, 501)


@dataclass(frozen=True, slots=True, repr=False)
class BoxCoxFit(Result):
    """Mean and SD by the Box-Cox method.

    Parameters
    ----------
    mean, sd : float
        On the outcome's scale.
    power : float
        λ; 0 is the logarithm.
    location, scale : float
        Mean and SD on the power scale.
    n : float
        Patients.
    """

    mean: float
    sd: float
    power: float
    location: float
    scale: float
    n: float

    def __repr__(self) -> str:
        return f"<BoxCoxFit mean {self.mean:.4f}, SD {self.sd:.4f}, λ={self.power:.4f}, n={self.n:g}>"


def powered(values: FloatArray, power: float) -> FloatArray:
    """Return Box-Cox transformed values, through expm1 so that small powers lose nothing.

    Parameters
    ----------
    values : ndarray
        Above 0.
    power : float
        λ; 0 is the logarithm.

    Returns
    -------
    ndarray
    """
    logs = np.log(values)
    return logs if abs(power) < LOGARITHM else np.expm1(power * logs) / power


def _skew(values: FloatArray, power: float) -> float:
    """Return the summed squares of (upper/lower distance from the median - 1)."""
    x = powered(values, power)
    middle = x.size // 2
    pairs = [(x[-1] - x[middle], x[middle] - x[0])]
    if x.size == 5:
        pairs.append((x[3] - x[2], x[2] - x[1]))
    return float(sum((upper / lower - 1.0) ** 2 for upper, lower in pairs))


def _slope(values: FloatArray, power: float) -> float:
    """Return the derivative of the criterion by a central difference of five points."""
    h = 1e-3
    return float(
        (
            _skew(values, power - 2 * h)
            - 8 * _skew(values, power - h)
            + 8 * _skew(values, power + h)
            - _skew(values, power + 2 * h)
        )
        / (12 * h)
    )


def best_power(values: FloatArray) -> float:
    """Return the power in [0, 3] at which the quantiles are nearest to symmetric.

    Parameters
    ----------
    values : ndarray
        Three or five quantiles above 0.

    Returns
    -------
    float
        The least criterion over [-2, 3], and 0 where that lies below 0 (estmeansd's convention).
    """
    at = int(np.argmin([_skew(values, float(power)) for power in GRID]))
    if values.size == 3:  # a root: the distances can be made equal
        low, high = float(GRID[max(at - 1, 0)]), float(GRID[min(at + 1, GRID.size - 1)])

        def gap(shifted: float) -> float:
            x = powered(values, shifted + LOWEST_POWER - 1.0)
            return float((x[2] - x[1]) - (x[1] - x[0]))

        offset = LOWEST_POWER - 1.0
        root = bracketed_root(gap, low - offset, high - offset)
        return max(0.0, root.value + offset) if root.converged else max(0.0, float(GRID[at]))
    if at in (0, GRID.size - 1):
        return max(0.0, float(GRID[at]))
    offset = LOWEST_POWER - 1.0
    root = bracketed_root(
        lambda shifted: _slope(values, shifted + offset),
        float(GRID[at - 1]) - offset,
        float(GRID[at + 1]) - offset,
    )
    return max(0.0, root.value + offset) if root.converged else max(0.0, float(GRID[at]))


def moments_of_power_normal(location: float, scale: float, power: float) -> tuple[float, float]:
    """Return mean and SD of the values whose Box-Cox transform is normal.

    Parameters
    ----------
    location, scale : float
        Of the transform.
    power : float
        λ, not below 0.

    Returns
    -------
    mean, sd : float
        For λ above 0 over the part of the normal that has an inverse, cut alike on both sides (estmeansd's
        convention); by Gauss-Legendre integration.
    """
    if power < LOGARITHM:
        mean = math.exp(location + scale**2 / 2.0)
        return mean, mean * math.sqrt(math.expm1(scale**2))
    nodes, weights = quadrature()
    reach = location + 1.0 / power
    if power > 1.0 and 0.0 < reach < WIDEST * scale:
        # over the values themselves: their root-like rise from 0 would cost digits on the power scale
        shares, highest = 0.5 * (nodes + 1.0), (2.0 * power * reach) ** (1.0 / power)
        values = highest * shares
        distance = reach * (2.0 * shares**power - 1.0)
        weights = weights * shares ** (power - 1.0)
    else:
        distance = min(reach, WIDEST * scale) * nodes
        values = np.exp(np.log1p(np.maximum(power * (location + distance), -1.0 + 1e-300)) / power)
    density = weights * np.exp(-0.5 * (distance / scale) ** 2)
    density /= density.sum()
    mean = float(density @ values)
    return mean, math.sqrt(float(density @ (values - mean) ** 2))


def positive_quantiles(given: PrintedQuantiles, method: str) -> FloatArray:
    """Return quantiles that a power can transform: above 0 and all different.

    Parameters
    ----------
    given : PrintedQuantiles
        Checked.
    method : str
        For the message.

    Returns
    -------
    ndarray

    Raises
    ------
    DataError
        For values not above 0, equal ones, or ones too far apart.
    """
    values = np.array(given.values)
    if not (values > 0).all():
        raise DataError(
            f"{method}: found {given.values}; allowed: values above 0; use method='quantile-estimation'"
        )
    if values.max() > WIDEST_RATIO * values.min():
        raise DataError(
            f"{method}: found {given.values}; allowed: values within a factor of {WIDEST_RATIO:g}; check them"
        )
    if np.unique(values).size < values.size:
        raise DataError(
            f"{method}: found {given.values}, two of them equal; allowed: all different; use method='luo-shi'"
        )
    return values


def estimate_by_box_cox(given: PrintedQuantiles) -> BoxCoxFit:
    """Estimate mean and SD on the power scale and carry them back.

    Parameters
    ----------
    given : PrintedQuantiles
        Checked; all values above 0.

    Returns
    -------
    BoxCoxFit

    Raises
    ------
    DataError
        For values not above 0, or quantiles equal to the median.
    """
    values = positive_quantiles(given, "box-cox")
    power = best_power(values)
    moved = PrintedQuantiles(given.scenario, tuple(float(x) for x in powered(values, power)), given.n)
    location, scale = luo_mean(moved), wan_sd(moved)
    mean, sd = moments_of_power_normal(location, scale, power)
    return BoxCoxFit(mean, sd, power, location, scale, given.n)
