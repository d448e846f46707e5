"""Which rows of the data have no effect, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.stats.arrays import BoolArray, FloatArray


class Rows:
    """The reasons why rows are not estimable; the first reason of a row stands.

    Parameters
    ----------
    k : int
        Number of rows.
    """

    __slots__ = ("lost", "reasons")

    def __init__(self, k: int) -> None:
        self.reasons: list[str] = [""] * k
        self.lost: BoolArray = np.zeros(k, dtype=bool)

    def mark(self, bad: BoolArray, reason: str) -> None:
        """Give the rows where `bad` is true a reason, unless they have one.

        Parameters
        ----------
        bad : ndarray of bool, shape (k,)
            Rows concerned.
        reason : str
            Why they are not estimable.
        """
        for row in np.flatnonzero(bad & ~self.lost):
            self.reasons[row] = reason
        self.lost |= bad

    def mark_missing(self, lost: BoolArray, columns: Mapping[str, FloatArray]) -> None:
        """Name the missing columns of the rows that lack what their effect needs.

        Parameters
        ----------
        lost : ndarray of bool, shape (k,)
            Rows without enough numbers.
        columns : mapping of str to ndarray
            The columns given that the measure can use.
        """
        for row in np.flatnonzero(lost & ~self.lost):
            names = [name for name, values in columns.items() if np.isnan(values[row])]
            self.reasons[row] = f"missing: {', '.join(names)}"
        self.lost |= lost
