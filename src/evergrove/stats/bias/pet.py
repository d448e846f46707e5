"""PET-PEESE, and the mean of adequately powered studies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scipy import special

from evergrove.errors import TooFewStudiesError
from evergrove.stats.arrays import FloatArray, checked_level, effects_and_variances
from evergrove.stats.bias.asymmetry import RegressionTest, regression_test
from evergrove.stats.bias.few_studies import few_studies
from evergrove.stats.bias.options import AsymmetryModel, PetRule, Precision
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import log_two_sided_p, two_sided_p, two_sided_quantile
from evergrove.stats.inverse_variance import weighted_mean
from evergrove.stats.options import IntervalMethod, Tau2Method, choose
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

#: A study has 80 % power at two-sided 5 % where the effect is this many standard errors (1.96 + 0.84).
POWERED = 2.8


@dataclass(frozen=True, slots=True, repr=False)
class PetPeese(Result):
    """The effect of an infinitely precise study, by regression on standard error or variance.

    Parameters
    ----------
    estimate, se, ci_low, ci_high, statistic, df, p_value, log_p_value : float
        Of the estimator that the rule chooses.
    chosen : str
        ``"pet"`` or ``"peese"``.
    pet, peese : RegressionTest
        Both regressions; the effect is their intercept.
    k : int
        Studies.
    level : float
        Of the intervals.
    diagnostics : tuple of Diagnostic
    options : mapping
        Options as resolved.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    df: float | None
    p_value: float
    log_p_value: float
    chosen: str
    pet: RegressionTest
    peese: RegressionTest
    k: int
    level: float
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        return (
            f"<PetPeese {self.chosen.upper()} {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], "
            f"p={self.p_value:.3g}, k={self.k}>"
        )

    def summary(self) -> str:
        """Return both estimates, the choice and the remarks."""
        lines = [
            repr(self).strip("<>"),
            f"PET: {self.pet.intercept:.4f} (se {self.pet.intercept_se:.4f})",
            f"PEESE: {self.peese.intercept:.4f} (se {self.peese.intercept_se:.4f})",
        ]
        return "\n".join([*lines, *(f"note: {remark}" for remark in self.diagnostics)])


def pet_peese(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    rule: str = PetRule.ONE_SIDED,
    alpha: float = 0.05,
    model: str = AsymmetryModel.MULTIPLICATIVE,
    tau2: str | float = Tau2Method.REML,
    ci: str = IntervalMethod.NORMAL,
    level: float = 0.95,
) -> PetPeese:
    """Estimate the effect of an infinitely precise study by PET, PEESE, or the one that a rule chooses.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances; k of 3 or more.
    rule : PetRule or str
        ``"one-sided"`` or ``"two-sided"`` test of the PET effect: PEESE where p is below `alpha`, else PET;
        ``"pet"`` and ``"peese"`` take the one named.
    alpha : float
        Of that test.
    model : AsymmetryModel or str
        ``"multiplicative"`` (weighted least squares, t(k - 2)), ``"random"`` or ``"common"``.
    tau2, ci : Tau2Method, IntervalMethod, str or float
        Of the random model; see `regression_test`.
    level : float
        Of the intervals.

    Returns
    -------
    PetPeese

    Raises
    ------
    TooFewStudiesError, DataError, UsageError, ConvergenceError
        As `regression_test`.

    See Also
    --------
    regression_test : the slope is the test of asymmetry (FAT).

    Notes
    -----
    PET regresses effects on standard errors and is right where there is no effect; PEESE regresses on
    variances and is right where there is one. The one-sided rule tests in the direction of the pooled
    effect. The estimate is far less precise than its standard error says when all studies are small,
    heterogeneous (I² above 80 %), or fewer than 20 (Stanley 2017). For standardised mean differences
    the standard error depends on the effect.

    References
    ----------
    [Stanley2014]; [Stanley2017a]; [Carter2019].

    Examples
    --------
    >>> pet_peese([0.32, 0.35, 0.38, 0.55, 0.5, 0.8], [0.001, 0.002, 0.005, 0.03, 0.04, 0.09])
    <PetPeese PEESE 0.3261 [0.3005, 0.3517], p=3.81e-06, k=6>
    """
    y, v = effects_and_variances(yi, vi)
    chosen_rule, how = choose(PetRule, rule, "rule"), choose(AsymmetryModel, model, "model")
    checked_level(1.0 - alpha)
    pet, peese = (
        regression_test(y, v, predictor=predictor, model=how, tau2=tau2, ci=ci, level=level)
        for predictor in (Precision.SE, Precision.VARIANCE)
    )
    statistic, p = _test(pet)
    if chosen_rule is PetRule.ONE_SIDED:
        same = (pet.intercept > 0) == (weighted_mean(y, v, 0.0).estimate > 0)
        p = p / 2.0 if same else 1.0 - p / 2.0
    take_peese = chosen_rule is PetRule.PEESE or (
        chosen_rule in {PetRule.ONE_SIDED, PetRule.TWO_SIDED} and p < alpha
    )
    best = peese if take_peese else pet
    statistic, p_value = _test(best)
    return PetPeese(
        best.intercept,
        best.intercept_se,
        best.intercept_ci_low,
        best.intercept_ci_high,
        statistic,
        best.df,
        p_value,
        log_two_sided_p(statistic, best.df),
        "peese" if take_peese else "pet",
        pet,
        peese,
        int(y.size),
        best.level,
        best.diagnostics,
        {"rule": chosen_rule, "alpha": alpha, "model": how, "tau2": str(tau2), "ci": str(ci)},
    )


