"""Permutation tests of the coefficients of a meta-regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import Alternative, choose
from evergrove.stats.random_source import recorded_seed
from evergrove.stats.regression.multiplicity import TIE, step_down_max
from evergrove.stats.regression.options import PermutedStatistic, TwoSidedRule
from evergrove.stats.regression.permutation_plans import (
    Plan,
    all_flips,
    all_orders,
    number_of_distinct,
    sampled_flips,
    sampled_orders,
)
from evergrove.stats.regression.permutation_result import PermutationTest
from evergrove.stats.regression.permuted_fits import Model, model_of, run
from evergrove.stats.regression.regression_result import MetaRegressionResult
from evergrove.stats.result import wanted_result
from evergrove.stats.scalars import how_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import BoolArray, FloatArray

#: More distinct permutations than this are not enumerated.
MOST_EXACT = 2_000_000
#: Fits that a limit takes, in permutation tests.
TESTS_PER_LIMIT = 40


def permutation_test(
    fit: MetaRegressionResult,
    *,
    permutations: int = 10_000,
    exact: bool | None = None,
    alternative: str = Alternative.TWO_SIDED,
    two_sided: str = TwoSidedRule.ABSOLUTE,
    compared: str = PermutedStatistic.TEST,
    interval: bool | Sequence[str | int] = False,
    rng: np.random.Generator | int | None = None,
) -> PermutationTest:
    """Test the coefficients of a meta-regression by permutation.

    Parameters
    ----------
    fit : MetaRegressionResult
        Of `meta_regression`. With an intercept alone the signs of the effects are flipped; with moderators
        the rows of the design are permuted over the studies. tau² is estimated anew each time.
    permutations : int
        Fits to make, 2 or more, the data as observed among them.
    exact : bool or None
        True makes every distinct permutation, False a random sample; None is exact where there are no more
        distinct ones than `permutations`.
    alternative : Alternative or str
        ``"two-sided"``, ``"less"`` or ``"greater"``.
    two_sided : TwoSidedRule or str
        ``"absolute"`` or ``"doubled"``.
    compared : PermutedStatistic or str
        ``"test"`` (z or t) or ``"coefficient"``.
    interval : bool or sequence of str or int
        Whether to invert the test into limits, for all coefficients or those named. Takes some eighty times
        as long for each.
    rng : Generator, int or None
        Of the sample; an int, or the one drawn for None, is recorded as `seed`.

    Returns
    -------
    PermutationTest

    Raises
    ------
    DataError
        Where a tested coefficient is 0 with a standard error of 0.
    UsageError
        For an unknown option, too many distinct permutations for an exact test, or a fit with weights of
        one's own or ``centred=True``.

    Notes
    -----
    Statistics within 1.5e-8 of the observed one count as equal, and the observed data count as one of the
    permutations, so that p is never 0 (metafor's conventions). Sign flips assume effects symmetric about 0;
    permuting rows assumes that the studies are exchangeable when no moderator matters, so the p value of
    one of several moderators is not a test of it given the others. The test of the intercept of a model
    with moderators is rarely of interest. With numba installed (extra ``fast``) it is compiled; without,
    the same numbers take some ten times as long.

    References
    ----------
    [Higgins2004]; [Follmann1999]; [Viechtbauer2015]; [Good2010].

    Examples
    --------
    >>> from evergrove.stats import meta_regression
    >>> fit = meta_regression([0.1, 0.3, 0.5, 0.8, 0.7], [0.04, 0.02, 0.03, 0.05, 0.02], [1, 2, 3, 4, 5])
    >>> test = permutation_test(fit)
    >>> test.exact, test.permutations, round(test.joint_p_value, 4)
    (True, 120, 0.0333)
    """
    side, rule = choose(Alternative, alternative, "alternative"), choose(TwoSidedRule, two_sided, "two_sided")
    kind = choose(PermutedStatistic, compared, "compared")
    fit = wanted_result("fit", fit, MetaRegressionResult)
    permutations = how_many("permutations", permutations, 2)
    model = model_of(fit)
    flips = fit.design.only_intercept
    distinct = number_of_distinct(fit.design.matrix, flips=flips)
    every = _is_exact(exact, distinct, permutations)
    plan, seed = _plan(fit, flips=flips, every=every, number=permutations, rng=rng)
    fits = run(model, model.y, plan)
    seen = fits.tests if kind is PermutedStatistic.TEST else fits.coefficients
    kept = ~np.isnan(fits.joint)
    if not kept[0]:
        raise DataError(
            "permutation_test: found a coefficient of 0 with a standard error of 0 in the data themselves; "
            "allowed: effects that differ from one another or from 0; state them without a test"
        )
    p_value = _shares(seen[kept], seen[0], side, rule, unit_free=kind is PermutedStatistic.TEST)
    ties = fits.joint[kept] >= fits.joint[0] - TIE
    remarks = _remarks(int((~kept).sum()), distinct, every=every)
    low, high, more = _limits(fit, model, plan, interval)
    error = np.sqrt(p_value * (1.0 - p_value) / plan.size)
    scale = np.sqrt(model.unit)
    return PermutationTest(
        names=fit.names,
        estimate=fits.coefficients[0] * scale,
        statistic=fits.tests[0],
        p_value=p_value,
        p_value_error=np.zeros_like(error) if every else error,
        adjusted_p_value=_adjusted(fits.tests[kept], model.tested, side),
        joint_statistic=float(fits.joint[0]),
        joint_p_value=float(ties.mean()),
        ci_low=low,
        ci_high=high,
        permutations=plan.size,
        distinct=distinct,
        exact=every,
        failed=int((~kept).sum()),
        alternative=str(side),
        two_sided=str(rule),
        compared=str(kind),
        seed=seed,
        diagnostics=remarks + more,
        level=fit.level,
        permuted_statistics=seen if kind is PermutedStatistic.TEST else seen * scale,
    )


def _is_exact(exact: bool | None, distinct: int, permutations: int) -> bool:
    """Return whether every distinct permutation is made."""
    every = distinct <= permutations if exact is None else bool(exact)
    if every and distinct > MOST_EXACT:
        raise UsageError(
            f"exact: there are {distinct:.4g} distinct permutations; allowed: {MOST_EXACT} or fewer; pass "
            "exact=False for a random sample"
        )
    return every


def _plan(
    fit: MetaRegressionResult,
    *,
    flips: bool,
    every: bool,
    number: int,
    rng: np.random.Generator | int | None,
) -> tuple[Plan, int | None]:
    """Return the permutations and the seed to record."""
    if every:
        return (all_flips(fit.k) if flips else _observed_first(all_orders(fit.design.matrix))), None
    seed = None
    if not isinstance(rng, np.random.Generator):
        seed = recorded_seed(rng)
        rng = np.random.default_rng(seed)
    return (sampled_flips if flips else sampled_orders)(fit.k, number, rng), seed


def _observed_first(plan: Plan) -> Plan:
    """Return the same permutations with that of the data first: each study keeps its row."""
    k = plan.orders.shape[1]
    own = np.flatnonzero((plan.orders == np.arange(k)).all(axis=1))[0]
    orders = plan.orders.copy()
    orders[[0, own]] = orders[[own, 0]]
    return plan._replace(orders=orders)


def _shares(
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


def _adjusted(permuted: FloatArray, tested: tuple[int, ...], side: Alternative) -> FloatArray:
    """Return the step-down maximum over the tested coefficients, NaN for the others."""
    adjusted = np.full(permuted.shape[1], np.nan)
    own = permuted[:, list(tested)]
    if side is Alternative.TWO_SIDED:
        own = np.abs(own)
    elif side is Alternative.LESS:
        own = -own
    adjusted[list(tested)] = step_down_max(own[0], own)
    return adjusted


def _remarks(failed: int, distinct: int, *, every: bool) -> tuple[Diagnostic, ...]:
    """Return what is to be said of the permutations."""
    remarks = []
    if failed:
        message = f"{failed} permutations have no fit and are left out"
        remarks.append(Diagnostic("permutations-failed", message))
    if every and distinct < 20:
        message = f"only {distinct} distinct permutations: p cannot be below {1.0 / distinct:.3g}"
        remarks.append(Diagnostic("few-permutations", message))
    return tuple(remarks)


def _limits(
    fit: MetaRegressionResult, model: Model, plan: Plan, interval: bool | Sequence[str | int]
) -> tuple[FloatArray | None, FloatArray | None, tuple[Diagnostic, ...]]:
    """Return limits by inverting the one-sided tests, at the same permutations."""
    if interval is False:
        return None, None, ()
    tail = (1.0 - fit.level) / 2.0
    low, high = np.full(fit.p, np.nan), np.full(fit.p, np.nan)
    if 1.0 / plan.size > tail:
        message = f"{plan.size} permutations are too few for limits at {fit.level:g}"
        return low, high, (Diagnostic("permutation-limits-impossible", message),)
    wanted = range(fit.p) if interval is True else [fit.position(name) for name in interval]
    scale = float(np.sqrt(model.unit))
    missing = []
    for position in wanted:
        half = float(fit.ci_high[position] - fit.estimate[position]) / scale
        centre = float(fit.estimate[position]) / scale
        column = fit.design.matrix[:, position]
        low[position] = _limit(model, plan, column, position, centre, -half, tail) * scale
        high[position] = _limit(model, plan, column, position, centre, half, tail) * scale
        if np.isnan(low[position] + high[position]):
            missing.append(fit.names[position])
    if missing:
        message = "a limit lies more than 32 half-widths of the classic interval away"
        return low, high, (Diagnostic("permutation-limits-not-found", message, ", ".join(missing)),)
    return low, high, ()


def _limit(  # noqa: PLR0917 - where and at what to look
    model: Model,
    plan: Plan,
    column: FloatArray,
    position: int,
    centre: float,
    half: float,
    tail: float,
) -> float:
    """Return where the one-sided p value crosses its tail, on the side of `half`."""
    side = Alternative.GREATER if half < 0 else Alternative.LESS

    def accepted(value: float) -> bool:
        tests = run(model, model.y - value * column, plan, repeats=TESTS_PER_LIMIT).tests[
            :, position : position + 1
        ]
        kept = tests[~np.isnan(tests[:, 0])]
        return bool(_shares(kept, tests[0], side, TwoSidedRule.ABSOLUTE)[0] > tail)

    inside, outside, reach = centre, centre + half, half
    for _ in range(6):
        if not accepted(outside):
            break
        inside, reach = outside, 2.0 * reach
        outside = centre + reach
    else:
        return float("nan")
    for _ in range(TESTS_PER_LIMIT):
        middle = 0.5 * (inside + outside)
        if abs(outside - inside) <= 1e-9 * abs(half):
            break
        if accepted(middle):
            inside = middle
        else:
            outside = middle
    return inside
