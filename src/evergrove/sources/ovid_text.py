"""Ovid's citations as running text: the name of a field on a line, its text indented below."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.bibliographic_values import (
    add_accession,
    add_serial_numbers,
    complete,
    database_name,
    person,
    pmid_in,
    set_date,
    title_without_stop,
)
from evergrove.sources.draft import Draft, LeftOut, clean, doi_in, year_in
from evergrove.sources.tagged_lines import Chunk, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evergrove.sources.opening import Opened

_NUMBER = re.compile(r"\ufeff?\s*<[0-9]{1,7}>\s*")
_LABEL = re.compile(r"\ufeff?([A-Z][A-Za-z0-9/&,()' -]{1,60})\s*")
#: Names of fields by which the form is known; a file has most of them.
_USUAL = frozenset(
    {
        *("Abstract", "Accession Number", "Author", "Authors", "Database", "Digital Object Identifier"),
        *("DOI Number", "Document Type", "Institution", "ISSN", "Language", "Publication Type", "Source"),
        *("Status", "Title", "Unique Identifier", "Year of Publication"),
    }
)
#: "Title.[Article]": the kind of publication behind a title.
_TYPE_OF_TITLE = re.compile(r"(.*[.?!])\s*\[([^\[\]]{1,60})\]")
#: "Journal.   28(2):103-106, April 2015."
_COLON = re.compile(
    r"(?P<journal>.+?)\.\s+(?P<volume>[^\s(:,.]+)?\s*(?:\((?P<issue>[^()]*)\))?:(?P<pages>[^,:]+),\s*(?P<date>[^,:]*)"
)
#: "Journal. Vol 28(2) April 2015, 103-106."
_VOL = re.compile(
    r"(?P<journal>.+?)\.\s+Vol\.?\s*(?P<volume>[^\s(]+)\s*(?:\((?P<issue>[^()]*)\))?,?\s+(?P<date>[^,:]*),"
    r"\s*(?P<pages>[\w-]+)"
)
#: "Journal. 10 (5) (pp 660-673), 2021. Date of Publication: May 2021."
_PP = re.compile(
    r"(?P<journal>.+?)\.\s+(?P<volume>[^\s(:,.]+)\s*(?:\((?P<issue>[^()]*)\))?\s*"
    r"\((?:pp\.? (?P<pages>[^()]*)|no pagination)\),\s*(?P<date>[12][0-9]{3})\b.*"
)
#: "Journal.", of what is published ahead of print.
_JOURNAL_ONLY = re.compile(r"(?P<journal>[^.:()0-9]+)")
#: A source longer than this has none of these forms.
_LONGEST_SOURCE = 500
#: A word behind a name that marks an institution: "1", "(1,2)", "*".
_MARK = re.compile(r"\(?[0-9]{1,3}(?:,[0-9]{1,3}){0,20}\)?|[*+#^]+")
_DEGREE = re.compile(
    r"M\.?D|Ph\.?D|R\.?N|FAAN|M\.?Sc|B\.?Sc|M\.?S|M\.?A|M\.?P\.?H|D\.?Phil|M\.?B\.?B\.?S|MBChB|FRCPC?|FRCS"
)
_EDITOR = re.compile(r"\s*\[Ed(?:itor|s)?\.?\]$", re.IGNORECASE)

#: name of a field -> its lines
Fields = dict[str, list[str]]


class _Cut:
    """A record begins with its number in angle brackets, or with the field that the first one began with."""

    @staticmethod
    def begins(line: str, *, after_blank: bool, current: list[str]) -> bool:
        if _NUMBER.fullmatch(line) is not None:
            return True
        name = _label(line)
        if not current:
            return name in _USUAL or name == "Score"
        return after_blank and name is not None and name == _label(current[0])

    @staticmethod
    def ends(line: str) -> bool:  # noqa: ARG004 - the next beginning is the end
        return False


def _label(line: str) -> str | None:
    found = _LABEL.fullmatch(line)
    return found.group(1).strip() if found is not None else None


def recognise(head: str) -> bool:
    """Return whether a file has the usual names of fields on lines of their own, with text indented below."""
    lines = [line for line in head.splitlines()[:400] if line.strip()]
    usual = [
        name for line, below in pairwise(lines) if below[0].isspace() and (name := _label(line)) in _USUAL
    ]
    numbered = any(_NUMBER.fullmatch(line) for line in lines)
    return len(set(usual)) >= (2 if numbered else 4)


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the records of a file.

    Fields without a place of their own are kept in `other`.
    """
    for chunk in records_of(opened, _Cut()):
        yield chunk if isinstance(chunk, LeftOut) else _draft(chunk)


def _draft(chunk: Chunk) -> Draft | LeftOut:
    fields = _fields(chunk.lines)
    if not any(fields.values()):
        return LeftOut(chunk.position, chunk.line, "no field has text; allowed: at least one", chunk.raw)
    draft = Draft(chunk.position, chunk.line, chunk.raw, database=chunk.database)
    if names := fields.pop("Database", []):
        draft.database = database_name(names[0]) or draft.database
    _titles(draft, fields)
    _dates(draft, fields)
    for name in [name for name in fields if name in _READ]:
        _READ[name](draft, fields.pop(name))
    for name, lines in fields.items():
        draft.keep("references" if name == "References" else name, lines)
    if draft.kind is RecordKind.UNKNOWN:
        draft.kind = _KINDS.get(draft.types[0].lower(), draft.kind) if draft.types else draft.kind
    return complete(draft)


