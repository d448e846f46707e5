"""Plain sentences: one phrase for each pair of certainty and effect."""

from __future__ import annotations

import pytest

from evergrove.appraisal import Effect, EvidenceSummary, effect_of, statement
from evergrove.model.vocabulary import CertaintyLevel as Level


def summary(estimate: float | None, **changes: object) -> EvidenceSummary:
    return EvidenceSummary(
        **{"design": "randomised", "measure": "RR", "ratio": True, "k": 2, "estimate": estimate, **changes}
    )


@pytest.mark.parametrize(
    ("estimate", "expected"),
    [
        (0.4, "large-decrease"), (0.5, "large-decrease"), (0.6, "decrease"), (0.75, "decrease"),
        (0.88, "slight-decrease"), (0.94, "slight-decrease"), (0.96, "little-or-none"),
        (1.0, "little-or-none"),
        (1.04, "little-or-none"), (1.1, "slight-increase"), (1.25, "increase"), (1.9, "increase"),
        (2.0, "large-increase"),
    ],
)  # fmt: skip
def test_effect_of_a_ratio(estimate, expected):
    assert effect_of(summary(estimate)).value == expected


def test_effect_of_a_difference():
    assert effect_of(summary(-3.0, measure="MD", ratio=False, mid=2.0)) is Effect.DECREASE
    assert effect_of(summary(5.0, measure="MD", ratio=False, mid=2.0)) is Effect.LARGE_INCREASE


def test_without_thresholds_only_the_direction_is_told():
    assert effect_of(summary(-0.1, measure="MD", ratio=False)) is Effect.DECREASE
    assert effect_of(summary(0.1, measure="MD", ratio=False)) is Effect.INCREASE
    assert effect_of(summary(0.0, measure="MD", ratio=False)) is Effect.LITTLE_OR_NONE
    assert effect_of(summary(None)) is None


@pytest.mark.parametrize(
    ("certainty", "effect", "expected"),
    [
        (Level.HIGH, Effect.DECREASE, "Cell therapy reduces deaths."),
        (Level.MODERATE, Effect.DECREASE, "Cell therapy probably reduces deaths."),
        (Level.LOW, Effect.DECREASE, "Cell therapy may reduce deaths."),
        (Level.HIGH, Effect.LARGE_INCREASE, "Cell therapy increases deaths greatly."),
        (Level.MODERATE, Effect.SLIGHT_INCREASE, "Cell therapy probably increases deaths slightly."),
        (Level.HIGH, Effect.LITTLE_OR_NONE, "Cell therapy makes little or no difference to deaths."),
        (Level.LOW, Effect.LITTLE_OR_NONE, "Cell therapy may make little or no difference to deaths."),
    ],
)
def test_phrase(certainty, effect, expected):
    assert statement(certainty, effect, "cell therapy", "deaths") == expected


def test_an_interval_with_no_effect_is_said():
    sentence = statement(Level.LOW, Effect.DECREASE, "cells", "deaths", includes_null=True, plural=True)
    assert sentence == "Cells may reduce deaths, but the data also fit no effect."
    none = statement(Level.LOW, Effect.LITTLE_OR_NONE, "cells", "deaths", includes_null=True, plural=True)
    assert none == "Cells may make little or no difference to deaths."


@pytest.mark.parametrize("effect", list(Effect))
def test_very_low_certainty_claims_nothing(effect):
    sentence = statement(Level.VERY_LOW, effect, "cells", "deaths", includes_null=True, plural=True)
    assert sentence.startswith("It is uncertain whether cells ")
    assert sentence.endswith("deaths: the certainty of the evidence is very low.")


@pytest.mark.parametrize(("certainty", "effect"), [(None, Effect.DECREASE), (Level.LOW, None), (None, None)])
def test_without_data_nothing_is_claimed(certainty, effect):
    assert (
        statement(certainty, effect, "cells", "deaths")
        == "There are no usable data on the effect of cells on deaths."
    )


def test_every_pair_has_its_own_sentence():
    sentences = {
        statement(level, effect, "cells", "deaths")
        for level in Level
        for effect in Effect
        if level != Level.VERY_LOW
    }
    assert len(sentences) == 3 * len(Effect)
