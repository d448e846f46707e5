"""p-curve: what the significant p values say of evidential value and power."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import special

from evergrove.errors import TooFewStudiesError
from evergrove.stats.arrays import BoolArray, FloatArray, checked_level, column, refuse_rows, same_length
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.result import Result
from evergrove.stats.roots import bracketed_root

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FEWEST_SIGNIFICANT = 3
#: The app keeps p values of p values away from 0 and 1 by this much.
SMALLEST_PP = 2.2e-16
LEAST_POWER, MOST_POWER = 0.0500001, 0.999
ALPHA = 0.05
#: Gauss-Legendre rule for the distribution of the scale of t.
NODES, WEIGHTS = np.polynomial.legendre.leggauss(128)


@dataclass(frozen=True, slots=True, repr=False)
class PCurve(Result):
    """Tests of the distribution of significant p values.

    Parameters
    ----------
    right_skew_z, right_skew_p, right_skew_half_z, right_skew_half_p : float
        Stouffer's test of right skew over p < .05 and over p < .025; negative z is right skew. The half
        values are NaN without any p < .025.
    right_skew_binomial_p : float
        Binomial test: as many p < .025 as seen, or more, if there were no effect.
    flatness_z, flatness_p, flatness_half_z, flatness_half_p, flatness_binomial_p : float
        The same against the curve of studies with 33 % power: small p says flatter than that.
    power, power_ci_low, power_ci_high : float
        Average power of the studies in the curve, with its interval; at the ends 5 % and 99.9 % of the
        search, it is that end.
    evidential_value, inadequate : bool
        The rules of Simonsohn, Simmons & Nelson 2015.
    k, k_significant, k_half : int
        Studies given, with p < .05, with p < .025.
    level : float
        Of the interval of power.
    diagnostics : tuple of Diagnostic
        What was left out.
    """

    right_skew_z: float
    right_skew_p: float
    right_skew_half_z: float
    right_skew_half_p: float
    right_skew_binomial_p: float
    flatness_z: float
    flatness_p: float
    flatness_half_z: float
    flatness_half_p: float
    flatness_binomial_p: float
    power: float
    power_ci_low: float
    power_ci_high: float
    evidential_value: bool
    inadequate: bool
    k: int
    k_significant: int
    k_half: int
    level: float
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        return (
            f"<PCurve right skew z={self.right_skew_z:.3f} p={self.right_skew_p:.3g}, "
            f"power {100 * self.power:.0f}%, {self.k_significant} of {self.k} significant>"
        )

    def summary(self) -> str:
        """Return tests, power and what the rules say."""
        word = "present" if self.evidential_value else "not shown"
        lines = [
            repr(self).strip("<>"),
            (
                f"half curve (k = {self.k_half}): z = {self.right_skew_half_z:.4f}, "
                f"p = {self.right_skew_half_p:.4g}"
            ),
            f"against 33 % power: z = {self.flatness_z:.4f}, p = {self.flatness_p:.4g}",
            f"evidential value: {word}; inadequate: {'yes' if self.inadequate else 'no'}",
        ]
        return "\n".join([*lines, *(f"note: {remark}" for remark in self.diagnostics)])


#: With more degrees of freedom t is z, and the integral over the scale would lose digits; no z is so large.
MOST_DF, LARGEST_STATISTIC = 1e9, 1e6


class _Law:
    """The distribution of |z| or |t|: a normal statistic averaged over its scale √(chi-square / df)."""

    def __init__(self, df: float) -> None:
        self._df = df
        if math.isinf(df):
            self._scale, self._weight = np.ones(1), np.ones(1)
            return
        half = df / 2.0
        low, high = (
            math.sqrt(float(inverse(half, 1e-18)) / half)
            for inverse in (special.gammaincinv, special.gammainccinv)
        )
        s = (low + high) / 2.0 + (high - low) / 2.0 * NODES
        log_density = math.log(2.0) + half * math.log(half) - special.gammaln(half) - half * s**2
        density = np.exp(log_density + special.xlogy(df - 1.0, s))
        self._scale, self._weight = s, (high - low) / 2.0 * WEIGHTS * density

    def critical_of(self, p: float) -> float:
        """Return the value with a two-sided p."""
        if math.isinf(self._df):
            return float(-special.ndtri(p / 2.0))
        return float(-special.stdtrit(self._df, p / 2.0))

    def upper(self, noncentrality: float, cut: FloatArray) -> FloatArray:
        """Return the chance of values above each cut."""
        at = cut[:, np.newaxis] * self._scale
        return np.asarray(
            (special.ndtr(noncentrality - at) + special.ndtr(-at - noncentrality)) @ self._weight
        )

    def noncentrality(self, power: float) -> float:
        """Return the noncentrality at which the two-sided test at .05 has a power."""
        cut = np.array([self.critical_of(ALPHA)])
        return bracketed_root(
            lambda nc: float(self.upper(nc, cut)[0]) - power, 0.0, 4.0 * (float(cut[0]) + 4.0)
        ).value


class _Tests(NamedTuple):
    """Two-sided tests: their size and the law of each (by rows of `laws`)."""

    size: FloatArray
    laws: dict[float, _Law]
    df: FloatArray

    def at(self, rows: BoolArray) -> _Tests:
        """Return some tests."""
        return _Tests(self.size[rows], self.laws, self.df[rows])

    def conditional(self, power: float, below: float = ALPHA) -> tuple[FloatArray, FloatArray]:
        """Return P(p closer to `below` | p < below) at a power, and the chance of p < below."""
        within, chance = np.empty(self.size.size), np.empty(self.size.size)
        for df in np.unique(self.df).tolist():
            law, rows = self.laws[df], self.df == df
            nc = law.noncentrality(power)
            chance[rows] = law.upper(nc, np.array([law.critical_of(below)]))[0]
            within[rows] = 1.0 - law.upper(nc, self.size[rows]) / chance[rows]
        return within, chance


def _stouffer(pp: FloatArray) -> float:
    """Return Stouffer's z of p values of p values; NaN for none."""
    if pp.size == 0:
        return math.nan
    return float(special.ndtri(np.clip(pp, SMALLEST_PP, 1.0 - SMALLEST_PP)).sum()) / math.sqrt(pp.size)


