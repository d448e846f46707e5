"""BibTeX, an entry at a time: bibtexparser reads each, so a broken one is left out alone."""

from __future__ import annotations

import logging
import re
from functools import cache
from typing import TYPE_CHECKING

from evergrove.model.record import LARGEST_RAW, RecordKind
from evergrove.sources.bibliographic_values import (
    add_serial_numbers,
    complete,
    page_range,
    person,
    pmcid_in,
    pmid_in,
    set_date,
)
from evergrove.sources.carried_fields import restored
from evergrove.sources.draft import Draft, LeftOut, clean, doi_in
from evergrove.sources.tagged_lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pylatexenc.latex2text import LatexNodes2Text

    from evergrove.sources.opening import Opened

#: bibtexparser logs what it cannot read; here it is listed as left out.
logging.getLogger("bibtexparser").addHandler(logging.NullHandler())
KINDS: dict[str, RecordKind] = {
    "article": RecordKind.ARTICLE,
    "review": RecordKind.ARTICLE,
    "preprint": RecordKind.PREPRINT,
    "inproceedings": RecordKind.CONFERENCE,
    "conference": RecordKind.CONFERENCE,
    "proceedings": RecordKind.CONFERENCE,
    "book": RecordKind.BOOK,
    "booklet": RecordKind.BOOK,
    "inbook": RecordKind.CHAPTER,
    "incollection": RecordKind.CHAPTER,
    "phdthesis": RecordKind.THESIS,
    "mastersthesis": RecordKind.THESIS,
    "thesis": RecordKind.THESIS,
    "techreport": RecordKind.REPORT,
    "report": RecordKind.REPORT,
    "dataset": RecordKind.DATASET,
    "online": RecordKind.WEB_PAGE,
    "misc": RecordKind.UNKNOWN,
    "unpublished": RecordKind.UNKNOWN,
}
#: The field in which an export of evergrove carries what BibTeX has no place for.
CARRIED = "evergrove"
_BEGIN = re.compile(r"\s*@\s*([A-Za-z]+)\s*[{(]")
_NO_KEY = re.compile(r"(@\s*[A-Za-z]+\s*[{(]\s*)(?=[A-Za-z][\w-]*\s*=)")
#: What makes a text one of LaTeX's.
_LATEX = re.compile(r"[\\{~]|--|``|''")
_PART = re.compile(r'(#|\{[^{}]*\}|"[^"]*"|[^\s#"{}]+)\s*')
_BARE = re.compile(r"(?<!\\)([%&#_^~$])")
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_SPLIT = re.compile(r"\s*[;,]\s*")
#: A longer text is left as it is: the time of decoding grows faster than its length.
LONGEST_LATEX = 20_000
#: Fields in which a backslash, a brace or a per cent sign may be meant as it is.
_AS_WRITTEN = frozenset({"doi", "url", "eprint", "pmid", "pmcid", CARRIED})


