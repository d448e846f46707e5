"""Prints the largest relative difference to the golden values of each file, and the quantity where it was.

Run: ``.venv/bin/python validation/measure_agreement.py``; the table in README.md is its output.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from golden.runs import RUNS
from golden.stats_reference import ABSOLUTE, disagreement


def main() -> None:
    print("| golden file | values | largest relative difference | quantity | where |")
    print("| --- | --- | --- | --- | --- |")
    for name, run in RUNS.items():
        count, worst = 0, (0.0, "", "")
        for label, quantity, _, ours, theirs in run():
            count += 1
            gap = disagreement(ours, theirs, absolute=0.0 if "p_value" in quantity else ABSOLUTE)
            if gap > worst[0]:
                worst = (gap, quantity, label.replace("|", "/"))
        print(f"| {name} | {count} | {worst[0]:.1e} | {worst[1]} | {worst[2]} |", flush=True)


if __name__ == "__main__":
    main()
