"""Time and memory of the commands on a review folder with many records.

    python benchmarks/folder/measure.py 10000 100000

Each command runs in a process of its own on an invented folder (`large_folder.py`), in the order of a working
day: link, dedupe, link again with the merges known, build twice, an update that brings in 45 records with all that
follows, and one that brings in nothing. Results are kept in a cache folder of its own.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from large_folder import write_large

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from support.literature_services import running

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLLOW = ("--then", "dedupe", "--then", "link", "--then", "build")


def used(place: Path, environment: dict[str, str], *arguments: str) -> tuple[float, float, float]:
    """Run a command; return its wall seconds, CPU seconds and peak memory in MB."""
    command = [sys.executable, "-m", "evergrove.cli.main", *arguments]
    start = time.perf_counter()
    with (place / "told").open("w") as told:
        process = subprocess.Popen(command, stdout=told, cwd=place, env=os.environ | environment)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


@contextmanager
def folder_of(count: int) -> Iterator[Path]:
    """Give a place with a folder ``review`` of so many records."""
    with tempfile.TemporaryDirectory() as name:
        write_large(count, Path(name) / "review")
        yield Path(name)


def main() -> None:
    """Print a table by size and command."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}\n")
    print("| records | command | CPU (s) | wall (s) | peak memory (MB) |")
    print("|---|---|---|---|---|")
    steps = {
        "link, nothing deduplicated": ("link", "review"),
        "dedupe": ("dedupe", "review"),
        "dedupe again": ("dedupe", "review"),
        "link": ("link", "review"),
        "build": ("build", "review", "--png", "none"),
        "build again, nothing changed": ("build", "review", "--png", "none"),
        "update with 45 new records, dedupe, link, build": ("update", "review", *FOLLOW),
        "update with none, dedupe, link, build": ("update", "review", *FOLLOW),
    }
    for count in map(int, sys.argv[1:] or ["10000", "100000"]):
        with folder_of(count) as place, running() as services:
            environment = services.environment | {"XDG_CACHE_HOME": str(place / "cache")}
            for name, arguments in steps.items():
                wall, cpu, memory = used(place, environment, *arguments)
                print(f"| {count:,} | {name} | {cpu:.1f} | {wall:.1f} | {memory:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
