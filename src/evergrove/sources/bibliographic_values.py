"""Values that every bibliographic format holds: dates, pages, numbers of journals and books, kinds, names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evergrove.model.record import RecordKind
from evergrove.sources.draft import clean, doi_in, year_in
from evergrove.sources.rayyan_notes import holds_decisions, take_decisions
from evergrove.sources.registration_numbers import find

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evergrove.sources.draft import Draft

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_NUMERIC_DATE = re.compile(
    r"(1[5-9]\d\d|20\d\d|21\d\d)(?:[-/. ](\d{1,2})?(?:[-/. ](\d{1,2})?)?)?[/ ]*(?:\d\d:\d\d(?::\d\d)?)?"
)
_COMPACT_DATE = re.compile(r"(1[5-9]\d\d|20\d\d|21\d\d)(\d\d)(\d\d)")
_YEAR_MONTH = re.compile(r"(1[5-9]\d\d|20\d\d|21\d\d)[-/. ]*([a-z]{3,9})\.?[-/. ]*(\d{1,2})?", re.IGNORECASE)
_MONTH_YEAR = re.compile(
    r"([a-z]{3,9})\.?[-/. ]*(\d{1,2})?(?:st|nd|rd|th)?,?[-/. ]+(1[5-9]\d\d|20\d\d|21\d\d)", re.IGNORECASE
)
_NUMERIC_MONTH_YEAR = re.compile(r"(\d{1,2})[-/. ](1[5-9]\d\d|20\d\d|21\d\d)")
_DAY_MONTH_YEAR = re.compile(
    r"(\d{1,2})[-/. ]+([a-z]{3,9})\.?,?[-/. ]+(1[5-9]\d\d|20\d\d|21\d\d)", re.IGNORECASE
)
_ISSN = re.compile(r"(?<![\d-])(\d{4})-?(\d{3}[\dXx])(?![\d-])")
_ISBN = re.compile(r"(?<![\d-])(97[89](?:[- ]?\d){10}|\d(?:[- ]?\d){8}[- ]?[\dXx])(?![\d-])")
_PMID = re.compile(r"(?<![\w.])(?:PMID|PUBMED|MEDLINE)?[:\s]*0*([1-9]\d{0,7})(?![\w.]*\w)", re.IGNORECASE)
_PMCID = re.compile(r"PMC ?(\d{1,9})(?!\d)", re.IGNORECASE)
_SLUG = re.compile(r"[^a-z0-9]+")
_OVID_SEGMENT = re.compile(r"\s*[<(].*$")
_PREPRINT_SERVERS = re.compile(
    r"\b(?:med|bio|ar|chem|psy|soc|bioRN|china)rxiv\b|\bresearch square\b|\bpreprints?(?:\.org)?\b|\bssrn\b",
    re.IGNORECASE,
)
_FROM_MEDLINE = re.compile(r"medline|pubmed|\bNLM\b", re.IGNORECASE)
_PUBMED_ADDRESS = re.compile(
    r"(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/(?:\?term=)?(\d{1,8})\b"
)
#: How the numbers of some databases begin.
_PREFIXES = {"WOS:": "web-of-science", "ISI:": "web-of-science", "CN-": "cochrane", "2-s2.0-": "scopus"}
#: A publication type, in lower case, or the beginning of one -> the kind; the first that fits.
_TYPES: tuple[tuple[str, RecordKind], ...] = (
    ("trial registry record", RecordKind.REGISTRY_ENTRY),
    ("preprint", RecordKind.PREPRINT),
    ("conference", RecordKind.CONFERENCE),
    ("congress", RecordKind.CONFERENCE),
    ("meeting abstract", RecordKind.CONFERENCE),
    ("proceedings paper", RecordKind.CONFERENCE),
    ("proceeding", RecordKind.CONFERENCE),
    ("book chapter", RecordKind.CHAPTER),
    ("book section", RecordKind.CHAPTER),
    ("chapter", RecordKind.CHAPTER),
    ("academic dissertation", RecordKind.THESIS),
    ("dissertation", RecordKind.THESIS),
    ("thesis", RecordKind.THESIS),
    ("technical report", RecordKind.REPORT),
    ("dataset", RecordKind.DATASET),
)
_ARTICLES = frozenset({"article", "journal article"})


def partial_date(text: object) -> str | None:
    """Return a date as far as a text gives it: year, year and month, or day; ``None`` where it is no date.

    Examples
    --------
    >>> [partial_date(text) for text in ("2020 Jan 5", "1948/07//", "20200406", "June 14, 2006")]
    ['2020-01-05', '1948-07', '2020-04-06', '2006-06-14']
    >>> partial_date("04 2006"), partial_date("2020 Spring")
    ('2006-04', None)
    """
    value = clean(text)
    year: str
    month: str | int | None
    day: str | None
    if found := (
        _COMPACT_DATE.fullmatch(value) or _NUMERIC_DATE.fullmatch(value) or _YEAR_MONTH.fullmatch(value)
    ):
        year, month, day = found.groups()
    elif found := _MONTH_YEAR.fullmatch(value):
        month, day, year = found.groups()
    elif found := _NUMERIC_MONTH_YEAR.fullmatch(value):
        (month, year), day = found.groups(), None
    elif found := _DAY_MONTH_YEAR.fullmatch(value):
        day, month, year = found.groups()
    else:
        return None
    if month is None:
        return year
    number = int(month) if str(month).isdecimal() else _month(str(month))
    if number is None or not 1 <= number <= 12:
        return None
    if day is None:
        return f"{year}-{number:02d}"
    return f"{year}-{number:02d}-{int(day):02d}" if 1 <= int(day) <= 31 else None


_FULL_MONTHS = frozenset(
    {
        *("january", "february", "march", "april", "may", "june", "july", "august"),
        *("september", "october", "november", "december", "sept"),
    }
)


def _month(name: str) -> int | None:
    lower = name.lower()
    return _MONTHS.get(lower[:3]) if lower in _MONTHS or lower in _FULL_MONTHS else None


def set_date(draft: Draft, *texts: str) -> None:
    """Set year and date of a draft from texts, the most telling date of the first year named.

    Examples
    --------
    >>> from evergrove.sources.draft import Draft
    >>> draft = Draft(1, None, "")
    >>> set_date(draft, "2006", "JUN 14", "2007/01/01")
    >>> draft.year, draft.date
    (2006, '2006-06-14')
    """
    held = [clean(text) for text in texts if text and text.strip()]
    year = next((found for text in held if (found := year_in(text)) is not None), None)
    if year is None:
        draft.date = draft.date or (held[0] if held else None)
        return
    draft.year = year
    dates = [partial_date(text if year_in(text) is not None else f"{year} {text}") for text in held]
    told = [date for date in dates if date is not None and date.startswith(str(year))]
    draft.date = max(told, key=len) if told else held[0]


def tells_date(draft: Draft, text: str) -> bool:
    """Return whether the date of a draft tells all that a text tells of it.

    Examples
    --------
    >>> from evergrove.sources.draft import Draft
    >>> draft = Draft(1, None, "", date="2006-06-14", year=2006)
    >>> tells_date(draft, "JUN 14"), tells_date(draft, "2006"), tells_date(draft, "2007/01/01")
    (True, True, False)
    """
    date = partial_date(text if year_in(text) is not None else f"{draft.year} {text}")
    return draft.date is not None and draft.date.startswith(date or clean(text))


def page_range(start: str | None, end: str | None) -> str | None:
    """Return pages as printed: first and last joined where they stand apart.

    Examples
    --------
    >>> page_range("379", "423"), page_range("379-423", None), page_range("e12", "e12")
    ('379-423', '379-423', 'e12')
    """
    first, last = clean(start or ""), clean(end or "")
    if not first or not last or first == last or first.endswith(f"-{last}"):
        return first or last or None
    return f"{first}-{last}"


def issns_in(text: str) -> list[str]:
    """Return the ISSNs in a text, with hyphen.

    Examples
    --------
    >>> issns_in("2277-9175 (Print) 1434601x")
    ['2277-9175', '1434-601X']
    """
    return [f"{found.group(1)}-{found.group(2).upper()}" for found in _ISSN.finditer(text)]


def isbns_in(text: str) -> list[str]:
    """Return the ISBNs in a text, without hyphens.

    Examples
    --------
    >>> isbns_in("ISBN 978-3-86680-192-9")
    ['9783866801929']
    """
    return [re.sub(r"[- ]", "", found.group(1)).upper() for found in _ISBN.finditer(text)]


def add_serial_numbers(draft: Draft, name: str, texts: Iterable[str]) -> None:
    """Add the ISSNs and ISBNs in texts; a text that holds neither is kept under its name."""
    for text in texts:
        books = isbns_in(text)
        serials = [] if books else issns_in(text)
        draft.isbn += books
        draft.issn += serials
        if not books and not serials:
            draft.keep(name, clean(text))


def pmid_in(text: object) -> str | None:
    """Return a PubMed number where a text is one.

    Examples
    --------
    >>> pmid_in("PMID: 032171076"), pmid_in("32171076"), pmid_in("CN-0210"), pmid_in("PMC12")
    ('32171076', '32171076', None, None)
    """
    found = _PMID.fullmatch(clean(text))
    return found.group(1) if found else None


def pmcid_in(text: object) -> str | None:
    """Return the first PubMed Central number in a text.

    Examples
    --------
    >>> pmcid_in("NLM: PMC4513071"), pmcid_in("4513071")
    ('PMC4513071', None)
    """
    found = _PMCID.search(str(text))
    return f"PMC{found.group(1)}" if found else None


def person(name: str) -> str:
    """Return a name on one line with one space after the comma between family and given name.

    Examples
    --------
    >>> person("Shannon,Claude E."), person("Long V"), person(" Rossi ,  A ")
    ('Shannon, Claude E.', 'Long V', 'Rossi, A')
    """
    family, comma, given = clean(name).partition(",")
    if not comma:
        return family.strip()
    return f"{family.strip()}, {given.strip()}" if given.strip() else family.strip()


def database_name(text: str) -> str | None:
    """Return the name of a database without the years or the segment that follow it.

    Examples
    --------
    >>> database_name("Embase <1974 to 2020 April 03>"), database_name("Ovid MEDLINE(R) ALL")
    ('Embase', 'Ovid MEDLINE(R) ALL')
    """
    name = clean(text)
    return _OVID_SEGMENT.sub("", name.replace("(R)", "\0")).replace("\0", "(R)") or None


def slug(text: str) -> str:
    """Return a name in lower case, letters, digits and hyphens: the key of an accession number.

    Examples
    --------
    >>> slug("Web of Science"), slug("  ")
    ('web-of-science', 'unknown')
    """
    return _SLUG.sub("-", text.lower()).strip("-") or "unknown"


def add_accession(draft: Draft, name: str, value: str, database: str) -> None:
    """Add a database's own number of a record: PubMed's to its field, others by database.

    Parameters
    ----------
    draft : Draft
    name : str
        Of the tag, for what fits nowhere.
    value : str
    database : str
        As the record names it, with its provider.

    Examples
    --------
    >>> from evergrove.sources.draft import Draft
    >>> draft = Draft(1, None, "")
    >>> add_accession(draft, "AN", "WOS:000221807500019", "")
    >>> add_accession(draft, "AN", "29657938", "NLM")
    >>> draft.accessions, draft.pmid
    ({'web-of-science': 'WOS:000221807500019'}, '29657938')
    """
    if draft.pmid is None and _FROM_MEDLINE.search(database) and (found := pmid_in(value)) is not None:
        draft.pmid = found
    elif draft.pmcid is None and database.upper() == "PMC" and (found := pmcid_in(value)) is not None:
        draft.pmcid = found
    elif value:
        key = next((key for start, key in _PREFIXES.items() if value.startswith(start)), slug(database))
        if draft.accessions.setdefault(key, value) != value:
            draft.keep(name, value)


def title_without_stop(text: str) -> str:
    """Return a title without the full stop that PubMed puts behind every title.

    Examples
    --------
    >>> title_without_stop("A trial."), title_without_stop("And so on..."), title_without_stop("Why?")
    ('A trial', 'And so on...', 'Why?')
    """
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def kind_of_types(types: Iterable[str]) -> RecordKind | None:
    """Return the kind that publication types tell, or ``None`` where they name none but articles.

    Examples
    --------
    >>> kind_of_types(["Journal Article", "Preprint"]), kind_of_types(["Review"])
    (<RecordKind.PREPRINT: 'preprint'>, None)
    >>> kind_of_types(["Conference Abstract"]), kind_of_types(["Article", "Proceedings Paper"])
    (<RecordKind.CONFERENCE: 'conference'>, None)
    """
    lower = [text.lower() for text in types]
    whole = not _ARTICLES.isdisjoint(lower)  # a paper of a conference in a journal is an article too
    for name, kind in _TYPES:
        if whole and kind is RecordKind.CONFERENCE:
            continue
        if any(text.startswith(name) for text in lower):
            return kind
    return None


def complete(draft: Draft) -> Draft:
    """Fill in what other fields of a draft tell: kind, DOI of an address, registration numbers.

    Parameters
    ----------
    draft : Draft
        With the fields of the source.

    Returns
    -------
    Draft
        The same.
    """
    if any(holds_decisions(note) for note in draft.notes):
        take_decisions(draft)
    if draft.kind in _PLAIN:
        told = kind_of_types(draft.types)
        if told is not None:
            draft.kind = told
        elif _PREPRINT_SERVERS.search(f"{draft.journal or ''} {draft.publisher or ''}"):
            draft.kind = RecordKind.PREPRINT
    if draft.doi is None:
        draft.doi = next((doi_in(url) for url in draft.urls if "doi.org/" in url.lower()), None)
    if draft.pmid is None:
        draft.pmid = next((at.group(1) for url in draft.urls if (at := _PUBMED_ADDRESS.search(url))), None)
    if draft.year is None and draft.date is not None:
        draft.year = year_in(draft.date)
    draft.registrations += find(" | ".join(_texts(draft)))
    return draft


_PLAIN = frozenset({RecordKind.ARTICLE, RecordKind.UNKNOWN})
#: Fields in which the works that a record cites are named: their numbers are not the record's.
_REFERENCES = frozenset({"CR", "references", "ReferenceList"})


def _texts(draft: Draft) -> Iterator[str]:
    yield " ".join(text for text in (draft.title, draft.abstract) if text)
    for values in (draft.keywords, draft.notes, draft.urls, draft.authors, draft.accessions.values()):
        yield "\n".join(values)
    for name, values in draft.other.items():
        if name not in _REFERENCES:
            yield "\n".join(values)


__all__ = [
    "add_accession",
    "add_serial_numbers",
    "complete",
    "database_name",
    "isbns_in",
    "issns_in",
    "kind_of_types",
    "page_range",
    "partial_date",
    "person",
    "pmcid_in",
    "pmid_in",
    "set_date",
    "slug",
    "tells_date",
    "title_without_stop",
]
