"""What a forest plot shows: rows and columns of plain strings and numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from evergrove.errors import DataError


class RowKind(StrEnum):
    """What a row of a forest plot is."""

    STUDY = "study"
    """A study: a square with its area proportional to the weight, and the interval as a line."""
    SUBGROUP = "subgroup"
    """The heading of a subgroup."""
    SUBGROUP_SUMMARY = "subgroup-summary"
    """The pooled result of a subgroup: a smaller diamond."""
    SUMMARY = "summary"
    """A pooled result: a diamond; the first filled one also gives the dashed line."""
    PREDICTION = "prediction"
    """A prediction interval: a bar."""
    TEXT = "text"
    """A line of text across the left columns, such as the heterogeneity."""
    SPACER = "spacer"
    """Half an empty row."""


class Scale(StrEnum):
    """How the axis measures distance."""

    LOG = "log"
    """Equal ratios get equal lengths: risk, odds and hazard ratios."""
    LINEAR = "linear"
    """Equal differences get equal lengths: mean differences, risk differences."""


@dataclass(frozen=True)
class ForestRow:
    """One row of a forest plot.

    Parameters
    ----------
    kind : RowKind or str
        What the row is.
    label : str
        Text of the first column; the whole text of a text row.
    left : tuple of str
        Cells between the label and the drawing.
    right : tuple of str
        Cells after the drawing, such as ``("0.45 [0.20, 1.03]", "12.5%")``.
    estimate, ci_low, ci_high : float, optional
        What is drawn, on the printed scale (a risk ratio, not its logarithm). Ends may be infinite, and
        0 on a log axis. Without them the row shows its text and no mark.
    weight : float, optional
        Any positive number; only its share of the largest counts. Without it the square has a fixed size.
    rob : tuple of str
        Judgements of risk of bias, one per column of `ForestPlot.rob_headers`; empty for none.
    outline : bool
        Draw the diamond as an outline: a second summary beside the main one.

    Raises
    ------
    DataError
        If the numbers cannot be: not a number, or an interval that does not contain the estimate.
    """

    kind: RowKind | str
    label: str = ""
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    weight: float | None = None
    rob: tuple[str, ...] = ()
    outline: bool = False

    def __post_init__(self) -> None:
        if self.kind not in tuple(RowKind):
            raise DataError(f"forest row: kind is {self.kind!r}; allowed: {', '.join(RowKind)}")
        for name in ("estimate", "ci_low", "ci_high", "weight"):
            value = getattr(self, name)
            if value is not None and math.isnan(value):
                raise DataError(
                    f"forest row {self.label!r}: {name} is not a number; give None to draw no mark"
                )
        if (self.ci_low is None) != (self.ci_high is None):
            raise DataError(f"forest row {self.label!r}: give both ends of the interval, or neither")
        interval = self.interval
        if interval is None:
            return
        low, high = interval
        value = low if self.estimate is None else self.estimate
        slack = 1e-9 * max(1.0, abs(value))
        if not low - slack <= value <= high + slack:
            raise DataError(
                f"forest row {self.label!r}: estimate {self.estimate} with interval {low} to {high}; "
                "the interval must contain the estimate"
            )

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends of the interval, or ``None``."""
        return None if self.ci_low is None or self.ci_high is None else (self.ci_low, self.ci_high)

    @property
    def pooled(self) -> bool:
        """Whether the row is a summary, of all or of a subgroup."""
        return self.kind in {RowKind.SUMMARY, RowKind.SUBGROUP_SUMMARY}


@dataclass(frozen=True)
class ForestPlot:
    """A forest plot: a table with a drawing in one of its columns.

    Parameters
    ----------
    title, desc : str
        Name and description for those who do not see the figure; not drawn.
    rows : tuple of ForestRow
        From top to bottom.
    left_headers : tuple of str
        Header of the label column and of each left column; a line break starts a new line.
    right_headers : tuple of str
        Headers of the columns after the drawing. The first is the one kept on a phone.
    scale : Scale or str
        ``"log"`` or ``"linear"``.
    null : float, optional
        Where the reference line stands; by default 1 on a log axis and 0 on a linear one. Give
        ``math.nan`` for no line (a proportion has no null).
    axis_title : str
        Under the ticks, such as ``"Risk ratio (log scale)"``.
    favours_low, favours_high : str
        Under the axis on either side of the null: ``"favours cells"``, ``"favours control"``.
    x_min, x_max : float, optional
        Ends of the axis; chosen from the data where they are not given.
    ticks : tuple of float
        Ticks; chosen where none are given.
    rob_headers : tuple of str
        Headers of the risk-of-bias columns, one or two characters each.
    rob_title : str
        Header above those columns.
    footnotes : tuple of str
        Small print under the figure.

    Examples
    --------
    >>> row = ForestRow("study", "Adas 2021", estimate=0.5, ci_low=0.2, ci_high=1.25)
    >>> ForestPlot("Deaths", "One trial.", (row,)).null_value
    1.0
    """

    title: str
    desc: str
    rows: tuple[ForestRow, ...]
    left_headers: tuple[str, ...] = ("Study",)
    right_headers: tuple[str, ...] = ()
    scale: Scale | str = Scale.LOG
    null: float | None = None
    axis_title: str = ""
    favours_low: str = ""
    favours_high: str = ""
    x_min: float | None = None
    x_max: float | None = None
    ticks: tuple[float, ...] = ()
    rob_headers: tuple[str, ...] = ()
    rob_title: str = "Risk of bias"
    footnotes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.scale not in tuple(Scale):
            raise DataError(f"forest plot: scale is {self.scale!r}; allowed: {', '.join(Scale)}")
        if not self.left_headers:
            raise DataError("forest plot: left_headers is empty; give at least the header of the labels")
        for row in self.rows:
            self._check_cells(row)
        lowest = 0.0 if self.log else -math.inf
        for name, value in (("x_min", self.x_min), ("x_max", self.x_max), ("null", self.null_value)):
            if value is not None and value <= lowest:
                raise DataError(f"forest plot: {name} is {value} on a log axis; allowed: above 0")
        if self.x_min is not None and self.x_max is not None and not self.x_min < self.x_max:
            raise DataError(f"forest plot: x_min {self.x_min} is not below x_max {self.x_max}")

    def _check_cells(self, row: ForestRow) -> None:
        for name, cells, columns in (
            ("left", row.left, len(self.left_headers) - 1),
            ("right", row.right, len(self.right_headers)),
            ("rob", row.rob, len(self.rob_headers)),
        ):
            if len(cells) > columns:
                raise DataError(
                    f"forest row {row.label!r}: {len(cells)} {name} cells; columns of that kind: {columns}"
                )

    @property
    def log(self) -> bool:
        """Whether the axis is logarithmic."""
        return self.scale == Scale.LOG

    @property
    def null_value(self) -> float | None:
        """Where the reference line stands, or ``None`` for no line."""
        if self.null is None:
            return 1.0 if self.log else 0.0
        return None if math.isnan(self.null) else self.null

    @cached_property
    def grouped(self) -> bool:
        """Whether rows stand under headings."""
        return any(row.kind == RowKind.SUBGROUP for row in self.rows)

    @cached_property
    def main_summary(self) -> ForestRow | None:
        """The summary whose estimate gets the dashed line: the first that is not an outline."""
        summaries = [row for row in self.rows if row.kind == RowKind.SUMMARY and row.estimate is not None]
        return next((row for row in summaries if not row.outline), summaries[0] if summaries else None)
