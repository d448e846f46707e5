"""What a simulated meta-analysis is like: how many studies, how large, how different."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import UsageError
from evergrove.stats.options import EffectMeasure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray

#: Patients of a trial where a design says nothing else: the range in which log sizes are uniform.
SIZES = (40, 400)
CONTINUITY = 0.5


class Drawn(NamedTuple):
    """What a design draws: effects and variances, which rows have them, and the data behind them."""

    yi: FloatArray
    vi: FloatArray
    estimable: BoolArray
    data: dict[str, FloatArray]


def _checked(k: int, tau2: float, sizes: tuple[float, float], share: float) -> None:
    """Raise for a design that cannot be."""
    faults = [
        ("k", k, "1 or more", k >= 1),
        ("tau2", tau2, "a finite number not below 0", math.isfinite(tau2) and tau2 >= 0),
        ("sizes", sizes, "two numbers of patients, rising, from 4 up", 4 <= sizes[0] <= sizes[1] < math.inf),
        ("share", share, "above 0 and below 1", 0 < share < 1),
    ]
    for name, found, allowed, well in faults:
        if not well:
            raise UsageError(f"{name}: found {found!r}; allowed: {allowed}; describe a design that can be")


def _arm_sizes(
    rng: np.random.Generator, rows: int, sizes: tuple[float, float], share: float
) -> tuple[FloatArray, FloatArray]:
    """Draw the patients of both arms; log sizes are uniform, arms have two patients at least."""
    total = np.exp(rng.uniform(math.log(sizes[0]), math.log(sizes[1]), rows))
    n1 = np.maximum(2.0, np.rint(share * total))
    return n1, np.maximum(2.0, np.rint(total) - n1)


@dataclass(frozen=True, slots=True)
class NormalDesign:
    """Effects that are normal with known variances: the model of inverse-variance pooling itself.

    Parameters
    ----------
    k : int
        Studies per meta-analysis.
    effect : float
        Mean of the true effects.
    tau2 : float
        Their variance.
    vi : tuple of float or None
        The sampling variance of each study, k of them; None draws sizes.
    sizes : tuple of float
        Smallest and largest number of patients per study; log sizes are uniform.
    share : float
        Share of patients in arm 1. With sizes, the variance is 1/n1 + 1/n2 (an outcome of variance 1).
    """

    k: int
    effect: float = 0.0
    tau2: float = 0.0
    vi: tuple[float, ...] | None = None
    sizes: tuple[float, float] = SIZES
    share: float = 0.5

    def __post_init__(self) -> None:
        _checked(self.k, self.tau2, self.sizes, self.share)
        if self.vi is not None and (len(self.vi) != self.k or not all(0 < v < math.inf for v in self.vi)):
            raise UsageError(f"vi: found {self.vi!r}; allowed: {self.k} numbers above 0; give one per study")

    def draw(self, rng: np.random.Generator, replications: int) -> Drawn:
        """Draw the studies of all replications, one after the other."""
        rows = self.k * replications
        if self.vi is None:
            n1, n2 = _arm_sizes(rng, rows, self.sizes, self.share)
            vi, data = 1.0 / n1 + 1.0 / n2, {"n1": n1, "n2": n2}
        else:
            vi, data = np.tile(np.array(self.vi, dtype=float), replications), {}
        yi = self.effect + rng.normal(size=rows) * np.sqrt(vi + self.tau2)
        return Drawn(yi, vi, np.ones(rows, dtype=bool), data)


@dataclass(frozen=True, slots=True)
class TwoArmDesign:
    """Trials with two arms and a binary outcome.

    Parameters
    ----------
    k : int
        Studies per meta-analysis.
    effect : float
        Mean of the true log odds ratios or log risk ratios.
    tau2 : float
        Their variance.
    risk : float or tuple of float
        Event risk in arm 2, the same for all or uniform between two.
    measure : str
        ``"OR"`` or ``"RR"``. Risks that a ratio would lift above 1 are cut at 1.
    sizes : tuple of float
        Smallest and largest number of patients per trial; log sizes are uniform.
    share : float
        Share of patients in arm 1.
    """

    k: int
    effect: float = 0.0
    tau2: float = 0.0
    risk: float | tuple[float, float] = 0.1
    measure: str = EffectMeasure.OR
    sizes: tuple[float, float] = SIZES
    share: float = 0.5

    def __post_init__(self) -> None:
        _checked(self.k, self.tau2, self.sizes, self.share)
        low, high = self.risks
        if not 0 < low <= high < 1:
            raise UsageError(f"risk: found {self.risk!r}; allowed: above 0 and below 1; write 5 % as 0.05")
        if self.measure not in (EffectMeasure.OR, EffectMeasure.RR):
            raise UsageError(
                f"measure: found {self.measure!r}; allowed: 'OR', 'RR'; choose one of these names"
            )

    @property
    def risks(self) -> tuple[float, float]:
        """Lowest and highest risk in arm 2."""
        return self.risk if isinstance(self.risk, tuple) else (self.risk, self.risk)

    def draw(self, rng: np.random.Generator, replications: int) -> Drawn:
        """Draw the tables of all replications; 1/2 is added to the cells of rows with a zero cell.

        A row without an event (or with events only) in both arms has no effect: it is not estimable.
        """
        rows = self.k * replications
        n1, n2 = _arm_sizes(rng, rows, self.sizes, self.share)
        risk2 = rng.uniform(*self.risks, size=rows)
        theta = self.effect + math.sqrt(self.tau2) * rng.normal(size=rows)
        if self.measure == EffectMeasure.OR:
            risk1 = special.expit(special.logit(risk2) + theta)
        else:
            risk1 = np.minimum(1.0, risk2 * np.exp(theta))
        events1 = rng.binomial(n1.astype(np.int64), risk1).astype(float)
        events2 = rng.binomial(n2.astype(np.int64), risk2).astype(float)
        total = events1 + events2
        estimable = (total > 0) & (total < n1 + n2)
        yi, vi = _corrected_log_ratio(self.measure, events1, n1, events2, n2)
        return Drawn(yi, vi, estimable, {"events1": events1, "n1": n1, "events2": events2, "n2": n2})


def _corrected_log_ratio(
    measure: str, events1: FloatArray, n1: FloatArray, events2: FloatArray, n2: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return log OR or RR and its variance, 1/2 added to the cells of rows with a zero (`effect_size`)."""
    zero = (events1 == 0) | (events2 == 0) | (events1 == n1) | (events2 == n2)
    step = np.where(zero, CONTINUITY, 0.0)
    a, b, c, d = (cell + step for cell in (events1, n1 - events1, events2, n2 - events2))
    if measure == EffectMeasure.OR:
        return np.log(a) + np.log(d) - np.log(b) - np.log(c), 1 / a + 1 / b + 1 / c + 1 / d
    return np.log(a / (a + b)) - np.log(c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


@dataclass(frozen=True, slots=True)
class MeansDesign:
    """Trials with two arms and a normal outcome of variance 1 in both, compared by Hedges' g.

    Parameters
    ----------
    k : int
        Studies per meta-analysis.
    effect : float
        Mean of the true standardised mean differences.
    tau2 : float
        Their variance.
    sizes : tuple of float
        Smallest and largest number of patients per trial; log sizes are uniform.
    share : float
        Share of patients in arm 1.
    """

    k: int
    effect: float = 0.0
    tau2: float = 0.0
    sizes: tuple[float, float] = SIZES
    share: float = 0.5

    def __post_init__(self) -> None:
        _checked(self.k, self.tau2, self.sizes, self.share)

    def draw(self, rng: np.random.Generator, replications: int) -> Drawn:
        """Draw means and standard deviations, and from them g and its large-sample variance."""
        rows = self.k * replications
        n1, n2 = _arm_sizes(rng, rows, self.sizes, self.share)
        theta = self.effect + math.sqrt(self.tau2) * rng.normal(size=rows)
        mean1 = theta + rng.normal(size=rows) / np.sqrt(n1)
        mean2 = rng.normal(size=rows) / np.sqrt(n2)
        sd1, sd2 = (np.sqrt(rng.chisquare(n - 1.0) / (n - 1.0)) for n in (n1, n2))
        df = n1 + n2 - 2.0
        pooled = np.sqrt(((n1 - 1.0) * sd1**2 + (n2 - 1.0) * sd2**2) / df)
        correction = np.exp(special.gammaln(df / 2.0) - special.gammaln((df - 1.0) / 2.0)) / np.sqrt(df / 2.0)
        yi = correction * (mean1 - mean2) / pooled
        vi = 1.0 / n1 + 1.0 / n2 + yi**2 / (2.0 * (n1 + n2))
        data = {"mean1": mean1, "sd1": sd1, "n1": n1, "mean2": mean2, "sd2": sd2, "n2": n2}
        return Drawn(yi, vi, np.ones(rows, dtype=bool), data)


Design = NormalDesign | TwoArmDesign | MeansDesign


def replication_of(design: Design, replications: int) -> NDArray[np.int64]:
    """Return the replication of each row that a design draws."""
    return np.repeat(np.arange(replications), design.k)
