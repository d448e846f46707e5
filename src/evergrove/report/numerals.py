"""How numbers are printed: one place, so that a number looks the same on every page, figure and download."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evergrove.model.measures import review_measure

if TYPE_CHECKING:
    from evergrove.model import Outcome
    from evergrove.stats import AbsoluteEffect, Estimate, PoolResult, SubgroupTest

MISSING = "not seen"
MINUS = "−"


def short_measure(measure: str) -> str:
    """Return the measure as a column head: ``RR``, ``MD``, ``Proportion``."""
    return review_measure(measure).short or measure


def null_value(measure: str) -> float | None:
    """Return the value of no effect; ``None`` for proportions."""
    return review_measure(measure).null


def number(value: float | None, measure: str = "MD") -> str:
    """Print an effect: two decimals for ratios, three significant figures else, per cent for proportions.

    Examples
    --------
    >>> number(0.7914, "RR"), number(-3.8334, "MD"), number(0.0115, "PAS")
    ('0.79', '−3.83', '1.1 %')
    """
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if review_measure(measure).proportion:
        return percent(value)
    if review_measure(measure).ratio:
        text = f"{value:.2f}" if value < 100 else f"{value:.0f}"
        if value > 0 and float(text) == 0:
            text = "<0.01"
    else:
        text = f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
    return text.replace("-", MINUS)


def interval(low: float | None, high: float | None, measure: str = "MD") -> str:
    """Print an interval; a limit that would be rounded to no effect gets a third decimal.

    Examples
    --------
    >>> interval(0.6129, 1.0219, "RR"), interval(0.6291, 0.9956, "RR")
    ('0.61 to 1.02', '0.63 to 0.996')
    """
    return f"{_limit(low, measure)} to {_limit(high, measure)}"


def _limit(value: float | None, measure: str) -> str:
    text, null = number(value, measure), null_value(measure)
    if value is None or null is None or value == null or text.lstrip(MINUS) != number(null, measure):
        return text
    return f"{value:.3f}".replace("-", MINUS)


def estimate_text(estimate: Estimate, measure: str) -> str:
    """Print an estimate with its interval: ``0.79 (0.61 to 1.02)``."""
    return f"{number(estimate.estimate, measure)} ({interval(estimate.ci_low, estimate.ci_high, measure)})"


def percent(share: float | None, decimals: int = 1) -> str:
    """Print a share of 1 in per cent.

    Examples
    --------
    >>> percent(0.256)
    '25.6 %'
    """
    if share is None or math.isnan(share):
        return MISSING
    return f"{100 * share:.{decimals}f} %"


def p_value(p: float | None) -> str:
    """Print a p-value with its relation: ``P = 0.07``, ``P < 0.001``.

    Examples
    --------
    >>> p_value(0.0691), p_value(0.00002), p_value(0.0041)
    ('P = 0.07', 'P < 0.001', 'P = 0.004')
    """
    if p is None or math.isnan(p):
        return ""
    if p < 0.001:
        return "P < 0.001"
    return f"P = {p:.3f}" if p < 0.01 else f"P = {p:.2f}"


def count(value: float | None) -> str:
    """Print a count with thin spaces between thousands.

    Examples
    --------
    >>> count(90000000.0)
    '90\u2009000\u2009000'
    """
    if value is None:
        return MISSING
    return f"{value:,.0f}".replace(",", "\u2009") if abs(value) >= 10_000 else f"{value:.0f}"


def plain(value: float | None) -> str:
    """Print a number as reported, without padding.

    Examples
    --------
    >>> plain(58.58), plain(28.0), plain(None)
    ('58.58', '28', 'not seen')
    """
    if value is None:
        return MISSING
    return f"{value:.10g}".replace("-", MINUS)


def degrees_of_freedom(df: float) -> str:
    """Print degrees of freedom with their noun.

    Examples
    --------
    >>> degrees_of_freedom(1), degrees_of_freedom(4.5)
    ('1 degree of freedom', '4.5 degrees of freedom')
    """
    return f"{plain(df)} {'degree' if df == 1 else 'degrees'} of freedom"


def dose(cells: float) -> str:
    """Print a number of cells in millions.

    Examples
    --------
    >>> dose(9e8), dose(5e5)
    ('900 million', '0.5 million')
    """
    return f"{cells / 1e6:.4g} million"


def heterogeneity(fit: PoolResult) -> str:
    """Print the heterogeneity of a fit in one line, as a journal does."""
    parts = []
    if fit.tau2 is not None and fit.model != "common":
        tau2 = f"τ² = {fit.tau2:.2f}" if fit.tau2 >= 0.005 or fit.tau2 == 0 else "τ² < 0.01"
        if fit.tau2_ci_low is not None:
            high = (
                "∞" if fit.tau2_ci_high is None or math.isinf(fit.tau2_ci_high) else f"{fit.tau2_ci_high:.2f}"
            )
            tau2 += f" (95 % interval {fit.tau2_ci_low:.2f} to {high})"
        parts.append(tau2)
    if fit.k > 1 and not math.isnan(fit.i2):
        i2 = f"I² = {fit.i2:.0f} %"
        if fit.i2_ci_low is not None and fit.i2_ci_high is not None:
            i2 += f" ({fit.i2_ci_low:.0f} to {fit.i2_ci_high:.0f})"
        parts.append(i2)
    if fit.k > 1 and not math.isnan(fit.q):
        parts.append(f"Q = {fit.q:.2f}, {fit.q_df} df, {p_value(fit.q_p_value)}")
    return "; ".join(parts) or "not described by this model"


def heterogeneity_share(fit: PoolResult) -> str:
    """Print I² alone; empty where the model has none."""
    return "" if math.isnan(fit.i2) else f"I² {fit.i2:.0f} %"


def between_groups(test: SubgroupTest) -> str:
    """Print the test between subgroups in one line."""
    return f"Q = {test.q:.2f}, {test.df} df, {p_value(test.p_value)}; I² = {test.i2:.0f} %"


def more_or_fewer(difference: float) -> str:
    """Print a difference in patients in words.

    Examples
    --------
    >>> more_or_fewer(-71.6), more_or_fewer(8.0), more_or_fewer(0.2)
    ('72 fewer', '8 more', '0 fewer or more')
    """
    size = count(abs(difference))
    return f"{size} {'fewer or more' if size == '0' else 'fewer' if difference < 0 else 'more'}"


def absolute_text(effect: AbsoluteEffect) -> str:
    """Print an absolute effect: ``72 fewer per 1000 (133 fewer to 8 more)``."""
    limits = f"{more_or_fewer(effect.low)} to {more_or_fewer(effect.high)}"
    return f"{more_or_fewer(effect.difference)} per {count(effect.per)} ({limits})"


def unit_suffix(outcome: Outcome, measure: str) -> str:
    """Return the unit of an effect with a leading space, where it has one."""
    return f" {outcome.unit}" if measure == "MD" and outcome.unit else ""
