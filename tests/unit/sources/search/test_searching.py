"""Searches page, persist, resume and import only what is new, whatever the services do."""

import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
from click.testing import CliRunner

from evergrove.cli.main import main
from evergrove.errors import BusyError, ReviewFolderError, SourceError, UsageError
from evergrove.services.folders import new_review
from evergrove.services.import_records import import_files
from evergrove.services.review import open_review
from evergrove.services.search import run_searches
from evergrove.sources.search import pubmed
from evergrove.sources.search.connection import Limiter
from evergrove.sources.search.settings import read_settings
from evergrove.store.lock import changing
from evergrove.store.logs import read_imports
from evergrove.store.records import read_records
from evergrove.store.searches import answer_file, read_runs, read_walk, saved_searches
from support.literature_services import cut, fine, garbled, grown, slow, status

PAGES = {"pubmed": 4, "epmc": 6, "registry": 5, "openalex": 5, "crossref": 4}
SIZES = {"pubmed": 45, "epmc": 45, "registry": 45, "openalex": 45, "crossref": 35}


def test_every_service_gives_all_its_pages_and_the_second_run_adds_nothing(run, review, services):
    outcome = run()
    assert outcome.error is None
    assert {one.search: one.added for one in outcome.runs} == SIZES
    assert {one.search: len(one.answers) for one in outcome.runs} == PAGES
    records = list(read_records(review))
    assert len(records) == sum(SIZES.values()) == len(outcome.found)
    assert {record.source.search for record in records} == set(SIZES)
    for log in (*read_imports(review), *read_imports(review)):
        assert log.read == log.added + log.known + len(log.left_out)
    again = run()
    assert [one.added + one.changed for one in again.runs] == [0] * 5
    assert {one.search: one.known for one in again.runs} == SIZES
    assert again.found == ()
    assert len(list(read_records(review))) == len(records)
    assert len(read_runs(review)) == 10
    assert not (review / "records" / "unfinished").exists()


def test_the_run_is_recorded_as_prisma_s_asks(run, review, services):
    (one,) = run("pubmed", EVERGROVE_PUBMED_KEY="secret-key", EVERGROVE_MAILTO="me@example.org").runs
    (kept,) = read_runs(review)
    assert kept == one
    assert (one.database, one.platform, one.query, one.count) == ("PubMed", "NCBI E-utilities", "cells", 45)
    assert one.started <= one.ended
    assert one.started.tzinfo is not None
    assert one.translation == '"cells"[All Fields]'
    assert one.remarks == ('quotedphrasesnotfound: "cells of nowhere"',)
    assert "term=cells" in one.address
    asked = services.asked[0][2]
    assert (asked["api_key"], asked["email"]) == ("secret-key", "me@example.org")
    for path in review.rglob("*"):
        if path.is_file():
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            assert b"secret-key" not in content
            assert b"me@example.org" not in content


def test_raw_answers_are_kept_and_lead_back_from_every_record(run, review):
    (one,) = run("registry").runs
    for sha256 in one.answers:
        body = gzip.decompress(answer_file(review, sha256).read_bytes())
        assert hashlib.sha256(body).hexdigest() == sha256
    for record in read_records(review):
        assert record.source.file_sha256 in one.answers
        held = json.loads(gzip.decompress(answer_file(review, record.source.file_sha256).read_bytes()))
        assert held["studies"][record.source.position - 1] == json.loads(record.raw)


@pytest.mark.parametrize(
    "trouble",
    [status(500), status(503), status(429, ("Retry-After", "0")), status(429), cut, garbled],
    ids=["500", "503", "429-after", "429", "cut", "garbled"],
)
@pytest.mark.parametrize("name", ["registry", "pubmed"])
def test_a_stumble_is_overcome(run, services, trouble, name):
    queue = services.troubles["pubmed" if name == "pubmed" else "clinicaltrials"]
    queue.extend([trouble, trouble, fine, trouble])
    (one,) = run(name).runs
    assert one.complete
    assert (one.added, one.fetched) == (SIZES[name], SIZES[name])


