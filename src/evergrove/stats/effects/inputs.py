"""From what a caller gives to checked columns of one length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import FloatArray, column, refuse_rows, same_length
from evergrove.stats.effects.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import BoolArray
    from evergrove.stats.effects.recipes import Recipe
    from evergrove.stats.options import EffectMeasure


class Columns(TypedDict, total=False):
    """The columns that `effect_size` takes; a string names a column of its `data`."""

    events1: ArrayLike | None
    n1: ArrayLike | None
    events2: ArrayLike | None
    n2: ArrayLike | None
    time1: ArrayLike | None
    time2: ArrayLike | None
    both: ArrayLike | None
    only1: ArrayLike | None
    only2: ArrayLike | None
    neither: ArrayLike | None
    mean1: ArrayLike | None
    sd1: ArrayLike | None
    mean2: ArrayLike | None
    sd2: ArrayLike | None
    d: ArrayLike | None
    t: ArrayLike | None
    f: ArrayLike | None
    p: ArrayLike | None
    r: ArrayLike | None
    r2: ArrayLike | None
    predictors: ArrayLike | None
    cles: ArrayLike | None
    ties: ArrayLike | None
    events: ArrayLike | None
    n: ArrayLike | None
    time: ArrayLike | None
    mean: ArrayLike | None
    sd: ArrayLike | None
    scale_min: ArrayLike | None
    scale_max: ArrayLike | None
    alpha: ArrayLike | None
    items: ArrayLike | None
    aa: ArrayLike | None
    ab: ArrayLike | None
    bb: ArrayLike | None
    estimate: ArrayLike | None
    ci_low: ArrayLike | None
    ci_high: ArrayLike | None


def from_frame(columns: Columns, data: object) -> dict[str, Any]:
    """Return the columns given, with those that are names taken from a data frame.

    Parameters
    ----------
    columns : Columns
        As passed to `effect_size`.
    data : data frame or None
        Any that narwhals reads: pandas, polars, pyarrow.

    Returns
    -------
    dict

    Raises
    ------
    UsageError
        For an unknown argument, a name without `data`, or a column that `data` lacks.
    """
    unknown = [name for name in columns if name not in Columns.__annotations__]
    if unknown:
        raise UsageError(
            f"effect_size: found the argument {unknown[0]!r}; allowed columns: "
            f"{', '.join(Columns.__annotations__)}; rename it"
        )
    given: dict[str, Any] = {name: values for name, values in columns.items() if values is not None}
    named = {name: values for name, values in given.items() if isinstance(values, str)}
    if not named:
        return given
    if data is None:
        name, values = next(iter(named.items()))
        raise UsageError(
            f"{name}: found the text {values!r} and no data; allowed: numbers, or a column's name together "
            "with data=...; pass the frame"
        )
    import narwhals  # noqa: PLC0415 - frames are read on request only

    frame = narwhals.from_native(data, eager_only=True)  # type: ignore[call-overload]
    for name, wanted in named.items():
        if wanted not in frame.columns:
            raise UsageError(
                f"{name}: found no column {wanted!r} in data; allowed: {', '.join(frame.columns)}; "
                "check the name"
            )
        given[name] = frame[wanted].to_numpy()
    return given


def checked_columns(
    measure: EffectMeasure, recipe: Recipe, given: Mapping[str, Any]
) -> tuple[dict[str, FloatArray], Rows]:
    """Return the columns that a measure uses, of one length, and which rows lack something.

    Parameters
    ----------
    measure : EffectMeasure
        For messages.
    recipe : Recipe
        What it needs.
    given : mapping
        Columns that are not None.

    Returns
    -------
    columns : dict of str to ndarray, shape (k,)
        Scalars stand for every study.
    rows : Rows

    Raises
    ------
    UsageError
        Where no set of columns that is enough was given.
    DataError
        For lengths that differ and for numbers that cannot be.
    """
    ways = [way for way in recipe.ways if all(name in given for name in way)]
    if not ways:
        # report the way that is nearest to what was given
        nearest = max(recipe.ways, key=lambda way: sum(name in given for name in way))
        missing = [name for name in nearest if name not in given]
        others = "; or ".join(", ".join(way) for way in recipe.ways)
        raise UsageError(
            f"effect_size({str(measure)!r}): found no {', '.join(missing)}; allowed: {others} "
            "together; give these columns"
        )
    columns = {name: column(name, given[name]) for name in recipe.names if name in given}
    longest = max(array.size for array in columns.values())
    for name in columns:
        if np.ndim(given[name]) == 0 and longest > 1:
            columns[name] = np.full(longest, columns[name][0])
    k = same_length(columns)
    for name, array in columns.items():
        refuse_rows(name, array, np.isinf(array), allowed="finite", todo="leave the value missing if unknown")
    refuse_impossible(columns)
    rows = Rows(k)
    complete = np.zeros(k, dtype=bool)
    for way in ways:
        complete |= ~np.any([np.isnan(columns[name]) for name in way], axis=0)
    rows.mark_missing(~complete, columns)
    return columns, rows


def _not_above_zero(x: FloatArray) -> BoolArray:
    return np.asarray(x <= 0)


def _below_zero(x: FloatArray) -> BoolArray:
    return np.asarray(x < 0)


def _beyond_one(x: FloatArray) -> BoolArray:
    return np.asarray(np.abs(x) > 1)


def _no_share(x: FloatArray) -> BoolArray:
    return np.asarray((x < 0) | (x > 1))


Check = tuple["Callable[[FloatArray], BoolArray]", str, str]

SIZE: Check = (_not_above_zero, "above 0", "leave out an arm without patients")
TIME: Check = (_not_above_zero, "above 0", "leave out an arm without person-time")
SPREAD: Check = (_below_zero, "not below 0", "check the standard deviation")
COUNT: Check = (_below_zero, "not below 0", "check the count")
SHARE: Check = (_no_share, "0 to 1", "give a share, not percent")

#: What a column may hold.
CHECKS: dict[str, Check] = {
    "n1": SIZE,
    "n2": SIZE,
    "n": SIZE,
    "time1": TIME,
    "time2": TIME,
    "time": TIME,
    "sd1": SPREAD,
    "sd2": SPREAD,
    "sd": SPREAD,
    "both": COUNT,
    "only1": COUNT,
    "only2": COUNT,
    "neither": COUNT,
    "aa": COUNT,
    "ab": COUNT,
    "bb": COUNT,
    "r": (_beyond_one, "-1 to 1", "check the correlation"),
    "r2": SHARE,
    "cles": SHARE,
    "ties": SHARE,
    "p": (
        lambda x: np.asarray((x == 0) | (np.abs(x) > 1)),
        "above 0 in size and at most 1, with the sign of the effect",
        "give the two-sided p itself, not its rounding to 0",
    ),
    "predictors": (lambda x: np.asarray(x < 1), "1 or more", "count the predictor of interest too"),
    "alpha": (lambda x: np.asarray(x > 1), "at most 1", "check the reliability"),
    "items": (lambda x: np.asarray(x < 2), "2 or more", "alpha needs two items"),
}

#: Counts and what they may not exceed, with the word for it.
WITHIN = (("events1", "n1"), ("events2", "n2"), ("events", "n"), ("both", "events1"), ("both", "events2"))


def refuse_impossible(columns: Mapping[str, FloatArray]) -> None:
    """Raise a DataError naming the rows of numbers that cannot be.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (k,)
        By argument name.

    Raises
    ------
    DataError
        For a count above its size, a negative SD, a correlation beyond 1, …
    """
    for name, array in columns.items():
        if name in CHECKS:
            bad, allowed, todo = CHECKS[name]
            refuse_rows(name, array, bad(array), allowed=allowed, todo=todo)
    for name, limit in WITHIN:
        if name in columns and limit in columns:
            bad_rows = (columns[name] < 0) | (columns[name] > columns[limit])
            todo = "check the arm; events are patients with the event, not episodes"
            refuse_rows(name, columns[name], bad_rows, allowed=f"0 to {limit}", todo=todo)
    for name in ("events1", "events2", "events"):
        if name in columns:
            refuse_rows(name, columns[name], columns[name] < 0, allowed="not below 0", todo="check the count")
    if "scale_max" in columns and "scale_min" in columns:
        span = columns["scale_max"] - columns["scale_min"]
        todo = "give the smallest and largest possible score"
        refuse_rows("scale_max - scale_min", span, span <= 0, allowed="above 0", todo=todo)
    if "both" in columns and "n1" in columns and "n2" in columns:
        unequal = columns["n1"] != columns["n2"]
        if bool((unequal & ~np.isnan(columns["n1"] + columns["n2"])).any()):
            rows = np.flatnonzero(unequal)[:10].tolist()
            raise DataError(
                f"n1, n2: rows {rows} differ; allowed: the number of pairs in both; "
                "matched pairs have one size"
            )
