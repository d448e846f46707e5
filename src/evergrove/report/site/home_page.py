"""The home page: the question, what the evidence says, and what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.model.measures import Basis, review_measure
from evergrove.report.numerals import short_measure
from evergrove.report.site import wording
from evergrove.report.site.page import HOME, Page
from evergrove.report.site.summary import pictured, plain_meaning, summary_row, what_there_is

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evergrove.report.findings import Answer, Findings


def _legend(answers: Sequence[Answer]) -> str:
    """Say what the short names of the measures stand for."""
    told = []
    for measure in dict.fromkeys(answer.result.analysis.measure for answer in answers):
        row = review_measure(measure)
        of_events = row.ratio and row.basis is Basis.EVENTS
        meaning = ", below 1 means fewer patients with the outcome" if of_events else ""
        told.append(f"{short_measure(measure)}: {row.words}{meaning}")
    return "; ".join(told)


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
            "legend": _legend(main),
            "total_studies": len(findings.review.studies),
            "total_claims": len(findings.claims),
            "unpublished": findings.unpublished,
        },
    )
