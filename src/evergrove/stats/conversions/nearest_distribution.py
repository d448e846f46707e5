"""Quantile estimation (McGrath 2020): the distribution whose quantiles come nearest to the printed ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import ConvergenceError, DataError
from evergrove.stats.conversions.normal_quantiles import (
    FIVE_NUMBERS,
    QUARTILES,
    PrintedQuantiles,
)
from evergrove.stats.conversions.options import QuantileFamily
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: What stands for a printed 0 where a family needs values above 0 (estmeansd's convention).
IN_PLACE_OF_ZERO = 0.01
#: Grid of the shape (natural log) from which the search starts.
LOG_SHAPES = np.linspace(-4.0, 7.0, 111)
Kernel = Callable[["FloatArray", float], "FloatArray"]


class FamilyFit(NamedTuple):
    """One family, fitted.

    Parameters
    ----------
    family : QuantileFamily
        Which.
    parameters : tuple of float
        normal, log-normal: mean and SD (of the logs); gamma: shape and rate; Weibull: shape and scale;
        beta: both shapes.
    distance : float
        Sum of squared differences between printed and fitted quantiles.
    mean, sd : float
        Of the fitted distribution.
    """

    family: QuantileFamily
    parameters: tuple[float, float]
    distance: float
    mean: float
    sd: float


@dataclass(frozen=True, slots=True, repr=False)
class QuantileFit(Result):
    """Mean and SD by quantile estimation.

    Parameters
    ----------
    mean, sd : float
        Of the nearest family.
    family : QuantileFamily
        The nearest family.
    fits : tuple of FamilyFit
        All families fitted, nearest first.
    n : float
        Patients.
    diagnostics : tuple of Diagnostic
        ``zero-replaced``, ``normal-only``, ``family-not-fitted``.
    """

    mean: float
    sd: float
    family: QuantileFamily
    fits: tuple[FamilyFit, ...]
    n: float
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        return f"<QuantileFit mean {self.mean:.4f}, SD {self.sd:.4f} ({self.family}), n={self.n:g}>"

    def to_dict(self) -> dict[str, object]:
        """Return the fit as JSON-safe data."""
        fits = [fit._asdict() for fit in self.fits]
        return {**Result.to_dict(self), "fits": fits}

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per family."""
        return {
            "family": np.array([str(fit.family) for fit in self.fits]),
            "distance": np.array([fit.distance for fit in self.fits]),
            "mean": np.array([fit.mean for fit in self.fits]),
            "sd": np.array([fit.sd for fit in self.fits]),
        }


def probabilities(scenario: str, n: float) -> FloatArray:
    """Return the probabilities that the printed quantiles stand for; the extremes as 1/n and 1 - 1/n."""
    if scenario == QUARTILES:
        return np.array([0.25, 0.5, 0.75])
    ends = (1.0 / n, 1.0 - 1.0 / n)
    return np.array(
        [ends[0], 0.25, 0.5, 0.75, ends[1]] if scenario == FIVE_NUMBERS else [ends[0], 0.5, ends[1]]
    )


def _normal(q: FloatArray, p: FloatArray) -> FamilyFit:
    """Return the least-squares line of the quantiles on the normal ones."""
    z = special.ndtri(p)
    centred = z - z.mean()
    sd = float(centred @ q / (centred @ centred))
    mean = float(q.mean() - sd * z.mean())
    distance = float(((mean + sd * z - q) ** 2).sum())
    return FamilyFit(QuantileFamily.NORMAL, (mean, sd), distance, mean, sd)


def _log_normal_kernel(p: FloatArray, shape: float) -> FloatArray:
    """Return log-normal quantiles of median 1; the shape is 1/SD of the logs."""
    logs: FloatArray = special.ndtri(p) / shape
    return np.exp(np.clip(logs, -600.0, 600.0))


def _gamma_kernel(p: FloatArray, shape: float) -> FloatArray:
    """Return gamma quantiles of scale 1."""
    return np.asarray(special.gammaincinv(shape, p), dtype=np.float64)


def _weibull_kernel(p: FloatArray, shape: float) -> FloatArray:
    """Return Weibull quantiles of scale 1."""
    return np.exp(np.clip(np.log(-np.log1p(-p)) / shape, -600.0, 600.0))


