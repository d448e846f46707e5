"""Moderators: an array, named columns of the data, with or without an intercept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.linalg import qr

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import FAR, real_array
from evergrove.stats.dependence.random_terms import data_column, factor_codes
from evergrove.stats.regression.formula import FormulaRecipe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.regression.design import Recipe

#: Share of the largest pivot below which a column adds nothing.
RANK_TOLERANCE = 1e-10


class Design(NamedTuple):
    """The design matrix of the coefficients.

    Parameters
    ----------
    matrix : ndarray, shape (k, p)
        One column per coefficient.
    names : tuple of str
        Their names; ``"intercept"`` for the constant.
    recipe : Recipe or None
        For new rows, where the design came from a formula.
    """

    matrix: FloatArray
    names: tuple[str, ...]
    recipe: Recipe | None = None

    @property
    def has_intercept(self) -> bool:
        """Whether the first column is constant 1."""
        return bool((self.matrix[:, 0] == 1.0).all())


def _named(column: str, data: object, k: int, *, full: bool) -> tuple[list[FloatArray], list[str]]:
    """Return a column of the data: as it is where numeric, as indicators of its levels otherwise."""
    values = data_column(data, column, k, "mods")
    if values.dtype.kind in "iufb":
        return [values.astype(np.float64)], [column]
    codes, names, _ = factor_codes(values)
    kept = range(len(names)) if full else range(1, len(names))
    if not kept:
        raise DataError(
            f"mods: factor {column!r} has one level, {names[0]!r}; allowed: two or more; leave it out"
        )
    return [(codes == code).astype(np.float64) for code in kept], [
        f"{column}[{names[code]}]" for code in kept
    ]


def build_design(
    mods: object, names: Sequence[str] | None, data: object, k: int, *, intercept: bool
) -> Design:
    """Return the design matrix.

    Parameters
    ----------
    mods : None, formula, array-like of shape (k,) or (k, m), or sequence of column names
        Moderators. Columns of text become indicators of their levels, the first being the reference;
        without an intercept the first factor has an indicator for every level.
    names : sequence of str or None
        Names of the columns of an array.
    data : mapping or data frame
        Where named columns stand.
    k : int
        Effects.
    intercept : bool
        Whether a constant comes first.

    Returns
    -------
    Design

    Raises
    ------
    UsageError, DataError
        For columns that are missing, of another length, not finite or linearly dependent.
    """
    if isinstance(mods, str) and "~" in mods:
        return _from_formula(mods, data, k, intercept=intercept)
    columns: list[FloatArray] = [np.ones(k)] if intercept else []
    found: list[str] = ["intercept"] if intercept else []
    by_name = isinstance(mods, str) or (
        isinstance(mods, list | tuple) and len(mods) > 0 and all(isinstance(one, str) for one in mods)
    )
    if by_name:
        full = not intercept
        for name in [mods] if isinstance(mods, str) else list(mods):  # type: ignore[call-overload]
            more, labels = _named(str(name), data, k, full=full)
            full = full and len(more) == 1 and labels == [name]
            columns += more
            found += labels
    elif mods is not None:
        array = real_array("mods", mods)  # type: ignore[arg-type] # refuses what is no array
        array = array[:, None] if array.ndim == 1 else array
        if array.ndim != 2 or array.shape[0] != k:
            raise DataError(f"mods: found shape {array.shape}; allowed: one row per effect, here {k}")
        labels = [f"x{place + 1}" for place in range(array.shape[1])] if names is None else list(names)
        if len(labels) != array.shape[1]:
            raise UsageError(
                f"names: found {len(labels)}; allowed: one per column of mods, here {array.shape[1]}"
            )
        columns += list(array.T)
        found += labels
    if not columns:
        raise UsageError("mods: no column and intercept=False; allowed: at least one coefficient")
    return Design(_checked(np.column_stack(columns), found), tuple(found))


def _from_formula(formula: str, data: object, k: int, *, intercept: bool) -> Design:
    """Return the design of a formula over columns of the data."""
    if not intercept:
        raise UsageError(
            f"intercept: found False with a formula; write '- 1' into mods: {formula + ' - 1'!r}"
        )
    there = getattr(data, "columns", data)
    available = [str(name) for name in there] if isinstance(there, Iterable) else []
    needed = FormulaRecipe.variables(formula, available)
    columns = {name: data_column(data, name, k, "mods") for name in needed}
    found = FormulaRecipe.design(formula, columns, k)
    return Design(_checked(found.matrix, list(found.names)), found.names, found.recipe)


def _checked(matrix: FloatArray, names: list[str]) -> FloatArray:
    """Return a finite matrix of full rank or name what is wrong."""
    bad = np.argwhere(~(np.abs(matrix) <= FAR))
    if bad.size:
        row, column = (int(value) for value in bad[0])
        raise DataError(
            f"mods: row {row} of {names[column]!r} is {float(matrix[row, column])!r}; allowed: "
            f"finite numbers up to {FAR:g}; leave the effect out or fill in the moderator"
        )
    norms = np.sqrt((matrix**2).sum(axis=0))
    triangle, order = qr(matrix / np.where(norms > 0, norms, 1.0), mode="r", pivoting=True)
    pivots = np.zeros(matrix.shape[1])
    size = min(triangle.shape)
    pivots[:size] = np.abs(np.diag(triangle)[:size])
    lacking = [names[int(order[place])] for place in np.flatnonzero(pivots <= RANK_TOLERANCE)]
    if lacking:
        raise DataError(
            f"mods: {', '.join(lacking)} can be computed from the other columns (rank "
            f"{int((pivots > RANK_TOLERANCE).sum())} "
            f"of {matrix.shape[1]}); allowed: columns that are not linearly dependent; leave them out"
        )
    return matrix
