"""Which rows belong together: from keys of any kind, or columns of a data frame, to the order of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import FAR, NEAR, FloatArray, column, is_missing

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from numpy.typing import ArrayLike, NDArray

#: Integer keys are counted, not hashed, where their range is at most this many times their number.
WIDEST_RANGE = 4
#: From this many rows a counting sort is worth its import.
COUNTING_SORT_FROM = 500_000
NOTHING: NDArray[np.int64] = np.empty(0, dtype=np.int64)
#: Rows named in a message.
MOST_ROWS_NAMED = 10


class Grouping(NamedTuple):
    """The rows of each group.

    Parameters
    ----------
    labels : ndarray, shape (g,)
        Groups in the order in which they first appear.
    rows : ndarray of int, shape (n,) or (0,)
        Rows with groups together, in the order given within each; empty where they are together already.
    starts : ndarray of int, shape (g + 1,)
        Group g has ``rows[starts[g] : starts[g + 1]]``.
    """

    labels: NDArray[Any]
    rows: NDArray[np.int64]
    starts: NDArray[np.int64]

    def rows_of(self, group: int) -> NDArray[np.int64]:
        """Return the rows of the group at a position."""
        begin, end = int(self.starts[group]), int(self.starts[group + 1])
        return self.rows[begin:end] if self.rows.size else np.arange(begin, end)


def _as_array(keys: Any) -> NDArray[Any]:  # noqa: ANN401 - keys of any kind
    """Return keys as a one-dimensional array; mixed kinds and tuples as objects."""
    if isinstance(keys, str | bytes) or not hasattr(keys, "__len__"):
        raise UsageError(f"group: found {keys!r}; allowed: one key per study; pass a sequence")
    if isinstance(keys, list | tuple):
        kinds = {type(key) for key in keys}
        if len(kinds) == 1 and kinds <= {int, str, bool}:
            return np.array(keys)
        array = np.empty(len(keys), dtype=object)
        array[:] = keys
        return array
    array = np.asarray(keys)
    if array.ndim != 1:
        raise DataError(
            f"group: found {array.ndim} dimensions; allowed: one key per study; pass one column of keys"
        )
    return array


def _refuse_missing(keys: NDArray[Any]) -> None:
    """Raise where a key is None or NaN."""
    if keys.dtype.kind == "c" or (keys.dtype.kind == "O" and any(type(key) is complex for key in keys)):
        raise DataError("group: found a complex number; allowed: numbers, text, dates; name the group")
    if keys.dtype.kind == "O":
        missing = [row for row, key in enumerate(keys.tolist()) if is_missing(key)]
    elif keys.dtype.kind in "fcmM":
        missing = np.flatnonzero(keys != keys).tolist()  # noqa: PLR0124 - NaN and NaT are not themselves
    else:
        return
    if missing:
        shown = ", ".join(f"row {row}" for row in missing[:MOST_ROWS_NAMED])
        more = f" and {len(missing) - MOST_ROWS_NAMED} more" if len(missing) > MOST_ROWS_NAMED else ""
        raise DataError(f"group: found no key in {shown}{more}; allowed: a key per study; name the group")


def _runs(keys: NDArray[Any]) -> NDArray[np.int64]:
    """Return where each run of equal keys begins, and the end."""
    changes = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    return np.concatenate(([0], changes, [keys.size])).astype(np.int64)


def _rising(labels: NDArray[Any]) -> bool:
    """Say whether keys rise, so that none can come back."""
    return labels.dtype.kind in "iubf" and bool((labels[1:] > labels[:-1]).all())


def _codes_by_counting(keys: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]] | None:
    """Return integer keys numbered by first appearance; None where their range is wide."""
    lowest, highest = int(keys.min()), int(keys.max())
    span = highest - lowest + 1
    if span > WIDEST_RANGE * keys.size:
        return None
    offset = (keys - lowest).astype(np.int64) if lowest else keys.astype(np.int64, copy=False)
    first = np.full(span, keys.size, dtype=np.int64)
    first[offset[::-1]] = np.arange(keys.size - 1, -1, -1)
    present = np.flatnonzero(first < keys.size)
    present = present[np.argsort(first[present])]
    number = np.empty(span, dtype=np.int64)
    number[present] = np.arange(present.size)
    return number[offset], keys[first[present]]


def _codes(keys: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return keys numbered by first appearance, and the distinct ones."""
    if keys.dtype.kind in "iu":
        counted = _codes_by_counting(keys)
        if counted is not None:
            return counted
    numbers: dict[Hashable, int] = {}
    try:
        codes = np.fromiter(
            (numbers.setdefault(key, len(numbers)) for key in keys.tolist()), np.int64, keys.size
        )
    except TypeError as error:
        raise DataError(
            f"group: {error}; allowed: keys that can be compared; use a name or a number"
        ) from None
    first = np.full(len(numbers), keys.size, dtype=np.int64)
    first[codes[::-1]] = np.arange(keys.size - 1, -1, -1)
    return codes, keys[first]


