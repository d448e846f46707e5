"""Covariance matrices of random effects as functions of unconstrained parameters, with derivatives.

Variances enter as squares of free standard deviations and correlations as sines of free angles: both are
smooth through their boundary, so that an estimate of exactly 0 (or of correlation 1) is an ordinary
stationary point. An unstructured matrix with no given part is the square of a free triangular matrix; one
with given variances has the rows of its root on the unit sphere, by angles (Pinheiro & Bates 1996). The
free correlation of CAR is that of its nearest levels: the one a time unit apart has a kink at 0 where levels
are nearer than that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evergrove.stats.dependence.options import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray

ONE_VARIANCE = (Structure.CS, Structure.UNR, Structure.ID, Structure.AR, Structure.CAR)
ONE_CORRELATION = (Structure.CS, Structure.HCS, Structure.AR, Structure.HAR, Structure.CAR)
FREE_CORRELATIONS = (Structure.UN, Structure.UNR, Structure.GEN)
TRIANGULAR = (Structure.UN, Structure.GEN)
#: A climb that begins nearby starts with no standard deviation below this: 0 is stationary.
SMALLEST_START = 0.02


def variance_count(structure: Structure, size: int) -> int:
    """Return how many variances a structure of `size` levels has."""
    return 1 if structure in ONE_VARIANCE else size


def correlation_count(structure: Structure, size: int) -> int:
    """Return how many correlations a structure of `size` levels has."""
    if size == 1:
        return 0
    if structure in FREE_CORRELATIONS:
        return size * (size - 1) // 2
    return 1 if structure in ONE_CORRELATION else 0


def pairs_below(size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the row and column of each correlation: (1, 0), (2, 0), …, (2, 1), …."""
    columns, rows = np.triu_indices(size, 1)
    return rows.astype(np.intp), columns.astype(np.intp)


def _unit_rows(angles: FloatArray, size: int) -> FloatArray:
    """Return a triangular matrix with rows of length 1: sines of the angles times earlier cosines."""
    root, start = np.zeros((size, size)), 0
    for row in range(size):
        here = angles[start : start + row]
        start += row
        left = np.concatenate([[1.0], np.cumprod(np.cos(here))])
        root[row, : row + 1] = left * np.concatenate([np.sin(here), [1.0]])
    return root


def _unit_row_slopes(angles: FloatArray, down: FloatArray) -> FloatArray:
    """Return the derivative by the angles, from the one by the entries of root root'."""
    size = down.shape[0]
    by_root = 2.0 * down @ _unit_rows(angles, size)
    found, start = [], 0
    for row in range(size):
        here = angles[start : start + row]
        start += row
        sines, cosines = np.concatenate([np.sin(here), [1.0]]), np.cos(here)
        for place in range(row):
            changed = cosines.copy()
            changed[place] = -sines[place]
            left = np.concatenate([[1.0], np.cumprod(changed)])
            slopes = np.where(np.arange(row + 1) > place, left * sines, 0.0)
            slopes[place] = float(np.prod(cosines[: place + 1]))
            found.append(float(by_root[row, : row + 1] @ slopes))
    return np.array(found)


def _angles(root: FloatArray) -> FloatArray:
    """Return the angles of a triangular matrix with rows of length 1."""
    found = []
    for row in range(root.shape[0]):
        left = 1.0
        for column in range(row):
            angle = math.asin(min(1.0, max(-1.0, float(root[row, column]) / left)))
            found.append(angle)
            left *= math.cos(angle)
    return np.array(found)


