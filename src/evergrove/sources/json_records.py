"""JSON files cut into their records: one in memory at a time, a broken one is left out, the rest comes in.

A file is one record, several after another, an array, or an answer of a service that holds the array
somewhere inside (``{"studies": [...]}``). The end of a record is found by its brackets, then it is parsed.
"""

from __future__ import annotations

import json
import re
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from evergrove.model.record import LARGEST_RAW
from evergrove.sources.draft import LeftOut
from evergrove.sources.raised_text import raised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from evergrove.sources.draft import Draft
    from evergrove.sources.opening import Opened

CHUNK = 1 << 20
#: Characters in which the name of an answer's array stands, where many answers follow one another.
NEAR = 1 << 12
#: Arrays and objects within one another at most.
DEEPEST = 200
_MARK = re.compile(r'["{}\[\]]')
_STRING_END = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SPACE = " \t\r\n"
_BETWEEN = _SPACE + ",\x1e\ufeff"
_FIRST_KEY = re.compile(r'\{\s*("(?:[^"\\]|\\.){1,80}")\s*:')
_SCALAR_END = re.compile(r"[\s,\]}]")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,80}>")
_SUPERSCRIPT = re.compile(r"<(?:\w{1,10}:)?sup>([^<>]{1,20})</(?:\w{1,10}:)?sup>")
_OPENING = {"{": "}", "[": "]"}
_DECODER = json.JSONDecoder()

#: An object of JSON; what a source puts there is looked at before it is used.
Json = dict[str, Any]


class JsonRecord(NamedTuple):
    """A record of a JSON file.

    Parameters
    ----------
    position, line : int
        Number in the file and line on which it begins, from 1.
    raw : str
        As it came.
    value : dict
    """

    position: int
    line: int
    raw: str
    value: Json


def begins_as(head: str, mark: re.Pattern[str]) -> bool:
    """Return whether a file begins as JSON and has a source's mark near its beginning."""
    return head.lstrip("\ufeff" + _SPACE)[:1] in _OPENING and mark.search(head) is not None


def without_tags(text: str | None) -> str | None:
    """Return text without its tags of markup, white space folded; None where nothing is left.

    Examples
    --------
    >>> without_tags("<jats:p>1 x 10<sup>6</sup> cells</jats:p> per <i>kg</i>")
    '1 x 10⁶ cells per kg'
    """
    if not text:
        return None
    text = _SUPERSCRIPT.sub(lambda found: raised(found.group(1)), text) if "sup>" in text else text
    return " ".join(_TAG.sub(" ", text).split()) or None


def drafts_of(
    opened: Opened, paths: Sequence[tuple[str, ...]], build: Callable[[JsonRecord], Draft | LeftOut]
) -> Iterator[Draft | LeftOut]:
    """Yield the records of a JSON file.

    Parameters
    ----------
    opened : Opened
    paths : sequence of tuple of str
        Where an answer holds its array of records: ``("message", "items")``.
    build : callable
        Makes the draft of one record.
    """
    for item in records_of(opened, paths):
        yield item if isinstance(item, LeftOut) else build(item)


def records_of(opened: Opened, paths: Sequence[tuple[str, ...]]) -> Iterator[JsonRecord | LeftOut]:
    """Yield the records of a JSON file, cut but not yet understood."""
    with opened.text() as stream:
        yield from _Cutter(stream, paths).pieces()


def _parsed(position: int, line: int, raw: str, *, whole: bool) -> JsonRecord | LeftOut:
    if not whole:
        if len(raw) > LARGEST_RAW:
            reason = f"a record of more than {LARGEST_RAW:,} characters; allowed: at most that"
        else:
            reason = "the end of the record is missing; allowed: whole JSON objects"
        return LeftOut(position, line, reason, raw)
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return LeftOut(position, line, f"not readable as JSON: {error}; allowed: JSON", raw)
    if not isinstance(value, dict):
        return LeftOut(position, line, f"found {raw[:40]!r}; allowed: a JSON object", raw)
    return JsonRecord(position, line, raw, value)


