"""How many records a review found and merged, for the PRISMA flow."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from evergrove.model.record import FileFormat, FoundRecords
from evergrove.services.dedupe import report_groups
from evergrove.store.logs import read_imports
from evergrove.store.merges import read_merges
from evergrove.store.records import read_records

if TYPE_CHECKING:
    from pathlib import Path

    from evergrove.model.record import ImportRun

#: Formats that name their source.
DATABASE_OF = {
    FileFormat.CLINICALTRIALS_V2: "ClinicalTrials.gov",
    FileFormat.CLINICALTRIALS_V1: "ClinicalTrials.gov",
    FileFormat.CLINICALTRIALS_FIELDS: "ClinicalTrials.gov",
    FileFormat.ICTRP_XML: "WHO ICTRP",
    FileFormat.ICTRP_TABLE: "WHO ICTRP",
    FileFormat.PUBMED_XML: "PubMed",
    FileFormat.MEDLINE: "PubMed",
    FileFormat.EUROPE_PMC: "Europe PMC",
    FileFormat.CROSSREF: "Crossref",
    FileFormat.OPENALEX: "OpenAlex",
}
REGISTERS = frozenset({"ClinicalTrials.gov", "WHO ICTRP"})


def found_records(folder: Path) -> FoundRecords | None:
    """Count the records of a review folder by source, and those merged into another's report.

    Parameters
    ----------
    folder : Path
        The review folder.

    Returns
    -------
    FoundRecords or None
        None where nothing was ever imported. Where neither the person nor the format names the database of a
        file, each of its records counts for the database that it names itself, else for the file.
    """
    runs = read_imports(folder)
    if not runs:
        return None
    counts: Counter[str] = Counter()
    unnamed = {(run.file_sha256, run.when) for run in runs if _named(run) is None and run.added}
    for run in runs:
        if (name := _named(run)) is not None:
            counts[name] += run.added
    for record in read_records(folder) if unnamed else ():
        if (record.source.file_sha256, record.source.imported) in unnamed:
            counts[record.source.database or f"database not named ({record.source.file})"] += 1
    merged = None
    if read_merges(folder):
        groups = report_groups(folder)
        merged = sum(len(group) for group in groups) - len(groups)
    return FoundRecords(
        databases={name: n for name, n in counts.items() if name not in REGISTERS and n},
        registers={name: n for name, n in counts.items() if name in REGISTERS and n},
        duplicates=merged,
        until=max(run.when for run in runs).date(),
    )


def _named(run: ImportRun) -> str | None:
    """Return the database of a whole import: as the person said, or as the format says."""
    return run.database or DATABASE_OF.get(run.format)
