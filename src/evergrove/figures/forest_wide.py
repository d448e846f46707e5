"""The forest plot for a page: table and drawing side by side, about 900 pixels wide."""

from __future__ import annotations

from dataclasses import dataclass

from evergrove.figures.colours import FAINT, MUTED, RULE
from evergrove.figures.columns import Column, lay_out
from evergrove.figures.forest_data import ForestPlot, ForestRow, RowKind
from evergrove.figures.forest_marks import Marks, draw_axis, forest_axis, plot_marks, reference_lines
from evergrove.figures.judgements import dot, legend, used
from evergrove.figures.svg import Style, document, element, line, text
from evergrove.figures.text_measure import text_width, wrap

WIDTH, MARGIN, GAP = 900.0, 14.0, 20.0
SIZE, HEADER_SIZE, SMALL_SIZE = 13.0, 12.5, 12.0
#: Room for labels, tried in turn, and the width of drawing that makes each acceptable.
LABEL_ROOM = ((330.0, 330.0), (250.0, 290.0), (200.0, 260.0), (160.0, 240.0))
INDENT, DOT_STEP = 12.0, 19.0
#: Height of a row with one line of text.
HEIGHTS = {
    RowKind.STUDY: 22.0,
    RowKind.SUBGROUP: 27.0,
    RowKind.SUBGROUP_SUMMARY: 24.0,
    RowKind.SUMMARY: 27.0,
    RowKind.PREDICTION: 22.0,
    RowKind.TEXT: 18.0,
    RowKind.SPACER: 11.0,
}
BOLD = {RowKind.SUBGROUP, RowKind.SUBGROUP_SUMMARY, RowKind.SUMMARY}


@dataclass(frozen=True)
class Frame:
    """Where everything stands from left to right.

    Parameters
    ----------
    width : float
        Width of the figure: 900, or more where the columns need it.
    label : float
        Room of the label column.
    lefts, rights : tuple of (float, Column)
        Left edge and layout of each column.
    drawing : tuple of float
        Ends of the drawing.
    rob_left : float
        Left edge of the risk-of-bias columns.
    """

    width: float
    label: float
    lefts: tuple[tuple[float, Column], ...]
    rights: tuple[tuple[float, Column], ...]
    drawing: tuple[float, float]
    rob_left: float


def wide_svg(plot: ForestPlot) -> str:
    """Return the plot as SVG with the drawing in a column of the table."""
    frame = measure(plot)
    header, top = _header(plot, frame)
    axis = forest_axis(plot, *frame.drawing)
    marks = plot_marks(plot, axis)
    body: list[str] = []
    y, summary_y, ruled = top + 5, None, False
    for row in plot.rows:
        if row.kind == RowKind.SUMMARY and not ruled:
            body.append(line(MARGIN, y, frame.width - MARGIN, y, stroke=FAINT, stroke_width=1))
            ruled = True
        drawn, height = _row(plot, row, frame, marks, y)
        if row is plot.main_summary:
            summary_y = y + HEIGHTS[RowKind.SUMMARY] / 2
        body.append(drawn)
        y += height
    lines = reference_lines(plot, axis, top, y + 6, summary_y)
    scale, bottom = draw_axis(plot, axis, y + 6, (MARGIN, frame.width - MARGIN))
    notes, height = _notes(plot, frame.width, bottom)
    return document([*header, lines, *body, *scale, *notes], frame.width, height, plot.title, plot.desc)


def _header_width(header: str) -> float:
    return max(text_width(part, HEADER_SIZE, bold=True) for part in header.split("\n"))


def _columns(plot: ForestPlot, side: str, headers: tuple[str, ...]) -> list[Column]:
    columns = []
    for index, header in enumerate(headers):
        cells = [
            (getattr(row, side)[index], row.kind in BOLD)
            for row in plot.rows
            if index < len(getattr(row, side)) and row.kind != RowKind.TEXT
        ]
        columns.append(lay_out(cells, SIZE, _header_width(header)))
    return columns


def _indent(plot: ForestPlot, row: ForestRow) -> float:
    return INDENT if plot.grouped and row.kind == RowKind.STUDY else 0.0


def measure(plot: ForestPlot) -> Frame:
    """Share the width among the columns: the drawing gets what the table leaves, at least 240 pixels."""
    lefts = _columns(plot, "left", plot.left_headers[1:])
    rights = _columns(plot, "right", plot.right_headers)
    rob = max(DOT_STEP * len(plot.rob_headers), _header_width(plot.rob_title)) if plot.rob_headers else 0.0
    natural = max(
        [_header_width(plot.left_headers[0])]
        + [
            _indent(plot, row) + text_width(row.label, SIZE, bold=row.kind in BOLD) + 1
            for row in plot.rows
            if row.kind != RowKind.TEXT
        ]
    )
    if any(row.kind == RowKind.TEXT for row in plot.rows):
        table = sum(column.width + GAP for column in lefts)
        natural = max(natural, 230.0 - table)
    fixed = 2 * MARGIN + sum(column.width + GAP for column in [*lefts, *rights]) + GAP
    fixed += rob + GAP if rob else 0.0
    label = natural
    for room, enough in LABEL_ROOM:
        label = min(natural, room)
        if WIDTH - fixed - label >= enough:
            break
    drawing = max(LABEL_ROOM[-1][1], WIDTH - fixed - label)
    x = MARGIN + label + GAP
    placed_left, x = _place(lefts, x)
    ends = (x, x + drawing)
    placed_right, x = _place(rights, x + drawing + GAP)
    return Frame(fixed + label + drawing, label, placed_left, placed_right, ends, x)


