"""The documents say what is true: commands and code in them run, pages are as the code writes them."""

from __future__ import annotations

import importlib.util
import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from evergrove import stats
from evergrove.appraisal import judge
from evergrove.model import Analysis, Appraisal, CertaintyJudgement
from evergrove.services.dedupe import dedupe
from evergrove.services.folders import new_review
from evergrove.services.found_records import found_records
from evergrove.services.import_records import import_files
from evergrove.services.link import link_review
from evergrove.services.review import open_review
from evergrove.store.yaml_text import parse

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("validation/*.md"),
        *ROOT.glob("benchmarks/*.md"),
    ]
)
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: `make` runs these tests, so the tests do not run it; its rules are looked at below.
MAKE = re.compile(r"^make \w+$")


def blocks(language: str) -> list[tuple[str, str]]:
    """Return every code block of a language with the page that it stands on."""
    return [
        (str(page.relative_to(ROOT)), text)
        for page in PAGES
        for kind, text in BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == language
    ]


def commands(page: str) -> list[str]:
    """Return the commands of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        line.removeprefix("$ ").strip()
        for kind, block in BLOCK.findall(text)
        if kind == "console"
        for line in block.splitlines()
        if line.startswith("$ ")
    ]


#: A file that a tutorial has its reader save.
SAVED = re.compile(r"Save this as `([\w.-]+)`:\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
TUTORIALS = sorted(str(page.relative_to(ROOT)) for page in ROOT.glob("docs/tutorials/*.md"))


@pytest.mark.parametrize("page", ["README.md", *TUTORIALS])
def test_the_commands_run_as_written(page: str, tmp_path: Path) -> None:
    written = commands(page)
    assert written
    for name, content in SAVED.findall((ROOT / page).read_text(encoding="utf-8")):
        (tmp_path / name).write_text(content, encoding="utf-8")
    studies = [text for where, text in blocks("yaml") if where == page]
    for command in written:
        if MAKE.match(command):
            assert f"\n{command.split()[1]}:" in (ROOT / "Makefile").read_text(encoding="utf-8")
            continue
        program, *arguments = shlex.split(command)
        assert program == "evergrove"
        done = subprocess.run(
            [sys.executable, "-m", "evergrove.cli.main", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        if arguments[0] == "new" and studies:
            put_in_two_trials(tmp_path / arguments[1], studies[0])


@pytest.mark.parametrize(
    "text", [text for page, text in blocks("yaml") if page.endswith("choose-the-model.md")]
)
def test_the_analyses_shown_are_analyses(text: str) -> None:
    asked = Analysis.model_validate(parse(text, "review.yaml"))
    assert asked.pooling != Analysis.model_fields["pooling"].default


def test_the_appraisal_shown_is_one_and_gives_a_judgement() -> None:
    whole, override, certainty = [
        parse(text, "page") for page, text in blocks("yaml") if page.endswith("appraise-a-trial.md")
    ]
    judged = judge(Appraisal.model_validate(whole))
    assert judged.overall.value == "some-concerns"
    changed = judge(
        Appraisal.model_validate({**whole, "domains": {**whole["domains"], **override["domains"]}})
    )
    assert changed.domain("missing-data").overridden
    assert [CertaintyJudgement.model_validate(item) for item in certainty["certainty"]]


def test_the_tutorial_of_records_gives_what_it_says(tmp_path: Path) -> None:
    text = (ROOT / "docs/tutorials/from-exports-to-studies.md").read_text(encoding="utf-8")
    review = new_review(tmp_path / "my-msc", "msc-ards")
    files = []
    for name, content in SAVED.findall(text):
        files.append(tmp_path / name)
        files[-1].write_text(content, encoding="utf-8")
    runs = import_files(review, files).runs
    assert [(run.read, run.added, len(run.left_out)) for run in runs] == [(1, 1, 0), (2, 2, 0), (2, 2, 0)]
    dedupe(review)
    found = found_records(review)
    assert found is not None
    assert (found.databases, found.registers) == (
        {"PubMed": 1, "Embase": 2},
        {"ClinicalTrials.gov": 2},
    )
    assert found.duplicates == 1
    linked = link_review(review)
    assert [trial.registrations for trial in linked.unpublished] == [("NCT99999999",)]


def put_in_two_trials(review: Path, alpha: str) -> None:
    """Do what the tutorial's second step says."""
    (review / "studies" / "alpha-2021.yaml").write_text(alpha, encoding="utf-8")
    beta = alpha.replace("alpha-2021", "beta-2022").replace("Alpha 2021", "Beta 2022")
    beta = beta.replace("events: 4", "events: 5").replace("events: 8", "events: 7")
    (review / "studies" / "beta-2022.yaml").write_text(beta, encoding="utf-8")


@pytest.mark.parametrize(("page", "code"), blocks("python"), ids=lambda item: item[:40].replace("\n", " "))
def test_the_python_runs_as_written(page: str, code: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{page}\n{done.stderr}"


def test_the_decision_of_the_how_to_is_one(review_folder: Path) -> None:
    ((_, line),) = [item for item in blocks("json") if "settle-a-conflict" in item[0]]
    (review_folder / "decisions" / "a-reviewer.jsonl").write_text(line, encoding="utf-8")
    result = open_review(review_folder).analyse("mortality-28d").answer.result
    choice = next(item for item in result.main.choices if item.study == "lanzoni-2021")
    assert choice.why.startswith("preferred by A Reviewer")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), target


def reference_script() -> ModuleType:
    """Load ``scripts/make_reference.py``."""
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "scripts" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_as_the_code_writes_it() -> None:
    script = reference_script()
    for name, text in script.pages().items():
        written = (script.REFERENCE / name).read_text(encoding="utf-8")
        assert written == text, f"docs/reference/{name} is old: python scripts/make_reference.py"


def test_every_function_of_the_statistics_stands_on_a_page_of_methods() -> None:
    pages = " ".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "methods").glob("*.md"))
    functions = [name for name in stats.__all__ if inspect.isfunction(getattr(stats, name))]
    assert not [name for name in functions if not re.search(rf"\b{name}\b", pages)]
    measures = set(stats.EffectMeasure)
    assert not [measure for measure in measures if not re.search(rf"\b{measure}\b", pages)]


def test_what_the_table_of_functions_names_is_there() -> None:
    """Every evergrove name beside a function of R exists."""
    names = []
    for line in (ROOT / "validation" / "notes" / "functions.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if line.startswith("| ") and len(cells) > 5:
            names += re.findall(r"`([A-Za-z_][\w.]*)", cells[4])
    assert len(names) > 60
    members = {"to_frame": stats.PoolResult}
    for name in names:
        if name != "evergrove":
            place = members.get(name, stats)
            for part in name.split("."):
                place = getattr(place, part, None) or place.__dataclass_fields__[part]
