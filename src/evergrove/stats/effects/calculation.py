"""`effect_size`: from what the studies reported to one effect and variance per study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import FloatArray, column, refuse_rows, row_names
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.effect_sizes import EffectSizes, finished
from evergrove.stats.effects.inputs import Columns, checked_columns, from_frame
from evergrove.stats.effects.options import AddedAmount, BiasCorrection, CorrectedCells, DoubleZero
from evergrove.stats.effects.per_study import turned, with_own_variances
from evergrove.stats.effects.recipes import Recipe, recipe_of
from evergrove.stats.effects.request import Request, ZeroCellPlan
from evergrove.stats.options import Choice, EffectMeasure, VarianceMethod, ZeroCells, choose
from evergrove.stats.printed_intervals import effect_from_ci, needs_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from evergrove.stats.effects.rows import Rows

#: Standardised differences beyond this are rare; standard errors taken for SDs are not.
LARGE_SMD = 2.0
#: Rows that a remark names at most.
MOST_ROWS_NAMED = 100
STANDARDISED = (EffectMeasure.SMD, EffectMeasure.SMDH, EffectMeasure.SMD1, EffectMeasure.SMD1H)
#: An SD, the size it belongs to, and whose they are.
SD_AND_SIZE = (
    ("sd1", "n1", "arm 1"),
    ("sd2", "n2", "arm 2"),
    ("sd", "n", "the group"),
    ("sd1", "n", "the group"),
)
#: Measures that come printed, never from data.
PRINTED = (EffectMeasure.HR, EffectMeasure.HD)


def _allowed(
    kind: type[Choice], value: str, argument: str, measure: str, members: tuple[Choice, ...]
) -> Choice:
    """Return a member that the measure allows."""
    chosen = choose(kind, value, argument)
    if chosen not in members:
        allowed = ", ".join(repr(str(member)) for member in members)
        raise UsageError(
            f"{argument}: found {str(chosen)!r} for {measure}; allowed: {allowed}; choose one of these names"
        )
    return chosen


def _amount(name: str, value: ArrayLike, k: int) -> FloatArray:
    """Return a continuity correction, one for all rows or one per row."""
    amount = column(name, value)
    bad = ~(np.isfinite(amount) & (amount >= 0))
    if np.ndim(value) == 0:
        if bad.any():
            raise UsageError(
                f"{name}: found {value!r}; allowed: a finite number not below 0; use to='none' for none"
            )
        return np.full(k, amount[0])
    if amount.size != k:
        raise UsageError(
            f"{name}: found {amount.size} values; allowed: one, or one per study, here {k}; check it"
        )
    refuse_rows(name, amount, bad, allowed="a finite number not below 0", todo="use 0 for none")
    return amount


def _drop(value: bool | str | None, recipe: Recipe) -> DoubleZero:
    """Return what is done with studies that say nothing on a ratio."""
    if value is None:
        return recipe.drop or DoubleZero.KEEP
    if isinstance(value, bool | np.bool_):
        return DoubleZero.DROP if value else DoubleZero.KEEP
    return choose(DoubleZero, value, "drop_double_zero")


def _options(request: Request, recipe: Recipe, add: ArrayLike, add2: ArrayLike | None) -> dict[str, object]:
    """Return the options that matter for this measure, as resolved."""
    options: dict[str, object] = {}
    plan = request.zero
    if recipe.add is not None:
        options |= {"add": np.asarray(add, dtype=float).tolist(), "to": str(plan.rule)}
        if recipe.drop is not None:
            plain = plan.drop is not DoubleZero.DROP_NO_EVENT
            options["drop_double_zero"] = plan.drop is DoubleZero.DROP if plain else str(plan.drop)
        if add2 is not None:
            options["add2"] = np.asarray(add2, dtype=float).tolist()
        if plan.amount is not AddedAmount.CONSTANT:
            options["add_by"] = str(plan.amount)
        if plan.cells is not CorrectedCells.ALL:
            options["cells"] = str(plan.cells)
        if not (plan.in_effect and plan.in_variance):
            options |= {"correct_effect": plan.in_effect, "correct_variance": plan.in_variance}
    if recipe.variances != (VarianceMethod.LS,) or recipe.add is None:
        options["variance"] = str(request.variance)
    if len(recipe.biases) > 1:
        options["bias_correction"] = str(request.bias)
    if request.measure in (EffectMeasure.SMD1, EffectMeasure.SMD1H):
        options["glass_arm"] = request.glass_arm
    return options


def _arms_of_one(columns: Mapping[str, FloatArray], rows: Rows) -> None:
    """Mark rows whose SD is that of one patient; rows given by a statistic need none."""
    statistic = [columns[name] for name in ("d", "t", "f", "p") if name in columns]
    needs_sd = np.all([np.isnan(values) for values in statistic], axis=0) if statistic else True
    for sd, n, arm in SD_AND_SIZE:
        if sd in columns and n in columns:
            few = (columns[n] < 2) & ~np.isnan(columns[sd]) & needs_sd
            rows.mark(few, f"{arm} has fewer than 2 patients: no standard deviation")


def _remarks(
    request: Request, yi: FloatArray, given: Mapping[str, object], recipe: Recipe
) -> tuple[Diagnostic, ...]:
    """Return what was noticed about the columns and the effects."""
    remarks, measure = [], request.measure
    unused = [name for name in given if name not in recipe.names]
    if unused:
        message = f"{measure} does not use these columns; they were left out"
        remarks.append(Diagnostic("unused-columns", message, ", ".join(unused)))
    if measure in STANDARDISED:
        large = np.flatnonzero((np.abs(yi) > LARGE_SMD) & ~request.rows.lost)
        if large.size:
            message = f"{measure} beyond {LARGE_SMD:g}: were standard errors given for standard deviations?"
            remarks.append(Diagnostic("large-smd", message, row_names(large[:MOST_ROWS_NAMED])))
    return tuple(remarks)


class _Asked(NamedTuple):
    """The options of `effect_size` as the caller gave them."""

    add: ArrayLike | None
    add2: ArrayLike | None
    to: str
    add_by: str
    cells: str
    correct_effect: bool
    correct_variance: bool
    drop_double_zero: bool | str | None
    bias_correction: str | None
    glass_arm: int


def _printed(measure: EffectMeasure, given: Mapping[str, Any], level: float) -> EffectSizes:
    """Return effects from printed estimates with intervals."""
    printed = {name: given.get(name) for name in ("estimate", "ci_low", "ci_high")}
    needs_interval(measure, dict(printed))
    return effect_from_ci(measure, printed["estimate"], printed["ci_low"], printed["ci_high"], level)  # type: ignore[arg-type]


def _computed(
    measure: EffectMeasure, given: Mapping[str, Any], asked: _Asked, variance: str | None
) -> EffectSizes:
    """Return effects from data, all variances by one method."""
    if asked.glass_arm not in (1, 2):
        raise UsageError(
            f"glass_arm: found {asked.glass_arm!r}; allowed: 1 or 2; name the arm whose SD is used"
        )
    recipe = recipe_of(measure, asked.glass_arm)
    method = VarianceMethod.LS if variance is None else variance
    correction = recipe.biases[0] if asked.bias_correction is None else asked.bias_correction
    resolved_method = _allowed(VarianceMethod, method, "variance", measure, recipe.variances)
    resolved_bias = _allowed(BiasCorrection, correction, "bias_correction", measure, recipe.biases)
    rule, drop = choose(ZeroCells, asked.to, "to"), _drop(asked.drop_double_zero, recipe)
    amount, which = choose(AddedAmount, asked.add_by, "add_by"), choose(CorrectedCells, asked.cells, "cells")
    if amount is AddedAmount.TREATMENT_ARM and not {"n2", "time2"} & set(recipe.names):
        raise UsageError(
            f"add_by: found {str(amount)!r} for {measure}; allowed: 'constant'; "
            "there are no two arms to share it"
        )
    step = (recipe.add or 0.0) if asked.add is None else asked.add
    used, rows = checked_columns(measure, recipe, given)
    _arms_of_one(used, rows)
    first = _amount("add", step, rows.lost.size)
    second = first if asked.add2 is None else _amount("add2", asked.add2, rows.lost.size)
    sides = (asked.correct_effect, asked.correct_variance)
    plan = ZeroCellPlan(first, second, amount, rule, which, drop, *sides)
    request = Request(measure, used, rows, resolved_method, resolved_bias, plan, asked.glass_arm)
    # numbers too large to square overflow: such rows become not estimable
    with np.errstate(over="ignore", invalid="ignore"):
        found = recipe.kernel(request)
    corrected = np.zeros(rows.lost.size, dtype=bool) if found.corrected is None else found.corrected
    return finished(
        measure,
        (found.yi, found.vi),
        rows.reasons,
        corrected=corrected,
        options=_options(request, recipe, step, asked.add2),
        inputs=used,
        diagnostics=_remarks(request, found.yi, given, recipe),
    )


def effect_size(
    measure: str,
    *,
    data: object = None,
    level: float = 0.95,
    add: ArrayLike | None = None,
    add2: ArrayLike | None = None,
    to: str = ZeroCells.ONLY_ZERO,
    add_by: str = AddedAmount.CONSTANT,
    cells: str = CorrectedCells.ALL,
    correct_effect: bool = True,
    correct_variance: bool = True,
    drop_double_zero: bool | str | None = None,
    variance: str | Sequence[str] | None = None,
    bias_correction: str | None = None,
    glass_arm: int = 2,
    flip: ArrayLike | None = None,
    **columns: Unpack[Columns],
) -> EffectSizes:
    """Compute one effect and sampling variance per study.

    Parameters
    ----------
    measure : EffectMeasure or str
        What to compute. Arm 1 is the intervention (or the later measurement), arm 2 the comparator.
    data : data frame, optional
        Where columns are given by name, the frame (pandas, polars, …) that holds them.
    level : float
        Confidence level of printed intervals.
    add : float or array-like, optional
        Continuity correction, not below 0, one or one per study. None: 0.5, or 0 for AS, PHI, ZPHI, RTET,
        ZTET, IRSD, PAS, PFT, IRS and IRFT, whose formulas need none.
    add2 : float or array-like, optional
        The correction in arm 2 where it differs.
    to : ZeroCells or str
        Which studies get it.
    add_by : AddedAmount or str
        The same in both arms, or by the arms' shares of the patients (treatment-arm correction).
    cells : CorrectedCells or str
        Events and non-events, or events alone.
    correct_effect, correct_variance : bool
        Whether effect and variance are those of the corrected table. meta's RD and PRAW correct the
        variance alone.
    drop_double_zero : DoubleZero, bool or str, optional
        Whether studies with no event (or only events) in both arms are not estimable. None: ratios
        (RR, OR, PETO, IRR, YUQ, …) drop them, differences (RD, AS, IRD, …) keep them.
    variance : VarianceMethod or str, or a sequence of them, optional
        ``"LS"`` by default; another that the measure allows; or one per study.
    bias_correction : BiasCorrection or str, optional
        By default ``"exact"`` for standardised means, ``"second-order"`` for logs of means and SDs.
    glass_arm : int
        Arm whose SD standardises SMD1 and SMD1H, 2 or 1.
    flip : bool or array-like of bool, optional
        Studies whose effect's sign is turned, since arms or scale run the other way.
    **columns : array-like, shape (k,)
        The numbers; a scalar stands for every study, None or NaN is missing.
        Events: ``events1, n1, events2, n2`` (patients with the event, within 0..n; need not be whole),
        ``events, n``. Person-time: ``events1, time1, events2, time2``; ``events, time``. Matched pairs:
        ``both, only1, only2, neither``; for MPORM the margins with ``r`` or ``both``. Means (SDs, not
        standard errors): ``mean1, sd1, n1, mean2, sd2, n2``; ``mean, sd, n``; a group measured twice:
        ``mean1, sd1, mean2, sd2, n, r``. In their place where a paper has only those: ``d``, ``t``, ``f``
        (one numerator degree of freedom, with the effect's sign), ``p`` (two-sided, with the effect's
        sign) or, for two groups, a point-biserial ``r``. Correlations: ``r, n``, with ``predictors`` and
        ``r2``. Percent of range: ``scale_min, scale_max``. Areas: ``cles, n1, n2, ties``. Reliability:
        ``alpha, items, n``. Genotypes: ``aa, ab, bb``. Printed: ``estimate, ci_low, ci_high``, for HR, HD
        and any other comparison; see `effect_from_ci`.

    Returns
    -------
    EffectSizes
        On the pooling scale; rows with missing numbers are not estimable, with their reason.

    Raises
    ------
    UsageError
        For an unknown option, or columns that the measure needs and were not given.
    DataError
        For numbers that cannot be, naming the rows.

    See Also
    --------
    measure_facts : Scale, null value and way back of a measure.
    back_transform : The way back.

    Notes
    -----
    With zero cells prefer `mantel_haenszel` to a correction. The correction is metafor's: it enters
    effect and variance of RD and PETO too; ``to="none"`` leaves Peto's effect as Yusuf 1985 has it.
    Numbers are those of metafor 5: ROM, CVR, ROMC and CVRC carry their second-order correction
    (``bias_correction="none"`` is metafor 3.8 and meta), SMDH its newer variance (``variance="LS-3.8"`` is
    the older). meta's SMD is ``variance="UB"``. `docs/methods/effects.md` lists every measure.

    References
    ----------
    [Katz1978] (RR); [Woolf1955] (OR); [Yusuf1985] (PETO); [Hedges1981], [Hedges1985] (SMD); [Hedges1999],
    [Lajeunesse2015] (ROM); [Senior2020] (VR, CVR); [Bonett2008] (SMDH); [Freeman1950] (PFT);
    [Viechtbauer2010a].

    Examples
    --------
    >>> bcg = effect_size("RR", events1=[4, 6], n1=[123, 306], events2=[11, 29], n2=[139, 303])
    >>> bcg.yi.round(4), bcg.vi.round(4)
    (array([-0.8893, -1.5854]), array([0.3256, 0.1946]))
    >>> effect_size("SMD", mean1=12.0, sd1=4.0, n1=20, mean2=10.0, sd2=5.0, n2=22).yi.round(4)
    array([0.431])
    >>> effect_size("SMD", t=[2.1, None], p=[None, -0.03], n1=20, n2=22).yi.round(4)
    array([ 0.6366, -0.6821])
    """
    chosen = choose(EffectMeasure, measure, "measure")
    given = from_frame(columns, data)
    asked = _Asked(
        add,
        add2,
        to,
        add_by,
        cells,
        correct_effect,
        correct_variance,
        drop_double_zero,
        bias_correction,
        glass_arm,
    )
    if "estimate" in given or chosen in PRINTED:
        sizes = _printed(chosen, given, level)
    elif variance is None or isinstance(variance, str):
        sizes = _computed(chosen, given, asked, variance)
    else:
        sizes = with_own_variances(variance, lambda method: _computed(chosen, given, asked, method))
    return sizes if flip is None else turned(sizes, flip)
