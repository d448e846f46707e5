"""The flow of records and reports through a review, after the PRISMA 2020 diagram (Page 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from evergrove.figures.colours import INK
from evergrove.figures.prisma_data import Count, PrismaFlow, PrismaOther, PrismaPrevious
from evergrove.figures.svg import document, element, fixed_width, line, number, polygon, text
from evergrove.figures.text_measure import text_width, wrap

__all__ = ["Count", "PrismaFlow", "PrismaOther", "PrismaPrevious", "counted", "prisma_svg"]

MARGIN, GAP, ROW_GAP, PAD = 12.0, 34.0, 26.0, 10.0
SIZE, LEADING = 12.5, 16.0
STRIP = 26.0
FILL, HEAD_FILL, PHASE_FILL, EDGE = "#ffffff", "#e4efed", "#0b4f4a", "#4d5560"


#: A line of a box: text and indent.
_Line = tuple[str, float]


@dataclass(frozen=True, slots=True)
class _Box:
    """A box on the grid of the diagram, its text already broken into lines."""

    column: str
    row: int
    lines: tuple[_Line, ...]
    heading: bool

    @property
    def height(self) -> float:
        return LEADING * len(self.lines) + 2 * PAD - 3


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a box stands."""

    left: float
    top: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.left + self.width / 2

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def centre(self) -> float:
        return self.top + self.height / 2


def counted(label: str, n: int | None) -> str:
    """Return a label with its count.

    Examples
    --------
    >>> counted("Records screened", 1234), counted("Records screened", None)
    ('Records screened (n = 1,234)', 'Records screened (not recorded)')
    """
    return f"{label} (not recorded)" if n is None else f"{label} (n = {n:,})"


def prisma_svg(flow: PrismaFlow) -> str:
    """Return the flow diagram as SVG.

    Parameters
    ----------
    flow : PrismaFlow
        The counts.

    Returns
    -------
    str
        A whole SVG document, about 740 pixels wide; wider with other methods or an earlier version.

    Examples
    --------
    >>> svg = prisma_svg(PrismaFlow("Flow", "No counts yet.", databases=(Count("PubMed", 120),)))
    >>> "PubMed (n = 120)" in svg, "Records screened (not recorded)" in svg
    (True, True)
    """
    widths = _column_widths(flow)
    boxes = _boxes(flow, widths)
    lefts, x = {}, MARGIN + STRIP + 12
    for name, width in widths.items():
        lefts[name] = x
        x += width + GAP
    right = x - GAP
    rows = max(box.row for box in boxes) + 1
    heights = [max(box.height for box in boxes if box.row == row) for row in range(rows)]
    first = _first_row(flow)
    for name, row in (("Identification", first), ("Included", first + 4)):  # the strip holds its name
        heights[row] = max(heights[row], text_width(name, SIZE, bold=True) + 12)
    tops, y = [], MARGIN
    for height in heights:
        tops.append(y)
        y += height + ROW_GAP
    places = {
        (box.column, box.row): _Place(lefts[box.column], tops[box.row], widths[box.column], heights[box.row])
        for box in boxes
    }
    body = _phases(flow, tops, [top + height for top, height in zip(tops, heights, strict=True)])
    body += _arrows(flow, places)
    body += [_draw(box, places[box.column, box.row]) for box in boxes]
    return document(body, right + MARGIN, y - ROW_GAP + MARGIN, flow.title, flow.desc)


def _column_widths(flow: PrismaFlow) -> dict[str, float]:
    widths = {"previous": 180.0} if flow.previous else {}
    full = flow.other is None
    widths |= {"main": 320.0 if full else 270.0, "out": 320.0 if full else 250.0}
    if flow.other:
        widths |= {"other": 220.0, "other-out": 200.0}
    return widths


_HEADINGS = {"previous": "Previous studies", "main": "Databases and registers", "other": "Other methods"}


