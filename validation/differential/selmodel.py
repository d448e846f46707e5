"""Compares step-function selection models with metafor's own optimiser on random data.

Run from the repository's root, with the R of validation/install_r.sh::

    .venv/bin/python validation/differential/selmodel.py --seed 77 --sets 25

metafor stops BFGS early, so the likelihood is what is compared: ours may be higher, never lower. Where the two agree to 1e-4,
the relative differences of the estimates are printed. Exit status 1 where ours is lower by more than 1e-6.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from evergrove import stats

ROOT = Path(__file__).parents[2]
QUANTITIES = ("estimate", "se", "selection_statistic", "tau2_statistic")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--sets", type=int, default=25)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fits.json"
        call = ["Rscript", "validation/differential/selmodel.R", str(given.seed), str(given.sets), str(file)]
        subprocess.run(call, cwd=ROOT, check=True)
        fits = json.loads(file.read_text())
    lower = higher = 0
    gaps: dict[str, list[float]] = {name: [] for name in QUANTITIES}
    for fit in fits:
        ours = stats.selection_model(fit["yi"], fit["vi"], steps=fit["steps"])
        gain = ours.log_likelihood - fit["log_likelihood"]
        if gain < -1e-6:
            lower += 1
            print(f"lower by {-gain:.2e} at steps {fit['steps']}: {ours!r}")
        elif gain > 1e-4:
            higher += 1
        else:
            for name in QUANTITIES:
                theirs = fit[name]
                if theirs is not None and np.isfinite(getattr(ours, name)):
                    gaps[name].append(abs(getattr(ours, name) - theirs) / max(abs(theirs), 1e-3))
    print(f"{len(fits)} fits: ours lower in {lower}, higher by more than 1e-4 in {higher}")
    for name, values in gaps.items():
        print(f"{name}: median difference {np.median(values):.1e}, largest {max(values):.1e}")
    return 1 if lower else 0


if __name__ == "__main__":
    sys.exit(main())
