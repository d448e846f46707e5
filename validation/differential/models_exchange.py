"""What the differential scripts of models share: cases to R and back, and the worst differences by quantity.

Each script draws seeded data sets, has R fit them, fits them here, and prints for each quantity how many values were
compared and where they differ most. Run from the repository's root, for example:
python validation/differential/models_sparse.py --sets 200 --seed 1
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from evergrove.errors import EvergroveError

FOLDER = Path(__file__).parent
WORDS = {"NA": math.nan, "NaN": math.nan, "Inf": math.inf, "-Inf": -math.inf}
#: A difference below this is rounding of what is 0 on paper.
ABSOLUTE = 1e-12

Case = dict[str, Any]
#: Quantity, our value, R's value.
Row = tuple[str, Any, Any]


def numbers(value: Any) -> Any:
    """Return what R wrote with its words for missing and infinite values as numbers."""
    if isinstance(value, str):
        return WORDS.get(value, value)
    if isinstance(value, list):
        return [numbers(one) for one in value]
    if isinstance(value, dict):
        return {name: numbers(one) for name, one in value.items()}
    return value


def in_r(script: str, cases: list[Case]) -> list[Any]:
    """Return what an R script of this folder makes of the cases, one answer each."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "cases.json", Path(folder) / "answers.json"
        given.write_text(json.dumps(cases))
        subprocess.run(["Rscript", str(FOLDER / script), str(given), str(made)], check=True)
        return [numbers(one) for one in json.loads(made.read_text())]


def difference(ours: Any, theirs: Any) -> float:
    """Return the largest relative difference; infinite where one is missing or infinite and the other not."""
    a, b = (np.atleast_1d(np.array(one, dtype=float)) for one in (ours, theirs))
    if a.shape != b.shape:
        return math.inf
    odd = ~np.isfinite(a) | ~np.isfinite(b)
    if not np.array_equal(a[odd], b[odd], equal_nan=True):
        return math.inf
    gap, size = np.abs(a[~odd] - b[~odd]), np.maximum(np.abs(a[~odd]), np.abs(b[~odd]))
    return float(np.where(gap <= ABSOLUTE, 0.0, gap / np.where(size > 0, size, 1.0)).max(initial=0.0))


class Seen(NamedTuple):
    """One comparison."""

    difference: float
    case: Case
    ours: Any
    theirs: Any


class Ledger:
    """All comparisons by quantity, and the cases in which one side gave no answer."""

    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance
        self.seen: dict[str, list[Seen]] = defaultdict(list)
        self.refused: list[tuple[str, Case, str, str]] = []

    def compare(self, case: Case, answer: Any, fit: Callable[[Case, Any], Iterator[Row]]) -> None:
        """Compare one case; an error on either side is an outcome."""
        theirs = answer.get("error") if isinstance(answer, dict) else None
        try:
            rows = [] if theirs is not None else list(fit(case, answer))
            if theirs is not None:
                list(fit(case, None))
        except EvergroveError as error:
            kind = "both" if theirs is not None else "here only"
            self.refused.append((kind, case, f"{type(error).__name__}: {error}", str(theirs or "")))
            return
        if theirs is not None:
            self.refused.append(("in R only", case, "", str(theirs)))
        for quantity, ours, other in rows:
            self.seen[quantity].append(Seen(difference(ours, other), case, ours, other))

    def report(self, show: int) -> None:
        """Print the table and the worst cases."""
        width = max((len(name) for name in self.seen), default=8)
        print(f"{'quantity':<{width}}  values  median    99 %      worst     above {self.tolerance:g}")
        for name, rows in sorted(self.seen.items()):
            gaps = np.sort([one.difference for one in rows])
            over = int((gaps > self.tolerance).sum())
            at99 = gaps[min(gaps.size - 1, int(0.99 * gaps.size))]
            print(
                f"{name:<{width}}  {gaps.size:<6}  {np.median(gaps):.1e}   {at99:.1e}   {gaps[-1]:.1e}   {over}"
            )
        for name, rows in sorted(self.seen.items()):
            worst = sorted(rows, key=lambda one: -one.difference)
            for one in [row for row in worst if row.difference > self.tolerance][:show]:
                print(f"\n{name}: {one.difference:.2e}; here {one.ours}, R {one.theirs}\n  {shown(one.case)}")
        for kind in ("here only", "in R only", "both"):
            some = [one for one in self.refused if one[0] == kind]
            print(f"\nerror {kind}: {len(some)}")
            told: dict[str, int] = defaultdict(int)
            for _, case, ours, theirs in some:
                key = (ours or theirs)[:70]
                told[key] += 1
                if told[key] <= show and kind != "both":
                    print(f"  {(ours or theirs)[:200]}\n    {shown(case)}")


def shown(case: Case) -> str:
    """Return a case on one line, cut where it is long."""
    text = json.dumps(case)
    return text if len(text) <= 700 else text[:700] + " …"


def run(
    script: str,
    draw: Callable[[np.random.Generator, int], list[Case]],
    fit: Callable[[Case, Any], Iterator[Row]],
    *,
    tolerance: float,
) -> None:
    """Read the command line, draw, compare, print."""
    parser = argparse.ArgumentParser(description=f"Compare models with R on random data ({script}).")
    parser.add_argument("--sets", type=int, default=100, help="data sets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=2, help="worst cases shown by quantity")
    parser.add_argument("--kind", default="", help="only cases whose kind contains this")
    asked = parser.parse_args()
    cases = draw(np.random.default_rng(asked.seed), asked.sets)
    cases = [case for case in cases if asked.kind in case["kind"]]
    ledger = Ledger(tolerance)
    for case, answer in zip(cases, in_r(script, cases), strict=True):
        ledger.compare(case, answer, fit)
    print(f"{script}: {len(cases)} cases of {asked.sets} data sets, seed {asked.seed}")
    ledger.report(asked.show)
