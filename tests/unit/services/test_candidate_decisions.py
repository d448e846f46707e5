"""Candidates are found once, decided with name and reason, and become data where nothing is open."""

import json

import pytest
from click.testing import CliRunner

from evergrove.cli.main import main
from evergrove.errors import ReviewFolderError, UsageError
from evergrove.model.datum import ArmValue
from evergrove.services.candidates import Chosen, decide, find_candidates, list_candidates
from evergrove.services.import_records import import_files
from evergrove.store import read_review, write_review
from evergrove.store.candidates import read_candidate_decisions
from support.registry_samples import SAMPLES
from support.tiny_review import review as tiny
from support.tiny_review import study


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "mine"
    trial = study("madeup", [], n=12) | {"registrations": ["NCT09990001"]}
    write_review(tiny([trial]), made)
    import_files(made, [SAMPLES / "ctgov-v2-study.json"])
    find_candidates(made)
    return made


def id_of(folder, part):
    (one, *_) = list_candidates(folder, parts=[part])
    return one.candidate.id


SAID = {"who": "A reviewer", "why": "the registry posts it"}


def test_candidates_are_found_once(folder):
    assert find_candidates(folder) == 0
    before = (folder / "records" / "candidates.jsonl").read_bytes()
    assert len(list_candidates(folder)) == len(before.splitlines()) == 11
    assert {item.state for item in list_candidates(folder)} == {"open"}
    import_files(folder, [SAMPLES / "ctgov-v2-page.json"])  # another text of the same entry
    assert find_candidates(folder) == 0
    assert (folder / "records" / "candidates.jsonl").read_bytes() == before


def test_an_accepted_candidate_becomes_a_datum(folder):
    done = decide(folder, id_of(folder, "deaths"), accept=True, **SAID)
    assert done.added
    (trial,) = read_review(folder).studies
    (datum,) = trial.data
    assert datum.id == done.decision.datum == f"mortality-registry-{done.decision.candidate}"
    assert datum.values == {"msc": ArmValue(events=3, n=12), "control": ArmValue(events=7, n=12)}
    assert datum.provenance.source.locator == 'registry, adverse events, deaths, time frame "3 months"'
    assert datum.provenance.extracted_by == "A reviewer"
    assert (datum.time.day, datum.time.label) == (None, "3 months")
    assert list_candidates(folder, parts=["deaths"])[0].state == "accepted"
    again = decide(folder, done.decision.candidate, accept=True, **SAID)
    assert not again.added
    assert again.decision.datum == datum.id
    assert "holds these numbers already" in again.message
    assert len(read_candidate_decisions(folder)) == 2


def test_a_choice_that_is_left_is_named(folder):
    serious = id_of(folder, "serious-adverse-events")
    done = decide(folder, serious, accept=True, **SAID)
    assert (done.decision.study, done.decision.datum) == ("madeup", None)
    assert "name it with --outcome: " in done.message
    chosen = Chosen(outcome="mortality", arms={"Cells": "control", "Control": "msc"}, day=90.0)
    named = decide(folder, serious, accept=True, chosen=chosen, **SAID)
    assert named.added
    (datum,) = read_review(folder).study("madeup").data
    assert datum.values["control"] == ArmValue(events=5, n=12)
    assert datum.time.day == 90.0


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (Chosen(outcome="death"), "--outcome: found 'death'; allowed: mortality"),
        (Chosen(arms={"Cells": "nobody"}), "--arm: found Cells=nobody; allowed: a group of 'EG000', 'Cells'"),
        (Chosen(arms={"Cells": "msc", "Control": "msc"}), "two groups are given the same arm"),
    ],
)
def test_a_wrong_choice_says_what_is_allowed_and_records_nothing(folder, chosen, message):
    before = (folder / "studies" / "madeup.yaml").read_bytes()
    with pytest.raises(UsageError) as caught:
        decide(folder, id_of(folder, "deaths"), accept=True, chosen=chosen, **SAID)
    assert message in str(caught.value)
    assert not read_candidate_decisions(folder)
    assert (folder / "studies" / "madeup.yaml").read_bytes() == before


def test_numbers_that_are_no_arms_values_become_no_datum(folder):
    effect = next(item.candidate for item in list_candidates(folder) if item.candidate.kind.value == "effect")
    assert "no values of arms" in decide(folder, effect.id, accept=True, **SAID).message
    other = next(item.candidate for item in list_candidates(folder) if item.candidate.row == "Men")
    chosen = Chosen(outcome="mortality")
    assert "is dichotomous" in decide(folder, other.id, accept=True, chosen=chosen, **SAID).message


def test_a_study_that_is_not_there_or_too_small_is_told(folder):
    trial = study("madeup", [], n=5) | {"registrations": ["NCT09990001"]}
    write_review(tiny([trial]), folder)
    deaths = id_of(folder, "deaths")
    assert "its group has 12 patients, arm 'msc' has 5" in decide(folder, deaths, accept=True, **SAID).message
    write_review(tiny([study("madeup", [])]), folder)
    assert "no study has the registration NCT09990001" in decide(folder, deaths, accept=True, **SAID).message


def test_a_file_with_comments_is_left_as_it_is(folder):
    path = folder / "studies" / "madeup.yaml"
    path.write_text("# mine\n" + path.read_text())
    done = decide(folder, id_of(folder, "deaths"), accept=True, **SAID)
    assert "holds comments" in done.message
    assert path.read_text().startswith("# mine")


def test_wrong_calls_are_refused(folder):
    with pytest.raises(UsageError, match="no candidate has the id 'zz'"):
        decide(folder, "zz", accept=True, **SAID)
    with pytest.raises(UsageError, match="a decision needs a name"):
        decide(folder, id_of(folder, "deaths"), accept=True, who=" ", why="x")
    with pytest.raises(UsageError, match="--part: found 'all'"):
        list_candidates(folder, parts=["all"])
    with pytest.raises(UsageError, match="no posted results of it are among the records"):
        list_candidates(folder, registrations=["NCT00000000"])
    path = folder / "records" / "candidates.jsonl"
    path.write_text(path.read_text() + '{"id": 1}\n')
    with pytest.raises(ReviewFolderError, match=r"records/candidates.jsonl:12: "):
        list_candidates(folder)


def test_the_command(folder):
    run = CliRunner()
    listed = run.invoke(main, ["candidates", str(folder), "--registration", "nct09990001"])
    assert listed.exit_code == 0, listed.output
    assert "11 candidates, 0 of them new" in listed.output
    assert 'registry, outcome 1, time frame "31 days"; counts' in listed.output
    assert "from the groups: 0.1 or 10 (agrees)" in listed.output
    deaths = id_of(folder, "deaths")
    done = run.invoke(main, ["candidates", str(folder), "--accept", deaths, "--who", "A", "--why", "B"])
    assert f"accepted: datum mortality-registry-{deaths} added to studies/madeup.yaml" in done.output
    no = ["candidates", str(folder), "--reject", deaths, "--who", "A", "--why", "B", "--json"]
    assert json.loads(run.invoke(main, no).output)["decision"]["action"] == "reject"
    as_json = json.loads(run.invoke(main, ["candidates", str(folder), "--part", "deaths", "--json"]).output)
    assert [item["state"] for item in as_json["candidates"]] == ["rejected"]
    wrong = run.invoke(main, ["candidates", str(folder), "--accept", deaths, "--arm", "x"])
    assert wrong.exit_code == 2
    assert "allowed: GROUP=ARM" in wrong.output
    both = run.invoke(main, ["candidates", str(folder), "--accept", deaths, "--reject", deaths])
    assert both.exit_code == 2
