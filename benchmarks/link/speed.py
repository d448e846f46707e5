"""Time linking on synthetic records.

    python benchmarks/link/speed.py 10000 100000

One in five records is a registry entry, four are reports: half of them give the number of their trial in the
abstract, a quarter share its words, a quarter are of no trial. Words are drawn with Zipf's frequencies.
"""

from __future__ import annotations

import platform
import resource
import sys
import time
from datetime import UTC, datetime

import numpy as np

from evergrove.model.record import FileFormat, Record, RecordKind
from evergrove.records.linking import link
from evergrove.records.unpublished import unpublished
from evergrove.sources.draft import Draft, Origin

SEED = 20260101
WORDS = 20_000
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
ORIGIN = Origin(FileFormat.JSON_LINES, "synthetic", "0" * 64, WHEN)


def synthetic(count: int) -> list[Record]:
    """Return synthetic records, the same for the same count."""
    rng = np.random.default_rng(SEED)
    chances = 1 / np.arange(1, WORDS + 1)
    chances /= chances.sum()
    names = np.array([f"{a}{b}{c}en" for a in "bdfgklmnprst" for b in "aeiou" for c in "bdfgklmnprst"])

    def words(number: int) -> str:
        return " ".join(f"word{place}" for place in rng.choice(WORDS, number, p=chances))

    drafts = []
    trials = count // 5
    titles = [words(12) for _ in range(trials)]
    for place, title in enumerate(titles):
        draft = Draft(place + 1, None, f"entry {place}", RecordKind.REGISTRY_ENTRY, title=title)
        draft.registrations, draft.date = [f"NCT{place + 10_000_000}"], "2018-03-01"
        draft.keep("investigators", f"{rng.choice(names).title()} {rng.choice(names).title()}, MD")
        draft.keep("enrolment", str(rng.integers(20, 500)))
        draft.keep("completion_date", "2020-06-30")
        drafts.append(draft)
    for place in range(count - trials):
        trial = int(rng.integers(trials))
        own = place % 4
        title = " ".join(titles[trial].split()[:8]) + " " + words(4) if own < 3 else words(12)
        draft = Draft(place + 1, None, f"report {place}", RecordKind.ARTICLE, title=title, year=2021)
        number = f" Registered as NCT{trial + 10_000_000}." if own < 2 else ""
        draft.abstract = f"{words(150)}. We randomised {rng.integers(20, 500)} patients.{number}"
        draft.authors = [f"{rng.choice(names).title()}, A" for _ in range(6)]
        drafts.append(draft)
    return [draft.finish(ORIGIN) for draft in drafts]


def main() -> None:
    """Print seconds and memory by size."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}")
    for size in map(int, sys.argv[1:] or ["10000"]):
        records = synthetic(size)
        began, cpu = time.perf_counter(), time.process_time()
        found = link(records)
        missing = unpublished(found, (), WHEN.date())
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{size:>9,} records: {seconds:6.1f} s ({used:.1f} s of CPU), {peak:,.0f} MB at most; "
            f"{len(found.reports) - len(found.unlinked):,} reports linked, {len(missing):,} trials unpublished"
        )


if __name__ == "__main__":
    main()
