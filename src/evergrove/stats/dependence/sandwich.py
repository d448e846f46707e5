"""The cluster-robust (sandwich) covariance and the moments of its distribution.

With M = (X'WX)⁻¹ and H = X M X'W, residuals have covariance (I - H) Φ (I - H)' under the working model Φ;
where W is the inverse of Φ it is Φ - X M X'. The rest follows from that (Pustejovsky & Tipton 2018).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.dependence.options import RobustCorrection
from evergrove.stats.regression.least_squares import centred_basis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.regression.least_squares import Basis

#: Eigenvalues below this share of the largest count as 0 in the inverse square root (as clubSandwich).
SMALLEST_EIGENVALUE = 1e-12
#: The same for CR4, whose matrix is of the order of a squared information: its condition is squared too.
SMALLEST_SQUARED = 1e-15


class WorkingFit(NamedTuple):
    """A weighted least squares fit and its working covariance.

    Parameters
    ----------
    names : tuple of str
        Coefficients.
    x : ndarray, shape (k, p)
        Design.
    residual : ndarray, shape (k,)
        y - Xβ.
    coefficients : ndarray, shape (p,)
        β.
    blocks : tuple of (rows, matrix)
        Independent blocks of Φ.
    wx : ndarray, shape (k, p), or None
        W X for weights of the caller; None where W is the inverse of Φ.
    """

    names: tuple[str, ...]
    x: FloatArray
    residual: FloatArray
    coefficients: FloatArray
    blocks: tuple[tuple[NDArray[np.intp], FloatArray], ...]
    wx: FloatArray | None = None

    def on(self, basis: Basis) -> WorkingFit:
        """Return the fit with another basis of its design; the coefficients stay those of the design."""
        return self._replace(x=basis.matrix, wx=None if self.wx is None else self.wx @ basis.back)

    def weighting(self) -> Weighting:
        """Return what the weights make of the design."""
        wx, phi_wx = np.empty_like(self.x), self.x
        if self.wx is None:
            for rows, phi in self.blocks:
                wx[rows] = np.linalg.solve(phi, self.x[rows])
        else:
            wx, phi_wx = self.wx, np.empty_like(self.x)
            for rows, phi in self.blocks:
                phi_wx[rows] = phi @ wx[rows]
        bread = np.linalg.inv(self.x.T @ wx)
        bread = (bread + bread.T) / 2.0
        spread = bread if self.wx is None else bread @ (wx.T @ phi_wx) @ bread
        return Weighting(wx, phi_wx, bread, spread)


class Weighting(NamedTuple):
    """A design under its weights.

    Parameters
    ----------
    wx, phi_wx : ndarray, shape (k, p)
        W X and Φ W X; the latter is X where W is the inverse of Φ.
    bread : ndarray, shape (p, p)
        M.
    model_covariance : ndarray, shape (p, p)
        M X'W Φ W X M: of the coefficients under the working model.
    """

    wx: FloatArray
    phi_wx: FloatArray
    bread: FloatArray
    model_covariance: FloatArray


class Blocks:
    """The covariance of any rows, from independent blocks of (rows, matrix) that hold each row once."""

    def __init__(self, blocks: Sequence[tuple[NDArray[np.intp], FloatArray]]) -> None:
        self.blocks = blocks
        k = sum(rows.size for rows, _ in blocks)
        self.owner, self.position = np.empty(k, dtype=np.intp), np.empty(k, dtype=np.intp)
        for place, (rows, _) in enumerate(blocks):
            self.owner[rows], self.position[rows] = place, np.arange(rows.size)

    def of(self, rows: NDArray[np.intp]) -> FloatArray:
        """Return the covariance of some rows."""
        found = np.zeros((rows.size, rows.size))
        for place in np.unique(self.owner[rows]):
            here = np.flatnonzero(self.owner[rows] == place)
            inside = self.position[rows[here]]
            found[np.ix_(here, here)] = self.blocks[place][1][np.ix_(inside, inside)]
        return found


class Sandwich(NamedTuple):
    """The robust covariance with what its tests need.

    Parameters
    ----------
    covariance : ndarray, shape (p, p)
        Of the coefficients.
    back : ndarray, shape (p, p)
        From the centred basis of the design, in which the rest is, to its coefficients.
    weighting : Weighting
        Of the design.
    influence : tuple of ndarray, shape (k_j, p)
        G_j: a cluster moves the coefficients by G_j' e_j.
    spreads : tuple of ndarray, shape (p, p)
        G_j' Φ_j G_j.
    crosses, pulls : ndarray, shape (m, p, p)
        X_j' G_j and (W X)_j' Φ_j G_j; the same where W is the inverse of Φ.
    """

    covariance: FloatArray
    back: FloatArray
    weighting: Weighting
    influence: tuple[FloatArray, ...]
    spreads: FloatArray
    crosses: FloatArray
    pulls: FloatArray


def symmetric_power(matrix: FloatArray, power: float, smallest: float = SMALLEST_EIGENVALUE) -> FloatArray:
    """Return a power of a symmetric positive semi-definite matrix, pseudo-inverse where it is singular."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2.0)
    kept = values > smallest * max(float(values[-1]), 0.0)
    scaled = np.where(kept, np.where(kept, values, 1.0) ** power, 0.0)
    return np.asarray((vectors * scaled) @ vectors.T)


