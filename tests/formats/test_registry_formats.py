"""Each registry format gives the same trial; each JSON source its work; what is broken is listed."""

import csv
import json

import openpyxl
import pytest

from evergrove.errors import UsageError
from evergrove.model.record import RecordKind
from support.registry_samples import SAMPLES, read_file, sample


@pytest.fixture(scope="module")
def study():
    form, (record,), left = sample("ctgov-v2-study.json")
    assert form == "clinicaltrials-v2"
    assert not left
    return record


def test_a_study_of_the_second_interface(study):
    assert study.kind is RecordKind.REGISTRY_ENTRY
    assert study.registrations == ("NCT09990001", "EUCTR2020-001234-56")
    assert (study.year, study.date) == (2020, "2020-04-20")
    assert study.source.database == "ClinicalTrials.gov"
    assert study.urls == ("https://clinicaltrials.gov/study/NCT09990001",)
    assert study.raw == (SAMPLES / "ctgov-v2-study.json").read_text()
    for name, values in {
        "status": ("COMPLETED",),
        "sponsor": ("Invented University",),
        "enrolment": ("24",),
        "enrolment_type": ("ACTUAL",),
        "phase": ("PHASE1", "PHASE2"),
        "allocation": ("RANDOMIZED",),
        "masking": ("TRIPLE",),
        "primary_completion_date": ("2021-06",),
        "results_posted": ("2022-08-01",),
        "has_results": ("yes",),
        "conditions": ("Invented lung injury",),
        "interventions": ("BIOLOGICAL: Invented cells", "OTHER: Vehicle"),
        "primary_outcomes": ("Serious adverse events [31 days]",),
        "pmid_result": ("99000001",),
        "pmid_derived": ("99000002",),
        "reference_background": ("Invented C. 2010.",),
        "countries": ("Norway",),
        "secondary_ids": ("2020-001234-56 (EUDRACT_NUMBER)", "U1111-0000-0000 (WHO)"),
    }.items():
        assert study.other[name] == values


def test_a_page_holds_its_studies_and_a_projection_has_what_it_has():
    form, (whole, part), left = sample("ctgov-v2-page.json")
    assert form == "clinicaltrials-v2"
    assert not left
    assert whole.registrations[0] == "NCT09990001"
    assert part.other == {"status": ("RECRUITING",)}
    assert part.year is None
    assert json.loads(part.raw)["protocolSection"]["statusModule"] == {"overallStatus": "RECRUITING"}


def test_whole_studies_of_the_first_interface_are_the_same(study):
    form, (old,), left = sample("ctgov-v1.json")
    assert form == "clinicaltrials-v1"
    assert not left
    different = {"id", "raw", "source", "other"}
    assert old.model_dump(exclude=different) == study.model_dump(exclude=different)
    words = {"secondary_ids"}  # worded otherwise by the first interface
    assert {name: told for name, told in old.other.items() if name not in words} == {
        name: told for name, told in study.other.items() if name not in words
    }


def test_chosen_fields_are_joined_only_where_that_is_sure():
    form, (flat,), left = sample("ctgov-fields.json")
    assert form == "clinicaltrials-study-fields"
    assert not left
    assert flat.registrations == ("NCT09990001", "EUCTR2020-001234-56")
    assert flat.other["arms"] == ("EXPERIMENTAL: Cells", "PLACEBO_COMPARATOR: Control")
    assert flat.other["primary_completion_date"] == ("2021-06",)
    # two numbers for three references: which is whose is not known
    assert flat.other["pmid_not-stated"] == ("99000001", "99000002")
    assert flat.other["reference_derived"] == ("Invented B. J Made Up. 2023.",)


def test_ictrp_xml_and_its_broken_entry():
    form, (first, second), (broken,) = sample("ictrp.xml")
    assert form == "ictrp-xml"
    assert first.registrations == ("IRCT20200000000001N2",)
    assert first.title == "Invented vesicles in invented pneumonia (made up)"
    assert (first.date, first.year) == ("2020-05-04", 2020)
    assert first.other["enrolment"] == ("vesicles:20;placebo:20;",)
    assert first.other["conditions"] == ("Invented pneumonia.", "Another")
    assert first.other["start_date"] == ("2020-01-25",)
    assert first.other["countries"] == ("Iran", "Iraq")
    assert first.other["has_results"] == ("no",)
    assert not [name for name in first.other if name.startswith("contact")]
    assert second.registrations == ("EUCTR2020-009876-54",)
    assert second.accessions == {"ictrp": "EUCTR2020-009876-54-FR"}
    assert broken.position == 2
    assert "not well-formed" in broken.reason


