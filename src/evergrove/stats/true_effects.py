"""What a random-effects fit says of the true effects: those of its studies, and those of studies to come."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.errors import UsageError
from evergrove.stats.arrays import FAR, is_number
from evergrove.stats.distributions import two_sided_quantile
from evergrove.stats.options import PoolModel, PredictionMethod, Scale
from evergrove.stats.pool_result import PoolResult
from evergrove.stats.regression.regression_result import MetaRegressionResult
from evergrove.stats.result import Result, wanted_result
from evergrove.stats.scalars import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.stats.arrays import FloatArray

#: From a measure's natural scale to the scale of pooling, where that needs no sizes.
ONTO_SCALE: dict[Scale, Callable[[FloatArray], FloatArray]] = {
    Scale.LOG: np.log,
    Scale.NATURAL: np.copy,
    Scale.LOGIT: special.logit,
    Scale.PROBIT: special.ndtri,
    Scale.ARCSINE: lambda share: np.arcsin(np.sqrt(share)),
    Scale.SQUARE_ROOT: np.sqrt,
    Scale.FISHER_Z: np.arctanh,
    Scale.HAKSTIAN_WHALEN: lambda alpha: 1.0 - np.cbrt(1.0 - alpha),
    Scale.BONETT: lambda alpha: -np.log1p(-alpha),
}


@dataclass(frozen=True, slots=True, repr=False)
class StudyEffects(Result):
    """The true effect of each study as the model predicts it; all on the scale of the effects.

    Parameters
    ----------
    effect, se, ci_low, ci_high : ndarray, shape (k,)
        Predicted true effect: the study's own effect drawn towards the mean (or the regression line).
    deviation, deviation_se, deviation_ci_low, deviation_ci_high : ndarray, shape (k,)
        Predicted random effect: the true effect less the mean.
    shrinkage : ndarray, shape (k,)
        Weight of the study's own effect, tau² / (tau² + v), from 0 to 1.
    labels : tuple of str or None
        Names of the studies.
    level : float
        Of the intervals.
    """

    effect: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    deviation: FloatArray
    deviation_se: FloatArray
    deviation_ci_low: FloatArray
    deviation_ci_high: FloatArray
    shrinkage: FloatArray
    labels: tuple[str, ...] | None
    level: float

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per study."""
        names = [name for name in self.__slots__ if name not in ("labels", "level")]
        rows = {name: getattr(self, name) for name in names}
        return rows if self.labels is None else {"study": np.array(self.labels), **rows}

    def __repr__(self) -> str:
        low, high = self.effect.min(), self.effect.max()
        return f"<StudyEffects {self.effect.size} studies, predicted effects {low:.4g} to {high:.4g}>"


def _centre(fit: PoolResult | MetaRegressionResult) -> tuple[FloatArray, FloatArray, float | None]:
    """Return the mean of each study, its variance, and the degrees of freedom."""
    if isinstance(fit, PoolResult):
        ones = np.ones(fit.yi.size)
        return fit.estimate * ones, fit.se**2 * ones, fit.df
    x = fit.design.matrix
    return fit.fitted, np.einsum("ij,jk,ik->i", x, fit.covariance, x), fit.df


def blups(fit: PoolResult | MetaRegressionResult) -> StudyEffects:
    """Predict the true effect of each study: best linear unbiased (empirical Bayes) predictions.

    Parameters
    ----------
    fit : PoolResult or MetaRegressionResult
        A fit by `pool` or `meta_regression` with its model's own weights.

    Returns
    -------
    StudyEffects

    Raises
    ------
    UsageError
        For a fit without tau² (Mantel-Haenszel, Peto), or with other weights than 1 / (v + tau²).

    See Also
    --------
    random_effects : the same for multilevel models.
    expected_share : true effects of studies to come.

    Notes
    -----
    With λ = tau² / (tau² + v), the prediction is λ y + (1 - λ) m, of variance λ v + (1 - λ)² var(m); the
    random effect is λ (y - m), of variance λ v + λ² var(m), where m is the mean or the fitted value. var(m)
    and the quantile are those of the fit's interval method. The uncertainty of tau² is left out, as in
    metafor, so with few studies the intervals are too narrow. Predictions are not what a study found: do not
    print them as its result.

    References
    ----------
    [Raudenbush1985]; metafor's ``blup`` and ``ranef``.

    Examples
    --------
    >>> from evergrove.stats import pool
    >>> found = blups(pool([0.10, 0.30, 0.35, 0.65], [0.03, 0.03, 0.05, 0.01], tau2="DL", ci="normal"))
    >>> found.effect.round(3), found.shrinkage.round(3)
    (array([0.202, 0.328, 0.362, 0.604]), array([0.628, 0.628, 0.503, 0.835]))
    """
    wanted_result("fit", fit, PoolResult, MetaRegressionResult)
    own = isinstance(fit, PoolResult) and fit.model in (PoolModel.RANDOM, PoolModel.COMMON)
    given = fit.options.get("weights") if isinstance(fit, PoolResult) else fit.given_weights
    if fit.tau2 is None or given is not None or (isinstance(fit, PoolResult) and not own):
        raise UsageError(
            f"blups: found a fit by {fit.method}; allowed: pool or meta_regression with the weights "
            "1 / (v + tau²), on which the predictions rest; fit it again without weights"
        )
    mean, variance, df = _centre(fit)
    share = fit.tau2 / (fit.tau2 + fit.vi)
    quantile = two_sided_quantile(fit.level, df)
    effect, deviation = share * fit.yi + (1.0 - share) * mean, share * (fit.yi - mean)
    se = np.sqrt(share * fit.vi + (1.0 - share) ** 2 * variance)
    deviation_se = np.sqrt(share * fit.vi + share**2 * variance)
    return StudyEffects(
        effect=effect,
        se=se,
        ci_low=effect - quantile * se,
        ci_high=effect + quantile * se,
        deviation=deviation,
        deviation_se=deviation_se,
        deviation_ci_low=deviation - quantile * deviation_se,
        deviation_ci_high=deviation + quantile * deviation_se,
        shrinkage=share,
        labels=fit.labels,
        level=fit.level,
    )


