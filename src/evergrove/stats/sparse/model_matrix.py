"""The model matrix of a mixed model of events: intercept and study-level moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.arrays import real_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.arrays import FloatArray

#: Share of the largest singular value below which columns count as dependent.
RANK_TOLERANCE = 1e-10


class ModelMatrix(NamedTuple):
    """The model matrix with its names.

    Parameters
    ----------
    x : ndarray, shape (k, p)
    names : tuple of str
    intercept : bool
        Whether the first column is the intercept.
    """

    x: FloatArray
    names: tuple[str, ...]
    intercept: bool

    @property
    def only_intercept(self) -> bool:
        """Whether there are no moderators."""
        return self.intercept and len(self.names) == 1

    def tested(self) -> list[int]:
        """Return the places of all coefficients but the intercept."""
        return list(range(int(self.intercept), len(self.names)))

    def columns(self) -> dict[str, FloatArray]:
        """Return the moderators by name, for the hash of the inputs."""
        return {f"moderator {self.names[at]}": self.x[:, at] for at in self.tested()}

    def scaled(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return moderators centred (with an intercept) and scaled, and the matrix that scales back.

        Newton's steps and the sign of separation then do not depend on the moderators' units.
        """
        p = x.shape[1]
        back = np.eye(p)
        scaled = x.copy()
        for at in self.tested():
            centre = float(x[:, at].mean()) if self.intercept else 0.0
            size = float(np.abs(x[:, at] - centre).max())
            scaled[:, at] = (x[:, at] - centre) / size
            back[at, at] = 1.0 / size
            if self.intercept:
                back[0, at] = -centre / size
        return scaled, back

    def refuse_too_few(self, x: FloatArray, *, random: bool) -> None:
        """Raise where the rows in the fit cannot carry the coefficients (and tau²)."""
        k, p = x.shape
        needed = p + int(random)
        if k < needed:
            what = f"{p} coefficient{'s' if p > 1 else ''}" + (" and tau²" if random else "")
            raise TooFewStudiesError(
                f"glmm: found {k} studies with information; allowed: {needed} or more for {what}; "
                "use effects='common', or report the studies one by one"
            )
        sizes = np.linalg.svd(x / np.abs(x).max(axis=0), compute_uv=False)
        if sizes[-1] < RANK_TOLERANCE * sizes[0]:
            raise DataError(
                f"moderators: found columns that depend on each other ({', '.join(self.names)}); allowed: "
                "full rank among the studies in the fit; leave one of them out"
            )


def effect_matrix(
    moderators: ArrayLike | None, names: Sequence[str] | None, k: int, *, intercept: bool
) -> ModelMatrix:
    """Return the checked model matrix.

    Parameters
    ----------
    moderators : array-like, shape (k,) or (k, m), or None
        Numbers; finite.
    names : sequence of str or None
        Of the moderators.
    k : int
        Number of studies.
    intercept : bool
        Whether an intercept is prepended.

    Returns
    -------
    ModelMatrix

    Raises
    ------
    DataError
        For a moderator that is missing, constant or of another length.
    UsageError
        Without any column, or with names that do not fit.
    """
    if moderators is None:
        if not intercept:
            raise UsageError("intercept: found False without moderators; allowed: True; keep the intercept")
        if names is not None:
            raise UsageError(
                "moderator_names: found without moderators; allowed: one per moderator; leave them out"
            )
        return ModelMatrix(np.ones((k, 1)), ("intercept",), True)
    values = real_array("moderators", moderators)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    if values.ndim != 2 or values.shape[0] != k or values.shape[1] == 0:
        raise DataError(
            f"moderators: found shape {np.shape(moderators)}; allowed: {k} rows, one per study; "
            "check the columns"
        )
    rows = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if rows.size:
        raise DataError.from_rows(
            "moderators",
            rows.tolist(),
            [values[row].tolist() for row in rows],
            allowed="finite numbers",
            todo="leave the study or the moderator out",
        )
    given = [f"moderator {at + 1}" for at in range(values.shape[1])] if names is None else [*map(str, names)]
    if len(given) != values.shape[1]:
        raise UsageError(
            f"moderator_names: found {len(given)}; allowed: {values.shape[1]}, one per moderator; name each"
        )
    for at, name in enumerate(given):
        if np.ptp(values[:, at]) == 0 and (intercept or values[0, at] == 0):
            raise DataError(
                f"moderators: {name!r} is {float(values[0, at]):g} in every study; allowed: values "
                "that differ; leave it out"
            )
    if intercept:
        return ModelMatrix(np.column_stack([np.ones(k), values]), ("intercept", *given), True)
    return ModelMatrix(values, tuple(given), False)