def _fields(lines: list[str]) -> Fields:
    """Return the lines of each field; a line at the margin that is no name goes on with the field before."""
    fields: Fields = {}
    name = ""
    for line in lines:
        if _NUMBER.fullmatch(line) is not None:
            continue
        if (label := _label(line)) is not None:
            name = label
            fields.setdefault(name, [])
        elif text := clean(line.lstrip("\ufeff")):
            fields.setdefault(name or "before the first field", []).append(text if text != "-" else "")
    return {name: [text for text in texts if text] for name, texts in fields.items()}


def _titles(draft: Draft, fields: Fields) -> None:
    title, chapter = (_one(fields, name) for name in ("Title", "Chapter Title"))
    if chapter is not None:
        draft.kind, draft.title, draft.journal = RecordKind.CHAPTER, title_without_stop(chapter), title
        return
    found = _TYPE_OF_TITLE.fullmatch(title or "")
    if found is not None:
        title = found.group(1)
        draft.types.append(found.group(2))
    draft.title = title_without_stop(title or "") or None


def _one(fields: Fields, name: str) -> str | None:
    return " ".join(fields.pop(name, [])) or None


def _dates(draft: Draft, fields: Fields) -> None:
    """Take where and when a record appeared; the source as printed stays in `other`."""
    dates = [_one(fields, name) or "" for name in ("Year of Publication", "Publication Year", "Year")]
    source = _one(fields, "Source")
    if source is not None:
        draft.keep("Source", source)
        text = source.rstrip(". ")
        forms = (_PP, _VOL, _COLON, _JOURNAL_ONLY) if len(text) <= _LONGEST_SOURCE else ()
        found = next((hit for form in forms if (hit := form.fullmatch(text))), None)
        for name, value in (found.groupdict() if found is not None else {}).items():
            if name == "date":
                dates.append(value)
            elif getattr(draft, name) is None:
                setattr(draft, name, clean(value or "") or None)
        years = set(re.findall(r"(?<![0-9])(?:1[5-9]|2[01])[0-9]{2}(?![0-9])", source))
        if found is None and len(years) == 1:
            dates += years
    set_date(draft, *(date for date in dates if year_in(date) is not None))


def _people(draft: Draft, lines: list[str]) -> None:
    for line in lines:
        for part in line.split(";"):
            name = _bare_name(part)
            if name.endswith("]") and _EDITOR.search(name):
                draft.keep("Editor", person(_EDITOR.sub("", name)))
            elif name:
                draft.authors.append(person(name))


def _bare_name(printed: str) -> str:
    """Return a name without marks of institutions and degrees.

    Degrees are taken off only behind a given name: "Khan MD" and "Smith, MA" are initials.
    """
    words = clean(printed).split(" ")
    while words and _MARK.fullmatch(words[-1]):
        words.pop()
    if not words:
        return ""
    words[-1] = words[-1].rstrip("*+#^")
    degrees = 0
    while degrees < len(words) and _DEGREE.fullmatch(words[-1 - degrees].strip(".,")):
        degrees += 1
    family, comma, given = " ".join(words[: len(words) - degrees]).partition(",")
    if not family:  # nothing but degrees, which Ovid divides as it does authors
        return ""
    if comma and any(word[:1].isupper() and word[1:].strip(".,") for word in given.split()):
        return f"{family}{comma}{given}".rstrip(", ")
    return " ".join(words)


def _keywords(draft: Draft, lines: list[str]) -> None:
    words = [word for line in lines for word in line.split(";")]
    draft.keywords += [title_without_stop(text) for word in words if (text := clean(word))]


def _types(draft: Draft, lines: list[str]) -> None:
    draft.types += [title_without_stop(line) for line in lines]


def _doi(draft: Draft, lines: list[str]) -> None:
    for line in lines:
        found = doi_in(line)
        if found is not None and draft.doi in {None, found}:
            draft.doi = found
        else:
            draft.keep("DOI Number", line)


def _accession(draft: Draft, lines: list[str]) -> None:
    for line in lines:
        add_accession(draft, "Accession Number", line.rstrip("."), draft.database or "Ovid")


def _pmid(draft: Draft, lines: list[str]) -> None:
    found = pmid_in(lines[0].rstrip(".")) if lines else None
    draft.pmid = draft.pmid or found
    draft.keep("PubMed ID", lines if found is None else lines[1:])


def _text(field: str) -> Callable[[Draft, list[str]], None]:
    def put(draft: Draft, lines: list[str]) -> None:
        setattr(draft, field, " ".join(lines) or None)

    return put


def _serials(name: str) -> Callable[[Draft, list[str]], None]:
    return lambda draft, lines: add_serial_numbers(draft, name, lines)


_KINDS = {
    "article": RecordKind.ARTICLE,
    "journal": RecordKind.ARTICLE,
    "journal article": RecordKind.ARTICLE,
    "original article": RecordKind.ARTICLE,
    "review": RecordKind.ARTICLE,
    "book": RecordKind.BOOK,
}
#: name of a field -> what reads its lines
_READ: dict[str, Callable[[Draft, list[str]], None]] = {
    "Author": _people,
    "Authors": _people,
    "Abstract": _text("abstract"),
    "Publisher": _text("publisher"),
    "Language": lambda draft, lines: setattr(draft, "language", title_without_stop(" ".join(lines)) or None),
    **dict.fromkeys(
        ("Author Keywords", "Keywords", "Key Words", "Keyword Heading", "MeSH Subject Headings"), _keywords
    ),
    **dict.fromkeys(("Publication Type", "Document Type"), _types),
    **dict.fromkeys(("DOI Number", "DOI", "Digital Object Identifier"), _doi),
    **dict.fromkeys(("Accession Number", "Unique Identifier"), _accession),
    **dict.fromkeys(("PMID", "PubMed ID"), _pmid),
    "ISSN": _serials("ISSN"),
    "ISBN": _serials("ISBN"),
    "Link to the Ovid Full Text or citation": lambda draft, lines: draft.urls.extend(lines),
}