def _order(codes: NDArray[np.int64], groups: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows with groups together, and where each begins."""
    n = codes.size
    if n < COUNTING_SORT_FROM:
        starts = np.concatenate(([0], np.cumsum(np.bincount(codes, minlength=groups))))
        return np.argsort(codes, kind="stable"), starts.astype(np.int64)
    from scipy import sparse  # noqa: PLC0415 - its conversion is a counting sort, linear in the rows

    table = sparse.coo_array((np.ones(n, dtype=np.int8), (codes, np.arange(n))), shape=(groups, n)).tocsr()
    return table.indices.astype(np.int64), table.indptr.astype(np.int64)


def group_rows(keys: ArrayLike | Iterable[Hashable]) -> Grouping:
    """Return which rows belong together.

    Parameters
    ----------
    keys : sequence or array, shape (n,)
        One hashable key per row: numbers, strings, dates, tuples.

    Returns
    -------
    Grouping
        Groups in the order in which they first appear.

    Raises
    ------
    DataError
        For a missing key, or one that cannot be compared.

    Examples
    --------
    >>> group_rows(["b", "a", "b"]).rows.tolist()
    [0, 2, 1]
    """
    array = _as_array(keys)
    if array.size == 0:
        return Grouping(array, NOTHING, np.zeros(1, dtype=np.int64))
    _refuse_missing(array)
    if array.dtype.kind != "O":
        starts = _runs(array)
        if _rising(array[starts[:-1]]):
            return Grouping(array[starts[:-1]], NOTHING, starts)
    codes, labels = _codes(array)
    starts = _runs(codes)
    if starts.size - 1 == labels.size:
        return Grouping(labels, NOTHING, starts)
    rows, starts = _order(codes, int(labels.size))
    return Grouping(labels, rows, starts)


def columns_of(data: Any, names: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - any data frame
    """Return columns of a data frame by name; several columns as tuples.

    Parameters
    ----------
    data : pandas, polars, pyarrow or other frame that narwhals knows
        The table.
    names : dict
        Argument -> column name, or a list of them.

    Returns
    -------
    dict
        Argument -> array.

    Raises
    ------
    UsageError
        For a frame that is not known, or a column that is not there.
    """
    import narwhals  # noqa: PLC0415 - frames on request only

    try:
        frame = narwhals.from_native(data, eager_only=True)
    except TypeError as error:
        raise UsageError(f"data: {error}; allowed: a pandas, polars or pyarrow table") from None
    for argument, name in names.items():
        for one in name if isinstance(name, list | tuple) else [name]:
            if one not in frame.columns:
                raise UsageError(
                    f"{argument}: found {one!r}; allowed with data=: {', '.join(map(repr, frame.columns))}; "
                    "name a column, or pass arrays and leave data out"
                )

    def values(name: Any) -> Any:  # noqa: ANN401 - a column
        if isinstance(name, list | tuple):
            return list(zip(*(frame[one].to_list() for one in name), strict=True))
        return frame[name].to_numpy()

    return {argument: values(name) for argument, name in names.items()}


def flat(name: str, values: ArrayLike) -> FloatArray:
    """Return a contiguous float64 column; no copy is made where it is one already."""
    if isinstance(values, np.ndarray) and values.dtype == np.float64 and values.ndim == 1:
        return np.ascontiguousarray(values)
    return column(name, values)


def checked_studies(yi: FloatArray, vi: FloatArray, grouping: Grouping) -> None:
    """Raise where an effect or a variance cannot be, naming rows and groups.

    Parameters
    ----------
    yi, vi : ndarray, shape (n,)
        Effects and variances.
    grouping : Grouping
        Their groups.

    Raises
    ------
    DataError
        For an effect that is not finite, a variance that is not finite and above 0, or one out of range.
    """
    if yi.size == 0 or _all_well(yi, vi):
        return
    for name, array, allowed, bad in (
        ("yi (effect)", yi, "a finite number", ~np.isfinite(yi)),
        ("vi (sampling variance)", vi, "a finite number above 0", ~((vi > 0) & (vi < np.inf))),
        ("yi (effect)", yi, f"-{FAR:g} to {FAR:g}", np.abs(yi) > FAR),
        ("vi (sampling variance)", vi, f"{NEAR:g} to {FAR:g}", (vi < NEAR) | (vi > FAR)),
    ):
        rows = np.flatnonzero(bad)
        if rows.size:
            shown = ", ".join(
                f"row {row} (group {_label_of(int(row), grouping)!r}) is {float(array[row])!r}"
                for row in rows[:MOST_ROWS_NAMED]
            )
            more = f" and {rows.size - MOST_ROWS_NAMED} more rows" if rows.size > MOST_ROWS_NAMED else ""
            todo = "leave these studies out or correct them"
            raise DataError(f"{name}: {shown}{more}; allowed: {allowed}; {todo}")


def _all_well(yi: FloatArray, vi: FloatArray) -> bool:
    """Say whether all values can be, by their extremes (NaN is one), without an array of answers."""
    return bool(yi.min() >= -FAR and yi.max() <= FAR and vi.min() >= NEAR and vi.max() <= FAR)


def _label_of(row: int, grouping: Grouping) -> object:
    """Return the label of the group of a row."""
    place = int(np.flatnonzero(grouping.rows == row)[0]) if grouping.rows.size else row
    label = grouping.labels[int(np.searchsorted(grouping.starts, place, side="right")) - 1]
    return label.item() if isinstance(label, np.generic) else label
