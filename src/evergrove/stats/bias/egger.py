"""Small-study effects: Egger's regression test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats.arrays import checked_level, effects_and_variances
from evergrove.stats.bias.few_studies import few_studies
from evergrove.stats.bias.line import checked_predictor, multiplicative_line
from evergrove.stats.distributions import log_two_sided_p, t_quantile, two_sided_p
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from evergrove.stats.diagnostic import Diagnostic


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

    See Also
    --------
    regression_test : other predictors, and a residual variance between studies.
    asymmetry_test : tests for events (Harbord, Peters, ...) and for standardised mean differences.

    Notes
    -----
    Asymmetry has other causes than selective publication. With odds ratios, effect and standard error
    are related by themselves: prefer Harbord's or Peters' test. Below 10 studies it is worth little.

    References
    ----------
    [Egger1997]; [Sterne2011].

    Examples
    --------
    >>> test = egger_test([0.1, 0.3, 0.35, 0.65], [0.01, 0.03, 0.05, 0.09])
    >>> round(test.slope, 4), test.df
    (2.5149, 2)
    """
    effects, variances = effects_and_variances(yi, vi)
    level = checked_level(level)
    errors = np.sqrt(variances)
    checked_predictor("egger_test", errors)
    line = multiplicative_line(effects, variances, errors)
    k = int(effects.size)
    quantile = t_quantile(level, k - 2)
    return EggerTest(
        slope=line.slope,
        slope_se=line.slope_se,
        slope_ci_low=line.slope - quantile * line.slope_se,
        slope_ci_high=line.slope + quantile * line.slope_se,
        statistic=line.statistic,
        df=k - 2,
        p_value=two_sided_p(line.statistic, k - 2),
        log_p_value=log_two_sided_p(line.statistic, k - 2),
        limit_estimate=line.intercept,
        limit_se=line.intercept_se,
        limit_ci_low=line.intercept - quantile * line.intercept_se,
        limit_ci_high=line.intercept + quantile * line.intercept_se,
        dispersion=line.dispersion,
        k=k,
        diagnostics=few_studies(k),
        level=level,
    )
