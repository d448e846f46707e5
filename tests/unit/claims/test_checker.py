"""Each check on a small trial, the verdict of a whole claim, and what makes a claim unusable."""

from __future__ import annotations

import json
from itertools import product

import pytest

from evergrove.claims import check_claim, check_claims, overall_verdict
from evergrove.errors import DataError
from evergrove.model.claim import FigureName as F
from evergrove.model.vocabulary import Verdict

V = Verdict


def finding(bench, proposition, *data, **changes):
    study = bench.study(*(data or [bench.datum()]), **changes)
    return check_claim(bench.claim(proposition), bench.review(study)).findings[0]


def verdict(bench, proposition, *data, **changes):
    return finding(bench, proposition, *data, **changes).verdict


def value(quantity: str, stated: str, **more: str) -> dict[str, object]:
    return {"check": "value", "datum": "deaths", "quantity": quantity, "stated": stated, **more}


@pytest.mark.parametrize(
    ("quantity", "stated"),
    [
        ("arm-risk-experimental", "7.69"),
        ("arm-risk-control", "33.3"),
        ("risk-all-arms", "18.2"),
        ("event-free-experimental", "92.3"),
        ("event-free-control", "66.7"),
        ("event-free-all-arms", "81.8"),
        ("relative-reduction", "76.9"),
        ("absolute-reduction", "25.6"),
        ("relative-increase", "-76.9"),
        ("absolute-increase", "-25.6"),
        ("risk-ratio", "0.231"),
        ("odds-experimental", "0.083"),
        ("odds-control", "0.5"),
        ("odds-ratio", "0.167"),
        ("odds-reduction", "83.3"),
        ("ratio-event-free", "1.38"),
        ("relative-increase-event-free", "38.5"),
        ("number-needed-to-treat", "3.9"),
        ("events-experimental", "2"),
        ("events-control", "6"),
    ],
)
def test_every_quantity_of_two_by_two(bench, quantity, stated):
    result = finding(bench, value(quantity, stated))
    assert result.verdict is V.SUPPORTED
    assert result.computed[0].datum == "deaths"
    assert result.computed[0].source.locator == "Table 2"


def test_quantities_of_means_and_printed_effects(bench):
    datum = bench.datum(
        kind="continuous",
        unit="days",
        outcome="walk",
        values={
            "cells": {"mean": 3.0, "percent_change": -12.5},
            "care": {"mean": 5.5, "percent_change": 4.0},
        },
        effect={"measure": "MD", "estimate": -2.5, "ci_low": -4.0, "ci_high": -1.0},
    )
    for quantity, stated in (
        ("mean-or-median-experimental", "3"),
        ("mean-or-median-control", "5.5"),
        ("difference-of-means-or-medians", "-2.5"),
        ("percent-change-experimental", "-12.5"),
        ("percent-change-control", "4"),
        ("reported-estimate", "-2.5"),
        ("reported-ci-low", "-4.0"),
        ("reported-ci-high", "-1.0"),
    ):
        assert verdict(bench, value(quantity, stated), datum) is V.SUPPORTED


@pytest.mark.parametrize("counts", list(product((0, 4), (4,), (0, 4), (4,))))
def test_empty_and_full_cells_leave_out_what_cannot_be_divided(bench, counts):
    e1, n1, e2, n2 = counts
    datum = bench.datum(values={"cells": {"events": e1, "n": n1}, "care": {"events": e2, "n": n2}})
    expected = V.NOT_FOUND if e2 == 0 else V.SUPPORTED
    assert verdict(bench, value("risk-ratio", f"{e1 / n1:.1f}"), datum) is expected
    assert (
        verdict(bench, value("absolute-reduction", f"{100 * (e2 / n2 - e1 / n1):.0f}"), datum) is V.SUPPORTED
    )


def test_a_single_arm_gives_its_risk(bench):
    datum = bench.datum(values={"cells": {"events": 2, "n": 26}})
    assert verdict(bench, value("arm-risk-experimental", "7.7"), datum) is V.SUPPORTED
    assert verdict(bench, value("risk-ratio", "0.2"), datum) is V.NOT_FOUND


def test_a_wrong_number_is_explained(bench):
    result = finding(bench, value("relative-reduction", "69", wording="nearly"))
    assert result.verdict is V.CONTRADICTED
    assert result.stated == "nearly 69 %"
    assert {F.RELATIVE_REDUCTION, F.ABSOLUTE_REDUCTION} <= {figure.name for figure in result.computed}
    assert result.likely_origin.figure.name is F.RISK_EXPERIMENTAL
    assert "76.9 %" in result.explanation
    assert "25.6 points" in result.explanation
    assert "69 probably comes from the risk in the intervention arm, 7.69 %" in result.explanation


