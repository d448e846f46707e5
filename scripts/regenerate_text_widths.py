"""Write ``text_widths.py`` from the two Liberation Sans files (metrics equal to Arial's).

Run it when a character is missing from the table::

    python scripts/regenerate_text_widths.py /usr/share/fonts/truetype/liberation

Needs fontTools (pip install fonttools); evergrove itself never reads a font.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

from fontTools.ttLib import TTFont

#: Blocks of Unicode that titles, names and statistics use; a gap in the font is left out of the table.
BLOCKS = (
    (0x20, 0x7E),  # ASCII
    (0xA0, 0x17F),  # Latin-1, Latin Extended-A
    (0x218, 0x21B),  # Romanian
    (0x386, 0x3CE),  # Greek
    (0x410, 0x44F),  # Cyrillic
    (0x1E80, 0x1E85),
    (0x2010, 0x2026),  # dashes, quotation marks, dots
    (0x2030, 0x203A),
    (0x2070, 0x209C),  # superscripts, subscripts
    (0x20AC, 0x20AC),
    (0x2190, 0x2195),  # arrows
    (0x2206, 0x2265),  # mathematics
)
TARGET = Path(__file__).parents[1] / "src/evergrove/figures/text_widths.py"

HEAD = '''"""Widths of characters of Liberation Sans, whose metrics are Arial's; generated, do not edit.

Written by ``scripts/regenerate_text_widths.py``.
Each block is its first code point and the advance widths that follow it, in 1/2048 of the font size;
0 marks a character that the font lacks.
"""

from __future__ import annotations

'''


def advances(font_path: Path) -> list[tuple[int, list[int]]]:
    """Return the advance widths of every block, 0 where the font has no such character."""
    font = TTFont(str(font_path))
    names, widths = font.getBestCmap(), font["hmtx"]
    return [
        (first, [widths[names[code]][0] if code in names else 0 for code in range(first, last + 1)])
        for first, last in BLOCKS
    ]


def block_source(first: int, widths: list[int]) -> str:
    """Return one block as Python source within 110 columns."""
    text = " ".join(map(str, widths))
    lines = textwrap.wrap(text, 98)
    if len(lines) == 1:
        return f'    0x{first:04X}: "{text}",\n'
    quoted = "".join(f'        "{line}{" " if line is not lines[-1] else ""}"\n' for line in lines)
    return f"    0x{first:04X}: (\n{quoted}    ),\n"


def main(folder: Path) -> None:
    """Write the table next to the code that uses it."""
    source = HEAD
    for name, file in (("REGULAR", "LiberationSans-Regular.ttf"), ("BOLD", "LiberationSans-Bold.ttf")):
        blocks = "".join(block_source(first, widths) for first, widths in advances(folder / file))
        source += f"{name}: dict[int, str] = {{\n{blocks}}}\n"
    TARGET.write_text(source, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
