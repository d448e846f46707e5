"""All subsets of a meta-regression: each is the fit of its studies; both ways of fitting agree."""

import json

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import UsageError
from evergrove.stats.regression import subset_kernel

RNG = np.random.default_rng(8)
K = 9
YI, VI = RNG.normal(0.2, 0.4, size=K), RNG.uniform(0.02, 0.2, size=K)
MODS = {"year": np.arange(1990.0, 1990 + K), "kind": list("aabbccabc")}


@pytest.mark.parametrize("tau2", ["REML", "ML", "PM", "DL", "HSk", "SJ", "CA2", "PMM", 0.05, None])
def test_each_subset_is_the_fit_of_its_studies(tau2):
    options = {"model": "common"} if tau2 is None else {"tau2": tau2}
    found = stats.gosh_regression(stats.meta_regression(YI, VI, MODS, **options))
    assert found.every
    assert len(found) == 2**K - 1 - sum((9, 36, 84))  # fewer than four studies
    for row in range(0, len(found), 37):
        keep = np.array([found.contains(study)[row] for study in range(K)])
        mods = {
            "year": MODS["year"][keep],
            "kind": [one for one, k in zip(MODS["kind"], keep, strict=True) if k],
        }
        if len(set(mods["kind"])) < 3 or (keep.sum() == 4 and tau2 not in {0.05, None}):
            assert not found.estimable[row]
            continue
        one = stats.meta_regression(YI[keep], VI[keep], mods, **options)
        np.testing.assert_allclose(found.coefficients[row], one.estimate, rtol=1e-7)
        for name in ("tau2", "q", "i2", "h2"):
            assert getattr(found, name)[row] == pytest.approx(getattr(one, name), rel=1e-7, abs=1e-10), name


def test_compiled_and_plain_fits_agree(monkeypatch):
    assert subset_kernel.compiled() is not None
    x = RNG.normal(size=13)
    fit = stats.meta_regression(RNG.normal(size=13), RNG.uniform(0.1, 2.0, 13), x, tau2="REML")
    compiled = stats.gosh_regression(fit)
    monkeypatch.setattr(subset_kernel, "compiled", lambda: None)
    plain = stats.gosh_regression(fit)
    np.testing.assert_allclose(compiled.coefficients, plain.coefficients, rtol=1e-7)
    np.testing.assert_allclose(compiled.tau2, plain.tau2, rtol=1e-9, atol=1e-13)


def test_without_moderators_it_is_gosh():
    mean = stats.gosh(YI, VI, tau2="DL")
    found = stats.gosh_regression(stats.meta_regression(YI, VI, tau2="DL"))
    several = mean.k > 1
    np.testing.assert_allclose(found.coefficient("intercept")[several], mean.estimate[several], rtol=1e-10)
    np.testing.assert_allclose(found.i2[several], mean.i2[several], rtol=1e-9, atol=1e-9)


def test_random_subsets_are_recorded_and_have_enough_studies():
    fit = stats.meta_regression(RNG.normal(size=40), np.full(40, 0.1), RNG.normal(size=(40, 3)), tau2="DL")
    first = stats.gosh_regression(fit, subsets=300)
    again = stats.gosh_regression(fit, subsets=300, rng=first.seed)
    np.testing.assert_array_equal(first.coefficients, again.coefficients)
    assert first.k.min() >= 4
    assert 15 < first.k.mean() < 25
    json.dumps(first.to_dict())


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda fit: stats.gosh_regression(3), "found int"),
        (lambda fit: stats.gosh_regression(fit, subsets=0), "subsets"),
        (lambda fit: stats.gosh_regression(fit).coefficient("x"), "allowed: intercept, year"),
        (lambda fit: stats.gosh_regression(fit).contains(9), "0 to 8"),
        (
            lambda fit: stats.gosh_regression(stats.meta_regression(YI, VI, weights=np.ones(K))),
            "gosh_regression: found a fit with weights",
        ),
    ],
)
def test_what_cannot_be_is_refused(call, says):
    with pytest.raises(UsageError, match=says):
        call(stats.meta_regression(YI, VI, MODS, tau2="DL"))