def recognise(head: str) -> bool:
    """Return whether a file begins with entries of BibTeX."""
    for line in head.lstrip("\ufeff").splitlines():
        if _BEGIN.match(line) is not None:
            return True
        if line.strip() and not line.lstrip().startswith(("%", "#")):
            return False
    return False


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the entries of a file.

    Fields without a place of their own are kept in `other`.
    """
    strings: dict[str, str] = {}
    position = 0
    with opened.text() as stream:
        for line, kind, raw in _blocks(lines_of(stream)):
            if kind in {"comment", "preamble"}:
                continue
            if kind == "string":
                strings.update(_strings(raw))
                continue
            position += 1
            yield _read(position, line, raw, strings)


def _blocks(lines: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    """Yield line, type and text of every block; it ends where the next begins at the start of a line."""
    held: list[str] = []
    begun, kind, size = 0, "", 0
    for number, line in enumerate(lines, start=1):
        text = line.lstrip("\ufeff") if number == 1 else line
        found = _BEGIN.match(text)
        if found is not None:
            if held:
                yield begun, kind, "\n".join(held).rstrip()
            held, begun, kind, size = [text], number, found.group(1).lower(), len(text)
        elif held:
            size += len(text) + 1
            if size <= LARGEST_RAW:
                held.append(text)
    if held:
        yield begun, kind, "\n".join(held).rstrip()


def _strings(raw: str) -> dict[str, str]:
    from bibtexparser.entrypoint import parse_string  # noqa: PLC0415 - slow to load, needed for BibTeX only

    return {name.lower(): str(string.value) for name, string in parse_string(raw).strings_dict.items()}


def _read(position: int, line: int, raw: str, strings: Mapping[str, str]) -> Draft | LeftOut:
    from bibtexparser.entrypoint import parse_string  # noqa: PLC0415 - slow to load, needed for BibTeX only
    from bibtexparser.middlewares import RemoveEnclosingMiddleware  # noqa: PLC0415
    from bibtexparser.model import DuplicateFieldKeyBlock, Entry  # noqa: PLC0415

    text = raw.lstrip()
    if (headless := _NO_KEY.match(text)) is not None:
        text = f"{headless.group(1)}no-key,{text[headless.end() :]}"
    library = parse_string(text, parse_stack=[])
    failed = library.failed_blocks[0] if library.failed_blocks else None
    entries = list(library.entries)
    if isinstance(failed, DuplicateFieldKeyBlock) and isinstance(failed.ignore_error_block, Entry):
        entries.append(failed.ignore_error_block)
    if not entries:
        reason = clean(getattr(getattr(failed, "error", None), "abort_reason", None) or "no entry in it")[
            :300
        ]
        return LeftOut(
            position, line, f"not readable as BibTeX: {reason}; allowed: @type{{key, name = {{value}}}}", raw
        )
    entry = entries[0]
    if not entry.fields:
        return LeftOut(position, line, f"the entry {entry.key!r} has no fields; allowed: at least one", raw)
    whole = RemoveEnclosingMiddleware(allow_inplace_modification=True)
    fields: dict[str, str] = {}
    repeated: list[tuple[str, str]] = []
    for field in entry.fields:
        field.value = _joined(str(field.value), strings)
    whole.transform_entry(entry, library)
    for field in entry.fields:
        name = field.key.lower()
        text = str(field.value)
        text = text if name in _AS_WRITTEN else decoded(text)
        if fields.setdefault(name, text) != text:
            repeated.append((name, text))
    return _draft(Draft(position, line, raw), entry.entry_type.lower(), entry.key, fields, repeated)


def _joined(value: str, strings: Mapping[str, str]) -> str:
    """Return a value with its abbreviations written out: ``jan # " 5"``."""
    text = value.strip()
    if text[:1] == "{" or (text[:1] == '"' and "#" not in text):
        return value
    parts: list[str] = []
    at, joined = 0, True
    while at < len(text):
        found = _PART.match(text, at)
        if found is None or joined == (found.group(1) == "#"):
            return value
        joined = found.group(1) == "#"
        if not joined:
            part = found.group(1)
            parts.append(part[1:-1] if part[0] in '{"' else strings.get(part.lower(), part))
        at = found.end()
    return "{" + "".join(parts) + "}"


def decoded(text: str) -> str:
    r"""Return LaTeX as plain text: accents, escaped signs, braces.

    Examples
    --------
    >>> decoded(r"M{\"u}ller {\&} S\o{}n, 50\% of {COVID}"), decoded("5 % & more_of a~b")
    ('Müller & Søn, 50% of COVID', '5 % & more_of a b')
    """
    if len(text) > LONGEST_LATEX or _LATEX.search(text) is None:
        return text
    plain = _BARE.sub(_escaped, text)
    try:
        return str(_latex().latex_to_text(plain))
    except (ValueError, KeyError, IndexError, AttributeError, RecursionError):
        return text


def _escaped(found: re.Match[str]) -> str:
    """Return a sign that stands bare as the sign itself, where LaTeX would take it for a command."""
    return {"~": " ", "^": r"\^{}"}.get(found.group(), f"\\{found.group()}")


@cache
def _latex() -> LatexNodes2Text:
    from pylatexenc.latex2text import LatexNodes2Text  # noqa: PLC0415 - slow to load, needed for BibTeX only

    return LatexNodes2Text(math_mode="verbatim", keep_braced_groups=False)


