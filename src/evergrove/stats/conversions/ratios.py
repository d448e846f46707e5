"""Odds ratios, risk ratios, risk differences and hazard ratios into each other at a baseline risk."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import checked_level
from evergrove.stats.conversions.options import LimitsMethod, RatioApproximation
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.options import EffectMeasure, choose
from evergrove.stats.result import Result
from evergrove.stats.scalars import above, rising, within

MEASURES = (EffectMeasure.OR, EffectMeasure.RR, EffectMeasure.RD, EffectMeasure.HR)


def odds_ratio_to_risk_ratio(or_: float, control_risk: float) -> float:
    """Return the risk ratio that an odds ratio means at a control risk.

    Parameters
    ----------
    or_ : float
        Odds ratio, above 0.
    control_risk : float
        Risk in the comparator group, 0 to 1.

    Returns
    -------
    float
        OR / (1 - CR (1 - OR)) (Cochrane Handbook 15.4.4.4). Not for odds ratios adjusted for covariates
        where the risk is common: they are not collapsible.

    Raises
    ------
    DataError
        Outside the allowed range.

    References
    ----------
    [Zhang1998].

    Examples
    --------
    >>> round(odds_ratio_to_risk_ratio(0.5, 0.4), 4)
    0.625
    """
    ratio = above("or_", or_, 0.0, todo="give the odds ratio, not its log")
    risk = within("control_risk", control_risk, 0.0, 1.0, todo="write 20 % as 0.20")
    return ratio / (1.0 - risk * (1.0 - ratio))


def risk_from_effect(measure: EffectMeasure, effect: float, control_risk: float) -> float:
    """Return the risk under the intervention, not held within 0 and 1.

    Parameters
    ----------
    measure : EffectMeasure
        OR, RR, RD or HR.
    effect : float
        On the natural scale.
    control_risk : float
        0 to 1.

    Returns
    -------
    float
    """
    if measure is EffectMeasure.RR:
        return effect * control_risk
    if measure is EffectMeasure.OR:
        return odds_ratio_to_risk_ratio(effect, control_risk) * control_risk
    if measure is EffectMeasure.HR:
        return -math.expm1(effect * math.log1p(-control_risk)) if control_risk < 1 else 1.0
    return control_risk + effect


def effect_from_risk(measure: EffectMeasure, risk: float, control_risk: float) -> float:
    """Return the effect that two risks make.

    Parameters
    ----------
    measure : EffectMeasure
        OR, RR, RD or HR.
    risk, control_risk : float
        Strictly between 0 and 1 for OR and HR.

    Returns
    -------
    float
    """
    if measure is EffectMeasure.RR:
        return risk / control_risk
    if measure is EffectMeasure.OR:
        return risk / (1.0 - risk) * (1.0 - control_risk) / control_risk
    if measure is EffectMeasure.HR:
        return math.log1p(-risk) / math.log1p(-control_risk)
    return risk - control_risk


def _slope_of_risk(measure: EffectMeasure, effect: float, control_risk: float) -> float:
    """Return the derivative of the intervention's risk by the effect, by the log of a ratio."""
    risk = risk_from_effect(measure, effect, control_risk)
    if measure is EffectMeasure.RR:
        return risk
    if measure is EffectMeasure.OR:
        return risk * (1.0 - risk)
    if measure is EffectMeasure.HR:
        return -(1.0 - risk) * math.log1p(-control_risk) * effect
    return 1.0


@dataclass(frozen=True, slots=True, repr=False)
class ConvertedEffect(Result):
    """An effect in another measure.

    Parameters
    ----------
    measure, from_measure : str
        What it is now and what it was.
    estimate, ci_low, ci_high : float
        On the natural scale.
    se : float
        Standard error on the pooling scale (log for ratios): by the delta method, or from the width of
        the converted interval.
    control_risk, risk : float
        Without and with the intervention; NaN for the approximations without a risk.
    level : float
        Of the interval.
    limits : LimitsMethod
        How the interval was converted.
    diagnostics : tuple of Diagnostic
        ``limit-beyond-risk``.
    """

    measure: str
    from_measure: str
    estimate: float
    ci_low: float
    ci_high: float
    se: float
    control_risk: float
    risk: float
    level: float
    limits: LimitsMethod
    diagnostics: tuple[Diagnostic, ...] = ()

    def __repr__(self) -> str:
        return (
            f"<ConvertedEffect {self.measure} {self.estimate:.4f} [{self.ci_low:.4f}, {self.ci_high:.4f}] "
            f"from {self.from_measure}>"
        )


