"""Permutation tests of location-scale models: what a permutation is, and refusals."""

import json

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, UsageError

RNG = np.random.default_rng(5)
GROUP = np.repeat([0.0, 1.0], 12)
YI = RNG.normal(0.2, np.where(GROUP == 1, 1.5, 0.2))
VI = np.full(24, 0.001)


def test_a_clear_difference_in_spread_is_extreme_among_permutations():
    fit = stats.location_scale(YI, VI, scale={"late": GROUP})
    found = stats.location_scale_permutation_test(fit, permutations=60, rng=3)
    assert found.names == ("intercept", "late")
    assert found.p_value[1] == pytest.approx(1 / 60)
    assert found.adjusted_p_value[1] == pytest.approx(1 / 60)
    assert found.joint_statistic == pytest.approx(fit.scale_test.statistic)
    assert not found.exact
    again = stats.location_scale_permutation_test(fit, permutations=60, rng=found.seed)
    np.testing.assert_array_equal(found.permuted_statistics, again.permuted_statistics)
    json.dumps(found.to_dict())


def test_one_scale_for_all_gives_the_permutation_test_of_meta_regression():
    # a constant scale: both are REML with one tau², so every permutation has the same statistic
    y, v = YI[:7], np.array([0.2, 0.1, 0.3, 0.2, 0.15, 0.25, 0.1])
    x = {"x": [0.0, 0, 1, 1, 0, 1, 0]}
    scale_free = stats.location_scale(5 * y, v, x, None)
    plain = stats.meta_regression(5 * y, v, x, tau2="REML", ci="normal")
    ours = stats.location_scale_permutation_test(scale_free, part="location")
    theirs = stats.permutation_test(plain)
    assert ours.exact
    assert ours.permutations == theirs.permutations == 35
    np.testing.assert_allclose(ours.statistic, theirs.statistic, rtol=1e-6)
    assert ours.failed == 0
    ranked = np.sort(ours.permuted_statistics[:, 1])
    np.testing.assert_allclose(ranked, np.sort(theirs.permuted_statistics[:, 1]), rtol=1e-5, atol=1e-7)


def test_the_location_of_an_intercept_alone_has_its_signs_flipped():
    fit = stats.location_scale(YI, VI, scale={"late": GROUP})
    found = stats.location_scale_permutation_test(fit, part="location", permutations=20, rng=1)
    assert found.distinct == 2**24
    assert found.names == ("intercept",)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda fit: stats.location_scale_permutation_test(3), UsageError, "found int"),
        (stats.location_scale_permutation_test, UsageError, "intercept alone"),
        (lambda fit: stats.location_scale_permutation_test(fit, part="both"), UsageError, "location"),
        (
            lambda fit: stats.location_scale_permutation_test(
                stats.location_scale(
                    [0.1, 0.9, -0.5, 0.3, 0.35, 0.25, 0.4, 1.4, 0.2, 0.3],
                    [0.02] * 10,
                    scale={"small": [1, 1, 1, 0, 0, 0, 0, 1, 0, 1]},
                    link="identity",
                )
            ),
            DataError,
            "on the boundary",
        ),
    ],
)
def test_what_cannot_be_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call(stats.location_scale(YI, VI, {"late": GROUP}))
