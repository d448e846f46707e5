"""A local server that behaves as PubMed, Europe PMC, ClinicalTrials.gov, OpenAlex and Crossref do.

All records are invented. Counters in the answers (citations, versions) differ from answer to answer, as they
do in truth from day to day.
"""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections import deque
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

#: How a search of PubMed is limited to the days on which records came in.
SLICE = re.compile(r'\) AND \("(\d{4}/\d\d/\d\d)"\[EDAT\] : "(\d{4}/\d\d/\d\d)"\[EDAT\]\)$')
PATHS = {
    "pubmed": "/eutils",
    "europepmc": "/europepmc",
    "clinicaltrials": "/ctgov",
    "openalex": "/openalex",
    "crossref": "/crossref",
}


class Services:
    """The services' state: how many records each has, and the troubles that the next questions meet."""

    def __init__(self):
        self.sizes = dict.fromkeys(PATHS, 45)
        self.page = 10
        self.asked = []
        self.troubles = {name: deque() for name in PATHS}
        self.down = set()
        self.forgotten = set()
        self.titles = {}
        self.updated = {}
        self.ticks = itertools.count(1)
        self.histories = {}
        #: PubMed's records came in one a day from this day on; all on this day where there are none apart.
        self.first_day = date(2019, 12, 1)
        self.all_on_one_day = False
        self.address = ""

    @property
    def environment(self):
        """Environment variables that lead evergrove here."""
        here = {f"EVERGROVE_{name.upper()}_URL": self.address + path for name, path in PATHS.items()}
        quick = {"EVERGROVE_FIRST_WAIT": "0.01", "EVERGROVE_LONGEST_WAIT": "3", "EVERGROVE_TIMEOUT": "5"}
        return here | quick | {"EVERGROVE_CONFIG": "/nowhere/settings.toml", "NO_PROXY": "127.0.0.1"}

    def count(self, name):
        return sum(one == name for one, _, _ in self.asked)

    def days(self):
        """Return the day on which each of PubMed's records came in, by number."""
        numbers = range(1, self.sizes["pubmed"] + 1)
        step = 0 if self.all_on_one_day else 1
        return {str(30_000_000 + n): self.first_day + timedelta(days=n * step) for n in numbers}

    def title(self, name, number):
        return self.titles.get((name, number), f"Invented trial {number} of cells & care")


