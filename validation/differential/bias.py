"""Compares small-study effects and bias with R on random data.

Run from the repository's root, with the R of validation/install_r.sh::

    .venv/bin/python validation/differential/bias.py --seeds 1 2 3 [--scripts bias bias_selection]

For each seed the golden scripts are run on random sets in the place of the example data (random_sets.R), and every value is
compared as the tests compare the golden ones. Printed are, by file, the number of values, the largest relative difference
and each value beyond its tolerance. Exit status 1 where there is any.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

from golden import stats_reference
from golden.runs import RUNS
from golden.stats_reference import ABSOLUTE, TOLERANCE, disagreement

ROOT = Path(__file__).parents[2]


def compare(folder: Path) -> int:
    """Print the agreement with the values of a folder and return how many lie beyond their tolerance."""
    stats_reference.FOLDER = folder
    stats_reference.golden.cache_clear()
    beyond = 0
    for name in sorted(path.stem for path in folder.glob("*.json")):
        count, worst, lines = 0, 0.0, []
        for label, quantity, kind, ours, theirs in RUNS[name]():
            count += 1
            gap = disagreement(ours, theirs, absolute=0.0 if "p_value" in quantity else ABSOLUTE)
            worst = max(worst, gap)
            if not gap <= TOLERANCE[kind]:
                lines.append(f"    {label}: {quantity}: {gap:.1e}: {ours} against {theirs}")
        print(f"  {name}: {count} values, largest difference {worst:.1e}, beyond tolerance {len(lines)}")
        print("".join(f"{line}\n" for line in lines), end="", flush=True)
        beyond += len(lines)
    return beyond


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--scripts", nargs="+", default=["bias", "bias_selection"])
    given = parser.parse_args()
    beyond = 0
    for seed in given.seeds:
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "DIFFERENTIAL_SEED": str(seed), "DIFFERENTIAL_OUT": folder}
            for script in given.scripts:
                call = ["Rscript", f"validation/golden/{script}.R"]
                subprocess.run(call, cwd=ROOT, env=environment, check=True, capture_output=True)
            print(f"seed {seed}")
            beyond += compare(Path(folder))
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
