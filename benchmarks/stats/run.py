"""Times the statistics of evergrove, and metafor on the same data in the same run; writes benchmarks/stats/README.md.

Run from the repository's root: python benchmarks/stats/run.py [--without-r]
Data are seeded. R runs bounded repetitions and its times are scaled to the size of ours, as the table says.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import scipy

import evergrove as eg
from evergrove.stats.bulk.fits import COMPILE_FROM

FOLDER = Path(__file__).parent
#: Log risk ratios of the 13 BCG trials (metadat's dat.bcg, rounded to 6 decimals).
BCG_YI = [-0.889311, -1.585389, -1.348073, -1.441551, -0.217547, -0.786116, -1.620898, 0.011952, -0.469418]
BCG_YI += [-1.371345, -0.339359, 0.445913, -0.017314]
BCG_VI = [0.325585, 0.194581, 0.415368, 0.020010, 0.051210, 0.006906, 0.223017, 0.003962, 0.056434]
BCG_VI += [0.073025, 0.012412, 0.532506, 0.071405]
STUDIES = 10


def groups(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Meta-analyses of ten studies: log-normal variances, tau² 0, 0.05 or 0.2."""
    rng = np.random.default_rng(20)
    vi = rng.lognormal(-2.0, 0.7, count * STUDIES)
    tau2 = np.repeat(rng.choice([0.0, 0.05, 0.2], count), STUDIES)
    return rng.normal(0.2, np.sqrt(vi + tau2)), vi, np.repeat(np.arange(count), STUDIES)


def best(call, times: int = 3) -> tuple[float, float]:
    """Wall and CPU seconds: the smallest of several runs, since other programs can only add."""
    wall, cpu = [], []
    for _ in range(times):
        started, used = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    return min(wall), min(cpu)


