"""Invariances of the tests and corrections for bias."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evergrove import stats


@st.composite
def studies(draw, fewest=5, most=14):
    """Effects and variances whose precisions differ."""
    k = draw(st.integers(fewest, most))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.01, 0.3, k)
    return rng.normal(0.2, 0.3, k) + rng.normal(size=k) * np.sqrt(v), v, rng.permutation(k)


quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(studies())
def test_the_order_of_studies_does_not_matter(data):
    y, v, order = data
    for function in (
        stats.regression_test,
        stats.rank_test,
        stats.limit_meta_analysis,
        stats.trim_and_fill,
        stats.excess_significance,
    ):
        one, two = function(y, v).to_dict(), function(y[order], v[order]).to_dict()
        for name in ("p_value", "slope", "estimate", "tau", "missing"):
            if one.get(name) is not None:
                assert two[name] == pytest.approx(one[name], rel=1e-6, abs=1e-9)


@quick
@given(studies(), st.floats(0.1, 100.0))
def test_the_unit_does_not_matter(data, factor):
    y, v, _ = data
    for function in (
        stats.regression_test,
        stats.rank_test,
        stats.excess_significance,
        stats.limit_meta_analysis,
    ):
        assert function(factor * y, factor**2 * v).p_value == pytest.approx(
            function(y, v).p_value, rel=1e-6, abs=1e-9
        )
    scaled, plain = stats.trim_and_fill(factor * y, factor**2 * v), stats.trim_and_fill(y, v)
    assert scaled.missing == plain.missing
    assert scaled.estimate == pytest.approx(factor * plain.estimate, rel=1e-6, abs=1e-8 * factor)


@quick
@given(studies())
def test_turning_signs_turns_the_answer(data):
    y, v, _ = data
    assert stats.regression_test(-y, v).slope == pytest.approx(
        -stats.regression_test(y, v).slope, rel=1e-7, abs=1e-9
    )
    assert stats.rank_test(-y, v).tau == -stats.rank_test(y, v).tau
    assert stats.fail_safe_n(-y, v).n == stats.fail_safe_n(y, v).n
    assert stats.excess_significance(-y, v).p_value == pytest.approx(
        stats.excess_significance(y, v).p_value, rel=1e-9
    )
    filled = stats.trim_and_fill(-y, v, side="right", model="common")
    assert filled.estimate == pytest.approx(-stats.trim_and_fill(y, v, side="left", model="common").estimate)


@quick
@given(studies(), st.floats(-2.0, 2.0))
def test_shifting_effects_shifts_what_is_adjusted(data, shift):
    y, v, _ = data
    assert stats.regression_test(y + shift, v).slope == pytest.approx(
        stats.regression_test(y, v).slope, rel=1e-6, abs=1e-8
    )
    for function in (stats.pet_peese, stats.limit_meta_analysis):
        options = {"rule": "pet"} if function is stats.pet_peese else {}
        assert function(y + shift, v, **options).estimate == pytest.approx(
            function(y, v, **options).estimate + shift, rel=1e-6, abs=1e-7
        )


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(studies(fewest=8))
def test_a_selection_model_is_never_below_the_one_without_selection(data):
    y, v, order = data
    fit = stats.selection_model(y, v)
    assert fit.log_likelihood >= fit.unadjusted_log_likelihood - 1e-8
    assert fit.tau2 >= 0
    again = stats.selection_model(y[order], v[order])
    assert again.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-8, abs=1e-8)
