"""Why a trial without a report is listed, and since when, as registries give it. All invented."""

from datetime import UTC, date, datetime

import pytest

from evergrove.model.record import FileFormat, RecordKind
from evergrove.records.linking import link
from evergrove.records.unpublished import unpublished
from evergrove.sources.draft import Draft, Origin

ORIGIN = Origin(FileFormat.JSON_LINES, "invented", "0" * 64, datetime(2026, 1, 2, tzinfo=UTC))
TODAY = date(2026, 1, 1)


def listed(**facts):
    draft = Draft(1, None, "entry", RecordKind.REGISTRY_ENTRY, title="Marrow cells for lung injury")
    draft.registrations = ["NCT00000001"]
    for name, value in facts.items():
        draft.keep(name, value)
    (trial,) = unpublished(link([draft.finish(ORIGIN)]), (), TODAY)
    return trial


@pytest.mark.parametrize(
    ("status", "completion", "kind", "updated", "state", "days", "expected"),
    [
        ("COMPLETED", "2025-12-31", "ACTUAL", "2025-12-31", "completed", 1, False),
        ("COMPLETED", "2025-11", None, None, "completed", 32, False),
        ("COMPLETED", "2024", None, None, "completed", 366, False),
        ("COMPLETED", None, None, None, "completed", None, False),
        ("Completed", "2026-01", None, None, "completed", None, True),
        ("TERMINATED", "2025-12-01", "ESTIMATED", "2025-06-01", "stopped-early", 31, True),
        ("Prematurely Ended", None, None, None, "stopped-early", None, False),
        ("WITHDRAWN", "2020-01", "ACTUAL", None, "never-began", None, False),
        ("RECRUITING", "2025-12-01", "ESTIMATED", "2021-03-03", "end-expected-before-now", 31, True),
        ("RECRUITING", "2025-12-01", None, None, "end-expected-before-now", 31, True),
        ("NOT_YET_RECRUITING", "2027-01", "ESTIMATED", None, "under-way", None, True),
        ("RECRUITING", None, None, None, "under-way", None, False),
        ("ACTIVE_NOT_RECRUITING", "2025-12-01", "ACTUAL", None, "completed", 31, False),
        # the end of recruitment is not that of the trial
        ("Recruitment Completed", "2027-01-01", None, None, "under-way", None, True),
        ("UNKNOWN", "2007-04", None, "2007-01-30", "end-expected-before-now", 6821, True),
        ("UNKNOWN", "2007-04", None, "2007-05-30", "completed", 6821, False),
        ("NO_LONGER_AVAILABLE", None, None, None, "not-said", None, False),
        (None, "2025-13", None, None, "not-said", None, False),
        (None, None, None, None, "not-said", None, False),
    ],
)
def test_why_a_trial_is_listed_and_since_when(  # noqa: PLR0917 - one column of the table each
    status, completion, kind, updated, state, days, expected
):
    facts = {
        "status": status,
        "primary_completion_date": completion,
        "primary_completion_date_type": kind,
        "last_update": updated,
    }
    trial = listed(**{name: value for name, value in facts.items() if value})
    assert (trial.state.value, trial.days_since_completion) == (state, days)
    assert trial.completion_expected is expected
    assert (trial.status, trial.completion) == (status, completion)


def test_the_whole_completion_stands_in_where_the_primary_is_not_given():
    trial = listed(status="COMPLETED", completion_date="2025-12-30", completion_date_type="ACTUAL")
    assert (trial.completion_is, trial.days_since_completion) == ("whole", 2)


@pytest.mark.parametrize(
    ("facts", "posted"),
    [
        ({"results_posted": "2022-01-01", "has_results": "yes"}, "2022-01-01"),
        ({"has_results": "yes"}, "yes"),
        ({"has_results": "no"}, None),
        ({}, None),
    ],
)
def test_posted_results_are_told_and_the_trial_stays_listed(facts, posted):
    assert listed(status="COMPLETED", **facts).results_in_registry == posted
