"""Numbers that stand in several reports, and the last digits of numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import listed
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.integrity.options import Verdict
from evergrove.stats.integrity.printed import printed_number
from evergrove.stats.result import Result
from evergrove.stats.scalars import shown, whole, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.integrity.granularity import Printed

#: Expected numbers per digit below which the chi-square test is not to be trusted.
FEWEST_PER_DIGIT = 5


@dataclass(frozen=True, slots=True)
class RepeatedValue:
    """A printed number and the cells that hold it.

    Parameters
    ----------
    value : str
        As printed.
    cells : tuple of tuple of str
        Report and cell, two reports at least.
    """

    value: str
    cells: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, object]:
        """Return the value and its cells as JSON-safe data."""
        return {"value": self.value, "cells": [list(cell) for cell in self.cells]}


@dataclass(frozen=True, slots=True, repr=False)
class RepeatedValues(Result):
    """Numbers that stand in more than one report.

    Parameters
    ----------
    verdict : Verdict
        Consistent where nothing is repeated; else cannot-tell: how many repeats chance gives is not known.
    repeats : tuple of RepeatedValue
        Longest numbers first.
    pairs : mapping of str to int
        ``"report / report"``: how many numbers they share.
    compared : mapping of str to int
        Numbers of each report that were long enough to compare.
    same_cell : int
        Repeats that stand in the same cell of both reports.
    fewest_digits : int
        Significant digits that a number needed.
    assumptions : tuple of str
        What a repeat would be remarkable under.
    """

    verdict: Verdict
    repeats: tuple[RepeatedValue, ...]
    pairs: Mapping[str, int]
    compared: Mapping[str, int]
    same_cell: int
    fewest_digits: int
    assumptions: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<RepeatedValues {self.verdict}: {len(self.repeats)} numbers in two reports and more>"

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per repeated number and cell."""
        rows = [(one.value, *cell) for one in self.repeats for cell in one.cells]
        return {
            name: np.array([row[at] for row in rows]) for at, name in enumerate(("value", "report", "cell"))
        }


def _digits(text: str) -> int:
    """Return the significant digits of a printed number; closing zeros after the point count."""
    figures = text.lstrip("+-").replace(".", "").lstrip("0")
    return len(figures if "." in text else figures.rstrip("0"))