def _checked(
    measures: tuple[EffectMeasure, EffectMeasure], trio: tuple[float, float, float], control_risk: float
) -> float:
    """Return the control risk after all checks of a conversion."""
    for name, measure in zip(("measure", "to"), measures, strict=True):
        if measure not in MEASURES:
            raise UsageError(f"{name}: found {str(measure)!r}; allowed: 'OR', 'RR', 'RD', 'HR'")
    low, estimate, high = rising(("ci_low", "estimate", "ci_high"), trio, strict_ends=False)
    for name, value in (("ci_low", low), ("estimate", estimate), ("ci_high", high)):
        if measures[0] is EffectMeasure.RD:
            within(name, value, -1.0, 1.0, todo="write 5 per 100 as 0.05")
        else:
            above(name, value, 0.0, todo="give the ratio, not its log")
    risk = above("control_risk", control_risk, 0.0, todo="write 20 % as 0.20")
    if risk >= 1.0:
        raise DataError(f"control_risk: found {control_risk!r}; allowed: below 1; write 20 % as 0.20")
    return risk


def convert_effect(  # noqa: PLR0917 - a row of a summary-of-findings table
    measure: str,
    to: str,
    estimate: float,
    ci_low: float,
    ci_high: float,
    control_risk: float,
    *,
    limits: str = LimitsMethod.SUBSTITUTION,
    level: float = 0.95,
) -> ConvertedEffect:
    """Convert an effect with its interval into another measure at a control risk.

    Parameters
    ----------
    measure, to : EffectMeasure or str
        From and into: ``"OR"``, ``"RR"``, ``"RD"`` or ``"HR"``.
    estimate, ci_low, ci_high : float
        On the natural scale, in order; ratios above 0.
    control_risk : float
        Risk without the intervention, above 0 and below 1; for a hazard ratio at one time. Its own
        uncertainty is not in the interval.
    limits : LimitsMethod or str
        ``"substitution"`` converts both limits; ``"delta"`` the variance.
    level : float
        Of the interval.

    Returns
    -------
    ConvertedEffect

    Raises
    ------
    UsageError
        For another measure.
    DataError
        For numbers outside their range, and where the intervention's risk would leave 0 to 1.

    Notes
    -----
    Everything passes through the intervention's risk: RR·CR; the odds times OR (Zhang & Yu's formula,
    exact for crude odds ratios); 1 - (1 - CR)^HR under proportional hazards; CR + RD. Zhang and Yu's
    intervals take the control risk as known (McNutt, Wu, Xue & Hafner, Am J Epidemiol 157 (2003) 940-943).
    Not for odds or hazard ratios adjusted for strong covariates: they are not collapsible.

    References
    ----------
    [Zhang1998]; [CochraneHandbook], section 15.4.4; [Skoetz2020].

    Examples
    --------
    >>> convert_effect("OR", "RR", 0.5, 0.3, 0.8, control_risk=0.4)
    <ConvertedEffect RR 0.6250 [0.4167, 0.8696] from OR>
    """
    before, after = choose(EffectMeasure, measure, "measure"), choose(EffectMeasure, to, "to")
    rule, level = choose(LimitsMethod, limits, "limits"), checked_level(level)
    control = _checked((before, after), (ci_low, estimate, ci_high), control_risk)
    z = normal_quantile(level)
    log_before, log_after = before is not EffectMeasure.RD, after is not EffectMeasure.RD

    def scaled(value: float, *, log: bool) -> float:
        return math.log(value) if log and value > 0 else -math.inf if log else value

    risk = risk_from_effect(before, estimate, control)
    if not 0.0 < risk < 1.0:
        raise DataError(
            f"convert_effect: found an intervention risk of {risk:.4g}; allowed: above 0 and below 1; the "
            "control risk does not go with this effect"
        )
    value = effect_from_risk(after, risk, control)
    remarks: tuple[Diagnostic, ...] = ()
    if rule is LimitsMethod.DELTA:
        width = (scaled(ci_high, log=log_before) - scaled(ci_low, log=log_before)) / (2.0 * z)
        slope = _slope_of_risk(before, estimate, control) / _slope_of_risk(after, value, control)
        se = width * abs(slope)
        ends = [scaled(value, log=log_after) + sign * z * se for sign in (-1.0, 1.0)]
        low, high = (math.exp(end) if log_after else end for end in ends)
    else:
        risks = [risk_from_effect(before, limit, control) for limit in (ci_low, ci_high)]
        held = [min(1.0, max(0.0, x)) for x in risks]
        if held != risks:
            message = "a limit's risk would leave 0 to 1 and is held there"
            remarks = (Diagnostic("limit-beyond-risk", message),)
        low, high = (_end(after, x, control) for x in held)
        se = (scaled(high, log=log_after) - scaled(low, log=log_after)) / (2.0 * z)
    return ConvertedEffect(str(after), str(before), value, low, high, se, control, risk, level, rule, remarks)


