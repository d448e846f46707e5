"""The cluster-robust (sandwich) covariance and the moments of its distribution.

With M = (X'WX)⁻¹ and H = X M X'W, residuals have covariance (I - H) Φ (I - H)' under the working model Φ;
where W is the inverse of Φ it is Φ - X M X'. The rest follows from that (Pustejovsky & Tipton 2018).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evergrove.stats.dependence.options import RobustCorrection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray

#: Eigenvalues below this share of the largest count as 0 in the inverse square root (as clubSandwich).
SMALLEST_EIGENVALUE = 1e-12


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

    def weighted_design(self) -> FloatArray:
        """Return W X."""
        if self.wx is not None:
            return self.wx
        wx = np.empty_like(self.x)
        for rows, phi in self.blocks:
            wx[rows] = np.linalg.solve(phi, self.x[rows])
        return wx


class Sandwich(NamedTuple):
    """The robust covariance with what its tests need.

    Parameters
    ----------
    covariance : ndarray, shape (p, p)
        Of the coefficients.
    bread : ndarray, shape (p, p)
        M.
    model_covariance : ndarray, shape (p, p)
        M X'W Φ W X M: of the coefficients under the working model.
    influence : tuple of ndarray, shape (k_j, p)
        G_j: a cluster moves the coefficients by G_j' e_j.
    spreads : tuple of ndarray, shape (p, p)
        G_j' Φ_j G_j.
    crosses, pulls : ndarray, shape (m, p, p)
        X_j' G_j and (W X)_j' Φ_j G_j; the same where W is the inverse of Φ.
    """

    covariance: FloatArray
    bread: FloatArray
    model_covariance: FloatArray
    influence: tuple[FloatArray, ...]
    spreads: FloatArray
    crosses: FloatArray
    pulls: FloatArray


def symmetric_power(matrix: FloatArray, power: float) -> FloatArray:
    """Return a power of a symmetric positive semi-definite matrix, pseudo-inverse where it is singular."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2.0)
    kept = values > SMALLEST_EIGENVALUE * max(float(values[-1]), 0.0)
    scaled = np.where(kept, np.where(kept, values, 1.0) ** power, 0.0)
    return np.asarray((vectors * scaled) @ vectors.T)


class _Cluster(NamedTuple):
    """Rows of one cluster: X_j, Φ_j, (W X)_j and Φ_j (W X)_j."""

    x: FloatArray
    phi: FloatArray
    wx: FloatArray
    phi_wx: FloatArray

    def adjustment(
        self, kind: RobustCorrection, bread: FloatArray, model_covariance: FloatArray
    ) -> FloatArray | None:
        """Return A_j, or None for the identity."""
        if kind is RobustCorrection.CR2:
            root = np.linalg.cholesky(self.phi).T
            pulled = self.x @ bread @ self.phi_wx.T
            spread = self.phi - pulled - pulled.T + self.x @ model_covariance @ self.x.T
            return np.asarray(root.T @ symmetric_power(root @ spread @ root.T, -0.5) @ root)
        if kind is RobustCorrection.CR3:
            left = np.eye(self.x.shape[0]) - self.x @ bread @ self.wx.T
            return np.asarray(np.linalg.pinv(left), dtype=np.float64)
        return None


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
    wx = fit.weighted_design()
    bread = np.linalg.inv(fit.x.T @ wx)
    bread = model_covariance = (bread + bread.T) / 2.0
    if fit.wx is not None:
        middle = sum(wx[rows].T @ phi @ wx[rows] for rows, phi in fit.blocks)
        model_covariance = bread @ middle @ bread
    influence, spreads, crosses, pulls, moves = [], [], [], [], []
    for rows, phi in zip(clusters, _covariances(fit, clusters), strict=True):
        x = fit.x[rows]
        one = _Cluster(x, phi, wx[rows], x if fit.wx is None else phi @ wx[rows])
        adjustment = one.adjustment(kind, bread, model_covariance)
        g = one.wx @ bread if adjustment is None else adjustment.T @ one.wx @ bread
        influence.append(g)
        spreads.append(g.T @ phi @ g)
        crosses.append(x.T @ g)
        pulls.append(one.phi_wx.T @ g)
        moves.append(g.T @ fit.residual[rows])
    stacked = np.array(moves)
    covariance = factor_of(kind, len(clusters), k, p) * stacked.T @ stacked
    return Sandwich(
        covariance,
        bread,
        model_covariance,
        tuple(influence),
        np.array(spreads),
        np.array(crosses),
        np.array(pulls),
    )


def _covariances(fit: WorkingFit, clusters: Sequence[NDArray[np.intp]]) -> Iterator[FloatArray]:
    """Yield Φ_j of each cluster."""
    owner = np.empty(fit.x.shape[0], dtype=np.intp)
    for place, rows in enumerate(clusters):
        owner[rows] = place
    mine: list[list[int]] = [[] for _ in clusters]
    for place, (rows, _) in enumerate(fit.blocks):
        mine[int(owner[rows[0]])].append(place)
    for place, rows in enumerate(clusters):
        phi = np.zeros((rows.size, rows.size))
        position = {int(row): at for at, row in enumerate(rows)}
        for block in mine[place]:
            here = [position[int(row)] for row in fit.blocks[block][0]]
            phi[np.ix_(here, here)] = fit.blocks[block][1]
        yield phi


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
    own = np.einsum("sp,ipr,tr->sti", contrasts, found.spreads, contrasts)
    across = np.einsum("ipr,tr->tip", found.crosses, contrasts)
    pulled = np.einsum("ipr,tr->tip", found.pulls, contrasts)
    once = np.einsum("sip,pr,tjr->stij", across, found.bread, pulled)
    twice = np.einsum("sip,pr,tjr->stij", across, found.model_covariance, across)
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
