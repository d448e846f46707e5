"""A review folder is read whole or not at all, with every fault in its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evergrove.errors import Fault, ReviewFolderError, UsageError
from evergrove.store import read_review


def faults(folder: Path) -> list[Fault]:
    with pytest.raises(ReviewFolderError) as caught:
        read_review(folder)
    return caught.value.faults


def replaced(path: Path, old: str, new: str) -> int:
    """Replace text once; return the line, counted from 1, on which it stood."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_shipped_review_has_no_fault(shipped_folder: Path) -> None:
    review = read_review(shipped_folder)
    assert len(review.studies) == 39
    assert sum(len(study.data) for study in review.studies) == 521
    assert sum(len(study.reports) for study in review.studies) == 41


def test_events_above_n(review_folder: Path) -> None:
    line = replaced(review_folder / "studies/shu-2020.yaml", "        events: 3\n", "        events: 33\n")
    (fault,) = faults(review_folder)
    assert (fault.file, fault.line, fault.found) == ("studies/shu-2020.yaml", line, "33")
    assert fault.where.startswith("data[")
    assert fault.where.endswith(".values.control.events")
    assert "33 patients with the event among 29" in fault.problem
    assert "events from 0 to n" in fault.allowed


def test_a_negative_sd(review_folder: Path) -> None:
    line = replaced(review_folder / "studies/lanzoni-2021.yaml", "sd: 15.93", "sd: -15.93")
    (fault,) = faults(review_folder)
    assert (fault.line, fault.found) == (line, "-15.93")
    assert fault.where == "arms[0].baseline.age.sd"


def test_an_unknown_unit(review_folder: Path) -> None:
    line = replaced(review_folder / "studies/lanzoni-2021.yaml", "    unit: pg/mL", "    unit: pg/ml")
    (fault,) = faults(review_folder)
    assert (fault.line, fault.found) == (line, "'pg/ml'")
    assert "pg/mL" in fault.allowed


def test_a_unit_of_another_quantity(review_folder: Path) -> None:
    line = replaced(review_folder / "studies/lanzoni-2021.yaml", "    unit: pg/mL", "    unit: mmHg")
    (fault,) = faults(review_folder)
    assert (fault.line, fault.found) == (line, "'mmHg'")
    assert "does not measure Tumour necrosis factor alpha" in fault.problem


def test_an_interval_that_excludes_its_estimate(review_folder: Path) -> None:
    replaced(review_folder / "studies/bowdish-2023.yaml", "ci_low: 0.64", "ci_low: 0.94")
    (fault,) = faults(review_folder)
    assert "interval 0.94 to 1.21 excludes its estimate 0.88" in fault.problem
    assert fault.where.endswith(".effect")


def test_an_id_in_two_files(review_folder: Path) -> None:
    text = (review_folder / "studies/shu-2020.yaml").read_text(encoding="utf-8")
    (review_folder / "studies/shu-again.yaml").write_text(text, encoding="utf-8")
    (fault,) = faults(review_folder)
    assert (fault.file, fault.line, fault.found) == ("studies/shu-again.yaml", 1, "'shu-2020'")
    assert fault.problem == "duplicate id: studies/shu-2020.yaml has it"


def test_a_broken_line(review_folder: Path) -> None:
    line = replaced(review_folder / "studies/shu-2020.yaml", "name: Shu 2020", "name: [Shu 2020")
    (fault,) = faults(review_folder)
    assert fault.file == "studies/shu-2020.yaml"
    assert fault.line is not None
    assert fault.line >= line
    assert "not readable as YAML" in fault.problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("id: x\nid: y\n", "duplicate key"),
        ("a: &x [1]\nb: *x\n", "anchor or alias"),
        ("a: !!python/object/apply:os.system ['true']\n", "not readable as YAML"),
        ("a: *x\n", "not readable as YAML|anchor"),
        ("- just\n- a list\n", "has no fields"),
        ("", "has no fields"),
    ],
)
def test_yaml_that_is_no_study(review_folder: Path, text: str, problem: str) -> None:
    (review_folder / "studies/x.yaml").write_text(text, encoding="utf-8")
    found = faults(review_folder)
    assert len(found) == 1
    assert any(part in found[0].problem for part in problem.split("|"))


def test_a_file_with_a_50_mb_field(review_folder: Path) -> None:
    (review_folder / "studies/x.yaml").write_text("id: " + "x" * 50_000_000, encoding="utf-8")
    (fault,) = faults(review_folder)
    assert fault.problem == "the file is too large"
    assert fault.found == "50.0 MB"
    assert "up to 5 MB" in fault.allowed


def test_a_field_that_is_too_long(review_folder: Path) -> None:
    replaced(review_folder / "studies/shu-2020.yaml", "name: Shu 2020", "name: " + "x" * 30_000)
    (fault,) = faults(review_folder)
    assert (fault.where, fault.line) == ("name", 2)
    assert len(fault.found) <= 80
    assert (fault.problem, fault.allowed) == ("is too long", "300 characters or fewer")


