"""The house: modules are named for things and stay small, imports are light, errors carry codes."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import evergrove
from evergrove import errors

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "src" / "evergrove").rglob("*.py"))
NAMES_FOR_NOTHING = {"utils", "util", "helpers", "helper", "misc", "common", "tools"}
LONGEST_MODULE = 500
LONGEST_FUNCTION = 60
#: Tables of data, not code.
GENERATED = {"text_widths.py"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_module_is_named_for_a_thing_and_small(path: Path) -> None:
    assert path.stem not in NAMES_FOR_NOTHING
    text = path.read_text(encoding="utf-8")
    if path.name not in GENERATED:
        assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if body:
                length = (body[-1].end_lineno or 0) - body[0].lineno + 1
                assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after running code."""
    script = f"{code}\nimport sys, json; sys.stderr.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr))


HEAVY = (
    "numpy",
    "scipy",
    "pydantic",
    "ruamel",
    "jinja2",
    "rich",
    "vl_convert",
    "rispy",
    "lxml",
    "httpx2",
    "stamina",
    "narwhals",
    "numba",
    "pandas",
)


@pytest.mark.parametrize(
    "code",
    [
        "import evergrove",
        "from evergrove.cli.main import main\nmain(['--help'], standalone_mode=False)",
        "from evergrove.cli.main import main\nmain(['--version'], standalone_mode=False)",
        "from evergrove.cli.main import main\nmain(['build', '--help'], standalone_mode=False)",
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code: str) -> None:
    loaded = loaded_by(code)
    assert not [name for name in HEAVY if name in loaded]


def test_the_numbers_never_load_scipy_stats() -> None:
    loaded = loaded_by("import evergrove as eg\neg.pool([0.1, 0.2, 0.4], [0.1, 0.1, 0.2])")
    assert "scipy.stats" not in loaded
    assert "pydantic" not in loaded


def test_every_export_is_there_and_documented() -> None:
    reference = (ROOT / "docs" / "reference" / "library.md").read_text(encoding="utf-8")
    for name in evergrove.__all__:
        assert getattr(evergrove, name) is not None
        assert f"`{name}`" in reference, f"{name} is missing in docs/reference/library.md"
    assert dir(evergrove) == evergrove.__all__
    with pytest.raises(AttributeError, match="No evergrove attribute poool"):
        evergrove.poool  # noqa: B018 - the access is the test


def error_classes() -> list[type[errors.EvergroveError]]:
    """Return the whole tree."""
    found, todo = [], [errors.EvergroveError]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += one.__subclasses__()
    return found


def test_every_error_has_a_code_a_status_and_a_word_in_the_reference() -> None:
    reference = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    classes = [one for one in error_classes() if one.__module__ == "evergrove.errors"]
    assert len({one.code for one in classes}) == len(classes)
    for one in classes:
        assert one.exit_status > 0
        assert f"`{one.code}`" in reference
        assert one.__doc__
        assert f"{one.__name__} " in (errors.__doc__ or "")


def test_no_error_is_defined_elsewhere_for_users_to_meet() -> None:
    outside = [one for one in error_classes() if one.__module__ != "evergrove.errors"]
    assert not outside
