"""Which way an outcome went, from counts, numbers, printed effects or words."""

from __future__ import annotations

import pytest

from evergrove.claims.direction import judge_direction, observe_between, observe_within
from evergrove.errors import DataError
from evergrove.model.claim import SignificanceTerm as S
from evergrove.model.vocabulary import Better, Contrast, Finding, Verdict


def judge(bench, datum, finding, **options):
    return judge_direction(bench.study(datum), datum, finding, **options).verdict


def between(finding: str) -> dict[str, str]:
    return {"finding": finding, "contrast": "between-arms"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Finding.LOWER),
        ({"values": {"cells": {"percent": 50.0}, "care": {"percent": 40.0}}}, Finding.HIGHER),
        ({"values": {"cells": {"percent_without_event": 50.0}, "care": {"percent": 60.0}}}, Finding.LOWER),
        ({"values": {"cells": {"events": 0, "n": 9}, "care": {"events": 0, "n": 8}}}, Finding.NO_DIFFERENCE),
        ({"kind": "count", "values": {"cells": {"events": 40, "n": 12}, "care": {"events": 37, "n": 12}}},
         Finding.HIGHER),
        ({"kind": "continuous", "values": {"cells": {"mean": 3.0}, "care": {"mean": 4.0}}}, Finding.LOWER),
        ({"kind": "continuous", "values": {"cells": {"median": 3.0}, "care": {"mean": 4.0}}}, None),
        ({"kind": "change-from-baseline",
          "values": {"cells": {"percent_change": -40.0}, "care": {"percent_change": -10.0}}}, Finding.LOWER),
        ({"values": {}, "effect": {"measure": "RR", "estimate": 1.4}}, Finding.HIGHER),
        ({"values": {},
          "effect": {"measure": "MD", "estimate": 1.4, "orientation": "control-vs-intervention"}},
         Finding.LOWER),
        ({"values": {}, "effect": {"measure": "HR", "estimate": 0.3, "orientation": "unstated"}}, None),
        ({"values": {}, "effect": {"measure": "within-arm", "estimate": -3.0}}, None),
        ({"values": {}, "effect": {"p": {"value": 0.01}}}, None),
        ({"values": {}, "direction": between("better")}, Finding.BETTER),
        ({"values": {}, "direction": {"finding": "lower", "contrast": "not-stated"}}, None),
    ],
)  # fmt: skip
def test_the_richest_content_shows_the_direction(bench, changes, expected):
    datum = bench.datum(**changes)
    seen = observe_between(bench.study(datum), datum)
    assert (seen.finding if seen else None) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"kind": "change-from-baseline", "values": {"cells": {"mean": -3.0}}}, Finding.LOWER),
        ({"kind": "continuous", "values": {"cells": {"mean": -3.0}}}, None),
        ({"kind": "continuous", "values": {"cells": {"percent_change": 4.0}}}, Finding.HIGHER),
        ({"values": {}, "direction": {"finding": "lower", "contrast": "within-arm"}}, Finding.LOWER),
        ({"values": {}, "direction": between("lower")}, None),
    ],
)
def test_a_change_within_the_arm_is_seen(bench, changes, expected):
    datum = bench.datum(**changes)
    seen = observe_within(bench.study(datum), datum)
    assert (seen.finding if seen else None) is expected


def test_direction_alone(bench):
    assert judge(bench, bench.datum(), Finding.LOWER) is Verdict.SUPPORTED
    assert judge(bench, bench.datum(), Finding.HIGHER) is Verdict.CONTRADICTED
    nothing = bench.datum(values={})
    assert judge(bench, nothing, Finding.LOWER) is Verdict.NOT_FOUND


