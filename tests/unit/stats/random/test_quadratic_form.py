"""The distribution of a weighted sum of chi-squares."""

import numpy as np
import pytest
from scipy import special

from evergrove.stats.tau2.quadratic_form import weighted_chi2_cdf


@pytest.mark.parametrize("n", [1, 2, 3, 12, 100, 1000])
@pytest.mark.parametrize("share", [1e-6, 0.025, 0.5, 0.975, 1 - 1e-6])
def test_equal_weights_are_a_chi_square(n, share):
    value = 2.5 * 2.0 * special.gammaincinv(n / 2.0, share)
    assert weighted_chi2_cdf(np.full(n, 2.5), value) == pytest.approx(share, rel=1e-6, abs=2e-11)


def test_pairs_of_weights_have_a_closed_form():
    """Weights in pairs are a sum of exponentials."""
    one, two, value = 3.0, 0.002, 4.0
    closed = 1 - (one * np.exp(-value / (2 * one)) - two * np.exp(-value / (2 * two))) / (one - two)
    assert weighted_chi2_cdf(np.array([one, one, two, two]), value) == pytest.approx(closed, abs=1e-13)


def test_corners():
    assert weighted_chi2_cdf(np.array([1.0]), 0.0) == 0.0
    assert weighted_chi2_cdf(np.array([0.0]), 0.0) == 1.0
    assert weighted_chi2_cdf(np.array([0.0]), 1.0) == 1.0
    assert weighted_chi2_cdf(np.array([1.0, 1e-12]), 1e9) == pytest.approx(1.0, abs=1e-12)
