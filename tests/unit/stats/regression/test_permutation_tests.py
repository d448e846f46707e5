"""Permutation tests: the same numbers with and without numba, exact counts, seeds, limits."""

import json
import math

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError
from evergrove.stats.regression import permutation_kernel, permutation_shares, permuted_fits
from evergrove.stats.regression.permutation_plans import all_orders, number_of_distinct, sampled_orders

RNG = np.random.default_rng(5)
YI = RNG.normal(size=9)
VI = RNG.uniform(0.05, 0.4, 9)
X = np.array([1.0, 1.0, 2.0, 2.0, 3.0, 5.0, 5.0, 5.0, 9.0])
ESTIMATORS = ["REML", "ML", "DL", "DL2", "HE", "CA2", "HS", "HSk", "SJ", "SJ-HE", "PM", "PMM", "EB", 0.1]


@pytest.mark.parametrize("tau2", ESTIMATORS)
@pytest.mark.parametrize("ci", ["normal", "hartung-knapp", "hartung-knapp-truncated", "hartung-knapp-adhoc"])
def test_each_permutation_is_the_fit_of_its_data(tau2, ci):
    fit = stats.meta_regression(YI, VI, {"x": X}, tau2=tau2, ci=ci)
    test = stats.permutation_test(fit, exact=False, permutations=6, rng=3)
    orders = sampled_orders(9, 6, np.random.default_rng(3)).orders
    for row, order in enumerate(orders):
        again = stats.meta_regression(YI, VI, {"x": X[order]}, tau2=tau2, ci=ci)
        np.testing.assert_allclose(test.permuted_statistics[row], again.statistic, rtol=1e-8, atol=1e-10)
    assert test.joint_statistic == pytest.approx(
        fit.moderator_test.statistic * (fit.moderator_test.df if fit.df else 1), rel=1e-9
    )


@pytest.mark.parametrize("mods", [{"x": X}, None, {"x": X, "z": X % 3}])
def test_plain_loops_and_arrays_agree(mods, monkeypatch):
    fit = stats.meta_regression(YI, VI, mods)
    arrays = stats.permutation_test(fit, exact=False, permutations=40, rng=1)
    monkeypatch.setattr(permuted_fits, "WORTH_COMPILING", 0)
    monkeypatch.setattr(permutation_kernel, "compiled", lambda: permutation_kernel.statistics)
    loops = stats.permutation_test(fit, exact=False, permutations=40, rng=1)
    np.testing.assert_allclose(loops.permuted_statistics, arrays.permuted_statistics, rtol=1e-11, atol=1e-12)
    assert loops.joint_p_value == arrays.joint_p_value


def test_compiled_and_arrays_agree(monkeypatch):
    assert permutation_kernel.compiled() is not None
    fit = stats.meta_regression(YI, VI, {"x": X, "z": X % 3})
    compiled = stats.permutation_test(fit, exact=False, permutations=6000, rng=1)
    monkeypatch.setattr(permutation_kernel, "compiled", lambda: None)
    arrays = stats.permutation_test(fit, exact=False, permutations=6000, rng=1)
    np.testing.assert_allclose(
        compiled.permuted_statistics, arrays.permuted_statistics, rtol=1e-10, atol=1e-11
    )
    np.testing.assert_array_equal(compiled.p_value, arrays.p_value)


def test_two_maxima_are_found_in_permutations_too():
    yi = np.array([0.0, 0.02, -0.03, 0.01, 4.0, -3.5])
    vi = np.array([0.001, 0.001, 0.001, 0.001, 3.0, 3.0])
    fit = stats.meta_regression(yi, vi)
    test = stats.permutation_test(fit)
    assert test.exact
    assert float(test.statistic[0]) == pytest.approx(float(fit.statistic[0]), rel=1e-9)


def test_exact_tests_make_every_distinct_permutation_once():
    matrix = np.column_stack([np.ones(6), [0.0, 0.0, 1.0, 1.0, 1.0, 2.0]])
    assert number_of_distinct(matrix, flips=False) == 60
    orders = all_orders(matrix).orders
    assert len({tuple(matrix[order, 1]) for order in orders}) == len(orders) == 60
    assert all(sorted(order) == list(range(6)) for order in orders.tolist())
    assert number_of_distinct(np.ones((6, 1)), flips=True) == 64


def test_the_observed_data_always_count():
    fit = stats.meta_regression(YI[:5], VI[:5], {"x": [1.0, 2.0, 3.0, 4.0, 5.0]})
    exact = stats.permutation_test(fit)
    assert (exact.exact, exact.permutations, exact.seed) == (True, 120, None)
    assert (exact.p_value * 120 == np.round(exact.p_value * 120)).all()
    assert (exact.p_value_error == 0).all()
    sampled = stats.permutation_test(fit, exact=False, permutations=50, rng=9)
    assert (sampled.p_value >= 1 / 50).all()
    np.testing.assert_allclose(sampled.permuted_statistics[0], sampled.statistic)
    assert exact.permuted_statistics[0] == pytest.approx(fit.statistic, rel=1e-8)


