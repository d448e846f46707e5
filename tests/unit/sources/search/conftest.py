"""The local services, a review that searches them, and no other network."""

import socket

import pytest

from evergrove.services.folders import new_review
from evergrove.services.search import run_searches
from evergrove.sources.search import pubmed
from evergrove.sources.search.connection import Limiter
from evergrove.sources.search.settings import read_settings
from support.literature_services import running

SEARCHES = """\
searches:
  - {id: pubmed, database: pubmed, query: cells}
  - {id: epmc, database: europe-pmc, query: cells}
  - {id: registry, database: clinicaltrials-gov, query: cells}
  - {id: openalex, database: openalex, query: cells}
  - {id: crossref, database: crossref, query: cells, limit: 35}
"""


@pytest.fixture(autouse=True)
def only_this_computer(monkeypatch):
    """Let no test reach the real network."""
    connect = socket.socket.connect

    def guarded(self, address):
        assert address[0] in {"127.0.0.1", "::1"}, f"a test asked for {address}"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def services():
    with running() as state:
        yield state


@pytest.fixture
def review(tmp_path):
    folder = new_review(tmp_path / "mine")
    (folder / "searches.yaml").write_text(SEARCHES, encoding="utf-8")
    return folder


@pytest.fixture
def run(services, review, monkeypatch):
    """Run searches against the local services, without waiting between questions."""
    monkeypatch.setattr(pubmed, "PAGE", 20)

    def go(*only, **environment):
        settings = read_settings(services.environment | environment)
        return run_searches(review, only, None, settings, Limiter(sleep=lambda _: None))

    return go
