"""The page of the claims checked against the data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergrove.model.vocabulary import Verdict
from evergrove.report.site.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from evergrove.claims import ClaimResult, Figure, PropositionResult
    from evergrove.model import Source
    from evergrove.report.findings import Findings

#: Characters of a statement that name its claim in the list at the top.
_SHORT = 36


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """The figures that were read in one place."""

    source: Source | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding, its figures gathered by source."""

    finding: PropositionResult
    groups: tuple[SourceFigures, ...]


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim with its findings; ``about`` names the study, or the start of the statement without one."""

    result: ClaimResult
    about: str
    findings: tuple[FindingView, ...]


def claims_page(findings: Findings) -> Page:
    """Return the page."""
    names = {study.id: study.name for study in findings.review.studies}
    verdicts = Counter(result.verdict for result in findings.claims)
    return Page(
        path="claims.html",
        template="claims.html",
        title="Claims checked",
        description=f"{len(findings.claims)} statements on trials, checked against the data of the review.",
        section="claims.html",
        context={
            "claims": tuple(_view(result, names) for result in findings.claims),
            "names": names,
            "counts": tuple((verdict, verdicts[verdict]) for verdict in Verdict if verdicts[verdict]),
        },
    )


def _view(result: ClaimResult, names: dict[str, str]) -> ClaimView:
    claim = result.claim
    statement = claim.statement
    short = statement if len(statement) <= _SHORT else f"{statement[:_SHORT].rsplit(' ', 1)[0]} …"
    about = short if claim.study is None else names.get(claim.study, claim.study)
    return ClaimView(
        result,
        about,
        tuple(FindingView(finding, _by_source(finding.computed)) for finding in result.findings),
    )


def _by_source(figures: Iterable[Figure]) -> tuple[SourceFigures, ...]:
    groups: dict[tuple[str, str] | None, list[Figure]] = {}
    for figure in figures:
        key = None if figure.source is None else (figure.source.url, figure.source.locator)
        groups.setdefault(key, []).append(figure)
    return tuple(SourceFigures(members[0].source, tuple(members)) for members in groups.values())
