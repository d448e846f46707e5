"""EndNote's tagged form (.enw, "refer"): a per cent sign and a letter before every field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.sources.bibliographic_values import (
    add_accession,
    add_serial_numbers,
    complete,
    database_name,
    person,
    pmcid_in,
    set_date,
)
from evergrove.sources.draft import Draft, LeftOut, clean, doi_in
from evergrove.sources.endnote_kinds import kind_of
from evergrove.sources.tagged_lines import Chunk, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evergrove.sources.opening import Opened

_TAG = re.compile(r"%([0-9A-Z@!#$&()+,<=>?\[\]^~*-])(?:[ \t]+(.*)|$)")

#: tag -> values in order
Fields = dict[str, list[str]]


class _Cut:
    """A record begins with %0, or after a blank line."""

    @staticmethod
    def begins(line: str, *, after_blank: bool, current: list[str]) -> bool:
        found = _TAG.match(line.lstrip("\ufeff"))
        return found is not None and (found.group(1) == "0" or after_blank or not current)

    @staticmethod
    def ends(line: str) -> bool:  # noqa: ARG004 - the next beginning is the end
        return False


def recognise(head: str) -> bool:
    """Return whether a file begins with a field of EndNote's tagged form."""
    lines = [line for line in head.lstrip("\ufeff").splitlines()[:100] if line.strip()]
    tags = [found.group(1) for line in lines if (found := _TAG.match(line))]
    sure = "0" in tags or len(tags) > 2 or len(tags) == len(lines)
    return bool(lines) and _TAG.match(lines[0]) is not None and sure


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the records of a file.

    Tags without a field of their own are kept in `other`.
    """
    for chunk in records_of(opened, _Cut()):
        yield chunk if isinstance(chunk, LeftOut) else _draft(chunk)


def _draft(chunk: Chunk) -> Draft | LeftOut:
    fields: Fields = {}
    last = "0"
    for line in chunk.lines:
        text = line.lstrip("\ufeff")
        found = _TAG.match(text)
        if found is not None:
            last = found.group(1)
            fields.setdefault(last, []).append((found.group(2) or "").strip())
        elif text.strip() and last in fields:
            fields[last][-1] += f"\n{text.strip()}"
    if not any(value for tag, values in fields.items() if tag != "0" for value in values):
        return LeftOut(
            chunk.position, chunk.line, "no field but %0 has text; allowed: at least one", chunk.raw
        )
    draft = Draft(chunk.position, chunk.line, chunk.raw)
    named = fields.pop("0", [])
    draft.kind, known = kind_of(named[0] if named else "")
    draft.keep("%0", named[1:] if known else named)
    draft.database = next((database_name(name) for name in fields.get("~", ())), chunk.database)
    set_date(draft, *(fields.get("D", [])[:1] + fields.get("8", [])[:1]))
    for tag in [tag for tag in _READ if tag in fields]:
        _READ[tag](draft, fields.pop(tag))
    for tag, values in fields.items():
        draft.keep(f"%{tag}", [line for value in values for line in value.split("\n")])
    return complete(draft)


def _single(name: str, tag: str) -> Callable[[Draft, list[str]], None]:
    def put(draft: Draft, values: list[str]) -> None:
        texts = [text for value in values if (text := clean(value))]
        if texts and getattr(draft, name) is None:
            setattr(draft, name, texts.pop(0))
        draft.keep(tag, texts)

    return put


def _many(name: str) -> Callable[[Draft, list[str]], None]:
    def put(draft: Draft, values: list[str]) -> None:
        getattr(draft, name).extend(
            text for value in values for line in value.split("\n") if (text := clean(line))
        )

    return put


def _people(draft: Draft, values: list[str]) -> None:
    draft.authors += [name for value in values for line in value.split("\n") if (name := person(line))]


def _doi(draft: Draft, values: list[str]) -> None:
    for value in values:
        found = doi_in(value)
        if found is not None and draft.doi in {None, found}:
            draft.doi = found
        else:
            draft.keep("%R", clean(value))


def _accession(draft: Draft, values: list[str]) -> None:
    for value in values:
        add_accession(draft, "%M", clean(value), draft.database or "")


def _pmcid(draft: Draft, values: list[str]) -> None:
    draft.pmcid = pmcid_in(values[0])
    draft.keep("%2", values if draft.pmcid is None else values[1:])


#: tag -> what reads its values; the order is that of preference where two set the same field
_READ: dict[str, Callable[[Draft, list[str]], None]] = {
    "A": _people,
    "T": _single("title", "%T"),
    "J": _single("journal", "%J"),
    "B": _single("journal", "%B"),
    "V": _single("volume", "%V"),
    "N": _single("issue", "%N"),
    "P": _single("pages", "%P"),
    "I": _single("publisher", "%I"),
    "G": _single("language", "%G"),
    "X": _single("abstract", "%X"),
    "R": _doi,
    "K": _many("keywords"),
    "U": _many("urls"),
    "Z": _many("notes"),
    "9": _many("types"),
    "M": _accession,
    "2": _pmcid,
    "~": lambda draft, values: draft.keep("%~", values[1:]),
    "D": lambda draft, values: draft.keep("%D", values[1:]),
    "8": lambda draft, values: draft.keep("%8", [value for value in values if clean(value) != draft.date]),
    "@": lambda draft, values: add_serial_numbers(
        draft, "%@", [line for value in values for line in value.split("\n")]
    ),
}
