"""Times the permutation test of the BCG meta-regression: evergrove with and without numba, and metafor.

``python benchmarks/stats/permutation.py [permutations] [metafor permutations]`` prints JSON. metafor makes
few permutations (300 unless told otherwise) and its time is scaled to the same number; 0 leaves R out.
"""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import sys
import time

import numpy as np

from evergrove import stats
from evergrove.stats.regression import permutation_kernel

EVENTS1 = [4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27]
WITHOUT1 = [119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886]
EVENTS2 = [11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29]
WITHOUT2 = [128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825]
LATITUDE = [44, 55, 42, 52, 13, 44, 19, 13, 27, 42, 18, 33, 33]

R_SCRIPT = """
suppressMessages(library(metafor))
d <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
f <- rma(yi, vi, mods = ~ ablat, data = d)
cat("seconds", system.time(permutest(f, iter = {number}, progbar = FALSE))[["elapsed"]], "\\n")
cat("version", as.character(packageVersion("metafor")), "\\n")
"""


def bcg() -> stats.MetaRegressionResult:
    """Return the REML fit of the BCG trials on latitude."""
    effects = stats.effect_size(
        "RR",
        events1=EVENTS1,
        n1=np.add(EVENTS1, WITHOUT1),
        events2=EVENTS2,
        n2=np.add(EVENTS2, WITHOUT2),
    )
    return stats.meta_regression(effects.yi, effects.vi, {"ablat": LATITUDE}, ci="normal")


def seconds(permutations: int, runs: int) -> tuple[list[float], list[float]]:
    """Return wall and CPU seconds of runs of the test, after one that warms up."""
    fit = bcg()
    stats.permutation_test(fit, exact=False, permutations=6_000, rng=1)
    wall, processor = [], []
    for run in range(runs):
        start, start_cpu = time.perf_counter(), time.process_time()
        stats.permutation_test(fit, exact=False, permutations=permutations, rng=run)
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - start_cpu)
    return wall, processor


def metafor(number: int) -> dict[str, object] | None:
    """Return what metafor's permutest takes, or None without R."""
    program = shutil.which("Rscript")
    if program is None or number == 0:
        return None
    done = subprocess.run(
        [program, "-e", R_SCRIPT.format(number=number)], capture_output=True, text=True, check=True
    )
    found = dict(re.findall(r"(seconds|version) (\S+)", done.stdout))
    return {"permutations": number, "seconds": float(found["seconds"]), "version": found["version"]}


def main(permutations: int = 100_000, in_r: int = 300) -> dict[str, object]:
    """Time all and return the record."""
    record: dict[str, object] = {"permutations": permutations, "data": "BCG, REML, one moderator, k = 13"}
    if permutation_kernel.compiled() is not None:
        wall, processor = seconds(permutations, 3)
        record["numba"] = {"seconds": statistics.median(wall), "cpu_seconds": statistics.median(processor)}
    permutation_kernel.compiled = lambda: None  # as without numba
    wall, processor = seconds(permutations // 10, 1)
    record["numpy, scaled from a tenth"] = {"seconds": 10 * wall[0], "cpu_seconds": 10 * processor[0]}
    reference = metafor(in_r)
    if reference is not None:
        reference["seconds, scaled"] = float(str(reference["seconds"])) * permutations / in_r
        record["metafor"] = reference
    return record


if __name__ == "__main__":
    print(json.dumps(main(*(int(argument) for argument in sys.argv[1:])), indent=1))
