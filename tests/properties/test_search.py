"""Whatever a service sends, it is a page, a stumble or a refusal; never anything else."""

import json
from contextlib import suppress

from hypothesis import example, given, settings
from hypothesis import strategies as st

from evergrove.model.search import Database, SavedSearch
from evergrove.sources.search import clinicaltrials, crossref, europe_pmc, openalex, pubmed
from evergrove.sources.search.connection import Limiter, seconds_of
from evergrove.sources.search.question import AnswerError, Page, RefusalError

SERVICES = (pubmed, europe_pmc, clinicaltrials, openalex, crossref)
SEARCH = SavedSearch(id="s", database=Database.CROSSREF, query="cells", limit=5)
NAMES = st.sampled_from(
    [
        *("esearchresult", "count", "idlist", "webenv", "querykey", "errorlist", "ERROR", "error"),
        *("hitCount", "nextCursorMark", "resultList", "result", "request", "queryString", "errMsg"),
        *("studies", "totalCount", "nextPageToken", "meta", "next_cursor", "results"),
        *("message", "total-results", "items", "next-cursor"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**7) | st.floats() | st.sampled_from(["", "3", "²", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
ANSWERS = st.dictionaries(NAMES, VALUES, max_size=5).map(lambda held: json.dumps(held).encode())


@settings(max_examples=300)
@given(ANSWERS | st.binary(max_size=60), st.sampled_from(SERVICES))
@example(b'{"esearchresult": {"count": "\xc2\xb2", "idlist": []}}', pubmed)
def test_the_first_answer_is_a_page_a_stumble_or_a_refusal(body, service):
    with suppress(AnswerError, RefusalError):
        page = service.look(body, SEARCH, None)
        assert isinstance(page, Page)
        assert page.total >= 0
        assert json.loads(json.dumps(page.token)) == page.token


@given(
    st.lists(
        st.sampled_from(
            ["<a>", "</a>", "<PubmedArticleSet>", "<PubmedArticle/>", "&x;", "</PubmedArticleSet>"]
        )
    )
)
def test_a_piece_of_pubmed_is_a_page_a_stumble_or_a_refusal(parts):
    token = {"ids": ["1", "2"], "start": 0, "history": None}
    with suppress(AnswerError, RefusalError):
        assert pubmed.look("".join(parts).encode(), SEARCH, token).records == parts.count("<PubmedArticle/>")


@given(
    st.none()
    | st.text()
    | st.from_regex(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{1,9} \d\d:\d\d:\d\d \S{0,5}")
)
@example("Wed, 21 Oct 99999999 07:28:00 GMT")
@example("Wed, 21 Oct 2026 07:28:00 -9999")
def test_any_retry_after_is_some_seconds_or_none(text):
    seconds = seconds_of(text)
    assert seconds is None or seconds >= 0


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 5), st.floats(0, 3)), max_size=20))
def test_two_questions_to_one_host_keep_their_distance(asked):
    now = [0.0]

    def sleep(seconds):
        now[0] += seconds

    limiter = Limiter(lambda: now[0], sleep)
    last = {}
    for host, interval, pause in asked:
        now[0] += pause
        limiter.wait(host, interval)
        if host in last:
            before, distance = last[host]
            assert now[0] - before >= distance - 1e-9
        last[host] = (now[0], interval)
