"""Absolute effects at a control risk, as summary-of-findings tables show them."""

from __future__ import annotations

from dataclasses import dataclass

from evergrove.errors import UsageError
from evergrove.stats.conversions.ratios import risk_from_effect
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import EffectMeasure, choose
from evergrove.stats.result import Result
from evergrove.stats.scalars import above, finite, rising, within

#: The measures that give a risk at a control risk.
ABSOLUTE_MEASURES = (EffectMeasure.RR, EffectMeasure.OR, EffectMeasure.HR, EffectMeasure.RD)


@dataclass(frozen=True, slots=True)
class AbsoluteEffect(Result):
    """What a relative effect means for `per` patients.

    Parameters
    ----------
    measure : str
        RR, OR, HR or RD.
    per : float
        Number of patients the other fields refer to.
    control_risk : float
        Events among `per` patients without the intervention.
    intervention_risk, intervention_low, intervention_high : float
        Events among `per` patients with it, and limits.
    difference, low, high : float
        More (above 0) or fewer (below 0) events among `per` patients, with limits.
    diagnostics : tuple of Diagnostic
        Names risks that were held within 0 and 1.
    """

    measure: str
    per: float
    control_risk: float
    intervention_risk: float
    intervention_low: float
    intervention_high: float
    difference: float
    low: float
    high: float
    diagnostics: tuple[Diagnostic, ...] = ()

    def summary(self) -> str:
        """Return the difference as a phrase."""
        word = "fewer" if self.difference < 0 else "more"
        return (
            f"{abs(self.difference):.0f} {word} per {self.per:g} (from {self.low:+.0f} to {self.high:+.0f}); "
            f"{self.intervention_risk:.0f} instead of {self.control_risk:.0f} per {self.per:g}"
        )


def absolute_effect(  # noqa: PLR0917 - the order of a summary-of-findings row
    measure: str, estimate: float, ci_low: float, ci_high: float, control_risk: float, per: float = 1000
) -> AbsoluteEffect:
    """Return the absolute effect of a pooled estimate at a control risk.

    Parameters
    ----------
    measure : EffectMeasure or str
        ``"RR"``, ``"OR"``, ``"HR"`` or ``"RD"``.
    estimate, ci_low, ci_high : float
        On the natural scale (a risk ratio, not its log), in order; ratios above 0.
    control_risk : float
        Risk without the intervention, 0 to 1. Its own uncertainty is not in the limits.
    per : float
        Patients the result refers to, above 0.

    Returns
    -------
    AbsoluteEffect
        RR: CR·RR; OR: through its risk ratio; HR: 1 - (1 - CR)^HR at the time of the control risk; RD as
        it is (Cochrane Handbook 15.4.4; Skoetz 2020 for HR).

    Raises
    ------
    UsageError
        For another measure.
    DataError
        For numbers outside their range.

    Notes
    -----
    The relative effect is taken as the same at every risk; an odds ratio is hardly so over very different
    risks: give it for several. The control risk is taken as known.

    References
    ----------
    [CochraneHandbook], section 15.4.4.

    Examples
    --------
    >>> round(absolute_effect("RR", 0.8, 0.6, 1.1, 0.25).difference, 9)
    -50.0
    """
    chosen = choose(EffectMeasure, measure, "measure")
    if chosen not in ABSOLUTE_MEASURES:
        raise UsageError(
            f"measure: found {str(chosen)!r}; allowed: 'RR', 'OR', 'HR', 'RD'; other measures give no risk"
        )
    names = ("ci_low", "estimate", "ci_high")
    trio = rising(names, (ci_low, estimate, ci_high), strict_ends=False)
    for name, value in zip(names, trio, strict=True):
        if chosen is EffectMeasure.RD:
            within(name, value, -1.0, 1.0, todo="write 5 per 100 as 0.05")
        else:
            above(name, value, 0.0, todo="give the ratio, not its log")
    risk = within("control_risk", control_risk, 0.0, 1.0, todo="write 20 % as 0.20")
    size = above("per", finite("per", per), 0.0, todo="for example 1000")
    raw = tuple(risk_from_effect(chosen, value, risk) for value in trio)
    held = tuple(min(1.0, max(0.0, value)) for value in raw)
    changed = ", ".join(
        name for name, before, after in zip(names, raw, held, strict=True) if abs(before - after) > 1e-12
    )
    message = "the risk would leave 0 to 1 at this control risk and is held there"
    remarks = (Diagnostic("risk-held-within-bounds", message, changed),) if changed else ()
    low, middle, high = held
    return AbsoluteEffect(
        str(chosen),
        size,
        risk * size,
        middle * size,
        low * size,
        high * size,
        (middle - risk) * size,
        (low - risk) * size,
        (high - risk) * size,
        remarks,
    )