def test_origins_as_plausible_are_named_together(bench):
    datum = bench.datum(values={"cells": {"events": 5, "n": 10}, "care": {"events": 2, "n": 10}})
    result = finding(bench, value("relative-reduction", "50"), datum)
    assert "As plausible: share without the event in the intervention arm." in result.explanation


@pytest.mark.parametrize(
    ("basis", "stated", "expected", "words"),
    [
        ("per-infusion", "3e7", V.SUPPORTED, ""),
        ("total", "9e7", V.SUPPORTED, ""),
        ("per-infusion", "9e7", V.CONTRADICTED, "overstated 3-fold. 9×10^7 cells is the total dose"),
        ("per-infusion", "3e6", V.CONTRADICTED, "understated 10-fold. 3e6 probably comes from"),
        ("per-kg", "1e6", V.NOT_FOUND, "give no dose per kg"),
    ],
)
def test_doses(bench, basis, stated, expected, words):
    result = finding(bench, {"check": "dose", "arm": "cells", "basis": basis, "stated": stated})
    assert result.verdict is expected
    assert words in result.explanation


def test_dose_levels_and_an_arm_without_cells(bench):
    levels = [
        {"value": 1e6, "unit": "cells/kg"},
        {"value": 2e6, "unit": "cells/kg"},
        {"value": 5e7, "unit": "cells"},
    ]
    arms = [arm.model_dump() for arm in bench.study().arms]
    arms[0]["intervention"] = {"product_class": "mesenchymal-stromal-cells", "dose_cohorts": levels}
    dose = {"check": "dose", "arm": "cells", "basis": "per-kg", "stated": "2e6"}
    assert verdict(bench, dose, bench.datum(), arms=arms) is V.SUPPORTED
    assert verdict(bench, {**dose, "basis": "per-infusion", "stated": "5e7"}, arms=arms) is V.SUPPORTED
    assert verdict(bench, {**dose, "arm": "care"}) is V.NOT_FOUND


@pytest.mark.parametrize(
    ("of", "arm", "stated", "expected"),
    [
        ("arm", "cells", "26", V.SUPPORTED),
        ("arm", "cells", "18", V.CONTRADICTED),
        ("participants", None, "46", V.SUPPORTED),
        ("participants", None, "44", V.SUPPORTED),
        ("participants", None, "26", V.CONTRADICTED),
        ("infusions", "cells", "3", V.SUPPORTED),
        ("infusions", "care", "3", V.NOT_FOUND),
        ("centres", None, "3", V.SUPPORTED),
    ],
)
def test_counts(bench, of, arm, stated, expected):
    result = finding(bench, {"check": "count", "of": of, "arm": arm, "stated": stated})
    assert result.verdict is expected
    if expected is V.CONTRADICTED:
        assert result.likely_origin.slips == ()


def test_significance(bench):
    def of(term):
        return {"check": "significance", "datum": "deaths", "significance": term}

    assert verdict(bench, of("significant")) is V.SUPPORTED
    assert verdict(bench, of("not-significant")) is V.CONTRADICTED
    assert verdict(bench, of("significant"), bench.datum(effect={"p": {"value": 0.07}})) is V.PARTLY
    assert verdict(bench, of("significant"), bench.datum(values={})) is V.NOT_FOUND


def on_day(bench, day, events1, events2=5, **more):
    values = {"cells": {"events": events1, "n": 10}, "care": {"events": events2, "n": 10}}
    return bench.datum(id=f"day-{day}", time={"day": float(day)}, values=values, **more)


@pytest.mark.parametrize(
    ("relation", "day", "expected"),
    [
        ("at", 7, V.SUPPORTED),
        ("at", 3, V.CONTRADICTED),
        ("at", 5, V.NOT_FOUND),
        ("by", 2, V.NOT_FOUND),
        ("by", 3, V.CONTRADICTED),
        ("by", 10, V.SUPPORTED),
        ("from", 7, V.SUPPORTED),
        ("from", 3, V.PARTLY),
        ("from", 5, V.NOT_FOUND),
        ("from", 14, V.PARTLY),
    ],
)
def test_timing(bench, relation, day, expected):
    data = [on_day(bench, 0, 0), on_day(bench, 3, 6), on_day(bench, 7, 4), on_day(bench, 14, 3)]
    data.append(bench.datum(id="undated"))
    timing = {"check": "timing", "outcomes": ["mortality"], "finding": "lower", "day": float(day)}
    assert verdict(bench, {**timing, "relation": relation}, *data) is expected


