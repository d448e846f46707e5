"""What effect_size takes, refuses and calls not estimable."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError
from evergrove.stats.effects.inputs import Columns
from evergrove.stats.effects.recipes import RECIPES

ARMS = {"mean1": 12.0, "sd1": 4.0, "n1": 20, "mean2": 10.0, "sd2": 5.0, "n2": 22}
CHANGE = {"mean1": 30.0, "sd1": 8.0, "mean2": 25.0, "sd2": 7.0, "n": 20, "r": 0.6}
#: One sound value of every column.
SOUND = {
    **ARMS,
    **CHANGE,
    "events1": 4,
    "events2": 7,
    "time1": 100.0,
    "time2": 90.0,
    "both": 3,
    "only1": 4,
    "only2": 5,
    "neither": 20,
    "d": 0.4,
    "t": 1.3,
    "f": 1.7,
    "p": 0.2,
    "r2": 0.5,
    "predictors": 3,
    "cles": 0.6,
    "ties": 0.1,
    "events": 3,
    "time": 55.0,
    "mean": 12.0,
    "sd": 3.0,
    "scale_min": 0.0,
    "scale_max": 60.0,
    "alpha": 0.8,
    "items": 10,
    "aa": 12,
    "ab": 30,
    "bb": 9,
}


def one(measure, way):
    return {name: SOUND[name] if name != "n2" or measure != "MPORM" else SOUND["n1"] for name in way}


def test_every_measure_has_a_recipe_or_comes_printed():
    assert set(stats.EffectMeasure) - set(RECIPES) == {"HR", "HD"}
    names = {name for recipe in RECIPES.values() for name in recipe.names}
    assert names | {"estimate", "ci_low", "ci_high"} == set(Columns.__annotations__)


@pytest.mark.parametrize("measure", sorted(RECIPES))
def test_every_way_to_give_a_measure_gives_one_finite_effect(measure):
    for way in RECIPES[measure].ways:
        found = stats.effect_size(measure, **one(measure, way))
        assert found.estimable.tolist() == [True], (way, found.reasons)
        assert found.diagnostics == ()
        assert found.scale is stats.scale_of(measure)


@pytest.mark.parametrize("measure", sorted(RECIPES))
def test_missing_numbers_make_a_row_not_estimable(measure):
    way = RECIPES[measure].ways[0]
    for name in way:
        columns = {key: [value, value] for key, value in one(measure, way).items()}
        columns[name] = [None, columns[name][1]]
        other = [each for each in RECIPES[measure].ways if name not in each and set(each) <= set(way)]
        found = stats.effect_size(measure, **columns)
        assert found.estimable.tolist() == [bool(other), True]
        if not other:
            assert found.reasons[0] == f"missing: {name}"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("n1", 0, "n1: row 0 is 0.0; allowed: above 0"),
        ("sd2", -1, "sd2: row 0 is -1.0; allowed: not below 0"),
        ("mean1", math.inf, "mean1: row 0 is inf; allowed: finite"),
        ("p", 0.0, "p: row 0 is 0.0; allowed: above 0 in size"),
        ("p", 1.2, "p: row 0 is 1.2"),
        ("r", 1.01, r"r: row 0 is 1\.01; allowed: -1 to 1"),
    ],
)
def test_impossible_numbers_of_two_groups_are_refused(name, value, message):
    columns = {**ARMS, name: value}
    with pytest.raises(DataError, match=message):
        stats.effect_size("SMD", **columns)


@pytest.mark.parametrize(
    ("measure", "changed", "message"),
    [
        ("IRR", {"time1": 0}, "time1: row 0 is 0.0; allowed: above 0"),
        ("IRR", {"events1": -1}, "events1: row 0 is -1.0; allowed: not below 0"),
        ("MPRR", {"only1": -2}, "only1: row 0 is -2.0"),
        ("MPORM", {"n2": 30}, "n1, n2: rows .0. differ"),
        ("MPORM", {"both": 9}, "both: row 0 is 9.0; allowed: 0 to events1"),
        ("R2", {"r2": 40}, "r2: row 0 is 40.0; allowed: 0 to 1; give a share, not percent"),
        ("PCOR", {"predictors": 0}, "predictors: row 0 is 0.0; allowed: 1 or more"),
        ("ABT", {"alpha": 1.2}, "alpha: row 0 is 1.2; allowed: at most 1"),
        ("ABT", {"items": 1}, "items: row 0 is 1.0; allowed: 2 or more"),
        ("CLES", {"cles": 62}, "cles: row 0 is 62.0; allowed: 0 to 1"),
        ("REH", {"ab": -1}, "ab: row 0 is -1.0"),
        ("POMPMD", {"scale_max": 0}, "scale_max - scale_min: row 0 is 0.0; allowed: above 0"),
        ("PLO", {"events": 21}, "events: row 0 is 21.0; allowed: 0 to n"),
    ],
)
def test_impossible_numbers_name_column_and_row(measure, changed, message):
    way = RECIPES[measure].ways[-1]
    with pytest.raises(DataError, match=message):
        stats.effect_size(measure, **{**one(measure, way), **changed})


def test_options_belong_to_measures():
    with pytest.raises(
        UsageError, match="bias_correction: found 'exact' for ROM; allowed: 'second-order', 'none'"
    ):
        stats.effect_size("ROM", **ARMS, bias_correction="exact")
    with pytest.raises(UsageError, match="variance: found 'UB' for OR; allowed: 'LS', 'AV', 'H0'"):
        stats.effect_size("OR", events1=1, n1=9, events2=2, n2=9, variance="UB")
    with pytest.raises(UsageError, match="add_by: found 'treatment-arm' for PLO; allowed: 'constant'"):
        stats.effect_size("PLO", events=1, n=9, add_by="treatment-arm")
    with pytest.raises(UsageError, match="glass_arm: found 3; allowed: 1 or 2"):
        stats.effect_size("SMD1", **ARMS, glass_arm=3)
    with pytest.raises(UsageError, match="add: found 2 values; allowed: one, or one per study, here 1"):
        stats.effect_size("OR", events1=1, n1=9, events2=2, n2=9, add=[0.5, 0.5])
    with pytest.raises(DataError, match=r"add: row 1 is -1\.0"):
        stats.effect_size("OR", events1=[1, 0], n1=9, events2=2, n2=9, add=[0.5, -1.0])
    with pytest.raises(UsageError, match="found the argument 'mean_1'"):
        stats.effect_size("MD", **ARMS, mean_1=3)


def test_what_is_missing_is_that_of_the_nearest_way():
    with pytest.raises(UsageError, match=r"found no n2; allowed: mean1, sd1, .*; or t, n1, n2"):
        stats.effect_size("SMD", t=2.0, n1=20)
    with pytest.raises(UsageError, match=r"effect_size\('ZCOR'\): found no n;"):
        stats.effect_size("ZCOR", r=0.3)


def test_columns_by_name_from_any_frame():
    columns = {"ai": [4, 6], "n1i": [123, 306], "ci": [11, 29], "n2i": [139, 303]}
    names = {"events1": "ai", "n1": "n1i", "events2": "ci", "n2": "n2i"}
    direct = stats.effect_size("RR", **{ours: columns[theirs] for ours, theirs in names.items()})
    for frame in (pd.DataFrame(columns), pl.DataFrame(columns)):
        found = stats.effect_size("RR", data=frame, **names)
        assert found.yi.tolist() == direct.yi.tolist()
        assert found.content_hash == direct.content_hash
    with pytest.raises(UsageError, match="n1: found no column 'n1' in data; allowed: ai, n1i, ci, n2i"):
        stats.effect_size("RR", data=pd.DataFrame(columns), **{**names, "n1": "n1"})
    with pytest.raises(UsageError, match="events1: found the text 'ai' and no data"):
        stats.effect_size("RR", **names)


def test_columns_that_do_nothing_are_named():
    found = stats.effect_size("VR", **ARMS)
    assert [(remark.code, remark.where) for remark in found.diagnostics] == [
        ("unused-columns", "mean1, mean2")
    ]


def test_means_and_statistics_complete_each_other():
    mixed = stats.effect_size(
        "SMD",
        mean1=[12.0, None, None],
        sd1=[4.0, None, None],
        mean2=[10.0, None, None],
        sd2=[5.0, None, None],
        t=[None, 1.5, None],
        n1=20,
        n2=22,
    )
    assert mixed.reasons == ("", "", "missing: mean1, sd1, mean2, sd2, t")
    alone = stats.effect_size("SMD", **ARMS)
    assert mixed.yi[0] == alone.yi[0]
    assert mixed.yi[1] == stats.effect_size("SMD", t=1.5, n1=20, n2=22).yi[0]


def test_a_statistic_stands_before_the_means():
    both = stats.effect_size("SMD", **ARMS, d=0.1)
    assert both.yi[0] == stats.effect_size("SMD", d=0.1, n1=20, n2=22).yi[0]


def test_one_patient_in_an_arm_is_enough_for_a_t_but_not_for_an_sd():
    assert "arm 1 has fewer than 2" in stats.effect_size("SMD", **{**ARMS, "n1": 1}).reasons[0]
    assert stats.effect_size("SMD", t=1.5, n1=1, n2=22).estimable[0]


def test_standard_errors_given_for_standard_deviations_are_noticed():
    found = stats.effect_size("SMD", mean1=[12, 12], sd1=[0.4, 4], n1=20, mean2=10, sd2=[0.5, 5], n2=22)
    assert [(remark.code, remark.where) for remark in found.diagnostics] == [("large-smd", "row 0")]


@pytest.mark.parametrize(
    ("measure", "columns", "reason"),
    [
        ("ZCOR", {"r": 0.3, "n": 3}, "3 or fewer patients"),
        ("ZCOR", {"r": 1.0, "n": 30}, "undefined"),
        ("COR", {"r": 1.0, "n": 30}, "the sampling variance is 0"),
        ("UCOR", {"r": 0.3, "n": 4}, "4 or fewer patients"),
        ("PCOR", {"t": 2.0, "n": 5, "predictors": 4}, "too few patients for the model's predictors"),
        ("SPCOR", {"t": 9.0, "n": 6, "predictors": 3, "r2": 0.1}, "do not fit together"),
        ("R2", {"f": -2.0, "n": 40, "predictors": 3}, "have no sign"),
        ("R2", {"p": -0.02, "n": 40, "predictors": 3}, "have no sign"),
        ("RTET", {"events1": 0, "n1": 9, "events2": 3, "n2": 9}, "undefined"),
        ("PHI", {"events1": 0, "n1": 9, "events2": 0, "n2": 9}, "undefined"),
        ("MNLN", {"mean": -2.0, "sd": 1.0, "n": 9}, "a mean above 0"),
        ("CVR", {**ARMS, "mean1": -1.0}, "means above 0"),
        ("SMN", {"mean": 3.0, "sd": 1.0, "n": 1}, "fewer than 2 patients"),
        ("SMCC", {**CHANGE, "sd2": 8.0, "r": 1.0}, "undefined"),
        ("AHW", {"alpha": 1.0, "items": 5, "n": 30}, "the sampling variance is 0"),
        ("ABT", {"alpha": 0.7, "items": 5, "n": 2}, "undefined"),
        ("REH", {"aa": 0, "ab": 3, "bb": 4}, "undefined"),
        ("IRR", {"events1": 0, "time1": 9, "events2": 0, "time2": 9}, "no event in either arm"),
        ("MPORC", {"both": 4, "only1": 0, "only2": 0, "neither": 9, "to": "none"}, "undefined"),
    ],
)
def test_rows_without_an_effect_say_why(measure, columns, reason):
    found = stats.effect_size(measure, **columns)
    assert reason in found.reasons[0]
    assert np.isnan(found.yi[0])
    assert np.isnan(found.vi[0])