def _scale_family(q: FloatArray, p: FloatArray, kernel: Kernel) -> tuple[float, float, float]:
    """Return shape, scale and distance of the nearest member of a scale family.

    The scale that is best at a shape is a projection; the shape is found on a grid and sharpened by
    least squares in both logs.
    """
    from scipy.optimize import least_squares  # noqa: PLC0415 - 0.1 s, only where a fit is asked for

    size = float(np.abs(q).max())
    target: FloatArray = q / size

    def residuals(point: FloatArray) -> FloatArray:
        return math.exp(point[1]) * kernel(p, math.exp(point[0])) - target

    best = (math.inf, 0.0, 0.0)
    for log_shape in LOG_SHAPES:
        unit = kernel(p, math.exp(log_shape))
        top = unit.max()
        if not (np.isfinite(top) and top > 0):
            continue
        unit = unit / top
        scale = float(unit @ target / (unit @ unit))
        if scale > 0:
            distance = float(((scale * unit - target) ** 2).sum())
            best = min(best, (distance, float(log_shape), math.log(scale / top)))
    if not math.isfinite(best[0]):
        raise ConvergenceError("quantile estimation: no start was found; leave this family out")
    fit = least_squares(residuals, best[1:], jac="3-point", method="lm", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    if not fit.success:
        raise ConvergenceError(
            f"quantile estimation: {fit.message} after {fit.nfev} evaluations; try another"
        )
    shape, scale = math.exp(fit.x[0]), math.exp(fit.x[1]) * size
    return shape, scale, float(((scale * kernel(p, shape) - q) ** 2).sum())


def _log_normal(q: FloatArray, p: FloatArray) -> FamilyFit:
    """Return the nearest log-normal."""
    shape, scale, distance = _scale_family(q, p, _log_normal_kernel)
    mu, sigma = math.log(scale), 1.0 / shape
    mean = math.exp(mu + sigma**2 / 2.0)
    return FamilyFit(
        QuantileFamily.LOG_NORMAL, (mu, sigma), distance, mean, mean * math.sqrt(math.expm1(sigma**2))
    )


def _gamma(q: FloatArray, p: FloatArray) -> FamilyFit:
    """Return the nearest gamma."""
    shape, scale, distance = _scale_family(q, p, _gamma_kernel)
    return FamilyFit(
        QuantileFamily.GAMMA, (shape, 1.0 / scale), distance, shape * scale, math.sqrt(shape) * scale
    )


def _weibull(q: FloatArray, p: FloatArray) -> FamilyFit:
    """Return the nearest Weibull."""
    shape, scale, distance = _scale_family(q, p, _weibull_kernel)
    first, second = float(special.gammaln(1.0 + 1.0 / shape)), float(special.gammaln(1.0 + 2.0 / shape))
    mean = scale * math.exp(first)
    return FamilyFit(
        QuantileFamily.WEIBULL,
        (shape, scale),
        distance,
        mean,
        mean * math.sqrt(math.expm1(second - 2.0 * first)),
    )


def _beta(q: FloatArray, p: FloatArray) -> FamilyFit:
    """Return the nearest beta, from the normal fit's moments."""
    from scipy.optimize import least_squares  # noqa: PLC0415 - 0.1 s, only where a fit is asked for

    start = _normal(q, p)
    mean = min(max(start.mean, 0.01), 0.99)
    total = max(mean * (1.0 - mean) / max(start.sd**2, 1e-12) - 1.0, 0.1)

    def residuals(point: FloatArray) -> FloatArray:
        first, second = np.exp(np.clip(point, -12.0, 12.0))
        return np.asarray(special.betaincinv(first, second, p) - q, dtype=np.float64)

    fit = least_squares(
        residuals,
        np.log([mean * total, (1.0 - mean) * total]),
        jac="3-point",
        method="lm",
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
    )
    if not fit.success:
        raise ConvergenceError(
            f"quantile estimation: {fit.message} after {fit.nfev} evaluations; try another"
        )
    first, second = (float(value) for value in np.exp(fit.x))
    whole = first + second
    sd = math.sqrt(first * second / (whole + 1.0)) / whole
    return FamilyFit(
        QuantileFamily.BETA, (first, second), float((residuals(fit.x) ** 2).sum()), first / whole, sd
    )


FAMILIES = {
    QuantileFamily.LOG_NORMAL: _log_normal,
    QuantileFamily.GAMMA: _gamma,
    QuantileFamily.WEIBULL: _weibull,
    QuantileFamily.BETA: _beta,
}


def estimate_by_quantiles(given: PrintedQuantiles) -> QuantileFit:
    """Fit all families that the values allow and take the nearest.

    Parameters
    ----------
    given : PrintedQuantiles
        Checked.

    Returns
    -------
    QuantileFit

    Raises
    ------
    DataError
        Where quantiles that are equal leave no spread to fit.
    """
    q, p = np.array(given.values), probabilities(given.scenario, given.n)
    if np.unique(q).size < 3:
        raise DataError(
            f"quantile estimation: found {np.unique(q).size} different values among {given.values}; allowed: "
            "3 and more; use method='luo-shi'"
        )
    remarks = []
    if (q == 0).any() and (q >= 0).all():
        q = np.where(q == 0, IN_PLACE_OF_ZERO, q)
        if (np.diff(q) < 0).any():
            raise DataError(
                f"quantile estimation: found a 0 below values under {IN_PLACE_OF_ZERO}; allowed: another "
                "unit; multiply by 1000 first"
            )
        remarks.append(Diagnostic("zero-replaced", f"a printed 0 was taken as {IN_PLACE_OF_ZERO}"))
    fits = [_normal(q, p)]
    if (q > 0).all():
        for family, fitted in FAMILIES.items():
            if family is QuantileFamily.BETA and (q >= 1).any():
                continue
            try:
                fits.append(fitted(q, p))
            except ConvergenceError as error:
                remarks.append(Diagnostic("family-not-fitted", str(error), str(family)))
    else:
        remarks.append(Diagnostic("normal-only", "values below 0: only the normal distribution was fitted"))
    fits.sort(key=lambda fit: fit.distance)
    return QuantileFit(fits[0].mean, fits[0].sd, fits[0].family, tuple(fits), given.n, tuple(remarks))
