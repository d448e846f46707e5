"""EndNote's reference types, which its tagged form and its XML share."""

from __future__ import annotations

from evergrove.model.record import RecordKind

#: EndNote's name of a reference type, in lower case -> the kind
KINDS: dict[str, RecordKind] = {
    "aggregated database": RecordKind.DATASET,
    "blog": RecordKind.WEB_PAGE,
    "book": RecordKind.BOOK,
    "book section": RecordKind.CHAPTER,
    "conference": RecordKind.CONFERENCE,
    "conference paper": RecordKind.CONFERENCE,
    "conference proceedings": RecordKind.CONFERENCE,
    "dataset": RecordKind.DATASET,
    "edited book": RecordKind.BOOK,
    "electronic article": RecordKind.ARTICLE,
    "electronic book": RecordKind.BOOK,
    "electronic book section": RecordKind.CHAPTER,
    "generic": RecordKind.UNKNOWN,
    "government document": RecordKind.REPORT,
    "journal": RecordKind.ARTICLE,
    "journal article": RecordKind.ARTICLE,
    "magazine article": RecordKind.ARTICLE,
    "online database": RecordKind.DATASET,
    "preprint": RecordKind.PREPRINT,
    "report": RecordKind.REPORT,
    "serial": RecordKind.ARTICLE,
    "thesis": RecordKind.THESIS,
    "unpublished work": RecordKind.UNKNOWN,
    "web page": RecordKind.WEB_PAGE,
}


def kind_of(name: str) -> tuple[RecordKind, bool]:
    """Return the kind of a reference type, and whether the kind says all of it.

    Examples
    --------
    >>> kind_of("Journal Article")
    (<RecordKind.ARTICLE: 'article'>, True)
    >>> kind_of("Patent")
    (<RecordKind.OTHER: 'other'>, False)
    """
    lower = name.strip().lower()
    kind = KINDS.get(lower, RecordKind.OTHER if lower else RecordKind.UNKNOWN)
    return kind, lower in KINDS and kind is not RecordKind.UNKNOWN