def _draft(
    draft: Draft, kind: str, key: str, fields: dict[str, str], repeated: list[tuple[str, str]]
) -> Draft:
    draft.kind = KINDS.get(kind, RecordKind.OTHER)
    if draft.kind in {RecordKind.UNKNOWN, RecordKind.OTHER}:
        draft.keep("entry type", kind)
    draft.keep("key", key)
    carried = fields.pop(CARRIED, None)
    year, month, day = (fields.pop(name, "") for name in ("year", "month", "day"))
    date = fields.pop("date", "")
    told = " ".join(part for part in (year, _month(month), day) if part) if month else ""
    set_date(draft, *(text for text in (date, told, year) if text))
    number = fields.pop("issue", None) or fields.pop("number", None)
    draft.issue = clean(number) if number else None
    for name in [name for name in _READ if name in fields]:
        _READ[name](draft, fields.pop(name))
    for name, value in repeated:
        if name in _MAY_REPEAT:
            _READ[name](draft, value)
        else:
            draft.keep(name, clean(value))
    for name, value in fields.items():
        draft.keep(name, clean(value))
    return restored(complete(draft), CARRIED, [carried] if carried else [])


def _month(text: str) -> str:
    return f"{int(text):02d}" if text.isdecimal() and 1 <= int(text) <= 12 else text


def _people(draft: Draft, value: str) -> None:
    draft.authors += [name for part in _AND.split(clean(value)) if (name := person(part))]


def _single(name: str) -> Callable[[Draft, str], None]:
    def put(draft: Draft, value: str) -> None:
        text = clean(value)
        if text and getattr(draft, name) is None:
            setattr(draft, name, text)
        elif text != getattr(draft, name):
            draft.keep(name, text)

    return put


def _pages(draft: Draft, value: str) -> None:
    draft.pages = page_range(re.sub(r"\s*(?:-{2,3}|[\u2013\u2014])\s*", "-", clean(value)), None)


def _keywords(draft: Draft, value: str) -> None:
    divided = value.split(";") if ";" in value else value.split(",")
    draft.keywords += [text for part in divided if (text := clean(part))]


def _doi(draft: Draft, value: str) -> None:
    draft.doi = doi_in(value.replace("\\_", "_").replace("\\", ""))
    if draft.doi is None:
        draft.keep("doi", clean(value))


def _pmid(draft: Draft, value: str) -> None:
    draft.pmid = draft.pmid or pmid_in(value)


def _pmcid(draft: Draft, value: str) -> None:
    draft.pmcid = draft.pmcid or pmcid_in(value if value.upper().startswith("PMC") else f"PMC{value}")


def _url(draft: Draft, value: str) -> None:
    parts = re.split(r"[;\s]+(?=https?://)", clean(value))
    draft.urls += [re.sub(r"\\([_%&#~])", r"\1", part) for part in parts if part]


def _note(draft: Draft, value: str) -> None:
    if text := clean(value):
        draft.notes.append(text)


#: field -> what reads it; the order is that of preference where two set the same field
_READ: dict[str, Callable[[Draft, str], None]] = {
    "author": _people,
    "title": _single("title"),
    "journal": _single("journal"),
    "journaltitle": _single("journal"),
    "booktitle": _single("journal"),
    "volume": _single("volume"),
    "pages": _pages,
    "publisher": _single("publisher"),
    "school": _single("publisher"),
    "institution": _single("publisher"),
    "language": _single("language"),
    "langid": _single("language"),
    "abstract": _single("abstract"),
    "keywords": _keywords,
    "keyword": _keywords,
    "doi": _doi,
    "pmid": _pmid,
    "pubmed_id": _pmid,
    "pmcid": _pmcid,
    "pmc": _pmcid,
    "url": _url,
    "note": _note,
    "annote": _note,
    "issn": lambda draft, value: add_serial_numbers(draft, "issn", _SPLIT.split(clean(value))),
    "isbn": lambda draft, value: add_serial_numbers(draft, "isbn", _SPLIT.split(clean(value))),
}
#: Fields of which a second one is one more; the second of another field is kept in `other`.
_MAY_REPEAT = frozenset({"keywords", "keyword", "url", "note", "annote", "issn", "isbn"})
