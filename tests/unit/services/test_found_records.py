"""The flow counts what was imported, by database; trials without a report stand on a page of their own."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from evergrove.report.flow import flow, flow_note
from evergrove.services.build import build
from evergrove.services.folders import new_review
from evergrove.services.found_records import found_records
from evergrove.services.import_records import Choices, import_files
from evergrove.services.link import link_review
from evergrove.services.review import open_review

SAMPLES = Path(__file__).parents[2] / "formats" / "samples"


@pytest.fixture
def review(tmp_path):
    return new_review(tmp_path / "mine", "msc-ards")


def ris(path, *databases):
    lines = []
    for number, database in enumerate(databases):
        named = [f"DB  - {database}"] if database else []
        lines += ["TY  - JOUR", f"TI  - Trial {path.stem} {number}", *named, "ER  - ", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def entry(number, **dates):
    status = {"overallStatus": "COMPLETED", "primaryCompletionDateStruct": {"date": "2020-01-31"}}
    identified = {"nctId": number, "briefTitle": f"Invented trial <{number}> of nothing"}
    protocol = {"identificationModule": identified, "statusModule": status | dates}
    return {"protocolSection": protocol, "hasResults": False}


def test_a_file_whose_database_nobody_named_is_counted_by_its_records(review, tmp_path):
    mixed = ris(tmp_path / "mixed.ris", "Embase", "Embase <1974 to 2021>", "CINAHL", None)
    named = ris(tmp_path / "named.ris", "Embase", None)
    import_files(review, [mixed])
    import_files(review, [named], Choices(database="PsycInfo"))
    import_files(review, [mixed])  # all known: counts nothing twice
    found = found_records(review)
    assert found.databases == {"Embase": 2, "CINAHL": 1, "database not named (mixed.ris)": 1, "PsycInfo": 2}
    assert found.registers == {}


def test_the_note_that_searches_were_not_recorded_goes_once_they_are(review, tmp_path):
    opened = open_review(review).review
    assert "not recorded" in flow_note(opened)
    assert flow_note(opened) in flow(opened).desc
    import_files(review, [ris(tmp_path / "one.ris", "Embase")])
    found = found_records(review)
    note = flow_note(opened, found)
    assert f"are the 1 record imported up to {found.until}; duplicates were not looked for yet" in note
    assert opened.protocol.flow.note not in flow(opened, found).desc
    assert note in flow(opened, found).desc


def test_trials_without_a_report_stand_on_a_page_as_the_command_lists_them(review, tmp_path):
    file = tmp_path / "registry.json"
    withdrawn = entry("NCT99999992", overallStatus="WITHDRAWN")
    file.write_text(json.dumps([entry("NCT99999991"), withdrawn]), encoding="utf-8")
    import_files(review, [file])
    site = build(review, tmp_path / "site", png="none").folder
    page = (site / "unpublished.html").read_text(encoding="utf-8")
    until = found_records(review).until
    listed = link_review(review, today=until).unpublished
    assert {trial.registrations for trial in listed} == {("NCT99999991",), ("NCT99999992",)}
    shown = re.findall(r"<tr>\s*<th scope=\"row\">(.*?)</tr>", page, re.DOTALL)
    assert len(shown) == 2
    assert "NCT99999991" in shown[0]
    assert "Invented trial &lt;NCT99999991&gt; of nothing" in shown[0]
    days = (until - date(2020, 1, 31)).days
    assert f"{days:,}".replace(",", "") in re.sub(r"[\s\u2009\u202f\u00a0]", "", shown[0])
    assert "withdrawn" in shown[1]
    assert "For 1 of them, more than a year has passed" in page
    for other in ("index.html", "flow.html", "methods.html"):
        assert 'href="unpublished.html"' in (site / other).read_text(encoding="utf-8")
    again = build(review, tmp_path / "again", png="none").folder
    assert (again / "unpublished.html").read_text(encoding="utf-8") == page


def test_a_review_without_registry_entries_has_no_such_page(review, tmp_path):
    import_files(review, [ris(tmp_path / "one.ris", "Embase")])
    site = build(review, tmp_path / "site", png="none").folder
    assert not (site / "unpublished.html").exists()
    assert "unpublished.html" not in (site / "flow.html").read_text(encoding="utf-8")
