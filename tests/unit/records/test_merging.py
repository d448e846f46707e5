"""A review's records become reports; merges are explained, undone, decided by a person, never forgotten."""

import csv
import json

import pytest
from click.testing import CliRunner

from evergrove.cli.main import main
from evergrove.errors import ReviewFolderError, UsageError
from evergrove.model.merge import PairVerdict
from evergrove.model.record import FileFormat
from evergrove.services.dedupe import decide, dedupe, merges, report_groups, undo
from evergrove.services.folders import new_review
from evergrove.services.import_records import import_files
from evergrove.sources.draft import record_id
from evergrove.store.merges import read_merges

ARTICLE = {
    "title": "Stromal cells for severe lung injury: a trial",
    "authors": ["Berger, A.", "Costa, J."],
    "year": 2019,
    "journal": "Journal of Invented Medicine",
    "volume": "12",
    "pages": "123-129",
}


def line(name, **values):
    source = {"format": "ris", "file": "a.ris", "file_sha256": "0" * 64, "position": 1}
    source["imported"] = "2026-01-02T03:04:05Z"
    record = {"id": record_id(FileFormat.RIS, name), **ARTICLE, "source": source, "raw": name, **values}
    return json.dumps(record)


@pytest.fixture
def review(tmp_path):
    folder = new_review(tmp_path / "mine")
    export = tmp_path / "export.jsonl"
    export.write_text(
        "\n".join(
            [
                line("one"),
                line("two", pages="123-9", journal="J Inv Med"),
                line("three", journal="medRxiv", volume=None, pages=None),
                line("four", pages="S44"),
                line("five", title="Rest in bed for the common cold", pages="1-2"),
            ]
        )
    )
    import_files(folder, [export])
    return folder


def ids(*names):
    return tuple(sorted(record_id(FileFormat.RIS, name) for name in names))


def test_records_of_one_publication_become_one_report(review):
    run = dedupe(review)
    assert (run.records, run.reports, run.merged) == (5, 4, 1)
    (merge,) = merges(review)
    assert merge.records == ids("one", "two")
    assert merge.rule == "title-and-place"
    assert "title" in merge.agreed
    assert tuple(sorted(ids("one", "two"))) in {tuple(sorted(group)) for group in report_groups(review)}
    relations = {event.relation.value for event in run.added if event.relation is not None}
    assert "preprint" in relations


def test_running_again_adds_only_what_is_new(review, tmp_path):
    first = dedupe(review)
    before = (review / "records" / "merges.jsonl").read_bytes()
    again = dedupe(review)
    assert again.added == ()
    assert again.waiting == first.waiting
    assert (review / "records" / "merges.jsonl").read_bytes() == before
    more = tmp_path / "more.jsonl"
    more.write_text(line("six", title=ARTICLE["title"].upper()))
    import_files(review, [more])
    assert [event.verdict.value for event in dedupe(review).added].count("duplicate") == 1
    assert (review / "records" / "merges.jsonl").read_bytes().startswith(before)


def test_an_undone_merge_stays_undone_until_a_person_says_otherwise(review):
    dedupe(review)
    (merge,) = merges(review)
    undoing = undo(review, merge.id, "A. Reviewer", "two arms")
    assert not merges(review)
    assert dedupe(review).reports == 5
    assert len(report_groups(review)) == 5
    with pytest.raises(UsageError, match="undone already"):
        undo(review, merge.id)
    with pytest.raises(UsageError, match="allowed: the id of a merge"):
        undo(review, "0123456789")
    decide(review, merge.records, PairVerdict.DUPLICATE, "A. Reviewer")
    assert dedupe(review).reports == 4
    assert undoing.why == "two arms"


def test_undoing_an_undoing_brings_the_merge_back(review):
    dedupe(review)
    (merge,) = merges(review)
    undoing = undo(review, merge.id, "A. Reviewer")
    undo(review, undoing.id, "A. Reviewer")
    assert [event.id for event in merges(review)] == [merge.id]


def test_a_person_decides_side_by_side(review):
    waiting = len(dedupe(review).waiting)
    assert waiting
    answers = "?\n" + "n another supplement\n" * waiting
    done = CliRunner().invoke(
        main, ["dedupe", str(review), "--review", "--who", "A. Reviewer"], input=answers
    )
    assert done.exit_code == 0
    assert "allowed: d, n, s, b or q" in done.output
    assert "S44" in done.output
    assert f"{waiting} decided, 0 left" in done.output
    last = read_merges(review)[-1]
    assert (last.who, last.why, last.verdict.value) == ("A. Reviewer", "another supplement", "not")
    assert not dedupe(review).waiting
    nothing = CliRunner().invoke(main, ["dedupe", str(review), "--review"])
    assert "0 decided, 0 left" in nothing.output


