"""Ask evergrove what other projects asked of newer R packages, and write the page.

    python validation/published/compare.py FOLDER

FOLDER holds the unpacked source archives of the projects in `SOURCES` (as `pip download --no-deps --no-binary :all:
NAME==VERSION` and `tar -xf` leave them). The JSON and CSV files of three of them are carried over to
`tests/golden/published/values/`, numbers and one-word labels only; the literals of pimeta's tests stand there in a
table, and each is looked for in the file that it names. Then every question is asked, and README.md written.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import tokenize
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))

import numpy as np
from wording import AFTER, BEFORE

from golden.published import RUNS
from golden.published.kept import FOLDER, TOLERANCE, archive, gap, tolerance
from golden.stats_reference import ABSOLUTE

HERE = Path(__file__).parent
#: What is read of each archive.
SOURCES: dict[str, dict[str, Any]] = {
    "pymetaanalysis": {
        "version": "0.9.0",
        "licence": "MIT",
        "r": "R 4.6.1",
        "packages": "metafor 5.0.1, meta 8.5.0",
        "files": ["tests/reference/*.json", "tests/reference/*.csv"],
    },
    "pimeta": {
        "version": "1.1.0",
        "licence": "MIT",
        "r": "R 4.6.1",
        "packages": "metafor 5.2-1, meta 8.5-0",
        "files": [],
    },
    "pymare": {
        "version": "0.0.13",
        "licence": "MIT",
        "r": "R 4.4.1",
        "packages": "metafor 4.6.0, robumeta 2.1, clubSandwich 0.5.11",
        "files": ["pymare/tests/data/*_reference.json", "pymare/tests/data/*.csv"],
    },
    "mixmetapy": {
        "version": "0.1.1",
        "licence": "GPL-3.0; its reference numbers alone are used",
        "r": "not stated",
        "packages": "mixmeta, version not stated",
        "files": ["tests/fixtures/mixmeta.json"],
    },
}
#: Parts of the files that no question needs.
LEFT_OUT = {"stage1", "pooled_curve", "knots", "bk"}


def unpacked(folder: Path, project: str) -> Path:
    """Return the folder of one archive."""
    name = f"{project}-{SOURCES[project]['version']}"
    for path in [folder / name, *folder.rglob(name)]:
        if path.is_dir():
            return path
    raise SystemExit(f"{folder}: no folder {name}; unpack the source archive of {project} there")


def lean(value: Any) -> Any:
    """Return a value of JSON without sentences and without what no question needs."""
    if isinstance(value, dict):
        kept = {name: entry for name, entry in value.items() if name not in LEFT_OUT}
        return {n: lean(entry) for n, entry in kept.items() if not (isinstance(entry, str) and " " in entry)}
    return [lean(entry) for entry in value] if isinstance(value, list) else value


def table(path: Path) -> dict[str, list[Any]]:
    """Return a CSV file by column; numbers where the text is one."""

    def entry(text: str) -> Any:
        if text in {"", "NA"}:
            return None
        try:
            return float(text)
        except ValueError:
            return text

    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [entry(row[name]) for row in rows] for name in rows[0]}


def carry_over(folder: Path, project: str) -> None:
    """Write what is kept of one archive, if it is not what is kept already."""
    root = unpacked(folder, project)
    passport = {"project": project} | {n: v for n, v in SOURCES[project].items() if n != "files"}
    files = {
        str(path.relative_to(root)): lean(json.loads(path.read_text()))
        if path.suffix == ".json"
        else table(path)
        for pattern in SOURCES[project]["files"]
        for path in sorted(root.glob(pattern))
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(content)}" for name, content in files.items())
    text = f'{{"source": {json.dumps(passport)},\n"files": {{\n{lines}\n}}}}\n'
    path = FOLDER / f"{project}.json"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"{path.name}: written anew")


def check_literals(folder: Path) -> None:
    """Stop where a number of pimeta's table does not stand in the file that the table names."""
    root = unpacked(folder, "pimeta")
    known: dict[str, set[float]] = {}
    for case in archive("pimeta")["cases"]:
        if case["file"] not in known:
            source = io.StringIO((root / case["file"]).read_text(encoding="utf-8"))
            tokens = [t.string for t in tokenize.generate_tokens(source.readline) if t.type != tokenize.OP]
            words = " ".join(tokens).replace(",", " ").replace("(", " ").replace(")", " ").split()
            known[case["file"]] = {abs(value) for value in map(number, words) if value is not None}
        for quantity, values in case["expected"].items():
            for value in np.ravel(values):
                if abs(float(value)) not in known[case["file"]]:
                    raise SystemExit(
                        f"{case['file']}:{case['line']}: {quantity} {value} does not stand there"
                    )


