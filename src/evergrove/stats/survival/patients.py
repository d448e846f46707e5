"""Times and events of patients, checked; and the table of risk sets that every method here starts from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import FloatArray, column, refuse_missing, refuse_rows, same_length

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import ArrayLike, NDArray


def times_and_events(time: ArrayLike, event: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return checked follow-up times and event indicators.

    Parameters
    ----------
    time : array-like, shape (n,)
        Follow-up of each patient, 0 and more.
    event : array-like, shape (n,)
        1 for an event, 0 for a censored time.

    Returns
    -------
    time, event : ndarray of float64, shape (n,)

    Raises
    ------
    DataError
        For no patients, negative or missing times, and events other than 0 and 1.
    """
    times, events = column("time", time), column("event", event)
    if same_length({"time": times, "event": events}) == 0:
        raise DataError("time: found no patients; allowed: 1 and more; check the selection")
    bad = ~np.isfinite(times) | (times < 0)
    refuse_rows("time", times, bad, allowed="0 and more", todo="leave the patient out or correct the time")
    coded = "0 (censored) or 1 (event)"
    refuse_rows("event", events, (events != 0) & (events != 1), allowed=coded, todo="recode the column")
    refuse_rows("event", events, np.isnan(events), allowed=coded, todo="leave the patient out")
    return times, events


def group_codes(
    name: str, groups: Sequence[Hashable] | ArrayLike, n: int
) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Return each patient's group as a number, and the groups' names in order of appearance.

    Parameters
    ----------
    name : str
        The argument, for messages.
    groups : sequence, length n
        Group of each patient; its text names it.
    n : int
        Patients.

    Returns
    -------
    codes : ndarray of int, shape (n,)
    names : tuple of str

    Raises
    ------
    DataError
        Where the length differs or a group is missing.
    """
    found = np.asarray(groups, dtype=object).ravel()
    refuse_missing(name, found)
    labels = [str(group) for group in found]
    if len(labels) != n:
        raise DataError(
            f"{name}: found {len(labels)}; allowed: one per patient, here {n}; pass one per patient"
        )
    names = tuple(dict.fromkeys(labels))
    place = {label: at for at, label in enumerate(names)}
    return np.array([place[label] for label in labels], dtype=np.intp), names


class RiskTable(NamedTuple):
    """Distinct times with the numbers at risk just before, with events, and censored.

    Parameters
    ----------
    time, at_risk, events, censored : ndarray, shape (m,)
        Rising times.
    """

    time: FloatArray
    at_risk: FloatArray
    events: FloatArray
    censored: FloatArray


def risk_table(times: FloatArray, events: FloatArray) -> RiskTable:
    """Return the risk table of checked patients; events come before censorings at one time.

    Parameters
    ----------
    times, events : ndarray, shape (n,)
        Checked.

    Returns
    -------
    RiskTable
    """
    distinct, where = np.unique(times, return_inverse=True)
    died = np.bincount(where, weights=events, minlength=distinct.size).astype(np.float64)
    leaving = np.bincount(where, minlength=distinct.size).astype(np.float64)
    at_risk = leaving[::-1].cumsum()[::-1].astype(np.float64)
    return RiskTable(distinct, at_risk, died, leaving - died)
