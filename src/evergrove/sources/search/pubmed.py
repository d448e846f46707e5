"""PubMed by the E-utilities: one ``esearch`` into the history, then ``efetch`` by pieces in XML.

The history is forgotten after some hours; then the pieces are asked for by their numbers, which ``esearch``
gave too. ``esearch`` gives 9,999 numbers at most: a larger search is cut by the day on which records came
into PubMed, until each slice has fewer.
"""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import TYPE_CHECKING

from evergrove.model.search import Database
from evergrove.sources.search.question import (
    AnswerError,
    Page,
    Question,
    RefusalError,
    held,
    parsed,
    whole_date,
)

if TYPE_CHECKING:
    from evergrove.model.search import SavedSearch
    from evergrove.sources.search.question import Token
    from evergrove.sources.search.settings import Settings

PAGE = 200
#: Numbers that `esearch` gives for PubMed, whatever is asked.
MOST = 9_999
#: Characters of a question that still goes in an address.
LONGEST_ADDRESS = 1500
_RECORDS = ("PubmedArticle", "PubmedBookArticle")
#: Every record has a day on which it came into PubMed (EDAT), or that of its publication if it is older.
FIRST_DAY, LAST_DAY = date(1700, 1, 1), date(3000, 12, 31)
#: Where a search that is too large is cut first; the rest is halved where it needs to be.
_CUTS = (1990, 2000, 2005, 2010, 2015, 2020, 2023, 2026, 2030)


def interval(settings: Settings) -> float:
    """Return the seconds between two questions: three a second, ten with a key."""
    return 0.1 if Database.PUBMED in settings.keys else 0.34


def ask(search: SavedSearch, settings: Settings, token: Token | None) -> Question:
    """Return the search, or the question for a piece of what it found."""
    base = settings.addresses[Database.PUBMED]
    parameters = {"db": "pubmed", "tool": "evergrove"}
    if settings.mailto:
        parameters["email"] = settings.mailto
    if Database.PUBMED in settings.keys:
        parameters["api_key"] = settings.keys[Database.PUBMED]
    if token is None or "ids" not in token:
        term = search.query if token is None else f"({search.query}) AND {_days_in_words(token['slices'][0])}"
        parameters |= {"term": term, "usehistory": "y", "retmax": str(MOST), "retmode": "json"}
        if search.from_date:
            first = whole_date(search.from_date).replace("-", "/")
            parameters |= {"datetype": "pdat", "mindate": first, "maxdate": "3000"}
        return _question(f"{base}/esearch.fcgi", parameters)
    start = token["start"]
    if token.get("history"):
        environment, key = token["history"]
        parameters |= {"WebEnv": environment, "query_key": key, "retstart": str(start), "retmax": str(PAGE)}
    else:
        parameters["id"] = ",".join(token["ids"][start : start + PAGE])
    return _question(f"{base}/efetch.fcgi", parameters | {"rettype": "xml", "retmode": "xml"})


def _question(address: str, parameters: dict[str, str]) -> Question:
    """Return a question; a long one goes as a form, as the service asks."""
    return Question(address, parameters, as_form=sum(map(len, parameters.values())) > LONGEST_ADDRESS)


def look(body: bytes, search: SavedSearch, token: Token | None) -> Page:  # noqa: ARG001 - see Service
    """Look at the answer to the search, or at a piece."""
    if token is None or "ids" not in token:
        return _found(body, token)
    ids, start = token["ids"], token["start"]
    expected = len(ids[start : start + PAGE])
    records = _articles(body)
    if not records:
        raise RefusalError("the answer holds no record", forgotten=True)
    following = (
        _after(token.get("slices", [])) if start + PAGE >= len(ids) else token | {"start": start + PAGE}
    )
    remarks: tuple[str, ...] = ()
    if records != expected:
        remarks = (f"{records} records came where {expected} were asked for (from number {start + 1})",)
    return Page(None, records, following, remarks=remarks)