def _place(columns: list[Column], x: float) -> tuple[tuple[tuple[float, Column], ...], float]:
    placed = []
    for column in columns:
        placed.append((x, column))
        x += column.width + GAP
    return tuple(placed), x


def _header(plot: ForestPlot, frame: Frame) -> tuple[list[str], float]:
    """Draw the headers, the last line of each at the same height, and the rules around them."""
    middles = [(left + column.width / 2) for left, column in (*frame.lefts, *frame.rights)]
    headers = [*plot.left_headers[1:], *plot.right_headers]
    most = max([plot.left_headers[0].count("\n"), *(header.count("\n") for header in headers)]) + 1
    if plot.rob_headers:
        most = max(most, 2)
    bottom = 10 + 16.0 * most
    style: Style = {"font_size": HEADER_SIZE, "font_weight": "bold"}
    parts = [line(MARGIN, 4, frame.width - MARGIN, 4, stroke=RULE, stroke_width=1.2)]
    placed = [(MARGIN, "start", plot.left_headers[0])]
    placed += [(middle, "middle", header) for middle, header in zip(middles, headers, strict=True)]
    for x, anchor, header in placed:
        lines = header.split("\n")
        parts += [
            text(x, bottom - 16 * (len(lines) - 1 - index), part, text_anchor=anchor, **style)
            for index, part in enumerate(lines)
        ]
    if plot.rob_headers:
        parts.append(text(frame.rob_left, bottom - 16, plot.rob_title, **style))
        parts += [
            text(frame.rob_left + DOT_STEP * (index + 0.5), bottom, header, text_anchor="middle", **style)
            for index, header in enumerate(plot.rob_headers)
        ]
    parts.append(line(MARGIN, bottom + 8, frame.width - MARGIN, bottom + 8, stroke=RULE, stroke_width=0.8))
    return parts, bottom + 8


def _row(plot: ForestPlot, row: ForestRow, frame: Frame, marks: Marks, y: float) -> tuple[str, float]:
    """Draw one row from height ``y`` on; return its markup and its height."""
    kind = RowKind(row.kind)
    if kind == RowKind.SPACER:
        return "", HEIGHTS[kind]
    if kind == RowKind.TEXT:
        return _text_row(row, frame, y)
    bold = kind in BOLD
    indent = _indent(plot, row)
    room = frame.label - indent
    if kind == RowKind.SUBGROUP:  # nothing stands beside a heading up to the drawing
        room = frame.drawing[0] - GAP - MARGIN
    labels = wrap(row.label, room, SIZE, bold=bold, most=3)
    middle = y + HEIGHTS[kind] / 2
    baseline = middle + SIZE * 0.35
    weight = "bold" if bold else None
    parts = [
        text(
            MARGIN + indent,
            baseline + 15 * index,
            part,
            row.label if labels[-1].endswith("…") and index == len(labels) - 1 else None,
            font_size=SIZE,
            font_weight=weight,
            class_="label",
        )
        for index, part in enumerate(labels)
        if part
    ]
    for cells, columns in ((row.left, frame.lefts), (row.right, frame.rights)):
        parts += [
            column.cell(cell, left, baseline, bold=bold)
            for cell, (left, column) in zip(cells, columns, strict=False)
        ]
    parts.append(marks.draw(row, middle))
    parts += [
        dot(frame.rob_left + DOT_STEP * (index + 0.5), middle, value, 7.5)
        for index, value in enumerate(row.rob)
        if value
    ]
    return element("g", *parts, class_=f"row {kind.value}"), HEIGHTS[kind] + 15 * (len(labels) - 1)


def _text_row(row: ForestRow, frame: Frame, y: float) -> tuple[str, float]:
    lines = wrap(row.label, frame.drawing[0] - GAP - MARGIN, SMALL_SIZE)
    parts = [
        text(MARGIN, y + 13 + 15 * index, part, font_size=SMALL_SIZE, fill=MUTED, class_="label")
        for index, part in enumerate(lines)
    ]
    for cells, columns in ((row.left, frame.lefts), (row.right, frame.rights)):
        parts += [
            column.cell(cell, left, y + 13) for cell, (left, column) in zip(cells, columns, strict=False)
        ]
    return element("g", *parts, class_="row text"), HEIGHTS[RowKind.TEXT] + 15 * (len(lines) - 1)


def _notes(plot: ForestPlot, width: float, y: float) -> tuple[list[str], float]:
    """Write the legend of the judgements and the footnotes; return them and the figure's height."""
    parts: list[str] = []
    levels = used(value for row in plot.rows for value in row.rob)
    if levels:
        parts.append(text(MARGIN, y + 18, f"{plot.rob_title}:", font_size=SMALL_SIZE))
        start = MARGIN + text_width(f"{plot.rob_title}:", SMALL_SIZE) + 10
        drawn, height = legend(levels, start, y + 4, width - MARGIN - start, SMALL_SIZE)
        parts += drawn
        y += height + 6
    for note in plot.footnotes:
        for part in wrap(note, width - 2 * MARGIN, SMALL_SIZE):
            parts.append(text(MARGIN, y + 14, part, font_size=SMALL_SIZE, fill=MUTED, class_="footnote"))
            y += 15
        y += 2
    return parts, y + 10
