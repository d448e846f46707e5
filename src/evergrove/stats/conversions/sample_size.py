"""Optimal information size: what one adequate trial would need, against which a review is held."""

from __future__ import annotations

import math

from scipy import special

from evergrove.errors import DataError
from evergrove.stats.scalars import above, finite, within


def _quantiles(alpha: float, power: float) -> float:
    """Return the squared sum of the normal quantiles of a two-sided test."""
    todo = "for example alpha=0.05, power=0.8"
    alpha = within("alpha", alpha, 1e-12, 0.5, todo=todo)
    power = within("power", power, 0.5, 1.0 - 1e-12, todo=todo)
    return float(special.ndtri(1.0 - alpha / 2.0) + special.ndtri(power)) ** 2


def _both_arms(quantiles: float, variance: float, difference: float) -> int:
    """Return the patients of both arms in whom a difference can be told from none."""
    if not abs(difference) > 1e-9 * math.sqrt(variance):
        raise DataError(
            f"optimal information size: found a difference of {difference:.3g} with a variance of "
            f"{variance:.3g}; allowed: one that 1e18 patients can tell; choose a larger one"
        )
    return 2 * math.ceil(quantiles * variance / difference**2)


def optimal_information_size(
    control_risk: float, relative_reduction: float, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Return the patients, both arms together, to see a relative risk reduction.

    Parameters
    ----------
    control_risk : float
        Risk without the intervention, above 0 and below 1.
    relative_reduction : float
        For example 0.25 for 25 %; below 0 for an increase; not 0. The risk with the intervention must lie
        within 0 and 1.
    alpha : float
        Two-sided type I error.
    power : float
        1 - type II error, 0.5 and more.

    Returns
    -------
    int
        Two arms of equal size, each rounded up: 2 (z_{1-α/2} + z_{power})² 2 p(1 - p) / (p1 - p2)² with p
        the mean of both risks.

    Raises
    ------
    DataError
        Outside the allowed range.

    Notes
    -----
    Not adjusted for heterogeneity: with variation between trials more patients are needed (Wetterslev
    2009, diversity).

    References
    ----------
    [Pogue1997]; [Wetterslev2008]; [Guyatt2011].

    Examples
    --------
    >>> optimal_information_size(0.40, 0.25)
    716
    """
    risk = above("control_risk", control_risk, 0.0, todo="write 20 % as 0.20")
    if risk >= 1.0:
        raise DataError(f"control_risk: found {control_risk!r}; allowed: below 1; write 20 % as 0.20")
    reduction = within("relative_reduction", relative_reduction, -math.inf, 1.0, todo="write 25 % as 0.25")
    other = risk * (1.0 - reduction)
    if reduction == 0.0 or other > 1.0:
        raise DataError(
            f"relative_reduction: found {relative_reduction!r}, an intervention risk of {other:g}; allowed: "
            "not 0, and a risk of at most 1; choose a smaller increase"
        )
    middle = (risk + other) / 2.0
    return _both_arms(_quantiles(alpha, power), 2.0 * middle * (1.0 - middle), risk - other)


def optimal_information_size_continuous(
    difference: float, sd: float, alpha: float = 0.05, power: float = 0.8
) -> int:
    """Return the patients, both arms together, to see a mean difference.

    Parameters
    ----------
    difference : float
        Difference worth seeing, not 0, in the outcome's unit.
    sd : float
        Standard deviation in each arm, above 0.
    alpha : float
        Two-sided type I error.
    power : float
        1 - type II error, 0.5 and more.

    Returns
    -------
    int
        Two arms of equal size, each rounded up: 2 (z_{1-α/2} + z_{power})² 2 sd² / difference².

    Raises
    ------
    DataError
        Outside the allowed range.

    References
    ----------
    [Wetterslev2008]; [Guyatt2011] (as for `optimal_information_size`). By the normal distribution: for
    fewer than about 20 patients per arm a t-based size is a little larger.

    Examples
    --------
    >>> optimal_information_size_continuous(0.5, 1.0)
    126
    """
    spread = above("sd", sd, 0.0, todo="check the standard deviation")
    size = above(
        "difference (without sign)",
        abs(finite("difference", difference)),
        0.0,
        todo="choose a difference worth seeing",
    )
    return _both_arms(_quantiles(alpha, power), 2.0 * spread**2, size)
