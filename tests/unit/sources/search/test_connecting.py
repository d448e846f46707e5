"""Settings are checked, hosts are not hurried, answers are looked at before they are believed."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from evergrove.errors import UsageError
from evergrove.model.search import Database, SavedSearch
from evergrove.sources.search import clinicaltrials, crossref, europe_pmc, openalex, pubmed
from evergrove.sources.search.connection import Connection, Limiter, seconds_of
from evergrove.sources.search.question import AnswerError, Page, Question, RefusalError
from evergrove.sources.search.settings import ADDRESSES, Settings, read_settings, settings_file

NONE = {"EVERGROVE_CONFIG": "/nowhere/settings.toml"}


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self):
        self.now = 100.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(round(seconds, 6))
        self.now += seconds


def limiter_of(clock):
    return Limiter(lambda: clock.now, clock.sleep)


def test_a_host_is_asked_at_its_interval_and_others_are_not_held_up():
    clock = Clock()
    limiter = limiter_of(clock)
    for host in ("a", "b", "a", "a"):
        limiter.wait(host, 0.5)
    assert clock.slept == [0.5, 0.5]
    clock.now += 10
    limiter.wait("a", 0.5)
    assert len(clock.slept) == 2


def test_each_service_is_asked_as_often_as_it_allows():
    bare = Settings()
    known = Settings(keys={Database.PUBMED: "k"}, mailto="me@example.org")
    assert pubmed.interval(bare) >= 1 / 3
    assert pubmed.interval(known) >= 1 / 10
    assert crossref.interval(bare) >= 1
    assert crossref.interval(known) >= 1 / 3
    assert clinicaltrials.interval(bare) >= 1
    assert europe_pmc.interval(bare) >= 1 / 10
    assert openalex.interval(bare) >= 1 / 10


def test_retries_keep_the_interval_too(services):
    clock = Clock()
    services.down.add("openalex")
    settings = read_settings(services.environment | {"EVERGROVE_ATTEMPTS": "3"})
    with Connection(settings, limiter_of(clock)) as connection, pytest.raises(AnswerError, match="HTTP 503"):
        connection.ask(Question(services.address + "/openalex/works", {}), 2.0, lambda _: Page(0, 0, None))
    assert clock.slept == [2.0, 2.0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("Wed, 21 Oct 2026 07:28:30 GMT", 30),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("soon", None),
        ("-3", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(text, seconds):
    assert seconds_of(text, datetime(2026, 10, 21, 7, 28, tzinfo=UTC)) == seconds


def test_the_environment_goes_before_the_file_and_the_file_before_the_defaults(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('pubmed_key = "file"\nmailto = "a@example.org"\ntimeout = 9\nattempts = 3\n')
    settings = read_settings({"EVERGROVE_CONFIG": str(path), "EVERGROVE_MAILTO": "b@example.org"})
    assert settings.keys == {Database.PUBMED: "file"}
    assert (settings.mailto, settings.timeout, settings.attempts) == ("b@example.org", 9, 3)
    assert settings.addresses == ADDRESSES
    assert "file" not in repr(settings)
    assert settings_file({"XDG_CONFIG_HOME": "/c"}).as_posix() == "/c/evergrove/settings.toml"
    assert settings_file({"HOME": "/h"}).as_posix() == "/h/.config/evergrove/settings.toml"
    assert read_settings(NONE) == Settings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("mailto = ", "not readable as TOML"),
        ("colour = 1", "unknown name 'colour'; allowed: pubmed_url"),
        ("timeout = true", "holds a bool"),
        ("timeout = -1", "allowed: a number above 0"),
        ("timeout = 'long'", "allowed: a number above 0"),
        ("pubmed_url = 'http://example.org'", "allowed: an https address"),
        ("pubmed_url = 'https://user@example.org'", "allowed: an https address"),
        ("pubmed_url = 'https://[broken'", "allowed: an https address"),
        ("pubmed_url = 'file:///etc'", "allowed: an https address"),
    ],
)
def test_settings_that_cannot_be_used_say_why(tmp_path, text, told):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"settings\.toml") as caught:
        read_settings({"EVERGROVE_CONFIG": str(path)})
    assert told in str(caught.value)


def test_dates_limit_each_search_in_its_own_words():
    settings = Settings(mailto="me@example.org")
    saved = {
        database: SavedSearch(
            id="s",
            database=database,
            query="cells",
            from_date="2020-03",
            limit=150 if database is Database.CROSSREF else None,
        )
        for database in Database
    }
    asked = pubmed.ask(saved[Database.PUBMED], settings, None).parameters
    assert (asked["datetype"], asked["mindate"], asked["maxdate"]) == ("pdat", "2020/03/01", "3000")
    asked = europe_pmc.ask(saved[Database.EUROPE_PMC], settings, None).parameters
    assert asked["query"] == "(cells) AND (FIRST_PDATE:[2020-03-01 TO 3000-12-31])"
    asked = clinicaltrials.ask(saved[Database.CLINICALTRIALS], settings, None).parameters
    assert asked["filter.advanced"] == "AREA[StudyFirstPostDate]RANGE[2020-03-01,MAX]"
    asked = openalex.ask(saved[Database.OPENALEX], settings, None).parameters
    assert asked["filter"] == "title_and_abstract.search:cells,from_publication_date:2020-03-01"
    question = crossref.ask(saved[Database.CROSSREF], settings, {"cursor": "c", "had": 100})
    assert (question.parameters["filter"], question.parameters["rows"]) == ("from-pub-date:2020-03-01", "50")
    assert "example.org" not in question.shown


SEARCH = SavedSearch(id="s", database=Database.CROSSREF, query="cells", limit=5)


@pytest.mark.parametrize("service", [europe_pmc, clinicaltrials, openalex, crossref, pubmed])
@pytest.mark.parametrize("body", [b"", b"[1]", b"{}", b"\xff", b'{"studies": 3}', b"[" * 100_000])
def test_an_answer_of_another_shape_is_no_page(service, body):
    with pytest.raises(AnswerError):
        service.look(body, SEARCH, None)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html/>", b"<PubmedArticleSet><PubmedArticle>", b"plain", b"<!DOCTYPE a [<!ENTITY b 'c'>]>"],
)
def test_a_piece_of_pubmed_that_is_cut_or_something_else_is_no_page(body):
    token = {"ids": ["1"], "start": 0, "history": None}
    with pytest.raises(AnswerError):
        pubmed.look(body, SEARCH, token)


def test_what_a_service_says_against_the_query_is_passed_on():
    with pytest.raises(RefusalError, match="Empty term"):
        pubmed.look(b'{"esearchresult": {"ERROR": "Empty term and query_key"}}', SEARCH, None)
    with pytest.raises(RefusalError, match="Invalid query"):
        europe_pmc.look(b'{"errCode": 404, "errMsg": "Invalid query"}', SEARCH, None)


def test_importing_asks_nothing_of_the_network():
    code = (
        "import socket\n"
        "def no(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = no\n"
        "import evergrove.services.search, sys\n"
        "assert 'httpx2' not in sys.modules and 'stamina' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
