"""Searches: the saved ones of a review, and what each run of one found, as PRISMA-S asks for it."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from evergrove.model.base import Count, Label, Model, PartialDate, Slug, Text, fault, first_twice
from evergrove.model.record import FileFormat, LongText
from evergrove.model.vocabulary import Term

Sha256 = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9a-f]{64}$")]
Query = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=20_000, pattern=r"\S")]


class Database(Term):
    """A database that evergrove can search by itself."""

    PUBMED = "pubmed"
    EUROPE_PMC = "europe-pmc"
    CLINICALTRIALS = "clinicaltrials-gov"
    OPENALEX = "openalex"
    CROSSREF = "crossref"

    @property
    def label(self) -> str:
        """The database's own name."""
        return _FACTS[self][0]

    @property
    def platform(self) -> str:
        """The interface by which it is searched."""
        return _FACTS[self][1]

    @property
    def form(self) -> FileFormat:
        """The format of its answers."""
        return _FACTS[self][2]


_FACTS = {
    Database.PUBMED: ("PubMed", "NCBI E-utilities", FileFormat.PUBMED_XML),
    Database.EUROPE_PMC: ("Europe PMC", "Europe PMC RESTful web service", FileFormat.EUROPE_PMC),
    Database.CLINICALTRIALS: (
        "ClinicalTrials.gov",
        "ClinicalTrials.gov API version 2",
        FileFormat.CLINICALTRIALS_V2,
    ),
    Database.OPENALEX: ("OpenAlex", "OpenAlex API", FileFormat.OPENALEX),
    Database.CROSSREF: ("Crossref", "Crossref REST API", FileFormat.CROSSREF),
}


class SavedSearch(Model):
    """A search of a review's protocol.

    Parameters
    ----------
    id : str
        Lower case, digits, hyphens: ``"pubmed"``.
    database : Database
    query : str
        In the database's own language, sent exactly so.
    from_date : str, optional
        Only what was published (ClinicalTrials.gov: first posted) on or after this date.
    limit : int, optional
        At most so many records, those that the service ranks highest. Crossref has no Boolean operators and
        ranks millions of works, so there it must be given; elsewhere a search is taken whole.
    notes : str, optional
        Why it is written so; who wrote and who checked it.
    """

    id: Slug
    database: Database
    query: Query
    from_date: PartialDate | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    notes: Text | None = None

    @model_validator(mode="after")
    def _fits_its_database(self) -> Self:
        if self.database is Database.CROSSREF and self.limit is None:
            raise fault("a Crossref search ranks, it does not end", "a limit, such as 200", ("limit",))
        if self.database is not Database.CROSSREF and self.limit is not None:
            raise fault("a limit would leave records out unseen", "no limit, except for crossref", ("limit",))
        if self.database is Database.OPENALEX and set(self.query) & {",", "|"}:
            raise fault(
                "a comma or a bar ends an OpenAlex filter", "AND, OR, NOT and quotation marks", ("query",)
            )
        return self


class SavedSearches(Model):
    """The content of ``searches.yaml``."""

    searches: tuple[SavedSearch, ...] = ()

    @model_validator(mode="after")
    def _ids_stand_once(self) -> Self:
        if (index := first_twice([search.id for search in self.searches])) is not None:
            raise fault("the id stands twice", "an id of its own", ("searches", index, "id"))
        return self


class SearchRun(Model):
    """One run of a saved search: what PRISMA-S asks to report, and where the answers are.

    Parameters
    ----------
    search : str
        Id of the saved search.
    database, platform : str
        ``"PubMed"`` by ``"NCBI E-utilities"``.
    address : str
        The first question as it was sent, without keys.
    query : str
        Exactly as written in the review.
    from_date, limit : str, int, optional
    translation : str, optional
        How the service says that it understood the query.
    started, ended : datetime
    count : int
        Records that the service says it found.
    fetched : int
        Records in the answers: ``added + changed + known + left_out``.
    added, changed, known, left_out : int
        New to the review; known by its number, with other content than before; known; not readable (listed in
        ``imports.jsonl``).
    complete : bool
        Whether every page came in.
    stopped : str, optional
        Why it ended early.
    remarks : tuple of str
        What the service warned of, and whether its count changed on the way.
    answers : tuple of str
        sha256 of each raw answer in ``records/answers/``.
    software : str
    """

    search: Slug
    database: Label
    platform: Label
    address: LongText
    query: Query
    from_date: PartialDate | None = None
    limit: int | None = None
    translation: LongText | None = None
    started: AwareDatetime
    ended: AwareDatetime
    count: Count
    fetched: Count
    added: Count
    changed: Count
    known: Count
    left_out: Count
    complete: bool
    stopped: LongText | None = None
    remarks: tuple[LongText, ...] = ()
    answers: tuple[Sha256, ...] = ()
    software: Label


class Answer(Model):
    """A raw answer of a service, as it lies in ``records/answers/``.

    Parameters
    ----------
    sha256 : str
        Of the answer, uncompressed.
    address : str
        What was asked, without keys.
    records : int
    """

    sha256: Sha256
    address: LongText
    records: Count


class Walk(Model):
    """A search on its way through its pages: what is kept so that a killed run goes on where it was.

    Parameters
    ----------
    search : SavedSearch
    base : str
        Address of the service.
    started : datetime
    total, translation, remarks : int, str, tuple of str
        As the service said so far.
    answers : tuple of Answer
    token : dict, optional
        Leads to the next page.
    complete : bool
    """

    search: SavedSearch
    base: LongText
    started: AwareDatetime
    total: Count = 0
    translation: LongText | None = None
    remarks: tuple[LongText, ...] = ()
    answers: tuple[Answer, ...] = ()
    token: dict[str, Any] | None = None
    complete: bool = False

    @property
    def fetched(self) -> int:
        """Records in the answers so far."""
        return sum(answer.records for answer in self.answers)

    @property
    def expected(self) -> int:
        """Records that are to come in all."""
        return min(self.total, self.search.limit or self.total)


__all__ = ["Answer", "Database", "SavedSearch", "SavedSearches", "SearchRun", "Walk"]
