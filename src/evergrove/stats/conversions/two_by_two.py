"""2 x 2 tables back from their margins and an odds ratio, a phi coefficient or a chi-square."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats.arrays import FAR, FloatArray, column, refuse_rows, same_length
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ReconstructedTables(Result):
    """Counts of 2 x 2 tables, rows and columns as their margins were named.

    Parameters
    ----------
    a, b, c, d : ndarray, shape (k,)
        First row a, b; second row c, d; a + b is the first row's total, a + c the first column's. NaN
        where no table fits.
    exact : ndarray, shape (k,)
        The first cell before rounding: far from whole, the statistic or a margin is misprinted.
    reasons : tuple of str
        Why there is no table; empty where there is.
    """

    a: FloatArray
    b: FloatArray
    c: FloatArray
    d: FloatArray
    exact: FloatArray
    reasons: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<ReconstructedTables {int(np.isfinite(self.a).sum())} of {self.a.size}>"

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per table."""
        cells = {name: getattr(self, name) for name in ("a", "b", "c", "d", "exact")}
        return {**cells, "reason": np.array(self.reasons)}


def _cell_from_odds_ratio(odds_ratio: float, p1: float, p2: float) -> float:
    """Return the probability of the first cell, by the root of the quadratic that lies within the margins."""
    middle = 1.0 + (p1 + p2) * (odds_ratio - 1.0)
    root = math.sqrt(max(0.0, middle**2 - 4.0 * odds_ratio * (odds_ratio - 1.0) * p1 * p2))
    return 2.0 * odds_ratio * p1 * p2 / (middle + root)  # the stable form: holds at 1 too


def _phi_from_chi2(chi2: float, n: float, margins: float, *, correct: bool) -> float:
    """Return phi of a chi-square, its continuity correction taken back."""
    if chi2 == 0:
        return 0.0
    correction = n / (2.0 * math.sqrt(margins)) if correct and margins > 0 else 0.0
    return math.copysign(math.sqrt(abs(chi2) / n) + correction, chi2)


def tables_from_margins(
    n: ArrayLike,
    row1: ArrayLike,
    column1: ArrayLike,
    *,
    odds_ratio: ArrayLike | None = None,
    phi: ArrayLike | None = None,
    chi2: ArrayLike | None = None,
    correct: bool = True,
) -> ReconstructedTables:
    """Rebuild 2 x 2 tables from their margins and one statistic each.

    Parameters
    ----------
    n : array-like, shape (k,)
        All patients; rounded to whole ones.
    row1, column1 : array-like, shape (k,)
        Totals of the first row (an arm) and of the first column (those with the event).
    odds_ratio : array-like or None
        Above 0; used first.
    phi : array-like or None
        -1 to 1; used where there is no odds ratio.
    chi2 : array-like or None
        Pearson's chi-square, used where there is neither. It has no sign: give it that of the association,
        below 0 where the first row has fewer events than expected.
    correct : bool
        Whether the chi-square was computed with Yates' correction.

    Returns
    -------
    ReconstructedTables

    Raises
    ------
    DataError
        For margins above n, counts below 0, and a phi beyond 1.

    Notes
    -----
    metafor's ``conv.2x2``; that gives no table where the odds ratio is exactly 1, here it is the table of
    independence. Look at ``exact``: where it is not near a whole number, the numbers do not belong together.

    Examples
    --------
    >>> table = tables_from_margins([100], [50], [30], odds_ratio=[2.6667])
    >>> [float(cell[0]) for cell in (table.a, table.b, table.c, table.d)]
    [20.0, 30.0, 10.0, 40.0]
    """
    columns = {"n": column("n", n), "row1": column("row1", row1), "column1": column("column1", column1)}
    for name, values in (("odds_ratio", odds_ratio), ("phi", phi), ("chi2", chi2)):
        columns[name] = np.full(columns["n"].size, np.nan) if values is None else column(name, values)
    k = same_length(columns)
    for name, values in columns.items():
        refuse_rows(name, values, np.abs(values) > FAR, allowed=f"up to {FAR:g}", todo="check the number")
    total, first, events = (np.round(columns[name]) for name in ("n", "row1", "column1"))
    for name, values in (("n", total), ("row1", first), ("column1", events)):
        refuse_rows(name, values, values < 0, allowed="0 and more", todo="check the counts")
        refuse_rows(name, values, values > total, allowed="at most n", todo="check the margins")
    ratio = columns["odds_ratio"]
    refuse_rows("odds_ratio", ratio, ratio <= 0, allowed="above 0", todo="give the odds ratio, not its log")
    refuse_rows(
        "phi", columns["phi"], np.abs(columns["phi"]) > 1, allowed="-1 to 1", todo="check the coefficient"
    )
    exact = np.full(k, np.nan)
    for row in range(k):
        size = total[row]
        if not size > 0 or math.isnan(first[row] + events[row]):
            continue
        p1, p2 = first[row] / size, events[row] / size
        if not math.isnan(ratio[row]):
            exact[row] = size * _cell_from_odds_ratio(float(ratio[row]), p1, p2)
            continue
        association = float(columns["phi"][row])
        margins = first[row] * (size - first[row]) * events[row] * (size - events[row])
        if math.isnan(association) and not math.isnan(columns["chi2"][row]):
            association = _phi_from_chi2(float(columns["chi2"][row]), size, margins, correct=correct)
        exact[row] = size * p1 * p2 + association * math.sqrt(margins) / size
    return _tables(total, first, events, exact)


def _tables(
    total: FloatArray, first: FloatArray, events: FloatArray, exact: FloatArray
) -> ReconstructedTables:
    """Return whole cells, and a reason where there is no table."""
    a = np.round(exact)
    cells = [a, first - a, events - a, total - first - events + a]
    negative = np.array([bool(any(cell[row] < 0 for cell in cells)) for row in range(a.size)])
    reasons = tuple(
        "a number is missing"
        if math.isnan(exact[row])
        else "a cell would be below 0: margins and statistic do not belong together"
        if negative[row]
        else ""
        for row in range(a.size)
    )
    lost = np.array([bool(reason) for reason in reasons])
    kept = [np.where(lost, np.nan, cell) for cell in cells]
    return ReconstructedTables(kept[0], kept[1], kept[2], kept[3], exact, reasons)
