"""How well fits recover the truth, with Monte Carlo standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Protocol

import numpy as np

from evergrove.errors import TooFewStudiesError, UsageError
from evergrove.stats.result import Result
from evergrove.stats.scalars import finite, how_many, within

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


class Fits(Protocol):
    """What is judged: `PooledGroups`, or anything with these columns."""

    @property
    def estimate(self) -> FloatArray: ...  # noqa: D102
    @property
    def ci_low(self) -> FloatArray: ...  # noqa: D102
    @property
    def ci_high(self) -> FloatArray: ...  # noqa: D102
    @property
    def p_value(self) -> FloatArray: ...  # noqa: D102


@dataclass(frozen=True, slots=True, repr=False)
class Performance(Result):
    """What a method did over many replications; ``…_mcse`` are Monte Carlo standard errors.

    Parameters
    ----------
    effect : float
        The truth.
    replications, fitted : int
        Drawn, and those that gave an interval; the rest has no estimate and counts in `fitted_share` alone.
    fitted_share : float
        fitted / replications.
    coverage, coverage_mcse : float
        Share of intervals that hold the truth.
    bias, bias_mcse : float
        Mean of estimate - truth.
    rmse : float
        √ mean of (estimate - truth)².
    width, width_mcse : float
        Mean width of the interval.
    median_width : float
        Its median: with two or three studies a few intervals are enormous.
    rejection, rejection_mcse : float
        Share of tests of no effect with p below `alpha`: the type-I error where the truth is 0, else the
        power.
    alpha : float
        1 - confidence level.
    """

    effect: float
    replications: int
    fitted: int
    fitted_share: float
    coverage: float
    coverage_mcse: float
    bias: float
    bias_mcse: float
    rmse: float
    width: float
    width_mcse: float
    median_width: float
    rejection: float
    rejection_mcse: float
    alpha: float

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{entry.name}={getattr(self, entry.name):.4g}"
            for entry in fields(self)
            if entry.name != "effect"
        )
        return f"<Performance effect={self.effect:.4g}: {shown}>"


def _share(hits: int, of: int) -> tuple[float, float]:
    """Return a share and its Monte Carlo standard error."""
    share = hits / of
    return share, math.sqrt(share * (1.0 - share) / of)


def performance(
    fits: Fits, effect: float, *, replications: int | None = None, alpha: float = 0.05
) -> Performance:
    """Judge fits of simulated meta-analyses against the truth.

    Parameters
    ----------
    fits : PooledGroups or any object with `estimate`, `ci_low`, `ci_high` and `p_value`
        One entry per replication.
    effect : float
        The truth, on the pooling scale.
    replications : int or None
        Drawn, where some gave no fit at all; None is as many as there are fits.
    alpha : float
        Level of the test of no effect; 1 - the level of the intervals.

    Returns
    -------
    Performance

    Raises
    ------
    TooFewStudiesError
        Where no replication has an interval.

    Notes
    -----
    Replications without an estimate are left out of every mean and counted: with sparse data compare
    methods only where they fit about the same replications.

    References
    ----------
    [Morris2019].

    Examples
    --------
    >>> from evergrove.stats import NormalDesign, simulate
    >>> drawn = simulate(NormalDesign(k=5, tau2=0.1), 500, rng=1)
    >>> 0.9 < performance(drawn.pool(), drawn.effect).coverage < 1.0
    True
    """
    lacking = [name for name in ("estimate", "ci_low", "ci_high", "p_value") if not hasattr(fits, name)]
    if lacking:
        raise UsageError(
            f"fits: found {type(fits).__name__} without {', '.join(lacking)}; allowed: fits in columns; pass "
            "what pool_groups or SimulatedStudies.pool returns"
        )
    effect, alpha = finite("effect", effect), within("alpha", alpha, 0.0, 1.0, todo="usually 0.05")
    known = np.isfinite(fits.estimate) & np.isfinite(fits.ci_low) & np.isfinite(fits.ci_high)
    fitted = int(known.sum())
    drawn = (
        int(known.size) if replications is None else how_many("replications", replications, int(known.size))
    )
    if fitted == 0:
        raise TooFewStudiesError(
            f"performance: found no interval in {drawn} replications; allowed: 1 or more; look at the design"
        )
    error = fits.estimate[known] - effect
    low, high = fits.ci_low[known], fits.ci_high[known]
    width = high - low
    coverage, coverage_mcse = _share(int(((low <= effect) & (effect <= high)).sum()), fitted)
    rejection, rejection_mcse = _share(int((fits.p_value[known] < alpha).sum()), fitted)
    root = math.sqrt(fitted)
    spread = 1 if fitted > 1 else 0
    return Performance(
        effect=float(effect),
        replications=drawn,
        fitted=fitted,
        fitted_share=fitted / drawn,
        coverage=coverage,
        coverage_mcse=coverage_mcse,
        bias=float(error.mean()),
        bias_mcse=float(error.std(ddof=spread)) / root,
        rmse=math.sqrt(float((error**2).mean())),
        width=float(width.mean()),
        width_mcse=float(width.std(ddof=spread)) / root,
        median_width=float(np.median(width)),
        rejection=rejection,
        rejection_mcse=rejection_mcse,
        alpha=float(alpha),
    )
