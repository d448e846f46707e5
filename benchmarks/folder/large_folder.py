"""A review folder with many records: invented publications as several databases print them, and registry entries.

The publications are those of `benchmarks/dedupe`; one record in five is a registry entry, made of the words of a
publication. Half of such publications give the number of their entry in the abstract, the others do not.
"""

from __future__ import annotations

import random
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "dedupe"))

from synthetic import write_synthetic
from synthetic_records import synthetic_records

from evergrove.model.record import FileFormat, ImportRun, RecordKind
from evergrove.sources.draft import Draft, Origin
from evergrove.store.records import IMPORTS, records_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.store.records import Batch

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
STUDIES = 50
SEARCHES = """\
searches:
- id: europepmc
  database: europe-pmc
  query: invented
"""
_AUTHORS = re.compile(r"; | and |\., ")


def write_large(count: int, folder: Path, seed: int = 20261127) -> None:
    """Write a review folder with so many records, the same for the same seed."""
    write_synthetic(STUDIES, folder)
    (folder / "searches.yaml").write_text(SEARCHES, encoding="utf-8")
    entries = count // 5
    made = synthetic_records(count - entries, seed)
    rng = random.Random(seed)
    first: dict[int, int] = {}
    for row, publication in enumerate(made.truth):
        first.setdefault(publication, row)
    trials = rng.sample(sorted(first), min(entries, len(first)))
    numbers = {publication: f"NCT{place + 10_000_000}" for place, publication in enumerate(trials)}
    _write(folder, "publications", _reports(made.columns, made.truth, numbers))
    _write(folder, "registry", _entries(made.columns, first, numbers, rng))


def _write(folder: Path, name: str, drafts: Iterator[Draft]) -> None:
    sha256 = f"{len(name):064x}"
    form = FileFormat.CLINICALTRIALS_V2 if name == "registry" else FileFormat.RIS
    origin = Origin(form, name, sha256, WHEN)
    with records_to(folder, name, sha256) as batch:
        _fill(batch, drafts, origin)
        batch.log(
            IMPORTS,
            ImportRun(
                file=name,
                file_sha256=sha256,
                format=form,
                when=WHEN,
                database=None if name == "registry" else "Invented",
                read=batch.count,
                added=batch.count,
                known=0,
            ),
        )


def _fill(batch: Batch, drafts: Iterator[Draft], origin: Origin) -> None:
    for draft in drafts:
        batch.add(draft.finish(origin))


def _reports(columns: dict[str, list[str]], truth: list[int], numbers: dict[int, str]) -> Iterator[Draft]:
    for row, publication in enumerate(truth):
        told = {name: held[row] for name, held in columns.items()}
        draft = Draft(row + 1, None, "\n".join(told.values()), RecordKind.ARTICLE, title=told["title"])
        draft.authors = [name for name in _AUTHORS.split(told["author"]) if name]
        draft.year = int(told["year"]) if told["year"] else None
        for name, column in (
            ("journal", "journal"),
            ("volume", "volume"),
            ("issue", "number"),
            ("pages", "pages"),
            ("doi", "doi"),
            ("abstract", "abstract"),
        ):
            setattr(draft, name, told[column] or None)
        draft.issn = [told["isbn"]] if told["isbn"] else []
        number = numbers.get(publication)
        if number is not None and publication % 2 and draft.abstract:
            draft.abstract += f" Registered as {number}."
        yield draft


def _entries(
    columns: dict[str, list[str]], first: dict[int, int], numbers: dict[int, str], rng: random.Random
) -> Iterator[Draft]:
    for place, (publication, number) in enumerate(numbers.items(), start=1):
        row = first[publication]
        words = columns["title"][row].lower().split()
        title = " ".join(word for word in words if rng.random() < 0.7) or "invented"
        draft = Draft(place, None, f"{number} {title}", RecordKind.REGISTRY_ENTRY, title=title)
        year = int(columns["year"][row] or 2010)
        draft.registrations, draft.date = [number], f"{year - 4}-03-01"
        draft.keep("official_title", " ".join(word for word in words if rng.random() < 0.7))
        authors = [name for name in _AUTHORS.split(columns["author"][row]) if name]
        if authors:
            draft.keep("investigators", f"Ada {authors[-1].split()[0].strip(',')}, MD")
        draft.keep("status", "COMPLETED")
        draft.keep("enrolment", str(rng.randint(20, 500)))
        draft.keep("start_date", f"{year - 3}-01")
        draft.keep("completion_date", f"{year - 1}-06-30")
        yield draft