def test_a_person_goes_back_and_decides_again(review, tmp_path):
    more = tmp_path / "more.jsonl"
    more.write_text(line("six", title="Rest in bed for the common cold", pages="S9") + "\n")
    import_files(review, [more])
    assert len(dedupe(review).waiting) > 1
    done = CliRunner().invoke(main, ["dedupe", str(review), "--review"], input="d\nb\nn other abstract\nq\n")
    assert "1 decided" in done.output
    first, undone, last = read_merges(review)[-3:]
    assert undone.undoes == first.id
    assert (last.records, last.verdict.value, last.why) == (first.records, "not", "other abstract")
    assert dedupe(review).reports == 5


@pytest.mark.parametrize(
    ("answers", "told", "reports"),
    [
        ("dd", "2 decided, 1 settled by that, 0 left", 1),
        ("dn", "2 decided, 1 settled by that, 0 left", 2),
        ("nd", "2 decided, 1 settled by that, 0 left", 2),
        ("nnn", "3 decided, 0 left", 3),
        ("sdq", "1 decided, 1 settled by that, 1 left", 2),
    ],
)
def test_what_earlier_answers_settle_is_not_asked(tmp_path, answers, told, reports):
    folder = new_review(tmp_path / "mine")
    export = tmp_path / "export.jsonl"
    bare = {"authors": [], "year": None, "journal": None, "volume": None, "pages": None}
    export.write_text("\n".join(line(name, **bare) for name in ("one", "two", "three")))
    import_files(folder, [export])
    assert len(dedupe(folder).waiting) == 3
    typed = "".join(f"{answer}\n" for answer in answers)
    done = CliRunner().invoke(main, ["dedupe", str(folder), "--review"], input=typed)
    assert done.output.count("\nPair ") == len(answers)
    assert told in done.output
    run = dedupe(folder)
    assert run.reports == reports
    assert f" {len(run.waiting)} left" in done.output


def test_a_decision_of_a_person_joins_records(review):
    dedupe(review)
    done = CliRunner().invoke(main, ["dedupe", str(review), "--review"], input="d\nq\n")
    assert done.exit_code == 0
    assert dedupe(review).reports == 3


def test_without_an_answer_nothing_is_decided(review):
    dedupe(review)
    before = (review / "records" / "merges.jsonl").read_bytes()
    done = CliRunner().invoke(main, ["dedupe", str(review), "--review"], input="")
    assert (done.exit_code, "no answer" in done.output) == (0, True)
    assert (review / "records" / "merges.jsonl").read_bytes() == before


def test_the_command_tells_lists_and_undoes(review):
    run = CliRunner()
    told = run.invoke(main, ["dedupe", str(review)])
    assert "5 records = 4 reports + 1 merged into them (1 new)" in told.output
    assert "linked" in told.output
    assert "--review" in told.output
    as_json = json.loads(run.invoke(main, ["dedupe", str(review), "--json"]).output)
    assert (as_json["records"], as_json["reports"], as_json["added"]) == (5, 4, [])
    (merge,) = json.loads(run.invoke(main, ["dedupe", str(review), "--list", "--json"]).output)["merges"]
    assert merge["id"] in run.invoke(main, ["dedupe", str(review), "--list"]).output
    assert "undone" in run.invoke(main, ["dedupe", str(review), "--undo", merge["id"]]).output
    wrong = run.invoke(main, ["dedupe", str(review), "--undo", "x"])
    assert wrong.exit_code == 2
    both = run.invoke(main, ["dedupe", str(review), "--undo", "x", "--list"])
    assert both.exit_code == 2


def test_the_table_says_which_record_went_into_which_report(review, tmp_path):
    csv_file = tmp_path / "refs.csv"
    csv_file.write_text("record_id,Title,Authors,Year\nr1,Rest in bed for the common cold,Costa J,1999\n")
    import_files(review, [csv_file])
    table = tmp_path / "reports.csv"
    told = CliRunner().invoke(main, ["dedupe", str(review), "--table", str(table)])
    assert told.exit_code == 0
    with table.open(newline="") as stream:
        rows = {row["record"]: row for row in csv.DictReader(stream)}
    one, two = (rows[record_id(FileFormat.RIS, name)] for name in ("one", "two"))
    assert one["report"] == two["report"]
    assert one["records"] == "2"
    assert [row["file"] for row in rows.values() if row["own_id"] == "r1"] == ["refs.csv"]
    assert CliRunner().invoke(main, ["dedupe", str(review), "--table", "/dev/null/x.csv"]).exit_code == 2


@pytest.mark.parametrize("sign", ["\u2028", "\u0085", "\u2029"])
def test_a_reason_may_hold_any_sign_that_is_pasted(review, sign):
    dedupe(review)
    (merge,) = merges(review)
    undoing = undo(review, merge.id, "A. Reviewer", f"two{sign}arms")
    assert read_merges(review)[-1] == undoing
    assert dedupe(review).reports == 5


def test_a_spoiled_line_of_the_log_is_a_fault_with_its_place(review):
    dedupe(review)
    path = review / "records" / "merges.jsonl"
    path.write_text(path.read_text() + '{"id": "x"}\n')
    with pytest.raises(ReviewFolderError, match=r"records/merges.jsonl:\d+: id"):
        dedupe(review)
