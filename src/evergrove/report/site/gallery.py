"""The figures of the site: wide, compact where there is such a layout, as a table, the main ones as PNG."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from evergrove.errors import RenderError
from evergrove.figures import RowKind, forest_svg
from evergrove.figures.png import PngBatch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evergrove.figures import ForestPlot, ForestRow

#: Which figures are also written as PNG.
PngChoice = Literal["main", "all", "none"]
#: Pixels per CSS pixel of the PNG: sharp on screens, and 254 dots per inch at 18 cm width.
PNG_SCALE = 2.0
#: A taller figure fits on no page and takes seconds to draw; it stays SVG.
TALLEST_PNG = 3000
_SIZE = re.compile(r'<svg[^>]*? width="([\d.]+)" height="([\d.]+)"')
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL)
_DESC = re.compile(r"<desc[^>]*>(.*?)</desc>", re.DOTALL)
_SILENT = frozenset({RowKind.SPACER})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file of the site; the size in pixels."""

    path: str
    width: int
    height: int
    content: bytes


@dataclass(frozen=True, slots=True)
class PngFile:
    """A PNG of the site that is drawn while the pages are rendered; the size in pixels."""

    path: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A row of a figure as a table; ``span`` columns for its label, ``strong`` for a pooled result."""

    label: str
    cells: tuple[str, ...]
    span: int = 1
    strong: bool = False


@dataclass(frozen=True, slots=True)
class FigureTable:
    """A figure as a table."""

    heads: tuple[str, ...]
    rows: tuple[FigureRow, ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure.

    Parameters
    ----------
    name : str
        Of its files, without the suffix.
    title : str
    alt : str
        For those who do not see it.
    wide : Picture
    compact : Picture, optional
        For phones.
    png : PngFile, optional
    table : FigureTable, optional
    main : bool
        Whether it is one of the main figures, which are also written as PNG.
    """

    name: str
    title: str
    alt: str
    wide: Picture
    compact: Picture | None = None
    png: PngFile | None = None
    table: FigureTable | None = None
    main: bool = False

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The SVG files of the figure."""
        return tuple(item for item in (self.wide, self.compact) if item is not None)


def forest(name: str, plot: ForestPlot, *, main: bool = False) -> Drawing:
    """Return a forest plot as a figure of the site."""
    return Drawing(
        name,
        plot.title,
        f"{plot.title}. {plot.desc}",
        _picture(f"figures/{name}.svg", forest_svg(plot)),
        _picture(f"figures/{name}-compact.svg", forest_svg(plot, compact=True)),
        table=_table(plot),
        main=main,
    )


def drawing(name: str, svg: str, *, title: str = "", main: bool = False) -> Drawing:
    """Return an SVG document as a figure of the site; name and description are its own."""
    titles, descriptions = _TITLE.search(svg), _DESC.search(svg)
    own = _unescaped(titles[1]) if titles else name
    text = _unescaped(descriptions[1]) if descriptions else ""
    return Drawing(
        name, title or own, f"{own}. {text}".strip(), _picture(f"figures/{name}.svg", svg), main=main
    )


def with_png(drawings: Iterable[Drawing], wanted: PngChoice) -> dict[str, Drawing]:
    """Return figures by name; those that are wanted as PNG, and fit, name that file."""
    found = {item.name: item for item in drawings}
    for item in found.values():
        asked = wanted == "all" or (wanted == "main" and item.main)
        if asked and item.wide.height <= TALLEST_PNG:
            size = (int(item.wide.width * PNG_SCALE), int(item.wide.height * PNG_SCALE))
            found[item.name] = replace(item, png=PngFile(f"figures/{item.name}.png", *size))
    return found


def start_png(drawings: Iterable[Drawing]) -> PngBatch:
    """Start to draw the PNG files that the figures name; the result is by path."""
    figures = {item.png.path: item.wide.content.decode() for item in drawings if item.png is not None}
    return PngBatch(figures, PNG_SCALE)


def _picture(path: str, svg: str) -> Picture:
    size = _SIZE.search(svg)
    if size is None:
        raise RenderError(f"{path}: the figure states no size; allowed: width and height on its <svg>")
    return Picture(path, round(float(size[1])), round(float(size[2])), svg.encode())


def _unescaped(text: str) -> str:
    return " ".join(html.unescape(text).split())


def _table(plot: ForestPlot) -> FigureTable:
    """Return the words and numbers of a forest plot, and its risk-of-bias columns in words."""
    heads = [" ".join(head.split()) for head in (*plot.left_headers, *plot.right_headers)]
    heads += [f"{plot.rob_title} {head}" for head in plot.rob_headers]
    heads[0] = heads[0] or "Study"
    return FigureTable(
        tuple(heads), tuple(_row(plot, row, len(heads)) for row in plot.rows if row.kind not in _SILENT)
    )


def _row(plot: ForestPlot, row: ForestRow, columns: int) -> FigureRow:
    if row.kind in {RowKind.TEXT, RowKind.SUBGROUP} and not (row.left or row.right):
        return FigureRow(row.label, (), columns, row.kind == RowKind.SUBGROUP)
    left = _filled(row.left, len(plot.left_headers) - 1)
    right = _filled(row.right, len(plot.right_headers))
    rob = _filled(tuple(word.replace("-", " ") for word in row.rob), len(plot.rob_headers))
    return FigureRow(row.label, (*left, *right, *rob), strong=row.pooled)


def _filled(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return (*cells, *("" for _ in range(width - len(cells))))
