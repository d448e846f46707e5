"""How wide a text will be, and how to break or shorten it so that it fits."""

from __future__ import annotations

import re
import unicodedata
from typing import TypeAlias

from evergrove.figures.text_widths import BOLD, REGULAR

Widths: TypeAlias = dict[str, int]

#: Width of a character that the font lacks, in 1/2048 of the font size: that of most fallback fonts.
UNKNOWN = 1260


def _table(blocks: dict[int, str]) -> Widths:
    return {
        chr(first + offset): int(width)
        for first, widths in blocks.items()
        for offset, width in enumerate(widths.split())
        if width != "0"
    }


#: A sign between spaces stays with what it compares: "p = 0.21" is not broken.
_BOUND, _BOUND_SPACE = re.compile(r" ([=<>≤≥±×]) "), "\ue000"

_REGULAR, _BOLD = _table(REGULAR), _table(BOLD)


def _char_width(char: str, table: Widths) -> int:
    known = table.get(char)
    if known is not None:
        return known
    if unicodedata.combining(char):
        return 0
    if unicodedata.east_asian_width(char) in {"W", "F"}:
        return 2048
    base = unicodedata.normalize("NFD", char)[0]
    return table.get(base, UNKNOWN)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of one line of text in the units of ``size``.

    Parameters
    ----------
    text : str
        One line.
    size : float
        Font size in pixels.
    bold : bool
        Whether the bold face is meant.

    Returns
    -------
    float
        Sum of the advance widths of Liberation Sans (Arial); kerning is not counted.

    Examples
    --------
    >>> round(text_width("0.45 [0.20, 1.03]", 13), 1)
    94.0
    """
    table = _BOLD if bold else _REGULAR
    return sum(_char_width(char, table) for char in text) * size / 2048


def shorten(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return the text, cut with an ellipsis where it is wider than ``width``.

    Examples
    --------
    >>> shorten("Fathi-Kazerooni 2022", 80, 13)
    'Fathi-Kaze…'
    >>> shorten("Adas 2021", 80, 13)
    'Adas 2021'
    """
    if text_width(text, size, bold=bold) <= width:
        return text
    kept = text
    while kept and text_width(kept.rstrip() + "…", size, bold=bold) > width:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def _split_word(word: str, width: float, size: float, *, bold: bool) -> list[str]:
    """Break a word that alone is wider than the line: after a hyphen if possible, else anywhere."""
    pieces, rest = [], word
    while rest and text_width(rest, size, bold=bold) > width:
        count = len(rest)
        while count > 1 and text_width(rest[:count], size, bold=bold) > width:
            count -= 1
        mark = max(rest.rfind(sign, 0, count) for sign in "-–/") + 1
        count = mark if mark > 2 else count
        pieces.append(rest[:count])
        rest = rest[count:]
    return [*pieces, rest] if rest else pieces


def wrap(
    text: str, width: float, size: float, *, bold: bool = False, most: int | None = None
) -> tuple[str, ...]:
    """Return the text in lines no wider than ``width``.

    Parameters
    ----------
    text : str
        Text; its own line breaks are kept.
    width : float
        Room in pixels.
    size : float
        Font size in pixels.
    bold : bool
        Whether the bold face is meant.
    most : int, optional
        Largest number of lines; what is left over is cut with an ellipsis.

    Returns
    -------
    tuple of str
        At least one line.

    Examples
    --------
    >>> wrap("Cells: events/n", 60, 12)
    ('Cells:', 'events/n')
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        current = ""
        for bound in _BOUND.sub(rf"{_BOUND_SPACE}\1{_BOUND_SPACE}", paragraph).split(" "):
            word = bound.replace(_BOUND_SPACE, " ")
            joined = f"{current} {word}".strip(" ")
            if text_width(joined, size, bold=bold) <= width:
                current = joined
                continue
            lines += [current] if current else []
            *whole, current = _split_word(word, width, size, bold=bold)
            lines += whole
        lines.append(current)
    if most is not None and len(lines) > most:
        rest = " ".join(lines[most - 1 :])
        lines = [*lines[: most - 1], shorten(rest, width, size, bold=bold)]
    return tuple(lines)
