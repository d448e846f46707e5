"""From studies to a result: designs apart, arms combined, conflicts run over all combinations."""

from __future__ import annotations

import math

import pytest

from evergrove.stats import pool
from evergrove.synthesis import AnalysisResult, analyse
from support.tiny_review import analysis, counts, datum, review, study


def result_of(made, risk_of_bias=None) -> AnalysisResult:
    return analyse(made, made.protocol.analyses[0], risk_of_bias or {})


def three_trials(**changes):
    return [
        study("alpha", [datum("d", counts(4), counts(8))]),
        study("beta", [datum("d", counts(5), counts(7))]),
        study("gamma", [datum("d", counts(3), counts(9))], **changes),
    ]


def test_the_pooled_effect_is_that_of_the_chosen_counts() -> None:
    result = result_of(review(three_trials()))
    yi = [math.log(4 / 8), math.log(5 / 7), math.log(3 / 9)]
    vi = [1 / 4 - 1 / 20 + 1 / 8 - 1 / 20, 1 / 5 - 1 / 20 + 1 / 7 - 1 / 20, 1 / 3 - 1 / 20 + 1 / 9 - 1 / 20]
    expected = pool(yi, vi, measure="RR")
    assert result.main.fit.estimate == pytest.approx(expected.estimate, rel=1e-12)
    assert result.main.fit.ci_low == pytest.approx(expected.ci_low, rel=1e-12)
    assert result.main.participants == 120
    assert result.main.events == 36
    assert result.main.control_risk == pytest.approx(24 / 60)


def test_designs_are_never_mixed() -> None:
    other = study("delta", [datum("d", counts(1), counts(9))], design="non-randomised-controlled-trial")
    series = study("epsilon", [datum("d", counts(1), None)], design="case-series")
    result = result_of(review([*three_trials(), other, series]))
    assert {effect.study for effect in result.main.pooled} == {"alpha", "beta", "gamma"}
    assert [effect.study for effect in result.beside.effects] == ["delta"]
    assert result.beside.fit is None
    assert result.beside.not_pooled.startswith("only one study")
    assert [(item.study, item.why) for item in result.left_out] == [("epsilon", "case series")]


def test_a_product_of_another_kind_is_left_out_with_its_name() -> None:
    result = result_of(review(three_trials(product_class="extracellular-vesicles")))
    (left_out,) = result.left_out
    assert left_out.why == "the product is not of the comparison: extracellular vesicles"


def test_a_shared_control_is_not_counted_twice() -> None:
    trial = study("alpha", [datum("d", counts(4), counts(8))])
    second = trial["arms"][0] | {"id": "msc-high"}
    trial["arms"].append(second)
    trial["data"][0]["values"]["msc-high"] = counts(2)
    result = result_of(review([trial, *three_trials()[1:]]))
    effect = result.main.effects[0]
    assert effect.numbers.describe() == "6/40 v 8/20"
    assert "2 intervention arms combined into one" in effect.steps


def test_a_double_zero_trial_is_shown_and_not_pooled() -> None:
    result = result_of(review([*three_trials(), study("zeta", [datum("d", counts(0), counts(0))])]))
    effect = result.main.effects[-1]
    assert (effect.estimable, effect.why_not) == (False, "no event in either arm")
    assert result.main.fit.k == 3


def test_a_zero_cell_is_corrected_and_says_so() -> None:
    result = result_of(review([*three_trials(), study("zeta", [datum("d", counts(0), counts(3))])]))
    effect = result.main.effects[-1]
    assert effect.corrected
    assert effect.estimate == pytest.approx((0.5 / 21) / (3.5 / 21))
    assert any("0.5 added to each cell" in step for step in effect.steps)


def test_too_few_trials_are_not_pooled() -> None:
    result = result_of(review([three_trials()[0]]))
    assert result.main.fit is None
    assert result.main.not_pooled.startswith("only one study gives numbers that can be pooled")
    assert result.main.not_pooled.endswith("at least two are needed")
    assert len(result.main.effects) == 1


def test_conflicts_are_run_over_every_combination() -> None:
    two_ways = study(
        "delta",
        [datum("own", counts(2), counts(7)), datum("other", counts(1), counts(7), source_type="review")],
    )
    ratio = {"measure": "RR", "estimate": 0.3, "ci_low": 0.1, "ci_high": 0.9}
    own_ratio = study("epsilon", [datum("d", counts(6), counts(8), effect=ratio)])
    result = result_of(review([*three_trials(), two_ways, own_ratio]))
    assert len(result.main.combinations) == 4
    assert sum(item.main for item in result.main.combinations) == 1
    low, high = result.main.range_over_combinations
    assert low < result.main.fit.natural().estimate <= high
    main = next(item for item in result.main.combinations if item.main)
    assert main.fit is result.main.fit


