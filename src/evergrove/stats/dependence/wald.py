"""Wald tests and intervals of coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.distributions import chi2_tail, f_tail, two_sided_p, two_sided_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.design import Design


class Tested(NamedTuple):
    """Tests of the coefficients, singly and together.

    Parameters
    ----------
    se, statistic, p_value, ci_low, ci_high : ndarray, shape (p,)
        Of each coefficient.
    joint, joint_df2, joint_p_value : float
        Chi-square of the coefficients tested together, or F with its second degrees of freedom.
    """

    se: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    joint: float
    joint_df2: float | None
    joint_p_value: float


def tested_coefficients(design: Design, tested: Sequence[int] | None) -> tuple[int, ...]:
    """Return the coefficients tested together: those given, or all but the intercept.

    Parameters
    ----------
    design : Design
        The design.
    tested : sequence of int or None
        Positions from 0.

    Returns
    -------
    tuple of int

    Raises
    ------
    UsageError
        For a position that is none.
    """
    p = len(design.names)
    if tested is None:
        return tuple(range(1, p)) if p > 1 and design.has_intercept else tuple(range(p))
    found = tuple(sorted({int(place) for place in tested}))
    if not found or found[0] < 0 or found[-1] >= p:
        raise UsageError(
            f"tested: found {tuple(tested)!r}; allowed: positions from 0 to {p - 1}; name at least one"
        )
    return found


def wald_test(
    coefficients: FloatArray,
    covariance: FloatArray,
    df: FloatArray | None,
    tested: Sequence[int],
    level: float,
) -> Tested:
    """Test coefficients singly (z or t) and together (chi-square or F).

    Parameters
    ----------
    coefficients : ndarray, shape (p,)
        Estimates.
    covariance : ndarray, shape (p, p)
        Their covariance.
    df : ndarray, shape (p,), or None
        Degrees of freedom; None is normal.
    tested : sequence of int
        Coefficients tested together.
    level : float
        Of the intervals.

    Returns
    -------
    Tested
        F has the smallest degrees of freedom of the coefficients tested (metafor's convention).
    """
    se = np.sqrt(np.diag(covariance))
    each = [None] * coefficients.size if df is None else [float(value) for value in df]
    statistic = coefficients / se
    p_value = np.array([two_sided_p(float(t), one) for t, one in zip(statistic, each, strict=True)])
    half = np.array([two_sided_quantile(level, one) for one in each]) * se
    place = list(tested)
    chosen = coefficients[place]
    chi2 = float(chosen @ np.linalg.solve(covariance[np.ix_(place, place)], chosen))
    if df is None:
        return Tested(
            se,
            statistic,
            p_value,
            coefficients - half,
            coefficients + half,
            chi2,
            None,
            chi2_tail(chi2, len(place)),
        )
    df2 = float(df[place].min())
    joint = chi2 / len(place)
    return Tested(
        se,
        statistic,
        p_value,
        coefficients - half,
        coefficients + half,
        joint,
        df2,
        f_tail(joint, len(place), df2),
    )