def repeated_values(
    reports: Mapping[str, Mapping[str, Printed]], *, fewest_digits: int = 3
) -> RepeatedValues:
    """Find numbers that stand in more than one report.

    Parameters
    ----------
    reports : mapping of str to mapping of str to (str or number)
        Report, then cell ("age, control, mean"), then the number as printed.
    fewest_digits : int
        Significant digits below which a number is too short to compare (2.5 has two).

    Returns
    -------
    RepeatedValues

    Raises
    ------
    DataError
        For fewer than two reports, or cells that hold no number.

    Notes
    -----
    Which cells, and how many; no probability is given: it hangs on how the variables spread and are
    rounded, for which no model fits all. Reports of one trial share numbers rightly, and so do those that
    use one reference population: look there first.

    References
    ----------
    [Bordewijk2020]; [Hunter2024a].

    Examples
    --------
    >>> found = repeated_values({"A": {"age": "61.24", "bmi": "27.3"}, "B": {"age": "61.24", "bmi": "26.9"}})
    >>> found.repeats[0].value, found.same_cell
    ('61.24', 1)
    """
    if not isinstance(reports, Mapping) or not all(isinstance(cells, Mapping) for cells in reports.values()):
        raise UsageError(
            f"reports: found {shown(reports)}; allowed: numbers by cell, by report; pass a dict of dicts"
        )
    if len(reports) < 2:
        raise DataError(f"reports: found {len(reports)}; allowed: 2 and more; there is nothing to compare")
    shortest = whole("fewest_digits", fewest_digits)
    where: dict[str, list[tuple[str, str]]] = {}
    compared = dict.fromkeys(reports, 0)
    for report, cells in reports.items():
        for cell, value in cells.items():
            text = printed_number(f"{report}, {cell}", value).text.lstrip("+")
            if _digits(text) >= shortest:
                compared[report] += 1
                where.setdefault(text, []).append((report, cell))
    shared = [(text, held) for text, held in where.items() if len({report for report, _ in held}) > 1]
    shared.sort(key=lambda one: (-_digits(one[0]), -len(one[1]), one[0]))
    pairs: Counter[str] = Counter()
    same_cell = 0
    for _, places in shared:
        names = list(dict.fromkeys(report for report, _ in places))
        pairs.update(f"{first} / {second}" for first, second in combinations(names, 2))
        same_cell += max(Counter(cell for _, cell in places).values()) > 1
    return RepeatedValues(
        Verdict.CANNOT_TELL if shared else Verdict.CONSISTENT,
        tuple(RepeatedValue(text, tuple(held)) for text, held in shared),
        dict(pairs),
        compared,
        same_cell,
        shortest,
        ("the reports are of different patients", "the cells hold no constants of a protocol or population"),
    )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TerminalDigits(Result):
    """How often each last digit occurs.

    Parameters
    ----------
    verdict : Verdict
        Inconsistent with equal frequencies where the p value is below the threshold; cannot-tell with fewer
        than 50 numbers; consistent otherwise.
    counts : ndarray, shape (10,)
        Of the digits 0 to 9.
    statistic, df, p_value : float, int, float
        Chi-square of equal frequencies.
    n : int
        Numbers.
    threshold : float
        As given.
    assumptions : tuple of str
        What the verdict hangs on.
    diagnostics : tuple of Diagnostic
        ``few-numbers``.
    """

    verdict: Verdict
    counts: FloatArray
    statistic: float
    df: int
    p_value: float
    n: int
    threshold: float
    assumptions: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        test = f"χ²={self.statistic:.3f}, df={self.df}, p={self.p_value:.4g}"
        return f"<TerminalDigits {self.verdict}: {test}, n={self.n}>"

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per digit."""
        return {"digit": np.arange(10), "count": self.counts}


def terminal_digit_test(values: Sequence[Printed], *, threshold: float = 0.001) -> TerminalDigits:
    """Test whether the last digits of printed numbers are equally frequent.

    Parameters
    ----------
    values : sequence of str or number
        As printed, all to the same precision; strings keep closing zeros, numbers lose them.
    threshold : float
        Below which the verdict is inconsistent.

    Returns
    -------
    TerminalDigits

    Raises
    ------
    DataError
        For no numbers.

    Notes
    -----
    For measured values with at least one digit more than matters: their last digit is noise. Not for counts,
    ages, scores, or devices that read in steps of 2 or 5; who rounds by eye prefers 0 and 5 without fault.

    References
    ----------
    [Mosimann1995]; [Al-Marzouki2005].

    Examples
    --------
    >>> test = terminal_digit_test([f"{1.01 + step / 100:.2f}" for step in range(60)])
    >>> test.p_value, test.verdict
    (1.0, <Verdict.CONSISTENT: 'consistent'>)
    """
    tail = within("threshold", threshold, 0.0, 1.0, todo="for example 0.001")
    printed = listed("values", values, "numbers as printed")
    if not printed:
        raise DataError("values: found none; allowed: 1 and more, best over 50; give the numbers as printed")
    last = [int(printed_number("values", value).text[-1]) for value in printed]
    counts = np.bincount(last, minlength=10).astype(np.float64)
    expected = len(last) / 10.0
    statistic = float(((counts - expected) ** 2).sum() / expected)
    p = chi2_tail(statistic, 9)
    few = expected < FEWEST_PER_DIGIT
    verdict = Verdict.CANNOT_TELL if few else Verdict.INCONSISTENT if p < tail else Verdict.CONSISTENT
    message = f"{len(last)} numbers: fewer than {FEWEST_PER_DIGIT} are expected of a digit"
    remarks = (Diagnostic("few-numbers", message),) if few else ()
    assumed = ("measured values with a digit more than matters", "one precision, last digits as printed")
    return TerminalDigits(verdict, counts, statistic, 9, p, len(last), tail, assumed, remarks)
