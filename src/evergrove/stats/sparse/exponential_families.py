"""One-parameter exponential families of counts, by their cumulant function.

A count y with canonical parameter η has log density y η - K(η) + c(y). The functions take real or
complex arrays, so that derivatives can be taken by complex steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: Real or complex, as the argument is.
AnyArray = NDArray[Any]


class Cumulants(NamedTuple):
    """K, its first and its second derivative (mean and variance of the count)."""

    k: AnyArray
    mean: AnyArray
    variance: AnyArray


class Binomial(NamedTuple):
    """Binomial counts with logit link.

    Parameters
    ----------
    y, n : ndarray, shape (k, rows)
        Events and patients.
    """

    y: FloatArray
    n: FloatArray

    def at(self, eta: AnyArray) -> Cumulants:
        """Return the cumulants at η, shape (k, rows) or (k, rows, nodes)."""
        n = self.n if eta.ndim == self.n.ndim else self.n[..., np.newaxis]
        upper = eta.real > 0
        small = np.exp(np.where(upper, -eta, eta))  # never above 1 in size
        log_part = np.log1p(small)
        p = np.where(upper, 1.0, small) / (1.0 + small)
        return Cumulants(n * (np.where(upper, eta, 0.0) + log_part), n * p, n * small / (1.0 + small) ** 2)

    def stacked(self, copies: int) -> Binomial:
        """Return the same studies several times, one copy below the other."""
        return Binomial(np.tile(self.y, (copies, 1)), np.tile(self.n, (copies, 1)))

    def constant(self) -> FloatArray:
        """Return Σ c(y) per study, the log binomial coefficients."""
        terms = (
            special.gammaln(self.n + 1) - special.gammaln(self.y + 1) - special.gammaln(self.n - self.y + 1)
        )
        return np.asarray(terms.sum(axis=1))

    def saturated(self) -> FloatArray:
        """Return per study and row the greatest y η - K(η), reached at the observed proportion."""
        rest = self.n - self.y
        return np.asarray(special.xlogy(self.y, self.y / self.n) + special.xlogy(rest, rest / self.n))

    def guess(self) -> FloatArray:
        """Return finite starting values of η."""
        return np.asarray(np.log(self.y + 0.5) - np.log(self.n - self.y + 0.5))


class Poisson(NamedTuple):
    """Poisson counts with log link and person-time as offset.

    Parameters
    ----------
    y, n : ndarray, shape (k, rows)
        Events and person-time.
    """

    y: FloatArray
    n: FloatArray

    def at(self, eta: AnyArray) -> Cumulants:
        """Return the cumulants at η (log rate), shape (k, rows) or (k, rows, nodes)."""
        n = self.n if eta.ndim == self.n.ndim else self.n[..., np.newaxis]
        bounded = np.where(eta.real > 300.0, 300.0, eta)  # beyond, the likelihood is 0 to any precision
        mean = n * np.exp(bounded)
        return Cumulants(mean, mean, mean)

    def stacked(self, copies: int) -> Poisson:
        """Return the same studies several times, one copy below the other."""
        return Poisson(np.tile(self.y, (copies, 1)), np.tile(self.n, (copies, 1)))

    def constant(self) -> FloatArray:
        """Return Σ c(y) per study: y log(time) - log y!."""
        return np.asarray((special.xlogy(self.y, self.n) - special.gammaln(self.y + 1)).sum(axis=1))

    def saturated(self) -> FloatArray:
        """Return per study and row the greatest y η - K(η), reached at the observed rate."""
        return np.asarray(special.xlogy(self.y, self.y / self.n) - self.y)

    def guess(self) -> FloatArray:
        """Return finite starting values of η."""
        return np.asarray(np.log((self.y + 0.5) / self.n))


Family = Binomial | Poisson