def test_a_path_that_leaves_the_folder(review_folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("id: outside\n", encoding="utf-8")
    (review_folder / "studies/outside.yaml").symlink_to(outside)
    (fault,) = faults(review_folder)
    assert fault.problem == "the path leaves the folder"


def test_text_that_is_not_utf8(review_folder: Path) -> None:
    (review_folder / "studies/x.yaml").write_bytes(b"id: x\nname: H\xe4berle\n")
    (fault,) = faults(review_folder)
    assert fault.problem == "not UTF-8"


def test_a_decision_about_nothing(review_folder: Path) -> None:
    path = review_folder / "decisions/evergrove-review-team.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | {"datum": "no-such-datum"})
    path.write_text("\n".join([*lines, "{not json", '{"who": "x"}']) + "\n", encoding="utf-8")
    found = faults(review_folder)
    assert {fault.line for fault in found} == {2, len(lines) + 1, len(lines) + 2}
    assert any("has no such datum" in fault.problem for fault in found)


def test_a_claim_about_a_datum_that_is_not_there(review_folder: Path) -> None:
    line = replaced(
        review_folder / "claims/claim-f.yaml", "mortality-within-the-1-month", "mortality-in-a-year"
    )
    (fault,) = faults(review_folder)
    assert (fault.file, fault.line) == ("claims/claim-f.yaml", line)
    assert fault.where == "propositions[3].datum"
    assert fault.problem == "xu-2021 has no such datum"


def test_a_protocol_that_names_what_is_not_there(review_folder: Path) -> None:
    replaced(review_folder / "review.yaml", "    outcome: mortality\n", "    outcome: death\n")
    (fault,) = faults(review_folder)
    assert fault.where == "analyses[0].outcome"
    assert fault.found == "'death'"


def test_all_faults_are_reported_at_once(review_folder: Path) -> None:
    replaced(review_folder / "studies/shu-2020.yaml", "        events: 3\n", "        events: 33\n")
    replaced(review_folder / "studies/lanzoni-2021.yaml", "sd: 15.93", "sd: -15.93")
    replaced(review_folder / "studies/lanzoni-2021.yaml", "name: Lanzoni 2021", "nmae: Lanzoni 2021")
    found = faults(review_folder)
    assert {fault.file for fault in found} == {"studies/shu-2020.yaml", "studies/lanzoni-2021.yaml"}
    assert len(found) == 4  # the misspelt name is both missing and unknown


def test_a_folder_that_is_no_review(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no review folder: it has no review\.yaml"):
        read_review(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "where", "problem"),
    [
        ("    measure: RR\n", "    measure: SMD\n    pooling: {method: mantel-haenszel}\n",
         "analyses[0].pooling.method", "cannot pool SMD"),
        ("    measure: RR\n", "    measure: RR\n    pooling: {model: common, ci: hartung-knapp}\n",
         "analyses[0].pooling.ci", "does not take ci hartung-knapp"),
    ],
)  # fmt: skip
def test_a_pooling_that_cannot_be(review_folder: Path, old: str, new: str, where: str, problem: str) -> None:
    path = review_folder / "review.yaml"
    text = path.read_text(encoding="utf-8")
    start = text.index(old)
    end = text.index("    sensitivity:", start)
    path.write_text(text[:start] + new + text[end:], encoding="utf-8")
    found = [fault for fault in faults(review_folder) if problem in fault.problem]
    assert where in {fault.where for fault in found}


def test_a_decision_on_no_analysis(review_folder: Path) -> None:
    path = review_folder / "decisions/evergrove-review-team.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[0] = json.dumps(json.loads(lines[0]) | {"analysis": "no-such-analysis"})
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    (fault,) = faults(review_folder)
    assert (fault.line, fault.problem) == (1, "no such analysis")


def test_a_dangling_link(review_folder: Path) -> None:
    (review_folder / "studies/gone.yaml").symlink_to(review_folder / "studies/nowhere.yaml")
    (fault,) = faults(review_folder)
    assert fault.problem.startswith("cannot be read")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "- " * 100_000, "{a: " * 100_000, "id: 2020-13-45T25:61:61Z\n", "\x00"]
)
def test_yaml_that_breaks_the_parser(review_folder: Path, text: str) -> None:
    (review_folder / "studies/x.yaml").write_text(text, encoding="utf-8")
    assert {fault.file for fault in faults(review_folder)} == {"studies/x.yaml"}


def test_a_complement_of_itself(review_folder: Path) -> None:
    path = review_folder / "review.yaml"
    text = path.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "complement_of:" in line)
    path.write_text(text.replace(line, line.split(":")[0] + ": no-such-outcome"), encoding="utf-8")
    (fault,) = faults(review_folder)
    assert fault.where.endswith(".complement_of")