def test_better_goes_by_the_outcome(bench):
    assert judge(bench, bench.datum(), Finding.BETTER, better=Better.LOWER) is Verdict.SUPPORTED
    assert judge(bench, bench.datum(), Finding.BETTER, better=Better.HIGHER) is Verdict.CONTRADICTED
    assert judge(bench, bench.datum(), Finding.BETTER, better=Better.NEITHER) is Verdict.NOT_FOUND
    words = bench.datum(values={}, direction=between("better"))
    assert judge(bench, words, Finding.LOWER, better=Better.LOWER) is Verdict.SUPPORTED
    assert judge(bench, words, Finding.BETTER) is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("values", "stated", "expected"),
    [
        ((1, 30, 20, 30), S.SIGNIFICANT, Verdict.SUPPORTED),
        ((1, 30, 20, 30), S.NOT_SIGNIFICANT, Verdict.PARTLY),
        ((5, 30, 6, 30), S.SIGNIFICANT, Verdict.PARTLY),
        ((5, 30, 6, 30), S.NOT_SIGNIFICANT, Verdict.SUPPORTED),
        ((20, 30, 1, 30), S.SIGNIFICANT, Verdict.CONTRADICTED),
    ],
)
def test_direction_and_significance(bench, values, stated, expected):
    e1, n1, e2, n2 = values
    datum = bench.datum(values={"cells": {"events": e1, "n": n1}, "care": {"events": e2, "n": n2}})
    assert judge(bench, datum, Finding.LOWER, significance=stated) is expected


def test_tests_that_disagree_make_it_partly(bench):
    # Dilogo 2021, survival: printed p 0.047, Fisher 0.096.
    datum = bench.datum(
        values={"cells": {"events": 10, "n": 20}, "care": {"events": 4, "n": 20}},
        effect={"p": {"value": 0.047}},
    )
    assert judge(bench, datum, Finding.HIGHER, significance=S.SIGNIFICANT) is Verdict.PARTLY


def test_significance_that_nothing_tells_makes_it_partly(bench):
    datum = bench.datum(values={}, direction=between("lower"))
    assert judge(bench, datum, Finding.LOWER, significance=S.SIGNIFICANT) is Verdict.PARTLY


@pytest.mark.parametrize(("control_events", "expected"), [(6, Verdict.SUPPORTED), (29, Verdict.CONTRADICTED)])
def test_no_difference_means_not_significant(bench, control_events, expected):
    datum = bench.datum(values={"cells": {"events": 5, "n": 30}, "care": {"events": control_events, "n": 30}})
    assert judge(bench, datum, Finding.NO_DIFFERENCE) is expected


def test_words_of_no_difference(bench):
    datum = bench.datum(values={}, direction=between("no-difference"))
    assert judge(bench, datum, Finding.NO_DIFFERENCE) is Verdict.SUPPORTED
    assert judge(bench, datum, Finding.LOWER) is Verdict.CONTRADICTED


def test_a_fall_within_the_arm_says_nothing_of_control(bench):
    datum = bench.datum(values={}, direction={"finding": "lower", "contrast": "within-arm"})
    assert judge(bench, datum, Finding.LOWER, contrast=Contrast.WITHIN_ARM) is Verdict.SUPPORTED
    judged = judge_direction(bench.study(datum), datum, Finding.LOWER)
    assert judged.verdict is Verdict.NOT_FOUND
    assert "within the arm" in judged.explanation


def test_arms_must_be_clear(bench):
    arms = [arm.model_dump() for arm in bench.study().arms]
    arms.append({"id": "vesicles", "role": "experimental", "label": "vesicles"})
    values = {
        "cells": {"events": 1, "n": 9},
        "vesicles": {"events": 2, "n": 9},
        "care": {"events": 3, "n": 9},
    }
    datum = bench.datum(values=values)
    study = bench.study(arms=arms)
    with pytest.raises(DataError, match="2 arms are experimental"):
        observe_between(study, datum)
    assert observe_between(study, datum, ("vesicles", "care")).finding is Finding.LOWER
    with pytest.raises(DataError, match="no arm 'secretome'"):
        observe_between(study, datum, ("secretome", "care"))
