"""The labelled sets of ../shared/data/dedupe as columns with their truth, and the scores."""

from __future__ import annotations

import csv
import io
import json
import lzma
from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from lxml import etree

#: A set's records of one publication, as positions.
Groups = list[list[int]]


@dataclass(frozen=True)
class LabelledSet:
    """Records in columns and which of them are one publication."""

    name: str
    columns: dict[str, list[str]]
    groups: Groups

    def __len__(self) -> int:
        return len(self.columns["title"])


@dataclass(frozen=True)
class Score:
    """How many true duplicates were found, and how many merges are false."""

    records: int
    true_pairs: int
    found_pairs: int
    false_pairs: int
    #: records that a false merge would lose: merged into a publication that they are not
    lost_records: int
    #: duplicate records (all but one of each publication) and those of them that were merged
    surplus: int
    merged_surplus: int

    @property
    def pair_sensitivity(self) -> float:
        return self.found_pairs / self.true_pairs if self.true_pairs else 1.0

    @property
    def record_sensitivity(self) -> float:
        return self.merged_surplus / self.surplus if self.surplus else 1.0

    @property
    def precision(self) -> float:
        merged = self.found_pairs + self.false_pairs
        return self.found_pairs / merged if merged else 1.0

    @property
    def specificity(self) -> float:
        unique = self.records - self.surplus
        return 1 - self.lost_records / unique if unique else 1.0

    def __str__(self) -> str:
        return (
            f"{self.records} records, pairs {self.found_pairs}/{self.true_pairs} = {self.pair_sensitivity:.4f}, records "
            f"{self.merged_surplus}/{self.surplus} = {self.record_sensitivity:.4f}, false pairs {self.false_pairs}, "
            f"false merges {self.lost_records}"
        )


def pairs_of(labels: list[int]) -> set[tuple[int, int]]:
    """Return the pairs of positions with one label."""
    groups = defaultdict(list)
    for row, label in enumerate(labels):
        groups[label].append(row)
    return {pair for rows in groups.values() for pair in combinations(rows, 2)}


def truepairs(labelled: LabelledSet) -> set[tuple[int, int]]:
    """Return the true pairs of a set."""
    return {tuple(sorted(pair)) for group in labelled.groups for pair in combinations(group, 2)}


def score(labelled: LabelledSet, labels: list[int]) -> Score:
    """Score labels: records with one label are merged."""
    true, found = truepairs(labelled), pairs_of(labels)
    truth = list(range(len(labelled)))
    for group in labelled.groups:
        for row in group:
            truth[row] = min(group)
    merged = defaultdict(list)
    for row, label in enumerate(labels):
        merged[label].append(truth[row])
    lost = sum(len(set(held)) - 1 for held in merged.values())
    surplus = sum(len(group) - 1 for group in labelled.groups)
    parts = sum(len({labels[row] for row in group}) for group in labelled.groups)
    kept = surplus - (parts - len(labelled.groups))
    return Score(len(labelled), len(true), len(found & true), len(found - true), lost, surplus, kept)


def sets(data: Path) -> list[LabelledSet]:
    """Return the labelled sets below the folder of shared data."""
    return [
        _respiratory(data / "dedupe/bibdedupe_respiratory"),
        _screening(data / "screening/nagtegaal_2019.csv.xz"),
        _screening(data / "screening/kitchenham_2010.csv.xz"),
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(2**31 - 1)
    data = path.read_bytes()
    text = (lzma.decompress(data) if path.suffix == ".xz" else data).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def _columns(rows: list[dict[str, str]]) -> dict[str, list[str]]:
    return {name: [row[name] or "" for row in rows] for name in rows[0]}


def _respiratory(folder: Path) -> LabelledSet:
    columns = _columns(_rows(folder / "records_pre_merged.csv.xz"))
    columns = {name.lower(): values for name, values in columns.items()}
    position = {key: row for row, key in enumerate(columns["id"])}
    merged = _rows(folder / "merged_record_ids.csv")
    groups = [[position[key] for key in row["merged_ids"].split(";")] for row in merged]
    return LabelledSet("respiratory (SRA-DM)", columns, groups)


def _screening(path: Path) -> LabelledSet:
    columns = _columns(_rows(path))
    position = {key: row for row, key in enumerate(columns["record_id"])}
    linked = defaultdict(set)
    for row, other in enumerate(columns["duplicate_record_id"]):
        if other:
            linked[position[other]] |= {position[other], row}
    columns = {
        "id": columns["record_id"],
        **{k: v for k, v in columns.items() if k in {"title", "abstract", "year"}},
    }
    return LabelledSet(path.name.split(".")[0], columns, [sorted(group) for group in linked.values()])


def captioned(path: Path) -> tuple[dict[str, list[str]], list[bool]]:
    """Return the records of an EndNote XML library, and whether each is marked as a duplicate."""
    names = {
        "title": "titles/title",
        "authors": "contributors/authors/author",
        "year": "dates/year",
        "journal": "titles/secondary-title",
        "volume": "volume",
        "issue": "number",
        "pages": "pages",
        "doi": "electronic-resource-num",
        "isbn": "isbn",
        "abstract": "abstract",
    }
    columns: dict[str, list[str]] = {name: [] for name in ("id", *names)}
    marked = []
    with lzma.open(path) as stream:
        for _, record in etree.iterparse(stream, tag="record", resolve_entities=False, no_network=True):
            for name, place in names.items():
                columns[name].append("; ".join("".join(item.itertext()) for item in record.findall(place)))
            columns["id"].append(record.findtext("rec-number") or "")
            marked.append(
                "Duplicate" in "".join(record.itertext("caption", "style"))
                and record.find("caption") is not None
            )
            record.clear()
    return columns, marked


def hard_pairs(data: Path) -> list[tuple[str, dict[str, str], dict[str, str], bool]]:
    """Return the hand-labelled pairs: name, both records, whether they are duplicates."""
    cases = json.loads((data / "dedupe/bibdedupe_pairs/test_cases.json").read_text())["cases"]
    return [(case["id"], case["record_a"], case["record_b"], case["expected_duplicate"]) for case in cases]
