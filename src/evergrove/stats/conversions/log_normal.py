"""Log-normal values: Shi's estimators from quantiles, and the passage between raw and log scale."""

from __future__ import annotations

import math

from evergrove.errors import DataError
from evergrove.stats.conversions.normal_quantiles import (
    FIVE_NUMBERS,
    QUARTILES,
    MeanSd,
    PrintedQuantiles,
    luo_mean,
    shi_sd,
    wan_sd,
)
from evergrove.stats.scalars import above, finite, within


def logs_of(given: PrintedQuantiles) -> PrintedQuantiles:
    """Return the logs of quantiles above 0.

    Parameters
    ----------
    given : PrintedQuantiles
        Checked.

    Returns
    -------
    PrintedQuantiles

    Raises
    ------
    DataError
        For a quantile not above 0.
    """
    if not given.values[0] > 0:
        raise DataError(
            f"shape='log-normal': found {given.values[0]!r}; allowed: quantiles above 0; use shape='normal'"
        )
    return PrintedQuantiles(given.scenario, tuple(math.log(value) for value in given.values), given.n)


#: By scenario: what the squared spread is inflated by, and the coefficients of the four bias corrections.
_BIAS = {
    "range": (0.565, 0.37, 2.26, 5.92, 1.48),
    "quartiles": (0.57, 0.75, 2.28, 12.0, 3.0),
    "five numbers": (0.405, 0.315, 1.62, 5.04, 1.26),
}


def _inflation(scenario: str, n: float) -> tuple[float, float]:
    """Return by what the square and the fourth power of the plain SD overestimate their targets."""
    if scenario == QUARTILES:
        return 1.0 + 1.58 / n, 1.0 + 19.2 / n**1.2
    if scenario == FIVE_NUMBERS:
        return 1.0 + 0.28 / math.log(n) ** 2, 1.0 + 3.93 / n
    return 1.01 + 0.25 / math.log(n) ** 2, 1.0 + 2.23 / math.log(n) ** 2


def shi_log_normal(logs: PrintedQuantiles, *, back_transform: bool) -> MeanSd:
    """Return mean and SD of log-normal values from the logs of their quantiles.

    Parameters
    ----------
    logs : PrintedQuantiles
        Logs of the printed quantiles.
    back_transform : bool
        Whether mean and SD are wanted on the natural scale.

    Returns
    -------
    MeanSd

    Notes
    -----
    Shi, Tong, Wang & Genton, "Estimating the mean and variance from the five-number summary of a
    log-normal distribution", Statistics and Its Interface 13 (2020) 519-531.
    """
    n = logs.n
    plain = shi_sd(logs) if logs.scenario == FIVE_NUMBERS else wan_sd(logs)
    square, fourth = _inflation(logs.scenario, n)
    mean, variance = luo_mean(logs), plain**2 / square
    if not back_transform:
        return MeanSd(mean, math.sqrt(variance))
    of_mean, of_mean4, of_sd, first4, second4 = _BIAS[logs.scenario]
    power4 = plain**4 / fourth
    raw_mean = math.exp(mean + variance / 2.0) / (1.0 + (of_mean * variance + of_mean4 * power4) / n)
    first = math.exp(2.0 * mean + 2.0 * variance) / (1.0 + (of_sd * variance + first4 * power4) / n)
    second = math.exp(2.0 * mean + variance) / (1.0 + (of_sd * variance + second4 * power4) / n)
    return MeanSd(raw_mean, math.sqrt(first - second) if first > second else math.nan)


def log_scale_from_raw(mean: float, sd: float) -> MeanSd:
    """Return mean and SD of the logs from those of the raw values, taken as log-normal.

    Parameters
    ----------
    mean : float
        Above 0.
    sd : float
        Not below 0.

    Returns
    -------
    MeanSd
        Higgins' method 1: variance ln(1 + sd²/mean²), mean ln(mean) - variance/2.

    Raises
    ------
    DataError
        Outside the range.

    Notes
    -----
    Lets trials that report raw values be pooled with trials that report logs. It rests on the log-normal
    alone; with an SD above the mean look at the data first.

    References
    ----------
    [Higgins2008].

    Examples
    --------
    >>> back = raw_from_log_scale(*log_scale_from_raw(12.0, 5.0))
    >>> round(back.mean, 9), round(back.sd, 9)
    (12.0, 5.0)
    """
    middle = above("mean", mean, 0.0, todo="logs need values above 0")
    spread = within("sd", sd, 0.0, math.inf, todo="check the standard deviation")
    variance = math.log1p((spread / middle) ** 2)
    return MeanSd(math.log(middle) - variance / 2.0, math.sqrt(variance))


def raw_from_log_scale(mean: float, sd: float) -> MeanSd:
    """Return mean and SD of raw values from those of their natural logs, taken as normal.

    Parameters
    ----------
    mean : float
        Of the logs.
    sd : float
        Of the logs, not below 0.

    Returns
    -------
    MeanSd
        exp(mean + sd²/2), and that times √(exp(sd²) - 1).

    Raises
    ------
    DataError
        For an SD below 0.

    References
    ----------
    [Higgins2008].

    Examples
    --------
    >>> raw_from_log_scale(0.0, 0.0)
    MeanSd(mean=1.0, sd=0.0)
    """
    spread = within("sd", sd, 0.0, math.inf, todo="check the standard deviation of the logs")
    raw = math.exp(finite("mean", mean) + spread**2 / 2.0)
    return MeanSd(raw, raw * math.sqrt(math.expm1(spread**2)))
