"""From moderators as a caller gives them to a design: formula, names, columns or an array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import FAR, real_array, row_names
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.regression.design import INTERCEPT, Design
from evergrove.stats.regression.formula import FormulaRecipe
from evergrove.stats.regression.options import MissingModerators
from evergrove.stats.regression.splines import SplineBasis

if TYPE_CHECKING:
    from evergrove.stats.arrays import BoolArray, FloatArray


def columns_of(data: object, argument: str = "data") -> dict[str, Any]:
    """Return a data frame or mapping as a dict of one-dimensional columns.

    Parameters
    ----------
    data : data frame or mapping
        Any frame that narwhals reads, or a mapping of str to columns.
    argument : str
        For messages.

    Returns
    -------
    dict of str to ndarray or SplineBasis

    Raises
    ------
    UsageError
        For anything else.
    """
    if isinstance(data, Mapping):
        single = [
            str(name)
            for name, values in data.items()
            if np.ndim(values) == 0 and not isinstance(values, SplineBasis)
        ]
        if single:
            raise UsageError(
                f"{argument}: found one value for {single[0]!r}; allowed: a column; give one value per row"
            )
        return {str(name): _as_column(values) for name, values in data.items()}
    import narwhals  # noqa: PLC0415 - frames are read on request only

    try:
        frame = narwhals.from_native(data, eager_only=True)  # type: ignore[call-overload]
    except TypeError:
        raise UsageError(
            f"{argument}: found {type(data).__name__}; allowed: a data frame or a mapping of columns; "
            "pass the moderators by name"
        ) from None
    return {name: _as_column(frame[name].to_list()) for name in frame.columns}


def _as_column(values: Any) -> Any:  # noqa: ANN401 - any column
    """Return values as an array (numbers as float64 with NaN for None), a spline as it is."""
    if isinstance(values, SplineBasis):
        return values
    if isinstance(values, np.ma.MaskedArray):
        values = values.tolist()  # masked entries are None: missing
    array = values if isinstance(values, np.ndarray) else np.array(list(values), dtype=object)
    if array.dtype == object and all(
        entry is None or (isinstance(entry, int | float | np.number) and not isinstance(entry, bool))
        for entry in array.ravel()
    ):
        return array.astype(np.float64)
    return array


def is_factor(values: Any) -> bool:  # noqa: ANN401 - any column
    """Return whether a column holds categories (text or truth values) rather than numbers."""
    return not isinstance(values, SplineBasis) and values.dtype.kind not in "iuf"


def missing_in(values: Any) -> BoolArray:  # noqa: ANN401 - any column
    """Return which rows of a column are missing."""
    if isinstance(values, SplineBasis):
        return np.asarray(np.isnan(values.matrix).any(axis=1))
    if is_factor(values):
        return np.array([entry is None or entry != entry for entry in values], dtype=bool)  # noqa: PLR0124
    return np.asarray(np.isnan(values.astype(np.float64)).reshape(len(values), -1).any(axis=1))


@dataclass(frozen=True, slots=True)
class ColumnsRecipe:
    """Rows from numeric columns, splines and factors with treatment coding."""

    names: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    knots: Mapping[str, tuple[float, ...]]
    intercept: bool

    def rows(self, data: Mapping[str, object]) -> FloatArray:
        """Return rows for values of every moderator."""
        columns = columns_of(data, "new rows")
        absent = [name for name in self.names if name not in columns]
        if absent:
            raise UsageError(
                f"new rows: found no column {absent[0]!r}; allowed: a value of each of "
                f"{', '.join(map(repr, self.names))}; add it"
            )
        size = len(columns[self.names[0]]) if self.names else 1
        parts = [np.ones((size, 1))] if self.intercept else []
        parts += [self._part(name, columns[name]) for name in self.names]
        if len({part.shape[0] for part in parts}) > 1:
            raise DataError("new rows: found columns of different length; allowed: one value per row in each")
        return np.hstack(parts)

    def _part(self, name: str, values: Any) -> FloatArray:  # noqa: ANN401 - any column
        """Return the columns of one moderator."""
        if name in self.knots and not isinstance(values, SplineBasis):
            values = SplineBasis.at(values, self.knots[name])
        if isinstance(values, SplineBasis):
            return values.matrix
        if name not in self.levels:
            if is_factor(values):
                raise DataError(f"new rows: found text in {name!r}; allowed: numbers, as in the fit")
            return np.asarray(values, dtype=np.float64).reshape(len(values), -1)
        levels = self.levels[name]
        texts = [str(entry) for entry in values]
        unknown = sorted(set(texts) - set(levels))
        if unknown:
            raise DataError(
                f"new rows: found level {unknown[0]!r} of {name!r}; allowed: {', '.join(map(repr, levels))}"
            )
        return np.array([[float(text == level) for level in levels[1:]] for text in texts])


def levels_of(name: str, values: Sequence[object], reference: str | None) -> tuple[str, ...]:
    """Return the levels of a factor, the reference first, the others in order.

    Parameters
    ----------
    name : str
        Of the factor.
    values : sequence
        One per study, none missing.
    reference : str or None
        None takes the first in the order of text (as R does).

    Returns
    -------
    tuple of str

    Raises
    ------
    DataError
        For a factor with one level, or a reference that does not occur.
    """
    levels = sorted({str(value) for value in values})
    if len(levels) < 2:
        raise DataError(
            f"mods: factor {name!r} has one level, {levels[0]!r}; allowed: two levels or more; leave it out"
        )
    if reference is None:
        return tuple(levels)
    if reference not in levels:
        raise DataError(
            f"reference: found {reference!r} for {name!r}; allowed: {', '.join(map(repr, levels))}; choose "
            "one"
        )
    return (reference, *(level for level in levels if level != reference))


def design_from_columns(
    columns: Mapping[str, Any], *, intercept: bool, reference: Mapping[str, str] | None, k: int
) -> Design:
    """Return the design of moderators given as columns, each a term of its own.

    Parameters
    ----------
    columns : mapping of str to column
        Numbers, text (a factor), or a spline; nothing missing.
    intercept : bool
        Whether a column of ones comes first.
    reference : mapping or None
        Reference level by factor.
    k : int
        Number of studies, for a design of the intercept alone.

    Returns
    -------
    Design
    """
    wanted = dict(reference or {})
    factors = {name: values for name, values in columns.items() if is_factor(values)}
    stray = sorted(set(wanted) - set(factors))
    if stray:
        raise UsageError(f"reference: found {stray[0]!r}, which is no factor here; allowed: {list(factors)}")
    levels = {name: levels_of(name, values, wanted.get(name)) for name, values in factors.items()}
    knots = {name: values.knots for name, values in columns.items() if isinstance(values, SplineBasis)}
    recipe = ColumnsRecipe(tuple(columns), levels, knots, intercept)
    matrix = recipe.rows(columns) if columns else np.ones((k, 1 if intercept else 0))
    terms: dict[str, tuple[str, ...]] = {}
    for name, values in columns.items():
        if name in levels:
            terms[name] = tuple(f"{name}[T.{level}]" for level in levels[name][1:])
        else:
            width = values.matrix.shape[1] if isinstance(values, SplineBasis) else values[:1].size
            terms[name] = (name,) if width == 1 else tuple(f"{name}[{n + 1}]" for n in range(width))
    names = ((INTERCEPT,) if intercept else ()) + tuple(column for own in terms.values() for column in own)
    references = {name: own[0] for name, own in levels.items()}
    return Design(matrix, names, terms, references, knots, recipe, tuple(range(matrix.shape[1])))


def array_columns(mods: object, names: Sequence[str] | None, argument: str) -> dict[str, FloatArray]:
    """Return the columns of an array of moderators by name.

    Parameters
    ----------
    mods : array-like, shape (k,) or (k, p)
        Numbers.
    names : sequence of str or None
        Of the columns; None names them x1, x2, …
    argument : str
        For messages.

    Returns
    -------
    dict of str to ndarray
    """
    try:
        array = real_array(argument, mods)  # type: ignore[arg-type] # refuses what is no array
    except DataError:
        raise UsageError(
            f"{argument}: found {type(mods).__name__} that is no array of numbers; allowed: a formula, an "
            "array, a mapping of columns, a data frame, or names of columns with data"
        ) from None
    if array.ndim not in {1, 2} or array.size == 0:
        raise DataError(
            f"{argument}: found shape {array.shape}; allowed: one row per study, one column per moderator"
        )
    array = array.reshape(array.shape[0], -1)
    used = [f"x{n + 1}" for n in range(array.shape[1])] if names is None else [str(name) for name in names]
    if len(used) != array.shape[1] or len(set(used)) != len(used):
        raise UsageError(
            f"names: found {len(used)} for {array.shape[1]} columns of {argument}; allowed: one each, all "
            "different"
        )
    return {name: array[:, position] for position, name in enumerate(used)}


def named_columns(
    mods: object, data: Mapping[str, Any] | None, names: Sequence[str] | None, argument: str
) -> dict[str, Any]:
    """Return the moderator columns that `mods` stands for, where it is no formula.

    Parameters
    ----------
    mods : array-like, mapping, data frame, sequence of str or None
        As in `meta_regression`.
    data : mapping or None
        Columns to which names refer.
    names : sequence of str or None
        Of an array's columns.
    argument : str
        For messages.

    Returns
    -------
    dict of str to column
    """
    if mods is None or (isinstance(mods, Sequence) and len(mods) == 0):
        return {}
    if isinstance(mods, Sequence) and mods and all(isinstance(name, str) for name in mods):
        absent = [name for name in mods if data is None or name not in data]
        if absent:
            raise UsageError(
                f"{argument}: found no column {absent[0]!r}; allowed: columns of data, here "
                f"{list(data) if data is not None else 'none was given'}"
            )
        return {name: (data or {})[name] for name in mods}
    if isinstance(mods, SplineBasis):
        return {"x": mods}
    if isinstance(mods, np.ndarray | Sequence | int | float):
        return array_columns(mods, names, argument)
    if hasattr(mods, "__array__") and not hasattr(mods, "columns"):  # one column of a data frame
        own = names[0] if names is not None and len(names) == 1 else getattr(mods, "name", None)
        mods = {str(own or "x1"): mods}
    return columns_of(mods, argument)


@dataclass(frozen=True, slots=True)
class Moderators:
    """Moderators of all studies, before rows with missing values are dealt with."""

    formula: str | None
    columns: Mapping[str, Any]
    intercept: bool
    reference: Mapping[str, str] | None

    def missing(self) -> BoolArray | None:
        """Return which rows lack a value of some moderator; None without moderators."""
        found = [missing_in(values) for values in self.columns.values()]
        return np.logical_or.reduce(found) if found else None

    def design(self, keep: BoolArray) -> Design:
        """Return the design of the rows to keep."""
        kept = {
            name: values.take(keep) if isinstance(values, SplineBasis) else values[keep]
            for name, values in self.columns.items()
        }
        if self.formula is not None:
            return FormulaRecipe.design(self.formula, kept, int(keep.sum()))
        return design_from_columns(
            kept, intercept=self.intercept, reference=self.reference, k=int(keep.sum())
        )


def read_moderators(
    mods: object,
    data: Mapping[str, Any] | None,
    *,
    k: int,
    intercept: bool = True,
    names: Sequence[str] | None = None,
    reference: Mapping[str, str] | None = None,
    argument: str = "mods",
) -> Moderators:
    """Return moderators in one form, each with one value per study.

    Parameters
    ----------
    mods, data, intercept, names, reference
        As in `meta_regression`.
    k : int
        Number of studies.
    argument : str
        For messages.

    Returns
    -------
    Moderators
    """
    if isinstance(mods, str) and "~" in mods:
        if not intercept:
            raise UsageError(
                f"intercept: found False with a formula; write '- 1' into {argument}: {mods + ' - 1'!r}"
            )
        if reference:
            raise UsageError(
                "reference: found with a formula; write it as C(name, contr.treatment(base='level')) there"
            )
        needed = FormulaRecipe.variables(mods, data or ())
        columns = named_columns([*needed], data, None, argument) if needed else {}
    else:
        columns = named_columns([mods] if isinstance(mods, str) else mods, data, names, argument)
    for name, values in columns.items():
        if len(values) != k:
            raise DataError(
                f"{argument}: {name!r} has {len(values)} values; allowed: one per study, here {k}; check "
                "the rows"
            )
    formula = mods if isinstance(mods, str) and "~" in mods else None
    return Moderators(formula, columns, intercept, reference)


def complete_rows(
    blocks: Sequence[Moderators], k: int, missing: MissingModerators, labels: Sequence[str] | None
) -> tuple[BoolArray, tuple[Diagnostic, ...]]:
    """Return the rows that have every moderator, or refuse those that have not.

    Parameters
    ----------
    blocks : sequence of Moderators
        Location and scale moderators.
    k : int
        Number of studies.
    missing : MissingModerators
        Error or drop.
    labels : sequence of str or None
        Names of the studies.

    Returns
    -------
    keep : ndarray of bool
    remarks : tuple of Diagnostic

    Raises
    ------
    DataError
        Where moderators are missing and are not to be dropped, or infinite.
    """
    bad = np.zeros(k, dtype=bool)
    for block in blocks:
        gaps = block.missing()
        if gaps is not None:
            bad |= gaps
        for name, values in block.columns.items():
            numbers = values.matrix if isinstance(values, SplineBasis) else values
            if numbers.dtype.kind == "f" and (np.abs(numbers) > FAR).any():
                beyond = (np.abs(numbers) > FAR).reshape(k, -1).any(axis=1)
                where = row_names(np.flatnonzero(beyond)[:10], labels)
                raise DataError(
                    f"mods: {name!r} is infinite in {where}, or beyond {FAR:g}; allowed: finite numbers "
                    "up to that; correct it, use another unit, or leave the study out"
                )
    if not bad.any():
        return ~bad, ()
    rows = np.flatnonzero(bad)
    shown = row_names(rows[:10], labels) + (f" and {rows.size - 10} more" if rows.size > 10 else "")
    if missing is MissingModerators.ERROR:
        raise DataError(
            f"mods: no value of a moderator in {shown}; allowed: a value for every study; find it, leave the "
            "moderator out, or pass missing='drop' to analyse complete cases"
        )
    message = f"{rows.size} of {k} studies lack a moderator and are left out"
    return ~bad, (Diagnostic("studies-without-moderator", message, shown),)
