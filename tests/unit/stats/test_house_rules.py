"""What every module of evergrove.stats promises: documented options, light imports."""

import ast
import inspect
import json
import pkgutil
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import pytest

from evergrove import stats
from evergrove.stats import options

MODULES = sorted(entry.name for entry in pkgutil.iter_modules(stats.__path__))
SOURCES = sorted(Path(stats.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("name", [name for name in stats.__all__ if inspect.isfunction(getattr(stats, name))])
def test_public_functions_have_an_example_and_sections(name):
    text = inspect.getdoc(getattr(stats, name))
    for section in ("Parameters\n----------", "Returns\n-------", "Raises\n------", "Examples\n--------"):
        assert section in text or (section.startswith("Raises") and name == "scale_of"), section
    assert ">>>" in text


def test_every_option_member_is_documented():
    tree = ast.parse(inspect.getsource(options))
    kinds = {
        name for name, kind in vars(options).items() if isinstance(kind, type) and issubclass(kind, StrEnum)
    }
    kinds -= {"StrEnum"}
    documented = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in kinds:
            for member, after in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(member, ast.Assign):
                    assert isinstance(after, ast.Expr), (
                        f"{node.name}.{member.targets[0].id} has no docstring line"
                    )
                    documented += 1
    assert documented == sum(len(getattr(options, name)) for name in kinds)


def test_modules_stay_small_and_well_named():
    for path in SOURCES:
        assert len(path.read_text().splitlines()) <= 410, path.name
        assert path.stem not in {"utils", "helpers", "common", "misc"}


def test_functions_stay_small():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                described = ast.get_docstring(node) is not None
                body = node.body[1:] if described else node.body
                length = body[-1].end_lineno - body[0].lineno + 1 if body else 0
                assert length <= 60, f"{path.name}: {node.name} has {length} lines of code"


def test_import_is_light_and_stands_alone():
    code = (
        "import json, sys, evergrove.stats; "
        "print(json.dumps([name for name in sys.modules if name[:5] in ('scipy', 'everg', 'panda')]))"
    )
    loaded = json.loads(
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    )
    assert not {"scipy.stats", "scipy.optimize", "pandas"} & set(loaded)
    ours = {
        name for name in loaded if name.startswith("evergrove.") and not name.startswith("evergrove.stats")
    }
    assert ours <= {"evergrove.errors", "evergrove._version"}


def test_no_printing_and_no_global_random_state():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"), path.name
            assert not (isinstance(node, ast.Attribute) and node.attr == "random"), path.name


def test_exports_are_sorted_and_exist():
    assert list(stats.__all__) == sorted(stats.__all__)
    for name in stats.__all__:
        assert hasattr(stats, name)
