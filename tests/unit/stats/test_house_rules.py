"""What every module of evergrove.stats promises: documented options, light imports."""

import ast
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from evergrove import stats

SOURCES = sorted(Path(stats.__file__).parent.rglob("*.py"))
MODULES = sorted(entry.name for entry in pkgutil.walk_packages(stats.__path__, "evergrove.stats."))


@pytest.mark.parametrize("name", [name for name in stats.__all__ if inspect.isfunction(getattr(stats, name))])
def test_public_functions_have_an_example_and_sections(name):
    text = inspect.getdoc(getattr(stats, name))
    for section in ("Parameters\n----------", "Returns\n-------", "Raises\n------", "Examples\n--------"):
        assert section in text or (section.startswith("Raises") and name == "scale_of"), section
    assert ">>>" in text


def option_classes(path):
    """Return the StrEnum classes that a file defines."""
    return [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and "StrEnum" in [getattr(base, "id", "") for base in node.bases]
    ]


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if option_classes(path)], ids=lambda path: path.stem
)
def test_every_option_member_is_documented(path):
    for node in option_classes(path):
        for member, after in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(member, ast.Assign):
                name = f"{node.name}.{member.targets[0].id}"
                assert isinstance(after, ast.Expr), f"{name} has no docstring line"


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


@pytest.mark.parametrize("name", MODULES)
def test_no_kernel_loads_scipy_stats_or_a_frame_library(name):
    code = f"import json, sys, {name}; print(json.dumps(list(sys.modules)))"
    loaded = set(
        json.loads(
            subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
        )
    )
    assert not {"scipy.stats", "pandas", "polars", "numba", "formulaic"} & loaded


def test_no_printing_and_no_global_random_state():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"), path.name
            if isinstance(node, ast.Attribute) and getattr(node.value, "attr", "") == "random":
                assert node.attr in {"Generator", "default_rng", "SeedSequence"}, f"{path.name}: {node.attr}"


def test_exports_are_sorted_and_exist():
    assert list(stats.__all__) == sorted(stats.__all__)
    for name in stats.__all__:
        assert hasattr(stats, name)


def test_no_exported_name_is_a_module_too():
    modules = {name.removeprefix("evergrove.stats.") for name in MODULES}
    assert not set(stats.__all__) & modules  # a module that loads would take the function's place
