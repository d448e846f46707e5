"""PubMed by the E-utilities: one ``esearch`` into the history, then ``efetch`` by pieces in XML.

The history is forgotten after some hours; then the pieces are asked for by their numbers, which ``esearch``
gave too.
"""

from __future__ import annotations

import io
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
    if token is None:
        parameters |= {"term": search.query, "usehistory": "y", "retmax": str(MOST), "retmode": "json"}
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
    if token is None:
        return _found(body)
    ids, start = token["ids"], token["start"]
    expected = len(ids[start : start + PAGE])
    records = _articles(body)
    if not records:
        raise RefusalError("the answer holds no record", forgotten=True)
    ends = start + PAGE >= len(ids)
    remarks: tuple[str, ...] = ()
    if records != expected:
        remarks = (f"{records} records came where {expected} were asked for (from number {start + 1})",)
    return Page(None, records, None if ends else token | {"start": start + PAGE}, remarks=remarks)


def without_history(token: Token) -> Token | None:
    """Return the token by numbers in place of the history, or ``None`` where it is so already."""
    return token | {"history": None} if token.get("history") else None


def _found(body: bytes) -> Page:
    answer = parsed(body)
    if "error" in answer:
        raise AnswerError(f"it says: {answer['error']!r:.200}")
    result = held(answer, dict, "esearchresult")
    if "ERROR" in result:
        raise RefusalError(f"it says: {result['ERROR']!r:.200}")
    total, ids = held(result, str, "count"), held(result, list, "idlist")
    if not total.isascii() or not total.isdigit():
        raise AnswerError(f"count: found {total!r:.40}; allowed: a number")
    if int(total) > MOST:
        raise RefusalError(
            f"it found {int(total):,} records and gives {MOST:,} at most by this way; narrow the search, or "
            "split it into several"
        )
    if len(ids) != int(total) or not all(isinstance(one, str) and one.isdigit() for one in ids):
        raise AnswerError(f"{len(ids)} numbers came for {total} records")
    token: Token = {"ids": ids, "start": 0, "history": None}
    if result.get("webenv") and result.get("querykey"):
        token["history"] = [str(result["webenv"]), str(result["querykey"])]
    translation = result.get("querytranslation")
    return Page(
        int(total),
        0,
        token if ids else None,
        translation if isinstance(translation, str) else None,
        tuple(_warnings(result)),
    )


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
