"""The palette: colour-blind safe, legible in grey, and how contrast is computed.

Meaning is never carried by colour alone: judgements have a sign, marks have a shape.
"""

from __future__ import annotations

INK = "#1a1a1a"
MUTED = "#4d5560"
RULE = "#1a1a1a"
FAINT = "#c4c9cf"
BAND = "#f1f4f3"

SQUARE = "#5f9ea0"
INTERVAL = "#1a1a1a"
DIAMOND = "#0b4f4a"
PREDICTION = "#b5502a"
SUMMARY_LINE = "#0b4f4a"


def luminance(colour: str) -> float:
    """Return the relative luminance (WCAG 2) of a colour written ``#rrggbb``; 0 is black, 1 white."""
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio (WCAG 2) of two colours, from 1 to 21.

    Examples
    --------
    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
