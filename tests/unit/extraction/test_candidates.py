"""Posted results become candidates with their place; numbers that are none stay as printed."""

import json

import pytest

from evergrove.extraction.candidates import candidates_in
from evergrove.extraction.entry_results import EntryResults
from evergrove.extraction.outcome_tables import outcome_candidates
from evergrove.extraction.recomputed import recomputed
from evergrove.model.candidate import CandidatePart, ValueKind
from evergrove.model.vocabulary import ReportedMeasure
from evergrove.sources.clinicaltrials_flat import joined
from support.registry_samples import sample


@pytest.fixture(scope="module")
def found():
    _, (record,), _ = sample("ctgov-v2-study.json")
    return candidates_in(record)


def numbers(candidate):
    return [(arm.values.events, arm.values.n) for arm in candidate.arms]


def only(found, part, kind=None, row=None):
    (one,) = [
        item
        for item in found
        if item.part is part and (kind is None or item.kind is kind) and (row is None or item.row == row)
    ]
    return one


def test_adverse_event_tables(found):
    deaths = only(found, CandidatePart.DEATHS)
    assert numbers(deaths) == [(3, 12), (7, 12)]
    assert deaths.locator == 'registry, adverse events, deaths, time frame "3 months"'
    assert deaths.url == "https://clinicaltrials.gov/study/NCT09990001"
    assert deaths.posted == "2022-08-01"
    assert numbers(only(found, CandidatePart.SERIOUS)) == [(5, 12), (8, 12)]
    other = only(found, CandidatePart.OTHER_EVENTS)
    assert other.remarks == ("only events that more than 5 % of a group had are counted",)
    assert numbers(only(found, CandidatePart.SERIOUS_TERM, ValueKind.COUNTS)) == [(2, 12), (3, 12)]
    events = only(found, CandidatePart.SERIOUS_TERM, ValueKind.EVENTS)
    assert (numbers(events), events.outcome) == ([(2, 12), (4, 12)], "Cardiac arrest")


def test_an_outcome_of_counts_with_its_analysis(found):
    counts = only(found, CandidatePart.OUTCOME, ValueKind.COUNTS)
    assert (counts.number, counts.outcome, counts.outcome_type) == (1, "Serious adverse events", "primary")
    assert counts.locator == 'registry, outcome 1, time frame "31 days"'
    assert counts.population == "All randomised"
    assert numbers(counts) == [(2, 12), (8, 12)]
    (effect,) = counts.effects
    assert (effect.measure, effect.estimate, str(effect.p)) == (ReportedMeasure.OR, 0.10, "0.04")
    assert (effect.ci_low, effect.ci_high, effect.ci_level) == (0.02, 0.69, 0.95)
    again = recomputed(counts, effect)
    assert again.first_vs_second == pytest.approx(0.1)
    assert again.agrees


def test_rows_have_their_own_denominators_and_analyses_stand_apart(found):
    men = only(found, CandidatePart.OUTCOME, ValueKind.MEAN_SD, "Men")
    assert (men.arms[0].values.mean, men.arms[0].values.sd, men.arms[0].values.n) == (10.5, 2.1, 5)
    assert men.arms[1].values is None
    assert men.arms[1].printed == {"value": "NA", "comment": "not measured", "n": "8"}
    assert men.remarks == ("Control: found 'NA', which is no number",)
    women = only(found, CandidatePart.OUTCOME, ValueKind.MEAN_SD, "Women")
    assert [(arm.values.mean, arm.values.n) for arm in women.arms] == [(11.0, 12), (1012.5, 12)]
    apart = only(found, CandidatePart.OUTCOME, ValueKind.EFFECT)
    assert apart.locator == 'registry, outcome 2, analyses, time frame "Day 6"'
    assert apart.effects[0].measure is None
    assert apart.effects[0].measure_as_reported == "Slope"
    assert recomputed(apart, apart.effects[0]) is None


