"""Standardised residuals of fits, and fits that are of another kind."""

import contextlib

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError

YI = [0.2, 0.3, 0.6, 0.5, -0.9, -0.8, 0.4]
VI = [0.02, 0.03, 0.02, 0.05, 0.02, 0.04, 0.02]
STUDY = ["a", "a", "b", "b", "c", "c", "d"]


@pytest.fixture(scope="module")
def fit():
    return stats.three_level(YI, VI, STUDY)


def test_they_are_those_of_the_residuals_own_covariance(fit):
    found = stats.standardised_residuals(fit, STUDY)
    same = np.equal.outer(STUDY, STUDY)
    marginal = np.diag(VI) + fit.sigma2[0] * same + fit.sigma2[1] * np.eye(7)
    x, w = np.ones((7, 1)), np.linalg.inv(marginal)
    left = np.eye(7) - x @ np.linalg.inv(x.T @ w @ x) @ x.T @ w
    spread = left @ marginal @ left.T
    np.testing.assert_allclose(found.se, np.sqrt(np.diag(spread)), rtol=1e-10)
    np.testing.assert_allclose(found.hat, 1.0 - np.diag(left), rtol=1e-10)
    rows = [2, 3]
    expected = found.residual[rows] @ np.linalg.solve(spread[np.ix_(rows, rows)], found.residual[rows])
    assert found.chi2[1] == pytest.approx(expected, rel=1e-9)
    assert found.clusters == ("a", "b", "c", "d")
    assert found.effects.tolist() == [2, 2, 2, 1]


def test_of_one_mean_they_are_those_of_the_influence_diagnostics():
    found = stats.standardised_residuals(stats.pool(YI, VI, ci="normal"))
    expected = stats.influence_diagnostics(YI, VI, ci="normal")
    np.testing.assert_allclose(found.standardised, expected.rstandard, rtol=1e-9)
    np.testing.assert_allclose(found.hat, expected.hat, rtol=1e-9)
    np.testing.assert_allclose(found.chi2, found.standardised**2, rtol=1e-9)


def test_a_cluster_that_carries_a_coefficient_has_no_test(fit):
    late = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    found = stats.standardised_residuals(
        stats.multilevel(YI, VI, random="~ 1 | study", data={"study": STUDY}, mods=np.array(late)), STUDY
    )
    assert np.isnan(found.chi2[3])
    assert np.isfinite(found.chi2[:3]).all()
    with pytest.raises(DataError, match="cluster: found shape"):
        stats.standardised_residuals(fit, STUDY[:3])
    with pytest.raises(UsageError, match="allowed: a fit by inverse variances"):
        stats.standardised_residuals(3)


@pytest.mark.parametrize(
    ("function", "more"),
    [
        ("blups", ()),
        ("cluster_influence", (STUDY,)),
        ("compare_models", (None,)),
        ("component_intervals", ()),
        ("drapery_plot", ()),
        ("expected_share", (0.0,)),
        ("funnel_plot", ()),
        ("i2_by_level", ()),
        ("likelihood_profile", ("sigma2", [0.1])),
        ("linear_hypothesis", ([1.0],)),
        ("model_table", ()),
        ("orchard_plot", ()),
        ("permutation_test", ()),
        ("predict_effects", ()),
        ("predict_multilevel", ()),
        ("radial_plot", ()),
        ("rainforest_plot", ()),
        ("random_effects", ()),
        ("variance_explained", (None,)),
        ("variance_inflation", ()),
    ],
)
def test_fits_of_another_kind_are_refused(function, more, fit):
    with pytest.raises(UsageError, match="found NoneType"):
        getattr(stats, function)(None, *more)
    others = (fit, stats.pool(YI, VI), stats.peto([1, 2, 3], [10, 12, 13], [2, 3, 4], [11, 12, 13]))
    for other in others:  # one of them may be right for the function; for the rest no other error will do
        with contextlib.suppress(UsageError):
            getattr(stats, function)(other, *more)