def _normal_p(z: float) -> float:
    """Return the lower tail; NaN for NaN."""
    return math.nan if math.isnan(z) else float(special.ndtr(z))


def _poisson_binomial_up_to(chances: FloatArray, count: int) -> float:
    """Return P(at most `count`) of independent events."""
    share = np.ones(1)
    for p in chances:
        share = np.convolve(share, [1.0 - p, p])
    return float(share[: count + 1].sum())


def _power(tests: _Tests, target: float) -> float:
    """Return the power at which Stouffer's z of the curve equals a value; an end where it never does."""

    def gap(power: float) -> float:
        return _stouffer(tests.conditional(power)[0]) - target

    low, high = gap(LEAST_POWER), gap(MOST_POWER)
    if (low > 0) == (high > 0):
        return LEAST_POWER if abs(low) < abs(high) else MOST_POWER
    return bracketed_root(gap, LEAST_POWER, MOST_POWER).value


def p_curve(statistic: ArrayLike, *, df: ArrayLike | None = None, level: float = 0.9) -> PCurve:
    """Analyse the p-curve of significant studies.

    Parameters
    ----------
    statistic : array-like, shape (k,)
        z statistics (effects over standard errors), or t statistics where `df` is given. Their sign is
        not used: the tests are two-sided, as the p-curve app has them.
    df : array-like, shape (k,), or None
        Degrees of freedom; infinite (or NaN) for a z.
    level : float
        Of the interval of power; the app's is 0.90.

    Returns
    -------
    PCurve

    Raises
    ------
    TooFewStudiesError
        With fewer than 3 studies of p < .05.
    DataError
        For statistics or degrees of freedom that cannot be.
    UsageError
        For a level outside (0, 1).

    Notes
    -----
    Studies with p of .05 or more are left out and counted. With equal power, p / .05 is uniform without an
    effect; the half curve looks at p < .025 and withstands p-hacking better. The rules: evidential value
    where the half test has p < .05, or both have p < .1; inadequate where the full test against 33 % power
    has p < .05, or its half and binomial tests both have p < .1.

    Heterogeneity biases the power estimate, and the tests are not admissible in every case (Morey &
    Davis-Stober 2025). Choose one test per study by a rule written down beforehand. Give tests of
    one direction only where the hypothesis has one.

    References
    ----------
    [Simonsohn2014]; [Simonsohn2015]; p-curve app 4.06.

    Examples
    --------
    >>> p_curve([2.1, 2.5, 3.2, 2.8, 3.9, 2.2, 1.5])
    <PCurve right skew z=-2.470 p=0.00676, power 54%, 6 of 7 significant>
    """
    size = np.abs(column("statistic", statistic))
    refuse_rows(
        "statistic",
        size,
        ~(size <= LARGEST_STATISTIC),
        allowed=f"a z or t, at most {LARGEST_STATISTIC:g} in size",
        todo="leave the study out of the curve",
    )
    freedom = np.full(size.size, np.inf) if df is None else column("df", df)
    freedom = np.where(np.isnan(freedom) | (freedom > MOST_DF), np.inf, freedom)
    same_length({"statistic": size, "df": freedom})
    refuse_rows("df", freedom, freedom <= 0, allowed="above 0", todo="give NaN for a z statistic")
    level = checked_level(level)
    finite = np.where(np.isinf(freedom), 1.0, freedom)
    p = 2.0 * np.where(np.isinf(freedom), special.ndtr(-size), special.stdtr(finite, -size))
    full, half = p < ALPHA, p < ALPHA / 2.0
    k, k_full, k_half = int(size.size), int(full.sum()), int(half.sum())
    if k_full < FEWEST_SIGNIFICANT:
        raise TooFewStudiesError(
            f"p_curve: found {k_full} studies with p < .05; allowed: {FEWEST_SIGNIFICANT} or more; a curve "
            "of fewer says nothing"
        )
    tests = _Tests(size, {df: _Law(df) for df in np.unique(freedom[full]).tolist()}, freedom)
    curve, steep = tests.at(full), tests.at(half)
    skew, skew_half = _stouffer(p[full] / ALPHA), _stouffer(p[half] / (ALPHA / 2.0))
    flat = _stouffer(curve.conditional(1 / 3)[0])
    flat_half = _stouffer(steep.conditional(1 / 3, ALPHA / 2.0)[0]) if k_half else math.nan
    quarter = 3.0 * curve.conditional(1 / 3, ALPHA / 2.0)[1]
    binomial = float(special.bdtr(k_full - k_half, k_full, 0.5))
    flat_binomial = _poisson_binomial_up_to(quarter, k_half)
    pp = [_normal_p(z) for z in (skew, skew_half, flat, flat_half)]
    z = float(special.ndtri(0.5 + level / 2.0))
    power, low, high = (_power(curve, target) for target in (0.0, z, -z))
    return PCurve(
        skew,
        pp[0],
        skew_half,
        pp[1],
        binomial,
        flat,
        pp[2],
        flat_half,
        pp[3],
        flat_binomial,
        power,
        min(low, high),
        max(low, high),
        bool(pp[1] < 0.05 or (pp[0] < 0.1 and pp[1] < 0.1)),
        bool(pp[2] < 0.05 or (pp[3] < 0.1 and flat_binomial < 0.1)),
        k,
        k_full,
        k_half,
        level,
        _left_out(k - k_full),
    )


def _left_out(count: int) -> tuple[Diagnostic, ...]:
    """Return the remark on studies that are not significant."""
    if not count:
        return ()
    message = f"{count} of the studies have p of .05 or more and are no part of the curve"
    return (Diagnostic("not-significant-left-out", message),)
