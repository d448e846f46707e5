"""RevMan 5 reviews (.rm5): their studies with references, characteristics, data rows and risk of bias.

A review is one document of some megabytes whose parts name studies by id. It is read through once; what
belongs to a study is gathered under its id and everything else is let go.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lxml import etree

from evergrove.model.record import LARGEST_RAW, RecordKind
from evergrove.sources.bibliographic_values import (
    add_serial_numbers,
    complete,
    page_range,
    pmid_in,
    set_date,
    slug,
)
from evergrove.sources.draft import Draft, LeftOut, clean, doi_in, year_in
from evergrove.sources.revman_csv import fits_in_memory
from evergrove.sources.xml_records import parsed, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml.etree import _Element

    from evergrove.sources.opening import Opened

_DATA = frozenset({"DICH_DATA", "CONT_DATA", "IV_DATA", "IPD_DATA", "OTHER_DATA"})
_OUTCOMES = frozenset({"DICH_OUTCOME", "CONT_OUTCOME", "IV_OUTCOME", "IPD_OUTCOME", "OTHER_OUTCOME"})
_SUBGROUPS = frozenset({"DICH_SUBGROUP", "CONT_SUBGROUP", "IV_SUBGROUP", "IPD_SUBGROUP", "OTHER_SUBGROUP"})
_CHARACTERISTICS = frozenset({"INCLUDED_CHAR", "EXCLUDED_CHAR", "ONGOING_CHAR", "AWAITING_CHAR"})
_GROUPS = {
    "INCLUDED_STUDIES": "included",
    "EXCLUDED_STUDIES": "excluded",
    "AWAITING_STUDIES": "awaiting classification",
    "ONGOING_STUDIES": "ongoing",
}
_KINDS = {
    "JOURNAL_ARTICLE": RecordKind.ARTICLE,
    "CONFERENCE_PROC": RecordKind.CONFERENCE,
    "BOOK": RecordKind.BOOK,
    "BOOK_SECTION": RecordKind.CHAPTER,
    "THESIS": RecordKind.THESIS,
    "CORRESPONDENCE": RecordKind.OTHER,
    "UNPUBLISHED": RecordKind.UNKNOWN,
    "COCHRANE_REVIEW": RecordKind.ARTICLE,
    "COCHRANE_PROTOCOL": RecordKind.ARTICLE,
    "COMPUTER_PROGRAM": RecordKind.OTHER,
    "OTHER": RecordKind.OTHER,
}


@dataclass(slots=True)
class _Study:
    """What a review holds of one study."""

    id: str
    name: str
    group: str
    line: int
    raw: str
    attributes: dict[str, str]
    references: list[tuple[int, str]]
    characteristics: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)
    bias: list[tuple[str, str, str]] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)


def recognise(head: str) -> bool:
    """Return whether a file begins as RevMan 5 reviews do."""
    return "<COCHRANE_REVIEW" in head


def read(opened: Opened) -> Iterator[Draft | LeftOut]:
    """Yield, for every study of a review, the study and each of its references.

    A study is a record of its own kind with its data rows (``data row``, JSON), risk of bias and
    characteristics in `other`; its references are records that name it under ``study``. What a broken
    document held before it broke is kept.
    """
    fits_in_memory(opened)
    gathered = _Gathered()
    fault: str | None = None
    try:
        with opened.binary() as stream:
            gathered.read(stream)
    except etree.XMLSyntaxError as error:
        fault = f"not well-formed XML from here on: {error.msg}; allowed: XML; what stood before it is kept"
    position = 0
    for study in gathered.studies.values():
        position += 1
        yield _study(position, study)
        for line, raw in study.references:
            position += 1
            yield _reference(position, study, line, raw)
    if fault is not None:
        yield LeftOut(position + 1, None, fault, opened.head[:200])


class _Gathered:
    """Goes through a review once and keeps what belongs to studies."""

    def __init__(self) -> None:
        self.studies: dict[str, _Study] = {}
        self._group = ""
        self._place: dict[str, str] = {}
        self._item = ""
        #: Groups of outcomes that an item is judged for apart ("subjective outcomes"), by their ids.
        self._item_groups: dict[str, str] = {}
        self._inside = 0
        self._at_end: dict[str, Callable[[_Element], None]] = {
            "STUDY": self._study,
            "QUALITY_ITEM_DATA_ENTRY": self._bias,
            **dict.fromkeys(_DATA, self._row),
            **dict.fromkeys(_CHARACTERISTICS, self._characteristics),
        }

    def read(self, stream: object) -> None:
        """Read a document; entities stay unexpanded and nothing is fetched."""
        events = etree.iterparse(
            stream,
            events=("start", "end"),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        for event, element in events:
            if event == "start":
                self._enter(element)
            else:
                self._leave(element)

    def _enter(self, element: _Element) -> None:
        tag = element.tag
        if tag in self._at_end:
            self._inside += 1
        elif tag in _GROUPS:
            self._group = _GROUPS[tag]
        elif tag == "COMPARISON":
            self._place = {}
        elif tag in _OUTCOMES:
            self._place = {name: text for name, text in self._place.items() if name == "comparison"}
            self._place |= {
                "outcome type": tag.removesuffix("_OUTCOME").lower(),
                **_numbered(element, "outcome"),
            }
            for name in ("EFFECT_MEASURE", "METHOD", "RANDOM", "GROUP_LABEL_1", "GROUP_LABEL_2", "UNITS"):
                if element.get(name):
                    self._place[name.lower().replace("_", " ")] = element.get(name, "")
        elif tag in _SUBGROUPS:
            self._place |= _numbered(element, "subgroup")
        elif tag == "QUALITY_ITEM":
            self._item, self._item_groups = "", {}

    def _leave(self, element: _Element) -> None:
        tag = element.tag
        if not isinstance(tag, str):
            return
        parent = element.getparent()
        above = parent.tag if parent is not None else ""
        if tag == "NAME" and above == "COMPARISON":
            self._place["comparison"] = clean(text_of(element))
        elif tag == "NAME" and above in _OUTCOMES:
            self._place["outcome"] = clean(text_of(element))
        elif tag == "NAME" and above in _SUBGROUPS:
            self._place["subgroup"] = clean(text_of(element))
        elif tag == "NAME" and above == "QUALITY_ITEM":
            self._item = clean(text_of(element))
        elif tag == "NAME" and parent is not None and above == "QUALITY_ITEM_DATA_ENTRY_GROUP":
            self._item_groups[parent.get("ID", "")] = clean(text_of(element))
        elif tag in self._at_end:
            self._at_end[tag](element)
            self._inside -= 1
        if self._inside == 0:  # nothing of it is needed any more
            element.clear(keep_tail=False)
            while parent is not None and element.getprevious() is not None:
                del parent[0]

    def _keep(self, study: _Study, element: _Element) -> None:
        raw = etree.tostring(element, encoding="unicode", with_tail=False)
        study.parts.append(raw)

    def _study(self, element: _Element) -> None:
        key = element.get("ID") or f"study {len(self.studies) + 1}"
        raw = etree.tostring(element, encoding="unicode", with_tail=False)
        attributes = {str(name): str(value) for name, value in element.attrib.items()}
        name = clean(element.get("NAME") or key)
        line = element.sourceline or 1
        references = [
            (part.sourceline or 1, etree.tostring(part, encoding="unicode", with_tail=False))
            for part in element.iterfind("REFERENCE")
        ]
        study = _Study(key, name, self._group, line, raw, attributes, references)
        self.studies.setdefault(key, study)

    def _row(self, element: _Element) -> None:
        study = self.studies.get(element.get("STUDY_ID", ""))
        if study is None:
            return
        values = {str(name): str(value) for name, value in element.attrib.items()}
        note = clean(text_of(element))
        study.rows.append({**self._place, **values, **({"note": note} if note else {})})
        self._keep(study, element)

    def _bias(self, element: _Element) -> None:
        study = self.studies.get(element.get("STUDY_ID", ""))
        if study is None:
            return
        judgement = {"YES": "low", "NO": "high", "UNKNOWN": "unclear"}
        result = element.get("RESULT", "")
        group = element.get("GROUP_ID", "")
        item = f"{self._item} [{self._item_groups.get(group, group)}]" if group else self._item
        study.bias.append((item, judgement.get(result, result), clean(text_of(element))))
        self._keep(study, element)

    def _characteristics(self, element: _Element) -> None:
        study = self.studies.get(element.get("STUDY_ID", ""))
        if study is None:
            return
        for part in element:
            if isinstance(part.tag, str):
                study.characteristics[part.tag.removeprefix("CHAR_").lower()] = clean(text_of(part))
        self._keep(study, element)


def _numbered(element: _Element, name: str) -> dict[str, str]:
    number = element.get("NO")
    return {f"{name} number": number} if number else {}


def _study(position: int, study: _Study) -> Draft | LeftOut:
    raw = "\n".join([study.raw, *study.parts])
    if len(raw) > LARGEST_RAW:
        reason = f"a study of {len(raw):,} characters; allowed: at most {LARGEST_RAW:,}"
        return LeftOut(position, study.line, reason, raw)
    draft = Draft(position, study.line, raw, kind=RecordKind.REVIEW_STUDY, title=study.name)
    draft.year = year_in(study.attributes.get("YEAR", "")) or year_in(study.name)
    draft.accessions = {"revman": study.id}
    draft.keep("study group", study.group)
    for name, value in study.attributes.items():
        if name not in {"ID", "NAME", "YEAR"}:
            draft.keep(name, value)
    for name, value in study.characteristics.items():
        draft.keep(f"characteristics: {name}", value)
    draft.keep("data row", [json.dumps(row, ensure_ascii=False) for row in study.rows])
    for domain, judgement, support in study.bias:
        draft.keep(f"risk of bias: {domain}", judgement)
        draft.keep(f"risk of bias, support: {domain}", support)
    return complete(draft)


def _reference(position: int, study: _Study, line: int, raw: str) -> Draft | LeftOut:
    try:
        element = parsed(raw)
    except etree.XMLSyntaxError as error:  # an entity, which is not expanded
        return LeftOut(position, line, f"not well-formed XML: {error.msg}; allowed: XML", raw)
    if not clean(text_of(element)) and element.find(".//IDENTIFIER") is None:
        reason = f"no part of the reference of {study.name} has text; allowed: at least one"
        return LeftOut(position, line, reason, raw)
    draft = Draft(position, line, raw)
    draft.kind = _KINDS.get(element.get("TYPE", ""), RecordKind.UNKNOWN)
    texts = {str(part.tag): clean(text_of(part)) for part in element if isinstance(part.tag, str)}
    draft.authors = [name for name in (clean(part) for part in texts.pop("AU", "").split(",")) if name]
    draft.title = texts.pop("TI", None) or None
    draft.journal = texts.pop("SO", None) or None
    set_date(draft, texts.pop("YR", ""))
    draft.volume = texts.pop("VL", None) or None
    draft.issue = texts.pop("NO", None) or None
    draft.pages = page_range(texts.pop("PG", None), None)
    draft.publisher = texts.pop("PB", None) or None
    add_serial_numbers(draft, "MD", [texts.pop("MD")] if texts.get("MD") else [])
    for part in element.iter("IDENTIFIER"):
        _identifier(draft, part.get("TYPE", ""), clean(part.get("VALUE") or text_of(part)))
    texts.pop("IDENTIFIERS", None)
    for name, value in texts.items():
        draft.keep(name, value)
    draft.keep("study", study.name)
    draft.keep("study group", study.group)
    draft.keep("primary", element.get("PRIMARY", ""))
    return complete(draft)


def _identifier(draft: Draft, kind: str, value: str) -> None:
    if kind == "DOI" and draft.doi is None and (doi := doi_in(value)) is not None:
        draft.doi = doi
    elif kind in {"MEDLINE", "PUBMED"} and draft.pmid is None and pmid_in(value) is not None:
        draft.pmid = pmid_in(value)
    elif value:
        draft.accessions.setdefault(slug(kind), value)
