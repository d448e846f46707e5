"""The page of the structured abstract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.report.abstract import structured_abstract
from evergrove.report.site.page import Page

if TYPE_CHECKING:
    from evergrove.report.findings import Findings


def abstract_page(findings: Findings) -> Page:
    """Return the page."""
    return Page(
        path="abstract.html",
        template="abstract.html",
        title="Abstract",
        description="The review as a structured abstract.",
        section="abstract.html",
        context={"abstract": structured_abstract(findings)},
    )