def _boxes(flow: PrismaFlow, widths: dict[str, float]) -> list[_Box]:
    """Return every box with its column and row; row 0 holds the headings of the columns, if several."""
    texts: list[tuple[str, int, list[_Line]]] = []
    first = _first_row(flow)
    if first:
        texts += [(name, 0, [(title, 0.0)]) for name, title in _HEADINGS.items() if name in widths]
    identified = [("Records identified from:", 0.0)]
    identified += _group("Databases", flow.databases) + _group("Registers", flow.registers)
    if not flow.databases and not flow.registers:
        identified = [(counted("Records identified", None), 0.0)]
    new = "New studies" if flow.previous else "Studies"
    kind = "new included studies" if flow.previous else "included studies"
    texts += [
        ("main", first, identified),
        ("out", first, _listed("Records removed before screening", flow.removed)),
        ("main", first + 1, [(counted("Records screened", flow.screened), 0.0)]),
        ("out", first + 1, [(counted("Records excluded", flow.screened_out), 0.0)]),
        ("main", first + 2, [(counted("Reports sought for retrieval", flow.sought), 0.0)]),
        ("out", first + 2, [(counted("Reports not retrieved", flow.not_retrieved), 0.0)]),
        ("main", first + 3, [(counted("Reports assessed for eligibility", flow.assessed), 0.0)]),
        ("out", first + 3, _listed("Reports excluded", flow.excluded)),
        (
            "main",
            first + 4,
            _included(f"{new} included in review", f"Reports of {kind}", flow.studies, flow.reports),
        ),
    ]
    if flow.previous:
        earlier = flow.previous
        texts.append(
            (
                "previous",
                first,
                _included(
                    "Studies in the previous version", "Reports of them", earlier.studies, earlier.reports
                ),
            )
        )
        texts.append(
            (
                "main",
                first + 5,
                _included(
                    "Total studies included in review",
                    "Reports of all studies",
                    flow.total_studies,
                    flow.total_reports,
                ),
            )
        )
    if flow.other:
        texts += _other_texts(flow.other, first)
    return [
        _Box(column, row, _wrapped(lines, widths[column]), heading=row < first)
        for column, row, lines in texts
    ]


def _other_texts(other: PrismaOther, first: int) -> list[tuple[str, int, list[_Line]]]:
    return [
        (
            "other",
            first,
            [("Records identified from:", 0.0), *((counted(c.label, c.n), 10.0) for c in other.sources)],
        ),
        ("other", first + 2, [(counted("Reports sought for retrieval", other.sought), 0.0)]),
        ("other-out", first + 2, [(counted("Reports not retrieved", other.not_retrieved), 0.0)]),
        ("other", first + 3, [(counted("Reports assessed for eligibility", other.assessed), 0.0)]),
        ("other-out", first + 3, _listed("Reports excluded", other.excluded)),
    ]


def _total(counts: tuple[Count, ...]) -> int | None:
    known = [count.n for count in counts if count.n is not None]
    return sum(known) if len(known) == len(counts) else None


def _group(name: str, counts: tuple[Count, ...]) -> list[_Line]:
    if not counts:
        return []
    return [(counted(name, _total(counts)), 10.0), *((counted(c.label, c.n), 22.0) for c in counts)]


def _listed(label: str, counts: tuple[Count, ...]) -> list[_Line]:
    if not counts:
        return [(counted(label, None), 0.0)]
    return [(f"{counted(label, _total(counts))}:", 0.0), *((counted(c.label, c.n), 10.0) for c in counts)]


def _included(label: str, of_reports: str, studies: int | None, reports: int | None) -> list[_Line]:
    return [(counted(label, studies), 0.0), (counted(of_reports, reports), 0.0)]


def _wrapped(lines: list[_Line], width: float) -> tuple[_Line, ...]:
    """Break lines at the width of their box; what continues a line stands a little further in."""
    broken: list[_Line] = []
    for content, indent in lines:
        parts = wrap(content, width - 2 * PAD - indent - 8, SIZE)
        broken += [(part, indent + (8.0 if index else 0.0)) for index, part in enumerate(parts)]
    return tuple(broken)


