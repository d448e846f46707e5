"""The (restricted) likelihood of a mixed model with known V, by blocks, with its derivatives.

The marginal covariance is M = V + Σ over terms of (G[inner_i, inner_j] · same outer level). It falls into
blocks that share no level; blocks are padded with unit rows that carry no information and are worked off
together. Effects are divided by a typical standard error and the moderators made orthonormal, so that no
tolerance depends on a unit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.dependence.known_covariance import KnownCovariance, merge_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.dependence.covariance_structures import RandomCovariance
    from evergrove.stats.dependence.random_terms import RandomTerm

LOG_2_PI = math.log(2.0 * math.pi)
#: Below this many matrix entries all blocks are padded to one size: fewer, larger array operations.
FEW_ENTRIES = 40_000


class Batch(NamedTuple):
    """Blocks of one (padded) size n; b of them.

    Parameters
    ----------
    rows : ndarray of int, shape (b, n)
        Row of the data; -1 for padding.
    y, x, v : ndarray, shapes (b, n), (b, n, p), (b, n, n)
        Effects, orthonormal moderators, sampling covariances.
    masks : tuple of ndarray, shape (b, n, n)
        One per term: 1 (or the known correlation) where two rows share the outer level.
    designs : tuple of ndarray or None
        One per term: slopes of shape (b, n, q), or inner codes of shape (b, n).
    """

    rows: NDArray[np.intp]
    y: FloatArray
    x: FloatArray
    v: FloatArray
    masks: tuple[FloatArray, ...]
    designs: tuple[FloatArray | NDArray[np.intp] | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A mixed model laid out for evaluation.

    Parameters
    ----------
    batches : tuple of Batch
        All blocks.
    terms : tuple of RandomTerm
        Random terms.
    scale : float
        What variances were divided by.
    triangle : ndarray, shape (p, p)
        R of the QR decomposition of the moderators: coefficients are R⁻¹ times those of Q.
    k, p : int
        Effects and coefficients.
    labels : ndarray of int, shape (k,)
        Block of each row.
    """

    batches: tuple[Batch, ...]
    terms: tuple[RandomTerm, ...]
    scale: float
    triangle: FloatArray
    k: int
    p: int
    labels: NDArray[np.intp]


class Evaluation(NamedTuple):
    """The model at given covariance matrices, on the problem's scale.

    Parameters
    ----------
    log_likelihood : float
        With all constants.
    coefficients : ndarray, shape (p,)
        Of the orthonormal moderators.
    information : ndarray, shape (p, p)
        X'M⁻¹X.
    rss : float
        Generalised residual sum of squares.
    gradients : tuple of ndarray
        Derivative of the log-likelihood by each entry of each term's matrix.
    """

    log_likelihood: float
    coefficients: FloatArray
    information: FloatArray
    rss: float
    gradients: tuple[FloatArray, ...]


def _padded(parts: Sequence[NDArray[np.intp]]) -> NDArray[np.intp]:
    """Return row numbers as a matrix, filled with -1."""
    width = max(part.size for part in parts)
    rows = np.full((len(parts), width), -1, dtype=np.intp)
    for place, part in enumerate(parts):
        rows[place, : part.size] = part
    return rows


