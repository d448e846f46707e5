"""Kernels of inverse-variance pooling: mean, standard errors, heterogeneity; float64 arrays in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


class WeightedMean(NamedTuple):
    """A weighted mean with its sums.

    Parameters
    ----------
    estimate : float
        Σ w y / Σ w.
    se : float
        1 / √Σ w.
    q : float
        Σ w (y - estimate)².
    weights : ndarray, shape (k,)
        Sum to 1.
    trace : float
        Σ w - Σ w² / Σ w; (k - 1) / trace is the typical variance (Higgins & Thompson 2002).
    """

    estimate: float
    se: float
    q: float
    weights: FloatArray
    trace: float


def weighted_mean(yi: FloatArray, vi: FloatArray, tau2: float) -> WeightedMean:
    """Return the mean at weights 1 / (vi + tau²).

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects, and variances above 0.
    tau2 : float
        Between-study variance, not below 0.

    Returns
    -------
    WeightedMean
        Sums run from the largest weight down and about its effect, so that neither the order of the
        studies nor a dominant one costs digits.
    """
    order = np.lexsort((yi, vi))
    origin = yi[order[0]]
    total = vi[order] + tau2
    unit = total[0]
    w = unit / total
    y = yi[order] - origin
    rest = float(w[1:].sum())
    all_weight = float(w[0]) + rest
    centre = float((w * y).sum()) / all_weight
    residual = y - centre
    others = all_weight - w
    others[0] = rest
    weights = np.empty_like(w)
    weights[order] = w / all_weight
    return WeightedMean(
        float(origin + centre),
        math.sqrt(unit / all_weight),
        float((w * residual**2).sum()) / float(unit),
        weights,
        float((w * others).sum()) / all_weight / float(unit),
    )


def i2_from_tau2(tau2: float, typical_variance: float) -> float:
    """Return I² in percent: 100 tau² / (tau² + typical variance).

    Parameters
    ----------
    tau2 : float
        Not below 0; infinite gives 100.
    typical_variance : float
        (k - 1) / trace at tau² = 0.

    Returns
    -------
    float
    """
    return 100.0 if math.isinf(tau2) else 100.0 * tau2 / (tau2 + typical_variance)


def i2_from_q(q: float, df: int) -> float:
    """Return I² in percent: 100 max(0, Q - df) / Q (Higgins & Thompson, Stat Med 21 (2002) 1539).

    Parameters
    ----------
    q : float
        Cochran's Q.
    df : int
        Its degrees of freedom.

    Returns
    -------
    float
        0 where Q is 0 or there are no degrees of freedom.
    """
    return 100.0 * max(0.0, (q - df) / q) if q > 0 and df > 0 else 0.0


def mean_at_fixed_weights(yi: FloatArray, vi: FloatArray, weights: FloatArray, tau2: float) -> WeightedMean:
    """Return the mean at weights of one's own, with the variance that the model then gives it.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects, and variances above 0.
    weights : ndarray, shape (k,)
        Not below 0, some above; their unit does not matter.
    tau2 : float
        Between-study variance, not below 0.

    Returns
    -------
    WeightedMean
        `se` is √Σ a² (v + tau²) for weights a that sum to 1; `q` and `trace` are those at weights
        1 / (v + tau²), on which the Hartung-Knapp factor rests (metafor's ``weights=``).
    """
    best = weighted_mean(yi, vi, tau2)
    share = weights / weights.max()  # first, since the sum of large weights may overflow
    share = share / share.sum()
    origin = yi[int(np.argmax(share))]
    estimate = float(origin + (share * (yi - origin)).sum())
    se = math.sqrt(float((share**2 * (vi + tau2)).sum()))
    return best._replace(estimate=estimate, se=se, weights=share)
