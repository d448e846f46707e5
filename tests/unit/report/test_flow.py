"""The PRISMA flow: what was recorded, what the review knows, and nothing worked out backwards."""

from __future__ import annotations

from evergrove.figures import Count, prisma_svg
from evergrove.report.flow import by_design, flow, held_beside, included_studies
from support.tiny_review import review, study


def test_the_shipped_review_counts_what_it_holds(shipped) -> None:
    made = shipped.review
    counts = flow(made)
    included, held = included_studies(made), held_beside(made)
    assert counts.studies == len(included)
    assert counts.reports == sum(len(item.reports) for item in included)
    assert len(included) + len(held) == len(made.studies)
    assert {item.design.type.value for item in held} == {"registry-record", "systematic-review"}
    assert "Also held, not counted as included" in counts.desc


def test_what_was_not_recorded_is_missing(shipped) -> None:
    counts = flow(shipped.review)
    assert counts.databases == counts.registers == counts.removed == counts.excluded == ()
    assert counts.screened is counts.sought is counts.assessed is None
    assert "Records screened (not recorded)" in prisma_svg(counts)


def test_recorded_counts_stand_where_they_belong() -> None:
    recorded = {
        "records_identified": 120,
        "duplicates_removed": 20,
        "records_screened": 100,
        "records_excluded": 80,
        "reports_sought": 20,
        "reports_not_retrieved": 2,
        "reports_assessed": 18,
        "reports_excluded": 15,
        "note": "Searched twice.",
    }
    counts = flow(review([study("alpha", [])], flow=recorded))
    assert counts.databases == (Count("all sources together", 120),)
    assert counts.removed == (Count("duplicates", 20),)
    assert (counts.screened, counts.screened_out) == (100, 80)
    assert (counts.sought, counts.not_retrieved, counts.assessed) == (20, 2, 18)
    assert counts.excluded == (Count("all reasons together", 15),)
    assert (counts.studies, counts.reports) == (1, 1)
    assert counts.desc.endswith("Searched twice.")
    assert "duplicates (n = 20)" in prisma_svg(counts)


def test_zero_is_a_count_and_not_missing() -> None:
    counts = flow(review([], flow={"records_identified": 0}))
    assert counts.databases == (Count("all sources together", 0),)
    assert counts.studies == counts.reports == 0


def test_designs_are_counted_in_words() -> None:
    made = review(
        [
            study("alpha", []),
            study("beta", []),
            study("gamma", [], design="non-randomised-controlled-trial"),
            study("delta", [], design="case-series"),
        ]
    )
    assert by_design(made.studies) == (
        Count("randomised controlled trials", 2),
        Count("non-randomised controlled study", 1),
        Count("case series", 1),
    )
    # No analysis of this review uses case series.
    assert [item.id for item in held_beside(made)] == ["delta"]
    assert "1 non-randomised controlled study" in flow(made).desc
