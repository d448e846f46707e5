"""Regression tests of funnel asymmetry with any predictor and either residual variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.errors import UsageError
from evergrove.stats.arrays import checked_level, column, effects_and_variances, same_length
from evergrove.stats.bias.few_studies import few_studies
from evergrove.stats.bias.line import Line, additive_line, checked_predictor, multiplicative_line
from evergrove.stats.bias.moderator_design import moderator_design
from evergrove.stats.bias.options import AsymmetryModel, Precision
from evergrove.stats.bias.precision import precision_of
from evergrove.stats.distributions import log_two_sided_p, two_sided_p, two_sided_quantile
from evergrove.stats.options import IntervalMethod, Tau2Method, choose
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from evergrove.stats.diagnostic import Diagnostic

#: Predictors that go to 0 as the study grows: their intercept is the effect of an infinite study.
VANISHING = (Precision.SE, Precision.VARIANCE, Precision.INVERSE_N, Precision.INVERSE_ROOT_N)


@dataclass(frozen=True, slots=True, repr=False)
class RegressionTest(Result):
    """Regression of effects on a measure of precision.

    Parameters
    ----------
    slope, slope_se, slope_ci_low, slope_ci_high : float
        Change of the effect per unit of the predictor: 0 without small-study effects.
    statistic, df, p_value, log_p_value : float
        Test of the slope; `df` None is normal.
    intercept, intercept_se, intercept_ci_low, intercept_ci_high : float
        Effect at predictor 0.
    limit : bool
        Whether that is the effect of an infinitely large study (predictors se, variance, 1/n, 1/√n).
    tau2 : float
        Additive residual variance between studies; 0 for the other models.
    dispersion : float
        Multiplicative residual variance; 1 for the other models.
    k : int
        Studies.
    test : str
        Name of the test.
    level : float
        Of the intervals.
    diagnostics : tuple of Diagnostic
        Few studies, rows left out, corrections made.
    options : mapping
        Options as resolved.
    """

    slope: float
    slope_se: float
    slope_ci_low: float
    slope_ci_high: float
    statistic: float
    df: float | None
    p_value: float
    log_p_value: float
    intercept: float
    intercept_se: float
    intercept_ci_low: float
    intercept_ci_high: float
    limit: bool
    tau2: float
    dispersion: float
    k: int
    test: str
    level: float
    diagnostics: tuple[Diagnostic, ...]
    options: Mapping[str, object]

    def __repr__(self) -> str:
        statistic = "z" if self.df is None else f"t({self.df:g})"
        return (
            f"<RegressionTest {self.test}: slope {self.slope:.4f} (se {self.slope_se:.4f}), "
            f"{statistic}={self.statistic:.3f}, p={self.p_value:.3g}, k={self.k}>"
        )

    def summary(self) -> str:
        """Return the test, the limit estimate and the remarks."""
        lines = [repr(self).strip("<>")]
        if self.limit:
            lines.append(
                f"effect of an infinitely large study: {self.intercept:.4f} "
                f"({self.intercept_ci_low:.4f} to {self.intercept_ci_high:.4f})"
            )
        return "\n".join([*lines, *(f"note: {remark}" for remark in self.diagnostics)])


def regression_result(
    line: Line,
    k: int,
    level: float,
    *,
    test: str,
    limit: bool,
    options: Mapping[str, object],
    remarks: tuple[Diagnostic, ...] = (),
) -> RegressionTest:
    """Return the result of a fitted line.

    Parameters
    ----------
    line : Line
        As fitted.
    k : int
        Studies.
    level : float
        Of the intervals.
    test : str
        Name of the test.
    limit : bool
        Whether the intercept is the effect of an infinite study.
    options : mapping
        As resolved.
    remarks : tuple of Diagnostic
        Beside few studies.

    Returns
    -------
    RegressionTest
    """
    quantile, outer = two_sided_quantile(level, line.df), two_sided_quantile(level, line.intercept_df)
    return RegressionTest(
        line.slope,
        line.slope_se,
        line.slope - quantile * line.slope_se,
        line.slope + quantile * line.slope_se,
        line.statistic,
        line.df,
        two_sided_p(line.statistic, line.df),
        log_two_sided_p(line.statistic, line.df),
        line.intercept,
        line.intercept_se,
        line.intercept - outer * line.intercept_se,
        line.intercept + outer * line.intercept_se,
        limit,
        line.tau2,
        line.dispersion,
        k,
        test,
        level,
        few_studies(k) + remarks + line.remarks,
        options,
    )


def regression_test(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    predictor: str | ArrayLike = Precision.SE,
    model: str = AsymmetryModel.RANDOM,
    n: ArrayLike | None = None,
    moderators: ArrayLike | None = None,
    tau2: str | float = Tau2Method.REML,
    ci: str = IntervalMethod.NORMAL,
    level: float = 0.95,
) -> RegressionTest:
    """Test for small-study effects by regressing effects on a measure of precision.

    Parameters
    ----------
    yi, vi : array-like, shape (k,)
        Effects on the pooling scale and sampling variances; k of 3 or more.
    predictor : Precision, str, or array-like of shape (k,)
        ``"se"``, ``"variance"``, ``"n"``, ``"1/n"``, ``"sqrt(n)"``, ``"1/sqrt(n)"``, or a column of one's
        own.
    model : AsymmetryModel or str
        ``"random"`` (meta-regression with tau²), ``"common"``, or ``"multiplicative"`` (Egger's weighted
        regression with t(k - 2), one less for each moderator).
    n : array-like, shape (k,), or None
        Total sample sizes, for predictors that use them.
    moderators : array-like, shape (k,) or (k, m), or None
        Numbers that stand in the regression beside the predictor, so that asymmetry which they account for
        is not counted; factors as columns of 0 and 1. The intercept is then the effect where all are 0.
    tau2 : Tau2Method, str or float
        Of the random model: an estimator or a number.
    ci : IntervalMethod or str
        Of the random and common models; ``"normal"`` as in metafor, ``"t"`` as meta's Thompson test,
        or Hartung-Knapp.
    level : float
        Of the intervals.

    Returns
    -------
    RegressionTest

    Raises
    ------
    TooFewStudiesError
        With fewer than 3 studies, one more for each moderator.
    DataError
        Where the predictor does not vary or follows from the moderators, or effects, variances or moderators
        cannot be.
    UsageError
        For an unknown option, or sample sizes that are needed and not given.
    ConvergenceError
        Where tau² was not found.

    See Also
    --------
    egger_test, asymmetry_test, multilevel_egger, pet_peese

    Notes
    -----
    ``model="random"`` is metafor's ``regtest(model="rma")``, ``"multiplicative"`` its ``model="lm"``. With
    odds ratios, standardised mean differences and other effects that enter their own standard error, the
    standard error is no independent predictor: use 1/√n, or `asymmetry_test`. Asymmetry has other causes
    than selective publication.

    References
    ----------
    Egger et al., BMJ 315 (1997) 629-634; Thompson & Sharp, Stat Med 18 (1999) 2693-2708; Sterne & Egger
    2005; Sterne et al., BMJ 343 (2011) d4002.

    Examples
    --------
    >>> regression_test([0.1, 0.3, 0.35, 0.65], [0.01, 0.03, 0.05, 0.09], tau2="DL")
    <RegressionTest regression on se: slope 2.5149 (se 1.2709), z=1.979, p=0.0478, k=4>
    """
    y, v = effects_and_variances(yi, vi)
    level = checked_level(level)
    chosen = choose(AsymmetryModel, model, "model")
    if isinstance(predictor, str):
        kind = choose(Precision, predictor, "predictor")
        x, name, limit = precision_of(kind, v, n), str(kind), kind in VANISHING
    else:
        x, name, limit = column("predictor", predictor), "given predictor", False
        same_length({"yi": y, "predictor": x})
    beside = None if moderators is None else moderator_design(moderators, y.size)[0][:, 1:]
    checked_predictor("regression_test", x, beside)
    if chosen is AsymmetryModel.MULTIPLICATIVE and tau2 != Tau2Method.REML:
        raise UsageError("tau2: found with model='multiplicative'; allowed: with 'random'; leave it out")
    interval = choose(IntervalMethod, ci, "ci")
    if chosen is AsymmetryModel.MULTIPLICATIVE:
        line = multiplicative_line(y, v, x, beside)
    else:
        additive = tau2 if chosen is AsymmetryModel.RANDOM else None
        line = additive_line(y, v, x, beside, tau2=additive, ci=interval, level=level)
    options: dict[str, object] = {"predictor": name, "model": chosen, "tau2": str(tau2), "ci": str(ci)}
    test = f"regression on {name}"
    if beside is not None:
        options["moderators"] = beside.shape[1]
        test += f" beside {beside.shape[1]} moderators"
    return regression_result(
        line, int(y.size), level, test=test, limit=limit and beside is None, options=options
    )
