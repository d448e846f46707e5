"""Time and memory of ``evergrove build``: the shipped review, and synthetic ones up to 2,000 studies.

    python benchmarks/build_site.py

Each build runs in a process of its own, once to warm the disk and then RUNS times; the median stands in
``benchmarks/README.md``, which this writes.
"""

from __future__ import annotations

import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from synthetic import SIZES, write_synthetic

from evergrove._version import __version__

RUNS = 3
PAGE = Path(__file__).parent / "README.md"
#: What stands behind this part of the page, and stays.
NEXT = "\n## Statistics\n"


def measure(review: str, out: Path) -> dict[str, float]:
    """Build once; return wall seconds, CPU seconds and peak memory of the process."""
    command = [sys.executable, "-m", "evergrove.cli.main", "build", review, "--out", str(out), "--json"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    printed, _ = process.communicate()
    wall = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return {"wall": wall, **json.loads(printed)["timings"]}


def measured(review: str) -> dict[str, float]:
    """Return the medians over several builds, with the CPU time and peak memory of one."""
    with tempfile.TemporaryDirectory() as folder:
        measure(review, Path(folder) / "site")
        runs = [measure(review, Path(folder) / "site") for _ in range(RUNS)]
        medians = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        return medians | child_use(review, Path(folder) / "site")


def child_use(review: str, out: Path) -> dict[str, float]:
    """Build in a forked child and read what it alone used."""
    pid = os.fork()
    if pid == 0:
        command = [sys.executable, "-m", "evergrove.cli.main", "build", review, "--out", str(out), "--json"]
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.execv(sys.executable, command)
    _, _, usage = os.wait4(pid, 0)
    return {"cpu": usage.ru_utime + usage.ru_stime, "memory": usage.ru_maxrss / 1024}


def main() -> None:
    """Measure everything and write the page."""
    rows: list[tuple[str, int, dict[str, float]]] = [("msc-ards", 39, measured("msc-ards"))]
    print("msc-ards", rows[0][2])
    with tempfile.TemporaryDirectory() as folder:
        for name, studies in SIZES.items():
            review = write_synthetic(studies, Path(folder) / f"synthetic-{name}")
            rows.append((f"synthetic, {name}", studies, measured(str(review))))
            print(name, studies, rows[-1][2])
    held = PAGE.read_text(encoding="utf-8")
    _, mark, behind = held.partition(NEXT)
    PAGE.write_text(page(rows) + mark + behind, encoding="utf-8")


def page(rows: list[tuple[str, int, dict[str, float]]]) -> str:
    """Return the page of results."""
    shipped = rows[0][2]
    first, last = rows[1], rows[-1]
    exponent = math.log(last[2]["wall"] / first[2]["wall"]) / math.log(last[1] / first[1])
    lines = [
        "# Benchmarks",
        "",
        "## Building a site",
        "",
        f"`python benchmarks/build_site.py`, {datetime.now(tz=UTC):%Y-%m-%d}, evergrove {__version__}, "
        f"Python {platform.python_version()}, {os.cpu_count()} cores. Wall seconds are the median of {RUNS} builds "
        "in processes of their own, the main figures as PNG included; CPU seconds and peak memory are those of one more.",
        "",
        "| review | studies | wall (s) | CPU (s) | peak memory (MB) | read | analyse | pages, figures, files |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, studies, run in rows:
        rest = sum(
            value for key, value in run.items() if key not in {"wall", "cpu", "memory", "read", "analyse"}
        )
        lines.append(
            f"| {name} | {studies} | {run['wall']:.2f} | {run['cpu']:.2f} | {run['memory']:.0f} | "
            f"{run['read']:.2f} | {run['analyse']:.2f} | {rest:.2f} |"
        )
    lines += [
        "",
        f"From {first[1]} to {last[1]} synthetic studies the time grows with the power {exponent:.2f} of their number "
        "(1 is linear). The target for the shipped review is under 5 s and 400 MB on 2 cores: "
        f"{shipped['wall']:.1f} s and {shipped['memory']:.0f} MB here.",
        "",
        "Beyond 200 studies in one analysis leave-one-out is not computed and the page says so: its cost grows with "
        "the square of the number of studies, and nobody reads 200 rows of it. A figure of more than about 130 rows is not "
        "written as PNG, so the synthetic reviews have none.",
        "",
        "The generator is `benchmarks/synthetic.py`, seeded; every synthetic study reports four outcomes, each of "
        "which is pooled over all studies.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
