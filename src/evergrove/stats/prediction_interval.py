"""Where the true effect of a new study lies: every convention of the prediction interval."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import two_sided_quantile
from evergrove.stats.interval_of_mean import kenward_roger
from evergrove.stats.options import PredictionMethod
from evergrove.stats.tau2.layout import lay_out
from evergrove.stats.tau2.moments import weighted_form

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.interval_of_mean import MeanInterval
    from evergrove.stats.inverse_variance import WeightedMean

#: Fewest studies for a prediction interval: with two, tau² rests on one difference.
FEWEST_FOR_PREDICTION = 3
#: Where a package's own convention asks for another number.
FEWEST = {
    PredictionMethod.TEST: 2,
    PredictionMethod.V: 2,
    PredictionMethod.S: 2,
    PredictionMethod.KR: 2,
    PredictionMethod.KR_PR: 2,
    PredictionMethod.HK_PR: 4,
}
#: Degrees of freedom below this are rounding of none (two studies of one variance: 1 less 1).
LEAST_DF = 1e-9
#: Draws of the parametric bootstrap (pimeta's default).
BOOTSTRAP_DRAWS = 25_000
#: Points at which the distribution of tau² is tabulated for the bootstrap.
TABLE_POINTS = 1500
#: The table ends where the distribution function of tau² is this near to 1.
TABLE_END = 1e-9


class Prediction(NamedTuple):
    """Limits and degrees of freedom of a prediction interval; None where there is none."""

    low: float | None = None
    high: float | None = None
    df: float | None = None
    remarks: tuple[Diagnostic, ...] = ()


class Fitted(NamedTuple):
    """What a prediction interval rests on.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and variances.
    mean : WeightedMean
        The pooled effect with its classic standard error.
    interval : MeanInterval
        Its interval as reported.
    tau2, level : float
        Between-study variance and confidence level.
    """

    yi: FloatArray
    vi: FloatArray
    mean: WeightedMean
    interval: MeanInterval
    tau2: float
    level: float


def _error_and_df(method: PredictionMethod, fit: Fitted) -> tuple[float, float | None]:
    """Return the standard error of the mean and the df that a convention uses."""
    k, classic, reported = fit.yi.size, fit.mean.se, fit.interval.se
    if method in (PredictionMethod.KR, PredictionMethod.KR_PR):
        se, df = kenward_roger(fit.vi, fit.tau2)
        return se, df if method is PredictionMethod.KR else df - 1.0
    if method is PredictionMethod.T_K_MINUS_1:  # the default, without building the table
        return reported, k - 1.0
    scaled = classic * math.sqrt(fit.mean.q / (k - 1)) if k > 1 else classic
    table: dict[PredictionMethod, tuple[float, float | None]] = {
        PredictionMethod.T_K_MINUS_2: (reported, k - 2.0),
        PredictionMethod.NORMAL: (reported, None),
        PredictionMethod.TEST: (reported, fit.interval.df),
        PredictionMethod.V: (classic, k - 1.0),
        PredictionMethod.HTS: (classic, k - 2.0),
        PredictionMethod.S: (classic, None),
        PredictionMethod.HK: (scaled, k - 1.0),
        PredictionMethod.HK_PR: (scaled, k - 2.0),
    }
    return table[method]


def prediction_interval(
    method: PredictionMethod, fit: Fitted, rng: np.random.Generator | None = None
) -> Prediction:
    """Return the prediction interval of a random-effects fit.

    Parameters
    ----------
    method : PredictionMethod
        The convention.
    fit : Fitted
        The fit.
    rng : Generator or None
        For the bootstrap.

    Returns
    -------
    Prediction
        The estimate plus and minus the quantile times √(tau² + se²), or bootstrap quantiles; empty where
        there are too few studies or no degrees of freedom for the convention.
    """
    k = int(fit.yi.size)
    if k < FEWEST.get(method, FEWEST_FOR_PREDICTION):
        return Prediction()
    remarks: tuple[Diagnostic, ...] = ()
    if k < FEWEST_FOR_PREDICTION:
        message = "a prediction interval from two studies rests on one difference: it is of little use"
        remarks = (Diagnostic("prediction-two-studies", message, "prediction"),)
    if method is PredictionMethod.NNF:
        low, high = bootstrap_limits(fit.yi, fit.vi, fit.level, np.random.default_rng(rng))
        return Prediction(low, high, float(k - 1), remarks)
    se, df = _error_and_df(method, fit)
    if df is not None and not df > LEAST_DF:
        message = f"{method}: {df:.3g} degrees of freedom are left; no prediction interval"
        return Prediction(remarks=(Diagnostic("prediction-no-df", message, "prediction"),))
    half = two_sided_quantile(fit.level, df) * math.sqrt(fit.tau2 + se**2)
    return Prediction(fit.mean.estimate - half, fit.mean.estimate + half, df, remarks)


def _tau2_table(yi: FloatArray, vi: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return the confidence distribution of tau² at rising values of tau², and the unit of tau²."""
    data = lay_out(yi, vi)
    form = weighted_form(data, 1.0 / vi)
    high = max(data.largest, data.sum_of_squares / data.df)
    while 1.0 - form.probability(high) > TABLE_END:
        high *= 4.0
    values = np.concatenate(([0.0], np.geomspace(1e-6 * data.smallest, high, TABLE_POINTS)))
    heights = np.array([form.probability(float(value)) for value in values])
    return values, np.maximum.accumulate(heights), data.scale


def draw_tau2(yi: FloatArray, vi: FloatArray, shares: FloatArray) -> FloatArray:
    """Return tau² at given heights of its confidence distribution, which Cochran's Q defines.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and variances.
    shares : ndarray, shape (m,)
        Heights between 0 and 1.

    Returns
    -------
    ndarray, shape (m,)
        0 where the distribution is already as high at tau² = 0 (Biggerstaff & Jackson 2008). Between the
        points of the table the logarithm of tau² is interpolated.
    """
    values, heights, unit = _tau2_table(yi, vi)
    logs = np.log(np.maximum(values, values[1]))
    drawn = np.exp(np.interp(shares, heights, logs)) * unit
    return np.where(shares <= heights[0], 0.0, drawn)


def bootstrap_limits(
    yi: FloatArray, vi: FloatArray, level: float, rng: np.random.Generator, draws: int = BOOTSTRAP_DRAWS
) -> tuple[float, float]:
    """Return the parametric bootstrap prediction interval.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and variances; k of 3 or more.
    level : float
        Confidence level.
    rng : Generator
        Source of the draws.
    draws : int
        How many.

    Returns
    -------
    low, high : float
        Quantiles of mean(tau²*) + z tau* - t √variance(tau²*), with tau²* from its confidence distribution, z
        normal, t on k - 1 degrees of freedom and Hartung's variance: Nagashima, Noma & Furukawa, Stat
        Methods Med Res 28 (2019) 1689-1702; R package pimeta.
    """
    tau2 = draw_tau2(yi, vi, rng.uniform(size=draws))
    w = 1.0 / (vi + tau2[:, np.newaxis])
    all_weight = w.sum(axis=1)
    mean = (w * yi).sum(axis=1) / all_weight
    variance = (w * (yi - mean[:, np.newaxis]) ** 2).sum(axis=1) / (yi.size - 1) / all_weight
    t, z = rng.standard_t(yi.size - 1, size=draws), rng.standard_normal(draws)
    effects = mean + z * np.sqrt(tau2) - t * np.sqrt(variance)
    low, high = np.quantile(effects, [(1.0 - level) / 2.0, (1.0 + level) / 2.0])
    return float(low), float(high)
