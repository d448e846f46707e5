"""Marginal log-likelihoods of studies with normal random effects, and their derivatives.

Each study's log-likelihood depends on few numbers, its *local* parameters: the linear predictors of its
rows and the standard deviations of the random effects. Derivatives by these are exact (complex steps), so
that the whole model's gradient and Hessian follow from the chain rule, whatever the number of studies.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.sparse.exponential_families import AnyArray, Family

#: Size of the complex step: so small that no digit is lost.
COMPLEX_STEP = 1e-30
#: Step of the differences of exact gradients that give the Hessian (fourth order).
HESSIAN_STEP = 2e-3
MOST_MODE_STEPS = 200
MODE_TOLERANCE = 1e-13


class Local(NamedTuple):
    """Log-likelihood of each study with gradient and Hessian by its local parameters.

    Parameters
    ----------
    value : ndarray, shape (k,)
    gradient : ndarray, shape (k, d)
    hessian : ndarray, shape (k, d, d)
    """

    value: FloatArray
    gradient: FloatArray
    hessian: FloatArray


class StudyLikelihood(Protocol):
    """What the maximiser needs of a model."""

    def value(self, local: FloatArray) -> FloatArray:
        """Return the log-likelihood per study, shape (k,), at local parameters of shape (k, d)."""

    def derivatives(self, local: FloatArray, *, precise: bool = True) -> Local:
        """Return value, gradient and Hessian; the last to few digits where `precise` is False."""


class _Quadrature(Protocol):
    """A likelihood that is analytic in its local parameters, given the modes of the random effects."""

    def stacked(self, copies: int) -> _Quadrature:
        """Return the same studies several times, one copy below the other."""

    def modes(self, local: FloatArray) -> FloatArray:
        """Return the modes, one row per study."""

    def at_modes(self, local: AnyArray, modes: FloatArray) -> AnyArray:
        """Return the log-likelihood at complex local parameters, near to real ones with these modes."""


#: Multiples of the step and their weights, over the divisor: differences of second and of fourth order.
ROUGH = (((1, 1.0), (-1, -1.0)), 2.0)
PRECISE = (((1, 8.0), (-1, -8.0), (2, -1.0), (-2, 1.0)), 12.0)


def complex_derivatives(model: _Quadrature, local: FloatArray, *, precise: bool) -> Local:
    """Return value, gradient and Hessian of a likelihood by quadrature.

    The gradient is taken by complex steps (Squire & Trapp, SIAM Review 40 (1998) 110-112: no subtraction,
    no loss of digits), the Hessian by differences of such gradients. All points are evaluated at once.

    Parameters
    ----------
    model : OneRandomEffect or TwoRandomEffects
        The likelihood.
    local : ndarray, shape (k, d)
        Where.
    precise : bool
        Fourth-order differences, good to about 1e-10; else second-order ones, which will do for a step.

    Returns
    -------
    Local
    """
    k, d = local.shape
    weights, divisor = PRECISE if precise else ROUGH
    unit = np.eye(d)
    steps = [multiple * HESSIAN_STEP * unit[at] for at in range(d) for multiple, _ in weights]
    shifts = np.array([np.zeros(d), *steps])
    count = shifts.shape[0]
    real = (local + shifts[:, np.newaxis, :]).reshape(-1, d)
    modes = model.stacked(count).modes(real)
    modes = np.repeat(modes.reshape(count, 1, k, -1), d, axis=1).reshape(count * d * k, -1)
    points = real.reshape(count, 1, k, d) + 1j * COMPLEX_STEP * unit[:, np.newaxis, :]
    found = model.stacked(count * d).at_modes(points.reshape(-1, d), modes).reshape(count, d, k)
    gradients = (found.imag / COMPLEX_STEP).transpose(0, 2, 1)
    hessian = np.empty((k, d, d))
    size = len(weights)
    for at in range(d):
        block = gradients[1 + size * at : 1 + size * (at + 1)]
        hessian[:, at, :] = sum(weight * one for (_, weight), one in zip(weights, block, strict=True))
    hessian /= divisor * HESSIAN_STEP
    return Local(found[0, 0].real, gradients[0], 0.5 * (hessian + hessian.transpose(0, 2, 1)))


class OneRandomEffect(NamedTuple):
    """Studies with one normal random effect: adaptive Gauss-Hermite quadrature as lme4 has it.

    Local parameters: the linear predictor of each row, then the standard deviation τ. Row r has
    η_r = m_r + z_r τ u with u standard normal; nodes are centred at the mode of u and scaled by the
    curvature there (Liu & Pierce, Biometrika 81 (1994) 624-629). One node is Laplace's approximation.

    Parameters
    ----------
    family : Binomial or Poisson
        Counts of shape (k, rows).
    loading : ndarray, shape (rows,)
        z: how the random effect enters each row.
    points : int
        Nodes.
    """

    family: Family
    loading: FloatArray
    points: int

    def value(self, local: FloatArray) -> FloatArray:
        """Return the log-likelihood per study without the constant of the family."""
        return np.asarray(self.at_modes(local, self.modes(local)))

    def derivatives(self, local: FloatArray, *, precise: bool = True) -> Local:
        """Return value, gradient and Hessian by the local parameters; see `complex_derivatives`."""
        return complex_derivatives(self, local, precise=precise)

    def stacked(self, copies: int) -> OneRandomEffect:
        """Return the same studies several times, one copy below the other."""
        return self._replace(family=self.family.stacked(copies))

    def modes(self, local: FloatArray) -> FloatArray:
        """Return the mode of u in each study, shape (k,)."""
        rows, tau = local[:, :-1], local[:, -1]
        u = np.zeros(local.shape[0])
        height = self._log_joint(rows, tau, u)
        for _ in range(MOST_MODE_STEPS):
            slope, curvature = self._slope(rows, tau, u)
            step = slope / curvature
            if np.max(np.abs(step)) < MODE_TOLERANCE:
                break
            trial = u + step
            trial_height = self._log_joint(rows, tau, trial)
            for _ in range(60):  # log-concave: halving always ends higher, or where rounding rules
                worse = trial_height < height - 1e-12 * (1.0 + np.abs(height))
                if not worse.any():
                    break
                step = np.where(worse, 0.5 * step, step)
                trial = u + step
                trial_height = self._log_joint(rows, tau, trial)
            u, height = trial, trial_height
        return u

    def _eta(self, rows: AnyArray, tau: AnyArray, u: AnyArray) -> AnyArray:
        """Return η, shape (k, rows)."""
        return np.asarray(rows + (tau * u)[:, np.newaxis] * self.loading)

    def _log_joint(self, rows: AnyArray, tau: AnyArray, u: AnyArray) -> AnyArray:
        """Return y η - K(η) - u²/2 per study."""
        eta = self._eta(rows, tau, u)
        return np.asarray((self.family.y * eta - self.family.at(eta).k).sum(axis=1) - 0.5 * u * u)

    def _slope(self, rows: AnyArray, tau: AnyArray, u: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return the slope of the log joint density in u and minus its second derivative."""
        _, mean, variance = self.family.at(self._eta(rows, tau, u))
        slope = tau * ((self.family.y - mean) * self.loading).sum(axis=1) - u
        return slope, 1.0 + tau * tau * (variance * self.loading**2).sum(axis=1)

    def at_modes(self, local: AnyArray, modes: FloatArray) -> AnyArray:
        """Return the log-likelihood at local parameters; the mode follows a complex step by Newton's rule."""
        rows, tau = local[:, :-1], local[:, -1]
        u = modes.reshape(local.shape[0])
        slope, curvature = self._slope(rows, tau, u)
        u = u + slope / curvature
        scale = 1.0 / np.sqrt(self._slope(rows, tau, u)[1])
        x, w = np.polynomial.hermite.hermgauss(self.points)
        nodes = u[:, np.newaxis] + math.sqrt(2.0) * scale[:, np.newaxis] * x
        eta = (
            rows[:, :, np.newaxis]
            + (tau[:, np.newaxis] * nodes)[:, np.newaxis, :] * self.loading[:, np.newaxis]
        )
        joint = (self.family.y[..., np.newaxis] * eta - self.family.at(eta).k).sum(axis=1) - 0.5 * nodes**2
        terms = joint + np.log(w) + x**2
        highest = terms.real.max(axis=1, keepdims=True)
        total = np.log(np.exp(terms - highest).sum(axis=1)) + highest[:, 0]
        return np.asarray(total + np.log(scale) - 0.5 * math.log(math.pi))


