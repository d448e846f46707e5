"""Forest-like plots without study data: leaving one study out, and every combination of rival data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.errors import DataError
from evergrove.report.figures.forest_data import ForestPlot, ForestRow, RowKind, Scale

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval, on the printed scale.

    Parameters
    ----------
    label : str
        What it is: the study left out, or the data chosen.
    estimate, ci_low, ci_high : float
        Estimate and ends of its interval; the ends may be infinite.
    """

    label: str
    estimate: float
    ci_low: float
    ci_high: float


def estimate_text(estimate: float, ci_low: float, ci_high: float, digits: int = 2) -> str:
    """Return an estimate with its interval as the figures print it, with a true minus sign.

    Examples
    --------
    >>> estimate_text(-2.74, -4.9, float("inf"), 1)
    '−2.7 [−4.9, ∞]'
    """
    low, middle, high = (f"{value:.{digits}f}" for value in (ci_low, estimate, ci_high))
    return f"{middle} [{low}, {high}]".replace("-", "−").replace("inf", "∞")


def leave_one_out_plot(
    entries: Sequence[Interval],
    overall: Interval,
    *,
    title: str,
    desc: str,
    measure: str = "RR",
    scale: Scale | str = Scale.LOG,
    axis_title: str = "",
    favours: tuple[str, str] = ("", ""),
    digits: int = 2,
) -> ForestPlot:
    """Return the plot of the pooled estimate with each study left out in turn.

    Parameters
    ----------
    entries : sequence of Interval
        The pooled result without one study each; the label names that study.
    overall : Interval
        The pooled result of all studies.
    title, desc : str
        Name and description for those who do not see the figure.
    measure : str
        Short name of the effect measure, for the header.
    scale : Scale or str
        ``"log"`` or ``"linear"``.
    axis_title : str
        Under the axis.
    favours : tuple of str
        What lower and higher values favour.
    digits : int
        Decimals of the printed numbers.

    Examples
    --------
    >>> without = [Interval("Adas 2021", 0.6, 0.3, 1.1), Interval("Dilogo 2021", 0.5, 0.2, 1.2)]
    >>> plot = leave_one_out_plot(without, Interval("All", 0.55, 0.35, 0.9), title="t", desc="d")
    >>> plot.rows[-1].right
    ('0.55 [0.35, 0.90]',)
    """
    rows = [_row(RowKind.STUDY, entry, digits) for entry in entries]
    return ForestPlot(
        title=title,
        desc=desc,
        rows=(*rows, _row(RowKind.SUMMARY, overall, digits)),
        left_headers=("Study left out",),
        right_headers=(f"{measure} [95% CI]",),
        scale=scale,
        axis_title=axis_title,
        favours_low=favours[0],
        favours_high=favours[1],
    )


def combinations_plot(
    entries: Sequence[Interval],
    chosen: Interval,
    *,
    title: str,
    desc: str,
    measure: str = "RR",
    scale: Scale | str = Scale.LOG,
    axis_title: str = "",
    favours: tuple[str, str] = ("", ""),
    digits: int = 2,
    most: int = 40,
) -> ForestPlot:
    """Return the plot of the pooled estimate under every combination of rival data, lowest first.

    Parameters
    ----------
    entries : sequence of Interval
        One pooled result per combination; at least one.
    chosen : Interval
        The result of the data that the rules chose.
    most : int
        Rows to show, at least 2; of more combinations those evenly spaced by rank, the lowest and the
        highest among them, and a footnote says so.
    title, desc, measure, scale, axis_title, favours, digits
        As in `leave_one_out_plot`.

    Raises
    ------
    DataError
        If there is no combination.

    Examples
    --------
    >>> entries = [Interval(f"set {i}", 0.5 + i / 100, 0.3, 1.9) for i in range(100)]
    >>> plot = combinations_plot(entries, entries[0], title="t", desc="d", most=10)
    >>> len(plot.rows), plot.footnotes
    (11, ('10 of 100 combinations are shown, evenly spaced by rank, the lowest and the highest among them.',))
    """
    if not entries:
        raise DataError("combinations plot: no combination; give at least one")
    ranked, notes = _spread(entries, most)
    rows = [_row(RowKind.STUDY, entry, digits) for entry in ranked]
    return ForestPlot(
        title=title,
        desc=desc,
        rows=(*rows, _row(RowKind.SUMMARY, chosen, digits)),
        left_headers=("Data used",),
        right_headers=(f"{measure} [95% CI]",),
        scale=scale,
        axis_title=axis_title,
        favours_low=favours[0],
        favours_high=favours[1],
        footnotes=notes,
    )


def _row(kind: RowKind, entry: Interval, digits: int) -> ForestRow:
    printed = estimate_text(entry.estimate, entry.ci_low, entry.ci_high, digits)
    return ForestRow(
        kind,
        entry.label,
        right=(printed,),
        estimate=entry.estimate,
        ci_low=entry.ci_low,
        ci_high=entry.ci_high,
    )


def _spread(entries: Sequence[Interval], most: int) -> tuple[list[Interval], tuple[str, ...]]:
    """Return at most so many entries, lowest first, and the footnote that says what was left out."""
    ranked = sorted(entries, key=lambda entry: (entry.estimate, entry.ci_low, entry.ci_high, entry.label))
    if len(ranked) <= most:
        return ranked, ()
    chosen = [ranked[round(index * (len(ranked) - 1) / (most - 1))] for index in range(most)]
    shown = f"{most} of {len(ranked)} combinations are shown, evenly spaced by rank"
    return chosen, (f"{shown}, the lowest and the highest among them.",)
