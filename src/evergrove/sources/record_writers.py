"""Records written in the formats of others, so that reading them again gives the same fields.

Each writer puts a field where the format has a place for it. The text is then read by the format's own
reader; a field that came back otherwise is carried along in one line of evergrove's own.
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from evergrove.model.record import RecordKind
from evergrove.sources.draft import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evergrove.model.record import Record

_RIS_KINDS = {
    RecordKind.ARTICLE: "JOUR",
    RecordKind.CONFERENCE: "CPAPER",
    RecordKind.BOOK: "BOOK",
    RecordKind.CHAPTER: "CHAP",
    RecordKind.THESIS: "THES",
    RecordKind.REPORT: "RPRT",
    RecordKind.DATASET: "DATA",
    RecordKind.WEB_PAGE: "ELEC",
}
_ENDNOTE_KINDS = {
    RecordKind.ARTICLE: ("Journal Article", 17),
    RecordKind.CONFERENCE: ("Conference Paper", 47),
    RecordKind.BOOK: ("Book", 6),
    RecordKind.CHAPTER: ("Book Section", 5),
    RecordKind.THESIS: ("Thesis", 32),
    RecordKind.REPORT: ("Report", 27),
    RecordKind.DATASET: ("Dataset", 59),
    RecordKind.WEB_PAGE: ("Web Page", 12),
}
_BIBTEX_KINDS = {
    RecordKind.ARTICLE: "article",
    RecordKind.CONFERENCE: "inproceedings",
    RecordKind.BOOK: "book",
    RecordKind.CHAPTER: "incollection",
    RecordKind.THESIS: "phdthesis",
    RecordKind.REPORT: "techreport",
}
_RANGE = re.compile(r"([\w.]+)-([\w.]+)")
#: Control characters, and those that XML does not allow.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "&": r"\&",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_LATEX_SIGNS = re.compile(r"[\\{}%&$#_~^]")
#: What LaTeX would join into one sign: two hyphens, two quotation marks, a mark before an exclamation.
_LIGATURES = re.compile(r"(?<=-)-|(?<=`)`|(?<=')'|(?<=[!?])`|(?<=,),|(?<=<)<|(?<=>)>")
WIDTH = 88


def ris(record: Record, carried: str | None) -> str:
    """Return a record as RIS."""
    first, last = _pages(record.pages)
    date = (record.date or "").replace("-", "/")
    pairs: list[tuple[str, Iterable[str | None]]] = [
        ("TI", [record.title]),
        ("AU", record.authors),
        ("PY", [str(record.year) if record.year is not None else None]),
        ("DA", [date if date != str(record.year or "") else None]),
        ("JF", [record.journal]),
        ("VL", [record.volume]),
        ("IS", [record.issue]),
        ("SP", [first]),
        ("EP", [last]),
        ("PB", [record.publisher]),
        ("LA", [record.language]),
        ("AB", [record.abstract]),
        ("DO", [record.doi]),
        ("C2", [record.pmcid]),
        ("SN", [*record.issn, *record.isbn]),
        ("KW", record.keywords),
        ("M3", record.types),
        ("UR", record.urls),
        ("N1", record.notes),
        ("DB", [record.source.database]),
        ("C8", [carried]),
        ("ID", [record.id]),
    ]
    return "\n".join([f"TY  - {_RIS_KINDS.get(record.kind, 'GEN')}", *_tagged(pairs, "{}  - {}"), "ER  - \n"])


def _tagged(pairs: Sequence[tuple[str, Iterable[str | None]]], form: str) -> list[str]:
    return [
        form.format(tag, text) for tag, values in pairs for value in values if (text := clean(value or ""))
    ]


def _pages(pages: str | None) -> tuple[str | None, str | None]:
    found = _RANGE.fullmatch(pages or "")
    return (found.group(1), found.group(2)) if found else (pages, None)


def nbib(record: Record, carried: str | None) -> str:
    """Return a record in MEDLINE's tagged form."""
    title = record.title and (f"{record.title}." if record.title[-1:].isalnum() else record.title)
    chapter = record.kind is RecordKind.CHAPTER
    book = record.kind is RecordKind.BOOK
    pairs: list[tuple[str, Iterable[str | None]]] = [
        ("DB", [record.source.database]),
        ("IS", record.issn),
        ("ISBN", record.isbn),
        ("VI", [record.volume]),
        ("IP", [record.issue]),
        ("DP", [(record.date or str(record.year or "")).replace("-", " ")]),
        ("TI", [None if book else title]),
        ("BTI", [title if book else record.journal if chapter else None]),
        ("PG", [record.pages]),
        ("LID", [f"{record.doi} [doi]" if record.doi else None]),
        ("AB", [record.abstract]),
        ("FAU", record.authors),
        ("LA", [record.language]),
        ("PT", record.types),
        ("PB", [record.publisher]),
        ("JT", [None if chapter else record.journal]),
        ("PMC", [record.pmcid]),
        ("OT", record.keywords),
        ("UR", record.urls),
        ("NT", record.notes),
        ("GN", [carried]),
        ("OID", [f"evergrove: {record.id}"]),
    ]
    lines = [f"PMID- {record.pmid or ''}".rstrip()]
    for tag, values in pairs:
        for value in values:
            if text := clean(value or ""):
                lines += _wrapped(f"{tag:<4}- {text}")
    return "\n".join(lines) + "\n"


