"""The page of the downloads, and the files behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.report.abstract import structured_abstract, to_text
from evergrove.report.exports import chosen_csv, data_csv, results_json, studies_ris
from evergrove.report.site.page import Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.report.findings import Findings
    from evergrove.report.site.gallery import Drawing


@dataclass(frozen=True, slots=True)
class Download:
    """A file to download."""

    path: str
    name: str
    what: str
    content: bytes

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)


def downloads(findings: Findings) -> tuple[Download, ...]:
    """Return the data files of the site."""
    review = findings.review
    texts = (
        (
            "results.json",
            "Every result with its estimates, options and hashes; JSON.",
            results_json(findings),
        ),
        (
            "data.csv",
            "Every datum as reported, with its source; one row per datum and arm.",
            data_csv(review),
        ),
        (
            "chosen.csv",
            "The datum with which each study enters an analysis, and its effect.",
            chosen_csv(findings),
        ),
        ("studies.ris", "The reports of the studies, for a reference manager; RIS.", studies_ris(review)),
        ("abstract.txt", "The structured abstract as plain text.", to_text(structured_abstract(findings))),
    )
    return tuple(
        # Spreadsheets take a CSV for their own code page unless it starts with a byte order mark.
        Download(
            f"downloads/{name}", name, what, text.encode("utf-8-sig" if name.endswith(".csv") else "utf-8")
        )
        for name, what, text in texts
    )


def downloads_page(files: tuple[Download, ...], figures: Mapping[str, Drawing]) -> Page:
    """Return the page."""
    return Page(
        path="downloads.html",
        template="downloads.html",
        title="Downloads",
        description="All data, results and figures of the review as files.",
        section="downloads.html",
        context={"files": files, "figures": tuple(figures.values())},
    )
