"""The calls that *Coming from R* names exist, with the arguments that it names."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from evergrove import stats
from evergrove.stats.effects.inputs import Columns
from evergrove.stats.pool_result import PoolResult

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/coming-from-r.md"
TEXT = re.sub(r"```.*?```", "", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
#: A call in a table: its name, and what stands between the parentheses.
CALLS = sorted(set(re.findall(r"`stats\.(\w+)(?:\(([^`]*)\))?`", TEXT)))


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_the_call_exists(name, arguments):
    function = getattr(stats, name)
    allowed = set(inspect.signature(function).parameters)
    if name == "effect_size":
        allowed |= set(Columns.__annotations__)
    if "options" in allowed:  # subgroups hands them on to pool
        allowed |= set(inspect.signature(stats.pool).parameters)
    named = set(re.findall(r"(\w+)=", re.sub(r'"[^"]*"', "", arguments)))
    assert named <= allowed


def test_what_a_fit_is_asked_for_exists():
    fit = stats.pool([0.1, 0.3, 0.2], [0.1, 0.1, 0.2])
    for name in set(re.findall(r"`fit\.(\w+)", TEXT)):
        assert hasattr(fit, name)


@pytest.mark.parametrize("name", ["ci", "prediction", "tau2_ci", "tau2", "model"])
def test_named_options_are_accepted(name):
    """Every value that the page gives to an option of `pool` is one that `pool` takes."""
    spans = [span for span in re.findall(r"`([^`]+)`", TEXT) if re.match(rf"{name}=|(stats\.)?pool\(", span)]
    values = {value for span in spans for value in re.findall(rf'(?<![.\w]){name}="([^"]+)"', span)}
    assert values
    for value in values:
        fit = stats.pool([0.1, 0.3, 0.2, 0.9], [0.1, 0.1, 0.2, 0.1], **{name: value}, rng=1)
        assert isinstance(fit, PoolResult)