def test_numbers_that_contradict_one_another_stay_as_printed(found):
    stay = only(found, CandidatePart.OUTCOME, ValueKind.MEDIAN_QUARTILES)
    assert stay.arms[0].values is None
    assert stay.remarks == ("Cells: q1 11 is above median 9",)
    assert stay.arms[0].printed["lowerLimit"] == "11"


def test_an_outcome_without_numbers_is_listed(found):
    nothing = only(found, CandidatePart.OUTCOME, ValueKind.NOT_POSTED)
    assert nothing.outcome == "Not posted yet"
    assert nothing.outcome_type == "other-pre-specified"


def test_ids_are_of_the_content_and_all_interfaces_agree(found):
    _, (record,), _ = sample("ctgov-v2-study.json")
    assert [item.id for item in candidates_in(record)] == [item.id for item in found]
    assert len({item.id for item in found}) == len(found)
    for name in ("ctgov-v1.json", "ctgov-fields.json"):
        _, (old,), _ = sample(name)
        held = candidates_in(old)
        assert numbers(only(held, CandidatePart.DEATHS)) == [(3, 12), (7, 12)]
        assert numbers(only(held, CandidatePart.SERIOUS)) == [(5, 12), (8, 12)]
        assert numbers(only(held, CandidatePart.OUTCOME)) == [(2, 12), (8, 12)]
        assert numbers(only(held, CandidatePart.SERIOUS_TERM, ValueKind.COUNTS)) == [(2, 12), (3, 12)]


def test_other_records_hold_no_candidates():
    for name in ("ictrp.xml", "europe-pmc.json"):
        _, records, _ = sample(name)
        assert not any(candidates_in(record) for record in records)
    _, (_, projection), _ = sample("ctgov-v2-page.json")
    assert candidates_in(projection) == ()


@pytest.mark.parametrize(
    ("param", "dispersion", "unit", "printed", "kind", "values"),
    [
        ("NUMBER", None, "percentage of participants", {"value": "41.67"}, "percentage", {"percent": 41.67}),
        ("NUMBER", None, "Participants", {"value": "4"}, "counts", {"events": 4}),
        ("NUMBER", None, "events", {"value": "46"}, "number-of-events", {"events": 46}),
        ("NUMBER", None, "mmHg", {"value": "4.5"}, "number", {"value": 4.5}),
        ("MEAN", "Standard Error", "mg", {"value": "4", "spread": "1"}, "mean-and-se", {"mean": 4, "se": 1}),
        (
            "MEAN", "95% Confidence Interval", "mg", {"value": "4", "lowerLimit": "3", "upperLimit": "5"},
            "mean-and-interval", {"mean": 4, "ci_low": 3, "ci_high": 5},
        ),
        ("MEAN", "90% Confidence Interval", "mg", {"value": "4", "lowerLimit": "3"}, "mean", {"mean": 4}),
        (
            "MEDIAN", "Full Range", "days", {"value": "4", "lowerLimit": "1", "upperLimit": "9"},
            "median-and-range", {"median": 4, "minimum": 1, "maximum": 9},
        ),
        ("GEOMETRIC_MEAN", None, "mg", {"value": "4"}, "geometric-mean", {"value": 4}),
        ("LEAST_SQUARES_MEAN", "Standard Error", "mg", {"value": "-4", "spread": "1"}, "least-squares-mean",
         {"mean": -4, "se": 1}),
    ],
)  # fmt: skip
def test_what_the_numbers_are_is_as_the_entry_says(param, dispersion, unit, printed, kind, values):  # noqa: PLR0917
    outcome = {
        "title": "x",
        "paramType": param,
        "dispersionType": dispersion,
        "unitOfMeasure": unit,
        "groups": [{"id": "OG000", "title": "A"}],
        "denoms": [{"units": "Participants", "counts": [{"groupId": "OG000", "value": "9"}]}],
        "classes": [{"categories": [{"measurements": [{"groupId": "OG000", **printed}]}]}],
    }
    entry = EntryResults("0" * 24, "NCT1", None, {"outcomeMeasuresModule": {"outcomeMeasures": [outcome]}})
    (candidate,) = outcome_candidates(entry)
    assert candidate.kind.value == kind
    held = candidate.arms[0].values.model_dump(exclude_none=True)
    assert held == {"n": 9, **values}
    assert json.loads(candidate.raw)["title"] == "x"


