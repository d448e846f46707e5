"""Baseline tables of randomised trials: whether arms are more or less alike than chance makes them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from evergrove.errors import DataError
from evergrove.stats.arrays import listed
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import chi2_tail
from evergrove.stats.integrity.options import BaselineMethod, Verdict
from evergrove.stats.integrity.printed import PrintedNumber, printed_number
from evergrove.stats.integrity.uniformity import (
    anderson_darling,
    fisher,
    kolmogorov_smirnov,
    stouffer,
)
from evergrove.stats.options import choose
from evergrove.stats.random_source import random_source
from evergrove.stats.result import Result
from evergrove.stats.scalars import whole, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.integrity.granularity import Printed

#: Rows of which the combined tests say little.
FEW_ROWS = 5


@dataclass(frozen=True, slots=True)
class MeansRow:
    """A baseline variable with a mean and SD in each arm.

    Parameters
    ----------
    name : str
        For the result.
    mean, sd : tuple of str or number
        One per arm, as printed; strings keep closing zeros.
    n : tuple of int
        Patients of each arm, 2 and more.
    """

    name: str
    mean: tuple[Printed, ...]
    sd: tuple[Printed, ...]
    n: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CountsRow:
    """A baseline variable with counts in each arm.

    Parameters
    ----------
    name : str
        For the result.
    counts : tuple of tuple of int
        For each arm the counts of all categories (for a yes/no variable: yes and no).
    """

    name: str
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BaselineTest(Result):
    """p values of a baseline table and what they say together.

    Parameters
    ----------
    verdict : Verdict
        Inconsistent where the combined p value lies in a tail of `threshold`; cannot-tell with few rows;
        consistent otherwise.
    names : tuple of str
        Rows.
    p_values : ndarray, shape (rows,)
        Uniform between 0 and 1 under randomisation; near 1 where arms are too alike.
    stouffer, stouffer_p_value : float
        z and its lower tail: near 0 for arms too different, near 1 for too alike.
    fisher, fisher_p_value : float
        Chi-square of the small p values.
    kolmogorov_smirnov, kolmogorov_smirnov_p_value, anderson_darling, anderson_darling_p_value : float
        Against the uniform distribution.
    threshold : float
        As given, for both tails together.
    simulations, seed : int or None
        Of the simulated p values.
    options : dict
        As resolved.
    assumptions : tuple of str
        What the verdict hangs on.
    diagnostics : tuple of Diagnostic
        ``few-rows``, ``too-alike``, ``too-different``, ``rounded-to-equal``.
    """

    verdict: Verdict
    names: tuple[str, ...]
    p_values: FloatArray
    stouffer: float
    stouffer_p_value: float
    fisher: float
    fisher_p_value: float
    kolmogorov_smirnov: float
    kolmogorov_smirnov_p_value: float
    anderson_darling: float
    anderson_darling_p_value: float
    threshold: float
    simulations: int | None
    seed: int | None
    options: dict[str, str]
    assumptions: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        return (
            f"<BaselineTest {self.verdict}: {len(self.names)} rows, combined p {self.stouffer_p_value:.4g} "
            "(near 1: too alike)>"
        )

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per baseline variable."""
        return {"name": np.array(self.names), "p_value": self.p_values}


def _f_statistic(mean: FloatArray, sd: FloatArray, n: FloatArray) -> FloatArray:
    """Return the ANOVA F of arms, over the last axis; NaN without any spread."""
    total = n.sum()
    centre = (mean * n).sum(axis=-1, keepdims=True) / total
    between = (n * (mean - centre) ** 2).sum(axis=-1) / (n.size - 1)
    inside = ((n - 1.0) * sd**2).sum(axis=-1) / (total - n.size)
    return np.asarray(
        np.divide(between, inside, out=np.full(np.shape(between), np.inf), where=inside > 0), dtype=np.float64
    )


def anova_p_value(mean: FloatArray, sd: FloatArray, n: FloatArray) -> float:
    """Return the p value of a one-way ANOVA from summaries; for two arms Student's t test.

    Parameters
    ----------
    mean, sd, n : ndarray, shape (arms,)
        Summaries; SDs above 0.

    Returns
    -------
    float
    """
    statistic = float(_f_statistic(mean, sd, n))
    return float(special.fdtrc(n.size - 1, n.sum() - n.size, statistic))


def _mid_p(simulated: FloatArray, observed: float) -> float:
    """Return the share of simulations beyond the observed one, ties by half."""
    room = 1e-9 * max(1.0, abs(observed))
    above, equal = simulated > observed + room, np.abs(simulated - observed) <= room
    return float(above.mean() + 0.5 * equal.mean())


