"""Standard deviations that the range forbids, and standard errors printed as standard deviations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import listed
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import two_sided_p
from evergrove.stats.integrity.check_result import IntegrityCheck
from evergrove.stats.integrity.options import Comparison, Rounding, Verdict
from evergrove.stats.integrity.p_values import p_fits
from evergrove.stats.integrity.printed import chosen_rounding, printed_number
from evergrove.stats.options import choose
from evergrove.stats.scalars import finite, whole

if TYPE_CHECKING:
    from evergrove.stats.integrity.granularity import Printed


def sd_bounds(
    mean: float, minimum: float, maximum: float, n: float, *, attained: bool = False
) -> tuple[float, float]:
    """Return the smallest and the largest SD that n values within a range can have at a mean.

    Parameters
    ----------
    mean, minimum, maximum : float
        In one unit; the mean within the range.
    n : float
        Values, 2 and more, whole.
    attained : bool
        Whether some value is the minimum and some the maximum (a printed range), not only bounds of a scale.

    Returns
    -------
    low, high : float
        The largest has all values but one at the ends, so that it is at most √((maximum - mean)(mean -
        minimum) n/(n - 1)) (Bhatia & Davis 2000); the smallest is 0, or with an attained range that of one
        value at each end and the rest as equal as can be.

    Raises
    ------
    DataError
        For a mean outside the range, or n below 2.

    References
    ----------
    [Bhatia2000]; [Popoviciu1935].

    Examples
    --------
    >>> [round(x, 4) for x in sd_bounds(3.0, 1, 5, 10, attained=True)]
    [0.9428, 2.1082]
    >>> round(sd_bounds(4.2, 1, 7, 5)[1], 2)  # 1, 1, 5, 7, 7
    3.03
    """
    size = whole("n", n, 2)
    mean, minimum, maximum = finite("mean", mean), finite("minimum", minimum), finite("maximum", maximum)
    if not minimum <= mean <= maximum:
        raise DataError(
            f"mean: found {mean!r}; allowed: within {minimum:g} to {maximum:g}; check mean, range and unit"
        )
    high = _largest_sd(mean, minimum, maximum, size)
    if not attained:
        return 0.0, high
    squares = (maximum - mean) ** 2 + (mean - minimum) ** 2
    if size > 2:
        rest, room = (size * mean - minimum - maximum) / (size - 2), 1e-9 * (maximum - minimum)
        if not minimum - room <= rest <= maximum + room:
            raise DataError(
                f"mean: found {mean!r}; allowed: what {size} values with one at {minimum:g} and "
                f"one at {maximum:g} can have; check mean, range and n"
            )
        squares += (size - 2) * (rest - mean) ** 2
    return math.sqrt(squares / (size - 1)), high


def _largest_sd(mean: float, minimum: float, maximum: float, n: int) -> float:
    """Return the SD with all values but one at the ends of the range."""
    if maximum == minimum:
        return 0.0
    share = n * (mean - minimum) / (maximum - minimum)
    above = min(math.floor(share + 1e-9), n)
    squares = above * (maximum - mean) ** 2
    if above < n:
        single = minimum + max(0.0, share - above) * (maximum - minimum)
        squares += (single - mean) ** 2 + (n - above - 1) * (mean - minimum) ** 2
    return math.sqrt(squares / (n - 1))


def sd_bounds_test(
    mean: Printed,
    sd: Printed,
    minimum: float,
    maximum: float,
    n: float,
    *,
    attained: bool = False,
    rounding: str = Rounding.EITHER,
) -> IntegrityCheck:
    """Check whether values within a range can have a printed mean and SD.

    Parameters
    ----------
    mean, sd : str or number
        As printed.
    minimum, maximum : float
        Ends of a scale, or of the printed range.
    n : float
        Values, 2 and more, whole.
    attained : bool
        Whether the range was observed.
    rounding : Rounding or str
        How mean and SD may have been rounded.

    Returns
    -------
    IntegrityCheck
        ``possible`` holds the smallest and the largest SD.

    Raises
    ------
    DataError
        For n below 2, or minimum above maximum.
    UsageError
        For an unknown rounding.

    Notes
    -----
    An SD above half the range times √(n/(n - 1)) is impossible whatever the mean. Check first whether the
    scale runs as assumed, and whether the mean is a change.

    References
    ----------
    [Bhatia2000]; [Popoviciu1935].

    Examples
    --------
    >>> sd_bounds_test("3.1", "2.6", 1, 5, 20).verdict
    <Verdict.INCONSISTENT: 'inconsistent'>
    """
    centre, spread, rule = printed_number("mean", mean), printed_number("sd", sd), chosen_rounding(rounding)
    size = whole("n", n, 2)
    minimum, maximum = finite("minimum", minimum), finite("maximum", maximum)
    if not minimum < maximum:
        raise DataError(
            f"minimum: found {minimum!r}; allowed: below the maximum, {maximum!r}; check the range"
        )
    span, wanted = centre.span(rule), spread.span(rule)
    slack = (maximum - minimum) / size if attained else 0.0  # one value at each end pulls the mean inwards
    low_mean = max(float(span.low), minimum + slack)
    high_mean = min(float(span.high), maximum - slack)
    reported = {
        "mean": centre.text,
        "sd": spread.text,
        "range": f"{minimum:g} to {maximum:g}",
        "n": str(size),
    }
    assumptions = (
        f"all {size} values lie from {minimum:g} to {maximum:g}",
        "both ends were observed" if attained else "the ends need not have been observed",
        "the SD divides by n - 1",
        f"rounding: {rule}",
    )

    def done(verdict: Verdict, text: str, possible: tuple[float, ...]) -> IntegrityCheck:
        return IntegrityCheck("SD bounds", verdict, text, reported, possible, {}, assumptions)

    if low_mean > high_mean + 1e-12 * (maximum - minimum):
        return done(Verdict.INCONSISTENT, f"no {size} values with this range have the mean {centre.text}", ())
    best = min(max((minimum + maximum) / 2.0, low_mean), high_mean)  # nearest to the middle
    least = sd_bounds(best, minimum, maximum, size, attained=attained)[0]
    # between means at which all values can lie at the ends, the largest SD is convex
    at, step = math.floor(size * (best - minimum) / (maximum - minimum)), (maximum - minimum) / size
    corners = [minimum + (at + more) * step for more in (0, 1)]
    means = [low_mean, best, high_mean, *(x for x in corners if low_mean <= x <= high_mean)]
    most = max(_largest_sd(x, minimum, maximum, size) for x in means)
    if float(wanted.low) > most * (1 + 1e-12):
        return done(Verdict.INCONSISTENT, f"the SD can be {most:.4g} at most", (least, most))
    if float(wanted.high) < least * (1 - 1e-12):
        return done(Verdict.INCONSISTENT, f"the SD must be {least:.4g} at least", (least, most))
    return done(Verdict.CONSISTENT, f"SDs from {least:.4g} to {most:.4g} are possible", (least, most))


def spread_reading_test(
    means: tuple[Printed, Printed],
    spreads: tuple[Printed, Printed],
    n: tuple[float, float],
    p_value: Printed,
    *,
    comparison: str = Comparison.EQUAL,
    rounding: str = Rounding.EITHER,
) -> IntegrityCheck:
    """Check whether what two arms print as SDs are SDs or standard errors, by the p value of the difference.

    Parameters
    ----------
    means, spreads : tuple of str or number
        Both arms' means, and what is printed as SD, as printed.
    n : tuple of float
        Patients of both arms, 2 and more, whole.
    p_value : str or number
        Of the difference of the means, two-sided.
    comparison : Comparison or str
        The sign before it.
    rounding : Rounding or str
        How the numbers may have been rounded.

    Returns
    -------
    IntegrityCheck
        Consistent where the p value fits SDs; inconsistent where it fits standard errors only
        (``fits-standard-errors``); cannot-tell where it fits both or neither. ``possible`` holds the smallest
        and largest p value for SDs, then for standard errors.

    Raises
    ------
    DataError
        For spreads not above 0, or a p value outside 0 to 1.
    UsageError
        For an unknown option.

    Notes
    -----
    By Student's t test of equal variances. A p value of an adjusted, paired or rank test may fit neither.
    The commonest error of extraction: a standard error taken for an SD makes a trial √n times too sure.

    References
    ----------
    [CochraneHandbook], section 6.5.2.2 and 10.4.1; [Kadlec2023].

    Examples
    --------
    >>> spread_reading_test(("10.1", "12.3"), ("0.7", "0.8"), (30, 32), "0.04").verdict
    <Verdict.INCONSISTENT: 'inconsistent'>
    """
    rule, sign = chosen_rounding(rounding), choose(Comparison, comparison, "comparison")
    centres = [printed_number("means", x).span(rule) for x in listed("means", means, "one of either arm")]
    spans = [printed_number("spreads", x) for x in listed("spreads", spreads, "one of either arm")]
    sizes = [whole("n", x, 2) for x in listed("n", n, "one of either arm")]
    p = printed_number("p_value", p_value)
    if not len(centres) == len(spans) == len(sizes) == 2:
        raise UsageError("spread_reading_test: found not two arms; allowed: two; compare arms in pairs")
    if any(x.value <= 0 for x in spans) or not 0 <= p.value <= 1:
        raise DataError(
            f"spreads and p_value: found {spans[0].text}, {spans[1].text} and {p.text}; allowed: above 0, "
            "and 0 to 1; check the numbers"
        )
    gaps = (float(centres[0].low - centres[1].high), float(centres[0].high - centres[1].low))
    least = 0.0 if gaps[0] <= 0 <= gaps[1] else min(abs(gap) for gap in gaps)
    most = max(abs(gap) for gap in gaps)
    ends = [x.span(rule) for x in spans]
    low_spread, high_spread = [max(float(e.low), 0.0) for e in ends], [float(e.high) for e in ends]
    readings = {}
    for name, factors in (("SD", (1.0, 1.0)), ("standard error", tuple(math.sqrt(size) for size in sizes))):
        errors = [
            _pooled_error([x * f for x, f in zip(values, factors, strict=True)], sizes)
            for values in (low_spread, high_spread)
        ]
        df = sizes[0] + sizes[1] - 2
        smallest = two_sided_p(most / errors[0] if errors[0] > 0 else math.inf, df)
        readings[name] = (smallest, two_sided_p(least / errors[1], df))
    fits = {name: p_fits(*bounds, p, sign, rule) for name, bounds in readings.items()}
    remarks: tuple[Diagnostic, ...] = ()
    if fits["SD"] and not fits["standard error"]:
        verdict, text = Verdict.CONSISTENT, "the p value fits standard deviations"
    elif fits["standard error"] and not fits["SD"]:
        verdict, text = Verdict.INCONSISTENT, "the p value fits only if the spreads are standard errors"
        remarks = (Diagnostic("fits-standard-errors", "check whether SD and standard error were mixed up"),)
    else:
        which = "both readings" if fits["SD"] else "neither reading"
        verdict, text = Verdict.CANNOT_TELL, f"the p value fits {which}"
    reported = {
        "means": ", ".join(str(x) for x in means),
        "spreads": ", ".join(x.text for x in spans),
        "n": ", ".join(str(size) for size in sizes),
        "p": f"{sign} {p.text}",
    }
    assumptions = ("Student's t test, unadjusted, two-sided", f"rounding: {rule}")
    possible = (*readings["SD"], *readings["standard error"])
    return IntegrityCheck("SD or SE", verdict, text, reported, possible, {}, assumptions, remarks)


def _pooled_error(sds: list[float], sizes: list[int]) -> float:
    """Return the standard error of a difference of two means under one variance."""
    pooled = sum((size - 1) * sd**2 for sd, size in zip(sds, sizes, strict=True)) / (sum(sizes) - 2)
    return math.sqrt(pooled * sum(1.0 / size for size in sizes))