def number(text: str) -> float | None:
    """Return the number that a token is; comments hold some too."""
    try:
        return float(text.strip("#=;:[]"))
    except ValueError:
        return None


def compare() -> tuple[list[str], list[str], int]:
    """Return the rows of the table, the disagreements and how many numbers were compared."""
    lines, differing, total = [], [], 0
    for (source, family), run in RUNS.items():
        rows = list(run())
        total += size(rows)
        equal = [row for row in rows if not row[2].startswith("differs: ")]
        differing += [
            f"| {source} | {label} | {quantity} | {brief(ours)} | {brief(theirs)} | {kind.removeprefix('differs: ')} |"
            for label, quantity, kind, ours, theirs in rows
            if kind.startswith("differs: ")
        ]
        closed = [row for row in equal if row[2] == "closed-form"]
        other = [row for row in equal if row[2] != "closed-form"]
        beyond = sum(not gap(row) <= tolerance(row[2]) for row in equal)
        lines.append(
            f"| {source} | {family} | {size(closed)} | {worst(closed)} | {size(other)} | {worst(other)} | {beyond} |"
        )
    return lines, differing, total


def size(rows: list[Any]) -> int:
    """Return how many numbers rows hold."""
    return sum(int(np.size(row[4])) for row in rows)


def worst(rows: list[Any]) -> str:
    """Return the largest relative difference, and the largest absolute one of kinds that are judged by it."""
    by_size = [row for row in rows if not is_absolute(row[2])]
    by_distance = [row for row in rows if is_absolute(row[2])]
    parts = []
    if by_size:
        largest = max(by_size, key=gap)
        parts.append(f"{gap(largest):.1e}{named(largest)}" if gap(largest) else "0")
    if by_distance:
        largest = max(by_distance, key=distance)
        parts.append(f"{distance(largest):.1e} absolute{named(largest)}")
    return "; ".join(parts)


def is_absolute(kind: str) -> bool:
    """Whether a kind is judged by the absolute difference."""
    return TOLERANCE[kind.partition(", ")[0]][1] > ABSOLUTE


def named(row: Any) -> str:
    """Return quantity and kind of a row that is no closed form."""
    return "" if row[2] == "closed-form" else f" ({row[1]}; {row[2]})"


def distance(row: Any) -> float:
    """Return the largest absolute difference of a row."""
    ours, theirs = (np.asarray(value, dtype=float) for value in row[3:])
    return float(np.nanmax(np.abs(ours - theirs)))


def brief(value: Any) -> str:
    """Return a value with six digits."""
    return ", ".join(f"{entry:.6g}" for entry in np.ravel(np.asarray(value, dtype=float)))


def main() -> None:
    """Carry over, check, compare, write the page."""
    folder = Path(sys.argv[1])
    for project in SOURCES:
        if SOURCES[project]["files"]:
            carry_over(folder, project)
    archive.cache_clear()
    check_literals(folder)
    lines, differing, total = compare()
    sources = [
        f"| {name} {one['version']} | {one['licence']} | {one['r']} | {one['packages']} |"
        for name, one in SOURCES.items()
    ]
    text = BEFORE.format(total=f"{total:,}", sources="\n".join(sources), table="\n".join(lines))
    (HERE / "README.md").write_text(text + AFTER.format(differing="\n".join(differing)), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
