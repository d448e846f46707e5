"""MLN, for unknown non-normal distributions (Cai 2021): a Box-Cox power by maximum likelihood."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError
from evergrove.stats.conversions.box_cox import (
    BoxCoxFit,
    moments_of_power_normal,
    positive_quantiles,
    powered,
)
from evergrove.stats.conversions.normal_quantiles import (
    FIVE_NUMBERS,
    RANGE,
    PrintedQuantiles,
    luo_mean,
    wan_sd,
)

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: Powers are searched from 0 to here (estmeansd's interval).
HIGHEST_POWER = 10.0
#: Heights of the likelihood that are the same.
FLAT = 1e-6
GRID = np.linspace(0.0, HIGHEST_POWER, 401)


def _between(given: PrintedQuantiles) -> FloatArray:
    """Return how many values lie below, between and above the quantiles (Cai 2021, as in estmeansd)."""
    n = given.n
    first, middle, third = (math.floor(share * n + 1.0) for share in (0.25, 0.5, 0.75))
    if given.scenario == RANGE:
        counts = [0, middle - 2, n - middle - 1, 0]
    elif given.scenario == FIVE_NUMBERS:
        counts = [0, first - 2, middle - first - 1, third - middle - 1, n - third - 1, 0]
    else:
        counts = [first - 1, middle - first - 1, third - middle - 1, n - third]
    return np.maximum(np.array(counts, dtype=np.float64), 0.0)


def _log_likelihood(x: FloatArray, counts: FloatArray, location: float, scale: float) -> float:
    """Return the log-likelihood of normal order statistics x with so many values between them."""
    z = (x - location) / scale
    ends = np.concatenate(([-np.inf], z, [np.inf]))
    # log Φ(b) - Φ(a), from the side on which both tails are small
    left, right = ends[:-1], ends[1:]
    mirrored = left > 0
    low, high = np.where(mirrored, -right, left), np.where(mirrored, -left, right)
    with np.errstate(divide="ignore"):  # no room between equal values: log 0
        gaps = special.log_ndtr(high) + np.log(-np.expm1(special.log_ndtr(low) - special.log_ndtr(high)))
    filled = counts > 0
    density = -0.5 * float(z @ z) - x.size * math.log(scale * math.sqrt(2.0 * math.pi))
    return density + float(counts[filled] @ gaps[filled])


def _profile(given: PrintedQuantiles, counts: FloatArray, power: float) -> float:
    """Return the log-likelihood of a power, at Luo's mean and Wan's SD of the transformed quantiles."""
    x = powered(np.array(given.values), power)
    moved = PrintedQuantiles(given.scenario, tuple(float(value) for value in x), given.n)
    return _log_likelihood(x, counts, luo_mean(moved), wan_sd(moved))


def _best_power(given: PrintedQuantiles, counts: FloatArray) -> float:
    """Return the power of highest likelihood."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - 0.1 s, only where a fit is asked for

    heights = np.array([_profile(given, counts, float(power)) for power in GRID])
    at = int(np.nanargmax(heights))
    low, high = GRID[max(at - 1, 0)], GRID[min(at + 1, GRID.size - 1)]
    found = minimize_scalar(
        lambda power: -_profile(given, counts, power),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-11},
    )
    # at an end of the interval the search stops just short of it
    if at in (0, GRID.size - 1) and _profile(given, counts, float(GRID[at])) >= -found.fun - FLAT:
        return float(GRID[at])
    return float(found.x)


def estimate_by_power_likelihood(given: PrintedQuantiles) -> BoxCoxFit:
    """Estimate mean and SD on the power scale by maximum likelihood and carry them back.

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
    ConvergenceError
        Where the likelihood of mean and SD has no peak.

    Notes
    -----
    As estmeansd's ``mln.mean.sd``: the likelihood is that of the transformed numbers, without the Jacobian of
    the transformation, so the power depends on the unit of the outcome (days or weeks). `estimate_by_box_cox`
    has no such fault. Where estmeansd simulates the way back, it is integrated here.

    References
    ----------
    [Cai2021].
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - 0.1 s, only where a fit is asked for

    values = positive_quantiles(given, "mln")
    counts = _between(given)
    power = _best_power(given, counts)
    x = powered(values, power)
    moved = PrintedQuantiles(given.scenario, tuple(float(value) for value in x), given.n)
    centre, spread = luo_mean(moved), wan_sd(moved)
    found = minimize(
        lambda at: -_log_likelihood(x, counts, centre + spread * at[0], spread * math.exp(at[1])),
        np.zeros(2),
        method="Nelder-Mead",
        options={"xatol": 1e-11, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000},
    )
    if not (found.success and np.isfinite(found.x).all()):
        raise ConvergenceError(
            f"mln: found no peak of the likelihood for {given.values} after {found.nit} iterations; allowed: "
            "quantiles of one peaked distribution; use method='box-cox'"
        )
    location, scale = centre + spread * float(found.x[0]), spread * math.exp(float(found.x[1]))
    mean, sd = moments_of_power_normal(location, scale, power)
    return BoxCoxFit(mean, sd, power, location, scale, given.n)
