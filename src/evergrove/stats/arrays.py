"""From what a caller gives to float64 arrays, with messages that name the rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evergrove.errors import DataError, UsageError
from evergrove.stats.scalars import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: Up to this many rows a list is checked faster than an array.
FEW_ROWS = 64
#: Effects up to FAR in size and variances between NEAR and FAR: weights squared stay in double precision.
NEAR, FAR = 1e-60, 1e60
#: Types that need no look at what NumPy makes of them.
PLAIN = frozenset((float, int))
#: The type of every column here.
FLOAT = np.dtype(np.float64)
#: Kinds of NumPy arrays that hold no real numbers, in words.
NO_NUMBERS = {"c": "complex numbers", "M": "dates", "m": "durations", "V": "records"}


def is_number(value: object) -> TypeGuard[float]:
    """Say whether a value is one real number, of Python or NumPy.

    Parameters
    ----------
    value : object
        What a caller gave for a number.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_number(0.95), is_number("0.95")
    (True, False)
    """
    return isinstance(value, Real)


def _real(array: NDArray[Any]) -> FloatArray:
    """Return an array as float64; raise a TypeError or ValueError where it holds something else."""
    if array.dtype.kind in NO_NUMBERS:
        raise TypeError(NO_NUMBERS[array.dtype.kind])
    return array.astype(np.float64, copy=False)


def real_array(name: str, values: ArrayLike, *, least_dimensions: int = 0) -> FloatArray:
    """Return a float64 copy of `values` of any shape; None and masked entries become NaN.

    Parameters
    ----------
    name : str
        The argument's name, for messages.
    values : array-like
        Numbers.
    least_dimensions : int
        How many dimensions the result has at least.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    DataError
        Where a value is no number, or rows differ in length.

    Examples
    --------
    >>> real_array("design", [[1, 0], [1, None]])
    array([[ 1.,  0.],
           [ 1., nan]])
    """
    try:
        if isinstance(values, list) and PLAIN.issuperset(map(type, values)):  # the quickest way
            return np.array(values, dtype=np.float64, ndmin=least_dimensions)
        if isinstance(values, np.ndarray):
            if isinstance(values, np.ma.MaskedArray):
                values = np.ma.filled(values.astype(np.float64), np.nan)
            if values.dtype is FLOAT:
                return np.array(values, ndmin=least_dimensions)
        return _real(np.array(values, ndmin=least_dimensions))
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(
            f"{name}: found a value that is no number ({error}); allowed: numbers, one per study; "
            "convert the column first"
        ) from None


def column(name: str, values: ArrayLike) -> FloatArray:
    """Return a one-dimensional float64 copy of `values`; None and masked entries become NaN.

    Parameters
    ----------
    name : str
        The argument's name, for messages.
    values : array-like, shape (k,) or scalar
        Numbers; a scalar is one row.

    Returns
    -------
    ndarray of float64, shape (k,)

    Raises
    ------
    DataError
        Where a value is no number, or where there is more than one dimension.

    Examples
    --------
    >>> column("n1", [10, None])
    array([10., nan])
    """
    array = real_array(name, values, least_dimensions=1)
    if array.ndim != 1:
        raise DataError(
            f"{name}: found {array.ndim} dimensions, shape {array.shape}; allowed: one number per study; "
            "pass one column"
        )
    return array


def listed(name: str, values: object, what: str) -> list[Any]:
    """Return the members of a sequence as a list.

    Parameters
    ----------
    name : str
        The argument's name, for messages.
    values : sequence
        Anything that can be gone through, but for a text or a mapping.
    what : str
        What is allowed, for messages: ``"one group per study"``.

    Returns
    -------
    list

    Raises
    ------
    UsageError
        For one value, a text or a mapping.

    Examples
    --------
    >>> listed("groups", ("a", "b"), "one group per study")
    ['a', 'b']
    """
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable) or np.ndim(values) == 0:  # type: ignore[arg-type]
        raise UsageError(f"{name}: found {shown(values)}; allowed: {what}; pass a sequence")
    return list(values.tolist() if isinstance(values, np.ma.MaskedArray) else values)  # masked: None


def is_missing(value: object) -> bool:
    """Say whether an entry of a column is missing: None, NaN, NaT or a data frame's NA.

    Parameters
    ----------
    value : object
        One entry.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_missing(math.nan), is_missing(None), is_missing("a")
    (True, True, False)
    """
    try:
        return value is None or bool(value != value)  # noqa: PLR0124 - NaN and NaT are not themselves
    except TypeError:  # pandas' NA is neither true nor false
        return True
    except ValueError:  # an array is no entry: its shape is refused elsewhere
        return False


def entries(values: Any) -> NDArray[Any]:  # noqa: ANN401 - any column
    """Return a column of any kind as an array, without making text of what is missing beside text.

    Parameters
    ----------
    values : sequence
        Numbers, text, truth values, dates; masked entries become None.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> entries(["a", math.nan]).tolist()
    ['a', nan]
    """
    if isinstance(values, np.ma.MaskedArray):
        values = values.tolist()
    if isinstance(values, list | tuple) and any(isinstance(value, str) for value in values):
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return array
    return np.asarray(values)


def refuse_missing(name: str, values: NDArray[Any]) -> None:
    """Raise where a value of a column is missing.

    Parameters
    ----------
    name : str
        The column, for messages.
    values : ndarray, shape (k,)
        Of any kind.

    Raises
    ------
    DataError
        Naming the rows.
    """
    listed = values.tolist()
    rows = [row for row, value in enumerate(listed) if is_missing(value)]
    if rows:
        raise DataError.from_rows(
            name,
            rows,
            [listed[row] for row in rows],
            allowed="a number" if values.dtype.kind == "f" else "a level",
            todo="fill in or leave the row out",
        )


def level_names(name: str, values: Any, what: str) -> list[str]:  # noqa: ANN401 - any column
    """Return the level of each row as text.

    Parameters
    ----------
    name : str
        The argument, for messages.
    values : sequence
        A level per row.
    what : str
        What is allowed: ``"one group per study"``.

    Returns
    -------
    list of str

    Raises
    ------
    UsageError
        For one value, a text or a mapping.
    DataError
        For a missing level, naming the rows.

    Examples
    --------
    >>> level_names("groups", ["a", 2], "one group per study")
    ['a', '2']
    """
    found = listed(name, values, what)
    array = np.empty(len(found), dtype=object)
    array[:] = found
    refuse_missing(name, array)
    return [str(one) for one in found]


def same_length(columns: dict[str, FloatArray]) -> int:
    """Return the common length of named columns.

    Parameters
    ----------
    columns : dict of str to ndarray
        Columns by argument name.

    Returns
    -------
    int

    Raises
    ------
    DataError
        Where the lengths differ.

    Examples
    --------
    >>> same_length({"yi": np.zeros(3), "vi": np.ones(3)})
    3
    """
    lengths = {name: array.size for name, array in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {size}" for name, size in lengths.items())
        raise DataError(
            f"columns of different length: {found}; allowed: one value per study in each; "
            "check which study lacks a value and pass NaN or leave it out"
        )
    return next(iter(lengths.values()))


def refuse_rows(name: str, array: FloatArray, bad: BoolArray, *, allowed: str, todo: str) -> None:
    """Raise a DataError naming the rows where `bad` is true; do nothing where there are none.

    Parameters
    ----------
    name : str
        The quantity.
    array : ndarray, shape (k,)
        Its values.
    bad : ndarray of bool, shape (k,)
        Rows that cannot be.
    allowed, todo : str
        What may stand there, and what to do.

    Raises
    ------
    DataError
        Where any row is bad.
    """
    rows = [int(row) for row in np.flatnonzero(bad)]
    if rows:
        raise DataError.from_rows(name, rows, [float(array[row]) for row in rows], allowed=allowed, todo=todo)


def _all_well(effects: FloatArray, variances: FloatArray) -> bool:
    """Say in few steps whether no row is bad; False where it takes a closer look.

    A norm bounds every effect and a sum of positive numbers every variance, and both show any NaN.
    """
    if not effects.size:
        return False
    if effects.size > FEW_ROWS:
        largest, least, most = float(np.abs(effects).max()), float(variances.min()), float(variances.max())
    else:
        spread = variances.tolist()
        largest, least, most = math.hypot(*effects.tolist()), min(spread), sum(spread)
    return largest <= FAR and least >= NEAR and most <= FAR


def effects_and_variances(yi: ArrayLike, vi: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return checked effects and sampling variances.

    Parameters
    ----------
    yi : array-like, shape (k,)
        Effects on the pooling scale; at most 1e60 in size.
    vi : array-like, shape (k,)
        Sampling variances; 1e-60 to 1e60.

    Returns
    -------
    yi, vi : ndarray of float64, shape (k,)

    Raises
    ------
    DataError
        For lengths that differ, and for rows that are missing, infinite, not above 0 or out of range.
    """
    effects, variances = column("yi", yi), column("vi", vi)
    if effects.size == variances.size and _all_well(effects, variances):
        return effects, variances
    same_length({"yi": effects, "vi": variances})
    todo = "leave the study out or correct it (effect_size marks rows without an effect in `estimable`)"
    refuse_rows("yi (effect)", effects, ~np.isfinite(effects), allowed="a finite number", todo=todo)
    name = "vi (sampling variance)"
    bad = ~(np.isfinite(variances) & (variances > 0))
    refuse_rows(name, variances, bad, allowed="a finite number above 0", todo=todo)
    todo = "give the outcome in another unit"
    refuse_rows("yi (effect)", effects, np.abs(effects) > FAR, allowed=f"-{FAR:g} to {FAR:g}", todo=todo)
    bad = (variances < NEAR) | (variances > FAR)
    refuse_rows(name, variances, bad, allowed=f"{NEAR:g} to {FAR:g}", todo=todo)
    return effects, variances


