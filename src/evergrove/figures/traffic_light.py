"""Risk of bias as figures: the table of judgements (traffic lights), and their share by domain."""

from __future__ import annotations

from dataclasses import dataclass

from evergrove.errors import DataError
from evergrove.figures.colours import FAINT, INK, MUTED, RULE
from evergrove.figures.judgements import SIGNS, Judgement, dot, judgement, legend, used
from evergrove.figures.svg import Style, document, element, line, text
from evergrove.figures.text_measure import text_width, wrap

MARGIN, SIZE, SMALL_SIZE = 14.0, 13.0, 12.0
ROW, STEP = 25.0, 38.0
BAR, BAR_STEP, BAR_ROOM = 20.0, 32.0, 460.0


@dataclass(frozen=True)
class RobRow:
    """The judgements on one study.

    Parameters
    ----------
    study : str
        Name of the study.
    judgements : tuple of str
        One per domain, in order; an empty string where none was made.
    overall : str
        The overall judgement, or an empty string.
    weight : float
        What the study counts in the summary of shares: its weight in the meta-analysis, or 1.
    """

    study: str
    judgements: tuple[str, ...]
    overall: str = ""
    weight: float = 1.0


@dataclass(frozen=True)
class RobTable:
    """Judgements of risk of bias on several studies with one tool.

    Parameters
    ----------
    title, desc : str
        Name and description for those who do not see the figure; not drawn.
    domains : tuple of (str, str)
        Short and full name of each domain: ``("D1", "Randomisation process")``.
    rows : tuple of RobRow
        The studies.
    tool : str
        Name of the tool, for the key: ``"RoB 2"``.

    Raises
    ------
    DataError
        If a study has not one judgement per domain, or a weight is negative.
    """

    title: str
    desc: str
    domains: tuple[tuple[str, str], ...]
    rows: tuple[RobRow, ...]
    tool: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.judgements) != len(self.domains):
                raise DataError(
                    f"risk of bias of {row.study!r}: {len(row.judgements)} judgements; "
                    f"the tool has {len(self.domains)} domains"
                )
            if not row.weight >= 0:
                raise DataError(f"risk of bias of {row.study!r}: weight is {row.weight}; allowed: 0 or above")

    @property
    def columns(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """Short name, full name and judgements of each domain, and overall if that was judged."""
        domains = [
            (short, full, tuple(row.judgements[index] for row in self.rows))
            for index, (short, full) in enumerate(self.domains)
        ]
        overall = tuple(row.overall for row in self.rows)
        return (*domains, ("Overall", "Overall", overall)) if any(overall) else tuple(domains)


def traffic_light_svg(table: RobTable) -> str:
    """Return the table of judgements, studies by domains, as SVG.

    Parameters
    ----------
    table : RobTable
        What to show.

    Returns
    -------
    str
        A whole SVG document with the key of the domains and of the signs.

    Examples
    --------
    >>> rows = (RobRow("Adas 2021", ("low", "some-concerns"), "some-concerns"),)
    >>> domains = (("D1", "Randomisation"), ("D2", "Deviations"))
    >>> svg = traffic_light_svg(RobTable("Bias", "One trial.", domains, rows))
    >>> svg.count("<circle")
    5
    """
    columns = table.columns
    step = max([STEP, *(text_width(short, SIZE, bold=True) + 14 for short, _, _ in columns[:-1])])
    label = min(230.0, max([80.0, *(text_width(row.study, SIZE) + 6 for row in table.rows)]))
    first = MARGIN + label + 12
    last_extra = max(0.0, text_width(columns[-1][0], SIZE, bold=True) + 14 - step) if columns else 0.0
    width = max(360.0, first + step * len(columns) + last_extra + MARGIN)
    middles = [first + step * (index + 0.5) for index in range(len(columns))]
    if columns:
        middles[-1] += last_extra / 2
    style: Style = {"font_size": SIZE, "font_weight": "bold"}
    body = [
        line(MARGIN, 4, width - MARGIN, 4, stroke=RULE, stroke_width=1.2),
        text(MARGIN, 22, "Study", **style),
    ]
    body += [
        text(middle, 22, short, text_anchor="middle", **style)
        for middle, (short, _, _) in zip(middles, columns, strict=True)
    ]
    body.append(line(MARGIN, 30, width - MARGIN, 30, stroke=RULE, stroke_width=0.8))
    y = 30.0
    for index, row in enumerate(table.rows):
        lines = wrap(row.study, label, SIZE, most=2)
        height = ROW + 15 * (len(lines) - 1)
        if index:
            body.append(line(MARGIN, y, width - MARGIN, y, stroke=FAINT, stroke_width=0.5))
        body.append(_study(row.study, lines, y, height))
        body += [
            dot(middle, y + height / 2, values[index], 9)
            for middle, (_, _, values) in zip(middles, columns, strict=True)
            if values[index]
        ]
        y += height
    body.append(line(MARGIN, y, width - MARGIN, y, stroke=RULE, stroke_width=0.8))
    key, height = _key(table, y, width)
    return document([*body, *key], width, height, table.title, table.desc)


def _study(name: str, lines: tuple[str, ...], y: float, height: float) -> str:
    baseline = y + height / 2 + SIZE * 0.35 - 7.5 * (len(lines) - 1)
    parts = [
        text(MARGIN, baseline + 15 * index, part, name if part.endswith("…") else None, font_size=SIZE)
        for index, part in enumerate(lines)
    ]
    return element("g", *parts, class_="study")


def _key(table: RobTable, y: float, width: float) -> tuple[list[str], float]:
    """Write the names of signs and domains; return the markup and the height of the figure."""
    room = width - 2 * MARGIN
    levels = used(value for _, _, values in table.columns for value in values)
    parts, height = legend(levels, MARGIN, y + 6, room, SMALL_SIZE) if levels else ([], 0.0)
    y += height + 10
    named = [f"{short} = {full}" for short, full in table.domains if short != full]
    if named:
        lead = f"{table.tool}: " if table.tool else ""
        for part in wrap(lead + "; ".join(named) + ".", room, SMALL_SIZE):
            parts.append(text(MARGIN, y + 13, part, font_size=SMALL_SIZE, fill=MUTED, class_="key"))
            y += 15
    return parts, y + 8


def shares(table: RobTable) -> tuple[tuple[str, tuple[tuple[Judgement, float], ...]], ...]:
    """Return the weighted share of each judgement, by domain; judgements not made count for nothing.

    Examples
    --------
    >>> rows = (RobRow("A", ("low",), weight=3), RobRow("B", ("high",), weight=1))
    >>> shares(RobTable("t", "d", (("D1", "Randomisation"),), rows))[0]
    ('Randomisation', ((<Judgement.LOW: 'low'>, 0.75), (<Judgement.HIGH: 'high'>, 0.25)))
    """
    result = []
    for _, full, values in table.columns:
        made = [
            (judgement(value), row.weight) for value, row in zip(values, table.rows, strict=True) if value
        ]
        total = sum(weight for _, weight in made)
        parts = []
        for level in SIGNS:
            part = sum(weight for other, weight in made if other == level)
            if part > 0:
                parts.append((level, part / total))
        result.append((full, tuple(parts)))
    return tuple(result)


def rob_summary_svg(table: RobTable) -> str:
    """Return the share of each judgement by domain as stacked bars, weighted by the studies' weights.

    Parameters
    ----------
    table : RobTable
        What to show.

    Returns
    -------
    str
        A whole SVG document; each part of a bar has its sign and, where there is room, its percentage.

    Examples
    --------
    >>> rows = (RobRow("A", ("low",), weight=3), RobRow("B", ("high",), weight=1))
    >>> svg = rob_summary_svg(RobTable("t", "d", (("D1", "Randomisation"),), rows))
    >>> "75%" in svg and "25%" in svg
    True
    """
    bars = shares(table)
    label = min(230.0, max([90.0, *(text_width(name, SIZE, bold=True) + 4 for name, _ in bars)]))
    left = MARGIN + label + 12
    width = left + BAR_ROOM + MARGIN + 14
    body: list[str] = []
    y = 8.0
    for name, parts in bars:
        lines = wrap(name, label, SIZE, most=2)
        bold = "bold" if name == "Overall" else None
        for index, part in enumerate(lines):
            baseline = y + BAR_STEP / 2 + SIZE * 0.35 + 15 * index - 7.5 * (len(lines) - 1)
            body.append(text(left - 12, baseline, part, text_anchor="end", font_size=SIZE, font_weight=bold))
        body += _bar(parts, left, y + (BAR_STEP - BAR) / 2)
        y += BAR_STEP
    y += 4
    body.append(line(left, y, left + BAR_ROOM, y, stroke=INK, stroke_width=1))
    for percent in range(0, 101, 25):
        x = left + BAR_ROOM * percent / 100
        body.append(line(x, y, x, y + 5, stroke=INK, stroke_width=1))
        body.append(text(x, y + 18, f"{percent}%", text_anchor="middle", font_size=SMALL_SIZE))
    weighted = len({row.weight for row in table.rows}) > 1
    caption = "Share of the studies, weighted" if weighted else "Share of the studies"
    body.append(text(left + BAR_ROOM / 2, y + 35, caption, text_anchor="middle", font_size=SMALL_SIZE))
    levels = used(level for _, parts in bars for level, _ in parts)
    key, height = legend(levels, left, y + 42, BAR_ROOM, SMALL_SIZE) if levels else ([], 0.0)
    return document([*body, *key], width, y + 50 + height, table.title, table.desc)


def _bar(parts: tuple[tuple[Judgement, float], ...], left: float, top: float) -> list[str]:
    """Draw one stacked bar."""
    if not parts:
        return [text(left, top + BAR / 2 + 4, "no judgement made", font_size=SMALL_SIZE, fill=MUTED)]
    drawn, x = [], left
    for level, share in parts:
        sign, room = SIGNS[level], share * BAR_ROOM
        drawn.append(
            element(
                "rect",
                x=x,
                y=top,
                width=room,
                height=BAR,
                fill=sign.fill,
                stroke="#ffffff",
                stroke_width=1,
                class_=f"share {level.value}",
            )
        )
        percent = f"{100 * share:.0f}%"
        needed = text_width(percent, SMALL_SIZE) + 24
        middle = x + room / 2
        if room >= needed:
            drawn.append(dot(middle - needed / 2 + 9, top + BAR / 2, level, 7))
            drawn.append(
                text(
                    middle - needed / 2 + 20,
                    top + BAR / 2 + 4.3,
                    percent,
                    font_size=SMALL_SIZE,
                    fill=sign.ink,
                )
            )
        elif room >= 17:
            drawn.append(dot(middle, top + BAR / 2, level, 7))
        x += room
    return drawn
