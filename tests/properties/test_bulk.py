"""Many fits at once are single fits, whatever the studies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergrove import stats
from evergrove.stats.bulk import compiled, fits
from evergrove.stats.bulk.compiled import compiled_loop

EFFECT = st.one_of(st.floats(-5, 5), st.sampled_from([0.0, 1.0]))
VARIANCE = st.one_of(st.floats(-12, 12), st.floats(-2, 0)).map(lambda power: 10.0**power)
STUDY = st.tuples(EFFECT, VARIANCE, st.integers(0, 3))
METHODS = st.sampled_from(["REML", "ML", "DL", "PM", "HE", "SJ"])
INTERVALS = st.sampled_from([str(member) for member in stats.IntervalMethod if member != "kenward-roger"])


def same(found, single, place, unit):
    scale = np.abs(single.yi).max() + unit**0.5
    for name in ("estimate", "se", "ci_low", "ci_high"):
        one, other = getattr(found, name)[place], getattr(single, name)
        assert one == pytest.approx(other, rel=1e-12, abs=1e-12 * scale), name
    assert found.tau2[place] == pytest.approx(single.tau2, rel=1e-12, abs=1e-12 * unit)
    assert found.q[place] == pytest.approx(single.q, rel=1e-12, abs=1e-13)
    assert found.p_value[place] == pytest.approx(single.p_value, rel=1e-12, abs=1e-13, nan_ok=True)
    assert found.k[place] == single.k


@pytest.mark.parametrize("compiled", [False, True])
def test_groups_are_single_fits(compiled, monkeypatch):
    if compiled:
        assert compiled_loop()[0] is not None
        monkeypatch.setattr(fits, "COMPILE_FROM", 0)

    @settings(deadline=None, max_examples=60, derandomize=compiled)
    @given(st.lists(STUDY, min_size=1, max_size=24), METHODS, INTERVALS)
    def check(studies, method, ci):
        yi, vi, key = (np.array(column) for column in zip(*studies, strict=True))
        found = stats.pool_groups(yi, vi, key, tau2=method, ci=ci)
        assert found.converged.all()
        for place, label in enumerate(found.group.tolist()):
            rows = key == label
            single = stats.pool(yi[rows], vi[rows], tau2=method, ci=ci)
            same(found, single, place, float(vi[rows].min()))

    check()


def test_compiled_single_fits_are_the_same_bits(monkeypatch):
    @settings(deadline=None, max_examples=200)
    @given(st.lists(STUDY, min_size=1, max_size=34), METHODS | st.sampled_from(["PMM", "EB", "DL2"]))
    def check(studies, method):
        yi, vi, _ = (np.array(column) for column in zip(*studies, strict=True))
        monkeypatch.setattr(compiled, "_LOADED", [])
        interpreted = stats.pool(yi, vi, tau2=method)
        assert compiled.loaded_fit() is None
        assert stats.load_compiled() == ()
        assert compiled.loaded_fit() is not None
        assert stats.pool(yi, vi, tau2=method).to_dict() == interpreted.to_dict()

    check()


@settings(deadline=None, max_examples=40)
@given(st.lists(STUDY, min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(studies, shuffler):
    yi, vi, key = (np.array(column) for column in zip(*studies, strict=True))
    order = list(range(yi.size))
    shuffler.shuffle(order)
    one, other = stats.pool_groups(yi, vi, key), stats.pool_groups(yi[order], vi[order], key[order])
    there = [other.group.tolist().index(label) for label in one.group.tolist()]
    for name in ("estimate", "ci_low", "tau2", "q", "k", "flags"):
        assert np.array_equal(getattr(one, name), getattr(other, name)[there]), name


@settings(deadline=None, max_examples=40)
@given(st.lists(STUDY, min_size=2, max_size=7))
def test_the_whole_is_the_last_subset_and_the_last_accrual(studies):
    yi, vi, _ = (np.array(column) for column in zip(*studies, strict=True))
    whole = stats.pool(yi, vi)
    key = np.zeros(yi.size, dtype=int)
    assert stats.gosh(yi, vi).estimate[-1] == pytest.approx(whole.estimate, rel=1e-11, abs=1e-11)
    assert stats.cumulative_groups(yi, vi, key).q[-1] == pytest.approx(whole.q, rel=1e-11, abs=1e-13)
    assert stats.leave_one_out_groups(yi, vi, key).k.tolist() == [yi.size - 1] * yi.size