@dataclass(frozen=True, slots=True, repr=False)
class ExpectedShare(Result):
    """How many of comparable studies would have true effects below, between and above two thresholds.

    Parameters
    ----------
    below, between, above : float
        Expected shares, from 0 to 1; they sum to 1.
    low, high : float
        The thresholds, on the scale on which they were given.
    measure : str or None
        What was pooled.
    """

    below: float
    between: float
    above: float
    low: float
    high: float
    measure: str | None

    def __repr__(self) -> str:
        middle = "" if self.low == self.high else f", {100 * self.between:.1f}% between"
        return (
            f"<ExpectedShare {100 * self.below:.1f}% below {self.low:g}{middle}, "
            f"{100 * self.above:.1f}% above {self.high:g}>"
        )


def _on_scale(fit: PoolResult, threshold: float) -> float:
    """Return a threshold of the natural scale on the scale of the effects."""
    onto = ONTO_SCALE.get(fit.scale)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = math.nan if onto is None else float(onto(np.asarray(threshold)))
    if math.isnan(value):
        todo = "give it on the scale of the effects with natural=False"
        allowed = f"what the scale {str(fit.scale)!r} can take"
        raise UsageError(f"threshold: found {threshold!r}; allowed: {allowed}; {todo}")
    return value


def expected_share(
    fit: PoolResult, low: float, high: float | None = None, *, natural: bool = True
) -> ExpectedShare:
    """Return the expected share of comparable studies whose true effect lies beyond thresholds.

    Parameters
    ----------
    fit : PoolResult
        A random-effects fit with a prediction interval.
    low, high : float
        Thresholds, low not above high, for example the smallest benefit and the smallest harm that matter to
        patients; without `high` there is one.
    natural : bool
        Whether thresholds are on the measure's natural scale (a risk ratio, not its logarithm).

    Returns
    -------
    ExpectedShare

    Raises
    ------
    UsageError
        For a fit without prediction interval, or one by bootstrap (``"NNF"``), which has no standard error;
        for thresholds that are not in order or that the measure cannot take.

    See Also
    --------
    blups : true effects of the studies at hand.

    Notes
    -----
    The distribution is that of the fit's own prediction interval: estimate + t √(tau² + se²), with its df and
    its se. It speaks of studies like those pooled, not of patients. With few studies it is very uncertain,
    and so is the share, which has no interval here.

    References
    ----------
    [Siemens2025]; meta's ``cidprop``.

    Examples
    --------
    >>> from evergrove.stats import pool
    >>> fit = pool([-0.4, -0.1, -0.6, -0.3], [0.02, 0.03, 0.05, 0.04], measure="RR", prediction="V")
    >>> expected_share(fit, 0.8, 1.25)
    <ExpectedShare 80.8% below 0.8, 18.4% between, 0.7% above 1.25>
    """
    fit = wanted_result("fit", fit, PoolResult)
    if high is None:
        high = low
    if not (is_number(low) and is_number(high) and -FAR <= low <= high <= FAR):
        raise UsageError(
            f"low, high: found {shown(low)} and {shown(high)}; allowed: finite, low not above "
            "high; give them in order"
        )
    if fit.prediction_low is None or fit.options.get("prediction") == PredictionMethod.NNF:
        raise UsageError(
            f"expected_share: found a fit by {fit.method} without a prediction interval that has a standard "
            "error; allowed: random effects, three studies or more, any prediction but 'NNF'; fit it so"
        )
    df = fit.prediction_df
    se = (fit.estimate - fit.prediction_low) / two_sided_quantile(fit.level, df)
    places = [(_on_scale(fit, bound) if natural else bound) - fit.estimate for bound in (low, high)]
    below, above = (
        float(special.ndtr(distance) if df is None else special.stdtr(df, distance))
        for distance in (places[0] / se, -places[1] / se)
    )
    return ExpectedShare(below, max(0.0, 1.0 - below - above), above, low, high, fit.measure)
