"""Samples that have a printed mean and SD: a proof by example that they are possible (after SPRITE)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.integrity.granularity import Printed, sums_and_squares
from evergrove.stats.integrity.options import Rounding, Verdict
from evergrove.stats.integrity.printed import chosen_rounding, printed_number
from evergrove.stats.random_source import random_source
from evergrove.stats.result import Result
from evergrove.stats.scalars import finite, whole

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray

#: Pairs of sum and sum of squares tried, and moves for each, before giving up.
MOST_TARGETS, MOST_MOVES = 50, 20_000


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ReconstructedSample(Result):
    """One sample with a printed mean and SD, where one was found.

    Parameters
    ----------
    verdict : Verdict
        Consistent where a sample was found; inconsistent where GRIM, GRIMMER or the bounds rule all out;
        else cannot-tell.
    sample : ndarray
        Values, rising; empty where none was found. One of many: not the trial's data.
    mean, sd : float
        Of the sample; NaN where there is none.
    n : int
        Values asked for.
    seed : int or None
        Of the search, where one was given.
    assumptions : tuple of str
        What the verdict hangs on.
    """

    verdict: Verdict
    sample: FloatArray
    mean: float
    sd: float
    n: int
    seed: int | None
    assumptions: tuple[str, ...]

    def __repr__(self) -> str:
        found = f"mean {self.mean:.4f}, SD {self.sd:.4f}" if self.sample.size else "no sample"
        return f"<ReconstructedSample {self.verdict}: {found}, n={self.n}>"

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per value."""
        return {"value": self.sample}


def _start(total: int, n: int) -> list[int]:
    """Return n whole numbers with a sum, as equal as can be."""
    floor, rest = divmod(total, n)
    return [floor] * (n - rest) + [floor + 1] * rest


def _search(
    total: int, squares: int, n: int, bounds: tuple[int, int], rng: np.random.Generator
) -> list[int] | None:
    """Move pairs apart until the sum of squares is met; None where it is not."""
    values = _start(total, n)
    missing = squares - sum(value * value for value in values)
    draws = rng.integers(0, n, size=(MOST_MOVES, 2))
    for first, second in draws:
        if missing == 0:
            return values
        if first == second:
            continue
        up, down = values[first], values[second]
        change = 2 * (up - down) + 2  # of the squares, when `up` rises by 1 and `down` falls by 1
        if up + 1 > bounds[1] or down - 1 < bounds[0] or abs(missing - change) > abs(missing):
            continue
        values[first], values[second] = up + 1, down - 1
        missing -= change
    return values if missing == 0 else None


def reconstruct_sample(
    mean: Printed,
    sd: Printed,
    n: float,
    minimum: int,
    maximum: int,
    *,
    items: int = 1,
    rng: np.random.Generator | int | None = None,
    rounding: str = Rounding.EITHER,
) -> ReconstructedSample:
    """Look for whole numbers within a scale that have a printed mean and SD.

    Parameters
    ----------
    mean, sd : str or number
        As printed.
    n : float
        Values, 2 and more, whole.
    minimum, maximum : int
        Ends of the scale (of one item).
    items : int
        Items averaged per value.
    rng : Generator, int or None
        Random numbers; a seed makes the sample repeatable.
    rounding : Rounding or str
        How mean and SD may have been rounded.

    Returns
    -------
    ReconstructedSample

    Raises
    ------
    DataError
        For a minimum not below the maximum, or n not whole.
    UsageError
        For an unknown rounding.

    Notes
    -----
    A found sample proves the numbers possible; look at its shape (spikes at an end, gaps) for whether they
    are likely. Values start as equal as can be and are moved apart in pairs, which keeps the sum, as long
    as the sum of squares comes no further from one that GRIMMER allows.

    References
    ----------
    [Heathers2018] (SPRITE).

    Examples
    --------
    >>> found = reconstruct_sample("3.25", "1.37", 20, 1, 5, rng=1)
    >>> found.verdict, round(found.mean, 2), round(found.sd, 2)
    (<Verdict.CONSISTENT: 'consistent'>, 3.25, 1.37)
    """
    centre, spread, rule = printed_number("mean", mean), printed_number("sd", sd), chosen_rounding(rounding)
    size, parts = whole("n", n, 2), whole("items", items)
    low, high = finite("minimum", minimum), finite("maximum", maximum)
    if not low < high or low != int(low) or high != int(high):
        raise DataError(
            f"minimum: found {minimum!r} to {maximum!r}; allowed: whole numbers, rising; check the scale"
        )
    bounds = (int(low), int(high))
    source = random_source(rng)
    seed = rng if isinstance(rng, int) else None
    widest = spread.value > 2 * (bounds[1] - bounds[0])  # no values in the range are so far apart
    targets = (
        iter(())
        if widest
        else sums_and_squares(centre.span(rule), spread.span(rule), size, items=parts, bounds=bounds)
    )
    assumed = (
        f"whole numbers from {bounds[0]} to {bounds[1]}",
        "the SD divides by n - 1",
        f"rounding: {rule}",
    )
    verdict = Verdict.INCONSISTENT
    for total, squares in islice(targets, MOST_TARGETS):
        verdict = Verdict.CANNOT_TELL
        found = _search(total, squares, size, (bounds[0] * parts, bounds[1] * parts), source)
        if found is not None:
            sample = np.sort(np.array(found, dtype=np.float64)) / parts
            return ReconstructedSample(
                Verdict.CONSISTENT,
                sample,
                float(sample.mean()),
                float(sample.std(ddof=1)),
                size,
                seed,
                assumed,
            )
    return ReconstructedSample(verdict, np.array([]), math.nan, math.nan, size, seed, assumed)