def test_retry_after_is_waited_for(run, services):
    services.troubles["clinicaltrials"].append(status(429, ("Retry-After", "1")))
    began = time.monotonic()
    assert run("registry").error is None
    assert time.monotonic() - began >= 1


def test_a_longer_wait_than_ours_is_left_for_later_without_asking_again(run, services):
    services.troubles["pubmed"].extend([fine, status(429, ("Retry-After", "3600"))])
    outcome = run("pubmed")
    assert "asks to wait 3600 seconds" in str(outcome.error)
    assert services.count("pubmed") == 2


def test_a_slow_answer_is_given_up_and_asked_again(run, services):
    over = threading.Event()
    services.troubles["europepmc"].append(slow(over))
    try:
        (one,) = run("epmc", EVERGROVE_TIMEOUT="0.3").runs
    finally:
        over.set()
    assert one.complete
    assert services.count("europepmc") == PAGES["epmc"] + 1


def test_a_service_that_is_down_does_not_stop_the_others(run, review, services):
    services.down.add("openalex")
    outcome = run(EVERGROVE_ATTEMPTS="2")
    assert {one.search: one.complete for one in outcome.runs} == {
        **dict.fromkeys(SIZES, True),
        "openalex": False,
    }
    told = str(outcome.error)
    assert isinstance(outcome.error, SourceError)
    for part in ("OpenAlex", services.address, "HTTP 503", "down for maintenance", "run the search again"):
        assert part in told
    assert services.count("openalex") == 2
    services.down.clear()
    assert run().error is None
    assert len(list(read_records(review))) == sum(SIZES.values())


def test_what_came_before_the_failure_is_kept_said_and_gone_on_from(run, review, services):
    services.troubles["clinicaltrials"].extend([fine] * 2 + [status(403)])
    outcome = run("registry")
    (one,) = outcome.runs
    assert (one.complete, one.fetched, one.added, one.count) == (False, 20, 20, 45)
    assert "HTTP 403" in one.stopped
    assert "20 of 45 records are kept" in str(outcome.error)
    assert len(list(read_records(review))) == 20
    services.asked.clear()
    (again,) = run("registry").runs
    assert [query.get("pageToken") for _, _, query in services.asked] == ["t20", "t30", "t40"]
    assert (again.complete, again.fetched, again.added, again.known) == (True, 45, 25, 20)
    assert again.started == one.started
    assert len(list(read_records(review))) == 45


def test_a_changed_search_does_not_go_on_with_the_old_pages(run, review, services):
    services.troubles["clinicaltrials"].extend([fine, status(403)])
    run("registry")
    path = review / "searches.yaml"
    path.write_text(
        path.read_text().replace("clinicaltrials-gov, query: cells", "clinicaltrials-gov, query: new")
    )
    services.asked.clear()
    assert run("registry").error is None
    assert "pageToken" not in services.asked[0][2]


def test_a_forgotten_history_is_replaced_by_numbers(run, services):
    services.forgotten.add("pubmed")
    (one,) = run("pubmed").runs
    assert one.complete
    assert one.added == 45
    assert "id" in services.asked[-1][2]


def test_an_expired_cursor_begins_anew_and_says_so(run, services):
    services.troubles["crossref"].extend([fine, status(403)])
    assert run("crossref").error is not None
    services.forgotten.add("crossref")
    (one,) = run("crossref").runs
    assert one.complete
    assert (one.fetched, one.added, one.known) == (35, 25, 10)
    assert any("began anew" in remark for remark in one.remarks)


def test_a_count_that_changes_on_the_way_is_said(run, services):
    services.troubles["europepmc"].extend([fine, grown("europepmc", 52)])
    (one,) = run("epmc").runs
    assert (one.count, one.added) == (52, 52)
    assert "the count changed from 45 to 52 on the way" in one.remarks


