"""``evergrove link`` on a review folder: decisions are added, hold, and can be taken back. All invented."""

import json
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner

from evergrove.cli.main import main
from evergrove.errors import ReviewFolderError, UsageError
from evergrove.model.link import LinkAction
from evergrove.model.record import FileFormat, RecordKind
from evergrove.services.folders import new_review
from evergrove.services.link import decide, link_review, undo
from evergrove.sources.draft import Draft, Origin
from evergrove.store.links import read_link_decisions, standing
from evergrove.store.records import records_to

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
ORIGIN = Origin(FileFormat.JSON_LINES, "invented", "0" * 64, WHEN)


def finished(kind, raw, **fields):
    draft = Draft(1, None, raw, kind)
    for name, value in fields.items():
        setattr(draft, name, value)
    return draft.finish(ORIGIN)


ENTRY = finished(
    RecordKind.REGISTRY_ENTRY,
    "entry",
    title="Marrow cells for lung injury",
    registrations=["NCT00000001"],
    other={"completion_date": ["2021-06-30"], "status": ["COMPLETED"]},
)
OTHER = finished(RecordKind.REGISTRY_ENTRY, "other", title="Aspirin", registrations=["NCT00000002"])
REPORT = finished(RecordKind.ARTICLE, "report", title="Results", year=2022, abstract="See NCT00000001.")


@pytest.fixture
def review(tmp_path):
    folder = new_review(tmp_path / "mine")
    with records_to(folder, "invented", "0" * 64) as batch:
        for record in (ENTRY, OTHER, REPORT):
            batch.add(record)
    return folder


def run(*arguments):
    return CliRunner().invoke(main, ["link", *map(str, arguments)])


def test_a_decision_holds_is_history_and_can_be_taken_back(review):
    path = review / "records" / "links.jsonl"
    first = decide(review, LinkAction.REJECT, (REPORT.id, "nct 00000001"), "A Reviewer", "another trial")
    assert first.items == (REPORT.id, "NCT00000001")
    assert link_review(review).linked.unlinked == (REPORT.id,)
    before = path.read_text()
    second = decide(review, LinkAction.ACCEPT, ("NCT00000001", REPORT.id), None, "read again")
    assert path.read_text().startswith(before)
    assert second.who
    assert not link_review(review).linked.unlinked
    third = undo(review, second.id, "B Reviewer", "wrong file")
    assert (third.action, third.undoes) == (LinkAction.UNDO, second.id)
    assert [item.id for item in standing(read_link_decisions(review))] == [first.id]
    assert len(read_link_decisions(review)) == 3
    with pytest.raises(UsageError, match=f"no decision '{second.id}' to take back; allowed: {first.id}"):
        undo(review, second.id, "B Reviewer", "again")


@pytest.mark.parametrize(
    ("items", "why", "says"),
    [
        ((REPORT.id, "NCT00000001"), " ", "--why is missing"),
        (("NCT00000001", "nct-00000001"), "x", "found NCT00000001 twice"),
        ((REPORT.id, "f" * 24), "x", "at most one"),
        (("f" * 24, "NCT00000001"), "x", "no record f+ in"),
        ((REPORT.id, "N" * 400), "x", "allowed: the id of a report, a registry's number"),
        ((REPORT.id, "NCT0000001"), "x", "found 'NCT0000001'; allowed: the id of a report"),
    ],
)
def test_a_decision_that_cannot_be_says_why_and_writes_nothing(review, items, why, says):
    with pytest.raises(UsageError, match=says):
        decide(review, LinkAction.ACCEPT, items, "A Reviewer", why)
    assert not (review / "records" / "links.jsonl").exists()


def test_a_number_of_no_registry_may_be_of_a_record(review):
    own = finished(RecordKind.REGISTRY_ENTRY, "own", title="A trial of a clinic", registrations=["KS-17"])
    with records_to(review, "clinic", "1" * 64) as batch:
        batch.add(own)
    done = decide(review, LinkAction.ACCEPT, (REPORT.id, "KS-17"), "A Reviewer", "the clinic says so")
    assert "KS-17" in done.items


def test_a_broken_line_is_named(review):
    (review / "records" / "links.jsonl").write_text('{"id": "x"}\n')
    with pytest.raises(ReviewFolderError, match=r"records/links.jsonl:1: id"):
        link_review(review)


def test_days_count_from_the_day_that_is_given(review):
    (trial, _) = link_review(review, today=date(2021, 7, 10)).linked.trials
    assert trial.reports == (REPORT.id,)
    decide(review, LinkAction.REJECT, (REPORT.id, "NCT00000001"), "A Reviewer", "no")
    first, second = link_review(review, today=date(2021, 7, 10)).unpublished
    assert (first.days_since_completion, second.days_since_completion) == (10, None)


def test_the_command_tells_trials_reports_and_what_is_missing(review):
    told = run(review)
    assert told.exit_code == 0
    assert "1 report and 2 registered trials: 1 report linked, 0 unlinked" in told.output
    assert f"    {REPORT.id} 2022 Results" in told.output
    assert "NCT00000002: completion not known: Aspirin" in told.output
    data = json.loads(run(review, "--json").output)
    assert data["trials"][0]["reports"] == [REPORT.id]
    assert data["links"][0]["evidence"][0]["kind"] == "number"
    missing = json.loads(run(review, "--json", "--unpublished").output)
    assert [trial["registrations"] for trial in missing["unpublished"]] == [["NCT00000002"]]
    assert "stands in its abstract" in run(review, "--explain", REPORT.id).output
    assert REPORT.id in run(review, "--explain", "NCT00000001").output
    assert "no link is likely" in run(review, "--explain", "NCT00000002").output
    unknown = run(review, "--explain", "NCT99999999")
    assert unknown.exit_code == 2
    assert "--explain: found 'NCT99999999'; allowed: the id of a report" in unknown.output


def test_the_command_decides(review):
    pair = (REPORT.id, "NCT00000001")
    done = run(review, "--reject", *pair, "--who", "A Reviewer", "--why", "no")
    assert "A Reviewer rejects" in done.output
    key = done.output.split(":")[0]
    assert "1 unlinked" in run(review).output
    assert f"{key} is taken back" in run(review, "--undo", key, "--why", "yes").output
    told = json.loads(run(review, "--accept", *pair, "--why", "yes", "--json").output)
    assert told["decision"]["action"] == "accept"
    both = run(review, "--accept", *pair, "--undo", key)
    assert both.exit_code == 2
    assert run(review, "--accept", *pair, "--json").exit_code == 2
