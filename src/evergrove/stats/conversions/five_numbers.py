"""Means and SDs of many arms at once from whatever quantiles each arm prints."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergrove.errors import DataError, UsageError
from evergrove.stats.arrays import BoolArray, FloatArray, column, row_names, same_length
from evergrove.stats.conversions.log_normal import logs_of, shi_log_normal
from evergrove.stats.conversions.medians import estimated
from evergrove.stats.conversions.normal_quantiles import FEWEST_PATIENTS, PrintedQuantiles, printed_quantiles
from evergrove.stats.conversions.options import AssumedShape, ExpectedRange, SkewedRows
from evergrove.stats.conversions.skewness import skewness_of
from evergrove.stats.diagnostic import Diagnostic
from evergrove.stats.options import MedianMethod, Scale, choose
from evergrove.stats.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

NAMES = ("minimum", "q1", "median", "q3", "maximum", "n")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class EstimatedMeans(Result):
    """Means and SDs that were estimated from quantiles, one per arm.

    Parameters
    ----------
    mean, sd : ndarray, shape (k,)
        On `scale`; NaN where nothing could be estimated.
    scenario : tuple of str
        What each row printed.
    skewness, critical_value : ndarray, shape (k,)
        Shi's test of skewness at the 5 % level.
    skewed : ndarray of bool, shape (k,)
        Whether it was exceeded.
    reasons : tuple of str
        Why a row has no mean; empty where it has.
    scale : Scale
        ``"log"`` for log-normal values that were not transformed back.
    options : mapping
        As resolved.
    diagnostics : tuple of Diagnostic
        ``skewed-rows``.
    """

    mean: FloatArray
    sd: FloatArray
    scenario: tuple[str, ...]
    skewness: FloatArray
    critical_value: FloatArray
    skewed: BoolArray
    reasons: tuple[str, ...]
    scale: Scale
    options: Mapping[str, object]
    diagnostics: tuple[Diagnostic, ...]

    def __repr__(self) -> str:
        found = int(np.isfinite(self.mean).sum())
        return (
            f"<EstimatedMeans {found} of {self.mean.size} arms, {self.options['method']}, {self.scale} "
            f"scale, {int(self.skewed.sum())} skewed>"
        )

    def summary(self) -> str:
        """Return one line per arm."""
        lines = [repr(self)]
        for row, reason in enumerate(self.reasons):
            value = f"mean {self.mean[row]:.4f}, SD {self.sd[row]:.4f} from {self.scenario[row]}"
            lines.append(f"row {row}: {reason or value}")
        return "\n".join([*lines, *(f"note: {remark}" for remark in self.diagnostics)])

    def columns(self) -> dict[str, np.ndarray]:
        """Return one row per arm."""
        return {
            "mean": self.mean,
            "sd": self.sd,
            "scenario": np.array(self.scenario),
            "skewness": self.skewness,
            "critical_value": self.critical_value,
            "skewed": self.skewed,
            "reason": np.array(self.reasons),
        }


def _reason(row: Mapping[str, float]) -> str:
    """Return why a row cannot be converted; empty where it can."""
    if math.isnan(row["median"]) or math.isnan(row["n"]):
        return "median or n is missing"
    if row["n"] < FEWEST_PATIENTS:
        return f"fewer than {FEWEST_PATIENTS:g} patients"
    pairs = [
        math.isnan(row[low]) + math.isnan(row[high]) for low, high in (("minimum", "maximum"), ("q1", "q3"))
    ]
    return "" if 0 in pairs and 1 not in pairs else "no complete pair of quartiles or of minimum and maximum"


def _printed(row: Mapping[str, float]) -> PrintedQuantiles:
    """Return the quantiles of one row."""
    low, q1, q3, high = (None if math.isnan(row[x]) else row[x] for x in ("minimum", "q1", "q3", "maximum"))
    return printed_quantiles(low, q1, row["median"], q3, high, row["n"])


def means_from_quantiles(
    n: ArrayLike,
    median: ArrayLike,
    *,
    q1: ArrayLike | None = None,
    q3: ArrayLike | None = None,
    minimum: ArrayLike | None = None,
    maximum: ArrayLike | None = None,
    method: str = MedianMethod.LUO_SHI,
    shape: str = AssumedShape.NORMAL,
    back_transform: bool = False,
    skewed_rows: str = SkewedRows.KEEP,
    expected_range: str = ExpectedRange.BLOM,
) -> EstimatedMeans:
    """Estimate mean and SD of many arms, each from the quantiles that it prints.

    Parameters
    ----------
    n, median : array-like, shape (k,)
        Patients and median of each arm.
    q1, q3, minimum, maximum : array-like, shape (k,), or None
        NaN where an arm does not print them. A row with all five uses all five.
    method : MedianMethod or str
        How; for ``shape="log-normal"`` only ``"luo-shi"``.
    shape : AssumedShape or str
        ``"normal"`` or ``"log-normal"``.
    back_transform : bool
        With log-normal values: whether mean and SD are wanted on the natural scale (with Shi's bias
        correction) instead of the log scale. Pooling is steadier on the log scale.
    skewed_rows : SkewedRows or str
        ``"keep"`` converts skewed rows and says so; ``"leave-out"`` leaves them missing.
    expected_range : ExpectedRange or str
        ``"blom"`` (metafor) or ``"tables"`` (meta).

    Returns
    -------
    EstimatedMeans
        Rows without a median, n or a complete pair have a reason instead of a mean.

    Raises
    ------
    DataError
        For quantiles out of order, naming the row; for columns of different length.
    UsageError
        For an unknown option, or one that does not go with log-normal values.

    Notes
    -----
    metafor's ``conv.fivenum`` leaves skewed rows out by default, here that is ``skewed_rows="leave-out"``;
    it also leaves out arms of fewer than 5, here fewer than 4.

    References
    ----------
    [Wan2014]; [Luo2018]; [Shi2020a]; [Shi2020b]; [Shi2023].

    See Also
    --------
    quantile_estimation, box_cox_estimation : for skewed arms, one by one, with their fits.

    Examples
    --------
    >>> found = means_from_quantiles([50, 30], [14.0, 6.0], q1=[10.0, 2.0], q3=[20.0, 15.0])
    >>> found.mean.round(3), found.skewed
    (array([14.708,  7.782]), array([False, False]))
    """
    chosen, kind = choose(MedianMethod, method, "method"), choose(AssumedShape, shape, "shape")
    source, rule = (
        choose(ExpectedRange, expected_range, "expected_range"),
        choose(SkewedRows, skewed_rows, "skewed_rows"),
    )
    logs = kind is AssumedShape.LOG_NORMAL
    if logs and (chosen is not MedianMethod.LUO_SHI or source is not ExpectedRange.BLOM):
        raise UsageError(
            f"shape='log-normal': found method={str(chosen)!r}, expected_range={str(source)!r}; allowed: "
            "'luo-shi' with 'blom'; Shi's log-normal estimators are built on these"
        )
    given = dict(zip(NAMES, (minimum, q1, median, q3, maximum, n), strict=True))
    k = column("n", n).size
    columns = {name: np.full(k, np.nan) if x is None else column(name, x) for name, x in given.items()}
    same_length(columns)
    values = np.full((4, k), np.nan)
    skewed, scenarios, reasons = np.zeros(k, dtype=bool), [""] * k, [""] * k
    for row in range(k):
        one = {name: float(values_of[row]) for name, values_of in columns.items()}
        reasons[row] = _reason(one)
        if reasons[row]:
            continue
        try:
            printed = logs_of(_printed(one)) if logs else _printed(one)
            test = skewness_of(printed)
            scenarios[row], skewed[row] = test.scenario, test.skewed
            values[2:, row] = test.statistic, test.critical_value
            if test.skewed and rule is SkewedRows.LEAVE_OUT:
                reasons[row] = "skewed"
            elif logs:
                values[:2, row] = shi_log_normal(printed, back_transform=back_transform)
            else:
                values[:2, row] = estimated(printed, chosen, source)
        except DataError as error:
            raise DataError(f"row {row}: {error}") from None
    options = {
        "method": str(chosen),
        "shape": str(kind),
        "back_transform": back_transform,
        "skewed_rows": str(rule),
        "expected_range": str(source),
    }
    return EstimatedMeans(
        values[0],
        values[1],
        tuple(scenarios),
        values[2],
        values[3],
        skewed,
        tuple(reasons),
        Scale.LOG if logs and not back_transform else Scale.NATURAL,
        options,
        _remarks(skewed),
    )


def _remarks(skewed: BoolArray) -> tuple[Diagnostic, ...]:
    """Return the remark that names skewed rows."""
    rows = np.flatnonzero(skewed)
    message = "the quantiles speak against the assumed shape (Shi's test, 5 % level)"
    return (Diagnostic("skewed-rows", message, row_names(rows)),) if rows.size else ()
