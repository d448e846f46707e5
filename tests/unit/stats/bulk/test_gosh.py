"""All subsets, and subsets at random."""

import numpy as np
import pytest

from evergrove import stats
from evergrove.errors import DataError, TooFewStudiesError, UsageError
from evergrove.stats.bulk import fits
from evergrove.stats.bulk.compiled import compiled_loop

YI = np.array([0.1, 0.3, -0.2, 0.8, 0.4])
VI = np.array([0.02, 0.05, 0.04, 0.03, 0.1])


@pytest.mark.parametrize("options", [{"tau2": "REML"}, {"tau2": "DL"}, {"model": "common"}, {"tau2": 0.1}])
def test_each_subset_is_pooled(options, monkeypatch):
    monkeypatch.setenv("EVERGROVE_NO_NUMBA", "1")
    found = stats.gosh(YI, VI, **options)
    assert len(found) == 31
    assert found.every
    for place in range(31):
        rows = [study for study in range(5) if found.contains(study)[place]]
        single = stats.pool(YI[rows], VI[rows], **options)
        assert found.k[place] == len(rows)
        for name in ("estimate", "tau2", "i2", "h2", "q"):
            assert getattr(found, name)[place] == pytest.approx(getattr(single, name), rel=1e-12, abs=1e-13)


def test_compiled_subsets_are_the_same(monkeypatch):
    assert compiled_loop()[0] is not None
    rng = np.random.default_rng(2)
    yi, vi = rng.normal(size=40), rng.lognormal(size=40)
    plain = stats.gosh(yi, vi, subsets=500, rng=3)
    monkeypatch.setattr(fits, "COMPILE_FROM", 0)
    compiled = stats.gosh(yi, vi, subsets=500, rng=3)
    assert plain.k.max() <= 32
    for name, column in compiled.columns().items():
        assert np.array_equal(column, plain.columns()[name]), name


def test_random_subsets_are_seeded_and_half_full():
    rng = np.random.default_rng(4)
    yi, vi = rng.normal(size=35), rng.lognormal(size=35)
    found = stats.gosh(yi, vi, subsets=4000, rng=7, tau2="DL")
    assert (found.every, found.seed, found.members.shape) == (False, 7, (4000, 2))
    assert np.array_equal(found.estimate, stats.gosh(yi, vi, subsets=4000, rng=7, tau2="DL").estimate)
    assert found.k.min() >= 1
    for study in (0, 31, 32, 34):
        assert found.contains(study).mean() == pytest.approx(0.5, abs=0.04)
    assert sum(found.contains(study) for study in range(35)).tolist() == found.k.tolist()
    assert isinstance(stats.gosh(yi, vi, subsets=10).seed, int)
    assert "10 random subsets of 35" in repr(stats.gosh(yi, vi, subsets=10))


def test_small_samples_never_draw_an_empty_subset():
    drawn = [stats.gosh([0.1, 0.5], [1.0, 1.0], subsets=2, rng=seed).k for seed in range(30)]
    assert {int(k) for sizes in drawn for k in sizes} == {1, 2}


def test_refusals():
    with pytest.raises(TooFewStudiesError, match="1 studies"):
        stats.gosh([0.1], [1.0])
    with pytest.raises(DataError, match="row 1"):
        stats.gosh([0.1, 0.2], [1.0, -1.0])
    with pytest.raises(UsageError, match="subsets: found 0"):
        stats.gosh(YI, VI, subsets=0)
    with pytest.raises(UsageError, match="study: found 5"):
        stats.gosh(YI, VI).contains(5)