def test_more_than_pubmed_gives_at_once_comes_in_slices_of_days(run, services, review, monkeypatch):
    monkeypatch.setattr(pubmed, "MOST", 30)
    services.sizes["pubmed"] = 137
    (one,) = run("pubmed").runs
    assert one.complete
    assert (one.count, one.fetched, one.added) == (137, 137, 137)
    assert one.remarks == ('quotedphrasesnotfound: "cells of nowhere"',)
    assert one.translation == '"cells"[All Fields]'
    numbers = sorted(int(record.pmid) for record in read_records(review))
    assert numbers == list(range(30_000_001, 30_000_138))
    asked = [query for name, path, query in services.asked if path.endswith("esearch.fcgi")]
    assert asked[0]["term"] == "cells"
    assert all(query["term"].startswith("(cells) AND (") for query in asked[1:])
    assert len(asked) < 40


def test_a_killed_run_goes_on_in_its_slice(run, services, review, monkeypatch):
    monkeypatch.setattr(pubmed, "MOST", 30)
    services.sizes["pubmed"] = 137
    services.troubles["pubmed"].extend([fine] * 15 + [status(403)])
    broken = run("pubmed")
    assert broken.error is not None
    assert 0 < broken.runs[0].added < 137
    before = len(services.asked)
    (one,) = run("pubmed").runs
    assert one.complete
    assert len({record.pmid for record in read_records(review)}) == 137
    again = [query["term"] for _, path, query in services.asked[before:] if path.endswith("esearch.fcgi")]
    assert "cells" not in again


def test_a_single_day_with_too_many_records_is_refused_and_not_cut(run, services, monkeypatch):
    monkeypatch.setattr(pubmed, "MOST", 30)
    services.all_on_one_day = True
    services.sizes["pubmed"] = 31
    outcome = run("pubmed")
    assert "31 records that came into PubMed on 2019-12-01, and gives 30 at most for a day" in str(
        outcome.error
    )
    assert outcome.runs[0].added == 0


def test_openalex_pages_by_cursor_with_a_key_and_by_number_without(run, services):
    assert run("openalex", EVERGROVE_OPENALEX_KEY="k").runs[0].added == 45
    assert services.asked[-1][2]["cursor"] == "c45"
    services.sizes["openalex"] = 10_001
    assert "set EVERGROVE_OPENALEX_KEY" in str(run("openalex").error)


def test_new_and_changed_records_come_in_counters_do_not(run, review, services):
    run()
    services.sizes["openalex"] = 47
    services.titles["europepmc", 3] = "RETRACTED: Invented trial 3"
    services.updated[7] = "2026-02-03"
    outcome = run()
    told = {one.search: (one.added, one.changed) for one in outcome.runs}
    assert told == {
        "pubmed": (0, 0),
        "epmc": (0, 1),
        "registry": (0, 1),
        "openalex": (2, 0),
        "crossref": (0, 0),
    }
    assert [(one.number, one.changed) for one in outcome.found if one.search == "registry"] == [
        ("NCT00000007", True)
    ]
    assert run().found == ()


def test_a_long_question_to_pubmed_goes_as_a_form(run, review, services):
    path = review / "searches.yaml"
    long = " OR ".join(f"cells{n}[tiab]" for n in range(200))
    path.write_text(path.read_text().replace("pubmed, query: cells", f"pubmed, query: '{long}'"))
    (one,) = run("pubmed").runs
    assert (one.query, one.added) == (long, 45)
    assert [query["method"] for _, _, query in services.asked] == ["POST", "GET", "GET", "GET"]
    assert services.asked[0][2]["term"] == long


def test_no_hit_is_a_run_too(run, review, services):
    services.sizes = dict.fromkeys(services.sizes, 0)
    outcome = run()
    assert outcome.error is None
    assert [(one.count, one.fetched, one.complete) for one in outcome.runs] == [(0, 0, True)] * 5


