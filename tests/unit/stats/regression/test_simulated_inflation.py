"""Variance inflation compared with that of permuted moderators."""

import json

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import UsageError

RNG = np.random.default_rng(21)
K = 14
YI, VI, A = RNG.normal(size=K), RNG.uniform(0.05, 0.3, size=K), RNG.normal(size=K)


def test_a_copy_of_a_moderator_lies_above_all_permuted_ones():
    mods = {"a": A, "b": A + 0.05 * RNG.normal(size=K), "kind": list("xyz" * 4 + "xy")}
    fit = stats.meta_regression(YI, VI, mods, tau2="DL")
    found = stats.variance_inflation(fit, by_term=True, simulations=60, rng=4)
    assert found.names == ("a", "b", "kind")
    assert found.share[:2].tolist() == [1.0, 1.0]
    assert 0.0 <= found.share[2] <= 1.0
    assert found.simulated.shape == (60, 3)
    again = stats.variance_inflation(fit, by_term=True, simulations=60, rng=found.seed)
    np.testing.assert_array_equal(again.simulated, found.simulated)
    np.testing.assert_array_equal(found.vif, stats.variance_inflation(fit, by_term=True).vif)
    json.dumps(found.to_dict())
    assert "share" in found.columns()


def test_permuting_one_moderator_keeps_its_factor_at_one():
    fit = stats.meta_regression(YI, VI, A, tau2="DL")
    found = stats.variance_inflation(fit, simulations=10, rng=1)
    np.testing.assert_allclose(found.simulated, 1.0)


def test_only_meta_regressions_are_simulated():
    fit = stats.three_level(YI, VI, np.repeat(range(7), 2), mods=np.column_stack([A, A**2]))
    with pytest.raises(UsageError, match="MetaRegressionResult"):
        stats.variance_inflation(fit, simulations=10)
