"""bib-dedupe on the same sets: python peers.py DATA [SIZE], with the Python of a venv of its own; see peers.md."""

from __future__ import annotations

import sys
import time
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from bib_dedupe.bib_dedupe import block, cluster, match, prep
from labelled_sets import LabelledSet, score, sets
from synthetic_records import synthetic_records

#: Columns that it asks for.
COLUMNS = ("author", "title", "journal", "year", "volume", "number", "pages", "abstract", "doi")


def frame_of(labelled: LabelledSet) -> pd.DataFrame:
    """Return a set as it wants it; what is not there is empty, and so is a spreadsheet's count of issues."""
    given = labelled.columns
    empty = [""] * len(labelled)
    frame = pd.DataFrame({"ENTRYTYPE": "article", **{name: given.get(name, empty) for name in COLUMNS}})
    frame["ID"] = given["id"]
    if labelled.name.startswith("respiratory"):
        frame["number"] = ""
    return frame


def run(labelled: LabelledSet) -> None:
    """Print the score of a set."""
    frame = frame_of(labelled)
    start = time.perf_counter()
    matched = match(block(prep(frame, cpu=2), cpu=2), cpu=2)
    groups = cluster(matched)
    seconds = time.perf_counter() - start
    position = {key: row for row, key in enumerate(labelled.columns["id"])}
    labels = list(range(len(labelled)))
    for group in groups:
        rows = [position[key] for key in group]
        for row in rows:
            labels[row] = min(rows)
    print(f"{labelled.name}: {score(labelled, labels)}, {seconds:.1f} s", flush=True)


def synthetic(size: int) -> LabelledSet:
    """Return synthetic records as a labelled set."""
    made = synthetic_records(size)
    groups: dict[int, list[int]] = {}
    for row, number in enumerate(made.truth):
        groups.setdefault(number, []).append(row)
    return LabelledSet(
        f"synthetic ({size})", made.columns, [rows for rows in groups.values() if len(rows) > 1]
    )


def main() -> None:
    """Print the score of each set."""
    print(f"bib-dedupe {version('bib-dedupe')}, Python {sys.version.split()[0]}", flush=True)
    made = [synthetic(int(size)) for size in sys.argv[2:]]
    for labelled in (*sets(Path(sys.argv[1])), *made):
        try:
            run(labelled)
        except Exception as error:  # noqa: BLE001 - a peer's failure is a result
            print(f"{labelled.name}: fails ({type(error).__name__}: {error!s:.200})", flush=True)


if __name__ == "__main__":
    main()