def test_timing_never_shown_and_partly_shown(bench):
    data = [on_day(bench, 3, 6), on_day(bench, 7, 8)]
    timing = {
        "check": "timing",
        "outcomes": ["mortality"],
        "finding": "lower",
        "day": 3.0,
        "relation": "from",
    }
    assert verdict(bench, timing, *data) is V.CONTRADICTED
    weak = {**timing, "relation": "at", "significance": "significant"}
    assert verdict(bench, weak, on_day(bench, 3, 4)) is V.PARTLY
    assert verdict(bench, {**timing, "arms": ["cells", "care"]}, on_day(bench, 3, 4)) is V.SUPPORTED


def test_a_long_timing_is_told_in_short(bench):
    data = [on_day(bench, day, 3) for day in range(1, 9)]
    timing = {
        "check": "timing",
        "outcomes": ["mortality"],
        "finding": "better",
        "day": 30.0,
        "relation": "by",
    }
    assert "And 4 more." in finding(bench, timing, *data).explanation


def test_reported(bench):
    def reported(**what):
        return {"check": "reported", **what}

    assert verdict(bench, reported(outcomes=["mortality"])) is V.SUPPORTED
    assert (
        verdict(bench, reported(outcomes=["mortality"]), bench.datum(values={"cells": {"n": 9}}))
        is V.NOT_FOUND
    )
    assert verdict(bench, reported(terms=["LUNGS"])) is V.SUPPORTED
    assert verdict(bench, reported(terms=["lung"])) is V.NOT_FOUND
    assert verdict(bench, reported(terms=["2"], fields=["design.phase"])) is V.SUPPORTED
    assert verdict(bench, reported(terms=["cells"], fields=["design"])) is V.NOT_FOUND


def test_remarks_about_a_study_are_not_its_records(bench):
    result = finding(bench, {"check": "reported", "terms": ["Springfield"]})
    assert result.verdict is V.NOT_FOUND
    assert "in no other study" in result.explanation


def test_where_else_the_words_stand_is_told(bench):
    titled = [{"id": "other", "title": "At Springfield Hospital"}]
    studies = [bench.study(bench.datum()), bench.study(id="other", name="Other 2022", reports=titled)]
    claim = bench.claim({"check": "reported", "terms": ["Springfield"]})
    result = check_claim(claim, bench.review(*studies)).findings[0]
    assert result.verdict is V.NOT_FOUND
    assert "in Other 2022" in result.explanation


def status(*entries):
    source = {"url": "https://example.org", "locator": "row 1"}
    return [{"date": date, "value": text, "source": source} for date, text in entries]


@pytest.mark.parametrize(
    ("entries", "state", "expected"),
    [
        ((), "ongoing", V.NOT_FOUND),
        ((("2021", "Completed"), ("2020-05", "Recruiting")), "ongoing", V.CONTRADICTED),
        ((("2021", "Completed"), ("2020-05", "Recruiting")), "completed", V.SUPPORTED),
        ((("2020-05", "Recruiting"),), "ongoing", V.SUPPORTED),
        ((("2020-05", "Recruitment complete"),), "ongoing", V.NOT_FOUND),
        ((("2020-05", "Recruiting"), ("2022-10", "unknown status")), "ongoing", V.NOT_FOUND),
        ((("2022-10", "unknown status"),), "no-results", V.NOT_FOUND),
        ((("2022-10", "unknown status, no results posted"),), "no-results", V.SUPPORTED),
    ],
)
def test_status(bench, entries, state, expected):
    study = bench.study(
        status=status(*entries), reports=[{"id": "trial", "title": "t", "kind": "registry-record"}]
    )
    claim = bench.claim({"check": "status", "state": state})
    assert check_claim(claim, bench.review(study)).verdict is expected


def test_no_results_is_contradicted_by_data_and_left_open_by_a_possible_report(bench):
    registry = [{"id": "trial", "title": "t", "kind": "registry-record"}]
    state = {"check": "status", "state": "no-results"}
    assert verdict(bench, state) is V.CONTRADICTED
    assert verdict(bench, state, bench.datum(), reports=registry) is V.CONTRADICTED
    study = bench.study(reports=registry, related=[{"doi": "10.1000/x", "relation": "may be a report of it"}])
    result = check_claim(bench.claim(state), bench.review(study)).findings[0]
    assert result.verdict is V.NOT_FOUND
    assert "10.1000/x" in result.explanation


