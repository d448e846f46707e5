"""Exports are written whole or not at all, and come back by an import."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import evergrove as eg
from evergrove.cli.main import main
from evergrove.errors import ReviewFolderError, UsageError
from evergrove.services.export_records import export_records, export_to_file
from evergrove.services.folders import new_review
from evergrove.services.import_records import Choices, import_files
from evergrove.sources.carried_fields import carried, field_values, restored
from evergrove.sources.draft import Draft
from evergrove.sources.exporting import ExportFormat
from evergrove.store.records import read_records

SAMPLES = Path(__file__).resolve().parents[2] / "formats" / "samples"
FILES = [SAMPLES / name for name in ("ovid.ris", "pubmed.nbib", "library.bib", "revman.rm5", "rayyan.csv")]


@pytest.fixture
def review(tmp_path):
    folder = new_review(tmp_path / "mine")
    import_files(folder, FILES)
    return folder


@pytest.mark.parametrize("form", ExportFormat)
def test_importing_an_export_gives_the_same_fields(review, tmp_path, form):
    path = tmp_path / "export"
    count = export_to_file(review, form.value, path)
    (run,) = import_files(new_review(tmp_path / "other"), [path]).runs
    held, back = list(read_records(review)), list(read_records(tmp_path / "other"))
    assert count == run.read == run.added == len(held)
    assert [field_values(record) for record in back] == [field_values(record) for record in held]


def test_json_lines_hold_everything(review, tmp_path):
    path = tmp_path / "export"
    export_to_file(review, "jsonl", path)
    import_files(new_review(tmp_path / "other"), [path])
    held, back = list(read_records(review)), list(read_records(tmp_path / "other"))
    assert [record.id for record in back] == [record.id for record in held]
    assert [record.other for record in back] == [record.other for record in held]


def test_a_text_that_only_looks_carried_is_kept():
    for text in ("evergrove:nonsense", "evergrove:%7B%7D", carried({"year": "2020"}), carried({"raw": "x"})):
        draft = restored(Draft(1, None, ""), "C8", [text])
        assert draft.year is None
        assert draft.raw == ""
    assert draft.other == {"C8": [carried({"raw": "x"})]}


def test_faults_name_what_is_allowed_and_leave_nothing(review, tmp_path):
    with pytest.raises(UsageError, match="found 'word'; allowed: ris, nbib"):
        export_records(review, "word", print)
    with pytest.raises(UsageError, match="cannot be written"):
        export_to_file(review, "ris", tmp_path / "gone" / "x.ris")
    path = next(review.glob("records/ovid*.jsonl"))
    path.write_text(path.read_text() + "{}\n")
    with pytest.raises(ReviewFolderError, match="id"):
        export_to_file(review, "ris", tmp_path / "x.ris")
    assert not list(tmp_path.glob("*x.ris*"))


def test_the_command(review, tmp_path):
    shown = CliRunner().invoke(main, ["export", str(review), "--format", "ris"])
    assert shown.exit_code == 0
    assert shown.output.startswith("TY  - ")
    path = tmp_path / "out.csv"
    done = CliRunner().invoke(
        main, ["export", str(review), "--format", "csv", "--output", str(path), "--json"]
    )
    assert json.loads(done.output)["export"]["records"] == len(list(read_records(review)))
    assert CliRunner().invoke(main, ["export", str(review), "--format", "doc"]).exit_code == 2


def test_the_mapping_of_a_table_is_in_the_log(tmp_path):
    folder = new_review(tmp_path / "mine")
    (run,) = import_files(folder, [write_titled(tmp_path)], Choices(mapping={"Heading": "notes"})).runs
    assert run.mapping == {"Title": "title", "Heading": "notes", "Nr": "other"}
    done = CliRunner().invoke(main, ["import", str(folder), str(write_titled(tmp_path))])
    assert "columns: Title = title, Heading = other, Nr = other" in done.output
    for read in (eg.read_records, lambda file, choices: import_files(folder, [file], choices)):
        with pytest.raises(UsageError, match=r"mapping of columns \(--map\) is for tables"):
            read(SAMPLES / "ovid.ris", choices=Choices(mapping={"Heading": "notes"}))


def test_columns_that_are_named_make_a_file_of_unknown_columns_a_table(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("Nr,Heading\n1,A trial\n", encoding="utf-8")
    folder = new_review(tmp_path / "mine")
    with pytest.raises(UsageError, match="the format is not known"):
        import_files(folder, [path])
    (run,) = import_files(folder, [path], Choices(mapping={"Heading": "title"})).runs
    assert (run.format, run.added) == ("table", 1)
    path.write_text("no table at all", encoding="utf-8")
    with pytest.raises(UsageError, match="no column 'Heading'; allowed: a table"):
        import_files(folder, [path], Choices(mapping={"Heading": "title"}))


def write_titled(place):
    path = place / "titled.csv"
    path.write_text("Title,Heading,Nr\nInvented cells,a note,1\n")
    return path


@pytest.mark.parametrize("form", list(ExportFormat))
def test_two_records_whose_fields_are_the_same_stay_two(tmp_path, form):
    twins = new_review(tmp_path / "twins")
    file = tmp_path / "twins.ris"
    file.write_text("TY  - JOUR\nTI  - A trial\nER  - \n\nTY  - JOUR\nTI  - A trial\nXX  - seen\nER  - \n")
    import_files(twins, [file])
    export_to_file(twins, form.value, tmp_path / "export")
    back = new_review(tmp_path / "back")
    (run,) = import_files(back, [tmp_path / "export"]).runs
    assert (run.read, run.added, len(run.left_out)) == (2, 2, 0)
    assert [record.title for record in read_records(back)] == ["A trial", "A trial"]