def _buckets(labels: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return padded row matrices of blocks of like size."""
    order = np.argsort(labels, kind="stable")
    cuts = np.flatnonzero(np.diff(labels[order])) + 1
    parts = np.split(order, cuts)
    sizes = np.array([part.size for part in parts])
    if sizes.size * int(sizes.max()) ** 2 <= FEW_ENTRIES:
        return [_padded(parts)]
    powers = np.ceil(np.log2(sizes)).astype(int)
    return [_padded([parts[i] for i in np.flatnonzero(powers == power)]) for power in np.unique(powers)]


def _batch(
    rows: NDArray[np.intp],
    y: FloatArray,
    x: FloatArray,
    known: KnownCovariance,
    *,
    terms: Sequence[RandomTerm],
    scale: float,
) -> Batch:
    """Return the arrays of the blocks that `rows` lists."""
    real = rows >= 0
    safe = np.where(real, rows, 0)
    both = real[:, :, None] & real[:, None, :]
    v = np.tile(np.eye(rows.shape[1]), (rows.shape[0], 1, 1))
    single = np.where(real, known.diagonal[safe] / scale, 1.0)
    v *= single[:, :, None]
    if known.blocks:
        for place in range(rows.shape[0]):
            here = rows[place][real[place]]
            v[place, : here.size, : here.size] = known.within(here) / scale
    masks: list[FloatArray] = []
    designs: list[FloatArray | NDArray[np.intp] | None] = []
    for term in terms:
        codes = term.codes[safe]
        if term.correlation is None:
            shared = (codes[:, :, None] == codes[:, None, :]).astype(np.float64)
        else:
            shared = term.correlation[codes[:, :, None], codes[:, None, :]]
        masks.append(shared * both)
        if term.slopes is not None:
            designs.append(term.slopes[safe])
        else:
            designs.append(None if term.size == 1 else term.inner[safe])
    return Batch(
        rows, np.where(real, y[safe], 0.0), x[safe] * real[:, :, None], v, tuple(masks), tuple(designs)
    )


def lay_out(y: FloatArray, x: FloatArray, known: KnownCovariance, terms: Sequence[RandomTerm]) -> Problem:
    """Return the model laid out by blocks.

    Parameters
    ----------
    y : ndarray, shape (k,)
        Effects.
    x : ndarray, shape (k, p)
        Moderators of full rank.
    known : KnownCovariance
        V.
    terms : sequence of RandomTerm
        Random terms.

    Returns
    -------
    Problem
    """
    k, p = x.shape
    groupings = [known.labels]
    for term in terms:
        if term.correlation is None:
            groupings.append(term.codes)
        else:
            linked = merge_levels(term.correlation)
            groupings.append(linked[term.codes])
    labels = merge_groups(k, groupings)
    q, triangle = np.linalg.qr(x)
    scale = float(np.median(known.diagonal))
    scaled = y / math.sqrt(scale)
    batches = tuple(_batch(rows, scaled, q, known, terms=terms, scale=scale) for rows in _buckets(labels))
    return Problem(batches, tuple(terms), scale, triangle, k, p, labels)


def merge_levels(correlation: FloatArray) -> NDArray[np.intp]:
    """Return one code per level such that levels with a non-zero correlation share it."""
    rows, columns = np.nonzero(correlation)
    size = correlation.shape[0]
    labels = np.arange(size, dtype=np.intp)
    while True:
        before = labels.copy()
        np.minimum.at(labels, rows, labels[columns])
        labels = labels[labels]
        if np.array_equal(before, labels):
            return labels


def marginal(batch: Batch, matrices: Sequence[FloatArray]) -> FloatArray:
    """Return the marginal covariances of a batch, shape (b, n, n)."""
    total = batch.v
    for matrix, mask, design in zip(matrices, batch.masks, batch.designs, strict=True):
        if design is None:
            total = total + float(matrix[0, 0]) * mask
        elif design.ndim == 3:
            total = total + (design @ matrix @ design.transpose(0, 2, 1)) * mask
        else:
            codes = design.astype(np.intp)
            total = total + matrix[codes[:, :, None], codes[:, None, :]] * mask
    return total


def _gradient(batch: Batch, place: int, size: int, down: FloatArray) -> FloatArray:
    """Return the derivative by the entries of one term's matrix from the one by the marginal covariances."""
    masked, design = down * batch.masks[place], batch.designs[place]
    if design is None:
        return np.array([[masked.sum()]])
    if design.ndim == 3:
        return np.asarray((design.transpose(0, 2, 1) @ masked @ design).sum(axis=0))
    codes = design.astype(np.intp)
    flat = (codes[:, :, None] * size + codes[:, None, :]).ravel()
    return np.asarray(np.bincount(flat, masked.ravel(), size * size).reshape(size, size), dtype=np.float64)


def evaluate(
    problem: Problem, matrices: Sequence[FloatArray], *, restricted: bool, gradient: bool = True
) -> Evaluation | None:
    """Return the log-likelihood and its derivatives at given covariance matrices.

    Parameters
    ----------
    problem : Problem
        The model.
    matrices : sequence of ndarray
        Covariance matrix of each term, on the problem's scale.
    restricted : bool
        REML rather than ML.
    gradient : bool
        Whether derivatives are wanted.

    Returns
    -------
    Evaluation or None
        None where the marginal covariance is not positive definite.
    """
    p = problem.p
    information, right, log_determinant = np.zeros((p, p)), np.zeros(p), 0.0
    inverses, weighted = [], []
    for batch in problem.batches:
        total = marginal(batch, matrices)
        try:
            root = np.linalg.cholesky(total)
            inverse = np.linalg.inv(total)
        except np.linalg.LinAlgError:
            return None
        diagonal = np.diagonal(root, axis1=1, axis2=2)
        log_determinant += 2.0 * float(np.log(diagonal).sum())
        wx = inverse @ batch.x
        information += np.einsum("bni,bnj->ij", batch.x, wx)
        right += np.einsum("bni,bn->i", wx, batch.y)
        inverses.append(inverse)
        weighted.append(wx)
    try:
        cross = np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return None
    middle = np.linalg.inv(information)
    coefficients = np.asarray(np.linalg.solve(information, right), dtype=np.float64)
    rss = 0.0
    gradients = [np.zeros((term.size, term.size)) for term in problem.terms]
    for batch, inverse, wx in zip(problem.batches, inverses, weighted, strict=True):
        residual = batch.y - batch.x @ coefficients
        e = (inverse @ residual[:, :, None])[:, :, 0]
        rss += float((residual * e).sum())
        if not gradient:
            continue
        down = e[:, :, None] * e[:, None, :] - inverse
        if restricted:
            down += wx @ middle @ wx.transpose(0, 2, 1)
        down *= 0.5
        for place, term in enumerate(problem.terms):
            gradients[place] += _gradient(batch, place, term.size, down)
    count = problem.k - p if restricted else problem.k
    value = -0.5 * (count * (LOG_2_PI + math.log(problem.scale)) + log_determinant + rss)
    if restricted:
        value -= float(np.log(np.diag(cross)).sum())
    return Evaluation(value, coefficients, information, rss, tuple(gradients))


def coefficients_at(problem: Problem, found: Evaluation) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients of the moderators as given, and their covariance."""
    back = np.linalg.inv(problem.triangle) * math.sqrt(problem.scale)
    covariance = back @ np.linalg.inv(found.information) @ back.T
    return np.asarray(back @ found.coefficients), np.asarray((covariance + covariance.T) / 2.0)


def log_likelihood_at(problem: Problem, found: Evaluation, coefficients: FloatArray) -> float:
    """Return the log-likelihood at the components of an evaluation and other coefficients.

    Parameters
    ----------
    problem : Problem
        The model.
    found : Evaluation
        At the components; its coefficients are the best there.
    coefficients : ndarray, shape (p,)
        Of the moderators as given.

    Returns
    -------
    float
    """
    best, spread = coefficients_at(problem, found)
    change = coefficients - best
    return found.log_likelihood - 0.5 * float(change @ np.linalg.solve(spread, change))


def matrices_at(covariances: Sequence[RandomCovariance], free: FloatArray) -> list[FloatArray]:
    """Return the covariance matrix of each term at the free parameters of all."""
    found, start = [], 0
    for covariance in covariances:
        found.append(covariance.matrix(free[start : start + covariance.free]))
        start += covariance.free
    return found


def slopes_at(
    covariances: Sequence[RandomCovariance], free: FloatArray, gradients: Sequence[FloatArray]
) -> FloatArray:
    """Return the derivative by the free parameters of all terms."""
    found, start = [np.zeros(0)], 0
    for covariance, down in zip(covariances, gradients, strict=True):
        found.append(covariance.slopes(free[start : start + covariance.free], down))
        start += covariance.free
    return np.concatenate(found)
