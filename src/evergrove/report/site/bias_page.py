"""The page of the risk of bias: the judgements of all appraised studies, instrument by instrument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.appraisal import INSTRUMENTS
from evergrove.report.site.page import Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.appraisal import Instrument, Judged
    from evergrove.report.findings import Findings
    from evergrove.report.site.gallery import Drawing


@dataclass(frozen=True, slots=True)
class InstrumentView:
    """All studies appraised with one instrument; ``figures`` are the table of lights and the shares."""

    instrument: Instrument
    rows: tuple[tuple[str, str, Judged], ...]
    figures: tuple[Drawing, ...]


def bias_page(findings: Findings, figures: Mapping[str, Drawing]) -> Page:
    """Return the page."""
    studies = findings.review.studies
    views = []
    for name, instrument in INSTRUMENTS.items():
        rows = tuple(
            (study.id, study.name, findings.judged[study.id])
            for study in studies
            if study.id in findings.judged and findings.judged[study.id].instrument is name
        )
        if rows:
            stem = name.value.lower().replace(" ", "-")
            drawn = (figures.get(f"{stem}-traffic-light"), figures.get(f"{stem}-summary"))
            views.append(InstrumentView(instrument, rows, tuple(item for item in drawn if item is not None)))
    return Page(
        path="risk-of-bias.html",
        template="risk-of-bias.html",
        title="Risk of bias",
        description=f"Risk of bias of {len(findings.judged)} studies, domain by domain.",
        section="risk-of-bias.html",
        context={
            "views": tuple(views),
            "missing": tuple((study.id, study.name) for study in studies if study.id not in findings.judged),
        },
    )
