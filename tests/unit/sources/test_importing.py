"""Files come in whole or not at all, once, with counts that add up."""

import codecs
import json

import pytest
from click.testing import CliRunner

from evergrove.cli.main import main
from evergrove.errors import ReviewFolderError, UsageError
from evergrove.model.record import FileFormat
from evergrove.services.folders import new_review
from evergrove.services.import_records import import_files
from evergrove.sources.draft import record_id
from evergrove.sources.opening import open_file
from evergrove.store.logs import read_imports
from evergrove.store.records import read_records, record_files


@pytest.fixture
def review(tmp_path):
    return new_review(tmp_path / "mine")


def line(raw, **values):
    source = {"format": "ris", "file": "a.ris", "file_sha256": "0" * 64, "position": 1}
    source["imported"] = "2026-01-02T03:04:05Z"
    record = {
        "id": record_id(FileFormat.RIS, raw),
        "title": "A trial",
        "source": source,
        "raw": raw,
        **values,
    }
    return json.dumps(record)


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "export.anything"
    path.write_text(
        "\n".join([line("one"), line("two", year="when?"), "{not json", line("three"), line("one")])
    )
    return path


def test_counts_add_up_and_the_broken_are_listed(review, export):
    (run,) = import_files(review, [export]).runs
    assert (run.read, run.added, run.known, len(run.left_out)) == (5, 2, 1, 2)
    assert run.read == run.kept + len(run.left_out)
    assert [(item.position, item.line) for item in run.left_out] == [(2, 2), (3, 3)]
    assert run.left_out[0].reason.startswith("year: ")
    assert "not readable as JSON" in run.left_out[1].reason
    assert [record.raw for record in read_records(review)] == ["one", "three"]
    assert read_imports(review) == (run,)


def test_the_same_file_twice_adds_nothing(review, export):
    import_files(review, [export])
    before = {path.name: path.read_bytes() for path in record_files(review)}
    (again,) = import_files(review, [export]).runs
    assert (again.added, again.known) == (0, 3)
    assert {path.name: path.read_bytes() for path in record_files(review)} == before
    assert len(read_imports(review)) == 2


def test_a_file_of_no_known_format_says_so_and_changes_nothing(review, tmp_path):
    path = tmp_path / "notes.ris"
    path.write_text("Dear colleague, please find attached")
    with pytest.raises(UsageError, match=r"the format is not known .it begins 'Dear colleague"):
        import_files(review, [path])
    assert not record_files(review)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("Müller".encode(), "utf-8"),
        (codecs.BOM_UTF8 + "Müller".encode(), "utf-8-sig"),
        ("Müller".encode("utf-16"), "utf-16"),
        ("TY  - JOUR Müller".encode("utf-16-le"), "utf-16-le"),
        ("TY  - JOUR Müller".encode("utf-16-be"), "utf-16-be"),
        ("Müller".encode("latin-1"), "cp1252"),
        (b"a" * ((1 << 20) - 1 + (1 << 16)) + "ü".encode(), "utf-8"),
    ],
)
def test_encodings_are_found(tmp_path, data, encoding):
    path = tmp_path / "file"
    path.write_bytes(data)
    opened = open_file(path)
    assert opened.encoding == encoding
    assert opened.size == len(data)
    if len(data) < 100:
        with opened.text() as stream:
            assert "Müller" in stream.read()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Müller – œ".encode() + "; Müller – œ".encode("cp1252"), "Müller – œ; Müller – œ"),
        ("间充质干细胞 ".encode() + b"M\xfcller", "间充质干细胞 Müller"),
        ("Müller".encode() + b"\x81", "Müller\ufffd"),
        (("«PERÚ» " * 3 + "Perú").encode("cp1252"), "«PERÚ» " * 3 + "Perú"),  # Ú» is a letter of UTF-8
        ("Müller – œ, “naïve”".encode("cp1252"), "Müller – œ, “naïve”"),
    ],
)
def test_stray_bytes_spoil_no_other_letter(tmp_path, data, text):
    path = tmp_path / "file"
    path.write_bytes(data)
    opened = open_file(path)
    with opened.text() as stream:
        assert stream.read() == opened.head == text


def test_what_cannot_be_read_is_an_error_that_names_it(tmp_path):
    (tmp_path / "empty").touch()
    with pytest.raises(UsageError, match="the file is empty"):
        open_file(tmp_path / "empty")
    with pytest.raises(UsageError, match="cannot be read"):
        open_file(tmp_path / "gone")


def test_a_file_that_cannot_be_read_does_not_stop_the_others(review, export, tmp_path):
    notes, more = tmp_path / "notes.txt", tmp_path / "more.ris"
    notes.write_text("Dear colleague, please find attached")
    more.write_text("TY  - JOUR\nTI  - Invented\nER  - \n")
    files = [str(path) for path in (notes, export, tmp_path / "gone.ris", more)]
    done = CliRunner().invoke(main, ["import", str(review), *files])
    assert done.exit_code == 2
    assert "more.ris (ris): read 1 = kept 1 (1 new)" in done.stdout
    assert (
        "4 files; 2 could not be read: read 6 = kept 4 (3 new, 1 known already) + left out 2" in done.stdout
    )
    assert "notes.txt: the format is not known" in done.stderr
    assert "gone.ris: cannot be read" in done.stderr
    as_json = CliRunner().invoke(main, ["import", str(review), *files, "--json"])
    assert as_json.exit_code == 2
    told = json.loads(as_json.stdout)
    assert [run["added"] for run in told["imports"]] == [0, 0]
    assert [error["code"] for error in told["refused"]] == ["usage-error"] * 2
    assert len(list(read_records(review))) == 3


def test_a_spoiled_line_of_the_store_is_a_fault_with_its_place(review, export):
    import_files(review, [export])
    (path,) = record_files(review)
    path.write_text(path.read_text() + '{"id": "x"}\n')
    with pytest.raises(ReviewFolderError, match=r"records/.*:3: id"):
        list(read_records(review))


def test_a_spoiled_line_of_the_log_is_a_fault_with_its_place(review, export, tmp_path):
    import_files(review, [export])
    log = review / "records" / "imports.jsonl"
    log.write_text(log.read_text() + "<<<<<<< HEAD\n")
    done = CliRunner().invoke(main, ["build", str(review), "--out", str(tmp_path / "site"), "--png", "none"])
    assert done.exit_code == 3
    assert "records/imports.jsonl:2: not readable as JSON" in done.stderr


def test_the_names_of_files_and_columns_may_hold_any_sign(review, tmp_path):
    table = tmp_path / "a\u2028b.csv"
    table.write_text("title,odd\u2028name\nInvented,x\n", encoding="utf-8")
    (run,) = import_files(review, [table]).runs
    assert read_imports(review) == (run,)
    (record,) = read_records(review)
    assert record.title == "Invented"


def test_the_command_tells_what_was_kept(review, export):
    done = CliRunner().invoke(main, ["import", str(review), str(export)])
    assert done.exit_code == 0
    assert "read 5 = kept 3 (2 new, 1 known already) + left out 2" in done.output
    assert "left out: record 3, line 3" in done.output
    as_json = CliRunner().invoke(main, ["import", str(review), str(export), "--json"])
    assert json.loads(as_json.output)["imports"][0]["known"] == 3
    wrong = CliRunner().invoke(main, ["import", str(review), str(export), "--format", "riss"])
    assert wrong.exit_code == 2
