"""Exports hold everything, parse back, and harm no spreadsheet."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import pytest
import rispy

from evergrove.report.data_tables import CHOSEN_COLUMNS, DATA_COLUMNS, safe_text
from evergrove.report.exports import chosen_csv, data_csv, results_json, studies_ris
from evergrove.services.evaluate import evaluate
from support.tiny_review import counts, datum, review, study
from unit.report.conftest import bare_findings


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_results_are_strict_json_with_a_hash_of_their_content(shipped) -> None:
    text = results_json(shipped)
    found = json.loads(text, parse_constant=refuse)
    claimed = found.pop("content_sha256")
    compact = json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(compact.encode()).hexdigest() == claimed
    assert found["schema_version"] == 1
    assert [item["id"] for item in found["analyses"]] == [
        answer.result.analysis.id for answer in shipped.answers
    ]


def test_the_same_review_gives_the_same_bytes(shipped) -> None:
    assert results_json(evaluate(shipped.review)) == results_json(shipped)


def test_an_analysis_shows_its_four_steps(shipped) -> None:
    found = json.loads(results_json(shipped))["analyses"][0]
    result = shipped.answers[0].result
    assert found["left_out"][0]["why"]
    chosen = {item["study"]: item for item in found["main"]["chosen"]}
    effects = {item["study"]: item for item in found["main"]["effects"]}
    for effect in result.main.pooled:
        assert chosen[effect.study]["chosen"]["datum"] == effect.datum.id
        assert chosen[effect.study]["chosen"]["url"] == effect.datum.provenance.source.url
        assert effects[effect.study]["yi"] == effect.yi
    assert found["main"]["result"]["estimate"] == result.main.fit.estimate
    assert found["main"]["pooled_studies"] == [effect.study for effect in result.main.pooled]
    assert found["certainty"]["level"] == shipped.answers[0].certainty.level.value
    assert [step["reason"] for step in found["certainty"]["steps"]]
    assert found["absolute_effect"]["control_risk"] == shipped.answers[0].absolute.control_risk
    assert len(found["main"]["combinations"]) == len(result.main.combinations)
    assert len(found["main"]["sensitivity"]) == len(result.analysis.sensitivity)
    assert [item["by"] for item in found["main"]["subgroups"]] == [
        item.value for item in result.analysis.subgroups
    ]


def test_what_was_not_pooled_is_null_with_its_reason(shipped) -> None:
    found = {item["id"]: item for item in json.loads(results_json(shipped))["analyses"]}
    one = found["clinical-improvement-3d"]["main"]
    assert one["result"] is None
    assert one["not_pooled"].startswith("only one study")


def test_every_arm_value_of_every_datum_has_a_row(shipped) -> None:
    rows = table(data_csv(shipped.review))
    expected = sum(max(1, len(item.values)) for made in shipped.review.studies for item in made.data)
    assert len(rows) == expected
    assert tuple(rows[0]) == DATA_COLUMNS
    assert all(row["source_url"] and row["locator"] for row in rows)


def test_numbers_come_back_as_they_are_held(shipped) -> None:
    rows = {(row["study_id"], row["datum"], row["arm"]): row for row in table(data_csv(shipped.review))}
    for made in shipped.review.studies:
        for item in made.data:
            for arm, value in item.values.items():
                row = rows[made.id, item.id, arm]
                for name in type(value).model_fields:
                    held = getattr(value, name)
                    assert row[name] == "" if held is None else float(row[name]) == held


def test_printed_effects_stand_on_the_rows_of_their_datum() -> None:
    effect = {
        "measure": "RR",
        "estimate": 0.5,
        "ci_low": 0.2,
        "ci_high": 1.2,
        "p": {"relation": "<", "value": 0.1},
    }
    made = review([study("alpha", [datum("d", None, None, effect=effect)])])
    (row,) = table(data_csv(made))
    assert (row["arm"], row["effect_measure"], row["effect_estimate"]) == ("", "RR", "0.5")
    assert (row["p_relation"], row["p_value"], row["effect_ci_level"]) == ("below", "0.1", "0.95")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "  ="])
def test_text_that_would_run_as_a_formula_is_quoted(start) -> None:
    evil = f'{start}HYPERLINK("https://example.org")'
    assert safe_text(evil) == f"'{evil}"
    made = review([study("alpha", [datum("d", counts(1), counts(2), note=evil)])])
    text = data_csv(made)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows[0]["note"] == f"'{evil}"


def test_negative_numbers_are_no_formulas() -> None:
    change = datum(
        "c", {"mean": -3.5, "sd": 1.0, "n": 20}, None, outcome="crp", kind="change-from-baseline", unit="mg/L"
    )
    (row,) = table(data_csv(review([study("alpha", [change])])))
    assert row["mean"] == "-3.5"


def test_the_chosen_data_are_those_of_the_results(shipped) -> None:
    rows = table(chosen_csv(shipped))
    assert tuple(rows[0]) == CHOSEN_COLUMNS
    result = shipped.answers[0].result
    mine = [row for row in rows if row["analysis"] == result.analysis.id and row["set"] == "main"]
    assert [row["study_id"] for row in mine] == [effect.study for effect in result.main.effects]
    pooled = [row for row in mine if row["pooled"] == "yes"]
    assert [float(row["yi"]) for row in pooled] == [effect.yi for effect in result.main.pooled]
    assert [float(row["vi"]) for row in pooled] == [effect.vi for effect in result.main.pooled]
    assert sum(float(row["weight"]) for row in pooled) == pytest.approx(1)


def test_a_study_that_is_not_estimable_stands_in_the_chosen_data_with_its_reason(tiny) -> None:
    rows = {row["study_id"]: row for row in table(chosen_csv(tiny))}
    assert rows["gamma"]["pooled"] == "no"
    assert rows["gamma"]["yi"] == ""
    assert rows["gamma"]["not_estimable_because"] == "no event in either arm"
    assert rows["delta"]["printed_estimate"] == "2.9"
    assert rows["delta"]["control_n"] == ""


def test_reports_parse_back_from_ris(shipped) -> None:
    text = studies_ris(shipped.review)
    entries = rispy.loads(text)
    reports = [report for made in shipped.review.studies for report in made.reports]
    assert [entry["id"] for entry in entries] == [report.id for report in reports]
    for entry, report in zip(entries, reports, strict=True):
        assert entry.get("doi") == report.doi
        assert entry.get("accession_number") == report.pmid
        assert entry.get("custom2") == report.pmcid
        assert entry.get("title") == report.title
        assert entry.get("year") == (str(report.year) if report.year is not None else None)
        assert "et al" not in entry.get("authors", [])
        assert "unknown_tag" not in entry
    assert all(line == "" or line[2:6] == "  - " for line in text.splitlines())


def test_names_pages_and_types_are_written_as_ris_wants_them() -> None:
    made = study("alpha", [])
    made["reports"] = [
        {
            "id": "one",
            "kind": "preprint",
            "authors": ["Kart Yasar K", "ARDS Study Group", "et al"],
            "pages": "e391–e399",
        },
        {"id": "two", "kind": "registry-record", "pages": "58", "title": "A title\nin two lines"},
    ]
    first, second = rispy.loads(studies_ris(review([made])))
    assert first["type_of_reference"] == "UNPB"
    assert first["authors"] == ["Kart Yasar, K", "ARDS Study Group"]
    assert (first["start_page"], first["end_page"]) == ("e391", "e399")
    assert "title" not in first
    assert second["type_of_reference"] == "DBASE"
    assert second["start_page"] == "58"
    assert second["title"] == "A title in two lines"


def test_a_review_without_studies_exports_too() -> None:
    empty = bare_findings(review([]))
    assert table(data_csv(empty.review)) == []
    assert table(chosen_csv(empty)) == []
    assert rispy.loads(studies_ris(empty.review)) == []
    assert json.loads(results_json(empty))["analyses"][0]["main"]["result"] is None
