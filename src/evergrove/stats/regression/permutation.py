"""Permutation tests of the coefficients of a meta-regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import Alternative, choose
from evergrove.stats.regression.multiplicity import TIE
from evergrove.stats.regression.options import PermutedStatistic, TwoSidedRule
from evergrove.stats.regression.permutation_plans import number_of_distinct
from evergrove.stats.regression.permutation_result import PermutationTest
from evergrove.stats.regression.permutation_shares import (
    is_exact,
    planned,
    remarks_on,
    shares_as_extreme,
    stepped_down,
)
from evergrove.stats.regression.permuted_fits import Model, model_of, run
from evergrove.stats.regression.regression_result import MetaRegressionResult
from evergrove.stats.result import wanted_result
from evergrove.stats.scalars import how_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.stats.arrays import FloatArray
    from evergrove.stats.regression.permutation_plans import Plan

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
    every = is_exact(exact, distinct, permutations)
    plan, seed = planned(fit.design.matrix, flips=flips, every=every, number=permutations, rng=rng)
    fits = run(model, model.y, plan)
    seen = fits.tests if kind is PermutedStatistic.TEST else fits.coefficients
    kept = ~np.isnan(fits.joint)
    if not kept[0]:
        raise DataError(
            "permutation_test: found a coefficient of 0 with a standard error of 0 in the data themselves; "
            "allowed: effects that differ from one another or from 0; state them without a test"
        )
    p_value = shares_as_extreme(seen[kept], seen[0], side, rule, unit_free=kind is PermutedStatistic.TEST)
    ties = fits.joint[kept] >= fits.joint[0] - TIE
    remarks = remarks_on(int((~kept).sum()), distinct, every=every)
    low, high, more = _limits(fit, model, plan, interval)
    error = np.sqrt(p_value * (1.0 - p_value) / plan.size)
    scale = np.sqrt(model.unit)
    return PermutationTest(
        names=fit.names,
        estimate=fits.coefficients[0] * scale,
        statistic=fits.tests[0],
        p_value=p_value,
        p_value_error=np.zeros_like(error) if every else error,
        adjusted_p_value=stepped_down(fits.tests[kept], model.tested, side),
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
        return bool(shares_as_extreme(kept, tests[0], side, TwoSidedRule.ABSOLUTE)[0] > tail)

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
