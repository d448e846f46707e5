"""Permutation tests of location-scale models: of the location coefficients, or of the scale coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import ConvergenceError, DataError, UsageError
from evergrove.stats.options import Alternative, choose
from evergrove.stats.regression.location_scale import location_scale
from evergrove.stats.regression.location_scale_result import LocationScaleResult
from evergrove.stats.regression.multiplicity import TIE
from evergrove.stats.regression.options import ModelPart, PermutedStatistic, TwoSidedRule
from evergrove.stats.regression.permutation_plans import number_of_distinct
from evergrove.stats.regression.permutation_result import PermutationTest
from evergrove.stats.regression.permutation_shares import (
    is_exact,
    planned,
    remarks_on,
    shares_as_extreme,
    stepped_down,
)
from evergrove.stats.result import wanted_result
from evergrove.stats.scalars import how_many

if TYPE_CHECKING:
    from evergrove.stats.arrays import FloatArray


def location_scale_permutation_test(
    fit: LocationScaleResult,
    *,
    part: str = ModelPart.SCALE,
    permutations: int = 1000,
    exact: bool | None = None,
    alternative: str = Alternative.TWO_SIDED,
    two_sided: str = TwoSidedRule.ABSOLUTE,
    compared: str = PermutedStatistic.TEST,
    rng: np.random.Generator | int | None = None,
) -> PermutationTest:
    """Test the location or the scale coefficients of a location-scale model by permutation.

    Parameters
    ----------
    fit : LocationScaleResult
        Of `location_scale`. The rows of one design are permuted over the studies, the other stays; with an
        intercept alone as location the signs of the effects are flipped.
    part : ModelPart or str
        ``"scale"`` or ``"location"``: whose coefficients are tested.
    permutations, exact, alternative, two_sided, compared, rng
        As in `permutation_test`. Every permutation is a whole fit, of some 15 ms.

    Returns
    -------
    PermutationTest
        Without limits. `failed` counts the permutations whose likelihood has no maximum, or one on the
        boundary, so that they have no statistic; they are left out of the shares.

    Raises
    ------
    UsageError
        For an unknown option, scale coefficients of an intercept alone, or too many distinct permutations.
    DataError
        Where the fit itself has no statistic: a tau² on the boundary.

    Notes
    -----
    metafor's ``permutest`` of ``rma(scale=)``, with its rules for ties and for the data as observed. Where
    many permutations fail, p rests on the others alone: read it with care. The hypothesis is that no
    moderator of the part matters; one p value is no test of one moderator given the others.

    References
    ----------
    [Viechtbauer2022]; [Good2010].

    Examples
    --------
    >>> from evergrove.stats import location_scale
    >>> yi = [0.31, 0.25, 0.44, 0.18, 0.52, -0.40, 1.10, 0.95, -0.15, 0.70, 0.05, 0.88]
    >>> old = {"old": [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]}
    >>> fit = location_scale(yi, [0.005] * 12, scale=old)
    >>> test = location_scale_permutation_test(fit, permutations=50, rng=1)
    >>> test.names, test.permutations
    (('intercept', 'old'), 50)
    """
    side, rule = choose(Alternative, alternative, "alternative"), choose(TwoSidedRule, two_sided, "two_sided")
    kind, tested = choose(PermutedStatistic, compared, "compared"), choose(ModelPart, part, "part")
    fit = wanted_result("fit", fit, LocationScaleResult)
    wanted = how_many("permutations", permutations, 2)
    own = fit.design if tested is ModelPart.LOCATION else fit.scale_design
    flips = own.only_intercept
    if flips and tested is ModelPart.SCALE:
        raise UsageError(
            "part: found 'scale' with an intercept alone; allowed: scale moderators; there are none"
        )
    distinct = number_of_distinct(own.matrix, flips=flips)
    every = is_exact(exact, distinct, wanted)
    plan, seed = planned(own.matrix, flips=flips, every=every, number=wanted, rng=rng)
    coefficients, tests = np.full((2, plan.size, len(own.names)), np.nan)
    joint = np.full(plan.size, np.nan)
    for row in range(plan.size):
        order = plan.orders[row if len(plan.orders) > 1 else 0]
        signs = plan.signs[row if len(plan.signs) > 1 else 0]
        again = fit if row == 0 else _refitted(fit, signs, order, tested)
        if again is not None:
            coefficients[row], tests[row], joint[row] = _statistics(again, tested)
    kept = ~np.isnan(joint)
    if not kept[0]:
        raise DataError(
            "location_scale_permutation_test: found a fit without standard errors (a tau² on the boundary); "
            "allowed: one with a statistic; use the other link"
        )
    seen = tests if kind is PermutedStatistic.TEST else coefficients
    p_value = shares_as_extreme(seen[kept], seen[0], side, rule, unit_free=kind is PermutedStatistic.TEST)
    error = np.zeros_like(p_value) if every else np.sqrt(p_value * (1.0 - p_value) / plan.size)
    places = [at for at in range(len(own.names)) if flips or at != own.intercept]
    return PermutationTest(
        names=own.names,
        estimate=coefficients[0],
        statistic=tests[0],
        p_value=p_value,
        p_value_error=error,
        adjusted_p_value=stepped_down(tests[kept], tuple(places), side),
        joint_statistic=float(joint[0]),
        joint_p_value=float((joint[kept] >= joint[0] - TIE).mean()),
        ci_low=None,
        ci_high=None,
        permutations=plan.size,
        distinct=distinct,
        exact=every,
        failed=int((~kept).sum()),
        alternative=str(side),
        two_sided=str(rule),
        compared=str(kind),
        seed=seed,
        diagnostics=remarks_on(int((~kept).sum()), distinct, every=every),
        level=fit.level,
        permuted_statistics=seen,
    )


def _statistics(fit: LocationScaleResult, part: ModelPart) -> tuple[FloatArray, FloatArray, float]:
    """Return coefficients, their tests and the joint test of a part."""
    if part is ModelPart.LOCATION:
        return fit.estimate, fit.statistic, fit.moderator_test.statistic
    return fit.scale_estimate, fit.scale_statistic, fit.scale_test.statistic


def _refitted(
    fit: LocationScaleResult, signs: FloatArray, order: np.ndarray, part: ModelPart
) -> LocationScaleResult | None:
    """Return the fit with signs of the effects and rows of a design permuted; None without a maximum."""
    location, scale = fit.design.matrix, fit.scale_design.matrix
    if part is ModelPart.LOCATION:
        location = location[order]
    else:
        scale = scale[order]
    try:
        return location_scale(
            signs * fit.yi,
            fit.vi,
            location,
            scale,
            intercept=False,
            scale_intercept=False,
            likelihood=str(fit.options["likelihood"]),
            link=fit.link,
            scale_given=fit.options["scale_given"],  # type: ignore[arg-type] # as resolved
            ci=str(fit.options["ci"]),
            level=fit.level,
        )
    except ConvergenceError:
        return None
