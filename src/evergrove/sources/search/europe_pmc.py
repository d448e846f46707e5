"""Europe PMC: pages by ``cursorMark``, a thousand at most; the last page gives its own mark back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.model.search import Database
from evergrove.sources.search.question import Page, Question, RefusalError, held, parsed, whole_date

if TYPE_CHECKING:
    from evergrove.model.search import SavedSearch
    from evergrove.sources.search.question import Token
    from evergrove.sources.search.settings import Settings

PAGE = 500


def interval(settings: Settings) -> float:  # noqa: ARG001 - the same for all
    """Return the seconds between two questions: five a second, half of what is borne."""
    return 0.2


def ask(search: SavedSearch, settings: Settings, token: Token | None) -> Question:
    """Return the question for a page."""
    query = search.query
    if search.from_date:
        query = f"({query}) AND (FIRST_PDATE:[{whole_date(search.from_date)} TO 3000-12-31])"
    parameters = {
        "query": query,
        "resultType": "core",
        "format": "json",
        "pageSize": str(PAGE),
        "cursorMark": token["mark"] if token else "*",
    }
    if settings.mailto:
        parameters["email"] = settings.mailto
    return Question(f"{settings.addresses[Database.EUROPE_PMC]}/search", parameters)


def look(body: bytes, search: SavedSearch, token: Token | None) -> Page:  # noqa: ARG001 - see Service
    """Look at a page."""
    answer = parsed(body)
    if "errMsg" in answer:
        raise RefusalError(f"it says: {answer['errMsg']!r:.200}")
    records = len(held(answer, list, "resultList", "result"))
    following = answer.get("nextCursorMark")
    ends = not records or not following or following == (token["mark"] if token else "*")
    request = answer.get("request")
    understood = request.get("queryString") if isinstance(request, dict) else None
    return Page(
        held(answer, int, "hitCount"),
        records,
        None if ends else {"mark": following},
        understood if isinstance(understood, str) else None,
    )
