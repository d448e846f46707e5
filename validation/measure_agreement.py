"""Prints the largest relative difference to the golden values, by file and quantity.

Run: ``.venv/bin/python validation/measure_agreement.py``; the table in README.md is its output.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from golden.runs import RUNS
from golden.stats_reference import ABSOLUTE, disagreement


def main() -> None:
    worst: dict[tuple[str, str], tuple[float, str]] = defaultdict(lambda: (0.0, ""))
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for name, run in RUNS.items():
        for label, quantity, _, ours, theirs in run():
            key = (name, quantity)
            counts[key] += 1
            gap = disagreement(ours, theirs, absolute=0.0 if "p_value" in quantity else ABSOLUTE)
            if gap > worst[key][0]:
                worst[key] = (gap, label)
    print("| golden file | quantity | values | largest relative difference | where |")
    print("| --- | --- | --- | --- | --- |")
    for (name, quantity), count in counts.items():
        gap, label = worst[name, quantity]
        print(f"| {name} | {quantity} | {count} | {gap:.1e} | {label} |")


if __name__ == "__main__":
    main()
