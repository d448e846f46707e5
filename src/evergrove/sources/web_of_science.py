"""The tagged form of Web of Science (.ciw, ISI): two letters, a space, the value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.bibliographic_values import (
    add_serial_numbers,
    complete,
    page_range,
    person,
    pmid_in,
    set_date,
    slug,
    tells_date,
)
from evergrove.sources.draft import Draft, LeftOut, clean, doi_in
from evergrove.sources.rispy_fields import Fields, wok_fields
from evergrove.sources.tagged_lines import Chunk, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evergrove.sources.opening import Opened

_TAG = re.compile(r"([A-Z][A-Z0-9])(?: |$)")
_KINDS = {
    "J": RecordKind.ARTICLE,
    "B": RecordKind.BOOK,
    "S": RecordKind.CHAPTER,
    "C": RecordKind.CONFERENCE,
    "P": RecordKind.OTHER,
}
_DATABASES = {"WOS": "Web of Science", "ISI": "Web of Science", "MEDLINE": "MEDLINE", "INSPEC": "Inspec"}


class _Cut:
    """A record begins with PT and ends with ER."""

    @staticmethod
    def begins(line: str, *, after_blank: bool, current: list[str]) -> bool:  # noqa: ARG004 - one cutter's form
        tag = _tag(line)
        return tag == "PT" or (tag is not None and not current and tag not in {"FN", "VR", "ER", "EF"})

    @staticmethod
    def ends(line: str) -> bool:
        return _tag(line) == "ER"


def _tag(line: str) -> str | None:
    found = _TAG.match(line)
    return found.group(1) if found else None


def recognise(head: str) -> bool:
    """Return whether a file begins as exports of Web of Science do."""
    lines = [line for line in head.lstrip("\ufeff").splitlines()[:60] if line.strip()]
    tags = [_tag(line) for line in lines]
    if not tags or tags[0] not in {"FN", "PT"}:
        return False
    return "PT" in tags and bool({"AU", "TI", "SO", "UT", "DT"} & set(tags))


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield the records of a file.

    Tags without a field of their own are kept in `other`.
    """
    for chunk in records_of(opened, _Cut()):
        yield chunk if isinstance(chunk, LeftOut) else _draft(chunk)


def _draft(chunk: Chunk) -> Draft | LeftOut:
    fields = wok_fields(chunk.lines)
    kind = clean(" ".join(fields.pop("PT", [])))
    if not any(value for values in fields.values() for value in values):
        return LeftOut(chunk.position, chunk.line, "no tag but PT has text; allowed: at least one", chunk.raw)
    draft = Draft(chunk.position, chunk.line, chunk.raw, database=chunk.database)
    draft.kind = _KINDS.get(kind.upper(), RecordKind.UNKNOWN)
    if kind and kind not in _KINDS:
        draft.keep("PT", kind)
    _authors(draft, fields)
    dates = {tag: _texts(fields.pop(tag, [])) for tag in ("PY", "PD")}
    set_date(draft, *dates["PY"], *dates["PD"])
    for tag, texts in dates.items():
        draft.keep(tag, [text for text in texts if not tells_date(draft, text)])
    first, last, printed = (" ".join(_texts(fields.pop(tag, []))) for tag in ("BP", "EP", "PS"))
    draft.pages = page_range(first, last) or printed or None
    draft.keep("PS", printed if printed != draft.pages else [])
    for tag in [tag for tag in _READ if tag in fields]:
        _READ[tag](draft, fields.pop(tag))
    for tag, values in fields.items():
        lines = [line for value in values for line in value.split("\n")]
        draft.keep(tag, lines if tag in _LISTS else clean(" ".join(lines)))
    return complete(draft)


def _texts(values: list[str]) -> list[str]:
    return [text for value in values if (text := clean(value))]


def _authors(draft: Draft, fields: Fields) -> None:
    """Take full names where there are as many of them as short ones; then the groups."""
    full, short, groups = (
        [
            name
            for value in fields.pop(tag, [])
            for part in re.split(r"\n|; ", value)
            if (name := person(part))
        ]
        for tag in ("AF", "AU", "CA")
    )
    draft.authors = (full if len(full) >= len(short) else short) + groups


def _single(name: str, tag: str) -> Callable[[Draft, list[str]], None]:
    def put(draft: Draft, values: list[str]) -> None:
        texts = _texts(values)
        if texts and getattr(draft, name) is None:
            setattr(draft, name, texts.pop(0))
        draft.keep(tag, texts)

    return put


def _listed(name: str) -> Callable[[Draft, list[str]], None]:
    """Return what adds the parts of a value, which semicolons divide."""

    def put(draft: Draft, values: list[str]) -> None:
        for value in values:
            parts = re.split(r";\s+", value.replace("\n", " "))
            getattr(draft, name).extend(text for part in parts if (text := clean(part)))

    return put


def _doi(draft: Draft, values: list[str]) -> None:
    draft.doi = doi_in(values[0])
    draft.keep("DI", values if draft.doi is None else values[1:])


def _pmid(draft: Draft, values: list[str]) -> None:
    draft.pmid = pmid_in(values[0])
    draft.keep("PM", values if draft.pmid is None else values[1:])


def _accession(draft: Draft, values: list[str]) -> None:
    for value in _texts(values):
        prefix = value.partition(":")[0].upper()
        draft.database = draft.database or _DATABASES.get(prefix)
        draft.accessions.setdefault(slug(_DATABASES.get(prefix, prefix)), value)
        if prefix == "MEDLINE" and draft.pmid is None:
            draft.pmid = pmid_in(value)


#: Tags with a value a line.
_LISTS = frozenset({"CR", "C1", "RI", "OI", "BE", "ED", "GP", "BA", "BF"})
#: tag -> what reads its values; the order is that of preference where two set the same field
_READ: dict[str, Callable[[Draft, list[str]], None]] = {
    "TI": _single("title", "TI"),
    "SO": _single("journal", "SO"),
    "VL": _single("volume", "VL"),
    "IS": _single("issue", "IS"),
    "AR": _single("pages", "AR"),
    "PU": _single("publisher", "PU"),
    "LA": _single("language", "LA"),
    "AB": _single("abstract", "AB"),
    "DT": _listed("types"),
    "DE": _listed("keywords"),
    "ID": _listed("keywords"),
    "DI": _doi,
    "PM": _pmid,
    "UT": _accession,
    "SN": lambda draft, values: add_serial_numbers(draft, "SN", values),
    "EI": lambda draft, values: add_serial_numbers(draft, "EI", values),
    "BN": lambda draft, values: add_serial_numbers(draft, "BN", re.split(r"[;\n]", "\n".join(values))),
}
