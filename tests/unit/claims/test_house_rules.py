"""What every module of evergrove.claims promises: examples that run, small modules, no heavy import."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import evergrove.claims

MODULES = [f"evergrove.claims.{module.name}" for module in pkgutil.iter_modules(evergrove.claims.__path__)]


@pytest.mark.parametrize("name", [*MODULES, "evergrove.model.claim"])
def test_modules_and_functions_are_short(name):
    text = Path(importlib.import_module(name).__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) < 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name


def test_the_page_on_claims_runs(shipped_folder, monkeypatch, capsys):
    root = shipped_folder.parents[1]
    monkeypatch.chdir(root)
    page = (root / "docs" / "explanation" / "claims.md").read_text(encoding="utf-8")
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(block, "claims.md", "exec"), {})
    assert "claim-f: partly" in capsys.readouterr().out


def test_scipy_stats_is_not_loaded():
    code = "import sys, evergrove.claims; sys.exit('scipy.stats' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