def test_numbers_that_an_old_form_does_not_tell_apart_are_not_guessed():
    flat = {
        "OutcomeMeasureTitle": ["Death", "Stay"],
        "OutcomeGroupId": ["OG000", "OG001", "OG000", "OG001"],
        "OutcomeGroupTitle": ["A", "B", "A", "B"],
        "OutcomeMeasurementGroupId": ["OG000", "OG001"] * 3,
        "OutcomeMeasurementValue": ["1", "2", "3", "4", "5", "6"],
    }
    results = joined(flat)["resultsSection"]
    found = list(outcome_candidates(EntryResults("0" * 24, "NCT1", None, results)))
    assert [item.kind for item in found] == [ValueKind.NOT_JOINED] * 2
    assert [arm.title for arm in found[0].arms] == ["A", "B"]
    assert all(arm.values is None for item in found for arm in item.arms)
    assert "fetch it anew" in found[0].remarks[0]


#: An entry as lists: a count, a median with its range, a mean with its standard deviation, a plain number.
FLAT = {
    "OutcomeMeasureTitle": ["Death", "Stay", "PaO2", "Infusions"],
    "OutcomeMeasureReportingStatus": ["Posted"] * 4,
    "OutcomeMeasureParamType": ["Count of Participants", "Median", "Mean", "Number"],
    "OutcomeMeasureDispersionType": ["Full Range", "Standard Deviation"],
    "OutcomeMeasureUnitOfMeasure": ["Participants", "days", "mmHg", "infusions"],
    "OutcomeGroupId": ["OG000", "OG001"] * 4,
    "OutcomeGroupTitle": ["A", "B"] * 4,
    "OutcomeDenomUnits": ["Participants"] * 4,
    "OutcomeDenomCountGroupId": ["OG000", "OG001"] * 4,
    "OutcomeDenomCountValue": ["9", "8"] * 4,
    "OutcomeMeasurementGroupId": ["OG000", "OG001"] * 4,
    "OutcomeMeasurementValue": ["1", "2", "12", "14", "80.5", "79", "3", "3"],
    "OutcomeMeasurementSpread": ["4.5", "6"],
    "OutcomeMeasurementLowerLimit": ["10", "11"],
    "OutcomeMeasurementUpperLimit": ["20", "NA"],
}


def values_of(flat):
    found = outcome_candidates(EntryResults("0" * 24, "NCT1", None, joined(flat)["resultsSection"]))
    return [[arm.values.model_dump(exclude_none=True) for arm in item.arms] for item in found]


def test_spreads_and_limits_of_an_old_form_are_joined_where_they_can_be_no_others():
    death, stay, oxygen, infusions = values_of(FLAT)
    assert death == [{"n": 9, "events": 1}, {"n": 8, "events": 2}]
    assert stay == [
        {"n": 9, "median": 12, "minimum": 10, "maximum": 20},
        {"n": 8, "median": 14, "minimum": 11},
    ]
    assert oxygen == [{"n": 9, "mean": 80.5, "sd": 4.5}, {"n": 8, "mean": 79, "sd": 6}]
    assert infusions[0]["value"] == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"OutcomeMeasureDispersionType": ["Full Range"]},  # of the median, or of the plain number?
        {"OutcomeMeasurementSpread": ["4.5"]},
        {"OutcomeMeasurementLowerLimit": ["10"]},
        {"OutcomeMeasurementLowerLimit": ["10", "15"]},  # above the median
    ],
)
def test_spreads_and_limits_that_may_be_of_another_outcome_are_not_guessed(changed):
    death, stay, oxygen, _ = values_of(FLAT | changed)
    assert death == [{"n": 9, "events": 1}, {"n": 8, "events": 2}]
    assert stay == [{"n": 9, "median": 12}, {"n": 8, "median": 14}]
    assert oxygen == [{"n": 9, "mean": 80.5}, {"n": 8, "mean": 79}]
