"""The flow of records and reports into a review: what the protocol recorded and what the review knows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from evergrove.figures.prisma_data import Count, PrismaFlow
from evergrove.model.vocabulary import DesignType
from evergrove.report.numerals import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evergrove.model import Review, Study
    from evergrove.model.record import FoundRecords

#: Designs in the plural, as a box or a sentence names them.
_PLURALS = {
    DesignType.RANDOMISED: "randomised controlled trials",
    DesignType.NON_RANDOMISED: "non-randomised controlled studies",
    DesignType.CASE_SERIES: "case series",
    DesignType.REGISTRY_RECORD: "registry records of which no result was read",
    DesignType.SYSTEMATIC_REVIEW: "systematic reviews",
}
_SINGULARS = {
    DesignType.RANDOMISED: "randomised controlled trial",
    DesignType.NON_RANDOMISED: "non-randomised controlled study",
    DesignType.CASE_SERIES: "case series",
    DesignType.REGISTRY_RECORD: "registry record of which no result was read",
    DesignType.SYSTEMATIC_REVIEW: "systematic review",
}


def flow(review: Review, found: FoundRecords | None = None) -> PrismaFlow:
    """Return the counts of the PRISMA flow diagram.

    Parameters
    ----------
    review : Review
    found : FoundRecords, optional
        Records that were imported and merged.

    Returns
    -------
    PrismaFlow
        Counts of searching come from the records that the review holds, else, with those of screening, from
        the protocol; they are missing where neither records them; nothing is worked out backwards. Studies
        and reports are counted in the review: those of the designs that its eligibility or one of its
        analyses names.
    """
    recorded = review.protocol.flow
    included, held = included_studies(review), held_beside(review)
    reports = sum(len(study.reports) for study in included)
    parts = [f"Included: {count(len(included))} studies in {count(reports)} reports ({_listed(included)})."]
    if held:
        parts.append(f"Also held, not counted as included: {_listed(held)}.")
    if note := flow_note(review, found):
        parts.append(note)
    return PrismaFlow(
        title=f"Flow of records and reports: {review.protocol.short_title}",
        desc=" ".join(parts),
        databases=_one("all sources together", recorded.records_identified)
        if found is None
        else _by(found.databases),
        registers=() if found is None else _by(found.registers),
        removed=_one("duplicates", recorded.duplicates_removed if found is None else found.duplicates),
        screened=recorded.records_screened,
        screened_out=recorded.records_excluded,
        sought=recorded.reports_sought,
        not_retrieved=recorded.reports_not_retrieved,
        assessed=recorded.reports_assessed,
        excluded=_one("all reasons together", recorded.reports_excluded),
        studies=len(included),
        reports=reports,
    )


def flow_note(review: Review, found: FoundRecords | None = None) -> str | None:
    """Return what there is to say of the counts: the protocol's note, until records were imported.

    The protocol's note is of the counts that the protocol records. Once the review holds records, those of
    searching are counted from them, and a note that they are missing would not be true any more.
    """
    if found is None:
        return review.protocol.flow.note
    imported = sum(found.databases.values()) + sum(found.registers.values())
    noun = "record" if imported == 1 else "records"
    day = "" if found.until is None else f" up to {found.until.isoformat()}"
    merged = (
        "duplicates were not looked for yet" if found.duplicates is None else "duplicates are what was merged"
    )
    return (
        f"Records of databases and registers are the {count(imported)} {noun} imported{day}; {merged}. "
        "Counts of screening are those that the protocol records."
    )


def included_studies(review: Review) -> tuple[Study, ...]:
    """Return the studies of a design that the eligibility or an analysis of the protocol names."""
    protocol = review.protocol
    designs = {*protocol.eligibility.main_designs, *protocol.eligibility.beside_designs}
    for analysis in protocol.analyses:
        designs |= {*analysis.main_designs, *analysis.beside_designs}
    return tuple(study for study in review.studies if study.design.type in designs)


def held_beside(review: Review) -> tuple[Study, ...]:
    """Return the other studies: registry records without results, reviews and the like."""
    included = {study.id for study in included_studies(review)}
    return tuple(study for study in review.studies if study.id not in included)


def by_design(studies: tuple[Study, ...]) -> tuple[Count, ...]:
    """Return the number of studies of each design, in the order of the vocabulary."""
    counts = Counter(study.design.type for study in studies)
    return tuple(
        Count((_SINGULARS if counts[design] == 1 else _PLURALS)[design], counts[design])
        for design in DesignType
        if counts[design]
    )


def _listed(studies: tuple[Study, ...]) -> str:
    return ", ".join(f"{count(item.n)} {item.label}" for item in by_design(studies)) or "none"


def _by(counts: Mapping[str, int]) -> tuple[Count, ...]:
    """Return counts by source, the largest first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Count(name, n) for name, n in ranked)


def _one(label: str, n: int | None) -> tuple[Count, ...]:
    """Return a count that was recorded as one sum; nothing where it was not recorded."""
    return () if n is None else (Count(label, n),)
