"""Invariances of effect sizes: permuting studies, swapping arms, changing units; inverses that invert."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from evergrove import stats
from evergrove.stats.effects.recipes import RECIPES

K = 4
COUNTS = hnp.arrays(np.int64, (K, 4), elements=st.integers(0, 60))
MEANS = hnp.arrays(np.float64, (K, 2), elements=st.floats(1, 50))
SDS = hnp.arrays(np.float64, (K, 2), elements=st.floats(0.1, 9))
SIZES = hnp.arrays(np.int64, (K, 2), elements=st.integers(4, 300))
SWAPPED = {"RR": -1, "OR": -1, "RD": -1, "AS": -1, "PETO": -1, "PHI": -1, "YUQ": -1, "YUY": -1, "RTET": -1}


def table(cells):
    a, b, c, d = cells.T
    return {"events1": a, "n1": a + b + 1, "events2": c, "n2": c + d + 1}


def arms(means, sds, sizes):
    names = ("mean1", "sd1", "n1", "mean2", "sd2", "n2")
    columns = (means[:, 0], sds[:, 0], sizes[:, 0], means[:, 1], sds[:, 1], sizes[:, 1])
    return dict(zip(names, columns, strict=True))


def swapped(columns):
    return {name[:-1] + {"1": "2", "2": "1"}[name[-1]]: values for name, values in columns.items()}


@given(COUNTS, st.permutations(range(K)), st.sampled_from(sorted(SWAPPED)))
def test_permuting_studies_permutes_effects(cells, order, measure):
    here = stats.effect_size(measure, **table(cells))
    there = stats.effect_size(measure, **{name: values[order] for name, values in table(cells).items()})
    np.testing.assert_array_equal(here.yi[order], there.yi)
    np.testing.assert_array_equal(here.vi[order], there.vi)
    assert tuple(here.reasons[row] for row in order) == there.reasons


@given(COUNTS, st.sampled_from(sorted(SWAPPED)), st.sampled_from(list(stats.ZeroCells)))
def test_swapping_the_arms_turns_the_sign(cells, measure, rule):
    here = stats.effect_size(measure, **table(cells), to=rule)
    there = stats.effect_size(measure, **swapped(table(cells)), to=rule)
    np.testing.assert_array_equal(here.estimable, there.estimable)
    np.testing.assert_allclose(here.yi, -there.yi, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(here.vi, there.vi, rtol=1e-9)


@given(MEANS, SDS, SIZES, st.floats(0.01, 1000))
def test_ratios_and_standardised_effects_have_no_unit(means, sds, sizes, unit):
    for measure in ("SMD", "SMDH", "SMD1", "ROM", "VR", "CVR", "RPB", "RBIS", "CLESN"):
        names = RECIPES[stats.EffectMeasure(measure)].names
        here, there = (
            stats.effect_size(
                measure,
                **{key: v for key, v in arms(means * by, sds * by, sizes).items() if key in names},
            )
            for by in (1.0, unit)
        )
        np.testing.assert_allclose(here.yi, there.yi, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(here.vi, there.vi, rtol=1e-7)


@given(MEANS, SDS, SIZES)
def test_swapping_the_arms_of_means(means, sds, sizes):
    columns = arms(means, sds, sizes)
    for measure in ("MD", "SMD", "SMDH", "ROM", "VR", "CVR", "RPB", "D2OR", "CLESN"):
        used = {key: v for key, v in columns.items() if key in RECIPES[stats.EffectMeasure(measure)].names}
        here, there = stats.effect_size(measure, **used), stats.effect_size(measure, **swapped(used))
        centre = stats.measure_facts(measure).null or 0.0
        np.testing.assert_allclose(here.yi - centre, centre - there.yi, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(here.vi, there.vi, rtol=1e-7)


@given(hnp.arrays(np.float64, K, elements=st.floats(-8, 8)), SIZES)
def test_t_f_p_and_d_say_the_same(t, sizes):
    df = sizes.sum(axis=1) - 2
    n1, n2 = sizes.T
    t = np.where(np.abs(t) < 1e-3, 0.5, t)
    from_t = stats.effect_size("SMD", t=t, n1=n1, n2=n2)
    from_f = stats.effect_size("SMD", f=np.sign(t) * t**2, n1=n1, n2=n2)
    p = np.sign(t) * 2 * special.stdtr(df, -np.abs(t))
    from_p = stats.effect_size("SMD", p=np.clip(p, -1, 1), n1=n1, n2=n2)
    np.testing.assert_allclose(from_p.yi, from_t.yi, rtol=1e-6)
    from_d = stats.effect_size("SMD", d=t * np.sqrt(1 / n1 + 1 / n2), n1=n1, n2=n2)
    np.testing.assert_allclose(from_f.yi, from_t.yi, rtol=1e-12)
    np.testing.assert_allclose(from_d.yi, from_t.yi, rtol=1e-12)


@settings(max_examples=60)
@given(
    hnp.arrays(np.float64, K, elements=st.floats(0.001, 0.999)),
    hnp.arrays(np.int64, K, elements=st.integers(1, 5000)),
)
def test_freeman_tukey_inverts_at_each_studys_size(share, n):
    x = np.round(share * n)
    here = stats.effect_size("PFT", events=x, n=n)
    np.testing.assert_allclose(stats.back_transform(here.yi, "PFT", n=n, each=True), x / n, atol=1e-9)
    rate = stats.effect_size("IRFT", events=x, time=n / 7)
    np.testing.assert_allclose(
        stats.back_transform(rate.yi, "IRFT", n=n / 7, each=True), 7 * x / n, rtol=1e-9, atol=1e-12
    )


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=6), st.sampled_from(list(stats.EffectMeasure)))
def test_ways_back_never_fall(values, measure):
    back = stats.back_transform(np.sort(values), measure, n=[20, 45])
    assert (np.diff(back) >= -1e-12).all()


@given(hnp.arrays(np.int64, 4, elements=st.integers(1, 500)))
def test_tetrachoric_correlation_has_the_sign_of_the_odds_ratio(cells):
    a, b, c, d = (float(cell) for cell in cells)
    found = stats.effect_size("RTET", events1=a, n1=a + b, events2=c, n2=c + d)
    assert found.estimable[0]
    assert -1 < found.yi[0] < 1
    if a * d == b * c:
        assert found.yi[0] == pytest.approx(0, abs=1e-12)
    else:
        assert np.sign(found.yi[0]) == np.sign(a * d - b * c)