class TwoRandomEffects(NamedTuple):
    """Two rows per study with a random study level and a random effect: Laplace, as lme4.

    Local parameters: m₁, m₂, then the lower triangle (l₁₁, l₂₁, l₂₂) of the random effects' Cholesky
    factor: level l₁₁ u₁, effect l₂₁ u₁ + l₂₂ u₂. Row r has η_r = m_r + level + z_r effect.

    Parameters
    ----------
    family : Binomial or Poisson
        Counts of shape (k, 2).
    loading : ndarray, shape (2,)
        z: how the random effect enters each row.
    points : int
        Nodes per dimension; 1 is Laplace's approximation.
    """

    family: Family
    loading: FloatArray
    points: int

    def value(self, local: FloatArray) -> FloatArray:
        """Return the log-likelihood per study without the constant of the family."""
        return np.asarray(self.at_modes(local, self.modes(local)))

    def derivatives(self, local: FloatArray, *, precise: bool = True) -> Local:
        """Return value, gradient and Hessian by the local parameters; see `complex_derivatives`."""
        return complex_derivatives(self, local, precise=precise)

    def stacked(self, copies: int) -> TwoRandomEffects:
        """Return the same studies several times, one copy below the other."""
        return self._replace(family=self.family.stacked(copies))

    def _entries(self, local: AnyArray) -> AnyArray:
        """Return the matrix A of shape (k, 2 rows, 2) with η = m + A u."""
        z = self.loading
        first = local[:, 2:3] + z * local[:, 3:4]
        return np.stack([first, z * local[:, 4:5]], axis=2)

    def modes(self, local: FloatArray) -> FloatArray:
        """Return the mode of u in each study, shape (k, 2)."""
        entries = self._entries(local)
        u = np.zeros((local.shape[0], 2))
        height = self._log_joint(local, entries, u)
        for _ in range(MOST_MODE_STEPS):
            slope, curvature = self._slope(local, entries, u)
            step = _solve2(curvature, slope)
            if np.max(np.abs(step)) < MODE_TOLERANCE:
                break
            trial = u + step
            trial_height = self._log_joint(local, entries, trial)
            for _ in range(60):
                worse = trial_height < height - 1e-12 * (1.0 + np.abs(height))
                if not worse.any():
                    break
                step = np.where(worse[:, np.newaxis], 0.5 * step, step)
                trial = u + step
                trial_height = self._log_joint(local, entries, trial)
            u, height = trial, trial_height
        return u

    def _log_joint(self, local: AnyArray, entries: AnyArray, u: AnyArray) -> AnyArray:
        """Return y η - K(η) - |u|²/2 per study."""
        eta = local[:, :2] + (entries * u[:, np.newaxis, :]).sum(axis=2)
        joint = (self.family.y * eta - self.family.at(eta).k).sum(axis=1)
        return np.asarray(joint - 0.5 * (u * u).sum(axis=1))

    def _slope(self, local: AnyArray, entries: AnyArray, u: AnyArray) -> tuple[AnyArray, AnyArray]:
        """Return the slope in u, shape (k, 2), and minus the second derivative, shape (k, 2, 2)."""
        eta = local[:, :2] + (entries * u[:, np.newaxis, :]).sum(axis=2)
        _, mean, variance = self.family.at(eta)
        slope = ((self.family.y - mean)[:, :, np.newaxis] * entries).sum(axis=1) - u
        curvature = np.einsum("kra,kr,krb->kab", entries, variance, entries) + np.eye(2)
        return slope, curvature

    def at_modes(self, local: AnyArray, modes: FloatArray) -> AnyArray:
        """Return the log-likelihood at local parameters; the mode follows a complex step by Newton's rule."""
        entries = self._entries(local)
        u = modes + _solve2(*reversed(self._slope(local, entries, modes)))
        curvature = self._slope(local, entries, u)[1]
        # inverse Cholesky factor of the curvature: its columns carry the nodes
        l11 = np.sqrt(curvature[:, 0, 0])
        l21 = curvature[:, 1, 0] / l11
        l22 = np.sqrt(curvature[:, 1, 1] - l21**2)
        x, w = np.polynomial.hermite.hermgauss(self.points)
        first, second = (grid.ravel() * math.sqrt(2.0) for grid in np.meshgrid(x, x, indexing="ij"))
        log_weight = np.add.outer(np.log(w) + x**2, np.log(w) + x**2).ravel()
        shift2 = second[np.newaxis, :] / l22[:, np.newaxis]
        shift1 = (first[np.newaxis, :] - l21[:, np.newaxis] * shift2) / l11[:, np.newaxis]
        nodes = np.stack([u[:, 0:1] + shift1, u[:, 1:2] + shift2], axis=1)
        eta = local[:, :2, np.newaxis] + np.einsum("kra,kan->krn", entries, nodes)
        joint = (self.family.y[..., np.newaxis] * eta - self.family.at(eta).k).sum(axis=1)
        terms = joint - 0.5 * (nodes**2).sum(axis=1) + log_weight
        highest = terms.real.max(axis=1, keepdims=True)
        total = np.log(np.exp(terms - highest).sum(axis=1)) + highest[:, 0]
        return np.asarray(total - np.log(l11 * l22) - math.log(math.pi))


def _solve2(matrix: AnyArray, right: AnyArray) -> AnyArray:
    """Solve 2 by 2 systems, one per study."""
    a, b, c, d = matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 0], matrix[:, 1, 1]
    determinant = a * d - b * c
    return np.stack(
        [
            (d * right[:, 0] - b * right[:, 1]) / determinant,
            (a * right[:, 1] - c * right[:, 0]) / determinant,
        ],
        axis=1,
    )
