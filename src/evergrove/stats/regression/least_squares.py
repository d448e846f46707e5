"""Kernel of weighted least squares: QR with centred and scaled columns; float64 arrays in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: A column whose part outside the columns before it is smaller than this share of it is redundant.
RANK_TOLERANCE = 1e-10
#: What rounding of the entries themselves can leave of a column that is redundant on paper.
ROUNDING = 64 * float(np.finfo(np.float64).eps)


class Basis(NamedTuple):
    """A design with centred, scaled columns, and the way back.

    Parameters
    ----------
    matrix : ndarray, shape (k, p)
        Columns of Euclidean norm 1, centred where there is a constant column.
    back : ndarray, shape (p, p)
        ``design = matrix @ inv(back)``: coefficients of the design are ``back @`` those of the basis.
    """

    matrix: FloatArray
    back: FloatArray


class Fit(NamedTuple):
    """A weighted least-squares fit.

    Parameters
    ----------
    beta : ndarray, shape (p,)
        Coefficients of the design.
    inverse : ndarray, shape (p, p)
        (X'WX)⁻¹.
    fitted, residual, leverage, weights : ndarray, shape (k,)
        Xb, y - Xb, diagonal of the hat matrix, weights 1 / (v + tau²).
    rss : float
        Σ w r².
    trace : float
        trace(P): Σ w (1 - h).
    squares : float
        y'PPy: Σ w² r².
    log_determinant : float
        log det(X'WX).
    """

    beta: FloatArray
    inverse: FloatArray
    fitted: FloatArray
    residual: FloatArray
    leverage: FloatArray
    weights: FloatArray
    rss: float
    trace: float
    squares: float
    log_determinant: float


def constant_column(design: FloatArray) -> int | None:
    """Return the position of the first column of ones (not 0), or None.

    Parameters
    ----------
    design : ndarray, shape (k, p)
        Design matrix.

    Returns
    -------
    int or None
    """
    for position in range(design.shape[1]):
        entries = design[:, position]
        if entries.size and entries[0] != 0 and bool((entries == entries[0]).all()):
            return position
    return None


def centred_basis(design: FloatArray) -> Basis:
    """Return the design with columns centred about their means (given a constant) and scaled to norm 1.

    Parameters
    ----------
    design : ndarray, shape (k, p)
        Design matrix.

    Returns
    -------
    Basis
        Years from 1948 to 1980, or values about 1e8, keep all their digits in it.
    """
    _, p = design.shape
    constant = constant_column(design)
    matrix, back = np.array(design, dtype=np.float64), np.eye(p)
    for position in range(p):
        shift = 0.0
        if constant is not None and position != constant:
            shift = float(matrix[:, position].mean())
            matrix[:, position] -= shift
        size = float(np.linalg.norm(matrix[:, position])) or 1.0
        matrix[:, position] /= size
        back[position, position] = 1.0 / size
        if shift and constant is not None:
            back[constant, position] = -shift / size / float(design[0, constant])
    return Basis(matrix, back)


def redundant_columns(design: FloatArray) -> tuple[int, ...]:
    """Return the columns that are linear combinations of those before them.

    Parameters
    ----------
    design : ndarray, shape (k, p)
        Design matrix.

    Returns
    -------
    tuple of int
        By modified Gram-Schmidt, twice, on centred columns; relative to the column and to the rounding of
        its entries.
    """
    constant = constant_column(design)
    order = [] if constant is None else [constant]
    order += [position for position in range(design.shape[1]) if position != constant]
    kept: list[FloatArray] = []
    redundant = []
    for position in order:
        raw = np.array(design[:, position], dtype=np.float64)
        size = float(np.linalg.norm(raw))
        rest = raw - raw.mean() if kept and constant is not None else raw
        centred = float(np.linalg.norm(rest))
        for _ in range(2):
            for unit in kept:
                rest = rest - float(unit @ rest) * unit
        left = float(np.linalg.norm(rest))
        if left <= max(RANK_TOLERANCE * centred, ROUNDING * size):
            redundant.append(position)
        else:
            kept.append(rest / left)
    return tuple(sorted(redundant))


def weighted_fit(basis: Basis, yi: FloatArray, total: FloatArray) -> Fit:
    """Fit by weighted least squares with weights 1 / total.

    Parameters
    ----------
    basis : Basis
        Of full column rank.
    yi, total : ndarray, shape (k,)
        Effects; variances v + tau², above 0.

    Returns
    -------
    Fit
        By Householder QR of the weighted rows, heaviest first, so that weights that differ by many
        orders of magnitude cost no digits; the effects are taken about the heaviest one where the
        design spans a constant.
    """
    matrix, back = basis
    order = np.lexsort((yi, total))
    unit = float(total[order[0]])
    w = unit / total[order]
    root = np.sqrt(w)
    spanned = _constant_in(basis)
    origin = 0.0 if spanned is None else float(yi[order[0]])
    y = yi[order] - origin
    q, r = np.linalg.qr(root[:, np.newaxis] * matrix[order])
    effects = q.T @ (root * y)
    upper = np.linalg.inv(r)
    residual, leverage = np.empty_like(yi), np.empty_like(yi)
    weighted = root * y - q @ effects
    weighted = weighted - q @ (q.T @ weighted)
    residual[order] = weighted / root
    leverage[order] = np.minimum(1.0, (q**2).sum(axis=1))
    half = back @ upper
    beta = half @ effects
    if spanned is not None:
        beta[spanned[0]] += origin / spanned[1]
    outside = 1.0 - (q**2).sum(axis=1)
    log_back = float(np.log(np.abs(np.diag(back))).sum())
    p = r.shape[0]
    return Fit(
        beta=beta,
        inverse=half @ half.T * unit,
        fitted=yi - residual,
        residual=residual,
        leverage=leverage,
        weights=1.0 / total,
        rss=float((weighted**2).sum()) / unit,
        trace=float((w * np.maximum(outside, 0.0)).sum()) / unit,
        squares=float((w * weighted**2).sum()) / unit**2,
        log_determinant=2.0 * (float(np.log(np.abs(np.diag(r))).sum()) - log_back) - p * math.log(unit),
    )


def _constant_in(basis: Basis) -> tuple[int, float] | None:
    """Return the position and value of the design's constant column, or None."""
    position = constant_column(basis.matrix)
    if position is None:
        return None
    return position, float(basis.matrix[0, position] / basis.back[position, position])


def any_weights_fit(
    basis: Basis, yi: FloatArray, weights: FloatArray, total: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return coefficients at arbitrary weights and their covariance given variances `total`.

    Parameters
    ----------
    basis : Basis
        Of full column rank.
    yi, weights, total : ndarray, shape (k,)
        Effects, weights above 0, variances v + tau².

    Returns
    -------
    beta : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
        (X'AX)⁻¹ X'AMAX (X'AX)⁻¹.
    """
    root = np.sqrt(weights)
    q, r = np.linalg.qr(root[:, np.newaxis] * basis.matrix)
    spread = basis.back @ np.linalg.inv(r) @ (q.T * root)
    return spread @ yi, (spread * total) @ spread.T