@dataclass(frozen=True, slots=True, eq=False)
class RandomCovariance:
    """The covariance matrix of one random term.

    Parameters
    ----------
    structure : Structure
        Its form; `Structure.ID` of size 1 is a random intercept.
    positions : ndarray, shape (q,)
        Where the levels stand (AR, CAR).
    variances, correlations : ndarray
        Given values; NaN where they are estimated.
    lowest : float
        Lower bound of correlations.
    basis : ndarray, shape (q, q), or None
        Where the free parameters are a triangular root: that of G' in the matrix basis G' basis'. A year
        beside a constant leaves no digits to a search in the slopes' own units.
    """

    structure: Structure
    positions: FloatArray
    variances: FloatArray
    correlations: FloatArray
    lowest: float = -1.0
    basis: FloatArray | None = None

    @property
    def size(self) -> int:
        """Levels."""
        return int(self.positions.size)

    @property
    def nearest(self) -> float:
        """The smallest distance between two levels for CAR, else 1: whose correlation the angle is of."""
        return float(np.diff(np.sort(self.positions)).min()) if self.structure is Structure.CAR else 1.0

    @property
    def triangular(self) -> bool:
        """Whether the free parameters are the entries of a triangular root."""
        nothing_given = bool(np.isnan(self.variances).all() and np.isnan(self.correlations).all())
        return self.structure in TRIANGULAR and self.size > 1 and nothing_given

    @property
    def spherical(self) -> bool:
        """Whether the free correlations are angles of the rows of a root."""
        free = self.structure in FREE_CORRELATIONS and bool(np.isnan(self.correlations).all())
        return free and self.size > 2 and not self.triangular

    def inside(self, free: FloatArray) -> bool:
        """Return whether the matrix is one of a covariance; it always is unless correlations are given."""
        given = self.structure in FREE_CORRELATIONS and not bool(np.isnan(self.correlations).all())
        if not given or self.size < 3:
            return True
        return bool(np.linalg.eigvalsh(self._correlation(self.values(free)[1]))[0] > -1e-12)

    @property
    def free(self) -> int:
        """Number of free parameters."""
        return int(np.isnan(self.variances).sum() + np.isnan(self.correlations).sum())

    def values(self, free: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return all variances and correlations at the free parameters.

        Parameters
        ----------
        free : ndarray, shape (self.free,)
            Unconstrained parameters.

        Returns
        -------
        variances, correlations : ndarray
        """
        if self.triangular:
            matrix = self.matrix(free)
            variances = np.diag(matrix).copy()
            roots = np.sqrt(variances)
            rows, columns = pairs_below(self.size)
            scale = roots[rows] * roots[columns]
            known = scale > 0
            safe = np.where(known, scale, 1.0)
            return variances, np.clip(np.where(known, matrix[rows, columns] / safe, 0.0), -1.0, 1.0)
        variances, correlations = self.variances.copy(), self.correlations.copy()
        open_variances, open_correlations = np.isnan(variances), np.isnan(correlations)
        count = int(open_variances.sum())
        variances[open_variances] = free[:count] ** 2
        if self.spherical:
            root = _unit_rows(free[count:], self.size)
            rows, columns = pairs_below(self.size)
            return variances, np.clip((root @ root.T)[rows, columns], -1.0, 1.0)
        half = (1.0 - self.lowest) / 2.0
        found = 1.0 - half + half * np.sin(free[count:])
        if self.structure is Structure.CAR:
            found = found ** (1.0 / self.nearest)
        correlations[open_correlations] = found
        return variances, correlations

    def _correlation(self, correlations: FloatArray) -> FloatArray:
        """Return the correlation matrix."""
        matrix = np.eye(self.size)
        if not correlations.size:
            return matrix
        if self.structure in FREE_CORRELATIONS:
            rows, columns = pairs_below(self.size)
            matrix[rows, columns] = matrix[columns, rows] = correlations
            return matrix
        rho = float(correlations[0])
        if self.structure in {Structure.CS, Structure.HCS}:
            return np.where(matrix > 0, 1.0, rho)
        gaps = np.abs(self.positions[:, None] - self.positions[None, :])
        return np.asarray(rho**gaps, dtype=np.float64)

    def _correlation_slopes(self, correlations: FloatArray, down: FloatArray) -> FloatArray:
        """Return the derivative by each correlation (CAR: of the nearest), from that by the entries."""
        if self.structure in FREE_CORRELATIONS:
            rows, columns = pairs_below(self.size)
            return np.asarray(2.0 * down[rows, columns])
        rho = float(correlations[0])
        if self.structure in {Structure.CS, Structure.HCS}:
            return np.array([down.sum() - np.trace(down)])
        gaps = np.abs(self.positions[:, None] - self.positions[None, :]) / self.nearest
        base = rho**self.nearest if self.structure is Structure.CAR else rho
        apart = gaps > 0
        slopes = np.zeros_like(gaps)
        slopes[apart] = gaps[apart] * base ** np.maximum(gaps[apart] - 1.0, 0.0)
        return np.array([float(np.sum(down * slopes))])

    def _root(self, free: FloatArray) -> FloatArray:
        """Return the root of the matrix: triangular, in the basis."""
        root = np.zeros((self.size, self.size))
        root[np.tril_indices(self.size)] = free
        return root if self.basis is None else np.asarray(self.basis @ root)

    def _triangle(self, matrix: FloatArray) -> FloatArray:
        """Return the entries of the triangular root of a matrix."""
        if self.basis is not None:
            matrix = np.linalg.solve(self.basis, np.linalg.solve(self.basis, matrix).T)
        return np.asarray(np.linalg.cholesky(matrix)[np.tril_indices(self.size)])

    def in_basis(self) -> RandomCovariance:
        """Return the covariance G' of the same free parameters."""
        return replace(self, basis=None)

    def matrix(self, free: FloatArray) -> FloatArray:
        """Return the covariance matrix, shape (q, q), at the free parameters."""
        if self.size == 1:
            return np.array([[free[0] ** 2 if free.size else self.variances[0]]])
        if self.triangular:
            root = self._root(free)
            return np.asarray(root @ root.T)
        roots = np.broadcast_to(self._roots(free), (self.size,))
        return np.asarray(self._correlation(self.values(free)[1]) * roots[:, None] * roots[None, :])

    def _roots(self, free: FloatArray) -> FloatArray:
        """Return the standard deviations, the free ones with their sign."""
        roots = self.variances.copy()
        known = ~np.isnan(roots)
        roots[known] = np.sqrt(roots[known])
        roots[~known] = free[: int((~known).sum())]
        return roots

    @property
    def bounds(self) -> FloatArray:
        """Lower bounds of the free parameters: 0 where the sign of a standard deviation would matter."""
        bounds = np.full(self.free, -np.inf)
        if not self.triangular and self.variances.size > 1 and self.correlations.size:
            bounds[: int(np.isnan(self.variances).sum())] = 0.0
        return bounds

    def slopes(self, free: FloatArray, down: FloatArray) -> FloatArray:
        """Return the derivative by the free parameters from the one by the matrix's entries.

        Parameters
        ----------
        free : ndarray, shape (self.free,)
            Unconstrained parameters.
        down : ndarray, shape (q, q), symmetric
            Derivative of a function by each entry, entries taken as independent.

        Returns
        -------
        ndarray, shape (self.free,)
        """
        if self.size == 1:
            return np.asarray(2.0 * free * down[0])
        if self.triangular:
            by_root = 2.0 * down @ self._root(free)
            by_root = by_root if self.basis is None else self.basis.T @ by_root
            return np.asarray(by_root[np.tril_indices(self.size)])
        correlations = self.values(free)[1]
        open_variances, open_correlations = np.isnan(self.variances), np.isnan(self.correlations)
        count = int(open_variances.sum())
        roots = self._roots(free)
        each = np.broadcast_to(roots, (self.size,))
        correlation = self._correlation(correlations)
        by_root = 2.0 * (down * correlation) @ each
        by_root = np.array([by_root.sum()]) if roots.size == 1 else by_root
        found = [by_root[open_variances]]
        if open_correlations.any():
            scaled = down * each[:, None] * each[None, :]
            if self.spherical:
                return np.concatenate([*found, _unit_row_slopes(free[count:], scaled)])
            entries = self._correlation_slopes(correlations, scaled)
            half = (1.0 - self.lowest) / 2.0
            found.append(entries[open_correlations] * half * np.cos(free[count:]))
        return np.concatenate(found)

    def start(self, variance: float, correlation: float) -> FloatArray:
        """Return free parameters for one common variance and correlation."""
        rho = max(correlation, 0.9 * self.lowest)
        if self.triangular:
            rho = max(correlation, -0.9 / (self.size - 1))
            common = variance * (np.full((self.size, self.size), rho) + (1.0 - rho) * np.eye(self.size))
            return np.asarray(np.linalg.cholesky(common)[np.tril_indices(self.size)])
        count = int(np.isnan(self.variances).sum())
        if self.spherical:
            rho = max(correlation, -0.9 / (self.size - 1))
            common = np.full((self.size, self.size), rho) + (1.0 - rho) * np.eye(self.size)
            return np.concatenate(
                [np.full(count, math.sqrt(variance)), _angles(np.asarray(np.linalg.cholesky(common)))]
            )
        half = (1.0 - self.lowest) / 2.0
        angle = math.asin(min(1.0, max(-1.0, (rho - 1.0 + half) / half)))
        return np.concatenate(
            [
                np.full(count, math.sqrt(variance)),
                np.full(int(np.isnan(self.correlations).sum()), angle),
            ]
        )

    def free_near(self, variances: FloatArray, correlations: FloatArray) -> FloatArray:
        """Return free parameters close to given components, a little inside of every bound."""
        open_variances = np.isnan(self.variances)
        roots = np.sqrt(np.maximum(variances, SMALLEST_START**2))
        positive = np.maximum(correlations, 0.0)
        near_by = positive**self.nearest if self.structure is Structure.CAR else correlations
        inner = np.clip(near_by, self.lowest + 1e-3 * (1.0 - self.lowest), 1.0 - 1e-3 * (1.0 - self.lowest))
        if self.structure in FREE_CORRELATIONS and self.size > 2:
            matrix = self._correlation(0.98 * inner)
            values, vectors = np.linalg.eigh(matrix)
            near = (vectors * np.maximum(values, 1e-3)) @ vectors.T
            scale = np.sqrt(np.diag(near))
            near = near / scale[:, None] / scale[None, :]
            each = np.broadcast_to(roots, (self.size,))
            if self.triangular:
                return self._triangle(near * each[:, None] * each[None, :])
            if self.spherical:
                return np.concatenate([roots[open_variances], _angles(np.asarray(np.linalg.cholesky(near)))])
            rows, columns = pairs_below(self.size)
            inner = near[rows, columns]
        if self.triangular:
            return self._triangle(self._correlation(inner) * roots[:, None] * roots[None, :])
        half = (1.0 - self.lowest) / 2.0
        angles = np.arcsin(np.clip((inner - 1.0 + half) / half, -1.0, 1.0))
        return np.concatenate([roots[open_variances], angles[np.isnan(self.correlations)]])
