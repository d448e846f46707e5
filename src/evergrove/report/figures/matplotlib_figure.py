"""Charts drawn by matplotlib, made fit for a page: same bytes every time, text as text, no style sheet.

matplotlib is imported when a chart is drawn, never when this module is imported.
"""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from evergrove.report.figures.svg import FONT_STACK, document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"#([\w.-]+)")
_FONT = re.compile(r"^(?:(?:normal|italic)\s+)?(?:(\d{3}|bold)\s+)?([\d.]+)px\s")


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """Give an empty figure of this size in CSS pixels, outside pyplot's global state.

    Parameters
    ----------
    width, height : float
        Size in CSS pixels.

    Yields
    ------
    matplotlib.figure.Figure
        Draw on it and call `figure_svg` within the ``with`` block: there matplotlib's own defaults hold,
        whatever the user's ``matplotlibrc`` says, and ``$`` in a text is a dollar sign.
    """
    import matplotlib as mpl  # noqa: PLC0415 - 0.8 s that only charts need
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams["svg.fonttype"] = "none"
        mpl.rcParams["svg.hashsalt"] = "evergrove"
        mpl.rcParams["text.parse_math"] = False
        yield Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="none")


def figure_svg(figure: Figure, title: str, desc: str) -> str:
    """Return a matplotlib figure as SVG with name and description; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        A figure made by `drawing`, still within its block.
    title, desc : str
        Name and description for those who do not see the figure.

    Notes
    -----
    ``style`` attributes become presentation attributes, which a strict content security policy lets
    through; text is measured in DejaVu Sans, which ships with matplotlib, and shown in the narrower
    font of the other figures, so nothing outgrows its place.
    """
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    root = ET.fromstring(buffer.getvalue())  # noqa: S314 - written by matplotlib just above
    for child in list(root):  # the figure's metadata, and the definitions that hold only its style sheet
        if child.tag == f"{_SVG}metadata" or child.find(f"{_SVG}style") is not None:
            root.remove(child)
    referenced = _referenced(root)
    for node in root.iter():
        _simplify(node, referenced)
    body = [ET.tostring(child, encoding="unicode", short_empty_elements=True).strip() for child in root]
    width, height = figure.get_size_inches() * 72
    group = f'<g stroke-linejoin="round" stroke-linecap="butt">{"".join(body)}</g>'
    return document([group], float(width), float(height), title, desc)


def _referenced(root: ET.Element) -> set[str]:
    """Return the ids that something in the figure points to."""
    return {
        name
        for node in root.iter()
        for value in node.attrib.values()
        if value.startswith("#") or "url(#" in value
        for name in _REFERENCE.findall(value)
    }


def _simplify(node: ET.Element, referenced: set[str]) -> None:
    """Drop namespace, style and needless id of one element."""
    node.tag = node.tag.removeprefix(_SVG)
    if _HREF in node.attrib:
        node.set("href", node.attrib.pop(_HREF))
    if node.get("id") not in referenced:
        node.attrib.pop("id", None)
    for declaration in node.attrib.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            found = _FONT.match(value)
            if found:
                node.set("font-size", found[2])
                if found[1]:
                    node.set("font-weight", found[1])
        elif name and name != "font-family":
            node.set(name, value.removesuffix("px") if name == "font-size" else value)
    if node.tag == "text":
        node.set("font-family", FONT_STACK)
    # matplotlib breaks lines between elements; inside a text that would be a space
    node.tail = None
    if node.tag != "text" and node.text is not None and not node.text.strip():
        node.text = None
