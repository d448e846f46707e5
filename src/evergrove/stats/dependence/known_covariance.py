"""The known sampling covariance V: variances, a matrix, or blocks in the order of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.arrays import FAR, NEAR, real_array, refuse_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray

#: Relative difference of V and its transpose that counts as rounding.
ASYMMETRY = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class KnownCovariance:
    """Sampling covariance, kept by blocks.

    Parameters
    ----------
    diagonal : ndarray, shape (k,)
        Sampling variances.
    labels : ndarray of int, shape (k,)
        Rows with one label may covary; the label is a row of the block.
    blocks : tuple of (rows, matrix)
        Blocks of two rows or more.
    """

    diagonal: FloatArray
    labels: NDArray[np.intp]
    blocks: tuple[tuple[NDArray[np.intp], FloatArray], ...]

    def within(self, rows: NDArray[np.intp]) -> FloatArray:
        """Return the covariance matrix of some rows (whole blocks, or parts of them)."""
        matrix = np.diag(self.diagonal[rows])
        place = np.full(self.diagonal.size, -1)
        place[rows] = np.arange(rows.size)
        for block_rows, block in self.blocks:
            here = place[block_rows]
            kept = np.flatnonzero(here >= 0)
            if kept.size > 1:
                matrix[np.ix_(here[kept], here[kept])] = block[np.ix_(kept, kept)]
        return matrix

    def part(self, rows: NDArray[np.intp]) -> KnownCovariance:
        """Return the covariance of some rows, which are renumbered from 0."""
        place = np.full(self.diagonal.size, -1)
        place[rows] = np.arange(rows.size)
        blocks = []
        for block_rows, block in self.blocks:
            kept = np.flatnonzero(place[block_rows] >= 0)
            if kept.size > 1:
                blocks.append((place[block_rows[kept]], block[np.ix_(kept, kept)]))
        _, first, inverse = np.unique(self.labels[rows], return_index=True, return_inverse=True)
        return KnownCovariance(self.diagonal[rows], first[inverse.reshape(-1)], tuple(blocks))


def merge_groups(k: int, groupings: Sequence[NDArray[np.intp]]) -> NDArray[np.intp]:
    """Return one label per row such that rows sharing a code of any grouping share the label.

    Parameters
    ----------
    k : int
        Rows.
    groupings : sequence of int arrays, shape (k,)
        Codes from 0.

    Returns
    -------
    ndarray of int, shape (k,)
        The smallest row of the group.

    Examples
    --------
    >>> merge_groups(4, [np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2])])
    array([0, 0, 0, 3])
    """
    labels = np.arange(k, dtype=np.intp)
    while True:
        before = labels
        for codes in groupings:
            least = np.full(int(codes.max()) + 1, k, dtype=np.intp)
            np.minimum.at(least, codes, labels)
            labels = least[codes]
        labels = labels[labels]
        if np.array_equal(before, labels):
            return labels


def _place(name: str, rows: NDArray[np.intp], labels: Sequence[str] | None) -> str:
    """Return the rows of a block in words."""
    shown = ", ".join(
        f"row {int(row)}" + (f" ({labels[int(row)]})" if labels is not None else "") for row in rows[:6]
    )
    return f"{name}: {shown}{' and more' if rows.size > 6 else ''}"


def _checked_block(rows: NDArray[np.intp], block: FloatArray, labels: Sequence[str] | None) -> FloatArray:
    """Return a symmetric, positive definite block or say which rows are at fault."""
    if not np.isfinite(block).all():
        raise DataError(f"{_place('V', rows, labels)} have a missing or infinite covariance; allowed: finite")
    size = np.sqrt(np.abs(np.outer(np.diag(block), np.diag(block))))
    if bool((np.abs(block - block.T) > ASYMMETRY * size).any()):
        raise DataError(f"{_place('V', rows, labels)}: not symmetric; allowed: V equal to its transpose")
    both = (block + block.T) / 2.0
    roots = np.sqrt(np.diag(both))
    correlation = both / roots[:, None] / roots[None, :]
    smallest = float(np.linalg.eigvalsh(correlation)[0])
    if smallest <= 1e-12:
        beyond = float(np.abs(correlation - np.eye(rows.size)).max())
        raise DataError(
            f"{_place('V', rows, labels)}: the covariance matrix is not positive definite (smallest "
            "eigenvalue "
            f"of its correlations {smallest:.3g}, largest correlation {beyond:.6g}); allowed: positive "
            "definite; look for duplicated effects, lower rho, or use vcalc(near_positive_definite=True)"
        )
    return both


def known_covariance(given: Any, k: int, labels: Sequence[str] | None = None) -> KnownCovariance:  # noqa: ANN401 - three forms
    """Return V by blocks from variances, a matrix or a list of blocks.

    Parameters
    ----------
    given : array-like of shape (k,) or (k, k), or list of square matrices
        Variances; a covariance matrix; or blocks down the diagonal in the order of the rows.
    k : int
        Number of effects.
    labels : sequence of str or None
        Names of the rows, for messages.

    Returns
    -------
    KnownCovariance

    Raises
    ------
    DataError
        For another shape, a variance not above 0, or a block that is not symmetric and positive definite.

    Examples
    --------
    >>> known_covariance([[[1.0, 0.5], [0.5, 1.0]], [[2.0]]], 3).diagonal
    array([1., 1., 2.])
    """
    if isinstance(given, KnownCovariance):
        return given
    ragged = isinstance(given, list | tuple) and len({np.shape(block) for block in given}) > 1
    whole = np.empty((0, 0, 0)) if ragged else real_array("V", given)
    if whole.ndim == 3:
        return _from_blocks([np.atleast_2d(real_array("V", block)) for block in given], k, labels)
    if whole.shape == (k,):
        diagonal, pieces = whole, []
    elif whole.shape == (k, k):
        diagonal, pieces = np.diag(whole).copy(), _pieces(whole)
    else:
        raise DataError(
            f"V: found shape {whole.shape}; allowed: ({k},) variances, ({k}, {k}) covariances, or a list of "
            "blocks; give one row per effect"
        )
    return _assemble(diagonal, pieces, labels)


def _pieces(whole: FloatArray) -> list[tuple[NDArray[np.intp], FloatArray]]:
    """Return the connected blocks of a matrix that have two rows or more."""
    k = whole.shape[0]
    rows, columns = np.nonzero(np.triu((whole != 0) | (whole.T != 0), 1))
    labels = np.arange(k, dtype=np.intp)
    while True:
        before = labels.copy()
        np.minimum.at(labels, rows, labels[columns])
        np.minimum.at(labels, columns, labels[rows])
        labels = labels[labels]
        if np.array_equal(before, labels):
            break
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return [(group, whole[np.ix_(group, group)]) for group in groups if group.size > 1]


def _from_blocks(blocks: list[FloatArray], k: int, labels: Sequence[str] | None) -> KnownCovariance:
    """Return V from blocks down the diagonal."""
    for position, block in enumerate(blocks):
        if block.ndim != 2 or block.shape[0] != block.shape[1]:
            raise DataError(f"V: block {position} has shape {block.shape}; allowed: square matrices")
    if sum(block.shape[0] for block in blocks) != k:
        raise DataError(
            f"V: the blocks have {sum(block.shape[0] for block in blocks)} rows; allowed: one per "
            f"effect, here {k}"
        )
    diagonal = np.concatenate([np.diag(block) for block in blocks])
    ends = np.cumsum([block.shape[0] for block in blocks])
    pieces = [
        (np.arange(end - block.shape[0], end), block)
        for end, block in zip(ends, blocks, strict=True)
        if block.shape[0] > 1
    ]
    return _assemble(diagonal, pieces, labels)


def _assemble(
    diagonal: FloatArray, pieces: list[tuple[NDArray[np.intp], FloatArray]], labels: Sequence[str] | None
) -> KnownCovariance:
    """Check variances and blocks and put them together."""
    refuse_rows(
        "V (sampling variance)",
        diagonal,
        ~(np.isfinite(diagonal) & (diagonal > 0)),
        allowed="a finite number above 0",
        todo="leave the effect out or correct it",
    )
    refuse_rows(
        "V (sampling variance)",
        diagonal,
        (diagonal < NEAR) | (diagonal > FAR),
        allowed=f"{NEAR:g} to {FAR:g}",
        todo="give the outcome in another unit",
    )
    marks = np.arange(diagonal.size, dtype=np.intp)
    blocks = []
    for rows, block in pieces:
        blocks.append((rows, _checked_block(rows, block, labels)))
        marks[rows] = rows[0]
    return KnownCovariance(diagonal, marks, tuple(blocks))
