"""The reports of a review as RIS, for reference managers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import rispy

from evergrove.model.vocabulary import ReportKind

if TYPE_CHECKING:
    from evergrove.model import Report, Review, Study

_TYPES = {
    ReportKind.ARTICLE: "JOUR",
    ReportKind.PREPRINT: "UNPB",
    ReportKind.REGISTRY_RECORD: "DBASE",
    ReportKind.ABSTRACT: "ABST",
}
#: "Kart Yasar K": family name, then initials.
_FAMILY_INITIALS = re.compile(r"(?P<family>.+) (?P<initials>[A-Z]{1,4})")
#: "835-840", "e391–e399".
_PAGES = re.compile(r"(?P<first>[A-Za-z]*\d+[A-Za-z]*)\s*[-–]\s*(?P<last>[A-Za-z]*\d+[A-Za-z]*)")
_AND_OTHERS = frozenset({"et al", "et al.", "and others"})


def studies_ris(review: Review) -> str:
    """Return all reports of all studies as RIS.

    Parameters
    ----------
    review : Review

    Returns
    -------
    str
        In the order of the studies. The DOI stands in DO; the PMID in AN with DB PubMed; the PMCID in C2; the
        study in N1. What was not seen is left out.
    """
    entries = [_entry(study, report) for study in review.studies for report in study.reports]
    return str(rispy.dumps(entries, implementation=_Writer))


class _Writer(rispy.RisWriter):  # type: ignore[misc] # rispy has no types
    """Writes records without rispy's running numbers between them, which are no part of the format."""

    def set_header(self, count: int) -> str:  # noqa: ARG002 - the signature is rispy's
        return ""


def _entry(study: Study, report: Report) -> dict[str, str | list[str]]:
    """Return the tags of one report, those without a value left out."""
    first, last = _pages(report.pages)
    tags: dict[str, str | list[str] | None] = {
        "type_of_reference": _TYPES[report.kind],
        "id": report.id,
        "title": _line(report.title),
        "authors": [_author(name) for name in report.authors if name.lower() not in _AND_OTHERS],
        "journal_name": _line(report.journal),
        "year": str(report.year) if report.year is not None else None,
        "volume": report.volume,
        "number": report.issue,
        "start_page": first,
        "end_page": last,
        "doi": report.doi,
        "accession_number": report.pmid,
        "name_of_database": "PubMed" if report.pmid is not None else None,
        "custom2": report.pmcid,
        "urls": [report.url] if report.url is not None and report.url.startswith("http") else [],
        "notes": [
            _line(f"Study: {study.name}") or "",
            *(f"Registration: {_line(number)}" for number in study.registrations),
        ],
    }
    return {name: value for name, value in tags.items() if value}


def _line(text: str | None) -> str | None:
    """Return a text on one line: a line break would start another tag."""
    return " ".join(text.split()) if text is not None else None


def _author(name: str) -> str:
    """Return a name as RIS writes it, the family name before a comma; groups stay as they are.

    >>> _author("Kart Yasar K"), _author("STROMA-CoV-2 Collaborative Group")
    ('Kart Yasar, K', 'STROMA-CoV-2 Collaborative Group')
    """
    plain = " ".join(name.split())
    found = _FAMILY_INITIALS.fullmatch(plain)
    return f"{found['family']}, {found['initials']}" if found is not None and "," not in plain else plain


def _pages(pages: str | None) -> tuple[str | None, str | None]:
    """Return first and last page; an article number is a first page."""
    if pages is None:
        return None, None
    found = _PAGES.fullmatch(pages.strip())
    return (found["first"], found["last"]) if found is not None else (_line(pages), None)
