"""The design matrix of a meta-regression and the recipe for rows of new studies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.regression.least_squares import constant_column, redundant_columns
from evergrove.stats.regression.options import RedundantColumns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evergrove.stats.arrays import FloatArray

INTERCEPT = "intercept"


class Recipe(Protocol):
    """Builds rows of the design, all columns that the moderators ask for."""

    def rows(self, data: Mapping[str, object]) -> FloatArray:
        """Return rows of shape (m, all columns) for new values of the moderators."""


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """A design matrix with its names.

    Parameters
    ----------
    matrix : ndarray, shape (k, p)
        One row per study.
    names : tuple of str
        Of the columns; ``alloc[T.random]`` is the level random of the factor alloc against its reference.
    terms : dict of str to tuple of str
        Columns of each term (a factor, a spline), the intercept left out.
    references : dict of str to str
        Reference level of each factor.
    knots : dict of str to tuple of float
        Knots of each restricted cubic spline.
    recipe : Recipe or None
        For new rows; None where the design was given as numbers.
    kept : tuple of int
        Columns that were kept of those that the recipe gives.
    """

    matrix: FloatArray
    names: tuple[str, ...]
    terms: Mapping[str, tuple[str, ...]]
    references: Mapping[str, str]
    knots: Mapping[str, tuple[float, ...]]
    recipe: Recipe | None
    kept: tuple[int, ...]

    @property
    def intercept(self) -> int | None:
        """Position of the column of ones, or None."""
        constant = constant_column(self.matrix)
        return constant if constant is not None and self.matrix[0, constant] == 1.0 else None

    @property
    def only_intercept(self) -> bool:
        """Whether the intercept is all there is."""
        return self.matrix.shape[1] == 1 and self.intercept == 0

    def to_dict(self) -> dict[str, object]:
        """Return what the columns mean as JSON-safe data."""
        return {
            "names": list(self.names),
            "terms": {name: list(columns) for name, columns in self.terms.items()},
            "references": dict(self.references),
            "knots": {name: list(knots) for name, knots in self.knots.items()},
        }


def given_design(matrix: FloatArray, names: Sequence[str] | None = None) -> Design:
    """Return the design of a matrix that is taken as it is (an intercept is one of its columns).

    Parameters
    ----------
    matrix : ndarray, shape (k, p)
        Finite numbers.
    names : sequence of str or None
        Of the columns; None names them x1, x2, …

    Returns
    -------
    Design
    """
    p = matrix.shape[1]
    used = tuple(f"x{position + 1}" for position in range(p)) if names is None else tuple(names)
    constant = constant_column(matrix)
    terms = {name: (name,) for position, name in enumerate(used) if position != constant}
    return Design(matrix, used, terms, {}, {}, None, tuple(range(p)))


def of_full_rank(
    design: Design, redundant: RedundantColumns, where: str = "mods"
) -> tuple[Design, tuple[Diagnostic, ...]]:
    """Return the design without redundant columns, or refuse it.

    Parameters
    ----------
    design : Design
        As the moderators ask for.
    redundant : RedundantColumns
        Error or drop.
    where : str
        The argument, for messages.

    Returns
    -------
    design : Design
    remarks : tuple of Diagnostic
        What was dropped.

    Raises
    ------
    DataError
        Where columns are redundant and are not to be dropped, or none is left.
    """
    drop = redundant_columns(design.matrix)
    if not drop:
        return design, ()
    names = ", ".join(repr(design.names[position]) for position in drop)
    if redundant is RedundantColumns.ERROR:
        raise DataError(
            f"{where}: found redundant columns {names} (constant, or linear combinations of the columns "
            "before "
            "them); allowed: linearly independent moderators; leave them out or pass redundant='drop'"
        )
    keep = [position for position in range(len(design.names)) if position not in drop]
    if not keep:
        raise DataError(f"{where}: found no column that varies; allowed: one or more; check the moderators")
    kept_names = tuple(design.names[position] for position in keep)
    terms = {
        term: left
        for term, columns in design.terms.items()
        if (left := tuple(name for name in columns if name in kept_names))
    }
    smaller = replace(
        design,
        matrix=np.ascontiguousarray(design.matrix[:, keep]),
        names=kept_names,
        terms=terms,
        kept=tuple(design.kept[position] for position in keep),
    )
    message = f"left out as linear combinations of the columns before them: {names}"
    return smaller, (Diagnostic("redundant-columns-dropped", message, where),)
