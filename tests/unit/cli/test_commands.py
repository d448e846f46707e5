"""The commands as a person runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evergrove._version import __version__
from evergrove.cli.main import COMMANDS, main


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(item) for item in arguments], catch_exceptions=False)


def test_help_lists_every_command_and_each_explains_itself() -> None:
    page = run("--help").output
    for name in COMMANDS:
        assert f"  {name} " in page
        done = run(name, "--help")
        assert done.exit_code == 0
        assert "--json" in done.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("check",), "Missing argument 'REVIEW'"),
        (("check", "msc-ards", "--surplus"), "No such option"),
        (("biuld", "msc-ards"), "no command 'biuld'; allowed: demo, new"),
        (("export", "msc-ards", "--format", "ris"), "--json needs --output"),
    ],
)
def test_a_call_that_cannot_be_is_told_in_the_form_asked_for(arguments: tuple[str, ...], told: str) -> None:
    done = run(*arguments, "--json")
    assert done.exit_code == 2
    error = json.loads(done.output)["error"]
    assert error["code"] == "usage-error"
    assert told in error["message"]


def test_without_json_a_call_that_cannot_be_is_told_in_text() -> None:
    done = run("check")
    assert done.exit_code == 2
    assert "Usage: " in done.output
    assert "Missing argument 'REVIEW'" in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "msc-ards", "refs.ris"),
        ("search", "msc-ards"),
        ("update", "msc-ards"),
        ("dedupe", "msc-ards"),
        ("candidates", "msc-ards"),
        ("link", "msc-ards", "--accept", "NCT00000001", "NCT00000002", "--why", "the same"),
    ],
)
def test_a_shipped_review_is_not_changed_but_copied(
    arguments: tuple[str, ...], tmp_path: Path, shipped_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in shipped_folder.rglob("*") if path.is_file()}
    done = run(*arguments)
    assert done.exit_code == 2
    assert "copy it with 'evergrove new my-review --from msc-ards'" in done.output
    assert {path: path.read_bytes() for path in shipped_folder.rglob("*") if path.is_file()} == before


def test_version() -> None:
    assert run("--version").output == f"evergrove {__version__}\n"


def test_an_unknown_command_is_a_usage_error() -> None:
    done = run("bild")
    assert done.exit_code == 2
    assert "no command 'bild'" in done.output


def test_the_demo_says_where_the_site_is_and_the_answer_in_three_lines(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "evergrove.cli.main", "demo"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    first, *answer = done.stdout.splitlines()
    home = tmp_path / "site" / "msc-ards" / "index.html"
    assert first == f"The site is at {home}"
    assert home.is_file()
    assert len(answer) == 3
    assert answer[0].startswith("Death near day 28: ")
    assert "RR 0.79 (0.61 to 1.02); 12 trials" in answer[0]
    assert done.stderr == ""


def test_build_prints_json_and_timings(tmp_path: Path) -> None:
    done = run("build", "msc-ards", "--out", tmp_path / "a", "--png", "none", "--timings")
    assert done.exit_code == 0
    assert "total" in done.output
    data = json.loads(run("build", "msc-ards", "--out", tmp_path / "b", "--png", "none", "--json").output)
    assert Path(data["site"]).is_file()
    assert data["pages"] > 39
    assert {"read", "analyse"} <= data["timings"].keys()
    assert data["answers"][0]["analysis"] == "mortality-28d"
    assert data["answers"][0]["result"]["estimate"] == pytest.approx(0.7914476, abs=1e-6)


def test_new_makes_a_review_that_checks_and_builds(tmp_path: Path) -> None:
    folder = tmp_path / "my-review"
    assert run("new", folder).exit_code == 0
    checked = run("check", folder)
    assert checked.exit_code == 0
    assert "0 studies, 0 data, no faults" in checked.output
    assert run("build", folder, "--out", tmp_path / "site", "--png", "none").exit_code == 0
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "The title of the review" in page


@pytest.mark.parametrize("name", ["My Review", "..", "a/../B"])
def test_new_refuses_a_name_that_cannot_be_an_id(tmp_path: Path, name: str) -> None:
    done = run("new", tmp_path / name)
    assert done.exit_code == 2
    assert "evergrove: " in done.output


def test_new_leaves_what_is_there_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    done = run("new", folder, "--json")
    assert done.exit_code == 2
    error = json.loads(done.output)["error"]
    assert error["code"] == "usage-error"
    assert "is there already" in error["message"]
    assert list(folder.iterdir()) == []


def test_check_says_what_a_reader_should_know() -> None:
    data = json.loads(run("check", "msc-ards", "--json").output)
    assert (data["studies"], data["data"], data["faults"]) == (39, 521, [])
    conflicts = {item["where"] for item in data["remarks"] if item["code"] == "conflict"}
    assert {
        "mortality-28d: Lanzoni 2021",
        "mortality-28d: Bellingan 2022",
        "mortality-28d: Zarrabi 2023",
    } <= conflicts


def test_check_lists_all_faults_with_their_places(review_folder: Path) -> None:
    path = review_folder / "studies" / "shu-2020.yaml"
    text = path.read_text(encoding="utf-8").replace("        events: 3\n", "        events: 33\n", 1)
    path.write_text(text.replace("name: Shu 2020", "name: 7", 1), encoding="utf-8")
    done = run("check", review_folder)
    assert done.exit_code == 3
    assert "2 faults" in done.output
    assert "studies/shu-2020.yaml:2: name:" in done.output
    data = json.loads(run("check", review_folder, "--json").output)
    assert data["error"]["code"] == "review-folder-error"
    assert {fault["line"] for fault in data["error"]["faults"]} != {None}


def test_a_faulty_review_is_not_built_at_all(review_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "site"
    assert run("build", review_folder, "--out", out, "--png", "none").exit_code == 0
    before = (out / "index.html").read_bytes()
    (review_folder / "studies" / "shu-2020.yaml").write_text("id: [", encoding="utf-8")
    done = run("build", review_folder, "--out", out, "--png", "none")
    assert done.exit_code == 3
    assert (out / "index.html").read_bytes() == before


def test_a_review_that_is_not_there(tmp_path: Path) -> None:
    done = run("build", tmp_path / "nothing")
    assert done.exit_code == 2
    assert "shipped: msc-ards" in done.output


def test_html_in_a_title_is_text_on_the_site(review_folder: Path, tmp_path: Path) -> None:
    path = review_folder / "studies" / "shu-2020.yaml"
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    path.write_text(
        path.read_text(encoding="utf-8").replace("name: Shu 2020", f"name: '{evil}'", 1), encoding="utf-8"
    )
    out = tmp_path / "site"
    assert run("build", review_folder, "--out", out, "--png", "none").exit_code == 0
    pages = list(out.rglob("*.html")) + list(out.rglob("*.svg"))
    assert any("&lt;script&gt;alert(1)" in page.read_text(encoding="utf-8") for page in pages)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "<img src=x" not in text