def without_history(token: Token) -> Token | None:
    """Return the token by numbers in place of the history, or ``None`` where it is so already."""
    return token | {"history": None} if token.get("history") else None


def _after(slices: list[list[str]]) -> Token | None:
    """Return what leads to the first of the slices that are left, or ``None`` where none is."""
    return {"slices": slices} if slices else None


def _days_in_words(days: list[str]) -> str:
    first, last = (day.replace("-", "/") for day in days)
    return f'("{first}"[EDAT] : "{last}"[EDAT])'


def _whole_span() -> list[list[str]]:
    """Return the slices with which a search that is too large begins."""
    starts = [FIRST_DAY, *(date(year, 1, 1) for year in _CUTS)]
    ends = [*(start - timedelta(days=1) for start in starts[1:]), LAST_DAY]
    return [[start.isoformat(), end.isoformat()] for start, end in zip(starts, ends, strict=True)]


def _halves(days: list[str], total: int) -> list[list[str]]:
    """Return a slice in two."""
    first, last = (date.fromisoformat(day) for day in days)
    if first == last:
        raise RefusalError(
            f"it found {total:,} records that came into PubMed on {first}, and gives {MOST:,} at most for a "
            "day; narrow the search, or split it into several"
        )
    middle = first + (last - first) // 2
    return [
        [first.isoformat(), middle.isoformat()],
        [(middle + timedelta(days=1)).isoformat(), last.isoformat()],
    ]


def _found(body: bytes, token: Token | None) -> Page:
    answer = parsed(body)
    if "error" in answer:
        raise AnswerError(f"it says: {answer['error']!r:.200}")
    result = held(answer, dict, "esearchresult")
    if "ERROR" in result:
        raise RefusalError(f"it says: {result['ERROR']!r:.200}")
    total, ids = held(result, str, "count"), held(result, list, "idlist")
    if not total.isascii() or not total.isdigit():
        raise AnswerError(f"count: found {total!r:.40}; allowed: a number")
    translation = result.get("querytranslation")
    said = (translation if isinstance(translation, str) else None, tuple(_warnings(result)))
    # the first answer counts the whole search, those for its slices only themselves
    whole, slices = (int(total), []) if token is None else (None, token["slices"])
    if int(total) > MOST:
        smaller = _whole_span() if token is None else [*_halves(slices[0], int(total)), *slices[1:]]
        return Page(whole, 0, {"slices": smaller}, *said)
    if len(ids) != int(total) or not all(isinstance(one, str) and one.isdigit() for one in ids):
        raise AnswerError(f"{len(ids)} numbers came for {total} records")
    if not ids:
        return Page(whole, 0, _after(slices[1:]), *said)
    pieces: Token = {"ids": ids, "start": 0, "history": None, "slices": slices[1:]}
    if result.get("webenv") and result.get("querykey"):
        pieces["history"] = [str(result["webenv"]), str(result["querykey"])]
    return Page(whole, 0, pieces, *said)


def _warnings(result: dict[str, object]) -> list[str]:
    """Return what PubMed says it did not find or left out: an information specialist must see it."""
    said = []
    for name in ("errorlist", "warninglist"):
        lists = result.get(name)
        for kind, values in lists.items() if isinstance(lists, dict) else ():
            if isinstance(values, list):
                said += [f"{kind}: {value}" for value in values]
    return said


def _articles(body: bytes) -> int:
    """Count the records of a piece; nothing outside it is loaded."""
    from lxml import etree  # noqa: PLC0415 - heavy

    count, root = 0, None
    try:
        events = etree.iterparse(
            io.BytesIO(body), events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False
        )
        for event, element in events:
            if root is None:
                root = element
            if event == "end" and element.getparent() is root:
                count += element.tag in _RECORDS
                element.clear()
    except etree.XMLSyntaxError as error:
        raise AnswerError(f"not readable as XML: {error}") from None
    if root is None or root.tag not in {"PubmedArticleSet", "eFetchResult"}:
        raise AnswerError(f"found <{root.tag if root is not None else ''}>; allowed: <PubmedArticleSet>")
    return count
