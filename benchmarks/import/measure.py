"""Time and memory of ``evergrove import`` of large files of every format that streams.

    python benchmarks/import/measure.py --megabytes 300

Each import runs in a process of its own; ``benchmarks/import/README.md`` holds what this prints. A tenth of
the size is measured beside it: where memory does not grow with the file, the file streams.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from generate import FORMS, write

from evergrove.services.folders import new_review


def measure(form: str, megabytes: int, place: Path) -> dict[str, float]:
    """Import a file once; return its records, seconds and peak memory in MB."""
    file, review = place / f"{form}-{megabytes}", place / f"review-{form}-{megabytes}"
    count = write(file, form, megabytes * 1_000_000)
    new_review(review)
    command = [sys.executable, "-m", "evergrove.cli.main", "import", str(review), str(file), "--json"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    (run,) = json.loads(printed)["imports"]
    if (run["read"], run["added"], run["format"]) != (count, count, form):
        raise SystemExit(f"{form}: {count} records written, {run['read']} read, {run['added']} added")
    file.unlink()
    for path in review.glob("records/*"):
        path.unlink()
    return {
        "records": count,
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=300)
    parser.add_argument("--formats", nargs="*", default=list(FORMS))
    given = parser.parse_args()
    print("| format | MB | records | wall (s) | CPU (s) | records per CPU second | peak memory (MB) |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        for form in given.formats:
            for size in (given.megabytes // 10, given.megabytes):
                told = measure(form, size, Path(name))
                print(
                    f"| {form} | {size} | {told['records']:.0f} | {told['wall']:.0f} | {told['cpu']:.0f} "
                    f"| {told['records'] / told['cpu']:.0f} | {told['peak']:.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
