"""Crossref: works ranked by likeness to the query, pages by cursor, up to the search's limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.model.search import Database
from evergrove.sources.search.question import Page, Question, held, parsed, whole_date

if TYPE_CHECKING:
    from evergrove.model.search import SavedSearch
    from evergrove.sources.search.question import Token
    from evergrove.sources.search.settings import Settings

PAGE = 100


def interval(settings: Settings) -> float:
    """Return the seconds between two questions: three lists a second with a mail address, one without."""
    return 0.34 if settings.mailto else 1.0


def ask(search: SavedSearch, settings: Settings, token: Token | None) -> Question:
    """Return the question for a page."""
    limit = search.limit or PAGE
    parameters = {
        "query.bibliographic": search.query,
        "rows": str(min(PAGE, limit - (token["had"] if token else 0))),
        "cursor": token["cursor"] if token else "*",
    }
    if search.from_date:
        parameters["filter"] = f"from-pub-date:{whole_date(search.from_date)}"
    if settings.mailto:
        parameters["mailto"] = settings.mailto
    return Question(f"{settings.addresses[Database.CROSSREF]}/works", parameters)


def look(body: bytes, search: SavedSearch, token: Token | None) -> Page:
    """Look at a page."""
    message = held(parsed(body), dict, "message")
    records = len(held(message, list, "items"))
    had = records + (token["had"] if token else 0)
    following = message.get("next-cursor")
    more = records > 0 and bool(following) and had < (search.limit or PAGE)
    token = {"cursor": held(following, str), "had": had} if more else None
    return Page(held(message, int, "total-results"), records, token)
