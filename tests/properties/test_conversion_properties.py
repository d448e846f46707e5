"""What holds for any conversion: units, order, there and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove import stats

UNIT = st.floats(-3, 3).map(lambda power: 10.0**power)
CLOSED = st.sampled_from(["luo-shi", "luo-wan", "wan", "wan-n", "bland"])


@st.composite
def five_numbers(draw):
    gaps = draw(st.lists(st.floats(0.05, 10), min_size=4, max_size=4))
    return np.cumsum([draw(st.floats(0.05, 20)), *gaps])


@settings(max_examples=60)
@given(five_numbers(), st.integers(5, 2000), UNIT, st.floats(-50, 50), CLOSED)
def test_closed_forms_follow_unit_and_origin(values, n, unit, shift, method):
    plain = stats.mean_sd_from_five_numbers(*values, n, method)
    moved = stats.mean_sd_from_five_numbers(*(unit * values + shift), n, method)
    assert moved.mean == pytest.approx(unit * plain.mean + shift, rel=1e-9, abs=1e-9)
    assert moved.sd == pytest.approx(unit * plain.sd, rel=1e-6)
    assert values[0] <= plain.mean <= values[-1]


@settings(max_examples=8)
@given(five_numbers(), st.integers(10, 500), UNIT)
def test_quantile_estimation_follows_the_unit(values, n, unit):
    low, q1, median, q3, high = values + 2.0  # above 1: never a beta
    given_values = {"q1": q1, "q3": q3, "minimum": low, "maximum": high}
    plain = stats.quantile_estimation(median, n, **given_values)
    moved = stats.quantile_estimation(
        unit * median * 100, n, **{name: unit * 100 * value for name, value in given_values.items()}
    )
    families = {fit.family: fit for fit in moved.fits}
    for fit in plain.fits:
        assert families[fit.family].mean == pytest.approx(unit * 100 * fit.mean, rel=1e-5)


@settings(max_examples=25)
@given(five_numbers(), st.integers(10, 500))
def test_box_cox_is_exact_where_the_data_are_symmetric_in_logs(values, n):
    half = 1.0 + values[1] / 10
    found = stats.box_cox_estimation(values[2], n, q1=values[2] / half, q3=values[2] * half)
    assert found.power == pytest.approx(0.0, abs=1e-7)
    assert found.mean > values[2]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(2, 90), st.floats(-50, 50), st.floats(0.1, 20)), min_size=3, max_size=5),
    st.randoms(use_true_random=False),
)
def test_arms_join_in_any_order_and_in_steps(arms, shuffler):
    def joined(parts):
        n, mean, sd = zip(*parts, strict=True)
        return stats.combine_arms(n, mean=mean, sd=sd)

    whole = joined(arms)
    shuffled = list(arms)
    shuffler.shuffle(shuffled)
    first = joined(shuffled[:2])
    steps = joined([(first.n, first.mean, first.sd), *shuffled[2:]])
    assert (steps.n, steps.mean, steps.sd) == pytest.approx(
        (whole.n, whole.mean, whole.sd), rel=1e-9, abs=1e-9
    )


@settings(max_examples=80)
@given(st.lists(st.integers(1, 300), min_size=4, max_size=4))
def test_a_table_comes_back_from_any_of_its_statistics(cells):
    a, b, c, d = cells
    n = sum(cells)
    phi = (a * d - b * c) / np.sqrt(float((a + b) * (c + d)) * float((a + c) * (b + d)))
    margins = ([n], [a + b], [a + c])
    for statistic in (
        {"odds_ratio": [a * d / (b * c)]},
        {"phi": [phi]},
        {"chi2": [np.sign(phi) * n * phi**2]},
    ):
        table = stats.tables_from_margins(*margins, **statistic, correct=False)
        assert [table.a[0], table.b[0], table.c[0], table.d[0]] == cells


@settings(max_examples=80)
@given(
    st.sampled_from(["OR", "RR", "HR"]),
    st.sampled_from(["OR", "RR", "RD", "HR"]),
    st.floats(0.02, 0.4),
    st.floats(0.3, 1.5),
)
def test_no_effect_stays_no_effect_and_sides_are_kept(there, to, risk, ratio):
    found = stats.convert_effect(there, to, ratio, ratio, ratio, risk)
    null = 0.0 if to == "RD" else 1.0
    assert np.sign(found.estimate - null) == pytest.approx(np.sign(ratio - 1.0)) or abs(ratio - 1) < 1e-12
    assert found.ci_low == found.ci_high == found.estimate


@settings(max_examples=80)
@given(st.floats(-5, 5).filter(lambda x: abs(x) > 1e-3), st.floats(0.01, 3), st.floats(2, 200))
def test_interval_statistic_and_p_value_give_one_variance(yi, se, df):
    half = -float(np.asarray(stats.se_from_ci(0, 1, df=df) ** -1)) / -2.0  # the quantile, backwards
    given_sources = stats.effects_from_printed(
        estimate=[yi, yi],
        ci_low=[yi - half * se, None],
        ci_high=[yi + half * se, None],
        statistic=[None, yi / se],
        df=[df, df],
    )
    assert given_sources.vi == pytest.approx([se**2, se**2], rel=1e-9)
