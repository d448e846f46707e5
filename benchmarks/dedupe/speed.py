"""Seconds, memory and scores on synthetic records: python benchmarks/dedupe/speed.py [SIZE ...]."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections import defaultdict
from math import log
from pathlib import Path

from synthetic_records import synthetic_records

from evergrove.records import deduplicate

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)


def memory_of(pid: int) -> int:
    """Return the bytes that a process and its children hold by themselves (proportional to what they share)."""
    total, todo = 0, [pid]
    while todo:
        one = todo.pop()
        try:
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
            for task in Path(f"/proc/{one}/task").iterdir():
                todo += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return total


def run(size: int) -> None:
    """Run one size in this process and print what it took as JSON."""
    made = synthetic_records(size)
    columns, truth = made.columns, made.truth
    del made
    before = memory_of(os.getpid())
    peak, done = [before], threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            peak[0] = max(peak[0], memory_of(os.getpid()))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    stages: dict[str, float] = {}
    start, cpu = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
    found = deduplicate(
        columns,
        progress=lambda stage, at, _: stages.__setitem__(f"{stage} {at}", time.perf_counter() - start),
    )
    seconds = time.perf_counter() - start
    cpu = (
        resource.getrusage(resource.RUSAGE_SELF).ru_utime
        - cpu
        + resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    )
    done.set()
    watcher.join()
    groups, merged = defaultdict(list), defaultdict(set)
    labels = found.labels().tolist()
    for row, number in enumerate(truth):
        groups[number].append(labels[row])
        merged[labels[row]].add(number)
    surplus = sum(len(rows) - 1 for rows in groups.values())
    kept = sum(len(rows) - len(set(rows)) for rows in groups.values())
    false = sum(len(held) - 1 for held in merged.values())
    print(
        json.dumps(
            {
                "records": size,
                "seconds": seconds,
                "cpu": cpu,
                "memory": peak[0],
                "given": before,
                "compared": found.compared,
                "surplus": surplus,
                "merged": kept,
                "false": false,
                "stages": {k: round(v, 1) for k, v in stages.items() if "Comparing" in k},
            }
        )
    )


def main() -> None:
    """Run every size in a process of its own and print a table."""
    results = []
    for size in map(int, sys.argv[1:] or SIZES):
        done = subprocess.run(
            [sys.executable, __file__, "--one", str(size)], capture_output=True, text=True, check=True
        )
        results.append(json.loads(done.stdout))
        print(results[-1], file=sys.stderr)
    print(
        "| records | seconds | CPU seconds | peak memory (GB) | pairs compared | sensitivity | false merges | per 10,000 |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for item in results:
        print(
            f"| {item['records']:,} | {item['seconds']:.1f} | {item['cpu']:.1f} | {item['memory'] / 2**30:.2f} | {item['compared']:,} "
            f"| {item['merged'] / item['surplus']:.4f} | {item['false']} | {1e4 * item['false'] / item['records']:.2f} |"
        )
    if len(results) > 1:
        first, last = results[0], results[-1]
        power = log(last["seconds"] / first["seconds"]) / log(last["records"] / first["records"])
        print(
            f"\nFrom {first['records']:,} to {last['records']:,} the seconds grow with the power {power:.2f} (1 is linear)."
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        run(int(sys.argv[2]))
    else:
        main()
