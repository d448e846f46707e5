"""The page of the flow of studies: the PRISMA figure, and the same as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.report.flow import flow, flow_note
from evergrove.report.site.page import Crumb, Page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.figures import PrismaFlow
    from evergrove.report.findings import Findings
    from evergrove.report.site.gallery import Drawing

NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A count of the flow."""

    phase: str
    label: str
    shown: str


def flow_page(findings: Findings, drawing: Drawing) -> Page:
    """Return the page."""
    return Page(
        path="flow.html",
        template="flow.html",
        title="Flow of studies",
        description="From records found to studies included, after PRISMA 2020.",
        section="methods.html",
        crumbs=(Crumb("Methods", "methods.html"),),
        context={
            "drawing": drawing,
            "rows": tuple(_rows(flow(findings.review, findings.found))),
            "note": flow_note(findings.review, findings.found),
            "unpublished": findings.unpublished,
        },
    )


def _rows(counts: PrismaFlow) -> Iterator[FlowRow]:
    other = counts.other
    if not counts.databases and not counts.registers:
        yield _row("Identified", "records identified", None)
    for item in (*counts.databases, *counts.registers, *(other.sources if other is not None else ())):
        yield _row("Identified", item.label, item.n)
    for item in counts.removed:
        yield _row("Removed before screening", item.label, item.n)
    if not counts.removed:
        yield _row("Removed before screening", "records removed", None)
    yield _row("Screened", "records screened", counts.screened)
    yield _row("Screened", "records excluded", counts.screened_out)
    yield _row("Retrieved", "reports sought", counts.sought)
    yield _row("Retrieved", "reports not retrieved", counts.not_retrieved)
    yield _row("Assessed", "reports assessed", counts.assessed)
    for item in counts.excluded:
        yield _row("Excluded", item.label, item.n)
    if not counts.excluded:
        yield _row("Excluded", "reports excluded", None)
    if other is not None:
        yield _row("By other methods", "reports sought", other.sought)
        yield _row("By other methods", "reports not retrieved", other.not_retrieved)
        yield _row("By other methods", "reports assessed", other.assessed)
        for item in other.excluded:
            yield _row("By other methods, excluded", item.label, item.n)
    yield _row("Included", "studies", counts.studies)
    yield _row("Included", "reports", counts.reports)


def _row(phase: str, label: str, n: int | None) -> FlowRow:
    return FlowRow(phase, label, NOT_RECORDED if n is None else str(n))
