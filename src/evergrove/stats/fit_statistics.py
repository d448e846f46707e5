"""Log-likelihood, deviance and information criteria of a fit, under both likelihoods."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats.result import Result

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

LOG_TWO_PI = math.log(2.0 * math.pi)
NAMES = ("log_likelihood", "deviance", "aic", "bic", "aicc")


@dataclass(frozen=True, slots=True)
class FitCriteria(Result):
    """Log-likelihood and what follows from it.

    Parameters
    ----------
    log_likelihood : float
        With all constants.
    deviance : float
        -2 times the distance from the saturated model (ML); -2 log-likelihood (REML, which has none).
    aic, bic, aicc : float
        Information criteria; smaller is better. Only fits to the same studies can be compared, and under
        REML only fits with the same fixed effects.
    """

    log_likelihood: float
    deviance: float
    aic: float
    bic: float
    aicc: float


@dataclass(frozen=True, slots=True)
class FitStatistics(Result):
    """Criteria under maximum and restricted maximum likelihood, as metafor's ``fitstats``.

    Parameters
    ----------
    ml, reml : FitCriteria
        At the tau² and the pooled effect of the fit, however they were estimated; NaN under `reml` for
        one study.
    parameters : int
        1 for the mean, 2 where tau² was estimated.
    k : int
        Studies.
    """

    ml: FitCriteria
    reml: FitCriteria
    parameters: int
    k: int

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per likelihood."""
        rows = (self.ml, self.reml)
        values = {name: np.array([getattr(row, name) for row in rows]) for name in NAMES}
        return {"likelihood": np.array(["ML", "REML"]), **values}


def _criteria(log_likelihood: float, saturated: float, parameters: int, n: int) -> FitCriteria:
    """Return the criteria for `n` independent pieces of data."""
    minus_two = -2.0 * log_likelihood
    size = max(n, parameters + 2)
    return FitCriteria(
        log_likelihood,
        minus_two + 2.0 * saturated,
        minus_two + 2.0 * parameters,
        minus_two + parameters * math.log(n),
        minus_two + 2.0 * parameters * size / (size - parameters - 1),
    )


def fit_statistics_of(
    yi: FloatArray, vi: FloatArray, tau2: float, estimate: float, *, tau2_estimated: bool
) -> FitStatistics:
    """Return the criteria of a fit.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and variances.
    tau2, estimate : float
        Where the likelihoods are evaluated.
    tau2_estimated : bool
        Whether tau² counts as a parameter.

    Returns
    -------
    FitStatistics
    """
    k, parameters = int(yi.size), 1 + int(tau2_estimated)
    total = vi + tau2
    q = float(((yi - estimate) ** 2 / total).sum())
    logs = float(np.log(total).sum())
    full = -0.5 * (k * LOG_TWO_PI + logs + q)
    saturated = -0.5 * (k * LOG_TWO_PI + float(np.log(vi).sum()))
    ml = _criteria(full, saturated if k > 1 else full, parameters, k)
    if k == 1:
        missing = FitCriteria(*[math.nan] * len(NAMES))
        return FitStatistics(ml, missing, parameters, k)
    precision = float((1.0 / total).sum())
    restricted = -0.5 * ((k - 1) * LOG_TWO_PI - math.log(k) + logs + math.log(precision) + q)
    return FitStatistics(ml, _criteria(restricted, 0.0, parameters, k - 1), parameters, k)
