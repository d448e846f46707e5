"""The home page: the question, what the evidence says, and what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.report.site import wording
from evergrove.report.site.page import HOME, Page
from evergrove.report.site.summary import pictured, plain_meaning, summary_row, what_there_is

if TYPE_CHECKING:
    from evergrove.report.findings import Findings


def home_page(findings: Findings) -> Page:
    """Return the page."""
    protocol = findings.review.protocol
    beyond = [answer for answer in findings.answers if not answer.result.analysis.main]
    question = wording.question_sentence(protocol.question)
    main = findings.main_answers
    comparison = main[0].result.comparison.label if main else protocol.comparisons[0].label
    return Page(
        path=HOME.path,
        template="home.html",
        title=HOME.text,
        description=question,
        section=HOME.path,
        context={
            "question": question,
            "meaning": plain_meaning(findings),
            "pictured": pictured(findings),
            "comparison": comparison,
            "rows": tuple(summary_row(answer) for answer in main),
            "others": tuple(summary_row(answer) for answer in beyond if answer.result.main.fit is not None),
            "thin": tuple(
                (answer, what_there_is(answer)) for answer in beyond if answer.result.main.fit is None
            ),
            "total_studies": len(findings.review.studies),
            "total_claims": len(findings.claims),
            "unpublished": findings.unpublished,
        },
    )
