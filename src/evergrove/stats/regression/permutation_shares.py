"""From permuted statistics to permutation p values, and which permutations are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import Alternative
from evergrove.stats.random_source import recorded_seed
from evergrove.stats.regression.multiplicity import TIE, step_down_max
from evergrove.stats.regression.options import TwoSidedRule
from evergrove.stats.regression.permutation_plans import (
    Plan,
    all_flips,
    all_orders,
    sampled_flips,
    sampled_orders,
)

if TYPE_CHECKING:
    from evergrove.stats.arrays import BoolArray, FloatArray

#: More distinct permutations than this are not enumerated.
MOST_EXACT = 2_000_000


def is_exact(exact: bool | None, distinct: int, permutations: int) -> bool:
    """Return whether every distinct permutation is made."""
    every = distinct <= permutations if exact is None else bool(exact)
    if every and distinct > MOST_EXACT:
        raise UsageError(
            f"exact: there are {distinct:.4g} distinct permutations; allowed: {MOST_EXACT} or fewer; pass "
            "exact=False for a random sample"
        )
    return every


def planned(
    matrix: FloatArray,
    *,
    flips: bool,
    every: bool,
    number: int,
    rng: np.random.Generator | int | None,
) -> tuple[Plan, int | None]:
    """Return the permutations and the seed to record."""
    if every:
        return (all_flips(len(matrix)) if flips else _observed_first(all_orders(matrix))), None
    seed = None
    if not isinstance(rng, np.random.Generator):
        seed = recorded_seed(rng)
        rng = np.random.default_rng(seed)
    return (sampled_flips if flips else sampled_orders)(len(matrix), number, rng), seed


def _observed_first(plan: Plan) -> Plan:
    """Return the same permutations with that of the data first: each study keeps its row."""
    k = plan.orders.shape[1]
    own = np.flatnonzero((plan.orders == np.arange(k)).all(axis=1))[0]
    orders = plan.orders.copy()
    orders[[0, own]] = orders[[own, 0]]
    return plan._replace(orders=orders)


def shares_as_extreme(
    permuted: FloatArray,
    observed: FloatArray,
    side: Alternative,
    rule: TwoSidedRule,
    *,
    unit_free: bool = True,
) -> FloatArray:
    """Return the share of permutations at least as extreme, for each column.

    Ties are absolute for z and t up to 1 (metafor's rule) and relative else, so that no unit matters.
    """
    size = np.where(np.isfinite(observed), np.abs(observed), 1.0)
    tie = TIE * (np.maximum(1.0, size) if unit_free else size)

    def share(extreme: BoolArray) -> FloatArray:
        known = ~np.isnan(permuted)
        shares = (extreme & known).sum(axis=0) / np.maximum(1, known.sum(axis=0))
        return np.where(np.isnan(observed), np.nan, shares)  # an untested coefficient without a test

    if side is Alternative.LESS:
        return share(permuted <= observed + tie)
    if side is Alternative.GREATER:
        return share(permuted >= observed - tie)
    if rule is TwoSidedRule.ABSOLUTE:
        return share(np.abs(permuted) >= np.abs(observed) - tie)
    above = observed > np.nanmedian(permuted, axis=0)
    tails = np.where(above, share(permuted >= observed - tie), share(permuted <= observed + tie))
    return np.minimum(1.0, 2.0 * tails)


def stepped_down(permuted: FloatArray, tested: tuple[int, ...], side: Alternative) -> FloatArray:
    """Return the step-down maximum over the tested coefficients, NaN for the others."""
    adjusted = np.full(permuted.shape[1], np.nan)
    own = permuted[:, list(tested)]
    if side is Alternative.TWO_SIDED:
        own = np.abs(own)
    elif side is Alternative.LESS:
        own = -own
    adjusted[list(tested)] = step_down_max(own[0], own)
    return adjusted


def remarks_on(failed: int, distinct: int, *, every: bool) -> tuple[Diagnostic, ...]:
    """Return what is to be said of the permutations."""
    remarks = []
    if failed:
        message = f"{failed} permutations have no fit and are left out"
        remarks.append(Diagnostic("permutations-failed", message))
    if every and distinct < 20:
        message = f"only {distinct} distinct permutations: p cannot be below {1.0 / distinct:.3g}"
        remarks.append(Diagnostic("few-permutations", message))
    return tuple(remarks)
