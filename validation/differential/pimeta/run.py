"""Asks pimeta and evergrove the same on drawn data, and prints where they differ.

    python validation/differential/pimeta/run.py --python PEER [--seed 1] [--sets 20] [--kind metabin] [--list 5]

PEER is a Python in which pimeta is installed; it shares nothing with the Python that runs this. The table of README.md is the
output. ``--list`` prints the first disagreements and refusals of each line too.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import meta_after_calls
import meta_calls
import metafor_calls
import metafor_fit_calls
import questions


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", required=True, help="a Python with pimeta")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sets", type=int, default=20)
    parser.add_argument("--kind", default="", help="only functions whose name contains this")
    parser.add_argument("--list", type=int, default=0, help="disagreements shown per function")
    given = parser.parse_args()
    asked: list[questions.Question] = []
    for module in (meta_calls, meta_after_calls, metafor_calls, metafor_fit_calls):
        asked += module.questions(np.random.default_rng(given.seed), given.sets)
    asked = [one for one in asked if given.kind in one.function]
    reply = questions.asked(asked, given.python)
    seen = questions.compared(asked, reply["answers"])
    print(f"pimeta {reply['version']}, seed {given.seed}, {given.sets} data sets: {len(asked)} questions\n")
    print("\n".join(questions.table(seen)))
    for name, line in sorted(seen.items()) if given.list else []:
        if line.listed:
            print(f"\n{name}")
            print("\n".join(line.listed[: given.list]))


if __name__ == "__main__":
    main()
