"""OpenAlex: pages by cursor with a key; without one by number, up to 10,000 works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.model.search import Database
from evergrove.sources.search.question import Page, Question, RefusalError, held, parsed, whole_date

if TYPE_CHECKING:
    from evergrove.model.search import SavedSearch
    from evergrove.sources.search.question import Token
    from evergrove.sources.search.settings import Settings

PAGE = 100
#: Works that the service gives by page number, without a key.
MOST_BY_NUMBER = 10_000


def interval(settings: Settings) -> float:  # noqa: ARG001 - the same for all
    """Return the seconds between two questions: ten a second are allowed."""
    return 0.1


def ask(search: SavedSearch, settings: Settings, token: Token | None) -> Question:
    """Return the question for a page; titles and abstracts are searched."""
    filters = [f"title_and_abstract.search:{search.query}"]
    if search.from_date:
        filters.append(f"from_publication_date:{whole_date(search.from_date)}")
    parameters = {"filter": ",".join(filters), "per_page": str(PAGE)}
    key = settings.keys.get(Database.OPENALEX)
    if token and "number" in token:
        parameters["page"] = str(token["number"])
    elif token:
        parameters["cursor"] = token["cursor"]
    else:
        parameters |= {"cursor": "*"} if key else {"page": "1"}
    if key:
        parameters["api_key"] = key
    return Question(f"{settings.addresses[Database.OPENALEX]}/works", parameters)


def look(body: bytes, search: SavedSearch, token: Token | None) -> Page:  # noqa: ARG001 - see Service
    """Look at a page."""
    answer = parsed(body)
    records = len(held(answer, list, "results"))
    meta = held(answer, dict, "meta")
    total = held(meta, int, "count")
    if "next_cursor" in meta:
        following = meta["next_cursor"]
        more = bool(following) and records > 0
        return Page(total, records, {"cursor": held(following, str)} if more else None)
    if total > MOST_BY_NUMBER:
        raise RefusalError(
            f"it found {total:,} works and gives {MOST_BY_NUMBER:,} at most without a key; "
            "set EVERGROVE_OPENALEX_KEY (free at openalex.org), or narrow the search"
        )
    number = token["number"] if token else 1
    had = records + (token["had"] if token else 0)
    ends = not records or had >= total
    return Page(total, records, None if ends else {"number": number + 1, "had": had})
