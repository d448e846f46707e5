"""Moderators of a dose-response curve: columns that are constant within each study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import FloatArray

#: Share of the largest singular value below which moderators count as dependent.
RANK_TOLERANCE = 1e-10


class Moderation(NamedTuple):
    """Moderators of all rows, after a constant of 1.

    Parameters
    ----------
    values : ndarray, shape (k, 1 + m)
    names : tuple of str
        Of the m moderators.
    """

    values: FloatArray
    names: tuple[str, ...]

    def of_study(self, rows: NDArray[np.intp], study: str) -> FloatArray:
        """Return the one value of each moderator in a study, shape (1 + m,)."""
        mine = self.values[rows]
        for place, name in enumerate(self.names, start=1):
            if np.ptp(mine[:, place]) > 0:
                low, high = mine[:, place].min(), mine[:, place].max()
                raise DataError(
                    f"mods: {name!r} is {low:g} to {high:g} within study {study}; allowed: one value per "
                    "study; a column that varies within studies is a dose of its own"
                )
        return np.asarray(mine[0])

    def coefficient_names(self, curve: Sequence[str]) -> tuple[str, ...]:
        """Return the names of all coefficients: of the curve, then of its change by each moderator."""
        return (*curve, *(f"{one}:{name}" for name in self.names for one in curve))


def read_moderation(mods: ArrayLike | Mapping[str, ArrayLike] | None, k: int) -> Moderation:
    """Return the moderators, checked.

    Parameters
    ----------
    mods : array-like of shape (k,) or (k, m), mapping of str to columns, or None
        Numbers, one row per row of the data.
    k : int
        Rows.

    Returns
    -------
    Moderation

    Raises
    ------
    DataError
        For another length, or values that are missing or no numbers, naming rows.
    """
    constant = np.ones((k, 1))
    if mods is None:
        return Moderation(constant, ())
    if isinstance(mods, Mapping):
        columns = {str(name): column(f"mods: {name}", values) for name, values in mods.items()}
    else:
        try:
            array = np.array(mods, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise DataError(f"mods: found a value that is no number ({error}); allowed: numbers") from None
        table = array[:, None] if array.ndim == 1 else array
        if table.ndim != 2:
            raise DataError(f"mods: found shape {array.shape}; allowed: ({k},) or ({k}, m)")
        columns = {f"x{place + 1}": values for place, values in enumerate(table.T)}
    for name, values in columns.items():
        if values.size != k:
            raise DataError(f"mods: {name!r} has {values.size} values; allowed: one per row, here {k}")
        gaps = np.flatnonzero(~np.isfinite(values))
        if gaps.size:
            raise DataError.from_rows(
                f"mods: {name}",
                gaps.tolist(),
                values[gaps].tolist(),
                allowed="a finite number",
                todo="fill in or leave the study out",
            )
    return Moderation(np.column_stack([constant, *columns.values()]), tuple(columns))


def refuse_dependent(studies: FloatArray, names: tuple[str, ...]) -> None:
    """Raise where the moderators of the studies do not determine their coefficients.

    Parameters
    ----------
    studies : ndarray, shape (studies, 1 + m)
        One row per study.
    names : tuple of str
        Of the moderators.

    Raises
    ------
    DataError
        For moderators that are constant or depend on each other over the studies.
    """
    if not names:
        return
    scaled = studies / np.maximum(np.abs(studies).max(axis=0), np.finfo(np.float64).tiny)
    sizes = np.linalg.svd(scaled, compute_uv=False)
    if studies.shape[0] <= studies.shape[1] or sizes[-1] < RANK_TOLERANCE * sizes[0]:
        raise DataError(
            f"mods: {', '.join(names)} over {studies.shape[0]} studies do not determine their coefficients; "
            "allowed: moderators that vary and do not depend on each other, and more studies than "
            "coefficients; leave one out"
        )


def at_values(
    mods: Mapping[str, float] | Sequence[float] | float | None, names: tuple[str, ...]
) -> FloatArray:
    """Return (1, moderators) for a prediction.

    Parameters
    ----------
    mods : mapping, sequence, float or None
        One value per moderator; None where there are none.
    names : tuple of str
        Of the moderators.

    Returns
    -------
    ndarray, shape (1 + m,)

    Raises
    ------
    UsageError
        For values that do not fit the moderators.
    """
    if isinstance(mods, Mapping):
        given = [mods.get(name) for name in names] if set(mods) == set(names) else []
    else:
        given = [] if mods is None else list(np.atleast_1d(np.asarray(mods, dtype=np.float64)))
    values = np.array([1.0, *given], dtype=np.float64)
    if values.size != len(names) + 1 or not np.isfinite(values).all():
        wanted = ", ".join(map(repr, names)) or "none: the fit has no moderators"
        raise UsageError(f"mods: found {mods!r}; allowed: one finite value for each of {wanted}")
    return values
