"""`effect_size`: from what the arms reported to one effect and variance per study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import UsageError
from evergrove.stats.arrays import FloatArray, column, refuse_rows, same_length
from evergrove.stats.effect_formulas import one_proportion, rows_to_correct, two_by_two, two_means
from evergrove.stats.effect_sizes import EffectSizes, finished
from evergrove.stats.options import EffectMeasure, VarianceMethod, ZeroCells, choose
from evergrove.stats.printed_intervals import effect_from_ci, needs_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

TWO_ARMS_OF_EVENTS = (EffectMeasure.RR, EffectMeasure.OR, EffectMeasure.RD, EffectMeasure.PETO)
TWO_MEANS = (EffectMeasure.MD, EffectMeasure.SMD, EffectMeasure.ROM)
PROPORTIONS = (EffectMeasure.PR, EffectMeasure.PLN, EffectMeasure.PLO, EffectMeasure.PAS, EffectMeasure.PFT)
#: Measures whose formula needs no correction at zero cells: metafor adds none either.
NEVER_CORRECTED = (EffectMeasure.PAS, EffectMeasure.PFT)
VARIANCES_OF = {
    EffectMeasure.MD: (VarianceMethod.LS, VarianceMethod.HO),
    EffectMeasure.SMD: (VarianceMethod.LS, VarianceMethod.UB),
    EffectMeasure.ROM: (VarianceMethod.LS, VarianceMethod.HO),
}


def _columns(measure: EffectMeasure, given: Mapping[str, ArrayLike | None]) -> dict[str, FloatArray]:
    """Return the columns that a measure needs, of one length; scalars stand for every study."""
    missing = [name for name, values in given.items() if values is None]
    if missing:
        raise UsageError(
            f"effect_size({str(measure)!r}): found no {', '.join(missing)}; allowed: {', '.join(given)} "
            "together; give these columns"
        )
    columns = {name: column(name, values) for name, values in given.items() if values is not None}
    longest = max(array.size for array in columns.values())
    for name, values in given.items():
        if np.ndim(values) == 0 and longest > 1:  # type: ignore[arg-type]
            columns[name] = np.full(longest, columns[name][0])
    same_length(columns)
    for name, array in columns.items():
        refuse_rows(name, array, np.isinf(array), allowed="finite", todo="leave the value missing if unknown")
    return columns


def _missing(columns: Mapping[str, FloatArray]) -> list[str]:
    """Return per row which columns are missing, as a reason."""
    k = len(next(iter(columns.values())))
    absent = [[name for name, array in columns.items() if np.isnan(array[row])] for row in range(k)]
    return [f"missing: {', '.join(names)}" if names else "" for names in absent]


def _check_events(columns: Mapping[str, FloatArray], events: str, n: str) -> None:
    """Refuse patients not above 0 and events outside 0..n."""
    size, count = columns[n], columns[events]
    refuse_rows(n, size, size <= 0, allowed="above 0", todo="leave out an arm without patients")
    allowed = f"0 to {n}"
    todo = "check the arm; events are patients with the event, not episodes"
    refuse_rows(events, count, (count < 0) | (count > size), allowed=allowed, todo=todo)


def _from_events(
    measure: EffectMeasure, columns: dict[str, FloatArray], add: float, rule: ZeroCells, drop: bool
) -> EffectSizes:
    """Compute RR, OR, RD and PETO."""
    _check_events(columns, "events1", "n1")
    _check_events(columns, "events2", "n2")
    a, n1, c, n2 = (columns[name] for name in ("events1", "n1", "events2", "n2"))
    cells = (a, n1 - a, c, n2 - c)
    reasons = _missing(columns)
    if drop:
        for row in np.flatnonzero((a == 0) & (c == 0)):
            reasons[row] = reasons[row] or "no event in either arm"
        for row in np.flatnonzero((a == n1) & (c == n2)):
            reasons[row] = reasons[row] or "an event in every patient of both arms"
    kept = np.array([not reason for reason in reasons], dtype=bool)
    corrected = np.zeros(a.size, dtype=bool)  # the zero of a dropped row is no reason to correct others
    corrected[kept] = rows_to_correct(tuple(cell[kept] for cell in cells), rule) & (add > 0)
    step = np.where(corrected, add, 0.0)
    pair = two_by_two(measure, *(cell + step for cell in cells))
    options = {"add": add, "to": str(rule), "drop_double_zero": drop}
    return finished(measure, pair, reasons, corrected=corrected, options=options, inputs=columns)


def _from_means(measure: EffectMeasure, columns: dict[str, FloatArray], variance: str | None) -> EffectSizes:
    """Compute MD, SMD and ROM."""
    method = VarianceMethod.LS if variance is None else choose(VarianceMethod, variance, "variance")
    if method not in VARIANCES_OF[measure]:
        allowed = ", ".join(repr(str(member)) for member in VARIANCES_OF[measure])
        raise UsageError(
            f"variance: found {str(method)!r} for {measure}; allowed: {allowed}; choose one of these names"
        )
    reasons = _missing(columns)
    for arm in ("1", "2"):
        n, sd = columns[f"n{arm}"], columns[f"sd{arm}"]
        refuse_rows(f"n{arm}", n, n <= 0, allowed="above 0", todo="leave out an arm without patients")
        refuse_rows(f"sd{arm}", sd, sd < 0, allowed="not below 0", todo="check the standard deviation")
        for row in np.flatnonzero(n < 2):
            reasons[row] = reasons[row] or f"arm {arm} has fewer than 2 patients: no standard deviation"
    names = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
    if measure is EffectMeasure.ROM:
        for row in np.flatnonzero((columns["mean1"] <= 0) | (columns["mean2"] <= 0)):
            reasons[row] = reasons[row] or "a ratio of means needs both means above 0"
    pair = two_means(measure, tuple(columns[name] for name in names), method)
    off = np.zeros(len(reasons), dtype=bool)
    return finished(measure, pair, reasons, corrected=off, options={"variance": str(method)}, inputs=columns)


def _from_proportion(
    measure: EffectMeasure, columns: dict[str, FloatArray], add: float, rule: ZeroCells
) -> EffectSizes:
    """Compute single proportions."""
    _check_events(columns, "events", "n")
    x, n = columns["events"], columns["n"]
    corrected = rows_to_correct((x, n - x), rule) & (add > 0)
    if measure in NEVER_CORRECTED:
        corrected = np.zeros_like(corrected)
    step = np.where(corrected, add, 0.0)
    pair = one_proportion(measure, x + step, n + 2 * step)
    options = {"add": add, "to": str(rule)}
    return finished(measure, pair, _missing(columns), corrected=corrected, options=options, inputs=columns)


def effect_size(
    measure: str,
    *,
    events1: ArrayLike | None = None,
    n1: ArrayLike | None = None,
    events2: ArrayLike | None = None,
    n2: ArrayLike | None = None,
    mean1: ArrayLike | None = None,
    sd1: ArrayLike | None = None,
    mean2: ArrayLike | None = None,
    sd2: ArrayLike | None = None,
    estimate: ArrayLike | None = None,
    ci_low: ArrayLike | None = None,
    ci_high: ArrayLike | None = None,
    level: float = 0.95,
    events: ArrayLike | None = None,
    n: ArrayLike | None = None,
    add: float = 0.5,
    to: str = ZeroCells.ONLY_ZERO,
    drop_double_zero: bool | None = None,
    variance: str | None = None,
) -> EffectSizes:
    """Compute one effect and sampling variance per study.

    Parameters
    ----------
    measure : EffectMeasure or str
        What to compute. Arm 1 is the intervention, arm 2 the comparator.
    events1, n1, events2, n2 : array-like, shape (k,)
        Patients with the event and patients, per arm, for RR, OR, RD, PETO; ``n1`` and ``n2`` also for
        means. Events may be no whole numbers but must lie within 0..n. A scalar stands for every study.
    mean1, sd1, mean2, sd2 : array-like, shape (k,)
        Means and standard deviations (not standard errors), for MD, SMD, ROM.
    estimate, ci_low, ci_high : array-like, shape (k,)
        Printed effect and interval, for HR and any other comparison; see `effect_from_ci`.
    level : float
        Confidence level of the printed intervals.
    events, n : array-like, shape (k,)
        For single proportions.
    add : float
        Continuity correction added to each cell, not below 0.
    to : ZeroCells or str
        Which studies get it; see `ZeroCells`. PAS and PFT never do.
    drop_double_zero : bool or None
        Whether studies with no event (or only events) in both arms are not estimable. None: True for
        RR, OR and PETO, False for RD.
    variance : VarianceMethod, str or None
        ``"LS"`` (None), ``"UB"`` (SMD) or ``"HO"`` (MD, ROM).

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

    Notes
    -----
    With zero cells prefer `mantel_haenszel` to a correction. The correction is metafor's: it enters
    effect and variance of RD and PETO too; ``to="none"`` leaves Peto's effect as Yusuf 1985 has it.

    References
    ----------
    Katz 1978 (RR); Woolf 1955 (OR); Yusuf 1985 (PETO); Hedges 1981, Hedges & Olkin 1985 (SMD); Hedges,
    Gurevitch & Curtis 1999 (ROM); Freeman & Tukey 1950 (PFT).

    Examples
    --------
    >>> bcg = effect_size("RR", events1=[4, 6], n1=[123, 306], events2=[11, 29], n2=[139, 303])
    >>> bcg.yi.round(4), bcg.vi.round(4)
    (array([-0.8893, -1.5854]), array([0.3256, 0.1946]))
    >>> effect_size("SMD", mean1=12.0, sd1=4.0, n1=20, mean2=10.0, sd2=5.0, n2=22).yi.round(4)
    array([0.431])
    """
    chosen = choose(EffectMeasure, measure, "measure")
    rule = choose(ZeroCells, to, "to")
    if not (np.isfinite(add) and add >= 0):
        raise UsageError(f"add: found {add!r}; allowed: a finite number not below 0; use to='none' for none")
    printed = {"estimate": estimate, "ci_low": ci_low, "ci_high": ci_high}
    if estimate is not None or chosen is EffectMeasure.HR:
        needs_interval(chosen, dict(printed))
        return effect_from_ci(chosen, estimate, ci_low, ci_high, level)  # type: ignore[arg-type]
    if chosen in TWO_ARMS_OF_EVENTS:
        columns = _columns(chosen, {"events1": events1, "n1": n1, "events2": events2, "n2": n2})
        drop = chosen is not EffectMeasure.RD if drop_double_zero is None else bool(drop_double_zero)
        return _from_events(chosen, columns, float(add), rule, drop)
    if chosen in TWO_MEANS:
        arms = {"mean1": mean1, "sd1": sd1, "n1": n1, "mean2": mean2, "sd2": sd2, "n2": n2}
        return _from_means(chosen, _columns(chosen, arms), variance)
    return _from_proportion(chosen, _columns(chosen, {"events": events, "n": n}), float(add), rule)
