"""A record: what a source gave about one publication or registry entry, kept exactly as it came."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from evergrove.model.base import Model, Text
from evergrove.model.vocabulary import Term

#: Largest raw form of one record: a registry entry with results has up to a few megabytes.
LARGEST_RAW = 20 * 1024 * 1024

RecordId = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{24}$")]
#: Text of any length a source gives: an abstract, a list of criteria.
LongText = Annotated[str, StringConstraints(strict=True, max_length=LARGEST_RAW)]


class FileFormat(Term):
    """The form in which a source gave its records."""

    RIS = "ris"
    MEDLINE = "medline"
    OVID_TEXT = "ovid-text"
    PUBMED_XML = "pubmed-xml"
    ENDNOTE_XML = "endnote-xml"
    ENDNOTE_TAGGED = "endnote-tagged"
    WEB_OF_SCIENCE = "web-of-science"
    BIBTEX = "bibtex"
    TABLE = "table"
    RAYYAN = "rayyan"
    REVMAN_RM5 = "revman-rm5"
    REVMAN_CSV = "revman-csv"
    CLINICALTRIALS_V2 = "clinicaltrials-v2"
    CLINICALTRIALS_V1 = "clinicaltrials-v1"
    CLINICALTRIALS_FIELDS = "clinicaltrials-study-fields"
    ICTRP_XML = "ictrp-xml"
    ICTRP_TABLE = "ictrp-table"
    EUROPE_PMC = "europe-pmc"
    CROSSREF = "crossref"
    OPENALEX = "openalex"
    JSON_LINES = "evergrove-jsonl"


class RecordKind(Term):
    """What a record is about."""

    ARTICLE = "article"
    PREPRINT = "preprint"
    CONFERENCE = "conference"
    REGISTRY_ENTRY = "registry-entry"
    REVIEW_STUDY = "review-study"
    BOOK = "book"
    CHAPTER = "chapter"
    THESIS = "thesis"
    REPORT = "report"
    DATASET = "dataset"
    WEB_PAGE = "web-page"
    OTHER = "other"
    UNKNOWN = "unknown"


class RecordSource(Model):
    """Where a record came from.

    Parameters
    ----------
    format : FileFormat
    file : str
        Name of the file, or the address that was asked.
    file_sha256 : str
        Of the whole file, so that the same file is known again.
    position : int
        Number of the record in the file, from 1.
    line : int, optional
        Line on which it begins, from 1, where the format has lines.
    database, platform : str, optional
        As the file or the person says: ``"Embase"`` on ``"Ovid"``.
    search : str, optional
        The saved search that found it.
    imported : datetime
    """

    format: FileFormat
    file: Text
    file_sha256: Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{64}$")]
    position: Annotated[int, Field(strict=True, ge=1)]
    line: Annotated[int, Field(strict=True, ge=1)] | None = None
    database: Text | None = None
    platform: Text | None = None
    search: Text | None = None
    imported: AwareDatetime


class Record(Model):
    """One record with its fields as far as they could be read, and its raw form.

    Parameters
    ----------
    id : str
        The first 24 hexadecimal digits of the sha256 of format and raw form: the same record of the same
        format has the same id, wherever it is read.
    kind : RecordKind
    title, abstract, journal, volume, issue, pages, publisher, language : str, optional
    authors : tuple of str
        ``"Family, Given"`` where the source separates them, else as printed; a group by its name.
    year : int, optional
        Of publication; of registration for a registry entry.
    date : str, optional
        As far as it is known: 2020, 2020-04 or 2020-04-06; as printed where it is none of these.
    doi, pmid, pmcid : str, optional
        Without prefix (``PMC`` stays), DOI in lower case.
    issn, isbn : tuple of str
    registrations : tuple of str
        Registration numbers in their registry's form (``"NCT04355728"``), found in any field.
    accessions : dict
        The source's own numbers by database: ``{"embase": "L2004000000"}``.
    keywords, types, urls : tuple of str
        Publication types are as printed.
    notes : tuple of str
    other : dict of str to tuple of str
        Everything else that the source gave, by its tag or name.
    source : RecordSource
    raw : str
        The record exactly as it came.
    """

    id: RecordId
    kind: RecordKind = RecordKind.UNKNOWN
    title: LongText | None = None
    authors: tuple[LongText, ...] = ()
    year: Annotated[int, Field(strict=True, ge=1000, le=2999)] | None = None
    date: LongText | None = None
    journal: LongText | None = None
    volume: LongText | None = None
    issue: LongText | None = None
    pages: LongText | None = None
    publisher: LongText | None = None
    language: LongText | None = None
    abstract: LongText | None = None
    doi: LongText | None = None
    pmid: LongText | None = None
    pmcid: LongText | None = None
    issn: tuple[LongText, ...] = ()
    isbn: tuple[LongText, ...] = ()
    registrations: tuple[LongText, ...] = ()
    accessions: dict[str, LongText] = Field(default_factory=dict)
    keywords: tuple[LongText, ...] = ()
    types: tuple[LongText, ...] = ()
    urls: tuple[LongText, ...] = ()
    notes: tuple[LongText, ...] = ()
    other: dict[str, tuple[LongText, ...]] = Field(default_factory=dict)
    source: RecordSource
    raw: LongText


class LeftOutRecord(Model):
    """A record of a file that could not be read.

    Parameters
    ----------
    position : int
        Number of the record in the file, from 1.
    line : int, optional
    reason : str
        What is wrong, the value found, what is allowed.
    start : str
        The first characters of its raw form, to find it again.
    """

    position: Annotated[int, Field(strict=True, ge=1)]
    line: Annotated[int, Field(strict=True, ge=1)] | None = None
    reason: LongText
    start: LongText


class ImportRun(Model):
    """One file imported: what was read, kept and left out; the counts add up.

    Parameters
    ----------
    file, file_sha256, format : str
    when : datetime
    database, platform, search : str, optional
    read : int
        Records in the file: ``added + known + len(left_out)``.
    added : int
        Records that were new to the review.
    known : int
        Records that the review held already, character for character.
    left_out : tuple of LeftOutRecord
    mapping : dict of str to str
        For tables: the field that each column was read as.
    """

    file: Text
    file_sha256: str
    format: FileFormat
    when: AwareDatetime
    database: Text | None = None
    platform: Text | None = None
    search: Text | None = None
    read: Annotated[int, Field(strict=True, ge=0)]
    added: Annotated[int, Field(strict=True, ge=0)]
    known: Annotated[int, Field(strict=True, ge=0)]
    left_out: tuple[LeftOutRecord, ...] = ()
    mapping: dict[str, str] = Field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Records that were read: new and known ones."""
        return self.added + self.known


class FoundRecords(Model):
    """How many records were found, by source, and how many were merged: the top of a PRISMA flow.

    Parameters
    ----------
    databases, registers : dict of str to int
        Records by database and by register, without those that the review held already.
    duplicates : int, optional
        Records that were merged into another's report; missing where duplicates were never looked for.
    until : date, optional
        Of the last import or search.
    """

    databases: dict[str, int] = Field(default_factory=dict)
    registers: dict[str, int] = Field(default_factory=dict)
    duplicates: Annotated[int, Field(strict=True, ge=0)] | None = None
    until: date | None = None


__all__ = [
    "FileFormat",
    "FoundRecords",
    "ImportRun",
    "LeftOutRecord",
    "Record",
    "RecordKind",
    "RecordSource",
]
