"""Build a review's site."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from evergrove.errors import UsageError
from evergrove.report.site import write_site
from evergrove.services.evaluate import evaluate
from evergrove.services.folders import locate
from evergrove.services.found_records import found_records
from evergrove.services.missing_evidence import missing_evidence
from evergrove.services.review import open_review
from evergrove.services.timings import Timings

if TYPE_CHECKING:
    from collections.abc import Callable

    from evergrove.report.findings import Findings
    from evergrove.report.site.gallery import PngChoice


@dataclass(frozen=True)
class Built:
    """A built site.

    Parameters
    ----------
    folder : Path
        Where it is.
    pages : int
        Number of HTML pages.
    findings : Findings
    timings : Timings
    """

    folder: Path
    pages: int
    findings: Findings
    timings: Timings

    @property
    def home(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"


def _check_place(out: Path, review: Path) -> None:
    """Refuse a place where replacing the folder would take something else away."""
    place = out.resolve()
    if Path.cwd().is_relative_to(place):
        raise UsageError(
            f"--out {out}: the site cannot replace the folder you are in; name a folder below it"
        )
    if place.is_relative_to(review.resolve()):
        raise UsageError(
            f"--out {out}: the site cannot stand inside the review {review}; name another folder"
        )


def build(
    review: str | Path,
    out: Path | None = None,
    *,
    png: PngChoice = "main",
    progress: Callable[[str, int, int], None] | None = None,
) -> Built:
    """Read, evaluate and publish a review as a static site.

    Parameters
    ----------
    review : str or Path
        A folder, or the name of a shipped review.
    out : Path, optional
        Where the site goes; ``site/<id>`` in the current place if missing. An older site there is replaced
        as a whole; a folder that is no site of evergrove's is left alone.
    png : {"main", "all", "none"}
        Which figures are also written as PNG: the main forest plots, all, or none.
    progress : callable, optional
        Called with the stage, the number of steps done and their total.

    Returns
    -------
    Built

    Raises
    ------
    UsageError, ReviewFolderError, RenderError
        Nothing half-built stays.
    """
    timings = Timings()
    if out is not None:
        _check_place(out, locate(review))

    def report(stage: str) -> Callable[[int, int], None] | None:
        if progress is None:
            return None
        return lambda done, total: progress(stage, done, total)

    with timings.stage("read"):
        opened = open_review(review, report("Reading"))
    findings = evaluate(opened.review, timings, report("Analysing"))
    found = found_records(opened.folder)
    if found is not None:
        with timings.stage("link records"):
            day = found.until or datetime.now(UTC).date()
            missing = missing_evidence(opened.folder, opened.review.studies, day)
        findings = replace(findings, found=found, unpublished=missing)
    folder = out if out is not None else Path("site") / opened.review.id
    pages = write_site(findings, folder, png=png, stage=timings.stage, progress=report("Writing pages"))
    return Built(folder, len(pages), findings, timings)
