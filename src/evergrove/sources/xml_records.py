"""XML files cut into their records, each parsed alone: a broken one is left out, the rest comes in.

Only what lies between the tags of a record is parsed. No document type is ever read, so no entity can be
declared, let alone expanded; nothing is fetched; one record is in memory at a time.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lxml import etree

from evergrove.model.record import LARGEST_RAW
from evergrove.sources.draft import LeftOut
from evergrove.sources.raised_text import raised

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from evergrove.sources.opening import Opened

CHUNK = 1 << 18
#: A tag longer than this is not looked for across the end of what is held.
LONGEST_TAG = 200
_ALONE = re.compile(r"<[^<>]*/>")
_DECLARED = re.compile(r"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
#: Characters that XML does not allow, as they are or by number; some exports hold them all the same.
_FORBIDDEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));"
)
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


class Element(NamedTuple):
    """A record of an XML file.

    Parameters
    ----------
    position, line : int
        Number in the file and line on which it begins, from 1.
    raw : str
        The element as it came.
    root : lxml element
    """

    position: int
    line: int
    raw: str
    root: etree._Element


def elements_of(opened: Opened, *names: str) -> Iterator[Element | LeftOut]:
    """Yield the elements of these names, which do not hold one another.

    Parameters
    ----------
    opened : Opened
    *names : str
        Names of the elements that are records.

    Yields
    ------
    Element or LeftOut
        `LeftOut` where an element is not well-formed, has no end, or is larger than any record.
    """
    begin = re.compile(rf"<({'|'.join(names)})(?=[\s>/])")
    with replace(opened, encoding=encoding_of(opened)).text() as stream:
        for position, (line, raw, whole) in enumerate(_pieces(stream, begin), start=1):
            yield _parsed(position, line, raw) if whole else _endless(position, line, raw)


def encoding_of(opened: Opened) -> str:
    """Return the encoding that an XML declaration names, where no byte order mark or valid UTF-8 says it."""
    found = _DECLARED.search(opened.head[:400])
    if opened.encoding == "cp1252" and found is not None:
        try:
            return codecs.lookup(found.group(1)).name
        except LookupError:
            pass
    return opened.encoding


def _pieces(stream: IO[str], begin: re.Pattern[str]) -> Iterator[tuple[int, str, bool]]:
    """Yield line, text and whether it has its end, for every record."""
    held, at, line = "", 0, 1
    while True:
        found = begin.search(held, at)
        if found is None:
            cut = held.rfind("<", at)  # a tag may be cut by the end of what is held
            keep = cut if cut >= 0 and len(held) - cut < LONGEST_TAG else len(held)
            line += held.count("\n", at, keep)
            more = stream.read(CHUNK)
            if not more:
                return
            held, at = held[keep:] + more, 0
            continue
        line += held.count("\n", at, found.start())
        held, at, end, whole = _end_of(stream, held, found, begin)
        yield line, held[at : min(end, at + LARGEST_RAW + 1)], whole
        line += held.count("\n", at, end)
        at = end


def _end_of(
    stream: IO[str], held: str, begun: re.Match[str], begin: re.Pattern[str]
) -> tuple[str, int, int, bool]:
    """Return what is held, where in it the record begins and ends, and whether it has its end.

    A record ends with its own end tag; where another begins before that, or too much has gone by, its end
    is missing.
    """
    at = begun.start()
    if (alone := _ALONE.match(held, at)) is not None:
        return held, at, alone.end(), True
    end = re.compile(rf"</{begun.group(1)}\s*>|{begin.pattern}")
    start = at + 1
    while True:
        found = end.search(held, start)
        if found is not None:
            closed = found.group().startswith("</")
            return held, at, found.end() if closed else found.start(), closed
        if len(held) - at > LARGEST_RAW:
            return held, at, len(held) - LONGEST_TAG, False
        start = max(at + 1, len(held) - LONGEST_TAG)
        more = stream.read(CHUNK)
        if not more:
            return held, at, len(held), False
        held, start, at = held[at:] + more, start - at, 0


def _parsed(position: int, line: int, raw: str) -> Element | LeftOut:
    try:
        root = parsed(raw)
    except etree.XMLSyntaxError as error:
        where = line + max((error.lineno or 1) - 1, 0)
        return LeftOut(position, line, f"not well-formed XML: {error.msg} (line {where}); allowed: XML", raw)
    return Element(position, line, raw, root)


def parsed(raw: str) -> etree._Element:
    """Parse one element; characters that XML does not allow become spaces, entities stay unexpanded."""
    text = _FORBIDDEN.sub(" ", raw)
    return etree.fromstring(text.encode("utf-8", "replace"), _PARSER)


def _endless(position: int, line: int, raw: str) -> LeftOut:
    if len(raw) > LARGEST_RAW:
        reason = f"a record of more than {LARGEST_RAW:,} characters; allowed: at most that"
    else:
        reason = "the end tag of the record is missing; allowed: XML"
    return LeftOut(position, line, reason, raw)


def text_of(element: etree._Element | None) -> str:
    """Return all text within an element, marks such as italics left away; comments are no text.

    Superscripts become raised letters where there are such, and numbers of a formula stay apart.

    Examples
    --------
    >>> text_of(parsed("<t>1 x 10<sup>6</sup> <i>cells</i></t>"))
    '1 x 10⁶ cells'
    """
    if element is None:
        return ""
    return "".join(_texts(element)) if len(element) else element.text or ""


def _texts(element: etree._Element) -> Iterator[str]:
    formula = "MathML" in str(element.tag)
    last = element.text or ""
    yield last
    for place, child in enumerate(element):
        text = ""
        if isinstance(child.tag, str):
            text = "".join(_texts(child))
            if _is_raised(child, place):
                text = raised(text)
            elif (formula and last[-1:].isdecimal() and text[:1].isdecimal()) or child.tag.endswith("}sep"):
                text = f" {text}"  # a fraction, an index
        yield text
        yield child.tail or ""
        last = child.tail or text or last


def _is_raised(element: etree._Element, place: int) -> bool:
    """Return whether an element is a superscript of HTML, of EndNote's styles or of MathML."""
    if element.tag == "sup" or element.get("face") == "superscript":
        return True
    parent = element.getparent()
    return place == 1 and parent is not None and str(parent.tag).endswith("}msup")


__all__ = ["Element", "elements_of", "encoding_of", "parsed", "text_of"]
