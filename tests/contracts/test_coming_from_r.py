"""The calls that *Coming from R* names exist, with the arguments that it names."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path

import pandas as pd
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


#: The table of numbers: the call in R, the call here, the number printed.
ROWS = [
    (call.replace("\\|", "|"), ours, float(number))
    for call, ours, number in re.findall(
        r"^\| `(.+?)` \| `(.+?)` \| ([-\d.e+]+) \|$", TEXT, flags=re.MULTILINE
    )
]
IN_R = {
    case["call"]: case["value"]
    for case in json.loads((PAGE.parents[2] / "tests/golden/coming_from_r.json").read_text())["cases"]
}
#: These searches stop early in R; all else agrees to the rounding of R's tightened tolerance.
LOOSE = {"rma.glmm": 5e-5, "selmodel": 1e-5, "scale = ": 1e-5}


def names_of_the_page():
    """The names that the page uses in its calls."""
    page = PAGE.read_text(encoding="utf-8")
    frame = re.search(r"pd\.DataFrame\(\s*(\{.*?\})\s*\)", page, flags=re.DOTALL)
    assert frame
    bcg = pd.DataFrame(ast.literal_eval(frame[1]))
    dat = stats.effect_size("RR", data=bcg, events1="tpos", n1="n1", events2="cpos", n2="n2")
    yi, vi, ablat = dat.yi, dat.vi, bcg["ablat"].to_numpy()
    grp, trial = [1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 5, 5], list(range(1, 14))
    return {
        "stats": stats,
        "bcg": bcg,
        "dat": dat,
        "yi": yi,
        "vi": vi,
        "ablat": ablat,
        "year": bcg["year"].to_numpy(),
        "grp": grp,
        "trial": trial,
        "fit": stats.pool(yi, vi, measure="RR", ci="normal", prediction="test"),
        "reg": stats.meta_regression(yi, vi, {"ablat": ablat}, ci="normal"),
        "levels": stats.multilevel(yi, vi, random="~ 1 | grp/trial", data={"grp": grp, "trial": trial}),
    }


NAMES = names_of_the_page()


def test_every_call_of_r_has_its_row():
    assert [call for call, _, _ in ROWS] == list(IN_R)


@pytest.mark.parametrize(("call", "ours", "printed"), ROWS)
def test_both_sides_give_the_number(call, ours, printed):
    found = float(eval(ours, dict(NAMES)))
    allowed = next((gap for name, gap in LOOSE.items() if name in call), 1e-7)
    assert found == pytest.approx(IN_R[call], rel=allowed)
    assert printed == pytest.approx(IN_R[call], rel=1e-5)
