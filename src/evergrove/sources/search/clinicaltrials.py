"""ClinicalTrials.gov, version 2: pages by ``pageToken``; the count comes with the first page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.model.search import Database
from evergrove.sources.search.question import Page, Question, held, parsed, whole_date

if TYPE_CHECKING:
    from evergrove.model.search import SavedSearch
    from evergrove.sources.search.question import Token
    from evergrove.sources.search.settings import Settings

#: Entries with results have megabytes each.
PAGE = 100


def interval(settings: Settings) -> float:  # noqa: ARG001 - the same for all
    """Return the seconds between two questions: fifty a minute, for the service names no number."""
    return 1.2


def ask(search: SavedSearch, settings: Settings, token: Token | None) -> Question:
    """Return the question for a page; the query is in the language of the site's expert search."""
    parameters = {
        "format": "json",
        "query.term": search.query,
        "pageSize": str(PAGE),
        "countTotal": "true",
    }
    if search.from_date:
        parameters["filter.advanced"] = f"AREA[StudyFirstPostDate]RANGE[{whole_date(search.from_date)},MAX]"
    if token:
        parameters["pageToken"] = token["page"]
    return Question(f"{settings.addresses[Database.CLINICALTRIALS]}/studies", parameters)


def look(body: bytes, search: SavedSearch, token: Token | None) -> Page:  # noqa: ARG001 - see Service
    """Look at a page."""
    answer = parsed(body)
    records = len(held(answer, list, "studies"))
    total = held(answer, int, "totalCount") if token is None or "totalCount" in answer else None
    following = answer.get("nextPageToken")
    return Page(total, records, {"page": held(following, str)} if following else None)
