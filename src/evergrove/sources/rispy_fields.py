"""rispy with nothing lost: every tag, known or not, with every value and its continuation lines."""

from __future__ import annotations

import re
from typing import Any

from rispy import RisParser, WokParser

#: What the parsers put the fields of a record under.
_FIELDS = "fields"
#: Tags of RIS have two characters; some exports write one space or a tab where two spaces belong, and
#: Cochrane's write DOI in full.
_TAG = re.compile(r"\ufeff?(DOI|[A-Z][A-Z0-9])(?:  -[ \t]?|[ \t]{1,3}-(?:[ \t]+|$))(.*)")

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLAIN_TAGS = frozenset(first + second for first in _LETTERS for second in f"{_LETTERS}0123456789")

#: tag -> its values in order; continuation lines are joined to their value by a line break.
Fields = dict[str, list[str]]


class _Anything(dict[str, str]):
    """A mapping of tags to names that knows every tag."""

    def __missing__(self, tag: str) -> str:
        return tag


def _add(record: dict[str, Any], tag: str | None, content: str, *, more: bool) -> None:
    fields: Fields = record.setdefault(_FIELDS, {})
    if tag is None:  # lines before the first tag of a record
        tag, more = "", False
    if more and fields.get(tag):
        fields[tag][-1] += f"\n{content}"
    else:
        fields.setdefault(tag, []).append(content)


class _Ris(RisParser):  # type: ignore[misc] # rispy has no types
    """RIS in the dialects that databases write."""

    DEFAULT_MAPPING = _Anything()

    def parse_line(self, line: str) -> tuple[str, str] | tuple[None, str]:
        if (
            line[2:6] == "  - " and line[:2] in _PLAIN_TAGS
        ):  # as nearly every line; the rest is for the pattern
            return line[:2], line[6:].strip()
        found = _TAG.match(line)
        return (found.group(1), found.group(2).strip()) if found else (None, line.strip())

    def _add_tag(
        self, record: dict[str, Any], tag: str, content: str, extend_multiline: bool = False
    ) -> None:
        _add(record, tag, content, more=extend_multiline)


class _Wok(WokParser):  # type: ignore[misc] # rispy has no types
    """The tagged form of Web of Science."""

    DEFAULT_MAPPING = _Anything()

    def _add_tag(
        self, record: dict[str, Any], tag: str, content: str, extend_multiline: bool = False
    ) -> None:
        _add(record, tag, content, more=extend_multiline)


_RIS, _WOK = _Ris(), _Wok()


def ris_tag(line: str) -> str | None:
    """Return the tag of a line of RIS, or ``None``.

    Examples
    --------
    >>> ris_tag("TY  - JOUR"), ris_tag("DO - 10.1/x"), ris_tag("as in A-B comparisons")
    ('TY', 'DO', None)
    """
    found = _TAG.match(line)
    return found.group(1) if found else None


def ris_fields(lines: list[str]) -> Fields:
    r"""Return the fields of the lines of one RIS record.

    Parameters
    ----------
    lines : list of str
        Of one record; what rispy needs around them (a first TY, a last ER) is put there.

    Returns
    -------
    dict of str to list of str

    Examples
    --------
    >>> ris_fields(["TY  - JOUR", "TI  - A trial", "of cells", "XX  - kept", "ER  -"])
    {'TY': ['JOUR'], 'TI': ['A trial\nof cells'], 'XX': ['kept']}
    """
    return _fields(_RIS, lines, "TY  - ")


def wok_fields(lines: list[str]) -> Fields:
    r"""Return the fields of the lines of one record of Web of Science.

    Examples
    --------
    >>> wok_fields(["PT J", "AU Rossi, A", "   Bianchi, B", "ER"])
    {'PT': ['J'], 'AU': ['Rossi, A\nBianchi, B']}
    """
    return _fields(_WOK, [line for line in lines if line.strip()], "PT ")


def _fields(parser: RisParser, lines: list[str], start: str) -> Fields:
    mark = parser.START_TAG
    if not lines[0].removeprefix("\ufeff").startswith(mark):
        lines = [start, *lines]
    else:
        lines = [lines[0].removeprefix("\ufeff"), *lines[1:]]
    end = f"{parser.END_TAG}  - " if isinstance(parser, _Ris) else parser.END_TAG
    (record,) = parser.parse_lines(iter([*lines, end]))[:1]
    kind = record[mark]
    return {**({mark: [kind]} if kind else {}), **record.get(_FIELDS, {})}
