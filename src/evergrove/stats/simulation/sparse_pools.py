"""Mantel-Haenszel and Peto odds ratios of many meta-analyses at once, in closed form.

The estimates and variances of `mantel_haenszel` and `peto`, summed by group; for simulations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.bulk.intervals import two_sided_p_values
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.effect_formulas import peto_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray


class SparseFits(NamedTuple):
    """Log odds ratio, normal interval and test of each group; NaN where it is undefined."""

    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    p_value: FloatArray


def _with_interval(estimate: FloatArray, variance: FloatArray, level: float) -> SparseFits:
    """Return the normal interval and test."""
    se = np.sqrt(variance)
    half = normal_quantile(level) * se
    statistic = np.divide(estimate, se, out=np.full(se.size, np.nan), where=se > 0)
    p = two_sided_p_values(statistic, np.full(se.size, np.inf))
    return SparseFits(estimate, se, estimate - half, estimate + half, p)


def mantel_haenszel_groups(  # noqa: PLR0917 - four columns, their groups
    events1: FloatArray,
    n1: FloatArray,
    events2: FloatArray,
    n2: FloatArray,
    group: NDArray[np.int64],
    groups: int,
    level: float = 0.95,
) -> SparseFits:
    """Pool the tables of each group by Mantel-Haenszel (odds ratio, no correction).

    Parameters
    ----------
    events1, n1, events2, n2 : ndarray, shape (n,)
        Events and patients.
    group : ndarray of int, shape (n,)
        Group of each table, from 0.
    groups : int
        Number of groups.
    level : float
        Confidence level.

    Returns
    -------
    SparseFits
        Variance of Robins, Breslow & Greenland (1986).
    """

    def total(values: FloatArray) -> FloatArray:
        return np.bincount(group, values, groups).astype(np.float64, copy=False)

    b, d, size = n1 - events1, n2 - events2, n1 + n2
    up, down = events1 * d / size, b * events2 / size
    concordant, discordant = (events1 + d) / size, (b + events2) / size
    top, bottom = total(up), total(down)
    defined = (top > 0) & (bottom > 0)
    top, bottom = np.where(defined, top, np.nan), np.where(defined, bottom, np.nan)
    variance = (
        total(concordant * up) / top**2
        + total(concordant * down + discordant * up) / (top * bottom)
        + total(discordant * down) / bottom**2
    ) / 2.0
    return _with_interval(np.log(top / bottom), variance, level)


def peto_groups(  # noqa: PLR0917 - four columns, their groups
    events1: FloatArray,
    n1: FloatArray,
    events2: FloatArray,
    n2: FloatArray,
    group: NDArray[np.int64],
    groups: int,
    level: float = 0.95,
) -> SparseFits:
    """Pool the tables of each group by Peto's one-step odds ratio, without correction.

    Parameters
    ----------
    events1, n1, events2, n2, group, groups, level
        As `mantel_haenszel_groups`.

    Returns
    -------
    SparseFits
        Yusuf, Peto, Lewis, Collins & Sleight 1985.
    """
    difference, information = peto_parts(events1, n1, events2, n2)
    informative = np.isfinite(information) & (information > 0)
    known = np.bincount(group, np.where(informative, information, 0.0), groups)
    excess = np.bincount(group, np.where(informative, difference, 0.0), groups)
    known = np.where(known > 0, known, np.nan)
    return _with_interval(excess / known, 1.0 / known, level)
