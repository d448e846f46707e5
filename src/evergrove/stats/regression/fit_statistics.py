"""Likelihoods and information criteria of a fitted meta-regression."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.regression.least_squares import weighted_fit

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.regression.least_squares import Basis


class FitStatistics(NamedTuple):
    """Log-likelihood and criteria; smaller criteria are better.

    Parameters
    ----------
    log_likelihood, deviance, aic, bic, aicc : float
        Deviance against the saturated model under ML, -2 log-likelihood under REML.
    likelihood : str
        ``"REML"`` or ``"ML"``.
    parameters : int
        As counted in the criteria.
    """

    log_likelihood: float
    deviance: float
    aic: float
    bic: float
    aicc: float
    likelihood: str
    parameters: int


def fit_statistics(
    basis: Basis,
    yi: FloatArray,
    vi: FloatArray,
    tau2: FloatArray | float,
    *,
    rss: float,
    restricted: bool,
    parameters: int,
) -> FitStatistics:
    """Return the fit statistics at estimates.

    Parameters
    ----------
    basis : Basis
        Of the design.
    yi, vi : ndarray, shape (k,)
        Effects and variances.
    tau2 : float or ndarray, shape (k,)
        Variance between studies.
    rss : float
        Σ (y - Xb)² / (v + tau²).
    restricted : bool
        Whether the restricted likelihood is meant. It includes ½ log det(X'X) (Harville 1977), as
        metafor's does, so that it does not depend on the scaling of moderators.
    parameters : int
        Estimated coefficients and variances.

    Returns
    -------
    FitStatistics
    """
    total = vi + tau2
    k, p = basis.matrix.shape
    log_likelihood = -0.5 * (k * math.log(2 * math.pi) + float(np.log(total).sum()) + rss)
    n = k
    if restricted:
        n = k - p
        weighted = weighted_fit(basis, yi, total).log_determinant
        plain = weighted_fit(basis, yi, np.ones(k)).log_determinant
        log_likelihood += 0.5 * (p * math.log(2 * math.pi) + plain - weighted)
        deviance = -2.0 * log_likelihood
    else:
        saturated = -0.5 * (k * math.log(2 * math.pi) + float(np.log(vi).sum()))
        deviance = -2.0 * (log_likelihood - saturated) if k > p else 0.0
    least = max(n, parameters + 2)
    return FitStatistics(
        log_likelihood,
        deviance,
        -2.0 * log_likelihood + 2.0 * parameters,
        -2.0 * log_likelihood + parameters * math.log(n) if n > 0 else math.nan,
        -2.0 * log_likelihood + 2.0 * parameters * least / (least - parameters - 1),
        "REML" if restricted else "ML",
        parameters,
    )
