"""Simulated studies, ready to be pooled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.bulk.many_groups import pool_groups
from evergrove.stats.random_source import recorded_seed
from evergrove.stats.result import Result
from evergrove.stats.scalars import how_many
from evergrove.stats.simulation.designs import Design, MeansDesign, NormalDesign, TwoArmDesign, replication_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.bulk.pooled_groups import PooledGroups


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SimulatedStudies(Result):
    """The studies of many simulated meta-analyses, in flat arrays.

    Parameters
    ----------
    yi, vi : ndarray, shape (n,)
        Effects and sampling variances of the studies that have them.
    group : ndarray of int, shape (n,)
        Replication of each, from 0.
    effect, tau2 : float
        The truth.
    replications : int
        Meta-analyses drawn; one all of whose studies are not estimable is missing from `group`.
    data : mapping of str to ndarray
        What lies behind the effects (events, means, sizes), one entry per study drawn.
    data_group : ndarray of int
        Replication of each entry of `data`.
    seed : int
        Of the random numbers.
    design : NormalDesign, TwoArmDesign or MeansDesign
        What was drawn.
    """

    yi: FloatArray
    vi: FloatArray
    group: NDArray[np.int64]
    effect: float
    tau2: float
    replications: int
    data: Mapping[str, FloatArray]
    data_group: NDArray[np.int64]
    seed: int
    design: Design

    HIDDEN: ClassVar[tuple[str, ...]] = ("design",)

    def pool(self, **options: Any) -> PooledGroups:  # noqa: ANN401 - the options of pool_groups
        """Pool each replication: `pool_groups` with its options."""
        return pool_groups(self.yi, self.vi, self.group, **options)

    def __repr__(self) -> str:
        return f"<SimulatedStudies {self.replications} replications of {self.design!r}, seed {self.seed}>"

    def columns(self) -> dict[str, Any]:
        """Return one row per study that has an effect."""
        return {"group": self.group, "yi": self.yi, "vi": self.vi}


def simulate(
    design: Design, replications: int = 1000, *, rng: np.random.Generator | int | None = None
) -> SimulatedStudies:
    """Draw the studies of many meta-analyses.

    Parameters
    ----------
    design : NormalDesign, TwoArmDesign or MeansDesign
        What to draw.
    replications : int
        Meta-analyses, 1 or more.
    rng : Generator, int or None
        The seed is recorded: the one given, or one drawn.

    Returns
    -------
    SimulatedStudies
        Flat arrays, ready for `pool_groups`.

    Raises
    ------
    UsageError
        For another design or fewer than 1 replication.

    See Also
    --------
    performance : coverage, bias, width, errors and convergence of a method on these studies.

    Notes
    -----
    Trials with two arms of events have binomial counts, and effects as `effect_size` computes them (log
    ratios with 1/2 added to the cells of rows with a zero cell); means have Hedges' g with its large-sample
    variance. So sampling variances are estimated there, as in life, and known only under `NormalDesign`.

    References
    ----------
    [Morris2019].

    Examples
    --------
    >>> drawn = simulate(NormalDesign(k=5, effect=0.3, tau2=0.1), 100, rng=1)
    >>> drawn.yi.size, drawn.pool(tau2="DL").k.max()
    (500, np.int64(5))
    """
    if not isinstance(design, NormalDesign | TwoArmDesign | MeansDesign):
        raise UsageError(
            f"design: found {type(design).__name__}; allowed: NormalDesign, TwoArmDesign or MeansDesign; "
            "make one"
        )
    replications = how_many("replications", replications, 1)
    seed = recorded_seed(rng)
    drawn = design.draw(np.random.default_rng(seed), replications)
    group = replication_of(design, replications)
    kept = drawn.estimable
    complete = bool(kept.all())
    return SimulatedStudies(
        yi=drawn.yi if complete else drawn.yi[kept],
        vi=drawn.vi if complete else drawn.vi[kept],
        group=group if complete else group[kept],
        effect=design.effect,
        tau2=design.tau2,
        replications=replications,
        data=drawn.data,
        data_group=group,
        seed=seed,
        design=design,
    )
