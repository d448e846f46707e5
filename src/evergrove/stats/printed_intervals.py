"""Effect sizes from a printed estimate and its confidence interval."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import FloatArray, checked_level, column, refuse_rows, row_names, same_length
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.distributions import normal_quantile
from evergrove.stats.effect_sizes import EffectSizes, finished
from evergrove.stats.measure_scales import SCALE_OF
from evergrove.stats.options import EffectMeasure, Scale, choose

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

#: Asymmetry up to this share of the interval's width is taken for arithmetic, not for a finding.
SMALLEST_ASYMMETRY = 1e-6


def _half_unit(*values: float) -> float:
    """Return half a unit in the last decimal place that any of the printed values shows."""
    places = 0
    for value in values:
        exponent = Decimal(repr(float(value))).normalize().as_tuple().exponent
        places = max(places, -exponent if isinstance(exponent, int) else 0)
    return 0.5 * 10.0**-places


def _asymmetric_rows(estimate: FloatArray, low: FloatArray, high: FloatArray, *, log: bool) -> list[int]:
    """Return rows whose estimate is off the middle of its interval by more than rounding can do."""
    rows = []
    for row in range(estimate.size):
        trio = (float(estimate[row]), float(low[row]), float(high[row]))
        if not np.all(np.isfinite(trio)):
            continue
        half = _half_unit(*trio)
        slack = [half / value if log else half for value in trio]
        middle, left, right = (float(np.log(value)) if log else value for value in trio)
        rounding = slack[0] + 0.5 * (slack[1] + slack[2])
        if abs(middle - 0.5 * (left + right)) > rounding + SMALLEST_ASYMMETRY * (right - left):
            rows.append(row)
    return rows


def effect_from_ci(
    measure: str, estimate: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, level: float = 0.95
) -> EffectSizes:
    """Return effects and variances from printed estimates and confidence intervals.

    Parameters
    ----------
    measure : EffectMeasure or str
        RR, OR, PETO, HR, ROM (ratios, above 0), RD, MD or SMD.
    estimate, ci_low, ci_high : array-like, shape (k,)
        As printed, on the natural scale (a hazard ratio, not its log), ``ci_low <= estimate <= ci_high``
        and ``ci_low < ci_high``. A missing value makes the row not estimable.
    level : float
        Confidence level of the printed intervals.

    Returns
    -------
    EffectSizes
        ``yi`` is the (log) estimate, ``vi`` the squared width of the interval on the pooling scale over
        2z (Parmar, Torri & Stewart, Stat Med 17 (1998) 2815-2834). A diagnostic
        ``interval-not-symmetric`` names rows that are off the middle by more than rounding.

    Raises
    ------
    DataError
        For limits out of order or ratios not above 0, naming the rows.
    UsageError
        For a measure without such an interval.

    Notes
    -----
    Do not use it for intervals that are not Wald intervals on the pooling scale (exact, bootstrap,
    profile): the diagnostic says so where they are visibly asymmetric. Check which arm is the
    reference: registries often leave it unsaid.

    Examples
    --------
    >>> effect_from_ci("HR", 0.70, 0.50, 0.98).vi.round(5)
    array([0.02947])
    """
    chosen = choose(EffectMeasure, measure, "measure")
    scale = SCALE_OF[chosen]
    proportions = (EffectMeasure.PR, EffectMeasure.PLN)
    if scale not in (Scale.LOG, Scale.NATURAL) or chosen in proportions:
        raise UsageError(
            f"measure: found {str(chosen)!r} with an estimate and interval; allowed: 'RR', 'OR', 'PETO', "
            "'HR', 'ROM', 'RD', 'MD', 'SMD'; for proportions give events and n"
        )
    level = checked_level(level)
    columns = {
        "estimate": column("estimate", estimate),
        "ci_low": column("ci_low", ci_low),
        "ci_high": column("ci_high", ci_high),
    }
    k = same_length(columns)
    middle, low, high = columns.values()
    log = scale is Scale.LOG
    for name, values in columns.items():
        refuse_rows(name, values, np.isinf(values), allowed="finite", todo="leave an open interval missing")
        if log:
            todo = "give the ratio itself, not its log"
            refuse_rows(name, values, values <= 0, allowed=f"above 0 for {chosen}", todo=todo)
    order = "below ci_high and not above the estimate"
    refuse_rows("ci_low", low, (low > middle) | (low >= high), allowed=order, todo="check the printed limits")
    refuse_rows(
        "ci_high", high, middle > high, allowed="not below the estimate", todo="check the printed limits"
    )
    reasons = [
        "estimate or interval is missing" if np.isnan(middle[row] + low[row] + high[row]) else ""
        for row in range(k)
    ]
    width = np.log(high) - np.log(low) if log else high - low
    pair = (np.log(middle) if log else middle, (width / (2 * normal_quantile(level))) ** 2)
    off = _asymmetric_rows(middle, low, high, log=log)
    remark = (
        "the interval is not symmetric about the estimate on the pooling scale by more than rounding: "
        "a misprint, another level, or another method of interval"
    )
    remarks = (Diagnostic("interval-not-symmetric", remark, row_names(off)),) if off else ()
    options = {"from": "estimate and interval", "level": level}
    return finished(
        chosen,
        pair,
        reasons,
        corrected=np.zeros(k, dtype=bool),
        options=options,
        inputs=columns,
        diagnostics=remarks,
    )


def needs_interval(measure: EffectMeasure, given: dict[str, object]) -> None:
    """Raise a DataError where an estimate comes without its interval.

    Parameters
    ----------
    measure : EffectMeasure
        For the message.
    given : dict
        ``estimate``, ``ci_low`` and ``ci_high`` as passed.

    Raises
    ------
    DataError
        Naming what is missing.
    """
    missing = [name for name, value in given.items() if value is None]
    if missing:
        raise DataError(
            f"{measure}: found no {', '.join(missing)}; allowed: estimate, ci_low and ci_high together; "
            "give all three on the natural scale"
        )
