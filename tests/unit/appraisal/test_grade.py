"""GRADE: each rule by hand-worked cases, judgements, and properties."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrove.appraisal import EvidenceSummary, grade
from evergrove.appraisal.grade import LEVELS
from evergrove.errors import DataError
from evergrove.model import CertaintyJudgement
from evergrove.model.vocabulary import CertaintyDomain as D
from evergrove.model.vocabulary import CertaintyLevel as Level

BASE = {
    "design": "randomised",
    "measure": "RR",
    "ratio": True,
    "k": 8,
    "estimate": 0.8,
    "ci_low": 0.7,
    "ci_high": 0.9,
    "prediction_low": 0.65,
    "prediction_high": 0.98,
    "i2": 0.0,
    "tau2": 0.0,
    "participants": 3000,
    "events": 700,
    "rob": {"a": "low", "b": "low"},
    "weights": {"a": 60.0, "b": 40.0},
    "optimal_information_size": 2000.0,
}


def summary(**changes: object) -> EvidenceSummary:
    return EvidenceSummary(**{**BASE, **changes})


def steps(domain: D, **changes: object) -> int:
    return grade(summary(**changes)).step(domain).steps


def judgement(domain: D, down: int, who: str = "B. Panel") -> CertaintyJudgement:
    return CertaintyJudgement(analysis="mortality", domain=domain, steps=down, why="because of this", who=who)


def test_clean_randomised_evidence_is_high():
    certainty = grade(summary())
    assert (certainty.level, certainty.start) == (Level.HIGH, Level.HIGH)
    assert [step.domain for step in certainty.steps] == list(D)
    assert [step.steps for step in certainty.steps] == [0, 0, 0, 0, 0]


def test_no_data_is_not_gradable():
    certainty = grade(EvidenceSummary(design="randomised", measure="RR", ratio=True, k=0))
    assert certainty.level is None
    assert certainty.reason == "Not gradable: no usable data."
    assert repr(certainty) == "Certainty(not gradable)"
    with pytest.raises(KeyError):
        certainty.step(D.IMPRECISION)


def test_studies_without_an_estimate_are_not_gradable():
    certainty = grade(EvidenceSummary(design="randomised", measure="RR", ratio=True, k=2))
    assert (certainty.level, certainty.reason) == (None, "Not gradable: 2 studies, but no estimate.")


@pytest.mark.parametrize(
    ("rob", "expected"),
    [
        ({"a": "low", "b": "some-concerns"}, 0),
        ({"a": "some-concerns", "b": "low"}, 1),
        ({"a": "some-concerns", "b": "some-concerns"}, 1),
        ({"a": "low", "b": "high"}, 1),
        ({"a": "high", "b": "low"}, 2),
        ({"a": "high", "b": "high"}, 2),
        ({"a": "low"}, 0),
        ({"b": "low"}, 1),
    ],
)
def test_risk_of_bias_follows_the_weight(rob, expected):
    assert steps(D.RISK_OF_BIAS, rob=rob) == expected


def test_risk_of_bias_reason_has_the_numbers():
    reason = grade(summary(rob={"a": "high", "b": "low"})).step(D.RISK_OF_BIAS).reason
    assert "40 %" in reason
    assert "60 %" in reason


def test_nobody_appraised_is_not_low_risk():
    assert steps(D.RISK_OF_BIAS, rob={}, weights={}) == 1


@pytest.mark.parametrize(
    ("rob", "start", "down"),
    [
        ({"a": "moderate", "b": "low"}, Level.HIGH, 1),
        ({"a": "low", "b": "moderate"}, Level.HIGH, 0),
        ({"a": "serious", "b": "moderate"}, Level.HIGH, 2),
        ({"a": "no-information", "b": "moderate"}, Level.HIGH, 2),
        ({"a": "critical", "b": "serious"}, Level.HIGH, 3),
        ({"a": "serious"}, Level.LOW, 0),
        ({"a": "serious", "b": "high"}, Level.LOW, 0),
        ({}, Level.LOW, 0),
    ],
)
def test_non_randomised_start_depends_on_robins_i(rob, start, down):
    certainty = grade(summary(design="non-randomised", rob=rob))
    assert certainty.start is start
    assert certainty.step(D.RISK_OF_BIAS).steps == down


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"k": 1, "i2": None}, 0),
        ({"i2": None}, 0),
        ({"i2": 30.0, "prediction_low": 0.5, "prediction_high": 1.3}, 0),
        ({"i2": 45.0, "prediction_low": 0.72, "prediction_high": 0.88}, 0),
        ({"i2": 45.0, "prediction_low": 0.5, "prediction_high": 1.3}, 1),
        ({"i2": 60.0, "prediction_low": 0.5, "prediction_high": 1.3}, 1),
        ({"i2": 80.0, "prediction_low": 0.72, "prediction_high": 0.88}, 1),
        ({"i2": 80.0, "prediction_low": 0.5, "prediction_high": 1.3}, 2),
        ({"i2": 80.0, "prediction_low": 0.5, "prediction_high": 1.3, "k": 4}, 1),
        ({"i2": 45.0, "prediction_low": None}, 0),
        ({"i2": 60.0, "prediction_low": None}, 1),
        ({"i2": 60.0, "ci_low": None}, 1),
    ],
)
def test_inconsistency(changes, expected):
    assert steps(D.INCONSISTENCY, **changes) == expected


def test_inconsistency_says_what_the_prediction_interval_adds():
    step = grade(summary(i2=60.0, prediction_low=0.5, prediction_high=1.3, k=3)).step(D.INCONSISTENCY)
    assert step.reason == (
        "I² is 60 % (substantial) over 3 studies. The prediction interval (0.50 to 1.30) includes no effect "
        "and the threshold 1.25, which the confidence interval does not. "
        "With 3 studies both are very uncertain."
    )


@pytest.mark.parametrize(
    ("low", "high", "participants", "expected"),
    [
        (0.7, 0.9, 3000, 0),
        (0.7, 0.9, 1500, 1),
        (0.7, 0.9, 900, 2),
        (0.7, 0.9, None, 0),
        (0.76, 1.1, 3000, 0),
        (0.76, 1.1, 1500, 1),
        (0.7, 1.1, 3000, 1),
        (0.78, 1.3, 3000, 1),
        (0.7, 1.3, 3000, 2),
        (0.7, 1.0, 3000, 1),
        (0.4, 1.9, 3000, 2),
        (0.4, 2.1, 3000, 3),
        (None, 0.9, 3000, 2),
    ],
)
def test_imprecision_of_a_ratio(low, high, participants, expected):
    assert steps(D.IMPRECISION, ci_low=low, ci_high=high, participants=participants) == expected


@pytest.mark.parametrize(
    ("changes", "low", "high", "expected"),
    [
        ({"measure": "MD", "mid": 2.0}, -3.0, 1.0, 1),
        ({"measure": "MD", "mid": 2.0}, -3.0, 3.0, 2),
        ({"measure": "MD", "mid": 2.0}, -5.0, 5.0, 3),
        ({"measure": "MD", "sd": 4.0}, -3.0, 1.0, 1),
        ({"measure": "MD"}, -3.0, 1.0, 1),
        ({"measure": "MD"}, -3.0, -1.0, 0),
        ({"measure": "SMD"}, -0.6, 0.1, 1),
        ({"measure": "RD", "control_risk": 0.4}, -0.12, 0.05, 1),
        ({"measure": "RD"}, -0.12, 0.05, 1),
        ({"measure": "RD", "control_risk": 0.0}, -0.12, 0.05, 1),
    ],
)
def test_imprecision_of_a_difference(changes, low, high, expected):
    middle = (low + high) / 2
    numbers = {"estimate": middle, "ci_low": low, "ci_high": high, "prediction_low": None}
    assert steps(D.IMPRECISION, ratio=False, **numbers, **changes) == expected


def test_thresholds_follow_the_relative_reduction_and_the_null():
    lines = summary(relative_reduction=0.6, ci_low=0.1, ci_high=40.0).thresholds()
    assert lines is not None
    assert (lines.low, lines.far_low, lines.far_high) == (0.4, 0.0, float("inf"))
    shifted = summary(ratio=False, measure="MD", mid=1.0, null_value=5.0, prediction_low=None).thresholds()
    assert shifted is not None
    assert (shifted.low, shifted.high) == (4.0, 6.0)


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (0.79, 0.81, "from 0.79 to 0.81."),
        (0.7, 1.05, "the conflict decides the direction"),
        (0.7, 0.85, "the conflict decides whether the effect is appreciable"),
    ],
)
def test_conflicting_data_stand_in_the_reason(low, high, says):
    reason = grade(summary(combinations_low=low, combinations_high=high)).step(D.IMPRECISION).reason
    assert says in reason


@pytest.mark.parametrize(("k", "says"), [(1, "1 study: not"), (9, "not assessable"), (10, "can be read")])
def test_publication_bias_is_never_computed(k, says):
    step = grade(summary(k=k)).step(D.PUBLICATION_BIAS)
    assert step.steps == 0
    assert says in step.reason


def test_judgements_replace_or_add_and_are_marked():
    certainty = grade(
        summary(rob={"a": "high", "b": "high"}),
        [
            judgement(D.RISK_OF_BIAS, 1),
            judgement(D.INDIRECTNESS, 1),
            judgement(D.INDIRECTNESS, 2, "C. Panel"),
        ],
    )
    bias, direct = certainty.step(D.RISK_OF_BIAS), certainty.step(D.INDIRECTNESS)
    assert (bias.steps, bias.computed, bias.computed_steps, bias.who) == (1, False, 2, "B. Panel")
    assert (direct.steps, direct.computed, direct.computed_steps, direct.who) == (2, False, None, "C. Panel")
    assert certainty.level is Level.VERY_LOW
    assert "[judged by C. Panel]" in certainty.summary()


def test_indirectness_needs_a_person():
    step = grade(summary()).step(D.INDIRECTNESS)
    assert (step.steps, step.computed, step.who) == (0, False, None)


def test_refuses_judgements_of_two_analyses_and_unknown_words():
    other = CertaintyJudgement(analysis="other", domain=D.INDIRECTNESS, steps=1, why="x", who="y")
    with pytest.raises(DataError, match="mortality, other"):
        grade(summary(), [judgement(D.INDIRECTNESS, 1), other])
    with pytest.raises(DataError, match="'fine'; allowed"):
        grade(summary(rob={"a": "fine"}))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"design": "cohort"}, "design: 'cohort'"),
        ({"k": -1}, "k: -1"),
        ({"i2": 101.0}, "i2: 101"),
        ({"tau2": float("nan")}, "tau2: nan"),
        ({"estimate": float("inf")}, "estimate: inf"),
        ({"estimate": -0.5, "ci_low": None, "prediction_low": None}, "estimate: -0.5"),
        ({"ci_low": float("nan")}, "ci_low: nan"),
        ({"ci_low": 0.85}, "confidence interval"),
        ({"prediction_high": 0.7}, "prediction interval"),
        ({"control_risk": 1.2}, "control_risk"),
        ({"relative_reduction": 0.0}, "relative_reduction"),
        ({"weights": {"a": -1.0}}, r"weights\[a\]"),
        ({"weights": {"a": 0.0}}, "all are 0"),
        ({"combinations_low": 2.0, "combinations_high": 1.0}, "combinations: 2 to 1"),
    ],
)
def test_refuses_numbers_that_cannot_be(changes, message):
    with pytest.raises(DataError, match=message):
        summary(**changes)


def test_result_serialises():
    data = json.loads(json.dumps(grade(summary()).to_dict()))
    assert data["level"] == "high"
    assert [step["domain"] for step in data["steps"]] == [domain.value for domain in D]


numbers = st.floats(0.01, 10, allow_nan=False)


@given(
    st.lists(numbers, min_size=5, max_size=5),
    st.integers(1, 30),
    st.floats(0, 100),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(["low", "some-concerns", "high"]), min_size=1),
    st.integers(1, 10_000),
)
def test_level_is_start_less_the_steps(five, k, i2, rob, participants):
    wide_low, low, middle, high, wide_high = sorted(five)
    certainty = grade(
        summary(
            k=k, i2=i2, rob=rob, weights={}, participants=participants, estimate=middle,
            ci_low=low, ci_high=high, prediction_low=wide_low, prediction_high=wide_high,
        )
    )  # fmt: skip
    down = sum(step.steps for step in certainty.steps)
    assert certainty.level is LEVELS[min(down, 3)]
    assert all(0 <= step.steps <= 3 and step.reason.endswith(".") for step in certainty.steps)


@given(st.lists(numbers, min_size=3, max_size=3), st.floats(1, 3))
def test_a_wider_interval_around_no_effect_is_never_more_precise(three, factor):
    low, middle, high = sorted(three)
    if not low <= 1 <= high:
        return
    narrow = steps(D.IMPRECISION, estimate=middle, ci_low=low, ci_high=high, prediction_low=None)
    wide = steps(
        D.IMPRECISION, estimate=middle, ci_low=low / factor, ci_high=high * factor, prediction_low=None
    )
    assert wide >= narrow


@given(st.lists(st.sampled_from(["low", "some-concerns", "high"]), min_size=3, max_size=3), st.data())
def test_more_risk_of_bias_never_raises_the_certainty(judgements, data):
    order = ["low", "some-concerns", "high"]
    weights = {name: data.draw(st.floats(0.1, 10)) for name in "abc"}
    rob = dict(zip("abc", judgements, strict=True))
    worse = {name: data.draw(st.sampled_from(order[order.index(level) :])) for name, level in rob.items()}
    assert steps(D.RISK_OF_BIAS, rob=worse, weights=weights) >= steps(
        D.RISK_OF_BIAS, rob=rob, weights=weights
    )
