"""Write SVG as text: escaping, numbers, elements and the document around a figure.

Only presentation attributes are used (no ``<style>``, no ``style=``, no script, no address outside the
figure), so that a figure can stand inside a page with a strict content security policy.
"""

from __future__ import annotations

import hashlib
from html import escape
from typing import TypeAlias

from evergrove.figures.text_measure import text_width

#: The first family is bundled with vl-convert and has the widths of Arial, which other systems have.
FONT_STACK = "Liberation Sans, Arial, Helvetica, sans-serif"

Attribute: TypeAlias = str | float | None
Style: TypeAlias = dict[str, Attribute]


def clean(text: str) -> str:
    """Return text fit for XML: markup escaped, characters that XML forbids replaced by U+FFFD.

    Examples
    --------
    >>> clean("a<b> & c")
    'a&lt;b&gt; &amp; c'
    """
    allowed = (
        char
        if char in "\t\n"
        or (char >= " " and not "\ud800" <= char <= "\udfff" and char < "\ufffe")
        or char >= "\U00010000"
        else "\ufffd"
        for char in text
    )
    return escape("".join(allowed), quote=True)


def number(value: float) -> str:
    """Return a coordinate with at most two decimals, without trailing zeros and without ``-0``.

    Examples
    --------
    >>> number(12.5), number(3.0), number(-0.001)
    ('12.5', '3', '0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def element(tag: str, *children: str, **attributes: Attribute) -> str:
    """Return one element; ``stroke_width=1`` becomes ``stroke-width="1"``, ``None`` is left out.

    Parameters
    ----------
    tag : str
        Element name.
    *children : str
        Markup of the children, written as it is: escape text with `clean` first.
    **attributes : str, float or None
        Attributes; a trailing underscore (``class_``) is dropped.

    Examples
    --------
    >>> element("rect", width=10.0, fill="#fff", stroke_width=0.5, class_="mark")
    '<rect width="10" fill="#fff" stroke-width="0.5" class="mark"/>'
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{clean(value) if isinstance(value, str) else number(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{written}>{''.join(children)}</{tag}>" if children else f"<{tag}{written}/>"


def line(x1: float, y1: float, x2: float, y2: float, **attributes: Attribute) -> str:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


def polygon(points: list[tuple[float, float]], **attributes: Attribute) -> str:
    """Return a closed polygon."""
    written = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return element("polygon", points=written, **attributes)


def text(x: float, y: float, content: str, full: str | None = None, /, **attributes: Attribute) -> str:
    """Return one line of text, its baseline at ``y``.

    Parameters
    ----------
    x, y : float
        Anchor; ``text_anchor`` among the attributes says which end it is.
    content : str
        What is shown; escaped here.
    full : str, optional
        The whole wording where ``content`` is cut short; becomes a ``<title>``.
    **attributes : str, float or None
        Presentation attributes.

    Examples
    --------
    >>> text(1, 2, "Adas 2…", "Adas 2021")
    '<text x="1" y="2"><title>Adas 2021</title>Adas 2…</text>'
    """
    title = [] if full is None or full == content else [element("title", clean(full))]
    size = attributes.get("font_size")
    room = fixed_width(content, size, bold=attributes.get("font_weight") == "bold")
    return element("text", *title, clean(content), x=x, y=y, **attributes, **room)


def fixed_width(content: str, size: Attribute, *, bold: bool) -> Style:
    """Return the attributes that hold a text to the width it was laid out for, whatever the reader's font.

    Without the fonts of `FONT_STACK` a wider one would run into what stands beside it.
    """
    if isinstance(size, str) or not size or not content.strip():
        return {}
    return {"textLength": text_width(content, size, bold=bold), "lengthAdjust": "spacingAndGlyphs"}


def document(body: list[str], width: float, height: float, title: str, desc: str) -> str:
    """Return the whole figure: white ground, accessible name and description, then the body.

    Parameters
    ----------
    body : list of str
        Markup, drawn in order.
    width, height : float
        Size of the drawing in CSS pixels; the figure scales with its ``viewBox``.
    title, desc : str
        Name and description for those who do not see the figure.

    Notes
    -----
    The ids of title and description come from a hash of the content, so several figures can stand in
    one page and the same input gives the same bytes.
    """
    inner = "\n".join(body)
    key = hashlib.sha256(f"{title}\0{desc}\0{number(width)}\0{inner}".encode()).hexdigest()[:10]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} {number(height)}" '
        f'width="{number(width)}" height="{number(height)}" preserveAspectRatio="xMidYMin meet" '
        f'role="img" aria-labelledby="t-{key}" aria-describedby="d-{key}" '
        f'font-family="{FONT_STACK}" font-size="13" fill="#1a1a1a">'
    )
    named = f'<title id="t-{key}">{clean(title)}</title>\n<desc id="d-{key}">{clean(desc)}</desc>'
    ground = element("rect", width=width, height=height, fill="#ffffff")
    return f"{head}\n{named}\n{ground}\n{inner}\n</svg>\n"
