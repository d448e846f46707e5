"""The test of one tau² for all studies: what its statistics must be, and what it refuses."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove import stats
from evergrove.errors import DataError, UsageError

YI = np.array([0.1, 0.3, 0.35, 0.65, -0.2, 1.9, 0.4, 0.2])
VI = np.array([0.03, 0.03, 0.05, 0.01, 0.02, 0.04, 0.02, 0.05])
X = np.array([1, 3, 2, 5, 4, 7, 2, 1.0])
METHODS = ["score", "likelihood-ratio"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("tau2", ["REML", "ML"])
@settings(max_examples=15)
@given(scale=st.sampled_from([1e-6, 0.1, 30.0, 1e5]), shift=st.sampled_from([-20.0, 0.5, 3.0]))
def test_shifting_and_scaling_the_effects_changes_nothing(method, tau2, scale, shift):
    one = stats.heteroscedasticity_test(stats.pool(YI, VI, tau2=tau2), method=method, draws=0)
    moved = stats.pool(scale * (YI + shift), scale**2 * VI, tau2=tau2)
    other = stats.heteroscedasticity_test(moved, method=method, draws=0)
    assert other.statistic == pytest.approx(one.statistic, rel=1e-6)
    assert other.tau2 == pytest.approx(scale**2 * one.tau2, rel=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_the_studies_does_not_matter(method):
    fit, turned = (
        stats.meta_regression(YI[rows], VI[rows], X[rows]) for rows in (slice(None), slice(None, None, -1))
    )
    one, other = (stats.heteroscedasticity_test(each, method=method, draws=0) for each in (fit, turned))
    assert other.statistic == pytest.approx(one.statistic, rel=1e-8)
    if method == "likelihood-ratio":
        np.testing.assert_allclose(other.study_tau2[::-1], one.study_tau2, rtol=1e-6, atol=1e-9)


def test_an_intercept_is_the_mean_and_equal_variances_have_the_closed_form():
    given_one = stats.meta_regression(YI, VI, None)
    mean = stats.heteroscedasticity_test(stats.pool(YI, VI), draws=0)
    assert stats.heteroscedasticity_test(given_one, draws=0).statistic == pytest.approx(
        mean.statistic, rel=1e-12
    )
    # ML, equal variances: e² = (y - mean)² / s, s their mean square where tau² is above 0
    squares = (YI - YI.mean()) ** 2
    found = stats.heteroscedasticity_test(stats.pool(YI, np.full(8, 0.02), tau2="ML"), draws=0)
    assert found.statistic == pytest.approx(0.5 * ((squares / squares.mean() - 1) ** 2).sum(), rel=1e-9)


@pytest.mark.parametrize("tau2", ["REML", "ML"])
def test_the_variances_of_the_studies_are_where_the_likelihood_is_as_high_as_said(tau2):
    found = stats.heteroscedasticity_test(stats.pool(YI, VI, tau2=tau2), method="likelihood-ratio", draws=0)
    total = VI + found.study_tau2
    known = stats.pool(YI, total, model="common").fit_statistics()
    one = stats.pool(YI, VI + found.tau2, model="common").fit_statistics()
    name = tau2.lower()
    rise = getattr(known, name).log_likelihood - getattr(one, name).log_likelihood
    assert found.statistic == pytest.approx(2 * rise, rel=1e-9)
    assert (found.study_tau2 >= 0).all()
    for row in range(8):  # a maximum: no single variance can be moved to a higher likelihood
        for factor in (0.99, 1.01):
            moved = total.copy()
            moved[row] = max(VI[row], factor * total[row])
            there = getattr(stats.pool(YI, moved, model="common").fit_statistics(), name).log_likelihood
            assert there <= getattr(known, name).log_likelihood + 1e-12


def test_the_bootstrap_is_recorded_and_repeats_itself():
    fit = stats.pool(YI, VI)
    drawn = stats.heteroscedasticity_test(fit, draws=50, rng=4)
    again = stats.heteroscedasticity_test(fit, draws=50, rng=drawn.seed)
    assert drawn.seed == 4
    assert drawn.p_value == again.p_value == drawn.bootstrap_p_value
    assert drawn.p_value == (1 + (drawn.drawn_statistics >= drawn.statistic).sum()) / 51
    assert drawn.failed == 0
    assert json.dumps(drawn.to_dict(), allow_nan=False)
    unseeded = stats.heteroscedasticity_test(fit, draws=20)
    np.testing.assert_array_equal(
        stats.heteroscedasticity_test(fit, draws=20, rng=unseeded.seed).drawn_statistics,
        unseeded.drawn_statistics,
    )
    none = stats.heteroscedasticity_test(fit, draws=0)
    assert (none.p_value, none.seed, none.bootstrap_p_value) == (none.chi2_p_value, None, None)


def test_studies_of_two_kinds_are_told_apart():
    rng = np.random.default_rng(2)
    spread = np.where(np.arange(60) % 2, 0.0, 1.0)
    fit = stats.pool(rng.normal(0, np.sqrt(0.02 + spread)), np.full(60, 0.02))
    assert stats.heteroscedasticity_test(fit, draws=199, rng=1).p_value < 0.02
    even = stats.pool(rng.normal(0, np.sqrt(0.52), 60), np.full(60, 0.02))
    assert stats.heteroscedasticity_test(even, draws=199, rng=1).p_value > 0.05


@pytest.mark.parametrize(
    "fit",
    [
        lambda: stats.pool(YI, VI, tau2="DL"),
        lambda: stats.pool(YI, VI, model="common"),
        lambda: stats.pool(YI, VI, tau2=0.1),
        lambda: stats.pool(YI, VI, weights=VI),
        lambda: stats.meta_regression(YI, VI, X, weights=VI),
        lambda: stats.peto([1, 2], [10, 10], [3, 4], [10, 10]),
        lambda: "a fit",
    ],
)
def test_other_fits_are_refused(fit):
    with pytest.raises(UsageError, match="found"):
        stats.heteroscedasticity_test(fit())


@pytest.mark.parametrize("rows", [1, 2])
def test_too_few_studies_are_refused(rows):
    with pytest.raises(DataError, match=f"found {rows} studies"):
        stats.heteroscedasticity_test(stats.pool(YI[:rows], VI[:rows]), draws=0)


@pytest.mark.parametrize("draws", [-1, 2.5, True])
def test_draws_are_a_number(draws):
    with pytest.raises(UsageError, match="draws: found"):
        stats.heteroscedasticity_test(stats.pool(YI, VI), draws=draws)
