"""The page of the methods: the protocol, and every rule by which a number was chosen and computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.appraisal import INSTRUMENTS
from evergrove.model.measures import review_measure
from evergrove.report import model_words
from evergrove.report.site import wording
from evergrove.report.site.page import Page
from evergrove.synthesis.choice import RATIO_TOLERANCE
from evergrove.synthesis.groups import TITLES

if TYPE_CHECKING:
    from evergrove.model import Analysis, Comparison, Protocol
    from evergrove.report.findings import Findings


@dataclass(frozen=True, slots=True)
class AnalysisRow:
    """An analysis of the protocol in words."""

    analysis: Analysis
    outcome: str
    measure: str
    data: str
    model: str
    subgroups: str
    sensitivity: str


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """A comparison with its products, and the arms left out: study id, name, arm, why."""

    comparison: Comparison
    products: str
    excluded: tuple[tuple[str, str, str, str], ...]


def methods_page(findings: Findings) -> Page:
    """Return the page."""
    review = findings.review
    protocol = review.protocol
    used = {judged.instrument for judged in findings.judged.values()}
    return Page(
        path="methods.html",
        template="methods.html",
        title="Methods",
        description="The protocol: question, eligibility, analyses, models and rules of choice.",
        section="methods.html",
        context={
            "protocol": protocol,
            "analyses": tuple(_analysis_row(analysis, protocol) for analysis in protocol.analyses),
            "comparisons": tuple(_comparison(item, findings) for item in protocol.comparisons),
            "instruments": tuple(item for name, item in INSTRUMENTS.items() if name in used),
            "tolerance": f"{100 * RATIO_TOLERANCE:g} %",
            "decisions": review.decisions,
            "unpublished": findings.unpublished,
            "names": {study.id: study.name for study in review.studies},
        },
    )


def _analysis_row(analysis: Analysis, protocol: Protocol) -> AnalysisRow:
    return AnalysisRow(
        analysis,
        protocol.outcome(analysis.outcome).label,
        review_measure(analysis.measure).words,
        wording.joined(kind.label for kind in analysis.data_kinds),
        model_words.pooling_words(analysis.pooling),
        "; ".join(wording.lower_first(TITLES[by]) for by in analysis.subgroups),
        "; ".join(item.label for item in analysis.sensitivity),
    )


def _comparison(comparison: Comparison, findings: Findings) -> ComparisonView:
    names = {study.id: study.name for study in findings.review.studies}
    excluded = []
    for item in comparison.excluded_arms:
        if item.study in names:
            label = findings.review.study(item.study).arm(item.arm).label
            excluded.append((item.study, names[item.study], label, item.why))
    return ComparisonView(
        comparison, wording.joined(product.label for product in comparison.products), tuple(excluded)
    )
