"""bib-dedupe on the same labelled sets: python peers.py, with the Python of a venv of its own; see peers.md."""

from __future__ import annotations

import sys
import time
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from bib_dedupe.bib_dedupe import block, cluster, match, prep
from labelled_sets import score, sets


def main() -> None:
    """Print the score of each set that has authors."""
    data = Path(sys.argv[1])
    print(f"bib-dedupe {version('bib-dedupe')}, Python {sys.version.split()[0]}")
    for labelled in sets(data):
        if "author" not in labelled.columns:
            continue
        frame = pd.DataFrame(
            {"ENTRYTYPE": "article", **{k: v for k, v in labelled.columns.items() if k != "id"}}
        )
        frame["ID"] = labelled.columns["id"]
        frame["number"] = ""
        start = time.perf_counter()
        matched = match(block(prep(frame, cpu=2), cpu=2), cpu=2)
        groups = cluster(matched)
        seconds = time.perf_counter() - start
        position = {key: row for row, key in enumerate(frame["ID"])}
        labels = list(range(len(frame)))
        for group in groups:
            rows = [position[key] for key in group]
            for row in rows:
                labels[row] = min(rows)
        print(f"{labelled.name}: {score(labelled, labels)}, {seconds:.1f} s")


if __name__ == "__main__":
    main()
