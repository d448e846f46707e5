"""Columns of a table in a figure: numbers stand on their decimals, each with its brackets and signs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.figures.svg import Style, clean, element, fixed_width, text
from evergrove.figures.text_measure import text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER = re.compile(r"((?<![\d)\]])[-−]?\d+(?:[.·]\d+)?|[-−]?∞)")
_BETWEEN = re.compile(r"(.*?)(\s*)([(\[{<>≤≥±~]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Slot:
    """A number in a cell with what belongs to it.

    Parameters
    ----------
    prefix : str
        What stands before it without a space: an opening bracket.
    whole, fraction : str
        The digits before the decimal point, and the rest.
    suffix : str
        What follows without a space: ``","``, ``"]"``, ``"%"``, ``"/"``.
    space : bool
        Whether a space follows.
    """

    prefix: str
    whole: str
    fraction: str
    suffix: str
    space: bool

    @property
    def signature(self) -> tuple[str, str]:
        """What cells must share to be aligned with each other."""
        return self.prefix.strip("<>≤≥±~"), self.suffix

    @property
    def content(self) -> str:
        """The slot's text, with its space."""
        return self.prefix + self.whole + self.fraction + self.suffix + (" " if self.space else "")


def split_cell(cell: str) -> tuple[Slot, ...]:
    """Split a cell at its numbers; a cell without a number has no slot.

    Examples
    --------
    >>> [slot.content for slot in split_cell("0.45 [0.20, 1.03]")]
    ['0.45 ', '[0.20, ', '1.03]']
    >>> [slot.content for slot in split_cell("5/12")]
    ['5/', '12']
    """
    pieces = _NUMBER.split(cell)
    slots = []
    prefix = pieces[0]
    for index in range(1, len(pieces), 2):
        number, word = pieces[index], pieces[index + 1]
        last = index + 2 == len(pieces)
        between = _BETWEEN.fullmatch(word)
        suffix, space, following = (word, "", "") if last or between is None else between.groups()
        cut = re.search(r"[.·]", number)
        point = cut.start() if cut else len(number)
        slots.append(Slot(prefix, number[:point], number[point:], suffix, bool(space)))
        prefix = following
    return tuple(slots)


def _signature(slots: Sequence[Slot]) -> tuple[tuple[str, str], ...]:
    return tuple(slot.signature for slot in slots)


@dataclass(frozen=True)
class Column:
    """A column laid out: the room of each slot of its cells.

    Parameters
    ----------
    signature : tuple of (str, str)
        Prefix and suffix of each slot that most cells share, such as ``("[", ",")``.
    before, after : tuple of float
        Room of each slot up to its decimal point, and from there to the next slot.
    width : float
        Room of the whole column, the header included.
    block : float
        Room of the aligned cells, centred in ``width``.
    size : float
        Font size.
    """

    signature: tuple[tuple[str, str], ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    width: float
    block: float
    size: float

    def cell(self, cell: str, left: float, baseline: float, *, bold: bool = False) -> str:
        """Return the markup of one cell of the column that starts at ``left``.

        A cell that ends like the others (``[0.41, 1.33]`` under ``0.45 [0.20, 1.03]``) is aligned with
        their end; one of another form (``not estimable``) stands at the right edge.
        """
        if not cell:
            return ""
        weight = "bold" if bold else None
        start = left + (self.width - self.block) / 2
        slots = split_cell(cell)
        if slots and _signature(slots) == self.signature[-len(slots) :]:
            spans = self._spans(slots, start, bold=bold)
            return element("text", *spans, y=baseline, font_size=self.size, font_weight=weight, class_="cell")
        own = text_width(cell, self.size, bold=bold)
        right = start + self.block if own <= self.block else left + (self.width + own) / 2
        style: Style = {"font_size": self.size, "font_weight": weight, "class_": "cell"}
        return text(right, baseline, cell, text_anchor="end", **style)

    def _spans(self, slots: Sequence[Slot], x: float, *, bold: bool) -> list[str]:
        skipped = len(self.before) - len(slots)
        x += sum(self.before[:skipped]) + sum(self.after[:skipped])
        spans: list[str] = []
        divided = False  # what follows a slash starts right behind it, so that 5/9 has no gap
        for slot, before, after in zip(slots, self.before[skipped:], self.after[skipped:], strict=True):
            lead = 0.0 if divided else before - text_width(slot.prefix + slot.whole, self.size, bold=bold)
            room = fixed_width(slot.content, self.size, bold=bold)
            spans.append(element("tspan", clean(slot.content), x=x + lead, **room))
            x += before + after
            divided = slot.suffix == "/" and not slot.space
        return spans


def lay_out(cells: Sequence[tuple[str, bool]], size: float, at_least: float = 0.0) -> Column:
    """Measure a column.

    Parameters
    ----------
    cells : sequence of (str, bool)
        Every cell and whether it is bold; empty cells count for nothing.
    size : float
        Font size in pixels.
    at_least : float
        Room that the header needs.

    Examples
    --------
    >>> column = lay_out([("0.45 [0.20, 1.03]", False), ("not estimable", False)], 13)
    >>> column.signature, round(column.width, 1)
    ((('', ''), ('[', ','), ('', ']')), 94.0)
    """
    numeric = [(slots, bold) for slots, bold in ((split_cell(cell), bold) for cell, bold in cells) if slots]
    counts = Counter(_signature(slots) for slots, _ in numeric)
    signature = counts.most_common(1)[0][0] if counts else ()
    before, after = [0.0] * len(signature), [0.0] * len(signature)
    for slots, bold in numeric:
        if _signature(slots) != signature[-len(slots) :]:
            continue
        for index, slot in enumerate(slots, len(signature) - len(slots)):
            tail = slot.fraction + slot.suffix + (" " if slot.space else "")
            before[index] = max(before[index], text_width(slot.prefix + slot.whole, size, bold=bold))
            after[index] = max(after[index], text_width(tail, size, bold=bold))
    widest = max((text_width(cell, size, bold=bold) for cell, bold in cells), default=0.0)
    block = sum(before) + sum(after) if signature else widest
    return Column(signature, tuple(before), tuple(after), max(block, widest, at_least), block, size)
