"""GRIM, GRIMMER, DEBIT and percentages: what whole numbers can and cannot give."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from evergrove.errors import DataError
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.integrity.check_result import IntegrityCheck
from evergrove.stats.integrity.options import Rounding, Verdict
from evergrove.stats.integrity.printed import PrintedNumber, Span, chosen_rounding, printed_number
from evergrove.stats.scalars import whole

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How many possible values are listed, and how far from the printed n others are tried.
MOST_LISTED, NEARBY_N = 10, 5

Printed = str | float | Decimal | PrintedNumber


def _nearest(value: Fraction, grain: int) -> tuple[float, ...]:
    """Return the possible values just below and above."""
    below = (value * grain).numerator // (value * grain).denominator
    return (below / grain, (below + 1) / grain)


def grim_test(
    mean: Printed, n: float, *, items: int = 1, percent: bool = False, rounding: str = Rounding.EITHER
) -> IntegrityCheck:
    """Check whether whole numbers of n patients can have a printed mean (GRIM).

    Parameters
    ----------
    mean : str or number
        As printed; a string keeps closing zeros.
    n : float
        Patients behind it, whole.
    items : int
        Items averaged per patient: a scale that is the mean of 5 items has grains of 1/(5 n).
    percent : bool
        Whether `mean` is 100 times a share.
    rounding : Rounding or str
        How it may have been rounded.

    Returns
    -------
    IntegrityCheck
        ``cannot-tell`` where grains are finer than the printed digits, so that every mean fits.

    Raises
    ------
    DataError
        For what is no number, or n not whole.
    UsageError
        For an unknown rounding.

    Notes
    -----
    For values that are whole numbers by nature: counts, single items, ages in completed years, scores. Not
    for measurements, for weighted or adjusted means, or where values are missing and n is not the number
    analysed: the remark ``fits-nearby-n`` says which n would fit.

    References
    ----------
    [Brown2017].

    Examples
    --------
    >>> grim_test("5.19", 28)
    <IntegrityCheck GRIM: inconsistent; no 28 whole numbers have the mean 5.19; nearest 5.17857, 5.21429>
    """
    number, size, parts = printed_number("mean", mean), whole("n", n), whole("items", items)
    rule = chosen_rounding(rounding)
    scale = 100 if percent else 1
    span, grain = number.span(rule), size * parts
    sums = span.integers(Fraction(grain, scale))
    remarks: tuple[Diagnostic, ...] = ()
    possible = tuple(scale * total / grain for total in sums[:MOST_LISTED])
    if sums and grain >= scale * 10**number.decimals:
        verdict, text = Verdict.CANNOT_TELL, f"with n = {size} every printed mean fits"
    elif sums:
        verdict, text = Verdict.CONSISTENT, f"the sum {sums[0]} gives {number.text}"
    else:
        possible = tuple(scale * value for value in _nearest(number.value / scale, grain))
        shown = ", ".join(f"{value:.6g}" for value in possible)
        verdict = Verdict.INCONSISTENT
        text = f"no {size} whole numbers have the mean {number.text}; nearest {shown}"
        around = range(max(1, size - NEARBY_N), size + NEARBY_N + 1)
        fitting = [str(m) for m in around if span.integers(Fraction(m * parts, scale))]
        if fitting:
            remarks = (Diagnostic("fits-nearby-n", f"it would fit n = {', '.join(fitting)}"),)
    return IntegrityCheck(
        "GRIM",
        verdict,
        text,
        {"mean": number.text, "n": str(size)},
        possible,
        {"grain": scale / grain},
        ("single values are whole numbers", f"n = {size} patients are behind the mean", f"rounding: {rule}"),
        remarks,
    )


def _bounded_squares(total: int, n: int, low: int | None, high: int | None) -> tuple[int, int | None]:
    """Return the least and the greatest sum of squares of n whole numbers with a sum, within bounds."""
    floor, rest = divmod(total, n)
    least = n * floor**2 + rest * (2 * floor + 1)
    if low is None or high is None:
        return least, None
    if not n * low <= total <= n * high:
        return 1, 0  # no such numbers
    if high == low:
        return least, least
    top, left = divmod(total - n * low, high - low)
    middle = (low + left) ** 2 if top < n else 0
    return least, top * high**2 + middle + max(0, n - top - 1) * low**2


def sums_and_squares(
    mean: Span, sd: Span, n: int, *, items: int = 1, bounds: tuple[int, int] | None = None, ddof: int = 1
) -> Iterator[tuple[int, int]]:
    """Yield sums and sums of squares of n whole numbers that have a mean and an SD.

    Parameters
    ----------
    mean, sd : Span
        Exact values that could have been printed so.
    n : int
        Numbers, 2 and more.
    items : int
        The numbers are means of so many whole items.
    bounds : tuple of int or None
        Least and greatest value of one item.
    ddof : int
        1 for the sample SD, 0 for the population SD.

    Yields
    ------
    total, squares : int
        Of the item sums.
    """
    variance = sd.squared()
    low, high = (None, None) if bounds is None else (bounds[0] * items, bounds[1] * items)
    for total in mean.integers(Fraction(n * items)):
        centre = Fraction(total**2, n)
        least, most = _bounded_squares(total, n, low, high)
        factor = (n - ddof) * items**2
        shifted = Span(
            variance.low * factor + centre, variance.high * factor + centre, variance.low_in, variance.high_in
        )
        for squares in shifted.integers(Fraction(1)):
            if squares % 2 == total % 2 and squares >= least and (most is None or squares <= most):
                yield total, squares


def grimmer_test(
    mean: Printed,
    sd: Printed,
    n: float,
    *,
    items: int = 1,
    scale: tuple[int, int] | None = None,
    population_sd: bool = False,
    rounding: str = Rounding.EITHER,
) -> IntegrityCheck:
    """Check whether whole numbers of n patients can have a printed mean and SD (GRIMMER).

    Parameters
    ----------
    mean, sd : str or number
        As printed; a string keeps closing zeros.
    n : float
        Patients, 2 and more, whole.
    items : int
        Items averaged per patient.
    scale : tuple of int or None
        Least and greatest value of an item, where there are such.
    population_sd : bool
        Whether the SD divides by n instead of n - 1.
    rounding : Rounding or str
        How both may have been rounded.

    Returns
    -------
    IntegrityCheck
        ``possible`` holds the possible SDs nearest to the printed one.

    Raises
    ------
    DataError
        For what is no number, an SD below 0, or n not whole.
    UsageError
        For an unknown rounding.

    Notes
    -----
    The sum of squares of whole numbers is whole, and odd when their sum is odd; those with a fitting SD are
    counted in exact fractions for every sum that fits the mean. Consistent means not excluded: not every
    such pair has numbers (`reconstruct_sample` looks for some). With several items, person sums are the
    whole numbers; the R package scrutiny before 1.0 multiplied n by the items instead, as if all items
    were one sample of n times items values.

    References
    ----------
    [Anaya2016]; [Allard2018]; [Brown2017].

    Examples
    --------
    >>> str(grimmer_test("3.44", "2.47", 18).verdict), str(grimmer_test("3.44", "2.48", 18).verdict)
    ('inconsistent', 'consistent')
    """
    centre, spread = printed_number("mean", mean), printed_number("sd", sd)
    size, parts, rule = whole("n", n, 2), whole("items", items), chosen_rounding(rounding)
    if spread.value < 0:
        raise DataError(f"sd: found {spread.text}; allowed: 0 and more; check the standard deviation")
    ddof = 0 if population_sd else 1
    mean_span, sd_span = centre.span(rule), spread.span(rule)
    first = next(sums_and_squares(mean_span, sd_span, size, items=parts, bounds=scale, ddof=ddof), None)
    grim_fails = not mean_span.integers(Fraction(size * parts))
    possible = () if grim_fails else _possible_sds(mean_span, spread, rule, size, parts, scale, ddof)
    if grim_fails:
        verdict, text = Verdict.INCONSISTENT, f"no {size} whole numbers have the mean {centre.text} (GRIM)"
    elif first is None:
        verdict, text = (
            Verdict.INCONSISTENT,
            f"no {size} whole numbers with this mean have the SD {spread.text}",
        )
    else:
        verdict, text = Verdict.CONSISTENT, f"a sum of {first[0]} and a sum of squares of {first[1]} fit"
    assumptions = (
        "single values are whole numbers",
        f"n = {size} patients are behind mean and SD",
        "the SD divides by n" if population_sd else "the SD divides by n - 1",
        f"rounding: {rule}",
    )
    reported = {"mean": centre.text, "sd": spread.text, "n": str(size)}
    return IntegrityCheck("GRIMMER", verdict, text, reported, possible, {}, assumptions)


def _possible_sds(  # noqa: PLR0917 - all of one check
    mean: Span,
    spread: PrintedNumber,
    rule: Rounding,
    n: int,
    items: int,
    scale: tuple[int, int] | None,
    ddof: int,
) -> tuple[float, ...]:
    """Return printed SDs next to the given one that fit, nearest first."""
    found = []
    for step in range(4 * MOST_LISTED):
        for sign in (1, -1) if step else (1,):
            value = spread.value + Fraction(sign * step, 10**spread.decimals)
            other = PrintedNumber(value, spread.decimals, "")
            if value < 0:
                continue
            fits = next(
                sums_and_squares(mean, other.span(rule), n, items=items, bounds=scale, ddof=ddof), None
            )
            if fits is not None:
                found.append(float(value))
        if len(found) >= 2:
            break
    return tuple(found[:MOST_LISTED])


def debit_test(
    mean: Printed, sd: Printed, n: float, *, population_sd: bool = False, rounding: str = Rounding.EITHER
) -> IntegrityCheck:
    """Check whether 0/1 values of n patients can have a printed mean and SD (DEBIT).

    Parameters
    ----------
    mean, sd : str or number
        As printed; the mean is the share of ones, 0 to 1.
    n : float
        Patients, 2 and more, whole.
    population_sd : bool
        Whether the SD divides by n instead of n - 1.
    rounding : Rounding or str
        How both may have been rounded.

    Returns
    -------
    IntegrityCheck
        ``possible`` holds the SDs of the counts that fit the mean.

    Raises
    ------
    DataError
        For a mean outside 0 to 1, or n not whole.
    UsageError
        For an unknown rounding.

    Notes
    -----
    With c ones, the SD is √(c (n - c) / (n (n - 1))): every count that fits the mean is tried in exact
    fractions, as in scrutiny from 1.0 on.

    References
    ----------
    [Heathers2019].

    Examples
    --------
    >>> str(debit_test("0.35", "0.18", 20).verdict), str(debit_test("0.35", "0.49", 20).verdict)
    ('inconsistent', 'consistent')
    """
    centre, spread = printed_number("mean", mean), printed_number("sd", sd)
    size, rule = whole("n", n, 2), chosen_rounding(rounding)
    if not 0 <= centre.value <= 1:
        raise DataError(f"mean: found {centre.text}; allowed: 0 to 1; write 35 % as 0.35")
    counts = [c for c in centre.span(rule).integers(Fraction(size)) if 0 <= c <= size]
    divisor = size * (size if population_sd else size - 1)
    variances = {c: Fraction(c * (size - c), divisor) for c in counts}
    wanted = spread.span(rule).squared()
    fitting = [c for c, variance in variances.items() if wanted.holds(variance)]
    possible = tuple(dict.fromkeys(math.sqrt(variance) for variance in variances.values()))[:MOST_LISTED]
    if fitting:
        verdict, text = Verdict.CONSISTENT, f"{fitting[0]} of {size} fits"
    elif counts:
        shown = ", ".join(f"{value:.4g}" for value in possible[:3])
        verdict, text = (
            Verdict.INCONSISTENT,
            f"a share of {centre.text} has the SD {shown}, not {spread.text}",
        )
    else:
        verdict, text = Verdict.INCONSISTENT, f"no count of {size} gives {centre.text} (GRIM)"
    assumptions = (
        "all values are 0 or 1",
        f"n = {size} patients are behind mean and SD",
        "the SD divides by n" if population_sd else "the SD divides by n - 1",
        f"rounding: {rule}",
    )
    reported = {"mean": centre.text, "sd": spread.text, "n": str(size)}
    return IntegrityCheck("DEBIT", verdict, text, reported, possible, {}, assumptions)


def percentage_test(
    percent: Printed, n: float, *, events: float | None = None, rounding: str = Rounding.EITHER
) -> IntegrityCheck:
    """Check whether a count of n patients can give a printed percentage.

    Parameters
    ----------
    percent : str or number
        As printed, 0 to 100; a string keeps closing zeros and may end in ``%``.
    n : float
        Patients, whole.
    events : float or None
        The count printed beside it, where there is one.
    rounding : Rounding or str
        How it may have been rounded.

    Returns
    -------
    IntegrityCheck
        ``possible`` holds the counts that fit. Without `events`, ``cannot-tell`` where every percentage fits.

    Raises
    ------
    DataError
        For a percentage outside 0 to 100, or counts that are not whole or above n.
    UsageError
        For an unknown rounding.

    Notes
    -----
    Trials print percentages of those assessed, not of those randomised: try that n before anything else.

    References
    ----------
    [Brown2017] (the same arithmetic as GRIM).

    Examples
    --------
    >>> percentage_test("17.3%", 20).verdict
    <Verdict.INCONSISTENT: 'inconsistent'>
    """
    number, size, rule = printed_number("percent", percent), whole("n", n), chosen_rounding(rounding)
    if not 0 <= number.value <= 100:
        raise DataError(f"percent: found {number.text}; allowed: 0 to 100; write a share of 0.35 as 35")
    counts = [c for c in number.span(rule).integers(Fraction(size, 100)) if 0 <= c <= size]
    reported = {"percent": number.text, "n": str(size)}
    remarks: tuple[Diagnostic, ...] = ()
    if events is not None:
        given = whole("events", events, 0)
        if given > size:
            raise DataError(f"events: found {given} of {size}; allowed: at most n; check the counts")
        reported["events"] = str(given)
        fits = given in counts
        verdict = Verdict.CONSISTENT if fits else Verdict.INCONSISTENT
        text = f"{given} of {size} is {100 * given / size:.4g} %"
        others = [
            m for m in range(given or 1, 2 * size + 1) if number.span(rule).holds(Fraction(100 * given, m))
        ]
        if not fits and others:
            shown = f"{others[0]} to {others[-1]}" if len(others) > 1 else str(others[0])
            remarks = (Diagnostic("fits-another-n", f"{given} patients would be {number.text} % of {shown}"),)
    elif counts and size >= 100 * 10**number.decimals:
        verdict, text = Verdict.CANNOT_TELL, f"with n = {size} every printed percentage fits"
    else:
        verdict = Verdict.CONSISTENT if counts else Verdict.INCONSISTENT
        text = f"{counts[0]} of {size} fits" if counts else f"no count of {size} gives {number.text} %"
    possible = tuple(float(c) for c in counts[:MOST_LISTED])
    if not counts:
        possible = tuple(size * value for value in _nearest(number.value / 100, size))
    assumptions = (f"the percentage is of n = {size} patients", f"rounding: {rule}")
    return IntegrityCheck("percentage", verdict, text, reported, possible, {}, assumptions, remarks)