def _wrapped(line: str) -> list[str]:
    if len(line) <= WIDTH:
        return [line]
    return textwrap.wrap(
        line, WIDTH, subsequent_indent="      ", break_long_words=False, break_on_hyphens=False
    )


def bibtex(record: Record, carried: str | None) -> str:
    """Return a record as an entry of BibTeX; its key is the record's id."""
    kind = _BIBTEX_KINDS.get(record.kind, "misc")
    within = "booktitle" if record.kind in {RecordKind.CHAPTER, RecordKind.CONFERENCE} else "journal"
    published = {RecordKind.THESIS: "school", RecordKind.REPORT: "institution"}.get(record.kind, "publisher")
    fields: list[tuple[str, str | None]] = [
        ("title", record.title),
        ("author", " and ".join(record.authors)),
        ("year", str(record.year) if record.year is not None else None),
        ("date", record.date if record.date != str(record.year or "") else None),
        (within, record.journal),
        ("volume", record.volume),
        ("number", record.issue),
        ("pages", record.pages),
        (published, record.publisher),
        ("language", record.language),
        ("abstract", record.abstract),
        ("issn", ", ".join(record.issn)),
        ("isbn", ", ".join(record.isbn)),
        ("keywords", "; ".join(record.keywords)),
        ("note", record.notes[0] if len(record.notes) == 1 else None),
    ]
    as_written: list[tuple[str, str | None]] = [
        ("doi", record.doi),
        ("pmid", record.pmid),
        ("pmcid", record.pmcid),
        ("url", " ".join(record.urls)),
        ("evergrove", carried),
    ]
    lines = [f"  {name} = {{{_latex(text)}}}" for name, value in fields if (text := clean(value or ""))]
    lines += [
        f"  {name} = {{{text}}}"
        for name, value in as_written
        if (text := clean(value or "")) and not set(text) & set("{}\\")
    ]
    return f"@{kind}{{{record.id},\n" + ",\n".join(lines) + "\n}\n"


def _latex(text: str) -> str:
    return _LIGATURES.sub(r"{}\g<0>", _LATEX_SIGNS.sub(lambda sign: _LATEX[sign.group()], text))


def endnote_xml(record: Record, carried: str | None) -> str:
    """Return a record as an element of EndNote's XML."""
    name, number = _ENDNOTE_KINDS.get(record.kind, ("Generic", 13))
    date = record.date if record.date != str(record.year or "") else None
    parts = [
        f'<foreign-keys><key app="evergrove">{record.id}</key></foreign-keys>',
        f'<ref-type name="{name}">{number}</ref-type>',
        _inside("contributors", _inside("authors", *(_element("author", text) for text in record.authors))),
        _inside("titles", _element("title", record.title), _element("secondary-title", record.journal)),
        _inside("periodical", _element("full-title", record.journal)),
        _element("pages", record.pages),
        _element("volume", record.volume),
        _element("number", record.issue),
        _inside("keywords", *(_element("keyword", text) for text in record.keywords)),
        _inside(
            "dates",
            _element("year", str(record.year) if record.year is not None else None),
            _inside("pub-dates", _element("date", date)),
        ),
        _element("publisher", record.publisher),
        _element("isbn", "\r".join([*record.issn, *record.isbn])),
        _element("work-type", "\r".join(record.types)),
        _element("abstract", record.abstract),
        _element("notes", "\r".join(record.notes)),
        _inside("urls", _inside("related-urls", *(_element("url", text) for text in record.urls))),
        _element("custom2", record.pmcid),
        _element("custom7", carried),
        _element("electronic-resource-num", record.doi),
        _element("remote-database-name", record.source.database),
        _element("language", record.language),
    ]
    return "<record>" + "".join(part for part in parts if part) + "</record>"


def _element(name: str, value: str | None) -> str:
    text = _FORBIDDEN.sub("", value or "").strip()
    if not text:
        return ""
    return f"<{name}><style>{escape(text, {chr(13): '&#xD;'})}</style></{name}>"


def _inside(name: str, *parts: str) -> str:
    inner = "".join(parts)
    return f"<{name}>{inner}</{name}>" if inner else ""


#: Columns of a table, each read again as the field of its name.
COLUMNS = (
    "id",
    "kind",
    "title",
    "authors",
    "year",
    "date",
    "journal",
    "volume",
    "issue",
    "pages",
    "publisher",
    "language",
    "abstract",
    "doi",
    "pmid",
    "pmcid",
    "issn",
    "isbn",
    "registrations",
    "keywords",
    "types",
    "urls",
    "notes",
    "database",
    "evergrove",
)


def table_row(record: Record, carried: str | None) -> list[str]:
    """Return a record as the cells of a row; several values in a cell are divided by semicolons."""
    cells = []
    for column in COLUMNS:
        value = {"database": record.source.database, "evergrove": carried, "kind": record.kind.value}.get(
            column, getattr(record, column, None)
        )
        cells.append(
            "; ".join(value) if isinstance(value, tuple) else clean(value if value is not None else "")
        )
    return cells
