"""Sampling covariances and averages of dependent effects."""

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError

VI = [0.04, 0.01, 0.09, 0.02]
STUDY = ["a", "a", "a", "b"]


def test_multi_arm_trials_with_equal_arms_correlate_by_half():
    found = stats.vcalc([1.0] * 3, [1, 1, 1], grp1=["x", "y", "z"], grp2=["p", "p", "p"])
    assert found == pytest.approx(np.full((3, 3), 0.5) + 0.5 * np.eye(3))


def test_a_b_and_b_a_are_opposite():
    with pytest.raises(DataError, match="cluster 1"):
        stats.vcalc([1.0, 1.0], [1, 1], grp1=["x", "p"], grp2=["p", "x"])


def test_duplicates_are_named():
    with pytest.raises(DataError, match=r"cluster a \(rows 0, 1, 2\)"):
        stats.vcalc(VI, STUDY)


def test_columns_of_correlations_are_taken_as_they_are():
    found = stats.vcalc(1, ["a", "a", "b"], rvars=[[0.04, np.nan], [0.01, 0.09], [0.02, np.nan]])
    assert found == pytest.approx(np.array([[0.04, 0.01, 0], [0.01, 0.09, 0], [0, 0, 0.02]]))


def test_the_nearest_correlations_are_correlations():
    rho = (["a", "b", "c"], np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]))
    with pytest.raises(DataError, match="near_positive_definite"):
        stats.vcalc([1.0] * 3, [1] * 3, type=list("abc"), rho=rho)
    near = stats.vcalc([1.0] * 3, [1] * 3, type=list("abc"), rho=rho, near_positive_definite=True)
    assert np.diag(near) == pytest.approx(1.0)
    assert np.linalg.eigvalsh(near)[0] > 0


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"obs": [1, 2, 3, 1]}, UsageError, "rho"),
        ({"obs": [1, 2, 3, 1], "rho": 1.5}, UsageError, "-1 to 1"),
        ({"obs": [1, 2, 3, 1], "type": list("abab"), "rho": 0.5}, UsageError, "two"),
        ({"obs": [1, 2], "rho": 0.5}, DataError, "one per effect"),
        ({"obs": [1, None, 3, 1], "rho": 0.5}, DataError, "row 1"),
        ({"time1": [1, 2, 3, 4]}, UsageError, "phi"),
        ({"time1": [1, 2, 3, 4], "phi": 2}, UsageError, "phi"),
        ({"grp2": list("pppp")}, UsageError, "grp1"),
        ({"w2": [1, 2, 3, 4]}, UsageError, "w1"),
        ({"w1": [1, 2, 0, 4]}, DataError, "row 2"),
        ({"rvars": np.ones((4, 2))}, DataError, "largest cluster"),
        ({"rvars": np.ones((4, 3)), "rho": 0.5}, UsageError, "rvars alone"),
        ({"type": list("abcd"), "rho": (["a", "b"], np.eye(2))}, UsageError, "row for each"),
    ],
)
def test_what_cannot_be_is_refused(options, error, words):
    with pytest.raises(error, match=words):
        stats.vcalc(VI, STUDY, **options)


def test_shared_controls_are_checked():
    given = {"n2": [50, 50], "events2": [10, 12]}
    with pytest.raises(DataError, match="same arm"):
        stats.shared_control_covariance("RR", [0.1, 0.1], ["t", "t"], **given)
    with pytest.raises(UsageError, match="sd2"):
        stats.shared_control_covariance("MD", [0.1, 0.1], ["t", "t"], n2=[50, 50])
    with pytest.raises(DataError, match="fewer events"):
        stats.shared_control_covariance("OR", [0.1, 0.1], ["t", "t"], n2=[50, 50], events2=[50, 50])


def test_averages_of_independent_effects_are_inverse_variance():
    found = stats.aggregate_effects([0.1, 0.4, 0.7], [0.02, 0.04, 0.01], ["b", "b", "a"], struct="ID")
    usual = stats.pool([0.1, 0.4], [0.02, 0.04], model="common")
    assert found.clusters == ("b", "a")
    assert found.yi[0] == pytest.approx(usual.estimate)
    assert np.sqrt(found.vi[0]) == pytest.approx(usual.se)
    assert found.count.tolist() == [2, 1]


def test_negative_weights_are_remarked():
    found = stats.aggregate_effects([0.1, 0.9], [0.01, 1.0], ["a", "a"], rho=0.9)
    assert [one.code for one in found.diagnostics] == ["negative-weights"]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({}, UsageError, "rho"),
        ({"struct": "CAR", "phi": 0.5}, UsageError, "time"),
        ({"struct": "CS*CAR", "phi": 0.5, "rho": 0.5, "time": [1, 2, 3, 4]}, UsageError, "obs"),
        ({"rho": -0.9}, DataError, "not positive definite"),
        ({"V": np.full((4, 4), 0.001) + np.diag(VI)}, DataError, "different clusters"),
        ({"struct": "UN"}, UsageError, "'CS'"),
    ],
)
def test_aggregation_refuses(options, error, words):
    with pytest.raises(error, match=words):
        stats.aggregate_effects([0.1, 0.2, 0.3, 0.4], VI, STUDY, **options)
