"""Labelled links made of real registry entries: the publications that each names, as reports without a number.

ClinicalTrials.gov's entries cite their publications: ``RESULT`` (named by the sponsor) and ``DERIVED`` (PubMed says
that the article names the number). Each citation becomes a report with its title, authors and year and nothing else;
the entries that cite it so are the truth, all others are not. ``BACKGROUND`` citations are reports of no entry here,
and so are citations that appeared a year or more before the trial began, whatever the registry calls them: of 184
``RESULT`` citations in these sets, 151 did (a list of literature in the wrong box).
"""

from __future__ import annotations

import lzma
import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from evergrove.model.record import FileFormat, Record, RecordKind
from evergrove.records.trial_items import Entry, Report, entry_number, entry_of, report_of
from evergrove.records.trial_likeness import published_before
from evergrove.sources.draft import Draft, Origin, year_in
from evergrove.sources.formats import recognise
from evergrove.sources.opening import open_file

DATA = Path(os.environ.get("EVERGROVE_SHARED", Path(__file__).resolve().parents[2] / "../shared")) / "data"
SETS = {
    "heart failure (v2 bulk)": "registry/ctgov_v2_bulk/studies.jsonl.xz",
    "mixed (v1 full)": "registry/ctgov_v1_full/results_1.json.xz",
    "MSC in ARDS (study_fields)": "registry/ctgov_studyfields_msc/msc_studyfields.jsonl.xz",
}
_CITATION = re.compile(r"(?P<authors>[^.]+?)\.\s+(?P<title>.+?[.?!])\s+(?P<rest>[A-Z].*\d{4}.*)", re.DOTALL)
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


class Labelled(NamedTuple):
    """Entries, reports, and which belong together.

    Parameters
    ----------
    entries : list of Entry
        Without their references.
    reports : list of Report
    truth : dict of str to set of str
        Report id -> numbers; empty for a background citation.
    direct : set of str
        Ids of the reports that a sponsor named as results.
    """

    entries: list[Entry]
    reports: list[Report]
    truth: dict[str, set[str]]
    direct: set[str]


def records_in(path: Path) -> list[Record]:
    """Return the records of a file, compressed or not."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.name.removesuffix(".xz")
        data = path.read_bytes()
        plain.write_bytes(lzma.decompress(data) if path.suffix == ".xz" else data)
        opened = open_file(plain)
        form, reader = recognise(opened)
        origin = Origin(form, plain.name, opened.sha256, WHEN)
        return [item.finish(origin) for item in reader.read(opened) if isinstance(item, Draft)]


def labelled(records: list[Record]) -> Labelled:
    """Return the labelled links of registry entries."""
    entries, truth, direct, made = [], {}, set(), {}
    for record in records:
        entry = entry_of([record])
        entries.append(entry)
        for kind in ("result", "derived", "background"):
            for citation in record.other.get(f"reference_{kind}", ()):
                report = cited(citation)
                if report is None:
                    continue
                made[report.id] = report
                numbers = truth.setdefault(report.id, set())
                if kind == "background" or published_before(report, entry):
                    continue
                numbers.add(entry_number(record))
                if kind == "result":
                    direct.add(report.id)
    for entry in entries:
        entry.references.clear()
    return Labelled(entries, list(made.values()), truth, direct)


def cited(citation: str) -> Report | None:
    """Return a citation as a report, or ``None`` where its parts cannot be told apart."""
    found = _CITATION.match(citation)
    if found is None or len(found["title"].split()) < 4:
        return None
    draft = Draft(1, None, citation, RecordKind.ARTICLE, title=found["title"].rstrip("."))
    draft.authors = [name.strip() for name in found["authors"].split(";")[0].split(",") if name.strip()]
    draft.year = year_in(found["rest"])
    return report_of([draft.finish(Origin(FileFormat.MEDLINE, "citations", "0" * 64, WHEN))])


__all__ = ["DATA", "SETS", "Labelled", "labelled", "records_in"]
