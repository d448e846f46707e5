"""Small-study effects: Egger's regression test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, TooFewStudiesError
from evergrove.stats.arrays import checked_level, effects_and_variances
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import log_two_sided_p, t_quantile, two_sided_p
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FEWEST_STUDIES = 3
#: Below this the test has little power and is not recommended (Sterne 2011).
RECOMMENDED_STUDIES = 10
#: Standard errors whose spread is below this share of their mean leave nothing to regress on.
SMALLEST_SPREAD = 1e-10


@dataclass(frozen=True, slots=True)
class EggerTest(Result):
    """Regression of the effects on their standard errors.

    Parameters
    ----------
    slope, slope_se, slope_ci_low, slope_ci_high : float
        Change of the effect per unit of standard error (Egger's intercept in the regression of y/se on
        1/se): 0 without small-study effects.
    statistic, df, p_value, log_p_value : float
        t test of the slope on k - 2 degrees of freedom.
    limit_estimate, limit_se, limit_ci_low, limit_ci_high : float
        Effect expected at standard error 0, on the pooling scale.
    dispersion : float
        Multiplicative residual variance.
    k : int
        Studies.
    diagnostics : tuple of Diagnostic
        ``few-studies`` below 10.
    level : float
        Of the intervals.
    """

    slope: float
    slope_se: float
    slope_ci_low: float
    slope_ci_high: float
    statistic: float
    df: int
    p_value: float
    log_p_value: float
    limit_estimate: float
    limit_se: float
    limit_ci_low: float
    limit_ci_high: float
    dispersion: float
    k: int
    diagnostics: tuple[Diagnostic, ...]
    level: float

    def summary(self) -> str:
        """Return the test in one line and its remarks."""
        line = f"Egger: slope {self.slope:.4f} (se {self.slope_se:.4f}), t = {self.statistic:.4f}, "
        rest = f"df = {self.df}, p = {self.p_value:.4g}"
        return "\n".join([line + rest, *(f"note: {remark}" for remark in self.diagnostics)])


def egger_test(yi: ArrayLike, vi: ArrayLike, *, level: float = 0.95) -> EggerTest:
    """Test for small-study effects by Egger's weighted regression.

    Parameters
    ----------
    yi : array-like, shape (k,)
        Effects on the pooling scale; k of 3 or more.
    vi : array-like, shape (k,)
        Sampling variances, not all equal.
    level : float
        Confidence level.

    Returns
    -------
    EggerTest
        Least squares of yi on √vi with weights 1/vi and a multiplicative dispersion.

    Raises
    ------
    TooFewStudiesError
        With fewer than 3 studies.
    DataError
        Where all variances are equal.

    Notes
    -----
    Asymmetry has other causes than selective publication. With odds ratios, effect and standard error
    are related by themselves: prefer Harbord's or Peters' test. Below 10 studies it is worth little.

    References
    ----------
    Egger, Davey Smith, Schneider & Minder, BMJ 315 (1997) 629-634; Sterne et al., BMJ 343 (2011) d4002.

    Examples
    --------
    >>> test = egger_test([0.1, 0.3, 0.35, 0.65], [0.01, 0.03, 0.05, 0.09])
    >>> round(test.slope, 4), test.df
    (2.5149, 2)
    """
    effects, variances = effects_and_variances(yi, vi)
    level = checked_level(level)
    k = int(effects.size)
    if k < FEWEST_STUDIES:
        raise TooFewStudiesError(
            f"egger_test: found {k} studies; allowed: 3 or more; with fewer than 10 leave it out"
        )
    order = np.lexsort((effects, variances))
    y, v = effects[order], variances[order]
    errors, w = np.sqrt(v), v[0] / v
    mean_x, mean_y = float((w * errors).sum() / w.sum()), float((w * (y - y[0])).sum() / w.sum())
    x, centred = errors - mean_x, y - y[0] - mean_y
    if errors.max() - errors.min() <= SMALLEST_SPREAD * errors.max():
        raise DataError(
            f"egger_test: found one standard error ({float(errors[0])!r}) for all studies; allowed: studies "
            "of different precision; without them small-study effects cannot be seen"
        )
    spread = float((w * x**2).sum())
    slope = float((w * x * centred).sum()) / spread
    df = k - 2
    dispersion = float((w * (centred - slope * x) ** 2).sum()) / df
    slope_se = math.sqrt(dispersion / spread)
    limit = float(y[0]) + mean_y - slope * mean_x
    limit_se = math.sqrt(dispersion * (1.0 / float(w.sum()) + mean_x**2 / spread))
    statistic = slope / slope_se if slope_se > 0 else math.copysign(math.inf, slope) if slope else math.nan
    quantile = t_quantile(level, df)
    message = f"{k} studies: the test has little power below {RECOMMENDED_STUDIES} and is not recommended"
    return EggerTest(
        slope=slope,
        slope_se=slope_se,
        slope_ci_low=slope - quantile * slope_se,
        slope_ci_high=slope + quantile * slope_se,
        statistic=statistic,
        df=df,
        p_value=two_sided_p(statistic, df),
        log_p_value=log_two_sided_p(statistic, df),
        limit_estimate=limit,
        limit_se=limit_se,
        limit_ci_low=limit - quantile * limit_se,
        limit_ci_high=limit + quantile * limit_se,
        dispersion=dispersion / float(v[0]),
        k=k,
        diagnostics=(Diagnostic("few-studies", message),) if k < RECOMMENDED_STUDIES else (),
        level=level,
    )
