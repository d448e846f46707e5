"""Tests recomputed from reports, against the p values that the reports print."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergrove.claims.significance import fisher_exact_p, interval_p, p_figures, welch_p
from evergrove.model import ArmValue
from evergrove.model.claim import FigureName


@pytest.mark.parametrize(
    ("table", "printed", "places"),
    [
        # Xu 2021, deaths; Shu 2020, Table 3; NCT04355728, serious adverse events and antibodies.
        ((2, 26, 6, 18), 0.048, 3),
        ((7, 12, 5, 29), 0.02, 2),
        ((11, 12, 15, 29), 0.03, 2),
        ((2, 12, 1, 29), 0.2, 1),
        ((0, 12, 3, 29), 0.543, 3),
        ((2, 12, 8, 12), 0.04, 2),
        ((10, 12, 11, 11), 0.48, 2),
        ((4, 5, 2, 4), 0.5238, 4),
        # Fisher's lady tasting tea.
        ((3, 4, 1, 4), 0.4857, 4),
        # No event anywhere, and everyone with the event.
        ((0, 5, 0, 7), 1.0, 6),
        ((5, 5, 7, 7), 1.0, 6),
    ],
)
def test_fisher_agrees_with_printed_p_values(table, printed, places):
    assert round(fisher_exact_p(*table), places) == printed


@given(st.data(), st.integers(1, 25), st.integers(1, 25))
def test_fisher_agrees_with_whole_number_arithmetic(data, n1, n2):
    events1, events2 = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    drawn = events1 + events2
    ways = {
        cell: comb(n1, cell) * comb(n2, drawn - cell)
        for cell in range(max(0, drawn - n2), min(drawn, n1) + 1)
    }
    exact = Fraction(sum(way for way in ways.values() if way <= ways[events1]), comb(n1 + n2, drawn))
    assert fisher_exact_p(events1, n1, events2, n2) == pytest.approx(float(exact), rel=1e-9)
    assert fisher_exact_p(events2, n2, events1, n1) == pytest.approx(float(exact), rel=1e-9)


def test_welch_needs_all_of_it():
    whole = ArmValue(mean=1.0, sd=1.0, n=9)
    assert welch_p(whole, ArmValue(mean=1.0, sd=1.0)) is None
    assert welch_p(whole, ArmValue(mean=1.0, n=9)) is None
    assert welch_p(ArmValue(mean=1.0, sd=0.0, n=9), ArmValue(mean=2.0, sd=0.0, n=9)) is None
    assert welch_p(whole, whole) == pytest.approx(1.0)


def test_an_interval_gives_a_p(bench):
    effect = {"measure": "HR", "estimate": 0.289, "ci_low": 0.088, "ci_high": 0.948, "p": {"value": 0.0307}}
    # NCT04355728, time to recovery: the interval alone gives nearly the posted p.
    assert interval_p(bench.datum(values={}, effect=effect)) == pytest.approx(0.04, abs=0.01)
    assert interval_p(bench.datum(effect={**effect, "ci_low": 0.0})) is None
    assert interval_p(bench.datum(effect={**effect, "measure": "ratio-of-survivors"})) is None
    assert interval_p(bench.datum(effect={"p": {"value": 0.5}})) is None


def test_every_p_is_listed_and_an_open_bound_decides_nothing(bench):
    datum = bench.datum(effect={"p": {"relation": "<", "value": 0.1}})
    figures, flags = p_figures(datum, ("cells", "care"))
    assert [figure.name for figure in figures] == [FigureName.P_FISHER, FigureName.P_PRINTED]
    assert flags == (True,)


def test_a_printed_p_within_an_arm_is_not_one_between_arms(bench):
    datum = bench.datum(effect={"measure": "within-arm", "p": {"value": 0.01}})
    assert [figure.name for figure in p_figures(datum, ("cells", "care"))[0]] == [FigureName.P_FISHER]
    assert [figure.name for figure in p_figures(datum, None, within_arm=True)[0]] == [FigureName.P_PRINTED]
