"""Correlations, partial and semi-partial correlations, and explained variance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.stats.effects.reported import t_of
from evergrove.stats.effects.request import Outcome, Request, fisher_z, weighted_mean
from evergrove.stats.options import EffectMeasure, VarianceMethod

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


#: Third parameter from which the hypergeometric series converges fast; SciPy's form fails from about 150.
SERIES_FROM = 40.0
#: Terms that leave nothing above 1e-17 from there on.
TERMS = 60


def hypergeometric(a: float, c: FloatArray, x: FloatArray) -> FloatArray:
    """Return Gauss' hypergeometric function with both first parameters equal to `a`.

    Parameters
    ----------
    a : float
        1/2 or 1.
    c, x : ndarray, shape (k,)
        Third parameter, above 2a; argument within 0 to 1.

    Returns
    -------
    ndarray, shape (k,)

    Examples
    --------
    >>> hypergeometric(0.5, np.array([9.0, 500.0]), np.array([0.75, 0.75])).round(8)
    array([1.02290419, 1.00037563])
    """
    term, total = np.ones_like(x), np.ones_like(x)
    for k in range(TERMS):
        term = term * (a + k) ** 2 / ((c + k) * (k + 1)) * x
        total = total + term
    near = np.where(c < SERIES_FROM, c, 2 * a + 1)
    return np.where(c < SERIES_FROM, special.hyp2f1(a, a, near, x), total)


def unbiased_correlation(r: FloatArray, n: FloatArray) -> FloatArray:
    """Return the unbiased estimate of a normal correlation; n of 4 or fewer has none (NaN).

    Parameters
    ----------
    r, n : ndarray, shape (k,)
        Correlations and sample sizes.

    Returns
    -------
    ndarray, shape (k,)
        Olkin & Pratt, Ann Math Stat 29 (1958) 201-211.

    Examples
    --------
    >>> unbiased_correlation(np.array([0.5]), np.array([20.0])).round(6)
    array([0.511452])
    """
    safe = np.where(n > 4, n, np.nan)
    return r * hypergeometric(0.5, (safe - 2) / 2, 1 - r**2)


def correlation(request: Request) -> Outcome:
    """Return COR, UCOR or ZCOR.

    Parameters
    ----------
    request : Request
        With n and r, or t, f or p of the test of r in its place.

    Returns
    -------
    Outcome
    """
    n, r = request["n"], request["r"]
    with np.errstate(divide="ignore", invalid="ignore"):  # few patients: marked below
        t = t_of(request, n - 2)
        r = np.where(np.isnan(r), t / np.sqrt(t**2 + n - 2), r)
        request.rows.mark(n <= 3, "3 or fewer patients: no sampling variance of a correlation")
        if request.measure is EffectMeasure.ZCOR:
            return Outcome(np.arctanh(r), 1 / (n - 3))
        y = r
        if request.measure is EffectMeasure.UCOR:
            request.rows.mark(n <= 4, "4 or fewer patients: no bias-corrected correlation")
            y = unbiased_correlation(r, n)
        return Outcome(y, _variance(request, y, r, n))


def _variance(request: Request, y: FloatArray, r: FloatArray, n: FloatArray) -> FloatArray:
    """Variance of COR and UCOR by the method asked for."""
    method = request.variance
    if method is VarianceMethod.UB:
        inner = (1 - r**2) * hypergeometric(1.0, np.where(n > 4, n, np.nan) / 2, 1 - r**2)
        return np.asarray(y**2 - 1 + (n - 3) / (n - 2) * inner)
    if method is VarianceMethod.AV:
        return np.asarray((1 - weighted_mean(y, n) ** 2) ** 2 / (n - 1))
    if method is VarianceMethod.H0:
        return np.asarray((1 - y**2) / (n - 2))
    if method is VarianceMethod.H0B:
        return np.asarray(1 / n)
    return np.asarray((1 - y**2) ** 2 / (n - 1))


def partial_correlation(request: Request) -> Outcome:
    """Return PCOR, ZPCOR, SPCOR or ZSPCOR.

    Parameters
    ----------
    request : Request
        With n, predictors (all of the model, the one of interest among them) and r, or t, f or p of its
        coefficient in its place; r2 (of the whole model) for semi-partial ones.

    Returns
    -------
    Outcome
        Aloe & Becker, J Educ Behav Stat 37 (2012) 278-297 (SPCOR).
    """
    n, m, r = request["n"], request["predictors"], request["r"]
    df = n - m - 1
    request.rows.mark(df <= 0, "too few patients for the model's predictors")
    semi = request.measure in (EffectMeasure.SPCOR, EffectMeasure.ZSPCOR)
    with np.errstate(divide="ignore", invalid="ignore"):  # too few patients: marked above
        t = t_of(request, df)
        found = t * np.sqrt(1 - request["r2"]) / np.sqrt(df) if semi else t / np.sqrt(t**2 + df)
        r = np.where(np.isnan(r), found, r)
        less = 1 if request.variance is VarianceMethod.LS_OLD else 0
        if request.measure is EffectMeasure.ZPCOR:
            size = n - m - 2 + less
            request.rows.mark(size <= 0, "too few patients for a variance")
            return Outcome(np.arctanh(r), 1 / size)
        request.rows.mark(np.abs(r) > 1, "t, n, predictors and R² do not fit together: |r| above 1")
        mean = weighted_mean(np.where(request.rows.lost, np.nan, r), n)
        within = mean if request.variance is VarianceMethod.AV else r
        if request.measure is EffectMeasure.PCOR:
            return Outcome(r, (1 - within**2) ** 2 / (n - m - less))
        r2 = request["r2"]
        rest = r2 - within**2
        vi = (r2**2 - 2 * r2 + rest + 1 - rest**2) / n
        pair = fisher_z(r, vi) if request.measure is EffectMeasure.ZSPCOR else (r, vi)
    return Outcome(*pair)


def explained_variance(request: Request) -> Outcome:
    """Return R2 or ZR2.

    Parameters
    ----------
    request : Request
        With n, predictors and r2, or f or p of the model's F test in its place.

    Returns
    -------
    Outcome
        Kendall & Stuart 1979, eqs. 27.87 and 27.88; Olkin & Finn, Psychol Bull 118 (1995) 155-164.
    """
    n, m, r2, f, p = (request[name] for name in ("n", "predictors", "r2", "f", "p"))
    df = n - m - 1
    request.rows.mark(df <= 0, "too few patients for the model's predictors")
    request.rows.mark(np.isnan(r2) & ((f < 0) | (p < 0)), "a model's F and its p have no sign")
    with np.errstate(divide="ignore", invalid="ignore"):  # too few patients: marked above
        r2 = np.where(np.isnan(r2), m * f / (m * f + df), r2)
        safe = np.where(df > 0, df, np.nan)
        # the upper tail of F is a beta tail, and R² its complement
        r2 = np.where(np.isnan(r2), special.betainccinv(m / 2, safe / 2, p), r2)
        if request.measure is EffectMeasure.ZR2:
            return Outcome(np.arctanh(np.sqrt(r2)), 1 / n)
        averaged = request.variance in (VarianceMethod.AV, VarianceMethod.AV2)
        within = weighted_mean(np.where(request.rows.lost, np.nan, r2), n) if averaged else r2
        vi = 4 * within * (1 - within) ** 2 / n
        if request.variance in (VarianceMethod.LS2, VarianceMethod.AV2):
            vi = vi * n * df**2 / ((n**2 - 1) * (n + 3))
    return Outcome(r2, vi)