def _influence(
    kind: RobustCorrection, x: FloatArray, phi: FloatArray, mine: Weighting, back: FloatArray
) -> FloatArray:
    """Return G_j of a cluster, shape (n, p); `mine` has its rows, `back` leads to the design's columns."""
    if kind is RobustCorrection.CR2:
        root = np.linalg.cholesky(phi).T
        inner = root @ residual_covariance(x, phi, mine) @ root.T
        return np.asarray(root.T @ symmetric_power(inner, -0.5) @ root @ mine.wx @ mine.bread)
    if kind is RobustCorrection.CR3:
        return np.asarray(
            np.linalg.pinv(np.eye(x.shape[0]) - x @ mine.bread @ mine.wx.T).T @ mine.wx @ mine.bread
        )
    if kind is RobustCorrection.CR4:
        scores = mine.wx @ np.linalg.inv(back)  # in the design's own columns: CR4 depends on them
        expected, found = scores.T @ phi @ scores, scores.T @ residual_covariance(x, phi, mine) @ scores
        values, vectors = np.linalg.eigh((expected + expected.T) / 2.0)
        kept = values > SMALLEST_EIGENVALUE * values[-1]
        root = np.sqrt(values[kept])[:, np.newaxis] * vectors.T[kept]
        change = root.T @ symmetric_power(root @ found @ root.T, -0.5, SMALLEST_SQUARED) @ root
        return np.asarray(scores @ change @ back @ mine.bread)
    return np.asarray(mine.wx @ mine.bread)


def residual_covariance(x: FloatArray, phi: FloatArray, mine: Weighting) -> FloatArray:
    """Return the covariance of the residuals of some rows under the working model.

    Parameters
    ----------
    x : ndarray, shape (n, p)
        Their design.
    phi : ndarray, shape (n, n)
        Their working covariance.
    mine : Weighting
        With their rows of `wx` and `phi_wx`.

    Returns
    -------
    ndarray, shape (n, n)
        Their part of (I - H) Φ (I - H)'.
    """
    pulled = x @ mine.bread @ mine.phi_wx.T
    return np.asarray(phi - pulled - pulled.T + x @ mine.model_covariance @ x.T)


def factor_of(kind: RobustCorrection, clusters: int, k: int, p: int) -> float:
    """Return the factor of the CR1 family."""
    m = float(clusters)
    return {
        RobustCorrection.CR1: m / (m - 1.0),
        RobustCorrection.CR1P: m / (m - p),
        RobustCorrection.CR1S: m * (k - 1.0) / ((m - 1.0) * (k - p)),
    }.get(kind, 1.0)


def sandwich(fit: WorkingFit, clusters: Sequence[NDArray[np.intp]], kind: RobustCorrection) -> Sandwich:
    """Return the cluster-robust covariance.

    Parameters
    ----------
    fit : WorkingFit
        The fit; every block lies within one cluster.
    clusters : sequence of int arrays
        Rows of each cluster.
    kind : RobustCorrection
        Small-sample correction.

    Returns
    -------
    Sandwich
    """
    k, p = fit.x.shape
    basis = centred_basis(fit.x)  # so that years keep their digits
    fit = fit.on(basis)
    whole = fit.weighting()
    influence, spreads, crosses, pulls, moves = [], [], [], [], []
    blocks = Blocks(fit.blocks)
    for rows in clusters:
        x, phi = fit.x[rows], blocks.of(rows)
        mine = whole._replace(wx=whole.wx[rows], phi_wx=whole.phi_wx[rows])
        g = _influence(kind, x, phi, mine, basis.back)
        influence.append(g)
        spreads.append(g.T @ phi @ g)
        crosses.append(x.T @ g)
        pulls.append(mine.phi_wx.T @ g)
        moves.append(g.T @ fit.residual[rows])
    stacked = np.array(moves)
    moves_of_all = stacked @ basis.back.T
    covariance = factor_of(kind, len(clusters), k, p) * moves_of_all.T @ moves_of_all
    return Sandwich(
        covariance,
        basis.back,
        whole,
        tuple(influence),
        np.array(spreads),
        np.array(crosses),
        np.array(pulls),
    )


def products(found: Sandwich, contrasts: FloatArray) -> FloatArray:
    """Return p_si' p_tj for contrasts s, t and clusters i, j, shape (q, q, m, m).

    Parameters
    ----------
    found : Sandwich
        The robust covariance.
    contrasts : ndarray, shape (q, p)
        Rows are contrasts of the coefficients.

    Returns
    -------
    ndarray
    """
    contrasts = contrasts @ found.back
    own = np.einsum("sp,ipr,tr->sti", contrasts, found.spreads, contrasts)
    across = np.einsum("ipr,tr->tip", found.crosses, contrasts)
    pulled = np.einsum("ipr,tr->tip", found.pulls, contrasts)
    once = np.einsum("sip,pr,tjr->stij", across, found.weighting.bread, pulled)
    twice = np.einsum("sip,pr,tjr->stij", across, found.weighting.model_covariance, across)
    array = twice - once - once.transpose(1, 0, 3, 2)
    index = np.arange(array.shape[2])
    array[:, :, index, index] += own
    return np.asarray(array)


def satterthwaite(found: Sandwich, contrasts: FloatArray) -> FloatArray:
    """Return Satterthwaite degrees of freedom of each contrast, shape (q,)."""
    df = []
    for row in contrasts:
        p = products(found, row[None, :])[0, 0]
        df.append(float(np.trace(p)) ** 2 / float((p**2).sum()))
    return np.array(df)


def hotelling_df(found: Sandwich, contrasts: FloatArray) -> float:
    """Return the degrees of freedom η of the approximate Hotelling T² (HTZ; Tipton & Pustejovsky 2015)."""
    q = contrasts.shape[0]
    array = products(found, contrasts)
    omega = np.trace(array, axis1=2, axis2=3)
    scaled = products(found, symmetric_power(omega, -0.5) @ contrasts)
    variances = np.einsum("stij,tsij->st", scaled, scaled) + np.einsum("ssij,ttij->st", scaled, scaled)
    return float(q * (q + 1) / variances.sum())
