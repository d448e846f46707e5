"""Judgements of risk of bias as signs: a coloured dot with a symbol, and the legend that names them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from evergrove.errors import DataError
from evergrove.figures.svg import Style, element, line, text
from evergrove.figures.text_measure import text_width

if TYPE_CHECKING:
    from collections.abc import Iterable


class Judgement(StrEnum):
    """Levels of the tools RoB 2 (low, some concerns, high) and ROBINS-I (low to critical)."""

    LOW = "low"
    SOME_CONCERNS = "some-concerns"
    MODERATE = "moderate"
    HIGH = "high"
    SERIOUS = "serious"
    CRITICAL = "critical"
    NO_INFORMATION = "no-information"


@dataclass(frozen=True, slots=True)
class Sign:
    """How a judgement looks.

    Parameters
    ----------
    label : str
        Name in a legend.
    symbol : str
        The character that stands for it, where text is needed.
    fill, ink : str
        Colours of the dot and of the symbol in it.
    """

    label: str
    symbol: str
    fill: str
    ink: str


#: In the order of a legend. In grey the dots darken from low to critical.
SIGNS: dict[Judgement, Sign] = {
    Judgement.LOW: Sign("Low", "+", "#b2e2c6", "#0c2b1b"),
    Judgement.SOME_CONCERNS: Sign("Some concerns", "!", "#efc53c", "#332900"),
    Judgement.MODERATE: Sign("Moderate", "!", "#efc53c", "#332900"),
    Judgement.HIGH: Sign("High", "−", "#bf3b26", "#ffffff"),
    Judgement.SERIOUS: Sign("Serious", "−", "#bf3b26", "#ffffff"),
    Judgement.CRITICAL: Sign("Critical", "✕", "#55120d", "#ffffff"),
    Judgement.NO_INFORMATION: Sign("No information", "?", "#d7dbe0", "#23282d"),
}


def judgement(value: str) -> Judgement:
    """Return the judgement that a word means; case, spaces and underscores do not matter.

    Raises
    ------
    DataError
        If the word is none of the levels.

    Examples
    --------
    >>> judgement("Some concerns")
    <Judgement.SOME_CONCERNS: 'some-concerns'>
    """
    try:
        return Judgement("-".join(value.lower().replace("_", " ").replace("-", " ").split()))
    except ValueError:
        allowed = ", ".join(Judgement)
        raise DataError(f"risk of bias: {value!r} is no judgement; allowed: {allowed}") from None


def dot(x: float, y: float, value: str, radius: float = 8) -> str:
    """Return the dot of a judgement, centred at (x, y); the symbol is drawn, not typed."""
    level = judgement(value)
    sign = SIGNS[level]
    arm = radius * 0.5
    stroke: Style = {"stroke": sign.ink, "stroke_width": radius * 0.24, "stroke_linecap": "round"}
    ring = element("circle", cx=x, cy=y, r=radius, fill=sign.fill, stroke=sign.ink, stroke_width=0.6)
    minus = line(x - arm, y, x + arm, y, **stroke)
    slant = arm * 0.76
    drawn = {
        "+": [minus, line(x, y - arm, x, y + arm, **stroke)],
        "−": [minus],
        "✕": [
            line(x - slant, y - slant, x + slant, y + slant, **stroke),
            line(x - slant, y + slant, x + slant, y - slant, **stroke),
        ],
    }.get(sign.symbol)
    size = radius * 1.5
    typed = text(
        x,
        y + size * 0.36,
        sign.symbol,
        text_anchor="middle",
        font_size=size,
        font_weight="bold",
        fill=sign.ink,
    )
    title = element("title", sign.label)
    return element("g", title, ring, *(drawn or [typed]), class_=f"judgement {level.value}")


def used(values: Iterable[str]) -> list[Judgement]:
    """Return the levels among the values, in the order of a legend; empty strings count as none."""
    present = {judgement(value) for value in values if value}
    return [level for level in SIGNS if level in present]


def legend(
    levels: Iterable[Judgement], x: float, y: float, width: float, size: float = 12
) -> tuple[list[str], float]:
    """Return the legend's markup and its height; it starts at the top ``y`` and wraps within ``width``."""
    parts: list[str] = []
    left, baseline = x, y + 14.0
    for level in levels:
        label = SIGNS[level].label
        needed = 20 + text_width(label, size)
        if left > x and left + needed > x + width:
            left, baseline = x, baseline + 20
        parts.append(dot(left + 7, baseline - size * 0.35, level, 7))
        parts.append(text(left + 19, baseline, label, font_size=size))
        left += needed + 16
    return parts, baseline + 6 - y
