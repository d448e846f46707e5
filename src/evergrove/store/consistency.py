"""What must hold between the files of a review: references, units, one study one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergrove.model.units import unit
from evergrove.model.vocabulary import DatumKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evergrove.model import Review

#: Stands for the file of a decision, whose place is its number among all decisions read.
DECISIONS = "decisions"

#: file, path, value found, problem, allowed
CrossFault = tuple[str, tuple[str | int, ...], str, str, str]


def cross_faults(review: Review, unread: frozenset[str]) -> Iterator[CrossFault]:
    """Yield the faults that only show when files are read together.

    Parameters
    ----------
    review : Review
    unread : frozenset of str
        Studies whose files have faults of their own; what refers to them is not a fault again.
    """
    yield from _data_faults(review)
    yield from _decision_faults(review, unread)
    yield from _study_faults(review, unread)
    yield from _claim_faults(review)


def _data_faults(review: Review) -> Iterator[CrossFault]:
    outcomes = {outcome.id: outcome for outcome in review.protocol.outcomes}
    for study in review.studies:
        for index, datum in enumerate(study.data):
            file = f"studies/{study.id}.yaml"
            outcome = outcomes.get(datum.outcome)
            if outcome is None:
                yield (file, ("data", index, "outcome"), repr(datum.outcome), "no such outcome",
                       "an outcome of review.yaml")  # fmt: skip
            elif (
                datum.kind in {DatumKind.CONTINUOUS, DatumKind.CHANGE}
                and datum.unit is not None
                and outcome.unit is not None
                and unit(datum.unit).dimension != unit(outcome.unit).dimension
                and not _percent_change(datum.kind, datum.unit)
            ):
                yield (file, ("data", index, "unit"), repr(datum.unit), f"does not measure {outcome.label}",
                       f"a unit that converts to {outcome.unit}")  # fmt: skip


def _percent_change(kind: DatumKind, symbol: str) -> bool:
    """Allow a change to be reported as a share of the baseline, whatever the outcome's unit."""
    return kind is DatumKind.CHANGE and unit(symbol).dimension == "share"


def _decision_faults(review: Review, unread: frozenset[str]) -> Iterator[CrossFault]:
    studies = {study.id: study for study in review.studies}
    analyses = {analysis.id for analysis in review.protocol.analyses}
    for index, decision in enumerate(review.decisions):
        if decision.analysis is not None and decision.analysis not in analyses:
            yield (DECISIONS, (index, "analysis"), repr(decision.analysis), "no such analysis",
                   ", ".join(sorted(analyses)))  # fmt: skip
        if decision.study in unread:
            continue
        study = studies.get(decision.study)
        if study is None:
            yield DECISIONS, (index, "study"), repr(decision.study), "no such study", "a study of the review"
        elif decision.datum not in {datum.id for datum in study.data}:
            yield (DECISIONS, (index, "datum"), repr(decision.datum), f"{study.id} has no such datum",
                   "an id of its data")  # fmt: skip


def _study_faults(review: Review, unread: frozenset[str]) -> Iterator[CrossFault]:
    arms = {study.id: {arm.id for arm in study.arms} for study in review.studies}
    known = arms.keys() | unread
    for appraisal in review.appraisals:
        if appraisal.study not in known:
            yield (f"appraisals/{appraisal.study}.yaml", ("study",), repr(appraisal.study), "no such study",
                   "a study of the review")  # fmt: skip
    for claim in review.claims:
        if claim.study is not None and claim.study not in known:
            yield (f"claims/{claim.id}.yaml", ("study",), repr(claim.study), "no such study",
                   "a study of the review, or none")  # fmt: skip
    for number, comparison in enumerate(review.protocol.comparisons):
        for index, excluded in enumerate(comparison.excluded_arms):
            if excluded.study not in unread and excluded.arm not in arms.get(excluded.study, ()):
                place = ("comparisons", number, "excluded_arms", index, "arm")
                found = repr(f"{excluded.study}/{excluded.arm}")
                yield "review.yaml", place, found, "no such arm", "an arm of a study"


def _claim_faults(review: Review) -> Iterator[CrossFault]:
    """Yield what a proposition names that its study does not have."""
    studies = {study.id: study for study in review.studies}
    for claim in review.claims:
        if claim.study is None or claim.study not in studies:
            continue
        study = studies[claim.study]
        data, arms = {datum.id for datum in study.data}, {arm.id for arm in study.arms}
        for index, proposition in enumerate(claim.propositions):
            for field, known in (("datum", data), ("arm", arms)):
                named = getattr(proposition, field, None)
                if named is not None and named not in known:
                    yield (
                        f"claims/{claim.id}.yaml",
                        ("propositions", index, field),
                        repr(named),
                        f"{study.id} has no such {field}",
                        f"an id of its {'data' if field == 'datum' else 'arms'}",
                    )