def test_subgroups_are_tested_and_the_unknown_is_only_shown() -> None:
    spec = analysis(subgroups=["cell-source", "dose-per-kg"])
    trials = [
        study("alpha", [datum("d", counts(4), counts(8))], dose_per_kg={"value": 1e6, "unit": "cells/kg"}),
        study("beta", [datum("d", counts(5), counts(7))], cell_source="adipose"),
        study("gamma", [datum("d", counts(3), counts(9))], cell_source=None),
    ]
    by_source, by_dose = result_of(review(trials, [spec], dose_bands_per_kg=[1e6, 5e6])).main.subgroups
    assert [(group.label, group.tested) for group in by_source.groups] == [
        ("adipose", True),
        ("bone marrow", True),
        ("not stated", False),
    ]
    assert by_source.test.df == 1
    assert [group.label for group in by_dose.groups] == ["up to 1 million/kg", "not given per kg"]
    assert by_dose.test is None


def test_sensitivity_leaves_out_what_it_says() -> None:
    spec = analysis(
        sensitivity=[
            {"id": "high", "label": "x", "leave_out_high_risk": True},
            {"id": "mh", "label": "x", "pooling": {"method": "mantel-haenszel", "model": "common"}},
            {"id": "or", "label": "x", "measure": "OR"},
        ]
    )
    high, mantel, odds = result_of(review(three_trials(), [spec]), {"beta": "high"}).main.sensitivity
    assert (high.k, high.left_out) == (2, ("Beta",))
    assert mantel.fit.method.lower().startswith("mantel")
    assert mantel.fit.natural().estimate == pytest.approx((4 + 5 + 3) / (8 + 7 + 9), rel=1e-12)
    assert odds.fit.measure == "OR"


def test_means_are_converted_and_named() -> None:
    def crp(arm_one, arm_two, unit="mg/L"):
        return datum("crp", arm_one, arm_two, outcome="crp", kind="continuous", unit=unit)

    trials = [
        study("alpha", [crp({"mean": 50.0, "sd": 10.0, "n": 20}, {"mean": 60.0, "sd": 12.0, "n": 20})]),
        study(
            "beta",
            [crp({"mean": 5.0, "se": 0.5, "n": 20}, {"mean": 6.0, "se": 0.5, "n": 20}, unit="mg/dL")],
        ),
        study(
            "gamma",
            [
                crp(
                    {"median": 40.0, "q1": 30.0, "q3": 50.0, "n": 20},
                    {"median": 55.0, "q1": 45.0, "q3": 65.0, "n": 20},
                )
            ],
        ),
    ]
    spec = analysis(outcome="crp", measure="MD", data_kinds=["continuous"])
    one, two, three = result_of(review(trials, [spec])).main.effects
    assert one.estimate == pytest.approx(-10)
    assert two.estimate == pytest.approx(-10)
    assert two.numbers.experimental.sd == pytest.approx(10 * 0.5 * math.sqrt(20))
    assert any("mg/dL converted to mg/L" in step for step in two.steps)
    assert any("SD from the standard error" in step for step in two.steps)
    assert three.estimate == pytest.approx(-15)
    assert any("Luo 2018" in step and "Wan 2014" in step for step in three.steps)


def test_the_order_of_the_studies_changes_nothing() -> None:
    trials = three_trials()
    one = result_of(review(trials)).main.fit
    other = result_of(review(trials[::-1])).main.fit
    assert other.estimate == pytest.approx(one.estimate, rel=1e-12)
    assert other.tau2 == pytest.approx(one.tau2, abs=1e-12)


def days(arm_one, arm_two):
    return datum("crp", arm_one, arm_two, outcome="crp", kind="continuous", unit="mg/L")


def test_a_spread_that_no_values_can_have_is_not_used() -> None:
    skewed = {"median": 18.5, "q1": 0.0, "q3": 22.0, "n": 20}
    fine = {"mean": 12.0, "sd": 6.0, "n": 20}
    trials = [study("alpha", [days(skewed, fine)]), study("beta", [days(fine, fine)])]
    spec = analysis(outcome="crp", measure="MD", data_kinds=["continuous"], possible_values=[0, 28])
    result = result_of(review(trials, [spec]))
    assert [effect.study for effect in result.main.effects] == ["beta"]
    assert "more than values from 0 to 28 can have" in result.main.choices[0].why
    free = analysis(outcome="crp", measure="MD", data_kinds=["continuous"])
    assert len(result_of(review(trials, [free])).main.effects) == 2


def test_trials_without_events_count_for_the_risk() -> None:
    result = result_of(review([*three_trials(), study("zeta", [datum("d", counts(0), counts(0))])]))
    assert result.main.control_risk == pytest.approx(24 / 80)


def test_whartons_jelly_is_grouped_with_the_umbilical_cord() -> None:
    trials = [
        study("alpha", [datum("d", counts(4), counts(8))], cell_source="wharton-jelly"),
        study("beta", [datum("d", counts(5), counts(7))], cell_source="umbilical-cord"),
        study("gamma", [datum("d", counts(3), counts(9))]),
    ]
    (by_source,) = result_of(review(trials, [analysis(subgroups=["cell-source"])])).main.subgroups
    assert sorted(group.label for group in by_source.groups) == ["bone marrow", "umbilical cord"]