def _end(measure: EffectMeasure, risk: float, control_risk: float) -> float:
    """Return a converted limit; infinite where the risk is 1."""
    if risk >= 1.0 and measure in (EffectMeasure.OR, EffectMeasure.HR):
        return math.inf
    return effect_from_risk(measure, risk, control_risk)


def _common_outcome(measure: EffectMeasure, ratio: float) -> float:
    """Return VanderWeele's risk ratio of a common outcome."""
    root = math.sqrt(ratio)
    if measure is EffectMeasure.OR:
        return root
    return -math.expm1(-math.log(2.0) * root) / -math.expm1(-math.log(2.0) / root)


def risk_ratio_of(
    measure: str,
    estimate: float,
    *,
    control_risk: float | None = None,
    approximation: str = RatioApproximation.BASELINE_RISK,
) -> float:
    """Return the risk ratio that an odds ratio or hazard ratio stands for.

    Parameters
    ----------
    measure : EffectMeasure or str
        ``"OR"`` or ``"HR"``.
    estimate : float
        The ratio, above 0. Convert limits in the same way.
    control_risk : float or None
        Above 0 and below 1; needed for ``"baseline-risk"``.
    approximation : RatioApproximation or str
        ``"baseline-risk"``, or ``"common-outcome"`` where no risk is known and 20 to 80 % have the outcome.

    Returns
    -------
    float

    Raises
    ------
    UsageError
        For another measure, or a missing control risk.
    DataError
        For a ratio not above 0.

    Notes
    -----
    √OR is at most 25 % off for risks between 20 and 80 %; for rare outcomes OR and HR are near to RR and
    nothing need be done.

    References
    ----------
    [VanderWeele2017]; [VanderWeele2020].

    Examples
    --------
    >>> risk_ratio_of("OR", 0.25, approximation="common-outcome")
    0.5
    """
    chosen = choose(EffectMeasure, measure, "measure")
    how = choose(RatioApproximation, approximation, "approximation")
    if chosen not in (EffectMeasure.OR, EffectMeasure.HR):
        raise UsageError(f"measure: found {str(chosen)!r}; allowed: 'OR', 'HR'; see convert_effect")
    if how is RatioApproximation.COMMON_OUTCOME:
        return _common_outcome(chosen, above("estimate", estimate, 0.0, todo="give the ratio, not its log"))
    if control_risk is None:
        raise UsageError(
            "control_risk: found none; allowed: above 0 and below 1; or approximation='common-outcome'"
        )
    return convert_effect(chosen, EffectMeasure.RR, estimate, estimate, estimate, control_risk).estimate