def in_fresh_process(code: str, **environment: str) -> dict[str, float]:
    """Run code that prints JSON in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


PROCESS = """
import json, time
started = time.process_time()
import evergrove as eg
imported = time.process_time() - started
import numpy as np
rng = np.random.default_rng(1)
found = {"import": imported}
for name, n in (("few", 200_000), ("first", 2_000_000), ("again", 2_000_000)):
    yi, vi, key = rng.normal(size=n), rng.lognormal(size=n), np.repeat(np.arange(n // 10), 10)
    started = time.perf_counter()
    eg.pool_groups(yi, vi, key)
    found[name] = time.perf_counter() - started
print(json.dumps(found))
"""

TEN_MILLION = """
import json, sys, time
sys.path.insert(0, "benchmarks/stats")
import evergrove as eg
from run import groups
yi, vi, key = groups(10_000_000)
eg.stats.load_compiled()
started = time.perf_counter()
fits = eg.pool_groups(yi, vi, key)
seconds = time.perf_counter() - started
assert len(fits.estimate) == 10_000_000 and fits.converged.all()
print(json.dumps({"seconds": seconds}))
"""

MEMORY = """
import json, tracemalloc
import evergrove as eg, numpy as np
rng = np.random.default_rng(1)
n = {n}
eg.stats.load_compiled()
yi = rng.normal(size=n); vi = rng.uniform(0.05, 1.0, size=n); key = np.repeat(np.arange(n // 10), 10)
if {shuffle}: key = rng.permutation(key)
size = yi.nbytes + vi.nbytes + key.nbytes
tracemalloc.start()
fits = eg.pool_groups(yi, vi, key)
print(json.dumps({{"input": size, "more": tracemalloc.get_traced_memory()[1]}}))
"""


def one_fit(clock: Callable[[], float]) -> tuple[float, float]:
    """Seconds of one call: the median of many short runs, and the least of them."""
    runs = timeit.repeat(lambda: eg.pool(BCG_YI, BCG_VI), number=20, repeat=300, timer=clock)
    return statistics.median(runs) / 20, min(runs) / 20


def rows_of_ours() -> dict[str, object]:
    median, least = one_fit(time.perf_counter)
    found: dict[str, object] = {"one": (median, one_fit(time.process_time)[1]), "one_least": (least, least)}
    eg.stats.load_compiled()
    median, least = one_fit(time.perf_counter)
    found["one_compiled"] = (median, one_fit(time.process_time)[1])
    found["one_compiled_least"] = (least, least)
    yi, vi, key = groups(1_000_000)
    found["million"] = best(lambda: eg.pool_groups(yi, vi, key), 5)
    order = np.random.default_rng(3).permutation(key.size)
    shuffled = yi[order], vi[order], key[order]
    found["million_shuffled"] = best(lambda: eg.pool_groups(*shuffled), 2)
    found["million_dl"] = best(lambda: eg.pool_groups(yi, vi, key, tau2="DL", ci="normal"))
    found["scaling"] = {
        count: best(lambda n=count * STUDIES: eg.pool_groups(yi[:n], vi[:n], key[:n]), 3)[0]
        for count in (1_000, 10_000, 100_000, 1_000_000)
    }
    found["scaling"][10_000_000] = in_fresh_process(TEN_MILLION)["seconds"]
    os.environ["EVERGROVE_NO_NUMBA"] = "1"
    n = 100_000 * STUDIES
    found["numpy"] = best(lambda: eg.pool_groups(yi[:n], vi[:n], key[:n]), 2)
    del os.environ["EVERGROVE_NO_NUMBA"]
    n = 10_000 * STUDIES
    found["leave_one_out"] = best(lambda: eg.leave_one_out_groups(yi[:n], vi[:n], key[:n]))
    found["cumulative"] = best(lambda: eg.cumulative_groups(yi[:n], vi[:n], key[:n]))
    twenty_yi, twenty_vi = yi[:20], vi[:20]
    found["gosh_reml"] = best(lambda: eg.gosh(twenty_yi, twenty_vi))
    found["gosh_dl"] = best(lambda: eg.gosh(twenty_yi, twenty_vi, tau2="DL"))
    found["gosh_common"] = best(lambda: eg.gosh(twenty_yi, twenty_vi, model="common"))
    with tempfile.TemporaryDirectory() as cache:
        found["cold"] = in_fresh_process(PROCESS, NUMBA_CACHE_DIR=cache)
        found["warm"] = in_fresh_process(PROCESS, NUMBA_CACHE_DIR=cache)
        found["plain"] = in_fresh_process(PROCESS, EVERGROVE_NO_NUMBA="1")
    found["memory"] = in_fresh_process(MEMORY.format(n=10_000_000, shuffle=0))
    found["memory_shuffled"] = in_fresh_process(MEMORY.format(n=10_000_000, shuffle=1))
    return found


def write_csv(folder: Path) -> None:
    np.savetxt(folder / "bcg.csv", np.c_[BCG_YI, BCG_VI], delimiter=",", header="yi,vi", comments="")
    yi, vi, key = groups(1_000)
    np.savetxt(folder / "groups.csv", np.c_[yi, vi, key], delimiter=",", header="yi,vi,group", comments="")
    yi, vi, _ = groups(1_000_000)
    np.savetxt(folder / "twenty.csv", np.c_[yi[:20], vi[:20]], delimiter=",", header="yi,vi", comments="")


def rows_of_r() -> dict[str, tuple[float, float]]:
    with tempfile.TemporaryDirectory() as folder:
        write_csv(Path(folder))
        done = subprocess.run(
            ["Rscript", str(FOLDER / "peers.R"), folder], capture_output=True, text=True, check=True
        )
    lines = [line.split() for line in done.stdout.splitlines() if line.strip()]
    return {name: (float(wall), float(cpu)) for name, wall, cpu in lines}


def r_version() -> str:
    code = 'cat(R.version.string, "metafor", as.character(packageVersion("metafor")))'
    return subprocess.run(["Rscript", "-e", code], capture_output=True, text=True, check=True).stdout


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def seconds(value: float) -> str:
    return (
        f"{value * 1e6:.0f} µs"
        if value < 1e-3
        else f"{value * 1e3:.3g} ms"
        if value < 1
        else f"{value:.3g} s"
    )


#: Task, our key, R's key and how often R's run is to be counted, and a note.
SUBSETS = 2**20 - 1
TASKS = [
    ("one fit of 13 trials, REML with Hartung-Knapp", "one", "one_fit", 1 / 40, "wall: medians; CPU: least"),
    (
        "the same, the least of 300 runs of 20 fits",
        "one_least",
        "one_fit_least",
        1,
        "R: the least of 300 runs of 2 fits",
    ),
    ("the same after `load_compiled()`", "one_compiled", "one_fit", 1 / 40, "wall: medians; CPU: least"),
    ("the same, the least", "one_compiled_least", "one_fit_least", 1, ""),
    ("1,000,000 fits of 10, REML with Hartung-Knapp", "million", "groups", 2500, "R: 400 fits, times 2,500"),
    ("the same, rows in random order", "million_shuffled", None, 0, ""),
    ("1,000,000 fits of 10, DL, normal interval", "million_dl", None, 0, ""),
    ("100,000 fits of 10, REML, without numba", "numpy", "groups", 250, "R: 400 fits, times 250"),
    ("leave-one-out of 10,000 times 10", "leave_one_out", "leave_one_out", 1e5 / 13, "R: one of 13, scaled"),
    ("cumulative over 10,000 times 10", "cumulative", None, 0, ""),
    (
        "GOSH, 1,048,575 subsets of 20, REML",
        "gosh_reml",
        "gosh_reml",
        SUBSETS / 4095,
        "R: 4,095 subsets, scaled",
    ),
    ("GOSH, the same, DL", "gosh_dl", "gosh_dl", SUBSETS / 4095, "R: 4,095 subsets, scaled"),
    ("GOSH, the same, common effect", "gosh_common", None, 0, ""),
]


def line(task: tuple, ours: dict, theirs: dict | None) -> str:
    name, key, peer, scale, note = task
    wall, cpu = ours[key]
    mine = f"| {name} | {seconds(wall)} | {seconds(cpu)} "
    if theirs is None or peer is None:
        return f"{mine}| – | – | – | {note} |"
    r_wall, r_cpu = (value * scale for value in theirs[peer])
    return f"{mine}| {seconds(r_wall)} | {seconds(r_cpu)} | {r_wall / wall:,.0f} | {note} |"


def report(ours: dict, theirs: dict[str, tuple[float, float]] | None, load: tuple[float, ...]) -> str:
    rows = [line(task, ours, theirs) for task in TASKS]
    if theirs:
        wall, cpu = (value * 50 for value in theirs["permutation"])
        name = "permutation test, 10,000 of 13 trials (R alone)"
        rows.append(
            f"| {name} | – | – | {seconds(wall)} | {seconds(cpu)} | – | R: 200 permutations, times 50 |"
        )
    scaling = "\n".join(
        f"| {count:,} | {seconds(value)} | {value / count * 1e6:.2f} |"
        for count, value in ours["scaling"].items()
    )
    memory = [(ours[name]["input"] / 1e6, ours[name]["more"] / 1e6) for name in ("memory", "memory_shuffled")]
    table = "\n".join(rows)
    return f"""# Benchmarks of the statistics

`python benchmarks/stats/run.py`, {datetime.now(UTC):%Y-%m-%d}. {processor()}, {len(os.sched_getaffinity(0))} cores; \
evergrove {eg.__version__}, Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}\
{", " + r_version() if theirs else ""}. Load average of the machine when it began and when it ended: \
{load[0]:.1f}, {load[1]:.1f} (above 0 means that other programs shared the cores; times of both sides are then longer).

Ours: the least of two to five runs; CPU is over all cores. R: warm, median of 1 to 5. Data are seeded. On a shared \
machine the CPU columns say more than the wall columns.

| task | evergrove, wall | CPU | metafor, wall | CPU | times as fast (wall) | note |
|---|---|---|---|---|---|---|
{table}

## Growth with the number of meta-analyses (10 studies each, REML with Hartung-Knapp)

| meta-analyses | seconds | µs per fit |
|---|---|---|
{scaling}

Measured with compiled code loaded. Without `load_compiled()` NumPy does the work until a process has pooled \
{COMPILE_FROM:,} studies, which it does in about the time that loading takes.

## Processes

| | first process (empty cache) | second process | second process, NumPy alone |
|---|---|---|---|
| CPU of `import evergrove` | {ours["cold"]["import"]:.3f} s | {ours["warm"]["import"]:.3f} s | {ours["plain"]["import"]:.3f} s |
| first `pool_groups`, 200,000 studies | {ours["cold"]["few"]:.3f} s | {ours["warm"]["few"]:.3f} s | {ours["plain"]["few"]:.3f} s |
| then 2,000,000 studies | {ours["cold"]["first"]:.2f} s | {ours["warm"]["first"]:.2f} s | {ours["plain"]["first"]:.2f} s |
| the same again | {ours["cold"]["again"]:.2f} s | {ours["warm"]["again"]:.2f} s | {ours["plain"]["again"]:.2f} s |

The second process compiles nothing; the first large call pays numba's own import and the reading of the compiled code, \
which is less than NumPy alone would take.

## Memory

10,000,000 studies in 1,000,000 groups: the input is {memory[0][0]:.0f} MB; the peak rises by {memory[0][1]:.0f} MB \
during the call, results included, with groups together ({1 + memory[0][1] / memory[0][0]:.1f} times the input in all), and by \
{memory[1][1]:.0f} MB with the rows in random order ({1 + memory[1][1] / memory[1][0]:.1f} times).
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--without-r", action="store_true")
    given = parser.parse_args()
    before = os.getloadavg()[0]
    ours = rows_of_ours()
    theirs = None if given.without_r else rows_of_r()
    text = report(ours, theirs, (before, os.getloadavg()[0]))
    (FOLDER / "README.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