def _simulated_means(
    summaries: tuple[FloatArray, FloatArray, FloatArray],
    decimals: tuple[int, int],
    draws: int,
    rng: np.random.Generator,
) -> float:
    """Return the mid-p of the printed means when all arms are samples of one normal population."""
    mean, sd, n = summaries
    total = n.sum()
    centre = float((mean * n).sum() / total)
    pooled = math.sqrt(float(((n - 1.0) * sd**2).sum() / (total - n.size)))
    means = np.round(rng.normal(centre, pooled / np.sqrt(n), (draws, n.size)), decimals[0])
    sds = np.round(pooled * np.sqrt(rng.chisquare(n - 1.0, (draws, n.size)) / (n - 1.0)), decimals[1])
    return _mid_p(_f_statistic(means, sds, n), float(_f_statistic(mean, sd, n)))


def _chi2_statistic(tables: FloatArray) -> FloatArray:
    """Return Pearson's chi-square of tables, over the last two axes."""
    rows, columns = tables.sum(axis=-1, keepdims=True), tables.sum(axis=-2, keepdims=True)
    expected = rows * columns / rows.sum(axis=-2, keepdims=True)
    return np.asarray(((tables - expected) ** 2 / expected).sum(axis=(-1, -2)), dtype=np.float64)


def _simulated_counts(table: FloatArray, draws: int, rng: np.random.Generator) -> float:
    """Return the mid-p of a table among tables of the same margins."""
    left = np.tile(table.sum(axis=0).astype(np.int64), (draws, 1))
    tables = np.empty((draws, *table.shape))
    for arm, size in enumerate(table.sum(axis=1).astype(int)[:-1]):
        drawn = np.zeros_like(left)
        rest, wanted = left.sum(axis=1), np.full(draws, size)
        for column in range(table.shape[1] - 1):  # one conditional hypergeometric after the other
            rest = rest - left[:, column]
            drawn[:, column] = rng.hypergeometric(left[:, column], rest, wanted)
            wanted = wanted - drawn[:, column]
        drawn[:, -1] = wanted
        tables[:, arm], left = drawn, left - drawn
    tables[:, -1] = left
    return _mid_p(_chi2_statistic(tables), float(_chi2_statistic(table)))


def _means_row(row: MeansRow, method: BaselineMethod, draws: int, rng: np.random.Generator) -> float:
    """Return the p value of a row of means."""
    arms = len(row.n)
    if arms < 2 or len(row.mean) != arms or len(row.sd) != arms:
        raise DataError(
            f"{row.name}: found {len(row.mean)} means, {len(row.sd)} SDs and {arms} n; allowed: one of "
            "each per arm, 2 arms and more; check the row"
        )
    means: list[PrintedNumber] = [printed_number(f"{row.name}: mean", x) for x in row.mean]
    sds: list[PrintedNumber] = [printed_number(f"{row.name}: sd", x) for x in row.sd]
    n = np.array([whole(f"{row.name}: n", size, 2) for size in row.n], dtype=np.float64)
    mean, sd = np.array([float(x) for x in means]), np.array([float(x) for x in sds])
    if not (sd > 0).all():
        raise DataError(f"{row.name}: found SDs {sd.tolist()}; allowed: above 0; leave the row out")
    if method is BaselineMethod.ANALYTIC:
        return anova_p_value(mean, sd, n)
    decimals = (max(x.decimals for x in means), max(x.decimals for x in sds))
    return _simulated_means((mean, sd, n), decimals, draws, rng)


def _counts_row(row: CountsRow, method: BaselineMethod, draws: int, rng: np.random.Generator) -> float:
    """Return the p value of a row of counts; NaN where a margin leaves nothing to vary."""
    sizes = {len(arm) for arm in row.counts}
    if len(row.counts) < 2 or len(sizes) != 1 or sizes == {1}:
        raise DataError(
            f"{row.name}: found {row.counts!r}; allowed: 2 arms and more with the counts of all categories "
            "each, for yes/no both counts; check the row"
        )
    table = np.array(
        [[whole(f"{row.name}: count", x, 0) for x in arm] for arm in row.counts], dtype=np.float64
    )
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or (table.sum(axis=1) == 0).any():
        return math.nan
    if method is BaselineMethod.ANALYTIC:
        return chi2_tail(float(_chi2_statistic(table)), (table.shape[0] - 1) * (table.shape[1] - 1))
    return _simulated_counts(table, draws, rng)


