"""Going through the pages of a search, one after another, so that a killed run goes on where it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, cast

from evergrove.errors import SourceError
from evergrove.model.search import Answer, Database, Walk
from evergrove.sources.search import pubmed
from evergrove.sources.search.question import AnswerError, RefusalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evergrove.model.search import SavedSearch
    from evergrove.sources.search.connection import Connection
    from evergrove.sources.search.question import Page, Question, Service
    from evergrove.sources.search.settings import Settings

MODULES = {
    Database.PUBMED: "evergrove.sources.search.pubmed",
    Database.EUROPE_PMC: "evergrove.sources.search.europe_pmc",
    Database.CLINICALTRIALS: "evergrove.sources.search.clinicaltrials",
    Database.OPENALEX: "evergrove.sources.search.openalex",
    Database.CROSSREF: "evergrove.sources.search.crossref",
}
#: A walk broken off longer ago begins anew: the database has moved on.
OLDEST = timedelta(days=2)
#: Records beyond the count at which pages are taken to go in a circle.
MOST_BEYOND = 5_000


def service_of(database: Database) -> Service:
    """Return the module of a service."""
    return cast("Service", import_module(MODULES[database]))


def first_question(search: SavedSearch, settings: Settings) -> Question:
    """Return the question with which a search begins."""
    return service_of(search.database).ask(search, settings, None)


def new_walk(search: SavedSearch, settings: Settings) -> Walk:
    """Return the walk of a search that begins now."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Walk(search=search, base=settings.addresses[search.database], started=now)


def goes_on(walk: Walk, search: SavedSearch, settings: Settings) -> bool:
    """Return whether a walk broken off is one of this search, at this address, and not too old."""
    return (
        walk.search == search
        and walk.base == settings.addresses[search.database]
        and datetime.now(UTC) - walk.started <= OLDEST
    )


def walk_pages(
    search: SavedSearch,
    connection: Connection,
    keep: Callable[[bytes], str],
    begun: Walk | None = None,
) -> Iterator[Walk]:
    """Fetch the pages of a search.

    Parameters
    ----------
    search : SavedSearch
    connection : Connection
    keep : callable
        Keeps a raw answer for good and returns its sha256.
    begun : Walk, optional
        Broken off before, and one that `goes_on`: it goes on at its next page.

    Yields
    ------
    Walk
        After each page, to be saved before the next is asked for.

    Raises
    ------
    SourceError
        Where the service does not answer as it should; the walks given so far stand.
    """
    settings = connection.settings
    walk = begun or new_walk(search, settings)
    resumed = walk.token is not None
    service = service_of(search.database)
    while not walk.complete:
        question = service.ask(search, settings, walk.token)
        try:
            body, page = connection.ask(
                question,
                service.interval(settings),
                lambda body, token=walk.token: service.look(body, search, token),  # type: ignore[misc]
            )
        except RefusalError as error:
            if (other := _other_way(walk, error, settings, resumed=resumed)) is None:
                raise _failed(walk, question, error) from None
            walk, resumed = other, False
            continue
        except AnswerError as error:
            raise _failed(walk, question, error) from None
        resumed = False
        if page.token is not None and page.token == walk.token:
            raise _failed(walk, question, AnswerError("the page leads to itself"))
        if walk.fetched > walk.expected + MOST_BEYOND:
            raise _failed(walk, question, AnswerError("it gives far more than it counts"))
        walk = _further(walk, page, Answer(sha256=keep(body), address=question.shown, records=page.records))
        yield walk


def _other_way(walk: Walk, error: RefusalError, settings: Settings, *, resumed: bool) -> Walk | None:
    """Return the walk by another way where the service has forgotten the one it was on."""
    if walk.token is None or not error.forgotten:
        return None
    if walk.search.database is Database.PUBMED:
        token = pubmed.without_history(walk.token)
        return walk.model_copy(update={"token": token}) if token is not None else None
    if resumed:
        remark = "the service no longer knew the way to the next page; the search began anew"
        return new_walk(walk.search, settings).model_copy(update={"remarks": (remark,)})
    return None


def _further(walk: Walk, page: Page, answer: Answer) -> Walk:
    remarks = [*walk.remarks, *page.remarks]
    total = walk.total
    if page.total is not None:
        if walk.answers and page.total != total:
            remarks.append(f"the count changed from {total:,} to {page.total:,} on the way")
        total = page.total
    further = walk.model_copy(
        update={
            "total": total,
            "translation": walk.translation or page.translation,
            "answers": (*walk.answers, answer),
            "token": page.token,
            "complete": page.token is None,
        }
    )
    if further.complete and further.fetched != further.expected:
        remarks.append(f"{further.fetched:,} records came where {further.expected:,} were to be expected")
    return further.model_copy(update={"remarks": tuple(dict.fromkeys(remarks))})


def _failed(walk: Walk, question: Question, error: Exception) -> SourceError:
    database = walk.search.database
    where = f"search {walk.search.id!r}: {database.label} at {question.address}"
    kept = f"{walk.fetched:,} of {walk.expected:,} records are kept" if walk.answers else "nothing came in"
    return SourceError(
        f"{where}: {error}; {kept}; run the search again: it goes on where it stopped (if this stays so, "
        "look at the query, the network and the address in the settings)"
    )
