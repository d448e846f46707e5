"""Checked counts: events with patients or person-time, in one or two arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import TooFewStudiesError
from evergrove.stats.arrays import (
    FAR,
    NEAR,
    BoolArray,
    FloatArray,
    column,
    refuse_rows,
    row_names,
    same_length,
)
from evergrove.stats.diagnostic import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

#: Counts above this are not whole in double precision.
MOST = 2.0**53
ABOVE_ZERO = {"n": "leave out an arm without patients", "time": "leave out an arm without person-time"}


def checked_counts(given: Mapping[str, ArrayLike], *, whole: bool = False) -> dict[str, FloatArray]:
    """Return columns of events and sizes, complete and possible.

    Parameters
    ----------
    given : mapping of str to array-like, shape (k,)
        ``events1, n1, events2, n2``; ``events, n``; with ``time`` in place of ``n`` for rates.
    whole : bool
        Whether events (and patients) must be whole numbers, as likelihoods need.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    TooFewStudiesError
        Without any study.
    DataError
        For numbers that cannot be, naming the rows.
    """
    columns = {name: column(name, values) for name, values in given.items()}
    if same_length(columns) == 0:
        raise TooFewStudiesError(
            "tables: found 0 studies; allowed: 1 or more; check which studies were eligible"
        )
    for name, values in columns.items():
        refuse_rows(name, values, ~np.isfinite(values), allowed="a finite number", todo="leave the study out")
        largest = FAR if name.startswith("time") else MOST
        refuse_rows(name, values, values > largest, allowed=f"at most {largest:g}", todo="check the number")
        tiny = (values > 0) & (values < NEAR)
        refuse_rows(name, values, tiny, allowed=f"0, or from {NEAR:g} on", todo="check the number")
        if whole and not name.startswith("time"):
            broken = values != np.floor(values)
            refuse_rows(
                name, values, broken, allowed="a whole number", todo="give counts, no rates or corrections"
            )
    for arm in ("", "1", "2"):
        if f"events{arm}" not in columns:
            continue
        events = columns[f"events{arm}"]
        kind = "n" if f"n{arm}" in columns else "time"
        size = columns[f"{kind}{arm}"]
        refuse_rows(f"{kind}{arm}", size, size <= 0, allowed="above 0", todo=ABOVE_ZERO[kind])
        if kind == "n":
            bad, allowed = (events < 0) | (events > size), f"0 to n{arm}"
        else:
            bad, allowed = events < 0, "not below 0"
        todo = "events are patients with the event" if kind == "n" else "check the arm"
        refuse_rows(f"events{arm}", events, bad, allowed=allowed, todo=todo)
    return columns


def without_information(rows: BoolArray, labels: tuple[str, ...] | None, what: str) -> tuple[Diagnostic, ...]:
    """Return the remark that names rows of no weight.

    Parameters
    ----------
    rows : ndarray of bool, shape (k,)
        The rows.
    labels : tuple of str or None
        Names of all rows.
    what : str
        What they have: ``"no event in either arm"``.

    Returns
    -------
    tuple of Diagnostic
        Empty where there is no such row.
    """
    if not rows.any():
        return ()
    count = int(rows.sum())
    subject = f"1 study with {what} carries" if count == 1 else f"{count} studies with {what} carry"
    message = f"{subject} no information on the ratio and no weight"
    return (Diagnostic("no-information", message, row_names(np.flatnonzero(rows), labels)),)
