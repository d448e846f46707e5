"""The forest plot for a phone: 360 pixels wide, the label and the estimate above each drawing."""

from __future__ import annotations

from evergrove.figures.colours import FAINT, MUTED, RULE
from evergrove.figures.columns import Column, lay_out
from evergrove.figures.forest_data import ForestPlot, ForestRow, RowKind
from evergrove.figures.forest_marks import Marks, draw_axis, forest_axis, plot_marks, reference_lines
from evergrove.figures.svg import Style, document, element, line, text
from evergrove.figures.text_measure import text_width, wrap

WIDTH, MARGIN, SIZE, SMALL_SIZE = 360.0, 10.0, 13.0, 12.0
LINE, DRAWING = 17.0, 19.0
BOLD = {RowKind.SUBGROUP, RowKind.SUBGROUP_SUMMARY, RowKind.SUMMARY}


def compact_svg(plot: ForestPlot) -> str:
    """Return the plot as SVG for a narrow screen: label, first right column and drawing."""
    column = _estimates(plot)
    header, top = _header(plot)
    axis = forest_axis(plot, MARGIN + 4, WIDTH - MARGIN - 4)
    marks = plot_marks(plot, axis, 15.0)
    body: list[str] = []
    y, above = top + 4, True
    first_summary = next((row for row in plot.rows if row.kind == RowKind.SUMMARY), None)
    for row in plot.rows:
        if row is first_summary:
            body.append(line(MARGIN, y, WIDTH - MARGIN, y, stroke=FAINT, stroke_width=1))
        drawn, words, height = _row(row, column, marks, y)
        if height - words >= DRAWING:  # lines only where there is a drawing: none strikes through words
            end = y + words + DRAWING / 2 if row is plot.main_summary else None
            body.append(reference_lines(plot, axis, y + words, y + height, end, dashed=above))
            above = above and row is not plot.main_summary
        body.append(drawn)
        y += height
    scale, y = draw_axis(plot, axis, y + 4, (MARGIN, WIDTH - MARGIN))
    notes: list[str] = []
    for note in plot.footnotes:
        for part in wrap(note, WIDTH - 2 * MARGIN, SMALL_SIZE):
            notes.append(text(MARGIN, y + 14, part, font_size=SMALL_SIZE, fill=MUTED, class_="footnote"))
            y += 15
        y += 2
    parts = [*header, *body, *scale, *notes]
    return document(parts, WIDTH, y + 10, plot.title, plot.desc)


def _estimates(plot: ForestPlot) -> Column:
    cells = [(row.right[0], row.kind in BOLD) for row in plot.rows if row.right and row.kind != RowKind.TEXT]
    return lay_out(cells, SIZE)


def _header(plot: ForestPlot) -> tuple[list[str], float]:
    right = " ".join(plot.right_headers[0].split()) if plot.right_headers else ""
    room = WIDTH - 2 * MARGIN - text_width(right, SIZE, bold=True) - 12
    lines = wrap(" ".join(plot.left_headers[0].split()), room, SIZE, bold=True)
    style: Style = {"font_size": SIZE, "font_weight": "bold"}
    parts = [line(MARGIN, 3, WIDTH - MARGIN, 3, stroke=RULE, stroke_width=1.2)]
    parts += [text(MARGIN, 19 + LINE * index, part, **style) for index, part in enumerate(lines)]
    parts.append(text(WIDTH - MARGIN, 19, right, text_anchor="end", **style))
    bottom = 26 + LINE * (len(lines) - 1)
    parts.append(line(MARGIN, bottom, WIDTH - MARGIN, bottom, stroke=RULE, stroke_width=0.8))
    return parts, bottom


def _row(row: ForestRow, column: Column, marks: Marks, y: float) -> tuple[str, float, float]:
    """Draw one row; return its markup, the height of its words and its whole height."""
    kind = RowKind(row.kind)
    if kind == RowKind.SPACER:
        return "", 0.0, 8.0
    bold = kind in BOLD
    small = kind == RowKind.TEXT
    size = SMALL_SIZE if small else SIZE
    cell = row.right[0] if row.right and not small else ""
    room = WIDTH - 2 * MARGIN - (column.width + 12 if cell else 0)
    lead = 5.0 if kind == RowKind.SUBGROUP else 0.0
    lines = wrap(row.label, room, size, bold=bold, most=None if small else 3)
    parts = [
        text(
            MARGIN,
            y + lead + 14 + LINE * index,
            part,
            row.label if part.endswith("…") else None,
            font_size=size,
            font_weight="bold" if bold else None,
            fill=MUTED if small else None,
            class_="label",
        )
        for index, part in enumerate(lines)
        if part
    ]
    words = lead + LINE * len(lines) + 2
    if cell:
        parts.append(column.cell(cell, WIDTH - MARGIN - column.width, y + lead + 14, bold=bold))
    drawn = marks.draw(row, y + words + DRAWING / 2 - 2)
    height = words + (DRAWING if drawn else 3.0)
    return element("g", *parts, drawn, class_=f"row {kind.value}"), words, height