class _Cutter:
    """Cuts a stream into the texts of its records."""

    def __init__(self, stream: IO[str], paths: Sequence[tuple[str, ...]]) -> None:
        self._stream = stream
        self._paths = tuple(paths)
        self._names = tuple(f'"{path[0]}"' for path in paths)
        self._held = ""
        self._at = 0
        self._line = 1
        self._ended = False
        self._position = 0

    def pieces(self) -> Iterator[JsonRecord | LeftOut]:
        """Yield every record."""
        while (mark := self._next(_BETWEEN)) is not None:
            if mark == "[":
                self._take(1)
                yield from self._array()
            elif mark == "{" and (depth := self._enter()):
                yield from self._array()
                self._leave(depth)
            elif mark in "]}":
                self._take(1)
            else:
                yield self._piece()

    def _array(self) -> Iterator[JsonRecord | LeftOut]:
        while (mark := self._next(_BETWEEN)) is not None:
            if mark == "]":
                self._take(1)
                return
            if mark == "}":  # one bracket too many: passed over
                self._take(1)
            elif mark == "{" and (depth := self._enter()):  # an array of answers
                yield from self._array()
                self._leave(depth)
            else:
                yield self._piece()

    def _leave(self, depth: int) -> None:
        """Pass over what an answer says behind its array, to the end of the answer."""
        while depth and (mark := self._next(_BETWEEN + ":")) is not None:
            if mark in "}]":
                self._take(1)
                depth -= mark == "}"
            else:
                self._take(max(self._end(self._at)[0] - self._at, 1))

    def _enter(self) -> int:
        """Go to the array inside an answer and return how deep it lies; where there is none, stay: 0."""
        while len(self._held) - self._at < NEAR and self._more():
            pass
        near = self._at + NEAR if self._position else len(self._held)
        if not any(self._held.find(name, self._at, near) >= 0 for name in self._names):
            return 0
        inside, depth = self._find(self._at, self._paths)
        if depth:
            self._take(inside - self._at)
        return depth

    def _find(self, at: int, paths: tuple[tuple[str, ...], ...]) -> tuple[int, int]:
        """Return the place behind the bracket of the array that a path leads to, and its depth, else 0."""
        place, whole = at + 1, True
        while whole:
            place = self._past(place, _SPACE + ",")
            if not self._has(place) or self._held[place] != '"':
                break
            end, whole = self._end(place)
            key = self._held[place + 1 : end - 1]
            place = self._past(end, _SPACE + ":")
            if not whole or not self._has(place):
                break
            deeper = tuple(path[1:] for path in paths if path[0] == key)
            if () in deeper and self._held[place] == "[":
                return place + 1, 1
            deeper = tuple(path for path in deeper if path)
            if deeper and self._held[place] == "{":
                inside, depth = self._find(place, deeper)
                if depth:
                    return inside, depth + 1
            place, whole = self._end(place)
        return at, 0

    def _piece(self) -> JsonRecord | LeftOut:
        self._position += 1
        line = self._line
        if self._held[self._at] == "{":
            try:  # the quick way; where it fails, what is wrong is found out below
                value, end = _DECODER.raw_decode(self._held, self._at)
            except (ValueError, RecursionError):
                end = 0
            if 0 < end <= self._at + LARGEST_RAW:
                raw = self._held[self._at : end]
                self._take(end - self._at)
                return JsonRecord(self._position, line, raw, value)
        end, whole = self._end(self._at)
        item = _parsed(self._position, line, self._held[self._at : end], whole=whole)
        if isinstance(item, LeftOut) and (cut := self._again(item.raw)) is not None:
            item = LeftOut(self._position, line, item.reason, item.raw[:cut].rstrip(_BETWEEN))
            end = self._at + cut
        self._take(max(end - self._at, 1))
        return item

    def _again(self, raw: str) -> int | None:
        """Return where the next record seems to begin within the text of a broken one."""
        first = _FIRST_KEY.match(raw)
        if first is None:
            end = raw.find("\n")
            return end if end > 0 else None
        begin = re.compile(rf"(?<=[,\s])\{{\s*{re.escape(first.group(1))}\s*:")
        found = begin.search(raw, first.end())
        return found.start() if found else None

    def _end(self, at: int) -> tuple[int, bool]:  # noqa: PLR0911 - each way in which a value ends
        """Return the end of the value that begins at a place, and whether it is whole."""
        if not self._has(at):
            return at, False
        first = self._held[at]
        if first == '"':
            return self._string_end(at + 1, at)
        if first not in _OPENING:
            return self._scalar_end(at), True
        closing: list[str] = []
        place = at
        while True:
            found = _MARK.search(self._held, place)
            if found is None:
                place = len(self._held)
                if len(self._held) - at > LARGEST_RAW or not self._more():
                    return len(self._held), False
                continue
            mark = found.group()
            place = found.end()
            if mark == '"':
                place, whole = self._string_end(place, at)
                if not whole:
                    return place, False
            elif mark in _OPENING:
                closing.append(_OPENING[mark])
                if len(closing) > DEEPEST:
                    return place, False
            elif closing.pop() != mark:
                return place, False
            elif not closing:
                return place, place - at <= LARGEST_RAW

    def _string_end(self, at: int, start: int) -> tuple[int, bool]:
        while (found := _STRING_END.match(self._held, at)) is None:
            if len(self._held) - start > LARGEST_RAW or not self._more():
                return len(self._held), False
        return found.end(), True

    def _scalar_end(self, at: int) -> int:
        while (found := _SCALAR_END.search(self._held, at + 1)) is None:
            if len(self._held) - at > LARGEST_RAW or not self._more():
                return len(self._held)
        return found.start()

    def _next(self, passed: str) -> str | None:
        """Go past these characters; return the one that follows, ``None`` at the end of the file."""
        while True:
            at = self._past_held(self._at, passed)
            self._take(at - self._at)
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return None

    def _past(self, at: int, passed: str) -> int:
        while (at := self._past_held(at, passed)) == len(self._held) and self._more():
            pass
        return at

    def _past_held(self, at: int, passed: str) -> int:
        while at < len(self._held) and self._held[at] in passed:
            at += 1
        return at

    def _has(self, at: int) -> bool:
        return at < len(self._held) or (self._more() and at < len(self._held))

    def _take(self, count: int) -> None:
        self._line += self._held.count("\n", self._at, self._at + count)
        self._at += count
        if self._at > CHUNK:
            self._held, self._at = self._held[self._at :], 0

    def _more(self) -> bool:
        """Read on, twice as much each time, so that a large record is not gone through too often."""
        if self._ended:
            return False
        added = self._stream.read(max(CHUNK, len(self._held) - self._at))
        self._ended = not added
        self._held += added
        return bool(added)


__all__ = ["Json", "JsonRecord", "drafts_of", "records_of"]
