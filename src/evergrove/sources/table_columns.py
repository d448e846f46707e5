"""The columns of tables: which field each known name is, and the mapping that a person can change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Where a column goes that has no field of its own: kept under its name.
OTHER = "other"
#: Fields that a column can be read as.
FIELDS = (
    "kind",
    "title",
    "authors",
    "year",
    "month",
    "day",
    "date",
    "journal",
    "volume",
    "issue",
    "pages",
    "start_page",
    "end_page",
    "publisher",
    "language",
    "abstract",
    "doi",
    "pmid",
    "pmcid",
    "issn",
    "isbn",
    "registrations",
    "accession",
    "keywords",
    "types",
    "urls",
    "notes",
    "database",
    OTHER,
)
_NAMES: dict[str, str] = {
    "title": "title, article title, primary title, document title, titles, ti, t1, study title",
    "authors": "authors, author, author s, author full names, first authors, author names, au, af, creator,"
    " creators",
    "year": "year, publication year, published year, pubyear, pub year, py, year of publication, date year",
    "month": "month, published month",
    "day": "day",
    "date": "date, publication date, pd, date of publication, dp, issued",
    "journal": "journal, journal book, source title, publication title, journal title, so, full journal name,"
    " secondary title, journal name, publication name, container title, publication, jo, jt, t2, jf,"
    " booktitle",
    "volume": "volume, vol, vl, vi",
    "issue": "issue, number, is, ip, issue number",
    "pages": "pages, page, page range, page numbers, pagination, pg, art no",
    "start_page": "start page, page start, sp, bp, first page",
    "end_page": "end page, page end, ep, last page",
    "publisher": "publisher, pu, pb",
    "language": "language, languages, language of original document, la, lang",
    "abstract": "abstract, abstract note, abstracts, ab, notes abstract, n2",
    "doi": "doi, do, di, article doi, digital object identifier, doi number",
    "pmid": "pmid, pubmed id, pubmedid, pm, medline pmid, pubmed identifier",
    "pmcid": "pmcid, pmc id, pmc",
    "issn": "issn, eissn, issns, sn, ei, print issn, electronic issn, issn isbn, isbn issn",
    "isbn": "isbn, isbns, bn",
    "registrations": "registration, registrations, registration number, trial registration, nct number,"
    " nct id, trial id, clinical trial number, clinical trial numbers",
    "accession": "accession number, eid, ut, ut unique wos id, accession, embase accession id, pui, an",
    "keywords": "keywords, keyword, author keywords, index keywords, keywords plus, kw, de, mesh terms,"
    " manual tags, automatic tags, emtree drug index terms, emtree medical index terms",
    "types": "type, document type, publication type, item type, reference type, type of reference,"
    " dt, type of work, entrytype, ref type",
    "urls": "url, urls, link, links, ur, full text url, article url, embase link, file url",
    "notes": "notes, note, n1",
    "database": "database, source database, name of database, db",
    "kind": "kind",
}
_KNOWN = {name.strip(): field for field, names in _NAMES.items() for name in names.split(",")}
_RANK = {name: rank for rank, name in enumerate(_KNOWN)}
_WORDS = re.compile(r"[^a-z0-9]+")
#: A table is one of records where one of these is among its columns.
_TELLING = frozenset({"title", "abstract", "doi", "pmid", "registrations"})


def guessed(columns: Sequence[str]) -> dict[str, str]:
    """Return the field of each column by its name; `other` where the name is not known.

    Examples
    --------
    >>> guessed(["Article Title", "Author(s)", "Cited by"])
    {'Article Title': 'title', 'Author(s)': 'authors', 'Cited by': 'other'}
    """
    return {column: _KNOWN.get(_plain(column), OTHER) for column in columns}


def columns_of(columns: Sequence[str]) -> dict[str, list[str]]:
    """Return the columns that hold each field, the best name first.

    Examples
    --------
    >>> columns_of(["T2", "Title", "Journal"])
    {'journal': ['Journal', 'T2'], 'title': ['Title']}
    """
    found: dict[str, list[str]] = {}
    for column in sorted(columns, key=lambda name: _RANK.get(_plain(name), 0)):
        field = _KNOWN.get(_plain(column))
        if field is not None:
            found.setdefault(field, []).append(column)
    return dict(sorted(found.items()))


def _plain(column: str) -> str:
    return _WORDS.sub(" ", column.lower()).strip()


def tells_records(columns: Sequence[str]) -> bool:
    """Return whether columns are those of a table of records."""
    return len(columns) > 1 and bool(_TELLING & set(guessed(columns).values()))


def mapped(columns: Sequence[str], given: Mapping[str, str] | None) -> dict[str, str]:
    """Return the field of each column: as a person says, else as guessed.

    Parameters
    ----------
    columns : sequence of str
        Of the file.
    given : mapping of str to str or None
        What the person says of some of them.

    Returns
    -------
    dict of str to str

    Raises
    ------
    UsageError
        For a column that the file does not have, or a field that there is not.

    Examples
    --------
    >>> mapped(["Nr", "Heading"], {"Heading": "title"})
    {'Nr': 'other', 'Heading': 'title'}
    """
    for column, field in (given or {}).items():
        if column not in columns:
            allowed = ", ".join(columns) or "a table"
            raise UsageError(
                f"--map {column}={field}: the file has no column {column!r}; allowed: {allowed}; "
                "write it as in the file"
            )
        if field not in FIELDS:
            raise UsageError(
                f"--map {column}={field}: found {field!r}; allowed: {', '.join(FIELDS)}; choose one of these"
            )
    return {**guessed(columns), **(given or {})}