def fact(fact_id, value, **more):
    source = {"url": "https://example.org", "locator": "p. 1"}
    return {
        "id": fact_id,
        "label": fact_id,
        "value": value,
        "unit": "deaths",
        "date": "2021",
        "sources": [source],
        **more,
    }


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (["low"], V.SUPPORTED),
        (["low", "high"], V.PARTLY),
        (["high"], V.CONTRADICTED),
        (["wide"], V.SUPPORTED),
    ],
)
def test_facts(bench, named, expected):
    facts = [
        fact("low", 5.0e6),
        fact("high", 14.9e6, low=13e6, high=16e6),
        fact("wide", 9e6, low=4e6, high=2e7),
    ]
    stated = {"check": "fact", "stated": "5000000", "wording": "about", "unit": "deaths", "facts": named}
    result = check_claim(bench.claim(stated, study=None, facts=facts), bench.review())
    assert result.verdict is expected
    with pytest.raises(DataError, match="not in cases"):
        check_claim(bench.claim({**stated, "unit": "cases"}, study=None, facts=facts), bench.review())


def test_what_is_presupposed_must_hold(bench):
    site = {"id": "site", "check": "reported", "terms": ["Springfield"]}
    ongoing = {"id": "state", "check": "status", "state": "ongoing", "presupposes": "site"}
    review = bench.review(bench.study(status=status(("2021", "Recruiting"))))
    result = check_claim(bench.claim(site, ongoing), review)
    assert [item.verdict for item in result.findings] == [V.NOT_FOUND, V.NOT_FOUND]
    assert "The records held would say: supported" in result.finding("state").explanation
    held = {**site, "terms": ["lungs"]}
    assert check_claim(bench.claim(held, ongoing), review).verdict is V.SUPPORTED


def test_an_aside_does_not_count(bench):
    lower = {"check": "direction", "datum": "deaths", "finding": "lower"}
    aside = {"check": "reported", "terms": ["Springfield"], "aside": True}
    assert (
        check_claim(bench.claim(lower, aside), bench.review(bench.study(bench.datum()))).verdict
        is V.SUPPORTED
    )


def test_the_verdict_of_the_whole():
    s, p, c, n = V.SUPPORTED, V.PARTLY, V.CONTRADICTED, V.NOT_FOUND
    expected = {
        frozenset({s}): s, frozenset({n}): n, frozenset({c}): c, frozenset({p}): p,
        frozenset({c, n}): c, frozenset({s, n}): p, frozenset({s, c}): p, frozenset({p, c}): p,
        frozenset({p, n}): p, frozenset({s, p}): p, frozenset({s, c, n}): p, frozenset({s, p, c, n}): p,
    }  # fmt: skip
    for found, whole in expected.items():
        assert overall_verdict(found) is whole


@pytest.mark.parametrize(
    ("proposition", "changes", "message"),
    [
        (value("risk-ratio", "1"), {"study": "elsewhere"}, "no study 'elsewhere'"),
        ({**value("risk-ratio", "1"), "datum": "births"}, {}, "no datum 'births'"),
        ({"check": "dose", "arm": "sham", "basis": "total", "stated": "1"}, {}, "no arm 'sham'"),
    ],
)
def test_what_is_not_there_is_an_error(bench, proposition, changes, message):
    review = bench.review(bench.study(bench.datum()))
    with pytest.raises(DataError, match=message):
        check_claim(bench.claim(proposition, **changes), review)


def test_an_outcome_without_definition_is_an_error(bench):
    datum = bench.datum(outcome="undefined")
    with pytest.raises(DataError, match="no outcome 'undefined'"):
        finding(bench, {"check": "direction", "datum": "deaths", "finding": "better"}, datum)


def test_a_result_is_plain_data_and_the_same_each_time(bench):
    review = bench.review(bench.study(bench.datum()))
    claim = bench.claim(value("relative-reduction", "69"), {"check": "count", "of": "centres", "stated": "3"})
    review = review.model_copy(update={"claims": (claim,)})
    one, two = check_claims(review)[0], check_claim(claim, review)
    assert json.dumps(one.to_dict(), sort_keys=True) == json.dumps(two.to_dict(), sort_keys=True)
    assert one.to_dict()["schema_version"] == 1
    assert repr(one) == "<ClaimResult claim: partly, 2 propositions>"
    assert repr(one.findings[0]) == "<PropositionResult p1: contradicted>"
    assert "runner-up" in one.summary()
    with pytest.raises(KeyError, match="no proposition 'p9'"):
        one.finding("p9")
    other = bench.review(bench.study(bench.datum(note="changed")))
    assert check_claim(claim, other).inputs_sha256 != two.inputs_sha256
