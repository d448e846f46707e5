"""Printed p values against the test statistics and intervals printed beside them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import checked_level
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail, normal_quantile, two_sided_p
from evergrove.stats.integrity.check_result import IntegrityCheck
from evergrove.stats.integrity.options import Comparison, Rounding, StatisticKind, Verdict
from evergrove.stats.integrity.printed import PrintedNumber, chosen_rounding, printed_number
from evergrove.stats.options import choose
from evergrove.stats.scalars import above, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.stats.integrity.granularity import Printed

#: Room for the rounding of our own arithmetic, relative.
SLACK = 1e-9


def tail_probability(kind: StatisticKind, df1: float | None, df2: float | None) -> Callable[[float], float]:
    """Return the function from a statistic's size to its p value: two-sided, or the upper tail of F and chi2.

    Parameters
    ----------
    kind : StatisticKind
        The distribution.
    df1, df2 : float or None
        Degrees of freedom, where the distribution has them.

    Returns
    -------
    callable

    Raises
    ------
    UsageError
        Where degrees of freedom are missing.
    DataError
        Where they are not above 0.
    """
    needed = {
        StatisticKind.T: ("df2",),
        StatisticKind.R: ("df2",),
        StatisticKind.F: ("df1", "df2"),
        StatisticKind.CHI2: ("df1",),
        StatisticKind.Z: (),
    }[kind]
    given = {"df1": df1, "df2": df2}
    missing = [name for name in needed if given[name] is None]
    if missing:
        raise UsageError(f"{', '.join(missing)}: found none for {str(kind)!r}; allowed: above 0; give the df")
    freedom = {
        name: above(name, value, 0.0, todo="check the degrees of freedom")
        for name, value in given.items()
        if value is not None and name in needed
    }
    if kind is StatisticKind.F:
        return lambda x: float(special.fdtrc(freedom["df1"], freedom["df2"], x))
    if kind is StatisticKind.CHI2:
        return lambda x: chi2_tail(x, freedom["df1"])
    if kind is StatisticKind.R:
        df = freedom["df2"]
        return lambda x: two_sided_p(x * math.sqrt(df / (1.0 - x * x)), df) if x < 1 else 0.0
    return lambda x: two_sided_p(x, freedom.get("df2"))


def p_fits(low: float, high: float, p: PrintedNumber, sign: Comparison, rule: Rounding) -> bool:
    """Return whether p values between two bounds agree with a printed one.

    Parameters
    ----------
    low, high : float
        Smallest and largest p value that the other numbers allow.
    p : PrintedNumber
        As printed.
    sign : Comparison
        The sign before it.
    rule : Rounding
        How it may have been rounded.

    Returns
    -------
    bool
    """
    if sign is Comparison.BELOW:
        return low < float(p)
    if sign is Comparison.ABOVE:
        return high > float(p)
    span = p.span(rule)
    return high >= float(span.low) * (1.0 - SLACK) and low <= float(span.high) * (1.0 + SLACK)


def _size_range(number: PrintedNumber, rule: Rounding) -> tuple[float, float]:
    """Return the smallest and largest size that a printed statistic can have."""
    span = number.span(rule)
    ends = sorted(abs(float(end)) for end in (span.low, span.high))
    return (0.0 if span.low <= 0 <= span.high else ends[0]), ends[1]


def p_value_test(
    kind: str,
    statistic: Printed,
    p_value: Printed,
    *,
    df1: float | None = None,
    df2: float | None = None,
    comparison: str = Comparison.EQUAL,
    significance: float = 0.05,
    rounding: str = Rounding.EITHER,
) -> IntegrityCheck:
    """Recompute a p value from its printed test statistic (as statcheck does).

    Parameters
    ----------
    kind : StatisticKind or str
        ``"t"``, ``"F"``, ``"chi2"``, ``"z"`` or ``"r"``.
    statistic, p_value : str or number
        As printed; strings keep closing zeros.
    df1, df2 : float or None
        chi2: `df1`; t and r: `df2` (r: n - 2); F: both.
    comparison : Comparison or str
        ``"="``, ``"<"`` or ``">"`` before the p value.
    significance : float
        The level at which the conclusion is looked at.
    rounding : Rounding or str
        How both may have been rounded.

    Returns
    -------
    IntegrityCheck
        ``possible`` holds the smallest and largest two-sided p value that the statistic allows. A p value
        that fits a one-sided test only is ``cannot-tell`` with the remark ``fits-one-sided``; a conclusion
        that would turn has the remark ``decision-changes``.

    Raises
    ------
    UsageError
        For an unknown option or missing degrees of freedom.
    DataError
        For a p value outside 0 to 1, or a statistic that cannot be.

    Notes
    -----
    Corrected p values (Bonferroni, Welch's fractional df, Yates) fit their statistic only under the same
    correction. "p = 0.000" is read as below 0.0005.

    References
    ----------
    [Nuijten2016].

    Examples
    --------
    >>> p_value_test("t", "2.20", "0.03", df2=28).verdict
    <Verdict.INCONSISTENT: 'inconsistent'>
    >>> [round(p, 4) for p in p_value_test("t", "2.20", "0.036", df2=28).possible]
    [0.0358, 0.0366]
    """
    chosen, sign = choose(StatisticKind, kind, "kind"), choose(Comparison, comparison, "comparison")
    rule, level = chosen_rounding(rounding), checked_level(significance)
    value, p = printed_number("statistic", statistic), printed_number("p_value", p_value)
    one_way = chosen in (StatisticKind.F, StatisticKind.CHI2)
    if not 0 <= p.value <= 1:
        raise DataError(f"p_value: found {p.text}; allowed: 0 to 1; check the p value")
    if (one_way and value.value < 0) or (chosen is StatisticKind.R and abs(value.value) > 1):
        raise DataError(
            f"statistic: found {value.text} for {str(chosen)!r}; allowed: F and chi2 not below 0, r within 1"
        )
    tail = tail_probability(chosen, df1, df2)
    least, most = _size_range(value, rule)
    low, high = tail(most), tail(least)
    remarks = []
    if p_fits(low, high, p, sign, rule):
        verdict, text = Verdict.CONSISTENT, f"p between {low:.4g} and {high:.4g} fits"
    elif not one_way and p_fits(low / 2.0, high / 2.0, p, sign, rule):
        verdict, text = Verdict.CANNOT_TELL, f"two-sided p is {low:.4g} to {high:.4g}; half of it fits"
        remarks.append(Diagnostic("fits-one-sided", "the printed p value is that of a one-sided test"))
    else:
        verdict, text = Verdict.INCONSISTENT, f"p is {low:.4g} to {high:.4g}, not {sign} {p.text}"
    said = float(p) <= level if sign is Comparison.EQUAL else float(p) <= level and sign is Comparison.BELOW
    if verdict is not Verdict.CONSISTENT and ((said and low > level) or (not said and high <= level)):
        remarks.append(Diagnostic("decision-changes", f"the conclusion at {level:g} would turn"))
    reported = {"statistic": f"{chosen} {value.text}", "p": f"{sign} {p.text}"}
    freedom = {name: float(df) for name, df in (("df1", df1), ("df2", df2)) if df is not None}
    assumptions = (
        "one-sided upper tail" if one_way else "two-sided test",
        "no correction of p, statistic or df",
        f"rounding: {rule}",
    )
    return IntegrityCheck(
        "p value", verdict, text, reported, (low, high), freedom, assumptions, tuple(remarks)
    )


def _scaled(number: PrintedNumber, rule: Rounding, *, ratio: bool) -> tuple[float, float]:
    """Return the ends of a printed number's rounding interval on the pooling scale."""
    span = number.span(rule)
    low, high = float(span.low), float(span.high)
    if not ratio:
        return low, high
    return (math.log(low) if low > 0 else -math.inf), math.log(high)


def estimate_test(
    estimate: Printed,
    ci_low: Printed,
    ci_high: Printed,
    p_value: Printed | None = None,
    *,
    ratio: bool = False,
    level: float = 0.95,
    comparison: str = Comparison.EQUAL,
    rounding: str = Rounding.EITHER,
) -> IntegrityCheck:
    """Check whether an estimate, its interval and its p value belong together.

    Parameters
    ----------
    estimate, ci_low, ci_high : str or number
        As printed, on the natural scale; strings keep closing zeros.
    p_value : str, number or None
        Two-sided; None checks the interval alone.
    ratio : bool
        Whether it is a ratio: symmetry is looked for on the log scale, and no effect is 1.
    level : float
        Of the interval.
    comparison : Comparison or str
        The sign before the p value.
    rounding : Rounding or str
        How all may have been rounded.

    Returns
    -------
    IntegrityCheck
        ``possible`` holds the smallest and largest p value that estimate and interval allow. An interval
        that is off the middle by more than rounding is ``cannot-tell`` (exact, bootstrap, profile and t
        intervals of transformed values are); an estimate outside its interval is inconsistent.

    Raises
    ------
    DataError
        For ratios not above 0, or a p value outside 0 to 1.
    UsageError
        For an unknown option.

    Notes
    -----
    By the normal distribution: with fewer than about 30 patients a t interval and its p value still agree
    with each other nearly, and small gaps mean nothing. An interval that excludes no effect beside p > 1 -
    level, or the other way about, has the remark ``decision-differs``.

    References
    ----------
    [Altman2011a], [Altman2011b].

    Examples
    --------
    >>> estimate_test("0.81", "0.70", "0.94", "0.005", ratio=True).verdict
    <Verdict.CONSISTENT: 'consistent'>
    >>> estimate_test("0.81", "0.70", "0.94", "0.05", ratio=True).verdict
    <Verdict.INCONSISTENT: 'inconsistent'>
    """
    rule, sign, level = (
        chosen_rounding(rounding),
        choose(Comparison, comparison, "comparison"),
        checked_level(level),
    )
    if not isinstance(ratio, bool | np.bool_):
        raise UsageError(f"ratio: found {shown(ratio)}; allowed: True or False; say whether it is a ratio")
    names = ("ci_low", "estimate", "ci_high")
    trio = [printed_number(name, x) for name, x in zip(names, (ci_low, estimate, ci_high), strict=True)]
    p = None if p_value is None else printed_number("p_value", p_value)
    for name, number in zip(names, trio, strict=True):
        if ratio and number.value < 0:
            raise DataError(
                f"{name}: found {number.text}; allowed: ratios above 0; give the ratio, not its log"
            )
    if p is not None and not 0 <= p.value <= 1:
        raise DataError(f"p_value: found {p.text}; allowed: 0 to 1; check the p value")
    low, middle, high = (_scaled(number, rule, ratio=ratio) for number in trio)
    reported = {name: number.text for name, number in zip(names, trio, strict=True)}
    if p is not None:
        reported["p"] = f"{sign} {p.text}"
    assumptions = (
        f"{100 * level:g} % Wald interval on the {'log' if ratio else 'natural'} scale",
        "two-sided p value of the same analysis",
        f"rounding: {rule}",
    )

    def done(verdict: Verdict, text: str, possible: tuple[float, ...], *more: Diagnostic) -> IntegrityCheck:
        return IntegrityCheck("estimate", verdict, text, reported, possible, {}, assumptions, more)

    if middle[1] < low[0] or middle[0] > high[1]:
        return done(Verdict.INCONSISTENT, "the estimate lies outside its interval", ())
    if high[1] <= low[0]:
        return done(Verdict.INCONSISTENT, "the lower limit is above the upper one", ())
    bounds = _p_range(low, middle, high, level)
    text = f"p between {bounds[0]:.4g} and {bounds[1]:.4g}"
    centre = ((low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0)
    if centre[1] < middle[0] - SLACK or centre[0] > middle[1] + SLACK:
        remark = Diagnostic("interval-not-symmetric", "the estimate is off the middle by more than rounding")
        return done(
            Verdict.CANNOT_TELL, f"the interval is not symmetric; by its width, {text}", bounds, remark
        )
    if p is None:
        return done(Verdict.CONSISTENT, f"the interval is symmetric about the estimate; {text}", bounds)
    excludes = low[0] > 0 or high[1] < 0
    holds = low[1] < 0 < high[0]
    below = (float(p) < 1.0 - level and sign is not Comparison.ABOVE) or float(p) == 0
    differs = (excludes and not below and sign is not Comparison.BELOW) or (holds and below)
    remarks = (
        (Diagnostic("decision-differs", "interval and p value disagree on no effect"),) if differs else ()
    )
    if p_fits(*bounds, p, sign, rule):
        return done(Verdict.CONSISTENT, f"{text} fits", bounds, *remarks)
    return done(Verdict.INCONSISTENT, f"{text}, not {sign} {p.text}", bounds, *remarks)


def _p_range(
    low: tuple[float, float], middle: tuple[float, float], high: tuple[float, float], level: float
) -> tuple[float, float]:
    """Return the smallest and largest p value that a rounded estimate and interval allow."""
    z = normal_quantile(level)
    widths = (max(0.0, high[0] - low[1]) / (2.0 * z), (high[1] - low[0]) / (2.0 * z))
    sizes = sorted(abs(end) for end in middle)
    least = 0.0 if middle[0] <= 0 <= middle[1] else sizes[0]
    most = sizes[1] / widths[0] if widths[0] > 0 else math.inf
    return two_sided_p(most, None), two_sided_p(least / widths[1] if widths[1] < math.inf else 0.0, None)
