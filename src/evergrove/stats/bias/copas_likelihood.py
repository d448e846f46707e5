"""The likelihood of the Copas selection model at given publication parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.stats.bias.jets import parameters
from evergrove.stats.bias.maximum import Derivatives, Maximum, bounded_maximum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray

ROOT_OF_TWO_PI = float(np.sqrt(2.0 * np.pi))


class Copas(NamedTuple):
    """Data and publication parameters.

    Parameters
    ----------
    y, se : ndarray, shape (k,)
        Effects and standard errors (those seen, given publication).
    u : ndarray, shape (k,)
        gamma0 + gamma1 / se: the probit of publication.
    slope : bool
        Whether the mean depends on se too (the model behind the test of residual bias).
    """

    y: FloatArray
    se: FloatArray
    u: FloatArray
    slope: bool

    def log_likelihood(self, point: FloatArray) -> Derivatives:
        """Return the log-likelihood of (mu, rho, tau²) or (mu, rho, tau², slope), without constants.

        Copas & Shi 2000, p. 250: sigma² is the variance before selection, se² the one after it.
        """
        with np.errstate(all="ignore"):
            jets = parameters(point, self.y.size)
            mu, rho, tau2 = jets[:3]
            hazard = np.exp(-0.5 * self.u**2 - special.log_ndtr(self.u)) / ROOT_OF_TWO_PI
            shrink = rho * rho * (-hazard * (self.u + hazard)) + 1.0
            sigma2 = shrink.power(-1.0) * self.se**2
            total = sigma2 + tau2
            centre = mu + jets[3] * self.se if self.slope else mu
            error = centre * -1.0 + self.y
            inverse = total.power(-1.0)
            pull = rho * sigma2.power(0.5)
            left = (pull * pull * inverse * -1.0) + 1.0
            v = (pull * error * inverse + self.u) * left.power(-0.5)
            terms = total.log() * -0.5 + error * error * inverse * -0.5 + v.log_normal_cdf()
        value = float(terms.value.sum())
        return Derivatives(
            value if np.isfinite(value) else -np.inf, terms.first.sum(axis=1), terms.second.sum(axis=2)
        )

    def maximum(
        self, starts: Sequence[Sequence[float]], low_rho: float, high_rho: float, *, longest: float = np.inf
    ) -> Maximum:
        """Return the highest maximum from several starts, with steps of at most a length."""
        low, high = [-np.inf, low_rho, 0.0, -np.inf], [np.inf, high_rho, np.inf, np.inf]
        size = 4 if self.slope else 3
        found = [
            bounded_maximum(self.log_likelihood, start[:size], low[:size], high[:size], longest=longest)
            for start in starts
        ]
        done = [one for one in found if one.converged] or found
        return max(done, key=lambda one: one.value)