def command(review, services, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "evergrove.cli.main", *arguments],
        env=os.environ | services.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_run_goes_on_without_asking_again(review, services):
    over = threading.Event()
    services.troubles["europepmc"].extend([fine] * 3 + [slow(over)])
    process = command(review, services, "search", str(review), "epmc")
    try:
        deadline = time.monotonic() + 30
        while services.count("europepmc") < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    finally:
        over.set()
    assert process.returncode == -signal.SIGKILL
    assert list(read_records(review)) == []
    assert read_walk(review, "epmc").fetched == 30
    services.asked.clear()
    process = command(review, services, "search", str(review), "epmc", "--json")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert [query["cursorMark"] for _, _, query in services.asked] == ["AoE30", "AoE40", "AoE45"]
    (one,) = json.loads(out)["runs"]
    assert (one["fetched"], one["added"], one["complete"]) == (45, 45, True)
    assert len(list(read_records(review))) == 45


def test_the_commands_tell(review, services, monkeypatch):
    services.page = 100
    for name, value in services.environment.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(main, ["update", str(review)])
    assert done.exit_code == 0, done.output
    assert "registry (ClinicalTrials.gov): 45 found, read 45 = 45 new + 0 changed + 0 known" in done.output
    assert "215 new, 0 changed:" in done.output
    assert "and 195 more" in done.output
    assert f"Next, for each that you use:\n  evergrove dedupe {review}\n" in done.output
    services.down.add("crossref")
    monkeypatch.setenv("EVERGROVE_ATTEMPTS", "1")
    done = CliRunner().invoke(main, ["update", str(review), "--json"])
    assert done.exit_code == 7
    data = json.loads(done.stdout)
    assert data["error"]["code"] == "source-error"
    assert data["found"] == []
    done = CliRunner().invoke(main, ["search", str(review), "crossref"])
    assert done.exit_code == 7
    assert "Crossref at http://127.0.0.1" in done.stderr
    done = CliRunner().invoke(main, ["update", str(review)])
    assert "(Crossref): no answer, so nobody knows what there is" in done.stdout
    assert f"Nothing new came in.\n1 of {len(data['runs'])} searches did not end" in done.stdout