def checked_level(level: float) -> float:
    """Return a confidence level strictly between 0 and 1.

    Parameters
    ----------
    level : float
        For example 0.95.

    Returns
    -------
    float

    Raises
    ------
    UsageError
        Outside (0, 1): percent are refused, not guessed.
    """
    if not (is_number(level) and 0 < level < 1):
        raise UsageError(f"level: found {level!r}; allowed: above 0 and below 1; write 95 % as 0.95")
    return float(level)


def checked_labels(labels: Sequence[str] | None, k: int) -> tuple[str, ...] | None:
    """Return study labels as a tuple of `k` strings, or None.

    Parameters
    ----------
    labels : sequence of str or None
        One per row.
    k : int
        Number of rows.

    Returns
    -------
    tuple of str or None

    Raises
    ------
    DataError
        Where there are not `k` of them.
    UsageError
        For one text, or what is no sequence.
    """
    if labels is None:
        return None
    names = listed("labels", labels, "one name per study")
    if len(names) != k:
        raise DataError(
            f"labels: found {len(names)}; allowed: one per study, here {k}; pass as many labels as studies"
        )
    return tuple(str(name) for name in names)


def row_labels(labels: Sequence[str] | None, own: tuple[str, ...] | None, k: int) -> tuple[str, ...]:
    """Return the names of `k` rows: those given, else the result's own, else ``Study 1`` and so on.

    Raises
    ------
    DataError
        Where there are not `k` of them.
    """
    if labels is None:
        return own if own is not None else tuple(f"Study {row + 1}" for row in range(k))
    return checked_labels(labels, k) or ()


def row_names(rows: Sequence[int] | NDArray[np.intp], labels: Sequence[str] | None = None) -> str:
    """Return rows as text for a diagnostic's place: ``"row 3, row 5"`` or their labels.

    Parameters
    ----------
    rows : sequence of int
        Positions from 0.
    labels : sequence of str or None
        Names of all rows.

    Returns
    -------
    str

    Examples
    --------
    >>> row_names([0, 2])
    'row 0, row 2'
    """
    if labels is None:
        return ", ".join(f"row {int(row)}" for row in rows)
    return ", ".join(f"row {int(row)} ({labels[int(row)]})" for row in rows)