@contextmanager
def running():
    """Run the services on a free port of this computer."""
    services = Services()

    class Handler(_Handler):
        state = services

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    services.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield services
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    state = None
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        """Say nothing."""

    def do_POST(self):
        self.do_GET(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def do_GET(self, form=""):
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query or form).items()}
        query["method"] = self.command
        name = next(name for name, path in PATHS.items() if parts.path.startswith(path + "/"))
        self.state.asked.append((name, parts.path, query))
        if name in self.state.down:
            self.send(503, b"down for maintenance")
            return
        trouble = self.state.troubles[name].popleft() if self.state.troubles[name] else None
        if trouble is not None and trouble(self):
            return
        getattr(self, name)(parts.path, query)

    def send(self, status, body, headers=(), length=None):
        self.send_response(status)
        for key, value in headers:
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def json(self, value, status=200):
        self.send(status, json.dumps(value).encode(), [("Content-Type", "application/json")])

    def numbers(self, name, start, size):
        return range(start + 1, min(start + size, self.state.sizes[name]) + 1)

    def pubmed(self, path, query):
        if path.endswith("esearch.fcgi"):
            assert query["usehistory"] == "y"
            days = self.state.days()
            ids = list(days)
            if slice_ := SLICE.search(query["term"]):
                first, last = (date(*map(int, day.split("/"))) for day in slice_.groups())
                ids = [one for one in ids if first <= days[one] <= last]
            environment = f"MCID_{next(self.state.ticks)}"
            self.state.histories[environment] = ids
            given = ids[: min(int(query["retmax"]), 9999)]
            found = {"count": str(len(ids)), "idlist": given, "webenv": environment, "querykey": "1"}
            found["querytranslation"] = f'"{query["term"]}"[All Fields]'
            found["warninglist"] = {"quotedphrasesnotfound": ['"cells of nowhere"']}
            self.json({"header": {"type": "esearch"}, "esearchresult": found})
            return
        if "WebEnv" in query:
            if "pubmed" in self.state.forgotten:
                self.send(400, b"<eFetchResult><ERROR>Unable to obtain query #1</ERROR></eFetchResult>")
                return
            start = int(query["retstart"])
            wanted = self.state.histories[query["WebEnv"]][start : start + int(query["retmax"])]
        else:
            wanted = query["id"].split(",")
        articles = "".join(self.article(number) for number in wanted)
        head = '<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet SYSTEM "https://dtd.nlm.nih.gov/p.dtd">\n'
        body = f"{head}<PubmedArticleSet>{articles}</PubmedArticleSet>"
        self.send(200, body.encode(), [("Content-Type", "text/xml")])

    def article(self, number):
        title = self.state.title("pubmed", int(number) - 30_000_000).replace("&", "&amp;")
        day = next(self.state.ticks) % 28 + 1
        return (
            f'<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">{number}</PMID>'
            f"<DateRevised><Year>2026</Year><Month>01</Month><Day>{day}</Day></DateRevised>"
            "<Article><Journal><JournalIssue><PubDate><Year>2021</Year></PubDate></JournalIssue>"
            f"<Title>Invented Journal</Title></Journal><ArticleTitle>{title}</ArticleTitle></Article>"
            "</MedlineCitation></PubmedArticle>\n"
        )

    def europepmc(self, path, query):
        assert path.endswith("/search")
        mark = query["cursorMark"]
        start = 0 if mark == "*" else int(mark.removeprefix("AoE"))
        size = min(int(query["pageSize"]), self.state.page)
        works = [
            {
                "id": str(40_000_000 + n),
                "source": "MED",
                "pmid": str(40_000_000 + n),
                "title": self.state.title("europepmc", n),
                "pubYear": "2021",
                "citedByCount": next(self.state.ticks),
            }
            for n in self.numbers("europepmc", start, size)
        ]
        following = f"AoE{start + len(works)}" if works else mark
        self.json(
            {
                "version": "6.9",
                "hitCount": self.state.sizes["europepmc"],
                "nextCursorMark": following,
                "request": {"queryString": query["query"]},
                "resultList": {"result": works},
            }
        )

    def clinicaltrials(self, _path, query):
        start = int(query.get("pageToken", "t0").removeprefix("t"))
        size = min(int(query["pageSize"]), self.state.page)
        numbers = self.numbers("clinicaltrials", start, size)
        studies = []
        for n in numbers:
            updated = self.state.updated.get(n, "2022-05-01")
            studies.append(
                {
                    "protocolSection": {
                        "identificationModule": {
                            "nctId": f"NCT{n:08d}",
                            "briefTitle": self.state.title("clinicaltrials", n),
                        },
                        "statusModule": {"lastUpdatePostDateStruct": {"date": updated, "type": "ACTUAL"}},
                    },
                    "derivedSection": {"miscInfoModule": {"versionHolder": f"v{next(self.state.ticks)}"}},
                    "hasResults": False,
                }
            )
        answer = {"studies": studies}
        if "pageToken" not in query:
            answer["totalCount"] = self.state.sizes["clinicaltrials"]
        if start + len(studies) < self.state.sizes["clinicaltrials"]:
            answer["nextPageToken"] = f"t{start + len(studies)}"
        self.json(answer)

    def openalex(self, _path, query):
        size = min(int(query["per_page"]), self.state.page)
        if "cursor" in query:
            if "api_key" not in query:
                self.json({"error": "cursor paging needs a key"}, 401)
                return
            start = 0 if query["cursor"] == "*" else int(query["cursor"].removeprefix("c"))
        else:
            start = (int(query["page"]) - 1) * size
        works = [
            {
                "id": f"https://openalex.org/W{n}",
                "title": self.state.title("openalex", n),
                "publication_year": 2021,
                "cited_by_count": next(self.state.ticks),
            }
            for n in self.numbers("openalex", start, size)
        ]
        meta = {"count": self.state.sizes["openalex"], "per_page": size}
        if "cursor" in query:
            meta["next_cursor"] = f"c{start + len(works)}" if works else None
        else:
            meta["page"] = int(query["page"])
        self.json({"meta": meta, "results": works})

    def crossref(self, _path, query):
        if query["cursor"] != "*" and "crossref" in self.state.forgotten:
            self.state.forgotten.discard("crossref")
            self.json({"status": "failed", "message": [{"message": "cursor expired"}]}, 400)
            return
        start = 0 if query["cursor"] == "*" else int(query["cursor"].removeprefix("D+/="))
        size = min(int(query["rows"]), self.state.page)
        items = [
            {
                "DOI": f"10.5555/invented.{n}",
                "title": [self.state.title("crossref", n)],
                "type": "journal-article",
                "is-referenced-by-count": next(self.state.ticks),
            }
            for n in self.numbers("crossref", start, size)
        ]
        message = {
            "total-results": self.state.sizes["crossref"],
            "items": items,
            "next-cursor": f"D+/={start + len(items)}",
        }
        self.json({"status": "ok", "message-type": "work-list", "message": message})


def fine(handler):
    """No trouble this time."""
    return False


def status(number, *headers):
    """Trouble: answer with this status."""

    def trouble(handler):
        handler.send(number, b"no", headers)
        return True

    return trouble


def cut(handler):
    """Trouble: promise more than is sent, and hang up."""
    handler.send(200, b'{"studies": [', length=5000)
    handler.close_connection = True
    return True


def garbled(handler):
    """Trouble: a whole answer that is no JSON and no XML."""
    handler.send(200, b'{"meta": {"count": 3')
    return True


def slow(event):
    """Trouble: answer only when the event is set."""

    def trouble(handler):
        event.wait(30)
        handler.close_connection = True
        return True

    return trouble


def grown(name, size):
    """No trouble: the database grows before it answers."""

    def trouble(handler):
        handler.state.sizes[name] = size
        return False

    return trouble