def test_ictrp_csv_and_workbook_hold_the_same(tmp_path):
    form, rows, (broken,) = sample("ictrp.csv")
    assert form == "ictrp-table"
    assert [row.registrations for row in rows] == [("jRCT2031190264",), ("NL8491",)]
    assert [row.date for row in rows] == ["2020-02-14", "2020-04-08"]
    assert rows[0].other["start_date"] == ("2020-01-25",)
    assert rows[0].other["inclusion_criteria"] == ("adults over 20",)
    assert "neither TrialID nor a title" in broken.reason
    book = openpyxl.Workbook()
    with (SAMPLES / "ictrp.csv").open(encoding="utf-8-sig", newline="") as stream:
        for cells in csv.reader(stream):
            book.active.append([int(cell) if cell.isdecimal() else cell or None for cell in cells])
    path = tmp_path / "export.xlsx"
    book.save(path)
    again, held, left = read_file(path)
    assert again == "ictrp-table"
    assert [one.reason for one in left] == [broken.reason]
    different = {"id", "raw", "source"}
    assert [row.model_dump(exclude=different) for row in held] == [
        row.model_dump(exclude=different) for row in rows
    ]
    assert json.loads(held[1].raw)["TrialID"] == "NL8491"


@pytest.mark.parametrize("cells", [["Name", "Value"], []])
def test_a_workbook_of_something_else_is_refused(tmp_path, cells):
    book = openpyxl.Workbook()
    if cells:
        book.active.append(cells)
    path = tmp_path / "other.xlsx"
    book.save(path)
    with pytest.raises(UsageError, match="allowed: an export of WHO ICTRP"):
        read_file(path)


def test_a_broken_workbook_is_refused(tmp_path):
    book = openpyxl.Workbook()
    path = tmp_path / "cut.xlsx"
    book.save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UsageError, match="not readable as a workbook"):
        read_file(path)


def test_europe_pmc():
    form, (article, preprint), (broken,) = sample("europe-pmc.json")
    assert form == "europe-pmc"
    assert article.title == "Invented cells in invented injury (NCT 09990001)."
    assert article.abstract == "Background Nothing of this is true."
    assert (article.doi, article.pmid, article.pmcid) == ("10.9999/made.up.1", "99000001", "PMC9900001")
    assert article.authors == ("Invented, Ada", "Made-Up Group")
    assert article.journal == "Journal of Made-Up Results"
    assert (article.year, article.date, article.volume) == (2022, "2022-03-01", "7")
    assert article.registrations == ("NCT09990001",)
    assert article.kind is RecordKind.ARTICLE
    assert preprint.kind is RecordKind.PREPRINT
    assert preprint.authors == ("Invented A", "Madeup B", "Made-Up Group")
    assert preprint.journal == "medRxiv"
    assert broken.reason == "found '\"no object\"'; allowed: a JSON object"


def test_crossref():
    form, (article, preprint), (broken,) = sample("crossref.json")
    assert form == "crossref"
    assert article.title == "Invented cells in invented injury: a made-up trial"
    assert (article.doi, article.year, article.date) == ("10.9999/made.up.1", 2022, "2022-03-15")
    assert article.authors == ("Invented, Ada", "Made-Up Group")
    assert article.abstract == "Nothing of this is true."
    assert article.registrations == ("ISRCTN12345678",)
    assert article.other["relation_has-preprint"] == ("10.1101/2021.01.01.00000001",)
    assert (preprint.kind, preprint.date) == (RecordKind.PREPRINT, "2021-01-02")
    assert preprint.other["update_to"] == ("correction 10.9999/x",)
    assert "neither DOI nor title" in broken.reason


def test_openalex():
    form, (work,), (broken,) = sample("openalex.json")
    assert form == "openalex"
    assert work.abstract == "Nothing of this is true"
    assert (work.doi, work.pmid, work.pmcid) == ("10.9999/made.up.1", "99000001", "PMC9900001")
    assert (work.pages, work.journal, work.authors) == (
        "1-9",
        "Journal of Made-Up Results",
        ("Invented, Ada",),
    )
    assert work.other["is_retracted"] == ("yes",)
    assert "neither id nor title" in broken.reason


def test_a_single_work_and_an_array_are_read_too(tmp_path):
    items = json.loads((SAMPLES / "crossref.json").read_text())["message"]["items"]
    for index, content in enumerate(
        ({"status": "ok", "message-type": "work", "message": items[0]}, items[:2])
    ):
        path = tmp_path / f"{index}.json"
        path.write_text(json.dumps(content))
        form, kept, left = read_file(path)
        assert form == "crossref"
        assert not left
        assert kept[0].doi == "10.9999/made.up.1"


def test_an_export_of_the_platform_as_it_is_in_2026():
    form, (trial,), left_out = sample("ictrp-2026.xml")
    assert (form, left_out) == ("ictrp-xml", [])
    assert trial.registrations == ("ChiCTR2699999999", "NCT09999993")
    assert (trial.date, trial.year) == ("2026-08-20", 2026)
    assert trial.other["last_update"] == ("2026-09-21",)
    assert trial.other["start_date"] == ("2026-09-01",)
    assert trial.other["secondary_outcomes"] == ("Adverse events", "Length of stay")
    assert trial.other["official_title"] == ("A made-up study of invented cells",)
    assert trial.other["prospective_registration"] == ("Yes",)
    assert trial.other["ethics_review_status"] == ("Approved",)
    assert "has_results" not in trial.other
    assert "Nobody" not in trial.model_dump_json(exclude={"raw"})