def baseline_test(
    rows: Sequence[MeansRow | CountsRow],
    *,
    method: str = BaselineMethod.SIMULATED,
    simulations: int = 20_000,
    rng: np.random.Generator | int | None = None,
    threshold: float = 0.001,
) -> BaselineTest:
    """Test whether a baseline table is what randomisation gives.

    Parameters
    ----------
    rows : sequence of MeansRow or CountsRow
        Variables measured before randomisation, no two of them nearly the same thing.
    method : BaselineMethod or str
        ``"simulated"`` allows for rounding; ``"analytic"`` takes printed numbers as exact.
    simulations : int
        Per row, 100 and more.
    rng : Generator, int or None
        Random numbers; a seed makes the result repeatable.
    threshold : float
        For both tails of the combined p value together; small, for many trials are looked at.

    Returns
    -------
    BaselineTest

    Raises
    ------
    DataError
        For rows that are incomplete, SDs not above 0, or counts that are not whole.
    UsageError
        For an unknown method.

    Notes
    -----
    Means: ANOVA; counts: Pearson's chi-square given the margins. Simulated p values draw all arms from one
    population, round as printed and count ties by half, so that identical printed means give a p value
    below 1. Rows of one trial are correlated, skewed variables are not normal, and stratified or minimised
    randomisation makes arms more alike than this supposes: all push the combined p value outwards. One
    trial's result is a reason to look, no more.

    References
    ----------
    [Carlisle2017]; [Bland2013]; [Hunter2024b].

    Examples
    --------
    >>> age = MeansRow("age", ("61.2", "60.8"), ("9.1", "8.7"), (50, 52))
    >>> women = CountsRow("women", ((20, 30), (25, 27)))
    >>> found = baseline_test([age, women], method="analytic")
    >>> found.p_values.round(4), found.verdict
    (array([0.8209, 0.4115]), <Verdict.CANNOT_TELL: 'cannot-tell'>)
    """
    chosen = choose(BaselineMethod, method, "method")
    draws = whole("simulations", simulations, 100)
    tail = within("threshold", threshold, 0.0, 1.0, todo="for example 0.001")
    source = random_source(rng)
    rows = listed("rows", rows, "MeansRow and CountsRow")
    strange = [type(row).__name__ for row in rows if not isinstance(row, MeansRow | CountsRow)]
    if strange or not rows:
        raise DataError(
            f"rows: found {', '.join(strange) or 'none'}; allowed: MeansRow and CountsRow, 1 and more; "
            "give the baseline table"
        )
    found = np.array(
        [
            _means_row(row, chosen, draws, source)
            if isinstance(row, MeansRow)
            else _counts_row(row, chosen, draws, source)
            for row in rows
        ]
    )
    known = found[~np.isnan(found)]
    if known.size == 0:
        raise DataError("rows: found none that can vary; allowed: variables with some variation; give others")
    if chosen is BaselineMethod.SIMULATED:  # a share of 0 or 1 only says: beyond what was simulated
        known = np.clip(known, 0.5 / draws, 1.0 - 0.5 / draws)
    sums = stouffer(known)
    verdict, remarks = _verdict(sums.p_value, tail, known.size)
    if chosen is BaselineMethod.ANALYTIC and (known >= 1.0 - 1e-12).any():
        text = "a p value of 1 comes of rounding and outweighs all others: take method='simulated'"
        verdict, remarks = Verdict.CANNOT_TELL, (Diagnostic("rounded-to-equal", text),)
    return BaselineTest(
        verdict,
        tuple(row.name for row in rows),
        found,
        *sums,
        *fisher(known),
        *kolmogorov_smirnov(known),
        *anderson_darling(known),
        tail,
        draws if chosen is BaselineMethod.SIMULATED else None,
        rng if isinstance(rng, int) else None,
        {"method": str(chosen)},
        (
            "simple randomisation of patients",
            "rows are independent of each other",
            "means are of near-normal values; SDs, not standard errors, are printed",
        ),
        remarks,
    )


def _verdict(p: float, tail: float, rows: int) -> tuple[Verdict, tuple[Diagnostic, ...]]:
    """Return the verdict of a combined p value, with remarks."""
    if p > 1.0 - tail / 2.0:
        return Verdict.INCONSISTENT, (Diagnostic("too-alike", "arms are more alike than chance makes them"),)
    if p < tail / 2.0:
        return Verdict.INCONSISTENT, (Diagnostic("too-different", "arms differ more than chance makes them"),)
    if rows < FEW_ROWS:
        return Verdict.CANNOT_TELL, (Diagnostic("few-rows", f"{rows} rows say little together"),)
    return Verdict.CONSISTENT, ()