def _test(found: RegressionTest) -> tuple[float, float]:
    """Return the test of the intercept."""
    if found.intercept_se > 0:
        statistic = found.intercept / found.intercept_se
    else:
        statistic = math.copysign(math.inf, found.intercept) if found.intercept else math.nan
    return statistic, two_sided_p(statistic, found.df)


@dataclass(frozen=True, slots=True, repr=False)
class AdequatelyPowered(Result):
    """The weighted mean of studies with enough power (WAAP), or of all where there are too few.

    Parameters
    ----------
    estimate, se, ci_low, ci_high, statistic, df, p_value : float
        Weighted least squares with a multiplicative variance and t(k - 1) over the studies used.
    k, k_powered, k_used : int
        Studies; those adequately powered; those in the estimate.
    all_estimate : float
        Weighted least squares over all studies (UWLS).
    level : float
        Of the interval.
    diagnostics : tuple of Diagnostic
        Whether all studies were used for want of powered ones.
    """

    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    df: float
    p_value: float
    k: int
    k_powered: int
    k_used: int
    all_estimate: float
    level: float
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        return (
            f"<AdequatelyPowered {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}], "
            f"{self.k_powered} of {self.k} studies powered>"
        )


def _unrestricted(y: FloatArray, v: FloatArray) -> tuple[float, float]:
    """Return the weighted mean and its standard error with a multiplicative variance."""
    mean = weighted_mean(y, v, 0.0)
    return mean.estimate, mean.se * math.sqrt(mean.q / (y.size - 1))


def adequately_powered_mean(
    yi: ArrayLike, vi: ArrayLike, *, power: float = 0.8, level: float = 0.95
) -> AdequatelyPowered:
    """Average the studies that have enough power for the pooled effect (WAAP-WLS).

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances; k of 2 or more.
    power : float
        Power that is enough, at two-sided 5 %; 0.8 means |effect| / se of at least 2.8.
    level : float
        Of the interval.

    Returns
    -------
    AdequatelyPowered

    Raises
    ------
    TooFewStudiesError
        With fewer than 2 studies.
    DataError, UsageError
        For numbers that cannot be.

    Notes
    -----
    Power is judged at the weighted mean of all studies. With fewer than two powered studies the mean of
    all is given (WAAP-WLS) and a diagnostic says so. It lessens small-study bias, it does not remove it.

    References
    ----------
    [Stanley2017b]; [Ioannidis2017].

    Examples
    --------
    >>> adequately_powered_mean([0.32, 0.35, 0.38, 0.55, 0.5, 0.8], [0.001, 0.002, 0.005, 0.03, 0.04, 0.09])
    <AdequatelyPowered 0.3359 [0.2724, 0.3994], 3 of 6 studies powered>
    """
    y, v = effects_and_variances(yi, vi)
    level, k = checked_level(level), int(y.size)
    checked_level(power)
    if k < 2:
        raise TooFewStudiesError(f"adequately_powered_mean: found {k} studies; allowed: 2 or more")
    everything, _ = _unrestricted(y, v)
    needed = POWERED if power == 0.8 else float(-special.ndtri(0.025) + special.ndtri(power))
    inside = v <= (everything / needed) ** 2
    powered = int(inside.sum())
    remarks = few_studies(k)
    if powered < 2:
        message = f"{powered} studies have {100 * power:g} % power: the mean of all studies is given"
        remarks = (*remarks, Diagnostic("too-few-powered", message))
        inside[:] = True
    estimate, se = _unrestricted(y[inside], v[inside])
    used = int(inside.sum())
    half = two_sided_quantile(level, used - 1.0) * se
    statistic = estimate / se if se > 0 else math.copysign(math.inf, estimate) if estimate else math.nan
    return AdequatelyPowered(
        estimate,
        se,
        estimate - half,
        estimate + half,
        statistic,
        used - 1.0,
        two_sided_p(statistic, used - 1.0),
        k,
        powered,
        used,
        everything,
        level,
        remarks,
    )
