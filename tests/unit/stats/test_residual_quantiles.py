"""Residuals against normal quantiles, and likelihood curves: what is known otherwise, and refusals."""

import json

import numpy as np
import pytest
from scipy import special

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError

RNG = np.random.default_rng(11)
YI = RNG.normal(0.3, 0.4, size=15)
VI = RNG.uniform(0.02, 0.3, size=15)
TABLES = {
    "events1": [4, 6, 3, 0, 0],
    "n1": [40, 60, 55, 20, 10],
    "events2": [7, 9, 6, 3, 0],
    "n2": [42, 61, 50, 20, 10],
}


def test_the_quantiles_are_those_of_the_ranks_and_residuals_keep_the_order_of_studies():
    fit = stats.pool(YI, VI, tau2="DL")
    found = stats.residual_quantiles(fit, replications=0)
    order = np.argsort(found.residual)
    np.testing.assert_allclose(special.ndtr(found.quantile[order]), (np.arange(1, 16) - 0.5) / 15)
    np.testing.assert_array_equal(found.residual, stats.standardised_residuals(fit).standardised)
    assert found.envelope_low is None
    assert not found.outside.any()


def test_a_seed_is_recorded_and_gives_the_same_envelope():
    fit = stats.meta_regression(YI, VI, np.arange(15.0))
    first = stats.residual_quantiles(fit, replications=200)
    again = stats.residual_quantiles(fit, replications=200, rng=first.seed)
    np.testing.assert_array_equal(first.envelope_low, again.envelope_low)
    json.dumps(first.to_dict())


def test_the_envelope_holds_its_level_at_each_rank_and_bonferroni_over_all():
    inside, whole = np.zeros(12), 0
    rng = np.random.default_rng(5)
    vi = np.linspace(0.05, 0.4, 12)
    fit = stats.pool(rng.normal(0, np.sqrt(vi)), vi, tau2=0.0)
    each = stats.residual_quantiles(fit, rng=1, level=0.9)
    together = stats.residual_quantiles(fit, rng=1, level=0.9, bonferroni=True)
    rank = np.argsort(np.argsort(each.residual))
    low, high = (np.empty(12), np.empty(12)), (np.empty(12), np.empty(12))
    for place, one in enumerate((each, together)):
        low[place][rank], high[place][rank] = one.envelope_low, one.envelope_high
    for _ in range(2000):
        drawn = stats.pool(rng.normal(0, np.sqrt(vi)), vi, tau2=0.0)
        z = np.sort(stats.standardised_residuals(drawn).standardised)
        inside += (low[0] <= z) & (z <= high[0])
        whole += bool(((low[1] <= z) & (z <= high[1])).all())
    # standard error of a share of 2000 at 0.9: 0.007
    np.testing.assert_allclose(inside / 2000, 0.9, atol=0.03)
    assert 0.87 < whole / 2000 < 0.97


def test_multilevel_residuals_have_their_own_covariance():
    fit = stats.three_level(YI, VI, np.repeat(range(5), 3))
    found = stats.residual_quantiles(fit, replications=500, rng=2)
    np.testing.assert_array_equal(found.residual, stats.standardised_residuals(fit).standardised)
    assert (found.envelope_low < found.envelope_high).all()
    with pytest.raises(UsageError, match="cluster_influence"):
        stats.residual_quantiles(fit, kind="deleted")


def test_deleted_residuals_of_a_pooled_fit_are_those_of_its_refits():
    fit = stats.pool(YI, VI, tau2="DL", ci="normal")

    own = stats.residual_quantiles(fit, kind="deleted", replications=0).residual
    others = stats.leave_one_out(fit)
    expected = (YI - others.estimate) / np.sqrt(VI + others.tau2 + others.se**2)
    np.testing.assert_allclose(own, expected, rtol=1e-10)


def test_sparse_fits_have_residuals_by_row_and_no_envelope():
    fit = stats.mantel_haenszel(**TABLES, measure="OR", labels=list("abcde"))
    found = stats.residual_quantiles(fit)
    assert found.labels == ("a", "b", "c", "d")
    assert found.envelope_low is None
    assert found.seed is None
    alone = stats.residual_quantiles(fit, kind="deleted").residual
    np.testing.assert_array_equal(alone, stats.deleted_residuals(fit).rstudent[:4])
    exact = stats.glmm("OR", **TABLES)
    with pytest.raises(UsageError):
        stats.residual_quantiles(exact, kind="deleted")


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: stats.residual_quantiles(3), UsageError, "found int"),
        (lambda: stats.residual_quantiles(stats.pool([0.1], [0.1])), TooFewStudiesError, "2 or more"),
        (lambda: stats.residual_quantiles(stats.pool(YI, VI), kind="raw"), UsageError, "standardised"),
        (lambda: stats.normal_likelihoods([0.1], [-0.1]), DataError, "row 0"),
        (lambda: stats.normal_likelihoods([0.1], [0.1], points=1), UsageError, "points"),
        (lambda: stats.odds_ratio_likelihoods([0], [5], [0], [5]), DataError, "found no table"),
        (lambda: stats.odds_ratio_likelihoods([0.5], [5], [0], [5]), DataError, "whole"),
    ],
)
def test_what_cannot_be_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_exact_likelihoods_peak_at_the_conditional_estimate_and_approach_normal_ones():
    found = stats.odds_ratio_likelihoods([3], [20], [9], [20], points=20001)
    peak = found.effect[np.nanargmax(found.likelihood[0])]
    exact = stats.exact_odds_ratio(3, 20, 9, 20)
    assert peak == pytest.approx(np.log(exact.estimate), abs=2e-3)
    large = {"events1": [30000], "n1": [90000], "events2": [20000], "n2": [80000]}
    sizes = stats.effect_size("OR", **large)
    curve = stats.odds_ratio_likelihoods(**large, points=41, level=0.95)
    normal = stats.normal_likelihoods(sizes.yi, sizes.vi, points=41, level=0.95)
    np.testing.assert_allclose(curve.likelihood[0][3:-3], normal.likelihood[0][3:-3], rtol=0.02)


def test_tables_that_say_nothing_are_left_out_and_named():
    found = stats.odds_ratio_likelihoods(**TABLES, labels=list("abcde"), points=50)
    assert found.labels == ("a", "b", "c", "d")
    assert [(one.code, one.where) for one in found.diagnostics] == [("no-information", "e")]


def test_scaled_curves_have_the_area_one_and_others_are_densities():
    found = stats.normal_likelihoods(YI, VI)
    area = np.trapezoid(np.nan_to_num(found.likelihood), found.effect, axis=1)
    np.testing.assert_allclose(area, 1.0, atol=2e-3)
    plain = stats.normal_likelihoods([0.0], [1.0], points=3, scaled=False)
    assert plain.likelihood[0, 1] == pytest.approx(1 / np.sqrt(2 * np.pi))
