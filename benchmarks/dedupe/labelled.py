"""Scores on the labelled sets: python benchmarks/dedupe/labelled.py [FOLDER OF SHARED DATA]."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from labelled_sets import captioned, hard_pairs, score, sets

from evergrove.records import deduplicate


def main() -> None:
    """Print a table of scores, then the hard pairs and the marked libraries."""
    default = Path(__file__).resolve().parents[3] / "shared/data"
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    print(
        "| set | records | sensitivity (records) | sensitivity (pairs) | specificity | precision | false merges | to a person | s |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for labelled in sets(data):
        start = time.perf_counter()
        found = deduplicate(labelled.columns)
        seconds = time.perf_counter() - start
        got = score(labelled, found.labels().tolist())
        print(
            f"| {labelled.name} | {got.records} | {got.merged_surplus}/{got.surplus} = {got.record_sensitivity:.4f} "
            f"| {got.found_pairs}/{got.true_pairs} = {got.pair_sensitivity:.4f} | {got.specificity:.4f} | {got.precision:.4f} "
            f"| {got.lost_records} | {sum(1 for _ in found.uncertain())} | {seconds:.1f} |"
        )
    pairs = hard_pairs(data)
    wrong = [name for name, one, two, same in pairs if bool(deduplicate([one, two]).clusters) != same]
    print(
        f"\nhard pairs: {len(pairs) - len(wrong)} of {len(pairs)} as labelled; not: {', '.join(wrong) or 'none'}"
    )
    for name in ("iebh_tafenoquine/tafenoquine", "iebh_respiratory_xml/respiratory"):
        columns, marked = captioned(data / f"dedupe/{name}.xml.xz")
        found = deduplicate(columns)
        merged = {key for cluster in found.clusters for key in cluster}
        known = {key for key, mark in zip(columns["id"], marked, strict=True) if mark}
        print(
            f"{name}: {len(marked)} records, {len(known)} marked, {len(merged & known)} of them merged, "
            f"{len(merged - known)} merged that are not marked"
        )


if __name__ == "__main__":
    main()