def test_seeds_are_recorded_and_repeat_the_sample():
    fit = stats.meta_regression(YI, VI, {"x": X})
    first = stats.permutation_test(fit, exact=False, permutations=200)
    again = stats.permutation_test(fit, exact=False, permutations=200, rng=first.seed)
    assert first.to_dict() == again.to_dict()
    given = stats.permutation_test(fit, exact=False, permutations=200, rng=np.random.default_rng(first.seed))
    assert given.seed is None
    np.testing.assert_array_equal(given.p_value, first.p_value)


def test_adjusted_p_values_are_for_the_tested_coefficients():
    fit = stats.meta_regression(YI, VI, {"x": X, "z": X % 3}, ci="normal")
    test = stats.permutation_test(fit, permutations=500, rng=2)
    assert math.isnan(test.adjusted_p_value[0])
    assert (test.adjusted_p_value[1:] >= test.p_value[1:]).all()
    for side in ("less", "greater"):
        one = stats.permutation_test(fit, permutations=500, rng=2, alternative=side)
        assert (one.adjusted_p_value[1:] >= one.p_value[1:]).all()


def test_ties_do_not_depend_on_the_unit_of_a_moderator():
    fits = [stats.meta_regression(YI, VI, {"x": X * unit}, ci="normal") for unit in (1.0, 1e12)]
    tests = [stats.permutation_test(fit, permutations=300, rng=4, compared="coefficient") for fit in fits]
    assert tests[0].p_value[1] == tests[1].p_value[1] < 1.0


def test_limits_hold_what_the_test_accepts():
    fit = stats.meta_regression(YI, VI, None, level=0.8, tau2="DL")
    test = stats.permutation_test(fit, interval=True)
    low, high = float(test.ci_low[0]), float(test.ci_high[0])
    assert low < fit.estimate[0] < high
    for value, accepted in (
        (low - 1e-4, False),
        (low + 1e-4, True),
        (high - 1e-4, True),
        (high + 1e-4, False),
    ):
        moved = stats.meta_regression(YI - value, VI, None, level=0.8, tau2="DL")
        side = "greater" if value < fit.estimate[0] else "less"
        p = stats.permutation_test(moved, alternative=side).p_value[0]
        assert bool(p > 0.1) is accepted
    few = stats.permutation_test(fit, exact=False, permutations=5, rng=1, interval=[0])
    assert few.diagnostics[0].code == "permutation-limits-impossible"
    assert math.isnan(few.ci_low[0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"permutations": 1}, "from 2 to"),
        ({"exact": True}, "distinct permutations"),
        ({"alternative": "both"}, "alternative"),
        ({"interval": ["nothing"], "permutations": 100}, "'nothing'"),
    ],
)
def test_calls_that_cannot_be_are_refused(options, words):
    fit = stats.meta_regression(np.tile(YI, 2), np.tile(VI, 2), {"x": np.arange(18.0)})
    with pytest.raises(UsageError, match=words):
        stats.permutation_test(fit, **options)


def test_fits_that_cannot_be_permuted_are_refused():
    with pytest.raises(UsageError, match="weights of one's own"):
        stats.permutation_test(stats.meta_regression(YI, VI, {"x": X}, weights=VI))
    with pytest.raises(UsageError, match="found centred=True"):
        stats.permutation_test(stats.meta_regression(YI, VI, {"x": X}, intercept=False, centred=True))
    with pytest.raises(UsageError, match="as many coefficients"):
        stats.permutation_test(stats.meta_regression([0.1, 0.3], [0.1, 0.1], [1.0, 2.0]))


def test_the_result_can_be_read_and_kept():
    fit = stats.meta_regression(YI[:4], VI[:4], {"x": [0.0, 0.0, 1.0, 1.0]})
    test = stats.permutation_test(fit)
    assert [remark.code for remark in test.diagnostics] == ["few-permutations"]
    assert "6 permutations: all distinct" in test.summary()
    assert "permuted_statistics" not in json.loads(json.dumps(test.to_dict()))
    assert next(iter(test.columns())) == "coefficient"
    assert permutation_shares.MOST_EXACT >= 1_000_000


def test_data_that_fit_perfectly_count_as_one_of_the_permutations():
    fit = stats.meta_regression([0.3] * 5, [0.03, 0.04, 0.18, 0.01, 0.04], tau2="DL")
    test = stats.permutation_test(fit, exact=True)
    assert test.p_value[0] == 2 / 32  # all signs kept, all signs turned
    assert test.joint_p_value == 2 / 32
    nothing = stats.meta_regression([0.0] * 5, [0.03, 0.04, 0.18, 0.01, 0.04], tau2="DL")
    with pytest.raises(DataError, match="standard error of 0"):
        stats.permutation_test(nothing, exact=True)
