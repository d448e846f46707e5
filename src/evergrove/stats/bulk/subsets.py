"""All subsets of a meta-analysis, or many at random: graphical display of study heterogeneity (GOSH)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from evergrove.errors import TooFewStudiesError, UsageError
from evergrove.stats.arrays import effects_and_variances
from evergrove.stats.bulk import kernel
from evergrove.stats.bulk.fits import WORD, Members, Plan, contains, each_part, plan
from evergrove.stats.bulk.grouping import NOTHING
from evergrove.stats.bulk.intervals import i2_of_q
from evergrove.stats.options import PoolModel
from evergrove.stats.random_source import recorded_seed
from evergrove.stats.result import Result
from evergrove.stats.scalars import how_many

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from evergrove.stats.arrays import BoolArray, FloatArray
    from evergrove.stats.diagnostic import Diagnostic

#: Up to this many studies every subset is taken: 2^20 - 1 of them.
MOST_FOR_ALL = 20
#: Subsets at random where there are more studies and no number is given.
DEFAULT_SUBSETS = 1_000_000
FLOATS = ("estimate", "tau2", "i2", "h2", "q")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Gosh(Result):
    """The pooled effect and heterogeneity of each subset of the studies.

    Parameters
    ----------
    k : ndarray of int, shape (s,)
        Studies in each subset.
    estimate, tau2, i2, h2, q : ndarray, shape (s,)
        As in `PoolResult`. A subset of one study has its own effect, tau² = 0, I² = 0 and H² = 1.
    converged : ndarray of bool, shape (s,)
        Whether tau² was found.
    studies : int
        Studies of the whole meta-analysis.
    every : bool
        Whether these are all subsets; else a sample.
    seed : int or None
        Of the sample.
    options : Plan
        Model and tau2 as resolved.
    diagnostics : tuple of Diagnostic
        What was noticed.
    members : ndarray of uint32, shape (s, words)
        Bit i of the words says whether study i is in; see `contains`.
    """

    k: NDArray[np.int64]
    estimate: FloatArray
    tau2: FloatArray
    i2: FloatArray
    h2: FloatArray
    q: FloatArray
    converged: BoolArray
    studies: int
    every: bool
    seed: int | None
    options: Plan
    diagnostics: tuple[Diagnostic, ...]
    members: NDArray[np.uint32]

    HIDDEN = ("members",)

    def __len__(self) -> int:
        return int(self.estimate.size)

    def contains(self, study: int) -> BoolArray:
        """Return which subsets hold a study, to compare the fits with and without it.

        Parameters
        ----------
        study : int
            Position from 0.

        Returns
        -------
        ndarray of bool, shape (s,)

        Raises
        ------
        UsageError
            Where there is no such study.
        """
        return holding(self.members, study, self.studies)

    def __repr__(self) -> str:
        kind = "all" if self.every else "random"
        low, high = float(np.nanmin(self.estimate)), float(np.nanmax(self.estimate))
        return (
            f"<Gosh {len(self)} {kind} subsets of {self.studies} studies, estimates {low:.4f} to {high:.4f}>"
        )

    def columns(self) -> dict[str, Any]:
        """Return one row per subset."""
        return {name: getattr(self, name) for name in ("k", *FLOATS, "converged")}


def holding(members: NDArray[np.uint32], study: int, studies: int) -> BoolArray:
    """Return which subsets hold a study.

    Raises
    ------
    UsageError
        Where there is no such study.
    """
    if not 0 <= study < studies:
        raise UsageError(f"study: found {study}; allowed: 0 to {studies - 1}; count the studies from 0")
    return contains(members, np.array([study]))[:, 0]


class Subsets(NamedTuple):
    """Subsets of the studies, and how they were chosen.

    Parameters
    ----------
    members : ndarray of uint32, shape (s, words)
        Bit i of the words says whether study i is in.
    sizes : ndarray of int, shape (s,)
        Studies in each.
    every : bool
        Whether these are all.
    seed : int or None
        Of those at random.
    """

    members: NDArray[np.uint32]
    sizes: NDArray[np.int64]
    every: bool
    seed: int | None


def chosen_subsets(
    studies: int, subsets: int | None, rng: np.random.Generator | int | None, least: int = 1
) -> Subsets:
    """Return all subsets, or as many at random as `gosh` was asked for, those with `least` studies or more.

    Raises
    ------
    UsageError
        For a number of subsets below 1.
    """
    usual = 2**MOST_FOR_ALL if studies <= MOST_FOR_ALL else DEFAULT_SUBSETS
    wanted = usual if subsets is None else how_many("subsets", subsets, 1)
    every = 2**studies - 1 <= wanted
    seed = None if every else recorded_seed(rng)
    members = all_subsets(studies) if seed is None else random_subsets(studies, wanted, seed, least)
    sizes = sum(np.bitwise_count(word).astype(np.int64) for word in members.T)
    if least > 1:
        enough = sizes >= least
        members, sizes = members[enough], sizes[enough]
    return Subsets(members, sizes, every, seed)


def all_subsets(k: int) -> NDArray[np.uint32]:
    """Return every subset but the empty one, by its number in binary (study 0 is the last digit)."""
    return np.arange(1, 2**k, dtype=np.uint32)[:, np.newaxis]


def random_subsets(k: int, count: int, seed: int, least: int = 1) -> NDArray[np.uint32]:
    """Return subsets with each study in at probability 1/2; those below `least` studies are drawn again."""
    rng = np.random.default_rng(seed)
    words = -(-k // WORD)
    last = np.uint32((1 << (k - WORD * (words - 1))) - 1)
    drawn = np.empty((count, words), dtype=np.uint32)
    open_ = np.arange(count)
    while open_.size:
        part = rng.integers(0, 2**WORD, size=(open_.size, words), dtype=np.uint32)
        part[:, -1] &= last
        drawn[open_] = part
        open_ = open_[np.bitwise_count(part).sum(axis=1) < least]
    return drawn


def gosh(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    subsets: int | None = None,
    model: str = PoolModel.RANDOM,
    tau2: str | float | None = None,
    rng: np.random.Generator | int | None = None,
) -> Gosh:
    """Pool every subset of the studies, or many at random: a look for studies that make the heterogeneity.

    Parameters
    ----------
    yi : array-like, shape (k,)
        Effects on the pooling scale; finite.
    vi : array-like, shape (k,)
        Sampling variances; finite and above 0.
    subsets : int or None
        How many subsets at random; all 2^k - 1 where there are no more than that. None is all up to 20
        studies, and 1,000,000 at random beyond.
    model : PoolModel or str
        ``"random"`` or ``"common"``.
    tau2 : Tau2Method, str, float or None
        As `pool_groups`.
    rng : Generator, int or None
        For random subsets; the seed is recorded.

    Returns
    -------
    Gosh
        All subsets come in the order of their number in binary, study 0 the last digit. Sorted by `k`
        (stably) that is the order of metafor's ``gosh``.

    Raises
    ------
    TooFewStudiesError
        With fewer than 2 studies.
    DataError
        For effects or variances that cannot be.
    UsageError
        For an option that is unknown, or a number of subsets below 1.

    Notes
    -----
    Plot `i2` against `estimate`: several clouds tell of subgroups, or of a study that belongs to none;
    colour the subsets that hold a study (`Gosh.contains`). It is a picture to find questions with, no test:
    the subsets share their studies. metafor samples like this one: each study is in with probability 1/2,
    and subsets of one study count.

    References
    ----------
    [Olkin2012].

    Examples
    --------
    >>> found = gosh([0.1, 0.2, 0.9], [0.02, 0.02, 0.02], model="common")
    >>> found.k, found.estimate.round(2)
    (array([1, 1, 2, 1, 2, 2, 3]), array([0.1 , 0.2 , 0.15, 0.9 , 0.5 , 0.55, 0.4 ]))
    """
    effects, variances = effects_and_variances(yi, vi)
    studies = int(effects.size)
    if studies < 2:
        raise TooFewStudiesError(f"gosh: found {studies} studies; allowed: 2 or more; there are no subsets")
    chosen = plan(model, tau2, None, 0.95)
    members, sizes, every, seed = chosen_subsets(studies, subsets, rng)
    sums = np.empty((len(kernel.COLUMN), sizes.size))

    def store(part: slice | NDArray[np.intp], found: FloatArray) -> None:
        sums[:, part] = found

    remarks = each_part(chosen, effects, variances, Members(NOTHING, NOTHING, sizes, NOTHING, members), store)
    found_tau2, estimate, _, _, q, trace, _, _, status = sums
    several = sizes > 1
    typical = np.divide(sizes - 1.0, trace, out=np.full(sizes.size, np.inf), where=several)
    common = chosen.model is PoolModel.COMMON
    ratio = np.divide(q, sizes - 1.0, out=np.ones(sizes.size), where=several)
    return Gosh(
        k=sizes,
        estimate=estimate,
        tau2=found_tau2,
        i2=i2_of_q(q, sizes) if common else 100.0 * found_tau2 / (found_tau2 + typical),
        h2=ratio if common else found_tau2 / typical + 1.0,
        q=q,
        converged=status == 0,
        studies=studies,
        every=every,
        seed=seed,
        options=chosen,
        diagnostics=remarks,
        members=members,
    )
