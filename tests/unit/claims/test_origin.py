"""Where a stated number came from: one worked case, and what must hold of every ranking."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from evergrove.claims.figures import datum_figures, dose_figures
from evergrove.claims.origin import likely_origin, rank_origins
from evergrove.claims.printed import agrees
from evergrove.claims.result import Figure
from evergrove.model.claim import FigureName as F
from unit.claims.conftest import make_datum, make_study

RR = (F.RELATIVE_REDUCTION,)


def figures_of(events1: int, n1: int, events2: int, n2: int, locator: str = "Table 2") -> tuple[Figure, ...]:
    provenance = {"source": {"url": "https://example.org/r", "locator": locator}, "source_type": "report"}
    values = {"cells": {"events": events1, "n": n1}, "care": {"events": events2, "n": n2}}
    datum = make_datum(values=values, provenance=provenance)
    return datum_figures(make_study(datum), datum)


@st.composite
def tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    n1, n2 = draw(st.integers(1, 200)), draw(st.integers(1, 200))
    return draw(st.integers(0, n1)), n1, draw(st.integers(0, n2)), n2


def test_sixty_nine_comes_from_7_69():
    ranked = rank_origins("69", figures_of(2, 26, 6, 18), RR)
    first, second, third = ranked[:3]
    assert (first.figure.name, len(first.slips)) == (F.RISK_EXPERIMENTAL, 1)
    assert first.slips == ('7.69 with "7." lost',)
    assert (second.figure.name, len(second.slips)) == (F.RELATIVE_REDUCTION, 2)
    assert (third.figure.name, third.explains) == (F.EVENT_FREE_CONTROL, False)
    assert third.distance == pytest.approx(1 - 66.667 / 69, abs=1e-5)
    assert likely_origin(ranked) is first


def test_printed_numbers_are_known_from_the_locator():
    figures = {figure.name: figure for figure in figures_of(2, 26, 6, 18, "abstract (7.69% v 33.33 %)")}
    assert figures[F.RISK_EXPERIMENTAL].printed
    assert figures[F.RISK_CONTROL].printed
    assert not figures[F.RELATIVE_REDUCTION].printed


@pytest.mark.parametrize(
    ("stated", "name", "slip"),
    [
        ("23.1", F.RISK_RATIO, "0.231 read as a percentage"),
        ("0.769", F.RELATIVE_REDUCTION, "76.92 % read as a ratio"),
        ("-25.6", F.ABSOLUTE_REDUCTION, "its sign reversed"),
        ("4.33", F.RISK_RATIO, "taken for its reciprocal, 1/0.231"),
        ("769", F.RELATIVE_REDUCTION, "the decimal point of 76.92 moved"),
        ("67.9", F.RELATIVE_REDUCTION, "two digits of 76.9 swapped"),
    ],
)
def test_each_slip_is_recognised(stated, name, slip):
    figures = [figure for figure in figures_of(2, 26, 6, 18) if figure.name is name]
    assert rank_origins(stated, figures)[0].slips == (slip,)


def test_a_complement_is_recognised():
    risk = Figure(F.RISK_EXPERIMENTAL, 20.0, "%", "as printed")
    assert rank_origins("80", [risk])[0].slips == ("taken for its complement, 100 − 20",)


def test_a_printed_figure_comes_before_one_that_must_be_worked_out():
    printed = Figure(F.RISK_CONTROL, 40.0, "%", "as printed", printed=True)
    computed = Figure(F.RISK_EXPERIMENTAL, 40.0, "%", "4/10")
    assert [origin.figure for origin in rank_origins("40", [computed, printed])] == [printed, computed]


def test_the_named_quantity_comes_first_among_equals():
    figures = [Figure(name, 40.0, "%", "h") for name in (F.RISK_CONTROL, F.RELATIVE_REDUCTION)]
    assert rank_origins("40", figures, RR)[0].figure.name is F.RELATIVE_REDUCTION


def test_two_slips_or_mere_nearness_are_never_called_likely():
    assert likely_origin(rank_origins("69", [Figure(F.RELATIVE_REDUCTION, 76.92, "%", "h")])) is None
    assert likely_origin(rank_origins("69", [Figure(F.EVENT_FREE_CONTROL, 66.7, "%", "h")])) is None
    assert likely_origin(rank_origins("7", [Figure(F.RISK_EXPERIMENTAL, 57.2, "%", "h")])) is None


def test_a_dose_is_set_against_the_other_doses():
    arm = make_study().arms[0]
    first = rank_origins("9e7", dose_figures(arm), (F.DOSE_PER_INFUSION,))[0]
    assert (first.figure.name, first.slips, first.figure.value) == (F.DOSE_TOTAL, (), 9e7)


@given(tables(), st.data(), st.integers(0, 2))
def test_an_exact_quantity_ranks_before_every_misreading(table, data, places):
    figures = figures_of(*table)
    target = data.draw(st.sampled_from(figures))
    ranked = rank_origins(f"{target.value:.{places}f}", figures, RR)
    exact = [origin for origin in ranked if origin.explains and not origin.slips]
    assert target in [origin.figure for origin in exact]
    assert list(ranked[: len(exact)]) == exact
    assert likely_origin(ranked) is ranked[0]


@given(tables(), st.integers(10, 99))
def test_the_order_of_figures_does_not_matter_and_none_is_lost(table, stated):
    figures = figures_of(*table)
    forwards, backwards = rank_origins(str(stated), figures), rank_origins(str(stated), figures[::-1])
    assert forwards == backwards
    assert len(forwards) == len(figures)


@given(tables(), st.integers(10, 99))
def test_what_explains_leads_to_the_stated_digits_and_the_rest_is_by_distance(table, stated):
    ranked = rank_origins(str(stated), figures_of(*table))
    explained = [origin.explains for origin in ranked]
    assert explained == sorted(explained, reverse=True)
    slips = [len(origin.slips) for origin in ranked if origin.explains]
    assert slips == sorted(slips)
    assert max(slips, default=0) <= 2
    near = [origin.distance for origin in ranked if not origin.explains]
    assert near == sorted(near)
    assert all(0 <= origin.distance <= 2 for origin in ranked)
    for origin in ranked:
        if origin.explains and not origin.slips:
            assert agrees(origin.figure.value, str(stated))


@given(st.floats(1.0, 99.0))
def test_a_lost_leading_digit_is_found(value):
    printed = f"{value:.2f}"
    stated = printed.partition(".")[2]
    assume(not agrees(value, stated))
    assume(not stated.startswith("0"))
    first = rank_origins(stated, [Figure(F.RISK_EXPERIMENTAL, value, "%", "h")])[0]
    assert first.explains
    assert len(first.slips) == 1
