"""A line through effects: least squares with a multiplicative or an additive residual variance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import DataError, TooFewStudiesError
from evergrove.stats.regression.fitting import meta_regression
from evergrove.stats.regression.least_squares import centred_basis, redundant_columns, weighted_fit

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.diagnostic import Diagnostic

FEWEST_STUDIES = 3


class Line(NamedTuple):
    """A fitted line.

    Parameters
    ----------
    intercept, intercept_se, slope, slope_se : float
    df, intercept_df : float or None
        Of t for the slope and the intercept; None for normal.
    dispersion : float
        Multiplicative residual variance; 1 for an additive one.
    tau2 : float
        Additive residual variance between studies; 0 for a multiplicative one.
    remarks : tuple of Diagnostic
    """

    intercept: float
    intercept_se: float
    slope: float
    slope_se: float
    df: float | None
    intercept_df: float | None
    dispersion: float
    tau2: float
    remarks: tuple[Diagnostic, ...] = ()

    @property
    def statistic(self) -> float:
        """Slope over its standard error; infinite (or NaN for 0 / 0) where that is 0."""
        if self.slope_se > 0:
            return self.slope / self.slope_se
        return math.copysign(math.inf, self.slope) if self.slope else math.nan


def checked_predictor(name: str, x: FloatArray, beside: FloatArray | None = None) -> None:
    """Refuse too few studies, a predictor that does not vary, and one that moderators give away.

    Parameters
    ----------
    name : str
        The test, for messages.
    x : ndarray, shape (k,)
        The predictor.
    beside : ndarray, shape (k, m), or None
        Moderators.

    Raises
    ------
    TooFewStudiesError, DataError
    """
    if x.size < FEWEST_STUDIES:
        raise TooFewStudiesError(
            f"{name}: found {x.size} studies; allowed: 3 or more; with fewer than 10 leave it out"
        )
    if redundant_columns(np.column_stack([np.ones(x.size), x])):
        raise DataError(
            f"{name}: found one precision ({float(x[0])!r}) for all studies; allowed: studies of different "
            "precision; without them small-study effects cannot be seen"
        )
    if beside is None:
        return
    fewest = FEWEST_STUDIES + beside.shape[1]
    if x.size < fewest:
        raise TooFewStudiesError(
            f"{name}: found {x.size} studies and {beside.shape[1]} moderators; allowed: {fewest} or more; "
            "leave moderators out"
        )
    if redundant_columns(np.column_stack([np.ones(x.size), x, beside])):
        raise DataError(
            f"{name}: found moderators that give the predictor away; allowed: columns it does not follow "
            "from; leave one out"
        )


def _columns(x: FloatArray, beside: FloatArray | None) -> FloatArray:
    """Return the predictor and the moderators beside it as columns."""
    return x[:, np.newaxis] if beside is None else np.column_stack([x, beside])


def multiplicative_line(
    y: FloatArray, variances: FloatArray, x: FloatArray, beside: FloatArray | None = None
) -> Line:
    """Fit y on x by least squares with weights 1 / variances and t(k - p).

    Parameters
    ----------
    y, variances, x : ndarray, shape (k,)
        Effects, inverse weights, predictor.
    beside : ndarray, shape (k, m), or None
        Moderators.

    Returns
    -------
    Line
        The residual variance is a factor on all variances (Thompson & Sharp 1999).
    """
    design = np.column_stack([np.ones(x.size), _columns(x, beside)])
    fit = weighted_fit(centred_basis(design), y, variances)
    df = x.size - design.shape[1]
    dispersion = fit.rss / df
    errors = np.sqrt(dispersion * np.diag(fit.inverse))
    (a, b), (a_se, b_se) = fit.beta[:2].tolist(), errors[:2].tolist()
    return Line(a, a_se, b, b_se, float(df), float(df), dispersion, 0.0)


def additive_line(
    y: FloatArray,
    v: FloatArray,
    x: FloatArray,
    beside: FloatArray | None = None,
    *,
    tau2: str | float | None,
    ci: str,
    level: float,
) -> Line:
    """Fit y on x with a residual variance between studies that is added to each variance.

    Parameters
    ----------
    y, v, x : ndarray, shape (k,)
        Effects, variances, predictor.
    beside : ndarray, shape (k, m), or None
        Moderators.
    tau2 : Tau2Method, str, float or None
        Estimator or value; None for a common effect.
    ci : str
        Interval method.
    level : float
        Of intervals.

    Returns
    -------
    Line
    """
    columns = _columns(x, beside)
    fit = meta_regression(
        y,
        v,
        columns,
        model="common" if tau2 is None else "random",
        tau2="REML" if tau2 is None else tau2,
        ci=ci,
        level=level,
        names=["precision", *(f"moderator {at}" for at in range(1, columns.shape[1]))],
    )
    (a, b), (a_se, b_se) = fit.estimate[:2].tolist(), fit.se[:2].tolist()
    remarks = tuple(remark for remark in fit.diagnostics if remark.where != "r2")
    return Line(a, a_se, b, b_se, fit.df, fit.df, 1.0, fit.tau2, remarks)