def test_an_update_goes_on_with_what_then_names_in_its_order(review, services, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name, value in services.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EVERGROVE_ATTEMPTS", "1")
    services.page = 100
    services.down.add("crossref")
    copy = new_review(tmp_path / "copy", "msc-ards")
    (copy / "searches.yaml").write_bytes((review / "searches.yaml").read_bytes())
    done = CliRunner().invoke(main, ["update", str(copy), "--then", "link", "--then", "dedupe"])
    assert done.exit_code == 7
    assert "Crossref at http://127.0.0.1" in done.stderr
    assert "Next, for each" not in done.output
    told = done.output
    assert told.index("180 new") < told.index("\ndedupe:\n") < told.index("180 records = ")
    assert (
        told.index("180 records = ")
        < told.index("\nlink:\n")
        < told.index("reports and 45 registered trials")
    )
    both = CliRunner().invoke(main, ["update", str(review), "--then", "build", "--json"])
    assert (both.exit_code, json.loads(both.stdout)["error"]["code"]) == (2, "usage-error")


def test_faults_of_the_saved_searches_are_listed_with_their_lines(review, run):
    (review / "searches.yaml").write_text(
        "searches:\n"
        "  - {id: a, database: medline, query: x}\n"
        "  - {id: b, database: crossref, query: x}\n"
        "  - {id: c, database: openalex, query: 'x, y'}\n"
        "  - {id: d, database: pubmed, query: x, limit: 3}\n"
        "  - {id: e, database: pubmed, query: ' '}\n"
        "  - {id: f, database: pubmed, query: x, from: 2020}\n"
    )
    with pytest.raises(ReviewFolderError) as caught:
        run()
    assert [fault.line for fault in caught.value.faults] == [2, 3, 4, 5, 6, 7]
    with pytest.raises(ReviewFolderError, match=r"searches\.yaml:2: searches\[0\]\.database"):
        open_review(review)


def test_a_review_without_searches_or_without_this_one_says_so(review, run, tmp_path):
    with pytest.raises(UsageError, match=r"no search 'embase'.*allowed: pubmed, epmc"):
        run("embase")
    (review / "searches.yaml").unlink()
    with pytest.raises(UsageError, match=r"write them into searches\.yaml"):
        run()
    template = new_review(tmp_path / "empty")
    assert saved_searches(template) == ()
    text = (
        (template / "searches.yaml").read_text().replace("searches: []", "searches:").replace("\n#  ", "\n  ")
    )
    (template / "searches.yaml").write_text(text)
    assert [search.id for search in saved_searches(template)] == ["pubmed"]


def test_an_answer_that_was_changed_on_disk_is_not_believed(run, review, services):
    services.troubles["clinicaltrials"].extend([fine, status(403)])
    run("registry")
    (answer,) = read_walk(review, "registry").answers
    answer_file(review, answer.sha256).write_bytes(gzip.compress(b'{"studies": []}'))
    with pytest.raises(SourceError, match="was changed"):
        run("registry")


def test_the_shipped_review_has_its_searches(shipped_folder):
    searches = saved_searches(shipped_folder)
    assert [search.database for search in searches] == [
        "pubmed",
        "europe-pmc",
        "clinicaltrials-gov",
        "openalex",
        "crossref",
    ]
    for search in searches:
        assert search.query.count("(") == search.query.count(")")
        assert search.query.count('"') % 2 == 0
        assert search.query.count("[") == search.query.count("]")
        assert "\n" not in search.query


def meanwhile(services, review, action):
    """Search Europe PMC, and do something once, after the first page."""
    done = []

    def progress(_search, _fetched, _expected):
        if not done:
            done.append(action())

    settings = read_settings(services.environment)
    outcome = run_searches(review, ["epmc"], progress, settings, Limiter(sleep=lambda _: None))
    return outcome, done[0]


def test_others_can_work_while_a_search_waits_for_its_service(services, review, tmp_path):
    file = tmp_path / "refs.ris"
    file.write_text("TY  - JOUR\nTI  - Invented\nER  - \n", encoding="utf-8")
    outcome, imported = meanwhile(services, review, lambda: import_files(review, [file]))
    assert imported.runs[0].added == 1
    assert outcome.runs[0].added == 45
    assert len(list(read_records(review))) == 46
    assert [run.added for run in read_imports(review)] == [1, 45]
    assert not [path.name for path in review.rglob(".evergrove*")]


def test_what_came_in_while_a_search_went_on_is_not_added_again(services, review, tmp_path):
    other = new_review(tmp_path / "other", review)
    settings = read_settings(services.environment)
    run_searches(other, ["epmc"], None, settings, Limiter(sleep=lambda _: None))
    (found,) = (path for path in (other / "records").glob("search-epmc-*.jsonl"))

    def put_there():
        with changing(review, "import"):
            return shutil.copyfile(found, review / "records" / "other-01234567.jsonl")

    outcome, _ = meanwhile(services, review, put_there)
    assert (outcome.runs[0].fetched, outcome.runs[0].added, outcome.runs[0].known) == (45, 0, 45)
    assert len(list(read_records(review))) == 45


def test_a_second_search_is_told_of_the_first_and_a_copy_has_no_lock(services, review, tmp_path):
    def search_again():
        with pytest.raises(BusyError, match="'evergrove search'"):
            run_searches(review, ["epmc"], None, read_settings(services.environment))
        return new_review(tmp_path / "copy", review)

    outcome, copy = meanwhile(services, review, search_again)
    assert outcome.runs[0].added == 45
    assert not [path.name for path in copy.rglob(".evergrove*")]


def test_a_change_that_ends_later_is_waited_for(services, review):
    held, let_go = threading.Event(), threading.Event()

    def importing():
        with changing(review, "import"):
            held.set()
            let_go.wait(20)

    def begin():
        thread = threading.Thread(target=importing)
        thread.start()
        held.wait(20)
        threading.Timer(0.3, let_go.set).start()
        return thread

    outcome, thread = meanwhile(services, review, begin)
    thread.join()
    assert outcome.runs[0].added == 45
