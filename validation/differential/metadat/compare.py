"""Ask evergrove what the help pages of metadat, clubSandwich and robumeta ask R, and a fixed battery on every set.

    python validation/differential/metadat/compare.py [--keep FOLDER] [--list]

Needs R with metafor, metadat, lme4, clubSandwich, robumeta, Hmisc and jsonlite. `--keep` keeps the records of R in a folder and
uses those that are there. The page metadat.md of the folder above is written anew; `--list` prints every disagreement.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ledger import Ledger, numbers
from page import page

if TYPE_CHECKING:
    from exchange import Fit

HERE = Path(__file__).parent
PAGE = HERE.parent / "metadat.md"


def recorded(folder: Path, script: str) -> list[tuple[dict[str, Any], list[dict[str, str]]]]:
    """Return what a script of R recorded and where R stopped; it is run unless its records are there."""
    stem = Path(script).stem
    if not list(folder.glob(f"{stem}*.json")):
        subprocess.run(["Rscript", str(HERE / script), str(folder / f"{stem}.json")], check=True)
    return [
        (json.loads(file.read_text()), json.loads(Path(f"{file}.stopped").read_text()))
        for file in sorted(folder.glob(f"{stem}*.json"))
    ]


def main() -> None:
    """Ask, compare, write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", type=Path, help="folder of R's records")
    parser.add_argument("--list", action="store_true", help="print every disagreement; write no page")
    parser.add_argument("--only", default="", help="only sets whose name contains this")
    parser.add_argument("--scripts", nargs="*", default=["help_pages.R", "battery.R"])
    options = parser.parse_args()
    ledger = Ledger()
    versions: dict[str, str] = {}
    stopped: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        for found, lost in (one for script in options.scripts for one in recorded(folder, script)):
            versions = found["versions"]
            stopped += lost
            fits: dict[int, Fit] = {}
            for record in found["records"]:
                if options.only in record["set"]:
                    asked, answer = numbers(record["asked"]), numbers(record["answer"])
                    ledger.take({**record, "asked": asked, "answer": answer}, fits)
    if options.list:
        listed(ledger)
    else:
        PAGE.write_text(page(ledger, versions, stopped))


def listed(ledger: Ledger) -> None:
    """Print every quantity, every question without an answer, and the worst disagreements."""
    for name, gaps in sorted(ledger.values.items()):
        above = len(ledger.above[name]) or ""
        print(f"| {name} | {len(gaps)} | {np.median(gaps):.1e} | {max(gaps):.1e} | {above} |")
    for what, count in sorted(ledger.refused.items()):
        print(count, what, ledger.where[what])
    for one_sided, count in sorted(ledger.only.items()):
        print("only", count, one_sided, ledger.where[one_sided])
    for name, seen in sorted(ledger.above.items()):
        for one in sorted(seen, key=lambda each: -each.gap)[:12]:
            print(f"{one.gap:.1e} {name} {one.ours:.12g} {one.theirs:.12g} {one.set}: {one.call[:110]}")


if __name__ == "__main__":
    main()
