"""What Mantel-Haenszel pooling of tables and of rates share, Peto in part: corrections, conventions, Q."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import FAR, BoolArray, FloatArray, is_number, row_names
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.effects.options import AddedAmount, CorrectedCells, DoubleZero
from evergrove.stats.effects.zero_cells import rows_to_correct
from evergrove.stats.options import PoolModel, ZeroCells, choose


class Correction(NamedTuple):
    """A continuity correction as asked for."""

    add: float
    rule: ZeroCells

    def steps(self, cells: tuple[FloatArray, ...], kept: BoolArray) -> FloatArray:
        """Return what is added to each cell of each row; rows that are not kept neither get nor cause any."""
        corrected = np.zeros(kept.size, dtype=bool)
        corrected[kept] = rows_to_correct(tuple(cell[kept] for cell in cells), self.rule)
        return np.where(corrected, self.add, 0.0)


class RowConvention(NamedTuple):
    """How the rows' own effects are corrected, and which rows without or with only events have one."""

    cells: CorrectedCells
    in_effect: bool
    double_zero: DoubleZero | None = None


def checked_correction(name: str, add: float, rule: str, rule_name: str) -> Correction:
    """Return a checked correction."""
    if not (is_number(add) and 0 <= add <= FAR):
        raise UsageError(f"{name}: found {add!r}; allowed: a finite number not below 0; 0 is none")
    return Correction(float(add), choose(ZeroCells, rule, rule_name))


def correction_remark(
    steps: FloatArray,
    labels: tuple[str, ...] | None,
    rule: ZeroCells,
    amount: AddedAmount = AddedAmount.CONSTANT,
) -> tuple[Diagnostic, ...]:
    """Return the remark that cells were corrected."""
    rows = np.flatnonzero(steps > 0)
    if not rows.size:
        return ()
    whose = "studies with a zero cell" if rule is ZeroCells.ONLY_ZERO else "studies"
    how = "" if amount is AddedAmount.CONSTANT else " on average, in proportion to the arms' sizes,"
    message = f"{float(steps[rows[0]]):g} was added{how} to each cell of {whose}"
    return (Diagnostic("continuity-correction", message, row_names(rows, labels)),)


class Asked(NamedTuple):
    """The options that both public functions share, as resolved."""

    model: PoolModel
    correction: Correction
    rows: Correction
    drop: bool | None
    level: float
    amount: AddedAmount = AddedAmount.CONSTANT
    shown: RowConvention = RowConvention(CorrectedCells.ALL, in_effect=True)


def row_heterogeneity(yi: FloatArray, vi: FloatArray, centre: float) -> float:
    """Return Q of the rows' own effects about the pooled one; 0 for one row, whose correction alone it is."""
    return float(((yi - centre) ** 2 / vi).sum()) if yi.size > 1 else 0.0


def undefined_ratio(measure: str, columns: dict[str, FloatArray]) -> DataError:
    """Return the error for a ratio that no table defines."""
    a, n1, c, n2 = (float(values.sum()) for values in columns.values())
    return DataError(
        f"Mantel-Haenszel {measure}: found {a:g}/{n1:g} and {c:g}/{n2:g} events over all studies: "
        "the ratio is 0, infinite or undefined; allowed: events in both arms, and for the odds ratio "
        "patients without the event too; pool the difference (measure='RD', 'IRD') or state the counts"
    )