def _draw(box: _Box, place: _Place) -> str:
    frame = element(
        "rect",
        x=place.left,
        y=place.top,
        width=place.width,
        height=place.height,
        rx=3,
        fill=HEAD_FILL if box.heading else FILL,
        stroke=EDGE,
        stroke_width=1,
    )
    top = place.centre - LEADING * len(box.lines) / 2
    words = []
    for index, (content, indent) in enumerate(box.lines):
        baseline = top + LEADING * index + LEADING / 2 + SIZE * 0.35
        if box.heading:
            words.append(
                text(
                    place.middle, baseline, content, text_anchor="middle", font_size=SIZE, font_weight="bold"
                )
            )
        else:
            words.append(text(place.left + PAD + indent, baseline, content, font_size=SIZE))
    return element("g", frame, *words, class_="box")


def _phases(flow: PrismaFlow, tops: list[float], bottoms: list[float]) -> list[str]:
    """Draw the strips that name the three phases."""
    first = _first_row(flow)
    spans = (
        ("Identification", first, first),
        ("Screening", first + 1, first + 3),
        ("Included", first + 4, -1),
    )
    parts = []
    for name, start, end in spans:
        top, bottom = tops[start], bottoms[end]
        x, y = MARGIN + STRIP / 2 + 4.5, (top + bottom) / 2
        parts.append(
            element("rect", x=MARGIN, y=top, width=STRIP, height=bottom - top, rx=3, fill=PHASE_FILL)
            + element(
                "text",
                name,
                transform=f"translate({number(x)} {number(y)}) rotate(-90)",
                text_anchor="middle",
                font_size=SIZE,
                font_weight="bold",
                fill="#ffffff",
                class_="phase",
                **fixed_width(name, SIZE, bold=True),
            )
        )
    return parts


def _first_row(flow: PrismaFlow) -> int:
    """Return the row of the identification: row 0 holds the headings where there are several columns."""
    return 1 if flow.other is not None or flow.previous is not None else 0


def _arrows(flow: PrismaFlow, places: dict[tuple[str, int], _Place]) -> list[str]:
    """Draw the arrows: down each column, and out to what was removed."""
    first = _first_row(flow)
    parts = []
    for (column, row), place in places.items():
        beside = places.get((f"{column}-out" if column == "other" else "out", row))
        if column in {"main", "other"} and beside is not None and row >= first:
            parts.append(_arrow((place.right, place.centre), (beside.left, place.centre)))
        below = [at for (name, other), at in places.items() if name == column and other > row >= first]
        if column in {"main", "other"} and below:
            next_top = min(at.top for at in below)
            parts.append(_arrow((place.middle, place.bottom), (place.middle, next_top)))
    included = places["main", first + 4]
    if flow.other is not None:
        last = places["other", first + 3]
        turn = (last.middle, included.centre)
        parts.append(_arrow((last.middle, last.bottom), turn, (included.right, included.centre)))
    if flow.previous is not None:
        earlier, total = places["previous", first], places["main", first + 5]
        turn = (earlier.middle, total.centre)
        parts.append(_arrow((earlier.middle, earlier.bottom), turn, (total.left, total.centre)))
    return parts


def _arrow(*points: tuple[float, float]) -> str:
    """Draw a path along straight pieces with a head at its end."""
    (x0, y0), (x1, y1) = points[-2:]
    length = max(abs(x1 - x0), abs(y1 - y0))
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    base = (x1 - 7 * dx, y1 - 7 * dy)
    head = [(x1, y1), (base[0] - 4 * dy, base[1] + 4 * dx), (base[0] + 4 * dy, base[1] - 4 * dx)]
    pieces = [
        line(*start, *end, stroke=INK, stroke_width=1.2) for start, end in pairwise([*points[:-1], base])
    ]
    return element("g", *pieces, polygon(head, fill=INK), class_="arrow")
